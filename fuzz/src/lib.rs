//! What must hold of any bytes at all. The fuzz targets and tests/fuzz_corpus.rs both call these.

mod checkpoint;
mod logs;
mod messages;
mod site;

pub use checkpoint::{checkpoint_frame, manifest};
pub use logs::{xes_log, xes_map};
pub use messages::{event_line, money, payload};
pub use site::{condition, rule_file, scenario, table, workbook};
