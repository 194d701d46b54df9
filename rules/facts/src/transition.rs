//! One change of one light, as it is said to the complaint centre (design 9).
//!
//! Per (case, rule, instance) the transitions form an unbroken chain: revision + 1, and `*_before`
//! equal to what the last one said (semantics 29). The JSON names are stable; additions only.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::address::{Address, Department, Level, Region};
use crate::digest::hex;
use crate::light::{Card, Cause, Kind, Light};
use crate::moment::Moment;
use crate::proof::Proof;
use crate::standing::{StandingLight, Text2};

/// How a card leaves the house.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Issue {
    /// Sent at once.
    #[default]
    Auto,
    /// 待发: waits for a person to confirm.
    Held,
}

/// Of what a light speaks.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A case.
    #[default]
    Case,
    /// A sending system of an office that says nothing (semantics 26). Its name stands where cases have their number. It
    /// is no light of a case: it does not stand beside those, and no digest and no count holds it.
    Source,
}

impl About {
    /// Does it speak of a case?
    #[must_use]
    pub fn is_case(&self) -> bool {
        *self == About::Case
    }
}

/// A record that shows what was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// Sending system.
    pub source: CompactString,
    /// Record id.
    pub id: CompactString,
    /// Record version.
    pub version: u32,
    /// Sequence in the APPROVALS stream; absent in a replay from files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
}

/// A change of one light.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transition {
    /// [`transition_id`] of case, rule, instance and revision.
    pub id: String,
    /// 1 for the first thing said of this light, then one more each time.
    pub revision: u32,
    /// How it changed.
    pub kind: Kind,
    /// Of what it speaks; left out of the line for a case.
    #[serde(default, skip_serializing_if = "About::is_case")]
    pub about: About,
    /// Case number.
    pub case: CompactString,
    /// Rule id.
    pub rule: CompactString,
    /// Version label of the rule, with the profile that shaped it.
    pub rule_version: CompactString,
    /// Which of the rule's findings in the case.
    pub instance: CompactString,
    /// Card that the last message said.
    pub card_before: Card,
    /// Card now.
    pub card: Card,
    /// Lamp that the last message said.
    pub light_before: Light,
    /// Lamp now.
    pub light: Light,
    /// The legal instant of the card now; of the card before when none is left.
    pub since: Moment,
    /// The supervision clock when it was known.
    pub decided_at: Moment,
    /// What made it change.
    pub cause: Cause,
    /// Sent at once or waiting for a person.
    pub issue: Issue,
    /// Level of the owner.
    pub level: Level,
    /// Region of the owner.
    pub region: Region,
    /// Department of the owner.
    pub dept: Department,
    /// Approval item, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<CompactString>,
    /// Law or document behind the rule.
    pub basis: CompactString,
    /// For people.
    pub reason: Text2,
    /// What must be known beside it, such as `calendar_uncovered`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<CompactString>,
    /// The records that show it.
    pub evidence: Vec<Evidence>,
    /// The reckoning; absent when no card is left to prove.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// The id of a transition: the first 32 hex digits of SHA-256 over the four, tab separated.
#[must_use]
pub fn transition_id(case: &str, rule: &str, instance: &str, revision: u32) -> String {
    let digest = Sha256::digest(format!("{case}\t{rule}\t{instance}\t{revision}"));
    hex(&digest[..16])
}

impl Transition {
    /// The canonical JSON line, without a line end.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("a transition holds only text, numbers and flags")
    }

    /// The owner's address.
    #[must_use]
    pub fn owner(&self) -> Address {
        Address { level: self.level, region: self.region, dept: self.dept.clone() }
    }

    /// The subject in ALERTS: held cards apart; else the worse lamp of before and after, so that who
    /// listens to red also hears reds withdrawn (semantics 25 and 31).
    #[must_use]
    pub fn subject(&self) -> String {
        let lamp = match self.issue {
            Issue::Held => "held",
            Issue::Auto => self.light.max(self.light_before).token(),
        };
        self.owner().subject(&format!("alert.{lamp}"))
    }

    /// The light of a case that stands after this transition, or `None` when no card is left. That of a source is no
    /// light of a case.
    #[must_use]
    pub fn standing(&self) -> Option<StandingLight> {
        (self.card != Card::None && self.about.is_case()).then(|| StandingLight {
            case: self.case.clone(),
            rule: self.rule.clone(),
            instance: self.instance.clone(),
            card: self.card,
            light: self.light,
            since: self.since,
            owner: self.owner(),
        })
    }

    /// Output order: clock, case, rule, instance, revision (semantics 14).
    #[must_use]
    pub fn order_key(&self) -> (Moment, &str, &str, &str, u32) {
        (self.decided_at, &self.case, &self.rule, &self.instance, self.revision)
    }
}

/// A standing light as a JSON line: the fields of design 9 and the owner's address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StandingLine {
    /// Case number.
    pub case: CompactString,
    /// Rule id.
    pub rule: CompactString,
    /// Which of the rule's findings.
    pub instance: CompactString,
    /// Card.
    pub card: Card,
    /// Lamp.
    pub light: Light,
    /// The legal instant.
    pub since: Moment,
    /// Level of the owner.
    pub level: Level,
    /// Region of the owner.
    pub region: Region,
    /// Department of the owner.
    pub dept: Department,
    /// For people.
    pub reason: Text2,
}

impl StandingLine {
    /// The row in the digest.
    #[must_use]
    pub fn light(&self) -> StandingLight {
        StandingLight {
            case: self.case.clone(),
            rule: self.rule.clone(),
            instance: self.instance.clone(),
            card: self.card,
            light: self.light,
            since: self.since,
            owner: Address { level: self.level, region: self.region, dept: self.dept.clone() },
        }
    }
}
