//! The dataflow: facts in, light changes out, counts behind them.
//!
//! ```text
//!  Runner::feed ──► Input "entries" ──exchange by case hash──┐
//!  Runner::configure, announce, read_back                    ▼
//!               ──► Input "controls" (a copy a worker) ► "supervise" ────────────┬► "hand over" ──► Closings
//!                            │                               │ what cases bring  │  (sorted, closed instants only)
//!                            │                               ▼ into groups,      │
//!                            └────────────────────────► "groups"  by rule, key ──┤
//!                                                                                │ lit rows: (owner, case, lamp)
//!                                                                                ▼
//!                               "worst lamp" ► "count lamps" ► "CountTotal" ► "counts" ──► Counts
//! ```
//!
//! `supervise` is the keyed operator: it holds each case's facts, asks `rules` for findings, fires
//! deadlines at their own instants and says what changed. `groups` does the same for what several cases share (`group` of a
//! rule), and is idle where no rule groups. What they emit downstream is an ordinary
//! differential collection; every number over many cases is differential from there on.
//!
//! Beside the graph, [`checkpoint`] keeps all facts on disk and hands them to a fresh graph, whatever its number of workers.
//!
//! Time is the supervision clock in milliseconds; an input advanced to T means that every fact which
//! enters before T has been fed. Instants before the frontier are *closed*: worked through for good.
//!
//! Invariants
//! - What is said depends on the facts, the configuration and the clock values at which they enter;
//!   never on batches, the number of workers or the order of arrival within one clock value.
//! - At one instant: configuration, then facts, then deadlines; transitions are the net of an instant.
//! - Per (case, rule, instance) transitions form an unbroken chain, whose fold equals the lights.
//!
//! Not here: judgement (`rules`), decoding and clocks (`ingest`, the binary), publishing (`alerts`).

mod cached;
mod case_hash;
mod case_state;
mod case_table;
mod causes;
pub mod checkpoint;
mod closings;
mod cold_store;
mod contribution;
mod controls;
mod counts;
mod ending;
mod entry;
mod forecast;
mod graph;
mod group;
mod groups;
mod groups_then;
mod holding;
mod interned;
mod joining;
mod judge;
mod lighting;
mod lit;
mod memberships;
mod next_instants;
mod outlines;
mod packed_case;
mod planted;
mod resting_groups;
mod runner;
mod said;
mod silent_sources;
mod sources;
mod supervise;
pub mod textbook;
mod transitions;
mod what_if;
mod worker;

#[cfg(test)]
mod tests;

pub use cached::{HandedOut, JudgedBy};
pub use case_hash::{case_hash, worker_of};
pub use closings::{Closed, Closings};
pub use counts::{CountRow, Counts};
pub use entry::{AllWaiting, Entry, ReadBack, Waiting};
pub use forecast::{Forecast, ForecastPlace, ForecastQuestion};
pub use groups::{Explained, GroupLight};
pub use groups_then::GroupsThen;
pub use holding::Holding;
pub use judge::{Judge, RuleName};
pub use lit::Lit;
pub use runner::{AskedCases, AskedWaiting, Desk, Options, Runner, RunnerError};
pub use said::Said;
pub use sources::{SourceKey, SourceState};
pub use supervise::{CaseView, Standing};
pub use transitions::SOURCE_SILENT;
pub use what_if::{Difference, Lamp, WhatIf};
pub use worker::Gauges;
