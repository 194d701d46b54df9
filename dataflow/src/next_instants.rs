//! When to look at which case again.
//!
//! A heap with lazy deletion: a case holds its own next instant, and an entry of the heap counts only
//! while the case still holds it. What is stale goes when its instant comes, or when the heap has grown
//! to several times the number of cases.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use facts::Moment;

/// The next instants of all cases of a worker.
#[derive(Default)]
pub(crate) struct NextInstants {
    heap: BinaryHeap<Reverse<(Moment, u32)>>,
}

impl NextInstants {
    /// Entries, stale ones included.
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Notes that `slot` wants to be looked at when the clock reaches `at`.
    pub(crate) fn push(&mut self, at: Moment, slot: u32) {
        self.heap.push(Reverse((at, slot)));
    }

    /// The earliest entry before `bound`.
    pub(crate) fn pop_before(&mut self, bound: Moment) -> Option<(Moment, u32)> {
        let Reverse((at, _)) = *self.heap.peek()?;
        if at >= bound {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// All entries up to and with `until`, in no order.
    pub(crate) fn upto(&self, until: Moment) -> impl Iterator<Item = (Moment, u32)> + '_ {
        self.heap.iter().map(|Reverse(entry)| *entry).filter(move |(at, _)| *at <= until)
    }

    /// Drops entries that `current` disowns, once there are many of them.
    pub(crate) fn prune(&mut self, cases: usize, current: impl Fn(Moment, u32) -> bool) {
        if self.heap.len() > 4 * cases + 1024 {
            self.heap.retain(|Reverse((at, slot))| current(*at, *slot));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn instants_come_in_order_and_never_at_or_after_the_bound() {
        let mut next = NextInstants::default();
        for (millis, slot) in [(30, 1), (10, 2), (20, 3)] {
            next.push(at(millis), slot);
        }
        assert_eq!(next.pop_before(at(10)), None);
        assert_eq!(next.pop_before(at(30)), Some((at(10), 2)));
        assert_eq!(next.pop_before(at(30)), Some((at(20), 3)));
        assert_eq!(next.pop_before(at(30)), None);
    }

    #[test]
    fn what_is_stale_does_not_pile_up() {
        let mut next = NextInstants::default();
        for millis in 0..5_000 {
            next.push(at(millis), 0);
            next.prune(1, |held, _| held == at(millis));
        }
        assert!(next.len() <= 4 + 1024, "{} entries for one case", next.len());
    }
}
