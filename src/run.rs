//! `watchlight run`: the service, until a signal ends it.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::{Exit, Language, RunArgs};
use crate::config_folder;
use crate::service::Service;
use crate::settings::{self, Sources};
use crate::terminal::say;

/// Runs until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// When the service cannot start, or a part of it fails.
pub(crate) fn run(args: &RunArgs, language: Language) -> anyhow::Result<Exit> {
    let settings = settings::load(&Sources::of_process(&args.config.folder, args.flags()))?;
    let site = config_folder::load_with_files(&args.config.folder, &settings.zone, language.into())?;
    let service = Service::start(&settings, site)?;
    // Before the address is told: whoever reads it may send a signal at once.
    let mut signals = service.block_on(async { Signals::listen() });
    // The service is not there for its output: it runs on when nobody reads the address.
    if let Err(lost) = say!("http://{}", service.address()) {
        tracing::warn!(error = %anyhow::Error::from(lost), address = %service.address(), "nobody was told the address");
    }
    service.run_until(async move { signals.ended().await })?;
    Ok(Exit::Fine)
}

/// SIGTERM and SIGINT, which end us in order from the moment they are listened for.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Panics
    /// Outside a tokio runtime, or when the system refuses signal handlers, which it does not on Unix.
    pub(crate) fn listen() -> Signals {
        let handler = |kind| signal(kind).expect("Unix grants signal handlers");
        Signals { terminate: handler(SignalKind::terminate()), interrupt: handler(SignalKind::interrupt()) }
    }

    /// Ready when the first of either has come since [`Signals::listen`].
    pub(crate) async fn ended(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
