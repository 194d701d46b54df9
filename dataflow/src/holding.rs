//! Lights that rest on absence while their source is silent (semantics 26): held back, shown grey, and raised after a
//! time all the same.
//!
//! Only what comes due during the silence is held. A light that stood before stays: nothing that was said is withdrawn
//! because a source falls silent.

use facts::Moment;
use rules::finding::{CardSpan, Finding};

/// The silence of the source that a case follows.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Holding {
    /// The first instant at which the source was silent.
    pub since: Moment,
    /// How long a light is held, in ms.
    pub hold_ms: i64,
}

impl Holding {
    /// Does this card rest on what the silent source may not have said?
    #[must_use]
    pub fn concerns(&self, span: &CardSpan) -> bool {
        span.absent && span.from >= self.since
    }

    /// The first instant at which the card is raised all the same.
    #[must_use]
    pub fn until(&self, span: &CardSpan) -> Moment {
        span.from.plus_millis(self.hold_ms)
    }

    /// Is the card held back at `at`?
    #[must_use]
    pub fn holds(&self, span: &CardSpan, at: Moment) -> bool {
        self.concerns(span) && at < self.until(span)
    }
}

/// The worst card of a finding that is shown at `at`; of equal ones the one that held first.
pub(crate) fn shown_at<'a>(finding: &'a Finding, at: Moment, holding: Option<&Holding>) -> Option<&'a CardSpan> {
    let Some(holding) = holding else { return finding.at(at) };
    let shown = finding.spans.iter().filter(|span| span.holds(at) && !holding.holds(span, at));
    shown.max_by(|a, b| a.card.cmp(&b.card).then_with(|| b.since.cmp(&a.since)))
}
