//! Facts from a file of lines: plain, gzip or zstd, told apart by their first bytes; `-` is standard input.
//!
//! Streaming: memory holds one buffer and one batch, whatever the file's size or its longest line. A line
//! that is no fact is returned with its place and reason and stops nothing; only a source that cannot be
//! read further stops.
//!
//! Not here: the clock of a replay, and what becomes of the refused lines.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use facts::Event;
use facts::line::{self, LINE_BYTES_MAX};

use crate::metric_names;
use crate::packing::unpacked;
use crate::payload;
use crate::quarantine::{Place, RefusedLine};

mod line_reader;

use line_reader::{LineReader, RawLine};

/// The name that stands for standard input.
pub const STANDARD_INPUT: &str = "-";

/// A file of facts, read from its start to its end.
pub struct EventFile {
    name: String,
    bytes_total: Option<u64>,
    bytes_read: Arc<AtomicU64>,
    lines: LineReader<Box<dyn BufRead + Send>>,
}

/// Some lines of a file.
#[derive(Debug, Default)]
pub struct FileBatch {
    /// Facts with their line numbers from 1, in the file's order.
    pub facts: Vec<(u64, Event)>,
    /// Lines that are no facts.
    pub refused: Vec<RefusedLine>,
    /// Lines read, good or bad; empty ones are not counted.
    pub lines: u64,
    /// Top-level fields outside the schema.
    pub unknown_fields: u64,
}

/// Why a source of lines cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Not there, or not ours to read.
    #[error("could not open {name}")]
    Open {
        /// The file as named by the caller.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// It broke off: a disk error, or a compressed file that is damaged or cut short.
    #[error("could not read {name} beyond line {line}; what stands before it was read")]
    Read {
        /// The file as named by the caller.
        name: String,
        /// The last line read whole.
        line: u64,
        /// The system's reason.
        source: io::Error,
    },
}

impl EventFile {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> Result<EventFile, FileError> {
        let name = path.display().to_string();
        if name == STANDARD_INPUT {
            return EventFile::from_reader(STANDARD_INPUT, io::stdin(), None);
        }
        let opened = File::open(path).and_then(|file| file.metadata().map(|about| (file, about)));
        let (file, about) = opened.map_err(|source| FileError::Open { name: name.clone(), source })?;
        let bytes_total = about.is_file().then_some(about.len());
        EventFile::from_reader(&name, file, bytes_total)
    }

    /// Reads from any source of bytes; `name` is what refused lines and errors call it.
    ///
    /// # Errors
    /// When its first bytes cannot be read.
    pub fn from_reader(
        name: &str,
        reader: impl Read + Send + 'static,
        bytes_total: Option<u64>,
    ) -> Result<EventFile, FileError> {
        let bytes_read = Arc::new(AtomicU64::new(0));
        let counted = Counted { reader, bytes_read: Arc::clone(&bytes_read) };
        let text = unpacked(counted, BUFFER_BYTES).map_err(|source| FileError::Read {
            name: name.to_owned(),
            line: 0,
            source,
        })?;
        Ok(EventFile { name: name.to_owned(), bytes_total, bytes_read, lines: LineReader::new(text) })
    }

    /// Size of the file on disk, in bytes; unknown for a pipe.
    #[must_use]
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    /// Bytes taken from the disk so far; equals [`EventFile::bytes_total`] at the end.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// The next lines, at most `lines_max`; `None` at the end.
    ///
    /// # Errors
    /// When the source breaks off. Lines of this batch that were read before are lost with it: a batch is
    /// all or nothing, and a broken file is to be replaced.
    pub fn next_batch(&mut self, lines_max: usize) -> Result<Option<FileBatch>, FileError> {
        let mut batch = FileBatch::default();
        while batch.lines < lines_max as u64 {
            let number = self.lines.number();
            let next = self.lines.next();
            let Some(raw) = next.map_err(|source| FileError::Read { name: self.name.clone(), line: number, source })?
            else {
                break;
            };
            batch.take(&self.name, number + 1, raw);
        }
        metrics::counter!(metric_names::LINES).increment(batch.lines);
        metrics::counter!(metric_names::UNKNOWN_FIELDS).increment(batch.unknown_fields);
        Ok((batch.lines > 0).then_some(batch))
    }
}

impl std::fmt::Debug for EventFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("EventFile").field("name", &self.name).field("line", &self.lines.number()).finish()
    }
}

impl FileBatch {
    fn take(&mut self, name: &str, number: u64, raw: RawLine<'_>) {
        let place = || Place { origin: name.to_owned(), sequence: None, line: number };
        match raw {
            RawLine::Whole([]) => {}
            RawLine::Whole(text) => {
                self.lines += 1;
                match line::read(text, None) {
                    Ok(read) => match read.event.arrived.and_then(|at| line::beyond_horizon(&read.event, at)) {
                        Some(fault) => {
                            self.refused.push(RefusedLine::new(place(), fault, &Bytes::copy_from_slice(text)));
                        }
                        None => {
                            self.unknown_fields += u64::from(read.unknown_fields);
                            self.facts.push((number, read.event));
                        }
                    },
                    Err(fault) => self.refused.push(RefusedLine::new(place(), fault, &Bytes::copy_from_slice(text))),
                }
            }
            RawLine::TooLong { head, bytes_total, sha256 } => {
                self.lines += 1;
                self.refused.push(RefusedLine::too_long(place(), head, bytes_total, sha256));
            }
        }
    }
}

/// Bytes of text kept ready.
const BUFFER_BYTES: usize = 4 * LINE_BYTES_MAX;

/// Counts the bytes that pass.
struct Counted<R> {
    reader: R,
    bytes_read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A line without what the payload form drops.
fn trimmed(line: &[u8], first: bool) -> &[u8] {
    let line = if first { payload::without_mark(line) } else { line };
    payload::without_return(line)
}

#[cfg(test)]
mod tests;
