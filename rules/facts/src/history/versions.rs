//! Every version of the records of which more than one was heard: what was known when.
//!
//! A record of which one version was heard needs none of this: its own arrival is that of the version. So memory follows
//! the corrections, which are few, and not the facts.
//!
//! Invariant: for one set of (version, arrival) the list is the same, in whatever order they came.

use std::cmp::Ordering;

use super::{Record, earliest, precedence, same_content, same_version};
use crate::event::Event;

/// One version of a record, as it was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// What it says; its `arrived` is the earliest arrival of this very version.
    pub event: Event,
    /// The first message that carried it.
    pub sequence: Option<u64>,
}

impl Version {
    pub(super) fn of(record: &Record) -> Version {
        Version { event: Event { arrived: record.arrived, ..record.event.clone() }, sequence: record.sequence }
    }

    fn is(&self, event: &Event) -> bool {
        self.event.same_record(event) && same_version(&self.event, event) && same_content(&self.event, event)
    }

    fn order(&self, other: &Version) -> Ordering {
        let key = |event: &Event| (event.id.clone(), event.source.clone(), event.address.clone());
        key(&self.event).cmp(&key(&other.event)).then_with(|| precedence(&self.event, &other.event))
    }
}

/// Versions by record, the winner of each last.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Versions(pub(super) Vec<Version>);

impl Versions {
    /// Hears that `other` was sent of the record that `held` is the winner of so far.
    pub(super) fn hear(&mut self, held: &Record, other: &Record) {
        let one = same_version(&held.event, &other.event) && same_content(&held.event, &other.event);
        if self.of(&held.event).next().is_none() {
            if one {
                return;
            }
            self.insert(Version::of(held));
        }
        match self.0.iter_mut().find(|version| version.is(&other.event)) {
            Some(known) => {
                known.event.arrived = earliest(known.event.arrived, other.arrived);
                known.sequence = earliest(known.sequence, other.sequence);
            }
            None => self.insert(Version::of(other)),
        }
    }

    /// Those of one record; none where only one version was heard.
    pub(super) fn of(&self, event: &Event) -> impl Iterator<Item = &Version> {
        self.0.iter().filter(|version| version.event.same_record(event))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Version> {
        self.0.iter()
    }

    fn insert(&mut self, version: Version) {
        let place = self.0.partition_point(|held| held.order(&version).is_lt());
        self.0.insert(place, version);
    }
}
