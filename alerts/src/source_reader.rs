//! The sending systems, as the dataflow knows them: when each was heard, and which are silent.

use facts::{Address, Moment};

/// One sending system of one office.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceRow {
    /// The office on whose subject it speaks.
    pub office: Address,
    /// Its name.
    pub source: String,
    /// The supervision clock when something last came from it.
    pub last_arrived: Moment,
    /// It has said that everything up to here was sent.
    pub confirmed_up_to: Option<Moment>,
    /// How long it may say nothing, in seconds; `None` for ever.
    pub silence_secs: Option<i64>,
    /// The first instant at which it was silent, while it is.
    pub silent_since: Option<Moment>,
}

/// The sources at one instant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SourcesSnapshot {
    /// The last closed instant of the supervision clock.
    pub as_of: Moment,
    /// By office and name.
    pub sources: Vec<SourceRow>,
}

/// Gives the sources; the binary implements it.
pub trait SourceReader: Send + Sync {
    /// The sources as they are known now.
    fn sources(&self) -> SourcesSnapshot;
}
