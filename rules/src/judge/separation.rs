//! `kind = "separation"`: acts that one person must not share.

use compact_str::CompactString;
use facts::proof::{Proof, SeparationProof};

use super::evaluate::{Scope, cite};
use super::found::{Found, Why, span};
use super::reckoning::Reckoning;
use super::view::CaseView;
use crate::rule::{Rule, Separation};
use crate::value::Value;

/// Who shared which acts, by the first event of each.
#[derive(Clone, Debug)]
pub(crate) struct Sharing {
    pub(crate) person: CompactString,
    /// (act, place), in the order in which the person first did them.
    pub(crate) acts: Vec<(usize, usize)>,
}

/// Findings of a separation rule: a card from the event that made its number of acts shared.
pub(crate) fn judge<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    separation: &Separation,
    reckoning: &Reckoning<'a>,
) -> Vec<Found> {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let found = sharings(&scope, separation).into_iter().filter_map(|sharing| {
        let spans = (2..=sharing.acts.len()).flat_map(|shared| {
            let place = sharing.acts[shared - 1].1;
            let at = view.facts[place].at;
            let scope = Scope { measure: i64::try_from(shared).ok(), ..scope.on_event(place) };
            let cards = rule.cards.iter().filter(|card| scope.allows(card.when.as_ref()));
            cards.map(|card| span(card, at, at, None)).collect::<Vec<_>>()
        });
        let spans: smallvec::SmallVec<[_; 2]> = spans.collect();
        let instance = sharing.person.clone();
        (!spans.is_empty()).then_some(Found { instance, spans, why: Why::Separation(sharing) })
    });
    found.collect()
}

fn sharings(scope: &Scope<'_, '_>, separation: &Separation) -> Vec<Sharing> {
    let mut sharings: Vec<Sharing> = Vec::new();
    for place in 0..scope.history {
        let Value::Text(person) = scope.event_field(place, &separation.by) else { continue };
        for (act, _) in separation.acts.iter().enumerate().filter(|(_, set)| scope.in_set(set, place)) {
            let known = sharings.iter().position(|sharing| sharing.person == person).unwrap_or_else(|| {
                sharings.push(Sharing { person: person.clone(), acts: Vec::new() });
                sharings.len() - 1
            });
            let acts = &mut sharings[known].acts;
            if acts.iter().all(|(done, _)| *done != act) {
                acts.push((act, place));
            }
        }
    }
    sharings.retain(|sharing| sharing.acts.len() > 1);
    sharings
}

/// The proof: each act with the event by which the person did it.
pub(crate) fn prove(view: &CaseView<'_>, separation: &Separation, sharing: &Sharing) -> Proof {
    let acts = sharing.acts.iter().map(|(act, place)| (separation.acts[*act].text.clone(), cite(&view.facts[*place])));
    Proof::Separation(Box::new(SeparationProof { person: sharing.person.clone(), acts: acts.collect() }))
}
