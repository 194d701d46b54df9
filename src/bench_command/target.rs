//! Where load goes: which server, which subjects, which stream; and what keeps a replay away from real recipients.
//!
//! A service reads the stream APPROVALS and nothing else. A replay is published below a word of its own, into a stream of its own, and
//! before the first message it is asked of the server that these subjects lie in that stream and in no other. Each of its messages
//! says in a header that it is a replay.

use anyhow::{Context, bail};
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use ingest::streams::{self, StreamOptions};
use ingest::{Connection, ServerOptions, server};

/// The first word of the subjects that a service listens to.
pub(super) const SERVICE_PREFIX: &str = "approval";
/// The first word of a replay's subjects, unless told.
const REPLAY_PREFIX: &str = "replay";
/// Words that mean something to a service, or to NATS.
const TAKEN: [&str; 3] = ["alert", "quarantine", "_inbox"];
/// The header of every message of a replay; its value names the run.
pub(super) const REPLAY_HEADER: &str = "Watchlight-Replay";

/// Where the messages of one run go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// First word of the subjects.
    pub(super) prefix: String,
    /// Is it marked as a replay?
    pub(super) replay: bool,
}

/// The command line asks for what must not be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Refused {
    #[error(
        "a replay must not be published under approval, where a service would judge it and tell real recipients; name \
         another word with --prefix, or leave it out"
    )]
    ReplayAsReal,
    #[error("a recorded stream holds what really happened, so it is only published as a replay: give --replay")]
    RecordedAsReal,
    #[error("--prefix {0} cannot be: it is one word of small letters, digits, - and _, and not alert or quarantine")]
    Word(String),
}

impl Target {
    /// What `--replay` and `--prefix` ask for; `recorded` when the source is a recorded stream.
    ///
    /// # Errors
    /// When real recipients could be reached by what is no real load.
    pub(super) fn new(replay: bool, prefix: Option<&str>, recorded: bool) -> Result<Target, Refused> {
        let prefix = prefix.unwrap_or(if replay { REPLAY_PREFIX } else { SERVICE_PREFIX });
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if prefix.is_empty() || !prefix.bytes().all(letter) || TAKEN.contains(&prefix) {
            return Err(Refused::Word(prefix.to_owned()));
        }
        match (replay, prefix == SERVICE_PREFIX) {
            (true, true) => Err(Refused::ReplayAsReal),
            (false, true) if recorded => Err(Refused::RecordedAsReal),
            // Subjects that no service listens to make a replay, whether or not it was called one.
            (_, service) => Ok(Target { prefix: prefix.to_owned(), replay: !service }),
        }
    }

    /// The stream in which its messages are kept.
    pub(super) fn stream(&self) -> String {
        if self.replay { self.prefix.to_uppercase() } else { streams::APPROVALS.to_owned() }
    }

    /// Makes the stream where it is absent, and makes sure that the subjects lead into it alone. Returns its last sequence.
    ///
    /// # Errors
    /// When the server fails, the subjects lead elsewhere, or the service's stream holds facts and `append` is not said.
    pub(super) async fn prepare(&self, connection: &Connection, append: bool) -> anyhow::Result<u64> {
        let stream = self.stream();
        if self.replay {
            let config = Config {
                name: stream.clone(),
                subjects: vec![format!("{}.>", self.prefix)],
                storage: StorageType::File,
                discard: DiscardPolicy::New,
                ..Config::default()
            };
            let made = connection.jetstream.get_or_create_stream(config).await;
            made.with_context(|| format!("could not make the stream {stream} of the replay"))?;
        } else {
            streams::ensure(connection, &StreamOptions::default()).await?;
        }
        let subject = format!("{}.city.360900.BENCH", self.prefix);
        let found = connection.jetstream.stream_by_subject(subject).await;
        let found = found.with_context(|| format!("no stream of the server keeps {}.>", self.prefix))?;
        if found != stream {
            bail!(
                "{}.> leads into the stream {found}, not into {stream}; nothing was published. Name another word with --prefix",
                self.prefix
            );
        }
        let state = streams::state(connection, &stream).await?;
        if !self.replay && state.last_sequence > 0 && !append {
            bail!(
                "{stream} holds {} messages already, and a service would judge them together with this load. Use a server of \
                 your own, publish it as a --replay, or say --append",
                state.last_sequence
            );
        }
        Ok(state.last_sequence)
    }
}

/// Connects to the server of a test.
///
/// # Errors
/// When there is none, or it does not let us in.
pub(super) async fn connect(options: &ServerOptions) -> anyhow::Result<Connection> {
    Ok(server::connect(options).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_never_goes_where_a_service_listens() {
        let target = |replay, prefix, recorded| {
            Target::new(replay, prefix, recorded).map(|target| (target.stream(), target.replay))
        };
        let stream = |name: &str, replay| Ok((name.to_owned(), replay));
        assert_eq!(target(false, None, false), stream("APPROVALS", false));
        assert_eq!(target(true, None, true), stream("REPLAY", true));
        assert_eq!(target(false, Some("shadow"), true), stream("SHADOW", true), "another word makes a replay");
        assert_eq!(target(true, Some("approval"), false), Err(Refused::ReplayAsReal));
        assert_eq!(target(false, None, true), Err(Refused::RecordedAsReal));
        for word in ["alert", "quarantine", "a.b", "", "Replay", ">"] {
            assert_eq!(target(true, Some(word), false), Err(Refused::Word(word.to_owned())));
        }
    }
}
