//! Load and truth: a seeded generator of approval cases for a sample city, and the lights that a
//! right judgement must show for them.
//!
//! ```text
//! profile + seed ─► slots ─► plan of each case ─┬─► events in order of arrival (NDJSON)
//!                                               └─► truth: lights standing at the end (CSV)
//! ```
//!
//! Reading order: what it is made of ([`profile`], [`city`], [`calendar`]), one case ([`case_plan`],
//! `draft`, `life`, `scenario`, [`gaming`], `delivery`), all cases ([`mod@generate`]), what must stand ([`truth`]),
//! files ([`output`]), how it is sent ([`mod@load`]), what came of it ([`latency`],
//! [`cause`], [`run`], [`report`]), what is held
//! against it ([`compare`], [`thresholds`]), and what several runs or a long one tell ([`search`], [`soak`]).
//!
//! Invariants: one seed gives the same bytes on every machine; the truth is worked out from plans
//! with counting of its own and shares no code with the rules. Money is in fen, instants in
//! milliseconds, shares in parts of 10,000. Not here: the command line, and anything that judges.

pub mod calendar;
pub mod case_plan;
pub mod cause;
pub mod city;
pub mod compare;
mod delivery;
mod draft;
pub mod gaming;
pub mod generate;
pub mod latency;
mod life;
pub mod load;
pub mod output;
pub mod plain;
pub mod profile;
pub mod report;
pub mod run;
pub mod scenario;
pub mod search;
pub mod soak;
pub mod thresholds;
pub mod truth;

pub use generate::{GenerateError, Generated, Options, generate};
pub use profile::{BadProfile, Load, Profile};
