//! Lights, alerts and transitions in SQL: a projection of ALERTS that stores the ALERTS sequence in the same
//! transaction (semantics 30). It is never asked what the lights are, only what was said. Beside it, as the ledger's
//! own truth, what staff did with each alert, the accounts of those who may, and the audit of what they did and looked at.
//!
//! One set of `$n` SQL serves SQLite and PostgreSQL. Invariants: a sequence is applied once; lights and alerts
//! are the fold of the transitions up to [`Position::sequence`], and can be built again from ALERTS as far as the
//! stream reaches back; handling names alerts by an id that such a rebuilding gives them again.
//! Not here: reading ALERTS ([`crate::follow`]), which steps are allowed ([`crate::handling`]).

mod accounts;
mod alert_query;
mod alerts;
mod audit;
mod clauses;
mod cursor;
mod handlings;
mod query;
mod scope;
mod whole;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, Executor, Row, SqlSafeStr};
use tokio::sync::watch;

use crate::figures;

pub use accounts::{GivenKey, KeyKind, Shown, StoredAccount};
pub use alert_query::{AlertFilter, AlertPage, AlertRow};
pub use audit::{AuditFilter, AuditRow, Break, Chain, Deed};
pub use cursor::{BadCursor, Cursor};
pub use handlings::{NotTaken, Wanted};
pub use query::{FeedFilter, LightFilter, LightPage, LightRow, RegionPrefix, StoredTransition};
pub use scope::Scope;

/// Up to where the ledger has read, and in which stream.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Position {
    /// The last ALERTS sequence applied; 0 before the first.
    pub sequence: u64,
    /// When that stream was made, microseconds since 1970; 0 while unknown.
    pub created_micros: i64,
}

/// The database failed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerFault {
    /// The URL names no database that the ledger can use.
    #[error("ledger url \"{0}\" is neither sqlite://<path> nor postgres://<user>@<host>/<database>")]
    BadUrl(String),
    /// The database could not be opened or brought to the current form.
    #[error("could not open the ledger {url}")]
    Open {
        /// The URL without its password.
        url: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// The tables could not be made.
    #[error("could not bring the ledger's tables to their current form")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A statement failed; a later try can work.
    #[error("a statement of the ledger failed")]
    Statement(#[from] sqlx::Error),
    /// A row holds what this program never writes.
    #[error("ledger row at sequence {sequence} holds no transition")]
    BadRow {
        /// Its ALERTS sequence.
        sequence: u64,
        /// The cause.
        source: serde_json::Error,
    },
    /// A row holds what this program never writes.
    #[error("the ledger's rows of alert {0} hold what this program does not write")]
    BadAlert(String),
    /// A row holds what this program never writes.
    #[error("the ledger's row of account {0} holds what this program does not write")]
    BadAccount(String),
}

/// The ledger; clones share its connections.
#[derive(Clone, Debug)]
pub struct Ledger {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    writer: AnyPool,
    readers: AnyPool,
    position: watch::Sender<Position>,
    /// Messages of ALERTS not yet applied, as last seen; `LAG_UNKNOWN` before that.
    lag: AtomicU64,
    /// Whether an account was seen: once there is one, there always is.
    has_accounts: AtomicBool,
}

const LAG_UNKNOWN: u64 = u64::MAX;

const READERS: u32 = 4;
/// How long a statement waits for a connection, or the start for the database.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long SQLite waits for another's lock.
const PRAGMA_WAIT: &str = "PRAGMA busy_timeout = 5000";
/// Each step to the tables' current form: its name, and how SQLite and PostgreSQL do it.
const MIGRATIONS: &[(&str, &str, &str)] = &[
    (
        "lights",
        include_str!("ledger/migrations/0001_lights.sqlite.sql"),
        include_str!("ledger/migrations/0001_lights.postgres.sql"),
    ),
    (
        "handling",
        include_str!("ledger/migrations/0002_handling.sqlite.sql"),
        include_str!("ledger/migrations/0002_handling.postgres.sql"),
    ),
    (
        "accounts",
        include_str!("ledger/migrations/0003_accounts.sqlite.sql"),
        include_str!("ledger/migrations/0003_accounts.postgres.sql"),
    ),
    (
        "audit",
        include_str!("ledger/migrations/0004_audit.sqlite.sql"),
        include_str!("ledger/migrations/0004_audit.postgres.sql"),
    ),
];

impl Ledger {
    /// Opens the database at `url` (`sqlite://<path>`, made when missing, or `postgres://...`) and brings
    /// its tables to their current form.
    ///
    /// # Errors
    /// When the URL is of no known kind, the database cannot be reached, or its tables are not ours.
    pub async fn open(url: &str) -> Result<Ledger, LedgerFault> {
        sqlx::any::install_default_drivers();
        let (url, sqlite) = if url.starts_with("sqlite://") && !url.contains(":memory:") {
            (creating(url), true)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            (url.to_owned(), false)
        } else {
            return Err(LedgerFault::BadUrl(without_password(url)));
        };
        // SQLite lets one connection write; PostgreSQL needs no more for one reader of ALERTS.
        let writer = connect(&url, 1).await?;
        Migrator::with_migrations(migrations(sqlite)).run(&writer).await?;
        let readers = connect(&url, READERS).await?;
        let position = read_position(&writer).await?;
        let ledger = Ledger::over(writer, readers, position);
        ledger.catch_up_alerts().await?;
        Ok(ledger)
    }

    fn over(writer: AnyPool, readers: AnyPool, position: Position) -> Ledger {
        let (position, _) = watch::channel(position);
        Ledger {
            shared: Arc::new(Shared {
                writer,
                readers,
                position,
                lag: AtomicU64::new(LAG_UNKNOWN),
                has_accounts: AtomicBool::new(false),
            }),
        }
    }

    /// Up to where the ledger has read.
    #[must_use]
    pub fn position(&self) -> Position {
        *self.shared.position.borrow()
    }

    /// The position as it moves on.
    #[must_use]
    pub fn watch_position(&self) -> watch::Receiver<Position> {
        self.shared.position.subscribe()
    }

    /// Messages of ALERTS that the ledger had not yet taken when the follower last looked; `None` before it
    /// has seen ALERTS.
    #[must_use]
    pub fn lag(&self) -> Option<u64> {
        Some(self.shared.lag.load(Ordering::Relaxed)).filter(|lag| *lag != LAG_UNKNOWN)
    }

    /// Notes and reports how far the ledger is behind.
    pub(crate) fn note_lag(&self, lag: u64) {
        self.shared.lag.store(lag, Ordering::Relaxed);
        figures::ledger_stands_at(self.position().sequence, lag);
    }

    /// Closes the connections after what they are doing.
    pub async fn close(&self) {
        self.shared.readers.close().await;
        self.shared.writer.close().await;
    }

    fn readers(&self) -> &AnyPool {
        &self.shared.readers
    }
}

pub(crate) fn migrations(sqlite: bool) -> Vec<Migration> {
    let numbered = (1..).zip(MIGRATIONS);
    let migration = |(number, (name, for_sqlite, for_postgres)): (i64, &(&'static str, &'static str, &'static str))| {
        let text = if sqlite { for_sqlite } else { for_postgres };
        Migration::new(number, (*name).into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    numbered.map(migration).collect()
}

async fn connect(url: &str, connections: u32) -> Result<AnyPool, LedgerFault> {
    let sqlite = url.starts_with("sqlite:");
    let options = AnyPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).after_connect(
        move |connection, _| {
            Box::pin(async move {
                if sqlite {
                    connection.execute("PRAGMA journal_mode = WAL").await?;
                    // Handling and audit are kept nowhere else: what was answered must outlive a power cut.
                    connection.execute("PRAGMA synchronous = FULL").await?;
                    connection.execute(PRAGMA_WAIT).await?;
                    connection.execute("PRAGMA foreign_keys = ON").await?;
                }
                Ok(())
            })
        },
    );
    options.connect(url).await.map_err(|source| LedgerFault::Open { url: without_password(url), source })
}

async fn read_position(pool: &AnyPool) -> Result<Position, LedgerFault> {
    let row = sqlx::query("SELECT sequence, created_micros FROM ledger_position WHERE id = 1").fetch_one(pool).await?;
    let sequence: i64 = row.try_get("sequence")?;
    Ok(Position { sequence: sequence.unsigned_abs(), created_micros: row.try_get("created_micros")? })
}

/// SQLite makes the file only when asked to.
fn creating(url: &str) -> String {
    match url.split_once('?') {
        Some((_, options)) if options.contains("mode=") => url.to_owned(),
        Some(_) => format!("{url}&mode=rwc"),
        None => format!("{url}?mode=rwc"),
    }
}

/// The URL for messages: what stands between `:` and `@` of its authority is left out.
#[must_use]
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
        Some((user, host)) => format!("{scheme}://{user}@{host}{}", &rest[authority.len()..]),
        None => url.to_owned(),
    }
}

/// The worst first: the lamp, then the card that lights it.
fn severity(light: facts::Light, card: facts::Card) -> i64 {
    light as i64 * 4 + card as i64
}

/// A sequence as SQL holds it.
fn stored(sequence: u64) -> i64 {
    i64::try_from(sequence).expect("a stream does not reach 2^63 messages")
}
