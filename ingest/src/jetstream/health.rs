//! What the reading task knows of the server, for whoever asks from another thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Is the session open, when was the server heard, and what does it still hold?
#[derive(Debug)]
pub struct Health {
    heartbeat: Duration,
    started: Instant,
    open: AtomicBool,
    /// Milliseconds after `started`.
    heard: AtomicU64,
    pending: AtomicU64,
}

impl Health {
    pub(super) fn new(heartbeat: Duration) -> Health {
        Health {
            heartbeat,
            started: Instant::now(),
            open: AtomicBool::new(false),
            heard: AtomicU64::new(0),
            pending: AtomicU64::new(u64::MAX),
        }
    }

    /// Is nothing unread, and was the server heard within one and a half heartbeats?
    #[must_use]
    pub fn drained(&self) -> bool {
        self.is_open() && self.pending() == 0 && self.silence() <= self.heartbeat.mul_f32(1.5)
    }

    /// Is there a session with the server?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Messages of the stream that were not handed over yet, as last heard; `u64::MAX` before the first word.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.pending.load(Ordering::Acquire)
    }

    /// How long the server has been silent.
    #[must_use]
    pub fn silence(&self) -> Duration {
        let heard = Duration::from_millis(self.heard.load(Ordering::Acquire));
        self.started.elapsed().saturating_sub(heard)
    }

    pub(super) fn hear(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).expect("no process runs 584 million years");
        self.heard.store(now, Ordering::Release);
    }

    pub(super) fn set_pending(&self, pending: u64) {
        self.pending.store(pending, Ordering::Release);
    }

    pub(super) fn open(&self, pending: u64) {
        self.set_pending(pending);
        self.hear();
        self.open.store(true, Ordering::Release);
    }

    pub(super) fn close(&self) {
        self.open.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drained_needs_an_open_session_an_empty_stream_and_a_server_that_speaks() {
        let health = Health::new(Duration::from_secs(3600));
        assert!(!health.drained(), "nothing was heard yet");
        health.open(0);
        assert!(health.drained());
        health.set_pending(1);
        assert!(!health.drained());
        health.open(0);
        health.close();
        assert!(!health.drained());
    }

    #[test]
    fn a_silent_server_is_not_drained() {
        let health = Health::new(Duration::ZERO);
        health.open(0);
        while health.silence().is_zero() {
            std::hint::spin_loop();
        }
        assert!(!health.drained());
    }
}
