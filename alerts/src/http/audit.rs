//! `GET /api/audit`: who did and who looked at what, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use facts::Moment;
use serde::Serialize;

use super::Desk;
use super::params::Params;
use super::problem::Problem;
use crate::ledger::{AuditFilter, AuditRow, Deed};

const ROWS: u32 = 50;
const ROWS_MAX: u32 = 500;

/// Rows of the audit.
#[derive(Debug, Serialize)]
pub(super) struct AuditPage {
    rows: Vec<AuditView>,
    /// Ask for the next page with `before=<this>`; null at the end.
    next: Option<u64>,
}

#[derive(Debug, Serialize)]
struct AuditView {
    number: u64,
    at: Moment,
    actor: String,
    action: String,
    object: String,
    outcome: String,
    detail: String,
    hash: String,
}

impl From<AuditRow> for AuditView {
    fn from(row: AuditRow) -> AuditView {
        let AuditRow { number, deed: Deed { at, actor, action, object, outcome, detail }, hash } = row;
        AuditView { number, at, actor, action, object, outcome, detail, hash }
    }
}

pub(super) async fn list(State(desk): State<Arc<Desk>>, params: Params) -> Result<Json<AuditPage>, Problem> {
    let params = params.known(&["actor", "object", "before", "limit"])?;
    let filter = AuditFilter {
        actor: params.owned("actor"),
        object: params.owned("object"),
        before: params.sequence("before")?,
    };
    let limit = params.limit(ROWS, ROWS_MAX)?;
    let rows = desk.site.ledger.audit(&filter, limit).await?;
    let next = rows.last().map(|row| row.number).filter(|number| rows.len() == limit as usize && *number > 1);
    Ok(Json(AuditPage { rows: rows.into_iter().map(AuditView::from).collect(), next }))
}
