//! Handling in SQL: the journal is the truth, the row beside it its fold, written in the same transaction.
//!
//! Invariants: of two people who take a step at once one is first, and the other is judged by what the first one did;
//! what is refused leaves no trace here. Lights and alerts are never written by it.

use facts::{Address, Moment};
use jiff::civil::Date;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::audit::{self, Deed};
use super::clauses::Clauses;
use super::scope::Scope;
use super::{Ledger, LedgerFault, stored};
use crate::handling::{Appeal, CardNow, Entry, Handling, Refused, Role, State, Step};

/// Touching the row of the alert makes every other who handles it wait until we are done.
const LOCK_ALERT: &str = "UPDATE alerts SET card_now = card_now WHERE id = $1";
const INSERT_ENTRY: &str = "INSERT INTO handling_journal (alert, number, step, actor, role, at, reason, office, due) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const PUT_HANDLING: &str = "INSERT INTO handlings (alert, state, steps, holder, office, office_region, office_dept, \
     due, replied_by, appeal, slips, slip_due, extensions, sent_up, reopened) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
     ON CONFLICT (alert) DO UPDATE SET state = excluded.state, steps = excluded.steps, holder = excluded.holder, \
     office = excluded.office, office_region = excluded.office_region, office_dept = excluded.office_dept, \
     due = excluded.due, replied_by = excluded.replied_by, appeal = excluded.appeal, slips = excluded.slips, \
     slip_due = excluded.slip_due, extensions = excluded.extensions, sent_up = excluded.sent_up, \
     reopened = excluded.reopened";
const JOURNAL: &str = "SELECT step, actor, role, at, reason, office, due FROM handling_journal \
     WHERE alert = $1 ORDER BY number";

/// A step that somebody wants to take.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// What, by whom, why.
    pub entry: Entry,
    /// The site's civil day.
    pub today: Date,
    /// What whoever acts may see.
    pub scope: &'a Scope,
    /// How many steps they had seen; a handling that has gone on since refuses. `None` takes it as it is.
    pub seen: Option<u32>,
}

/// Why a step was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// There is no such alert, or whoever acts may not see it.
    NoAlert,
    /// The handling has gone on since they looked; this is how it stands, and who took the last step.
    GoneOn(Box<Handling>, Option<Box<Entry>>),
    /// The table does not allow it; this is how it stands, and what has become of the card.
    Refused(Refused, Box<Handling>, CardNow),
    /// The database failed.
    Ledger(LedgerFault),
}

impl<E: Into<LedgerFault>> From<E> for NotTaken {
    fn from(fault: E) -> NotTaken {
        NotTaken::Ledger(fault.into())
    }
}

impl Ledger {
    /// Takes a step on an alert, whole or not at all.
    ///
    /// # Errors
    /// When it may not be taken, or the database fails.
    pub async fn take(&self, alert: &str, wanted: &Wanted<'_>) -> Result<Handling, NotTaken> {
        let mut transaction = self.shared.writer.begin().await?;
        sqlx::query(LOCK_ALERT).bind(alert).execute(&mut *transaction).await?;
        let Some((card, handling)) = read(&mut transaction, alert, wanted.scope).await? else {
            return Err(NotTaken::NoAlert);
        };
        if wanted.seen.is_some_and(|seen| seen != handling.steps) {
            let journal = journal(&mut transaction, alert).await?;
            return Err(NotTaken::GoneOn(Box::new(handling), journal.into_iter().next_back().map(Box::new)));
        }
        let next = match handling.take(&wanted.entry, wanted.today, card) {
            Ok(next) => next,
            Err(refused) => return Err(NotTaken::Refused(refused, Box::new(handling), card)),
        };
        write(&mut transaction, alert, &wanted.entry, &next).await?;
        audit::append(&mut transaction, &deed(alert, &wanted.entry, next.steps)).await?;
        transaction.commit().await?;
        Ok(next)
    }

    /// Every step taken on an alert, the first one first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn journal(&self, alert: &str) -> Result<Vec<Entry>, LedgerFault> {
        journal(&mut *self.readers().acquire().await?, alert).await
    }
}

/// A step as the audit keeps it: with all that it brought, so that the journal can be held against it.
fn deed(alert: &str, entry: &Entry, number: u32) -> Deed {
    let detail = serde_json::json!({
        "number": number,
        "step": entry.step.token(),
        "role": entry.role.token(),
        "reason": entry.reason,
        "office": office_text(entry.office.as_ref()),
        "due": day_text(entry.due),
    });
    Deed {
        at: entry.at,
        actor: entry.by.clone(),
        action: "step".to_owned(),
        object: alert.to_owned(),
        outcome: "taken".to_owned(),
        detail: detail.to_string(),
    }
}

async fn read(
    connection: &mut AnyConnection,
    alert: &str,
    scope: &Scope,
) -> Result<Option<(CardNow, Handling)>, LedgerFault> {
    let mut sql = Clauses::new(
        "SELECT alerts.card_now, handlings.state, handlings.steps, handlings.holder, handlings.office, handlings.due, \
         handlings.replied_by, handlings.appeal, handlings.slips, handlings.slip_due, handlings.extensions, \
         handlings.sent_up, handlings.reopened FROM alerts LEFT JOIN handlings ON handlings.alert = alerts.id",
    );
    sql.and("alerts.id = ?", [alert.to_owned().into()]);
    scope.narrow_alerts(&mut sql);
    let row = sql.query().fetch_optional(connection).await?;
    row.map(|row| Ok((card_now_of(&row, alert)?, handling_of(&row, alert)?))).transpose()
}

async fn journal(connection: &mut AnyConnection, alert: &str) -> Result<Vec<Entry>, LedgerFault> {
    let rows = sqlx::query(JOURNAL).bind(alert).fetch_all(connection).await?;
    rows.iter().map(|row| entry_of(row, alert)).collect()
}

async fn write(connection: &mut AnyConnection, alert: &str, entry: &Entry, next: &Handling) -> Result<(), LedgerFault> {
    sqlx::query(INSERT_ENTRY)
        .bind(alert)
        .bind(i64::from(next.steps))
        .bind(entry.step.token())
        .bind(entry.by.as_str())
        .bind(entry.role.token())
        .bind(entry.at.millis())
        .bind(entry.reason.clone().unwrap_or_default())
        .bind(office_text(entry.office.as_ref()))
        .bind(day_text(entry.due))
        .execute(&mut *connection)
        .await?;
    let office = next.office.as_ref();
    sqlx::query(PUT_HANDLING)
        .bind(alert)
        .bind(next.state.token())
        .bind(i64::from(next.steps))
        .bind(next.holder.clone().unwrap_or_default())
        .bind(office_text(office))
        .bind(office.map_or(0, |office| stored(office.region.number())))
        .bind(office.map(|office| office.dept.to_string()).unwrap_or_default())
        .bind(day_text(next.due))
        .bind(next.replied_by.clone().unwrap_or_default())
        .bind(next.appeal.token())
        .bind(i64::from(next.slips))
        .bind(day_text(next.slip_due))
        .bind(i64::from(next.extensions))
        .bind(i64::from(next.sent_up))
        .bind(i64::from(next.reopened))
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// `county.360902.D01`, or nothing.
fn office_text(office: Option<&Address>) -> String {
    office.map(|office| format!("{}.{}.{}", office.level, office.region, office.dept)).unwrap_or_default()
}

fn day_text(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// What has become of the card of a row.
pub(super) fn card_now_of(row: &AnyRow, alert: &str) -> Result<CardNow, LedgerFault> {
    let token: String = row.try_get("card_now")?;
    CardNow::from_token(&token).ok_or_else(|| LedgerFault::BadAlert(alert.to_owned()))
}

/// The handling of a row; that of an alert which nobody has touched has no columns.
pub(super) fn handling_of(row: &AnyRow, alert: &str) -> Result<Handling, LedgerFault> {
    let bad = || LedgerFault::BadAlert(alert.to_owned());
    let Some(state) = row.try_get::<Option<String>, _>("state")? else { return Ok(Handling::default()) };
    let count = |column: &str| -> Result<u32, LedgerFault> {
        u32::try_from(row.try_get::<i64, _>(column)?).map_err(|_| LedgerFault::BadAlert(alert.to_owned()))
    };
    Ok(Handling {
        state: State::from_token(&state).ok_or_else(bad)?,
        steps: count("steps")?,
        holder: some_text(row.try_get("holder")?),
        office: read_office(row.try_get("office")?).ok_or_else(bad)?,
        due: read_day(row.try_get("due")?).ok_or_else(bad)?,
        replied_by: some_text(row.try_get("replied_by")?),
        appeal: Appeal::from_token(row.try_get("appeal")?).ok_or_else(bad)?,
        slips: count("slips")?,
        slip_due: read_day(row.try_get("slip_due")?).ok_or_else(bad)?,
        extensions: count("extensions")?,
        sent_up: count("sent_up")? > 0,
        reopened: count("reopened")?,
    })
}

fn entry_of(row: &AnyRow, alert: &str) -> Result<Entry, LedgerFault> {
    let bad = || LedgerFault::BadAlert(alert.to_owned());
    Ok(Entry {
        step: Step::from_token(row.try_get("step")?).ok_or_else(bad)?,
        by: row.try_get("actor")?,
        role: Role::from_token(row.try_get("role")?).ok_or_else(bad)?,
        at: Moment::from_millis(row.try_get("at")?),
        reason: some_text(row.try_get("reason")?),
        office: read_office(row.try_get("office")?).ok_or_else(bad)?,
        due: read_day(row.try_get("due")?).ok_or_else(bad)?,
    })
}

fn some_text(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The outer `None`: not written by this program.
fn read_office(text: &str) -> Option<Option<Address>> {
    if text.is_empty() { Some(None) } else { Address::from_subject("office", &format!("office.{text}")).map(Some) }
}

fn read_day(text: &str) -> Option<Option<Date>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}
