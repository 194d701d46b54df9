//! `GET /api/clock`: where the supervision clock is, and why it stands if it does. `POST /api/clock/confirm`: a person
//! says that the clocks are right.
//!
//! The one request that changes something. A browser that another site leads astray cannot send it: the body must be
//! declared as JSON, which no page may send to a foreign address unasked, and the request must be addressed to this
//! machine by a loopback name, which a name that was made to point here is not.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use facts::Moment;
use serde::{Deserialize, Serialize};

use super::Desk;
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
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_loopback(text(header::HOST)) || !is_json(text(header::CONTENT_TYPE)) {
        return Err(Problem::bad_confirmation());
    }
    let Confirmation { freeze } = serde_json::from_slice(&body).map_err(|_| Problem::bad_confirmation())?;
    if desk.site.clock.confirm(freeze) {
        Ok(Json(Confirmed { confirmed: freeze }))
    } else {
        Err(Problem::not_frozen(freeze))
    }
}

/// Is this `Host` one by which only this machine is reached?
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_are_loopback() {
        for host in ["127.0.0.1:8600", "[::1]:8600", "localhost", "localhost:8600", "127.0.0.1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "example.com", "127.0.0.1.example.com:8600", "10.0.0.1", "[fe80::1]:80"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
