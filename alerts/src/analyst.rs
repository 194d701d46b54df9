//! What an analyst asks beyond the lights that stand: what time will bring, why a rule shows no card, what keeps a case
//! green. The binary answers by asking the workers.

use std::fmt;
use std::str::FromStr;

use facts::standing::Text2;
use facts::transition::Issue;
use facts::{Card, Cause, KeepGreen, Kind, Level, Light, Moment, Region, Transition, WhyNot};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::case_reader::CaseUnavailable;
use crate::ledger::RegionPrefix;

/// Which changes to come are asked for; everything left empty does not narrow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ForecastFilter {
    /// The worse lamp of before and after, any of these.
    pub lights: Vec<Light>,
    /// Level of the owner.
    pub level: Option<Level>,
    /// Region of the owner.
    pub region: Option<RegionPrefix>,
    /// Department of the owner.
    pub dept: Option<String>,
    /// Rule id; with `*` at its end, every rule whose id begins so.
    pub rule: Option<String>,
    /// Case number, whole.
    pub case: Option<String>,
}

impl ForecastFilter {
    /// Is this change one of those asked for?
    #[must_use]
    pub fn takes(&self, change: &Transition) -> bool {
        let of_rule = |asked: &str| match asked.strip_suffix('*') {
            Some(begin) => change.rule.starts_with(begin),
            None => change.rule == asked,
        };
        (self.lights.is_empty() || self.lights.contains(&change.light.max(change.light_before)))
            && self.level.is_none_or(|level| level == change.level)
            && self.region.is_none_or(|region| region.holds(change.region))
            && self.dept.as_deref().is_none_or(|dept| change.dept.as_str() == dept)
            && self.rule.as_deref().is_none_or(of_rule)
            && self.case.as_deref().is_none_or(|case| change.case == case)
    }
}

/// Where a walk through the changes to come stands: the last one shown. Its text is opaque to clients.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ForecastCursor {
    /// The clock at the change.
    pub at: Moment,
    /// Case number.
    pub case: String,
    /// Rule id.
    pub rule: String,
    /// Instance.
    pub instance: String,
    /// Revision.
    pub revision: u32,
}

/// A cursor that this program did not give out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no cursor of this list; begin again without one")]
pub struct BadForecastCursor(pub String);

impl fmt::Display for ForecastCursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let ForecastCursor { at, case, rule, instance, revision } = self;
        write!(out, "1_{:x}_{}_{}_{}_{revision:x}", at.millis(), hex(case), hex(rule), hex(instance))
    }
}

impl FromStr for ForecastCursor {
    type Err = BadForecastCursor;

    fn from_str(text: &str) -> Result<ForecastCursor, BadForecastCursor> {
        let read = || {
            let mut parts = text.strip_prefix("1_")?.split('_');
            let at = u64::from_str_radix(parts.next()?, 16).ok()?;
            let mut next = || unhex(parts.next()?);
            let (case, rule, instance) = (next()?, next()?, next()?);
            let revision = u32::from_str_radix(parts.next()?, 16).ok()?;
            let at = Moment::from_millis(at.cast_signed());
            let cursor = ForecastCursor { at, case, rule, instance, revision };
            (cursor.to_string() == text).then_some(cursor)
        };
        read().ok_or_else(|| BadForecastCursor(text.to_owned()))
    }
}

fn unhex(digits: &str) -> Option<String> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    String::from_utf8(pairs.map(byte).collect::<Option<_>>()?).ok()
}

/// What is asked of a forecast.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ForecastAsked {
    /// The last instant looked at.
    pub until: Moment,
    /// Which changes.
    pub filter: ForecastFilter,
    /// Only what comes behind this one.
    pub after: Option<ForecastCursor>,
    /// Rows at most.
    pub rows_max: usize,
}

/// A change to come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ForecastRow {
    /// The supervision clock when it will be said.
    pub at: Moment,
    /// Case number.
    pub case: String,
    /// Rule id.
    pub rule: String,
    /// `<id>@<version>+<profile>`
    pub rule_version: String,
    /// Which of the rule's findings.
    pub instance: String,
    /// How the light will change.
    pub kind: Kind,
    /// Card until then.
    pub card_before: Card,
    /// Card from then on.
    pub card: Card,
    /// Lamp until then.
    pub light_before: Light,
    /// Lamp from then on.
    pub light: Light,
    /// The legal instant.
    pub since: Moment,
    /// What will have made it change.
    pub cause: Cause,
    /// Sent at once or waiting for a person.
    pub issue: Issue,
    /// Level of the owner.
    pub level: Level,
    /// Region of the owner.
    pub region: Region,
    /// Department of the owner.
    pub dept: String,
    /// Approval item, where known.
    pub item: Option<String>,
    /// For people.
    pub reason: Text2,
    /// What must be known beside it.
    pub warnings: Vec<String>,
}

impl From<Transition> for ForecastRow {
    fn from(change: Transition) -> ForecastRow {
        ForecastRow {
            at: change.decided_at,
            case: change.case.into(),
            rule: change.rule.into(),
            rule_version: change.rule_version.into(),
            instance: change.instance.into(),
            kind: change.kind,
            card_before: change.card_before,
            card: change.card,
            light_before: change.light_before,
            light: change.light,
            since: change.since,
            cause: change.cause,
            issue: change.issue,
            level: change.level,
            region: change.region,
            dept: change.dept.to_string(),
            item: change.item.map(Into::into),
            reason: change.reason,
            warnings: change.warnings.into_iter().map(Into::into).collect(),
        }
    }
}

/// Changes to come, in the order in which they will be said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ForecastPage {
    /// The last closed instant of the clock: all that is told lies after it.
    pub as_of: Moment,
    /// The last instant looked at.
    pub until: Moment,
    /// Changes of this filter on all pages.
    pub total: u64,
    /// This page.
    pub changes: Vec<ForecastRow>,
    /// Ask for the next page with `cursor=<this>`; null at the end.
    pub next: Option<String>,
}

/// Answers what analysts ask; the binary implements it.
pub trait Analyst: Send + Sync {
    /// What will change up to an instant if no more facts come.
    ///
    /// # Errors
    /// When a worker cannot answer.
    fn forecast(&self, asked: ForecastAsked) -> BoxFuture<'_, Result<ForecastPage, CaseUnavailable>>;

    /// Why a rule shows no card for a case; `None` when no fact of the case is known.
    ///
    /// # Errors
    /// When the worker cannot answer.
    fn why_not<'a>(&'a self, case: &'a str, rule: &'a str) -> BoxFuture<'a, Result<Option<WhyNot>, CaseUnavailable>>;

    /// What keeps a case green; `None` when no fact of it is known.
    ///
    /// # Errors
    /// When the worker cannot answer.
    fn keep_green<'a>(&'a self, case: &'a str) -> BoxFuture<'a, Result<Option<KeepGreen>, CaseUnavailable>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_foreign_text_is_refused() {
        let cursor = ForecastCursor {
            at: Moment::from_millis(1_767_000_000_001),
            case: "乙_1".into(),
            rule: "OD-05".into(),
            instance: "a/b".into(),
            revision: 3,
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for foreign in ["", "1", "1_f_zz_00_00_1", "1_F_00_00_00_1", "2_f_00_00_00_1", "1_f_00_00_00_1_"] {
            assert_eq!(foreign.parse::<ForecastCursor>(), Err(BadForecastCursor(foreign.into())), "{foreign}");
        }
    }
}
