//! Counting limits: when a clock falls due, when its marks stand, what it has used.
//!
//! Two conventions. `legal`: the start day is not counted, whole days are, a limit ends at close of
//! business of its N-th working day or at the end of its N-th civil day. `elapsed`: office seconds
//! since the start; one second over counts. Hours, minutes, dates and instants are the same in both.
//!
//! A [`Due`] has two instants. `at` is the last one in time, which the law names and a card carries
//! as its `since`. `after` is the first one from which a light holds. What happens in between (the
//! night after a limit was used up at closing time, a fraction of a second) is still in time.
//!
//! Facts act from their own business time. A pause or an extension moves a mark only if it begins
//! before the mark's light holds ([`Clock::mark`]); a mark that was passed before is never undone.
//!
//! Invariant: pure functions of the arguments; days are civil days of the calendar's zone.
//! Not here: which records start, stop, pause and extend a clock (judgement).

mod day_line;
mod ledger;
mod line;
mod mark;
mod reckoning;
mod span;
mod used;

#[cfg(test)]
mod tests;

use jiff::civil::Date;
use smallvec::SmallVec;

use facts::event_time::EventTime;
use facts::moment::Moment;

use crate::pause::{CutPause, union};
use crate::working_calendar::WorkingCalendar;

pub use mark::{BadMark, Mark};
use reckoning::Reckoning;
pub use span::{BadSpan, Span, Unit};
pub use used::{Measure, Used};

/// How limits are counted.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Counting {
    /// Whole days, the first one not counted.
    Legal,
    /// Office seconds.
    Elapsed,
}

impl Counting {
    /// `legal` or `elapsed`, as profiles and proofs write it.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Counting::Legal => "legal",
            Counting::Elapsed => "elapsed",
        }
    }
}

/// When on its last day a limit ends.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Ends {
    /// At the instant itself: for days, at the start's time of day.
    Instant,
    /// With the day, at 24:00.
    Day,
    /// At close of business.
    Office,
}

/// A limit.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Limit {
    /// A length from the start on.
    Span(Span),
    /// A civil day; no pause moves it.
    Date(Date),
    /// An instant; no pause moves it.
    Instant(Moment),
}

impl Limit {
    /// The unit in which it counts: civil days for a date or an instant.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        match self {
            Limit::Span(span) => span.unit,
            Limit::Date(_) | Limit::Instant(_) => Unit::Days,
        }
    }
}

/// Where a clock starts.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// The instant; for a day alone any instant of that day.
    pub moment: Moment,
    /// True when the source told the day only: it counts from that day's close.
    pub is_day: bool,
}

impl Start {
    /// The start that a record's business time gives.
    #[must_use]
    pub fn of(at: EventTime, calendar: &WorkingCalendar) -> Start {
        Start { moment: calendar.counts_from(at), is_day: at.is_day() }
    }
}

/// A limit made longer.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Extension {
    /// From when on it acts.
    pub at: Moment,
    /// By how much.
    pub by: Span,
}

/// When a limit or a mark is reached.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Due {
    /// The last instant in time: what the law names, `since` of a card.
    pub at: Moment,
    /// The first instant from which a light holds: one millisecond later, or, where office seconds
    /// are counted, when one more of them has been used.
    pub after: Moment,
}

impl Due {
    /// True for what happens at `stop` and is not late.
    #[must_use]
    pub fn in_time(self, stop: Moment) -> bool {
        stop < self.after
    }
}

/// A clock: a start, and how time counts from there.
#[derive(Copy, Clone, Debug)]
pub struct Clock<'a> {
    /// Where it starts.
    pub start: Start,
    /// How it counts.
    pub counting: Counting,
    /// When on its last day a limit ends; none: as the unit has it.
    pub ends: Option<Ends>,
    /// Whether a limit in civil days whose last day is off moves to the next working day (`legal`).
    pub roll: bool,
    /// What stops it, in any order.
    pub pauses: &'a [CutPause],
    /// Days and office hours.
    pub calendar: &'a WorkingCalendar,
}

impl<'a> Clock<'a> {
    /// A clock without pauses and with the defaults of its counting.
    #[must_use]
    pub fn plain(start: Start, counting: Counting, calendar: &'a WorkingCalendar) -> Clock<'a> {
        Clock { start, counting, ends: None, roll: true, pauses: &[], calendar }
    }

    /// The instant from which time counts: the start, or the close of a start that is a day.
    #[must_use]
    pub fn counted_from(&self) -> Moment {
        if self.start.is_day {
            self.calendar.closing_of(self.calendar.day_of(self.start.moment))
        } else {
            self.start.moment
        }
    }

    /// When the limit falls due; none while an open pause keeps it from ever doing so.
    #[must_use]
    pub fn due(&self, limit: &Limit) -> Option<Due> {
        self.mark(limit, Mark::Due, &[])
    }

    /// When a mark stands; none while an open pause keeps it from ever doing so.
    ///
    /// Pauses and `extensions` (in any order) act in order of time, each only if it begins before the
    /// light of the mark, as reckoned so far, holds. A mark at or before the start stands at the start.
    #[must_use]
    pub fn mark(&self, limit: &Limit, mark: Mark, extensions: &[Extension]) -> Option<Due> {
        self.settle(limit, mark, extensions).map(|settled| settled.due)
    }

    /// The extensions that act on the limit's due instant, in order of time, for the proof.
    #[must_use]
    pub fn acting_extensions(&self, limit: &Limit, extensions: &[Extension]) -> Vec<Extension> {
        let sorted = sorted_extensions(extensions);
        match self.settle(limit, Mark::Due, extensions) {
            Some(settled) => sorted[..settled.extensions].to_vec(),
            None => sorted.to_vec(),
        }
    }

    fn settle(&self, limit: &Limit, mark: Mark, extensions: &[Extension]) -> Option<Settled> {
        let pauses = sorted_pauses(self.pauses);
        let extensions = sorted_extensions(extensions);
        let (mut paused, mut extended) = (0, 0);
        loop {
            let due = self.reckon(limit, mark, &pauses[..paused], &extensions[..extended])?;
            let ahead = |at: Option<Moment>| at.filter(|at| *at < due.after);
            let next_pause = ahead(pauses.get(paused).map(|(from, _)| *from));
            let next_extension = ahead(extensions.get(extended).map(|extension| extension.at));
            match (next_pause, next_extension) {
                (None, None) => return Some(Settled { due, extensions: extended }),
                (Some(pause), Some(extension)) if extension < pause => extended += 1,
                (Some(_), _) => paused += 1,
                (None, Some(_)) => extended += 1,
            }
        }
    }

    fn reckon(
        &self,
        limit: &Limit,
        mark: Mark,
        pauses: &[(Moment, Option<Moment>)],
        extensions: &[Extension],
    ) -> Option<Due> {
        Reckoning::new(self, limit, pauses).mark(limit, mark, extensions)
    }

    /// True when days that a limit in working days counts, from the start to `until`, lie in a year
    /// without a file. Other limits need no calendar of days off and are never uncovered.
    #[must_use]
    pub fn calendar_uncovered(&self, limit: &Limit, until: Option<Moment>) -> bool {
        if !matches!(limit, Limit::Span(Span { unit: Unit::WorkingDays, .. })) {
            return false;
        }
        let start = self.calendar.day_of(self.counted_from());
        let first = start + i32::from(self.counting == Counting::Legal);
        let last = until.map_or(first, |until| self.calendar.day_of(until).max(start));
        let year = |day| facts::event_time::date_of(day).year();
        (year(first.min(last))..=year(last)).any(|year| !self.calendar.covered(year))
    }
}

struct Settled {
    due: Due,
    extensions: usize,
}

fn sorted_pauses(pauses: &[CutPause]) -> SmallVec<[(Moment, Option<Moment>); 4]> {
    let mut sorted: SmallVec<[_; 4]> = pauses.iter().map(|pause| (pause.from, pause.to)).collect();
    sorted.sort_unstable();
    sorted
}

fn sorted_extensions(extensions: &[Extension]) -> SmallVec<[Extension; 2]> {
    let mut sorted: SmallVec<[Extension; 2]> = extensions.iter().copied().collect();
    sorted.sort_by_key(|extension| extension.at);
    sorted
}

/// The civil days `[from, to)` on which a pause keeps `legal` from counting: the day it begins, not
/// the day it ends.
fn paused_days(calendar: &WorkingCalendar, pauses: &[(Moment, Option<Moment>)]) -> crate::pause::Union<i32> {
    union(pauses.iter().map(|&(from, to)| (calendar.day_of(from), to.map(|to| calendar.day_of(to)))))
}
