//! Reads a whole checkpoint again and compares it with what its manifest says.

use super::case_cache;
use super::case_slot::case_slot;
use super::config_log;
use super::fault::CheckpointError;
use super::folder::{check_said, check_segment, list, manifest_names, read_manifest};
use super::manifest::{Manifest, SegmentEntry};
use super::segment::{Totals, place, read_groups};
use super::storage::Storage;

/// Something that is not as it should be.
#[derive(Debug)]
pub struct Finding {
    /// What, in which file, at which offset, and what to do.
    pub error: CheckpointError,
}

/// What a look at a checkpoint found.
#[derive(Debug, Default)]
pub struct Verified {
    /// The newest manifest that can be read.
    pub manifest: Option<Manifest>,
    /// Manifests that can be read.
    pub manifests: usize,
    /// Facts read, each segment once.
    pub facts: u64,
    /// Sets of configuration.
    pub configurations: usize,
    /// Cases read that follow from the facts, each file once.
    pub cases: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is wrong with cases that follow from the facts: the next start judges these anew, which takes time and changes
    /// nothing.
    pub costing_time: Vec<Finding>,
    /// The log of configurations ends in a set that never took effect; the next start cuts it off.
    pub torn_configuration: bool,
}

/// Reads every file that a manifest names: every frame, every record, every sum.
///
/// # Errors
/// When the folder cannot be listed.
pub fn verify(storage: &dyn Storage) -> Result<Verified, CheckpointError> {
    let names = list(storage)?;
    let mut verified = Verified::default();
    let mut seen: Vec<SegmentEntry> = Vec::new();
    let mut seen_cases: Vec<SegmentEntry> = Vec::new();
    for name in manifest_names(&names) {
        let manifest = match read_manifest(storage, name) {
            Ok(manifest) => manifest,
            Err(error) => {
                verified.findings.push(Finding { error });
                continue;
            }
        };
        for entry in &manifest.segments {
            if seen.contains(entry) {
                continue;
            }
            match segment(storage, entry) {
                Ok(facts) => verified.facts += facts,
                Err(error) => verified.findings.push(Finding { error }),
            }
            seen.push(entry.clone());
        }
        for entry in &manifest.cases {
            if seen_cases.contains(&entry.segment) {
                continue;
            }
            match case_cache::verify(storage, entry) {
                Ok(cases) => verified.cases += cases,
                Err(error) => verified.costing_time.push(Finding { error }),
            }
            seen_cases.push(entry.segment.clone());
        }
        if let Some((_, last)) = manifest.totals().enters.filter(|(_, last)| *last > manifest.clock.now) {
            let fault = format!("a fact enters at {last}, after the manifest's clock {}", manifest.clock.now);
            verified.findings.push(Finding { error: CheckpointError::damaged(place(storage, name), 0, fault) });
        }
        if let Some(Err(error)) = manifest.said.as_ref().map(|said| check_said(storage, said)) {
            verified.findings.push(Finding { error });
        }
        verified.manifests += 1;
        verified.manifest.get_or_insert(manifest);
    }
    match config_log::read(storage) {
        Ok(read) => {
            verified.configurations = read.sets.len();
            verified.torn_configuration = read.torn;
            let named = verified.manifest.as_ref().map(|manifest| manifest.configuration.as_str());
            if named.is_some_and(|named| !read.sets.iter().any(|set| set.hash == named)) {
                let fault = "it does not hold the configuration that the manifest names";
                let error = CheckpointError::damaged(place(storage, config_log::FILE), read.size, fault);
                verified.findings.push(Finding { error });
            }
        }
        Err(error) => verified.findings.push(Finding { error }),
    }
    Ok(verified)
}

/// Reads a segment to the last record; returns how many facts it holds.
fn segment(storage: &dyn Storage, entry: &SegmentEntry) -> Result<u64, CheckpointError> {
    let segment = check_segment(storage, entry)?;
    let mut totals = Totals::default();
    for frame in &segment.index.frames {
        let content = segment.content(frame)?;
        let before = totals.facts;
        let mut misplaced = None;
        let all = read_groups(&content, segment.form, |slot, fact, hash| {
            totals.add(fact.enters, hash);
            if case_slot(&fact.event.case) != slot {
                misplaced = Some((fact.event.case, slot));
            }
        });
        all.map_err(|fault| segment.misshapen(frame, fault))?;
        if let Some((case, slot)) = misplaced {
            return Err(segment.misshapen(frame, format!("case {case} does not belong to slot {slot}")));
        }
        if totals.facts - before != frame.facts {
            let fault = format!("the frame holds {} facts, the index says {}", totals.facts - before, frame.facts);
            return Err(segment.misshapen(frame, fault));
        }
    }
    if totals != entry.totals {
        let fault = format!("its facts add up to {totals:?}, the manifest says {:?}", entry.totals);
        return Err(CheckpointError::damaged(segment.file, 0, fault));
    }
    Ok(totals.facts)
}
