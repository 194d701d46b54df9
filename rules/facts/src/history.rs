//! What is known of one case: the winning version of each record, in canonical order.
//!
//! Invariant: the same set of (record version, arrival) gives the same history, in whatever order
//! and however often its members come (semantics 1 to 3). Order among facts is (`at`, `source`,
//! `seq`, `id`); arrival never orders anything.
//! Tombstones live as long as the case, so that a late put cannot bring back what was deleted; each keeps the
//! greatest put that it bars, so that a put sent after a final delete can be told.
//! Versions that lost are kept beside the winners, so that what was known at an earlier instant can be told
//! ([`History::known_at`]); no rule sees them.

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::event::{Event, Op};
use crate::line;
use crate::moment::Moment;

mod parts;
mod versions;

pub use parts::Parts;
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
    /// The earliest arrival of this version with this content, where known.
    pub arrived: Option<Moment>,
    /// The first message that carried this version: its stream sequence, in a replay its line.
    pub sequence: Option<u64>,
    /// The greatest other content that was sent under the winning version.
    pub rival: Option<Box<Rival>>,
}

/// A content that lost against another one of the same version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rival {
    /// What it says; its own `arrived` is empty.
    pub event: Event,
    /// The first message that carried it.
    pub sequence: Option<u64>,
}

/// A record that was deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// The delete that holds.
    pub delete: Record,
    /// The greatest put that it bars, where one was seen; `first_arrived` is empty, since the delete's speaks for all.
    pub put: Option<Box<Record>>,
}

impl Tombstone {
    /// Nothing can bring the record back: the delete named no version.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.delete.event.version == Event::FINAL
    }

    /// Takes in a put that does not undo the delete; true when the greatest put changed.
    fn bar(&mut self, put: Record) -> bool {
        let before = self.put.take();
        let after = match before.as_deref().cloned() {
            None => put,
            Some(held) if precedence(&put.event, &held.event) == Ordering::Greater => succeed(&held, put),
            Some(mut held) => {
                annotate(&mut held, &put);
                held
            }
        };
        self.put = Some(Box::new(Record { first_arrived: None, ..after }));
        self.put != before
    }
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
    /// The record stays deleted; what is known of the put that the delete bars changed.
    Barred,
}

/// The facts of one case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    records: Vec<Record>,
    tombstones: Vec<Tombstone>,
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
    pub fn tombstones(&self) -> &[Tombstone] {
        &self.tombstones
    }

    /// The records whose business time the clock has reached at `now`.
    #[must_use]
    pub fn reached(&self, now: Moment) -> &[Record] {
        let end = self.records.partition_point(|record| record.at <= now);
        &self.records[..end]
    }

    /// The records whose business time the clock has not reached at `now`.
    #[must_use]
    pub fn held(&self, now: Moment) -> &[Record] {
        &self.records[self.reached(now).len()..]
    }

    /// The tombstone of the record that `event` speaks of.
    #[must_use]
    pub fn tombstone_of(&self, event: &Event) -> Option<&Tombstone> {
        self.tombstones.iter().find(|tombstone| tombstone.delete.event.same_record(event))
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
        if let Some(place) = self.tombstones.iter().position(|held| held.delete.event.same_record(&record.event)) {
            self.versions.hear(&self.tombstones[place].delete, &record);
            return self.join_deleted(place, record);
        }
        match record.event.op {
            Op::Put => (Change::Added, Some(self.insert(record))),
            Op::Delete => {
                self.tombstones.push(Tombstone { delete: record, put: None });
                (Change::Nothing, None)
            }
        }
    }

    /// The winning version of the record that `event` speaks of; `None` when none is held.
    #[must_use]
    pub fn record_of(&self, event: &Event) -> Option<&Record> {
        find(&self.records, event).map(|place| &self.records[place])
    }

    /// Every version of every record that was heard, in no order.
    pub fn versions(&self) -> impl Iterator<Item = Version> + '_ {
        let winners = self.records.iter().chain(self.tombstones.iter().map(|tombstone| &tombstone.delete));
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
        if precedence(&record.event, &held.event) != Ordering::Greater {
            let news = annotate(held, &record);
            return if news { (Change::Annotated, Some(place)) } else { (Change::Nothing, None) };
        }
        let held = self.records.remove(place);
        let winner = succeed(&held, record);
        match winner.event.op {
            Op::Put => {
                let place = self.insert(winner);
                (Change::Corrected(Box::new(held.event)), Some(place))
            }
            Op::Delete => {
                let before = Box::new(held.event.clone());
                let put = Some(Box::new(Record { first_arrived: None, ..held }));
                self.tombstones.push(Tombstone { delete: winner, put });
                (Change::Deleted(before), None)
            }
        }
    }

    /// The record is held as a tombstone.
    fn join_deleted(&mut self, place: usize, record: Record) -> (Change, Option<usize>) {
        let held = &mut self.tombstones[place];
        let wins = precedence(&record.event, &held.delete.event) == Ordering::Greater;
        let news = match (record.event.op, wins) {
            (Op::Put, true) => {
                let held = self.tombstones.swap_remove(place);
                return (Change::Added, Some(self.insert(succeed(&held.delete, record))));
            }
            (Op::Put, false) => {
                annotate(&mut held.delete, &record);
                held.bar(record)
            }
            (Op::Delete, true) => {
                held.delete = succeed(&held.delete, record);
                held.put.is_some()
            }
            (Op::Delete, false) => annotate(&mut held.delete, &record) && held.put.is_some(),
        };
        (if news && held.is_final() { Change::Barred } else { Change::Nothing }, None)
    }

    fn insert(&mut self, record: Record) -> usize {
        let place = self.records.partition_point(|held| held.order(&record).is_lt());
        self.records.insert(place, record);
        place
    }
}

/// The arrival moves from the event to the record.
fn record_of(mut event: Event, sequence: Option<u64>, zone: &TimeZone) -> Record {
    let arrived = event.arrived.take();
    Record { at: event.at.moment(zone), first_arrived: arrived, arrived, sequence, rival: None, event }
}

/// The record after `winner` beat `held`: it keeps the earliest arrival; what it beat is a rival only under
/// the same version.
fn succeed(held: &Record, winner: Record) -> Record {
    let rival = same_version(&winner.event, &held.event)
        .then(|| Box::new(Rival { event: held.event.clone(), sequence: held.sequence }));
    Record { first_arrived: earliest(held.first_arrived, winner.first_arrived), rival, ..winner }
}

/// Takes from a losing or equal version what it still tells; true when a rule could see the news.
fn annotate(held: &mut Record, other: &Record) -> bool {
    let first_arrived = earliest(held.first_arrived, other.first_arrived);
    let mut news = first_arrived != held.first_arrived;
    held.first_arrived = first_arrived;
    if !same_version(&other.event, &held.event) {
        return news;
    }
    if same_content(&other.event, &held.event) {
        held.sequence = earliest(held.sequence, other.sequence);
        let arrived = earliest(held.arrived, other.arrived);
        news |= arrived != held.arrived;
        held.arrived = arrived;
        return news;
    }
    match &mut held.rival {
        Some(rival) if same_content(&rival.event, &other.event) => {
            rival.sequence = earliest(rival.sequence, other.sequence);
        }
        Some(rival) if precedence(&rival.event, &other.event) == Ordering::Greater => {}
        rival => {
            *rival = Some(Box::new(Rival { event: other.event.clone(), sequence: other.sequence }));
            news = true;
        }
    }
    news
}

/// Two puts, or two deletes, of one version.
fn same_version(a: &Event, b: &Event) -> bool {
    a.version == b.version && a.op == b.op
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
