//! A NATS client of the tests' own, and the runtime on which tests that are not asynchronous wait.
//!
//! It shares no code with the product: what it stores and reads is what any other sender or listener would.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::sync::LazyLock;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::{PublishAckFuture, PublishError};
use async_nats::jetstream::{self, Context};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::runtime::{Builder, Runtime};

/// Messages under way before an answer is awaited.
const WINDOW: usize = 500;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let built = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.expect("a runtime can be built")
});

/// Waits for `future` on the tests' runtime.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// Runs `future` on the tests' runtime, beside whatever waits there.
pub(crate) fn spawn<F>(future: F)
where
    F: Future<Output: Send> + Send + 'static,
{
    RUNTIME.spawn(future);
}

/// A subject and what is sent on it.
pub(crate) type Message = (String, String);

/// A message as a stream keeps it.
pub(crate) struct Stored {
    pub(crate) sequence: u64,
    pub(crate) subject: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
}

impl Stored {
    /// The header `name`, empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.as_str())
    }

    /// The payload as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.payload).expect("this stream holds text")
    }
}

/// A connection to one server.
pub(crate) struct Wire {
    jetstream: Context,
}

impl Wire {
    /// Connects to the server at `url`.
    pub(crate) fn connect(url: &str) -> Wire {
        let client = wait(async_nats::connect(url)).expect("the test's own server takes connections");
        // It starts tasks of its own.
        let _runtime = RUNTIME.enter();
        Wire { jetstream: jetstream::new(client) }
    }

    /// Stores one message; returns its sequence, or why the server refused it.
    pub(crate) fn try_send(&self, subject: &str, payload: impl Into<Bytes>) -> Result<u64, PublishError> {
        let (subject, payload) = (subject.to_owned(), payload.into());
        wait(async { self.jetstream.publish(subject, payload).await?.await }).map(|stored| stored.sequence)
    }

    /// Stores one message; returns its sequence.
    #[track_caller]
    pub(crate) fn send(&self, subject: &str, payload: impl Into<Bytes>) -> u64 {
        self.try_send(subject, payload).expect("the test's own server stores what it is sent")
    }

    /// Stores `messages` in this order.
    #[track_caller]
    pub(crate) fn send_all(&self, messages: impl IntoIterator<Item = Message>) {
        self.try_send_all(messages).expect("the test's own server stores what it is sent");
    }

    /// Stores `messages` in this order, or says why one was not answered; those after it may be stored all the same.
    pub(crate) fn try_send_all(&self, messages: impl IntoIterator<Item = Message>) -> Result<(), PublishError> {
        wait(async {
            let mut waiting: VecDeque<PublishAckFuture> = VecDeque::new();
            for (subject, line) in messages {
                waiting.push_back(self.jetstream.publish(subject, line.into()).await?);
                if waiting.len() >= WINDOW {
                    settle(&mut waiting).await?;
                }
            }
            while !waiting.is_empty() {
                settle(&mut waiting).await?;
            }
            Ok(())
        })
    }

    /// Takes a stream away.
    #[track_caller]
    pub(crate) fn remove(&self, stream: &str) {
        wait(self.jetstream.delete_stream(stream)).expect("the test's own server removes it");
    }

    /// The sequence of the last message of `stream`.
    #[track_caller]
    pub(crate) fn last_sequence(&self, stream: &str) -> u64 {
        let found = wait(self.jetstream.get_stream(stream)).expect("the service has made its streams");
        found.cached_info().state.last_sequence
    }

    /// Every message of `stream`.
    #[track_caller]
    pub(crate) fn stored(&self, stream: &str) -> Vec<Stored> {
        wait(self.read(stream)).expect("the test's own server delivers what it holds")
    }

    async fn read(&self, stream: &str) -> Result<Vec<Stored>, async_nats::Error> {
        let stream = self.jetstream.get_stream(stream).await?;
        let last = stream.cached_info().state.last_sequence;
        let mut all = Vec::new();
        if last == 0 {
            return Ok(all);
        }
        let config = pull::Config {
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::None,
            memory_storage: true,
            ..pull::Config::default()
        };
        let mut messages = stream.create_consumer(config).await?.messages().await?;
        while let Some(message) = messages.next().await {
            let message = message?;
            let sequence = message.info()?.stream_sequence;
            let async_nats::Message { subject, payload, headers, .. } = message.message;
            let headers = headers.unwrap_or_default();
            all.push(Stored { sequence, subject: subject.to_string(), headers, payload });
            if sequence >= last {
                break;
            }
        }
        Ok(all)
    }
}

async fn settle(waiting: &mut VecDeque<PublishAckFuture>) -> Result<(), PublishError> {
    match waiting.pop_front() {
        Some(oldest) => oldest.into_future().await.map(drop),
        None => Ok(()),
    }
}
