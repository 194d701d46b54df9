//! `GET /api/lights`: standing lights, worst first, page by page.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::Desk;
use super::params::Params;
use super::problem::Problem;
use super::view::LightView;
use super::visitor::Visitor;
use crate::ledger::LightFilter;

const PARAMETERS: &[&str] = &[
    "light",
    "card",
    "level",
    "region",
    "dept",
    "rule",
    "item",
    "case",
    "search",
    "since_from",
    "since_until",
    "limit",
    "cursor",
];
const ROWS: u32 = 50;
const ROWS_MAX: u32 = 500;

/// One page.
#[derive(Debug, Serialize)]
pub(super) struct LightsPage {
    lights: Vec<LightView>,
    /// Ask for the next page with `cursor=<this>`; null at the end.
    next: Option<String>,
    /// Follow `/api/events?after=<this of the first page>` to hear what changed while walking the pages.
    sequence: u64,
}

pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    params: Params,
) -> Result<Json<LightsPage>, Problem> {
    let params = params.known(PARAMETERS)?;
    let filter = LightFilter {
        scope: visitor.scope(),
        lights: params.lights()?,
        cards: params.cards()?,
        level: params.level()?,
        region: params.region()?,
        dept: params.owned("dept"),
        rule: params.owned("rule"),
        item: params.owned("item"),
        case: params.owned("case"),
        case_part: params.owned("search"),
        since_from: params.moment("since_from")?,
        since_until: params.moment("since_until")?,
    };
    let page = desk.site.ledger.lights(&filter, params.cursor()?, params.limit(ROWS, ROWS_MAX)?).await?;
    Ok(Json(LightsPage {
        lights: page.lights.into_iter().map(LightView::from).collect(),
        next: page.next.map(|cursor| cursor.to_string()),
        sequence: page.sequence,
    }))
}
