//! `GET /api/rules`: which configuration is in force. `POST /api/rules/preview`: what a changed one would change.
//! `POST /api/rules/reload`: the configuration folder is put in force.
//!
//! Both take a JSON object; from whom, `admission` says.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Desk;
use super::local::is_json;
use super::params::Params;
use super::problem::Problem;
use crate::rules_desk::{Reloaded, RulesDesk, RulesRefused, RulesStatus};

/// Rows of a preview unless more are asked for.
const ROWS: usize = 500;
/// Rows of a preview at most.
const ROWS_MAX: usize = 100_000;
/// The media type of a workbook (.xlsx).
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) async fn show(State(desk): State<Arc<Desk>>, params: Params) -> Result<Json<RulesStatus>, Problem> {
    params.known(&[])?;
    Ok(Json(desk.site.rules.status()))
}

/// What a preview is asked of.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    /// The whole configuration, by path below its folder; the folder itself where it is absent.
    files: Option<BTreeMap<String, String>>,
    /// Rows at most; in a workbook all unless fewer are asked for.
    rows: Option<usize>,
}

pub(super) async fn preview(
    State(desk): State<Arc<Desk>>,
    params: Params,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let lang = params.known(&["lang"])?.lang()?;
    let Wanted { files, rows } = read(&headers, &body)?;
    if let Some(name) = files.iter().flat_map(BTreeMap::keys).find(|name| !is_below_the_folder(name)) {
        let why = format!("{name:?} is no path below the configuration folder, such as \"rules/fees.toml\"");
        return Err(Problem::bad_body(&why));
    }
    let files = files.map(|files| files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect());
    let as_workbook = accepts_workbook(&headers);
    let rows = rows.unwrap_or(if as_workbook { ROWS_MAX } else { ROWS }).min(ROWS_MAX);
    if !as_workbook {
        return Ok(Json(ask(desk, move |rules| rules.preview(files, rows)).await?).into_response());
    }
    let made = ask(desk, move |rules| {
        let preview = rules.preview(files, rows)?;
        Ok(rules.workbook(&preview, lang).map(|bytes| (preview.hash, bytes)))
    });
    let (hash, bytes) = made.await?.map_err(|error| {
        tracing::error!(%error, "a preview could not be made a workbook");
        Problem::internal()
    })?;
    let name = format!("attachment; filename=\"preview-{hash}.xlsx\"");
    Ok(([(header::CONTENT_TYPE, WORKBOOK.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
}

/// Is a workbook among what the request would take?
fn accepts_workbook(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types = values.flat_map(|value| value.split(',')).map(|range| range.split(';').next().unwrap_or_default());
    types.map(str::trim).any(|range| range.eq_ignore_ascii_case(WORKBOOK))
}

/// Is this a path that a file below the folder can have? One that leads elsewhere would be left out without a word.
fn is_below_the_folder(name: &str) -> bool {
    let plain = !name.contains(['\\', '\0']) && !name.chars().any(char::is_control);
    plain && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// What is to be put in force.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Activation {
    /// Only if the folder changes what the preview of this hash showed.
    preview: Option<String>,
}

pub(super) async fn reload(
    State(desk): State<Arc<Desk>>,
    params: Params,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Reloaded>, Problem> {
    params.known(&[])?;
    let Activation { preview } = read(&headers, &body)?;
    ask(desk, move |rules| rules.reload(preview)).await.map(Json)
}

fn read<T: DeserializeOwned + Default>(headers: &HeaderMap, body: &Bytes) -> Result<T, Problem> {
    if !is_json(headers) {
        return Err(Problem::not_local());
    }
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| Problem::bad_body(&error.to_string()))
}

async fn ask<A: Send + 'static>(
    desk: Arc<Desk>,
    question: impl FnOnce(&dyn RulesDesk) -> Result<A, RulesRefused> + Send + 'static,
) -> Result<A, Problem> {
    let rules = Arc::clone(&desk.site.rules);
    let asked = tokio::task::spawn_blocking(move || question(rules.as_ref())).await;
    asked
        .map_err(|_| Problem::rules_refused(&RulesRefused::Stopping))?
        .map_err(|refused| Problem::rules_refused(&refused))
}
