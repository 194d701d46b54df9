//! `watchlight bench`: the load tester's commands.

use crate::cli::{BenchCommand, Exit, GenerateArgs, Language};

mod at_rate;
mod compare;
mod generate;
mod limits;
mod listener;
mod measure;
mod paced;
mod process;
mod publish;
mod run_folder;
mod sampler;
mod search;
mod sender;
mod soak;
mod source;
mod target;
mod under_test;

/// Does what `command` says.
///
/// # Errors
/// When a file, a server or a profile cannot be used.
pub(crate) fn run(command: &BenchCommand, language: Language) -> anyhow::Result<Exit> {
    match command {
        BenchCommand::Generate(args) => generate::run(args),
        BenchCommand::Compare(args) => compare::run(args, language),
        BenchCommand::Measure(args) => measure::run(args, language),
        BenchCommand::Search(args) => search::run(args, language),
        BenchCommand::Soak(args) => soak::run(args, language),
        BenchCommand::Publish(args) => publish::run(args, language),
    }
}

/// `watchlight generate`, which was there first.
///
/// # Errors
/// Those of `bench generate`.
pub(crate) fn generate(args: &GenerateArgs) -> anyhow::Result<Exit> {
    generate::run(args)
}

/// The one of two texts that is in the reader's language.
fn words<'a>(lang: facts::proof::Lang, zh: &'a str, en: &'a str) -> &'a str {
    match lang {
        facts::proof::Lang::Zh => zh,
        facts::proof::Lang::En => en,
    }
}
