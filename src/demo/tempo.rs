//! How fast the week goes by: office hours evenly over the given seconds, nights and lunches at once.

use std::time::Duration;

use facts::Moment;

/// Office periods of a day in seconds after local midnight (08:30-12:00, 13:30-18:00), the city's own.
const PERIODS: [(i64, i64); 2] = [(30_600, 43_200), (48_600, 64_800)];
/// The city's offset from UTC, in seconds; it has had no clock changes since 1991.
const OFFSET: i64 = 8 * 3600;
const DAY: i64 = 86_400;

/// Real time to virtual time.
#[derive(Debug)]
pub(super) struct Tempo {
    from: Moment,
    until: Moment,
    office_secs: i64,
    seconds: u32,
}

impl Tempo {
    /// Plays `from` to `until` in `seconds`.
    pub(super) fn new(from: Moment, until: Moment, seconds: u32) -> Tempo {
        Tempo { from, until, office_secs: office_between(from.secs_floor(), until.secs_floor()), seconds }
    }

    /// The virtual instant after so much real time.
    pub(super) fn at(&self, elapsed: Duration) -> Moment {
        let played = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        let whole = i64::from(self.seconds) * 1000;
        if played >= whole {
            return self.until;
        }
        let wanted = self.office_secs * played / whole;
        // The first second by which so much office time has passed: halving, since it only grows.
        let (mut low, mut high) = (self.from.secs_floor(), self.until.secs_floor());
        while low < high {
            let middle = low + (high - low) / 2;
            if office_between(self.from.secs_floor(), middle) >= wanted { high = middle } else { low = middle + 1 }
        }
        Moment::from_millis(low * 1000).min(self.until)
    }

    /// The share played, from 0 to 1.
    #[expect(clippy::float_arithmetic, reason = "it only draws a bar")]
    pub(super) fn share(&self, elapsed: Duration) -> f64 {
        (elapsed.as_secs_f64() / f64::from(self.seconds)).min(1.0)
    }
}

/// Office seconds between two Unix seconds, weekends included: the week has none.
fn office_between(from: i64, until: i64) -> i64 {
    office_before(until) - office_before(from)
}

fn office_before(secs: i64) -> i64 {
    let local = secs + OFFSET;
    let (day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    let whole: i64 = PERIODS.iter().map(|(open, close)| close - open).sum();
    day * whole + PERIODS.iter().map(|(open, close)| time.clamp(*open, *close) - open).sum::<i64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().expect("an instant")
    }

    #[test]
    fn an_office_hour_is_a_second_and_a_night_is_nothing() {
        let tempo = Tempo::new(moment("2026-05-11T00:00:00+08:00"), moment("2026-05-15T19:00:00+08:00"), 40);
        let at = |secs: u64| tempo.at(Duration::from_secs(secs));
        assert_eq!(at(0), moment("2026-05-11T00:00:00+08:00"));
        assert_eq!(at(1), moment("2026-05-11T09:30:00+08:00"));
        assert_eq!(at(8), moment("2026-05-11T18:00:00+08:00"));
        assert_eq!(at(9), moment("2026-05-12T09:30:00+08:00"));
        assert_eq!(at(40), moment("2026-05-15T19:00:00+08:00"));
    }
}
