//! The program: parse, dispatch, print the error chain once.

#![deny(clippy::print_stdout, clippy::print_stderr)]

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;
use watchlight::cli::{Cli, Command, Exit};
use watchlight::terminal;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let serves = matches!(cli.command, Command::Run(_) | Command::Demo(_) | Command::Bench(_));
    // Whoever waits for a result need not read that all goes well.
    start_log(if serves { LevelFilter::INFO } else { LevelFilter::WARN });
    match watchlight::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::remark(format_args!("watchlight: {error:#}"));
            Exit::CannotStart.into()
        }
    }
}

/// Sends log lines to standard error; `WATCHLIGHT_LOG` says which, as `info` or `watchlight=debug,warn`, else `most` does.
fn start_log(most: LevelFilter) {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(most.into())
        .with_env_var("WATCHLIGHT_LOG")
        .from_env_lossy();
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr)
        // It would tell them on standard error, where they come from.
        .log_internal_errors(false)
        .init();
}
