//! Did the load generator keep its own schedule? Figures of a run that did not are worth nothing, and it says so.

use serde::{Deserialize, Serialize};

use crate::latency::{Latencies, Percentiles};

/// The share of messages, in 10,000, that must have been handed over in time.
const ON_TIME: u32 = 9_900;

/// How late messages were handed over, against their schedule.
#[derive(Clone, Debug, Default)]
pub struct Lag {
    late: Latencies,
    /// Nanoseconds that sending stood still because too many messages waited for an answer.
    window_full_nanos: u64,
}

/// What became of the schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LagVerdict {
    /// How late messages were handed over.
    pub lag: Percentiles,
    /// Milliseconds, over all connections, that sending stood still because too many messages waited for an answer.
    pub window_full_ms: u64,
    /// Why the schedule does not count as kept; none where it does, or where there was none.
    pub invalid_because: Option<String>,
}

impl Lag {
    /// A message that was due at `due` was handed over at `sent`, both in nanoseconds from the start.
    pub fn sent(&mut self, due: u64, sent: u64) {
        self.late.record_nanos(sent.saturating_sub(due));
    }

    /// Sending stood still for so many nanoseconds.
    pub fn window_full(&mut self, nanos: u64) {
        self.window_full_nanos += nanos;
    }

    /// Takes what another connection says.
    pub fn add(&mut self, other: &Lag) {
        self.late.add(&other.late);
        self.window_full_nanos += other.window_full_nanos;
    }

    /// Kept, if at least 99 in 100 messages were handed over within `max_ms`.
    #[must_use]
    pub fn verdict(&self, max_ms: u64) -> LagVerdict {
        let lag = self.late.percentiles();
        let at_share = self.late.value_at(ON_TIME);
        let window_full_ms = self.window_full_nanos / 1_000_000;
        let invalid_because = (at_share > max_ms * 1000).then(|| {
            let why = if self.window_full_nanos > 0 {
                format!(
                    "sending stood still for {window_full_ms} ms while too many messages waited for an answer; the server \
                     cannot take this rate, or --window is too small"
                )
            } else {
                "this machine could not send that fast; lower the rate, or send from another machine".to_owned()
            };
            format!("1 message in 100 was handed over {} ms or more after it was due, and {max_ms} ms are allowed: {why}", at_share / 1000)
        });
        LagVerdict { lag, window_full_ms, invalid_because }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_that_slips_is_invalid_and_says_why() {
        let mut lag = Lag::default();
        (0..990).for_each(|_| lag.sent(0, 1_000_000));
        (0..10).for_each(|_| lag.sent(0, 900_000_000));
        assert_eq!(lag.verdict(100).invalid_because, None, "1 in 100 may be late");
        (0..10).for_each(|_| lag.sent(0, 900_000_000));
        let why = lag.verdict(100).invalid_because.expect("2 in 100 were late");
        assert!(why.contains("and 100 ms are allowed: this machine could not send that fast"), "{why}");
        lag.window_full(3_000_000_000);
        let verdict = lag.verdict(100);
        assert_eq!(verdict.window_full_ms, 3000);
        assert!(verdict.invalid_because.is_some_and(|why| why.contains("stood still for 3000 ms")));
    }
}
