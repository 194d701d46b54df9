//! `POST /api/session`: a login. `GET`: who I am. `DELETE`: a logout. `POST /api/session/password`: another password.
//!
//! Whatever is wrong with a login, it is told in one way: nobody learns here which accounts there are.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use facts::Moment;
use serde::{Deserialize, Serialize};

use super::Desk;
use super::admission::COOKIE;
use super::local::is_local;
use super::params::Params;
use super::problem::Problem;
use super::visitor::Visitor;
use crate::ledger::{GivenKey, KeyKind, StoredAccount};
use crate::login::{Key, Password, PasswordHash};

/// How long a session lasts: a working day.
const SESSION_SECS: i64 = 12 * 60 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    name: String,
    password: String,
}

/// Who somebody is.
#[derive(Debug, Serialize)]
pub(super) struct Me {
    name: Option<String>,
    role: Option<&'static str>,
    role_zh: Option<&'static str>,
    region: Option<String>,
    dept: Option<String>,
    expires: Option<Moment>,
}

impl Me {
    fn of(visitor: &Visitor) -> Me {
        let account = visitor.get().map(|known| &known.shown.account);
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Me {
            name: account.map(|account| account.name.clone()),
            role: account.map(|account| account.role.token()),
            role_zh: account.map(|account| account.role.zh()),
            region: account.and_then(|account| some(&account.region)),
            dept: account.and_then(|account| some(&account.dept)),
            expires: visitor.expires(),
        }
    }
}

pub(super) async fn show(visitor: Visitor, params: Params) -> Result<Json<Me>, Problem> {
    params.known(&[])?;
    Ok(Json(Me::of(&visitor)))
}

pub(super) async fn login(
    State(desk): State<Arc<Desk>>,
    params: Params,
    from: Peer,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    params.known(&[])?;
    let Login { name, password } = read(&body)?;
    let now = (desk.site.now)();
    if !desk.throttle.admits(from.0, now) {
        return Err(Problem::too_many_logins());
    }
    let account = desk.site.ledger.account(&name).await?;
    let account = match check(&desk, account, password, now).await {
        Ok(account) => account,
        Err(problem) => {
            desk.note("(nobody)", "login", &name, problem.code()).await?;
            return Err(problem);
        }
    };
    desk.note(&account.account.name, "login", &name, "taken").await?;
    let key = Key::new();
    let expires = now.plus_millis(SESSION_SECS * 1_000);
    let given = GivenKey { hash: key.hash(), kind: KeyKind::Session, label: "", reads_only: false, at: now, expires };
    desk.site.ledger.give_key(&account.account.name, &given).await?;
    let shown = desk.site.ledger.by_key(&key.hash(), now).await?.ok_or_else(Problem::bad_login)?;
    let me = Me::of(&Visitor::known(shown, key.hash()));
    Ok(([(header::SET_COOKIE, cookie(key.reveal(), SESSION_SECS, &headers))], Json(me)).into_response())
}

/// The account, if the password is its own and nothing stands in the way.
async fn check(
    desk: &Desk,
    account: Option<StoredAccount>,
    password: String,
    now: Moment,
) -> Result<StoredAccount, Problem> {
    let kept = account.as_ref().map_or_else(PasswordHash::none, |account| account.password.clone());
    let right = matches(desk, kept, password).await?;
    let account = account.ok_or_else(Problem::bad_login)?;
    if account.disabled || account.locked_until.is_some_and(|until| now < until) {
        return Err(Problem::bad_login());
    }
    if !right {
        desk.site.ledger.note_failure(&account.account.name, now).await?;
        return Err(Problem::bad_login());
    }
    Ok(account)
}

/// Is it the password? Few at once: each takes a core for some time.
async fn matches(desk: &Desk, kept: PasswordHash, password: String) -> Result<bool, Problem> {
    let seat = desk.hashing.acquire().await.map_err(|_| Problem::internal())?;
    let right = move || Password::new(password).is_ok_and(|password| kept.is_of(&password));
    let right = tokio::task::spawn_blocking(right).await.map_err(|_| Problem::internal());
    drop(seat);
    right
}

pub(super) async fn logout(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    params.known(&[])?;
    if let Some(known) = visitor.get() {
        desk.site.ledger.drop_key(&known.key).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie("", 0, &headers))]).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherPassword {
    old: String,
    new: String,
}

/// Sets another password, which ends every session and token of the account, this one too.
pub(super) async fn set_password(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    params: Params,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    params.known(&[])?;
    let name = &visitor.account()?.name;
    let OtherPassword { old, new } = read(&body)?;
    let account = desk.site.ledger.account(name).await?;
    check(&desk, account, old, (desk.site.now)()).await?;
    let new = Password::new(new).map_err(|fault| Problem::bad_body(&fault.to_string()))?;
    let hash = tokio::task::spawn_blocking(move || new.hash()).await.map_err(|_| Problem::internal())?;
    desk.site.ledger.set_password(name, &hash).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    // What is wrong is told without what was sent: it may hold a password.
    serde_json::from_slice(body).map_err(|_| Problem::bad_body("an object with exactly the documented texts"))
}

/// A session's cookie: for this origin alone, out of scripts' reach, and over TLS alone where it is not this machine's.
fn cookie(key: &str, secs: i64, headers: &HeaderMap) -> HeaderValue {
    let secure = if is_local(headers) { "" } else { "; Secure" };
    let text = format!("{COOKIE}={key}; Path=/; HttpOnly; SameSite=Strict; Max-Age={secs}{secure}");
    HeaderValue::try_from(text).expect("a key is hex")
}

/// The address that a request comes from, where the server tells it.
pub(super) struct Peer(Option<std::net::IpAddr>);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Peer, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Peer(peer.map(|ConnectInfo(address)| address.ip())))
    }
}
