//! The thread that looks at the configuration folder.
//!
//! It looks instead of being told: a folder on a network disk, or one that is mounted anew as a whole, tells nobody. A look
//! costs some hundred calls of `stat`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use alerts::rules_desk::{Reloaded, RulesRefused};
use tokio::sync::watch as flag;

use super::Rules;

/// How often it looks. A change is taken when two looks in a row find the same: whoever writes several files is done.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Folders below the folder that are followed; deeper ones hold nothing that is read.
const DEPTH_MAX: usize = 8;

/// What tells a file from what it was: its size and when it was written.
type Seen = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Looks until `stop`, and takes each change over.
pub(crate) fn watch(rules: &Arc<Rules>, stop: &flag::Receiver<bool>) {
    let Some(folder) = rules.folder().cloned() else { return };
    let mut taken = look(&folder);
    let mut last = taken.clone();
    while !*stop.borrow() {
        std::thread::park_timeout(LOOK_EVERY);
        let now = look(&folder);
        if now == last && now != taken {
            take(rules);
            taken = now.clone();
        }
        last = now;
    }
}

fn take(rules: &Rules) {
    match rules.take_folder(None) {
        Ok(Reloaded::InForce { .. } | Reloaded::Unchanged { .. }) => {}
        // Told where it was found; the thread that feeds goes on wishing.
        Err(RulesRefused::Faulty(_) | RulesRefused::CatchingUp | RulesRefused::Stopping) => {}
        Err(refused) => tracing::error!(%refused, "the changed configuration is not in force"),
    }
}

fn look(folder: &Path) -> Seen {
    let mut seen = Seen::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((here, depth)) = folders.pop() {
        for entry in fs::read_dir(&here).into_iter().flatten().flatten() {
            let path = entry.path();
            // Through links, as the files are read.
            let Ok(about) = fs::metadata(&path) else { continue };
            if about.is_dir() && depth < DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if about.is_file() {
                seen.insert(path, (about.len(), about.modified().ok()));
            }
        }
    }
    seen
}
