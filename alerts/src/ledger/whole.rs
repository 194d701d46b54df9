//! The ledger as a whole, read from beside: for digests, comparisons and exports.

use futures_util::TryStreamExt;
use sqlx::Row;

use super::query::StoredTransition;
use super::{AnyPoolOptions, Ledger, LedgerFault, LightRow, PRAGMA_WAIT, without_password};
use sqlx::Executor;

const STANDING: &str =
    "SELECT lights.sequence, transitions.body FROM lights JOIN transitions ON transitions.sequence = lights.sequence";

impl Ledger {
    /// Opens a ledger that is there, to read from it only: nothing is made, nothing is changed, and a service may
    /// write to it meanwhile.
    ///
    /// # Errors
    /// When the URL is of no known kind, or there is no ledger.
    pub async fn look(url: &str) -> Result<Ledger, LedgerFault> {
        sqlx::any::install_default_drivers();
        let sqlite = url.starts_with("sqlite://");
        if !sqlite && !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(LedgerFault::BadUrl(without_password(url)));
        }
        let reading = match url.split_once('?') {
            None if sqlite => format!("{url}?mode=ro"),
            _ => url.to_owned(),
        };
        let options = AnyPoolOptions::new().max_connections(1).acquire_timeout(super::ACQUIRE_TIMEOUT).after_connect(
            move |connection, _| {
                Box::pin(async move {
                    let reading = if sqlite { PRAGMA_WAIT } else { "SET default_transaction_read_only = on" };
                    connection.execute(reading).await.map(|_| ())
                })
            },
        );
        let open = |source| LedgerFault::Open { url: without_password(url), source };
        let pool = options.connect(&reading).await.map_err(open)?;
        let position = match super::read_position(&pool).await {
            Err(LedgerFault::Statement(source)) => return Err(open(source)),
            read => read?,
        };
        Ok(Ledger::over(pool.clone(), pool, position))
    }

    /// Hands every standing light to `each`, in no order; one statement, so all of one moment. Returns the ALERTS
    /// sequence that the ledger had at least reached then.
    ///
    /// # Errors
    /// When the database fails, or a row was not written by this program.
    pub async fn each_standing(&self, mut each: impl FnMut(LightRow)) -> Result<u64, LedgerFault> {
        let reached = super::read_position(self.readers()).await?.sequence;
        let mut rows = sqlx::query(STANDING).fetch(self.readers());
        while let Some(row) = rows.try_next().await? {
            let sequence = row.try_get::<i64, _>("sequence")?.unsigned_abs();
            let transition = StoredTransition { sequence, line: row.try_get("body")? }.read()?;
            each(LightRow { sequence, transition });
        }
        Ok(reached)
    }
}
