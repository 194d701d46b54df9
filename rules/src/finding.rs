//! Findings: what judgement says of a case, as a schedule on the supervision clock.
//!
//! Invariant: a finding knows no now. Which card holds at an instant is read off its spans, and the
//! instant at which that may change is known beforehand (design 3).

use compact_str::CompactString;
use facts::{Address, Card, Light, Moment};
use smallvec::SmallVec;

/// Place of a rule in [`crate::configuration::Configuration::rules`].
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleIndex(pub u32);

/// A card that holds on `[from, until)` of the supervision clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardSpan {
    /// Card.
    pub card: Card,
    /// Lamp.
    pub light: Light,
    /// The legal instant.
    pub since: Moment,
    /// First instant of the clock at which it is shown.
    pub from: Moment,
    /// First instant at which it is shown no longer; `None` for good.
    pub until: Option<Moment>,
    /// Waits for a person before it is sent.
    pub held: bool,
    /// Rests on absence: something that would end it may have happened and not be known yet.
    pub absent: bool,
}

impl CardSpan {
    /// Does it hold at `now`?
    #[must_use]
    pub fn holds(&self, now: Moment) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// What one rule found in one case, for one instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Which rule.
    pub rule: RuleIndex,
    /// Which of the rule's findings.
    pub instance: CompactString,
    /// Cards over time.
    pub spans: SmallVec<[CardSpan; 2]>,
}

impl Finding {
    /// The worst card that holds at `now`; of equal ones the one that held first.
    #[must_use]
    pub fn at(&self, now: Moment) -> Option<&CardSpan> {
        let holding = self.spans.iter().filter(|span| span.holds(now));
        holding.max_by(|a, b| a.card.cmp(&b.card).then_with(|| b.since.cmp(&a.since)))
    }

    /// The first instant after `now` at which the card may change.
    #[must_use]
    pub fn next_after(&self, now: Moment) -> Option<Moment> {
        let edges = self.spans.iter().flat_map(|span| [Some(span.from), span.until]);
        edges.flatten().filter(|edge| *edge > now).min()
    }
}

/// What judgement says of a case: valid until the next fact, or the business time of a held one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Judgement {
    /// The office that owns the case; `None` without a fact that the clock has reached.
    pub owner: Option<Address>,
    /// Approval item, where known.
    pub item: Option<CompactString>,
    /// Not closed and not withdrawn.
    pub open: bool,
    /// Findings, by rule and instance.
    pub findings: Vec<Finding>,
}
