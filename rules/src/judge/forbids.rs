//! `kind = "forbids"`: an event must not follow another. Only what is later for sure follows; what may lie between
//! lies between (semantics 1).

use compact_str::CompactString;
use facts::proof::{ForbidsProof, Proof};

use super::between::{may_part, others, same_value, surely_before};
use super::condition::chosen;
use super::evaluate::{Scope, cite};
use super::found::{Found, Why};
use super::reckoning::Reckoning;
use super::view::CaseView;
use crate::rule::{Each, Forbids, Rule};

/// The two events.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) event: usize,
    /// Of several the nearest.
    pub(crate) earlier: usize,
}

/// Findings of a `forbids` rule.
pub(crate) fn judge<'a>(view: &CaseView<'a>, rule: &Rule, forbids: &Forbids, reckoning: &Reckoning<'a>) -> Vec<Found> {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let bans: Vec<usize> = scope.all_places(&forbids.after).collect();
    let lifts: Vec<usize> = forbids.unless.iter().flat_map(|unless| scope.all_places(unless)).collect();
    let places = chosen(scope.all_places(&forbids.event).collect(), forbids.each);
    let found = places.into_iter().filter_map(|event| {
        let banned = |earlier: &usize| is_banned(&scope, forbids, &lifts, *earlier, event);
        let earlier = bans.iter().copied().rfind(banned)?;
        let instance: CompactString = match forbids.each {
            Each::Every => view.record_text(event).into(),
            Each::First | Each::Last => "-".into(),
        };
        let on_pair = Scope { earlier: Some(earlier), ..scope.on_event(event) };
        let why = Why::Forbids(Pair { event, earlier });
        Found::event(rule, &on_pair, instance, view.facts[event].at, event, why)
    });
    found.collect()
}

/// Does the fact at `earlier` forbid the event?
fn is_banned(scope: &Scope<'_, '_>, forbids: &Forbids, lifts: &[usize], earlier: usize, event: usize) -> bool {
    let facts = &scope.view.facts;
    let (before, after) = (&facts[earlier], &facts[event]);
    if earlier == event || !scope.sees(earlier, after.at) || !surely_before(before, after, forbids.lenient) {
        return false;
    }
    let due = |span| scope.reckoning.due_of(before.at, before.is_day, span);
    let soon = forbids.within.is_none_or(|span| due(span).is_some_and(|due| after.at <= due));
    let late = forbids.later_than.is_none_or(|span| due(span).is_some_and(|due| after.at > due));
    let agree = |field| {
        let value = same_value(scope, earlier, field);
        !value.is_missing() && value == same_value(scope, event, field)
    };
    let between = |other: usize| may_part(scope, earlier, other, event, forbids.lenient);
    let lifted = || lifts.iter().any(|lift| *lift != earlier && *lift != event && between(*lift));
    let on_pair = Scope { earlier: Some(earlier), ..scope.on_event(event) };
    soon && late
        && forbids.same.iter().all(agree)
        && !lifted()
        && !(forbids.directly && others(scope, earlier, event).any(between))
        && on_pair.allows(forbids.condition.as_ref())
}

/// The proof: both events, and what bounds the ban.
pub(crate) fn prove(view: &CaseView<'_>, forbids: &Forbids, pair: Pair) -> Proof {
    Proof::Forbids(Box::new(ForbidsProof {
        event: cite(&view.facts[pair.event]),
        earlier: cite(&view.facts[pair.earlier]),
        within: forbids.within.map(|span| span.to_string().into()),
        later_than: forbids.later_than.map(|span| span.to_string().into()),
        unless: forbids.unless.as_ref().map(|unless| unless.text.clone()),
    }))
}
