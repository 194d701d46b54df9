//! `watchlight catalogue check` and `catalogue import`: edited tables within the whole configuration.
//!
//! The tables that came are put in the place of those that are there, as they came, and the whole set is loaded: so
//! every fault is told where it stands in what came. Only then are they written, in the form of the files that are
//! there, each as a new file that takes the place of the old one, after all of them have been written.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use facts::proof::Lang;
use jiff::tz::TimeZone;
use rules::configuration::Configuration;
use rules::fault::Fault;
use rules::site::{self, Files, Site};
use rules::tables::{Grid, GridChanges, TableKind, TableName, TextForm};

use super::given::{self, Given};
use super::{tell_faults, told, workbook};
use crate::cli::{CatalogueCheckArgs, CatalogueImportArgs, Exit};
use crate::config_folder;
use crate::settings::{self, Sources};
use crate::terminal::say;

/// Checks the tables of `args` and prints what is wrong with them.
///
/// # Errors
/// When a file or the folder cannot be read, or the settings are refused.
pub(super) fn check(args: &CatalogueCheckArgs, lang: Lang) -> anyhow::Result<Exit> {
    let (found, faults) = Found::of(&args.tables, &args.config.folder)?;
    let (errors, warnings) = tell_faults(&faults, lang)?;
    let shown = args.tables.display();
    if errors > 0 {
        say!(
            "{}",
            lang.pick(
                format!("{shown}：错误 {errors}，警告 {warnings}"),
                format!("{shown}: errors {errors}, warnings {warnings}"),
            )
        )?;
        return Ok(Exit::FaultsFound);
    }
    let tables: Vec<String> = found.given.iter().map(|given| given.name.title(lang == Lang::Zh)).collect();
    say!(
        "{}",
        lang.pick(
            format!("{shown}：没有错误，警告 {warnings}；{}", tables.join("、")),
            format!("{shown}: no faults, warnings {warnings}; {}", tables.join(", ")),
        )
    )?;
    Ok(Exit::Fine)
}

/// Puts the tables of `args` into the configuration and prints what changes.
///
/// # Errors
/// As [`check`], and when the files cannot be written.
pub(super) fn run(args: &CatalogueImportArgs, lang: Lang) -> anyhow::Result<Exit> {
    let folder = &args.config.folder;
    let (found, faults) = Found::of(&args.tables, folder)?;
    let (errors, warnings) = tell_faults(&faults, lang)?;
    if errors > 0 {
        say!(
            "{}",
            lang.pick(
                format!("错误 {errors}，警告 {warnings}；没有写入"),
                format!("errors {errors}, warnings {warnings}; nothing was written"),
            )
        )?;
        return Ok(Exit::FaultsFound);
    }
    let mut written: Vec<(String, Vec<u8>)> = Vec::new();
    for given in &found.given {
        let place = place_of(&given.name, &found.files);
        let old_bytes = found.files.get(&place);
        let old = old_bytes.and_then(|bytes| Grid::read(given.name.kind, &place, bytes).ok());
        let new = Grid::read(given.name.kind, &found.candidate_of(given), &given.bytes);
        let Ok(new) = new else { bail!("{} was read, and could not be read again", given.shown) };
        let changes = GridChanges::between(old.as_ref(), &new);
        if changes.is_empty() && old_bytes.is_some() {
            continue;
        }
        told::tell(&place, &new, &changes, args.rows, lang)?;
        written.push((place.clone(), in_form_of(&given.name, &place, old_bytes, old.as_ref(), new)?));
    }
    let mut files = found.files.clone();
    files.extend(written.iter().cloned());
    let Ok(Site { configuration, .. }) = site::load(&files, &found.zone) else {
        bail!("the tables are sound as they came, and would not be as they are written; nothing was written");
    };
    let hash = |hash: &str| hash.chars().take(12).collect::<String>();
    let (before, after) = (found.hash.as_deref().map_or("-".to_owned(), hash), hash(&configuration.hash));
    if written.is_empty() {
        say!("{}", lang.pick(format!("没有变化；配置 {after}"), format!("nothing changes; configuration {after}")))?;
        return Ok(Exit::Fine);
    }
    if args.dry_run {
        let would = lang.pick(
            format!("试运行，没有写入；配置 {before} → {after}"),
            format!("a dry run, nothing was written; configuration {before} -> {after}"),
        );
        say!("{would}")?;
        return Ok(Exit::Fine);
    }
    replace(folder, &written, &found.files)?;
    say!(
        "{}",
        lang.pick(format!("已写入；配置 {before} → {after}"), format!("written; configuration {before} -> {after}"))
    )?;
    Ok(Exit::Fine)
}

/// What came, and the configuration that it comes to.
struct Found {
    files: Files,
    zone: TimeZone,
    /// The hash of the set as it is; `None` when that is refused.
    hash: Option<String>,
    given: Vec<Given>,
}

impl Found {
    /// Reads `tables` and the configuration in `folder`; tells what is wrong with both together. Faults that the
    /// configuration has by itself are told only where they are errors.
    fn of(tables: &Path, folder: &Path) -> anyhow::Result<(Found, Vec<Fault>)> {
        let zone = settings::load(&Sources::of_process(folder, Vec::new()))?.zone;
        let files = config_folder::read(folder)?;
        let mut given = given::read(tables)?;
        for one in &mut given.tables {
            settle_part(&mut one.name, &files);
        }
        let (own, hash) = match site::load(&files, &zone) {
            Ok(Site { configuration: Configuration { hash, .. }, warnings }) => (warnings, Some(hash)),
            Err(_) => (Vec::new(), None),
        };
        let found = Found { files, zone, hash, given: given.tables };
        let mut faults = given.faults;
        faults.extend(found.faults_of_the_whole(folder, &own));
        Ok((found, faults))
    }

    /// Where a table that came is put to be judged: under the name of its table with the ending of its own file.
    fn candidate_of(&self, given: &Given) -> String {
        format!("{}.{}", given.name.stem(), given.ending)
    }

    /// Loads the set with the tables that came; `own` are warnings that it has without them.
    fn faults_of_the_whole(&self, folder: &Path, own: &[Fault]) -> Vec<Fault> {
        let mut candidate = self.files.clone();
        let mut shown: BTreeMap<String, &str> = BTreeMap::new();
        for given in &self.given {
            candidate.remove(&place_of(&given.name, &self.files));
            let place = self.candidate_of(given);
            shown.insert(place.clone(), &given.shown);
            candidate.insert(place, given.bytes.clone());
        }
        let faults = match site::load(&candidate, &self.zone) {
            Ok(Site { warnings, .. }) => warnings,
            Err(faults) => faults,
        };
        let new = |fault: &Fault| shown.contains_key(&fault.file) || !own.contains(fault);
        faults.into_iter().filter(new).map(|fault| moved(fault, &shown, folder)).collect()
    }
}

/// The fault at the place where people have the table.
fn moved(fault: Fault, shown: &BTreeMap<String, &str>, folder: &Path) -> Fault {
    let file = match shown.get(&fault.file) {
        Some(shown) => (*shown).to_owned(),
        None => folder.join(&fault.file).display().to_string(),
    };
    let mut text = fault.text;
    for (place, shown) in shown {
        text.zh = text.zh.replace(place, shown);
        text.en = text.en.replace(place, shown);
    }
    Fault { file, text, ..fault }
}

/// A table of regions that says no file of its own is the only one there is.
fn settle_part(name: &mut TableName, files: &Files) {
    if name.kind == TableKind::Regions && name.part.is_none() {
        let mut there =
            files.keys().filter_map(|file| TableName::of_file(file)).filter(|there| there.kind == name.kind);
        name.part = match (there.next(), there.next()) {
            (Some(only), None) => only.part,
            _ => Some(TableKind::Regions.name().to_owned()),
        };
    }
}

/// The file of the configuration that holds the table, or would.
fn place_of(name: &TableName, files: &Files) -> String {
    let there = files.keys().find(|file| TableName::of_file(file).as_ref() == Some(name));
    there.cloned().unwrap_or_else(|| format!("{}.csv", name.stem()))
}

/// The bytes of a table in the form of the file it takes the place of: its ending, encoding, headings and columns.
fn in_form_of(
    name: &TableName,
    place: &str,
    bytes: Option<&Vec<u8>>,
    old: Option<&Grid>,
    new: Grid,
) -> anyhow::Result<Vec<u8>> {
    let new = match old {
        Some(old) => Grid { chinese: old.chinese, ..new.arranged_as(&old.columns) },
        None => new,
    };
    if place.to_ascii_lowercase().ends_with(".xlsx") {
        return workbook::of(&[(name.clone(), new)]);
    }
    Ok(new.csv(bytes.map_or(TextForm::Utf8, |bytes| TextForm::of(bytes))))
}

/// Puts the files in the place of those that are there: all or, when one cannot be written or somebody else has
/// changed one meanwhile, none.
fn replace(folder: &Path, files: &[(String, Vec<u8>)], read: &Files) -> anyhow::Result<()> {
    let mut ready: Vec<(tempfile::TempPath, PathBuf)> = Vec::new();
    for (name, bytes) in files {
        let place = folder.join(name);
        // A link stays a link: the file that it leads to is replaced.
        let place = place.canonicalize().unwrap_or(place);
        let beside = place.parent().unwrap_or(folder);
        let unwritable = || format!("could not write beside {}; nothing was written", place.display());
        fs::create_dir_all(beside).with_context(unwritable)?;
        let mut new = tempfile::Builder::new().prefix(".watchlight-").tempfile_in(beside).with_context(unwritable)?;
        new.write_all(bytes).and_then(|()| new.as_file().sync_all()).with_context(unwritable)?;
        if let Ok(about) = fs::metadata(&place) {
            new.as_file().set_permissions(about.permissions()).with_context(unwritable)?;
        }
        ready.push((new.into_temp_path(), place));
    }
    for (name, _) in files {
        if fs::read(folder.join(name)).ok().as_ref() != read.get(name) {
            bail!("{name} was changed by somebody else meanwhile; nothing was written: import again");
        }
    }
    for (new, place) in ready {
        new.persist(&place).with_context(|| format!("could not replace {}", place.display()))?;
        if let Some(Ok(beside)) = place.parent().map(File::open) {
            // The name is on disk when its folder is; a file system that cannot do that has no more to offer.
            let _ = beside.sync_all();
        }
    }
    Ok(())
}
