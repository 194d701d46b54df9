//! Watchlight: the parts of the one binary, as a library so that the end-to-end tests can use the very same
//! settings, clock and private server.
//!
//! It wires `ingest`, `dataflow`, `alerts` and `bench`, reads settings, owns threads and runtimes, and holds no
//! judgement of its own. Reading order: [`cli`], [`settings`], [`clock`], [`nats_server`], [`terminal`].

#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod analyst;
mod announcing;
mod asked;
mod audit_command;
mod bench_command;
mod case_desk;
mod catalogue_command;
mod check;
mod checkpoint_command;
mod checkpointing;
pub mod cli;
pub mod clock;
mod compare;
pub mod config_folder;
mod demo;
mod digest;
mod explain;
mod export;
mod feeding;
mod figures;
mod forecast;
mod freeze_board;
mod guarded_clock;
mod http_client;
mod import;
mod in_force;
pub mod nats_server;
mod output_file;
mod play;
mod readers;
mod reload;
mod reload_command;
mod replay;
mod rules_command;
mod rules_coverage;
mod rules_diff;
mod rules_doc;
mod rules_test;
mod run;
pub mod service;
pub mod settings;
mod side;
pub mod terminal;
mod user_command;
mod voice;

/// mimalloc: many small, short-lived values a thread are what it is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Does what the command line says.
///
/// # Errors
/// When the work cannot start or cannot be finished; the caller prints the chain of causes once.
pub fn run(cli: cli::Cli) -> anyhow::Result<cli::Exit> {
    let language = cli::Language::choose(cli.lang, |name| std::env::var(name).ok());
    let writes_output_only =
        !matches!(cli.command, cli::Command::Run(_) | cli::Command::Demo(_) | cli::Command::Bench(_));
    let done = match cli.command {
        cli::Command::Audit(command) => audit_command::run(&command, language),
        cli::Command::Bench(command) => bench_command::run(&command, language),
        cli::Command::Catalogue(command) => catalogue_command::run(&command, language),
        cli::Command::Check(args) => check::run(&args, language),
        cli::Command::Checkpoint(command) => checkpoint_command::run(&command, language),
        cli::Command::Explain(args) => explain::run(&args, language),
        cli::Command::Forecast(args) => forecast::run(&args, language),
        cli::Command::Import(command) => import::run(&command, language),
        cli::Command::Generate(args) => bench_command::generate(&args),
        cli::Command::Rules(cli::RulesCommand::List(args)) => rules_command::list(&args, language),
        cli::Command::Rules(cli::RulesCommand::Schema(args)) => rules_command::schema(&args),
        cli::Command::Rules(cli::RulesCommand::Test(args)) => rules_test::run(&args, language),
        cli::Command::Rules(cli::RulesCommand::Diff(args)) => rules_diff::run(&args, language),
        cli::Command::Rules(cli::RulesCommand::Doc(args)) => rules_doc::run(&args, language),
        cli::Command::Rules(cli::RulesCommand::Coverage(args)) => rules_coverage::run(&args, language),
        cli::Command::Replay(args) => replay::run(&args, language),
        cli::Command::Digest(args) => digest::run(&args, language),
        cli::Command::Compare(args) => compare::run(&args, language),
        cli::Command::Export(args) => export::run(&args, language),
        cli::Command::Run(args) => run::run(&args, language),
        cli::Command::Reload(args) => reload_command::run(&args, language),
        cli::Command::User(command) => user_command::run(&command, language),
        cli::Command::Demo(args) => demo::run(&args, language),
    };
    match done {
        Err(error) if terminal::nobody_reads(&error, writes_output_only) => Ok(cli::Exit::OutputClosed),
        done => done,
    }
}
