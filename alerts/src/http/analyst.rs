//! `GET /api/forecast`: what time will bring. `GET /api/cases/{case}/why-not`: why a rule shows no card.
//! `GET /api/cases/{case}/keep-green`: what keeps a case green.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use facts::proof::Lang;
use facts::{KeepGreen, WhyNot};
use serde::Serialize;

use super::Desk;
use super::params::Params;
use super::problem::Problem;
use crate::analyst::{ForecastAsked, ForecastFilter, ForecastPage};
use crate::case_reader::CaseUnavailable;

/// How long the workers may take over one case.
const CASE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long they may take over all cases.
const FORECAST_TIMEOUT: Duration = Duration::from_secs(12);
const PARAMETERS: &[&str] = &["until", "light", "level", "region", "dept", "rule", "case", "limit", "cursor"];
const ROWS: u32 = 50;
const ROWS_MAX: u32 = 500;

pub(super) async fn forecast(State(desk): State<Arc<Desk>>, params: Params) -> Result<Json<ForecastPage>, Problem> {
    let params = params.known(PARAMETERS)?;
    let until =
        params.moment("until")?.ok_or_else(|| Problem::bad_parameter("until", "", &[super::params::INSTANT]))?;
    let filter = ForecastFilter {
        lights: params.lights()?,
        level: params.level()?,
        region: params.region()?,
        dept: params.owned("dept"),
        rule: params.owned("rule"),
        case: params.owned("case"),
    };
    let after = params.forecast_cursor()?;
    let rows_max = params.limit(ROWS, ROWS_MAX)? as usize;
    let asked = ForecastAsked { until, filter, after, rows_max };
    wait(FORECAST_TIMEOUT, desk.site.analyst.forecast(asked)).await.map(Json)
}

/// An answer with its words.
#[derive(Debug, Serialize)]
pub(super) struct Told<T> {
    #[serde(flatten)]
    answer: T,
    /// The same in words.
    lines: Vec<String>,
}

type CasePath = Result<Path<String>, PathRejection>;

pub(super) async fn why_not(
    State(desk): State<Arc<Desk>>,
    case: CasePath,
    params: Params,
) -> Result<Json<Told<WhyNot>>, Problem> {
    let Path(case) = case.map_err(|_| Problem::bad_parameter("case", "", &["a case number in UTF-8"]))?;
    let params = params.known(&["rule", "lang"])?;
    let rule = params.owned("rule").ok_or_else(|| Problem::bad_parameter("rule", "", &["the id of a rule"]))?;
    let lang: Lang = params.lang()?;
    let answer = wait(CASE_TIMEOUT, desk.site.analyst.why_not(&case, &rule)).await?;
    let answer = answer.ok_or_else(|| Problem::unknown_case(&case))?;
    let lines = answer.lines(lang, &desk.site.zone);
    Ok(Json(Told { answer, lines }))
}

pub(super) async fn keep_green(
    State(desk): State<Arc<Desk>>,
    case: CasePath,
    params: Params,
) -> Result<Json<Told<KeepGreen>>, Problem> {
    let Path(case) = case.map_err(|_| Problem::bad_parameter("case", "", &["a case number in UTF-8"]))?;
    let lang = params.known(&["lang"])?.lang()?;
    let answer = wait(CASE_TIMEOUT, desk.site.analyst.keep_green(&case)).await?;
    let answer = answer.ok_or_else(|| Problem::unknown_case(&case))?;
    let lines = answer.lines(lang, &desk.site.zone);
    Ok(Json(Told { answer, lines }))
}

async fn wait<T>(most: Duration, answer: impl Future<Output = Result<T, CaseUnavailable>>) -> Result<T, Problem> {
    let busy = || Problem::unavailable("the cases cannot be read just now", "办件暂时无法读取");
    let answer = tokio::time::timeout(most, answer).await.map_err(|_| busy())?;
    answer.map_err(|error| {
        tracing::warn!(%error, "cases not read");
        busy()
    })
}
