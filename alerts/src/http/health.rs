//! `GET /health`: the process answers. `GET /ready`: it can do its work, or why not.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use facts::standing::Text2;
use serde::Serialize;

use super::Desk;

#[derive(Debug, Serialize)]
pub(super) struct Alive {
    status: &'static str,
}

pub(super) async fn alive() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

#[derive(Debug, Serialize)]
pub(super) struct Ready {
    ready: bool,
    reasons: Vec<Reason>,
}

#[derive(Debug, Serialize)]
struct Reason {
    gate: &'static str,
    zh: String,
    en: String,
}

pub(super) async fn ready(State(desk): State<Arc<Desk>>) -> (StatusCode, Json<Ready>) {
    let readiness = desk.site.readiness.borrow().clone();
    let ready = readiness.is_ready();
    let reasons = readiness
        .gates
        .into_iter()
        .filter_map(|gate| gate.waiting.map(|Text2 { zh, en }| Reason { gate: gate.name, zh, en }));
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready, reasons: reasons.collect() }))
}
