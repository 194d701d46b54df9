//! `kind = "requires"`: an event needs another before it. Facts of one instant count in the case's
//! favour unless the source's own `seq` says otherwise (semantics 1).

use compact_str::CompactString;
use facts::proof::{Proof, RequiresProof};

use super::between::{not_after, parted, same_value};
use super::condition::chosen;
use super::evaluate::{Scope, cite};
use super::found::{Found, Why};
use super::reckoning::Reckoning;
use super::view::CaseView;
use crate::expression::EventSet;
use crate::rule::{Each, Requires, Rule};

/// An event and the sets it lacked.
#[derive(Clone, Debug)]
pub(crate) struct Lack {
    pub(crate) place: usize,
    /// Places in [`Requires::before`].
    pub(crate) missing: Vec<usize>,
}

/// Findings of a `requires` rule.
pub(crate) fn judge<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    requires: &Requires,
    reckoning: &Reckoning<'a>,
) -> Vec<Found> {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let places = chosen(scope.all_places(&requires.event).collect(), requires.each);
    let found = places.into_iter().filter_map(|place| {
        let on_event = scope.on_event(place);
        if !on_event.allows(requires.condition.as_ref()) {
            return None;
        }
        let after = match &requires.since {
            Some(since) => Some(on_event.places(since).next_back()?),
            None => None,
        };
        let lacks =
            |set: &EventSet| !(0..view.facts.len()).any(|other| serves(&scope, requires, set, other, place, after));
        let missing: Vec<usize> = (0..requires.before.len()).filter(|index| lacks(&requires.before[*index])).collect();
        let broken = if requires.all { !missing.is_empty() } else { missing.len() == requires.before.len() };
        let instance: CompactString = match requires.each {
            Each::Every => view.record_text(place).into(),
            Each::First | Each::Last => "-".into(),
        };
        let since = view.facts[place].at;
        broken
            .then(|| Found::event(rule, &on_event, instance, since, place, Why::Requires(Lack { place, missing })))
            .flatten()
    });
    found.collect()
}

/// Does the fact at `other` serve the event at `place`?
fn serves(
    scope: &Scope<'_, '_>,
    requires: &Requires,
    set: &EventSet,
    other: usize,
    place: usize,
    after: Option<usize>,
) -> bool {
    let facts = &scope.view.facts;
    let agree = |field| same_value(scope, other, field) == same_value(scope, place, field);
    let (earlier, event) = (&facts[other], &facts[place]);
    other != place
        && scope.sees(other, event.at)
        && scope.in_set(set, other)
        && not_after(earlier, event, requires.lenient)
        && after.is_none_or(|after| not_after(&facts[after], earlier, requires.lenient))
        && requires.same.iter().all(agree)
        && !(requires.directly && parted(scope, other, place, requires.lenient))
        && requires.at_least.is_none_or(|span| scope.reckoning.on_or_after_last_day(earlier.at, span, event.at))
        && requires.at_most.is_none_or(|span| {
            scope.reckoning.due_of(earlier.at, earlier.is_day, span).is_some_and(|due| event.at <= due)
        })
}

/// The proof: the event, and for each missing set the nearest event of it, if there is one at all.
pub(crate) fn prove<'a>(view: &CaseView<'a>, requires: &Requires, reckoning: &Reckoning<'a>, lack: &Lack) -> Proof {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let missing = lack.missing.iter().map(|index| {
        let set = &requires.before[*index];
        (set.text.clone(), scope.all_places(set).next().map(|place| cite(&view.facts[place])))
    });
    let event = cite(&view.facts[lack.place]);
    Proof::Requires(Box::new(RequiresProof { event, missing: missing.collect() }))
}
