//! A light that stands at one instant of the supervision clock.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::light::{Card, Light};
use crate::moment::Moment;

/// Text for people, Chinese first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Text2 {
    /// zh-CN.
    pub zh: String,
    /// English.
    pub en: String,
}

/// One standing light; its identity is (case, rule, instance).
///
/// Green rows are not written: a case without a row is green (semantics 32).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct StandingLight {
    /// Case number.
    pub case: CompactString,
    /// Rule id.
    pub rule: CompactString,
    /// Which of the rule's findings in the case; `-` where there can be one only.
    pub instance: CompactString,
    /// Card, never [`Card::None`].
    pub card: Card,
    /// Lamp.
    pub light: Light,
    /// The legal instant from which the card holds.
    pub since: Moment,
    /// The office that owns the case.
    pub owner: Address,
}

impl StandingLight {
    /// The row that digests are made of: nine fields, tab separated (semantics 32).
    #[must_use]
    pub fn row(&self) -> String {
        let StandingLight { case, rule, instance, card, light, since, owner } = self;
        let Address { level, region, dept } = owner;
        format!("{case}\t{rule}\t{instance}\t{card}\t{light}\t{since}\t{level}\t{region}\t{dept}")
    }
}
