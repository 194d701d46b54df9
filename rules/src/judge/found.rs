//! What a kind's judge hands back: the schedule of one instance, and what a proof needs to be written.

use compact_str::CompactString;
use facts::{Card, Moment};
use smallvec::SmallVec;

use super::evaluate::Scope;
use super::view::CaseView;
use super::{condition, count, deadline, fee, forbids, requires, separation, workflow};
use crate::expression::Node;
use crate::finding::CardSpan;
use crate::rule::{CardSpec, Clears, Rule};
use crate::value::Value;

/// One instance with its schedule.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) instance: CompactString,
    pub(crate) spans: SmallVec<[CardSpan; 2]>,
    pub(crate) why: Why,
}

/// Enough to write the proof.
#[derive(Clone, Debug)]
pub(crate) enum Why {
    Deadline(deadline::Instance),
    Workflow(workflow::Breach),
    Fee(fee::Episode),
    Condition(condition::Hit),
    Separation(separation::Sharing),
    Requires(requires::Lack),
    Forbids(forbids::Pair),
    Count(count::Tally),
}

/// A span of `spec`'s card.
pub(crate) fn span(spec: &CardSpec, since: Moment, from: Moment, until: Option<Moment>) -> CardSpan {
    CardSpan { card: spec.card, light: spec.light, since, from, until, held: spec.held }
}

/// The span of one card about the event at `place`, if it applies.
pub(crate) fn event_span(
    rule: &Rule,
    scope: &Scope<'_, '_>,
    card: &CardSpec,
    since: Moment,
    place: usize,
) -> Option<CardSpan> {
    if card.card == Card::None || !scope.allows(card.when.as_ref()) {
        return None;
    }
    let fact = &scope.view.facts[place];
    let from = match rule.grace {
        Some(grace) => scope.reckoning.after_grace(fact.arrived.map_or(fact.at, |arrived| arrived.max(fact.at)), grace),
        None => since,
    };
    let (since, from) = match &card.from {
        Some(node) => match scope.value(node) {
            Value::Instant(begin) => (begin, if rule.grace.is_some() { from.max(begin) } else { begin }),
            _ => return None,
        },
        None => (since, from),
    };
    let until = match &card.clears {
        Clears::When(node) => healed(scope, node, place),
        Clears::Never | Clears::Ended => None,
    };
    let span = span(card, since, from, until);
    span.until.is_none_or(|until| until > span.from).then_some(span)
}

impl Found {
    /// A finding about an event: its cards hold from the event (or what they say, or when grace is over) until the
    /// condition that heals it holds on a later state. `None` when no card applies.
    pub(crate) fn event(
        rule: &Rule,
        scope: &Scope<'_, '_>,
        instance: CompactString,
        since: Moment,
        place: usize,
        why: Why,
    ) -> Option<Found> {
        let spans: SmallVec<_> =
            rule.cards.iter().filter_map(|card| event_span(rule, scope, card, since, place)).collect();
        (!spans.is_empty()).then_some(Found { instance, spans, why })
    }

    /// Of findings with one instance the first stands: later occurrences are the same breach.
    pub(crate) fn first_of_each_instance(found: impl Iterator<Item = Found>) -> Vec<Found> {
        found.fold(Vec::new(), |mut kept: Vec<Found>, found| {
            if kept.iter().all(|held| held.instance != found.instance) {
                kept.push(found);
            }
            kept
        })
    }
}

/// The first instant from the event at `place` on whose state heals the finding.
fn healed(scope: &Scope<'_, '_>, node: &Node, place: usize) -> Option<Moment> {
    let from = scope.view.facts[place].at;
    let heals = |instant: &Moment| Scope { history: scope.view.upto(*instant), ..*scope }.holds(node);
    instants(scope.view).filter(|instant| *instant >= from).find(heals)
}

/// The distinct instants of the case, ascending.
pub(crate) fn instants(view: &CaseView<'_>) -> impl Iterator<Item = Moment> {
    let mut last = None;
    let facts = view.facts.iter().map(|fact| fact.at);
    let distinct: Vec<Moment> = facts.filter(|at| last.replace(*at) != Some(*at)).collect();
    distinct.into_iter()
}
