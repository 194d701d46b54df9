//! Alerts: each card that was issued, with what has become of it, folded from ALERTS with the lights.

use facts::{Card, Transition};
use sqlx::{AnyConnection, Row};

use super::write::key;
use super::{Ledger, LedgerFault, StoredTransition, severity, stored};
use crate::handling::CardNow;

const UNSETTLED: &str = "SELECT id, card, card_now FROM alerts \
     WHERE case_number = $1 AND rule = $2 AND instance = $3 AND card_now IN ('standing', 'outgrown')";
const SET_CARD_NOW: &str = "UPDATE alerts SET card_now = $1 WHERE id = $2";
const INSERT_ALERT: &str = "INSERT INTO alerts (id, sequence, case_number, rule, instance, severity, card, card_now, \
     since, level, region, dept) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const NOT_FOLDED: &str = "SELECT transitions.sequence, transitions.body FROM transitions, ledger_position \
     WHERE ledger_position.id = 1 AND transitions.sequence > ledger_position.alerts_sequence \
     ORDER BY transitions.sequence LIMIT 500";
const FOLDED_TO: &str = "UPDATE ledger_position SET alerts_sequence = $1 WHERE id = 1 AND alerts_sequence < $1";
const FOLDED_ALL: &str = "UPDATE ledger_position SET alerts_sequence = sequence WHERE id = 1";

/// Folds one more transition: what has become of the earlier cards of its light, and its own card if it issues one.
pub(super) async fn fold(
    connection: &mut AnyConnection,
    sequence: u64,
    change: &Transition,
) -> Result<(), LedgerFault> {
    // The first thing said of a light has no card before it.
    if change.revision > 1 {
        settle(connection, change).await?;
    }
    if change.card <= change.card_before {
        return Ok(());
    }
    sqlx::query(INSERT_ALERT)
        .bind(change.id.as_str())
        .bind(stored(sequence))
        .bind(key(&change.case))
        .bind(key(&change.rule))
        .bind(key(&change.instance))
        .bind(severity(change.light, change.card))
        .bind(change.card.token())
        .bind(CardNow::Standing.token())
        .bind(change.since.millis())
        .bind(change.level.token())
        .bind(stored(change.region.number()))
        .bind(change.dept.as_str())
        .execute(&mut *connection)
        .await?;
    Ok(())
}

async fn settle(connection: &mut AnyConnection, change: &Transition) -> Result<(), LedgerFault> {
    let unsettled = sqlx::query(UNSETTLED).bind(key(&change.case)).bind(key(&change.rule)).bind(key(&change.instance));
    for row in unsettled.fetch_all(&mut *connection).await? {
        let (id, card, now): (String, String, String) =
            (row.try_get("id")?, row.try_get("card")?, row.try_get("card_now")?);
        let (Some(card), Some(now)) = (Card::from_token(&card), CardNow::from_token(&now)) else {
            return Err(LedgerFault::BadAlert(id));
        };
        let after = now.after(card, change);
        if after != now {
            sqlx::query(SET_CARD_NOW).bind(after.token()).bind(id).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

impl Ledger {
    /// Folds the transitions of a ledger that was written before there were alerts.
    pub(super) async fn catch_up_alerts(&self) -> Result<(), LedgerFault> {
        loop {
            let mut transaction = self.shared.writer.begin().await?;
            let rows = sqlx::query(NOT_FOLDED).fetch_all(&mut *transaction).await?;
            let Some(last) = rows.last() else {
                sqlx::query(FOLDED_ALL).execute(&mut *transaction).await?;
                transaction.commit().await?;
                return Ok(());
            };
            let last: i64 = last.try_get("sequence")?;
            // Whoever else opens this ledger now waits here, and then finds nothing left of these.
            if sqlx::query(FOLDED_TO).bind(last).execute(&mut *transaction).await?.rows_affected() == 0 {
                transaction.rollback().await?;
                continue;
            }
            for row in &rows {
                let sequence = row.try_get::<i64, _>("sequence")?.unsigned_abs();
                let change = StoredTransition { sequence, line: row.try_get("body")? }.read()?;
                fold(&mut transaction, sequence, &change).await?;
            }
            transaction.commit().await?;
        }
    }
}
