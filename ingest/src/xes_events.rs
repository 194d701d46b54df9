//! Traces of a log into facts, by the map.
//!
//! A trace comes in whole or not at all: half a case would be judged as if the other half had not happened. Each
//! fact has `seq`, its place in the trace, since real logs have whole days at midnight (semantics 1), and a record
//! id that another export of the same log gives again. Every line written is read back first, so that an import
//! never makes a line that is then refused.
//!
//! Not here: sorting. Facts come out case by case, as the log has them; each with the instant at which it becomes
//! known, by which whoever keeps them puts them in order.

use std::collections::BTreeMap;
use std::io::{self, Read};

use facts::{Moment, line};
use jiff::tz::TimeZone;

use crate::packing::unpacked;
use crate::xes::{Trace, XesError, XesFault, XesReader};
use crate::xes_map::XesMap;

mod trace_facts;
mod values;

use trace_facts::TraceFacts;

/// Faults kept in a report; all are counted.
pub const FAULTS_KEPT_MAX: usize = 1_000;

/// What an import did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Traces read.
    pub traces: u64,
    /// Traces left out for their faults.
    pub traces_refused: u64,
    /// Events in the traces that were taken.
    pub events: u64,
    /// Events that the map leaves out.
    pub events_skipped: u64,
    /// Facts written: events and what was made of cases.
    pub facts: u64,
    /// Amounts of money that were rounded as the map says.
    pub amounts_rounded: u64,
    /// Facts of each activity.
    pub activities: BTreeMap<String, u64>,
    /// The earliest and the latest business time written; a day counts from its first moment.
    pub span: Option<(Moment, Moment)>,
    /// Faults found, kept or not.
    pub faults_total: u64,
    /// The first [`FAULTS_KEPT_MAX`] of them.
    pub faults: Vec<TraceFault>,
}

/// A fault and the case it is in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceFault {
    /// Place of the trace in the log, from 1.
    pub trace: u64,
    /// Its case number, if it has one.
    pub case: Option<String>,
    /// What is wrong.
    pub fault: XesFault,
}

/// `trace 7 (case-10011), byte 4711: <int> has no key`
impl std::fmt::Display for TraceFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.case {
            Some(case) => write!(out, "trace {} ({case}), {}", self.trace, self.fault),
            None => write!(out, "trace {}, {}", self.trace, self.fault),
        }
    }
}

/// Why an import ended before the log did.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The log cannot be read further.
    #[error("could not read the log beyond trace {}; {} facts were taken until there", report.traces, report.facts)]
    Log {
        /// What was done until then.
        report: Box<Report>,
        /// What stands in the way.
        source: XesError,
    },
    /// The facts cannot be kept.
    #[error("could not write facts")]
    Write(#[source] io::Error),
}

/// Reads a log, packed or not, and hands each fact to `keep`: the instant at which it becomes known (`arrived`, else
/// its business time; a day from its first moment in the map's zone), and its line without a line end.
///
/// # Errors
/// When the log is broken or `keep` fails. Faults of single traces are in the report.
pub fn import_xes(
    reader: impl Read + Send,
    map: &XesMap,
    mut keep: impl FnMut(Moment, &str) -> io::Result<()>,
) -> Result<Report, ImportError> {
    let mut report = Report::default();
    let mut log = match unpacked(reader, BUFFER_BYTES) {
        Ok(log) => XesReader::new(log),
        Err(source) => return Err(ended(report, XesError::Unreadable { offset: 0, source })),
    };
    loop {
        match log.next_trace() {
            Ok(Some(trace)) => report.take(&trace, map, &mut keep).map_err(ImportError::Write)?,
            Ok(None) => return Ok(report),
            Err(source) => return Err(ended(report, source)),
        }
    }
}

/// Bytes of the log kept ready.
const BUFFER_BYTES: usize = 256 * 1024;

fn ended(report: Report, source: XesError) -> ImportError {
    ImportError::Log { report: Box::new(report), source }
}

impl Report {
    fn take(
        &mut self,
        trace: &Trace,
        map: &XesMap,
        keep: &mut impl FnMut(Moment, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        self.traces += 1;
        let made = TraceFacts::of(trace, map);
        let mut faults = made.faults;
        let lines: Vec<String> = made.facts.iter().map(|fact| line::write(&fact.event)).collect();
        for (fact, line) in made.facts.iter().zip(&lines) {
            if let Err(fault) = line::read(line.as_bytes(), None) {
                faults.push(XesFault { offset: fact.offset, detail: fault.to_string() });
            }
        }
        if !faults.is_empty() {
            self.refuse(trace, made.case, faults);
            return Ok(());
        }
        self.events += trace.events.len() as u64;
        self.events_skipped += made.skipped;
        for (fact, line) in made.facts.iter().zip(&lines) {
            let at = fact.event.at.moment(map.zone.as_ref().unwrap_or(&TimeZone::UTC));
            keep(fact.event.arrived.unwrap_or(at), line)?;
            self.facts += 1;
            self.amounts_rounded += u64::from(fact.rounded);
            *self.activities.entry(fact.event.activity.name().to_owned()).or_default() += 1;
            let (first, last) = self.span.unwrap_or((at, at));
            self.span = Some((first.min(at), last.max(at)));
        }
        Ok(())
    }

    fn refuse(&mut self, trace: &Trace, case: Option<String>, faults: Vec<XesFault>) {
        self.traces_refused += 1;
        self.faults_total += faults.len() as u64;
        let room = FAULTS_KEPT_MAX.saturating_sub(self.faults.len());
        let of_trace = faults.into_iter().take(room);
        self.faults.extend(of_trace.map(|fault| TraceFault { trace: trace.number, case: case.clone(), fault }));
    }
}

#[cfg(test)]
mod tests;
