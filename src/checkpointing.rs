//! The checkpoint of a running service: gathered by the thread that feeds, written by a thread of its own, gone on from at
//! a start.
//!
//! ```text
//!  feeding: Gathering ──cut, at most one under way──► Writer (thread) ──► folder
//!                                                       ▲ how far everything was said, the table of last messages
//!  announcing ──────────────────────────────────────────┘
//! ```
//!
//! - A cut is made between two batches: the facts of all messages up to a position.
//! - A cut that cannot be written is tried again; meanwhile facts gather, and when they are many the feeding waits: the
//!   stream keeps the rest.
//! - Each cut writes some cases beside the facts, as the workers hold them, so that a start need not judge them; an orderly end writes
//!   all that changed.
//! - A configuration is logged before it takes effect. A start uses the logged ones until it has caught up; then a changed
//!   folder counts as a change at that instant.
//!
//! Not here: what a checkpoint is (`dataflow::checkpoint`).

mod configurations;
mod gathering;
mod kept_cases;
mod said_so_far;
mod start;
mod writer;

pub use configurations::Sources;
pub(crate) use configurations::{Change, Plan};
pub(crate) use gathering::Gathering;
pub(crate) use kept_cases::engine;
pub(crate) use said_so_far::SaidSoFar;
pub(crate) use start::{Opened, keep, open};
