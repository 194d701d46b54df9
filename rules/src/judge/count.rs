//! `kind = "count"`: at most or at least so often, for each key, within a window.
//!
//! Too many are judged at each counted event, too few at each event of the rule's `at`. A card holds from the first
//! event at which it does; where a condition healed it, a later event may bring it again.

use compact_str::CompactString;
use facts::Moment;
use facts::proof::{CountProof, Proof};
use smallvec::SmallVec;

use super::between::not_after;
use super::evaluate::{Scope, cite};
use super::found::{Found, Why, event_span};
use super::reckoning::Reckoning;
use super::view::CaseView;
use crate::expression::EventField;
use crate::rule::{Bound, CardSpec, Count, Rule};
use crate::value::key_text;

/// The events at which the cards of a key came.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// What the counted events share.
    pub(crate) key: CompactString,
    hits: Vec<Hit>,
}

/// A card at an event.
#[derive(Copy, Clone, Debug)]
struct Hit {
    card: facts::Card,
    from: Moment,
    place: usize,
}

/// Findings of a `count` rule.
pub(crate) fn judge<'a>(view: &CaseView<'a>, rule: &Rule, count: &Count, reckoning: &Reckoning<'a>) -> Vec<Found> {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let keyed = keyed(&scope, count);
    let judged: Vec<(usize, CompactString)> = match &count.bound {
        Bound::Max(_) => keyed.clone(),
        Bound::Min(_, at) => {
            scope.all_places(at).filter_map(|place| Some((place, key_of(&scope, place, &count.by)?))).collect()
        }
    };
    let mut keys: Vec<&CompactString> = judged.iter().map(|(_, key)| key).collect();
    keys.sort_unstable();
    keys.dedup();
    let found = keys.into_iter().filter_map(|key| {
        let places: Vec<usize> = judged.iter().filter(|(_, of)| of == key).map(|(place, _)| *place).collect();
        let counted: Vec<usize> = keyed.iter().filter(|(_, of)| of == key).map(|(place, _)| *place).collect();
        let breaches: Vec<(usize, i64)> = places
            .into_iter()
            .map(|place| (place, seen_at(&scope, count, &counted, place).len() as i64))
            .filter(|(_, number)| is_breach(&count.bound, *number))
            .collect();
        let (mut spans, mut hits) = (SmallVec::new(), Vec::new());
        for card in &rule.cards {
            for (place, span) in spans_of(rule, &scope, card, &breaches) {
                hits.push(Hit { card: card.card, from: span.from, place });
                spans.push(span);
            }
        }
        let why = Why::Count(Tally { key: key.clone(), hits });
        (!spans.is_empty()).then(|| Found { instance: instance(key), spans, why })
    });
    found.collect()
}

/// For each key how many were counted at the event that comes nearest to a breach.
pub(crate) fn tallies(view: &CaseView<'_>, count: &Count, reckoning: &Reckoning<'_>) -> Vec<(CompactString, u64)> {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let keyed = keyed(&scope, count);
    let judged: Vec<(usize, CompactString)> = match &count.bound {
        Bound::Max(_) => keyed.clone(),
        Bound::Min(_, at) => {
            scope.all_places(at).filter_map(|place| Some((place, key_of(&scope, place, &count.by)?))).collect()
        }
    };
    let mut tallies: Vec<(CompactString, u64)> = Vec::new();
    for (place, key) in judged {
        let counted: Vec<usize> = keyed.iter().filter(|(_, of)| *of == key).map(|(place, _)| *place).collect();
        let number = seen_at(&scope, count, &counted, place).len() as u64;
        match tallies.iter_mut().find(|(held, _)| *held == key) {
            Some((_, held)) if matches!(count.bound, Bound::Max(_)) => *held = number.max(*held),
            Some((_, held)) => *held = number.min(*held),
            None => tallies.push((key, number)),
        }
    }
    tallies
}

/// The spans of one card, each with the event that began it.
fn spans_of(
    rule: &Rule,
    scope: &Scope<'_, '_>,
    card: &CardSpec,
    breaches: &[(usize, i64)],
) -> Vec<(usize, crate::finding::CardSpan)> {
    let mut spans: Vec<(usize, crate::finding::CardSpan)> = Vec::new();
    for (place, number) in breaches {
        let at = scope.view.facts[*place].at;
        // It still holds, or was healed only afterwards.
        if spans.last().is_some_and(|(_, span)| span.until.is_none_or(|until| at < until)) {
            continue;
        }
        let scope = Scope { measure: Some(*number), ..scope.on_event(*place) };
        spans.extend(event_span(rule, &scope, card, at, *place).map(|span| (*place, span)));
    }
    spans
}

fn is_breach(bound: &Bound, number: i64) -> bool {
    match bound {
        Bound::Max(most) => number > i64::from(*most),
        Bound::Min(least, _) => number < i64::from(*least),
    }
}

/// The counted events with their keys.
fn keyed(scope: &Scope<'_, '_>, count: &Count) -> Vec<(usize, CompactString)> {
    let keyed = scope.all_places(&count.of).filter_map(|place| Some((place, key_of(scope, place, &count.by)?)));
    keyed.collect()
}

/// The key of a fact; `None` where it lacks a field.
fn key_of(scope: &Scope<'_, '_>, place: usize, by: &[EventField]) -> Option<CompactString> {
    key_text(by.iter().map(|field| scope.event_field(place, field)))
}

fn instance(key: &str) -> CompactString {
    if key.is_empty() { "-".into() } else { key.into() }
}

/// Those of `counted` that count at the event in `place`: not after it, and not too long ago.
fn seen_at(scope: &Scope<'_, '_>, count: &Count, counted: &[usize], place: usize) -> Vec<usize> {
    let facts = &scope.view.facts;
    let event = &facts[place];
    let in_time = |other: usize| match &count.bound {
        // In the order of the history: the last of one instant sees them all.
        Bound::Max(_) => other <= place,
        Bound::Min(..) => not_after(&facts[other], event, false),
    };
    let in_window = |other: usize| {
        let fact = &facts[other];
        let due = |span| scope.reckoning.due_of(fact.at, fact.is_day, span);
        count.within.is_none_or(|span| due(span).is_some_and(|due| event.at <= due))
    };
    counted
        .iter()
        .copied()
        .filter(|other| in_time(*other) && in_window(*other) && scope.sees(*other, event.at))
        .collect()
}

/// What stands behind a card at an instant: the event that brought it, and what was counted there.
pub(crate) struct Counted {
    /// The event at which there were too few.
    pub(crate) at: Option<usize>,
    pub(crate) places: Vec<usize>,
    /// The event that brought the card.
    pub(crate) event: usize,
}

/// What stands behind a card at `now`.
pub(crate) fn counted(scope: &Scope<'_, '_>, count: &Count, tally: &Tally, card: &CardSpec, now: Moment) -> Counted {
    let of_card = |hit: &&Hit| hit.card == card.card;
    let hit = tally.hits.iter().filter(of_card).rfind(|hit| hit.from <= now);
    let hit = hit.or_else(|| tally.hits.iter().find(of_card)).or(tally.hits.first());
    let event = hit.expect("a tally has the hit of each of its cards").place;
    let keyed = keyed(scope, count);
    let of_key: Vec<usize> = keyed.into_iter().filter(|(_, key)| *key == tally.key).map(|(place, _)| place).collect();
    let at = matches!(count.bound, Bound::Min(..)).then_some(event);
    Counted { at, places: seen_at(scope, count, &of_key, event), event }
}

/// The proof: the events that were counted.
pub(crate) fn prove(view: &CaseView<'_>, count: &Count, tally: &Tally, counted: &Counted) -> Proof {
    let (Bound::Max(bound) | Bound::Min(bound, _)) = &count.bound;
    Proof::Count(Box::new(CountProof {
        key: tally.key.clone(),
        bound: i64::from(*bound),
        within: count.within.map(|span| span.to_string().into()),
        at: counted.at.map(|place| cite(&view.facts[place])),
        counted: counted.places.iter().map(|place| cite(&view.facts[*place])).collect(),
    }))
}
