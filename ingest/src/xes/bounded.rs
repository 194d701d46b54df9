//! A reader that refuses to hand out one piece of markup or text without end.

use std::io::{self, BufRead, Read};

/// Counts the bytes of the piece under way.
pub(super) struct Bounded<R> {
    reader: R,
    piece_bytes: usize,
    piece_bytes_max: usize,
}

/// The error inside an [`io::Error`] when a piece is too long.
#[derive(Debug, thiserror::Error)]
#[error("a piece of markup or text is too long")]
struct TooLong;

/// Did the bound raise this error?
pub(super) fn is_too_long(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<TooLong>())
}

impl<R> Bounded<R> {
    pub(super) fn new(reader: R, piece_bytes_max: usize) -> Bounded<R> {
        Bounded { reader, piece_bytes: 0, piece_bytes_max }
    }

    /// A new piece starts.
    pub(super) fn start_piece(&mut self) {
        self.piece_bytes = 0;
    }

    fn count(&mut self, bytes: usize) {
        self.piece_bytes = self.piece_bytes.saturating_add(bytes);
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece_bytes > self.piece_bytes_max {
            return Err(io::Error::other(TooLong));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.count(bytes);
        self.reader.consume(bytes);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}
