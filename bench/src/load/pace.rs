//! When messages are due, in nanoseconds from the start of a run.

use facts::Moment;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::message::Message;

const HOUR_NANOS: u128 = 3_600_000_000_000;
const MILLI_NANOS: i128 = 1_000_000;

/// How fast.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Evenly.
    Constant {
        /// Events in an hour, at least 1.
        per_hour: u64,
    },
    /// Exponential gaps, as many independent senders make them.
    Poisson {
        /// Events in a mean hour, at least 1.
        per_hour: u64,
        /// Start of the random numbers.
        seed: u64,
    },
    /// As the events became known.
    Recorded {
        /// So many times as fast, at least 1.
        speed: u32,
    },
    /// Without a schedule.
    Fastest,
}

/// Says when each message of a run is due; messages are asked for in their order.
#[derive(Clone, Debug)]
pub struct Schedule {
    pace: Pace,
    /// Events due before the next message.
    events: u128,
    /// Where the next message of a Poisson schedule stands.
    at_nanos: u64,
    rng: ChaCha8Rng,
    /// What stands at 0 of a recorded schedule.
    first: Option<Moment>,
}

impl Schedule {
    /// A schedule from its start.
    #[must_use]
    pub fn new(pace: Pace) -> Schedule {
        let seed = if let Pace::Poisson { seed, .. } = pace { seed } else { 0 };
        Schedule { pace, events: 0, at_nanos: 0, rng: ChaCha8Rng::seed_from_u64(seed), first: None }
    }

    /// When `message` is due; `None` where there is no schedule. A message of several events is due when its first event would
    /// be, and the next one after the time of all of them.
    pub fn due(&mut self, message: &Message) -> Option<u64> {
        let events = u128::from(message.events());
        match self.pace {
            Pace::Constant { per_hour } => {
                let due = self.events * HOUR_NANOS / u128::from(per_hour);
                self.events += events;
                Some(u64::try_from(due).unwrap_or(u64::MAX))
            }
            Pace::Poisson { per_hour, .. } => {
                let due = self.at_nanos;
                let mean = events * HOUR_NANOS / u128::from(per_hour);
                self.at_nanos = due.saturating_add(exponential(&mut self.rng, mean));
                Some(due)
            }
            Pace::Recorded { speed } => {
                let known = message.known();
                let first = *self.first.get_or_insert(known);
                let passed = i128::from(known.millis()) - i128::from(first.millis());
                Some(u64::try_from(passed.max(0) * MILLI_NANOS / i128::from(speed)).unwrap_or(u64::MAX))
            }
            Pace::Fastest => None,
        }
    }
}

/// A gap of an exponential distribution with this mean.
#[expect(clippy::float_arithmetic, reason = "a random gap is no judgement")]
fn exponential(rng: &mut ChaCha8Rng, mean: u128) -> u64 {
    // In (0, 1], so that the logarithm exists.
    let chance = (f64::from(rng.random::<u32>()) + 1.0) / (f64::from(u32::MAX) + 1.0);
    (-chance.ln() * mean as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::message::tests::message;

    fn due(pace: Pace, messages: &[Message]) -> Vec<Option<u64>> {
        let mut schedule = Schedule::new(pace);
        messages.iter().map(|message| schedule.due(message)).collect()
    }

    #[test]
    fn a_constant_rate_counts_events_and_not_messages() {
        let messages = [message(1, 0), message(3, 0), message(1, 0)];
        let millis = |count: u64| Some(count * 1_000_000);
        assert_eq!(due(Pace::Constant { per_hour: 3_600_000 }, &messages), [millis(0), millis(1), millis(4)]);
        // A county's mean is less than one event a second.
        assert_eq!(due(Pace::Constant { per_hour: 2_520 }, &messages)[1], Some(1_428_571_428));
    }

    #[test]
    fn recorded_times_are_divided_by_the_speed() {
        let messages = [message(1, 1_000), message(1, 7_000), message(1, 6_000)];
        assert_eq!(due(Pace::Recorded { speed: 600 }, &messages), [Some(0), Some(10_000_000), Some(8_333_333)]);
        assert_eq!(due(Pace::Fastest, &messages), [None; 3]);
    }

    #[test]
    fn random_gaps_have_the_mean_and_the_seed_decides_them() {
        let messages = vec![message(1, 0); 20_001];
        let at = |seed| due(Pace::Poisson { per_hour: 3_600_000, seed }, &messages);
        let (one, last) = (at(1), |all: &[Option<u64>]| all.last().copied().flatten().expect("a schedule"));
        assert_eq!(one, at(1));
        assert_ne!(one, at(2));
        // 20,000 gaps of a millisecond: 20 s, within five standard errors.
        assert!((19_300_000_000..20_700_000_000).contains(&last(&one)), "{}", last(&one));
        let gaps: Vec<u64> = one.windows(2).map(|pair| pair[1].unwrap_or(0) - pair[0].unwrap_or(0)).collect();
        let short = gaps.iter().filter(|gap| **gap < 693_147).count();
        assert!((9_500..10_500).contains(&short), "half of the gaps are below ln 2 of the mean: {short}");
    }
}
