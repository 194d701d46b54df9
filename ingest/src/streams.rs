//! The three streams: what they must be, made when absent, compared in words when present.
//!
//! All keep their messages in files and push back when full (discard new) rather than lose the oldest
//! unread. A stream that exists is never changed: its settings are the site's. Settings that would lose
//! facts stop the start; others are told.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType, Stream};
use facts::Moment;
use serde::{Deserialize, Serialize};

use crate::server::Connection;

/// Name of the stream of facts.
pub const APPROVALS: &str = "APPROVALS";
/// Name of the stream of light changes.
pub const ALERTS: &str = "ALERTS";
/// Name of the stream of refused lines.
pub const QUARANTINE: &str = "QUARANTINE";

/// Room for the headers that a line gets on its way to QUARANTINE, in bytes. A server drops the connection
/// of a publisher that exceeds `max_payload`, so what comes in must leave this much.
pub const HEADER_ROOM: usize = 8 * 1024;

/// How long QUARANTINE recognises a line it was sent before. Ordered storing is what keeps re-reading from
/// doubling (see `quarantine`); this covers an answer that got lost.
const QUARANTINE_WINDOW: Duration = Duration::from_secs(3600);

/// What a site may choose.
#[derive(Clone, Debug)]
pub struct StreamOptions {
    /// Copies in a cluster; 1 for a single server.
    pub replicas: usize,
    /// How long APPROVALS keeps messages; zero is for ever.
    pub approvals_max_age: Duration,
    /// How long ALERTS keeps messages; zero is for ever.
    pub alerts_max_age: Duration,
    /// How long QUARANTINE keeps messages; zero is for ever.
    pub quarantine_max_age: Duration,
}

impl Default for StreamOptions {
    fn default() -> StreamOptions {
        let ever = Duration::ZERO;
        StreamOptions { replicas: 1, approvals_max_age: ever, alerts_max_age: ever, quarantine_max_age: ever }
    }
}

/// Which stream this is: a stream made anew under an old name is another one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct StreamIdentity {
    /// Name.
    pub name: String,
    /// When the server made it.
    pub created: Moment,
}

/// A stream and what it holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StreamState {
    /// Which stream.
    pub identity: StreamIdentity,
    /// Lowest sequence still held; one above `last_sequence` when it holds nothing.
    pub first_sequence: u64,
    /// Highest sequence ever given; 0 for a stream nobody wrote to.
    pub last_sequence: u64,
    /// When the last message came; the epoch for a stream nobody wrote to.
    pub last_timestamp: Moment,
}

/// The three streams as found.
#[derive(Clone, Debug)]
pub struct Streams {
    /// Facts.
    pub approvals: StreamState,
    /// Light changes.
    pub alerts: StreamState,
    /// Refused lines.
    pub quarantine: StreamState,
    /// Settings that differ from ours without losing facts, one sentence each.
    pub differences: Vec<String>,
}

/// Why the streams cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The server did not answer or refused.
    #[error("could not {what} stream {stream}")]
    Server {
        /// Which stream.
        stream: String,
        /// `read` or `create`.
        what: &'static str,
        /// The client's reason.
        source: async_nats::Error,
    },
    /// A setting would lose facts.
    #[error("stream {stream} cannot be used: {}", faults.join("; "))]
    Unfit {
        /// Which stream.
        stream: String,
        /// What is wrong, one sentence each.
        faults: Vec<String>,
    },
}

/// Makes the streams that are absent and compares those that are there.
///
/// # Errors
/// When the server fails, or a stream that is there would lose facts.
pub async fn ensure(connection: &Connection, options: &StreamOptions) -> Result<Streams, StreamError> {
    let mut differences = Vec::new();
    let mut states = Vec::new();
    for wanted in wanted(options, connection.client.max_payload()) {
        let info = read_or_create(connection, &wanted).await?;
        let found = compare(&wanted, &info.config);
        if !found.faults.is_empty() {
            return Err(StreamError::Unfit { stream: wanted.name, faults: found.faults });
        }
        for difference in found.differences {
            tracing::warn!(stream = %wanted.name, %difference, "stream differs from what was asked for");
            differences.push(format!("stream {}: {difference}", wanted.name));
        }
        states.push(state_of(&info));
    }
    let [approvals, alerts, quarantine] = states.try_into().expect("three streams are wanted");
    Ok(Streams { approvals, alerts, quarantine, differences })
}

/// Reads what the stream `name` is and holds.
///
/// # Errors
/// When the server fails or has no such stream.
pub async fn state(connection: &Connection, name: &str) -> Result<StreamState, StreamError> {
    open(connection, name).await.map(|stream| state_of(stream.cached_info()))
}

/// The stream `name`, with what it says of itself now.
pub(crate) async fn open(connection: &Connection, name: &str) -> Result<Stream, StreamError> {
    connection.jetstream.get_stream(name).await.map_err(|error| failed(name, "read", error))
}

/// The settings of the three streams on a server that takes messages of `max_payload` bytes.
fn wanted(options: &StreamOptions, max_payload: usize) -> [Config; 3] {
    let stream = |name: &str, subject: &str, max_age| Config {
        name: name.to_owned(),
        subjects: vec![subject.to_owned()],
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        retention: RetentionPolicy::Limits,
        num_replicas: options.replicas,
        max_age,
        max_bytes: -1,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        ..Config::default()
    };
    let message_bytes_max = max_payload.saturating_sub(HEADER_ROOM).max(HEADER_ROOM);
    let approvals = Config {
        max_message_size: i32::try_from(message_bytes_max).unwrap_or(i32::MAX),
        ..stream(APPROVALS, "approval.>", options.approvals_max_age)
    };
    let quarantine = Config {
        duplicate_window: match options.quarantine_max_age {
            Duration::ZERO => QUARANTINE_WINDOW,
            age => QUARANTINE_WINDOW.min(age),
        },
        ..stream(QUARANTINE, "quarantine.>", options.quarantine_max_age)
    };
    [approvals, stream(ALERTS, "alert.>", options.alerts_max_age), quarantine]
}

async fn read_or_create(connection: &Connection, wanted: &Config) -> Result<Info, StreamError> {
    let jetstream = &connection.jetstream;
    jetstream.get_or_create_stream(wanted.clone()).await.map_err(|error| failed(&wanted.name, "create", error))?;
    // What a server answers to a request is not always what it keeps: read it back.
    Ok(open(connection, &wanted.name).await?.cached_info().clone())
}

fn failed(stream: &str, what: &'static str, error: impl Into<async_nats::Error>) -> StreamError {
    StreamError::Server { stream: stream.to_owned(), what, source: error.into() }
}

/// What differs between the settings asked for and those found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Comparison {
    /// Would lose facts.
    faults: Vec<String>,
    /// Would not.
    differences: Vec<String>,
}

fn compare(wanted: &Config, found: &Config) -> Comparison {
    let mut faults = Vec::new();
    if !wanted.subjects.iter().all(|subject| found.subjects.contains(subject)) {
        faults.push(format!("it takes subjects {:?}, not {:?}", found.subjects, wanted.subjects));
    }
    if found.retention != RetentionPolicy::Limits {
        faults.push("its retention is not \"limits\", so messages vanish once somebody has read them".to_owned());
    }
    if found.no_ack {
        faults.push("it confirms nothing (no_ack), so a sender cannot know what was stored".to_owned());
    }
    if found.sealed {
        faults.push("it is sealed and takes no more messages".to_owned());
    }
    Comparison { faults, differences: differences(wanted, found) }
}

fn differences(wanted: &Config, found: &Config) -> Vec<String> {
    let mut words = Vec::new();
    let mut differ = |differs: bool, text: String| {
        if differs {
            words.push(text);
        }
    };
    differ(found.storage != wanted.storage, "it is kept in memory and gone after a restart of the server".into());
    differ(
        found.discard != wanted.discard,
        "when full it drops its oldest messages; discard = new would push back instead".into(),
    );
    differ(
        found.max_age != wanted.max_age,
        format!("it keeps messages for {}, not for {}", age(found.max_age), age(wanted.max_age)),
    );
    differ(
        wanted.max_message_size > 0
            && (found.max_message_size <= 0 || found.max_message_size > wanted.max_message_size),
        format!(
            "it takes messages of {}; above {} bytes a refused line may find no room in QUARANTINE",
            if found.max_message_size <= 0 { "any size".into() } else { format!("{} bytes", found.max_message_size) },
            wanted.max_message_size
        ),
    );
    differ(
        found.num_replicas != wanted.num_replicas,
        format!("it has {} copies, not {}", found.num_replicas, wanted.num_replicas),
    );
    differ(found.max_messages_per_subject > 0, "it keeps only some messages of each subject".into());
    differ(
        wanted.duplicate_window > found.duplicate_window,
        format!("it recognises repeats for {}, not for {}", age(found.duplicate_window), age(wanted.duplicate_window)),
    );
    words
}

fn age(duration: Duration) -> String {
    if duration.is_zero() { "ever".to_owned() } else { format!("{} s", duration.as_secs()) }
}

/// What `info` says of a stream.
#[must_use]
pub fn state_of(info: &Info) -> StreamState {
    let state = &info.state;
    StreamState {
        identity: StreamIdentity {
            name: info.config.name.clone(),
            created: moment_of_nanos(info.created.unix_timestamp_nanos()),
        },
        first_sequence: if state.messages == 0 { state.last_sequence + 1 } else { state.first_sequence },
        last_sequence: state.last_sequence,
        last_timestamp: if state.last_sequence == 0 {
            Moment::default()
        } else {
            moment_of_nanos(state.last_timestamp.unix_timestamp_nanos())
        },
    }
}

/// Whole milliseconds of a server's nanoseconds, rounded down.
pub(crate) fn moment_of_nanos(nanos: i128) -> Moment {
    let millis = nanos.div_euclid(1_000_000);
    Moment::from_millis(i64::try_from(millis).expect("server times lie within 292 million years"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::TestServer;

    const MAX_PAYLOAD: usize = 1024 * 1024;

    fn approvals() -> Config {
        let [approvals, _, _] = wanted(&StreamOptions::default(), MAX_PAYLOAD);
        approvals
    }

    #[test]
    fn what_comes_in_leaves_room_for_headers() {
        assert_eq!(approvals().max_message_size, 1024 * 1024 - 8 * 1024);
    }

    #[test]
    fn equal_settings_have_nothing_to_tell() {
        assert_eq!(compare(&approvals(), &approvals()), Comparison::default());
    }

    #[test]
    fn settings_that_lose_facts_are_faults() {
        let found = Config {
            subjects: vec!["other.>".into()],
            retention: RetentionPolicy::WorkQueue,
            no_ack: true,
            sealed: true,
            ..approvals()
        };
        assert_eq!(compare(&approvals(), &found).faults.len(), 4);
    }

    #[test]
    fn other_settings_are_told_in_words() {
        let found = Config {
            storage: StorageType::Memory,
            discard: DiscardPolicy::Old,
            max_age: Duration::from_secs(60),
            max_message_size: -1,
            ..approvals()
        };
        let comparison = compare(&approvals(), &found);
        assert!(comparison.faults.is_empty());
        assert_eq!(
            comparison.differences,
            [
                "it is kept in memory and gone after a restart of the server",
                "when full it drops its oldest messages; discard = new would push back instead",
                "it keeps messages for 60 s, not for ever",
                "it takes messages of any size; above 1040384 bytes a refused line may find no room in QUARANTINE",
            ]
        );
    }

    #[tokio::test]
    async fn streams_are_made_once_and_then_found_as_they_are() {
        let Some(server) = TestServer::start("streams_are_made_once_and_then_found_as_they_are") else { return };
        let (connection, made) = server.connect_with_streams().await;
        assert_eq!(made.differences, Vec::<String>::new(), "the server keeps what it was asked for");
        assert_eq!((made.approvals.first_sequence, made.approvals.last_sequence), (1, 0));
        let again = ensure(&connection, &StreamOptions::default()).await.expect("there");
        assert_eq!((again.approvals, again.alerts), (made.approvals, made.alerts));
        let asked = StreamOptions { alerts_max_age: Duration::from_secs(60), ..StreamOptions::default() };
        let found = ensure(&connection, &asked).await.expect("there");
        assert_eq!(found.differences, ["stream ALERTS: it keeps messages for ever, not for 60 s"]);
        let [approvals, ..] = wanted(&asked, MAX_PAYLOAD);
        let foreign = Config { subjects: vec!["orders.>".into()], name: "OTHER".into(), ..approvals };
        connection.jetstream.delete_stream(APPROVALS).await.expect("there");
        connection.jetstream.create_stream(Config { name: APPROVALS.into(), ..foreign }).await.expect("made");
        let error = ensure(&connection, &asked).await.expect_err("it takes other subjects");
        assert_eq!(
            error.to_string(),
            "stream APPROVALS cannot be used: it takes subjects [\"orders.>\"], not [\"approval.>\"]"
        );
    }
}
