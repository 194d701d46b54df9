//! A checkpoint read from beside, by a process that does not hold the folder: for digests, comparisons and exports.
//!
//! Nothing is written or removed; a service may be using the folder. Then a cut may take a file away while it is read:
//! that is an error, and a second look reads the cut that came after.

use facts::{Event, Transition};

use super::config_log::{self, ConfigurationSet};
use super::fault::CheckpointError;
use super::folder::{check_segment, good_manifest, list, manifest_names};
use super::manifest::Manifest;
use super::record::StoredFact;
use super::said_table;
use super::segment::read_groups;
use super::storage::Storage;
use crate::entry::Entry;

/// What the newest good manifest of a folder names.
#[derive(Debug)]
pub struct Looked {
    /// The manifest.
    pub manifest: Manifest,
    /// The configuration that it names, if the log holds it.
    pub configuration: Option<ConfigurationSet>,
    /// Every version of every record, in the order in which they entered.
    pub facts: Vec<Entry>,
    /// The last message of each light, without what stays in ALERTS.
    pub said: Vec<Transition>,
}

/// Reads the newest good manifest of a folder and all that it names; `None` where there is no manifest.
///
/// # Errors
/// When the folder cannot be read, no manifest is good, or a file is not what was written.
pub fn look(storage: &dyn Storage) -> Result<Option<Looked>, CheckpointError> {
    let names = list(storage)?;
    let mut faults = Vec::new();
    for name in manifest_names(&names) {
        match good_manifest(storage, name) {
            Ok(manifest) => return read(storage, manifest).map(Some),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(None) } else { Err(CheckpointError::no_good_manifest(&faults)) }
}

fn read(storage: &dyn Storage, manifest: Manifest) -> Result<Looked, CheckpointError> {
    let mut facts: Vec<StoredFact> = Vec::new();
    for entry in &manifest.segments {
        let segment = check_segment(storage, entry)?;
        for frame in &segment.index.frames {
            let content = segment.content(frame)?;
            let all = read_groups(&content, segment.form, |_, fact, _| facts.push(fact));
            all.map_err(|fault| segment.misshapen(frame, fault))?;
        }
    }
    let order = |event: &Event| (event.case.clone(), event.source.clone(), event.id.clone());
    facts.sort_by(|a, b| {
        let place = |fact: &StoredFact| (fact.enters, fact.sequence, fact.line);
        place(a).cmp(&place(b)).then_with(|| order(&a.event).cmp(&order(&b.event)))
    });
    let mut said = Vec::new();
    if let Some(entry) = &manifest.said {
        said_table::read(storage, &entry.file, &mut |last| said.push(last))?;
    }
    let sets = config_log::read(storage)?.sets;
    let configuration = sets.into_iter().rev().find(|set| set.hash == manifest.configuration);
    let facts = facts.into_iter().map(StoredFact::entry).collect();
    Ok(Looked { manifest, configuration, facts, said })
}
