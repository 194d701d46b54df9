//! The data types every part of Watchlight shares: what was said about a case, and what
//! was concluded from it.
//!
//! Reading order: time ([`moment`], [`event_time`]), who spoke ([`address`]), amounts
//! ([`money`]), what was said ([`event`] and its line form [`mod@line`]), what is known of a case
//! ([`history`]), what is concluded ([`light`], [`standing`], [`transition`], [`proof`]), and what is answered ([`why_not`],
//! [`keep_green`]).
//!
//! Invariants: nothing here reads a clock, a file or a setting; every value has one canonical
//! text; a set of facts gives one history whatever the order of arrival.
//! Not here: judgement (`rules`), transport (`ingest`, `alerts`), state (`dataflow`).

pub mod activity;
pub mod address;
pub mod digest;
pub mod event;
pub mod event_time;
pub mod history;
pub mod keep_green;
pub mod light;
pub mod line;
pub mod moment;
pub mod money;
pub mod proof;
pub mod standing;
pub mod transition;
pub mod why_not;
mod words;

pub use activity::Activity;
pub use address::{Address, Department, Level, Region};
pub use event::{Event, Fee, FeeAct, Op, Scalar, SpanUnit, Special};
pub use event_time::EventTime;
pub use history::{Change, History, Record, Rival, Tombstone};
pub use keep_green::KeepGreen;
pub use light::{Card, Cause, Kind, Light};
pub use moment::Moment;
pub use money::Fen;
pub use standing::StandingLight;
pub use transition::Transition;
pub use why_not::WhyNot;
