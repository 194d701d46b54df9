//! The service: ingest, dataflow and alerts wired together, from a start to a drained end.
//!
//! ```text
//! intake (task) ─► feeding (thread) ─► dataflow (threads) ─► announcing (thread) ─► ALERTS ─► follower (task) ─► ledger
//!                     the clock                                                                     http (task) ◄─┘
//! ```
//!
//! A start takes the facts of its checkpoint, reads ALERTS on from where the checkpoint's table of last messages ends, reads the
//! stream on from the checkpoint's position, judges silently up to the sequence seen at the start, and says only what ALERTS
//! does not hold. Without a checkpoint all of it begins at the first message.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use alerts::{Follower, Gate, Ledger, PublishSettings, Publisher, Readiness};
use anyhow::{Context, anyhow};
use dataflow::{Desk, Options, Runner};
use ingest::jetstream::{Health, IntakeOptions, Position};
use ingest::streams::{self, ALERTS, APPROVALS, StreamOptions};
use ingest::{Arrival, Connection, Intake, server};
use rules::configuration::Configuration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::announcing::Announcing;
pub use crate::checkpointing::Sources;
use crate::checkpointing::{self, Opened, Plan, SaidSoFar};
use crate::clock::{Clock, Machine};
use crate::feeding::{Feeding, Progress};
use crate::figures;
use crate::guarded_clock::GuardedClock;
use crate::in_force::InForce;
use crate::readers::Readers;
use crate::reload;
use crate::settings::{ClockKind, Settings, StreamSettings};
use crate::voice::Voice;

/// How often readiness and the figures of the dataflow are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Configurations that may wait to be put in force.
const WISHES_MAX: usize = 4;
/// How long a stop waits for the ledger to take what was said last.
const LEDGER_PATIENCE: Duration = Duration::from_secs(10);

/// A running service.
pub struct Service {
    runtime: Runtime,
    parts: Parts,
}

/// What runs on the runtime and beside it.
struct Parts {
    stop: watch::Sender<bool>,
    closing: watch::Sender<bool>,
    runner: Arc<Runner>,
    feeding: JoinHandle<anyhow::Result<()>>,
    announcing: JoinHandle<anyhow::Result<()>>,
    writing: Option<JoinHandle<anyhow::Result<()>>>,
    failures: mpsc::UnboundedReceiver<anyhow::Error>,
    ledger: Ledger,
    connection: Connection,
    address: SocketAddr,
}

impl Service {
    /// Starts everything; returns when the page answers. Catching up goes on behind it. `folder` is the one that `site` was
    /// read from: where it is given, what changes in it can be put in force while the service runs.
    ///
    /// # Errors
    /// When a server, a database or the port cannot be had, or what they hold does not fit.
    pub fn start(settings: &Settings, site: Sources, folder: Option<&Path>) -> anyhow::Result<Service> {
        Service::start_on(Machine::own(), settings, site, folder)
    }

    /// As [`Service::start`], with the clocks of `machine`, which tests make jump.
    ///
    /// # Errors
    /// As [`Service::start`].
    pub fn start_on(
        machine: Machine,
        settings: &Settings,
        site: Sources,
        folder: Option<&Path>,
    ) -> anyhow::Result<Service> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.context("could not start the runtime")?;
        let parts = runtime.block_on(start(machine, settings, site, folder))?;
        Ok(Service { runtime, parts })
    }

    /// Where the page and the API answer.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.parts.address
    }

    /// Waits for `future` on the service's runtime.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Waits until `ended` is ready or a part fails, then drains and ends.
    ///
    /// # Errors
    /// What made a part fail.
    pub fn run_until<E: Future<Output = ()>>(mut self, ended: E) -> anyhow::Result<()> {
        let failure = self.runtime.block_on(async {
            tokio::select! {
                () = ended => None,
                failure = self.parts.failures.recv() => failure,
            }
        });
        let drained = self.drain();
        match failure {
            Some(failure) => Err(failure),
            None => drained,
        }
    }

    /// Stops reading, judges and says what was read, and lets the ledger take it.
    fn drain(self) -> anyhow::Result<()> {
        let Service { runtime, parts } = self;
        let Parts { stop, closing, runner, feeding, announcing, writing, ledger, connection, .. } = parts;
        tracing::info!("stopping: no more messages are read");
        stop.send_replace(true);
        let fed = feeding.join().map_err(|_| anyhow!("the feeding thread failed"))?;
        runner.close();
        let said = announcing.join().map_err(|_| anyhow!("the announcing thread failed"))?;
        let written = writing.map_or(Ok(Ok(())), JoinHandle::join);
        let written = written.map_err(|_| anyhow!("the thread that writes the checkpoint failed"))?;
        runtime.block_on(async {
            if let Ok(state) = streams::state(&connection, ALERTS).await {
                let mut position = ledger.watch_position();
                let taken = position.wait_for(|position| position.sequence >= state.last_sequence);
                if tokio::time::timeout(LEDGER_PATIENCE, taken).await.is_err() {
                    tracing::warn!("the ledger is behind; it goes on from where it stands at the next start");
                }
            }
            closing.send_replace(true);
            ledger.close().await;
        });
        runtime.shutdown_timeout(Duration::from_secs(2));
        fed.and(said).and(written)?;
        tracing::info!("stopped");
        Ok(())
    }
}

async fn start(machine: Machine, settings: &Settings, site: Sources, folder: Option<&Path>) -> anyhow::Result<Parts> {
    figures::install();
    let connection = server::connect(&settings.nats).await?;
    let denials = connection.denials.clone();
    start_on(connection, machine, settings, site, folder).await.map_err(|error| match denials.told() {
        // A request that is denied gets no answer: the reason stands beside it.
        denied if denied.is_empty() => error,
        denied => error.context(format!(
            "the NATS server denies its user what Watchlight needs: {}. docs/nats.md lists what to grant",
            denied.join(", ")
        )),
    })
}

async fn start_on(
    connection: Connection,
    machine: Machine,
    settings: &Settings,
    site: Sources,
    folder: Option<&Path>,
) -> anyhow::Result<Parts> {
    let streams = streams::ensure(&connection, &stream_options(&settings.streams)).await?;
    for difference in &streams.differences {
        tracing::warn!(%difference, "a stream is not as this product would make it");
    }
    let ledger = open_ledger(&settings.ledger.url).await?;
    let listener = TcpListener::bind(settings.http.listen).await;
    let listener = listener.with_context(|| format!("could not listen on {}", settings.http.listen))?;
    let address = listener.local_addr().context("a bound socket has an address")?;

    // A virtual clock has no time to wait in: what it brings about is said at once, as a replay of it says.
    let wall = machine.clone();
    let (clock, arrival, settle) = match settings.clock.kind {
        ClockKind::Wall => (Clock::wall(machine), Arrival::Server, settings.publish.settle),
        ClockKind::Virtual => (Clock::replay(None), Arrival::Line, Duration::ZERO),
    };
    let open = |kept| checkpointing::open(kept, checkpointing::engine(settings));
    let mut opened = settings.checkpoint.as_ref().map(open).transpose()?;
    let said_through = opened.as_ref().and_then(Opened::said_through);
    let plan = match &mut opened {
        Some(opened) => Plan::make(&mut opened.log, site, said_through, &settings.zone)?,
        None => Plan { first: site.configuration, later: Vec::new(), change: None, files: site.files },
    };
    let in_force = InForce::new(Arc::clone(plan.last()));
    let options = Options {
        workers: settings.workers.get(),
        announce: false,
        settle,
        retention: Some(settings.state.retention),
        sealed: settings.state.folder.clone(),
        ..Options::default()
    };
    let (runner, closings) = Runner::start(&options, Arc::clone(&plan.first))?;
    let runner = Arc::new(runner);
    for (at, configuration, cause) in plan.later {
        runner.configure(configuration, cause, at)?;
    }
    let mut table = Vec::new();
    let mut publisher = Publisher::new(connection.client.clone(), PublishSettings::default(), 0);
    let mut later = None;
    if let Some(Opened { checkpoint, engine, .. }) = &mut opened {
        // Readings of files and waits for workers: not for a thread that serves others.
        later =
            Some(tokio::task::block_in_place(|| checkpoint.restore(&runner, engine.as_deref().unwrap_or_default()))?);
        // Messages are large: a list that grows by moving them costs more than reading them.
        table.reserve_exact(checkpoint.lights_said());
        if let Some((created_micros, covers)) = checkpoint.said(|last| table.push(last))? {
            publisher = Publisher::new(connection.client.clone(), PublishSettings::default(), covers);
            publisher = publisher.of_stream(created_micros);
        }
    }
    let (stop, stopped) = watch::channel(false);
    let progress = Arc::new(Progress::default());
    let said = opened.is_some().then(Arc::<SaidSoFar>::default);
    let announcing =
        Announcing::open(publisher, Arc::clone(&runner), table, said.clone(), Arc::clone(&progress), stopped.clone())
            .await?;
    if let Some(later) = later {
        if opened.as_ref().is_some_and(|opened| opened.checkpoint.manifest().is_some()) {
            let (joined, fed, kept_cases) = (later.joined(), later.len(), later.kept_cases());
            tracing::info!(joined, fed, kept_cases, "facts of the checkpoint are taken");
        }
        tokio::task::block_in_place(|| later.feed(&runner))?;
    }
    let clock = match opened.as_ref().and_then(|opened| opened.checkpoint.manifest()) {
        Some(manifest) => clock.resumed(manifest.clock.now, manifest.clock.highest_at),
        None => clock,
    };

    let (closing, closed) = watch::channel(false);
    let (failed, failures) = mpsc::unbounded_channel();
    let options = IntakeOptions { arrival, ..IntakeOptions::default() };
    let wake = Arc::new(std::sync::OnceLock::<thread::Thread>::new());
    let waking = Arc::clone(&wake);
    let wake_feeding = Box::new(move || {
        if let Some(thread) = waking.get() {
            thread.unpark();
        }
    });
    let position = opened.as_ref().map(|opened| opened.position(APPROVALS)).unwrap_or_default();
    let (intake, feed) =
        Intake::open(connection.clone(), APPROVALS, &position, options, wake_feeding, stopped.clone()).await?;
    let health = feed.health();
    let fed_to = intake.position();
    let fail = failed.clone();
    let (gathering, writing) = match (opened, &said, &settings.checkpoint) {
        (Some(opened), Some(said), Some(settings)) => {
            let stream = position.stream.clone().unwrap_or(streams.approvals.identity);
            let position = Position { last_sequence: fed_to, ..position };
            let (gathering, writer) =
                checkpointing::keep(opened, settings, stream, position, said, &progress, &stopped);
            let writing = spawn("checkpoint", fail, move || {
                writer.run();
                Ok(())
            })?;
            (Some(gathering), Some(writing))
        }
        _ => (None, None),
    };
    let zone = settings.zone.clone();
    let (wisher, wishes) = std::sync::mpsc::sync_channel(WISHES_MAX);
    let rules = reload::Rules::new(folder.map(Path::to_owned), zone.clone(), runner.desk(), in_force.clone(), wisher);
    let watching = (Arc::clone(&rules), stopped.clone());
    let feeding = Feeding {
        feed,
        runner: Arc::clone(&runner),
        clock: GuardedClock { clock, progress: Arc::clone(&progress), stop: stopped },
        voice: Voice::new(
            Arc::clone(&runner),
            Arc::clone(&progress),
            settings.publish.catch_up,
            settings.publish.issue_from,
        ),
        zone: zone.clone(),
        position: fed_to,
        silent_until: streams.approvals.last_sequence,
        change: plan.change,
        change_failed: None,
        wishes,
        files: plan.files,
        in_force: in_force.clone(),
        gathering,
        progress: Arc::clone(&progress),
        entered: false,
    };
    let fail = failed.clone();
    let feeding = spawn("feeding", fail, move || feeding.run().map_err(Into::into))?;
    wake.set(feeding.thread().clone()).map_err(|_| anyhow!("the feeding thread is set once"))?;
    let fail = failed.clone();
    let announcing = spawn("announcing", fail, move || announcing.run(&closings).map_err(Into::into))?;
    let fail = failed.clone();
    tokio::spawn(async move {
        if let Err(error) = intake.run().await {
            // Nobody may be waiting any more: then the service is stopping anyway.
            fail.send(error.into()).ok();
        }
    });
    let follower =
        Follower { ledger: ledger.clone(), context: connection.jetstream.clone(), stream: ALERTS.to_owned() };
    let fail = failed.clone();
    tokio::spawn(async move {
        let Err(error) = follower.follow().await;
        fail.send(error.into()).ok();
    });

    if settings.reload.watch {
        let (rules, stopped) = watching;
        spawn("configuration", failed.clone(), move || {
            reload::watch(&rules, &stopped);
            Ok(())
        })?;
    }

    let regions = region_names(&in_force.get());
    let readers = Arc::new(Readers { desk: runner.desk(), in_force });
    // Nothing has been looked at yet: that is not ready.
    let starting = gate("started", false, "正在启动", "starting");
    let (ready, readiness) = watch::channel(Readiness { gates: vec![starting] });
    let clock = Arc::clone(&progress.freeze);
    tokio::spawn(look(ready, runner.desk(), health, progress, ledger.clone()));
    let site = alerts::Site {
        ledger: ledger.clone(),
        cases: readers.clone(),
        analyst: readers.clone(),
        lights: readers.clone(),
        sources: readers.clone(),
        counts: readers,
        clock,
        rules,
        readiness,
        closing: closed.clone(),
        metrics: Arc::new(figures::text),
        now: Arc::new(move || wall.wall()),
        regions,
        zone,
    };
    let routes = alerts::router(site).into_make_service_with_connect_info::<SocketAddr>();
    let serve = axum::serve(listener, routes).with_graceful_shutdown(until_true(closed));
    tokio::spawn(async move {
        if let Err(error) = serve.await {
            tracing::error!(%error, "the page has ended");
        }
    });
    tracing::info!(%address, "the page answers");
    Ok(Parts { stop, closing, runner, feeding, announcing, writing, failures, ledger, connection, address })
}

/// A thread whose failure is told to whoever waits for the service.
fn spawn(
    name: &str,
    failed: mpsc::UnboundedSender<anyhow::Error>,
    work: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    let body = move || {
        work().inspect_err(|error| {
            tracing::error!(error = format!("{error:#}"), "a part of the service has failed");
            failed.send(anyhow!("{error:#}")).ok();
        })
    };
    thread::Builder::new().name(name.to_owned()).spawn(body).with_context(|| format!("could not start thread {name}"))
}

async fn until_true(mut flag: watch::Receiver<bool>) {
    // A dropped sender means the same as true: nobody keeps the service up.
    flag.wait_for(|closing| *closing).await.ok();
}

/// Keeps readiness and the dataflow's figures up to date.
async fn look(
    ready: watch::Sender<Readiness>,
    desk: Desk,
    health: Arc<Health>,
    progress: Arc<Progress>,
    ledger: Ledger,
) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        figures::dataflow(&desk);
        figures::clock(progress.freeze.lasting().is_some());
        let gates = vec![
            gate("nats", health.is_open(), "等待 NATS 服务器", "waiting for the NATS server"),
            gate(
                "caught_up",
                progress.caught_up.load(Ordering::Acquire),
                "正在判定积压的事件，判定完成后再发布",
                "judging a backlog; what differs is said when that is done",
            ),
            progress
                .freeze
                .lasting()
                .map_or(Gate::open("clock"), |freeze| Gate::waiting("clock", freeze.zh(), freeze.to_string())),
            gate(
                "checkpoint",
                !progress.unwritten.load(Ordering::Relaxed),
                "检查点无法写入，见日志",
                "the checkpoint cannot be written; see the log",
            ),
            gate("ledger", ledger.position().created_micros != 0, "等待台账数据库", "waiting for the ledger"),
        ];
        if ready.send(Readiness { gates }).is_err() {
            return;
        }
    }
}

fn gate(name: &'static str, open: bool, zh: &str, en: &str) -> Gate {
    if open { Gate::open(name) } else { Gate::waiting(name, zh, en) }
}

/// Opens the ledger; the folder of a file is made when missing.
pub(crate) async fn open_ledger(url: &str) -> anyhow::Result<Ledger> {
    if let Some(path) = url.strip_prefix("sqlite://") {
        let path = Path::new(path.split('?').next().unwrap_or(path));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("could not make the folder {} for the ledger", folder.display()))?;
        }
    }
    Ok(Ledger::open(url).await?)
}

fn stream_options(streams: &StreamSettings) -> StreamOptions {
    StreamOptions {
        replicas: streams.replicas,
        approvals_max_age: streams.approvals_keep,
        alerts_max_age: streams.alerts_keep,
        quarantine_max_age: streams.quarantine_keep,
    }
}

/// Region names by canonical code, as the page shows them.
fn region_names(configuration: &Configuration) -> std::collections::BTreeMap<String, String> {
    let names = configuration.regions.iter().filter_map(|(code, name)| {
        let region: facts::Region = format!("{code:012}").parse().ok()?;
        Some((region.to_string(), name.zh.clone()))
    });
    names.collect()
}
