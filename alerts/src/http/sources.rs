//! `GET /api/sources`: when each sending system was heard, the silent ones first.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use facts::Moment;
use serde::Serialize;

use super::Desk;
use super::params::Params;
use super::problem::Problem;
use super::visitor::Visitor;
use crate::source_reader::SourceRow;

#[derive(Debug, Serialize)]
pub(super) struct SourcesPage {
    as_of: Moment,
    silent: usize,
    sources: Vec<SourceView>,
}

#[derive(Debug, Serialize)]
struct SourceView {
    level: &'static str,
    region: String,
    dept: String,
    source: String,
    last_arrived: Moment,
    lag_secs: i64,
    confirmed_up_to: Option<Moment>,
    silence_secs: Option<i64>,
    silent_since: Option<Moment>,
}

impl SourceView {
    fn of(row: SourceRow, as_of: Moment) -> SourceView {
        SourceView {
            level: row.office.level.token(),
            region: row.office.region.to_string(),
            dept: row.office.dept.to_string(),
            source: row.source,
            last_arrived: row.last_arrived,
            lag_secs: (as_of.millis() - row.last_arrived.millis()).max(0) / 1000,
            confirmed_up_to: row.confirmed_up_to,
            silence_secs: row.silence_secs,
            silent_since: row.silent_since,
        }
    }
}

pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    params: Params,
) -> Result<Json<SourcesPage>, Problem> {
    let params = params.known(&["level", "region", "silent"])?;
    let (level, region, silent) = (params.level()?, params.region()?, params.flag("silent")?);
    let snapshot = desk.site.sources.sources();
    let scope = visitor.scope();
    let wanted = |row: &SourceRow| {
        scope.holds_office(&row.office)
            && region.is_none_or(|region| region.holds(row.office.region))
            && level.is_none_or(|level| level == row.office.level)
            && silent.is_none_or(|silent| silent == row.silent_since.is_some())
    };
    let as_of = snapshot.as_of;
    let rows = snapshot.sources.into_iter().filter(wanted);
    let mut sources: Vec<SourceView> = rows.map(|row| SourceView::of(row, as_of)).collect();
    sources.sort_by_key(|source| (source.silent_since.is_none(), Reverse(source.lag_secs)));
    let silent = sources.iter().filter(|source| source.silent_since.is_some()).count();
    Ok(Json(SourcesPage { as_of, silent, sources }))
}
