//! Many small segments into one: slot by slot, without looking into the records.
//!
//! Segments of like size are merged eight at a time, so that there are at most seven of each size and a fact is
//! written again once for each eightfold growth. Memory: one frame a segment.

use std::collections::BTreeSet;

use facts::Moment;

use super::fault::CheckpointError;
use super::manifest::SegmentEntry;
use super::segment::{Segment, SegmentWriter, Totals, groups};
use super::storage::Storage;

/// Segments of like size that are merged.
const MERGED: usize = 8;
/// All segments up to this many bytes are of like size.
const SMALLEST: u64 = 64 * 1024;

/// The files of segments to be merged, if there are enough of like size.
pub(crate) fn worth_merging(segments: &[SegmentEntry]) -> Option<BTreeSet<String>> {
    let size =
        |segment: &SegmentEntry| (segment.bytes / SMALLEST).checked_ilog(MERGED as u64).map_or(0, |size| size + 1);
    let sizes: BTreeSet<u32> = segments.iter().map(size).collect();
    sizes.into_iter().find_map(|like| {
        let of_like_size: BTreeSet<String> =
            segments.iter().filter(|segment| size(segment) == like).map(|segment| segment.file.clone()).collect();
        (of_like_size.len() >= MERGED).then_some(of_like_size)
    })
}

/// Merges segments into a new one, durably.
pub(crate) fn merge(
    storage: &dyn Storage,
    old: &[SegmentEntry],
    name: String,
) -> Result<SegmentEntry, CheckpointError> {
    let mut sources = Vec::new();
    let mut totals = Totals::default();
    for entry in old {
        sources.push(Source::open(storage, &entry.file)?);
        totals.extend(&entry.totals);
    }
    let mut writer = SegmentWriter::create(storage, name.clone())?;
    while let Some(slot) = sources.iter().filter_map(Source::slot).min() {
        for source in &mut sources {
            while source.slot() == Some(slot) {
                source.next(&mut writer)?;
            }
        }
    }
    Ok(SegmentEntry { file: name, bytes: writer.finish(totals)?, totals })
}

/// Where merging stands in one segment.
struct Source {
    segment: Segment,
    /// The next frame.
    frame: usize,
    content: Vec<u8>,
    /// Slot, facts, how late they are and place in `content` of the groups left, last first.
    left: Vec<(u16, u32, Moment, std::ops::Range<usize>)>,
}

impl Source {
    fn open(storage: &dyn Storage, file: &str) -> Result<Source, CheckpointError> {
        let mut source =
            Source { segment: Segment::open(storage, file)?, frame: 0, content: Vec::new(), left: Vec::new() };
        source.fill()?;
        Ok(source)
    }

    /// The slot of the next group.
    fn slot(&self) -> Option<u16> {
        self.left.last().map(|(slot, ..)| *slot)
    }

    /// Hands the next group to `writer`.
    fn next(&mut self, writer: &mut SegmentWriter<'_>) -> Result<(), CheckpointError> {
        let Some((slot, facts, last_enters, range)) = self.left.pop() else { return Ok(()) };
        writer.group(slot, facts, last_enters, &self.content[range])?;
        self.fill()
    }

    /// Reads the next frame when the last one is used up.
    fn fill(&mut self) -> Result<(), CheckpointError> {
        while self.left.is_empty() {
            let Some(entry) = self.segment.index.frames.get(self.frame) else { return Ok(()) };
            self.content = self.segment.content(entry)?;
            let found =
                groups(&self.content, self.segment.form).map_err(|fault| self.segment.misshapen(entry, fault))?;
            let place = |group: &super::segment::GroupView<'_>| {
                (group.slot, group.facts, group.last_enters, group.start..group.start + group.records.len())
            };
            self.left = found.iter().rev().map(place).collect();
            self.frame += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(sizes: &[u64]) -> Vec<SegmentEntry> {
        let entry = |(number, bytes): (usize, &u64)| SegmentEntry {
            file: format!("facts-{number}"),
            bytes: *bytes,
            totals: Totals::default(),
        };
        sizes.iter().enumerate().map(entry).collect()
    }

    #[test]
    fn eight_of_like_size_are_merged_and_fewer_are_not() {
        assert_eq!(worth_merging(&segments(&[1_000; 7])), None);
        assert_eq!(worth_merging(&segments(&[1_000; 8])).map(|files| files.len()), Some(8));
        let mut mixed = [1_000; 8];
        mixed[3] = 100_000;
        assert_eq!(worth_merging(&segments(&mixed)), None, "one of them is larger");
        assert_eq!(worth_merging(&segments(&[600_000; 8])).map(|files| files.len()), Some(8));
    }
}
