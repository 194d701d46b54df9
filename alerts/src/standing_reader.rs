//! What digests are made of: the lights that stand at the last closed instant. The ledger is never asked for them
//! (semantics 30); the workers know, and the binary asks them.

use facts::{Moment, StandingLight};
use futures_util::future::BoxFuture;

use crate::case_reader::CaseUnavailable;

/// The lights that stand at one instant, under one configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandingSnapshot {
    /// The last closed instant of the supervision clock.
    pub as_of: Moment,
    /// Hash of the configuration in force.
    pub configuration: String,
    /// Sorted by case, rule and instance.
    pub lights: Vec<StandingLight>,
}

/// Reads the standing lights; the binary implements it by asking every worker.
pub trait StandingReader: Send + Sync {
    /// The lights that stand now.
    ///
    /// # Errors
    /// When a worker cannot answer.
    fn standing(&self) -> BoxFuture<'_, Result<StandingSnapshot, CaseUnavailable>>;
}
