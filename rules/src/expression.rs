//! Conditions as a typed tree: what the language compiles to and `evaluate` walks.
//!
//! Names are resolved when a file is loaded: lists, parameters, named values and named event sets
//! are already in place, so judging looks nothing up by name but declared attributes.

use compact_str::CompactString;
use facts::{Activity, FeeAct};
use smallvec::{SmallVec, smallvec};

use crate::value::{Type, Value};

/// An expression with its type and the text it was written as (for proofs).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// What it computes.
    pub expr: Expr,
    /// The type of its value.
    pub ty: Type,
    /// As written in the rule file.
    pub text: CompactString,
}

/// Comparison operators.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// Arithmetic operators.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// What an expression computes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expr {
    /// A literal, a parameter or a declared list.
    Literal(Value),
    /// A name that stands for something in the judged case.
    Name(Name),
    /// A field of the event that an expression gives: `first(closed).at`.
    FieldOf(Box<Node>, EventField),
    /// `!a`
    Not(Box<Node>),
    /// `-a`
    Negate(Box<Node>),
    /// `a && b`, three-valued.
    And(Box<Node>, Box<Node>),
    /// `a || b`, three-valued.
    Or(Box<Node>, Box<Node>),
    /// `a < b` and kin.
    Compare(Comparison, Box<Node>, Box<Node>),
    /// `a in list`
    In(Box<Node>, Box<Node>),
    /// `a + b` and kin.
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    /// `a ?? b`
    Coalesce(Box<Node>, Box<Node>),
    /// `a ? b : c`
    Choose(Box<Node>, Box<Node>, Box<Node>),
    /// `[a, b]`
    List(Vec<Node>),
    /// A function over event sets: `seen(closed)`, `sum(fee_charged, fee.amount)`.
    History(HistoryFunction, EventSet, Option<EventField>),
    /// Any other function.
    Call(Function, Vec<Node>),
}

impl Expr {
    /// The expressions that this one is made of; those inside an event set and a name are theirs.
    #[must_use]
    pub fn parts(&self) -> SmallVec<[&Node; 3]> {
        match self {
            Expr::Literal(_) | Expr::Name(_) | Expr::History(..) => SmallVec::new(),
            Expr::FieldOf(a, _) | Expr::Not(a) | Expr::Negate(a) => smallvec![&**a],
            Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::Compare(_, a, b)
            | Expr::In(a, b)
            | Expr::Arithmetic(_, a, b)
            | Expr::Coalesce(a, b) => smallvec![&**a, &**b],
            Expr::Choose(a, b, c) => smallvec![&**a, &**b, &**c],
            Expr::List(nodes) | Expr::Call(_, nodes) => nodes.iter().collect(),
        }
    }
}

/// Functions over the history.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum HistoryFunction {
    /// Is there such an event?
    Seen,
    /// How many such events?
    Count,
    /// The first such event.
    First,
    /// The last such event.
    Last,
    /// Sum of a field.
    Sum,
    /// Least value of a field.
    Least,
    /// Greatest value of a field.
    Most,
    /// Distinct values of a field, in ascending order, lists flattened.
    Values,
    /// How many distinct values of a field.
    Distinct,
    /// How many cases of a group.
    Cases,
}

/// Functions over values.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Function {
    /// `size(L)`
    Size,
    /// `minus(A, B)`
    Minus,
    /// `overlap(A, B)`
    Overlap,
    /// `total(L)`
    Total,
    /// `known(x)`: never missing itself.
    Known,
    /// `empty(x)`: missing, `''` or `[]`; never missing itself.
    Empty,
    /// `date(instant)` in the profile's zone.
    DateOf,
    /// `days(a, b)`: civil days from a to b.
    Days,
    /// `workdays(a, b)`: working days after a up to b.
    Workdays,
    /// `due(a, span)`: the last instant of the limit by the rule's counting.
    Due,
    /// `starts(text, prefix)`
    Starts,
    /// `ends(text, suffix)`
    Ends,
    /// `has(text, part)`
    Has,
    /// `min(a, b)`: of spans, the one that falls due earlier.
    Min,
    /// `max(a, b)`
    Max,
    /// `abs(a)`
    Abs,
}

/// Which event a field is read from.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum EventRole {
    /// The judged event, or the one inside `[ ]`.
    Event,
    /// The event that started a deadline.
    Start,
    /// The event that stopped it.
    Stop,
    /// The event before it that matters (`requires`, `forbids`).
    Earlier,
}

/// Names with a meaning in the judged case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Name {
    /// A field of an event with a role.
    Event(EventRole, EventField),
    /// `case.x`; in a group of the judged event's case.
    Case(CaseField),
    /// `event.case.x`: of the case of an event with a role.
    CaseOf(EventRole, CaseField),
    /// `item.x`
    Item(ItemField),
    /// `stage.x` of the judged event's stage, or `stage_of(code).x`.
    Stage(Box<Option<Node>>, StageField),
    /// `ledger.x` of the line group, or `ledger_of(code).x`.
    Ledger(Box<Option<Node>>, LedgerField),
    /// `line.x`: the key of the line group.
    Line(LineField),
    /// `tariff.x` of the line's code, or `tariff_of(code).x`.
    Tariff(Box<Option<Node>>, TariffField),
    /// `clock.NAME.x`: place of the clock in the configuration.
    Clock(usize, ClockField),
    /// A reckoning of the kind itself, where it has one.
    Measure(Measure),
}

/// Fields of an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EventField {
    /// Record id.
    Id,
    /// Source.
    Source,
    /// Data version.
    Version,
    /// Activity name.
    Activity,
    /// Business time.
    At,
    /// Arrival of the record's first version.
    Arrived,
    /// Arrival of this version.
    Received,
    /// Arrival of the delete, of a record deleted for good.
    DeletedAt,
    /// Case number.
    CaseId,
    /// Level of the address.
    Level,
    /// Region of the address, in its canonical text.
    Region,
    /// County of the address; missing at a city or a province.
    County,
    /// Department of the address.
    Dept,
    /// Item code.
    Item,
    /// Item version.
    ItemVersion,
    /// Case type, mapped.
    CaseType,
    /// Linked case.
    LinkedCase,
    /// Stage code, mapped.
    Stage,
    /// Staff number.
    Officer,
    /// Position code.
    Position,
    /// Outcome, mapped.
    Outcome,
    /// Ground given.
    Reason,
    /// Materials.
    Materials,
    /// Materials missing.
    MaterialsMissing,
    /// Reported limit.
    ReportedLimit,
    /// Promised completion as an instant (a day ends with the day).
    PromiseDate,
    /// Made by the engine, not sent.
    Deemed,
    /// Activity is of the closed vocabulary or declared.
    Declared,
    /// Another content was sent under this version.
    Disputed,
    /// What that other content says, in short.
    Rival,
    /// Codes that the map of its source does not have.
    Unmapped,
    /// Facts of the case that it gives another value than an event before it.
    Differs,
    /// Subjects under which its source has said the same id before it.
    Namesakes,
    /// `fee.act`
    FeeAct,
    /// `fee.code`
    FeeCode,
    /// `fee.amount`
    FeeAmount,
    /// `fee.quantity`
    FeeQuantity,
    /// `fee.period`
    FeePeriod,
    /// `fee.class`
    FeeClass,
    /// `fee.receipt`
    FeeReceipt,
    /// `fee.payee`
    FeePayee,
    /// `fee.approver`
    FeeApprover,
    /// `special.kind`
    SpecialKind,
    /// `special.no`
    SpecialNo,
    /// `special.ground`
    SpecialGround,
    /// `special.granted`
    SpecialGranted,
    /// `special.approver`
    SpecialApprover,
    /// `special.fee`
    SpecialFee,
    /// A declared attribute, read as its declared type; `name_*` gathers numbered ones into a list.
    Attr(CompactString, Type),
}

/// Fields of the case: the newest known value, whatever event brought it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CaseField {
    /// Case number.
    Id,
    /// Level of the owner.
    Level,
    /// Region of the owner.
    Region,
    /// Department of the owner.
    Dept,
    /// Item code.
    Item,
    /// Item version.
    ItemVersion,
    /// Case type, mapped.
    CaseType,
    /// Not closed and not withdrawn.
    Open,
    /// Linked case.
    LinkedCase,
    /// Promised completion.
    PromiseDate,
    /// Reported limit.
    ReportedLimit,
    /// A declared attribute.
    Attr(CompactString, Type),
}

/// Columns of the item's row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ItemField {
    /// The item and its version are in the catalogue.
    Known,
    /// The version is in force on the day of acceptance.
    InForce,
    /// Name for messages.
    Name,
    /// Kind of item.
    ItemType,
    /// The item charges.
    Charges,
    /// Promised limit.
    Promise,
    /// Statutory limit.
    Statutory,
    /// Handled jointly.
    Joint,
    /// Needs a site visit.
    SiteVisit,
    /// Levels that may handle it.
    Levels,
    /// Regions that may handle it.
    Regions,
    /// Departments that may handle it.
    Depts,
    /// Mandatory procedures.
    Procedures,
    /// Procedures that may charge.
    ChargedProcedures,
    /// Mandatory materials.
    Materials,
    /// Optional materials.
    MaterialsOptional,
    /// Lawful payees.
    Payees,
}

/// Columns of a stage's row.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum StageField {
    /// The item has this stage.
    Known,
    /// Place in the order.
    Order,
    /// Must be visited.
    Required,
    /// Stage limit.
    Limit,
    /// Stages that may follow.
    Next,
    /// Positions that may act.
    Positions,
    /// Levels that may act.
    Levels,
    /// Integrity risk point.
    Risk,
}

/// What a ledger knows.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum LedgerField {
    /// Sum of one act (charged, refunded ...).
    Sum(FeeAct),
    /// Charged less refunded; revoked records never count.
    Net,
    /// Number of charges that count.
    Charges,
    /// Number of refunds that count.
    Refunds,
    /// Number of receipts.
    Receipts,
    /// Instant of the first charge that counts.
    FirstChargedAt,
    /// Instant of the last charge that counts.
    LastChargedAt,
}

/// The key of a ledger line group.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LineField {
    /// Fee code.
    Code,
    /// Period.
    Period,
    /// Payee.
    Payee,
    /// Receipt.
    Receipt,
}

/// What the tariff says of a code.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum TariffField {
    /// The item's tariff has this code.
    Listed,
    /// In force on each charge date.
    Valid,
    /// Another item has this code.
    Elsewhere,
    /// Least lawful amount for the quantity.
    Min,
    /// Greatest lawful amount for the quantity.
    Max,
    /// May be charged before acceptance.
    Early,
    /// Lawful payees.
    Payees,
}

/// What a clock shows.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ClockField {
    /// When it started.
    Start,
    /// The last instant in time.
    Due,
    /// Used so far, in the limit's unit.
    Used,
    /// Left, negative when over.
    Left,
    /// Over, from 0.
    Over,
    /// Started, not stopped, not paused.
    Running,
}

/// A reckoning that some kinds offer to the conditions of their cards.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Measure {
    /// Acts one person did (separation).
    Shared,
    /// Events counted (count).
    Count,
}

/// Which events a term of an event set names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Activities {
    /// `any`
    Any,
    /// `held`: facts dated beyond the clock.
    Held,
    /// `deleted`: what was last said of records deleted for good.
    Deleted,
    /// One activity.
    One(Activity),
    /// A fee record with this act, whatever activity carries it.
    Fee(FeeAct),
}

/// One term of an event set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    /// Which activities.
    pub activities: Activities,
    /// A test on the event's own fields.
    pub test: Option<Node>,
}

impl Activities {
    /// Does it name facts that are not in force, which no other set holds?
    #[must_use]
    pub fn aside(&self) -> bool {
        matches!(self, Activities::Held | Activities::Deleted)
    }
}

/// A set of events: named sets are expanded, tests of outer and inner names both hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventSet {
    /// An event is in the set when one of these takes it.
    pub terms: Vec<Term>,
    /// As written in the rule file.
    pub text: CompactString,
}
