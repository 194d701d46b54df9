//! `watchlight catalogue export|check|import`: the tables of a configuration out to a spreadsheet and back.
//!
//! What comes back is judged within the whole configuration, at the places where it stands in the file that came; only
//! a set that is sound as a whole is written, and what nobody changed is not touched: tables that come back as they
//! went leave the configuration's hash as it was.

mod export;
mod given;
mod import;
mod told;
mod workbook;

use facts::proof::Lang;
use rules::fault::{Fault, Severity};

use crate::cli::{CatalogueCommand, Exit, Language};
use crate::terminal::say;

/// Does what `command` says.
///
/// # Errors
/// When a file cannot be read or written, or the settings are refused.
pub(crate) fn run(command: &CatalogueCommand, language: Language) -> anyhow::Result<Exit> {
    let lang = language.into();
    match command {
        CatalogueCommand::Export(args) => export::run(args, lang),
        CatalogueCommand::Check(args) => import::check(args, lang),
        CatalogueCommand::Import(args) => import::run(args, lang),
    }
}

/// Prints faults; gives how many errors and warnings there are.
fn tell_faults(faults: &[Fault], lang: Lang) -> anyhow::Result<(usize, usize)> {
    for fault in faults {
        say!("{}", fault.render(lang))?;
    }
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    Ok((errors, faults.len() - errors))
}
