//! Cases by office and light, as the differential collection counts them. There is no second counter:
//! the API, the page and the metrics all read this snapshot.

use facts::{Department, Level, Light, Moment, Region};

/// How many cases of one office show one light.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountRow {
    /// Level of the owner.
    pub level: Level,
    /// Region of the owner.
    pub region: Region,
    /// Department of the owner.
    pub dept: Department,
    /// The worst light of the case.
    pub light: Light,
    /// Cases.
    pub cases: i64,
}

/// The counts at one closed instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountsSnapshot {
    /// The supervision clock.
    pub as_of: Moment,
    /// Rows that are not zero, in any order.
    pub rows: Vec<CountRow>,
    /// Cases judged so far by each worker.
    pub judged_by_worker: Vec<u64>,
}

/// Gives the counts; the binary implements it.
pub trait Counts: Send + Sync {
    /// The latest counts.
    fn snapshot(&self) -> CountsSnapshot;
}
