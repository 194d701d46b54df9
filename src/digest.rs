//! `watchlight digest`: one hash for the lights that stand somewhere, with the instant and the configuration.

use anyhow::Context;

use crate::cli::{DigestArgs, Exit, Language};
use crate::side::{Asked, Kinds};
use crate::terminal::{self, say};

/// Prints the digest of the side of `args`.
///
/// # Errors
/// When the side cannot be read.
pub(crate) fn run(args: &DigestArgs, language: Language) -> anyhow::Result<Exit> {
    let lang = language.into();
    let flags = args.workers.flag().into_iter().collect();
    let asked = Asked { config: &args.config.folder, until: args.until, flags, lang };
    let side = Kinds::of(&args.side)?.read(&asked, None)?;
    if args.json {
        say!("{}", serde_json::to_string(&side.as_told()).context("a digest holds text and numbers")?)?;
        return Ok(Exit::Fine);
    }
    say!("{}", side.about.line(&side.digest, lang))?;
    if args.buckets {
        terminal::print(format_args!("{}", side.digest.text()))?;
    }
    say!("digest {}", side.digest.total())?;
    Ok(Exit::Fine)
}
