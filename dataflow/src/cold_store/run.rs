//! A run: packed cases in the order of their places, in frames, in a file without a name.
//!
//! ```text
//! frame*     content: ([place u64][length u32][packed case])*     frames as in checkpoints
//! ```
//!
//! In memory: the first place in each frame, where the frame lies, and a filter.

use std::borrow::Borrow;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::filter::Filter;
use super::hash_at;
use crate::checkpoint::{pack, unpack};
use crate::packed_case::id_of;

/// A frame is closed once its content is this long: what one read costs.
const FRAME_CONTENT: usize = 32 * 1024;
/// The longest content of a frame: [`FRAME_CONTENT`] and one large case.
const CONTENT_MAX: usize = 256 * 1024 * 1024;
/// Place and length.
const HEADER: usize = 12;

/// Files of this process, so that no two names are equal.
static FILES: AtomicU64 = AtomicU64::new(0);

/// Where a frame lies.
struct Frame {
    first: u64,
    offset: u64,
    length: u32,
}

/// A run that was written.
pub(super) struct Run {
    /// How often its cases were merged.
    pub(super) level: u8,
    /// Cases in it.
    pub(super) cases: usize,
    file: File,
    frames: Vec<Frame>,
    filter: Filter,
}

impl Run {
    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.filter.bytes() + size_of_val(self.frames.as_slice())
    }

    /// The case of this number.
    pub(super) fn find(&self, place: u64, id: &str) -> io::Result<Option<Box<[u8]>>> {
        if !self.filter.may_hold(hash_at(place)) {
            return Ok(None);
        }
        for frame in self.frames[self.frame_of(place)..].iter().take_while(|frame| frame.first <= place) {
            let content = self.content(frame)?;
            let found = cases(&content).find(|(held, packed)| *held == place && id_of(packed) == id);
            if let Some((_, packed)) = found {
                return Ok(Some(packed.into()));
            }
        }
        Ok(None)
    }

    /// The first frame in which a case at `place` may lie: cases of one place may begin in the frame before the first one
    /// that begins with it.
    fn frame_of(&self, place: u64) -> usize {
        self.frames.partition_point(|frame| frame.first < place).saturating_sub(1)
    }

    fn content(&self, frame: &Frame) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; frame.length as usize];
        self.file.read_exact_at(&mut bytes, frame.offset)?;
        let (content, _) = unpack(&bytes, CONTENT_MAX).map_err(|fault| io::Error::other(fault.to_string()))?;
        Ok(content)
    }
}

/// The cases of a frame's content, with their places.
fn cases(mut content: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        let (header, rest) = content.split_at_checked(HEADER)?;
        let (place, length) = header.split_at(8);
        let place = u64::from_le_bytes(place.try_into().expect("split at 8 bytes"));
        let length = u32::from_le_bytes(length.try_into().expect("4 bytes are left"));
        let (packed, rest) = rest.split_at(length as usize);
        content = rest;
        Some((place, packed))
    })
}

/// Writes a run; cases come in the order of their places.
pub(super) struct RunWriter {
    file: File,
    offset: u64,
    first: u64,
    content: Vec<u8>,
    frames: Vec<Frame>,
    filter: Filter,
    level: u8,
    cases: usize,
}

impl RunWriter {
    /// A new run in `folder`, for at most so many cases.
    pub(super) fn create(folder: &Path, cases_max: usize, level: u8) -> io::Result<RunWriter> {
        fs::create_dir_all(folder)?;
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("sealed-{}-{number}", std::process::id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        // From here on the file lives as long as somebody holds it.
        fs::remove_file(&path)?;
        let filter = Filter::new(cases_max);
        Ok(RunWriter { file, offset: 0, first: 0, content: Vec::new(), frames: Vec::new(), filter, level, cases: 0 })
    }

    /// Adds a case.
    pub(super) fn add(&mut self, place: u64, packed: &[u8]) -> io::Result<()> {
        if self.content.is_empty() {
            self.first = place;
        }
        self.filter.add(hash_at(place));
        self.cases += 1;
        let length = u32::try_from(packed.len()).map_err(io::Error::other)?;
        self.content.extend_from_slice(&place.to_le_bytes());
        self.content.extend_from_slice(&length.to_le_bytes());
        self.content.extend_from_slice(packed);
        if self.content.len() >= FRAME_CONTENT { self.close_frame() } else { Ok(()) }
    }

    fn close_frame(&mut self) -> io::Result<()> {
        if self.content.is_empty() {
            return Ok(());
        }
        let frame = pack(&self.content);
        self.file.write_all(&frame)?;
        let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
        self.frames.push(Frame { first: self.first, offset: self.offset, length });
        self.offset += frame.len() as u64;
        self.content.clear();
        Ok(())
    }

    /// Ends the run.
    pub(super) fn finish(mut self) -> io::Result<Run> {
        self.close_frame()?;
        let RunWriter { file, mut frames, filter, level, cases, .. } = self;
        frames.shrink_to_fit();
        Ok(Run { level, cases, file, frames, filter })
    }
}

/// Reads a run from its beginning to its end, a frame at a time.
pub(super) struct RunReader<R> {
    run: R,
    next: usize,
    /// Cases of the frame that was read last, the last one first.
    left: Vec<(u64, Box<[u8]>)>,
}

impl<R: Borrow<Run>> RunReader<R> {
    /// A reader at the beginning.
    pub(super) fn of(run: R) -> RunReader<R> {
        RunReader { run, next: 0, left: Vec::new() }
    }

    /// A reader at the frame in which the first case at `place` or after it lies, if there is one.
    pub(super) fn from(run: R, place: u64) -> RunReader<R> {
        let next = run.borrow().frame_of(place);
        RunReader { run, next, left: Vec::new() }
    }
}

impl<R: Borrow<Run>> Iterator for RunReader<R> {
    type Item = io::Result<(u64, Box<[u8]>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left.is_empty() {
            let run = self.run.borrow();
            let frame = run.frames.get(self.next)?;
            self.next += 1;
            match run.content(frame) {
                Ok(content) => self.left = cases(&content).map(|(place, packed)| (place, packed.into())).collect(),
                Err(error) => return Some(Err(error)),
            }
            self.left.reverse();
        }
        self.left.pop().map(Ok)
    }
}
