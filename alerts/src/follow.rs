//! ALERTS into the ledger, from its position on, at the ledger's own pace.
//!
//! The position is the ledger's, in the same SQL transaction as the lights; the consumer on the server
//! carries no state. A slow or stopped ledger stops nobody: it lags, and says so.

use std::convert::Infallible;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::Info;
use facts::Transition;
use futures_util::StreamExt;

use crate::figures;
use crate::ledger::{Ledger, LedgerFault, Position};
use crate::said::{
    Deliveries, PULL_EXPIRES, PULL_HEARTBEAT, PULL_MESSAGES, consumer_after, created_micros, dropped_after,
};

/// The ledger cannot go on without a person.
#[derive(Debug, thiserror::Error)]
pub enum FollowFault {
    /// The stream is not the one the ledger was built from.
    #[error(
        "stream {stream} was made anew: the ledger holds the one created {known} us after 1970, found is {found} us. \
         Restore the stream, or move the ledger's database away and start again: lights and alerts are \
         built anew from this stream, while accounts and handling stay in the old one"
    )]
    Replaced {
        /// The stream.
        stream: String,
        /// Creation of the stream that the ledger holds.
        known: i64,
        /// Creation of the stream found.
        found: i64,
    },
    /// The stream ends before what the ledger holds.
    #[error(
        "stream {stream} ends at sequence {last}, the ledger holds {held}. Restore the stream, or move the ledger's \
         database away and start again: it is built anew from this stream"
    )]
    TooShort {
        /// The stream.
        stream: String,
        /// Its end.
        last: u64,
        /// The ledger's position.
        held: u64,
    },
}

/// Follows ALERTS into a ledger.
#[derive(Clone, Debug)]
pub struct Follower {
    /// Where lights go.
    pub ledger: Ledger,
    /// The way to the server.
    pub context: Context,
    /// Name of the stream.
    pub stream: String,
}

/// Most messages of one SQL transaction.
const BATCH: usize = 500;
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// A round ended: try again, or give up.
enum End {
    Retry(&'static str, String),
    Stop(FollowFault),
}

impl From<LedgerFault> for End {
    fn from(fault: LedgerFault) -> End {
        let cause = std::error::Error::source(&fault).map(ToString::to_string).unwrap_or_default();
        End::Retry("database", format!("{fault}: {cause}"))
    }
}

fn stream_failed(error: impl std::fmt::Display) -> End {
    End::Retry("stream", error.to_string())
}

impl Follower {
    /// Follows for ever; failures of the server or the database are waited out.
    ///
    /// Cancel safe: drop the future to stop. What was not committed is read again next time.
    ///
    /// # Errors
    /// When the stream is not the one the ledger was built from.
    pub async fn follow(&self) -> Result<Infallible, FollowFault> {
        let mut wait = BACKOFF_MIN;
        loop {
            let before = self.ledger.position();
            match self.round().await {
                End::Stop(fault) => return Err(fault),
                End::Retry(place, error) => figures::ledger_retry(place, &error),
            }
            wait = if self.ledger.position() == before { (wait * 2).min(BACKOFF_MAX) } else { BACKOFF_MIN };
            tokio::time::sleep(wait).await;
        }
    }

    /// One consumer, until something fails.
    async fn round(&self) -> End {
        match self.try_round().await {
            Ok(()) => End::Retry("stream", "the consumer ended".into()),
            Err(end) => end,
        }
    }

    async fn try_round(&self) -> Result<(), End> {
        let handle = self.context.get_stream(&self.stream).await.map_err(stream_failed)?;
        let info = handle.cached_info();
        self.ledger.note_lag(info.state.last_sequence.saturating_sub(self.ledger.position().sequence));
        let held = self.check_stream(info).await?;
        if let Some(dropped) = dropped_after(info, held.sequence) {
            // A new ledger begins where the stream begins; a hole is only what it should have read.
            if held.sequence > 0 {
                figures::missed(*dropped.start(), *dropped.end());
            }
        }
        let consumer = handle.create_consumer(consumer_after(held.sequence)).await.map_err(stream_failed)?;
        let messages = consumer
            .stream()
            .max_messages_per_batch(PULL_MESSAGES)
            .heartbeat(PULL_HEARTBEAT)
            .expires(PULL_EXPIRES)
            .messages()
            .await
            .map_err(stream_failed)?;
        self.take(messages).await
    }

    /// The stream must be the one the ledger was built from.
    async fn check_stream(&self, info: &Info) -> Result<Position, End> {
        let found = created_micros(info);
        let held = self.ledger.belong_to(found).await?;
        let stream = || self.stream.clone();
        if held.created_micros != found {
            return Err(End::Stop(FollowFault::Replaced { stream: stream(), known: held.created_micros, found }));
        }
        let last = info.state.last_sequence;
        if last < held.sequence {
            return Err(End::Stop(FollowFault::TooShort { stream: stream(), last, held: held.sequence }));
        }
        Ok(held)
    }

    async fn take(&self, messages: pull::Stream) -> Result<(), End> {
        let mut chunks = messages.ready_chunks(BATCH);
        let mut deliveries = Deliveries::default();
        while let Some(chunk) = chunks.next().await {
            let mut entries: Vec<(u64, Transition)> = Vec::with_capacity(chunk.len());
            let mut reached = None;
            let mut failed = None;
            for message in chunk {
                let message = match message {
                    Ok(message) => message,
                    Err(error) => {
                        failed = Some(stream_failed(error));
                        break;
                    }
                };
                let info = message.info().map_err(stream_failed)?;
                if let Err(lost) = deliveries.count(info.consumer_sequence) {
                    failed = Some(stream_failed(lost));
                    break;
                }
                match serde_json::from_slice(&message.payload) {
                    Ok(transition) => entries.push((info.stream_sequence, transition)),
                    Err(error) => figures::unreadable(&self.stream, info.stream_sequence, &error),
                }
                reached = Some((info.stream_sequence, info.pending));
            }
            if let Some((through, pending)) = reached {
                self.ledger.apply_through(&entries, through).await?;
                self.ledger.note_lag(pending);
            }
            if let Some(end) = failed {
                return Err(end);
            }
        }
        Ok(())
    }
}
