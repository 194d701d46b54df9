//! The checkpoint: every fact in full, and what a start needs to go on where the last run stood.
//!
//! ```text
//!  feeding ─► Gathered (facts by case slot) ─┐                            ┌─► facts-N      segments, by case slot
//!  announcing ─► SaidTable ──────────────────┼─► Cut ─► Checkpoint::commit ├─► said-N       last message of each light
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
//! - Every version of every record is kept, losers too. Nothing interned, and nothing that follows from the facts, is
//!   written.
//! - What was said through [`Manifest::said_through`] stands in ALERTS. Facts up to there are joined and each case is
//!   judged once; later ones are fed at their own instants, so that what is still to be said has its true cause.
//!
//! Not here: where the positions come from (`ingest`), ALERTS (`alerts`), when to cut (the binary).

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
mod storage;
mod verify;

#[cfg(test)]
mod tests;

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
pub use storage::{Disk, Input, Output, Storage};
pub use verify::{Finding, Verified, verify};
