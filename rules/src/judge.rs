//! Judgement: a pure function from the facts of a case and a configuration to findings.
//!
//! `judge` is given the facts whose business time the clock has reached, in canonical order, and
//! knows no now: it returns schedules. It is the only place in Watchlight where a light is decided.

use compact_str::CompactString;
use facts::proof::Proof;
use facts::standing::Text2;
use facts::transition::Evidence;
use facts::{Change, Event, Moment, Record};

use crate::configuration::Configuration;
use crate::finding::{Judgement, RuleIndex};

/// The facts of one case that the clock has reached.
#[derive(Copy, Clone, Debug)]
pub struct Case<'a> {
    /// Case number.
    pub id: &'a str,
    /// Winning records in canonical order ([`facts::History::reached`]).
    pub records: &'a [Record],
}

/// Which rules a change can touch (semantics 22).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Touched {
    /// None: nothing a rule reads changed.
    None,
    /// These, in ascending order.
    Rules(Vec<RuleIndex>),
    /// All rules of the case.
    All,
}

/// Why a card holds: everything a transition tells beside the card itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// `OD-05@1+national`
    pub rule_version: CompactString,
    /// Law or document.
    pub basis: CompactString,
    /// For people.
    pub reason: Text2,
    /// What must be known beside it, such as `calendar_uncovered`.
    pub warnings: Vec<CompactString>,
    /// The records that show it.
    pub evidence: Vec<Evidence>,
    /// The reckoning.
    pub proof: Proof,
}

/// Judges a case by all rules of its profile.
#[must_use]
pub fn judge(case: &Case<'_>, configuration: &Configuration) -> Judgement {
    let _ = (case, configuration);
    Judgement::default()
}

/// Judges a case again after a change that touched some rules only; equal to [`judge`] on the whole.
#[must_use]
pub fn rejudge(case: &Case<'_>, configuration: &Configuration, before: Judgement, touched: &Touched) -> Judgement {
    let _ = (before, touched);
    judge(case, configuration)
}

/// Which rules joining `event` can touch, given what the join did.
#[must_use]
pub fn touched(case: &Case<'_>, configuration: &Configuration, event: &Event, change: &Change) -> Touched {
    let _ = (case, configuration, event, change);
    Touched::All
}

/// Proves the card that `rule` holds for `instance` at `now`; `None` when it holds none.
#[must_use]
pub fn explain(
    case: &Case<'_>,
    configuration: &Configuration,
    rule: RuleIndex,
    instance: &str,
    now: Moment,
) -> Option<Explanation> {
    let _ = (case, configuration, rule, instance, now);
    None
}
