//! `GET /api/counts` and `GET /api/regions`: cases by office and light, and what regions are called.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use facts::{Light, Moment};
use serde::Serialize;

use super::Desk;
use super::params::Params;
use super::problem::Problem;
use super::visitor::Visitor;
use crate::counts::CountRow;

/// Cases by light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct ByLight {
    red: i64,
    yellow: i64,
    green: i64,
    grey: i64,
}

impl ByLight {
    fn add(&mut self, light: Light, cases: i64) {
        *match light {
            Light::Red => &mut self.red,
            Light::Yellow => &mut self.yellow,
            Light::Green => &mut self.green,
            Light::Grey => &mut self.grey,
        } += cases;
    }
}

/// The counts of one level, region or department.
#[derive(Debug, Serialize)]
pub(super) struct CountView {
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dept: Option<String>,
    lights: ByLight,
}

/// All counts at one instant.
#[derive(Debug, Serialize)]
pub(super) struct CountsPage {
    as_of: Moment,
    by: &'static str,
    rows: Vec<CountView>,
    total: ByLight,
    judged_by_worker: Vec<u64>,
}

/// The columns that tell rows apart.
type Key = (Option<&'static str>, Option<String>, Option<String>);

const BY: &[&str] = &["county", "region", "level", "dept"];

pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    params: Params,
) -> Result<Json<CountsPage>, Problem> {
    let params = params.known(&["by", "region", "level"])?;
    let asked = params.text("by").unwrap_or("county");
    let by = BY.iter().find(|by| **by == asked).ok_or_else(|| Problem::bad_parameter("by", asked, BY))?;
    let (region, level) = (params.region()?, params.level()?);
    let snapshot = desk.site.counts.snapshot();
    let scope = visitor.scope();
    let mut total = ByLight::default();
    let mut sums: BTreeMap<Key, ByLight> = BTreeMap::new();
    for row in &snapshot.rows {
        let asked_for = region.is_none_or(|region| region.holds(row.region)) && level.is_none_or(|at| at == row.level);
        if asked_for && scope.holds(row.region, row.dept.as_str()) {
            total.add(row.light, row.cases);
            sums.entry(key(row, by)).or_default().add(row.light, row.cases);
        }
    }
    let rows = sums.into_iter().map(|((level, region, dept), lights)| CountView { level, region, dept, lights });
    let (as_of, judged_by_worker) = (snapshot.as_of, snapshot.judged_by_worker);
    Ok(Json(CountsPage { as_of, by, rows: rows.collect(), total, judged_by_worker }))
}

fn key(row: &CountRow, by: &str) -> Key {
    match by {
        "level" => (Some(row.level.token()), None, None),
        "region" => (None, Some(row.region.to_string()), None),
        "dept" => (Some(row.level.token()), Some(row.region.to_string()), Some(row.dept.to_string())),
        _ => (None, Some(county(row)), None),
    }
}

/// The first six digits of the region: what lies in a county counts for it.
pub(super) fn county(row: &CountRow) -> String {
    format!("{:06}", row.region.number() / 1_000_000)
}

/// Names of regions by code, and the zone in which people there read times.
#[derive(Debug, Serialize)]
pub(super) struct RegionsPage {
    regions: BTreeMap<String, String>,
    zone: Option<String>,
}

pub(super) async fn regions(State(desk): State<Arc<Desk>>, params: Params) -> Result<Json<RegionsPage>, Problem> {
    params.known(&[])?;
    let zone = desk.site.zone.iana_name().map(ToOwned::to_owned);
    Ok(Json(RegionsPage { regions: desk.site.regions.clone(), zone }))
}
