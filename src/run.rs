//! `watchlight run`: the service, until a signal ends it.

use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Exit, Language, RunArgs};
use crate::config_folder;
use crate::service::Service;
use crate::settings::{self, Sources};

/// Runs until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// When the service cannot start, or a part of it fails.
pub(crate) fn run(args: &RunArgs, language: Language) -> anyhow::Result<Exit> {
    let settings = settings::load(&Sources::of_process(&args.config.folder, args.flags()))?;
    let site = config_folder::load(&args.config.folder, &settings.zone, language.into())?;
    let service = Service::start(&settings, Arc::new(site.configuration))?;
    println!("http://{}", service.address());
    service.run_until(ended())?;
    Ok(Exit::Fine)
}

/// Ready at the first SIGTERM or SIGINT.
///
/// # Panics
/// When the system refuses signal handlers, which it does not on Unix.
pub(crate) async fn ended() {
    let handler = |kind| signal(kind).context("signal handlers").expect("Unix grants signal handlers");
    let (mut terminate, mut interrupt) = (handler(SignalKind::terminate()), handler(SignalKind::interrupt()));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
