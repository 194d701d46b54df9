//! A side whose rows are in memory: judged here, or read from files.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use compact_str::CompactString;
use facts::{StandingLight, Transition};

use super::{About, Asked, LastSaid};
use crate::config_folder;
use crate::play::Play;
use crate::settings::{self, Sources};

/// A light by case, rule and instance.
type Key = (CompactString, CompactString, CompactString);

/// Lights, and what was last said of each.
#[derive(Default)]
pub(crate) struct Held {
    /// Sorted.
    pub(crate) lights: Vec<StandingLight>,
    said: HashMap<Key, LastSaid>,
}

impl Held {
    /// Lights of which nothing more is known.
    pub(crate) fn of(mut lights: Vec<StandingLight>) -> Held {
        lights.sort_unstable();
        Held { lights, said: HashMap::new() }
    }

    /// Notes what was said, in the order in which it was.
    pub(crate) fn hear(&mut self, said: &Transition) {
        let key = (said.case.clone(), said.rule.clone(), said.instance.clone());
        self.said.insert(key, LastSaid::from(said));
    }

    pub(super) fn last_said(&self, like: &StandingLight) -> Option<LastSaid> {
        self.said.get(&(like.case.clone(), like.rule.clone(), like.instance.clone())).copied()
    }
}

/// The events of `path`, judged by the asked configuration.
///
/// # Errors
/// When the configuration is refused or the file cannot be read.
pub(super) fn judged(path: &Path, asked: &Asked<'_>, other: Option<&About>) -> anyhow::Result<(About, Held)> {
    let settings = settings::load(&Sources::of_process(asked.config, asked.flags.clone()))?;
    let site = config_folder::load(asked.config, &settings.zone, asked.lang)?;
    let hash = site.configuration.hash.clone();
    let paths = [path.to_owned()];
    let until = asked.until.or(other.and_then(|other| other.as_of));
    let play = Play::of(&paths, Arc::new(site.configuration), until, &settings)?;
    let mut held = Held::default();
    let hear = |said: Transition| {
        held.hear(&said);
        Ok(())
    };
    let (_, standing) = play.run(|_| true, hear, |runner| runner.lights())?;
    held.lights = standing.lights;
    let about = About {
        name: path.display().to_string(),
        as_of: Some(play.until),
        last_said: None,
        configuration: Some(hash),
        zone: other.map_or(settings.zone, |other| other.zone.clone()),
    };
    Ok((about, held))
}
