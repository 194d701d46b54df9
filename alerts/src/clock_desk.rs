//! The supervision clock as a person meets it: why it stands, and a word that lets it go on.

/// A clock that stands until the machines' clocks agree or a person confirms that they are right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandingClock {
    /// Number of this freeze: what a confirmation names.
    pub freeze: u64,
    /// Short stable name: `stream_ahead`, `wall_moved`, `wall_behind`.
    pub kind: &'static str,
    /// By how many seconds the clocks disagree; negative for a clock that was set back.
    pub secs: i64,
    /// What stands and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// The clock; the binary implements it.
pub trait ClockDesk: Send + Sync {
    /// Why the clock stands, if it does.
    fn standing(&self) -> Option<StandingClock>;

    /// A person says that the clocks are right although they gave rise to the freeze of this number. False when that
    /// freeze is not the one that lasts.
    fn confirm(&self, freeze: u64) -> bool;
}
