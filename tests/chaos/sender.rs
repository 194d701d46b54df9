//! A sender that lives through what happens to its server: it repeats whatever was not answered.

use std::time::{Duration, Instant};

use facts::Event;

use crate::support::city::messages;
use crate::support::eventually::PATIENCE;
use crate::support::wire::{Message, Wire};

/// Messages that are repeated together when one of them was not answered.
const WINDOW: usize = 40;
/// Between windows, so that a fault finds the sender at work.
const PACE: Duration = Duration::from_millis(15);
/// How long a sender waits before it repeats.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// A client of the server itself, not of the proxy.
pub(super) struct Sender {
    wire: Wire,
}

impl Sender {
    pub(super) fn to(url: &str) -> Sender {
        Sender { wire: Wire::connect(url) }
    }

    /// Stores every event at least once, in order but for what is repeated; gives the number of messages it took.
    ///
    /// # Panics
    /// When the server does not take a window for long.
    pub(super) fn send(&self, events: &[Event]) -> u64 {
        let all: Vec<Message> = messages(events).collect();
        let mut sent = 0;
        for window in all.chunks(WINDOW) {
            let deadline = Instant::now() + PATIENCE;
            loop {
                sent += window.len() as u64;
                match self.wire.try_send_all(window.iter().cloned()) {
                    Ok(()) => break,
                    Err(error) => assert!(Instant::now() < deadline, "the server takes nothing: {error}"),
                }
                std::thread::sleep(AGAIN_AFTER);
            }
            std::thread::sleep(PACE);
        }
        sent
    }
}
