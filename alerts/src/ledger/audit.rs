//! The audit: who did and who looked at what, as a chain of hashes.
//!
//! Invariants: rows are only ever appended; the hash of a row is SHA-256 over the hash before it and the row, so a change
//! anywhere breaks the chain from there on. A chain that was cut at its end and given a new head looks whole: so the last
//! number and hash are told, to be noted where the database's owner cannot reach.

use facts::Moment;
use facts::digest::hex;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::clauses::Clauses;
use super::write::key;
use super::{Ledger, LedgerFault, stored};

const NEXT: &str = "UPDATE audit_head SET number = number + 1 WHERE id = 1 RETURNING number, hash";
const APPEND: &str = "INSERT INTO audit (number, at, actor, action, object, outcome, detail, hash) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const SET_HEAD: &str = "UPDATE audit_head SET hash = $1 WHERE id = 1";
const HEAD: &str = "SELECT number, hash FROM audit_head WHERE id = 1";
const AFTER: &str = "SELECT number, at, actor, action, object, outcome, detail, hash FROM audit \
     WHERE number > $1 ORDER BY number LIMIT 1000";

/// Something that somebody did, or looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deed {
    /// When, by the machine's clock.
    pub at: Moment,
    /// The account; in parentheses where it is none.
    pub actor: String,
    /// What.
    pub action: String,
    /// Of what: a case, an alert, an account.
    pub object: String,
    /// What became of it.
    pub outcome: String,
    /// What else belongs to it.
    pub detail: String,
}

/// A row of the audit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
    /// Its place, from 1 on without a gap.
    pub number: u64,
    /// What was done.
    pub deed: Deed,
    /// The hash over it and the one before it.
    pub hash: String,
}

/// Which rows are asked for; everything left empty does not narrow.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// The account.
    pub actor: Option<String>,
    /// The case, alert or account.
    pub object: Option<String>,
    /// Rows before this one.
    pub before: Option<u64>,
}

/// How a look at the whole chain ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Chain {
    /// It is whole: so many rows, and the hash of the last one.
    Whole {
        /// Rows.
        rows: u64,
        /// Hash of the last; empty without any.
        hash: String,
    },
    /// It is broken at this place.
    Broken {
        /// The first row that does not fit, or is missing.
        number: u64,
        /// What is wrong there.
        why: Break,
    },
}

/// What is wrong where a chain is broken.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Break {
    /// The row is missing.
    Missing,
    /// The row is not what was written.
    Changed,
    /// Its hash is not the one that was noted.
    NotAsNoted,
    /// The head tells another hash.
    OtherHead,
}

impl Ledger {
    /// Appends what somebody did.
    ///
    /// # Errors
    /// When the database fails; then it must not be done.
    pub async fn note(&self, deed: &Deed) -> Result<(), LedgerFault> {
        let mut transaction = self.shared.writer.begin().await?;
        append(&mut transaction, deed).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The newest rows, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, filter: &AuditFilter, limit: u32) -> Result<Vec<AuditRow>, LedgerFault> {
        let mut sql = Clauses::new("SELECT number, at, actor, action, object, outcome, detail, hash FROM audit");
        for (fragment, value) in [("actor = ?", &filter.actor), ("object = ?", &filter.object)] {
            if let Some(value) = value {
                sql.and(fragment, [key(value).into()]);
            }
        }
        if let Some(before) = filter.before {
            sql.and("number < ?", [before.into()]);
        }
        sql.push(" ORDER BY number DESC LIMIT ?");
        sql.bind(u64::from(limit));
        sql.query().fetch_all(self.readers()).await?.iter().map(row_of).collect()
    }

    /// Reads the whole chain again; `noted` is a number and a hash that somebody noted earlier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify_audit(&self, noted: Option<(u64, &str)>) -> Result<Chain, LedgerFault> {
        let head = sqlx::query(HEAD).fetch_one(self.readers()).await?;
        let (last, last_hash) = (head.try_get::<i64, _>("number")?.unsigned_abs(), head.try_get::<String, _>("hash")?);
        let (mut rows, mut hash) = (0, String::new());
        while rows < last {
            let page = sqlx::query(AFTER).bind(stored(rows)).fetch_all(self.readers()).await?;
            if page.is_empty() {
                return Ok(Chain::Broken { number: rows + 1, why: Break::Missing });
            }
            for row in &page {
                let row = row_of(row)?;
                if row.number > last {
                    break;
                }
                let number = rows + 1;
                if row.number != number {
                    return Ok(Chain::Broken { number, why: Break::Missing });
                }
                if row.hash != hash_of(&hash, number, &row.deed) {
                    return Ok(Chain::Broken { number, why: Break::Changed });
                }
                if noted.is_some_and(|(at, noted)| at == number && noted != row.hash) {
                    return Ok(Chain::Broken { number, why: Break::NotAsNoted });
                }
                (rows, hash) = (number, row.hash);
            }
        }
        match noted {
            Some((number, _)) if number > rows => Ok(Chain::Broken { number, why: Break::Missing }),
            _ if hash != last_hash => Ok(Chain::Broken { number: last, why: Break::OtherHead }),
            _ => Ok(Chain::Whole { rows, hash }),
        }
    }
}

/// Appends within a transaction: what is done and that it was done are written together.
pub(super) async fn append(connection: &mut AnyConnection, deed: &Deed) -> Result<(), LedgerFault> {
    let head = sqlx::query(NEXT).fetch_one(&mut *connection).await?;
    let (number, before): (i64, String) = (head.try_get("number")?, head.try_get("hash")?);
    // What is hashed is what is kept.
    let Deed { at, actor, action, object, outcome, detail } = deed.clone();
    let [actor, action, object, outcome, detail] = [actor, action, object, outcome, detail].map(|text| key(&text));
    let deed = Deed { at, actor, action, object, outcome, detail };
    let hash = hash_of(&before, number.unsigned_abs(), &deed);
    sqlx::query(APPEND)
        .bind(number)
        .bind(deed.at.millis())
        .bind(deed.actor)
        .bind(deed.action)
        .bind(deed.object)
        .bind(deed.outcome)
        .bind(deed.detail)
        .bind(hash.as_str())
        .execute(&mut *connection)
        .await?;
    sqlx::query(SET_HEAD).bind(hash.as_str()).execute(&mut *connection).await?;
    Ok(())
}

/// SHA-256 over the JSON list of the hash before and the row's fields, in the order of the table's columns.
fn hash_of(before: &str, number: u64, deed: &Deed) -> String {
    let Deed { at, actor, action, object, outcome, detail } = deed;
    let fields = (before, number, at.millis(), actor, action, object, outcome, detail);
    let line = serde_json::to_string(&fields).expect("texts and numbers");
    hex(&Sha256::digest(line.as_bytes()))
}

fn row_of(row: &AnyRow) -> Result<AuditRow, LedgerFault> {
    Ok(AuditRow {
        number: row.try_get::<i64, _>("number")?.unsigned_abs(),
        deed: Deed {
            at: Moment::from_millis(row.try_get("at")?),
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            object: row.try_get("object")?,
            outcome: row.try_get("outcome")?,
            detail: row.try_get("detail")?,
        },
        hash: row.try_get("hash")?,
    })
}
