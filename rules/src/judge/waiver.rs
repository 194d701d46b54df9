//! An upheld appeal: the fact `waived` holds one instance at none up to a card; a worse card is not
//! covered, and deleting the record undoes it (semantics 23).

use facts::{Activity, Card};

use super::found::Found;
use super::view::CaseView;
use crate::rule::Rule;

/// Takes waived cards out of what `rule` found.
pub(crate) fn hold(view: &CaseView<'_>, rule: &Rule, found: Vec<Found>) -> Vec<Found> {
    let waivers: Vec<(&str, Card)> = view
        .facts
        .iter()
        .filter(|fact| fact.event.activity == Activity::Waived)
        .filter_map(|fact| {
            let text = |key| fact.event.attr(key).map(facts::line::scalar_text);
            (text("rule")? == rule.id).then_some((text("instance")?, Card::from_token(text("card")?)?))
        })
        .collect();
    if waivers.is_empty() {
        return found;
    }
    let covered = |instance: &str| waivers.iter().filter(|(name, _)| *name == instance).map(|(_, card)| *card).max();
    let held = found.into_iter().map(|mut found| {
        if let Some(up_to) = covered(&found.instance) {
            found.spans.retain(|span| span.card > up_to);
        }
        found
    });
    held.filter(|found| !found.spans.is_empty()).collect()
}
