//! The reference twin: the lights of the shipped rules, worked out a second time.
//!
//! [`lights`] answers one question, "which lights stand at T?", from scratch and for one T at a time:
//! it keeps no state and no schedule, walks through days and records, and is as slow as it is plain.
//! It is written from the documents of the supervision, not from the engine, and shares only the data
//! types of `facts` with it. Where both say the same on many random histories ([`random`]), either is
//! right or both read the documents alike.
//!
//! Time: instants are [`Moment`]s; days are civil days in the calendar's zone.
//! Rules and limits stand in code here on purpose: a second reading of the rule files would repeat a
//! misreading of the first.
//! Not here: causes, transitions, proofs, silence of sources.

mod calendar;
mod case;
mod catalogue;
mod clock;
mod fees;
mod overdue;
mod process;
mod quality;
pub mod random;

#[cfg(test)]
mod tests;

pub use calendar::TwinCalendar;
pub use catalogue::TwinCatalogue;

use std::collections::BTreeSet;

use facts::line::scalar_text;
use facts::{Activity, Address, Card, Event, Light, Moment, StandingLight};

use case::Case;

/// The rules that the twin knows. What compares it with the engine compares exactly these, and says so.
pub const RULES: [&str; 27] = [
    "OD-01", "OD-04", "OD-05", "OD-06", "OD-07", "OD-08", "OD-12", "FE-01", "FE-03", "FE-04", "FE-07", "PS-01",
    "PS-03", "PS-04", "PS-07", "PS-11", "DQ-01", "DQ-02", "DQ-03", "DQ-04", "DQ-05", "DQ-06", "DQ-07", "DQ-08",
    "DQ-09", "DQ-10", "DQ-11",
];

/// How a place supervises.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum TwinProfile {
    /// Limits in working days count by law: the day of the start is not counted, the last one ends at
    /// the close of business.
    National,
    /// Limits in working days count in office seconds; the promise is warned of three days ahead.
    Hunan2018,
}

/// The rules of a place: its profile, and the limits that stand in the rules themselves.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct TwinRules {
    /// How the place supervises.
    pub profile: TwinProfile,
    /// Working days within which a decision is delivered.
    pub delivery_days: i64,
    /// Hours that a closing without acceptance waits for a late record of it.
    pub grace_hours: i64,
}

impl From<TwinProfile> for TwinRules {
    /// As the documents have them.
    fn from(profile: TwinProfile) -> TwinRules {
        TwinRules { profile, delivery_days: 10, grace_hours: 24 }
    }
}

/// One light before it is known whether an appeal holds it down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Lit {
    rule: &'static str,
    instance: String,
    card: Card,
    since: Moment,
}

/// The lights that stand at `t`, sorted.
///
/// `facts_known` holds record versions, each with the instant at which it arrived; those that arrived
/// after `t` are not known yet, those dated after `t` are not seen yet. The order of the slice does not matter.
#[must_use]
pub fn lights(
    facts_known: &[(Event, Moment)],
    catalogue: &TwinCatalogue,
    calendar: &TwinCalendar,
    rules: impl Into<TwinRules>,
    t: Moment,
) -> Vec<StandingLight> {
    let rules = rules.into();
    let cases: BTreeSet<&str> = facts_known.iter().map(|(event, _)| event.case.as_str()).collect();
    let mut standing = Vec::new();
    for id in cases.into_iter().filter(|id| !id.is_empty()) {
        let case = Case::at(id, facts_known, catalogue, calendar, t).map(|case| {
            // The law accepts, too.
            let accepted = overdue::acceptance(&case, overdue::counting(rules.profile)).map(|start| start.at);
            case.with_item(catalogue, accepted)
        });
        let mut lit = quality::of_records(id, facts_known, calendar, t);
        if let Some(case) = &case {
            lit.extend(overdue::lit(case, &rules));
            lit.extend(fees::lit(case));
            lit.extend(process::lit(case, &rules));
            lit.extend(quality::lit(case, rules.profile));
            lit.retain(|lit| !waived(case, lit));
        }
        let owner = case.map(|case| case.owner);
        let owner = owner.or_else(|| quality::owner_to_come(id, facts_known, calendar, t));
        let Some(owner) = owner else { continue };
        standing.extend(lit.into_iter().map(|lit| StandingLight {
            case: id.into(),
            rule: lit.rule.into(),
            instance: lit.instance.into(),
            card: lit.card,
            light: lamp(lit.card),
            since: lit.since,
            owner: owner.clone(),
        }));
    }
    standing.sort();
    standing
}

/// The office that owns the first case of `facts_known` at `t`; `None` while nothing of it is seen.
#[must_use]
pub fn owner(
    facts_known: &[(Event, Moment)],
    catalogue: &TwinCatalogue,
    calendar: &TwinCalendar,
    t: Moment,
) -> Option<Address> {
    let (first, _) = facts_known.first()?;
    Some(Case::at(&first.case, facts_known, catalogue, calendar, t)?.owner)
}

/// Both profiles show a warning and a yellow card as a yellow lamp.
fn lamp(card: Card) -> Light {
    match card {
        Card::None => Light::Green,
        Card::Warning | Card::Yellow => Light::Yellow,
        Card::Red => Light::Red,
    }
}

/// An upheld appeal names rule, instance and card: that card and milder ones are held down.
fn waived(case: &Case<'_>, lit: &Lit) -> bool {
    case.of(Activity::Waived).any(|fact| {
        let said = |key: &str| fact.event.attr(key).map(scalar_text);
        said("rule") == Some(lit.rule)
            && said("instance") == Some(&lit.instance)
            && said("card").and_then(Card::from_token).is_some_and(|card| lit.card <= card)
    })
}
