//! The rules in force as an analyst meets them: what is in force, what a changed folder would change, and its activation.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use facts::proof::Lang;
use facts::standing::Text2;
use facts::{Card, Cause, Level, Light, Moment, Region};
use serde::{Deserialize, Serialize};

/// Which configuration is in force, and what is wrong with a changed one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RulesStatus {
    /// Hash of the set in force.
    pub configuration: String,
    /// The instant of the supervision clock from which it is; `None` when it was in force at the start.
    pub since: Option<Moment>,
    /// Faults of the folder as it was last looked at; while there are any, the set in force stays.
    pub refused: Vec<FaultShown>,
    /// Scenarios that do not hold under changed tables; they stand in nobody's way.
    pub warnings: Vec<FaultShown>,
}

/// A fault of a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FaultShown {
    /// File below the configuration folder.
    pub file: String,
    /// Line from 1.
    pub line: Option<u32>,
    /// Column in characters from 1.
    pub column: Option<u32>,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong.
    pub text: Text2,
    /// What to do.
    pub help: Option<Text2>,
}

impl FaultShown {
    /// On one line, in English.
    #[must_use]
    pub fn line(&self) -> String {
        let place = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{place} {} {}", self.file, self.code, self.text.en)
    }
}

/// How many lights differ, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Would stand and do not.
    pub gained: u64,
    /// Stand and would not.
    pub withdrawn: u64,
    /// Would be worse.
    pub worse: u64,
    /// Would be better.
    pub better: u64,
    /// Would stand from another legal instant.
    pub moved: u64,
}

/// A card as it stands, or would.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LampShown {
    /// Card.
    pub card: Card,
    /// Light.
    pub light: Light,
    /// The legal instant.
    pub since: Moment,
}

/// One light that would differ.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DifferenceRow {
    /// Case number.
    pub case: String,
    /// Rule id.
    pub rule: String,
    /// Instance.
    pub instance: String,
    /// The owner's level.
    pub level: Level,
    /// The owner's region.
    pub region: Region,
    /// The owner's department.
    pub dept: String,
    /// What stands.
    pub before: Option<LampShown>,
    /// What would.
    pub after: Option<LampShown>,
}

/// What a changed configuration would change now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Preview {
    /// The last closed instant of the clock.
    pub as_of: Moment,
    /// Names the difference: an activation may insist on it.
    pub hash: String,
    /// Hash of the changed configuration.
    pub configuration: String,
    /// Cases that were judged by both.
    pub judged: u64,
    /// All lights that differ.
    pub all: Tally,
    /// By rule.
    pub by_rule: BTreeMap<String, Tally>,
    /// By region.
    pub by_region: BTreeMap<String, Tally>,
    /// By department.
    pub by_dept: BTreeMap<String, Tally>,
    /// The lights, sorted by case, rule and instance; cut off where there are more than were asked for.
    pub differences: Vec<DifferenceRow>,
}

/// What an activation did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Reloaded {
    /// The folder's set is in force.
    InForce {
        /// Its hash.
        configuration: String,
        /// From this instant of the supervision clock on.
        at: Moment,
        /// What changed.
        cause: Cause,
        /// Cases judged again for it; null while the instant is not closed.
        rejudged: Option<u64>,
    },
    /// It was in force already.
    Unchanged {
        /// Its hash.
        configuration: String,
    },
}

/// Why a configuration is not put in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RulesRefused {
    /// It has faults.
    Faulty(Vec<FaultShown>),
    /// It would change something else than was seen in the preview.
    OtherDifference {
        /// Hash of what it would change now.
        now: String,
    },
    /// It could not be written to the log of configurations.
    NotLogged(String),
    /// A backlog is judged first; it is put in force after that.
    CatchingUp,
    /// The service was started without a folder.
    NoFolder,
    /// The service stops.
    Stopping,
}

impl fmt::Display for RulesRefused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RulesRefused::Faulty(faults) => write!(out, "it has {} faults", faults.len()),
            RulesRefused::OtherDifference { now } => {
                write!(out, "it would change something else than the preview showed; the difference is now {now}")
            }
            RulesRefused::NotLogged(why) => write!(out, "it could not be logged: {why}"),
            RulesRefused::CatchingUp => out.write_str("a backlog is judged first; it is put in force after that"),
            RulesRefused::NoFolder => out.write_str("the service was started without a configuration folder"),
            RulesRefused::Stopping => out.write_str("the service stops"),
        }
    }
}

/// The rules; the binary implements it. Calls may take seconds: they are not for a thread that serves others.
pub trait RulesDesk: Send + Sync {
    /// What is in force.
    fn status(&self) -> RulesStatus;

    /// What the folder, or `files` by their path below it, would change now; with at most `rows_max` rows.
    ///
    /// # Errors
    /// When the configuration has faults.
    fn preview(&self, files: Option<BTreeMap<String, Vec<u8>>>, rows_max: usize) -> Result<Preview, RulesRefused>;

    /// A preview as a workbook (.xlsx), in the words of `lang`.
    ///
    /// # Errors
    /// When it has more than a workbook can hold.
    fn workbook(&self, preview: &Preview, lang: Lang) -> io::Result<Vec<u8>>;

    /// Puts the folder in force; with the hash of a preview only if that is still what it changes.
    ///
    /// # Errors
    /// When it is not put in force.
    fn reload(&self, preview: Option<String>) -> Result<Reloaded, RulesRefused>;
}
