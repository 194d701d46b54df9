//! Rules over a state: the state is judged once per instant, after all facts of it; while it holds
//! there is an episode, named by the record that began it.

use facts::{Card, Moment};
use smallvec::SmallVec;

use super::evaluate::Scope;
use super::found::{instants, span};
use super::view::CaseView;
use crate::finding::CardSpan;
use crate::rule::{CardSpec, Clears, Rule};
use crate::value::Value;

/// A time during which a state holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Episode {
    pub(crate) begin: Moment,
    /// `None` while it lasts.
    pub(crate) end: Option<Moment>,
}

/// Episodes of a state over the instants of the case.
pub(crate) fn episodes(view: &CaseView<'_>, holds: impl Fn(Moment) -> bool) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    for instant in instants(view) {
        let open = episodes.last_mut().filter(|episode| episode.end.is_none());
        match (open, holds(instant)) {
            (None, true) => episodes.push(Episode { begin: instant, end: None }),
            (Some(episode), false) => episode.end = Some(instant),
            _ => {}
        }
    }
    episodes
}

/// The card spans of an episode; `at` gives the scope of the state at an instant.
pub(crate) fn spans<'v, 'a>(
    rule: &Rule,
    scope: &Scope<'v, 'a>,
    episode: &Episode,
    at: impl Fn(Moment) -> Scope<'v, 'a>,
) -> SmallVec<[CardSpan; 2]> {
    let cards = rule.cards.iter().filter(|card| card.card != Card::None);
    cards.flat_map(|card| card_spans(rule, scope, episode, card, &at)).collect()
}

fn card_spans<'v, 'a>(
    rule: &Rule,
    scope: &Scope<'v, 'a>,
    episode: &Episode,
    card: &CardSpec,
    at: &impl Fn(Moment) -> Scope<'v, 'a>,
) -> Vec<CardSpan> {
    // A card's own condition is a state inside the state.
    let within = |instant: &Moment| *instant >= episode.begin && episode.end.is_none_or(|end| *instant < end);
    let inner = episodes(scope.view, |instant| within(&instant) && at(instant).allows(card.when.as_ref()));
    let spans = inner.into_iter().filter_map(|inner| {
        let lasted = match card.after {
            Some(after) => scope.reckoning.due_of(inner.begin, false, after)?,
            None => inner.begin,
        };
        let not_before = match &card.from {
            Some(node) => match at(inner.begin).value(node) {
                Value::Instant(instant) => instant,
                _ => return None,
            },
            None => lasted,
        };
        let since = lasted.max(not_before);
        // The last instant of a term is in time: the card comes after it. A state without a term shows at once.
        let from = if since > inner.begin { since.plus_millis(1) } else { since };
        let from = rule.grace.map_or(from, |grace| from.max(scope.reckoning.after_grace(from, grace)));
        let until = match &card.clears {
            Clears::Never => None,
            Clears::Ended => inner.end,
            Clears::When(node) => {
                instants(scope.view).filter(|instant| *instant >= inner.begin).find(|instant| at(*instant).holds(node))
            }
        };
        let reached = inner.end.is_none_or(|end| from < end);
        (reached && until.is_none_or(|until| from < until)).then(|| span(card, since, from, until))
    });
    spans.collect()
}
