//! Conditions and event sets as data: the compiled tree, each node with the text it was written as.
//!
//! Every name is written out, so that a reader in another language needs no table of ours. The form is described in
//! docs/export.md; names are stable, additions only.

use facts::Moment;
use rules::expression::{
    Activities, Arithmetic, CaseField, ClockField, Comparison, EventField, EventRole, EventSet, Expr, Function,
    HistoryFunction, ItemField, LedgerField, LineField, Name, Node, StageField, TariffField,
};
use rules::value::{Type, Value as Known};
use serde_json::{Value, json};

/// An expression.
pub(super) fn node(node: &Node) -> Value {
    let mut data = expression(&node.expr);
    data["text"] = json!(node.text);
    data["type"] = type_name(&node.ty);
    data
}

/// An expression that may be absent.
pub(super) fn some_node(some: Option<&Node>) -> Value {
    some.map_or(Value::Null, node)
}

/// An event set.
pub(super) fn set(set: &EventSet) -> Value {
    let terms = set.terms.iter().map(|term| {
        let mut data = match &term.activities {
            Activities::Any => json!({ "any": true }),
            Activities::Held => json!({ "held": true }),
            Activities::Deleted => json!({ "deleted": true }),
            Activities::One(activity) => json!({ "activity": activity.name() }),
            Activities::Fee(act) => json!({ "fee_act": act.name() }),
        };
        data["test"] = some_node(term.test.as_ref());
        data
    });
    json!({ "text": set.text, "terms": terms.collect::<Vec<_>>() })
}

fn of(op: &str, nodes: &[&Node]) -> Value {
    json!({ "op": op, "of": nodes.iter().map(|inner| node(inner)).collect::<Vec<_>>() })
}

fn expression(expression: &Expr) -> Value {
    match expression {
        Expr::Literal(value) => json!({ "op": "literal", "value": literal(value) }),
        Expr::Name(name) => named(name),
        Expr::FieldOf(event, field) => {
            json!({ "op": "field_of", "of": [node(event)], "field": event_field(field) })
        }
        Expr::Not(inner) => of("not", &[inner]),
        Expr::Negate(inner) => of("negate", &[inner]),
        Expr::And(a, b) => of("and", &[a, b]),
        Expr::Or(a, b) => of("or", &[a, b]),
        Expr::Compare(comparison, a, b) => of(comparison_sign(*comparison), &[a, b]),
        Expr::In(a, b) => of("in", &[a, b]),
        Expr::Arithmetic(operator, a, b) => of(arithmetic_sign(*operator), &[a, b]),
        Expr::Coalesce(a, b) => of("coalesce", &[a, b]),
        Expr::Choose(condition, a, b) => of("choose", &[condition, a, b]),
        Expr::List(members) => of("list", &members.iter().collect::<Vec<_>>()),
        Expr::History(function, events, field) => json!({
            "op": history_function(*function),
            "set": set(events),
            "field": field.as_ref().map(event_field),
        }),
        Expr::Call(function, arguments) => of(function_name(*function), &arguments.iter().collect::<Vec<_>>()),
    }
}

fn named(name: &Name) -> Value {
    match name {
        Name::Event(role, field) => json!({ "op": "event", "role": role_name(*role), "field": event_field(field) }),
        Name::Case(field) => json!({ "op": "case", "field": case_field(field) }),
        Name::CaseOf(role, field) => {
            json!({ "op": "case_of", "role": role_name(*role), "field": case_field(field) })
        }
        Name::Item(field) => json!({ "op": "item", "field": item_field(field) }),
        Name::Stage(code, field) => {
            json!({ "op": "stage", "code": some_node(code.as_ref().as_ref()), "field": stage_field(*field) })
        }
        Name::Ledger(code, field) => {
            json!({ "op": "ledger", "code": some_node(code.as_ref().as_ref()), "field": ledger_field(*field) })
        }
        Name::Line(field) => json!({ "op": "line", "field": line_field(*field) }),
        Name::Tariff(code, field) => {
            json!({ "op": "tariff", "code": some_node(code.as_ref().as_ref()), "field": tariff_field(*field) })
        }
        Name::Clock(place, field) => json!({ "op": "clock", "clock": place, "field": clock_field(*field) }),
        Name::Measure(_) => json!({ "op": "measure" }),
    }
}

/// A value with its type. An instant is RFC 3339 in UTC, money is whole fen, a number is its decimal text.
fn literal(value: &Known) -> Value {
    let typed = |ty: &str, value: Value| json!({ "type": ty, "value": value });
    match value {
        Known::Missing | Known::Event(_) => Value::Null,
        Known::Flag(flag) => typed("flag", json!(flag)),
        Known::Number(number) => typed("number", json!(number.normalize().to_string())),
        Known::Money(fen) => typed("money", json!(fen.fen())),
        Known::Text(text) => typed("text", json!(text)),
        Known::Date(day) => typed("date", json!(day.to_string())),
        Known::Instant(at) => typed("instant", json!(Moment::to_string(at))),
        Known::Span(span) => typed("span", json!(span.to_string())),
        Known::List(members) => typed("list", members.iter().map(literal).collect()),
    }
}

fn type_name(ty: &Type) -> Value {
    match ty {
        Type::List(of) => json!({ "list": type_name(of) }),
        plain => json!(plain.to_string()),
    }
}

const fn role_name(role: EventRole) -> &'static str {
    match role {
        EventRole::Event => "event",
        EventRole::Start => "start",
        EventRole::Stop => "stop",
        EventRole::Earlier => "earlier",
    }
}

const fn comparison_sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::AtMost => "<=",
        Comparison::Greater => ">",
        Comparison::AtLeast => ">=",
    }
}

const fn arithmetic_sign(operator: Arithmetic) -> &'static str {
    match operator {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
    }
}

const fn history_function(function: HistoryFunction) -> &'static str {
    match function {
        HistoryFunction::Seen => "seen",
        HistoryFunction::Count => "count",
        HistoryFunction::Cases => "cases",
        HistoryFunction::First => "first",
        HistoryFunction::Last => "last",
        HistoryFunction::Sum => "sum",
        HistoryFunction::Least => "least",
        HistoryFunction::Most => "most",
        HistoryFunction::Values => "values",
        HistoryFunction::Distinct => "distinct",
    }
}

const fn function_name(function: Function) -> &'static str {
    match function {
        Function::Size => "size",
        Function::Minus => "minus",
        Function::Overlap => "overlap",
        Function::Total => "total",
        Function::Known => "known",
        Function::Empty => "empty",
        Function::DateOf => "date",
        Function::Days => "days",
        Function::Workdays => "workdays",
        Function::Due => "due",
        Function::Starts => "starts",
        Function::Ends => "ends",
        Function::Has => "has",
        Function::Min => "min",
        Function::Max => "max",
        Function::Abs => "abs",
    }
}

/// The name of an event's field; a declared attribute with its type.
pub(super) fn event_field(field: &EventField) -> Value {
    json!(match field {
        EventField::Attr(key, ty) => return json!({ "attr": key, "type": type_name(ty) }),
        EventField::Id => "id",
        EventField::Source => "source",
        EventField::Version => "version",
        EventField::Activity => "activity",
        EventField::At => "at",
        EventField::Arrived => "arrived",
        EventField::Received => "received",
        EventField::DeletedAt => "deleted_at",
        EventField::County => "county",
        EventField::Rival => "rival",
        EventField::Unmapped => "unmapped",
        EventField::Differs => "differs",
        EventField::Namesakes => "namesakes",
        EventField::CaseId => "case_id",
        EventField::Level => "level",
        EventField::Region => "region",
        EventField::Dept => "dept",
        EventField::Item => "item",
        EventField::ItemVersion => "item_version",
        EventField::CaseType => "case_type",
        EventField::LinkedCase => "linked_case",
        EventField::Stage => "stage",
        EventField::Officer => "officer",
        EventField::Position => "position",
        EventField::Outcome => "outcome",
        EventField::Reason => "reason",
        EventField::Materials => "materials",
        EventField::MaterialsMissing => "materials_missing",
        EventField::ReportedLimit => "reported_limit",
        EventField::PromiseDate => "promise_date",
        EventField::Deemed => "deemed",
        EventField::Declared => "declared",
        EventField::Disputed => "disputed",
        EventField::FeeAct => "fee.act",
        EventField::FeeCode => "fee.code",
        EventField::FeeAmount => "fee.amount",
        EventField::FeeQuantity => "fee.quantity",
        EventField::FeePeriod => "fee.period",
        EventField::FeeClass => "fee.class",
        EventField::FeeReceipt => "fee.receipt",
        EventField::FeePayee => "fee.payee",
        EventField::FeeApprover => "fee.approver",
        EventField::SpecialKind => "special.kind",
        EventField::SpecialNo => "special.no",
        EventField::SpecialGround => "special.ground",
        EventField::SpecialGranted => "special.granted",
        EventField::SpecialApprover => "special.approver",
        EventField::SpecialFee => "special.fee",
    })
}

pub(super) fn case_field(field: &CaseField) -> Value {
    json!(match field {
        CaseField::Attr(key, ty) => return json!({ "attr": key, "type": type_name(ty) }),
        CaseField::Id => "id",
        CaseField::Level => "level",
        CaseField::Region => "region",
        CaseField::Dept => "dept",
        CaseField::Item => "item",
        CaseField::ItemVersion => "item_version",
        CaseField::CaseType => "case_type",
        CaseField::Open => "open",
        CaseField::LinkedCase => "linked_case",
        CaseField::PromiseDate => "promise_date",
        CaseField::ReportedLimit => "reported_limit",
    })
}

const fn item_field(field: &ItemField) -> &'static str {
    match field {
        ItemField::Known => "known",
        ItemField::InForce => "in_force",
        ItemField::Name => "name",
        ItemField::ItemType => "item_type",
        ItemField::Charges => "charges",
        ItemField::Promise => "promise",
        ItemField::Statutory => "statutory",
        ItemField::Joint => "joint",
        ItemField::SiteVisit => "site_visit",
        ItemField::Levels => "levels",
        ItemField::Regions => "regions",
        ItemField::Depts => "depts",
        ItemField::Procedures => "procedures",
        ItemField::ChargedProcedures => "charged_procedures",
        ItemField::Materials => "materials",
        ItemField::MaterialsOptional => "materials_optional",
        ItemField::Payees => "payees",
    }
}

const fn stage_field(field: StageField) -> &'static str {
    match field {
        StageField::Known => "known",
        StageField::Order => "order",
        StageField::Required => "required",
        StageField::Limit => "limit",
        StageField::Next => "next",
        StageField::Positions => "positions",
        StageField::Levels => "levels",
        StageField::Risk => "risk",
    }
}

fn ledger_field(field: LedgerField) -> &'static str {
    match field {
        LedgerField::Sum(act) => act.name(),
        LedgerField::Net => "net",
        LedgerField::Charges => "charges",
        LedgerField::Refunds => "refunds",
        LedgerField::Receipts => "receipts",
        LedgerField::FirstChargedAt => "first_charged_at",
        LedgerField::LastChargedAt => "last_charged_at",
    }
}

/// The name of a key of a ledger's line groups.
pub(super) const fn line_field(field: LineField) -> &'static str {
    match field {
        LineField::Code => "code",
        LineField::Period => "period",
        LineField::Payee => "payee",
        LineField::Receipt => "receipt",
    }
}

const fn tariff_field(field: TariffField) -> &'static str {
    match field {
        TariffField::Listed => "listed",
        TariffField::Valid => "valid",
        TariffField::Elsewhere => "elsewhere",
        TariffField::Min => "min",
        TariffField::Max => "max",
        TariffField::Early => "early",
        TariffField::Payees => "payees",
    }
}

const fn clock_field(field: ClockField) -> &'static str {
    match field {
        ClockField::Start => "start",
        ClockField::Due => "due",
        ClockField::Used => "used",
        ClockField::Left => "left",
        ClockField::Over => "over",
        ClockField::Running => "running",
    }
}
