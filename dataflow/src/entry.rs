//! What the dataflow is fed.

use std::sync::Arc;

use compact_str::CompactString;
use facts::{Cause, Event, Moment, Transition};
use serde::{Deserialize, Serialize};

use crate::causes::Causes;
use crate::contribution::GroupKey;
use crate::sources::SourceNews;

/// A fact, with the clock value at which it enters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The clock value at which the fact is known: the greater of the clock and its arrival. One that
    /// lies before what is already closed is read as the first open instant.
    pub enters: Moment,
    /// Stream sequence of the message that carried it; in a replay its line.
    pub sequence: Option<u64>,
    /// The fact.
    pub event: Event,
}

/// What ALERTS says of one light: it replaces what the operator believes to have said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadBack {
    /// Case number.
    pub case: CompactString,
    /// Rule id.
    pub rule: CompactString,
    /// Instance.
    pub instance: CompactString,
    /// The last message stored; `None` when none ever was.
    pub last: Option<Box<Transition>>,
}

/// A case, or its part in a group, in which something that a late fact brought about waits to be said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// Case number.
    pub(crate) case: CompactString,
    /// The group that gives the case the light, as rule and key; `None` for the lights that its own facts give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<GroupKey>,
    /// What touched it since what was said of it was last true.
    pub(crate) causes: Causes,
    /// Until when it waits.
    pub(crate) until: Moment,
}

/// What waits at a closed instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AllWaiting {
    /// The last closed instant.
    pub as_of: Moment,
    /// Differences are said: what does not wait was said.
    pub speaking: bool,
    /// What waits, sorted by case.
    pub cases: Vec<Waiting>,
}

impl AllWaiting {
    /// With these, too.
    pub(crate) fn and(mut self, more: AllWaiting) -> AllWaiting {
        self.as_of = self.as_of.min(more.as_of);
        self.cases.extend(more.cases);
        self
    }
}

impl From<Transition> for ReadBack {
    fn from(last: Transition) -> ReadBack {
        ReadBack {
            case: last.case.clone(),
            rule: last.rule.clone(),
            instance: last.instance.clone(),
            last: Some(Box::new(last)),
        }
    }
}

/// Beside facts: what changes the operator itself, at an instant and before the facts of that instant.
pub(crate) enum Control<J> {
    /// Judge by this configuration from now on; what differs for it has this cause.
    Configure(Arc<J>, Cause),
    /// Say the differences from now on.
    Announce,
    /// Say nothing from now on; what differs is said when differences are said again.
    Hush,
    /// Take this for what was said.
    ReadBack(Arc<Vec<ReadBack>>),
    /// A source fell silent or speaks again.
    Source(Arc<SourceNews>),
    /// The facts handed over so far are all that is known, and everything was said of them but what waits: judge each
    /// case once.
    Restored(Arc<Vec<Waiting>>),
}

impl<J> Clone for Control<J> {
    fn clone(&self) -> Control<J> {
        match self {
            Control::Configure(judge, cause) => Control::Configure(Arc::clone(judge), *cause),
            Control::Announce => Control::Announce,
            Control::Hush => Control::Hush,
            Control::ReadBack(read) => Control::ReadBack(Arc::clone(read)),
            Control::Source(news) => Control::Source(Arc::clone(news)),
            Control::Restored(waiting) => Control::Restored(Arc::clone(waiting)),
        }
    }
}
