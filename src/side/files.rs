//! Files that a side may be: transitions, standing lights, a digest; and which of them a file is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, bail};
use facts::digest::DigestTold;
use facts::transition::StandingLine;
use facts::{StandingLight, Transition};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{About, Held, Kinds};
use crate::export;

/// What the file is, by the fields of its first line. Packed files are events: nothing else is written packed.
pub(super) fn kind(path: &Path) -> anyhow::Result<Kinds> {
    let owned = path.to_owned();
    if path.extension().is_some_and(|ending| ending == "gz" || ending == "zst") {
        File::open(path)?;
        return Ok(Kinds::Events(owned));
    }
    let mut first = String::new();
    BufReader::new(File::open(path)?).read_line(&mut first)?;
    let fields: Value = serde_json::from_str(&first).unwrap_or_default();
    let has = |name: &str| fields.get(name).is_some();
    if has("buckets") {
        Ok(Kinds::Digest(owned))
    } else if has("activity") || has("op") {
        Ok(Kinds::Events(owned))
    } else if has("card_before") {
        Ok(Kinds::Transitions(owned))
    } else if has("card") || first.trim().is_empty() {
        // Where no light stands, nothing is written.
        Ok(Kinds::Standing(owned))
    } else {
        bail!("its first line is no event, transition, standing light or digest")
    }
}

/// The digest in a file.
pub(super) fn digest(path: &Path) -> anyhow::Result<DigestTold> {
    let text = std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} holds no digest", path.display()))
}

/// The lights that stand after the transitions of a file.
pub(super) fn transitions(path: &Path, zone: TimeZone) -> anyhow::Result<(About, Held)> {
    let (mut standing, mut held, mut last) = (BTreeMap::new(), Held::default(), None);
    each_line(path, |said: Transition| {
        held.hear(&said);
        last = last.max(Some(said.decided_at));
        let key = (said.case.clone(), said.rule.clone(), said.instance.clone());
        match said.standing() {
            Some(light) => standing.insert(key, light),
            None => standing.remove(&key),
        };
    })?;
    held.lights = standing.into_values().collect();
    held.lights.sort_unstable();
    Ok((About { last_said: last, ..about(path, zone) }, held))
}

/// The standing lights of a file.
pub(super) fn standing(path: &Path, zone: TimeZone) -> anyhow::Result<(About, Held)> {
    let mut lights: Vec<StandingLight> = Vec::new();
    each_line(path, |line: StandingLine| lights.push(line.light()))?;
    Ok((about(path, zone), Held::of(lights)))
}

/// The lights of an export, with what was said of each.
pub(super) fn export(folder: &Path) -> anyhow::Result<(About, Held)> {
    let told = export::About::read(folder)?;
    let name = folder.display().to_string();
    let zone = TimeZone::get(&told.zone).with_context(|| format!("{name} counts days in an unknown zone"))?;
    let (_, mut held) = transitions(&folder.join(export::TRANSITIONS), zone.clone())?;
    let (_, standing) = standing(&folder.join(export::STANDING), zone.clone())?;
    held.lights = standing.lights;
    let configuration = Some(told.configuration);
    Ok((About { name, as_of: Some(told.as_of), last_said: None, configuration, zone }, held))
}

fn about(path: &Path, zone: TimeZone) -> About {
    About { name: path.display().to_string(), as_of: None, last_said: None, configuration: None, zone }
}

fn each_line<T: DeserializeOwned>(path: &Path, mut each: impl FnMut(T)) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("could not read {}", path.display()))?;
    for (line, number) in BufReader::new(file).lines().zip(1_u64..) {
        let line = line.with_context(|| format!("could not read {}", path.display()))?;
        if !line.is_empty() {
            each(serde_json::from_str(&line).with_context(|| format!("{}:{number}", path.display()))?);
        }
    }
    Ok(())
}
