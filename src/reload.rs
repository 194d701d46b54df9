//! A changed configuration folder, put in force while the service runs.
//!
//! ```text
//!  watching (thread) ─┐                                ┌─ refused: the old set stays, the board tells why
//!  HTTP ──────────────┴► candidate: read, load, run ───┤
//!                        the folder's scenarios        └─ Wish ─► feeding (thread): logged, in force at one instant
//! ```
//!
//! - Nothing of a folder takes effect unless all of it is sound and its own scenarios hold.
//! - A set is logged before it is in force (semantics 33), and is in force on all workers from one instant on.
//! - A wish may name the hash of a preview: then it is refused when the difference is no longer the one that was seen.
//!
//! Not here: which cases a change touches (`rules::change`), what a preview finds (`dataflow`).

pub(crate) mod candidate;
mod desk;
pub(crate) mod differences;
mod watching;
pub(crate) mod workbook;

pub(crate) use desk::Rules;
pub(crate) use watching::watch;

use std::sync::mpsc::Sender;

use facts::{Cause, Moment};

use crate::checkpointing::Sources;

/// A set to be put in force.
pub(crate) struct Wish {
    /// The set.
    pub(crate) sources: Sources,
    /// Only if the difference has this hash.
    pub(crate) preview: Option<String>,
    /// Who waits for what became of it.
    pub(crate) answer: Sender<Became>,
}

/// What became of a wish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Became {
    /// It is in force from this instant on.
    InForce {
        /// The instant.
        at: Moment,
        /// What changed.
        cause: Cause,
    },
    /// It is what was in force already.
    Unchanged,
    /// The difference is not the one that was seen.
    OtherDifference {
        /// Hash of the difference now.
        now: String,
    },
    /// It could not be logged, and so is not in force.
    NotLogged(String),
}

pub(crate) use differences::hash as difference_hash;
