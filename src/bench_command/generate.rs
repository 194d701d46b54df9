//! `watchlight bench generate`, and `generate` for short: the sample city's events, and the lights they must lead to.

use std::path::Path;

use anyhow::Context;
use bench::{Options, Profile};

use crate::cli::{CityArgs, Exit, GenerateArgs};
use crate::output_file::{create, refuse_overwriting};
use crate::terminal::say;

/// Writes the files of `args` and tells the hash of the events.
///
/// # Errors
/// When there is no such profile, or a file cannot be written.
pub(super) fn run(args: &GenerateArgs) -> anyhow::Result<Exit> {
    refuse_overwriting([&args.out, &args.truth].into_iter().chain(&args.plans), [])?;
    let generated = bench::generate(&city(&args.city)?)?;
    let events = generated.write_events(&mut create(&args.out)?).with_context(|| unwritable(&args.out))?;
    generated.write_truth(&mut create(&args.truth)?).with_context(|| unwritable(&args.truth))?;
    if let Some(plans) = &args.plans {
        generated.write_plans(&mut create(plans)?).with_context(|| unwritable(plans))?;
    }
    say!(
        "cases {}  events {}  standing lights {}",
        generated.options().cases,
        generated.event_count(),
        generated.truth().len()
    )?;
    say!("clock {} to {}", generated.replay_from(), generated.until())?;
    say!("sha256 {}  {}", events.sha256, args.out.display())?;
    Ok(Exit::Fine)
}

fn unwritable(path: &Path) -> String {
    format!("could not write {}", path.display())
}

/// What these arguments ask for.
///
/// # Errors
/// When there is no such profile, or it is not sound.
pub(super) fn city(args: &CityArgs) -> anyhow::Result<Options> {
    let profile = if args.profile.contains(['/', '.']) {
        let path = Path::new(&args.profile);
        let text = std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
        Profile::parse(&text).with_context(|| format!("{} cannot be used", path.display()))?
    } else {
        Profile::named(&args.profile)?
    };
    let cases = args.cases.map_or(profile.cases, |cases| cases as usize);
    Ok(Options { cases, seed: args.seed, profile })
}
