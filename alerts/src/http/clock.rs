//! `GET /api/clock`: where the supervision clock is, and why it stands if it does. `POST /api/clock/confirm`: a person
//! says that the clocks are right.
//!
//! From whom it is taken, `admission` says.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use facts::Moment;
use serde::{Deserialize, Serialize};

use super::Desk;
use super::local::is_json;
use super::params::Params;
use super::problem::Problem;
use crate::clock_desk::StandingClock;

#[derive(Debug, Serialize)]
pub(super) struct ClockPage {
    as_of: Moment,
    standing: Option<Standing>,
}

#[derive(Debug, Serialize)]
struct Standing {
    freeze: u64,
    kind: &'static str,
    secs: i64,
    zh: String,
    en: String,
}

pub(super) async fn show(State(desk): State<Arc<Desk>>, params: Params) -> Result<Json<ClockPage>, Problem> {
    params.known(&[])?;
    let standing = desk.site.clock.standing();
    let standing = standing.map(|StandingClock { freeze, kind, secs, zh, en }| Standing { freeze, kind, secs, zh, en });
    Ok(Json(ClockPage { as_of: desk.site.counts.snapshot().as_of, standing }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    freeze: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Confirmed {
    confirmed: u64,
}

pub(super) async fn confirm(
    State(desk): State<Arc<Desk>>,
    params: Params,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Confirmed>, Problem> {
    params.known(&[])?;
    if !is_json(&headers) {
        return Err(Problem::bad_confirmation());
    }
    let Confirmation { freeze } = serde_json::from_slice(&body).map_err(|_| Problem::bad_confirmation())?;
    if desk.site.clock.confirm(freeze) {
        Ok(Json(Confirmed { confirmed: freeze }))
    } else {
        Err(Problem::not_frozen(freeze))
    }
}
