//! How many cases show which lamp, by office: the only counter.
//!
//! Differential: the rows of a case reduce to its worst lamp, and lamps are counted by office. What
//! this page keeps is the latest closed reading of that collection.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use differential_dataflow::VecCollection;
use differential_dataflow::operators::CountTotal;
use facts::{Address, Light, Moment};

use crate::lit::Lit;

/// One office and lamp.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CountRow {
    /// The office.
    pub owner: Address,
    /// The worst lamp of each of the cases; green for open cases without a card.
    pub light: Light,
    /// How many cases.
    pub cases: u64,
}

/// Cases by office and lamp at a closed instant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// The last closed instant.
    pub as_of: Moment,
    /// Sorted by office and lamp; no row counts 0.
    pub rows: Vec<CountRow>,
}

/// Counted lamps: ((owner, light), cases).
pub(crate) type Counted = ((Address, Light), isize);

/// Worst first: red, yellow, grey, green (semantics 26).
fn severity(light: Light) -> u8 {
    match light {
        Light::Green => 0,
        Light::Grey => 1,
        Light::Yellow => 2,
        Light::Red => 3,
    }
}

/// Lamps of cases to counts by office.
pub(crate) fn count(lits: VecCollection<'_, u64, Lit, isize>) -> VecCollection<'_, u64, Counted, isize> {
    lits.map(|lit| (lit.case, (lit.light, lit.owner)))
        .reduce_named("worst lamp", |_case, lamps, worst| {
            let lit = lamps.iter().filter(|(_, rows)| *rows > 0);
            if let Some(((light, owner), _)) = lit.max_by_key(|((light, _), _)| severity(*light)) {
                worst.push(((owner.clone(), *light), 1));
            }
        })
        .map(|(_case, lamp)| lamp)
        .arrange_by_self_named("count lamps")
        .count_total_core()
}

#[derive(Default)]
struct Reading {
    bounds: Vec<Moment>,
    closed: Moment,
    rows: BTreeMap<(Address, Light), isize>,
    /// Changes at instants that are not closed by all workers: (instant, lamp, change of its count).
    open: Vec<(Moment, (Address, Light), isize)>,
}

/// The latest closed reading, from all workers.
pub(crate) struct CountReading(Mutex<Reading>);

impl CountReading {
    pub(crate) fn new(workers: usize) -> CountReading {
        let bounds = vec![Moment::from_millis(0); workers];
        CountReading(Mutex::new(Reading { bounds, ..Reading::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes of one worker's counts, and the bound before which it has told all of them.
    pub(crate) fn put(&self, worker: usize, bound: Option<Moment>, changes: &mut Vec<(Counted, u64, isize)>) {
        let mut reading = self.lock();
        let changes = changes.drain(..);
        reading
            .open
            .extend(changes.map(|((lamp, cases), at, diff)| (Moment::from_millis(at as i64), lamp, cases * diff)));
        if let Some(bound) = bound {
            reading.bounds[worker] = bound;
        }
        reading.close();
    }

    pub(crate) fn read(&self) -> Counts {
        let reading = self.lock();
        let rows = reading.rows.iter().filter_map(|((owner, light), cases)| {
            let cases = u64::try_from(*cases).ok().filter(|cases| *cases > 0)?;
            Some(CountRow { owner: owner.clone(), light: *light, cases })
        });
        Counts { as_of: reading.closed.plus_millis(-1), rows: rows.collect() }
    }
}

impl Reading {
    fn close(&mut self) {
        let Some(closed) = self.bounds.iter().copied().min().filter(|closed| *closed > self.closed) else { return };
        self.closed = closed;
        let mut open = std::mem::take(&mut self.open);
        for (_, lamp, change) in open.extract_if(.., |(at, _, _)| *at < closed) {
            *self.rows.entry(lamp).or_default() += change;
        }
        self.open = open;
        self.rows.retain(|_, cases| *cases != 0);
    }
}
