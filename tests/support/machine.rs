//! A machine whose clocks a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use facts::Moment;
use watchlight::clock::{Machine, Reading};

/// The clocks of a machine of the test's own. Both run on by themselves.
#[derive(Clone, Default)]
pub(crate) struct TestMachine {
    /// What the wall clock shows beside the real one, in milliseconds.
    wall_ms: Arc<AtomicI64>,
    /// What monotonic time shows beside the real one, in milliseconds.
    monotonic_ms: Arc<AtomicI64>,
}

impl TestMachine {
    /// A machine whose wall clock shows `wall` now.
    pub(crate) fn at(wall: &str) -> TestMachine {
        let machine = TestMachine::default();
        machine.set(wall.parse().expect("an instant"));
        machine
    }

    /// Its clocks, for the service.
    pub(crate) fn clocks(&self) -> Machine {
        let TestMachine { wall_ms, monotonic_ms } = self.clone();
        Machine::read_by(move || {
            let Reading { wall, monotonic } = Reading::now();
            let passed = Duration::from_millis(monotonic_ms.load(Ordering::SeqCst).unsigned_abs());
            Reading { wall: wall.plus_millis(wall_ms.load(Ordering::SeqCst)), monotonic: monotonic + passed }
        })
    }

    /// What the wall clock shows.
    pub(crate) fn now(&self) -> Moment {
        Reading::now().wall.plus_millis(self.wall_ms.load(Ordering::SeqCst))
    }

    /// Lets time pass, as both clocks see it.
    pub(crate) fn pass(&self, secs: i64) {
        // The other order would look like a wall clock that was set for a moment: that is no matter for an instant.
        self.monotonic_ms.fetch_add(secs * 1_000, Ordering::SeqCst);
        self.wall_ms.fetch_add(secs * 1_000, Ordering::SeqCst);
    }

    /// Moves the wall clock by itself, as a person or a time server does.
    pub(crate) fn jump(&self, secs: i64) {
        self.wall_ms.fetch_add(secs * 1_000, Ordering::SeqCst);
    }

    fn set(&self, wall: Moment) {
        self.wall_ms.store(wall.millis() - Reading::now().wall.millis(), Ordering::SeqCst);
    }
}
