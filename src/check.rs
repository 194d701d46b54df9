//! `watchlight check`: the configuration folder is read as the service would read it, and every fault is printed.
//!
//! Nothing is started and the network is not touched. Faults go to standard output, one a line, in the language
//! asked for; the exit code says whether there were any.

use crate::cli::{CheckArgs, Exit, Language};
use crate::settings::{self, Fault, SettingsError, Sources};

/// Checks the configuration of `args` and prints what is wrong with it.
///
/// # Errors
/// When the folder is missing or a file in it cannot be read.
pub(crate) fn run(args: &CheckArgs, language: Language) -> anyhow::Result<Exit> {
    match settings::load(&Sources::of_process(&args.config.folder, Vec::new())) {
        Ok(_) => {
            println!("{}: {}", args.config.folder.display(), in_language(language, "no faults", "没有错误"));
            Ok(Exit::Fine)
        }
        Err(SettingsError::Faulty(faults)) => {
            for fault in faults.iter() {
                println!("{}", line(fault, language));
            }
            Ok(Exit::FaultsFound)
        }
        Err(error) => Err(error.into()),
    }
}

fn line(fault: &Fault, language: Language) -> String {
    format!("{}: {}", fault.place, in_language(language, &fault.en, &fault.zh))
}

fn in_language<'a>(language: Language, en: &'a str, zh: &'a str) -> &'a str {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}
