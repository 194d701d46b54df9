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
use super::visitor::Visitor;
use crate::handling::{Actor, Step};
use crate::ledger::AlertFilter;

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

pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    params: Params,
) -> Result<Json<AlertsPage>, Problem> {
    let params = params.known(PARAMETERS)?;
    let today = desk.today();
    let filter = AlertFilter {
        scope: visitor.scope(),
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
    /// The steps that whoever asks may take now.
    allowed: Vec<&'static str>,
}

pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    id: Result<Path<String>, PathRejection>,
    params: Params,
) -> Result<Json<AlertDetail>, Problem> {
    let Path(id) = id.map_err(|_| Problem::bad_parameter("id", "", &["the id of an alert"]))?;
    params.known(&[])?;
    let ledger = &desk.site.ledger;
    let Some(alert) = ledger.alert(&id, &visitor.scope()).await? else {
        return Err(desk.no_alert(visitor.name(), &id).await?);
    };
    let journal = EntryView::journal(ledger.journal(&id).await?);
    let today = desk.today();
    let allowed = visitor.get().map_or_else(Vec::new, |known| {
        let account = &known.shown.account;
        let actor = Actor { name: &account.name, role: account.role, today, card: alert.card_now };
        alert.handling.allowed(&actor)
    });
    let allowed = allowed.into_iter().map(Step::token).collect();
    Ok(Json(AlertDetail { alert: AlertView::of(alert, today), journal, allowed }))
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
