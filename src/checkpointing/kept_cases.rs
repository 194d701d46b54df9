//! Which cases the next cut writes beside the facts: chosen by whoever writes, asked for by whoever feeds.

use std::fs::File;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dataflow::checkpoint::{SlotSet, hash_of};

use crate::settings::Settings;

/// Who writes tells who feeds.
pub(crate) struct KeptCases {
    /// This program, as far as a case that it packed depends on it; `None` keeps no cases.
    engine: Option<String>,
    next: Mutex<Next>,
}

struct Next {
    wanted: SlotSet,
    /// Cases were written at an instant up to which not everything was said: another cut makes them good.
    unsaid: bool,
}

impl KeptCases {
    /// For starts of `engine`.
    pub(crate) fn new(engine: Option<String>) -> KeptCases {
        KeptCases { engine, next: Mutex::new(Next { wanted: SlotSet::default(), unsaid: false }) }
    }

    fn next(&self) -> MutexGuard<'_, Next> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For which program cases are kept, if they are.
    pub(crate) fn engine(&self) -> Option<&str> {
        self.engine.as_deref()
    }

    /// The next cut should write the cases of these slots.
    pub(crate) fn want(&self, wanted: SlotSet, unsaid: bool) {
        *self.next() = Next { wanted, unsaid };
    }

    /// Is a cut due for their sake?
    pub(crate) fn due(&self) -> bool {
        let next = self.next();
        next.unsaid || !next.wanted.is_empty()
    }

    /// The slots whose cases are to be asked for now.
    pub(crate) fn take(&self) -> SlotSet {
        std::mem::take(&mut self.next().wanted)
    }
}

/// What a packed case depends on beside the configuration: these very bytes of a program, the zone, and how long closed cases stay
/// in memory. `None` where the program cannot read itself.
pub(crate) fn engine(settings: &Settings) -> Option<String> {
    let program = std::env::current_exe().and_then(File::open).and_then(|mut file| hash_of(&mut file));
    let program = program.inspect_err(|error| {
        tracing::warn!(%error, "the program cannot read itself; no cases are kept in the checkpoint, and starts judge all of them");
    });
    let zone = settings.zone.iana_name().unwrap_or_default();
    let (version, retention) = (env!("CARGO_PKG_VERSION"), settings.state.retention.as_secs());
    Some(format!("{version} {:016x} {zone} {retention}", program.ok()?))
}
