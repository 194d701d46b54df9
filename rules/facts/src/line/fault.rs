//! Why a line is refused: the reason, the field, and what stands there.

use std::fmt;

use serde_json::Value;

use super::wire;
use crate::address::Address;

/// The reason of a quarantined line: a closed list, used in subjects and metrics.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// Text that is not JSON.
    NotJson,
    /// JSON that is not an object.
    NotAnObject,
    /// Objects and lists nested too deep.
    NestingTooDeep,
    /// A line over the limit.
    LineTooLong,
    /// A required field is absent, null or empty.
    FieldMissing,
    /// A field of another type or outside its fixed values.
    FieldMistyped,
    /// `attrs` holds a list or an object.
    AttrsNotFlat,
    /// A business time outside 1990 to 2100.
    TimeOutOfRange,
    /// A business time too long before the arrival.
    BeyondHorizon,
    /// An amount that is no number, too fine or too large.
    BadAmount,
    /// A subject that is no address.
    BadSubject,
    /// The line's own address is not the subject's.
    SubjectDisagrees,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 13] = [
        Reason::NotUtf8,
        Reason::NotJson,
        Reason::NotAnObject,
        Reason::NestingTooDeep,
        Reason::LineTooLong,
        Reason::FieldMissing,
        Reason::FieldMistyped,
        Reason::AttrsNotFlat,
        Reason::TimeOutOfRange,
        Reason::BeyondHorizon,
        Reason::BadAmount,
        Reason::BadSubject,
        Reason::SubjectDisagrees,
    ];

    /// The token in subjects, headers and metrics.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Reason::NotUtf8 => "not_utf8",
            Reason::NotJson => "not_json",
            Reason::NotAnObject => "not_an_object",
            Reason::NestingTooDeep => "nesting_too_deep",
            Reason::LineTooLong => "line_too_long",
            Reason::FieldMissing => "field_missing",
            Reason::FieldMistyped => "field_mistyped",
            Reason::AttrsNotFlat => "attrs_not_flat",
            Reason::TimeOutOfRange => "time_out_of_range",
            Reason::BeyondHorizon => "beyond_horizon",
            Reason::BadAmount => "bad_amount",
            Reason::BadSubject => "bad_subject",
            Reason::SubjectDisagrees => "subject_disagrees",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.token())
    }
}

/// One refused line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason}{}: {detail}", if field.is_empty() { String::new() } else { format!(" in field \"{field}\"") })]
pub struct LineFault {
    /// Why.
    pub reason: Reason,
    /// Which field, dotted; empty when the whole line is at fault.
    pub field: String,
    /// What stands there and what may.
    pub detail: String,
}

impl LineFault {
    /// A fault of `field`.
    #[must_use]
    pub fn new(reason: Reason, field: &str, detail: String) -> LineFault {
        LineFault { reason, field: field.to_owned(), detail }
    }

    pub(super) fn missing(field: &str) -> LineFault {
        LineFault::new(Reason::FieldMissing, field, "is required, and absent or empty".into())
    }

    pub(super) fn mistyped(field: &str, detail: String) -> LineFault {
        LineFault::new(Reason::FieldMistyped, field, detail)
    }

    pub(super) fn disagrees(own: &Address, subject: &Address) -> LineFault {
        let field = if own.level != subject.level {
            "level"
        } else if own.region != subject.region {
            "region"
        } else {
            "dept"
        };
        let detail = format!("the line says {}, its subject {}", own.subject("approval"), subject.subject("approval"));
        LineFault::new(Reason::SubjectDisagrees, field, detail)
    }
}

/// Reads a line that the typed decode refused once more, to name the field at fault.
pub(super) fn diagnose(text: &str, error: &serde_json::Error) -> LineFault {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return LineFault::new(Reason::NotJson, "", error.to_string()),
    };
    let Value::Object(fields) = value else {
        return LineFault::new(Reason::NotAnObject, "", format!("the line is {}", kind_of(&value)));
    };
    for (name, value) in fields.iter().filter(|(name, _)| wire::FIELDS.contains(&name.as_str())) {
        let alone = format!("{{{}:{value}}}", Value::from(name.as_str()));
        let Err(error) = serde_json::from_str::<wire::WireEvent<'_>>(&alone) else { continue };
        let reason = if name == "attrs" && value.is_object() { Reason::AttrsNotFlat } else { Reason::FieldMistyped };
        let field = match value {
            Value::Object(inner) => inner_field(name, inner).unwrap_or_else(|| name.clone()),
            _ => name.clone(),
        };
        return LineFault::new(reason, &field, without_place(&error.to_string()));
    }
    LineFault::new(Reason::NotJson, "", error.to_string())
}

/// The member of an object field that fails when it stands alone.
fn inner_field(name: &str, inner: &serde_json::Map<String, Value>) -> Option<String> {
    inner.iter().find_map(|(key, value)| {
        let mut alone = serde_json::Map::new();
        alone.insert(key.clone(), value.clone());
        let line = format!("{{{}:{}}}", Value::from(name), Value::Object(alone));
        let error = serde_json::from_str::<wire::WireEvent<'_>>(&line).err()?;
        (!error.to_string().starts_with("missing field")).then(|| format!("{name}.{key}"))
    })
}

/// serde_json's place counts from the line we built, not from the one that was sent.
fn without_place(text: &str) -> String {
    text.split(" at line ").next().unwrap_or(text).to_owned()
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
