//! The three-rule job as a plain program: what a good programmer writes by hand when there are three rules, one thread and
//! no need ever to change them. It is the yardstick of the engine's speed.
//!
//! ```text
//! line ─► fact ─► its case, in a hash map ─► three rules ─► what differs, a line each
//!                      ▲                          │
//!                      └── due instants, a heap ◄─┘
//! ```
//!
//! The rules are those of `bench/three-rules.toml`: a deadline with pauses and an extension, a tariff, and a workflow. It keeps
//! what anyone must keep to be right: corrections, deletions, duplicates and facts that come late. It has none of the
//! engine's other duties: no proofs, no counts, no other calendar, no check of a line's fields, nothing kept on disk.

mod case;
mod fact;
mod rules;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufRead, Write};

use compact_str::CompactString;
use facts::{Light, Moment};
use rustc_hash::FxHashMap;

use crate::calendar::WorkingDays;
use crate::city::{City, Fault};
use case::Case;
use fact::LineFact;
use rules::Tables;

/// A light of one rule in one case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PlainLight {
    /// Rule.
    pub rule: &'static str,
    /// What in the case it is about: a stage, a fee code, or `-`.
    pub about: CompactString,
    /// Light.
    pub light: Light,
}

/// Why the plain program stops.
#[derive(Debug, thiserror::Error)]
pub enum PlainError {
    /// The file cannot be read, or the alerts not be written.
    #[error("events could not be read or alerts not be written")]
    Io(#[from] io::Error),
    /// A line that it does not understand; it quarantines nothing.
    #[error("line {line} is no fact that the plain program reads")]
    Line {
        /// Line number from 1.
        line: u64,
        /// What serde says.
        source: serde_json::Error,
    },
    /// A table that is built in is no table.
    #[error(transparent)]
    Tables(#[from] Fault),
}

/// What a run came to.
#[derive(Debug)]
pub struct PlainRun {
    /// Lines read.
    pub events: u64,
    /// Lines written.
    pub alerts: u64,
    /// The lights that stand at the end, by case.
    pub standing: Vec<(CompactString, PlainLight)>,
}

/// Reads events in the order of their arrival, writes each light that comes or goes to `alerts`, and stops the clock at
/// `until`.
///
/// # Errors
/// When a line cannot be read, or an alert not be written.
pub fn run(mut events: impl BufRead, alerts: impl Write, until: Moment) -> Result<PlainRun, PlainError> {
    let tables = Tables { city: City::load(crate::calendar::date(until))?, days: WorkingDays::load()? };
    let mut job =
        Job { tables, places: FxHashMap::default(), cases: Vec::new(), due: BinaryHeap::new(), alerts, told: 0 };
    let (mut text, mut line) = (String::new(), 0);
    loop {
        text.clear();
        if events.read_line(&mut text)? == 0 {
            break;
        }
        line += 1;
        let fact: LineFact<'_> = serde_json::from_str(&text).map_err(|source| PlainError::Line { line, source })?;
        if fact.arrived <= until {
            job.take(&fact)?;
        }
    }
    job.pass(until.plus_millis(1))?;
    job.alerts.flush()?;
    let standing = job.cases.iter().flat_map(|case| case.lit.iter().map(|lit| (case.id.clone(), lit.clone())));
    Ok(PlainRun { events: line, alerts: job.told, standing: standing.collect() })
}

struct Job<W> {
    tables: Tables,
    /// Places among `cases` by case number.
    places: FxHashMap<CompactString, usize>,
    cases: Vec<Case>,
    /// When to look at which case again, the earliest first; what a case no longer waits for is passed over.
    due: BinaryHeap<Reverse<(Moment, usize)>>,
    alerts: W,
    told: u64,
}

impl<W: Write> Job<W> {
    fn take(&mut self, line: &LineFact<'_>) -> io::Result<()> {
        self.pass(line.arrived)?;
        let place = match self.places.get(line.case) {
            Some(place) => *place,
            None => {
                self.places.insert(line.case.into(), self.cases.len());
                self.cases.push(Case::new(line.case));
                self.cases.len() - 1
            }
        };
        if self.cases[place].join(line) {
            self.judge(place, line.arrived)?;
        }
        Ok(())
    }

    /// Looks again at every case that waits for an instant before `clock`.
    fn pass(&mut self, clock: Moment) -> io::Result<()> {
        while let Some(Reverse((at, place))) = self.due.peek().copied().filter(|Reverse((at, _))| *at < clock) {
            self.due.pop();
            if self.cases[place].wake == Some(at) {
                self.judge(place, at)?;
            }
        }
        Ok(())
    }

    /// Judges one case at an instant, and says what differs.
    fn judge(&mut self, place: usize, at: Moment) -> io::Result<()> {
        let case = &mut self.cases[place];
        let judged = self.tables.judge(&case.facts, at);
        let told = &mut self.told;
        let mut tell = |what: &str, case: &Case, lit: &PlainLight| {
            *told += 1;
            let (id, PlainLight { rule, about, light }) = (&case.id, lit);
            writeln!(
                self.alerts,
                r#"{{"case":"{id}","rule":"{rule}","about":"{about}","light":"{light}","kind":"{what}","at":"{at}"}}"#
            )
        };
        for gone in case.lit.iter().filter(|lit| !judged.lit.contains(lit)) {
            tell("cleared", case, gone)?;
        }
        for new in judged.lit.iter().filter(|lit| !case.lit.contains(lit)) {
            tell("raised", case, new)?;
        }
        case.lit = judged.lit;
        if judged.wake != case.wake {
            case.wake = judged.wake;
            self.due.extend(judged.wake.map(|wake| Reverse((wake, place))));
        }
        Ok(())
    }
}
