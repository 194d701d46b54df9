//! The map file: what the attributes of an XES log mean. TOML, strict, every fault told with its line.
//!
//! ```toml
//! format = 1
//! source = "coselog"
//! zone = "Europe/Amsterdam"              # for times without an offset
//! absent = ["UNKNOWN"]                   # values that say nothing
//! [office]
//! level = "county"
//! region = "360902"
//! dept = "WABO"                          # or "trace:<key>"
//! [case]
//! id = "trace:concept:name"              # left out: the place of the trace in the log
//! [event]                                # every event of the log
//! activity = "event:concept:name"
//! at = "event:time:timestamp"
//! officer = "event:org:resource"
//! [activities]                           # the log's names into ours
//! "Confirmation of receipt" = "pre_accepted"
//! [[case_event]]                         # an event made of what is said of the case
//! activity = "closed"
//! at = "trace:enddate"                   # cases without it have no such event
//! outcome = { constant = "other" }
//! [case_event.attrs]
//! planned = { from = "trace:enddate_planned", type = "instant" }
//! ```
//!
//! A value is taken from an attribute (`"trace:<key>"` or `"event:<key>"`), or is fixed (`{ constant = "x" }`).
//! `on = "first"` puts it on the first event of the trace only, `on = ["closed"]` on those activities only; so
//! what is said of a case need not stand on every event. A fact that is known late must come late: put a case's
//! end on a `case_event` at that instant, not on its first event.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use facts::money::Rounding;
use facts::{Department, Level, Region};
use jiff::tz::TimeZone;

mod check;
mod fault;
mod raw;

pub use fault::{MapError, MapFault};

/// A checked map.
#[derive(Clone, Debug)]
pub struct XesMap {
    pub(crate) source: String,
    pub(crate) zone: Option<TimeZone>,
    pub(crate) midnight_is_day: bool,
    pub(crate) absent: BTreeSet<String>,
    pub(crate) level: Level,
    pub(crate) region: Region,
    pub(crate) dept: Dept,
    /// `None`: the place of the trace.
    pub(crate) case_id: Option<Reference>,
    pub(crate) case_prefix: String,
    /// Events are taken only when each of these attributes has one of these values.
    pub(crate) only: Vec<(Reference, BTreeSet<String>)>,
    pub(crate) activity: Taken,
    pub(crate) event: Fields,
    pub(crate) activities: BTreeMap<String, String>,
    pub(crate) other_activities: OtherActivities,
    pub(crate) case_events: Vec<CaseEvent>,
}

/// Where an attribute stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Reference {
    Trace(String),
    Event(String),
}

impl std::fmt::Display for Reference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reference::Trace(key) => write!(out, "trace:{key}"),
            Reference::Event(key) => write!(out, "event:{key}"),
        }
    }
}

/// The department: one for all, or named by the case.
#[derive(Clone, Debug)]
pub(crate) enum Dept {
    Fixed(Department),
    From(Reference),
}

/// A value and the events it is put on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Taken {
    pub(crate) value: Value,
    pub(crate) on: Placement,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    From(Reference),
    Constant(String),
}

/// Which events a value is put on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum Placement {
    #[default]
    Every,
    First,
    Activities(BTreeSet<String>),
}

/// What becomes of activities that `[activities]` does not name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum OtherActivities {
    /// They keep their names, which vocabulary.toml should declare.
    #[default]
    Keep,
    /// Their traces are refused.
    Refuse,
    /// They are left out and counted.
    Skip,
}

/// The fields of a fact, but for its activity.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) at: Taken,
    pub(crate) id: Option<Taken>,
    pub(crate) arrived: Option<Taken>,
    pub(crate) promise_date: Option<Taken>,
    pub(crate) texts: Vec<(TextField, Taken)>,
    /// The first with an amount counts.
    pub(crate) fees: Vec<FeeFields>,
    pub(crate) attrs: Vec<AttrField>,
}

/// An optional field that is plain text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TextField {
    Item,
    ItemVersion,
    CaseType,
    LinkedCase,
    Stage,
    Officer,
    Position,
    Outcome,
    Reason,
}

/// A fee; the event carries it only when the amount is there.
#[derive(Clone, Debug)]
pub(crate) struct FeeFields {
    pub(crate) act: Taken,
    pub(crate) amount: Taken,
    pub(crate) rounding: Rounding,
    pub(crate) code: Option<Taken>,
    pub(crate) quantity: Option<Taken>,
    pub(crate) period: Option<Taken>,
    pub(crate) class: Option<Taken>,
    pub(crate) receipt: Option<Taken>,
    pub(crate) payee: Option<Taken>,
}

/// A value that goes into `attrs`.
#[derive(Clone, Debug)]
pub(crate) struct AttrField {
    pub(crate) name: CompactString,
    pub(crate) kind: AttrKind,
    pub(crate) taken: Taken,
}

/// The type of a value in `attrs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AttrKind {
    /// As it stands.
    Text,
    /// A number, with its digits.
    Number,
    /// A point in time.
    Instant,
    /// A civil day.
    Date,
    /// True or false.
    Flag,
}

/// An event made of what is said of the case.
#[derive(Clone, Debug)]
pub(crate) struct CaseEvent {
    pub(crate) activity: String,
    /// Without all of these the case has no such event.
    pub(crate) requires: Vec<Reference>,
    /// Among facts of one instant, does it come before the events of the trace?
    pub(crate) first: bool,
    pub(crate) fields: Fields,
}

impl XesMap {
    /// Reads and checks the text of a map file; `name` is what faults call it.
    ///
    /// # Errors
    /// All faults, each with its line.
    pub fn parse(name: &str, text: &str) -> Result<XesMap, MapError> {
        check::parse(text).map_err(|faults| MapError { name: name.to_owned(), faults })
    }

    /// The zone in which times without an offset are read.
    #[must_use]
    pub fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }

    /// How amounts finer than a fen are rounded: for each fee of the map, the activity of its `[[case_event]]`, or
    /// `None` for events of the log, and the rounding it names.
    #[must_use]
    pub fn roundings(&self) -> Vec<(Option<&str>, Rounding)> {
        let of_events = std::iter::once((None, &self.event));
        let of_cases = self.case_events.iter().map(|made| (Some(made.activity.as_str()), &made.fields));
        let of_fees =
            |(made, fields): (_, &Fields)| -> Vec<_> { fields.fees.iter().map(|fee| (made, fee.rounding)).collect() };
        of_events.chain(of_cases).flat_map(of_fees).collect()
    }

    /// The activities that facts of this map can have besides names of the log itself.
    #[must_use]
    pub fn activities(&self) -> BTreeSet<&str> {
        let made = self.case_events.iter().map(|made| made.activity.as_str());
        let renamed = self.activities.values().map(String::as_str);
        let fixed = match &self.activity.value {
            Value::Constant(name) => Some(name.as_str()),
            Value::From(_) => None,
        };
        made.chain(renamed).chain(fixed).collect()
    }
}

#[cfg(test)]
mod tests;
