//! Cuts to write, and what a checkpoint holds.

use std::sync::Arc;

use facts::{Activity, Event, EventTime, Op};

use crate::Entry;
use crate::checkpoint::segment::{Segment, read_groups};
use crate::checkpoint::storage::simulated::Simulated;
use crate::checkpoint::{
    Checkpoint, CheckpointError, ClockMark, Cut, Gathered, SaidTable, SaidThrough, StreamMark, StreamPosition,
};
use crate::tests::worlds::{at, office};

/// The fact of message `sequence`.
pub(super) fn fact(sequence: u64) -> Entry {
    let event = Event {
        id: format!("r{sequence}").as_str().into(),
        version: 1,
        seq: None,
        op: Op::Put,
        source: "oa".into(),
        case: format!("case-{}", sequence % 7).as_str().into(),
        activity: Activity::Submitted,
        at: EventTime::Instant(at(sequence as i64)),
        arrived: Some(at(sequence as i64)),
        address: office("D1"),
        detail: None,
    };
    Entry { enters: at(sequence as i64), sequence: Some(sequence), event }
}

/// The cut after message `to`, with the facts since message `from`.
pub(super) fn cut(from: u64, to: u64) -> Cut {
    let mut facts = Gathered::default();
    (from + 1..=to).for_each(|sequence| facts.add(&fact(sequence), 1));
    let said_through = SaidThrough { through: at(to as i64 - 1), waiting: Vec::new() };
    Cut {
        facts,
        cases: None,
        clock: ClockMark { now: at(to as i64), highest_at: None },
        streams: vec![position(to)],
        sources: Vec::new(),
        said_through: Some(said_through),
        said: (to / 3 > from / 3).then(|| SaidTable::of(5, to / 3 * 3, &[])),
        configuration: "c".into(),
        engine: "0.1.0".into(),
    }
}

/// The position after message `to`.
pub(super) fn position(to: u64) -> StreamPosition {
    let mark = StreamMark { sequence: to, timestamp: at(to as i64), hash: to };
    StreamPosition { name: "APPROVALS".into(), created: at(0), last_sequence: to, marks: vec![mark] }
}

pub(super) fn open(folder: &Simulated) -> Result<Checkpoint, CheckpointError> {
    Checkpoint::open(Arc::new(folder.clone()))
}

/// The sequence up to which a checkpoint goes; 0 for an empty one.
pub(super) fn reach(checkpoint: &Checkpoint) -> u64 {
    checkpoint.manifest().map_or(0, |manifest| manifest.streams[0].last_sequence)
}

/// Every fact of a checkpoint, sorted by message.
pub(super) fn facts(checkpoint: &Checkpoint) -> Result<Vec<Entry>, CheckpointError> {
    let mut facts = Vec::new();
    for entry in checkpoint.manifest().map_or(&[][..], |manifest| &manifest.segments) {
        let segment = Segment::open(checkpoint.storage.as_ref(), &entry.file)?;
        for frame in &segment.index.frames {
            let content = segment.content(frame)?;
            let all = read_groups(&content, segment.form, |_, fact, _| facts.push(fact.entry()));
            all.map_err(|fault| segment.misshapen(frame, fault))?;
        }
    }
    facts.sort_by_key(|fact: &Entry| fact.sequence);
    Ok(facts)
}

/// The checkpoint is whole up to the message it names.
#[track_caller]
pub(super) fn assert_whole(checkpoint: &Checkpoint, what: &str) {
    let reach = reach(checkpoint);
    let found = facts(checkpoint).unwrap_or_else(|error| panic!("{what}: {error}"));
    let expected: Vec<Entry> = (1..=reach).map(fact).collect();
    assert_eq!(found, expected, "{what}");
    if let Some(manifest) = checkpoint.manifest() {
        assert_eq!(manifest.streams, [position(reach)], "{what}");
        let through = manifest.said_through.as_ref().map(|said| said.through);
        assert_eq!(through, Some(at(reach as i64 - 1)), "{what}");
        let said = checkpoint.said(|_| {}).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(said, (reach >= 3).then_some((5, reach / 3 * 3)), "{what}");
    }
}
