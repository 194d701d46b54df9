//! `watchlight demo`: the sample city live, on a private nats-server.
//!
//! A backlog of ten weeks is loaded first, then a working week is played through NATS under the virtual
//! clock, one second an office hour. What is shown is read from the API and from ALERTS; at the end the
//! standing lights that ALERTS tells are held against the truth, which the generator worked out on its own.
//!
//! Everything lives in a temporary folder and on loopback; the end takes it all away.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use bench::{Generated, Options, Profile};
use facts::{Moment, StandingLight};
use ingest::streams;

use crate::cli::{DemoArgs, Exit, Language};
use crate::config_folder;
use crate::nats_server::{self, PrivateServer};
use crate::run::Signals;
use crate::service::{self, Service};
use crate::settings::{self, Flag, Sources};
use crate::terminal::{self, say};

mod board;
mod city_sender;
mod tempo;
pub(crate) mod verdict;

use board::Board;
use city_sender::CitySender;
use tempo::Tempo;
use verdict::Verdict;

/// The city and its seed: the same city every time.
const PROFILE: &str = "yichun-week";
const SEED: u64 = 1;
/// Real seconds in which the week is played, unless told: one an office hour.
const SECONDS: u32 = 40;
/// Where the page is, unless somebody is there already.
const PORT: u16 = 8600;
/// How often the virtual clock is moved and the board drawn.
const STEP: Duration = Duration::from_millis(100);
/// How long the service may take to catch up with the backlog, and to say the last of the week.
const PATIENCE: Duration = Duration::from_secs(120);

/// Plays the demo.
///
/// # Errors
/// When nats-server is missing, or a part cannot start.
pub(crate) fn run(args: &DemoArgs, language: Language) -> anyhow::Result<Exit> {
    // The demo's own errands; the service has a runtime of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Before anything is made that must be taken away again.
    let mut signals = runtime.block_on(async { Signals::listen() });
    let folder = tempfile::Builder::new().prefix("watchlight-demo-").tempdir().context("could not make a folder")?;
    let found = nats_server::find_for_process()?;
    let server = PrivateServer::start(&found, folder.path(), None)?;
    let settings = settings(args, folder.path(), &server)?;
    let site = config_folder::load_with_files(&args.config.folder, &settings.zone, language.into())?;
    let regions = site.configuration.regions.clone();
    let city = bench::generate(&Options::new(Profile::named(PROFILE)?, SEED))?;
    say!(
        "宜春样例城市 sample city: {} cases, {} events; nats-server {} at {}",
        city.options().cases,
        city.event_count(),
        server.version(),
        server.address()
    )?;
    let loaded = runtime.block_on(unless(&mut signals, async {
        let mut sender = CitySender::connect(&server.url(), &city).await?;
        let backlog = sender.send_until(city.replay_from()).await?;
        anyhow::Ok((sender, backlog))
    }));
    let Some(loaded) = loaded else { return interrupted() };
    let (mut sender, backlog) = loaded?;
    say!("积压事件 backlog of ten weeks: {backlog} events in the stream APPROVALS")?;
    let service = start(settings, &site)?;
    say!("页面 page: http://{}", service.address())?;
    let show = Show { city: &city, address: service.address(), args, regions };
    let outcome = runtime.block_on(unless(&mut signals, show.play(&mut sender)));
    let drained = service.run_until(std::future::ready(()));
    let Some(outcome) = outcome else { return interrupted() };
    let verdict = outcome?;
    drained?;
    terminal::print(format_args!("{verdict}"))?;
    Ok(if verdict.is_equal() { Exit::Fine } else { Exit::FaultsFound })
}

/// What `work` comes to, or `None` when a signal comes first.
async fn unless<T>(signals: &mut Signals, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = signals.ended() => None,
        done = work => Some(done),
    }
}

fn interrupted() -> anyhow::Result<Exit> {
    say!("已中断 interrupted; everything is taken away")?;
    Ok(Exit::Fine)
}

/// The site's settings, but a private server, a virtual clock and a folder of our own.
fn settings(args: &DemoArgs, folder: &Path, server: &PrivateServer) -> anyhow::Result<settings::Settings> {
    let flag = |key: &'static str, value: String| Flag { name: "demo", key, value };
    let flags = vec![
        flag("nats.url", server.url()),
        flag("data", folder.join("data").to_string_lossy().into_owned()),
        flag("ledger.url", "sqlite://{data}/ledger.sqlite".to_owned()),
        // Its streams are gone with it: there is nothing to go on from.
        flag("checkpoint.folder", String::new()),
        flag("clock.kind", "virtual".to_owned()),
        flag("http.listen", SocketAddr::from(([127, 0, 0, 1], PORT)).to_string()),
    ];
    Ok(settings::load(&Sources::of_process(&args.config.folder, flags))?)
}

/// Starts the service on port 8600, or on a free one when somebody has it.
fn start(mut settings: settings::Settings, site: &service::Sources) -> anyhow::Result<Service> {
    match Service::start(&settings, site.clone(), None) {
        Err(error) if error.chain().any(is_taken) => {
            say!("端口 {PORT} 被占用 port {PORT} is taken; the page gets another")?;
            settings.http.listen.set_port(0);
            Service::start(&settings, site.clone(), None)
        }
        started => started,
    }
}

fn is_taken(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}

/// What is played, and where it is seen.
struct Show<'a> {
    city: &'a Generated,
    address: SocketAddr,
    args: &'a DemoArgs,
    regions: BTreeMap<u64, facts::standing::Text2>,
}

impl Show<'_> {
    /// Plays the week, waits until all of it is said, and judges the result.
    async fn play(&self, sender: &mut CitySender<'_>) -> anyhow::Result<Verdict> {
        let watched = terminal::is_watched() && !self.args.headless;
        let mut board = Board::new(self.address, self.regions.clone(), watched);
        board.wait_ready(PATIENCE).await?;
        let seconds = self.args.seconds.unwrap_or(SECONDS);
        let tempo = Tempo::new(self.city.replay_from(), self.city.until(), seconds);
        let start = std::time::Instant::now();
        let mut step = tokio::time::interval(STEP);
        loop {
            step.tick().await;
            let now = tempo.at(start.elapsed());
            sender.send_until(now).await?;
            sender.progress(now).await?;
            board.show(tempo.share(start.elapsed()), now).await?;
            if now >= self.city.until() {
                break;
            }
        }
        // The clock must pass the end for the end to be closed.
        sender.progress(self.city.until().plus_millis(1)).await?;
        let lights = self.settled(sender, &mut board).await?;
        Ok(Verdict::of(self.city.truth(), &lights, &bench::scenario::rules()))
    }

    /// The lights that ALERTS tells, once the service has closed the end and the ledger has all of it.
    async fn settled(&self, sender: &CitySender<'_>, board: &mut Board) -> anyhow::Result<Vec<StandingLight>> {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let closed = board.show(1.0, self.city.until()).await?;
            let alerts = streams::state(sender.connection(), streams::ALERTS).await?;
            if closed >= self.city.until() && board.told() >= alerts.last_sequence {
                // One more look: nothing is said after the end is closed and the record stands still.
                let context = &sender.connection().jetstream;
                let said = alerts::read_said(context, streams::ALERTS, 0).await?;
                if said.last_sequence == alerts.last_sequence {
                    board.finish();
                    return Ok(said.last.iter().filter_map(facts::Transition::standing).collect());
                }
            }
            if std::time::Instant::now() > deadline {
                bail!("the service has not said the whole week after {} s; see the log", PATIENCE.as_secs());
            }
            tokio::time::sleep(STEP).await;
        }
    }
}

/// The instant `moment` as staff read it.
fn shown(moment: Moment) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    moment.civil(&zone).strftime("%Y-%m-%d %H:%M").to_string()
}
