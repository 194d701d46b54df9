//! Every set of configuration that was ever in force, whole, with the instant from which it was (semantics 33).
//!
//! One file of frames, only ever appended to. A set is durable before it takes effect; a torn end is one that never did.

use std::collections::BTreeMap;
use std::sync::Arc;

use facts::Moment;
use serde::{Deserialize, Serialize};

use super::fault::CheckpointError;
use super::folder::read_all;
use super::frame::{self, FrameFault};
use super::segment::place;
use super::storage::Storage;

/// The file.
pub(crate) const FILE: &str = "configurations";
/// The largest set: a catalogue of a province is some tens of megabytes.
const CONTENT_MAX: usize = 512 * 1024 * 1024;

/// A set of configuration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConfigurationSet {
    /// From this instant of the clock on it is in force; [`Moment::MIN`] for the first.
    pub effective: Moment,
    /// Its content hash.
    pub hash: String,
    /// Version of the program that judged by it.
    pub engine: String,
    /// Its files, by path below the configuration folder.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The log.
pub struct ConfigLog {
    storage: Arc<dyn Storage>,
    sets: Vec<ConfigurationSet>,
    /// Bytes of the sound frames; another write may have left a torn one behind.
    size: u64,
    torn: bool,
}

impl ConfigLog {
    /// Reads the log, and cuts a torn end off.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged before its end.
    pub fn open(storage: Arc<dyn Storage>) -> Result<ConfigLog, CheckpointError> {
        let Read { sets, size, torn } = read(storage.as_ref())?;
        let mut log = ConfigLog { storage, sets, size, torn };
        log.cut()?;
        Ok(log)
    }

    /// The sets in the order in which they were accepted.
    #[must_use]
    pub fn sets(&self) -> &[ConfigurationSet] {
        &self.sets
    }

    /// Writes a set durably. Only then may it take effect.
    ///
    /// # Errors
    /// When it cannot be written: it must not take effect, and may be tried again.
    pub fn accept(&mut self, set: ConfigurationSet) -> Result<(), CheckpointError> {
        self.cut()?;
        let file = place(self.storage.as_ref(), FILE);
        let content = postcard::to_stdvec(&set).expect("a set has a known length everywhere");
        let frame = frame::pack(&content);
        self.torn = true;
        let written = self.storage.append(FILE).and_then(|mut output| {
            output.write(&frame)?;
            output.sync()
        });
        written.and_then(|()| self.storage.sync_folder()).map_err(CheckpointError::system("write", file))?;
        self.torn = false;
        self.size += frame.len() as u64;
        self.sets.push(set);
        Ok(())
    }

    /// Takes off what a failed write may have left.
    fn cut(&mut self) -> Result<(), CheckpointError> {
        if !self.torn {
            return Ok(());
        }
        let file = place(self.storage.as_ref(), FILE);
        match self.storage.truncate(FILE, self.size) {
            Ok(()) => tracing::warn!(file, size = self.size, "a torn end was cut off"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(CheckpointError::system("cut the torn end off", file)(error)),
        }
        self.torn = false;
        Ok(())
    }
}

/// What the file holds.
pub(crate) struct Read {
    pub(crate) sets: Vec<ConfigurationSet>,
    /// Bytes of sound frames.
    pub(crate) size: u64,
    /// Something follows them that was cut off while it was written.
    pub(crate) torn: bool,
}

/// Reads the file; nothing when there is none.
///
/// A frame that cannot be read is a torn end if it is cut off, or if nothing sound follows it; else it is damage.
pub(crate) fn read(storage: &dyn Storage) -> Result<Read, CheckpointError> {
    let mut read = Read { sets: Vec::new(), size: 0, torn: false };
    let (file, bytes) = match read_all(storage, FILE, u64::MAX) {
        Err(CheckpointError::System { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(read);
        }
        found => found?,
    };
    let mut offset = 0;
    while offset < bytes.len() {
        let (content, length) = match frame::unpack(&bytes[offset..], CONTENT_MAX) {
            Ok(frame) => frame,
            Err(fault) if is_torn_end(&bytes[offset..], &fault) => {
                read.torn = true;
                break;
            }
            Err(fault) => return Err(CheckpointError::damaged(file, offset as u64, fault)),
        };
        let set = postcard::from_bytes(&content).map_err(|error| {
            CheckpointError::damaged(file.clone(), offset as u64, format!("a set cannot be read: {error}"))
        })?;
        read.sets.push(set);
        offset += length;
        read.size = offset as u64;
    }
    Ok(read)
}

/// Was the frame that `rest` begins with never written to its end?
fn is_torn_end(rest: &[u8], fault: &FrameFault) -> bool {
    match fault {
        FrameFault::Torn { .. } => true,
        // A file can have its length before its bytes: the last frame is then there, and not what was written.
        FrameFault::Changed => {
            let length = rest.first_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length) as usize);
            rest.len() <= length.saturating_add(8) || rest.iter().all(|byte| *byte == 0)
        }
        FrameFault::Version(_) | FrameFault::Content(_) => false,
    }
}
