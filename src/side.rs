//! A side of a comparison: lights that stand somewhere, with the instant and the configuration they stand for.
//!
//! A side names its buckets at once; rows are fetched only of what differs. A side that judges or holds rows counts
//! days in the zone of the other side, if that tells one, so that buckets can be held against each other.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use facts::digest::{DigestTold, LightsDigest};
use facts::proof::Lang;
use facts::{Cause, Kind, Moment, StandingLight, Transition};
use jiff::tz::TimeZone;

use crate::export;

pub(crate) mod checkpoint;
mod files;
mod held;
mod ledger;
mod served;

pub(crate) use held::Held;
use ledger::Ledgered;
use served::Served;

/// How a side is read.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    /// Configuration folder, for events, and for the zone of what tells none.
    pub(crate) config: &'a Path,
    /// Where the clock stops when events are judged.
    pub(crate) until: Option<Moment>,
    /// Flags that stand for settings.
    pub(crate) flags: Vec<crate::settings::Flag>,
    /// Language of refusals.
    pub(crate) lang: Lang,
}

/// What a side is, before it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kinds {
    /// A running service.
    Service(String),
    /// A digest in a file.
    Digest(PathBuf),
    /// A folder that `export` wrote.
    Export(PathBuf),
    /// A checkpoint folder.
    Checkpoint(PathBuf),
    /// Events in a file.
    Events(PathBuf),
    /// Transitions in a file.
    Transitions(PathBuf),
    /// Standing lights in a file.
    Standing(PathBuf),
    /// A ledger in a database.
    Ledger(String),
}

/// What is known of what a side stands for.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// As the command line names it.
    pub(crate) name: String,
    /// The supervision clock, where it is known.
    pub(crate) as_of: Option<Moment>,
    /// When the last thing was said, where only that is known.
    pub(crate) last_said: Option<Moment>,
    /// Hash of the configuration, where it is known.
    pub(crate) configuration: Option<String>,
    /// Zone in which the days of the buckets are counted.
    pub(crate) zone: TimeZone,
}

/// What was last said of a light.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct LastSaid {
    pub(crate) kind: Kind,
    pub(crate) cause: Cause,
    pub(crate) decided_at: Moment,
    pub(crate) revision: u32,
}

impl From<&Transition> for LastSaid {
    fn from(said: &Transition) -> LastSaid {
        LastSaid { kind: said.kind, cause: said.cause, decided_at: said.decided_at, revision: said.revision }
    }
}

/// A side, read.
pub(crate) struct Side {
    pub(crate) about: About,
    pub(crate) digest: LightsDigest,
    rows: Rows,
}

/// Where the rows of a side are.
enum Rows {
    Held(Held),
    Ledger(Ledgered),
    Service(Served),
    /// Only the digest is known.
    Nowhere,
}

/// The lights of a service changed while they were read.
#[derive(Debug, thiserror::Error)]
#[error("the lights of {0} changed while they were compared")]
pub(crate) struct Moved(pub(crate) String);

impl Kinds {
    /// What `text` names.
    ///
    /// # Errors
    /// When it is no address and no file, or a file of no known form.
    pub(crate) fn of(text: &str) -> anyhow::Result<Kinds> {
        if text.starts_with("http://") {
            return Ok(Kinds::Service(text.trim_end_matches('/').to_owned()));
        }
        if text.starts_with("sqlite://") || text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Kinds::Ledger(text.to_owned()));
        }
        if text.contains("://") {
            bail!("{text} is no side: a service is http://..., a ledger sqlite://... or postgres://...");
        }
        let path = Path::new(text);
        if path.is_dir() {
            if export::About::is_in(path) {
                return Ok(Kinds::Export(path.to_owned()));
            }
            if is_checkpoint(path) {
                return Ok(Kinds::Checkpoint(path.to_owned()));
            }
            bail!(
                "{text} is no folder of an export or a checkpoint; else name a file of events, transitions, standing \
                 lights or a digest"
            );
        }
        files::kind(path).with_context(|| format!("could not read {text}"))
    }

    /// Which side is read first: whoever tells zone and clock goes before who can follow.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Kinds::Service(_) => 0,
            Kinds::Digest(_) | Kinds::Export(_) | Kinds::Checkpoint(_) => 1,
            Kinds::Events(_) => 2,
            Kinds::Transitions(_) | Kinds::Standing(_) | Kinds::Ledger(_) => 3,
        }
    }

    /// Reads the side; `other` is the side that was read before it.
    ///
    /// # Errors
    /// When a server, a database or a file cannot be read, or the configuration is refused.
    pub(crate) fn read(&self, asked: &Asked<'_>, other: Option<&About>) -> anyhow::Result<Side> {
        let zone = || match other {
            Some(other) => Ok(other.zone.clone()),
            None => crate::settings::load(&crate::settings::Sources::of_process(asked.config, Vec::new()))
                .map(|settings| settings.zone)
                .context("the zone of days is not told by this side"),
        };
        match self {
            Kinds::Service(url) => {
                let (served, told) = Served::open(url)?;
                Side::told(url, &told, Rows::Service(served))
            }
            Kinds::Digest(path) => {
                let told = files::digest(path)?;
                Side::told(&path.display().to_string(), &told, Rows::Nowhere)
            }
            Kinds::Export(path) => files::export(path).map(|(about, held)| Side::held(about, held)),
            Kinds::Checkpoint(path) => {
                checkpoint::judged(path, asked, zone()?).map(|(about, held)| Side::held(about, held))
            }
            Kinds::Events(path) => held::judged(path, asked, other).map(|(about, held)| Side::held(about, held)),
            Kinds::Transitions(path) => {
                let (about, held) = files::transitions(path, zone()?)?;
                Ok(Side::held(about, held))
            }
            Kinds::Standing(path) => {
                let (about, held) = files::standing(path, zone()?)?;
                Ok(Side::held(about, held))
            }
            Kinds::Ledger(url) => {
                let (about, ledger) = Ledgered::open(url, zone()?)?;
                let digest = LightsDigest::of(ledger.lights(), &about.zone);
                Ok(Side { about, digest, rows: Rows::Ledger(ledger) })
            }
        }
    }
}

/// Does the folder hold a manifest of a checkpoint?
pub(crate) fn is_checkpoint(folder: &Path) -> bool {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| name.to_string_lossy().starts_with("manifest-"))
}

impl Asked<'_> {
    /// Threads that judge.
    fn workers(&self) -> anyhow::Result<usize> {
        let settings = crate::settings::load(&crate::settings::Sources::of_process(self.config, self.flags.clone()))?;
        Ok(settings.workers.get())
    }
}

impl Side {
    fn held(about: About, held: Held) -> Side {
        Side { digest: LightsDigest::of(&held.lights, &about.zone), about, rows: Rows::Held(held) }
    }

    fn told(name: &str, told: &DigestTold, rows: Rows) -> anyhow::Result<Side> {
        let zone = TimeZone::get(&told.zone).with_context(|| format!("{name} counts days in an unknown zone"))?;
        let digest = told.buckets();
        let digest = digest.with_context(|| format!("the digest of {name} is not that of its buckets"))?;
        let about = About {
            name: name.to_owned(),
            as_of: told.as_of,
            last_said: None,
            configuration: told.configuration.clone(),
            zone,
        };
        Ok(Side { about, digest, rows })
    }

    /// The digest as it is told to others.
    pub(crate) fn as_told(&self) -> DigestTold {
        let About { as_of, configuration, zone, .. } = &self.about;
        DigestTold::of(&self.digest, zone, *as_of, configuration.clone())
    }

    /// The rows of one bucket, sorted; `None` when this side knows no rows.
    ///
    /// # Errors
    /// When a server cannot be read, or has [`Moved`].
    pub(crate) fn rows_of_bucket(&self, key: &str) -> anyhow::Result<Option<Vec<StandingLight>>> {
        let of = |lights: &[StandingLight]| {
            lights.iter().filter(|light| LightsDigest::key(light, &self.about.zone) == key).cloned().collect()
        };
        Ok(match &self.rows {
            Rows::Held(held) => Some(of(&held.lights)),
            Rows::Ledger(ledger) => Some(of(ledger.lights())),
            Rows::Service(served) => Some(served.rows_of_bucket(key, &self.digest.total())?),
            Rows::Nowhere => None,
        })
    }

    /// The light of `like`'s case, rule and instance that stands here, if one does.
    ///
    /// # Errors
    /// As [`Side::rows_of_bucket`].
    pub(crate) fn same_light(&self, like: &StandingLight) -> anyhow::Result<Option<StandingLight>> {
        let same = |light: &&StandingLight| {
            (&light.case, &light.rule, &light.instance) == (&like.case, &like.rule, &like.instance)
        };
        Ok(match &self.rows {
            Rows::Held(held) => held.lights.iter().find(same).cloned(),
            Rows::Ledger(ledger) => ledger.lights().iter().find(same).cloned(),
            Rows::Service(served) => served.rows_of_case(&like.case, &self.digest.total())?.iter().find(same).cloned(),
            Rows::Nowhere => None,
        })
    }

    /// What this side last said of the light of `like`'s case, rule and instance, where it is known.
    ///
    /// # Errors
    /// When a server or a database cannot be read.
    pub(crate) fn last_said(&self, like: &StandingLight) -> anyhow::Result<Option<LastSaid>> {
        match &self.rows {
            Rows::Held(held) => Ok(held.last_said(like)),
            Rows::Ledger(ledger) => ledger.last_said(like),
            Rows::Service(served) => served.last_said(like),
            Rows::Nowhere => Ok(None),
        }
    }
}

impl About {
    /// One line: where the side stands.
    pub(crate) fn line(&self, digest: &LightsDigest, lang: Lang) -> String {
        let name = &self.name;
        let clock = match (self.as_of, self.last_said) {
            (Some(at), _) => lang.pick(format!("时钟 {at}"), format!("clock {at}")),
            (None, Some(at)) => {
                lang.pick(format!("时钟未知，最后一次告知 {at}"), format!("clock not told, last said at {at}"))
            }
            (None, None) => lang.pick("时钟未知", "clock not told").to_owned(),
        };
        let configuration = self.configuration.as_deref().unwrap_or(lang.pick("未知", "not told"));
        let (count, total) = (digest.count(), digest.total());
        lang.pick(
            format!("{name}：{clock}，配置 {configuration}，亮灯 {count}，摘要 {total}"),
            format!("{name}: {clock}, configuration {configuration}, {count} lights, digest {total}"),
        )
    }
}
