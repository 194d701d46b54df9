//! What every request passes through: limits on time and size, a net for panics, security headers, and
//! one count for each answer.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use metrics::counter;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;

use super::problem::Problem;
use crate::figures;

/// How long an answer may take to begin. An event stream begins at once and may last.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Bodies that are asked for are a number or a hash.
const SMALL_BODY_BYTES_MAX: usize = 4 * 1024;
/// But for a whole configuration, to be looked at.
pub(super) const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long an answer about the rules may take: every case may have to be judged.
const RULES_TIMEOUT: Duration = Duration::from_secs(600);

/// Everything from this origin, nothing inline, never inside another site's frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

pub(super) fn around(routes: Router) -> Router {
    routes
        .layer(DefaultBodyLimit::max(SMALL_BODY_BYTES_MAX))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(RequestBodyLimitLayer::new(BODY_BYTES_MAX))
        .layer(map_response(too_large))
        .layer(CsrfLayer::new().with_rejection_response(|_| Problem::cross_site().into_response()))
        .layer(from_fn(in_time))
        .layer(from_fn(with_headers))
        .layer(from_fn(counted))
}

async fn in_time(request: Request, next: Next) -> Response {
    let about_rules = request.uri().path().starts_with("/api/rules/");
    let patience = if about_rules { RULES_TIMEOUT } else { ANSWER_TIMEOUT };
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timed_out(patience.as_secs()).into_response(),
    }
}

/// What a limit refuses is told as any other error is.
async fn too_large(response: Response) -> Response {
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::body_too_large().into_response(),
        _ => response,
    }
}

async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn counted(request: Request, next: Next) -> Response {
    // The pattern, not the path: a case number is no label.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = match *request.method() {
        axum::http::Method::GET => "GET",
        axum::http::Method::HEAD => "HEAD",
        axum::http::Method::POST => "POST",
        axum::http::Method::DELETE => "DELETE",
        _ => "other",
    };
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    counter!(figures::HTTP_REQUESTS, "route" => route, "method" => method, "status" => status).increment(1);
    response
}

fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("no text"), "request panicked");
    Problem::internal().into_response()
}
