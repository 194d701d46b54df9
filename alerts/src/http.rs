//! The HTTP side: page, API, event stream, health. The library gives a router; where it listens is the
//! binary's choice. It speaks no TLS, so that must be the loopback interface, or a proxy before it.
//!
//! Invariants: `GET` changes nothing; every request passes `admission`, which knows who may ask what; an error is
//! `application/problem+json` with a stable `code`, in English and Chinese; an unknown query parameter is refused rather
//! than ignored; every answer carries the security headers of `shield`.

pub(crate) mod access;
mod admission;
mod alert_view;
mod alerts;
mod analyst;
mod audit;
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
mod session;
mod shield;
mod sources;
mod steps;
mod view;
mod visitor;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use facts::Moment;
use jiff::tz::TimeZone;
use tokio::sync::{Semaphore, watch};

use crate::analyst::Analyst;
use crate::case_reader::CaseReader;
use crate::clock_desk::ClockDesk;
use crate::counts::Counts;
use crate::ledger::{Deed, FeedFilter, Ledger, Scope};
use crate::login::Throttle;
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

/// Event streams open at once.
const LISTENERS_MAX: usize = 256;
/// Characters of what the audit keeps of an address or a name that somebody sent.
const OBJECT_CHARS_MAX: usize = 256;
/// Passwords looked at at once.
const HASHING_MAX: usize = 2;

/// A site with what the routes keep for themselves.
struct Desk {
    site: Site,
    listeners: Arc<Semaphore>,
    /// Series of the case gauge shown so far: one that is gone must fall to zero, not stay.
    counted: Mutex<metrics::Shown>,
    /// Tries to log in.
    throttle: Throttle,
    /// Passwords looked at at once: each takes a core for some time.
    hashing: Semaphore,
}

impl Desk {
    /// The site's civil day.
    fn today(&self) -> jiff::civil::Date {
        (self.site.now)().date(&self.site.zone)
    }

    /// Notes what somebody does, looks at or is refused; where that cannot be written, nothing is done.
    async fn note(&self, actor: &str, action: &str, object: &str, outcome: &str) -> Result<(), Problem> {
        let deed = Deed {
            at: (self.site.now)(),
            actor: actor.to_owned(),
            action: action.to_owned(),
            object: object.chars().take(OBJECT_CHARS_MAX).collect(),
            outcome: outcome.to_owned(),
            detail: String::new(),
        };
        Ok(self.site.ledger.note(&deed).await?)
    }

    /// What somebody is told of an alert that their scope does not show.
    async fn no_alert(&self, actor: &str, id: &str) -> Result<Problem, Problem> {
        if self.site.ledger.alert(id, &Scope::default()).await?.is_none() {
            return Ok(Problem::unknown_alert(id));
        }
        let problem = Problem::out_of_scope();
        self.note(actor, "alert", id, problem.code()).await?;
        Ok(problem)
    }

    /// Refuses a case that lies outside `scope`: by its owner now, or, where only the ledger remembers it, by any it had.
    async fn within(&self, scope: &Scope, case: &str) -> Result<(), Problem> {
        if scope.is_whole() {
            return Ok(());
        }
        let asked = tokio::time::timeout(case::CASE_TIMEOUT, self.site.cases.case(case, None)).await;
        let live = asked.map_err(|_| case::busy())?.map_err(|_| case::busy())?;
        let inside = match live {
            Some(view) => scope.holds_office(&view.owner),
            None => {
                let of_case = |scope| FeedFilter { scope, case: Some(case.to_owned()), ..FeedFilter::default() };
                let ledger = &self.site.ledger;
                // A case of which nobody knows anything is answered as such.
                !ledger.newest(&of_case(scope.clone()), None, 1).await?.is_empty()
                    || ledger.newest(&of_case(Scope::default()), None, 1).await?.is_empty()
            }
        };
        if inside { Ok(()) } else { Err(Problem::out_of_scope()) }
    }
}

/// All routes.
pub fn router(site: Site) -> Router {
    let desk = Arc::new(Desk {
        site,
        listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
        counted: Mutex::new(metrics::Shown::new()),
        throttle: Throttle::default(),
        hashing: Semaphore::new(HASHING_MAX),
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
        .route("/api/alerts/{id}/steps", post(steps::one).layer(DefaultBodyLimit::max(steps::BODY_BYTES_MAX)))
        .route("/api/alerts/steps", post(steps::many).layer(DefaultBodyLimit::max(steps::BODY_BYTES_MAX)))
        .route("/api/handling", get(alerts::table))
        .route("/api/audit", get(audit::list))
        .route("/api/session", get(session::show).post(session::login).delete(session::logout))
        .route("/api/session/password", post(session::set_password))
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
        .route_layer(from_fn_with_state(Arc::clone(&desk), admission::admit))
        .fallback(problem::no_such_page)
        .method_not_allowed_fallback(problem::wrong_method)
        .with_state(desk);
    shield::around(routes)
}
