//! What the page needs to know of a case and the ledger does not hold: its facts, its lights with
//! their proofs, and what will happen next. The worker that owns the case knows; the binary asks it.

use facts::standing::Text2;
use facts::transition::StandingLine;
use facts::{Address, Card, Event, EventTime, Light, Moment, line, proof::Proof};
use futures_util::future::BoxFuture;

use crate::known_then::KnownThen;

/// One fact in a case's timeline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimelineEvent {
    /// The fact's canonical JSON line.
    pub line: String,
    /// Business time.
    pub at: EventTime,
    /// What happened.
    pub activity: String,
    /// What people call that, where the configuration says so.
    pub name: Option<Text2>,
    /// When it first reached a server, where known.
    pub arrived: Option<Moment>,
}

impl TimelineEvent {
    /// The fact as a timeline shows it, its activity called `name`.
    #[must_use]
    pub fn of(event: &Event, name: Option<Text2>) -> TimelineEvent {
        TimelineEvent {
            line: line::write(event),
            at: event.at,
            activity: event.activity.name().to_owned(),
            name,
            arrived: event.arrived,
        }
    }
}

/// A card to come if nothing changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduledCard {
    /// The card.
    pub card: Card,
    /// Its lamp.
    pub light: Light,
    /// From when it will hold on the supervision clock.
    pub from: Moment,
}

/// A light that stands, with everything that explains it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseLight {
    /// The light.
    pub standing: StandingLine,
    /// Version label of the rule.
    pub rule_version: String,
    /// Law or document behind the rule.
    pub basis: String,
    /// The reckoning.
    pub proof: Option<Proof>,
    /// What must be known beside it.
    pub warnings: Vec<String>,
    /// Worse cards to come of the same finding, earliest first.
    pub schedule: Vec<ScheduledCard>,
    /// Held back, and shown grey, until then at most: it rests on what a silent source may not have said.
    pub held_until: Option<Moment>,
}

/// A case as it stands on the supervision clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseView {
    /// Case number.
    pub case: String,
    /// The office that owns it.
    pub owner: Address,
    /// Approval item, where known.
    pub item: Option<String>,
    /// True until the case is closed.
    pub open: bool,
    /// The first instant at which its source was silent, while it is: what is not lit is unknown.
    pub silent_since: Option<Moment>,
    /// The supervision clock.
    pub clock: Moment,
    /// Facts known, in canonical order.
    pub events: Vec<TimelineEvent>,
    /// Lights that stand, worst first.
    pub lights: Vec<CaseLight>,
    /// What rules on trial would light. None of these stands, and none was sent.
    pub shadow: Vec<CaseLight>,
    /// What was known at an earlier instant, where that was asked.
    pub then: Option<KnownThen>,
}

/// The case cannot be read just now; a later try can work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the case cannot be read just now: {0}")]
pub struct CaseUnavailable(pub String);

/// Reads cases; the binary implements it by asking the worker that owns the case.
pub trait CaseReader: Send + Sync {
    /// The case with this number, or `None` when no fact of it is known; with `known_at` also what was known of it
    /// at that instant.
    ///
    /// # Errors
    /// When the worker cannot answer.
    fn case<'a>(
        &'a self,
        case: &'a str,
        known_at: Option<Moment>,
    ) -> BoxFuture<'a, Result<Option<CaseView>, CaseUnavailable>>;
}
