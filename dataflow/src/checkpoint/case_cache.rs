//! Cases beside the facts that they follow from: a cache, by case slot, from which a start goes on without judging.
//!
//! ```text
//! cases-N     a segment (see there) of records of cases instead of facts, written at one cut for some slots
//! ```
//!
//! - A file holds all cases of its slots at one closed instant T_s; facts of these slots that enter later are to be joined.
//! - A later file for a slot takes the place of the earlier one; a file that no slot needs any more is named no longer.
//! - Only the program and the configuration that judged them may take them ([`JudgedBy`]), and only when everything said
//!   through T_s stands in ALERTS: facts after that instant are to be told with their own causes.
//! - Nothing rests on it. A file that is missing, damaged or of another configuration costs time at a start, never a light.
//!
//! Each cut writes a bounded part anew: slots that have no cases here first, then those of which most came since.

use std::io::{self, Read};

use facts::Moment;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::case_slot::SLOTS;
use super::fault::CheckpointError;
use super::gathered::Gathered;
use super::manifest::{Manifest, SegmentEntry};
use super::segment::{SegmentWriter, Totals, groups};
use super::slot_set::SlotSet;
use super::storage::Storage;
use crate::cached::{HandedOut, JudgedBy, records};

/// A cut writes so large a part of all cases.
const PART: u64 = 32;
/// A cut writes at least so many bytes, as far as can be foreseen,
const CUT_MIN: u64 = 1024 * 1024;
/// and at most so many.
const CUT_MAX: u64 = 8 * 1024 * 1024;
/// Slots are written anew when the facts since, unpacked, are so large a part of the slot's share, packed,
const GROWN: u64 = 4;
/// or when some came and the cases are so old,
const OLD_MS: i64 = 30 * 60 * 1000;
/// or in any case: time passes in them, too.
const VERY_OLD_MS: i64 = 6 * 60 * 60 * 1000;
/// When there are more files, the slots of the oldest are written anew.
const FILES_MAX: usize = 64;

/// A file of cases.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CasesEntry {
    /// The file; its totals count cases, and the instant at which they were handed out.
    pub(crate) segment: SegmentEntry,
    /// Who judged them.
    pub(crate) judged_by: JudgedBy,
    /// The slots whose cases are here.
    pub(crate) slots: SlotSet,
}

impl CasesEntry {
    /// The closed instant through which all facts of these slots are in their cases.
    pub(crate) fn through(&self) -> Moment {
        self.segment.totals.last_enters()
    }
}

/// Cases that a cut adds.
#[derive(Clone, Debug)]
pub struct CaseCut {
    /// The slots: of these all cases.
    pub slots: SlotSet,
    /// The cases.
    pub handed: HandedOut,
}

/// Writes cases durably; what older files hold of these slots is needed no longer.
pub(super) fn write(
    storage: &dyn Storage,
    name: String,
    cut: &CaseCut,
    before: &[CasesEntry],
) -> Result<Vec<CasesEntry>, CheckpointError> {
    let HandedOut { through, judged_by, slots } = &cut.handed;
    let mut writer = SegmentWriter::create(storage, name.clone())?;
    let mut totals = Totals { enters: Some((*through, *through)), ..Totals::default() };
    for (slot, piece) in slots.iter().flat_map(|(slot, pieces)| pieces.iter().map(move |piece| (*slot, piece))) {
        writer.group(slot, piece.cases, *through, &piece.bytes)?;
        totals.extend(&Totals { facts: piece.cases.into(), hash: xxh3_64(&piece.bytes), enters: None });
    }
    let segment = SegmentEntry { file: name, bytes: writer.finish(totals)?, totals };
    let mut entries = before.to_vec();
    entries.iter_mut().for_each(|entry| entry.slots.remove_all(&cut.slots));
    entries.retain(|entry| !entry.slots.is_empty());
    entries.push(CasesEntry { segment, judged_by: judged_by.clone(), slots: cut.slots.clone() });
    Ok(entries)
}

/// Reads a file of cases to the last record; returns how many it holds.
pub(super) fn verify(storage: &dyn Storage, entry: &CasesEntry) -> Result<u64, CheckpointError> {
    let segment = super::folder::check_segment(storage, &entry.segment)?;
    let mut totals = Totals { enters: entry.segment.totals.enters, ..Totals::default() };
    for frame in &segment.index.frames {
        let content = segment.content(frame)?;
        for group in groups(&content, segment.form).map_err(|fault| segment.misshapen(frame, fault))? {
            let cases = records(group.records).try_fold(0_u32, |count, record| record.map(|_| count + 1));
            if cases != Some(group.facts) {
                let fault = format!("a group of slot {} is not made of {} cases", group.slot, group.facts);
                return Err(segment.misshapen(frame, fault));
            }
            totals.extend(&Totals { facts: group.facts.into(), hash: xxh3_64(group.records), enters: None });
        }
    }
    if totals != entry.segment.totals {
        return Err(CheckpointError::damaged(
            segment.file,
            0,
            "its cases add up to something else than its manifest says",
        ));
    }
    Ok(totals.facts)
}

/// A hash of all that `file` holds, to tell one program from another.
///
/// # Errors
/// What the system says.
pub fn hash_of(file: &mut impl Read) -> io::Result<u64> {
    let (mut hash, mut piece) = (Xxh3::new(), vec![0; 1024 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hash.digest()),
            length => hash.update(&piece[..length]),
        }
    }
}

/// What came to each slot since its cases were written, in bytes of facts.
pub(super) struct Since(Vec<u64>);

impl Default for Since {
    fn default() -> Since {
        Since(vec![0; usize::from(SLOTS)])
    }
}

impl Since {
    /// Facts of a cut, and the slots whose cases it writes.
    pub(super) fn cut(&mut self, facts: &Gathered, written: Option<&SlotSet>) {
        for (slot, group) in facts.groups() {
            self.came(slot, group.bytes.len() as u64);
        }
        written.into_iter().flat_map(SlotSet::iter).for_each(|slot| self.0[usize::from(slot)] = 0);
    }

    /// So many bytes of facts more.
    pub(super) fn came(&mut self, slot: u16, bytes: u64) {
        let held = &mut self.0[usize::from(slot)];
        *held = held.saturating_add(bytes);
    }

    /// The slots whose cases are to be written next, as the manifest stands: a bounded part of those that need it. `last`:
    /// nothing comes after; then each of which anything came needs it.
    pub(super) fn wanted(&self, manifest: &Manifest, engine: &str, last: bool) -> SlotSet {
        let usable = |entry: &&CasesEntry| {
            entry.judged_by.configuration == manifest.configuration && entry.judged_by.engine == engine
        };
        let mut held: Vec<Option<(Moment, u64)>> = vec![None; usize::from(SLOTS)];
        let (mut bytes, mut slots) = (0, 0);
        for entry in manifest.cases.iter().filter(usable) {
            // What the file holds of slots that are elsewhere by now is counted, too: they are of like size.
            let share = entry.segment.bytes / entry.slots.len().max(1) as u64;
            (bytes, slots) = (bytes + entry.segment.bytes, slots + entry.slots.len() as u64);
            entry.slots.iter().for_each(|slot| held[usize::from(slot)] = Some((entry.through(), share)));
        }
        let oldest = manifest.cases.first().filter(|_| manifest.cases.len() > FILES_MAX);
        let now = manifest.clock.now;
        let need = |slot: u16| -> Option<u64> {
            let came = self.0[usize::from(slot)];
            let Some((through, share)) = held[usize::from(slot)] else { return Some(u64::MAX) };
            let older = |ms: i64| through.plus_millis(ms) < now;
            let due = came.saturating_mul(GROWN) > share || came > 0 && (last || older(OLD_MS)) || older(VERY_OLD_MS);
            let tidied = oldest.is_some_and(|oldest| oldest.slots.holds(slot));
            (due || tidied).then_some(if tidied { u64::MAX } else { came })
        };
        let mut needing: Vec<(u64, u16)> = (0..SLOTS).filter_map(|slot| Some((need(slot)?, slot))).collect();
        needing.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        // Where no cases were written yet, they take somewhat more than their facts.
        let all = u64::from(SLOTS);
        let foreseen = if slots < all / 4 { manifest.bytes().saturating_mul(3) / 2 } else { bytes / slots * all };
        let allowed = (foreseen / PART).clamp(CUT_MIN, CUT_MAX);
        let count = allowed.saturating_mul(all) / foreseen.max(1);
        needing.into_iter().take(usize::try_from(count.max(1)).unwrap_or(usize::MAX)).map(|(_, slot)| slot).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::ClockMark;

    const ENGINE: &str = "0.1.0";

    fn at(millis: i64) -> Moment {
        Moment::from_millis(1_800_000_000_000 + millis)
    }

    fn file(number: u16, slots: impl Iterator<Item = u16>, through: i64, bytes: u64) -> CasesEntry {
        let totals = Totals { facts: 9, hash: 9, enters: Some((at(through), at(through))) };
        CasesEntry {
            segment: SegmentEntry { file: format!("cases-{number}"), bytes, totals },
            judged_by: JudgedBy { configuration: "c".into(), engine: ENGINE.into(), format: 1 },
            slots: slots.collect(),
        }
    }

    fn manifest(now: i64, cases: Vec<CasesEntry>) -> Manifest {
        Manifest {
            number: 7,
            clock: ClockMark { now: at(now), highest_at: None },
            said_through: None,
            configuration: "c".into(),
            engine: ENGINE.into(),
            streams: Vec::new(),
            sources: Vec::new(),
            said: None,
            cases,
            segments: vec![SegmentEntry { file: "facts-1".into(), bytes: 200 << 20, totals: Totals::default() }],
        }
    }

    #[test]
    fn a_cut_writes_a_bounded_part_and_cuts_enough_write_all() {
        let mut cases = Vec::new();
        for cut in 0..200 {
            let wanted = Since::default().wanted(&manifest(0, cases.clone()), ENGINE, false);
            if wanted.is_empty() {
                assert!((32..64).contains(&cut), "{cut} cuts");
                return;
            }
            assert!(wanted.len() < 64, "{}", wanted.len());
            cases.push(file(cut, wanted.iter(), 0, 6 << 20));
        }
        panic!("it never ends");
    }

    #[test]
    fn slots_of_which_little_came_wait_until_they_are_old_or_nothing_comes_after() {
        let cases = vec![file(1, 0..SLOTS, 0, 100 << 20)];
        let mut since = Since::default();
        since.came(3, 100);
        since.came(5, 90_000);
        let wanted =
            |now: i64, last| since.wanted(&manifest(now, cases.clone()), ENGINE, last).iter().collect::<Vec<_>>();
        assert_eq!(wanted(0, false), [5]);
        assert_eq!(wanted(0, true), [3, 5]);
        assert_eq!(wanted(OLD_MS + 1, false), [3, 5]);
        assert_eq!(wanted(VERY_OLD_MS + 1, false).len(), 32, "all are, a part of them at a time");
    }

    #[test]
    fn what_another_configuration_or_program_judged_is_written_anew() {
        let mut cases = vec![file(1, 0..SLOTS, 0, 1 << 20)];
        assert!(Since::default().wanted(&manifest(0, cases.clone()), ENGINE, false).is_empty());
        assert!(!Since::default().wanted(&manifest(0, cases.clone()), "0.2.0", false).is_empty());
        cases[0].judged_by.configuration = "d".into();
        assert!(!Since::default().wanted(&manifest(0, cases), ENGINE, false).is_empty());
    }

    #[test]
    fn many_files_become_fewer() {
        let slots = |file: u16| file * 15..file * 15 + 15;
        let mut cases: Vec<CasesEntry> = (0..=64).map(|number| file(number, slots(number), 0, 1000)).collect();
        cases.push(file(65, 975..SLOTS, 0, 1000));
        let wanted = Since::default().wanted(&manifest(0, cases), ENGINE, false);
        assert_eq!(wanted.iter().collect::<Vec<_>>(), slots(0).collect::<Vec<_>>());
    }
}
