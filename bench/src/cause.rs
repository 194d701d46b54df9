//! Which message made an alert due: the facts of a run by case, and when each entered the supervision clock.
//!
//! A transition says at which instant of the supervision clock it was known (`decided_at`), and an instant of that clock is also when
//! a fact enters. So what a fact brought about goes back to the last fact of its case that had entered by then, and what a deadline
//! brought about to the deadline's own instant.

use std::collections::HashMap;

use compact_str::CompactString;
use facts::Moment;

/// Facts of a run, in the order in which the stream holds them.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    by_case: HashMap<CompactString, Vec<(Moment, u32)>>,
    /// Messages that moved the clock on, and to where.
    steps: Vec<(Moment, u32)>,
}

impl Entries {
    /// A fact of `case` in `message` entered at `entered`; no fact entered before one that stands before it in the stream.
    pub fn add(&mut self, case: &CompactString, entered: Moment, message: u32) {
        self.moved(entered, message);
        self.by_case.entry(case.clone()).or_default().push((entered, message));
    }

    /// `message` moved the clock to `to`, if it was not there already.
    pub fn moved(&mut self, to: Moment, message: u32) {
        if self.steps.last().is_none_or(|(last, _)| *last < to) {
            self.steps.push((to, message));
        }
    }

    /// The message whose fact brought about what was known of `case` at `decided_at`.
    #[must_use]
    pub fn cause(&self, case: &str, decided_at: Moment) -> Option<u32> {
        let entries = self.by_case.get(case)?;
        let known = entries.partition_point(|(entered, _)| *entered <= decided_at);
        entries[..known].last().map(|(_, message)| *message)
    }

    /// The first message that moved the clock beyond `instant`: with a clock that messages move, it is what makes a deadline pass.
    #[must_use]
    pub fn first_beyond(&self, instant: Moment) -> Option<u32> {
        let passed = self.steps.partition_point(|(entered, _)| *entered <= instant);
        self.steps.get(passed).map(|(_, message)| *message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_goes_back_to_the_last_fact_of_its_case_that_had_entered() {
        let mut entries = Entries::default();
        for (case, entered, message) in [("A", 10, 0), ("B", 10, 1), ("A", 20, 2), ("A", 30, 3)] {
            entries.add(&case.into(), Moment::from_millis(entered), message);
        }
        let cause = |case, at| entries.cause(case, Moment::from_millis(at));
        assert_eq!((cause("A", 9), cause("A", 10), cause("A", 29), cause("A", 99)), (None, Some(0), Some(2), Some(3)));
        assert_eq!((cause("B", 99), cause("C", 99)), (Some(1), None));
        let beyond = |at| entries.first_beyond(Moment::from_millis(at));
        assert_eq!((beyond(0), beyond(10), beyond(29), beyond(30)), (Some(0), Some(2), Some(3), None));
        entries.moved(Moment::from_millis(40), 4);
        assert_eq!(entries.first_beyond(Moment::from_millis(30)), Some(4), "what carries no fact moves the clock too");
    }
}
