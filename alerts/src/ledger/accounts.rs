//! Accounts and keys in SQL.

use std::sync::atomic::Ordering;

use facts::Moment;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Ledger, LedgerFault};
use crate::handling::Role;
use crate::login::{Account, KeyHash, PasswordHash};

/// Wrong passwords in a row that lock an account.
const FAILURES_MAX: i64 = 5;
/// How long it stays locked, in milliseconds.
const LOCKED_MILLIS: i64 = 15 * 60 * 1_000;

const ANY: &str = "SELECT COUNT(*) AS accounts FROM accounts";
const INSERT: &str = "INSERT INTO accounts (name, role, region, dept, password, failures, locked_until, disabled, \
     created) VALUES ($1, $2, $3, $4, $5, 0, 0, 0, $6) ON CONFLICT (name) DO NOTHING";
const LIST: &str = "SELECT name, role, region, dept, password, locked_until, disabled FROM accounts ORDER BY name";
const ONE: &str = "SELECT name, role, region, dept, password, locked_until, disabled FROM accounts WHERE name = $1";
const SET_PASSWORD: &str = "UPDATE accounts SET password = $2, failures = 0, locked_until = 0 WHERE name = $1";
const SET_DISABLED: &str = "UPDATE accounts SET disabled = $2 WHERE name = $1";
const FAILED: &str = "UPDATE accounts SET failures = failures + 1, \
     locked_until = CASE WHEN failures + 1 >= $2 THEN $3 ELSE locked_until END WHERE name = $1";
const SUCCEEDED: &str = "UPDATE accounts SET failures = 0, locked_until = 0 WHERE name = $1";
const UNLOCK: &str = "UPDATE accounts SET failures = 0, locked_until = 0 \
     WHERE name = $1 AND locked_until > 0 AND locked_until <= $2";
const GIVE_KEY: &str = "INSERT INTO account_keys (hash, account, kind, label, reads_only, created, expires) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const DROP_KEY: &str = "DELETE FROM account_keys WHERE hash = $1";
const DROP_KEYS: &str = "DELETE FROM account_keys WHERE account = $1";
const DROP_EXPIRED: &str = "DELETE FROM account_keys WHERE expires <= $1";
const BY_KEY: &str = "SELECT accounts.name, accounts.role, accounts.region, accounts.dept, account_keys.kind, \
     account_keys.reads_only, account_keys.expires FROM account_keys \
     JOIN accounts ON accounts.name = account_keys.account \
     WHERE account_keys.hash = $1 AND account_keys.expires > $2 AND accounts.disabled = 0";

/// What a key is for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// A browser's, from a login to its end.
    Session,
    /// A program's.
    Token,
}

impl KeyKind {
    const fn token(self) -> &'static str {
        match self {
            KeyKind::Session => "session",
            KeyKind::Token => "token",
        }
    }
}

/// A key that is given to an account.
#[derive(Clone, Debug)]
pub struct GivenKey<'a> {
    /// What is kept of it.
    pub hash: KeyHash,
    /// What it is for.
    pub kind: KeyKind,
    /// What people call it.
    pub label: &'a str,
    /// May it only look?
    pub reads_only: bool,
    /// When it was given.
    pub at: Moment,
    /// From when on it is worth nothing.
    pub expires: Moment,
}

/// Whose key was shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// The account.
    pub account: Account,
    /// What the key is for.
    pub kind: KeyKind,
    /// May it only look?
    pub reads_only: bool,
    /// From when on it is worth nothing.
    pub expires: Moment,
}

/// An account as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredAccount {
    /// The account.
    pub account: Account,
    /// By which its password is known again.
    pub password: PasswordHash,
    /// Until when wrong passwords have locked it, if they have.
    pub locked_until: Option<Moment>,
    /// Has somebody disabled it?
    pub disabled: bool,
}

impl Ledger {
    /// Is there any account? Once there is one there always is: accounts are disabled, never deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_accounts(&self) -> Result<bool, LedgerFault> {
        if self.shared.has_accounts.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let accounts: i64 = sqlx::query(ANY).fetch_one(self.readers()).await?.try_get("accounts")?;
        self.shared.has_accounts.store(accounts > 0, Ordering::Relaxed);
        Ok(accounts > 0)
    }

    /// Keeps a new account; false when there is one of that name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_account(
        &self,
        account: &Account,
        password: &PasswordHash,
        at: Moment,
    ) -> Result<bool, LedgerFault> {
        let insert = sqlx::query(INSERT)
            .bind(account.name.as_str())
            .bind(account.role.token())
            .bind(account.region.as_str())
            .bind(account.dept.as_str())
            .bind(password.0.as_str())
            .bind(at.millis());
        Ok(insert.execute(&self.shared.writer).await?.rows_affected() == 1)
    }

    /// Every account, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts(&self) -> Result<Vec<StoredAccount>, LedgerFault> {
        sqlx::query(LIST).fetch_all(self.readers()).await?.iter().map(stored_account).collect()
    }

    /// The account of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account(&self, name: &str) -> Result<Option<StoredAccount>, LedgerFault> {
        let row = sqlx::query(ONE).bind(name.replace('\0', "\u{fffd}")).fetch_optional(self.readers()).await?;
        row.as_ref().map(stored_account).transpose()
    }

    /// Changes a password and ends every session and token of the account; false when there is no such account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password(&self, name: &str, password: &PasswordHash) -> Result<bool, LedgerFault> {
        let mut transaction = self.shared.writer.begin().await?;
        let set = sqlx::query(SET_PASSWORD).bind(name).bind(password.0.as_str()).execute(&mut *transaction).await?;
        sqlx::query(DROP_KEYS).bind(name).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(set.rows_affected() == 1)
    }

    /// Disables an account, which ends its sessions and tokens, or enables it again; false when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_disabled(&self, name: &str, disabled: bool) -> Result<bool, LedgerFault> {
        let mut transaction = self.shared.writer.begin().await?;
        let set = sqlx::query(SET_DISABLED).bind(name).bind(i64::from(disabled)).execute(&mut *transaction).await?;
        if disabled {
            sqlx::query(DROP_KEYS).bind(name).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(set.rows_affected() == 1)
    }

    /// Notes a wrong password; the fifth in a row locks the account for a quarter of an hour.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_failure(&self, name: &str, at: Moment) -> Result<(), LedgerFault> {
        // A lock that has ended begins a new count.
        sqlx::query(UNLOCK).bind(name).bind(at.millis()).execute(&self.shared.writer).await?;
        let until = at.plus_millis(LOCKED_MILLIS).millis();
        sqlx::query(FAILED).bind(name).bind(FAILURES_MAX).bind(until).execute(&self.shared.writer).await?;
        Ok(())
    }

    /// Gives an account a key; expired ones go.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_key(&self, name: &str, key: &GivenKey<'_>) -> Result<(), LedgerFault> {
        let mut transaction = self.shared.writer.begin().await?;
        sqlx::query(DROP_EXPIRED).bind(key.at.millis()).execute(&mut *transaction).await?;
        if key.kind == KeyKind::Session {
            sqlx::query(SUCCEEDED).bind(name).execute(&mut *transaction).await?;
        }
        sqlx::query(GIVE_KEY)
            .bind(key.hash.0.as_str())
            .bind(name)
            .bind(key.kind.token())
            .bind(key.label)
            .bind(i64::from(key.reads_only))
            .bind(key.at.millis())
            .bind(key.expires.millis())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a session or a token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_key(&self, hash: &KeyHash) -> Result<(), LedgerFault> {
        sqlx::query(DROP_KEY).bind(hash.0.as_str()).execute(&self.shared.writer).await?;
        Ok(())
    }

    /// Whose key this is, if it is worth anything at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_key(&self, hash: &KeyHash, now: Moment) -> Result<Option<Shown>, LedgerFault> {
        let row = sqlx::query(BY_KEY).bind(hash.0.as_str()).bind(now.millis()).fetch_optional(self.readers()).await?;
        let Some(row) = row else { return Ok(None) };
        let kind = if row.try_get::<String, _>("kind")? == "token" { KeyKind::Token } else { KeyKind::Session };
        Ok(Some(Shown {
            account: account_of(&row)?,
            kind,
            reads_only: row.try_get::<i64, _>("reads_only")? != 0,
            expires: Moment::from_millis(row.try_get("expires")?),
        }))
    }
}

fn account_of(row: &AnyRow) -> Result<Account, LedgerFault> {
    let (name, role): (String, String) = (row.try_get("name")?, row.try_get("role")?);
    let role = Role::from_token(&role).ok_or_else(|| LedgerFault::BadAccount(name.clone()))?;
    let (region, dept): (String, String) = (row.try_get("region")?, row.try_get("dept")?);
    Account::new(&name, role, &region, &dept).map_err(|_| LedgerFault::BadAccount(name))
}

fn stored_account(row: &AnyRow) -> Result<StoredAccount, LedgerFault> {
    let locked_until: i64 = row.try_get("locked_until")?;
    Ok(StoredAccount {
        account: account_of(row)?,
        password: PasswordHash(row.try_get("password")?),
        locked_until: Some(Moment::from_millis(locked_until)).filter(|_| locked_until > 0),
        disabled: row.try_get::<i64, _>("disabled")? != 0,
    })
}
