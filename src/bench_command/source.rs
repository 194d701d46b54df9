//! Where a run's events come from: the generator, files, a foreign log, a recorded stream.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use bench::Generated;
use facts::{Address, Event, EventTime, Moment, line};
use futures_util::StreamExt;
use ingest::{Connection, EventFile};
use tempfile::TempDir;

use super::generate;
use crate::cli::{ImportCommand, ImportXesArgs, Language, SourceArgs};
use crate::import;

/// Lines of a file that are read at once.
const BATCH_LINES: usize = 1_000;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// How long a recorded stream may be silent while it is read.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Events in the order in which they become known.
pub(super) enum Source {
    /// Made up, with a truth of their own.
    City(Box<Generated>),
    /// One line an event.
    Files { paths: Vec<PathBuf>, _imported: Option<TempDir> },
    /// Read from a stream.
    Recorded { stream: String, events: Vec<Event> },
}

/// A run of events, which may break off.
pub(super) type Events<'a> = Box<dyn Iterator<Item = anyhow::Result<Event>> + Send + 'a>;

impl Source {
    /// What the arguments name. A recorded stream is read from `connection` to its present end, into memory.
    ///
    /// # Errors
    /// When a file, a profile or a stream cannot be read.
    pub(super) async fn open(args: &SourceArgs, connection: &Connection, language: Language) -> anyhow::Result<Source> {
        if let Some(stream) = &args.stream {
            return Ok(Source::Recorded { stream: stream.clone(), events: recorded(connection, stream).await? });
        }
        if let (Some(log), Some(map)) = (&args.xes, &args.map) {
            let folder = tempfile::tempdir().context("could not make a folder")?;
            let out = folder.path().join("events.ndjson");
            let xes = ImportXesArgs { log: log.clone(), map: map.clone(), out: out.clone() };
            if import::run(&ImportCommand::Xes(xes), language)? != crate::cli::Exit::Fine {
                bail!("{} has traces that were refused; import it first, and publish what came out", log.display());
            }
            return Ok(Source::Files { paths: vec![out], _imported: Some(folder) });
        }
        if args.events.is_empty() {
            return Ok(Source::City(Box::new(bench::generate(&generate::city(&args.city)?)?)));
        }
        Ok(Source::Files { paths: args.events.clone(), _imported: None })
    }

    /// What it is called in reports.
    pub(super) fn name(&self) -> String {
        match self {
            Source::City(city) => format!("profile {}, {} cases", city.options().profile.name, city.options().cases),
            Source::Files { paths, .. } => {
                paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
            }
            Source::Recorded { stream, .. } => format!("stream {stream}"),
        }
    }

    /// The city, where it is one.
    pub(super) fn city(&self) -> Option<&Generated> {
        match self {
            Source::City(city) => Some(city),
            Source::Files { .. } | Source::Recorded { .. } => None,
        }
    }

    /// The events, from the first.
    pub(super) fn events(&self) -> Events<'_> {
        match self {
            Source::City(city) => {
                let until = city.until();
                Box::new(city.events().filter(move |event| event.arrived.is_some_and(|at| at <= until)).map(Ok))
            }
            Source::Files { paths, .. } => Box::new(paths.iter().flat_map(|path| lines(path))),
            Source::Recorded { events, .. } => Box::new(events.iter().cloned().map(Ok)),
        }
    }

    /// The latest business time of its events, days at their end; `None` without events.
    ///
    /// # Errors
    /// When a file breaks off.
    pub(super) fn latest(&self) -> anyhow::Result<Option<Moment>> {
        let mut latest = None;
        for event in self.events() {
            let at = match event?.at {
                EventTime::Instant(at) => at,
                EventTime::Day(day) => Moment::from_millis((i64::from(day) + 1) * DAY),
            };
            latest = latest.max(Some(at));
        }
        Ok(latest)
    }
}

/// The facts of a file. A line that is no fact breaks it off: what is measured must be what was meant.
fn lines(path: &Path) -> Events<'static> {
    let mut file = match EventFile::open(path) {
        Ok(file) => file,
        Err(error) => return Box::new(std::iter::once(Err(error.into()))),
    };
    let name = path.display().to_string();
    let mut read = Vec::new().into_iter();
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        loop {
            if let Some((_, event)) = read.next() {
                return Some(Ok(event));
            }
            if ended {
                return None;
            }
            match file.next_batch(BATCH_LINES) {
                Ok(Some(batch)) if batch.refused.is_empty() => read = batch.facts.into_iter(),
                Ok(Some(batch)) => {
                    ended = true;
                    let refused = batch.refused.len();
                    return Some(Err(anyhow::anyhow!(
                        "{name} has {refused} lines that are no facts; watchlight replay names them"
                    )));
                }
                Ok(None) => return None,
                Err(error) => {
                    ended = true;
                    return Some(Err(error.into()));
                }
            }
        }
    }))
}

/// Moves business times by whole days, and leaves arrivals to the server.
pub(super) fn shifted(event: Event, days: i32) -> Event {
    let at = match event.at {
        EventTime::Instant(at) => EventTime::Instant(at.plus_millis(i64::from(days) * DAY)),
        EventTime::Day(day) => EventTime::Day(day + days),
    };
    Event { at, arrived: None, ..event }
}

/// How many whole days `latest` must be moved so that it lies in the 24 hours before `now`.
pub(super) fn days_until(latest: Moment, now: Moment) -> i32 {
    i32::try_from((now.millis() - latest.millis()).div_euclid(DAY)).unwrap_or(0)
}

/// All facts of a stream, with the server's stamps as arrivals. A line that is no fact is left out: the stream's reader put it into quarantine.
async fn recorded(connection: &Connection, name: &str) -> anyhow::Result<Vec<Event>> {
    use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
    let stream = connection.jetstream.get_stream(name).await.with_context(|| format!("there is no stream {name}"))?;
    let last = stream.cached_info().state.last_sequence;
    let mut events = Vec::new();
    if stream.cached_info().state.messages == 0 {
        return Ok(events);
    }
    let config = pull::Config {
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::None,
        memory_storage: true,
        ..pull::Config::default()
    };
    let consumer = stream.create_consumer(config).await.with_context(|| format!("could not read stream {name}"))?;
    let mut messages = consumer.messages().await.with_context(|| format!("could not read stream {name}"))?;
    loop {
        let next = tokio::time::timeout(SILENCE, messages.next()).await;
        let next =
            next.with_context(|| format!("stream {name} was silent for {} s before its end", SILENCE.as_secs()))?;
        let Some(message) = next else { bail!("stream {name} broke off") };
        let message = message.with_context(|| format!("could not read stream {name}"))?;
        let info = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
        let stamp = i64::try_from(info.published.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let prefix = message.subject.split('.').next().unwrap_or_default();
        let address = Address::from_subject(prefix, &message.subject);
        for text in message.payload.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
            if let Ok(read) = line::read(text, address.as_ref()) {
                events.push(Event { arrived: Some(Moment::from_millis(stamp)), ..read.event });
            }
        }
        if info.stream_sequence >= last {
            return Ok(events);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifting_keeps_the_time_of_day_and_ends_within_the_last_day() {
        let moment = |text: &str| text.parse::<Moment>().expect("an instant");
        let (latest, now) = (moment("2026-05-15T10:00:00Z"), moment("2026-11-23T09:00:00Z"));
        let days = days_until(latest, now);
        assert_eq!(latest.plus_millis(i64::from(days) * DAY), moment("2026-11-22T10:00:00Z"));
        assert_eq!(days_until(now, now), 0);
        assert_eq!(days_until(now.plus_millis(1), now), -1, "what lies ahead is moved back");
    }
}
