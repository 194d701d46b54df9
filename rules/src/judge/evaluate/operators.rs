//! Operators and plain functions over values.

use facts::Fen;
use rust_decimal::Decimal;

use super::Scope;
use crate::counting::{Span, Unit};
use crate::expression::{Arithmetic, Comparison, Function, Node};
use crate::value::Value;

impl Scope<'_, '_> {
    pub(super) fn and(&self, a: &Node, b: &Node) -> Value {
        match self.value(a).flag() {
            Some(false) => Value::Flag(false),
            left => match (left, self.value(b).flag()) {
                (_, Some(false)) => Value::Flag(false),
                (Some(true), Some(true)) => Value::Flag(true),
                _ => Value::Missing,
            },
        }
    }

    pub(super) fn or(&self, a: &Node, b: &Node) -> Value {
        match self.value(a).flag() {
            Some(true) => Value::Flag(true),
            left => match (left, self.value(b).flag()) {
                (_, Some(true)) => Value::Flag(true),
                (Some(false), Some(false)) => Value::Flag(false),
                _ => Value::Missing,
            },
        }
    }

    pub(super) fn compare(&self, comparison: Comparison, a: &Value, b: &Value) -> Value {
        let order = match (a, b) {
            (Value::Missing, _) | (_, Value::Missing) => return Value::Missing,
            (Value::Number(a), Value::Number(b)) => a.cmp(b),
            (Value::Money(a), Value::Money(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Date(a), Value::Date(b)) => a.cmp(b),
            (Value::Instant(a), Value::Instant(b)) => a.cmp(b),
            (Value::Span(a), Value::Span(b)) => match self.span_order(*a, *b) {
                Some(order) => order,
                None => return Value::Missing,
            },
            (a, b) => {
                return match comparison {
                    Comparison::Equal => Value::Flag(a == b),
                    Comparison::NotEqual => Value::Flag(a != b),
                    _ => Value::Missing,
                };
            }
        };
        Value::Flag(match comparison {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::AtLeast => order.is_ge(),
        })
    }

    /// Spans of one unit compare by number, exact ones by length, others by the due instants they give.
    pub(super) fn span_order(&self, a: Span, b: Span) -> Option<std::cmp::Ordering> {
        // Nothing is nothing in every unit.
        if a.unit == b.unit || a.number == 0 || b.number == 0 {
            return Some(a.number.cmp(&b.number));
        }
        if let (Some(a), Some(b)) = (a.exact_secs(), b.exact_secs()) {
            return Some(a.cmp(&b));
        }
        let base = self.start.or(self.event)?;
        let fact = &self.view.facts[base];
        let due = |span| self.reckoning.due_of(fact.at, fact.is_day, span);
        Some(due(a)?.cmp(&due(b)?))
    }

    pub(super) fn arithmetic(&self, operator: Arithmetic, a: Value, b: Value) -> Value {
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        match (operator, a, b) {
            (_, Value::Number(a), Value::Number(b)) => {
                let result = match operator {
                    Add => a.checked_add(b),
                    Subtract => a.checked_sub(b),
                    Multiply => a.checked_mul(b),
                    Divide => a.checked_div(b),
                };
                result.map_or(Value::Missing, Value::Number)
            }
            (Add, Value::Money(a), Value::Money(b)) => Value::Money(a + b),
            (Subtract, Value::Money(a), Value::Money(b)) => Value::Money(a - b),
            (Divide, Value::Money(a), Value::Money(b)) => {
                Decimal::from(a.fen()).checked_div(b.fen().into()).map_or(Value::Missing, Value::Number)
            }
            (Multiply, Value::Money(money), Value::Number(factor))
            | (Multiply, Value::Number(factor), Value::Money(money)) => scale(money, factor),
            (Divide, Value::Money(money), Value::Number(factor)) => {
                Decimal::ONE.checked_div(factor).map_or(Value::Missing, |inverse| scale(money, inverse))
            }
            (Subtract, Value::Instant(a), Value::Instant(b)) => {
                Value::Span(Span { number: a.secs_floor() - b.secs_floor(), unit: Unit::Seconds })
            }
            (Subtract, Value::Date(a), Value::Date(b)) => {
                let days = i64::from(facts::event_time::day_number(a)) - i64::from(facts::event_time::day_number(b));
                Value::Span(Span { number: days, unit: Unit::Days })
            }
            (Add, Value::Instant(at), Value::Span(span)) => {
                self.reckoning.shift(at, span).map_or(Value::Missing, Value::Instant)
            }
            (Subtract, Value::Instant(at), Value::Span(span)) => {
                let back = Span { number: -span.number, unit: span.unit };
                self.reckoning.shift(at, back).map_or(Value::Missing, Value::Instant)
            }
            (Add, Value::Date(day), Value::Span(span)) => {
                self.reckoning.shift_day(day, span).map_or(Value::Missing, Value::Date)
            }
            (Subtract, Value::Date(day), Value::Span(span)) => {
                let back = Span { number: -span.number, unit: span.unit };
                self.reckoning.shift_day(day, back).map_or(Value::Missing, Value::Date)
            }
            (Add, Value::Span(a), Value::Span(b)) if a.unit == b.unit => {
                Value::Span(Span { number: a.number.saturating_add(b.number), unit: a.unit })
            }
            (Subtract, Value::Span(a), Value::Span(b)) if a.unit == b.unit => {
                Value::Span(Span { number: a.number.saturating_sub(b.number), unit: a.unit })
            }
            (Add, Value::List(mut a), Value::List(b)) => {
                a.extend(b);
                Value::List(a)
            }
            _ => Value::Missing,
        }
    }

    pub(super) fn extreme(&self, values: Vec<Value>, better: Comparison) -> Value {
        let pick = |best: Value, value: Value| match self.compare(better, &value, &best) {
            Value::Flag(true) => value,
            _ => best,
        };
        values.into_iter().reduce(pick).unwrap_or(Value::Missing)
    }

    pub(super) fn call(&self, function: Function, arguments: &[Node]) -> Value {
        let value = |place: usize| arguments.get(place).map_or(Value::Missing, |node| self.value(node));
        match (function, value(0), value(1)) {
            (Function::Known, a, _) => Value::Flag(!a.is_missing()),
            (Function::Empty, a, _) => Value::Flag(is_empty(&a)),
            (Function::Size, Value::List(list), _) => Value::Number(list.len().into()),
            (Function::Total, Value::List(list), _) => total(list),
            (Function::Minus, Value::List(a), Value::List(b)) => {
                Value::List(a.into_iter().filter(|member| !b.contains(member)).collect())
            }
            (Function::Overlap, Value::List(a), Value::List(b)) => {
                Value::List(a.into_iter().filter(|member| b.contains(member)).collect())
            }
            (Function::DateOf, Value::Instant(at), _) => Value::Date(at.date(&self.view.profile.zone)),
            (Function::DateOf, Value::Date(day), _) => Value::Date(day),
            (Function::Days, a, b) => self.days_between(&a, &b, false),
            (Function::Workdays, a, b) => self.days_between(&a, &b, true),
            (Function::Due, Value::Instant(at), Value::Span(span)) => {
                self.reckoning.due_of(at, false, span).map_or(Value::Missing, Value::Instant)
            }
            (Function::Starts, Value::Text(a), Value::Text(b)) => Value::Flag(a.starts_with(b.as_str())),
            (Function::Ends, Value::Text(a), Value::Text(b)) => Value::Flag(a.ends_with(b.as_str())),
            (Function::Has, Value::Text(a), Value::Text(b)) => Value::Flag(a.contains(b.as_str())),
            (Function::Min, a, b) if !a.is_missing() && !b.is_missing() => self.extreme(vec![a, b], Comparison::Less),
            (Function::Max, a, b) if !a.is_missing() && !b.is_missing() => {
                self.extreme(vec![a, b], Comparison::Greater)
            }
            (Function::Abs, Value::Number(number), _) => Value::Number(number.abs()),
            (Function::Abs, Value::Money(fen), _) => Value::Money(fen.abs()),
            _ => Value::Missing,
        }
    }

    pub(super) fn days_between(&self, a: &Value, b: &Value, working: bool) -> Value {
        let day = |value: &Value| match value {
            Value::Instant(at) => Some(at.date(&self.view.profile.zone)),
            Value::Date(day) => Some(*day),
            _ => None,
        };
        let (Some(a), Some(b)) = (day(a), day(b)) else { return Value::Missing };
        let days = if working {
            self.reckoning.working_days_between(a, b)
        } else {
            i64::from(facts::event_time::day_number(b)) - i64::from(facts::event_time::day_number(a))
        };
        Value::Number(days.into())
    }
}

pub(super) fn negation(value: Value) -> Value {
    value.flag().map_or(Value::Missing, |flag| Value::Flag(!flag))
}

pub(super) fn negate(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(-number),
        Value::Money(fen) => Value::Money(Fen::ZERO - fen),
        Value::Span(span) => Value::Span(Span { number: -span.number, unit: span.unit }),
        _ => Value::Missing,
    }
}

pub(super) fn member_of(member: &Value, list: &Value) -> Value {
    match (member, list) {
        (Value::Missing, _) => Value::Missing,
        (member, Value::List(list)) => Value::Flag(list.contains(member)),
        _ => Value::Missing,
    }
}

pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Missing => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::List(list) => list.is_empty(),
        _ => false,
    }
}

/// Money times a decimal, half a fen away from zero.
pub(crate) fn scale(money: Fen, factor: Decimal) -> Value {
    use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
    let product = Decimal::from(money.fen()).checked_mul(factor);
    let fen = product.map(|product| product.round_dp_with_strategy(0, MidpointAwayFromZero));
    fen.and_then(|fen| i64::try_from(fen).ok()).map_or(Value::Missing, |fen| Value::Money(Fen::new(fen)))
}

pub(super) fn total(values: Vec<Value>) -> Value {
    let add = |sum: Value, value: Value| match (sum, value) {
        (Value::Money(a), Value::Money(b)) => Value::Money(a + b),
        (Value::Number(a), Value::Number(b)) => a.checked_add(b).map_or(Value::Missing, Value::Number),
        _ => Value::Missing,
    };
    values.into_iter().reduce(add).unwrap_or(Value::Missing)
}

/// Distinct members in order of first sight, lists flattened.
pub(super) fn distinct(values: Vec<Value>) -> Vec<Value> {
    let flat = values.into_iter().flat_map(|value| match value {
        Value::List(list) => list,
        one => vec![one],
    });
    flat.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}
