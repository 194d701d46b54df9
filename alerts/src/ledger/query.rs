//! Asking the ledger: standing lights page by page, one case, the feed of transitions.
//!
//! Order: the worst first, then the newest; the ALERTS sequence decides among equals, so it is total.

use std::str::FromStr;

use facts::{Card, Light, Moment, Region, Transition};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::clauses::{Clauses, Value};
use super::cursor::Cursor;
use super::scope::Scope;
use super::write::key;
use super::{Ledger, LedgerFault};

/// The digits that a region's code begins with: `3609` is a city and all below it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct RegionPrefix {
    from: u64,
    until: u64,
}

impl FromStr for RegionPrefix {
    type Err = facts::address::BadRegion;

    fn from_str(digits: &str) -> Result<RegionPrefix, Self::Err> {
        let from = digits.parse::<Region>()?.number();
        let width = 10_u64.pow(Region::DIGITS - digits.len() as u32);
        Ok(RegionPrefix { from, until: from + width })
    }
}

impl RegionPrefix {
    /// The numbers from which and up to which regions lie in it.
    pub(super) fn bounds(self) -> [Value; 2] {
        [self.from.into(), self.until.into()]
    }

    /// Does `region` lie in it?
    #[must_use]
    pub fn holds(self, region: Region) -> bool {
        (self.from..self.until).contains(&region.number())
    }
}

/// Which standing lights are asked for; everything left empty does not narrow.
#[derive(Clone, Debug, Default)]
pub struct LightFilter {
    /// What whoever asks may see.
    pub scope: Scope,
    /// Lamps, any of these.
    pub lights: Vec<Light>,
    /// Cards, any of these.
    pub cards: Vec<Card>,
    /// Level of the owner.
    pub level: Option<facts::Level>,
    /// Region of the owner.
    pub region: Option<RegionPrefix>,
    /// Department of the owner.
    pub dept: Option<String>,
    /// Rule id; with `*` at its end, every rule whose id begins so.
    pub rule: Option<String>,
    /// Approval item.
    pub item: Option<String>,
    /// Case number, whole.
    pub case: Option<String>,
    /// Part of a case number, capitals or not.
    pub case_part: Option<String>,
    /// Cards whose legal instant is this or later.
    pub since_from: Option<Moment>,
    /// Cards whose legal instant is earlier than this.
    pub since_until: Option<Moment>,
}

/// Which transitions of the feed are asked for.
#[derive(Clone, Debug, Default)]
pub struct FeedFilter {
    /// What whoever asks may see.
    pub scope: Scope,
    /// The worse lamp of before and after, any of these: who asks for red also sees reds withdrawn.
    pub lights: Vec<Light>,
    /// Level of the owner.
    pub level: Option<facts::Level>,
    /// Region of the owner.
    pub region: Option<RegionPrefix>,
    /// Case number, whole.
    pub case: Option<String>,
}

/// A standing light: the transition that last spoke of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LightRow {
    /// Its place in ALERTS.
    pub sequence: u64,
    /// What was said.
    pub transition: Transition,
}

/// One page of standing lights.
#[derive(Clone, Debug)]
pub struct LightPage {
    /// Worst first, then newest.
    pub lights: Vec<LightRow>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
    /// The ALERTS sequence before the page was read. A reader that walks all pages and then follows the
    /// feed from the first page's value misses nothing, whatever changed meanwhile.
    pub sequence: u64,
}

/// A transition as the ledger keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredTransition {
    /// Its place in ALERTS.
    pub sequence: u64,
    /// Its line.
    pub line: String,
}

impl StoredTransition {
    /// The transition read from its line.
    ///
    /// # Errors
    /// When the row was not written by this program.
    pub fn read(&self) -> Result<Transition, LedgerFault> {
        let bad = |source| LedgerFault::BadRow { sequence: self.sequence, source };
        serde_json::from_str(&self.line).map_err(bad)
    }
}

impl Ledger {
    /// One page of standing lights, at most `limit`, from the one after `after`.
    ///
    /// A light that does not change while the pages are walked is on exactly one of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lights(
        &self,
        filter: &LightFilter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<LightPage, LedgerFault> {
        let sequence = self.position().sequence;
        let mut sql = Clauses::new(
            "SELECT lights.sequence, lights.severity, lights.since, transitions.body FROM lights \
             JOIN transitions ON transitions.sequence = lights.sequence",
        );
        filter.narrow(&mut sql);
        if let Some(after) = after {
            let place = [after.severity.into(), after.since.into(), after.sequence.into()];
            sql.and("(lights.severity, lights.since, lights.sequence) < (?, ?, ?)", place);
        }
        sql.push(" ORDER BY lights.severity DESC, lights.since DESC, lights.sequence DESC LIMIT ?");
        sql.bind(u64::from(limit) + 1);
        let mut rows = sql.query().fetch_all(self.readers()).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = if more { rows.last().map(cursor_of).transpose()? } else { None };
        let lights = rows.iter().map(light_of).collect::<Result<_, _>>()?;
        Ok(LightPage { lights, next, sequence })
    }

    /// The transitions in `(after, position]` in the order of ALERTS, at most `limit`, and the sequence up
    /// to which the feed is thereby complete.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn feed(
        &self,
        filter: &FeedFilter,
        after: u64,
        limit: u32,
    ) -> Result<(Vec<StoredTransition>, u64), LedgerFault> {
        let end = self.position().sequence;
        if end <= after {
            return Ok((Vec::new(), after));
        }
        let mut sql = Clauses::new("SELECT sequence, body FROM transitions");
        sql.and("sequence > ?", [after.into()]);
        sql.and("sequence <= ?", [end.into()]);
        filter.narrow(&mut sql);
        sql.push(" ORDER BY sequence LIMIT ?");
        sql.bind(u64::from(limit));
        let found = stored_transitions(sql.query().fetch_all(self.readers()).await?)?;
        let complete = if found.len() < limit as usize { end } else { found.last().map_or(end, |last| last.sequence) };
        Ok((found, complete))
    }

    /// The newest transitions before `before` (`None`: the newest of all), newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest(
        &self,
        filter: &FeedFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredTransition>, LedgerFault> {
        let mut sql = Clauses::new("SELECT sequence, body FROM transitions");
        if let Some(before) = before {
            sql.and("sequence < ?", [before.min(i64::MAX as u64).into()]);
        }
        filter.narrow(&mut sql);
        sql.push(" ORDER BY sequence DESC LIMIT ?");
        sql.bind(u64::from(limit));
        stored_transitions(sql.query().fetch_all(self.readers()).await?)
    }
}

impl LightFilter {
    fn narrow(&self, sql: &mut Clauses) {
        self.scope.narrow(sql, "lights.region >= ? AND lights.region < ?", "lights.dept = ?");
        sql.any_of("lights.light", self.lights.iter().map(|light| light.token()));
        sql.any_of("lights.card", self.cards.iter().map(|card| card.token()));
        sql.any_of("lights.level", self.level.iter().map(|level| level.token()));
        narrow_region(sql, "lights.region >= ? AND lights.region < ?", self.region);
        narrow_rule(sql, ["lights.rule LIKE ? ESCAPE '!'", "lights.rule = ?"], self.rule.as_deref());
        for (fragment, value) in
            [("lights.dept = ?", &self.dept), ("lights.item = ?", &self.item), ("lights.case_number = ?", &self.case)]
        {
            if let Some(value) = value {
                sql.and(fragment, [key(value).into()]);
            }
        }
        if let Some(part) = &self.case_part {
            let pattern = format!("%{}%", literal(&part.to_ascii_lowercase()));
            sql.and("lower(lights.case_number) LIKE ? ESCAPE '!'", [pattern.into()]);
        }
        if let Some(from) = self.since_from {
            sql.and("lights.since >= ?", [from.millis().into()]);
        }
        if let Some(until) = self.since_until {
            sql.and("lights.since < ?", [until.millis().into()]);
        }
    }
}

impl FeedFilter {
    fn narrow(&self, sql: &mut Clauses) {
        self.scope.narrow(sql, "region >= ? AND region < ?", "dept = ?");
        sql.any_of("lamp", self.lights.iter().map(|light| light.token()));
        sql.any_of("level", self.level.iter().map(|level| level.token()));
        narrow_region(sql, "region >= ? AND region < ?", self.region);
        if let Some(case) = &self.case {
            sql.and("case_number = ?", [key(case).into()]);
        }
    }
}

pub(super) fn narrow_region(sql: &mut Clauses, fragment: &'static str, region: Option<RegionPrefix>) {
    if let Some(prefix) = region {
        sql.and(fragment, prefix.bounds());
    }
}

/// `like` for a rule that ends in `*`, else `equal`.
pub(super) fn narrow_rule(sql: &mut Clauses, [like, equal]: [&'static str; 2], rule: Option<&str>) {
    match rule.map(|rule| (rule, rule.strip_suffix('*'))) {
        Some((_, Some(begin))) => sql.and(like, [format!("{}%", literal(begin)).into()]),
        Some((rule, None)) => sql.and(equal, [key(rule).into()]),
        None => {}
    }
}

/// `text` for LIKE with `!` as the escape.
fn literal(text: &str) -> String {
    key(text).replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

fn stored_transitions(rows: Vec<AnyRow>) -> Result<Vec<StoredTransition>, LedgerFault> {
    rows.iter().map(|row| Ok(StoredTransition { sequence: sequence_of(row)?, line: row.try_get("body")? })).collect()
}

fn light_of(row: &AnyRow) -> Result<LightRow, LedgerFault> {
    let sequence = sequence_of(row)?;
    let transition = StoredTransition { sequence, line: row.try_get("body")? }.read()?;
    Ok(LightRow { sequence, transition })
}

pub(super) fn cursor_of(row: &AnyRow) -> Result<Cursor, LedgerFault> {
    Ok(Cursor { severity: row.try_get("severity")?, since: row.try_get("since")?, sequence: sequence_of(row)? })
}

pub(super) fn sequence_of(row: &AnyRow) -> Result<u64, LedgerFault> {
    Ok(row.try_get::<i64, _>("sequence")?.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_prefix_holds_what_lies_below_it() {
        let prefix = |text: &str| text.parse::<RegionPrefix>().expect(text);
        let region = |text: &str| text.parse::<Region>().expect(text);
        assert!(prefix("3609").holds(region("360902")));
        assert!(prefix("360902").holds(region("360902101")));
        assert!(!prefix("360902").holds(region("360921")));
        assert!(!prefix("3609").holds(region("361000")));
    }

    #[test]
    fn wildcards_of_a_search_are_taken_literally() {
        assert_eq!(literal("50%_a!"), "50!%!_a!!");
    }
}
