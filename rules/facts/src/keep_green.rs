//! What keeps a case green: for each light to come the acts that avoid it and until when, for each that stands whether
//! anything clears it. As data, and in words ([`KeepGreen::lines`]). How it is found out stands in `rules`.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::light::{Card, Light};
use crate::moment::Moment;
use crate::standing::Text2;

mod lines;

/// What can be done about the lights of a case at an instant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeepGreen {
    /// Case number.
    pub case: CompactString,
    /// The supervision clock.
    pub clock: Moment,
    /// Lights that come if nothing happens, earliest first.
    pub to_come: Vec<LightToCome>,
    /// Lights that stand.
    pub given: Vec<LightGiven>,
}

/// Which light.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NamedLight {
    /// Rule id.
    pub rule: CompactString,
    /// `<id>@<version>+<profile>`
    pub rule_version: CompactString,
    /// Name of the rule.
    pub name: Text2,
    /// Which of the rule's findings.
    pub instance: CompactString,
    /// Card.
    pub card: Card,
    /// Lamp.
    pub light: Light,
    /// The legal instant.
    pub since: Moment,
}

/// A light that comes if nothing happens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LightToCome {
    /// Which.
    #[serde(flatten)]
    pub light: NamedLight,
    /// First instant of the clock at which it is shown.
    pub from: Moment,
    /// What avoids it, the least that does first; each was tried by judging the case with it.
    pub acts: Vec<Act>,
    /// What the rule waits for, as it writes it, where no act that was tried avoids it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaits: Vec<CompactString>,
}

/// A light that stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LightGiven {
    /// Which.
    #[serde(flatten)]
    pub light: NamedLight,
    /// How it ends.
    pub ends: Ends,
    /// What clears it, if done at once; each was tried by judging the case with it.
    pub acts: Vec<Act>,
    /// What the rule found missing, as it writes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<CompactString>,
}

/// How a light that stands ends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ends {
    /// It stays: only corrected facts or an upheld appeal take it away.
    Never,
    /// By itself, at this instant.
    At {
        /// First instant at which it is shown no longer.
        until: Moment,
    },
    /// With what stops the clock, or when the state ends.
    WithTheEnd,
    /// When this holds.
    When {
        /// The condition as the rule writes it.
        condition: CompactString,
    },
}

/// What an act is to the rule.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// Fulfils the duty, or brings what is missing.
    Fulfil,
    /// Tells late what happened in time.
    Report,
    /// Ends the duty without fulfilling it.
    End,
    /// Stops the clock for a while.
    Pause,
    /// Lengthens the limit.
    Extend,
}

/// An act that was tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Act {
    /// What it is to the rule.
    pub kind: ActKind,
    /// Activity, as rule files name it.
    pub activity: CompactString,
    /// What the fact must say beside it, as `name=value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The fact as it was tried, at the last instant: its canonical line.
    pub line: String,
    /// The last instant at which it has its effect: done then, or, of what is only reported, known by then.
    pub last: Moment,
    /// When it has to have happened, where it is only reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<Moment>,
    /// The light does not come before this instant; absent where it does not come at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub puts_off_until: Option<Moment>,
    /// Lights that the act would itself bring.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brings: Vec<Brought>,
}

/// A light that an act brings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Brought {
    /// Rule id.
    pub rule: CompactString,
    /// Card.
    pub card: Card,
    /// First instant of the clock at which it is shown.
    pub from: Moment,
}
