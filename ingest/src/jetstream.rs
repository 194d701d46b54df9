//! Facts from the stream APPROVALS: a pull consumer of our own position, decoded, over a bounded channel.
//!
//! - The position is ours (semantics 34): the consumer confirms nothing, starts at a sequence we name and is
//!   made anew whenever the session with the server ends.
//! - Back pressure: a full channel stops the reading; requests run out, and the server keeps the rest.
//! - A batch is handed over only after its refused lines are stored in QUARANTINE.
//! - [`Feed::drained`] tells when the clock may follow the wall clock (semantics 13): nothing is unread, and the
//!   server was heard lately. A silent server, a lost connection or an unread message all make it false.
//! - What was read is what the stream holds: marks are read back at every opening, and reading goes back to the newest one
//!   that the stream still holds (`marks`).
//! - Batches come in the order of the stream without overlap; sequences that the stream does not hold any more
//!   are reported as gaps in the batch that follows them.
//!
//! Not here: what a gap means to lights, checkpoints, the clock.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::Stream;
use facts::{Event, Moment};
use tokio::sync::{mpsc, watch};

use crate::decode::Arrival;
use crate::metric_names;
use crate::quarantine::{QuarantineWriter, stopped_within};
use crate::server::Connection;
use crate::streams::{self, StreamError, StreamIdentity};

mod health;
pub mod marks;
mod pull;
mod session;

pub use health::Health;
use marks::Comparison;
pub use marks::{Mark, Marks};
use session::{Session, SessionEnd};

/// A fact and where it stood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sequenced {
    /// Stream sequence of its message.
    pub sequence: u64,
    /// Line in the message, from 1.
    pub line: u32,
    /// The fact.
    pub event: Event,
}

/// Sequences that the stream does not hold, both ends included.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Gap {
    /// First missing sequence.
    pub first: u64,
    /// Last missing sequence.
    pub last: u64,
}

/// What one turn of reading brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Facts in the order of the stream.
    pub facts: Vec<Sequenced>,
    /// Sequences before `last_sequence` that are missing and were not reported before.
    pub gaps: Vec<Gap>,
    /// Everything up to this sequence is in this batch, an earlier one, QUARANTINE or a gap.
    pub last_sequence: u64,
    /// The server's timestamp of the last message.
    pub last_timestamp: Moment,
    /// Messages of the stream after `last_sequence` when the server sent it.
    pub pending: u64,
    /// Messages read, whatever became of their lines.
    pub messages: u32,
    /// Lines stored in QUARANTINE.
    pub quarantined: u32,
    /// The mark of the last message, to be kept with the position; absent when there was no message.
    pub mark: Option<Mark>,
}

/// Where reading goes on, as a checkpoint keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Position {
    /// The stream it belongs to; `None` for whatever stream is there.
    pub stream: Option<StreamIdentity>,
    /// Everything up to here was taken; 0 for nothing.
    pub last_sequence: u64,
    /// Marks of messages up to `last_sequence`.
    pub marks: Marks,
}

/// How to read.
#[derive(Clone, Debug)]
pub struct IntakeOptions {
    /// Where a fact's `arrived` comes from.
    pub arrival: Arrival,
    /// Messages asked for at once. A request follows when half is left, so 1.5 times as many are under way.
    pub request_messages: usize,
    /// Bytes asked for at once. Twice as many may be under way; the server drops a connection with more than
    /// its `max_pending` (64 MB) outstanding, and again after each reconnect.
    pub request_bytes: usize,
    /// How often an idle server must be heard.
    pub heartbeat: Duration,
    /// How long a request stands; at least twice the heartbeat.
    pub expires: Duration,
    /// Lines after which a batch is handed over though more messages are at hand.
    pub batch_lines: usize,
    /// Batches that wait for the worker before reading stops.
    pub batches_waiting: usize,
}

impl Default for IntakeOptions {
    fn default() -> IntakeOptions {
        IntakeOptions {
            arrival: Arrival::Server,
            request_messages: 10_000,
            request_bytes: 16 * 1024 * 1024,
            heartbeat: Duration::from_secs(1),
            expires: Duration::from_secs(30),
            batch_lines: 8_192,
            batches_waiting: 4,
        }
    }
}

/// Why reading cannot start or cannot go on. A lost connection is none of these: it comes back.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// A stream cannot be read at the start.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The position lies behind the stream's end. The server would accept it and deliver nothing.
    #[error(
        "reading of stream {stream} should go on at sequence {start}, but the stream ends at {last}. It lost messages, or is another one than the checkpoint knows. Restore the stream, or start with a new checkpoint folder to judge what the stream holds"
    )]
    BeyondEnd {
        /// The stream.
        stream: String,
        /// The sequence asked for.
        start: u64,
        /// The last sequence of the stream.
        last: u64,
    },
    /// The stream was made anew under the same name.
    #[error(
        "stream {stream} was made at {found}, but the one read so far at {known}: it is another stream. Restore the old one, or start with a new checkpoint folder to judge what this one holds"
    )]
    OtherStream {
        /// The stream.
        stream: String,
        /// When the stream we read was made.
        known: Moment,
        /// When the stream found now was made.
        found: Moment,
    },
    /// The stream holds other messages than those that were read from it, as far back as marks reach.
    #[error(
        "stream {stream} holds another message at sequence {sequence} than the one read there, and no mark that is kept is still what was read: it lost messages and gave their sequences to new ones. Restore the stream, or start with a new checkpoint folder to judge what it holds"
    )]
    Rewritten {
        /// The stream.
        stream: String,
        /// The newest mark that differs.
        sequence: u64,
    },
}

/// The reading side: a task that lives until stopped.
pub struct Intake {
    connection: Connection,
    stream: StreamIdentity,
    options: IntakeOptions,
    quarantine: QuarantineWriter,
    /// Everything up to here was handed over.
    position: u64,
    /// Marks of what was handed over.
    marks: Marks,
    batches: mpsc::Sender<Batch>,
    health: Arc<Health>,
    wake: Box<dyn Fn() + Send + Sync>,
    stop: watch::Receiver<bool>,
}

impl Intake {
    /// Prepares to read stream `name` on from `position` (the default for all of it).
    ///
    /// `wake` is called after every batch and every heartbeat, so that a worker that sleeps elsewhere looks at its
    /// [`Feed`]. Reading ends when `stop` turns true.
    ///
    /// # Errors
    /// When the stream or QUARANTINE cannot be read, or the position is not of this stream.
    pub async fn open(
        connection: Connection,
        name: &str,
        position: &Position,
        options: IntakeOptions,
        wake: Box<dyn Fn() + Send + Sync>,
        stop: watch::Receiver<bool>,
    ) -> Result<(Intake, Feed), IntakeError> {
        let found = streams::open(&connection, name).await?;
        let state = streams::state_of(found.cached_info());
        let stream = position.stream.as_ref().unwrap_or(&state.identity).clone();
        let mut marks = position.marks.clone();
        let resumed = resume(&stream, position.last_sequence, &mut marks, &found).await?;
        let mut quarantine = QuarantineWriter::open(connection.clone(), stream.clone()).await?;
        if resumed < position.last_sequence {
            quarantine.go_back(resumed);
        }
        let health = Arc::new(Health::new(options.heartbeat));
        let (batches, receiver) = mpsc::channel(options.batches_waiting.max(1));
        let feed = Feed { receiver, health: Arc::clone(&health) };
        let intake =
            Intake { connection, stream, options, quarantine, position: resumed, marks, batches, health, wake, stop };
        Ok((intake, feed))
    }

    /// Everything up to here counts as taken: where the position said, or before it where the stream lost messages.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Reads until stopped, or until the [`Feed`] is dropped; returns the last sequence handed over.
    ///
    /// # Errors
    /// When the stream is found to be another one, or to end before our position.
    pub async fn run(mut self) -> Result<u64, IntakeError> {
        let mut pause = PAUSE.0;
        loop {
            let before = self.position;
            let end = match Session::open(&mut self).await {
                Ok(session) => session.run().await,
                Err(end) => end,
            };
            self.health.close();
            metrics::gauge!(metric_names::CONNECTED).set(0.0);
            match end {
                SessionEnd::Stopped => return Ok(self.position),
                SessionEnd::Fatal(error) => return Err(error),
                SessionEnd::Broken(reason) => {
                    metrics::counter!(metric_names::REOPENED).increment(1);
                    tracing::warn!(position = self.position, %reason, "reading broke off; opening anew");
                }
            }
            pause = if self.position > before { PAUSE.0 } else { (pause * 2).min(PAUSE.1) };
            if stopped_within(pause, &mut self.stop).await {
                return Ok(self.position);
            }
        }
    }
}

/// First and longest pause before a broken session is opened anew.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

impl std::fmt::Debug for Intake {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Intake").field("stream", &self.stream).field("position", &self.position).finish()
    }
}

/// Where reading goes on: at `position` while the stream holds what was read, else at the newest mark that it still holds.
/// Newer marks are dropped then, and what lies between is read again: facts are a set, so those that are the same
/// change nothing.
async fn resume(known: &StreamIdentity, position: u64, marks: &mut Marks, found: &Stream) -> Result<u64, IntakeError> {
    let state = streams::state_of(found.cached_info());
    let stream = known.name.clone();
    if known.created != state.identity.created {
        return Err(IntakeError::OtherStream { stream, known: known.created, found: state.identity.created });
    }
    let mut differs = None;
    let newest_first: Vec<Mark> = marks.newest_first().copied().collect();
    for mark in newest_first {
        match (marks::compare(found, &mark).await?, differs) {
            (Comparison::Other, _) => differs = differs.or(Some(mark.sequence)),
            (Comparison::Same, None) => break,
            (Comparison::Same, Some(differs)) => {
                let matching = mark.sequence;
                tracing::error!(
                    stream,
                    position,
                    differs,
                    matching,
                    "the stream lost messages and gave their sequences to others; reading goes back to the newest \
                     message that is still what was read. Ask senders to send again what they sent since then"
                );
                metrics::counter!(metric_names::WENT_BACK).increment(1);
                marks.drop_after(matching);
                return Ok(matching);
            }
            // Older messages are gone as well: nothing more can be learnt.
            (Comparison::Gone, _) => break,
        }
    }
    if let Some(sequence) = differs {
        return Err(IntakeError::Rewritten { stream, sequence });
    }
    if position > state.last_sequence {
        return Err(IntakeError::BeyondEnd { stream, start: position + 1, last: state.last_sequence });
    }
    Ok(position)
}

/// The worker's side of the bounded channel.
#[derive(Debug)]
pub struct Feed {
    receiver: mpsc::Receiver<Batch>,
    health: Arc<Health>,
}

/// What a look at the channel found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// A batch.
    Batch(Batch),
    /// Nothing for now.
    Nothing,
    /// Reading ended and everything read was taken.
    Ended,
}

impl Feed {
    /// Looks without waiting.
    pub fn try_next(&mut self) -> Next {
        match self.receiver.try_recv() {
            Ok(batch) => Next::Batch(batch),
            Err(mpsc::error::TryRecvError::Empty) => Next::Nothing,
            Err(mpsc::error::TryRecvError::Disconnected) => Next::Ended,
        }
    }

    /// Waits for the next batch; `None` when reading ended and everything read was taken.
    pub async fn next(&mut self) -> Option<Batch> {
        self.receiver.recv().await
    }

    /// As [`Feed::next`], on a thread of its own.
    ///
    /// # Panics
    /// On a thread that drives asynchronous tasks.
    pub fn blocking_next(&mut self) -> Option<Batch> {
        self.receiver.blocking_recv()
    }

    /// Is nothing unread, and was the server heard lately?
    ///
    /// Ask this first and look at the channel then: when this was true and the channel is empty, everything
    /// that the server had when it was last heard has been taken.
    #[must_use]
    pub fn drained(&self) -> bool {
        self.health.drained()
    }

    /// What the server was last heard to hold beyond what was handed over, in messages.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.health.pending()
    }

    /// The same answers for others, such as a readiness page.
    #[must_use]
    pub fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }
}

#[cfg(test)]
mod tests;
