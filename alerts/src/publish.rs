//! Transitions to ALERTS, so that per light the messages form one unbroken chain (semantics 29).
//!
//! Every message says which sequence must be the last one before it, so ALERTS takes a transition only
//! while it is what our table believes it to be. Anything but a plain yes (a refusal, a duplicate, no
//! answer) stops the batch: ALERTS is read to its end and the owner of the table reconciles. Nothing is
//! sent twice blindly.
//!
//! Pipelining needs three guards. With expected sequences n, n + 1, n + 2 in flight and one foreign
//! message stored at n + 1, the first is refused, **but the second would be taken**, although nobody
//! looked at what the foreign message said. Therefore:
//!
//! 1. the first message of a batch is awaited alone: what follows rests on an end of stream seen now;
//! 2. each later message also names the id of the one before it, so a foreign message in between refuses
//!    it, unless the foreign one has that very id, and then it is about that other light;
//! 3. a light with an unanswered message in flight waits, so 2 never speaks of the same light.
//!
//! A foreign message with the id of one still to come is caught by the stream's duplicate window, which
//! must therefore be longer than a batch takes ([`DUPLICATE_WINDOW_MIN`]).
//!
//! Not here: which differences there are to say (`dataflow`).

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{ContextBuilder, PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use facts::Transition;
use futures_util::future::join_all;

use crate::figures;
use crate::said::{ReadFault, Said, read_said};

/// The shortest duplicate window that a stream of alerts may have.
pub const DUPLICATE_WINDOW_MIN: Duration = Duration::from_secs(30);

/// How to publish.
#[derive(Clone, Debug)]
pub struct PublishSettings {
    /// Name of the stream.
    pub stream: String,
    /// Transitions in flight at once, at least 1.
    pub window: usize,
    /// How long an answer may take before it counts as unknown; well below [`DUPLICATE_WINDOW_MIN`].
    pub ack_timeout: Duration,
    /// The first wait after ALERTS could not be read; it doubles up to `backoff_max`.
    pub backoff_min: Duration,
    /// The longest wait between two tries.
    pub backoff_max: Duration,
}

impl Default for PublishSettings {
    fn default() -> PublishSettings {
        PublishSettings {
            stream: "ALERTS".into(),
            window: 256,
            ack_timeout: Duration::from_secs(5),
            backoff_min: Duration::from_millis(100),
            backoff_max: Duration::from_secs(5),
        }
    }
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every transition is stored.
    Stored {
        /// The sequence of the last one; what the table covers now.
        last_sequence: u64,
    },
    /// Some may be stored, some not. `said` tells; publish nothing before the table agrees with it.
    ReadAgain {
        /// The last message of each light since the sequence that the table covered.
        said: Vec<Transition>,
        /// What the table covers once it has taken `said`.
        last_sequence: u64,
    },
}

/// Publishing cannot go on without a person.
#[derive(Debug, thiserror::Error)]
pub enum PublishFault {
    /// ALERTS is not the stream that the table was read from.
    #[error(
        "stream {stream} was made anew while running (created {found} us, before {known} us); what was said is lost. \
         Restore the stream, or stop and start from a checkpoint of the new one"
    )]
    Replaced {
        /// The stream.
        stream: String,
        /// Its creation before, microseconds since 1970.
        known: i64,
        /// Its creation now.
        found: i64,
    },
    /// ALERTS ends before what the table covers.
    #[error(transparent)]
    TooShort(ReadFault),
    /// A transition is larger than the server takes.
    #[error(
        "transition {id} of case {case} has {bytes} bytes, more than the server's max_payload; raise max_payload in \
         the server's settings"
    )]
    TooLarge {
        /// Transition id.
        id: String,
        /// Case number.
        case: String,
        /// Bytes of its line.
        bytes: usize,
    },
    /// The stream forgets message ids too soon for the guards to hold.
    #[error(
        "stream {stream} forgets message ids after {found_secs} s; set its duplicate window to at least {min_secs} s"
    )]
    DuplicateWindow {
        /// The stream.
        stream: String,
        /// Its window.
        found_secs: u64,
        /// The least that is sound.
        min_secs: u64,
    },
}

/// Publishes batches; one for each process.
#[derive(Debug)]
pub struct Publisher {
    context: Context,
    settings: PublishSettings,
    covered: u64,
    created_micros: Option<i64>,
}

/// ALERTS could not be read: now, or whatever is tried.
enum Failed {
    Now(ReadFault),
    Never(PublishFault),
}

impl From<ReadFault> for Failed {
    fn from(fault: ReadFault) -> Failed {
        match fault {
            ReadFault::TooShort { .. } => Failed::Never(PublishFault::TooShort(fault)),
            ReadFault::Unreachable { .. } => Failed::Now(fault),
        }
    }
}

/// Why a batch stopped.
struct Stop {
    why: &'static str,
    index: usize,
    detail: String,
}

impl Publisher {
    /// A publisher whose owner's table covers ALERTS up to `covered` (0 without a checkpoint).
    ///
    /// Call [`Publisher::read_again`] first: nothing may be published before the table has seen the end.
    #[must_use]
    pub fn new(client: async_nats::Client, settings: PublishSettings, covered: u64) -> Publisher {
        let context = ContextBuilder::new()
            .ack_timeout(settings.ack_timeout)
            .timeout(settings.ack_timeout)
            .max_ack_inflight(settings.window.max(1) * 2)
            .backpressure_on_inflight(true)
            .build(client);
        Publisher { context, settings, covered, created_micros: None }
    }

    /// The same, where the table was read from the stream that was made at `created_micros`: another one is refused.
    #[must_use]
    pub fn of_stream(self, created_micros: i64) -> Publisher {
        Publisher { created_micros: Some(created_micros), ..self }
    }

    /// When ALERTS was made, in microseconds since 1970; `None` before it was first read.
    #[must_use]
    pub fn created_micros(&self) -> Option<i64> {
        self.created_micros
    }

    /// The ALERTS sequence up to which the owner's table is right.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.covered
    }

    /// Reads what was said since [`Publisher::covered`] to the end, waiting as long as the server is away.
    /// From then on the table covers [`Said::last_sequence`].
    ///
    /// Cancel safe: dropping the future leaves the publisher as it was.
    ///
    /// # Errors
    /// When the stream is not the one the table was read from, or cannot guard the chain.
    pub async fn read_again(&mut self) -> Result<Said, PublishFault> {
        let mut wait = self.settings.backoff_min;
        let said = loop {
            match self.try_read().await {
                Ok(said) => break said,
                Err(Failed::Never(fault)) => return Err(fault),
                Err(Failed::Now(error)) => {
                    tracing::warn!(%error, wait_ms = wait.as_millis() as u64, "alerts cannot be read; trying again");
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(self.settings.backoff_max);
        };
        self.created_micros = Some(said.created_micros);
        self.covered = said.last_sequence;
        Ok(said)
    }

    async fn try_read(&self) -> Result<Said, Failed> {
        let stream = &self.settings.stream;
        let said = read_said(&self.context, stream, self.covered).await?;
        match self.created_micros {
            Some(known) if known != said.created_micros => {
                let found = said.created_micros;
                Err(Failed::Never(PublishFault::Replaced { stream: stream.clone(), known, found }))
            }
            _ if said.duplicate_window < DUPLICATE_WINDOW_MIN => {
                let (found_secs, min_secs) = (said.duplicate_window.as_secs(), DUPLICATE_WINDOW_MIN.as_secs());
                Err(Failed::Never(PublishFault::DuplicateWindow { stream: stream.clone(), found_secs, min_secs }))
            }
            _ => Ok(said),
        }
    }

    /// Publishes `batch` in order. Each transition's revision is one more than what the table, then the
    /// batch, last said of its light.
    ///
    /// Cancelled while running, the fate of the batch is unknown: call [`Publisher::read_again`] next.
    ///
    /// # Errors
    /// Only what a person must mend; everything else ends in [`Outcome::ReadAgain`].
    pub async fn publish(&mut self, batch: &[Transition]) -> Result<Outcome, PublishFault> {
        let Err(stop) = self.send(batch).await else {
            self.covered += batch.len() as u64;
            figures::published(batch.len());
            return Ok(Outcome::Stored { last_sequence: self.covered });
        };
        let stopped_at = &batch[stop.index];
        if stop.why == TOO_LARGE {
            let bytes = stopped_at.to_line().len();
            return Err(PublishFault::TooLarge { id: stopped_at.id.clone(), case: stopped_at.case.to_string(), bytes });
        }
        figures::refused(stop.why, &stopped_at.id, &stop.detail);
        let said = self.read_again().await?;
        Ok(Outcome::ReadAgain { said: said.last, last_sequence: said.last_sequence })
    }

    async fn send(&self, batch: &[Transition]) -> Result<(), Stop> {
        let mut flight = Flight { covered: self.covered, waiting: VecDeque::new(), lights: HashSet::new() };
        let sent = self.send_pipelined(batch, &mut flight).await;
        if sent.is_err() {
            // Whatever is still under way must have landed or failed before ALERTS is read.
            join_all(flight.waiting.into_iter().map(|(_, answer)| answer.into_future())).await;
        }
        sent
    }

    async fn send_pipelined<'a>(&self, batch: &'a [Transition], flight: &mut Flight<'a>) -> Result<(), Stop> {
        for (index, transition) in batch.iter().enumerate() {
            let light = light_of(transition);
            let fence = index == 1;
            while (fence && !flight.waiting.is_empty())
                || flight.lights.contains(&light)
                || flight.waiting.len() >= self.settings.window.max(1)
            {
                flight.settle_oldest(batch).await?;
            }
            let before = index.checked_sub(1).map(|before| batch[before].id.as_str());
            let answer = self.send_one(transition, self.covered + index as u64, before).await;
            let answer = answer.map_err(|(why, detail)| Stop { why, index, detail })?;
            flight.lights.insert(light);
            flight.waiting.push_back((index, answer));
        }
        while !flight.waiting.is_empty() {
            flight.settle_oldest(batch).await?;
        }
        Ok(())
    }

    async fn send_one(
        &self,
        transition: &Transition,
        last_sequence: u64,
        last_id: Option<&str>,
    ) -> Result<PublishAckFuture, (&'static str, String)> {
        let mut message = PublishMessage::build()
            .payload(transition.to_line().into())
            .message_id(&transition.id)
            .expected_stream(&self.settings.stream)
            .expected_last_sequence(last_sequence);
        if let Some(id) = last_id {
            message = message.expected_last_message_id(id);
        }
        let sent = self.context.send_publish(transition.subject(), message).await;
        sent.map_err(|error| (reason(error.kind()), error.to_string()))
    }
}

/// Messages sent and not yet answered.
struct Flight<'a> {
    covered: u64,
    waiting: VecDeque<(usize, PublishAckFuture)>,
    lights: HashSet<(&'a str, &'a str, &'a str)>,
}

impl<'a> Flight<'a> {
    async fn settle_oldest(&mut self, batch: &'a [Transition]) -> Result<(), Stop> {
        let (index, answer) = self.waiting.pop_front().expect("asked only while something is waiting");
        let stop = |why, detail| Stop { why, index, detail };
        let ack = answer.await.map_err(|error| stop(reason(error.kind()), error.to_string()))?;
        let expected = self.covered + index as u64 + 1;
        if ack.duplicate {
            return Err(stop("duplicate", format!("stored before, at sequence {}", ack.sequence)));
        }
        if ack.sequence != expected {
            return Err(stop("other_sequence", format!("stored at {}, not at {expected}", ack.sequence)));
        }
        self.lights.remove(&light_of(&batch[index]));
        Ok(())
    }
}

const TOO_LARGE: &str = "too_large";

fn reason(kind: PublishErrorKind) -> &'static str {
    match kind {
        PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId => "refused",
        PublishErrorKind::MaxPayloadExceeded => TOO_LARGE,
        PublishErrorKind::StreamNotFound => "no_stream",
        PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => "no_answer",
        PublishErrorKind::MaxAckPending | PublishErrorKind::Other => "failed",
    }
}

fn light_of(transition: &Transition) -> (&str, &str, &str) {
    (&transition.case, &transition.rule, &transition.instance)
}
