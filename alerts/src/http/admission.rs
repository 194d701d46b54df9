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
use super::access::{self, Confined, Who};
use super::local::{is_json, is_local};
use super::problem::Problem;
use super::visitor::Visitor;
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
    let case = names.iter().flatten().find(|(name, _)| *name == "case").map(|(_, case)| case);
    match visitor(&desk, route.as_str(), case, request.method(), request.headers()).await {
        Ok(visitor) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn visitor(
    desk: &Desk,
    route: &str,
    case: Option<&str>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Visitor, Problem> {
    let changes = !matches!(*method, Method::GET | Method::HEAD);
    if *method == Method::POST && !is_json(headers) {
        return Err(Problem::not_local());
    }
    if !desk.site.ledger.has_accounts().await? {
        return if changes && !is_local(headers) { Err(Problem::not_local()) } else { Ok(Visitor::local()) };
    }
    let access = access::of(method, route).ok_or_else(Problem::not_yours)?;
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
    let scope = shown.account.scope();
    let confined = access.confined == Confined::Nothing && !scope.is_whole();
    if !roles.contains(&shown.account.role) || confined || (changes && shown.reads_only) {
        return Err(Problem::not_yours());
    }
    if let Some(case) = case {
        desk.within(&scope, case).await?;
    }
    Ok(Visitor::known(shown, hash))
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
