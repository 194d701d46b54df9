//! Marks: proof that the stream still holds what was read from it.
//!
//! A server that lost its last messages (a crash before they were on the disk, a restored backup) gives their
//! sequences to new messages. The stream's name and birth are then the same and its end may lie beyond our
//! position, but what we read is not what it holds. A mark is the sequence, the server's time and a hash of one
//! message; reading it back tells.

use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use facts::Moment;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::streams::{StreamError, moment_of_nanos};

/// Sequences between two marks that are kept.
pub const MARK_EVERY: u64 = 1_000;
/// Marks that are kept. The newest one nearly always settles it.
pub const MARKS_KEPT_MAX: usize = 32;

/// One message as it was read.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// Stream sequence.
    pub sequence: u64,
    /// The server's time of it.
    pub timestamp: Moment,
    /// XXH3-64 with seed 0 over subject, a zero byte and payload.
    pub hash: u64,
}

impl Mark {
    /// The mark of a message.
    #[must_use]
    pub fn new(sequence: u64, timestamp: Moment, subject: &str, payload: &[u8]) -> Mark {
        let mut hash = Xxh3::with_seed(0);
        hash.update(subject.as_bytes());
        hash.update(&[0]);
        hash.update(payload);
        Mark { sequence, timestamp, hash: hash.digest() }
    }
}

/// The newest mark and some before it, about [`MARK_EVERY`] sequences apart, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marks(Vec<Mark>);

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Marks {
        let mut kept = Marks::default();
        marks.into_iter().for_each(|mark| kept.add(mark));
        kept
    }
}

impl Marks {
    /// Takes a newer mark; it replaces the newest one unless that is far enough from the one before.
    ///
    /// After reading went back, marks that are not older than it are of messages that the stream lost.
    pub fn add(&mut self, mark: Mark) {
        self.drop_after(mark.sequence.saturating_sub(1));
        if let [.., before, newest] = self.0[..]
            && newest.sequence < before.sequence + MARK_EVERY
        {
            self.0.pop();
        }
        self.0.push(mark);
        let surplus = self.0.len().saturating_sub(MARKS_KEPT_MAX);
        self.0.drain(..surplus);
    }

    /// Drops the marks of messages after `sequence`.
    pub fn drop_after(&mut self, sequence: u64) {
        self.0.retain(|mark| mark.sequence <= sequence);
    }

    /// The marks, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Mark> {
        self.0.iter().rev()
    }
}

/// What the stream says of a mark.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// It holds that very message.
    Same,
    /// It holds another one under that sequence, or never came that far.
    Other,
    /// It does not hold that message any more, which says nothing.
    Gone,
}

/// Reads the marked message back.
///
/// # Errors
/// When the server fails.
pub async fn compare(stream: &Stream, mark: &Mark) -> Result<Comparison, StreamError> {
    if mark.sequence > stream.cached_info().state.last_sequence {
        return Ok(Comparison::Other);
    }
    match stream.get_raw_message(mark.sequence).await {
        Ok(message) => {
            let timestamp = moment_of_nanos(message.time.unix_timestamp_nanos());
            let found = Mark::new(message.sequence, timestamp, &message.subject, &message.payload);
            Ok(if found == *mark { Comparison::Same } else { Comparison::Other })
        }
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(Comparison::Gone),
        Err(error) => {
            let stream = stream.cached_info().config.name.clone();
            Err(StreamError::Server { stream, what: "read", source: error.into() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_mark_is_kept_and_older_ones_about_a_thousand_apart() {
        let mut marks = Marks::default();
        for sequence in (300..=3_000).step_by(300) {
            marks.add(Mark::new(sequence, Moment::default(), "s", b"x"));
        }
        let kept: Vec<u64> = marks.newest_first().map(|mark| mark.sequence).collect();
        assert_eq!(kept, [3_000, 2_700, 1_500, 300]);
        for sequence in (4_000..100_000).step_by(1_000) {
            marks.add(Mark::new(sequence, Moment::default(), "s", b"x"));
        }
        assert_eq!(marks.newest_first().count(), MARKS_KEPT_MAX);
    }

    #[test]
    fn marks_of_lost_messages_go_when_reading_goes_back() {
        let mut marks = Marks::default();
        for sequence in [1_000, 2_000, 3_000, 1_500] {
            marks.add(Mark::new(sequence, Moment::default(), "s", b"x"));
        }
        let kept: Vec<u64> = marks.newest_first().map(|mark| mark.sequence).collect();
        assert_eq!(kept, [1_500, 1_000]);
    }

    #[test]
    fn a_mark_tells_subject_payload_and_time_apart() {
        let mark = Mark::new(1, Moment::default(), "ab", b"c");
        assert_ne!(mark, Mark::new(1, Moment::default(), "a", b"bc"));
        assert_ne!(mark, Mark::new(1, Moment::from_millis(1), "ab", b"c"));
        assert_eq!(mark.hash, 7_966_408_848_946_203_469, "the hash is written to disk and must never change");
    }
}
