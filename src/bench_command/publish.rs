//! `watchlight bench publish`: events into a stream, by a schedule that waits for nobody.

use std::fs;

use anyhow::Context;
use bench::latency::Percentiles;
use bench::load::LagVerdict;
use facts::Moment;
use facts::proof::Lang;
use ingest::Connection;
use serde::Serialize;

use super::sender::{self, Outcome, Sending};
use super::source::{self, Source};
use super::target::{Target, connect};
use super::{paced, words};
use crate::cli::{Exit, Language, PublishArgs};
use crate::clock::Reading;
use crate::settings::{self, Flag, Sources};
use crate::terminal::{remark, say};

/// The figures of one publication.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Published {
    /// Names the run; message ids begin with it.
    pub(super) run: String,
    /// Where the events came from.
    pub(super) source: String,
    /// How fast they were to be sent.
    pub(super) pace: String,
    /// The stream they went into.
    pub(super) stream: String,
    /// Marked as a replay?
    pub(super) replay: bool,
    /// Events sent.
    pub(super) events: u64,
    /// Messages that carried them.
    pub(super) messages: u64,
    /// Of these, those that the server never said it has stored.
    pub(super) lost: u64,
    /// Messages sent again for want of an answer.
    pub(super) sent_again: u64,
    /// Milliseconds from the start to the last answer.
    pub(super) took_ms: u64,
    /// From when a message was due to the answer that it is stored, in microseconds.
    pub(super) answers: Percentiles,
    /// Whether the schedule was kept.
    pub(super) schedule: LagVerdict,
}

/// Publishes what `args` names and tells how it went.
///
/// # Errors
/// When the server or the source cannot be used.
pub(super) fn run(args: &PublishArgs, language: Language) -> anyhow::Result<Exit> {
    let target = match Target::new(args.replay, args.prefix.as_deref(), args.source.stream.is_some()) {
        Ok(target) => target,
        Err(refused) => {
            remark(format_args!("watchlight: {refused}"));
            return Ok(Exit::WrongUsage);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let flag = Flag { name: "--nats", key: "nats.url", value: args.nats.clone() };
    let server = settings::load(&Sources::of_process(&args.config.folder, vec![flag]))?.nats;
    let connections = connections(&runtime, &server, args.pace.connections)?;
    runtime.block_on(target.prepare(&connections[0], args.append))?;
    let source = runtime.block_on(Source::open(&args.source, &connections[0], language))?;
    let load = source.city().and_then(|city| city.options().profile.load);
    let pace = paced::pace(&args.pace, args.source.city.seed, load)?;
    let sending = Sending {
        run: new_run(),
        target,
        pace,
        events_per_message: args.pace.events_per_message as usize,
        window: args.pace.window as usize,
    };
    let days = if args.shift_to_now { source.latest()?.map(|latest| source::days_until(latest, now())) } else { None };
    let events = source.events();
    let events: source::Events<'_> = match days {
        Some(days) => Box::new(events.map(move |event| event.map(|event| source::shifted(event, days)))),
        None => events,
    };
    let outcome = sender::send(&runtime, &connections, &sending, events, |_, _| {})?;
    let published = figures(&sending, &source, &outcome, args.pace.lag_max);
    tell(&published, language.into())?;
    if let Some((index, why)) = outcome.lost.first() {
        remark(format_args!("watchlight: message {} was not stored: {why}", sender::message_id(&sending.run, *index)));
    }
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&published)?;
        fs::write(path, text + "\n").with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(if published.is_sound() { Exit::Fine } else { Exit::FaultsFound })
}

impl Published {
    /// Is everything stored, and was the schedule kept?
    pub(super) fn is_sound(&self) -> bool {
        self.lost == 0 && self.schedule.invalid_because.is_none()
    }
}

/// So many connections to one server.
///
/// # Errors
/// When one of them cannot be had.
pub(super) fn connections(
    runtime: &tokio::runtime::Runtime,
    server: &ingest::ServerOptions,
    count: u32,
) -> anyhow::Result<Vec<Connection>> {
    (0..count).map(|_| runtime.block_on(connect(server))).collect()
}

/// A name that no other run has: the instant at which it began, and the process.
pub(super) fn new_run() -> String {
    let now = Reading::now();
    format!("{:x}-{:x}-{:x}", now.wall.millis(), std::process::id(), now.monotonic.as_nanos())
}

/// The machine's clock.
pub(super) fn now() -> Moment {
    Reading::now().wall
}

/// What became of the sending, in figures.
pub(super) fn figures(sending: &Sending, source: &Source, outcome: &Outcome, lag_max_ms: u64) -> Published {
    Published {
        run: sending.run.clone(),
        source: source.name(),
        pace: paced::told(sending.pace),
        stream: sending.target.stream(),
        replay: sending.target.replay,
        events: outcome.events,
        messages: outcome.due.len() as u64,
        lost: outcome.lost.len() as u64,
        sent_again: outcome.sent_again,
        took_ms: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
        answers: outcome.answers.percentiles(),
        schedule: outcome.lag.verdict(lag_max_ms),
    }
}

/// Tells the figures.
pub(super) fn tell(published: &Published, lang: Lang) -> anyhow::Result<()> {
    let Published { events, messages, lost, sent_again, took_ms, .. } = published;
    say!("{} {}, {}", words(lang, "来源", "source"), published.source, published.pace)?;
    let stored = messages - lost;
    match lang {
        Lang::Zh => say!(
            "事件 {events}  消息 {messages}  已存 {stored} 于 {}  丢失 {lost}  重发 {sent_again}  用时 {took_ms} 毫秒",
            published.stream
        )?,
        Lang::En => say!(
            "events {events}  messages {messages}  stored {stored} in {}  lost {lost}  sent again {sent_again}  took {took_ms} ms",
            published.stream
        )?,
    }
    say!("{}", shown(words(lang, "应发至已存", "due to stored"), &published.answers))?;
    if published.schedule.lag.count > 0 {
        say!("{}", shown(words(lang, "应发至发出", "due to handed over"), &published.schedule.lag))?;
    }
    match &published.schedule.invalid_because {
        Some(why) => say!("{}: {why}", words(lang, "无效运行 INVALID", "INVALID run"))?,
        None => say!("{}", words(lang, "有效运行：发送按时", "valid run: the schedule was kept"))?,
    }
    Ok(())
}

/// Percentiles in a line, in milliseconds.
pub(super) fn shown(name: &str, told: &Percentiles) -> String {
    let Percentiles { count, p50, p90, p99, p999, max, .. } = told;
    let [p50, p90, p99, p999, max] = [p50, p90, p99, p999, max].map(|micros| millis(*micros));
    format!("{name}: n {count}  p50 {p50} ms  p90 {p90} ms  p99 {p99} ms  p99.9 {p999} ms  max {max} ms")
}

/// Microseconds as milliseconds with three decimals.
pub(super) fn millis(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}
