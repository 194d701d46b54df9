//! `GET /metrics`: the binary's figures, with the case counts brought up to date first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use facts::Light;
use metrics::gauge;

use super::Desk;
use super::counts::county;
use crate::figures;

/// Series of the case gauge: county and light.
pub(super) type Shown = BTreeSet<(String, Light)>;

pub(super) async fn text(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    count_cases(&desk);
    count_sources(&desk);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (desk.site.metrics)())
}

/// Sets the gauges of the sending systems.
fn count_sources(desk: &Desk) {
    let sources = desk.site.sources.sources().sources;
    let silent = sources.iter().filter(|source| source.silent_since.is_some()).count();
    gauge!(figures::SOURCES).set(sources.len() as f64);
    gauge!(figures::SOURCES_SILENT).set(silent as f64);
}

/// Sets the case gauge from the one collection that counts.
fn count_cases(desk: &Desk) {
    let mut sums: BTreeMap<(String, Light), i64> = BTreeMap::new();
    for row in desk.site.counts.snapshot().rows {
        *sums.entry((county(&row), row.light)).or_default() += row.cases;
    }
    let mut shown = desk.counted.lock().unwrap_or_else(PoisonError::into_inner);
    shown.extend(sums.keys().cloned());
    for (region, light) in shown.iter() {
        let cases = sums.get(&(region.clone(), *light)).copied().unwrap_or_default();
        gauge!(figures::CASES, "region" => region.clone(), "light" => light.token()).set(cases as f64);
    }
}
