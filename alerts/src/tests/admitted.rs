//! Who comes in: every route as every role against the table, which its page shows; logins, lockouts, tokens; requests that
//! another site's page sends.

use std::collections::BTreeSet;

use facts::{Card, Moment};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::served::problem;
use super::support::raised;
use super::support::site::{CASE, NOW, Served};
use crate::Ledger;
use crate::handling::Role;
use crate::http::access::{Access, Confined, ROUTES, Who};
use crate::ledger::{GivenKey, KeyKind};
use crate::login::{Account, Key, Password, PasswordHash};

const PAGE: &str = include_str!("../../../docs/access.md");

/// A served site, its ledger, and keys for its accounts.
pub(super) struct Site {
    pub(super) served: Served,
    pub(super) ledger: Ledger,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
}

pub(super) fn now() -> Moment {
    NOW.parse().expect("an instant")
}

impl Site {
    pub(super) async fn start(entries: &[(u64, facts::Transition)]) -> Site {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("ledger.db").display());
        let ledger = Ledger::open(&url).await.expect("a database");
        ledger.apply(entries).await.expect("applied");
        let served = Served::start(ledger.clone()).await;
        Site { served, ledger, client: reqwest::Client::new(), _folder: folder }
    }

    pub(super) async fn account(&self, name: &str, role: Role, region: &str, dept: &str) {
        let account = Account::new(name, role, region, dept).expect("sound");
        assert!(self.ledger.add_account(&account, &PasswordHash::none(), now()).await.expect("kept"));
    }

    /// A token of an account.
    pub(super) async fn token(&self, name: &str, reads_only: bool) -> String {
        let key = Key::new();
        let expires = now().plus_millis(60_000);
        let given = GivenKey { hash: key.hash(), kind: KeyKind::Token, label: "", reads_only, at: now(), expires };
        self.ledger.give_key(name, &given).await.expect("given");
        key.reveal().to_owned()
    }

    pub(super) async fn ask(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, self.served.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.expect("it answers")
    }

    async fn login(&self, name: &str, password: &str) -> Response {
        let body = json!({"name": name, "password": password});
        self.ask(Method::POST, "/api/session", None, Some(body)).await
    }
}

/// A row of the table as its page shows it.
fn shown(access: &Access) -> String {
    let who = match access.who {
        Who::Anyone => "anyone".to_owned(),
        Who::Roles(roles) if roles.len() == Role::ALL.len() => "every account".to_owned(),
        Who::Roles(roles) => roles.iter().map(|role| format!("`{}`", role.token())).collect::<Vec<_>>().join(", "),
    };
    let confined = match access.confined {
        Confined::Same => "the same",
        Confined::Narrowed => "what lies in their scope",
        Confined::Nothing => "nothing",
    };
    format!("| `{}` | `{}` | {who} | {confined} |", access.method, access.path)
}

#[test]
fn the_table_of_access_is_the_one_of_its_page_and_has_every_route() {
    let in_code: Vec<_> = ROUTES.iter().map(shown).collect();
    let on_page: Vec<_> =
        PAGE.lines().filter(|line| line.starts_with("| `")).filter(|line| line.contains("| `/")).collect();
    assert_eq!(on_page, in_code, "docs/access.md should say:\n{}", in_code.join("\n"));
    let router = include_str!("../http.rs");
    let routed: BTreeSet<_> = router.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(routed, ROUTES.iter().map(|access| access.path).collect(), "routes without a row are nobody's");
}

/// The answer's code, where it is a problem.
async fn code(response: Response) -> String {
    let is_problem = response.headers()["content-type"] == "application/problem+json";
    if is_problem { problem(response).await["code"].as_str().unwrap_or_default().to_owned() } else { String::new() }
}

const REFUSED: [&str; 4] = ["login_needed", "not_yours", "out_of_scope", "not_local"];

#[tokio::test]
async fn every_route_as_every_role_is_as_the_table_says() {
    let site = Site::start(&[(1, raised(CASE, Card::Red))]).await;
    let alert = raised(CASE, Card::Red).id;
    for role in Role::ALL {
        // One confined to the office that the case and the alert belong to, and one that is not confined.
        let confined = format!("{}-there", role.token());
        site.account(&confined, role, "360902", "D01").await;
        if role != Role::Contact {
            site.account(role.token(), role, "", "").await;
        }
    }
    let mut asked = 0;
    for access in ROUTES {
        let path = access.path.replace("{id}", &alert).replace("{case}", CASE);
        let body = (access.method == Method::POST).then(|| json!({}));
        let stranger = site.ask(access.method.clone(), &path, None, body.clone()).await;
        match access.who {
            Who::Anyone => assert!(!REFUSED.contains(&code(headed(stranger)).await.as_str()), "{path}"),
            Who::Roles(_) => {
                assert_eq!((stranger.status().as_u16(), code(stranger).await.as_str()), (401, "login_needed"), "{path}")
            }
        }
        for role in Role::ALL {
            for name in [role.token().to_owned(), format!("{}-there", role.token())] {
                let confined = name.ends_with("-there");
                if role == Role::Contact && !confined {
                    continue;
                }
                let token = site.token(&name, false).await;
                let response = site.ask(access.method.clone(), &path, Some(&token), body.clone()).await;
                let may = match access.who {
                    Who::Anyone => true,
                    Who::Roles(roles) => roles.contains(&role) && !(confined && access.confined == Confined::Nothing),
                };
                let (status, told) = (response.status().as_u16(), code(headed(response)).await);
                let refused = REFUSED.contains(&told.as_str());
                assert_eq!(refused, !may, "{} {path} as {name}: {status} {told}", access.method);
                assert!(may || (status, told.as_str()) == (403, "not_yours"), "{path} as {name}: {status} {told}");
                assert!(status != 500, "{path} as {name}");
                asked += 1;
            }
        }
    }
    assert!(asked > 400, "only {asked} questions were asked");
}

/// A stream never ends; and an answer without a body has no type.
fn headed(response: Response) -> Response {
    if response.headers().contains_key("content-type") {
        return response;
    }
    axum::http::Response::builder().header("content-type", "none").body("").expect("an answer").into()
}

#[tokio::test]
async fn without_accounts_this_machine_may_look_and_nobody_may_sign() {
    let site = Site::start(&[(1, raised("A", Card::Red))]).await;
    let alerts = site.ask(Method::GET, "/api/alerts", None, None).await;
    assert_eq!(alerts.status(), 200);
    let me: Value = site.ask(Method::GET, "/api/session", None, None).await.json().await.expect("JSON");
    assert_eq!(me["name"], Value::Null);
    let path = format!("/api/alerts/{}/steps", raised("A", Card::Red).id);
    let signed = site.ask(Method::POST, &path, None, Some(json!({"step": "sign"}))).await;
    assert_eq!(problem(signed).await["code"], "login_needed");
    // The first account ends it, also in a service that runs.
    site.account("li", Role::Supervisor, "", "").await;
    let alerts = site.ask(Method::GET, "/api/alerts", None, None).await;
    assert_eq!((alerts.status().as_u16(), problem(alerts).await["code"].clone()), (401, json!("login_needed")));
}

async fn with_password(site: &Site, name: &str, password: &str) {
    let account = Account::new(name, Role::Staff, "3609", "").expect("sound");
    let hash = Password::new(password.to_owned()).expect("long enough").hash();
    assert!(site.ledger.add_account(&account, &hash, now()).await.expect("kept"));
}

#[tokio::test]
async fn a_login_gives_a_session_that_a_logout_ends() {
    let site = Site::start(&[]).await;
    with_password(&site, "zhang", "correct horse battery").await;
    let response = site.login("zhang", "correct horse battery").await;
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str().expect("text").to_owned();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let me: Value = response.json().await.expect("JSON");
    assert_eq!((&me["name"], &me["role"], &me["region"]), (&json!("zhang"), &json!("staff"), &json!("3609")));
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let with_cookie = |method, path: &str| {
        site.client.request(method, site.served.url(path)).header("cookie", format!("other=1; {pair}")).send()
    };
    assert_eq!(with_cookie(Method::GET, "/api/alerts").await.expect("it answers").status(), 200);
    let behind_a_proxy = site.client.post(site.served.url("/api/session")).header("host", "watchlight.example.com");
    let login = json!({"name": "zhang", "password": "correct horse battery"});
    let response = behind_a_proxy.json(&login).send().await.expect("it answers");
    assert!(response.headers()["set-cookie"].to_str().expect("text").ends_with("; Secure"));
    assert_eq!(with_cookie(Method::DELETE, "/api/session").await.expect("it answers").status(), 204);
    assert_eq!(with_cookie(Method::GET, "/api/alerts").await.expect("it answers").status(), 401);
}

#[tokio::test]
async fn five_wrong_passwords_lock_an_account_and_nobody_learns_which_there_are() {
    let site = Site::start(&[]).await;
    with_password(&site, "zhang", "correct horse battery").await;
    let mut told = BTreeSet::new();
    for _ in 0..5 {
        told.insert(problem(site.login("zhang", "wrong horse battery").await).await.to_string());
    }
    told.insert(problem(site.login("zhang", "correct horse battery").await).await.to_string());
    told.insert(problem(site.login("nobody", "correct horse battery").await).await.to_string());
    assert_eq!(told.len(), 1, "{told:?}");
    let kept = site.ledger.account("zhang").await.expect("readable").expect("kept");
    assert_eq!(kept.locked_until, Some(now().plus_millis(900_000)));
    // A wrong password after the lock has ended is the first of a new count.
    site.ledger.note_failure("zhang", now().plus_millis(900_001)).await.expect("noted");
    assert_eq!(site.ledger.account("zhang").await.expect("readable").expect("kept").locked_until, None);
    assert_eq!(site.login("zhang", "correct horse battery").await.status(), 200);
    let mut last = String::new();
    for _ in 0..5 {
        last = problem(site.login("nobody", "x").await).await["code"].as_str().expect("text").to_owned();
    }
    assert_eq!(last, "too_many_logins");
}

#[tokio::test]
async fn another_password_ends_all_sessions_and_a_disabled_account_has_none() {
    let site = Site::start(&[]).await;
    with_password(&site, "zhang", "correct horse battery").await;
    let (one, other) = (site.token("zhang", false).await, site.token("zhang", false).await);
    let change = |old: &'static str, new: &'static str| {
        site.ask(Method::POST, "/api/session/password", Some(&one), Some(json!({"old": old, "new": new})))
    };
    assert_eq!(problem(change("wrong horse battery", "another horse battery").await).await["code"], "bad_login");
    assert_eq!(problem(change("correct horse battery", "short").await).await["code"], "bad_body");
    assert_eq!(change("correct horse battery", "another horse battery").await.status(), 204);
    assert_eq!(site.ask(Method::GET, "/api/alerts", Some(&other), None).await.status(), 401);
    assert_eq!(site.login("zhang", "another horse battery").await.status(), 200);
    let third = site.token("zhang", false).await;
    assert!(site.ledger.set_disabled("zhang", true).await.expect("set"));
    assert_eq!(site.ask(Method::GET, "/api/alerts", Some(&third), None).await.status(), 401);
    assert_eq!(site.login("zhang", "another horse battery").await.status(), 401);
}

#[tokio::test]
async fn another_sites_page_sends_nothing_and_a_token_that_only_looks_changes_nothing() {
    let site = Site::start(&[]).await;
    site.account("li", Role::Operator, "", "").await;
    let token = site.token("li", false).await;
    let confirm = || {
        let url = site.served.url("/api/clock/confirm");
        site.client.post(url).bearer_auth(&token).json(&json!({"freeze": 7}))
    };
    for (header, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example.com")] {
        let response = confirm().header(header, value).send().await.expect("it answers");
        assert_eq!(problem(response).await["code"], "cross_site", "{header}");
    }
    let form = site.client.post(site.served.url("/api/clock/confirm")).bearer_auth(&token);
    let form = form.header("content-type", "text/plain").body(r#"{"freeze":7}"#).send().await.expect("it answers");
    assert_eq!(problem(form).await["code"], "not_local");
    let looking = site.token("li", true).await;
    let refused = site.ask(Method::POST, "/api/clock/confirm", Some(&looking), Some(json!({"freeze": 7}))).await;
    assert_eq!(problem(refused).await["code"], "not_yours");
    assert_eq!(site.ask(Method::GET, "/api/clock", Some(&looking), None).await.status(), 200);
    // Behind a proxy the host is not this machine's, and a login is what counts.
    let proxied = confirm().header("host", "watchlight.example.com").send().await.expect("it answers");
    assert_eq!(proxied.status(), 200);
}
