//! Latencies: high dynamic range histograms in microseconds, and the files that HdrHistogram's tools read.
//!
//! What is recorded is measured from the instant at which something was *due*, never from when it was sent, so that nothing has to be
//! corrected for coordinated omission afterwards: a stall of two seconds is felt by every event that was due in it.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use base64::Engine;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};
use serde::{Deserialize, Serialize};

/// The longest latency that is told apart, in microseconds: a day.
const MAX_MICROS: u64 = 86_400_000_000;
/// Significant digits of a run's histogram.
const DIGITS: u8 = 3;
/// ... of a second's, of which there are many.
const INTERVAL_DIGITS: u8 = 2;
/// What the tools are told of a histogram of three digits.
const SUB_BUCKETS: u32 = 2048;
/// Rows of a percentile file for each halving of what is left.
const TICKS_PER_HALF: u32 = 5;

/// A run's latencies, as a whole and second by second.
#[derive(Clone, Debug)]
pub struct Latencies {
    whole: Histogram<u64>,
    /// By the second of the run in which it was due.
    seconds: Vec<Histogram<u64>>,
}

/// The figures that people compare, in microseconds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many were recorded.
    pub count: u64,
    /// The least.
    pub min: u64,
    /// Half are not above this.
    pub p50: u64,
    /// 9 in 10.
    pub p90: u64,
    /// 99 in 100.
    pub p99: u64,
    /// 999 in 1,000.
    pub p999: u64,
    /// The most.
    pub max: u64,
}

/// Why an interval log cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the interval log {what}")]
pub struct BadLog {
    /// The entry at fault, from 1.
    line: usize,
    /// What is wrong.
    what: &'static str,
}

fn empty(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_MICROS, digits).expect("these bounds are sound")
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies { whole: empty(DIGITS), seconds: Vec::new() }
    }
}

impl Latencies {
    /// Something took so many nanoseconds.
    pub fn record_nanos(&mut self, nanos: u64) {
        self.whole.saturating_record(nanos.div_ceil(1000).max(1));
    }

    /// Something that was due at `due`, nanoseconds from the start of the run, came at `came`. What comes before it was due, within
    /// the grain of clocks, counts as at once.
    pub fn record(&mut self, due: u64, came: u64) {
        let micros = came.saturating_sub(due).div_ceil(1000).max(1);
        self.whole.saturating_record(micros);
        let second = usize::try_from(due / 1_000_000_000).unwrap_or(usize::MAX);
        if self.seconds.len() <= second {
            self.seconds.resize_with(second + 1, || {
                let mut histogram = Histogram::new(INTERVAL_DIGITS).expect("a sound number of digits");
                histogram.auto(true);
                histogram
            });
        }
        self.seconds[second].record(micros.min(MAX_MICROS)).expect("it grows as needed");
    }

    /// Takes what was recorded elsewhere.
    pub fn add(&mut self, other: &Latencies) {
        self.whole.add(&other.whole).expect("both have the same bounds");
        for (second, histogram) in other.seconds.iter().enumerate() {
            match self.seconds.get_mut(second) {
                Some(mine) => mine.add(histogram).expect("it grows as needed"),
                None => self.seconds.push(histogram.clone()),
            }
        }
    }

    /// The value that `share` parts of 10,000 do not exceed, in microseconds.
    #[must_use]
    pub fn value_at(&self, share: u32) -> u64 {
        value_at(&self.whole, share)
    }

    /// How many took longer than so many milliseconds.
    #[must_use]
    pub fn above_millis(&self, millis: u64) -> u64 {
        self.whole.len() - self.whole.count_between(0, millis.saturating_mul(1000))
    }

    /// The figures of the run.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        percentiles(&self.whole)
    }

    /// The figures of each second in which something was due.
    #[must_use]
    pub fn by_second(&self) -> Vec<Percentiles> {
        self.seconds.iter().map(percentiles).collect()
    }

    /// The values of each second with their counts: what a comparison draws from anew.
    #[must_use]
    pub fn counts_by_second(&self) -> Vec<Vec<(u64, u64)>> {
        self.seconds.iter().map(counts).collect()
    }

    /// Points of the curve of percentiles: (1 / share above, microseconds), both growing.
    #[must_use]
    #[expect(clippy::float_arithmetic, reason = "it is drawn")]
    pub fn curve(&self) -> Vec<(f64, u64)> {
        let points = self.whole.iter_quantiles(TICKS_PER_HALF);
        let above = |quantile: f64| 1.0 / (1.0 - quantile).max(1e-9);
        points.map(|value| (above(value.quantile_iterated_to()), value.value_iterated_to())).collect()
    }

    /// Writes the percentile distribution in HdrHistogram's text form (`.hgrm`), values in milliseconds.
    ///
    /// # Errors
    /// Those of the writer.
    #[expect(clippy::float_arithmetic, reason = "the form has decimal fractions")]
    pub fn write_hgrm(&self, out: &mut impl Write) -> io::Result<()> {
        let millis = |micros: u64| micros as f64 / 1000.0;
        writeln!(out, "{:>12} {:>14} {:>10} {:>14}\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")?;
        let mut count = 0;
        for value in self.whole.iter_quantiles(TICKS_PER_HALF) {
            let (at, quantile) = (millis(value.value_iterated_to()), value.quantile_iterated_to());
            count += value.count_since_last_iteration();
            write!(out, "{at:>12.3} {quantile:>2.12} {count:>10}")?;
            if quantile < 1.0 { writeln!(out, " {:>14.2}", 1.0 / (1.0 - quantile))? } else { writeln!(out)? }
        }
        let (mean, deviation) = (self.whole.mean() / 1000.0, self.whole.stdev() / 1000.0);
        writeln!(out, "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]")?;
        writeln!(out, "#[Max     = {:>12.3}, Total count    = {:>12}]", millis(self.whole.max()), self.whole.len())?;
        writeln!(out, "#[Buckets = {:>12}, SubBuckets     = {:>12}]", self.whole.buckets(), SUB_BUCKETS)?;
        out.flush()
    }
}

/// Writes an interval log (`.hlog`): a histogram a second for each of these clocks, tagged with its name, in microseconds.
///
/// # Errors
/// Those of the writer.
pub fn write_hlog(clocks: &[(&str, &Latencies)], start: SystemTime, out: &mut impl Write) -> io::Result<()> {
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    let mut log = builder
        .add_comment("latencies in microseconds from the instant at which each was due")
        .with_start_time(start)
        .with_base_time(start)
        .begin_log_with(out, &mut serializer)?;
    for (name, latencies) in clocks {
        let tag = Tag::new(name);
        for (second, histogram) in (0_u64..).zip(&latencies.seconds) {
            log.write_histogram(histogram, Duration::from_secs(second), Duration::from_secs(1), tag)
                .map_err(|error| io::Error::other(format!("{error:?}")))?;
        }
    }
    Ok(())
}

/// The values of each second with their counts, of the clock `name` in an interval log.
///
/// # Errors
/// When it is no interval log, or one of its histograms is damaged.
pub fn read_hlog(log: &[u8], name: &str) -> Result<Vec<Vec<(u64, u64)>>, BadLog> {
    let mut deserializer = Deserializer::new();
    let mut seconds = Vec::new();
    for (place, entry) in IntervalLogIterator::new(log).enumerate() {
        let bad = |what| BadLog { line: place + 1, what };
        let LogEntry::Interval(interval) = entry.map_err(|_| bad("is none of its entries"))? else { continue };
        if interval.tag().map(|tag| tag.as_str()) != Some(name) {
            continue;
        }
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(interval.encoded_histogram())
            .map_err(|_| bad("is not in base64"))?;
        let histogram: Histogram<u64> =
            deserializer.deserialize(&mut bytes.as_slice()).map_err(|_| bad("holds a damaged histogram"))?;
        seconds.push(counts(&histogram));
    }
    Ok(seconds)
}

/// Values with their counts.
fn counts(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    histogram.iter_recorded().map(|value| (value.value_iterated_to(), value.count_at_value())).collect()
}

#[expect(clippy::float_arithmetic, reason = "the library counts in shares of 1")]
fn value_at(histogram: &Histogram<u64>, share: u32) -> u64 {
    histogram.value_at_quantile(f64::from(share) / 10_000.0)
}

fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    if histogram.is_empty() {
        return Percentiles::default();
    }
    let at = |share| value_at(histogram, share);
    Percentiles {
        count: histogram.len(),
        min: histogram.min(),
        p50: at(5_000),
        p90: at(9_000),
        p99: at(9_900),
        p999: at(9_990),
        max: histogram.max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// A thousand a second for ten seconds; a stall of two seconds holds up all that was due in it.
    fn with_a_stall() -> Latencies {
        let mut latencies = Latencies::default();
        for due in (0..10_000_u64).map(|count| count * SECOND / 1000) {
            let stalled = (4 * SECOND..6 * SECOND).contains(&due);
            latencies.record(due, if stalled { 6 * SECOND } else { due + 2_000_000 });
        }
        latencies
    }

    #[test]
    fn a_stall_is_felt_by_all_that_was_due_in_it() {
        let told = with_a_stall().percentiles();
        assert_eq!((told.count, told.p50), (10_000, 2_000));
        assert!(told.p90 > 900_000, "one in ten was due in the first half of the stall: {told:?}");
        assert!(told.p999 > 1_900_000 && told.max >= 1_999_000, "{told:?}");
        let seconds = with_a_stall().by_second();
        assert_eq!(seconds.len(), 10);
        assert!(seconds[3].max <= 2_100 && seconds[4].min >= 990_000, "{seconds:?}");
    }

    #[test]
    fn what_was_written_as_a_log_is_read_again() {
        let latencies = with_a_stall();
        let mut log = Vec::new();
        write_hlog(&[("event", &latencies), ("deadline", &Latencies::default())], SystemTime::UNIX_EPOCH, &mut log)
            .expect("memory takes it");
        assert_eq!(read_hlog(&log, "event").expect("it is whole"), latencies.counts_by_second());
        assert!(read_hlog(&log, "deadline").expect("it is whole").is_empty());
        let torn = String::from_utf8(log).expect("text").replacen("HIST", "H!ST", 1);
        assert!(read_hlog(torn.as_bytes(), "event").expect_err("damaged").to_string().contains("base64"));
    }

    #[test]
    fn the_percentile_file_has_the_form_of_the_tools() {
        let mut out = Vec::new();
        with_a_stall().write_hgrm(&mut out).expect("memory takes it");
        let text = String::from_utf8(out).expect("text");
        assert!(text.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"), "{text}");
        assert!(
            text.contains("       2.000 0.500000000000       8002           2.00\n"),
            "what was due at once and the last two of the stall took no more: {text}"
        );
        assert!(text.contains("Total count    =        10000]"), "{text}");
        let last = text.lines().rfind(|line| !line.starts_with('#')).unwrap_or_default();
        assert!(last.contains("1.000000000000      10000"), "{last}");
    }
}
