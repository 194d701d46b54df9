//! `watchlight catalogue export`: the tables of a configuration as a workbook, or as a folder of CSV files.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context, bail};
use facts::proof::Lang;
use rules::tables::{Grid, TableName, TextForm};

use super::{tell_faults, workbook};
use crate::cli::{CatalogueExportArgs, Encoding, Exit};
use crate::config_folder;
use crate::output_file::{create, refuse_overwriting};
use crate::terminal::say;

/// Writes the tables of the configuration of `args`.
///
/// # Errors
/// When the folder cannot be read, it holds no table, or the result cannot be written.
pub(super) fn run(args: &CatalogueExportArgs, lang: Lang) -> anyhow::Result<Exit> {
    let folder = &args.config.folder;
    let ending = args.out.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let one_book = ending == "xlsx";
    if one_book && args.encoding == Encoding::Gb18030 {
        bail!("a workbook has no encoding to choose; leave --encoding out, or name a folder for CSV files");
    }
    if matches!(ending.as_str(), "csv" | "xls") {
        bail!("{} would hold one table only; name a workbook (.xlsx), or a folder for CSV files", args.out.display());
    }
    let (mut tables, mut faults, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
    for (file, bytes) in &config_folder::read(folder)? {
        let Some(name) = TableName::of_file(file) else { continue };
        inputs.push(folder.join(file));
        match Grid::read(name.kind, file, bytes) {
            Ok(grid) => tables.push((name, Grid { chinese: lang == Lang::Zh, ..grid })),
            Err(found) => faults.extend(found),
        }
    }
    if tell_faults(&faults, lang)?.0 > 0 {
        return Ok(Exit::FaultsFound);
    }
    if tables.is_empty() {
        bail!("there is no table in {}", folder.display());
    }
    tables.sort_by(|(a, _), (b, _)| a.cmp(b));
    let results: Vec<(PathBuf, Vec<u8>)> = if one_book {
        vec![(args.out.clone(), workbook::of(&tables)?)]
    } else {
        let form = match args.encoding {
            Encoding::Utf8 => TextForm::Utf8Marked,
            Encoding::Gb18030 => TextForm::Gb18030,
        };
        let file = |(name, grid): &(TableName, Grid)| {
            (args.out.join(format!("{}.csv", name.title(grid.chinese))), grid.csv(form))
        };
        tables.iter().map(file).collect()
    };
    if !one_book {
        fs::create_dir_all(&args.out).with_context(|| format!("could not make the folder {}", args.out.display()))?;
    }
    refuse_overwriting(results.iter().map(|(path, _)| path), &inputs)?;
    for (path, bytes) in &results {
        let unwritable = || format!("could not write {}", path.display());
        let mut out = create(path)?;
        out.write_all(bytes).with_context(unwritable)?;
        out.flush().with_context(unwritable)?;
    }
    for (name, grid) in &tables {
        let rows = grid.rows.len();
        let title = name.title(lang == Lang::Zh);
        say!("{}", lang.pick(format!("{title}：{rows} 行"), format!("{title}: {rows} rows")))?;
    }
    let out = args.out.display();
    say!("{}", lang.pick(format!("已写入 {out}"), format!("written to {out}")))?;
    Ok(Exit::Fine)
}
