//! Listens to ALERTS as the complaint centre does, and notes when each change of a light came; and reads back which messages the stream of
//! facts holds, in which order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use compact_str::CompactString;
use facts::light::Cause;
use facts::{Moment, Transition};
use futures_util::StreamExt;
use ingest::Connection;
use ingest::streams::ALERTS;
use tokio::task::JoinHandle;

/// How long a stream may be silent while it is read back.
const SILENCE: Duration = Duration::from_secs(10);

/// A change of a light, when it came.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// When.
    pub(super) came: Instant,
    /// Its place in ALERTS.
    pub(super) sequence: u64,
    /// Of which case.
    pub(super) case: CompactString,
    /// What brought it about.
    pub(super) cause: Cause,
    /// The supervision clock when it was known.
    pub(super) decided_at: Moment,
    /// Did it say anything new?
    pub(super) duplicate: bool,
}

/// Listens until it is ended.
pub(super) struct Listener {
    heard: Arc<Mutex<Vec<Heard>>>,
    listening: JoinHandle<()>,
}

impl Listener {
    /// Listens to what is stored in ALERTS after `after`.
    ///
    /// # Errors
    /// When the server refuses.
    pub(super) async fn start(connection: &Connection, after: u64) -> anyhow::Result<Listener> {
        let stream = connection.jetstream.get_stream(ALERTS).await.context("there is no stream ALERTS")?;
        let consumer = stream.create_consumer(consumer(after, false)).await.context("could not listen to ALERTS")?;
        let mut messages = consumer.messages().await.context("could not listen to ALERTS")?;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        let listening = tokio::spawn(async move {
            let mut last: HashMap<(CompactString, CompactString, CompactString), u32> = HashMap::new();
            while let Some(message) = messages.next().await {
                let came = Instant::now();
                let Ok(message) = message else { continue };
                let Ok(sequence) = message.info().map(|info| info.stream_sequence) else { continue };
                let Ok(said) = serde_json::from_slice::<Transition>(&message.payload) else { continue };
                let key = (said.case.clone(), said.rule.clone(), said.instance.clone());
                let before = last.insert(key, said.revision).unwrap_or(0);
                let unchanged = (said.card, said.light) == (said.card_before, said.light_before);
                let duplicate = said.revision <= before || unchanged;
                let (case, cause, decided_at) = (said.case, said.cause, said.decided_at);
                let heard = Heard { came, sequence, case, cause, decided_at, duplicate };
                kept.lock().expect("nobody panics while holding it").push(heard);
            }
        });
        Ok(Listener { heard, listening })
    }

    /// The last sequence heard; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.heard.lock().expect("nobody panics while holding it").last().map_or(0, |heard| heard.sequence)
    }

    /// What was heard.
    pub(super) fn end(self) -> Vec<Heard> {
        self.listening.abort();
        std::mem::take(&mut *self.heard.lock().expect("nobody panics while holding it"))
    }
}

fn consumer(after: u64, headers_only: bool) -> pull::Config {
    pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: after + 1 },
        ack_policy: AckPolicy::None,
        memory_storage: true,
        headers_only,
        ..pull::Config::default()
    }
}

/// The ids of the messages that `stream` holds after `after`, in its order, with the server's stamps.
///
/// # Errors
/// When the server cannot be reached, or the stream breaks off.
pub(super) async fn read_back(
    connection: &Connection,
    stream: &str,
    after: u64,
) -> anyhow::Result<Vec<(String, Moment)>> {
    let unread = || format!("could not read {stream} back");
    let handle = connection.jetstream.get_stream(stream).await.with_context(unread)?;
    let last = handle.cached_info().state.last_sequence;
    let mut held = Vec::new();
    if last <= after {
        return Ok(held);
    }
    let reader = handle.create_consumer(consumer(after, true)).await.with_context(unread)?;
    let mut messages = reader.messages().await.with_context(unread)?;
    loop {
        let next = tokio::time::timeout(SILENCE, messages.next()).await.with_context(unread)?;
        let Some(message) = next else { bail!("{}: it broke off", unread()) };
        let message = message.with_context(unread)?;
        let info = message.info().map_err(|error| anyhow::anyhow!("{}: {error}", unread()))?;
        let stamp = i64::try_from(info.published.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let sequence = info.stream_sequence;
        let id = message.headers.as_ref().and_then(|headers| headers.get("Nats-Msg-Id"));
        held.push((id.map(|id| id.as_str().to_owned()).unwrap_or_default(), Moment::from_millis(stamp)));
        if sequence >= last {
            return Ok(held);
        }
    }
}
