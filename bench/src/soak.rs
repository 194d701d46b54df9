//! Does memory grow? The slope of a long run, with an interval.
//!
//! Theil and Sen's estimator: the middle of the slopes between all pairs of points, with the interval that Kendall's rank statistic
//! gives. It assumes no distribution, and a few odd points do not move it. Neighbouring seconds are alike, so a run is cut into
//! blocks, and the points are the middles of the blocks. Its first quarter is left out: caches fill, and the allocator finds its size.

use serde::{Deserialize, Serialize};

use crate::run::{Run, Second};

/// Blocks that a run is cut into.
const BLOCKS: usize = 24;
/// With fewer points nothing is said.
const POINTS_MIN: usize = 8;
const KIB: i128 = 1024;

/// A slope, and the interval that holds it in 95 of 100 runs.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Growth {
    /// The middle of the slopes.
    pub middle: i64,
    /// Lower end.
    pub low: i64,
    /// Upper end.
    pub high: i64,
}

/// What a soak says of the limit.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All of the interval lies within it.
    Kept,
    /// All of the interval lies beyond it.
    Grows,
    /// The limit lies in the interval, or there are too few points.
    Undecided,
}

/// What became of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Soak {
    /// The run that was looked at.
    pub run: String,
    /// Growth of the service's memory, in bytes a second; none of too short a run.
    pub bytes_a_second: Option<Growth>,
    /// Growth of memory over the growth of the open cases; none where their number hardly changed.
    pub bytes_an_open_case: Option<Growth>,
    /// The limit, in bytes a second.
    pub growth_max: i64,
    /// Whether it is kept.
    pub verdict: Verdict,
}

impl Soak {
    /// Holds the growth of memory in `run` against a limit, in bytes a second.
    #[must_use]
    pub fn of(run: &Run, growth_max: i64) -> Soak {
        let seconds = &run.seconds[run.seconds.len() / 4..];
        let bytes = |second: &Second| second.service_memory_kib.map(|kib| i128::from(kib) * KIB);
        let over = |of: fn(&Second) -> Option<u64>| {
            let point = |second: &Second| Some((i128::from(of(second)?), bytes(second)?));
            slope(&middles(&seconds.iter().filter_map(point).collect::<Vec<_>>()))
        };
        let bytes_a_second = over(|second| Some(second.second));
        let bytes_an_open_case = over(|second| second.open_cases);
        let verdict = verdict(bytes_a_second, growth_max);
        Soak { run: run.run.clone(), bytes_a_second, bytes_an_open_case, growth_max, verdict }
    }
}

fn verdict(growth: Option<Growth>, growth_max: i64) -> Verdict {
    match growth {
        Some(growth) if growth.high <= growth_max => Verdict::Kept,
        Some(growth) if growth.low > growth_max => Verdict::Grows,
        _ => Verdict::Undecided,
    }
}

/// The middles of [`BLOCKS`] blocks of points that follow each other.
fn middles(points: &[(i128, i128)]) -> Vec<(i128, i128)> {
    let middle = |block: &[(i128, i128)], of: fn(&(i128, i128)) -> i128| {
        let mut values: Vec<i128> = block.iter().map(of).collect();
        values.sort_unstable();
        values[values.len() / 2]
    };
    let size = points.len().div_ceil(BLOCKS).max(1);
    points.chunks(size).map(|block| (middle(block, |point| point.0), middle(block, |point| point.1))).collect()
}

/// Theil and Sen's slope with its interval of 95 in 100; none of too few points, or where all lie at one place.
fn slope(points: &[(i128, i128)]) -> Option<Growth> {
    let count = points.len();
    let pairs =
        points.iter().enumerate().flat_map(|(place, one)| points[place + 1..].iter().map(move |other| (one, other)));
    let apart = pairs.filter(|(one, other)| one.0 != other.0);
    let mut slopes: Vec<i128> = apart.map(|(one, other)| (other.1 - one.1) / (other.0 - one.0)).collect();
    slopes.sort_unstable();
    if count < POINTS_MIN || slopes.len() < count {
        return None;
    }
    // 1.96 standard deviations of Kendall's statistic, whose variance is n (n - 1) (2 n + 5) / 18.
    let spread = (count * (count - 1) * (2 * count + 5) * 196 * 196 / 18).isqrt().div_ceil(100);
    let low = slopes.len().saturating_sub(spread) / 2;
    let high = slopes.len().midpoint(spread).min(slopes.len() - 1);
    let at = |place: usize| i64::try_from(slopes[place]).unwrap_or(i64::MAX);
    Some(Growth { middle: at(slopes.len() / 2), low: at(low), high: at(high) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten minutes in which memory grows by so many bytes a second, under noise of up to a megabyte.
    fn memory(growth: i128) -> Vec<(i128, i128)> {
        (0..600).map(|second| (second, growth * second + second * 619_987 % 1_048_576)).collect()
    }

    #[test]
    fn a_leak_is_found_under_noise_and_none_is_made_up() {
        let steady = slope(&middles(&memory(0)));
        let told = steady.expect("long enough");
        assert!(told.low <= 0 && 0 <= told.high, "{told:?}");
        let leak = slope(&middles(&memory(10_000)));
        let told = leak.expect("long enough");
        assert!(told.low <= 10_000 && 10_000 <= told.high, "{told:?}");
        assert!((9_000..=11_000).contains(&told.middle), "{told:?}");
        assert_eq!((verdict(leak, 5_000), verdict(leak, 20_000)), (Verdict::Grows, Verdict::Kept));
        assert_eq!((verdict(leak, told.middle), verdict(None, 20_000)), (Verdict::Undecided, Verdict::Undecided));
    }

    #[test]
    fn an_exact_line_has_an_exact_slope_and_seven_points_have_none() {
        let line = |count: i128| (0..count).map(|x| (x, 5 * x)).collect::<Vec<_>>();
        assert_eq!(slope(&line(8)), Some(Growth { middle: 5, low: 5, high: 5 }));
        assert_eq!(slope(&line(7)), None);
        assert_eq!(slope(&[(3, 1); 20]), None, "nothing changed that it could be held against");
        assert_eq!(middles(&memory(0)).len(), BLOCKS);
    }
}
