//! The HTTP side: page, API, event stream, health. The library gives a router; where it listens is the
//! binary's choice. There is no login yet, so that must be the loopback interface.
//!
//! Invariants: every route but `POST` to the clock and to the rules is read only; an error is `application/problem+json` with a stable `code`, in
//! English and Chinese; an unknown query parameter is refused rather than ignored; every answer carries
//! the security headers of `shield`.

mod alert_view;
mod alerts;
mod analyst;
mod case;
mod clock;
mod counts;
mod digest;
mod events;
mod health;
mod lights;
mod local;
mod metrics;
mod page;
mod params;
mod problem;
mod rules;
mod shield;
mod sources;
mod view;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use facts::Moment;
use jiff::tz::TimeZone;
use tokio::sync::{Semaphore, watch};

use crate::analyst::Analyst;
use crate::case_reader::CaseReader;
use crate::clock_desk::ClockDesk;
use crate::counts::Counts;
use crate::ledger::Ledger;
use crate::readiness::Readiness;
use crate::rules_desk::RulesDesk;
use crate::source_reader::SourceReader;
use crate::standing_reader::StandingReader;

pub use problem::Problem;

/// What the binary gives the routes.
#[derive(Clone)]
pub struct Site {
    /// Lights and transitions.
    pub ledger: Ledger,
    /// Timelines and proofs.
    pub cases: Arc<dyn CaseReader>,
    /// What analysts ask beyond them.
    pub analyst: Arc<dyn Analyst>,
    /// The lights that stand now.
    pub lights: Arc<dyn StandingReader>,
    /// Cases by office and light.
    pub counts: Arc<dyn Counts>,
    /// The sending systems.
    pub sources: Arc<dyn SourceReader>,
    /// The supervision clock.
    pub clock: Arc<dyn ClockDesk>,
    /// The rules in force.
    pub rules: Arc<dyn RulesDesk>,
    /// Whether the service can do its work.
    pub readiness: watch::Receiver<Readiness>,
    /// Becomes true when the service stops: event streams then end.
    pub closing: watch::Receiver<bool>,
    /// The figures in Prometheus' text form.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// The machine's clock: when somebody does something, and which day it is for those who put something right.
    pub now: Arc<dyn Fn() -> Moment + Send + Sync>,
    /// Names of regions by their canonical code.
    pub regions: BTreeMap<String, String>,
    /// Zone in which people read times.
    pub zone: TimeZone,
}

impl fmt::Debug for Site {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Site").field("ledger", &self.ledger).field("zone", &self.zone).finish_non_exhaustive()
    }
}

/// The one address that takes something.
const CONFIRM: &str = "/api/clock/confirm";
/// Event streams open at once.
const LISTENERS_MAX: usize = 256;

/// A site with what the routes keep for themselves.
struct Desk {
    site: Site,
    listeners: Arc<Semaphore>,
    /// Series of the case gauge shown so far: one that is gone must fall to zero, not stay.
    counted: Mutex<metrics::Shown>,
}

impl Desk {
    /// The site's civil day.
    fn today(&self) -> jiff::civil::Date {
        (self.site.now)().date(&self.site.zone)
    }
}

/// All routes.
pub fn router(site: Site) -> Router {
    let desk = Arc::new(Desk {
        site,
        listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
        counted: Mutex::new(metrics::Shown::new()),
    });
    let routes = Router::new()
        .route("/", get(page::index))
        .route("/page.js", get(page::script))
        .route("/page.css", get(page::style))
        .route("/icon.svg", get(page::icon))
        .route("/health", get(health::alive))
        .route("/ready", get(health::ready))
        .route("/metrics", get(metrics::text))
        .route("/api/lights", get(lights::list))
        .route("/api/alerts", get(alerts::list))
        .route("/api/alerts/{id}", get(alerts::show))
        .route("/api/handling", get(alerts::table))
        .route("/api/cases/{case}", get(case::show))
        .route("/api/cases/{case}/why-not", get(analyst::why_not))
        .route("/api/cases/{case}/keep-green", get(analyst::keep_green))
        .route("/api/forecast", get(analyst::forecast))
        .route("/api/digest", get(digest::show))
        .route("/api/counts", get(counts::show))
        .route("/api/clock", get(clock::show))
        .route("/api/clock/confirm", post(clock::confirm))
        .route("/api/rules", get(rules::show))
        .route("/api/rules/preview", post(rules::preview).layer(DefaultBodyLimit::max(shield::BODY_BYTES_MAX)))
        .route("/api/rules/reload", post(rules::reload))
        .route("/api/sources", get(sources::list))
        .route("/api/regions", get(counts::regions))
        .route("/api/transitions", get(events::newest))
        .route("/api/events", get(events::listen))
        .fallback(problem::no_such_page)
        .method_not_allowed_fallback(problem::wrong_method)
        .with_state(desk);
    shield::around(routes)
}
