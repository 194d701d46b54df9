//! What is known of one case: the winning version of each record, in canonical order.
//!
//! Invariant: the same set of (record version, arrival) gives the same history, in whatever order
//! and however often its members come (semantics 1 to 3). Order among facts is (`at`, `source`,
//! `seq`, `id`); arrival never orders anything.
//! Tombstones live as long as the case, so that a late put cannot bring back what was deleted.
//! Versions that lost are kept beside the winners, so that what was known at an earlier instant can be told
//! ([`History::known_at`]); no rule sees them.

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::event::{Event, Op};
use crate::line;
use crate::moment::Moment;

mod versions;

pub use versions::Version;
use versions::Versions;

/// The winning version of one record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// What it says; its own `arrived` is empty, since [`Record::first_arrived`] speaks for all versions.
    pub event: Event,
    /// Business time as an instant; a civil day counts from its first moment.
    pub at: Moment,
    /// The earliest arrival of any version of the record, where known.
    pub first_arrived: Option<Moment>,
    /// The first message that carried this version: its stream sequence, in a replay its line.
    pub sequence: Option<u64>,
    /// True when another content was sent under the winning version.
    pub disputed: bool,
}

impl Record {
    /// Canonical order; the address breaks the tie of two offices using one id.
    fn order(&self, other: &Record) -> Ordering {
        let (a, b) = (&self.event, &other.event);
        self.at
            .cmp(&other.at)
            .then_with(|| a.source.cmp(&b.source))
            .then_with(|| a.seq.cmp(&b.seq))
            .then_with(|| a.id.cmp(&b.id))
            .then_with(|| a.address.cmp(&b.address))
    }
}

/// What joining one fact did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Nothing a rule could see: a duplicate, or a version that lost.
    Nothing,
    /// A record that was not known.
    Added,
    /// The record's content changed; this is what it said before.
    Corrected(Box<Event>),
    /// The record is gone; this is what it said.
    Deleted(Box<Event>),
    /// Only the arrival is earlier than thought, or a second content claims the version.
    Annotated,
}

/// The facts of one case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    records: Vec<Record>,
    tombstones: Vec<Record>,
    versions: Versions,
}

impl History {
    /// No facts.
    #[must_use]
    pub fn new() -> History {
        History::default()
    }

    /// All records, facts dated beyond the clock included, in canonical order.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Records that were deleted, and still bar what they deleted.
    #[must_use]
    pub fn tombstones(&self) -> &[Record] {
        &self.tombstones
    }

    /// The records whose business time the clock has reached at `now`.
    #[must_use]
    pub fn reached(&self, now: Moment) -> &[Record] {
        let end = self.records.partition_point(|record| record.at <= now);
        &self.records[..end]
    }

    /// The business time of the first record that the clock has not reached at `now`.
    #[must_use]
    pub fn next_held(&self, now: Moment) -> Option<Moment> {
        self.records.get(self.reached(now).len()).map(|record| record.at)
    }

    /// Joins one fact, carried by message `sequence`. `zone` says where a civil day begins.
    pub fn join(&mut self, event: Event, sequence: Option<u64>, zone: &TimeZone) -> Change {
        self.join_at(event, sequence, zone).0
    }

    /// As [`History::join`], with the place among [`History::records`] at which the record now stands,
    /// if it does and the join changed it.
    pub fn join_at(&mut self, event: Event, sequence: Option<u64>, zone: &TimeZone) -> (Change, Option<usize>) {
        let record = record_of(event, sequence, zone);
        if let Some(place) = find(&self.records, &record.event) {
            self.versions.hear(&self.records[place], &record);
            return self.join_known(place, record);
        }
        if let Some(place) = find(&self.tombstones, &record.event) {
            self.versions.hear(&self.tombstones[place], &record);
            return self.join_deleted(place, record);
        }
        match record.event.op {
            Op::Put => (Change::Added, Some(self.insert(record))),
            Op::Delete => {
                self.tombstones.push(record);
                (Change::Nothing, None)
            }
        }
    }

    /// The winning version of the record that `event` speaks of; `None` when none is held.
    #[must_use]
    pub fn record_of(&self, event: &Event) -> Option<&Record> {
        find(&self.records, event).map(|place| &self.records[place])
    }

    /// When the winning version of `record`, one of this history, arrived itself, where known.
    #[must_use]
    pub fn arrival_of(&self, record: &Record) -> Option<Moment> {
        let of_record = self.versions.of(&record.event).last();
        of_record.map_or(record.first_arrived, |winner| winner.event.arrived)
    }

    /// Every version of every record that was heard, in no order.
    pub fn versions(&self) -> impl Iterator<Item = Version> + '_ {
        let winners = self.records.iter().chain(&self.tombstones);
        let alone = winners.filter(|record| self.versions.of(&record.event).next().is_none());
        alone.map(Version::of).chain(self.versions.iter().cloned())
    }

    /// The history as it was known at `when`: made of the versions that had arrived by then. One whose arrival is not
    /// known counts from its business time on.
    #[must_use]
    pub fn known_at(&self, when: Moment, zone: &TimeZone) -> History {
        let arrived = |version: &Version| version.event.arrived.unwrap_or_else(|| version.event.at.moment(zone));
        let mut known = History::new();
        for Version { event, sequence } in self.versions().filter(|version| arrived(version) <= when) {
            known.join(event, sequence, zone);
        }
        known
    }

    /// The record is held as a put.
    fn join_known(&mut self, place: usize, record: Record) -> (Change, Option<usize>) {
        let held = &mut self.records[place];
        let earlier = annotate(held, &record);
        if precedence(&record.event, &held.event) != Ordering::Greater {
            return if earlier { (Change::Annotated, Some(place)) } else { (Change::Nothing, None) };
        }
        let held = self.records.remove(place);
        let winner = succeed(&held, record);
        let before = Box::new(held.event);
        match winner.event.op {
            Op::Put => {
                let place = self.insert(winner);
                (Change::Corrected(before), Some(place))
            }
            Op::Delete => {
                self.tombstones.push(winner);
                (Change::Deleted(before), None)
            }
        }
    }

    /// The record is held as a tombstone.
    fn join_deleted(&mut self, place: usize, record: Record) -> (Change, Option<usize>) {
        let held = &mut self.tombstones[place];
        annotate(held, &record);
        if precedence(&record.event, &held.event) != Ordering::Greater {
            return (Change::Nothing, None);
        }
        let held = self.tombstones.swap_remove(place);
        let winner = succeed(&held, record);
        match winner.event.op {
            Op::Put => (Change::Added, Some(self.insert(winner))),
            Op::Delete => {
                self.tombstones.push(winner);
                (Change::Nothing, None)
            }
        }
    }

    fn insert(&mut self, record: Record) -> usize {
        let place = self.records.partition_point(|held| held.order(&record).is_lt());
        self.records.insert(place, record);
        place
    }
}

/// The arrival moves from the version to the record, which keeps the earliest of all.
fn record_of(mut event: Event, sequence: Option<u64>, zone: &TimeZone) -> Record {
    Record { at: event.at.moment(zone), first_arrived: event.arrived.take(), sequence, disputed: false, event }
}

/// The record after `winner` beat `held`: it keeps the earliest arrival; a dispute lives on only among
/// contents of one version.
fn succeed(held: &Record, winner: Record) -> Record {
    let disputed = winner.event.version == held.event.version && winner.event.op == held.event.op;
    Record { first_arrived: earliest(held.first_arrived, winner.first_arrived), disputed, ..winner }
}

/// Takes from a losing or equal version what it still tells; true when a rule could see the news.
fn annotate(held: &mut Record, other: &Record) -> bool {
    let same_version = other.event.version == held.event.version && other.event.op == held.event.op;
    let same = same_version && same_content(&other.event, &held.event);
    if same {
        held.sequence = earliest(held.sequence, other.sequence);
    }
    let first_arrived = earliest(held.first_arrived, other.first_arrived);
    let disputed = held.disputed || (same_version && !same);
    let news = first_arrived != held.first_arrived || disputed != held.disputed;
    (held.first_arrived, held.disputed) = (first_arrived, disputed);
    news
}

fn earliest<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (known, None) | (None, known) => known,
    }
}

fn find(records: &[Record], event: &Event) -> Option<usize> {
    records.iter().position(|record| record.event.same_record(event))
}

fn same_content(a: &Event, b: &Event) -> bool {
    a.seq == b.seq && a.activity == b.activity && a.at == b.at && a.detail == b.detail
}

/// Which of two versions of a record wins: the greater by (version, delete before put, content hash).
fn precedence(a: &Event, b: &Event) -> Ordering {
    let by_version = a.version.cmp(&b.version).then_with(|| (a.op == Op::Delete).cmp(&(b.op == Op::Delete)));
    by_version.then_with(|| if same_content(a, b) { Ordering::Equal } else { content_hash(a).cmp(&content_hash(b)) })
}

/// SHA-256 of the stored raw fields in canonical form; the arrival is not content.
fn content_hash(event: &Event) -> [u8; 32] {
    let content = Event { arrived: None, ..event.clone() };
    Sha256::digest(line::write(&content)).into()
}

#[cfg(test)]
mod tests;
