//! `GET /api/alerts`: cards that were issued, with what has become of them and how they are handled, page by page.
//! `GET /api/alerts/{id}`: one of them with its journal. `GET /api/handling`: the table of steps.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Serialize;

use super::Desk;
use super::alert_view::{AlertView, EntryView, RowView};
use super::params::Params;
use super::problem::Problem;
use crate::ledger::{AlertFilter, Scope};

const PARAMETERS: &[&str] = &[
    "state", "card_now", "card", "level", "region", "dept", "rule", "case", "holder", "overdue", "sent_up", "appealed",
    "limit", "cursor",
];
const ROWS: u32 = 50;
const ROWS_MAX: u32 = 500;

/// One page.
#[derive(Debug, Serialize)]
pub(super) struct AlertsPage {
    alerts: Vec<AlertView>,
    /// Ask for the next page with `cursor=<this>`; null at the end.
    next: Option<String>,
}

pub(super) async fn list(State(desk): State<Arc<Desk>>, params: Params) -> Result<Json<AlertsPage>, Problem> {
    let params = params.known(PARAMETERS)?;
    let today = desk.today();
    let filter = AlertFilter {
        scope: Scope::default(),
        states: params.states()?,
        card_now: params.card_now()?,
        cards: params.cards()?,
        level: params.level()?,
        region: params.region()?,
        dept: params.owned("dept"),
        rule: params.owned("rule"),
        case: params.owned("case"),
        holder: params.owned("holder"),
        overdue_on: params.flag("overdue")?.filter(|overdue| *overdue).map(|_| today),
        sent_up: params.flag("sent_up")?,
        appealed: params.flag("appealed")?.unwrap_or_default(),
    };
    let page = desk.site.ledger.alerts(&filter, params.cursor()?, params.limit(ROWS, ROWS_MAX)?).await?;
    Ok(Json(AlertsPage {
        alerts: page.alerts.into_iter().map(|row| AlertView::of(row, today)).collect(),
        next: page.next.map(|cursor| cursor.to_string()),
    }))
}

/// One alert.
#[derive(Debug, Serialize)]
pub(super) struct AlertDetail {
    #[serde(flatten)]
    alert: AlertView,
    /// Every step taken, the first one first.
    journal: Vec<EntryView>,
}

pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    id: Result<Path<String>, PathRejection>,
    params: Params,
) -> Result<Json<AlertDetail>, Problem> {
    let Path(id) = id.map_err(|_| Problem::bad_parameter("id", "", &["the id of an alert"]))?;
    params.known(&[])?;
    let ledger = &desk.site.ledger;
    let alert = ledger.alert(&id, &Scope::default()).await?.ok_or_else(|| Problem::unknown_alert(&id))?;
    let journal = EntryView::journal(ledger.journal(&id).await?);
    Ok(Json(AlertDetail { alert: AlertView::of(alert, desk.today()), journal }))
}

/// The table of steps.
#[derive(Debug, Serialize)]
pub(super) struct StepsPage {
    steps: Vec<RowView>,
}

pub(super) async fn table(params: Params) -> Result<Json<StepsPage>, Problem> {
    params.known(&[])?;
    Ok(Json(StepsPage { steps: RowView::table() }))
}
