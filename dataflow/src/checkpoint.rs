//! The checkpoint: every fact in full, and what a start needs to go on where the last run stood.
//!
//! ```text
//!  feeding ─► Gathered (facts by case slot) ─┐                            ┌─► facts-N      segments, by case slot
//!  workers ─► HandedOut (cases of some slots) ┼─► Cut ─► Checkpoint::commit ├─► cases-N      a cache: cases as they are
//!  announcing ─► SaidTable ──────────────────┤                            ├─► said-N       last message of each light
//!  stream position, marks, clock ────────────┘                            └─► manifest-N   what belongs together
//!  a configuration is accepted ─► ConfigLog::accept ────────────────────────► configurations
//! ```
//!
//! Every file but `configurations` is written once, made durable, and only then named by a manifest; a manifest is
//! written under another name, made durable and renamed. So a start finds the last cut whole, whatever
//! happened in between, and what no manifest names is removed.
//!
//! Invariants
//! - A manifest names exactly the facts of the messages up to its stream positions; each entered at or before its clock.
//! - Facts lie by case slot (1,024 slots of XXH3-64 over the case number), never by worker: any number of
//!   workers reads them.
//! - Every version of every record is kept, losers too. Nothing interned is written.
//! - What follows from the facts is a cache by case slot, with the closed instant through which it holds all facts. Without it, or when
//!   another configuration or program made it, a start judges the facts and says the same.
//! - What was said through [`Manifest::said_through`] stands in ALERTS. Facts up to there are joined and each case is
//!   judged once; later ones are fed at their own instants, so that what is still to be said has its true cause.
//!
//! Not here: where the positions come from (`ingest`), ALERTS (`alerts`), when to cut (the binary).

mod case_cache;
mod case_slot;
mod compaction;
mod config_log;
mod fault;
mod folder;
mod frame;
mod gathered;
mod look;
mod manifest;
mod record;
mod recovery;
mod said_table;
mod segment;
mod slot_set;
mod storage;
mod verify;

#[cfg(test)]
mod tests;

pub use case_cache::{CaseCut, hash_of};
pub(crate) use case_slot::{SLOTS, case_slot};
pub use config_log::{ConfigLog, ConfigurationSet};
pub use fault::CheckpointError;
pub use folder::{Checkpoint, Cut};
pub(crate) use frame::pack;
pub use frame::{FrameFault, unpack};
pub use gathered::Gathered;
pub use look::{Looked, look};
pub use manifest::{ClockMark, Manifest, SaidThrough, StreamMark, StreamPosition};
pub use record::StoredFact;
pub use recovery::Later;
pub use said_table::SaidTable;
pub use segment::read_content;
pub use slot_set::SlotSet;
pub use storage::{Disk, Input, Output, Storage};
pub use verify::{Finding, Verified, verify};
