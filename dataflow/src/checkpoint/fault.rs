//! What can go wrong with a checkpoint, and what to do.

use std::io;

use super::frame::FrameFault;
use crate::runner::RunnerError;

/// What to do about a folder that cannot be gone on from.
const REMEDY: &str = "Restore the checkpoint folder from a copy, or move it away: the next start then judges what the stream \
                      holds from its first message";

/// A checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The system refused.
    #[error("could not {what} {file} of the checkpoint: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The file, with its folder.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not what was written.
    #[error("{file}, offset {offset}: {fault}. {REMEDY}")]
    Damaged {
        /// The file, with its folder.
        file: String,
        /// Byte in the file.
        offset: u64,
        /// What is wrong with it.
        fault: String,
    },
    /// There are manifests, and none of them can be used.
    #[error("no manifest of the checkpoint can be used: {}. {REMEDY}", faults.join("; "))]
    NoGoodManifest {
        /// Why not, newest first, each once.
        faults: Vec<String>,
    },
    /// There was a manifest in this folder, and there is none any more.
    #[error("{folder} has held a checkpoint, and no manifest is left in it. {REMEDY}")]
    ManifestsLost {
        /// The folder.
        folder: String,
    },
    /// The dataflow that should take the facts has failed.
    #[error(transparent)]
    Dataflow(#[from] RunnerError),
}

impl CheckpointError {
    /// What is wrong, where nobody has to do anything about it.
    #[must_use]
    pub fn without_remedy(&self) -> String {
        match self {
            CheckpointError::Damaged { file, offset, fault } => format!("{file}, offset {offset}: {fault}"),
            other => other.to_string(),
        }
    }

    /// None of the manifests can be used, because of `faults`, newest first.
    pub(crate) fn no_good_manifest(faults: &[CheckpointError]) -> CheckpointError {
        let mut texts: Vec<String> = Vec::new();
        for fault in faults {
            let text = fault.without_remedy();
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        CheckpointError::NoGoodManifest { faults: texts }
    }

    pub(crate) fn system(what: &'static str, file: String) -> impl FnOnce(io::Error) -> CheckpointError {
        move |source| CheckpointError::System { what, file, source }
    }

    pub(crate) fn damaged(file: String, offset: u64, fault: impl ToString) -> CheckpointError {
        CheckpointError::Damaged { file, offset, fault: fault.to_string() }
    }

    pub(crate) fn frame(file: &str, offset: u64) -> impl FnOnce(FrameFault) -> CheckpointError {
        let file = file.to_owned();
        move |fault| CheckpointError::damaged(file, offset, fault)
    }
}
