//! A checkpoint folder as a side: its facts judged by its own configuration up to where its clock stood.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use dataflow::checkpoint::{Disk, Looked, look};
use jiff::tz::TimeZone;
use rules::configuration::Configuration;
use rules::site;

use super::{About, Asked, Held};
use crate::play;

/// How often a folder that changes while it is read is looked at again.
const TRIES: u32 = 3;

/// The checkpoint in `folder`, with the configuration that judged it.
///
/// # Errors
/// When there is none, it is damaged, or this program refuses its configuration.
pub(crate) fn open(folder: &Path, zone: &TimeZone) -> anyhow::Result<(Looked, Arc<Configuration>)> {
    let storage = Disk::look(folder);
    let mut looked = look(&storage);
    for _ in 1..TRIES {
        if looked.is_ok() {
            break;
        }
        looked = look(&storage);
    }
    let name = folder.display();
    let mut looked = looked?.with_context(|| format!("{name} holds no manifest of a checkpoint"))?;
    let Some(set) = looked.configuration.take() else {
        bail!("{name} does not hold the configuration {} that its manifest names", looked.manifest.configuration);
    };
    let site = site::load(&set.files, zone);
    let site = site.map_err(|faults| anyhow::anyhow!("its configuration is refused, with {} faults", faults.len()));
    Ok((looked, Arc::new(site.with_context(|| format!("{name} cannot be judged"))?.configuration)))
}

/// The lights of the checkpoint in `folder`, judged again from its facts.
///
/// # Errors
/// As [`open`], or when the dataflow fails.
pub(super) fn judged(folder: &Path, asked: &Asked<'_>, zone: TimeZone) -> anyhow::Result<(About, Held)> {
    let (looked, configuration) = open(folder, &zone)?;
    let mut held = Held::default();
    looked.said.iter().for_each(|said| held.hear(said));
    let hash = configuration.hash.clone();
    let workers = asked.workers()?;
    let until = looked.manifest.clock.now;
    let sources = looked.manifest.sources.clone();
    let standing = play::judge_entries(
        configuration,
        workers,
        looked.facts,
        sources,
        until,
        |_| Ok(()),
        |runner| runner.lights(),
    )?;
    held.lights = standing.lights;
    let about = About {
        name: folder.display().to_string(),
        as_of: Some(standing.as_of),
        last_said: None,
        configuration: Some(hash),
        zone,
    };
    Ok((about, held))
}
