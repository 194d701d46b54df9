//! What one measured run found: the figures that its folder keeps (`run.json`).

use serde::{Deserialize, Serialize};

use crate::latency::Percentiles;
use crate::load::LagVerdict;

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Version of this form.
    pub format: u32,
    /// Names the run.
    pub run: String,
    /// When it began, RFC 3339.
    pub began: String,
    /// Why its figures are worth nothing; empty when they count.
    pub invalid_because: Vec<String>,
    /// What was sent.
    pub load: LoadTold,
    /// Where it ran.
    pub machine: Machine,
    /// Whether the schedule was kept.
    pub schedule: LagVerdict,
    /// From when a message was due to the answer that it is stored.
    pub answers: Percentiles,
    /// From when the causing event was due to the alert.
    pub event: Percentiles,
    /// From the deadline to the alert.
    pub deadline: Percentiles,
    /// Alerts against the truth.
    pub alerts: Alerts,
    /// What was used.
    pub used: Used,
    /// Second by second.
    pub seconds: Vec<Second>,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadTold {
    /// Where it came from.
    pub source: String,
    /// Seed of what is made up.
    pub seed: u64,
    /// SHA-256 of the events made up.
    pub events_sha256: String,
    /// How fast.
    pub pace: String,
    /// Events before the measured part.
    pub backlog: u64,
    /// Events of the measured part.
    pub events: u64,
    /// Messages that carried them.
    pub messages: u64,
    /// Of these, messages that the stream does not hold.
    pub lost: u64,
    /// Messages sent again for want of an answer.
    pub sent_again: u64,
    /// Milliseconds from the first message due to the last answer.
    pub took_ms: u64,
    /// Connections.
    pub connections: u32,
    /// Which clock the service followed.
    pub clock: String,
}

/// Where it ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Processor.
    pub processor: String,
    /// Cores.
    pub cores: usize,
    /// Memory in KiB.
    pub memory_kib: u64,
    /// Kernel.
    pub kernel: String,
    /// Version of Watchlight.
    pub watchlight: String,
    /// Version of the NATS server.
    pub nats_server: String,
    /// SHA-256 of the configuration folder, where the service was started here.
    pub config_sha256: Option<String>,
    /// Commit of the program's sources, where it is run in them.
    pub commit: Option<String>,
}

/// Alerts against the truth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerts {
    /// Messages heard in the measured part.
    pub heard: u64,
    /// Lights of the truth; none where there is no truth.
    pub expected: Option<u64>,
    /// Of these, lights that stand as expected.
    pub equal: u64,
    /// Lights of the truth that do not stand so.
    pub missed: u64,
    /// Lights that stand and are not of the truth.
    pub false_alerts: u64,
    /// Lights of rules that the truth does not cover.
    pub beside: u64,
    /// Alerts that came longer than was allowed after they were due.
    pub late: u64,
    /// Alerts that said nothing new.
    pub duplicate: u64,
    /// Alerts that no event of the measured part brought about.
    pub unattributed: u64,
    /// SHA-256 of all standing lights.
    pub standing_sha256: String,
    /// Some of the missed and false ones.
    pub differences: Vec<String>,
}

/// What a process used.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessUse {
    /// Milliseconds of processor time, of the user and of the system.
    pub cpu_ms: u64,
    /// The most memory, in KiB.
    pub memory_kib: u64,
}

/// What was used; a process that could not be looked at is none.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The service.
    pub service: Option<ProcessUse>,
    /// The NATS server.
    pub nats_server: Option<ProcessUse>,
    /// The load generator.
    pub client: Option<ProcessUse>,
    /// By how many messages a second the service's backlog grew, in thousandths; none where it could not be seen.
    pub backlog_growth_milli: Option<i64>,
}

/// A second of the run.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    /// Seconds from the start.
    pub second: u64,
    /// Latencies of events that were due in it.
    pub event: Percentiles,
    /// Messages that waited for the service at its end.
    pub backlog: Option<u64>,
    /// Memory of the service, in KiB.
    pub service_memory_kib: Option<u64>,
    /// Cases that the service held open.
    pub open_cases: Option<u64>,
}

impl Run {
    /// What must be none: lights missed, false and said twice, and messages lost.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.alerts.missed + self.alerts.false_alerts + self.alerts.duplicate + self.load.lost
    }
}

/// The slope of the least-squares line through (second, messages), in thousandths of a message a second.
#[must_use]
pub fn slope_milli(points: &[(u64, u64)]) -> Option<i64> {
    let count = i128::try_from(points.len()).ok().filter(|count| *count > 1)?;
    let sum = |of: fn(&(u64, u64)) -> i128| points.iter().map(of).sum::<i128>();
    let (x, y) = (sum(|point| point.0.into()), sum(|point| point.1.into()));
    let xy = sum(|point| i128::from(point.0) * i128::from(point.1));
    let xx = sum(|point| i128::from(point.0) * i128::from(point.0));
    let spread = count * xx - x * x;
    (spread != 0).then(|| i64::try_from((count * xy - x * y) * 1000 / spread).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_that_grows_has_a_slope() {
        assert_eq!(slope_milli(&[(0, 5), (1, 8), (2, 11)]), Some(3000));
        assert_eq!(slope_milli(&[(0, 9), (1, 0), (2, 9)]), Some(0));
        assert_eq!(slope_milli(&[(3, 9)]), None);
    }
}
