//! The commands about the catalogue's tables.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ConfigArgs;

/// `catalogue`: the tables of a configuration as spreadsheets.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum CatalogueCommand {
    /// Write the tables into a workbook or a folder of CSV files, to be edited and imported again
    Export(CatalogueExportArgs),
    /// Check edited tables within the whole configuration; every fault is told at once, nothing is written
    Check(CatalogueCheckArgs),
    /// Put edited tables into the configuration, if the whole of it stays sound; what changes is told
    Import(CatalogueImportArgs),
}

/// `catalogue export`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct CatalogueExportArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where the tables go: a workbook, else a folder of CSV files
    #[arg(long, value_name = "FILE.xlsx|DIR")]
    pub out: PathBuf,
    /// How CSV files are stored
    #[arg(long, value_enum, default_value = "utf-8")]
    pub encoding: Encoding,
}

/// How CSV files are stored.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 with the mark by which spreadsheet programs know it
    #[value(name = "utf-8")]
    Utf8,
    /// GB18030
    Gb18030,
}

/// `catalogue check`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct CatalogueCheckArgs {
    /// A workbook with a sheet for each table, a CSV file named after its table, or a folder of such files
    #[arg(value_name = "FILE|DIR")]
    pub tables: PathBuf,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `catalogue import`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct CatalogueImportArgs {
    /// A workbook with a sheet for each table, a CSV file named after its table, or a folder of such files; tables
    /// that are not in it stay as they are
    #[arg(value_name = "FILE|DIR")]
    pub tables: PathBuf,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only tell what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Changed rows that are listed of each table at most; all are counted
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub rows: usize,
}
