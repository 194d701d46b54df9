//! The city's approval systems: publishes planned events to APPROVALS in order of arrival.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::iter::Peekable;

use anyhow::Context;
use async_nats::jetstream::context::PublishAckFuture;
use bench::Generated;
use facts::{Event, Moment, line};
use ingest::streams::{self, StreamOptions};
use ingest::{Connection, ServerOptions, server};

/// Publishes in flight before an answer is awaited.
const WINDOW: usize = 1_000;
/// The office whose heartbeat moves the virtual clock.
const HEARTBEAT: (&str, &str) = ("approval.city.360900.YCDZ", "demo-clock");

/// Sends the city's events.
pub(super) struct CitySender<'a> {
    connection: Connection,
    events: Peekable<Box<dyn Iterator<Item = Event> + 'a>>,
    waiting: VecDeque<PublishAckFuture>,
}

impl<'a> CitySender<'a> {
    /// Connects, and makes the streams where they are not there yet.
    pub(super) async fn connect(url: &str, city: &'a Generated) -> anyhow::Result<CitySender<'a>> {
        let options = ServerOptions { urls: vec![url.to_owned()], ..ServerOptions::default() };
        let connection = server::connect(&options).await?;
        streams::ensure(&connection, &StreamOptions::default()).await?;
        let until = city.until();
        let events = city.events().filter(move |event| event.arrived.is_some_and(|arrived| arrived <= until));
        let events: Box<dyn Iterator<Item = Event> + 'a> = Box::new(events);
        Ok(CitySender { connection, events: events.peekable(), waiting: VecDeque::new() })
    }

    /// Sends what arrives by `now`; returns how many events those were, all stored.
    pub(super) async fn send_until(&mut self, now: Moment) -> anyhow::Result<usize> {
        let mut sent = 0;
        while let Some(event) = self.events.next_if(|event| event.arrived.is_some_and(|arrived| arrived <= now)) {
            self.send(event.address.subject("approval"), line::write(&event)).await?;
            sent += 1;
        }
        self.settle(0).await?;
        Ok(sent)
    }

    /// Says that everything up to `now` has been sent, which moves the virtual clock there.
    pub(super) async fn progress(&mut self, now: Moment) -> anyhow::Result<()> {
        let (subject, source) = HEARTBEAT;
        let line = format!(
            r#"{{"source":"{source}","activity":"progress","at":"{now}","arrived":"{now}","level":"city","region":"360900","dept":"YCDZ"}}"#
        );
        self.send(subject.to_owned(), line).await?;
        self.settle(0).await
    }

    /// The connection, for reading back.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    async fn send(&mut self, subject: String, line: String) -> anyhow::Result<()> {
        let stored = self.connection.jetstream.publish(subject, line.into()).await.context("could not publish")?;
        self.waiting.push_back(stored);
        self.settle(WINDOW).await
    }

    /// Waits until at most `most` publishes are unanswered.
    async fn settle(&mut self, most: usize) -> anyhow::Result<()> {
        while self.waiting.len() > most {
            let Some(oldest) = self.waiting.pop_front() else { return Ok(()) };
            oldest.into_future().await.context("the private nats-server did not store an event")?;
        }
        Ok(())
    }
}
