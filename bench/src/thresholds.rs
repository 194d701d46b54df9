//! What a run must keep to: a file of limits, each checked by name.

use serde::Deserialize;

use crate::compare::Ratio;
use crate::latency::Percentiles;
use crate::run::Run;

/// Limits; what is not named is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// From when an event was due to the alert.
    pub event: LatencyLimits,
    /// From a deadline to the alert.
    pub deadline: LatencyLimits,
    /// From when a message was due to the answer that it is stored.
    pub answers: LatencyLimits,
    /// Alerts against the truth.
    pub alerts: AlertLimits,
    /// Of two runs.
    pub compare: CompareLimits,
}

/// At most so many milliseconds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LatencyLimits {
    /// For one in two.
    pub p50_ms: Option<u64>,
    /// For 9 in 10.
    pub p90_ms: Option<u64>,
    /// For 99 in 100.
    pub p99_ms: Option<u64>,
    /// For 999 in 1,000.
    pub p999_ms: Option<u64>,
    /// For all.
    pub max_ms: Option<u64>,
}

/// At most so many.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertLimits {
    /// Lights of the truth that do not stand.
    pub missed: Option<u64>,
    /// Lights that stand and are not of the truth.
    pub false_alerts: Option<u64>,
    /// Alerts that came too late.
    pub late: Option<u64>,
    /// Alerts that said nothing new.
    pub duplicate: Option<u64>,
    /// Messages that were not stored.
    pub lost: Option<u64>,
}

/// Of the second run against the first.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompareLimits {
    /// The median may be so many hundredths of the first's: beyond it by the whole interval, it fails.
    pub p50_percent: Option<u64>,
    /// The same for 99 in 100.
    pub p99_percent: Option<u64>,
    /// Must the same lights stand?
    pub same_lights: bool,
}

/// One limit and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name in the file.
    pub name: String,
    /// What was found, in words.
    pub found: String,
    /// Was it kept?
    pub kept: bool,
}

impl Thresholds {
    /// Reads a file of limits.
    ///
    /// # Errors
    /// When it is not TOML of this form: what is wrong, and where.
    pub fn parse(text: &str) -> Result<Thresholds, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// Holds a run against the limits. A run that is not valid keeps none.
    #[must_use]
    pub fn of_run(&self, run: &Run) -> Vec<Check> {
        let mut checks = vec![Check {
            name: "valid".into(),
            found: if run.invalid_because.is_empty() { "valid".into() } else { run.invalid_because.join("; ") },
            kept: run.invalid_because.is_empty(),
        }];
        latency(&mut checks, "event", &self.event, &run.event);
        latency(&mut checks, "deadline", &self.deadline, &run.deadline);
        latency(&mut checks, "answers", &self.answers, &run.answers);
        let alerts = &run.alerts;
        for (name, limit, found) in [
            ("missed", self.alerts.missed, alerts.missed),
            ("false_alerts", self.alerts.false_alerts, alerts.false_alerts),
            ("late", self.alerts.late, alerts.late),
            ("duplicate", self.alerts.duplicate, alerts.duplicate),
            ("lost", self.alerts.lost, run.load.lost),
        ] {
            at_most(&mut checks, &format!("alerts.{name}"), limit, found, "");
        }
        checks
    }

    /// Holds two runs' ratios of their event latencies against the limits.
    #[must_use]
    pub fn of_two(&self, ratios: &[Ratio], same_lights: bool) -> Vec<Check> {
        let mut checks = Vec::new();
        for (name, limit, share) in [("p50", self.compare.p50_percent, 5_000), ("p99", self.compare.p99_percent, 9_900)]
        {
            let Some(limit) = limit else { continue };
            let found = ratios.iter().find(|ratio| ratio.share == share);
            checks.push(Check {
                name: format!("compare.{name}_percent"),
                found: found.map_or("nothing was recorded".into(), |ratio| {
                    format!(
                        "{} / 1000 ({} to {}), limit {limit} %",
                        ratio.ratio_milli, ratio.low_milli, ratio.high_milli
                    )
                }),
                kept: found.is_some_and(|ratio| ratio.low_milli <= limit * 10),
            });
        }
        if self.compare.same_lights {
            let found = if same_lights { "the same lights stand" } else { "other lights stand" };
            checks.push(Check { name: "compare.same_lights".into(), found: found.into(), kept: same_lights });
        }
        checks
    }
}

fn latency(checks: &mut Vec<Check>, name: &str, limits: &LatencyLimits, found: &Percentiles) {
    for (key, limit, micros) in [
        ("p50_ms", limits.p50_ms, found.p50),
        ("p90_ms", limits.p90_ms, found.p90),
        ("p99_ms", limits.p99_ms, found.p99),
        ("p999_ms", limits.p999_ms, found.p999),
        ("max_ms", limits.max_ms, found.max),
    ] {
        // Without a value there is no latency that keeps a limit.
        let micros = if found.count == 0 { u64::MAX } else { micros };
        at_most(checks, &format!("{name}.{key}"), limit, micros.div_ceil(1000), " ms");
    }
}

fn at_most(checks: &mut Vec<Check>, name: &str, limit: Option<u64>, found: u64, unit: &str) {
    if let Some(limit) = limit {
        checks.push(Check {
            name: name.into(),
            found: format!("{found}{unit}, limit {limit}{unit}"),
            kept: found <= limit,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_kept_up_to_itself_and_unknown_keys_are_refused() {
        let limits = Thresholds::parse("[event]\np99_ms = 2\nmax_ms = 1\n").expect("sound");
        let mut checks = Vec::new();
        latency(
            &mut checks,
            "event",
            &limits.event,
            &Percentiles { count: 9, p99: 2_000, max: 1_001, ..Percentiles::default() },
        );
        let kept: Vec<(&str, bool)> = checks.iter().map(|check| (check.name.as_str(), check.kept)).collect();
        assert_eq!(kept, [("event.p99_ms", true), ("event.max_ms", false)]);
        checks.clear();
        latency(&mut checks, "event", &limits.event, &Percentiles::default());
        assert!(checks.iter().all(|check| !check.kept), "nothing measured keeps no limit");
        assert!(Thresholds::parse("[event]\np99 = 2\n").is_err_and(|error| error.contains("unknown field `p99`")));
    }

    #[test]
    fn a_ratio_fails_when_all_of_its_interval_is_beyond() {
        let limits = Thresholds::parse("[compare]\np99_percent = 110\nsame_lights = true\n").expect("sound");
        let ratio = |low_milli| Ratio { share: 9_900, a: 1, b: 1, ratio_milli: 1_200, low_milli, high_milli: 1_300 };
        let kept =
            |ratios: &[Ratio], same| limits.of_two(ratios, same).iter().map(|check| check.kept).collect::<Vec<_>>();
        assert_eq!(kept(&[ratio(1_050)], true), [true, true]);
        assert_eq!(kept(&[ratio(1_101)], false), [false, false]);
        assert_eq!(kept(&[], true), [false, true]);
    }
}
