//! The fields that conditions may name, with their types.

use super::Units;
use crate::expression::{
    CaseField, ClockField, EventField, ItemField, LedgerField, LineField, StageField, TariffField,
};
use crate::value::Type;
use facts::FeeAct;

/// A clock of the vocabulary as conditions name it.
#[derive(Clone, Debug)]
pub(crate) struct ClockName {
    pub(crate) name: String,
    /// Its place in the configuration.
    pub(crate) place: usize,
    /// How its limit counts.
    pub(crate) units: Units,
}

fn texts() -> Type {
    Type::List(Box::new(Type::Text))
}

/// Own fields of events; `fee.`, `special.` and `attrs.` follow below.
pub(super) const EVENT: &[(&str, EventField)] = &[
    ("id", EventField::Id),
    ("source", EventField::Source),
    ("version", EventField::Version),
    ("activity", EventField::Activity),
    ("at", EventField::At),
    ("arrived", EventField::Arrived),
    ("received", EventField::Received),
    ("deleted_at", EventField::DeletedAt),
    ("case_id", EventField::CaseId),
    ("level", EventField::Level),
    ("region", EventField::Region),
    ("county", EventField::County),
    ("dept", EventField::Dept),
    ("item", EventField::Item),
    ("item_version", EventField::ItemVersion),
    ("case_type", EventField::CaseType),
    ("linked_case", EventField::LinkedCase),
    ("stage", EventField::Stage),
    ("officer", EventField::Officer),
    ("position", EventField::Position),
    ("outcome", EventField::Outcome),
    ("reason", EventField::Reason),
    ("materials", EventField::Materials),
    ("materials_missing", EventField::MaterialsMissing),
    ("reported_limit", EventField::ReportedLimit),
    ("promise_date", EventField::PromiseDate),
    ("deemed", EventField::Deemed),
    ("declared", EventField::Declared),
    ("disputed", EventField::Disputed),
    ("rival", EventField::Rival),
    ("unmapped", EventField::Unmapped),
    ("differs", EventField::Differs),
    ("namesakes", EventField::Namesakes),
];

/// `fee.x`
pub(super) const FEE: &[(&str, EventField)] = &[
    ("act", EventField::FeeAct),
    ("code", EventField::FeeCode),
    ("amount", EventField::FeeAmount),
    ("quantity", EventField::FeeQuantity),
    ("period", EventField::FeePeriod),
    ("class", EventField::FeeClass),
    ("receipt", EventField::FeeReceipt),
    ("payee", EventField::FeePayee),
    ("approver", EventField::FeeApprover),
];

/// `special.x`
pub(super) const SPECIAL: &[(&str, EventField)] = &[
    ("kind", EventField::SpecialKind),
    ("no", EventField::SpecialNo),
    ("ground", EventField::SpecialGround),
    ("granted", EventField::SpecialGranted),
    ("approver", EventField::SpecialApprover),
    ("fee", EventField::SpecialFee),
];

/// The type of an event's field.
pub(super) fn event_type(field: &EventField) -> Type {
    match field {
        EventField::Version | EventField::FeeQuantity => Type::Number,
        EventField::At
        | EventField::Arrived
        | EventField::Received
        | EventField::DeletedAt
        | EventField::PromiseDate => Type::Instant,
        EventField::Materials
        | EventField::MaterialsMissing
        | EventField::Unmapped
        | EventField::Differs
        | EventField::Namesakes => texts(),
        EventField::ReportedLimit | EventField::SpecialGranted => Type::Span,
        EventField::Deemed | EventField::Declared | EventField::Disputed => Type::Flag,
        EventField::FeeAmount | EventField::SpecialFee => Type::Money,
        EventField::Attr(_, ty) => ty.clone(),
        _ => Type::Text,
    }
}

/// The only values a text field takes, where the product fixes them.
pub(super) fn event_values(field: &EventField) -> Option<&'static [&'static str]> {
    match field {
        EventField::Outcome => Some(OUTCOMES),
        EventField::CaseType => Some(CASE_TYPES),
        EventField::Level => Some(LEVELS),
        EventField::SpecialKind => Some(&["A", "B"]),
        EventField::FeeAct => Some(&[
            "calculated",
            "reduced",
            "noticed",
            "charged",
            "receipted",
            "reconciled",
            "refunded",
            "revoked",
            "total",
        ]),
        _ => None,
    }
}

/// Closing results after the code map.
pub(crate) const OUTCOMES: &[&str] =
    &["certified", "granted", "refused", "forwarded", "other", "returned", "voided", "deleted", "withdrawn", "lapsed"];

/// Case types after the code map.
pub(crate) const CASE_TYPES: &[&str] = &["instant", "promised", "joint", "forwarded", "deferred", "returned"];

/// Levels.
pub(crate) const LEVELS: &[&str] = &["province", "city", "county", "township"];

/// `case.x`
pub(super) fn case(name: &str) -> Option<(CaseField, Type)> {
    Some(match name {
        "id" => (CaseField::Id, Type::Text),
        "level" => (CaseField::Level, Type::Text),
        "region" => (CaseField::Region, Type::Text),
        "dept" => (CaseField::Dept, Type::Text),
        "item" => (CaseField::Item, Type::Text),
        "item_version" => (CaseField::ItemVersion, Type::Text),
        "case_type" => (CaseField::CaseType, Type::Text),
        "open" => (CaseField::Open, Type::Flag),
        "linked_case" => (CaseField::LinkedCase, Type::Text),
        "promise_date" => (CaseField::PromiseDate, Type::Instant),
        "reported_limit" => (CaseField::ReportedLimit, Type::Span),
        _ => return None,
    })
}

/// Names for [`case`].
pub(super) const CASE: &[&str] = &[
    "id",
    "level",
    "region",
    "dept",
    "item",
    "item_version",
    "case_type",
    "open",
    "linked_case",
    "promise_date",
    "reported_limit",
    "attrs",
];

/// `item.x`
pub(super) const ITEM: &[(&str, ItemField)] = &[
    ("known", ItemField::Known),
    ("in_force", ItemField::InForce),
    ("name", ItemField::Name),
    ("item_type", ItemField::ItemType),
    ("charges", ItemField::Charges),
    ("promise", ItemField::Promise),
    ("statutory", ItemField::Statutory),
    ("joint", ItemField::Joint),
    ("site_visit", ItemField::SiteVisit),
    ("levels", ItemField::Levels),
    ("regions", ItemField::Regions),
    ("depts", ItemField::Depts),
    ("procedures", ItemField::Procedures),
    ("charged_procedures", ItemField::ChargedProcedures),
    ("materials", ItemField::Materials),
    ("materials_optional", ItemField::MaterialsOptional),
    ("payees", ItemField::Payees),
];

/// The type of an item's column.
pub(super) fn item_type(field: &ItemField) -> Type {
    match field {
        ItemField::Known | ItemField::InForce | ItemField::Charges | ItemField::Joint | ItemField::SiteVisit => {
            Type::Flag
        }
        ItemField::Name | ItemField::ItemType => Type::Text,
        ItemField::Promise | ItemField::Statutory => Type::Span,
        _ => texts(),
    }
}

/// `stage.x`
pub(super) const STAGE: &[(&str, StageField)] = &[
    ("known", StageField::Known),
    ("order", StageField::Order),
    ("required", StageField::Required),
    ("limit", StageField::Limit),
    ("next", StageField::Next),
    ("positions", StageField::Positions),
    ("levels", StageField::Levels),
    ("risk", StageField::Risk),
];

/// The type of a stage's column.
pub(super) fn stage_type(field: StageField) -> Type {
    match field {
        StageField::Known | StageField::Required | StageField::Risk => Type::Flag,
        StageField::Order => Type::Number,
        StageField::Limit => Type::Span,
        StageField::Next | StageField::Positions | StageField::Levels => texts(),
    }
}

/// `ledger.x`
pub(super) const LEDGER: &[(&str, LedgerField)] = &[
    ("calculated", LedgerField::Sum(FeeAct::Calculated)),
    ("reduced", LedgerField::Sum(FeeAct::Reduced)),
    ("noticed", LedgerField::Sum(FeeAct::Noticed)),
    ("charged", LedgerField::Sum(FeeAct::Charged)),
    ("receipted", LedgerField::Sum(FeeAct::Receipted)),
    ("reconciled", LedgerField::Sum(FeeAct::Reconciled)),
    ("refunded", LedgerField::Sum(FeeAct::Refunded)),
    ("net", LedgerField::Net),
    ("charges", LedgerField::Charges),
    ("refunds", LedgerField::Refunds),
    ("receipts", LedgerField::Receipts),
    ("first_charged_at", LedgerField::FirstChargedAt),
    ("last_charged_at", LedgerField::LastChargedAt),
];

/// The type of a ledger's field.
pub(super) fn ledger_type(field: LedgerField) -> Type {
    match field {
        LedgerField::Sum(_) | LedgerField::Net => Type::Money,
        LedgerField::Charges | LedgerField::Refunds | LedgerField::Receipts => Type::Number,
        LedgerField::FirstChargedAt | LedgerField::LastChargedAt => Type::Instant,
    }
}

/// `line.x`, and the words of `by` in fee rules.
pub(crate) const LINE: &[(&str, LineField)] = &[
    ("code", LineField::Code),
    ("period", LineField::Period),
    ("payee", LineField::Payee),
    ("receipt", LineField::Receipt),
];

/// `tariff.x`
pub(super) const TARIFF: &[(&str, TariffField)] = &[
    ("listed", TariffField::Listed),
    ("valid", TariffField::Valid),
    ("elsewhere", TariffField::Elsewhere),
    ("min", TariffField::Min),
    ("max", TariffField::Max),
    ("early", TariffField::Early),
    ("payees", TariffField::Payees),
];

/// The type of a tariff's field.
pub(super) fn tariff_type(field: TariffField) -> Type {
    match field {
        TariffField::Listed | TariffField::Valid | TariffField::Elsewhere | TariffField::Early => Type::Flag,
        TariffField::Min | TariffField::Max => Type::Money,
        TariffField::Payees => texts(),
    }
}

/// `clock.NAME.x`
pub(super) const CLOCK: &[(&str, ClockField)] = &[
    ("start", ClockField::Start),
    ("due", ClockField::Due),
    ("used", ClockField::Used),
    ("left", ClockField::Left),
    ("over", ClockField::Over),
    ("running", ClockField::Running),
];

/// The type of a clock's field.
pub(super) fn clock_type(field: ClockField) -> Type {
    match field {
        ClockField::Start | ClockField::Due => Type::Instant,
        ClockField::Used | ClockField::Left | ClockField::Over => Type::Span,
        ClockField::Running => Type::Flag,
    }
}

/// Fields of everything that has fields.
#[cfg(test)]
pub(in crate::language) fn field_names() -> Vec<&'static str> {
    fn names<T>(table: &'static [(&'static str, T)]) -> impl Iterator<Item = &'static str> {
        table.iter().map(|(name, _)| *name)
    }
    let events = names(EVENT).chain(names(FEE)).chain(names(SPECIAL));
    let lookups = names(ITEM).chain(names(STAGE)).chain(names(LEDGER)).chain(names(LINE)).chain(names(TARIFF));
    let case = CASE.iter().copied().filter(|name| *name != "attrs");
    events.chain(lookups).chain(names(CLOCK)).chain(case).collect()
}
