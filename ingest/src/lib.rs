//! Messages and files in; facts, or quarantined lines, out.
//!
//! ```text
//!  APPROVALS ──► jetstream ──► payload ──► decode ──► Batch ──► bounded channel ──► the worker
//!  (pull, AckNone)               │ lines     │
//!                                │           └─ refused ──► quarantine ──► QUARANTINE (stored before the position moves)
//!  NDJSON, gzip, zstd ──► event_file ──► FileBatch ──► replay
//!  XES log ──► xes ──► xes_events (by the map of xes_map) ──► NDJSON
//! ```
//!
//! Invariants: a line is good or bad by its bytes, its subject and the fixed schema alone (semantics 4);
//! a bad line never stops a source and is never lost; the position is the caller's, the server keeps none.
//! Not here: what a fact means (`rules`), the clock (the binary hands instants in), checkpoints (`dataflow`).

pub mod decode;
pub mod event_file;
pub mod jetstream;
pub mod metric_names;
mod packing;
pub mod payload;
pub mod quarantine;
pub mod server;
pub mod streams;
pub mod xes;
pub mod xes_events;
pub mod xes_map;

pub use decode::Arrival;
pub use event_file::EventFile;
pub use jetstream::{Batch, Feed, Gap, Intake, IntakeError, IntakeOptions, Mark, Marks, Next, Position, Sequenced};
pub use quarantine::RefusedLine;
pub use server::{Connection, ServerOptions};
pub use streams::{StreamIdentity, StreamState, Streams};
pub use xes_events::{ImportError, Report, import_xes};
pub use xes_map::{MapError, MapFault, XesMap};

#[cfg(test)]
#[path = "../../tests/support/copy_folder.rs"]
mod copy_folder;
#[cfg(test)]
mod operator_files_tests;
#[cfg(test)]
mod secured_tests;
#[cfg(test)]
mod test_support;
