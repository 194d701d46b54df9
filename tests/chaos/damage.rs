//! What a bad disk does to the checkpoint's folder while nobody runs on it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;

use super::throw;

/// One thing that a disk does to a file.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Damage {
    /// One bit is another.
    Bit,
    /// The end of the file is not there.
    Tail,
    /// The file is not there.
    File,
}

impl Damage {
    /// Does it to a file of `folder`; gives what it did, or `None` where there is no file with anything in it yet.
    pub(super) fn strike(self, folder: &Path, dice: &mut ChaCha8Rng) -> Option<String> {
        let files = files(folder);
        if files.is_empty() {
            return None;
        }
        let file = &files[usize::try_from(throw(dice, files.len() as u64)).expect("few files")];
        let length = fs::metadata(file).expect("it is there").len();
        let place = throw(dice, length);
        match self {
            Damage::Bit => {
                let mut bytes = fs::read(file).expect("ours");
                bytes[usize::try_from(place).expect("small")] ^= 1 << throw(dice, 8);
                fs::write(file, bytes).expect("ours");
            }
            Damage::Tail => File::options().write(true).open(file).and_then(|file| file.set_len(place)).expect("ours"),
            Damage::File => fs::remove_file(file).expect("ours"),
        }
        let name = file.file_name().expect("a file has a name").to_string_lossy();
        Some(format!("{self:?} at byte {place} of {length} in {name}"))
    }
}

/// The files that hold something, sorted, so that a seed means one of them.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() > 0)).collect();
    files.sort_unstable();
    files
}
