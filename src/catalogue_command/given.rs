//! The tables that somebody hands in: sheets of a workbook, a CSV file, or a folder of such files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rules::fault::{Fault, Severity};
use rules::tables::{TableKind, TableName, sheet};

use crate::config_folder;

/// A table that was handed in.
pub(super) struct Given {
    /// Which table it is.
    pub(super) name: TableName,
    /// Where it stands, as people are told: the file, of a workbook with the sheet.
    pub(super) shown: String,
    /// Its file's ending, in lower case.
    pub(super) ending: &'static str,
    /// Its file's bytes.
    pub(super) bytes: Vec<u8>,
}

/// What was handed in.
#[derive(Default)]
pub(super) struct Tables {
    /// The tables, each once.
    pub(super) tables: Vec<Given>,
    /// Sheets and files that are no table, and tables that stand there twice.
    pub(super) faults: Vec<Fault>,
}

/// Reads what stands at `path`.
///
/// # Errors
/// When it cannot be read, or is neither a folder, a workbook nor a CSV file.
pub(super) fn read(path: &Path) -> anyhow::Result<Tables> {
    let mut given = Tables::default();
    let about = fs::metadata(path).with_context(|| format!("could not read {}", path.display()))?;
    if about.is_dir() {
        for file in files_in(path)? {
            given.take_file(&file, true)?;
        }
    } else {
        given.take_file(path, false)?;
    }
    if given.tables.is_empty() && given.faults.iter().all(|fault| fault.severity == Severity::Warning) {
        let (zh, en) = ("没有可读入的表".to_owned(), "there is no table to read".to_owned());
        given.faults.push(with_names(Fault::error(&path.display().to_string(), None, "CT22", zh, en), ""));
    }
    Ok(given)
}

/// The files right in a folder that may be tables, by name.
fn files_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("could not read the folder {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        // "~$book.xlsx" is the mark of an open workbook.
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['~', '.']));
        if !hidden && ending(&path).is_some() && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn ending(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    ["csv", "xlsx"].into_iter().find(|known| *known == ending)
}

impl Tables {
    /// Takes the tables of one file; `among` others, one that is no table is left out.
    fn take_file(&mut self, path: &Path, among: bool) -> anyhow::Result<()> {
        let shown = path.display().to_string();
        let Some(ending) = ending(path) else {
            bail!("{shown} is neither a workbook (.xlsx) nor a CSV file; save it as one of them");
        };
        let bytes = config_folder::contents(path).with_context(|| format!("could not read {shown}"))?;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let own = TableName::of(&stem);
        if ending == "csv" {
            match own {
                Some(name) => self.take(Given { name, shown, ending, bytes }),
                None => self.faults.push(stranger(&shown, &stem, among)),
            }
            return Ok(());
        }
        let Some(sheets) = sheet::sheet_names(&bytes) else {
            // The reader says what is wrong with it; which table it was meant to be makes no difference.
            let name = own.unwrap_or(TableName { kind: TableKind::Items, part: None });
            self.take(Given { name, shown, ending, bytes });
            return Ok(());
        };
        let known: Vec<(&String, TableName)> =
            sheets.iter().filter_map(|sheet| Some((sheet, TableName::of(sheet)?))).collect();
        match own.filter(|_| known.is_empty()) {
            Some(name) => self.take(Given { name, shown, ending, bytes }),
            None => {
                for sheet in sheets.iter().filter(|sheet| known.iter().all(|(known, _)| known != sheet)) {
                    self.faults.push(stranger(&format!("{shown}[{sheet}]"), sheet, !known.is_empty()));
                }
                for (sheet, name) in known {
                    let shown = format!("{shown}[{sheet}]");
                    self.take(Given { name, shown, ending, bytes: bytes.clone() });
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, given: Given) {
        match self.tables.iter().find(|other| other.name == given.name) {
            None => self.tables.push(given),
            Some(other) => {
                let (zh, en) =
                    (format!("与 {} 是同一个表", other.shown), format!("is the same table as {}", other.shown));
                let fault = Fault::error(&given.shown, None, "CT22", zh, en);
                self.faults.push(fault.help("只保留一个".into(), "keep one of them".into()));
            }
        }
    }
}

/// A sheet or file under a name that no table has; beside tables it may be meant for people.
fn stranger(shown: &str, title: &str, beside: bool) -> Fault {
    let (zh, en) =
        (format!("没有名为 \"{title}\" 的表，不读入"), format!("no table is called \"{title}\"; it is not read"));
    let fault = with_names(Fault::error(shown, None, "CT22", zh, en), title);
    if beside { fault.warning() } else { fault }
}

/// The fault with the names that tables have, in the language of `title`.
fn with_names(fault: Fault, title: &str) -> Fault {
    let plain = |name: fn(TableKind) -> &'static str| TableKind::ALL.map(name);
    let (zh, en) = (plain(TableKind::zh), plain(TableKind::name));
    let all = zh.iter().chain(&en).copied();
    match rules::tables::nearest(&title.to_lowercase(), all) {
        Some(near) => fault.help(
            format!("是否为 \"{near}\"？可用：{}", zh.join("、")),
            format!("did you mean \"{near}\"? Allowed: {}", en.join(", ")),
        ),
        None => fault.help(format!("可用：{}", zh.join("、")), format!("allowed: {}", en.join(", "))),
    }
}
