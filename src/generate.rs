//! `watchlight generate`: the sample city's events, and the lights they must lead to.

use std::path::Path;

use anyhow::Context;
use bench::{Options, Profile};

use crate::cli::{Exit, GenerateArgs};
use crate::output_file::{create, refuse_overwriting};
use crate::terminal::say;

/// Writes the files of `args` and tells the hash of the events.
///
/// # Errors
/// When there is no such profile, or a file cannot be written.
pub(crate) fn run(args: &GenerateArgs) -> anyhow::Result<Exit> {
    refuse_overwriting([&args.out, &args.truth].into_iter().chain(&args.plans), [])?;
    let profile = Profile::named(&args.profile)?;
    let options = Options { cases: args.cases as usize, seed: args.seed, profile };
    let generated = bench::generate(&options)?;
    let events = generated.write_events(&mut create(&args.out)?).with_context(|| unwritable(&args.out))?;
    generated.write_truth(&mut create(&args.truth)?).with_context(|| unwritable(&args.truth))?;
    if let Some(plans) = &args.plans {
        generated.write_plans(&mut create(plans)?).with_context(|| unwritable(plans))?;
    }
    say!("cases {}  events {}  standing lights {}", args.cases, generated.event_count(), generated.truth().len())?;
    say!("clock {} to {}", generated.replay_from(), generated.until())?;
    say!("sha256 {}  {}", events.sha256, args.out.display())?;
    Ok(Exit::Fine)
}

fn unwritable(path: &Path) -> String {
    format!("could not write {}", path.display())
}
