//! A configuration folder as files in memory, and as a checked set.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use facts::proof::Lang;
use jiff::tz::TimeZone;
use rules::fault::Fault;
use rules::site::{self, Files, Site};

use crate::checkpointing::Sources;
/// How the names of files end; a folder of such a name is a mistake.
const FILE_ENDINGS: [&str; 3] = [".toml", ".csv", ".xlsx"];
/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Reads every file that a light can depend on, by its path below `folder`.
///
/// # Errors
/// When the folder or one of its files cannot be read.
pub fn read(folder: &Path) -> anyhow::Result<Files> {
    read_where(folder, site::is_part)
}

/// Reads every file whose path below `folder` is wanted.
///
/// # Errors
/// When the folder or one of its files cannot be read.
pub(crate) fn read_where(folder: &Path, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Files> {
    let mut files = BTreeMap::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let here = folder.join(&below);
        let entries = fs::read_dir(&here).with_context(|| format!("could not read the folder {}", here.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("could not read the folder {}", here.display()))?;
            let path = below.join(entry.file_name());
            let name = path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            let is_folder = entry.file_type().with_context(|| format!("could not look at {name}"))?.is_dir();
            let named_as_file = FILE_ENDINGS.iter().any(|ending| name.ends_with(ending));
            if is_folder && !named_as_file {
                folders.push(path);
            } else if wanted(&name) {
                let bytes = contents(&folder.join(&path)).with_context(|| format!("could not read {name}"))?;
                files.insert(name, bytes);
            }
        }
    }
    Ok(files)
}

/// The bytes of a plain file, or of one that a link leads to. A pipe would keep us waiting, and a device never ends.
pub(crate) fn contents(path: &Path) -> anyhow::Result<Vec<u8>> {
    let about = fs::metadata(path)?;
    if about.is_dir() {
        bail!("it is a folder, or a link to one, which is not followed; a file is expected here");
    }
    if !about.is_file() {
        bail!("it is no plain file");
    }
    if about.len() > FILE_BYTES_MAX {
        bail!("it has {} bytes; at most {FILE_BYTES_MAX}", about.len());
    }
    Ok(fs::read(path)?)
}

/// Loads the set in `folder`; `zone` is the site's. Faults that refuse the set go into the error, all of them.
///
/// # Errors
/// When the folder cannot be read or the set is refused.
pub fn load(folder: &Path, zone: &TimeZone, lang: Lang) -> anyhow::Result<Site> {
    load_files(folder, &read(folder)?, zone, lang)
}

/// As [`load`], with the files that the set is made of.
///
/// # Errors
/// As [`load`].
pub fn load_with_files(folder: &Path, zone: &TimeZone, lang: Lang) -> anyhow::Result<Sources> {
    let files = read(folder)?;
    let site = load_files(folder, &files, zone, lang)?;
    Ok(Sources { configuration: Arc::new(site.configuration), files })
}

fn load_files(folder: &Path, files: &Files, zone: &TimeZone, lang: Lang) -> anyhow::Result<Site> {
    let site = site::load(files, zone).map_err(|faults| anyhow!("{}", refusal(folder, &faults, lang)))?;
    for warning in &site.warnings {
        tracing::warn!(file = warning.file, code = warning.code, "{}", warning.text.en);
    }
    Ok(site)
}

fn refusal(folder: &Path, faults: &[Fault], lang: Lang) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| fault.render(lang)).collect();
    format!("the configuration in {} is refused:\n{}", folder.display(), lines.join("\n"))
}
