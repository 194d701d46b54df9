//! `GET /api/events`: every transition as it is said, resumable; `GET /api/transitions`: the newest ones.
//!
//! The id of an event is its ALERTS sequence, and events are read from the ledger, so a client that comes
//! back with the last id it saw (also after a restart of the service) gets each later one exactly once.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use facts::Moment;
use futures_util::Stream;
use futures_util::stream::unfold;
use metrics::gauge;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::params::{Known, Params, read_sequence};
use super::problem::Problem;
use super::view::TransitionView;
use super::visitor::Visitor;
use super::{Desk, LISTENERS_MAX};
use crate::figures;
use crate::ledger::{FeedFilter, Ledger, Position, StoredTransition};

/// Silence on the wire is broken this often, so that proxies and clients know the stream lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What a client waits before it comes back.
const RECONNECT: Duration = Duration::from_secs(2);
/// Events read from the ledger at once.
const READ_AHEAD: u32 = 200;
const ROWS: u32 = 50;
const ROWS_MAX: u32 = 500;

fn feed_filter(visitor: &Visitor, params: &Known) -> Result<FeedFilter, Problem> {
    Ok(FeedFilter {
        scope: visitor.scope(),
        lights: params.lights()?,
        level: params.level()?,
        region: params.region()?,
        case: params.owned("case"),
    })
}

/// Transitions, newest first.
#[derive(Debug, Serialize)]
pub(super) struct TransitionsPage {
    transitions: Vec<TransitionView>,
    /// Follow `/api/events?after=<this>` to hear all that come later.
    sequence: u64,
}

pub(super) async fn newest(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    params: Params,
) -> Result<Json<TransitionsPage>, Problem> {
    let params = params.known(&["light", "level", "region", "case", "before", "limit"])?;
    let ledger = &desk.site.ledger;
    // What is applied between these two lines is left to the feed, not shown twice.
    let sequence = ledger.position().sequence;
    let before = params.sequence("before")?.unwrap_or(sequence + 1).min(sequence + 1);
    let rows = ledger.newest(&feed_filter(&visitor, &params)?, Some(before), params.limit(ROWS, ROWS_MAX)?).await?;
    Ok(Json(TransitionsPage { transitions: rows.into_iter().map(TransitionView::from).collect(), sequence }))
}

pub(super) async fn listen(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    headers: HeaderMap,
    params: Params,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let params = params.known(&["light", "level", "region", "case", "after"])?;
    let filter = feed_filter(&visitor, &params)?;
    let asked = params.sequence("after")?;
    let after = resume_after(&headers)?.or(asked);
    let listener = Listener::new(&desk, filter, after, visitor.expires())?;
    Ok(Sse::new(unfold(listener, Listener::next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// A browser that comes back says where it was; that is newer than the address it was first given.
fn resume_after(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id").filter(|value| !value.is_empty()) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let allowed = &["the id of an event of this stream"];
    read_sequence(&text).map(Some).ok_or_else(|| Problem::bad_parameter("Last-Event-ID", &text, allowed))
}

/// One open event stream.
struct Listener {
    ledger: Ledger,
    filter: FeedFilter,
    after: u64,
    ready: VecDeque<StoredTransition>,
    position: watch::Receiver<Position>,
    closing: watch::Receiver<bool>,
    now: Arc<dyn Fn() -> Moment + Send + Sync>,
    /// The stream ends with the session, or the token, that began it.
    expires: Option<Moment>,
    greeted: bool,
    _seat: Seat,
}

impl Listener {
    fn new(desk: &Desk, filter: FeedFilter, after: Option<u64>, expires: Option<Moment>) -> Result<Listener, Problem> {
        let seat = desk.listeners.clone().try_acquire_owned();
        let seat = seat.map_err(|_| Problem::too_many_listeners(LISTENERS_MAX))?;
        let ledger = desk.site.ledger.clone();
        let position = ledger.watch_position();
        Ok(Listener {
            after: after.unwrap_or_else(|| ledger.position().sequence),
            ledger,
            filter,
            ready: VecDeque::new(),
            position,
            closing: desk.site.closing.clone(),
            now: Arc::clone(&desk.site.now),
            expires,
            greeted: false,
            _seat: Seat::take(seat),
        })
    }

    /// The next event; `None` when the service stops or the ledger fails, and the client comes back.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Listener)> {
        if !self.greeted {
            self.greeted = true;
            return Some((Ok(Event::default().comment("watchlight").retry(RECONNECT)), self));
        }
        loop {
            if self.expires.is_some_and(|expires| (self.now)() >= expires) {
                return None;
            }
            if let Some(row) = self.ready.pop_front() {
                let event = Event::default().id(row.sequence.to_string()).event("transition").data(row.line);
                return Some((Ok(event), self));
            }
            if *self.closing.borrow() {
                return None;
            }
            self.position.mark_unchanged();
            let (rows, complete) = match self.ledger.feed(&self.filter, self.after, READ_AHEAD).await {
                Ok(read) => read,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "event stream ended; ledger failed");
                    return None;
                }
            };
            self.after = complete;
            self.ready = rows.into();
            if self.ready.is_empty() && self.ledger.position().sequence <= self.after {
                tokio::select! {
                    moved = self.position.changed() => moved.ok()?,
                    // A sender that is gone will never say "closing": then only the ledger ends the stream.
                    _ = async { if self.closing.changed().await.is_err() { std::future::pending().await } } => {}
                }
            }
        }
    }
}

/// A seat among the listeners; counted while taken.
struct Seat(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Seat {
    fn take(permit: OwnedSemaphorePermit) -> Seat {
        gauge!(figures::HTTP_LISTENERS).increment(1);
        Seat(permit)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        gauge!(figures::HTTP_LISTENERS).decrement(1);
    }
}
