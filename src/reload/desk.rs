//! Who takes wishes for another configuration, and tells what became of them.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use alerts::rules_desk::{FaultShown, Preview, Reloaded, RulesDesk, RulesRefused, RulesStatus};
use dataflow::Desk;
use facts::Moment;
use facts::proof::Lang;
use jiff::tz::TimeZone;
use rules::fault::Fault;
use rules::site::Files;

use super::candidate::{self, Candidate};
use super::{Became, Wish, differences, workbook};
use crate::checkpointing::Sources;
use crate::figures;
use crate::in_force::InForce;

/// How long a wish waits for the thread that feeds: while it catches up nothing is put in force.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it is waited for the instant of a change to close, so that its cases can be counted.
const CLOSING: Duration = Duration::from_secs(20);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// The configuration folder of a running service.
pub(crate) struct Rules {
    folder: Option<PathBuf>,
    zone: TimeZone,
    desk: Desk,
    in_force: InForce,
    wishes: SyncSender<Wish>,
    board: Mutex<Board>,
}

/// What the last look at the folder found.
#[derive(Default)]
struct Board {
    since: Option<Moment>,
    refused: Vec<Fault>,
    warnings: Vec<Fault>,
}

impl Rules {
    /// The rules of a service that was started on `folder`; without one nothing can be reloaded.
    pub(crate) fn new(
        folder: Option<PathBuf>,
        zone: TimeZone,
        desk: Desk,
        in_force: InForce,
        wishes: SyncSender<Wish>,
    ) -> Arc<Rules> {
        Arc::new(Rules { folder, zone, desk, in_force, wishes, board: Mutex::default() })
    }

    /// The folder that is watched.
    pub(super) fn folder(&self) -> Option<&PathBuf> {
        self.folder.as_ref()
    }

    /// Takes the folder as it lies there: checks it, and puts it in force where it differs.
    pub(super) fn take_folder(&self, preview: Option<String>) -> Result<Reloaded, RulesRefused> {
        let sources = self.candidate(None).inspect_err(|refused| {
            figures::reload_refused();
            if let RulesRefused::Faulty(faults) = refused {
                tracing::error!(
                    faults = faults.len(),
                    first = faults.first().map(FaultShown::line).unwrap_or_default(),
                    "the changed configuration is refused; the one before stays in force"
                );
            }
        })?;
        let hash = sources.configuration.hash.clone();
        let before = self.rejudged();
        let (answer, became) = mpsc::channel();
        self.wishes.send(Wish { sources, preview, answer }).map_err(|_| RulesRefused::Stopping)?;
        match became.recv_timeout(PATIENCE) {
            Ok(Became::InForce { at, cause }) => {
                self.lock().since = Some(at);
                figures::reloaded();
                let counted = self.wait_closed(at);
                Ok(Reloaded::InForce {
                    configuration: hash,
                    at,
                    cause,
                    rejudged: counted.then(|| self.rejudged() - before),
                })
            }
            Ok(Became::Unchanged) => Ok(Reloaded::Unchanged { configuration: hash }),
            Ok(Became::OtherDifference { now }) => Err(RulesRefused::OtherDifference { now }),
            Ok(Became::NotLogged(why)) => Err(RulesRefused::NotLogged(why)),
            // It is still wished for, and in force once the backlog is judged.
            Err(mpsc::RecvTimeoutError::Timeout) => Err(RulesRefused::CatchingUp),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(RulesRefused::Stopping),
        }
    }

    fn candidate(&self, files: Option<Files>) -> Result<Sources, RulesRefused> {
        let in_force = self.in_force.get();
        let checked = match (files, &self.folder) {
            (Some(files), _) => {
                let checked = candidate::of_files(files, &self.zone, Some(&in_force));
                return checked.map(|found| found.sources).map_err(|faults| faulty(&faults));
            }
            (None, Some(folder)) => candidate::of_folder(folder, &self.zone, Some(&in_force)),
            (None, None) => return Err(RulesRefused::NoFolder),
        };
        let mut board = self.lock();
        match checked {
            Ok(Candidate { sources, warnings }) => {
                board.refused.clear();
                board.warnings.clone_from(&warnings);
                drop(board);
                if let Some(first) = warnings.first() {
                    let first = shown(first).line();
                    tracing::warn!(scenarios = warnings.len(), first, "scenarios rest on tables that have changed");
                }
                figures::configuration_refused(false);
                Ok(sources)
            }
            Err(faults) => {
                board.refused.clone_from(&faults);
                drop(board);
                figures::configuration_refused(true);
                Err(faulty(&faults))
            }
        }
    }

    fn rejudged(&self) -> u64 {
        self.desk.gauges().iter().map(|gauges| gauges.rejudged).sum()
    }

    /// Is the instant closed, now or soon? One at which a virtual clock stands may stay open for long.
    fn wait_closed(&self, at: Moment) -> bool {
        let until = Instant::now() + CLOSING;
        while self.desk.counts().as_of < at {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RulesDesk for Rules {
    fn status(&self) -> RulesStatus {
        let board = self.lock();
        RulesStatus {
            configuration: self.in_force.get().hash.clone(),
            since: board.since,
            refused: board.refused.iter().map(shown).collect(),
            warnings: board.warnings.iter().map(shown).collect(),
        }
    }

    fn preview(&self, files: Option<Files>, rows_max: usize) -> Result<Preview, RulesRefused> {
        let sources = self.candidate(files)?;
        let found = self.desk.what_if(&sources.configuration).map_err(|_| RulesRefused::Stopping)?;
        Ok(differences::told(&found, &sources.configuration, rows_max))
    }

    fn workbook(&self, preview: &Preview, lang: Lang) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        workbook::write(preview, lang, &self.zone, &mut bytes).map_err(io::Error::other)?;
        Ok(bytes)
    }

    fn reload(&self, preview: Option<String>) -> Result<Reloaded, RulesRefused> {
        self.take_folder(preview)
    }
}

fn faulty(faults: &[Fault]) -> RulesRefused {
    RulesRefused::Faulty(faults.iter().map(shown).collect())
}

fn shown(fault: &Fault) -> FaultShown {
    FaultShown {
        file: fault.file.clone(),
        line: fault.place.map(|place| place.line),
        column: fault.place.map(|place| place.column),
        code: fault.code,
        text: fault.text.clone(),
        help: fault.help.clone(),
    }
}
