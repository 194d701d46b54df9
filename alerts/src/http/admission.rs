//! Who comes in, and as whom.
//!
//! While the ledger has no account, the service belongs to whoever sits at this machine: everything may be looked at, and
//! a request that changes something must be addressed to the loopback and say that it is JSON (`local`). With the first
//! account that ends: each request shows a key, in a session's cookie or as `Authorization: Bearer`, and the table in
//! `access` says what its role may ask.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Desk;
use super::access::{self, Access, Confined, Who};
use super::local::{is_json, is_local};
use super::problem::Problem;
use super::visitor::Visitor;
use crate::handling::Role;
use crate::ledger::Shown;
use crate::login::KeyHash;

/// The cookie of a session.
pub(super) const COOKIE: &str = "watchlight_session";

/// Lets a request through as somebody, or refuses it.
pub(super) async fn admit(
    State(desk): State<Arc<Desk>>,
    route: MatchedPath,
    names: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    // A path that is no text is refused by the route itself.
    let names = names.ok();
    let named = |wanted: &str| names.iter().flatten().find(|(name, _)| *name == wanted).map(|(_, text)| text);
    let asked = Asked { route: route.as_str(), case: named("case"), alert: named("id"), method: request.method() };
    match admitted(&desk, &asked, request.headers()).await {
        Ok(visitor) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// What is asked.
struct Asked<'a> {
    route: &'a str,
    case: Option<&'a str>,
    alert: Option<&'a str>,
    method: &'a Method,
}

impl Asked<'_> {
    fn changes(&self) -> bool {
        !matches!(*self.method, Method::GET | Method::HEAD)
    }

    /// What it is about, for the audit.
    fn object(&self) -> &str {
        self.case.or(self.alert).unwrap_or_default()
    }

    fn action(&self) -> String {
        format!("{} {}", self.method, self.route)
    }
}

/// Finds out who asks, and notes it before anything is done or shown: every request that changes something, and every
/// look at a case or an alert. Only looks of whoever sits at a machine without accounts are not noted: they are nobody's.
async fn admitted(desk: &Desk, asked: &Asked<'_>, headers: &HeaderMap) -> Result<Visitor, Problem> {
    let visitor = visitor(desk, asked, headers).await?;
    let noted = match asked.changes() {
        // A login notes itself, with its outcome.
        true => asked.route != "/api/session" || *asked.method != Method::POST,
        false => visitor.get().is_some() && !asked.object().is_empty(),
    };
    if noted {
        let outcome = if asked.changes() { "asked" } else { "look" };
        desk.note(visitor.name(), &asked.action(), asked.object(), outcome).await?;
    }
    Ok(visitor)
}

async fn visitor(desk: &Desk, asked: &Asked<'_>, headers: &HeaderMap) -> Result<Visitor, Problem> {
    let changes = asked.changes();
    if *asked.method == Method::POST && !is_json(headers) {
        return Err(Problem::not_local());
    }
    let access = access::of(asked.method, asked.route);
    if !changes && access.is_some_and(|access| access.who == Who::Anyone) {
        // Health is told although the database fails.
        return Ok(Visitor::local());
    }
    if !desk.site.ledger.has_accounts().await? {
        return if changes && !is_local(headers) { Err(Problem::not_local()) } else { Ok(Visitor::local()) };
    }
    let access = access.ok_or_else(Problem::not_yours)?;
    let shown = match key(headers) {
        Some(key) => {
            let hash = KeyHash::of(key);
            let shown = desk.site.ledger.by_key(&hash, (desk.site.now)()).await?;
            shown.map(|shown| (shown, hash))
        }
        None => None,
    };
    let Who::Roles(roles) = access.who else {
        return Ok(shown.map_or_else(Visitor::local, |(shown, hash)| Visitor::known(shown, hash)));
    };
    let (shown, hash) = shown.ok_or_else(Problem::login_needed)?;
    if let Err(problem) = may(desk, asked, access, roles, &shown).await {
        desk.note(&shown.account.name, &asked.action(), asked.object(), problem.code()).await?;
        return Err(problem);
    }
    Ok(Visitor::known(shown, hash))
}

/// Refuses what an account may not ask.
async fn may(desk: &Desk, asked: &Asked<'_>, access: &Access, roles: &[Role], shown: &Shown) -> Result<(), Problem> {
    let scope = shown.account.scope();
    let confined = access.confined == Confined::Nothing && !scope.is_whole();
    if !roles.contains(&shown.account.role) || confined || (asked.changes() && shown.reads_only) {
        return Err(Problem::not_yours());
    }
    match asked.case {
        Some(case) => desk.within(&scope, case).await,
        None => Ok(()),
    }
}

/// The key that a request shows; a program's header beats a browser's cookie.
fn key(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    bearer.or_else(|| cookie(headers))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}
