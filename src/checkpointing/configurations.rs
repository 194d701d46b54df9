//! Which configuration judges what at a start (semantics 33): the logged ones until caught up, then the folder's.

use std::sync::Arc;

use dataflow::checkpoint::{CheckpointError, ConfigLog, ConfigurationSet};
use facts::{Cause, Moment};
use jiff::tz::TimeZone;
use rules::configuration::Configuration;
use rules::site::{self, Files};

/// A configuration and the files that it was made of.
#[derive(Clone)]
pub struct Sources {
    /// The configuration.
    pub configuration: Arc<Configuration>,
    /// Its files, by path below the configuration folder.
    pub files: Files,
}

/// A configuration to take over once caught up.
pub(crate) struct Change {
    pub(crate) sources: Sources,
    pub(crate) cause: Cause,
}

impl Change {
    /// As the log keeps it, from `effective` on.
    pub(crate) fn set(&self, effective: Moment) -> ConfigurationSet {
        set(&self.sources, effective)
    }
}

/// Who judges from when on.
pub(crate) struct Plan {
    /// From the first fact on, or from where everything was said.
    pub(crate) first: Arc<Configuration>,
    /// Then these, from their instants on.
    pub(crate) later: Vec<(Moment, Arc<Configuration>, Cause)>,
    /// And this one when caught up.
    pub(crate) change: Option<Change>,
}

impl Plan {
    /// The configuration in force when caught up, before the folder's change.
    pub(crate) fn last(&self) -> &Arc<Configuration> {
        self.later.last().map_or(&self.first, |(_, last, _)| last)
    }

    /// The plan for a start that goes on from `said_through`; a new log gets the folder's set as its first.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub(crate) fn make(
        log: &mut ConfigLog,
        folder: Sources,
        said_through: Option<Moment>,
        zone: &TimeZone,
    ) -> Result<Plan, CheckpointError> {
        if log.sets().is_empty() {
            log.accept(set(&folder, Moment::MIN))?;
        }
        let sets = log.sets();
        let through = said_through.unwrap_or(Moment::MIN);
        let first = sets.iter().rposition(|set| set.effective <= through).unwrap_or(0);
        let mut later = Vec::new();
        for pair in sets[first..].windows(2) {
            later.push((pair[1].effective, load(&pair[1], &folder, zone), cause(&pair[0], &pair[1])));
        }
        let last = sets.last().expect("a set was accepted where there was none");
        let wanted = set(&folder, Moment::MIN);
        let differs = last.hash != wanted.hash || last.engine != wanted.engine;
        let change = differs.then(|| Change { cause: cause(last, &wanted), sources: folder.clone() });
        Ok(Plan { first: load(&sets[first], &folder, zone), later, change })
    }
}

fn set(sources: &Sources, effective: Moment) -> ConfigurationSet {
    ConfigurationSet {
        effective,
        hash: sources.configuration.hash.clone(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        files: sources.files.clone(),
    }
}

/// A logged set, made again. One that this program refuses gives way to the folder's, which it has accepted.
fn load(set: &ConfigurationSet, folder: &Sources, zone: &TimeZone) -> Arc<Configuration> {
    if set.hash == folder.configuration.hash {
        return Arc::clone(&folder.configuration);
    }
    match site::load(&set.files, zone) {
        Ok(site) => Arc::new(site.configuration),
        Err(faults) => {
            let first = faults.first().map(|fault| fault.text.en.clone()).unwrap_or_default();
            tracing::warn!(
                configuration = set.hash,
                faults = faults.len(),
                first,
                "a configuration that was in force is refused by this version; the folder's is used in its place"
            );
            Arc::clone(&folder.configuration)
        }
    }
}

/// What changed between two sets: the first in the order of causes.
fn cause(before: &ConfigurationSet, after: &ConfigurationSet) -> Cause {
    if before.engine != after.engine {
        return Cause::Engine;
    }
    let names = before.files.keys().chain(after.files.keys());
    let changed = names.filter(|name| before.files.get(*name) != after.files.get(*name));
    let of = |name: &String| match name.split('/').next() {
        Some("catalogue") => Cause::Catalogue,
        Some("calendars") => Cause::Calendar,
        _ => Cause::Rule,
    };
    changed.map(of).min().unwrap_or(Cause::Rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(engine: &str, files: &[(&str, u8)]) -> ConfigurationSet {
        let files = files.iter().map(|(name, byte)| ((*name).to_owned(), vec![*byte])).collect();
        ConfigurationSet { effective: Moment::MIN, hash: String::new(), engine: engine.into(), files }
    }

    #[test]
    fn the_cause_is_the_first_part_that_changed() {
        let old = set("1", &[("calendars/cn/2026.toml", 1), ("catalogue/items.csv", 1), ("rules/a.toml", 1)]);
        let with = |engine: &str, calendar, item, rule| {
            set(engine, &[("calendars/cn/2026.toml", calendar), ("catalogue/items.csv", item), ("rules/a.toml", rule)])
        };
        assert_eq!(cause(&old, &with("1", 2, 1, 1)), Cause::Calendar);
        assert_eq!(cause(&old, &with("1", 2, 2, 1)), Cause::Catalogue);
        assert_eq!(cause(&old, &with("1", 2, 2, 2)), Cause::Rule);
        assert_eq!(cause(&old, &with("2", 1, 1, 1)), Cause::Engine);
        assert_eq!(cause(&old, &set("1", &[("calendars/cn/2026.toml", 1), ("rules/a.toml", 1)])), Cause::Catalogue);
    }
}
