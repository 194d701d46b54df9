//! Values of conditions, and their types. No conversion is silent (rule-language, section 6).

use std::fmt;

use compact_str::CompactString;
use facts::{Fen, Moment};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::counting::Span;

/// The type of an expression, known when a rule file is loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Type {
    /// true or false
    Flag,
    /// An exact decimal.
    Number,
    /// Money in fen.
    Money,
    /// Text.
    Text,
    /// A civil day.
    Date,
    /// A point in time.
    Instant,
    /// A length of time with its unit.
    Span,
    /// An event of the history.
    Event,
    /// A list of one type.
    List(Box<Type>),
}

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Flag => out.write_str("flag"),
            Type::Number => out.write_str("number"),
            Type::Money => out.write_str("money"),
            Type::Text => out.write_str("text"),
            Type::Date => out.write_str("date"),
            Type::Instant => out.write_str("instant"),
            Type::Span => out.write_str("span"),
            Type::Event => out.write_str("event"),
            Type::List(of) => write!(out, "list of {of}"),
        }
    }
}

/// A value while judging. `Missing` is what a source did not send; it never raises a card.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Not known.
    Missing,
    /// true or false
    Flag(bool),
    /// An exact decimal.
    Number(Decimal),
    /// Money.
    Money(Fen),
    /// Text.
    Text(CompactString),
    /// A civil day.
    Date(Date),
    /// A point in time.
    Instant(Moment),
    /// A length of time with its unit.
    Span(Span),
    /// An event, by its place in the judged history.
    Event(usize),
    /// A list.
    List(Vec<Value>),
}

impl Value {
    /// True for [`Value::Missing`].
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }

    /// The flag, or `None` when missing (three-valued logic).
    #[must_use]
    pub fn flag(&self) -> Option<bool> {
        match self {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }
}

/// As proofs and messages show it; missing values and events have no text.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Missing => Ok(()),
            Value::Flag(flag) => write!(out, "{flag}"),
            Value::Number(number) => write!(out, "{}", number.normalize()),
            Value::Money(fen) => write!(out, "{fen}元"),
            Value::Text(text) => out.write_str(text),
            Value::Date(date) => write!(out, "{date}"),
            Value::Instant(moment) => write!(out, "{moment}"),
            Value::Span(span) => write!(out, "{span}"),
            Value::Event(place) => write!(out, "#{place}"),
            Value::List(values) => {
                out.write_str("[")?;
                for (place, value) in values.iter().enumerate() {
                    write!(out, "{}{value}", if place == 0 { "" } else { ", " })?;
                }
                out.write_str("]")
            }
        }
    }
}

/// Values as one key; `None` where one is missing. Two keys never read the same.
#[must_use]
pub fn key_text(values: impl Iterator<Item = Value>) -> Option<CompactString> {
    let mut key = CompactString::default();
    for (place, value) in values.enumerate() {
        if place > 0 {
            key.push(',');
        }
        match value {
            Value::Missing => return None,
            Value::Text(text) => push_escaped(&mut key, &text),
            other => push_escaped(&mut key, &other.to_string()),
        }
    }
    Some(key)
}

/// Appends a value to a key, its commas and backslashes behind a backslash.
fn push_escaped(key: &mut CompactString, text: &str) {
    for part in text.split_inclusive([',', '\\']) {
        match part.strip_suffix([',', '\\']) {
            Some(plain) => {
                key.push_str(plain);
                key.push('\\');
                key.push_str(&part[plain.len()..]);
            }
            None => key.push_str(part),
        }
    }
}
