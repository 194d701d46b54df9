//! Asking for alerts: page by page, worst first, then newest; and one by its id.

use facts::{Card, Level};
use jiff::civil::Date;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::clauses::Clauses;
use super::cursor::Cursor;
use super::handlings::{card_now_of, handling_of};
use super::query::{RegionPrefix, StoredTransition, cursor_of, narrow_region, narrow_rule, sequence_of};
use super::scope::Scope;
use super::write::key;
use super::{Ledger, LedgerFault};
use crate::handling::{CardNow, Handling, State};

use facts::Transition;

/// What a row of an alert has, however it is asked for.
const SELECT: &str = "SELECT alerts.id, alerts.sequence, alerts.severity, alerts.since, alerts.card_now, \
     transitions.body, handlings.state, handlings.steps, handlings.holder, handlings.office, handlings.due, \
     handlings.replied_by, handlings.appeal, handlings.slips, handlings.slip_due, handlings.extensions, \
     handlings.sent_up, handlings.reopened FROM alerts \
     JOIN transitions ON transitions.sequence = alerts.sequence \
     LEFT JOIN handlings ON handlings.alert = alerts.id";

/// Which alerts are asked for; everything left empty does not narrow.
#[derive(Clone, Debug, Default)]
pub struct AlertFilter {
    /// What whoever asks may see.
    pub scope: Scope,
    /// States of handling, any of these.
    pub states: Vec<State>,
    /// What has become of the card, any of these.
    pub card_now: Vec<CardNow>,
    /// Cards, any of these.
    pub cards: Vec<Card>,
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
    /// Who signed.
    pub holder: Option<String>,
    /// Those whose day had passed on this day, while they are put right.
    pub overdue_on: Option<Date>,
    /// Those that lie with the upper centre, or do not.
    pub sent_up: Option<bool>,
    /// Those with an appeal that waits for a decision.
    pub appealed: bool,
}

/// An alert: the card as it was issued, what has become of it, and how it is handled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertRow {
    /// Its id: that of the transition that issued the card.
    pub id: String,
    /// Place of that transition in ALERTS.
    pub sequence: u64,
    /// That transition.
    pub transition: Transition,
    /// What has become of the card.
    pub card_now: CardNow,
    /// How it is handled.
    pub handling: Handling,
}

/// One page of alerts.
#[derive(Clone, Debug)]
pub struct AlertPage {
    /// Worst first, then newest.
    pub alerts: Vec<AlertRow>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

impl Ledger {
    /// One page of alerts, at most `limit`, from the one after `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alerts(
        &self,
        filter: &AlertFilter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<AlertPage, LedgerFault> {
        let mut sql = Clauses::new(SELECT);
        filter.narrow(&mut sql);
        if let Some(after) = after {
            let place = [after.severity.into(), after.since.into(), after.sequence.into()];
            sql.and("(alerts.severity, alerts.since, alerts.sequence) < (?, ?, ?)", place);
        }
        sql.push(" ORDER BY alerts.severity DESC, alerts.since DESC, alerts.sequence DESC LIMIT ?");
        sql.bind(u64::from(limit) + 1);
        let mut rows = sql.query().fetch_all(self.readers()).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = if more { rows.last().map(cursor_of).transpose()? } else { None };
        Ok(AlertPage { alerts: rows.iter().map(alert_of).collect::<Result<_, _>>()?, next })
    }

    /// The alert with this id, if it lies in `scope`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alert(&self, id: &str, scope: &Scope) -> Result<Option<AlertRow>, LedgerFault> {
        let mut sql = Clauses::new(SELECT);
        sql.and("alerts.id = ?", [key(id).into()]);
        scope.narrow_alerts(&mut sql);
        sql.query().fetch_optional(self.readers()).await?.as_ref().map(alert_of).transpose()
    }
}

impl AlertFilter {
    fn narrow(&self, sql: &mut Clauses) {
        self.scope.narrow_alerts(sql);
        sql.any_of("COALESCE(handlings.state, 'new')", self.states.iter().map(|state| state.token()));
        sql.any_of("alerts.card_now", self.card_now.iter().map(|now| now.token()));
        sql.any_of("alerts.card", self.cards.iter().map(|card| card.token()));
        sql.any_of("alerts.level", self.level.iter().map(|level| level.token()));
        narrow_region(sql, "alerts.region >= ? AND alerts.region < ?", self.region);
        narrow_rule(sql, ["alerts.rule LIKE ? ESCAPE '!'", "alerts.rule = ?"], self.rule.as_deref());
        for (fragment, value) in [
            ("alerts.dept = ?", &self.dept),
            ("alerts.case_number = ?", &self.case),
            ("handlings.holder = ?", &self.holder),
        ] {
            if let Some(value) = value {
                sql.and(fragment, [key(value).into()]);
            }
        }
        if let Some(day) = self.overdue_on {
            sql.and("(handlings.state = 'rectifying' AND handlings.due < ?)", [day.to_string().into()]);
        }
        if let Some(sent_up) = self.sent_up {
            sql.and("COALESCE(handlings.sent_up, 0) = ?", [i64::from(sent_up).into()]);
        }
        if self.appealed {
            sql.and("handlings.appeal = 'open'", []);
        }
    }
}

fn alert_of(row: &AnyRow) -> Result<AlertRow, LedgerFault> {
    let id: String = row.try_get("id")?;
    let sequence = sequence_of(row)?;
    let transition = StoredTransition { sequence, line: row.try_get("body")? }.read()?;
    let (card_now, handling) = (card_now_of(row, &id)?, handling_of(row, &id)?);
    Ok(AlertRow { id, sequence, transition, card_now, handling })
}
