//! Two runs beside each other: ratios with intervals that say what the noise of the seconds alone would make of them.
//!
//! A bootstrap: of each run as many seconds are drawn, with replacement, as it has, a thousand times over; the interval holds the
//! ratio in 95 of 100 draws. An interval that holds 1 tells of no difference. Seconds of one run are not independent of each other
//! where one stall reaches over several, so a short run's interval is narrower than several runs would show.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Draws.
const DRAWS: usize = 1_000;
/// Start of the random numbers: a comparison of the same files is the same comparison.
const SEED: u64 = 1;
/// Places of the interval's ends among the sorted draws.
const LOW: usize = DRAWS * 25 / 1000;
const HIGH: usize = DRAWS - 1 - LOW;

/// A clock's values with their counts, second by second.
pub type Seconds = Vec<Vec<(u64, u64)>>;

/// One figure of two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    /// Which percentile, in parts of 10,000.
    pub share: u32,
    /// That of the first run, in microseconds.
    pub a: u64,
    /// That of the second.
    pub b: u64,
    /// Second to first, in thousandths.
    pub ratio_milli: u64,
    /// Lower end of the interval.
    pub low_milli: u64,
    /// Upper end.
    pub high_milli: u64,
}

/// The ratios of these percentiles; `None` where a run recorded nothing.
#[must_use]
pub fn ratios(a: &Seconds, b: &Seconds, shares: &[u32]) -> Option<Vec<Ratio>> {
    let whole = |seconds: &Seconds| merged(seconds.iter());
    let (of_a, of_b) = (whole(a), whole(b));
    if of_a.is_empty() || of_b.is_empty() {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut drawn: Vec<Vec<u64>> = vec![Vec::with_capacity(DRAWS); shares.len()];
    for _ in 0..DRAWS {
        let (one, other) = (draw(a, &mut rng), draw(b, &mut rng));
        for (share, drawn) in shares.iter().zip(&mut drawn) {
            drawn.push(milli(at(&one, *share), at(&other, *share)));
        }
    }
    let told = shares.iter().zip(drawn).map(|(share, mut drawn)| {
        drawn.sort_unstable();
        let (a, b) = (at(&of_a, *share), at(&of_b, *share));
        Ratio { share: *share, a, b, ratio_milli: milli(a, b), low_milli: drawn[LOW], high_milli: drawn[HIGH] }
    });
    Some(told.collect())
}

/// As many seconds as there are, drawn with replacement, merged. Seconds in which nothing was recorded are none.
fn draw(seconds: &Seconds, rng: &mut ChaCha8Rng) -> Vec<(u64, u64)> {
    let filled: Vec<&Vec<(u64, u64)>> = seconds.iter().filter(|second| !second.is_empty()).collect();
    let last = u32::try_from(filled.len()).expect("a run has fewer seconds than that") - 1;
    merged((0..filled.len()).map(|_| filled[rng.random_range(0..=last) as usize]))
}

/// All values with their counts, sorted by value.
fn merged<'a>(seconds: impl Iterator<Item = &'a Vec<(u64, u64)>>) -> Vec<(u64, u64)> {
    let mut all: Vec<(u64, u64)> = seconds.flatten().copied().collect();
    all.sort_unstable();
    all
}

/// The value that `share` parts of 10,000 do not exceed; 0 of none.
fn at(values: &[(u64, u64)], share: u32) -> u64 {
    let total: u64 = values.iter().map(|(_, count)| count).sum();
    let wanted = (total * u64::from(share)).div_ceil(10_000);
    let mut seen = 0;
    let reached = |(_, count): &&(u64, u64)| {
        seen += count;
        seen >= wanted
    };
    values.iter().find(reached).map_or(0, |(value, _)| *value)
}

fn milli(a: u64, b: u64) -> u64 {
    b * 1000 / a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty seconds of a hundred values around `micros`, some seconds worse than others.
    fn run(micros: u64) -> Seconds {
        (0..30).map(|second| (0..100).map(|value| (micros + (second % 5) * 10 + value, 1)).collect()).collect()
    }

    #[test]
    fn a_run_equals_itself_and_twice_as_slow_is_twice() {
        let told = ratios(&run(1000), &run(1000), &[5_000, 9_900]).expect("both recorded");
        assert!(told.iter().all(|ratio| ratio.ratio_milli == 1000), "{told:?}");
        assert!(told.iter().all(|ratio| ratio.low_milli <= 1000 && 1000 <= ratio.high_milli), "{told:?}");
        let told = ratios(&run(1000), &run(2000), &[5_000]).expect("both recorded");
        assert!((1_900..=2_000).contains(&told[0].ratio_milli), "{told:?}");
        assert!(told[0].low_milli > 1_800 && told[0].high_milli < 2_100, "no noise explains it: {told:?}");
        assert_eq!(ratios(&run(1000), &Vec::new(), &[5_000]), None);
    }

    #[test]
    fn percentiles_count_what_is_not_above() {
        let values = [(1, 1), (2, 8), (3, 1)];
        assert_eq!((at(&values, 1_000), at(&values, 9_000), at(&values, 9_001), at(&values, 10_000)), (1, 2, 3, 3));
    }
}
