//! What a rule reads: which facts can change its findings (semantics 22).

use std::collections::BTreeSet;

use compact_str::CompactString;
use facts::{Activity, Event};

/// The activities a rule reads. Fields of the case are read by every rule alike, so a fact that
/// carries one touches all rules of its case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reads {
    /// Closed activities, one bit each in the order of [`Activity::CLOSED`].
    closed: u64,
    /// Declared activities.
    declared: BTreeSet<CompactString>,
    /// Every activity.
    any: bool,
}

impl Reads {
    /// Adds one activity.
    pub fn add(&mut self, activity: &Activity) {
        match activity.closed_index() {
            Some(index) => self.closed |= 1 << index,
            None => {
                self.declared.insert(activity.name().into());
            }
        }
    }

    /// Every activity can change the rule.
    pub fn add_any(&mut self) {
        self.any = true;
    }

    /// Takes in what `other` reads.
    pub fn extend(&mut self, other: &Reads) {
        self.closed |= other.closed;
        self.any |= other.any;
        self.declared.extend(other.declared.iter().cloned());
    }

    /// Can a version of this fact, coming or going, change the rule?
    #[must_use]
    pub fn touched_by(&self, event: &Event) -> bool {
        self.any
            || match event.activity.closed_index() {
                Some(index) => self.closed & (1 << index) != 0,
                None => self.declared.contains(event.activity.name()),
            }
    }
}
