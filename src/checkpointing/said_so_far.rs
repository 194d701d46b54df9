//! What the announcing thread tells whoever writes checkpoints.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dataflow::checkpoint::SaidTable;
use facts::Moment;

/// How far everything was said, and the table of last messages.
pub(crate) struct SaidSoFar {
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    through: Moment,
    table: Option<SaidTable>,
}

impl Default for SaidSoFar {
    fn default() -> SaidSoFar {
        SaidSoFar { state: Mutex::new(State { through: Moment::MIN, table: None }), moved: Condvar::new() }
    }
}

impl SaidSoFar {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything closed up to `through` was said.
    pub(crate) fn said(&self, through: Moment) {
        self.lock().through = through;
        self.moved.notify_all();
    }

    /// Is everything closed up to `through` said, now or before `patience` is over?
    pub(crate) fn wait(&self, through: Moment, patience: Duration) -> bool {
        let behind = |state: &mut State| state.through < through;
        let waited = self.moved.wait_timeout_while(self.lock(), patience, behind);
        waited.unwrap_or_else(PoisonError::into_inner).0.through >= through
    }

    /// A newer table.
    pub(crate) fn offer(&self, table: SaidTable) {
        self.lock().table = Some(table);
    }

    /// A table that was not taken yet?
    pub(crate) fn has_table(&self) -> bool {
        self.lock().table.is_some()
    }

    /// The newest table, if it was not taken yet.
    pub(crate) fn take_table(&self) -> Option<SaidTable> {
        self.lock().table.take()
    }
}
