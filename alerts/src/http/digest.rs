//! `GET /api/digest`: one hash for all standing lights, its buckets, and the rows of those asked for.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use facts::StandingLight;
use facts::digest::{DigestTold, LightsDigest, RowLine};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Desk;
use super::params::{Known, Params};
use super::problem::Problem;
use crate::ledger::RegionPrefix;

/// How long the workers may take.
const STANDING_TIMEOUT: Duration = Duration::from_secs(10);
const PARAMETERS: &[&str] = &["day", "level", "region", "dept", "case"];

pub(super) async fn show(State(desk): State<Arc<Desk>>, params: Params) -> Result<Json<DigestTold>, Problem> {
    let wanted = Wanted::of(&params.known(PARAMETERS)?)?;
    let busy = || Problem::unavailable("the lights cannot be read just now", "亮灯信息暂时无法读取");
    let standing = tokio::time::timeout(STANDING_TIMEOUT, desk.site.lights.standing()).await.map_err(|_| busy())?;
    let standing = standing.map_err(|error| {
        tracing::warn!(%error, "standing lights not read");
        busy()
    })?;
    let zone = desk.site.zone.clone();
    // Hashing many lights takes a while: not on a thread that serves others.
    let told = tokio::task::spawn_blocking(move || {
        let digest = LightsDigest::of(&standing.lights, &zone);
        let told = DigestTold::of(&digest, &zone, Some(standing.as_of), Some(standing.configuration));
        let rows = wanted.any().then(|| standing.lights.iter().filter(|light| wanted.takes(light, &zone)));
        DigestTold { rows: rows.map(|rows| rows.map(RowLine::from).collect()), ..told }
    });
    told.await.map(Json).map_err(|_| Problem::internal())
}

/// Which rows are asked for; none when nothing is.
struct Wanted {
    day: Option<Date>,
    level: Option<facts::Level>,
    region: Option<RegionPrefix>,
    dept: Option<String>,
    case: Option<String>,
}

impl Wanted {
    fn of(params: &Known) -> Result<Wanted, Problem> {
        Ok(Wanted {
            day: params.day("day")?,
            level: params.level()?,
            region: params.region()?,
            dept: params.owned("dept"),
            case: params.owned("case"),
        })
    }

    fn any(&self) -> bool {
        self.day.is_some()
            || self.level.is_some()
            || self.region.is_some()
            || self.dept.is_some()
            || self.case.is_some()
    }

    fn takes(&self, light: &StandingLight, zone: &TimeZone) -> bool {
        let owner = &light.owner;
        self.day.is_none_or(|day| light.since.date(zone) == day)
            && self.level.is_none_or(|level| owner.level == level)
            && self.region.is_none_or(|region| region.holds(owner.region))
            && self.dept.as_deref().is_none_or(|dept| owner.dept.as_str() == dept)
            && self.case.as_deref().is_none_or(|case| light.case == case)
    }
}
