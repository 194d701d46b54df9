//! Requests to a pull consumer and the answers to them, heartbeats included.
//!
//! The client's own message stream hides heartbeats, and when the clock may run depends on them; so requests
//! are counted here. If the count were ever wrong, no request would stand, the server would fall silent, and
//! the session would be opened anew: a wrong count costs time, never a message.

use std::time::Duration;

use async_nats::jetstream::consumer::pull::{BatchConfig, Config};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::{self, stream::Stream};
use async_nats::{Message, StatusCode, Subject, Subscriber};
use bytes::Bytes;
use facts::Moment;
use futures_util::{FutureExt, StreamExt};

use super::IntakeOptions;
use crate::server::Connection;
use crate::streams::moment_of_nanos;

/// A consumer with requests under way.
pub(super) struct Pull {
    consumer: Consumer<Config>,
    /// Lent to each message while its place is read; copying it for every message would cost more than that.
    context: Option<jetstream::Context>,
    inbox: Subject,
    subscriber: Subscriber,
    request: BatchConfig,
    /// Messages asked for and not delivered.
    outstanding: usize,
}

/// A message and its place in the stream.
pub(super) struct Delivered {
    pub(super) subject: Subject,
    pub(super) payload: Bytes,
    /// Stream sequence.
    pub(super) sequence: u64,
    /// Number among the messages of this consumer, from 1: a jump tells of messages lost on the way.
    pub(super) count: u64,
    /// When the server took it in.
    pub(super) published: Moment,
    /// Messages of the stream after it.
    pub(super) pending: u64,
}

/// What came.
pub(super) enum Answer {
    /// A message of the stream.
    Message(Delivered),
    /// The server lives and has nothing to deliver.
    Heartbeat,
    /// A request ended; the count is right again.
    RequestEnded,
    /// The consumer is gone or refuses us; the session is over.
    Broken(String),
}

impl Pull {
    /// Makes a consumer that starts at `start`; returns it with the number of messages it has before it.
    pub(super) async fn open(
        connection: &Connection,
        stream: &Stream,
        start: u64,
        options: &IntakeOptions,
    ) -> Result<(Pull, u64), async_nats::Error> {
        let config = Config {
            description: Some("watchlight reads facts".to_owned()),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: start },
            ack_policy: AckPolicy::None,
            // A consumer that nobody asks is removed by the server; we make a new one for every session.
            inactive_threshold: options.expires * 2,
            num_replicas: 1,
            memory_storage: true,
            ..Config::default()
        };
        let consumer = stream.create_consumer(config.clone()).await?;
        if consumer.cached_info().config.deliver_policy != config.deliver_policy {
            return Err("the server made a consumer with another start than asked for".into());
        }
        let pending = consumer.cached_info().num_pending;
        let inbox = Subject::from(connection.client.new_inbox());
        let subscriber = connection.client.subscribe(inbox.clone()).await?;
        let request = BatchConfig {
            batch: options.request_messages,
            expires: Some(options.expires),
            no_wait: false,
            max_bytes: options.request_bytes.max(connection.client.max_payload() * 2),
            idle_heartbeat: options.heartbeat,
            ..BatchConfig::default()
        };
        let context = Some(connection.jetstream.clone());
        let pull = Pull { consumer, context, inbox, subscriber, request, outstanding: 0 };
        Ok((pull, pending))
    }

    /// Asks for more when half of the last request is left.
    pub(super) async fn ask(&mut self) -> Result<(), async_nats::Error> {
        if self.outstanding <= self.request.batch / 2 {
            self.consumer.request_batch(self.request.clone(), self.inbox.clone()).await?;
            self.outstanding += self.request.batch;
        }
        Ok(())
    }

    /// Waits for the next answer; `None` after `silence` without one.
    pub(super) async fn next(&mut self, silence: Duration) -> Option<Answer> {
        match tokio::time::timeout(silence, self.subscriber.next()).await {
            Ok(Some(message)) => Some(self.answer(message)),
            Ok(None) => Some(Answer::Broken("the subscription ended".to_owned())),
            Err(_) => None,
        }
    }

    /// The next answer if it is at hand.
    pub(super) fn ready(&mut self) -> Option<Answer> {
        // Unconstrained: the scheduler would otherwise hide what is at hand after some hundred messages.
        let message = tokio::task::unconstrained(self.subscriber.next()).now_or_never()??;
        Some(self.answer(message))
    }

    fn answer(&mut self, message: Message) -> Answer {
        match message.status {
            None | Some(StatusCode::OK) => {
                self.outstanding = self.outstanding.saturating_sub(1);
                self.delivered(message)
            }
            Some(StatusCode::IDLE_HEARTBEAT) => Answer::Heartbeat,
            Some(status) => {
                let left = message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
                match left.and_then(|left| left.as_str().parse::<usize>().ok()) {
                    Some(left) => {
                        self.outstanding = self.outstanding.saturating_sub(left);
                        Answer::RequestEnded
                    }
                    None => Answer::Broken(format!("the server answered {status} {}", text_of(&message))),
                }
            }
        }
    }

    fn delivered(&mut self, message: Message) -> Answer {
        let context = self.context.take().expect("it is put back below");
        let whole = jetstream::Message { message, context };
        let place = whole.info().map(|info| {
            let published = moment_of_nanos(info.published.unix_timestamp_nanos());
            (info.stream_sequence, info.consumer_sequence, published, info.pending)
        });
        let jetstream::Message { message, context } = whole;
        self.context = Some(context);
        match place {
            Ok((sequence, count, published, pending)) => {
                let Message { subject, payload, .. } = message;
                Answer::Message(Delivered { subject, payload, sequence, count, published, pending })
            }
            Err(error) => Answer::Broken(format!("a message came without its place in the stream: {error}")),
        }
    }
}

fn text_of(message: &Message) -> &str {
    message.description.as_deref().unwrap_or("without a word")
}
