//! The program: parse, dispatch, print the error chain once.

#![deny(clippy::print_stdout, clippy::print_stderr)]

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use watchlight::cli::{Cli, Exit};
use watchlight::terminal;

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log();
    match watchlight::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::remark(format_args!("watchlight: {error:#}"));
            Exit::CannotStart.into()
        }
    }
}

/// Sends log lines to standard error; `WATCHLIGHT_LOG` says which, as `info` or `watchlight=debug,warn`.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
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
