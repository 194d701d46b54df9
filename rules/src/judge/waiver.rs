//! An upheld appeal: the fact `waived` holds one instance at none up to a card; a worse card is not
//! covered, and deleting the record undoes it (semantics 23).

use facts::{Activity, Card};
use smallvec::SmallVec;

use super::found::Found;
use super::view::CaseView;
use crate::finding::CardSpan;
use crate::rule::Rule;

/// Takes waived cards out of what `rule` found.
pub(crate) fn hold(view: &CaseView<'_>, rule: &Rule, found: Vec<Found>) -> Vec<Found> {
    let waivers = waivers(view, rule);
    if waivers.is_empty() {
        return found;
    }
    let held = found.into_iter().map(|mut found| {
        found.spans = kept(&waivers, &found.instance, found.spans);
        found
    });
    held.filter(|found| !found.spans.is_empty()).collect()
}

/// The spans of one instance that the case's appeals do not cover.
pub(crate) fn spans_kept(view: &CaseView<'_>, rule: &Rule, instance: &str, spans: Spans) -> Spans {
    kept(&waivers(view, rule), instance, spans)
}

type Spans = SmallVec<[CardSpan; 2]>;

/// Instances of a rule with the card up to which an appeal holds them at none.
fn waivers<'v>(view: &'v CaseView<'_>, rule: &Rule) -> Vec<(&'v str, Card)> {
    let waived = view.facts.iter().filter(|fact| fact.event.activity == Activity::Waived);
    let told = waived.filter_map(|fact| {
        let text = |key| fact.event.attr(key).map(facts::line::scalar_text);
        (text("rule")? == rule.id).then_some((text("instance")?, Card::from_token(text("card")?)?))
    });
    told.collect()
}

fn kept(waivers: &[(&str, Card)], instance: &str, mut spans: Spans) -> Spans {
    if let Some(up_to) = waivers.iter().filter(|(name, _)| *name == instance).map(|(_, card)| *card).max() {
        spans.retain(|span| span.card > up_to);
    }
    spans
}
