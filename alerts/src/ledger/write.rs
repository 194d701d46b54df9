//! Applying what was said: one SQL transaction moves the position and changes the lights.

use facts::{Card, Transition};
use sqlx::AnyConnection;

use super::{Ledger, LedgerFault, Position, alerts, severity, stored};

const MOVE_POSITION: &str =
    "UPDATE ledger_position SET sequence = $1, alerts_sequence = $1 WHERE id = 1 AND sequence = $2";
const SET_STREAM: &str = "UPDATE ledger_position SET created_micros = $1 WHERE id = 1 AND created_micros = 0";
const INSERT_TRANSITION: &str = "INSERT INTO transitions (sequence, case_number, lamp, level, region, dept, body) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const PUT_LIGHT: &str = "INSERT INTO lights (case_number, rule, instance, sequence, severity, card, light, since, \
     level, region, dept, item) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
     ON CONFLICT (case_number, rule, instance) DO UPDATE SET sequence = excluded.sequence, \
     severity = excluded.severity, card = excluded.card, light = excluded.light, since = excluded.since, \
     level = excluded.level, region = excluded.region, dept = excluded.dept, item = excluded.item";
const REMOVE_LIGHT: &str = "DELETE FROM lights WHERE case_number = $1 AND rule = $2 AND instance = $3";

impl Ledger {
    /// Applies transitions in the order of ALERTS. Those the ledger already holds are passed over, so
    /// that applying twice is applying once.
    ///
    /// # Errors
    /// When the database fails; nothing of `entries` is then applied.
    pub async fn apply(&self, entries: &[(u64, Transition)]) -> Result<Position, LedgerFault> {
        match entries.last() {
            Some((last, _)) => self.apply_through(entries, *last).await,
            None => Ok(self.position()),
        }
    }

    /// As [`Ledger::apply`], and the position moves to `through` although messages between may have been
    /// no transitions.
    ///
    /// # Errors
    /// When the database fails; nothing of `entries` is then applied.
    pub async fn apply_through(&self, entries: &[(u64, Transition)], through: u64) -> Result<Position, LedgerFault> {
        loop {
            let known = self.position();
            if through <= known.sequence {
                return Ok(known);
            }
            if self.try_apply(entries, known.sequence, through).await? {
                let reached = Position { sequence: through, ..known };
                self.shared.position.send_replace(reached);
                return Ok(reached);
            }
            // Another process moved the ledger on: what it has applied is not applied again.
            self.refresh_position().await?;
        }
    }

    /// Remembers which stream this ledger reads, the first time it is told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn belong_to(&self, created_micros: i64) -> Result<Position, LedgerFault> {
        sqlx::query(SET_STREAM).bind(created_micros).execute(&self.shared.writer).await?;
        self.refresh_position().await
    }

    async fn refresh_position(&self) -> Result<Position, LedgerFault> {
        let position = super::read_position(&self.shared.writer).await?;
        self.shared.position.send_replace(position);
        Ok(position)
    }

    /// False when the position is no longer `known`.
    async fn try_apply(&self, entries: &[(u64, Transition)], known: u64, through: u64) -> Result<bool, LedgerFault> {
        let mut transaction = self.shared.writer.begin().await?;
        let moved = sqlx::query(MOVE_POSITION)
            .bind(stored(through))
            .bind(stored(known))
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if moved == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        for (sequence, transition) in entries.iter().filter(|(sequence, _)| *sequence > known) {
            insert(&mut transaction, *sequence, transition).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}

async fn insert(connection: &mut AnyConnection, sequence: u64, transition: &Transition) -> Result<(), LedgerFault> {
    let Transition { case, rule, instance, card, light, level, region, .. } = transition;
    let region = stored(region.number());
    sqlx::query(INSERT_TRANSITION)
        .bind(stored(sequence))
        .bind(key(case))
        .bind(transition.light.max(transition.light_before).token())
        .bind(level.token())
        .bind(region)
        .bind(transition.dept.as_str())
        .bind(transition.to_line())
        .execute(&mut *connection)
        .await?;
    alerts::fold(connection, sequence, transition).await?;
    if *card == Card::None {
        let removal = sqlx::query(REMOVE_LIGHT).bind(key(case)).bind(key(rule)).bind(key(instance));
        removal.execute(&mut *connection).await?;
        return Ok(());
    }
    sqlx::query(PUT_LIGHT)
        .bind(key(case))
        .bind(key(rule))
        .bind(key(instance))
        .bind(stored(sequence))
        .bind(severity(*light, *card))
        .bind(card.token())
        .bind(light.token())
        .bind(transition.since.millis())
        .bind(level.token())
        .bind(region)
        .bind(transition.dept.as_str())
        .bind(key(transition.item.as_deref().unwrap_or_default()))
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// PostgreSQL takes no NUL in text. In a key it becomes U+FFFD, so that no source can stop the ledger;
/// the transition's own line keeps what was sent, escaped.
pub(super) fn key(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
