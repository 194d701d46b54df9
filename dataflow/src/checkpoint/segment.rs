//! A segment: facts by case slot in frames, with an index behind them. Written once, never changed.
//!
//! ```text
//! frame*            content: group*      group = [slot u16][facts u32][bytes u32][last enters i64][records]     slots ascending
//! index frame       content: postcard of Index
//! [offset of the index u64][crc32 of these 8 bytes u32]["WLs2"]
//! ```
//!
//! Group and frame tell the greatest instant at which a fact of theirs enters, so that a start that needs later ones only
//! unpacks neither. Segments of the first format ("WLsg") do not: there each is as late as the whole segment.

use facts::Moment;
use serde::{Deserialize, Serialize};

use super::fault::CheckpointError;
use super::frame::{self, HEADER};
use super::record::{StoredFact, read_records};
use super::storage::{Input, Output, Storage};

/// A frame is closed once its content is this long.
const FRAME_CONTENT: usize = 512 * 1024;
/// The longest content of a frame of facts: [`FRAME_CONTENT`], one more group and one more record.
pub(crate) const FRAME_CONTENT_MAX: usize = 8 * 1024 * 1024;
/// The longest index: 40 bytes a frame of half a megabyte.
const INDEX_MAX: usize = 64 * 1024 * 1024;
const MAGIC: [u8; 4] = *b"WLs2";
/// The end of a segment whose groups and frames do not tell how late they are; it is read, not written.
const MAGIC_1: [u8; 4] = *b"WLsg";
const TRAILER: usize = 16;
/// Slot, facts, bytes, and how late they are.
const GROUP_HEADER: usize = 18;
/// Slot, facts, bytes.
const GROUP_HEADER_1: usize = 10;

/// What a set of facts adds up to, whatever its order and its division.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Facts.
    pub(crate) facts: u64,
    /// The sum modulo 2^64 of XXH3-64 of the stored records.
    pub(crate) hash: u64,
    /// The least and the greatest instant at which one enters.
    pub(crate) enters: Option<(Moment, Moment)>,
}

impl Totals {
    /// Adds one fact.
    pub(crate) fn add(&mut self, enters: Moment, hash: u64) {
        self.extend(&Totals { facts: 1, hash, enters: Some((enters, enters)) });
    }

    /// No fact enters later.
    pub(crate) fn last_enters(&self) -> Moment {
        self.enters.map_or(Moment::MIN, |(_, last)| last)
    }

    /// Adds another set.
    pub(crate) fn extend(&mut self, other: &Totals) {
        self.facts = self.facts.saturating_add(other.facts);
        self.hash = self.hash.wrapping_add(other.hash);
        self.enters = match (self.enters, other.enters) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (known, None) | (None, known) => known,
        };
    }
}

/// Where a frame lies and what it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct FrameEntry {
    /// Byte in the file.
    pub(crate) offset: u64,
    /// Bytes of the frame.
    pub(crate) length: u32,
    /// Least and greatest slot in it.
    pub(crate) slots: (u16, u16),
    /// Facts in it.
    pub(crate) facts: u64,
    /// No fact of it enters later.
    pub(crate) last_enters: Moment,
}

/// The same in the first format.
#[derive(Deserialize)]
struct FrameEntry1 {
    offset: u64,
    length: u32,
    slots: (u16, u16),
    facts: u64,
}

/// What a segment of the first format holds.
#[derive(Deserialize)]
struct Index1 {
    frames: Vec<FrameEntry1>,
    totals: Totals,
}

impl From<Index1> for Index {
    fn from(Index1 { frames, totals }: Index1) -> Index {
        let last_enters = totals.last_enters();
        let frame =
            |FrameEntry1 { offset, length, slots, facts }| FrameEntry { offset, length, slots, facts, last_enters };
        Index { frames: frames.into_iter().map(frame).collect(), totals }
    }
}

/// How the groups of a segment's frames are written.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum GroupForm {
    /// They do not tell how late they are: none is later than this.
    First(Moment),
    /// As they are written now.
    Current,
}

/// What a segment holds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Index {
    /// Frames in the order of slots.
    pub(crate) frames: Vec<FrameEntry>,
    /// All of it.
    pub(crate) totals: Totals,
}

/// Records of one slot in a frame's content.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct GroupView<'a> {
    pub(crate) slot: u16,
    pub(crate) facts: u32,
    /// No fact of it enters later.
    pub(crate) last_enters: Moment,
    /// Where the records begin in the content.
    pub(crate) start: usize,
    pub(crate) records: &'a [u8],
}

/// The groups of a frame's content.
///
/// # Errors
/// What is wrong with the content.
pub(crate) fn groups(content: &[u8], form: GroupForm) -> Result<Vec<GroupView<'_>>, String> {
    let mut groups = Vec::new();
    let mut at = 0;
    let length = if form == GroupForm::Current { GROUP_HEADER } else { GROUP_HEADER_1 };
    while at < content.len() {
        let cut_off = || format!("a group is cut off at byte {at} of the frame's content");
        let header = content.get(at..at + length).ok_or_else(cut_off)?;
        let word =
            |from: usize| u32::from_le_bytes([header[from], header[from + 1], header[from + 2], header[from + 3]]);
        let slot = u16::from_le_bytes([header[0], header[1]]);
        let last_enters = match form {
            GroupForm::First(last) => last,
            GroupForm::Current => {
                Moment::from_millis(i64::from_le_bytes(header[10..].try_into().expect("8 bytes are left")))
            }
        };
        let start = at + length;
        let end = start.saturating_add(word(6) as usize);
        let records = content.get(start..end).ok_or_else(cut_off)?;
        groups.push(GroupView { slot, facts: word(2), last_enters, start, records });
        at = end;
    }
    Ok(groups)
}

/// Hands every fact of a frame's content, as it is written now, to `each`, with its slot and its hash.
///
/// # Errors
/// What is wrong with the content; facts before it were handed over.
pub fn read_content(content: &[u8], each: impl FnMut(u16, StoredFact, u64)) -> Result<(), String> {
    read_groups(content, GroupForm::Current, each)
}

/// Hands every fact of a frame's content to `each`, with its slot and its hash.
///
/// # Errors
/// What is wrong with the content; facts before it were handed over.
pub(crate) fn read_groups(
    content: &[u8],
    form: GroupForm,
    mut each: impl FnMut(u16, StoredFact, u64),
) -> Result<(), String> {
    groups(content, form)?.iter().try_for_each(|group| read_group(group, |fact, hash| each(group.slot, fact, hash)))
}

/// Hands every fact of a group to `each`, with its hash.
///
/// # Errors
/// What is wrong with the group; facts before it were handed over.
pub(crate) fn read_group(group: &GroupView<'_>, mut each: impl FnMut(StoredFact, u64)) -> Result<(), String> {
    let mut found = 0;
    let all = read_records(group.records, |fact, hash| {
        found += 1;
        each(fact, hash);
    });
    all.map_err(|at| format!("the record at byte {} of the frame's content cannot be read", group.start + at))?;
    if found != group.facts {
        return Err(format!("a group of slot {} holds {found} facts and says {}", group.slot, group.facts));
    }
    Ok(())
}

/// Writes a segment; groups come in the order of slots.
pub(crate) struct SegmentWriter<'a> {
    storage: &'a dyn Storage,
    output: Box<dyn Output>,
    name: String,
    offset: u64,
    content: Vec<u8>,
    slots: Option<(u16, u16)>,
    facts: u64,
    last_enters: Moment,
    index: Index,
}

impl<'a> SegmentWriter<'a> {
    /// A new segment.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(crate) fn create(storage: &'a dyn Storage, name: String) -> Result<SegmentWriter<'a>, CheckpointError> {
        let output = storage.create(&name).map_err(CheckpointError::system("create", place(storage, &name)))?;
        let (content, index, last_enters) = (Vec::new(), Index::default(), Moment::MIN);
        Ok(SegmentWriter { storage, output, name, offset: 0, content, slots: None, facts: 0, last_enters, index })
    }

    /// Adds a group of which no fact enters after `last_enters`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn group(
        &mut self,
        slot: u16,
        facts: u32,
        last_enters: Moment,
        records: &[u8],
    ) -> Result<(), CheckpointError> {
        let bytes = u32::try_from(records.len()).expect("a group is far below 4 GiB");
        self.content.extend_from_slice(&slot.to_le_bytes());
        self.content.extend_from_slice(&facts.to_le_bytes());
        self.content.extend_from_slice(&bytes.to_le_bytes());
        self.content.extend_from_slice(&last_enters.millis().to_le_bytes());
        self.content.extend_from_slice(records);
        self.last_enters = self.last_enters.max(last_enters);
        self.slots = Some(self.slots.map_or((slot, slot), |(first, _)| (first, slot)));
        self.facts += u64::from(facts);
        if self.content.len() >= FRAME_CONTENT {
            self.close_frame()?;
        }
        Ok(())
    }

    fn close_frame(&mut self) -> Result<(), CheckpointError> {
        let Some(slots) = self.slots.take() else { return Ok(()) };
        let frame = frame::pack(&self.content);
        let length = u32::try_from(frame.len()).expect("a frame of facts is far below 4 GiB");
        let (offset, facts, last_enters) = (self.offset, self.facts, self.last_enters);
        self.index.frames.push(FrameEntry { offset, length, slots, facts, last_enters });
        self.write(&frame)?;
        self.content.clear();
        (self.facts, self.last_enters) = (0, Moment::MIN);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        let written = self.output.write(bytes);
        written.map_err(CheckpointError::system("write", place(self.storage, &self.name)))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Ends the segment and makes it durable; returns its length in bytes.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn finish(mut self, totals: Totals) -> Result<u64, CheckpointError> {
        self.close_frame()?;
        self.index.totals = totals;
        let index = postcard::to_stdvec(&self.index).expect("an index has a known length everywhere");
        let mut end = frame::pack(&index);
        let offset = self.offset.to_le_bytes();
        end.extend_from_slice(&offset);
        end.extend_from_slice(&crc32fast::hash(&offset).to_le_bytes());
        end.extend_from_slice(&MAGIC);
        self.write(&end)?;
        let synced = self.output.sync();
        synced.map_err(CheckpointError::system("make durable", place(self.storage, &self.name)))?;
        Ok(self.offset)
    }
}

/// A segment being read.
pub(crate) struct Segment {
    input: Box<dyn Input>,
    /// File with its folder, for messages.
    pub(crate) file: String,
    pub(crate) index: Index,
    pub(crate) form: GroupForm,
}

impl Segment {
    /// Opens a segment and reads its index.
    ///
    /// # Errors
    /// When it is not there, or its end is not what was written.
    pub(crate) fn open(storage: &dyn Storage, name: &str) -> Result<Segment, CheckpointError> {
        let file = place(storage, name);
        let read = |source| CheckpointError::System { what: "read", file: file.clone(), source };
        let input = storage.open(name).map_err(read)?;
        let size = input.size().map_err(read)?;
        let end = size.saturating_sub(TRAILER as u64);
        let mut trailer = [0; TRAILER];
        if size < TRAILER as u64 {
            return Err(CheckpointError::damaged(file, 0, "the file is cut off: it has no end of a segment"));
        }
        input.read_at(end, &mut trailer).map_err(read)?;
        let (offset, rest) = trailer.split_at(8);
        let sum = crc32fast::hash(offset).to_le_bytes();
        let first_form = rest[4..] == MAGIC_1;
        if rest[..4] != sum || !first_form && rest[4..] != MAGIC {
            return Err(CheckpointError::damaged(
                file,
                end,
                "this is not the end of a segment: the file is cut off or changed",
            ));
        }
        let offset = u64::from_le_bytes(offset.try_into().expect("split at 8 bytes"));
        let length = end.checked_sub(offset).and_then(|length| usize::try_from(length).ok());
        let Some(length) = length.filter(|length| *length <= INDEX_MAX) else {
            return Err(CheckpointError::damaged(file, end, "the index does not lie where the end says"));
        };
        let mut bytes = vec![0; length];
        input.read_at(offset, &mut bytes).map_err(read)?;
        let (content, _) = frame::unpack(&bytes, INDEX_MAX).map_err(CheckpointError::frame(&file, offset))?;
        let index: Index = if first_form {
            postcard::from_bytes::<Index1>(&content).map(Into::into)
        } else {
            postcard::from_bytes(&content)
        }
        .map_err(|error| {
            CheckpointError::damaged(file.clone(), offset, format!("the index cannot be read: {error}"))
        })?;
        let form = if first_form { GroupForm::First(index.totals.last_enters()) } else { GroupForm::Current };
        Ok(Segment { input, file, index, form })
    }

    /// The content of a frame.
    ///
    /// # Errors
    /// When it is not what was written.
    pub(crate) fn content(&self, entry: &FrameEntry) -> Result<Vec<u8>, CheckpointError> {
        let unpacked = frame::unpack(&self.frame(entry)?, FRAME_CONTENT_MAX);
        unpacked.map(|(content, _)| content).map_err(CheckpointError::frame(&self.file, entry.offset))
    }

    /// Reads a frame whose content is not needed, for its check sum alone.
    ///
    /// # Errors
    /// When it is not what was written.
    pub(crate) fn prove(&self, entry: &FrameEntry) -> Result<(), CheckpointError> {
        let frame = self.frame(entry)?;
        frame::prove(&frame).map(drop).map_err(CheckpointError::frame(&self.file, entry.offset))
    }

    fn frame(&self, entry: &FrameEntry) -> Result<Vec<u8>, CheckpointError> {
        let length = entry.length as usize;
        if length > FRAME_CONTENT_MAX + HEADER + 1024 {
            return Err(CheckpointError::damaged(self.file.clone(), entry.offset, "the index names a frame too long"));
        }
        let mut bytes = vec![0; length];
        let read = self.input.read_at(entry.offset, &mut bytes);
        read.map_err(CheckpointError::system("read", self.file.clone()))?;
        Ok(bytes)
    }

    /// That a frame's content is not made of groups.
    pub(crate) fn misshapen(&self, entry: &FrameEntry, fault: String) -> CheckpointError {
        CheckpointError::damaged(self.file.clone(), entry.offset, fault)
    }
}

/// A file with its folder, for messages.
pub(crate) fn place(storage: &dyn Storage, name: &str) -> String {
    format!("{}/{name}", storage.place())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::storage::simulated::Simulated;

    fn at(millis: i64) -> Moment {
        Moment::from_millis(1_800_000_000_000 + millis)
    }

    /// What the first format's index was.
    #[derive(Serialize)]
    struct OldIndex {
        frames: Vec<(u64, u32, (u16, u16), u64)>,
        totals: Totals,
    }

    #[test]
    fn frames_and_groups_tell_how_late_they_are() {
        let folder = Simulated::default();
        let mut writer = SegmentWriter::create(&folder, "facts-1".into()).expect("a folder in memory");
        let large = vec![0; FRAME_CONTENT];
        for (slot, last, records) in [(1, 5, &large[..]), (2, 9, b"x"), (3, 7, b"y")] {
            writer.group(slot, 1, at(last), records).expect("a folder in memory");
        }
        writer.finish(Totals::default()).expect("a folder in memory");
        let segment = Segment::open(&folder, "facts-1").expect("as written");
        let frames: Vec<_> = segment.index.frames.iter().map(|frame| (frame.slots, frame.last_enters)).collect();
        assert_eq!(frames, [((1, 1), at(5)), ((2, 3), at(9))]);
        let content = segment.content(&segment.index.frames[1]).expect("as written");
        let groups = groups(&content, segment.form).expect("as written");
        assert_eq!(groups.iter().map(|group| group.last_enters).collect::<Vec<_>>(), [at(9), at(7)]);
    }

    #[test]
    fn a_segment_of_the_first_format_is_read_and_is_as_late_as_its_last_fact() {
        let content = [&[4, 0, 1, 0, 0, 0, 3, 0, 0, 0][..], b"abc"].concat();
        let frame = frame::pack(&content);
        let totals = Totals { facts: 1, hash: 8, enters: Some((at(1), at(2))) };
        let length = u32::try_from(frame.len()).expect("a few bytes");
        let index = OldIndex { frames: vec![(0, length, (4, 4), 1)], totals };
        let index = frame::pack(&postcard::to_stdvec(&index).expect("an index"));
        let offset = (frame.len() as u64).to_le_bytes();
        let end = [&offset[..], &crc32fast::hash(&offset).to_le_bytes(), &MAGIC_1].concat();
        let folder = Simulated::default();
        let mut output = folder.create("facts-1").expect("a folder in memory");
        output.write(&[frame, index, end].concat()).expect("a folder in memory");
        let segment = Segment::open(&folder, "facts-1").expect("the first format");
        assert_eq!((segment.index.totals, segment.index.frames[0].last_enters), (totals, at(2)));
        let content = segment.content(&segment.index.frames[0]).expect("as written");
        let group = GroupView { slot: 4, facts: 1, last_enters: at(2), start: 10, records: b"abc" };
        assert_eq!(groups(&content, segment.form), Ok(vec![group]));
    }
}
