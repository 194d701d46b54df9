//! Refused lines go to the stream QUARANTINE, unchanged, in order, and are stored there before the position moves.
//!
//! Subject `quarantine.<reason>.<source>`; body: the line (its first 64 KiB); headers: `reason`, `field`,
//! `detail`, `source`, `subject`, `stream`, `created`, `sequence`, `line`, `sha256`, `bytes`, `version`.
//!
//! Exactly once: lines are sent in the order of (sequence, line), each on the condition that the one before it
//! was stored last (`Nats-Expected-Last-Sequence`). So the last message of QUARANTINE tells up to where all are
//! stored, and reading APPROVALS again stores nothing twice. `Nats-Msg-Id` covers the case that an operator
//! removed that message. Lines refused by another version of this program are stored anew: it may refuse others.
//!
//! Not here: putting a repaired line back.

use std::collections::HashSet;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishError;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use tokio::sync::watch;

use crate::metric_names;
use crate::server::Connection;
use crate::streams::{self, QUARANTINE, StreamError, StreamIdentity};

mod refused_line;

pub use refused_line::{KEPT_BYTES_MAX, Place, RefusedLine, UNKNOWN_SOURCE};

/// Lines under way to the server at once.
const WINDOW: usize = 256;
/// Sources told apart in subjects and metrics. Who sends garbage can invent names without end.
const SOURCES_MAX: usize = 500;
/// The source of lines beyond [`SOURCES_MAX`]; their own one stands in the header.
const OTHER_SOURCES: &str = "other";
/// First and longest pause between attempts to store a line.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Stores refused lines in QUARANTINE. One a stream of facts.
#[derive(Debug)]
pub struct QuarantineWriter {
    connection: Connection,
    origin: StreamIdentity,
    /// Everything up to here, inclusive, is stored.
    covered: Option<(u64, u64)>,
    /// The last sequence of QUARANTINE as far as we know.
    last_sequence: u64,
    sources: HashSet<String>,
}

/// The caller asked to stop before all lines were stored; the position must not move.
#[derive(Debug, PartialEq, Eq)]
pub struct Stopped;

impl QuarantineWriter {
    /// Prepares to store lines of the stream `origin`, from where QUARANTINE says it stands.
    ///
    /// # Errors
    /// When QUARANTINE cannot be read.
    pub async fn open(connection: Connection, origin: StreamIdentity) -> Result<QuarantineWriter, StreamError> {
        let mut writer =
            QuarantineWriter { connection, origin, covered: None, last_sequence: 0, sources: HashSet::new() };
        writer.find_end().await?;
        Ok(writer)
    }

    /// Reading went back to `sequence`: lines after it may be others than those that were stored, and are stored anew.
    pub(crate) fn go_back(&mut self, sequence: u64) {
        self.covered = self.covered.min(Some((sequence, u64::MAX)));
    }

    /// Stores `lines`, which stand in the order of (sequence, line), and returns when the server confirmed all.
    ///
    /// # Errors
    /// [`Stopped`] when `stop` turned true first.
    pub async fn store(&mut self, lines: &[RefusedLine], stop: &mut watch::Receiver<bool>) -> Result<(), Stopped> {
        for line in lines {
            let source = self.label_of(&line.source);
            metrics::counter!(metric_names::QUARANTINED, "reason" => line.fault.reason.token(), "source" => source)
                .increment(1);
        }
        let mut rest = self.uncovered(lines);
        let mut pause = PAUSE.0;
        while !rest.is_empty() {
            let Err(error) = self.attempt(&mut rest).await else { break };
            metrics::counter!(metric_names::QUARANTINE_RETRIES).increment(1);
            if pause < PAUSE.1 {
                tracing::warn!(lines = rest.len(), %error, "could not store refused lines yet; trying again");
            } else {
                tracing::error!(lines = rest.len(), %error, "cannot store refused lines; reading stands still until QUARANTINE takes them");
            }
            if stopped_within(pause, stop).await {
                return Err(Stopped);
            }
            pause = (pause * 2).min(PAUSE.1);
            match self.find_end().await {
                Ok(()) => rest = self.uncovered(rest),
                Err(error) => tracing::warn!(%error, "could not read QUARANTINE"),
            }
        }
        Ok(())
    }

    /// The part of `lines` that is not known to be stored.
    fn uncovered<'a>(&self, lines: &'a [RefusedLine]) -> &'a [RefusedLine] {
        let stored = lines.partition_point(|line| Some(key_of(line)) <= self.covered);
        &lines[stored..]
    }

    /// Sends what is left, a window at a time; on failure `rest` starts with the first unconfirmed line.
    async fn attempt(&mut self, rest: &mut &[RefusedLine]) -> Result<(), PublishError> {
        while !rest.is_empty() {
            let window = &rest[..rest.len().min(WINDOW)];
            let mut confirmations = Vec::with_capacity(window.len());
            for (ahead, line) in window.iter().enumerate() {
                let message = self.message(line, self.last_sequence + ahead as u64);
                let subject = format!("quarantine.{}.{}", line.fault.reason, self.label_of(&line.source));
                confirmations.push(self.connection.jetstream.send_publish(subject, message).await?);
            }
            for (line, confirmation) in window.iter().zip(confirmations) {
                let stored = confirmation.await?;
                self.last_sequence = self.last_sequence.max(stored.sequence);
                self.covered = Some(key_of(line));
                *rest = &rest[1..];
            }
        }
        Ok(())
    }

    fn message(&self, line: &RefusedLine, expected_last: u64) -> PublishMessage {
        let (sequence, number) = key_of(line);
        let created = self.origin.created.millis();
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("reason", line.fault.reason.token().to_owned()),
            ("field", header_text(&line.fault.field)),
            ("detail", header_text(&line.fault.detail)),
            ("source", header_text(&line.source)),
            ("subject", header_text(&line.place.origin)),
            ("stream", self.origin.name.clone()),
            ("created", created.to_string()),
            ("sequence", sequence.to_string()),
            ("line", number.to_string()),
            ("sha256", line.sha256_hex()),
            ("bytes", line.bytes_total.to_string()),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ] {
            headers.insert(name, value);
        }
        PublishMessage::build()
            .headers(headers)
            // The content is part of it: a stream that lost messages gives their sequences to others.
            .message_id(format!("{created}-{sequence}-{number}-{}", &line.sha256_hex()[..16]))
            .expected_last_sequence(expected_last)
            .payload(line.head.clone())
    }

    /// Reads how far QUARANTINE got.
    async fn find_end(&mut self) -> Result<(), StreamError> {
        let unread = |source| StreamError::Server { stream: QUARANTINE.to_owned(), what: "read", source };
        self.last_sequence = streams::state(&self.connection, QUARANTINE).await?.last_sequence;
        let stream = self.connection.jetstream.get_stream_no_info(QUARANTINE).await;
        let stream = stream.map_err(|error| unread(error.into()))?;
        match stream.get_last_raw_message_by_subject("quarantine.>").await {
            Ok(message) => self.covered = self.covered.max(self.key_in(&message.headers)),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {}
            Err(error) => return Err(unread(error.into())),
        }
        Ok(())
    }

    /// The (sequence, line) that a message of QUARANTINE is about, if it is of our stream and our version.
    fn key_in(&self, headers: &HeaderMap) -> Option<(u64, u64)> {
        let header = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
        let ours = header("stream") == Some(&self.origin.name)
            && header("created") == Some(&self.origin.created.millis().to_string())
            && header("version") == Some(env!("CARGO_PKG_VERSION"));
        if !ours {
            return None;
        }
        Some((header("sequence")?.parse().ok()?, header("line")?.parse().ok()?))
    }

    fn label_of(&mut self, source: &str) -> String {
        if !self.sources.contains(source) {
            if self.sources.len() >= SOURCES_MAX {
                return OTHER_SOURCES.to_owned();
            }
            self.sources.insert(source.to_owned());
        }
        source.to_owned()
    }
}

/// What orders refused lines of one stream.
fn key_of(line: &RefusedLine) -> (u64, u64) {
    (line.place.sequence.unwrap_or(0), line.place.line)
}

/// `text` as a header may carry it: no control characters, at most 512 characters.
fn header_text(text: &str) -> String {
    text.chars().take(512).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Waits for `pause`; true when `stop` turned true, or nobody can turn it any more.
pub(crate) async fn stopped_within(pause: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => true,
        () = tokio::time::sleep(pause) => false,
    }
}

#[cfg(test)]
mod tests;
