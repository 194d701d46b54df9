//! Proofs: the reckoning behind a light, complete enough to be checked by hand.
//!
//! A proof names what was counted and why, never how the engine works. Whoever shows one (the
//! console, `explain`, a notice) uses [`Proof::lines`] and adds nothing of its own.

use compact_str::CompactString;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::event_time::EventTime;
use crate::light::Card;
use crate::moment::Moment;
use crate::money::Fen;

mod lines;

pub use lines::Lang;

/// A record as a proof cites it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cited {
    /// Record id.
    pub id: CompactString,
    /// What happened.
    pub activity: CompactString,
    /// When.
    pub at: Moment,
    /// Value that mattered beside the time (stage, officer, outcome ...), as `name=value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// One civil day of a clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DayLine {
    /// The day.
    pub date: Date,
    /// Counted days under `legal`, counted seconds under `elapsed`.
    pub counted: i64,
    /// Why: `start`, `work`, `makeup`, `weekend`, `holiday`, `pause`, with what the calendar says.
    pub why: CompactString,
    /// Name of the holiday, ground of the pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<CompactString>,
}

/// A pause as it acts: `[from, to)` after cutting to its cap.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PauseLine {
    /// Name of the pause in the vocabulary.
    pub name: CompactString,
    /// The record that began it.
    pub id: CompactString,
    /// Begin.
    pub from: Moment,
    /// End; absent while it is open without a cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
    /// The granted length that cut it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<CompactString>,
}

/// An extension of the limit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExtensionLine {
    /// The record that granted it.
    pub id: CompactString,
    /// When.
    pub at: Moment,
    /// By how much.
    pub by: CompactString,
}

/// A mark of a deadline: the instant a card stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MarkLine {
    /// The card.
    pub card: Card,
    /// The mark as the rule writes it.
    pub mark: CompactString,
    /// The limit it belongs to.
    pub limit: CompactString,
    /// The instant; absent while a pause without end holds the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
}

/// A deadline: how the due instant comes about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeadlineProof {
    /// `legal` or `elapsed`; `date` or `instant` where the limit is one and nothing is counted.
    pub counting: CompactString,
    /// Calendar and zone.
    pub calendar: CompactString,
    /// IANA zone in which days are counted.
    pub zone: CompactString,
    /// The record that started the clock.
    pub start: Cited,
    /// The business time that counts as the start, where it is not the record's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_from: Option<Moment>,
    /// The record that stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Cited>,
    /// The limit that the card rests on.
    pub limit: CompactString,
    /// Where the limit comes from.
    pub limit_from: CompactString,
    /// The last instant in time; absent while a pause without end holds the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Moment>,
    /// Pauses, cut and in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<PauseLine>,
    /// Extensions that acted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<ExtensionLine>,
    /// The marks of the rule.
    pub marks: Vec<MarkLine>,
    /// Each day from the start to the due day; none where nothing is counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<DayLine>,
}

/// One line of a fee ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LedgerLine {
    /// Record id.
    pub id: CompactString,
    /// Act of the fee's life.
    pub act: CompactString,
    /// When.
    pub at: Moment,
    /// Fee code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CompactString>,
    /// Signed amount in fen as it enters the sum; 0 for what does not count.
    pub fen: Fen,
    /// Why it does not count, where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<CompactString>,
}

/// A tariff row that a fee was held against.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TariffLine {
    /// Fee code.
    pub code: CompactString,
    /// Least lawful amount in fen for the quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Fen>,
    /// Greatest lawful amount in fen for the quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Fen>,
    /// Units charged for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<CompactString>,
    /// Document behind the tariff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<CompactString>,
}

/// A fee: what was paid, against what could be asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeeProof {
    /// The ledger line group, such as `code=F01`; empty for the whole case.
    pub line: CompactString,
    /// Every record of the group.
    pub ledger: Vec<LedgerLine>,
    /// Charged less refunded, in fen.
    pub net: Fen,
    /// The tariff, where one is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff: Option<TariffLine>,
    /// The condition and its leaves.
    pub condition: ConditionProof,
}

/// A leaf of a condition: a name, its value, and where the value stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Leaf {
    /// The name or call as written.
    pub name: String,
    /// Its value; absent when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A condition that held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConditionProof {
    /// The condition as written.
    pub expression: String,
    /// What its names stood for.
    pub leaves: Vec<Leaf>,
    /// The event it was judged on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Cited>,
}

/// A workflow: the path taken, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WorkflowProof {
    /// Item and version whose stages these are.
    pub graph: CompactString,
    /// Stages that must be visited.
    pub required: Vec<CompactString>,
    /// Stages visited, in order.
    pub path: Vec<Cited>,
    /// Required stages that were not visited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<CompactString>,
    /// A step that the graph does not know, as (from, to).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<(CompactString, CompactString)>,
    /// The event at which completeness was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Cited>,
}

/// Separation: the acts one person shared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SeparationProof {
    /// Staff number.
    pub person: CompactString,
    /// Each act with the event by which the person did it.
    pub acts: Vec<(CompactString, Cited)>,
}

/// Precedence: what had to come earlier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RequiresProof {
    /// The event that needed it.
    pub event: Cited,
    /// The sets that did not come before, with the nearest event of the set, if any.
    pub missing: Vec<(CompactString, Option<Cited>)>,
}

/// Count: the events that were counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CountProof {
    /// The key they share; empty without one.
    pub key: CompactString,
    /// The bound of the rule.
    pub bound: i64,
    /// How far back is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<CompactString>,
    /// The event at which there were too few; absent where there are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Cited>,
    /// The events.
    pub counted: Vec<Cited>,
}

/// Succession that is forbidden: both events.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ForbidsProof {
    /// The event that must not follow.
    pub event: Cited,
    /// The event after which it must not come; of several the nearest.
    pub earlier: Cited,
    /// Forbidden only so soon after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<CompactString>,
    /// Forbidden only so late after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later_than: Option<CompactString>,
    /// What would have lifted the ban, and does not lie between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<CompactString>,
}

/// The reckoning behind a light.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proof {
    /// A limit and its days.
    Deadline(Box<DeadlineProof>),
    /// A ledger and its sum.
    Fee(Box<FeeProof>),
    /// A path and its graph.
    Workflow(Box<WorkflowProof>),
    /// A condition and its leaves.
    Condition(Box<ConditionProof>),
    /// Acts one person shared.
    Separation(Box<SeparationProof>),
    /// What did not come before.
    Requires(Box<RequiresProof>),
    /// What came although it must not.
    Forbids(Box<ForbidsProof>),
    /// Too many or too few.
    Count(Box<CountProof>),
}

impl DeadlineProof {
    /// The first day of the reckoning as the rule counts, for messages.
    #[must_use]
    pub fn start_time(&self) -> EventTime {
        EventTime::Instant(self.counted_from.unwrap_or(self.start.at))
    }
}
