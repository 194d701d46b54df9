//! The commands that hold runs against each other.

use std::path::PathBuf;

use clap::Args;
use facts::Moment;

use super::{ConfigArgs, WorkersArgs};

/// What a side may be, for `--help`.
const SIDE_HELP: &str = "\
A side is one of:
  http://HOST:PORT                a running service
  sqlite://FILE, postgres://...   a ledger: what was said
  a file of events                judged by --config up to --until
  a file of transitions           of `replay --out`
  a file of standing lights       of `replay --standing`
  a folder                        of `export`, or a checkpoint
  a digest                        of `digest --json`";

/// `digest`: one hash for the lights that stand.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = SIDE_HELP)]
pub struct DigestArgs {
    /// Whose lights
    #[arg(value_name = "SIDE")]
    pub side: String,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where the clock stops when events are judged [default: the highest `at` of the events]
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<Moment>,
    /// Threads that judge.
    #[command(flatten)]
    pub workers: WorkersArgs,
    /// Print the buckets, too: the text that the digest is the SHA-256 of
    #[arg(long, conflicts_with = "json")]
    pub buckets: bool,
    /// Print it as one JSON object, in the form of /api/digest
    #[arg(long)]
    pub json: bool,
}

/// `compare`: are the lights of two sides the same, and if not, where do they part?
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = SIDE_HELP)]
pub struct CompareArgs {
    /// One side
    #[arg(value_name = "A")]
    pub a: String,
    /// The other
    #[arg(value_name = "B")]
    pub b: String,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Another configuration folder for B
    #[arg(long, value_name = "DIR")]
    pub config_b: Option<PathBuf>,
    /// Where the clock stops when events are judged [default: where the other side stands, else the highest `at` of
    /// the events]
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<Moment>,
    /// Threads that judge.
    #[command(flatten)]
    pub workers: WorkersArgs,
}

/// `export`: a run with all that its lights rest on.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ExportArgs {
    /// Files of events, one JSON object a line (.gz and .zst are unpacked), or one checkpoint folder
    #[arg(required = true, value_name = "EVENTS")]
    pub events: Vec<PathBuf>,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where the clock stops when files are judged, RFC 3339 with an offset [default: the highest `at` of the events]
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<Moment>,
    /// Threads that judge.
    #[command(flatten)]
    pub workers: WorkersArgs,
    /// The folder to write, which must be new or empty (docs/export.md)
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
