//! Waiting for something to come true: looked at often, given up at a deadline that says what was missing.

use std::time::{Duration, Instant};

/// How long anything on one machine may take before a test calls it lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Calls `look` until it gives a value, and returns that value.
///
/// # Panics
/// When [`PATIENCE`] runs out; the message says `what` was waited for.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, look)
}

/// As [`eventually`], with another patience.
#[track_caller]
pub(crate) fn eventually_within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = look() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {} s in vain: {what}", patience.as_secs());
        std::thread::sleep(LOOK_EVERY);
    }
}

#[test]
fn it_returns_the_first_value() {
    let mut looks = 0;
    let value = eventually("three looks", || {
        looks += 1;
        (looks == 3).then_some(looks)
    });
    assert_eq!(value, 3);
}
