//! Every command and flag, the language of messages, and what the exit code says.
//!
//! A command stands in [`Command`] when it works; until then only its arguments are settled here.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use facts::Moment;

use crate::settings::Flag;

mod audit;
mod bench;
mod catalogue;
mod forecast;
mod reload;
mod rules;
mod trail;
mod user;

pub use audit::{CompareArgs, DigestArgs, ExportArgs};
pub use bench::{
    BenchCommand, BenchCompareArgs, CityArgs, ClockKind, GenerateArgs, LimitArgs, MeasureArgs, PaceArgs, PaceKind,
    PublishArgs, RateLoadArgs, SearchArgs, SoakArgs, SourceArgs,
};
pub use catalogue::{CatalogueCheckArgs, CatalogueCommand, CatalogueExportArgs, CatalogueImportArgs, Encoding};
pub use forecast::ForecastArgs;
pub use reload::ReloadArgs;
pub use rules::{CoverageArgs, DiffArgs, DocArgs, DocFormat, ListArgs, RulesCommand, SchemaArgs, SchemaFile, TestArgs};
pub use trail::{AuditCommand, AuditVerifyArgs, Noted};
pub use user::{UserAddArgs, UserCommand, UserListArgs, UserNamedArgs, UserPasswordArgs, UserTokenArgs};

/// Real-time electronic supervision of administrative approvals (行政审批电子监察).
#[derive(Parser, Debug)]
#[command(name = "watchlight", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// Language of messages for people [default: WATCHLIGHT_LANG, else zh where LANG is Chinese, else en]
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<Language>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 fine, 1 faults found, 2 wrong usage, 3 cannot start, 141 nobody read the output to its end.";

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// The audit: who did and who looked at what
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Load: made up, published on time, measured, compared
    #[command(subcommand)]
    Bench(BenchCommand),
    /// The tables of the catalogue as spreadsheets: out, checked, and in again
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Check a configuration folder without starting anything; every fault is told at once
    Check(CheckArgs),
    /// Look after the folder in which the service keeps its facts
    #[command(subcommand)]
    Checkpoint(CheckpointCommand),
    /// Show a case's timeline and the reckoning behind each of its lights
    Explain(ExplainArgs),
    /// Which cases turn which light when, if nothing more is heard
    Forecast(ForecastArgs),
    /// Make events out of another format
    #[command(subcommand)]
    Import(ImportCommand),
    /// The same as bench generate
    Generate(GenerateArgs),
    /// Work on the rules themselves
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Judge events from files under a virtual clock
    Replay(ReplayArgs),
    /// One hash for the lights that stand: of a service, a ledger, or files
    Digest(DigestArgs),
    /// Are the lights of two sides the same? Else where they part first, and why
    Compare(CompareArgs),
    /// Judge events and write the run with all that its lights rest on, so that anyone can check them
    Export(ExportArgs),
    /// The service: approval events in over NATS, lights out
    Run(RunArgs),
    /// Put the changed configuration folder of a running service in force
    Reload(ReloadArgs),
    /// Accounts: who may log in, and what they may do
    #[command(subcommand)]
    User(UserCommand),
    /// The sample city live, on a private nats-server, held against the truth at the end
    Demo(DemoArgs),
}

/// `replay`: events from files through the same judgement as the service, under a virtual clock.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ReplayArgs {
    /// Files of events, one JSON object a line; .gz and .zst are unpacked
    #[arg(required = true, value_name = "EVENTS")]
    pub events: Vec<PathBuf>,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where the clock stops, RFC 3339 with an offset [default: the highest `at` of the events]
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<Moment>,
    /// Threads that judge.
    #[command(flatten)]
    pub workers: WorkersArgs,
    /// Write every transition here, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the lights that stand at the end here, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub standing: Option<PathBuf>,
    /// Print the digest of the standing lights as the last line
    #[arg(long)]
    pub digest: bool,
}

/// `run`: the service.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct RunArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Threads that judge.
    #[command(flatten)]
    pub workers: WorkersArgs,
    /// Address and port of the page and the API [default: setting http.listen]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
}

impl RunArgs {
    /// The flags that stand for settings.
    #[must_use]
    pub fn flags(&self) -> Vec<Flag> {
        let listen = self.listen.clone().map(|value| Flag { name: "--listen", key: "http.listen", value });
        self.workers.flag().into_iter().chain(listen).collect()
    }
}

/// `demo`: the sample city live, on a private server.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct DemoArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Play the working week in so many seconds [default: 40, one an office hour]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: Option<u32>,
    /// No live table: a line now and then instead
    #[arg(long)]
    pub headless: bool,
}

/// `check`: the whole configuration, without starting anything.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct CheckArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `explain`: a case's timeline and the reckoning behind each of its lights.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ExplainArgs {
    /// The case number
    #[arg(value_name = "CASE", value_parser = NonEmptyStringValueParser::new())]
    pub case: String,
    /// A file of events, one JSON object a line; .gz and .zst are unpacked. May be given several times
    #[arg(long, value_name = "FILE", required_unless_present = "server", conflicts_with = "server")]
    pub events: Vec<PathBuf>,
    /// The service that is asked, by its own configuration and clock
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    pub server: Option<String>,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// At which instant, RFC 3339 with an offset [default: the highest `at` of the events]
    #[arg(long, value_name = "INSTANT", conflicts_with = "server")]
    pub at: Option<Moment>,
    /// Also tell what was known at this earlier instant, and what was learnt since
    #[arg(long, value_name = "INSTANT")]
    pub known_at: Option<Moment>,
    /// Tell instead why this rule shows no card, or no worse one, and when it would
    #[arg(long, value_name = "RULE", value_parser = NonEmptyStringValueParser::new(), conflicts_with = "known_at")]
    pub why_not: Option<String>,
    /// Tell instead what keeps the case green: for each light to come the acts that avoid it and until when, for each that
    /// stands what clears it
    #[arg(long, conflicts_with_all = ["known_at", "why_not"])]
    pub keep_green: bool,
}

/// `checkpoint`: the folder in which the service keeps its facts.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum CheckpointCommand {
    /// Read all of it again and compare it with what it says of itself; it is only looked at
    Verify {
        /// The folder: setting checkpoint.folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// `import`: events out of another format.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum ImportCommand {
    /// An event log in XES (IEEE 1849)
    Xes(ImportXesArgs),
}

/// `import xes`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ImportXesArgs {
    /// The log; .gz is unpacked
    #[arg(value_name = "LOG.xes")]
    pub log: PathBuf,
    /// Which attribute of the log becomes which field
    #[arg(long, value_name = "MAP.toml")]
    pub map: PathBuf,
    /// Where the events go, one JSON object a line
    #[arg(long, value_name = "EVENTS.ndjson")]
    pub out: PathBuf,
}

/// Which configuration.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ConfigArgs {
    /// The configuration folder
    #[arg(id = "config", long = "config", value_name = "DIR", default_value = "config")]
    pub folder: PathBuf,
}

/// How many threads judge.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct WorkersArgs {
    /// Threads that judge; 0 means one for each core [default: setting workers]
    #[arg(id = "workers", long = "workers", value_name = "N")]
    pub count: Option<u32>,
}

impl WorkersArgs {
    /// The flag as a setting, where it was given.
    #[must_use]
    pub fn flag(&self) -> Option<Flag> {
        self.count.map(|count| Flag { name: "--workers", key: "workers", value: count.to_string() })
    }
}

/// The language of messages for people. Logs are English always.
#[derive(ValueEnum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum Language {
    /// 中文
    Zh,
    /// English
    En,
}

impl From<Language> for facts::proof::Lang {
    fn from(language: Language) -> facts::proof::Lang {
        match language {
            Language::Zh => facts::proof::Lang::Zh,
            Language::En => facts::proof::Lang::En,
        }
    }
}

impl Language {
    /// The language to use: what the flag says, else `WATCHLIGHT_LANG`, else Chinese where `LANG` begins
    /// with `zh`, else English. `variable` looks an environment variable up.
    #[must_use]
    pub fn choose(flag: Option<Language>, variable: impl Fn(&str) -> Option<String>) -> Language {
        let named = || Language::from_str(&variable("WATCHLIGHT_LANG")?, true).ok();
        let of_the_system = || variable("LANG")?.starts_with("zh").then_some(Language::Zh);
        flag.or_else(named).or_else(of_the_system).unwrap_or(Language::En)
    }
}

/// What the exit code says.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Exit {
    /// All went well.
    Fine,
    /// The work was done and found faults: in a configuration, or in a comparison.
    FaultsFound,
    /// The command line makes no sense. Clap ends with the same code by itself.
    WrongUsage,
    /// Something needed is missing or wrong: a file, a server, a setting.
    CannotStart,
    /// Whoever read the output has gone, as `head` does: the code a shell shows for a program that SIGPIPE ended.
    OutputClosed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::FaultsFound => 1,
            Exit::WrongUsage => 2,
            Exit::CannotStart => 3,
            Exit::OutputClosed => 141,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[derive(Parser)]
    struct Alone<A: Args> {
        #[command(flatten)]
        args: A,
    }

    /// Reads a command's arguments as they stand after the command's name.
    #[track_caller]
    fn read<A: Args>(line: &str) -> A {
        let words = std::iter::once("watchlight").chain(line.split_whitespace());
        Alone::<A>::try_parse_from(words).map_or_else(|error| panic!("{line}: {error}"), |alone| alone.args)
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn replay_takes_several_files_and_an_end() {
        let args: ReplayArgs = read("a.ndjson b.ndjson.gz --config site --until 2014-01-01T00:00:00+01:00 --digest");
        assert_eq!(args.events, [PathBuf::from("a.ndjson"), PathBuf::from("b.ndjson.gz")]);
        assert_eq!(args.config.folder, PathBuf::from("site"));
        assert_eq!(args.until.map(|until| until.to_string()).as_deref(), Some("2013-12-31T23:00:00Z"));
        assert!(args.digest);
    }

    #[test]
    fn flags_of_run_become_settings() {
        let args: RunArgs = read("--workers 3 --listen [::1]:80");
        let flags: Vec<(&str, String)> = args.flags().into_iter().map(|flag| (flag.key, flag.value)).collect();
        assert_eq!(flags, [("workers", "3".to_owned()), ("http.listen", "[::1]:80".to_owned())]);
        assert_eq!(args.config.folder, PathBuf::from("config"), "the default");
    }

    #[test]
    fn the_other_commands_read_what_they_promise() {
        let args: GenerateArgs = read("--cases 6000 --seed 7 --out e.ndjson --truth t.csv");
        assert_eq!((args.city.cases, args.city.seed), (Some(6000), 7));
        assert!(read::<DemoArgs>("--seconds 30 --headless").headless);
        assert_eq!(read::<ExplainArgs>("A-1 --events e.ndjson --at 2026-01-05T09:00:00+08:00").case, "A-1");
        assert_eq!(read::<CheckArgs>("").config.folder, PathBuf::from("config"));
        assert_eq!(read::<ImportXesArgs>("l.xes.gz --map m.toml --out e.ndjson").map, PathBuf::from("m.toml"));
    }

    #[test]
    fn the_flag_beats_the_variable_which_beats_the_system() {
        let variables = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let both = &[("WATCHLIGHT_LANG", "en"), ("LANG", "zh_CN.UTF-8")];
        assert_eq!(Language::choose(Some(Language::Zh), variables(both)), Language::Zh);
        assert_eq!(Language::choose(None, variables(both)), Language::En);
        assert_eq!(Language::choose(None, variables(&[("LANG", "zh_CN.UTF-8")])), Language::Zh);
        assert_eq!(Language::choose(None, variables(&[("LANG", "de_DE.UTF-8")])), Language::En);
        assert_eq!(Language::choose(None, variables(&[])), Language::En);
    }
}
