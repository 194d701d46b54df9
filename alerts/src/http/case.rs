//! `GET /api/cases/{case}`: one case, its facts, its lights with their proofs, what was said of it, and with `known_at`
//! what was known of it then.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Serialize;

use super::Desk;
use super::params::Params;
use super::problem::Problem;
use super::view::{LiveView, TransitionView};
use crate::ledger::FeedFilter;

/// How long the worker that owns the case may take.
pub(super) const CASE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long all workers may take over what was known of a case: a group may have had any case in it.
const THEN_TIMEOUT: Duration = Duration::from_secs(12);
/// Most transitions shown, the newest.
const TRANSITIONS_MAX: u32 = 500;

/// A case.
#[derive(Debug, Serialize)]
pub(super) struct CasePage {
    case: String,
    /// As the worker knows it; null when only the ledger remembers the case.
    live: Option<LiveView>,
    /// What was said of it, newest first.
    transitions: Vec<TransitionView>,
}

pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    case: Result<Path<String>, PathRejection>,
    params: Params,
) -> Result<Json<CasePage>, Problem> {
    let Path(case) = case.map_err(|_| Problem::bad_parameter("case", "", &["a case number in UTF-8"]))?;
    let params = params.known(&["lang", "known_at"])?;
    let (lang, known_at) = (params.lang()?, params.moment("known_at")?);
    let site = &desk.site;
    let most = if known_at.is_some() { THEN_TIMEOUT } else { CASE_TIMEOUT };
    let live = tokio::time::timeout(most, site.cases.case(&case, known_at)).await.map_err(|_| busy())?;
    let live = live.map_err(|error| {
        tracing::warn!(case, %error, "case not read");
        busy()
    })?;
    let of_case = FeedFilter { case: Some(case.clone()), ..FeedFilter::default() };
    let transitions = site.ledger.newest(&of_case, None, TRANSITIONS_MAX).await?;
    if live.is_none() && transitions.is_empty() {
        return Err(Problem::unknown_case(&case));
    }
    let live = live.map(|view| LiveView::of(view, lang, &site.zone));
    let transitions = transitions.into_iter().map(TransitionView::from).collect();
    Ok(Json(CasePage { case, live, transitions }))
}

/// What is told when no worker answers in time.
pub(super) fn busy() -> Problem {
    Problem::unavailable("the case cannot be read just now", "该办件暂时无法读取")
}
