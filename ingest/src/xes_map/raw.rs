//! The map file as written: names and types, no meaning yet.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor, value};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Map {
    pub(super) format: Spanned<u32>,
    pub(super) source: Spanned<String>,
    pub(super) zone: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) midnight_is_day: bool,
    #[serde(default)]
    pub(super) absent: Vec<String>,
    #[serde(default)]
    pub(super) other_activities: OtherActivities,
    pub(super) office: Office,
    #[serde(default)]
    pub(super) case: Case,
    #[serde(default)]
    pub(super) only: BTreeMap<Spanned<String>, Vec<String>>,
    pub(super) event: Event,
    #[serde(default)]
    pub(super) activities: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) case_event: Vec<CaseEvent>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum OtherActivities {
    #[default]
    Keep,
    Refuse,
    Skip,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Office {
    pub(super) level: Spanned<String>,
    pub(super) region: Spanned<String>,
    pub(super) dept: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) id: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) prefix: String,
}

macro_rules! with_fields {
    ($(#[$doc:meta])* $name:ident { $($own:ident : $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $(pub(super) $own: $kind,)*
            pub(super) at: Spanned<Taken>,
            pub(super) id: Option<Spanned<Taken>>,
            pub(super) arrived: Option<Spanned<Taken>>,
            pub(super) promise_date: Option<Spanned<Taken>>,
            pub(super) item: Option<Spanned<Taken>>,
            pub(super) item_version: Option<Spanned<Taken>>,
            pub(super) case_type: Option<Spanned<Taken>>,
            pub(super) linked_case: Option<Spanned<Taken>>,
            pub(super) stage: Option<Spanned<Taken>>,
            pub(super) officer: Option<Spanned<Taken>>,
            pub(super) position: Option<Spanned<Taken>>,
            pub(super) outcome: Option<Spanned<Taken>>,
            pub(super) reason: Option<Spanned<Taken>>,
            #[serde(default)]
            pub(super) fee: Fees,
            #[serde(default)]
            pub(super) attrs: BTreeMap<Spanned<String>, Spanned<Attr>>,
        }

        impl $name {
            /// The fields that both kinds of events have.
            pub(super) fn fields(&self) -> FieldsOf<'_> {
                FieldsOf {
                    at: &self.at,
                    id: self.id.as_ref(),
                    arrived: self.arrived.as_ref(),
                    promise_date: self.promise_date.as_ref(),
                    texts: [
                        &self.item,
                        &self.item_version,
                        &self.case_type,
                        &self.linked_case,
                        &self.stage,
                        &self.officer,
                        &self.position,
                        &self.outcome,
                        &self.reason,
                    ],
                    fee: &self.fee.0,
                    attrs: &self.attrs,
                }
            }
        }
    };
}

with_fields! {
    /// `[event]`.
    Event { activity: Spanned<Taken> }
}

with_fields! {
    /// `[[case_event]]`.
    CaseEvent { activity: Spanned<String>, requires: Option<Vec<Spanned<String>>>, place: Option<Place> }
}

/// The fields that both kinds of events have; texts in the order of `check::TEXT_FIELDS`.
pub(super) struct FieldsOf<'a> {
    pub(super) at: &'a Spanned<Taken>,
    pub(super) id: Option<&'a Spanned<Taken>>,
    pub(super) arrived: Option<&'a Spanned<Taken>>,
    pub(super) promise_date: Option<&'a Spanned<Taken>>,
    pub(super) texts: [&'a Option<Spanned<Taken>>; 9],
    pub(super) fee: &'a [Fee],
    pub(super) attrs: &'a BTreeMap<Spanned<String>, Spanned<Attr>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    Before,
    After,
}

/// A table, or a list of tables of which the first with an amount counts.
#[derive(Default)]
pub(super) struct Fees(Vec<Fee>);

impl<'de> Deserialize<'de> for Fees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fees, D::Error> {
        struct TableOrList;
        impl<'de> Visitor<'de> for TableOrList {
            type Value = Fees;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a fee { act = ..., amount = ... } or a list of fees")
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Fees, M::Error> {
                Fee::deserialize(value::MapAccessDeserializer::new(map)).map(|fee| Fees(vec![fee]))
            }
            fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<Fees, S::Error> {
                Vec::deserialize(value::SeqAccessDeserializer::new(list)).map(Fees)
            }
        }
        deserializer.deserialize_any(TableOrList)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fee {
    pub(super) act: Spanned<Taken>,
    pub(super) amount: Spanned<Taken>,
    pub(super) rounding: Option<Rounding>,
    pub(super) code: Option<Spanned<Taken>>,
    pub(super) quantity: Option<Spanned<Taken>>,
    pub(super) period: Option<Spanned<Taken>>,
    pub(super) class: Option<Spanned<Taken>>,
    pub(super) receipt: Option<Spanned<Taken>>,
    pub(super) payee: Option<Spanned<Taken>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rounding {
    Refuse,
    HalfUp,
    HalfEven,
    Down,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attr {
    pub(super) from: Option<String>,
    pub(super) constant: Option<String>,
    pub(super) on: Option<On>,
    #[serde(rename = "type")]
    pub(super) kind: AttrKind,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum AttrKind {
    Text,
    Number,
    Instant,
    Date,
    Flag,
}

/// `"trace:key"`, or `{ from = "trace:key", on = ... }`, or `{ constant = "x", on = ... }`.
pub(super) struct Taken {
    pub(super) from: Option<String>,
    pub(super) constant: Option<String>,
    pub(super) on: Option<On>,
}

impl<'de> Deserialize<'de> for Taken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Taken, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            from: Option<String>,
            constant: Option<String>,
            on: Option<On>,
        }
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = Taken;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("\"trace:<key>\", \"event:<key>\" or { constant = \"...\" }")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Taken, E> {
                Ok(Taken { from: Some(text.to_owned()), constant: None, on: None })
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Taken, M::Error> {
                let Table { from, constant, on } = Table::deserialize(value::MapAccessDeserializer::new(map))?;
                Ok(Taken { from, constant, on })
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

/// `"every"`, `"first"`, or a list of activities.
pub(super) enum On {
    Every,
    First,
    Activities(Vec<String>),
}

impl<'de> Deserialize<'de> for On {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<On, D::Error> {
        struct WordOrList;
        impl<'de> Visitor<'de> for WordOrList {
            type Value = On;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("\"every\", \"first\" or a list of activities")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<On, E> {
                match text {
                    "every" => Ok(On::Every),
                    "first" => Ok(On::First),
                    other => Err(E::unknown_variant(other, &["every", "first"])),
                }
            }
            fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<On, S::Error> {
                Vec::deserialize(value::SeqAccessDeserializer::new(list)).map(On::Activities)
            }
        }
        deserializer.deserialize_any(WordOrList)
    }
}
