//! Cases that are kept beside the facts, at a start: taken where they may be, else left to the facts.

use std::ops::Range;
use std::sync::Mutex;

use facts::Moment;

use super::{Cursor, in_ranges};
use crate::checkpoint::case_cache::CasesEntry;
use crate::checkpoint::case_slot::SLOTS;
use crate::checkpoint::fault::CheckpointError;
use crate::checkpoint::folder::check_segment;
use crate::checkpoint::manifest::Manifest;
use crate::checkpoint::segment::{FrameEntry, Segment};
use crate::checkpoint::slot_set::SlotSet;
use crate::checkpoint::storage::Storage;
use crate::judge::Judge;
use crate::packed_case::FORMAT;
use crate::planted::planted;
use crate::runner::Runner;

/// Which facts the cases that were taken hold.
pub(super) struct Kept {
    /// By slot, the instant through which all its facts are held; the least one where no cases were taken.
    through: Vec<Moment>,
    /// Cases.
    pub(super) cases: u64,
    /// Slots whose cases cannot be read.
    pub(super) unreadable: SlotSet,
}

impl Kept {
    /// The instant through which all facts of a slot are held.
    pub(super) fn through(&self, slot: u16) -> Moment {
        self.through[usize::from(slot)]
    }

    /// Are all facts of a frame held?
    pub(super) fn holds_all(&self, frame: &FrameEntry) -> bool {
        let slots = usize::from(frame.slots.0)..=usize::from(frame.slots.1);
        self.through.get(slots).is_some_and(|held| held.iter().all(|through| frame.last_enters <= *through))
    }
}

/// Hands the cases that may be taken to the workers, each slot's as a whole or not at all.
///
/// # Errors
/// When the dataflow fails. What is wrong with a file is logged: its slots are left to the facts.
pub(super) fn take_in<J: Judge>(
    storage: &dyn Storage,
    manifest: &Manifest,
    runner: &Runner<J>,
    engine: &str,
    through: Moment,
) -> Result<Kept, CheckpointError> {
    let mut kept = Kept { through: vec![Moment::MIN; usize::from(SLOTS)], cases: 0, unreadable: SlotSet::EMPTY };
    let careless = planted!(CasesOfAnotherConfigurationTaken);
    let (fitting, others): (Vec<&CasesEntry>, Vec<_>) = manifest.cases.iter().partition(|entry| {
        let by = &entry.judged_by;
        let configured = careless || by.configuration == runner.first_configuration();
        configured && by.engine == engine && by.format == FORMAT
    });
    if !others.is_empty() {
        let slots: usize = others.iter().map(|entry| entry.slots.len()).sum();
        tracing::info!(
            slots,
            "cases kept in the checkpoint were judged by another configuration or program; they are judged anew"
        );
    }
    // What was not said by then is to be told with its causes: those facts are fed.
    for entry in fitting.into_iter().filter(|entry| entry.through() <= through) {
        let (taken, cases) = match check_segment(storage, &entry.segment) {
            Ok(segment) => take_file(&segment, entry, runner, through)?,
            Err(fault) => {
                tell(&fault);
                (SlotSet::EMPTY, 0)
            }
        };
        entry.slots.iter().filter(|slot| !taken.holds(*slot)).for_each(|slot| kept.unreadable.add(slot));
        taken.iter().for_each(|slot| kept.through[usize::from(slot)] = entry.through());
        kept.cases += cases;
    }
    Ok(kept)
}

fn tell(fault: &CheckpointError) {
    let fault = fault.without_remedy();
    tracing::warn!(fault, "cases kept in the checkpoint cannot be read; they are judged anew, no fact is lost");
}

/// Takes the cases of one file; returns the slots that were taken as a whole, and how many cases.
fn take_file<J: Judge>(
    segment: &Segment,
    entry: &CasesEntry,
    runner: &Runner<J>,
    through: Moment,
) -> Result<(SlotSet, u64), CheckpointError> {
    let all = Mutex::new((SlotSet::EMPTY, 0));
    let told = Mutex::new(false);
    in_ranges(runner.workers(), |slots: Range<u16>| {
        let read = take_slots(segment, entry, runner, through, slots, |slot, cases| {
            let mut all = all.lock().expect("who holds it cannot fail");
            all.0.add(slot);
            all.1 += u64::from(cases);
        });
        match read {
            Err(fault @ CheckpointError::Dataflow(_)) => Err(fault),
            Err(fault) => {
                if !std::mem::replace(&mut *told.lock().expect("who holds it cannot fail"), true) {
                    tell(&fault);
                }
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    })?;
    Ok(all.into_inner().expect("who holds it cannot fail"))
}

/// Takes the cases of the slots of a range, until one cannot be read.
fn take_slots<J: Judge>(
    segment: &Segment,
    entry: &CasesEntry,
    runner: &Runner<J>,
    through: Moment,
    slots: Range<u16>,
    mut taken: impl FnMut(u16, u32),
) -> Result<(), CheckpointError> {
    let mut wanted = slots.clone().filter(|slot| entry.slots.holds(*slot)).peekable();
    let Some(first) = wanted.peek() else { return Ok(()) };
    let mut cursor = Cursor::at(segment, *first..slots.end, None)?;
    for slot in slots.filter(|slot| *slot >= *first) {
        let mut records = Vec::new();
        cursor.take(slot, |group| {
            records.extend_from_slice(group.records);
            Ok(())
        })?;
        if entry.slots.holds(slot) {
            let Some(cases) = runner.take_in(&records, through)? else {
                return Err(CheckpointError::damaged(
                    segment.file.clone(),
                    0,
                    "a slot is not made of records of cases",
                ));
            };
            taken(slot, cases);
        }
    }
    Ok(())
}
