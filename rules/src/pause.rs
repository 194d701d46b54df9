//! Pauses: stretches of time that a clock does not count.
//!
//! A pause is `[from, to)`, open while it has no end. A granted length (`cap`) cuts it: it stops the
//! clock until `due(from, cap)` by the clock's own counting and no longer, however long it really
//! lasted. Pauses may nest, overlap and touch: their union is not counted, so nothing counts twice.
//! Not here: which records begin and end a pause (the rule's vocabulary), and what a paused day
//! does to a limit ([`crate::counting`]).

use compact_str::CompactString;
use smallvec::SmallVec;

use facts::event_time::EventTime;
use facts::moment::Moment;

use crate::counting::{Clock, Counting, Limit, Span, Start};
use crate::working_calendar::WorkingCalendar;

/// A pause as the records tell it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pause {
    /// When it began; a day alone counts from its opening.
    pub from: EventTime,
    /// When it ended; a day alone counts to its close. None: still open.
    pub to: Option<EventTime>,
    /// The granted length; none or zero: no cap.
    pub cap: Option<Span>,
    /// Why, for the proof.
    pub ground: CompactString,
}

/// A pause as it acts, cut to its cap: `[from, to)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CutPause {
    /// First instant that is not counted.
    pub from: Moment,
    /// First instant that counts again; none: still open and without a cap.
    pub to: Option<Moment>,
    /// Why, for the proof.
    pub ground: CompactString,
}

impl Pause {
    /// The pause cut to its cap, counted as the clock that it stops counts.
    #[must_use]
    pub fn cut(&self, counting: Counting, calendar: &WorkingCalendar) -> CutPause {
        let from = calendar.stops_at(self.from);
        let end = self.to.map(|to| calendar.counts_from(to));
        let capped = self.cap.filter(|cap| cap.number > 0).and_then(|cap| {
            let granted = Clock::plain(Start { moment: from, is_day: false }, counting, calendar);
            granted.due(&Limit::Span(cap)).map(|due| due.at)
        });
        let to = match (end, capped) {
            (Some(end), Some(capped)) => Some(end.min(capped)),
            (end, capped) => end.or(capped),
        };
        CutPause { from, to, ground: self.ground.clone() }
    }
}

/// Disjoint stretches in order of time.
pub(crate) type Union<T> = SmallVec<[(T, Option<T>); 4]>;

/// The union of stretches that are sorted by their begin: empty ones dropped, touching ones joined.
pub(crate) fn union<T: Copy + Ord>(stretches: impl Iterator<Item = (T, Option<T>)>) -> Union<T> {
    let mut merged: Union<T> = SmallVec::new();
    for (from, to) in stretches.filter(|(from, to)| to.is_none_or(|to| to > *from)) {
        match merged.last_mut() {
            Some((_, None)) => break,
            Some((_, Some(end))) if from <= *end => match to {
                Some(to) => *end = to.max(*end),
                None => merged.last_mut().expect("just matched").1 = None,
            },
            _ => merged.push((from, to)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(stretches: &[(i32, Option<i32>)]) -> Vec<(i32, Option<i32>)> {
        union(stretches.iter().copied()).to_vec()
    }

    #[test]
    fn nested_overlapping_and_touching_stretches_join() {
        assert_eq!(joined(&[(1, Some(9)), (2, Some(3))]), [(1, Some(9))], "nested");
        assert_eq!(joined(&[(1, Some(4)), (3, Some(6))]), [(1, Some(6))], "overlapping");
        assert_eq!(joined(&[(1, Some(4)), (4, Some(6))]), [(1, Some(6))], "touching");
        assert_eq!(joined(&[(1, Some(4)), (5, Some(6))]), [(1, Some(4)), (5, Some(6))], "apart");
        assert_eq!(joined(&[(1, Some(4)), (1, Some(4))]), [(1, Some(4))], "the same twice");
    }

    #[test]
    fn an_open_stretch_swallows_what_follows() {
        assert_eq!(joined(&[(1, Some(4)), (3, None), (7, Some(8))]), [(1, None)]);
        assert_eq!(joined(&[(1, Some(2)), (3, None), (7, None)]), [(1, Some(2)), (3, None)]);
    }

    #[test]
    fn empty_and_reversed_stretches_do_nothing() {
        assert!(joined(&[(3, Some(3)), (5, Some(4))]).is_empty());
    }
}
