//! The load tester's commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use facts::Moment;

use super::ConfigArgs;

/// `bench`: load, and what became of it.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum BenchCommand {
    /// Write the sample city's events and the lights they must lead to; the same profile and seed give the same bytes
    Generate(GenerateArgs),
    /// Publish events by a schedule that waits for nobody, and say whether the schedule was kept
    Publish(PublishArgs),
    /// Publish on time and listen to ALERTS: latencies from when each event was due, and the alerts against the truth
    Measure(MeasureArgs),
    /// Look for the highest rate that a service keeps up with: a run of bench measure for each rate that is tried
    Search(SearchArgs),
    /// Send at one rate for a long time, and say by how much the service's memory grows
    Soak(SoakArgs),
    /// Two runs of bench measure: ratios with intervals, and whether the same lights stand
    Compare(BenchCompareArgs),
}

/// A city as large as its rate, sent to a server and a service that are started for it.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct RateLoadArgs {
    /// What the city is made of, as for bench generate; it gets as many cases as the rate and the time take
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "yichun-load")]
    pub profile: String,
    /// Start of the random numbers
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Events in one message, of one office each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub events_per_message: u32,
    /// Connections; the messages of one office stay on one of them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub connections: u32,
    /// A run is invalid when more than 1 in 100 messages were handed over later than this, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100)]
    pub lag_max: u64,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The folder of the result, made here
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// `bench search`: the highest rate that is kept up with.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct SearchArgs {
    /// What is sent.
    #[command(flatten)]
    pub load: RateLoadArgs,
    /// The first rate, in events a second; if it is not sustained, the search ends
    #[arg(long, value_name = "RATE", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub from_rate: u64,
    /// The highest rate that is tried
    #[arg(long, value_name = "RATE", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub to_rate: u64,
    /// How long each rate is sent, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(5..=86_400))]
    pub seconds: u64,
    /// A rate is sustained while 99 in 100 alerts come within so many milliseconds of when their events were due
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    pub p99_max: u64,
    /// The search ends when the lowest rate not sustained is at most so many hundredths above the highest sustained
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub grain: u64,
}

/// `bench soak`: one rate for a long time.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct SoakArgs {
    /// What is sent.
    #[command(flatten)]
    pub load: RateLoadArgs,
    /// Events a second
    #[arg(long, value_name = "RATE", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub rate: u64,
    /// How long, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(15..=604_800))]
    pub seconds: u64,
    /// The service's memory may grow by so many bytes a second: every new case is kept, so it is not 0
    #[arg(long, value_name = "BYTES")]
    pub growth_max: i64,
}

/// `bench compare`: two runs beside each other.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct BenchCompareArgs {
    /// The folder of the first run
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// The folder of the second
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// What it must keep to.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// What a run must keep to.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct LimitArgs {
    /// Limits that the run must keep to; one that is not kept gives exit code 1
    #[arg(long, value_name = "FILE.toml")]
    pub thresholds: Option<PathBuf>,
    /// Write what was kept and what was not here, as JUnit XML
    #[arg(long, value_name = "FILE.xml", requires = "thresholds")]
    pub junit: Option<PathBuf>,
}

/// `bench measure`: a run and what it found.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct MeasureArgs {
    /// Where the events come from. Those of a city before its live week are the backlog, which is not measured.
    #[command(flatten)]
    pub source: SourceArgs,
    /// How fast.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The folder of the run, made here
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// What moves the supervision clock of the service: the messages, so that deadlines come with them, or the machine
    #[arg(long, value_enum, default_value = "virtual")]
    pub clock: ClockKind,
    /// A NATS server with a service on it [default: both started here, and ended]
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// The page of that service: tells when it is ready and how far behind it is
    #[arg(long, value_name = "URL", requires = "nats")]
    pub service: Option<String>,
    /// The process of that service, where it runs on this machine
    #[arg(long, value_name = "PID", requires = "nats")]
    pub service_pid: Option<u32>,
    /// The process of the NATS server, where it runs on this machine
    #[arg(long, value_name = "PID", requires = "nats")]
    pub nats_pid: Option<u32>,
    /// Add to a stream that holds facts already
    #[arg(long)]
    pub append: bool,
    /// Facts that arrive before this are the backlog [default: a city's live week; else there is none]
    #[arg(long, value_name = "INSTANT")]
    pub from: Option<Moment>,
    /// Leave this record out on purpose: what hangs on it must show as missed
    #[arg(long, value_name = "CASE/RECORD")]
    pub leave_out: Option<String>,
    /// An alert is late when it comes so many milliseconds after it was due
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    pub late_after: u64,
    /// What it must keep to.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// What moves the supervision clock.
#[derive(ValueEnum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum ClockKind {
    /// The messages
    Virtual,
    /// The machine's clock; business times are moved by whole days to end before now, and no truth is known
    Wall,
}

impl ClockKind {
    /// Its name among the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ClockKind::Virtual => "virtual",
            ClockKind::Wall => "wall",
        }
    }
}

/// `generate`: the sample city's events and the lights they must lead to.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct GenerateArgs {
    /// The city.
    #[command(flatten)]
    pub city: CityArgs,
    /// Where the events go, one JSON object a line
    #[arg(long, value_name = "EVENTS.ndjson")]
    pub out: PathBuf,
    /// Where the expected standing lights go
    #[arg(long, value_name = "TRUTH.csv")]
    pub truth: PathBuf,
    /// Where the plans go, from which tools/check_truth.py works the lights out again
    #[arg(long, value_name = "PLANS.ndjson")]
    pub plans: Option<PathBuf>,
}

/// Which city is made up.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct CityArgs {
    /// How many cases [default: the profile's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub cases: Option<u32>,
    /// Start of the random numbers; the same seed gives the same bytes
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// What the city is made of: a built-in profile (yichun-week, yichun-load, county, city, province, nation,
    /// holiday-storm, all-violating, gaming), or a file in the form of theirs
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "yichun-week")]
    pub profile: String,
}

/// `bench publish`: events into a stream, on time.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct PublishArgs {
    /// Where the events come from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// How fast.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// The NATS server
    #[arg(long, value_name = "URL")]
    pub nats: String,
    /// Where the settings stand that say who we are to it.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Mark every message as a replay and publish it where no service listens; always so for --stream
    #[arg(long)]
    pub replay: bool,
    /// First word of the subjects [default: approval; replay for a replay, which must not use approval]
    #[arg(long, value_name = "WORD")]
    pub prefix: Option<String>,
    /// Add to a stream that holds facts already: they will be judged together
    #[arg(long)]
    pub append: bool,
    /// Move all business times by whole days, so that the last of them lies in the last 24 hours; arrivals are left out
    #[arg(long)]
    pub shift_to_now: bool,
    /// Write the figures here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Where events come from: the sample city unless files or a stream are named.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct SourceArgs {
    /// The city, where nothing else is named.
    #[command(flatten)]
    pub city: CityArgs,
    /// A file of events, one JSON object a line; .gz and .zst are unpacked. May be given several times
    #[arg(long, value_name = "FILE", conflicts_with_all = ["xes", "stream"])]
    pub events: Vec<PathBuf>,
    /// An event log in XES (IEEE 1849)
    #[arg(long, value_name = "LOG.xes", requires = "map", conflicts_with = "stream")]
    pub xes: Option<PathBuf>,
    /// Which attribute of the XES log becomes which field
    #[arg(long, value_name = "MAP.toml", requires = "xes")]
    pub map: Option<PathBuf>,
    /// A recorded stream of the server, such as APPROVALS, at the times at which it was stored
    #[arg(long, value_name = "STREAM")]
    pub stream: Option<String>,
}

/// How fast messages are sent.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct PaceArgs {
    /// When messages are due
    #[arg(long, value_name = "PACE", value_enum, default_value = "constant")]
    pub pace: PaceKind,
    /// Events a second, or an hour as in 2520/h; mean or peak are those of the profile
    #[arg(long, value_name = "RATE", default_value = "100")]
    pub rate: String,
    /// With --pace recorded: so many times as fast as it happened
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    pub speed: u32,
    /// Events in one message, of one office each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub events_per_message: u32,
    /// Connections; the messages of one office stay on one of them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub connections: u32,
    /// Messages of one connection that may wait for the server's answer; when they do, sending is held up
    #[arg(long, value_name = "N", default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub window: u32,
    /// The run is invalid when more than 1 in 100 messages were handed over later than this, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100)]
    pub lag_max: u64,
}

/// When messages are due.
#[derive(ValueEnum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum PaceKind {
    /// Evenly, at the rate
    Constant,
    /// At random with the rate as mean, as independent senders do
    Poisson,
    /// As the events arrived, --speed times as fast
    Recorded,
    /// As fast as the answers allow; there is no schedule to keep
    Fastest,
}
