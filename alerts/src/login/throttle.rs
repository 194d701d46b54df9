//! How often somebody may try to log in from one address.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Mutex;

use facts::Moment;

/// Tries from one address within the window.
const TRIES_MAX: usize = 10;
/// The window, in milliseconds.
const WINDOW_MILLIS: i64 = 60_000;
/// Addresses that are remembered; beyond it all others are one.
const ADDRESSES_MAX: usize = 10_000;

/// Counts tries by address, in memory: a lockout is the account's and is kept, this only slows a guesser down.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    tries: Mutex<HashMap<Option<IpAddr>, VecDeque<Moment>>>,
}

impl Throttle {
    /// Counts a try at `now`; false when there have been too many.
    pub(crate) fn admits(&self, from: Option<IpAddr>, now: Moment) -> bool {
        let mut tries = self.tries.lock().expect("no one panics while counting");
        let begin = now.plus_millis(-WINDOW_MILLIS);
        // A clock that was set back would else keep tries of its future for ever.
        let recent = |at: &Moment| (begin..=now).contains(at);
        tries.retain(|_, times| times.iter().any(recent));
        let known = tries.contains_key(&from) || tries.len() < ADDRESSES_MAX;
        let times = tries.entry(from.filter(|_| known)).or_default();
        times.retain(recent);
        let admitted = times.len() < TRIES_MAX;
        if admitted {
            times.push_back(now);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tries_ten_times_a_minute_and_hinders_no_other() {
        let throttle = Throttle::default();
        let at = |secs: i64| Moment::from_millis(1_772_420_000_000 + secs * 1_000);
        let (one, other) = ("10.0.0.1".parse().ok(), "10.0.0.2".parse().ok());
        for second in 0..10 {
            assert!(throttle.admits(one, at(second)));
        }
        assert!(!throttle.admits(one, at(10)));
        assert!(throttle.admits(other, at(10)));
        assert!(throttle.admits(one, at(61)), "the first try is forgotten");
        assert!(throttle.admits(one, at(-600)), "a clock that went back locks nobody out");
    }
}
