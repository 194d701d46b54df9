//! The supervision clock T: the only place of the program that reads time.
//!
//! Two clocks behind one type. [`WallClock`] follows the machine's clock, but never past what the stream
//! has told and never past what monotonic time allows (semantics 13 and 16). [`VirtualClock`] is moved by
//! the facts themselves, for replay and tests (semantics 15). Whoever judges is handed instants and cannot
//! tell which clock they came from.
//!
//! Units: [`Moment`] is milliseconds UTC. Invariant: T never goes back.
//! Not here: deadlines that fire between two values of T (`dataflow`), whether the stream is drained
//! (`ingest`), sleeping.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use facts::Moment;

/// How far a reading may run ahead of what monotonic time allows, in milliseconds.
const TOLERANCE_MS: i64 = 2_000;
/// Disagreement at which the clock freezes, in milliseconds.
const FREEZE_MS: i64 = 60_000;

/// The clock of one run.
#[derive(Clone, Debug)]
pub enum Clock {
    /// A machine's clock, held back by the stream.
    Wall(WallClock, Machine),
    /// Moved by the facts.
    Virtual(VirtualClock),
}

/// What the clock says of a fact that comes in.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The fact enters at this T; everything due earlier fires first, at its own instant.
    At(Moment),
    /// The fact arrived after the end of the run and does not enter it.
    AfterTheEnd,
    /// The clock is frozen: the fact must wait and be asked about again.
    Frozen(Freeze),
}

/// Why T stands still. T goes on by itself once the clocks agree, or when a person confirms ([`Clock::confirm`]).
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Freeze {
    /// A message's timestamp lies in this machine's future.
    #[error(
        "the NATS server stamped a message {ahead_secs} s ahead of this machine's clock; the supervision clock \
         stands still until they agree: set the clocks of both machines, or confirm that the message's stamp is right"
    )]
    StreamAhead {
        /// Seconds ahead.
        ahead_secs: i64,
    },
    /// The machine's clock was moved.
    #[error(
        "this machine's clock moved by {moved_secs} s beside the time that passed; the supervision clock stands \
         still until it is right again: set it, or confirm that it is right as it is"
    )]
    WallMoved {
        /// Seconds moved; negative when set back.
        moved_secs: i64,
    },
    /// The machine's clock is behind what was already judged.
    #[error(
        "this machine's clock is {behind_secs} s behind the supervision clock, which stands still until it is \
         reached: set the clock of this machine, or confirm that it is right as it is"
    )]
    WallBehind {
        /// Seconds behind.
        behind_secs: i64,
    },
}

impl Freeze {
    /// The same in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Freeze::StreamAhead { ahead_secs } => format!(
                "NATS 服务器给一条消息标记的时间比本机时钟快 {ahead_secs} 秒；监察时钟停走，直到两者一致：请校准两台机器的时钟，或确认消息的时间无误"
            ),
            Freeze::WallMoved { moved_secs } => format!(
                "本机时钟与实际经过的时间相差 {moved_secs} 秒；监察时钟停走，直到本机时钟恢复：请校准，或确认现在的时间无误"
            ),
            Freeze::WallBehind { behind_secs } => format!(
                "本机时钟比监察时钟慢 {behind_secs} 秒；监察时钟停走，直到本机时钟赶上：请校准本机时钟，或确认现在的时间无误"
            ),
        }
    }

    /// A short stable name of the kind, and its extent in seconds.
    #[must_use]
    pub fn kind(&self) -> (&'static str, i64) {
        match *self {
            Freeze::StreamAhead { ahead_secs } => ("stream_ahead", ahead_secs),
            Freeze::WallMoved { moved_secs } => ("wall_moved", moved_secs),
            Freeze::WallBehind { behind_secs } => ("wall_behind", behind_secs),
        }
    }

    /// Is `other` no more than this, as time goes by, so that who confirmed one has confirmed the other?
    #[must_use]
    pub fn covers(&self, other: &Freeze) -> bool {
        let ((kind, extent), (other_kind, other_extent)) = (self.kind(), other.kind());
        kind == other_kind && (extent - other_extent).abs() * 1000 <= FREEZE_MS
    }
}

impl Clock {
    /// The clock of `machine` from now on.
    #[must_use]
    pub fn wall(machine: Machine) -> Clock {
        Clock::Wall(WallClock::new(machine.read()), machine)
    }

    /// A clock moved by the facts; it never passes `until`, where one is given.
    #[must_use]
    pub fn replay(until: Option<Moment>) -> Clock {
        Clock::Virtual(VirtualClock::new(until))
    }

    /// This clock as it stood at `now` in an earlier run: T never goes back. `highest_at` is what
    /// [`Clock::highest_at`] told then.
    #[must_use]
    pub fn resumed(self, now: Moment, highest_at: Option<Moment>) -> Clock {
        match self {
            Clock::Wall(clock, machine) => Clock::Wall(WallClock { now, ..clock }, machine),
            Clock::Virtual(clock) => {
                Clock::Virtual(VirtualClock { now, highest_at: highest_at.unwrap_or(Moment::MIN), ..clock })
            }
        }
    }

    /// The highest business time of facts without an arrival, where they move the clock and there were any.
    #[must_use]
    pub fn highest_at(&self) -> Option<Moment> {
        match self {
            Clock::Wall(..) => None,
            Clock::Virtual(clock) => Some(clock.highest_at).filter(|highest| *highest > Moment::MIN),
        }
    }

    /// T: up to where deadlines have been judged. [`Moment::MIN`] before the first fact or reading.
    #[must_use]
    pub fn now(&self) -> Moment {
        match self {
            Clock::Wall(clock, _) => clock.now(),
            Clock::Virtual(clock) => clock.now(),
        }
    }

    /// How far `at` lies behind the machine's clock; nothing under a virtual clock, which is never behind itself.
    #[must_use]
    pub fn lag(&self, at: Moment) -> Duration {
        match self {
            Clock::Wall(_, machine) => {
                let behind_ms = machine.read().wall.millis().saturating_sub(at.millis());
                Duration::from_millis(u64::try_from(behind_ms).unwrap_or(0))
            }
            Clock::Virtual(_) => Duration::ZERO,
        }
    }

    /// Moves T to where a fact of business time `at` enters that arrived at `arrived`.
    ///
    /// A fact that came over a stream carries the server's timestamp as `arrived`. Under the wall clock a
    /// fact without one arrives now.
    pub fn enter(&mut self, at: Moment, arrived: Option<Moment>) -> Entry {
        match self {
            Clock::Wall(clock, machine) => {
                let reading = machine.read();
                clock.enter(arrived.unwrap_or(reading.wall), reading)
            }
            Clock::Virtual(clock) => clock.enter(at, arrived),
        }
    }

    /// Moves T with the wall clock. Call it only while the stream is drained and its server was heard within
    /// its heartbeat; a virtual clock stays where the last fact left it.
    ///
    /// # Errors
    /// When T must stand still.
    pub fn follow(&mut self) -> Result<Moment, Freeze> {
        match self {
            Clock::Wall(clock, machine) => clock.follow(machine.read()),
            Clock::Virtual(clock) => Ok(clock.now()),
        }
    }

    /// A person says that the clocks are right although they gave rise to `freeze`: the machine's clock as it shows
    /// now, and a stamp that lies ahead of it. T still never goes back; it stands until the machine's clock gets there.
    pub fn confirm(&mut self, freeze: Freeze) {
        if let Clock::Wall(clock, machine) = self {
            clock.confirm(freeze, machine.read());
        }
    }

    /// Ends the instant at which the clock stands, by a millisecond: what is waiting there is then said although
    /// nothing moves the clock.
    pub fn end_instant(&mut self) {
        match self {
            Clock::Wall(clock, _) => clock.now = clock.now.plus_millis(1),
            Clock::Virtual(clock) => clock.now = clock.now.plus_millis(1),
        }
    }

    /// Does time move it, and not facts alone?
    #[must_use]
    pub fn is_wall(&self) -> bool {
        matches!(self, Clock::Wall(..))
    }
}

/// Who reads the machine's clocks; a test hands in clocks of its own.
#[derive(Clone)]
pub struct Machine(Arc<dyn Fn() -> Reading + Send + Sync>);

impl Machine {
    /// The machine that this process runs on.
    #[must_use]
    pub fn own() -> Machine {
        Machine::read_by(Reading::now)
    }

    /// A machine whose clocks `read` reads.
    #[must_use]
    pub fn read_by(read: impl Fn() -> Reading + Send + Sync + 'static) -> Machine {
        Machine(Arc::new(read))
    }

    fn read(&self) -> Reading {
        (self.0)()
    }

    /// What its wall clock shows.
    #[must_use]
    pub fn wall(&self) -> Moment {
        self.read().wall
    }
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Machine").field(&self.read()).finish()
    }
}

/// Both clocks of the machine, read together.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the wall clock shows.
    pub wall: Moment,
    /// Time since some fixed instant of this process; never set back.
    pub monotonic: Duration,
}

impl Reading {
    /// Reads both clocks.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads time")]
    pub fn now() -> Reading {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        let monotonic = START.get_or_init(Instant::now).elapsed();
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Reading { wall: Moment::from_millis(millis(since_epoch)), monotonic }
    }
}

/// A clock that follows the machine's, guarded.
///
/// It is a function of the readings handed to it, so every guard is tested without waiting.
#[derive(Clone, Debug)]
pub struct WallClock {
    /// T.
    now: Moment,
    /// The last reading at which both clocks agreed; its `wall` may have been held back by monotonic time.
    trusted: Reading,
    /// How far the stream and T may be ahead of the wall clock because a person said so, in milliseconds.
    confirmed_ahead_ms: i64,
}

impl WallClock {
    /// A clock that trusts its first reading and stands before all facts.
    #[must_use]
    pub fn new(first: Reading) -> WallClock {
        WallClock { now: Moment::MIN, trusted: first, confirmed_ahead_ms: 0 }
    }

    /// T.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Moves T to where a fact enters that the stream stamped with `arrived`: max(T, `arrived`).
    pub fn enter(&mut self, arrived: Moment, reading: Reading) -> Entry {
        if let Err(freeze) = self.agree(reading) {
            return Entry::Frozen(freeze);
        }
        let ahead_ms = arrived.millis().saturating_sub(reading.wall.millis());
        if ahead_ms > FREEZE_MS + self.confirmed_ahead_ms {
            return Entry::Frozen(Freeze::StreamAhead { ahead_secs: ahead_ms / 1000 });
        }
        self.now = self.now.max(arrived);
        Entry::At(self.now)
    }

    /// Moves T to the wall clock's reading, as far as monotonic time allows.
    ///
    /// # Errors
    /// When the wall clock was moved by more than a minute beside monotonic time, or is more than a minute
    /// behind T. A lesser lag lets T stand until the wall clock reaches it.
    pub fn follow(&mut self, reading: Reading) -> Result<Moment, Freeze> {
        let expected = self.agree(reading)?;
        let allowed = reading.wall.min(expected.plus_millis(TOLERANCE_MS));
        self.trusted = Reading { wall: allowed, monotonic: reading.monotonic };
        if self.now <= allowed {
            // The wall clock has reached T: whatever was confirmed is over.
            self.confirmed_ahead_ms = 0;
        }
        self.now = self.now.max(allowed);
        Ok(self.now)
    }

    /// A person says that `reading` is right, and the stamp that `freeze` tells of.
    pub fn confirm(&mut self, freeze: Freeze, reading: Reading) {
        self.trusted = reading;
        let stamp_ahead_ms = match freeze {
            Freeze::StreamAhead { ahead_secs } => ahead_secs.saturating_mul(1000),
            Freeze::WallMoved { .. } | Freeze::WallBehind { .. } => 0,
        };
        let ahead_ms = self.now.millis().saturating_sub(reading.wall.millis());
        self.confirmed_ahead_ms = ahead_ms.max(stamp_ahead_ms).max(self.confirmed_ahead_ms);
    }

    /// Do the wall clock, monotonic time and T agree? Returns what monotonic time expects the wall clock to show.
    fn agree(&self, reading: Reading) -> Result<Moment, Freeze> {
        let passed_ms = millis(reading.monotonic.saturating_sub(self.trusted.monotonic));
        let expected = self.trusted.wall.plus_millis(passed_ms);
        let moved_ms = reading.wall.millis() - expected.millis();
        if moved_ms.abs() > FREEZE_MS {
            return Err(Freeze::WallMoved { moved_secs: moved_ms / 1000 });
        }
        let behind_ms = self.now.millis().saturating_sub(reading.wall.millis());
        if behind_ms > FREEZE_MS + self.confirmed_ahead_ms {
            return Err(Freeze::WallBehind { behind_secs: behind_ms / 1000 });
        }
        Ok(expected)
    }
}

/// A clock that the facts move.
///
/// A fact enters at its `arrived`, else at the highest `at` of all facts so far that carry no `arrived`;
/// never earlier than the fact before it, never later than the end. A fact *dated* after the end enters
/// and stays unseen; a fact that *arrived* after the end does not enter.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    now: Moment,
    highest_at: Moment,
    until: Option<Moment>,
}

impl VirtualClock {
    /// A clock that stands before all facts and never passes `until`.
    #[must_use]
    pub fn new(until: Option<Moment>) -> VirtualClock {
        VirtualClock { now: Moment::MIN, highest_at: Moment::MIN, until }
    }

    /// T.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Moves T to where a fact enters.
    pub fn enter(&mut self, at: Moment, arrived: Option<Moment>) -> Entry {
        let end = self.until.unwrap_or(Moment::MAX);
        let entry = match arrived {
            Some(arrived) if arrived > end => return Entry::AfterTheEnd,
            Some(arrived) => arrived,
            None => {
                self.highest_at = self.highest_at.max(at);
                self.highest_at.min(end)
            }
        };
        self.now = self.now.max(entry);
        Entry::At(self.now)
    }

    /// Runs on to the end after the last fact, and says where T then stands.
    pub fn finish(&mut self) -> Moment {
        self.now = self.now.max(self.until.unwrap_or(self.now));
        self.now
    }
}

/// Whole milliseconds; stays at the end of an `i64`.
fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
