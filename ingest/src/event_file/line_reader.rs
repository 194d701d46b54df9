//! Lines of any length in bounded memory.

use std::io::{self, BufRead};

use bytes::Bytes;
use facts::line::LINE_BYTES_MAX;
use sha2::{Digest, Sha256};

use super::trimmed;
use crate::quarantine::KEPT_BYTES_MAX;

/// The longest line held whole: the longest that can be a fact, with a mark before and a return after it.
const HELD_BYTES_MAX: usize = LINE_BYTES_MAX + 4;

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RawLine<'a> {
    /// Short enough to be a fact.
    Whole(&'a [u8]),
    /// Longer than any fact; only its head is held.
    TooLong {
        /// The first bytes.
        head: Bytes,
        /// The whole length.
        bytes_total: u64,
        /// SHA-256 of the whole line.
        sha256: [u8; 32],
    },
}

/// Takes lines from `reader` one by one.
pub(super) struct LineReader<R> {
    reader: R,
    /// Lines read so far.
    number: u64,
    /// The current line, when it does not lie in the reader's buffer as one piece.
    held: Vec<u8>,
    /// Bytes of the reader's buffer that the line handed out last occupies.
    used: usize,
}

impl<R: BufRead> LineReader<R> {
    pub(super) fn new(reader: R) -> LineReader<R> {
        LineReader { reader, number: 0, held: Vec::new(), used: 0 }
    }

    /// Lines read so far.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line, or `None` at the end. A last line needs no line end.
    pub(super) fn next(&mut self) -> io::Result<Option<RawLine<'_>>> {
        self.reader.consume(std::mem::take(&mut self.used));
        let first = self.number == 0;
        let ready = self.reader.fill_buf()?;
        if ready.is_empty() {
            return Ok(None);
        }
        let end = memchr::memchr(b'\n', ready);
        self.number += 1;
        if let Some(end) = end.filter(|end| *end <= HELD_BYTES_MAX) {
            self.used = end + 1;
            // Asking again gives the same buffer: nothing was consumed in between.
            let ready = self.reader.fill_buf()?;
            return Ok(Some(RawLine::Whole(trimmed(&ready[..end], first))));
        }
        self.collect(first)
    }

    /// A line that spans buffers, or is too long.
    fn collect(&mut self, first: bool) -> io::Result<Option<RawLine<'_>>> {
        self.held.clear();
        let mut overflow: Option<Overflow> = None;
        loop {
            let ready = self.reader.fill_buf()?;
            let end = memchr::memchr(b'\n', ready);
            let piece = &ready[..end.unwrap_or(ready.len())];
            let at_end = ready.is_empty() || end.is_some();
            match &mut overflow {
                Some(overflow) => overflow.add(piece),
                None if self.held.len() + piece.len() <= HELD_BYTES_MAX => self.held.extend_from_slice(piece),
                None => {
                    let mut started = Overflow::default();
                    started.add(&self.held);
                    started.add(piece);
                    overflow = Some(started);
                    let room = KEPT_BYTES_MAX.saturating_sub(self.held.len());
                    self.held.extend_from_slice(&piece[..piece.len().min(room)]);
                }
            }
            let used = piece.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if at_end {
                break;
            }
        }
        Ok(Some(match overflow {
            None => RawLine::Whole(trimmed(&self.held, first)),
            Some(overflow) => RawLine::TooLong {
                head: Bytes::copy_from_slice(&self.held[..self.held.len().min(KEPT_BYTES_MAX)]),
                bytes_total: overflow.bytes_total,
                sha256: overflow.hash.finalize().into(),
            },
        }))
    }
}

/// What is known of a line too long to hold.
#[derive(Default)]
struct Overflow {
    hash: Sha256,
    bytes_total: u64,
}

impl Overflow {
    fn add(&mut self, piece: &[u8]) {
        self.hash.update(piece);
        self.bytes_total += piece.len() as u64;
    }
}
