//! `watchlight bench measure`: from when an event was due to the alert it brings about, with the alerts held against the truth.
//!
//! ```text
//! backlog, as fast as it goes ─► service ready ─► listen to ALERTS, look at the service ─► the measured part, on schedule
//!   ─► the clock is moved to the end ─► quiet ─► read back what the streams hold ─► figures ─► a folder
//! ```
//!
//! Two clocks. An event's runs from when it was due by the schedule, whenever it was really sent. A deadline's runs, where messages
//! move the supervision clock, from when the first message beyond the deadline was due; with the machine's clock, from the deadline.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bench::cause::Entries;
use bench::latency::Latencies;
use bench::load::{Message, Pace, Packed};
use bench::run::{Alerts, LoadTold, Run, Second, Used, slope_milli};
use facts::light::Cause;
use facts::{Event, Moment, StandingLight};
use ingest::streams::{self, ALERTS, APPROVALS};
use ingest::{Connection, ServerOptions};
use sha2::{Digest as _, Sha256};

use super::listener::{Heard, Listener, read_back};
use super::process::{self, between, used};
use super::publish::{connections, new_run, now, shown};
use super::run_folder::{REPORT, RunFolder};
use super::sampler::{Page, Sample, Sampler};
use super::sender::{self, Outcome, Sending, index_of};
use super::source::{self, Events, Source};
use super::target::Target;
use super::under_test::UnderTest;
use super::{limits, paced, words};
use crate::cli::{ClockKind, Exit, Language, MeasureArgs};
use crate::config_folder;
use crate::demo::verdict::Verdict;
use crate::settings::{self, Flag, Sources};
use crate::terminal::{remark, say};

/// Version of the form of `run.json`.
const FORMAT: u32 = 1;
/// How long the service may take for the backlog, and for what it says last.
const PATIENCE: Duration = Duration::from_secs(600);
/// ALERTS is quiet when nothing came for so long ...
const QUIET: Duration = Duration::from_secs(1);
/// ... and so long where the service's page cannot be asked.
const QUIET_UNSEEN: Duration = Duration::from_secs(5);
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The source that moves a virtual clock to the end of the run.
const CLOCK_SUBJECT: &str = "approval.city.360900.BENCH";
/// Differences told by name.
const NAMED_MAX: usize = 20;

/// Measures what `args` names.
///
/// # Errors
/// When a server, a service or the source cannot be used.
pub(super) fn run(args: &MeasureArgs, language: Language) -> anyhow::Result<Exit> {
    let thresholds = limits::read(&args.limits)?;
    let run = measured(args, language)?;
    tell(&run, language.into())?;
    say!("{}", args.out.join(REPORT).display())?;
    let checks = thresholds.map(|thresholds| thresholds.of_run(&run)).unwrap_or_default();
    let kept = limits::judge(&args.limits, &run.run, &checks, language.into())?;
    Ok(if kept && run.invalid_because.is_empty() && run.faults() == 0 { Exit::Fine } else { Exit::FaultsFound })
}

/// Measures what `args` names, and writes the folder of the run.
///
/// # Errors
/// When a server, a service or the source cannot be used.
pub(super) fn measured(args: &MeasureArgs, language: Language) -> anyhow::Result<Run> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let folder = RunFolder::create(&args.out)?;
    let mut under_test = UnderTest::open(args)?;
    let flag = Flag { name: "--nats", key: "nats.url", value: under_test.nats.clone() };
    let server = settings::load(&Sources::of_process(&args.config.folder, vec![flag]))?.nats;
    let measuring = Measuring::open(&runtime, args, &server, language)?;
    let backlog = measuring.send(Pace::Fastest, measuring.part(false), |_, _| {})?;
    if let Some((_, why)) = backlog.outcome.lost.first() {
        bail!("the backlog was not stored whole: {why}");
    }
    under_test.start(&args.config.folder, args.clock.name())?;
    let page = under_test.page.as_deref().map(Page::at);
    let began = measuring.stand(APPROVALS)?;
    if let Some(page) = &page {
        runtime.block_on(page.ready(PATIENCE))?;
        runtime.block_on(page.taken(began, None, PATIENCE))?;
    }
    measuring.wait_quiet(page.is_some(), 0)?;
    measuring.close_backlog(page.as_ref())?;
    let began = measuring.stand(APPROVALS)?;
    let heard_before = measuring.stand(ALERTS)?;
    let listener = runtime.block_on(Listener::start(&measuring.connections[0], heard_before))?;
    let pids = [under_test.service_pid, under_test.nats_pid, Some(std::process::id())];
    let before = pids.map(|pid| pid.and_then(used));
    let sampler = Sampler::start(&runtime, page.clone(), under_test.service_pid);
    let began_at = now();
    let mut packed: Vec<Vec<Packed>> = Vec::new();
    let sent =
        measuring.send(measuring.pace, measuring.part(true), |_, message| packed.push(message.packed.clone()))?;
    let ending = Instant::now();
    let told = measuring.finish(page.as_ref(), &listener, heard_before);
    let samples = sampler.end();
    let after = pids.map(|pid| pid.and_then(used));
    let heard = listener.end();
    let held = runtime.block_on(read_back(&measuring.connections[0], APPROVALS, began))?;
    let attributed = measuring.attribute(&sent, ending, &packed, &held, &heard);
    let alerts = measuring.alerts(&heard, &attributed, args.late_after)?;
    let outcome = &sent.outcome;
    let schedule = outcome.lag.verdict(args.pace.lag_max);
    let mut invalid_because: Vec<String> = schedule.invalid_because.iter().cloned().collect();
    invalid_because.extend(told.err().map(|error| format!("{error:#}")));
    let seconds = by_second(&attributed.event, &samples);
    let nats_version = measuring.connections[0].version.to_string();
    let config = if args.nats.is_none() { Some(config_hash(args, language)?) } else { None };
    let [service, nats_server, client] = [0, 1, 2].map(|part| between(before[part], after[part]));
    let run = Run {
        format: FORMAT,
        run: sent.run.clone(),
        began: began_at.to_string(),
        invalid_because,
        load: LoadTold {
            source: measuring.source.name(),
            seed: args.source.city.seed,
            events_sha256: measuring.source.city().map(bench::Generated::hash).unwrap_or_default(),
            pace: paced::told(measuring.pace),
            backlog: backlog.outcome.events,
            events: outcome.events,
            messages: outcome.due.len() as u64,
            lost: attributed.lost,
            sent_again: outcome.sent_again,
            took_ms: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
            connections: args.pace.connections,
            clock: args.clock.name().to_owned(),
        },
        machine: process::machine(nats_version, config),
        schedule,
        answers: outcome.answers.percentiles(),
        event: attributed.event.percentiles(),
        deadline: attributed.deadline.percentiles(),
        alerts,
        used: Used { service, nats_server, client, backlog_growth_milli: growth(&samples, outcome) },
        seconds,
    };
    folder.write(
        &run,
        &[("event", &attributed.event), ("deadline", &attributed.deadline), ("stored", &outcome.answers)],
    )?;
    Ok(run)
}

/// Everything that is settled before the first message.
struct Measuring<'a> {
    runtime: &'a tokio::runtime::Runtime,
    args: &'a MeasureArgs,
    connections: Vec<Connection>,
    source: Source,
    pace: Pace,
    /// Facts that become known before this are the backlog.
    from: Option<Moment>,
    /// Days by which business times are moved, under the machine's clock.
    days: Option<i32>,
}

/// What was sent under one name.
struct SentPart {
    run: String,
    outcome: Outcome,
}

/// Alerts and what made them due.
struct Attributed {
    event: Latencies,
    deadline: Latencies,
    unattributed: u64,
    lost: u64,
}

impl<'a> Measuring<'a> {
    fn open(
        runtime: &'a tokio::runtime::Runtime,
        args: &'a MeasureArgs,
        server: &ServerOptions,
        language: Language,
    ) -> anyhow::Result<Measuring<'a>> {
        let connections = connections(runtime, server, args.pace.connections)?;
        let target = Target::new(false, None, args.source.stream.is_some())?;
        runtime.block_on(target.prepare(&connections[0], args.append))?;
        let source = runtime.block_on(Source::open(&args.source, &connections[0], language))?;
        let load = source.city().and_then(|city| city.options().profile.load);
        let pace = paced::pace(&args.pace, args.source.city.seed, load)?;
        let from = args.from.or(source.city().map(bench::Generated::replay_from));
        let wall = args.clock == ClockKind::Wall;
        let days = if wall { source.latest()?.map(|latest| source::days_until(latest, now())) } else { None };
        Ok(Measuring { runtime, args, connections, source, pace, from, days })
    }

    /// The events of the backlog, or those that are measured.
    fn part(&self, measured: bool) -> Events<'_> {
        let from = self.from;
        let is_measured =
            move |event: &Event| from.is_none_or(|from| event.arrived.is_none_or(|arrived| arrived >= from));
        let left_out = self.args.leave_out.clone();
        let wanted = move |event: &anyhow::Result<Event>| match event {
            Ok(event) => {
                let name = || format!("{}/{}", event.case, event.id);
                is_measured(event) == measured && left_out.as_ref().is_none_or(|left_out| *left_out != name())
            }
            Err(_) => true,
        };
        let days = self.days;
        let moved = move |event: Event| days.map_or(event.clone(), |days| source::shifted(event, days));
        Box::new(self.source.events().filter(wanted).map(move |event| event.map(&moved)))
    }

    fn send(&self, pace: Pace, events: Events<'_>, note: impl FnMut(u32, &Message) + Send) -> anyhow::Result<SentPart> {
        let sending = Sending {
            run: new_run(),
            target: Target::new(false, None, false)?,
            pace,
            events_per_message: self.args.pace.events_per_message as usize,
            window: self.args.pace.window as usize,
        };
        let outcome = sender::send(self.runtime, &self.connections, &sending, events, note)?;
        Ok(SentPart { run: sending.run, outcome })
    }

    /// The last sequence of a stream.
    fn stand(&self, stream: &str) -> anyhow::Result<u64> {
        Ok(self.runtime.block_on(streams::state(&self.connections[0], stream))?.last_sequence)
    }

    /// Waits until ALERTS stands still, at `least` or beyond.
    fn wait_quiet(&self, seen: bool, least: u64) -> anyhow::Result<u64> {
        let quiet = if seen { QUIET } else { QUIET_UNSEEN };
        let deadline = Instant::now() + PATIENCE;
        let (mut last, mut since) = (self.stand(ALERTS)?, Instant::now());
        while since.elapsed() < quiet || last < least {
            if Instant::now() > deadline {
                bail!("ALERTS was not quiet within {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(LOOK_EVERY);
            let stands = self.stand(ALERTS)?;
            if stands != last {
                (last, since) = (stands, Instant::now());
            }
        }
        Ok(last)
    }

    /// To where a city's clock is moved after its last message, where messages move it.
    fn end(&self) -> Option<Moment> {
        self.source.city().map(|city| city.until().plus_millis(1)).filter(|_| self.days.is_none())
    }

    /// Has the service say what the backlog brought about. It says the net of it when it has caught up, at the last instant of the
    /// backlog, and a virtual clock closes an instant with the next one: without this all of it would come with the first measured message.
    fn close_backlog(&self, page: Option<&Page>) -> anyhow::Result<()> {
        let Some(from) = self.from.filter(|_| self.args.clock == ClockKind::Virtual) else { return Ok(()) };
        self.move_clock(from.plus_millis(-1))?;
        if let Some(page) = page {
            self.runtime.block_on(page.taken(self.stand(APPROVALS)?, Some(from.plus_millis(-2)), PATIENCE))?;
        }
        self.wait_quiet(page.is_some(), 0).map(|_| ())
    }

    /// Moves a virtual clock on to `to`.
    fn move_clock(&self, to: Moment) -> anyhow::Result<()> {
        let line = format!(
            r#"{{"source":"bench","activity":"progress","at":"{to}","arrived":"{to}","level":"city","region":"360900","dept":"BENCH"}}"#
        );
        let unmoved = || format!("could not move the clock to {to}");
        self.runtime.block_on(async {
            let stored = self.connections[0].jetstream.publish(CLOCK_SUBJECT, line.into()).await;
            stored.with_context(unmoved)?.await.with_context(unmoved).map(|_| ())
        })
    }

    /// Moves a virtual clock to the end, and waits until everything is said and heard.
    fn finish(&self, page: Option<&Page>, listener: &Listener, heard_before: u64) -> anyhow::Result<()> {
        let end = self.end();
        if let Some(end) = end {
            self.move_clock(end)?;
        }
        if let Some(page) = page {
            let closed = end.map(|end| end.plus_millis(-1));
            self.runtime.block_on(page.taken(self.stand(APPROVALS)?, closed, PATIENCE))?;
        }
        let last = self.wait_quiet(page.is_some(), 0)?;
        let deadline = Instant::now() + PATIENCE;
        while last > heard_before && listener.last() < last {
            if Instant::now() > deadline {
                bail!("ALERTS holds {last} messages, and only those up to {} were heard", listener.last());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Goes from each alert back to the message that made it due.
    fn attribute(
        &self,
        sent: &SentPart,
        ending: Instant,
        packed: &[Vec<Packed>],
        held: &[(String, Moment)],
        heard: &[Heard],
    ) -> Attributed {
        let virtual_clock = self.args.clock == ClockKind::Virtual;
        let mut entries = Entries::default();
        let mut clock = Moment::MIN;
        let mut stored = HashSet::new();
        for (id, stamp) in held {
            let Some(index) = index_of(&sent.run, id) else { continue };
            let Some(facts) = packed.get(index as usize).filter(|_| stored.insert(index)) else { continue };
            for fact in facts {
                clock = clock.max(if virtual_clock { fact.known } else { *stamp });
                entries.add(&fact.case, clock, index);
            }
        }
        let start = sent.outcome.start;
        if let Some(end) = self.end() {
            entries.moved(end, u32::try_from(packed.len()).expect("indices of messages are counted in 32 bits"));
        }
        let ended = u64::try_from(ending.saturating_duration_since(start).as_nanos()).unwrap_or(u64::MAX);
        // What moves the clock to the end is sent after the last message, and due when it is sent.
        let due_of = |index: u32| sent.outcome.due.get(index as usize).copied().unwrap_or(ended);
        let came_of =
            |heard: &Heard| u64::try_from(heard.came.saturating_duration_since(start).as_nanos()).unwrap_or(u64::MAX);
        let (wall, at_start) = (now(), Instant::now());
        let mut told = Attributed {
            event: Latencies::default(),
            deadline: Latencies::default(),
            unattributed: 0,
            lost: (packed.len() - stored.len()) as u64,
        };
        for each in heard {
            let timed = matches!(each.cause, Cause::Deadline | Cause::Silence);
            let due = match (timed, virtual_clock) {
                (true, true) => entries.first_beyond(each.decided_at).map(due_of),
                (true, false) => {
                    // The machine's clock at the deadline, as nanoseconds from the start of the run.
                    let ago = u64::try_from(wall.millis() - each.decided_at.millis()).unwrap_or(0);
                    let passed = at_start.checked_sub(Duration::from_millis(ago));
                    passed.and_then(|passed| u64::try_from(passed.checked_duration_since(start)?.as_nanos()).ok())
                }
                (false, _) => entries.cause(&each.case, each.decided_at).map(due_of),
            };
            match due {
                Some(due) if timed => told.deadline.record(due, came_of(each)),
                Some(due) => told.event.record(due, came_of(each)),
                None => told.unattributed += 1,
            }
        }
        told
    }

    /// The lights that stand at the end, against the truth.
    fn alerts(&self, heard: &[Heard], attributed: &Attributed, late_after_ms: u64) -> anyhow::Result<Alerts> {
        let said = self.runtime.block_on(alerts::read_said(&self.connections[0].jetstream, ALERTS, 0))?;
        let mut lights: Vec<StandingLight> = said.last.iter().filter_map(facts::Transition::standing).collect();
        lights.sort_unstable();
        let mut hash = Sha256::new();
        lights.iter().for_each(|light| hash.update(light.row() + "\n"));
        let mut alerts = Alerts {
            heard: heard.len() as u64,
            late: attributed.event.above_millis(late_after_ms) + attributed.deadline.above_millis(late_after_ms),
            duplicate: heard.iter().filter(|each| each.duplicate).count() as u64,
            unattributed: attributed.unattributed,
            standing_sha256: facts::digest::hex(&hash.finalize()),
            ..Alerts::default()
        };
        if let (Some(city), None) = (self.source.city(), self.days) {
            let verdict = Verdict::of(city.truth(), &lights, &bench::scenario::rules());
            [alerts.equal, alerts.missed, alerts.false_alerts, alerts.beside] = verdict.counts();
            alerts.expected = Some(city.truth().len() as u64);
            alerts.differences = verdict.to_string().lines().take(NAMED_MAX).map(str::to_owned).collect();
        }
        Ok(alerts)
    }
}

fn by_second(event: &Latencies, samples: &[Sample]) -> Vec<Second> {
    let told = event.by_second();
    let at = |second: usize| Second {
        second: second as u64,
        event: told.get(second).copied().unwrap_or_default(),
        backlog: samples.get(second).and_then(|sample| sample.backlog),
        service_memory_kib: samples.get(second).and_then(|sample| sample.memory_kib),
        open_cases: samples.get(second).and_then(|sample| sample.open_cases),
    };
    (0..told.len().max(samples.len())).map(at).collect()
}

/// By how much the backlog of the service grew while messages were due.
fn growth(samples: &[Sample], outcome: &Outcome) -> Option<i64> {
    let last = outcome.due.iter().max().map_or(0, |nanos| nanos / 1_000_000_000);
    let sending = samples.iter().filter(|sample| sample.second <= last);
    slope_milli(&sending.filter_map(|sample| Some((sample.second, sample.backlog?))).collect::<Vec<_>>())
}

/// SHA-256 over the names and the contents of the configuration that the service was started with.
fn config_hash(args: &MeasureArgs, language: Language) -> anyhow::Result<String> {
    let zone = settings::load(&Sources::of_process(&args.config.folder, Vec::new()))?.zone;
    let files = config_folder::load_with_files(&args.config.folder, &zone, language.into())?.files;
    let mut hash = Sha256::new();
    for (name, bytes) in &files {
        hash.update(name.as_bytes());
        hash.update(Sha256::digest(bytes));
    }
    Ok(facts::digest::hex(&hash.finalize()))
}

fn tell(run: &Run, lang: facts::proof::Lang) -> anyhow::Result<()> {
    let load = &run.load;
    say!("{}  {}  {}", run.run, load.source, load.pace)?;
    say!(
        "{} {}  {} {}  {} {}  {} {} ms",
        words(lang, "积压", "backlog"),
        load.backlog,
        words(lang, "事件", "events"),
        load.events,
        words(lang, "丢失", "lost"),
        load.lost,
        words(lang, "用时", "took"),
        load.took_ms
    )?;
    say!("{}", shown(words(lang, "事件应发至亮灯", "event due to alert"), &run.event))?;
    say!("{}", shown(words(lang, "期限至亮灯", "deadline to alert"), &run.deadline))?;
    say!("{}", shown(words(lang, "应发至已存", "due to stored"), &run.answers))?;
    let alerts = &run.alerts;
    say!(
        "{} heard {}  missed {}  false {}  late {}  duplicate {}",
        words(lang, "灯", "alerts:"),
        alerts.heard,
        alerts.missed,
        alerts.false_alerts,
        alerts.late,
        alerts.duplicate
    )?;
    for difference in &alerts.differences {
        say!("{difference}")?;
    }
    for why in &run.invalid_because {
        say!("{}: {why}", words(lang, "无效运行 INVALID", "INVALID run"))?;
    }
    if run.invalid_because.is_empty() {
        say!("{}", words(lang, "有效运行", "valid run"))?;
    }
    if alerts.expected.is_none() {
        remark(words(lang, "没有真值可比", "there is no truth to compare with"));
    }
    Ok(())
}
