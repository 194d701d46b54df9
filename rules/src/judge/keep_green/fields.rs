//! Fields of a fact that is tried: taken from another fact, or such that a test of an event set holds.

use compact_str::{CompactString, ToCompactString};
use facts::event::Detail;
use facts::line;
use facts::{Event, Scalar, SpanUnit, Special};
use serde_json::Value as Json;

use crate::counting::Unit;
use crate::expression::{Comparison, EventField, EventRole, Expr, Function, Name, Node};
use crate::value::Value;

/// Fields of a line that every fact has.
const OF_EVERY_FACT: [&str; 11] =
    ["id", "version", "seq", "op", "source", "case", "activity", "at", "arrived", "level", "region"];

/// What a fact says beside its place, as `name=value`.
pub(super) fn told(event: &Event) -> Vec<String> {
    let Ok(Json::Object(fields)) = serde_json::from_str(&line::write(event)) else { return Vec::new() };
    let own = fields.iter().filter(|(name, _)| !OF_EVERY_FACT.contains(&name.as_str()) && *name != "dept");
    let mut told = Vec::new();
    own.for_each(|(name, value)| tell(name, value, &mut told));
    told
}

fn tell(name: &str, value: &Json, told: &mut Vec<String>) {
    match value {
        Json::Object(parts) => parts.iter().for_each(|(part, value)| tell(&format!("{name}.{part}"), value, told)),
        Json::String(text) => told.push(format!("{name}={text}")),
        other => told.push(format!("{name}={other}")),
    }
}

/// Takes a field over from another fact.
pub(super) fn copy(field: &EventField, from: &Detail, to: &mut Detail) {
    match field {
        EventField::Stage => to.stage.clone_from(&from.stage),
        EventField::Officer => to.officer.clone_from(&from.officer),
        EventField::Position => to.position.clone_from(&from.position),
        EventField::Item => to.item.clone_from(&from.item),
        EventField::LinkedCase => to.linked_case.clone_from(&from.linked_case),
        EventField::SpecialNo | EventField::SpecialKind => {
            let special = from.special.as_deref().cloned().unwrap_or_default();
            let Special { kind, no, .. } = special;
            to.special = Some(Box::new(Special { kind, no, ..Special::default() }));
        }
        EventField::FeeCode | EventField::FeeReceipt | EventField::FeePeriod | EventField::FeePayee => {
            if let (Some(mine), Some(other)) = (to.fee.as_deref_mut(), from.fee.as_deref()) {
                mine.code.clone_from(&other.code);
                mine.receipt.clone_from(&other.receipt);
                mine.period.clone_from(&other.period);
                mine.payee.clone_from(&other.payee);
            }
        }
        EventField::Attr(name, _) => {
            let told = from.attrs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            told.into_iter().for_each(|value| set_attr(to, name, value));
        }
        _ => {}
    }
}

/// Sets what makes `test` hold, as far as it is made of fields and literals; of alternatives the first.
pub(super) fn satisfy(test: &Node, detail: &mut Detail) {
    match &test.expr {
        Expr::And(a, b) => {
            satisfy(a, detail);
            satisfy(b, detail);
        }
        Expr::Or(a, _) => satisfy(a, detail),
        Expr::Name(Name::Event(EventRole::Event, field)) => set(field, &Value::Flag(true), detail),
        Expr::Compare(comparison, a, b) => {
            let (Some(field), Expr::Literal(value)) = (field_of(a), &b.expr) else { return };
            let value = match (comparison, value) {
                (Comparison::Equal | Comparison::AtLeast | Comparison::AtMost, value) => value.clone(),
                (Comparison::Greater, Value::Span(span)) => {
                    Value::Span(crate::counting::Span::new(span.number + 1, span.unit))
                }
                _ => return,
            };
            set(field, &value, detail);
        }
        Expr::In(member, list) => {
            if let (Some(field), Expr::Literal(Value::List(values))) = (field_of(member), &list.expr) {
                values.first().into_iter().for_each(|value| set(field, value, detail));
            }
            if let (Some(field), Expr::List(nodes)) = (field_of(member), &list.expr)
                && let Some(Expr::Literal(value)) = nodes.first().map(|node| &node.expr)
            {
                set(field, value, detail);
            }
        }
        Expr::Call(Function::Known, arguments) => {
            let field = arguments.first().and_then(field_of);
            field.into_iter().for_each(|field| set(field, &Value::Text("-".into()), detail));
        }
        _ => {}
    }
}

/// The field of the event that an expression is, a value for want of it left aside.
fn field_of(node: &Node) -> Option<&EventField> {
    match &node.expr {
        Expr::Name(Name::Event(EventRole::Event, field)) => Some(field),
        Expr::Coalesce(inner, _) => field_of(inner),
        _ => None,
    }
}

/// Sets a field.
pub(super) fn set(field: &EventField, value: &Value, detail: &mut Detail) {
    let text = || -> Option<CompactString> {
        match value {
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) => Some(number.normalize().to_compact_string()),
            _ => None,
        }
    };
    match field {
        EventField::Stage => detail.stage = text(),
        EventField::Officer => detail.officer = text(),
        EventField::Position => detail.position = text(),
        EventField::Outcome => detail.outcome = text(),
        EventField::Reason => detail.reason = text(),
        EventField::CaseType => detail.case_type = text(),
        EventField::LinkedCase => detail.linked_case = text(),
        EventField::SpecialKind => special(detail).kind = text(),
        EventField::SpecialNo => special(detail).no = text(),
        EventField::SpecialGround => special(detail).ground = text(),
        EventField::SpecialApprover => special(detail).approver = text(),
        EventField::SpecialGranted => {
            if let Value::Span(span) = value {
                let special = special(detail);
                special.granted = u32::try_from(span.number).ok();
                special.unit = match span.unit {
                    Unit::WorkingDays => SpanUnit::WorkingDays,
                    Unit::Hours | Unit::Minutes | Unit::Seconds => SpanUnit::Hours,
                    Unit::Months => SpanUnit::Months,
                    Unit::Days => SpanUnit::Days,
                };
            }
        }
        EventField::Attr(name, _) => {
            let scalar = match value {
                Value::Text(text) => Scalar::Text(text.clone()),
                Value::Flag(flag) => Scalar::Flag(*flag),
                Value::Number(number) => Scalar::Number(number.normalize().to_compact_string()),
                _ => return,
            };
            set_attr(detail, name, scalar);
        }
        _ => {}
    }
}

fn special(detail: &mut Detail) -> &mut Special {
    detail.special.get_or_insert_with(Box::default)
}

fn set_attr(detail: &mut Detail, name: &CompactString, value: Scalar) {
    detail.attrs.retain(|(key, _)| key != name);
    detail.attrs.push((name.clone(), value));
    detail.attrs.sort();
}
