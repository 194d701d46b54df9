//! ALERTS read to its end: what was said of each light.
//!
//! Invariant: only the last message of each (case, rule, instance) is kept, so memory follows the
//! number of lights and not the length of the stream.
//! Not here: what to say next (`dataflow` holds the table that this fills).

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream;
use facts::Transition;
use futures_util::StreamExt;

use crate::figures;

/// What ALERTS says after some sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The last message of each (case, rule, instance), in the order of the stream.
    pub last: Vec<Transition>,
    /// The end of the stream when it was read.
    pub last_sequence: u64,
    /// When the stream was made, in microseconds since 1970: another value is another stream.
    pub created_micros: i64,
    /// How long the stream remembers message ids.
    pub duplicate_window: Duration,
    /// Sequences that the stream had already dropped, if any.
    pub missing: Option<RangeInclusive<u64>>,
}

/// ALERTS could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// The server or the way to it failed; a later try can work.
    #[error("could not read stream {stream}: {detail}")]
    Unreachable {
        /// The stream.
        stream: String,
        /// What the client reports.
        detail: String,
    },
    /// The stream ends before what is already known of it: it was made anew, or restored from a copy.
    #[error(
        "stream {stream} ends at sequence {last}, but {after} was read from it before; it was restored or made \
         anew. Restore the stream, or start from a checkpoint and a ledger of this stream"
    )]
    TooShort {
        /// The stream.
        stream: String,
        /// Its end.
        last: u64,
        /// What is known of it.
        after: u64,
    },
}

/// Messages that one request may ask for: with proofs of some KB, far below the server's 64 MB.
pub(crate) const PULL_MESSAGES: usize = 1000;
pub(crate) const PULL_HEARTBEAT: Duration = Duration::from_secs(2);
pub(crate) const PULL_EXPIRES: Duration = Duration::from_secs(30);
/// A consumer of ours that nobody pulls from is gone after this.
pub(crate) const CONSUMER_IDLE: Duration = Duration::from_secs(60);

/// Reads `stream` from the message after `after` to its end.
///
/// A message that is no transition is counted and left out.
///
/// # Errors
/// When the server cannot be reached, or the stream ends before `after`.
pub async fn read_said(context: &Context, stream: &str, after: u64) -> Result<Said, ReadFault> {
    let unreachable = |error: &dyn Display| ReadFault::Unreachable { stream: stream.into(), detail: error.to_string() };
    let handle = context.get_stream(stream).await.map_err(|error| unreachable(&error))?;
    let info = handle.cached_info();
    let mut said = Said {
        last_sequence: info.state.last_sequence,
        created_micros: created_micros(info),
        duplicate_window: info.config.duplicate_window,
        missing: dropped_after(info, after),
        ..Said::default()
    };
    if said.last_sequence < after {
        return Err(ReadFault::TooShort { stream: stream.into(), last: said.last_sequence, after });
    }
    let mut last = HashMap::new();
    read_messages(&handle, after, said.last_sequence, |sequence, transition| {
        last.insert(instance_of(&transition), (sequence, transition));
    })
    .await
    .map_err(|error| unreachable(&error))?;
    let mut kept: Vec<_> = last.into_values().collect();
    kept.sort_unstable_by_key(|(sequence, _)| *sequence);
    said.last = kept.into_iter().map(|(_, transition)| transition).collect();
    Ok(said)
}

/// Hands every transition in `(after, until]` to `each`.
async fn read_messages(
    handle: &Stream,
    after: u64,
    until: u64,
    mut each: impl FnMut(u64, Transition),
) -> Result<(), async_nats::Error> {
    if after == until {
        return Ok(());
    }
    let consumer = handle.create_consumer(consumer_after(after)).await?;
    if consumer.cached_info().num_pending == 0 {
        return Ok(());
    }
    let mut messages = consumer
        .stream()
        .max_messages_per_batch(PULL_MESSAGES)
        .heartbeat(PULL_HEARTBEAT)
        .expires(PULL_EXPIRES)
        .messages()
        .await?;
    let mut deliveries = Deliveries::default();
    while let Some(message) = messages.next().await {
        let message = message?;
        let info = message.info()?;
        deliveries.count(info.consumer_sequence)?;
        let (sequence, pending) = (info.stream_sequence, info.pending);
        if sequence <= until {
            match serde_json::from_slice(&message.payload) {
                Ok(transition) => each(sequence, transition),
                Err(error) => figures::unreadable(info.stream, sequence, &error),
            }
        }
        if sequence >= until || pending == 0 {
            break;
        }
    }
    // The server drops an idle consumer by itself; asking for it only spares it the wait.
    let _ = handle.delete_consumer(&consumer.cached_info().name).await;
    Ok(())
}

/// A consumer that carries no state on the server: position is ours (semantics 34).
pub(crate) fn consumer_after(after: u64) -> pull::Config {
    pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
        ack_policy: AckPolicy::None,
        memory_storage: true,
        inactive_threshold: CONSUMER_IDLE,
        ..pull::Config::default()
    }
}

/// Messages of one consumer, counted: what was on its way when a connection ended is not delivered again, and the
/// client goes on with the same consumer as if nothing had been lost.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    counted: u64,
}

/// Messages were lost between the server and us; reading begins anew at the position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("messages were lost on the way: the consumer's number {found} came after number {counted}")]
pub(crate) struct LostOnTheWay {
    counted: u64,
    found: u64,
}

impl Deliveries {
    /// Takes the next message; `number` is its number among those of the consumer, from 1.
    ///
    /// # Errors
    /// When a message before it did not come.
    pub(crate) fn count(&mut self, number: u64) -> Result<(), LostOnTheWay> {
        if number != self.counted + 1 {
            return Err(LostOnTheWay { counted: self.counted, found: number });
        }
        self.counted = number;
        Ok(())
    }
}

/// When the stream was made, in microseconds since 1970.
pub(crate) fn created_micros(info: &async_nats::jetstream::stream::Info) -> i64 {
    i64::try_from(info.created.unix_timestamp_nanos() / 1_000).expect("a server's clock is within 290,000 years")
}

/// The sequences after `after` that the stream no longer holds at its front.
pub(crate) fn dropped_after(info: &async_nats::jetstream::stream::Info, after: u64) -> Option<RangeInclusive<u64>> {
    let state = &info.state;
    let first_held = if state.messages == 0 { state.last_sequence + 1 } else { state.first_sequence };
    (first_held > after + 1).then(|| after + 1..=first_held - 1)
}

/// What identifies a light: case, rule, instance.
pub(crate) fn instance_of(transition: &Transition) -> (String, String, String) {
    (transition.case.to_string(), transition.rule.to_string(), transition.instance.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_in_the_numbers_of_a_consumer_is_a_loss() {
        let mut deliveries = Deliveries::default();
        assert_eq!(deliveries.count(1), Ok(()));
        assert_eq!(deliveries.count(2), Ok(()));
        assert_eq!(deliveries.count(5), Err(LostOnTheWay { counted: 2, found: 5 }));
        assert_eq!(deliveries.count(3), Ok(()), "a refused number is not taken");
    }
}
