//! The borrowed form that serde decodes: types only, meaning is given in the parent.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::event::{Scalar, SpanUnit};

macro_rules! wire_event {
    ($($field:ident : $kind:ty),+ $(,)?) => {
        /// A line as it stands in the message.
        #[derive(Default)]
        pub(super) struct WireEvent<'a> {
            $(pub(super) $field: Option<$kind>,)+
            pub(super) unknown: Unknown,
        }

        /// The top-level names of the schema.
        pub(super) const FIELDS: &[&str] = &[$(stringify!($field)),+];

        impl<'de: 'a, 'a> Deserialize<'de> for WireEvent<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> Visitor<'de> for Fields {
                    type Value = WireEvent<'de>;
                    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                        out.write_str("a JSON object")
                    }
                    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                        let mut event = WireEvent::default();
                        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
                            match &*name {
                                $(stringify!($field) => {
                                    if event.$field.is_some() {
                                        return Err(M::Error::duplicate_field(stringify!($field)));
                                    }
                                    event.$field = map.next_value()?;
                                })+
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                    event.unknown.0 += 1;
                                }
                            }
                        }
                        Ok(event)
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }
    };
}

/// Count of top-level fields outside the schema.
#[derive(Default, Clone, Copy)]
pub(super) struct Unknown(pub(super) u32);

/// Text that borrows from the line unless an escape forces a copy. (`Option<Cow<str>>` would always
/// copy: serde's borrow attribute does not reach inside `Option`.)
pub(super) struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                // Only an escape can write it, and PostgreSQL cannot store it.
                if text.contains('\0') {
                    return Err(E::custom("holds the character U+0000"));
                }
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

wire_event! {
    id: Text<'a>,
    version: u32,
    seq: i64,
    op: Text<'a>,
    source: Text<'a>,
    case: Text<'a>,
    activity: Text<'a>,
    at: WireTime<'a>,
    arrived: WireTime<'a>,
    level: Text<'a>,
    region: Text<'a>,
    dept: Text<'a>,
    item: Text<'a>,
    item_version: Text<'a>,
    case_type: Text<'a>,
    linked_case: Text<'a>,
    stage: Text<'a>,
    officer: Text<'a>,
    position: Text<'a>,
    outcome: Text<'a>,
    reason: Text<'a>,
    materials: Vec<Text<'a>>,
    materials_missing: Vec<Text<'a>>,
    reported_limit: WireLimit,
    promise_date: WireTime<'a>,
    fee: WireFee<'a>,
    special: WireSpecial<'a>,
    attrs: Attrs<'a>,
}

/// RFC 3339, a civil date, or epoch milliseconds.
pub(super) enum WireTime<'a> {
    Millis(i64),
    Text(Cow<'a, str>),
}

/// By hand: an untagged enum makes an error, with its text, for every time that is not a number.
impl<'de: 'a, 'a> Deserialize<'de> for WireTime<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Time;
        impl<'de> Visitor<'de> for Time {
            type Value = WireTime<'de>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text or whole milliseconds")
            }
            fn visit_i64<E: Error>(self, millis: i64) -> Result<Self::Value, E> {
                Ok(WireTime::Millis(millis))
            }
            fn visit_u64<E: Error>(self, millis: u64) -> Result<Self::Value, E> {
                i64::try_from(millis)
                    .map(WireTime::Millis)
                    .map_err(|_| E::custom(format!("{millis} is more milliseconds than any time has")))
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(WireTime::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(WireTime::Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_any(Time)
    }
}

/// A unit suffix.
#[derive(Clone, Copy, Default)]
pub(super) struct Unit(pub(super) SpanUnit);

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let suffix = Text::deserialize(deserializer)?;
        SpanUnit::from_suffix(suffix.trim())
            .map(Unit)
            .ok_or_else(|| D::Error::custom(format!("unit \"{}\" is none of wd, d, h, mo", &*suffix)))
    }
}

#[derive(Deserialize)]
pub(super) struct WireLimit {
    pub(super) number: u32,
    pub(super) unit: Option<Unit>,
}

/// A decimal that may stand as a number or as a string; a number keeps its text.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Amount<'a>(#[serde(borrow)] &'a RawValue);

impl Amount<'_> {
    /// The digits as written; anything but a number or an escape-free string reads as it stands and
    /// is then refused as no decimal.
    pub(super) fn text(&self) -> &str {
        let raw = self.0.get();
        raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw)
    }
}

#[derive(Deserialize)]
pub(super) struct WireFee<'a> {
    #[serde(borrow)]
    pub(super) act: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) amount: Option<Amount<'a>>,
    #[serde(borrow)]
    pub(super) quantity: Option<Amount<'a>>,
    #[serde(borrow)]
    pub(super) period: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) class: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) receipt: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) payee: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) approver: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct WireSpecial<'a> {
    #[serde(borrow)]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) no: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) ground: Option<Text<'a>>,
    pub(super) granted: Option<u32>,
    pub(super) unit: Option<Unit>,
    #[serde(borrow)]
    pub(super) approver: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) fee: Option<Amount<'a>>,
}

/// `attrs`: a flat map of scalars.
pub(super) struct Attrs<'a>(Vec<(Text<'a>, Scalar)>);

impl Attrs<'_> {
    /// By key in ascending order; of one key named twice the last value stands, as in JSON readers at large.
    pub(super) fn into_sorted(self) -> Vec<(CompactString, Scalar)> {
        let by_key: std::collections::BTreeMap<CompactString, Scalar> =
            self.0.into_iter().map(|(key, value)| (key.trim().into(), value)).collect();
        by_key.into_iter().collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Attrs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Flat;
        impl<'de> Visitor<'de> for Flat {
            type Value = Attrs<'de>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a flat object of strings, numbers and booleans")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut attrs = Vec::new();
                while let Some((key, raw)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    let scalar = scalar(raw.get()).ok_or_else(|| {
                        M::Error::custom(format!("attrs.{} is not a string, number or boolean", &*key))
                    })?;
                    attrs.extend(scalar.map(|value| (key, value)));
                }
                Ok(Attrs(attrs))
            }
        }
        deserializer.deserialize_map(Flat)
    }
}

/// The scalar in `raw`: outer `None` for a list or object, inner `None` for null, which says nothing.
fn scalar(raw: &str) -> Option<Option<Scalar>> {
    match raw.as_bytes().first()? {
        b'{' | b'[' => None,
        b'n' => Some(None),
        b't' => Some(Some(Scalar::Flag(true))),
        b'f' => Some(Some(Scalar::Flag(false))),
        b'"' => serde_json::from_str::<Text<'_>>(raw).ok().map(|text| Some(Scalar::Text(CompactString::from(&*text)))),
        _ => Some(Some(Scalar::Number(raw.into()))),
    }
}
