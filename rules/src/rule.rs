//! Rules as they are judged: checked, resolved, with the profile's overrides in place.
//!
//! A rule here is one part of one version of one rule under one profile. Everything a file may
//! leave out has its default filled in.

use compact_str::CompactString;
use facts::standing::Text2;
use facts::{Card, Level, Light};
use jiff::civil::Date;

use crate::counting::{Counting, Ends, Span};
use crate::expression::{EventField, EventSet, LineField, Node};
use crate::reads::Reads;
use crate::wording::Message;

mod group;
mod succession;

pub use group::{CardsOn, Group};
pub use succession::{Bound, Count, Forbids, SameField};

/// A rule under one profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Permanent id; a part has the id of its rule, a dot and its own.
    pub id: CompactString,
    /// `<id>@<version>+<profile>`
    pub label: CompactString,
    /// What kind of breach.
    pub family: Family,
    /// For people.
    pub name: Text2,
    /// Law or document.
    pub basis: CompactString,
    /// Judged and sent, judged for analysts, or not judged.
    pub status: Status,
    /// Which cases.
    pub scope: Scope,
    /// Which cases by date.
    pub in_force: InForce,
    /// Judged over all cases that share a key; `None` judges each case alone.
    pub group: Option<Group>,
    /// What is judged.
    pub kind: Kind,
    /// Cards, mildest first.
    pub cards: Vec<CardSpec>,
    /// How long the light waits for late data; it moves `from`, never `since`.
    pub grace: Option<Span>,
    /// Day counting.
    pub counting: Counting,
    /// On its last day a limit ends so; `None` is the counting's own choice.
    pub ends: Option<Ends>,
    /// A limit in calendar days whose last day is off moves to the next working day.
    pub roll: bool,
    /// Calendar id.
    pub calendar: CompactString,
    /// Text to staff; `None` lets the kind speak for itself.
    pub message: Option<Message>,
    /// Which events and fields can change it.
    pub reads: Reads,
    /// What must occur in a case before the rule can find anything; `None` where anything may do.
    pub begins: Option<Reads>,
}

/// Family of breaches.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Family {
    /// 超时
    Overdue,
    /// 违规收费
    IrregularFee,
    /// 流程跳步
    ProcessSkip,
    /// 数据质量
    DataQuality,
}

impl Family {
    /// The token in rule files.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Family::Overdue => "overdue",
            Family::IrregularFee => "irregular-fee",
            Family::ProcessSkip => "process-skip",
            Family::DataQuality => "data-quality",
        }
    }
}

/// Whether a rule is judged, and for whom.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// Judged and sent.
    On,
    /// Judged for analysts alone: no light of it stands, and none is sent.
    Shadow,
    /// Not judged.
    Off,
}

impl Status {
    /// The token in rule files.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Status::On => "on",
            Status::Shadow => "shadow",
            Status::Off => "off",
        }
    }
}

/// `status = "manual"`: what people judge and issue cards for. Nothing of it is computed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManualRule {
    /// Permanent id.
    pub id: CompactString,
    /// `<id>@<version>`
    pub label: CompactString,
    /// What kind of breach.
    pub family: Family,
    /// For people.
    pub name: Text2,
    /// Law or document.
    pub basis: CompactString,
    /// Why it cannot be computed.
    pub note: Text2,
}

/// Which cases a rule reaches; an empty list reaches all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// Levels of the owner.
    pub levels: Vec<Level>,
    /// Region code prefixes of the owner.
    pub regions: Vec<CompactString>,
    /// Department code prefixes of the owner.
    pub depts: Vec<CompactString>,
    /// Item code globs (`*` at either end or alone).
    pub items: Vec<CompactString>,
    /// Item types.
    pub item_types: Vec<CompactString>,
    /// Case types.
    pub case_types: Vec<CompactString>,
    /// Condition on case and item; missing does not apply yet.
    pub condition: Option<Node>,
}

/// Which date decides whether a rule is in force for a case.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum InForceBy {
    /// Day of acceptance; of the first event until accepted.
    #[default]
    Accepted,
    /// Day of submission.
    Submitted,
    /// Day of the first event.
    First,
}

/// Dates between which a rule is in force.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InForce {
    /// Which day of the case.
    pub by: InForceBy,
    /// First day.
    pub from: Option<Date>,
    /// First day no longer.
    pub until: Option<Date>,
}

/// How a card ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Clears {
    /// A fact stays a fact; only other facts take it away.
    Never,
    /// With the stop, or with the state.
    Ended,
    /// When this holds, judged on the states after the finding.
    When(Node),
}

/// The instant of a deadline's card, as a rule file writes it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// `due + n units` (n may be negative).
    Due(i64, crate::counting::Unit),
    /// `over >= n`, in the limit's own unit.
    Over(i64),
    /// A share of the counted limit.
    Percent(u32),
}

impl Mark {
    /// The mark as a clock reckons it.
    #[must_use]
    pub fn reckoned(self) -> crate::counting::Mark {
        match self {
            Mark::Due(0, _) => crate::counting::Mark::Due,
            Mark::Due(number, unit) => crate::counting::Mark::Shifted(Span::new(number, unit)),
            Mark::Over(number) => crate::counting::Mark::Over(number),
            Mark::Percent(share) => crate::counting::Mark::Percent(share),
        }
    }
}

/// One card of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardSpec {
    /// Card.
    pub card: Card,
    /// Lamp, by the profile.
    pub light: Light,
    /// Deadline: the mark; due unless said.
    pub mark: Mark,
    /// The mark as written, for proofs.
    pub mark_text: CompactString,
    /// Deadline: this card's own limit.
    pub limit: Option<Node>,
    /// Extra condition.
    pub when: Option<Node>,
    /// State rules: the state has lasted so long.
    pub after: Option<Span>,
    /// State rules: not before this instant. Conditions on events: from this instant, instead of the event's own.
    pub from: Option<Node>,
    /// How it ends.
    pub clears: Clears,
    /// Waits for a person.
    pub held: bool,
}

/// Which starts or events open an instance.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Each {
    /// The first only.
    First,
    /// Every one.
    Every,
    /// The last only: a new start replaces an unfinished one.
    Last,
}

/// What is judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// After start, stop within limit.
    Deadline(Box<Deadline>),
    /// X needs Y before.
    Requires(Box<Requires>),
    /// X must not follow Y.
    Forbids(Box<Forbids>),
    /// At most or at least so often.
    Count(Box<Count>),
    /// Acts one person must not share.
    Separation(Separation),
    /// The item's stage graph.
    Workflow(Workflow),
    /// A condition over the fee ledger.
    Fee(FeeRule),
    /// A test on each event of a set, or on the state of the case.
    Condition(ConditionRule),
}

impl Kind {
    /// The name in rule files.
    #[must_use]
    pub const fn token(&self) -> &'static str {
        match self {
            Kind::Deadline(_) => "deadline",
            Kind::Requires(_) => "requires",
            Kind::Forbids(_) => "forbids",
            Kind::Count(_) => "count",
            Kind::Separation(_) => "separation",
            Kind::Workflow(_) => "workflow",
            Kind::Fee(_) => "fee",
            Kind::Condition(_) => "condition",
        }
    }

    /// The grounds of which each is judged alone: none but for `fee` and `condition`.
    #[must_use]
    pub fn grounds(&self) -> &[Node] {
        match self {
            Kind::Fee(fee) => &fee.grounds,
            Kind::Condition(condition) => &condition.grounds,
            _ => &[],
        }
    }
}

/// Where a deadline starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Start {
    /// At events of a set.
    Events(EventSet),
    /// One instance a case; the limit is an instant or a date that the case carries.
    Case,
    /// At an instant the case carries.
    Instant(Node),
}

/// Where a deadline stops: the earliest of these.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// An event of a set.
    Events(EventSet),
    /// An instant the case carries.
    Instant(Node),
    /// The first instant at which this holds.
    When(Node),
}

/// `kind = "deadline"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deadline {
    /// Start.
    pub start: Start,
    /// Stops, any of them.
    pub stops: Vec<Stop>,
    /// Ends the duty without fulfilling it.
    pub cancel: Option<EventSet>,
    /// Limit of the cards that name none.
    pub limit: Option<Node>,
    /// Condition at the start.
    pub condition: Option<Node>,
    /// Which starts count.
    pub each: Each,
    /// Fields in which start and stop agree.
    pub pair_by: Vec<EventField>,
    /// A stop serves one start, oldest first.
    pub one_to_one: bool,
    /// No timer: only a stop that came late counts, card from the stop.
    pub silent: bool,
    /// The fact that the law makes of silence.
    pub deems: Option<Deems>,
    /// What stops the clock for a while.
    pub pauses: Vec<PauseSpec>,
    /// What lengthens the limit.
    pub extension: Option<ExtensionSpec>,
}

/// A fact made by the engine at the due instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deems {
    /// What is deemed to have happened.
    pub activity: facts::Activity,
    /// Dated like the start (else like the due instant).
    pub dated_start: bool,
}

/// A named pause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PauseSpec {
    /// Name in the vocabulary.
    pub name: CompactString,
    /// Begin.
    pub from: EventSet,
    /// End.
    pub to: EventSet,
    /// Fields in which begin and end agree; else one to one, oldest first.
    pub pair_by: Vec<EventField>,
    /// Longest effect, over `start`.
    pub cap: Option<Node>,
    /// Only so many stop the clock.
    pub max_times: Option<u32>,
}

/// A named extension.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExtensionSpec {
    /// Name in the vocabulary.
    pub name: CompactString,
    /// The granting event.
    pub on: EventSet,
    /// How much, over `event`.
    pub by: Node,
    /// At most so much, over `item`.
    pub at_most: Option<Node>,
    /// At most so often.
    pub times: Option<u32>,
}

/// `kind = "requires"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requires {
    /// The event that needs something.
    pub event: EventSet,
    /// What it needs before it.
    pub before: Vec<EventSet>,
    /// All of them, or any.
    pub all: bool,
    /// Only if such an event came earlier, and `before` lies after the last one.
    pub since: Option<EventSet>,
    /// Fields in which the two agree.
    pub same: Vec<SameField>,
    /// Condition at the event.
    pub condition: Option<Node>,
    /// Only the event just before serves.
    pub directly: bool,
    /// How long before at least.
    pub at_least: Option<Span>,
    /// How long before at most.
    pub at_most: Option<Span>,
    /// Which events.
    pub each: Each,
    /// Ties are always read in the case's favour.
    pub lenient: bool,
}

/// `kind = "separation"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Separation {
    /// The acts.
    pub acts: Vec<EventSet>,
    /// The field that names the person.
    pub by: EventField,
}

/// What a workflow rule checks.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum WorkflowCheck {
    /// Required stages were all visited at the `at` event.
    Complete,
    /// No stage ended before an earlier one.
    Order,
    /// Each step is an edge of the graph.
    Edges,
    /// Each stage is in the graph.
    Known,
}

/// `kind = "workflow"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Workflow {
    /// What is checked.
    pub check: WorkflowCheck,
    /// The field that names the stage.
    pub step: EventField,
    /// Events by which a stage is visited.
    pub of: EventSet,
    /// Events at which completeness is judged.
    pub at: EventSet,
}

/// `kind = "fee"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeeRule {
    /// Key of the line groups; empty for the whole ledger.
    pub by: Vec<LineField>,
    /// Grounds: each judged alone.
    pub grounds: Vec<Node>,
}

/// What a condition is judged on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum On {
    /// Each event of a set, seeing what lies strictly before.
    Events(EventSet),
    /// The state of the case, after all events of an instant.
    Case,
}

/// `kind = "condition"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConditionRule {
    /// Event or state.
    pub on: On,
    /// Which events.
    pub each: Each,
    /// Grounds: each judged alone and named in the proof.
    pub grounds: Vec<Node>,
}
