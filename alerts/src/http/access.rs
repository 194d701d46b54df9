//! Who may ask which route, once there are accounts: the table that docs/access.md shows, row by row.
//!
//! A route that is not here is nobody's. What a step of handling asks besides stands in [`crate::handling::TABLE`].

use axum::http::Method;

use crate::handling::Role;
use Role::{Analyst, Approver, Auditor, Contact, Operator, Staff, Supervisor};

/// Who.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    /// Whoever reaches the port.
    Anyone,
    /// Accounts with one of these roles.
    Roles(&'static [Role]),
}

/// What of it an account gets that is confined to a region or a department.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Confined {
    /// The same: it tells of no office.
    Same,
    /// What lies in its scope.
    Narrowed,
    /// Nothing.
    Nothing,
}

/// A route and who may ask it.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Its method; `HEAD` is as good as `GET`.
    pub(crate) method: Method,
    /// Its path, with names for what varies.
    pub(crate) path: &'static str,
    /// Who may ask.
    pub(crate) who: Who,
    /// What confined accounts get.
    pub(crate) confined: Confined,
}

/// Everybody with an account.
const ALL: Who = Who::Roles(&Role::ALL);
/// Those who look at cases.
const LOOKERS: Who = Who::Roles(&[Staff, Supervisor, Analyst, Approver, Auditor, Contact]);
/// Those who see the whole, to compare or to foresee.
const OVERSEERS: Who = Who::Roles(&[Supervisor, Analyst, Operator, Auditor]);
/// Those who change rules.
const RULE_KEEPERS: Who = Who::Roles(&[Analyst, Operator]);
/// Those who take steps; which ones each may take, the table of steps tells.
const HANDLERS: Who = Who::Roles(&[Staff, Supervisor, Approver, Contact]);
const OPERATORS: Who = Who::Roles(&[Operator]);
const AUDITORS: Who = Who::Roles(&[Auditor]);
const WATCHERS: Who = Who::Roles(&[Operator, Auditor]);

const fn get(path: &'static str, who: Who, confined: Confined) -> Access {
    Access { method: Method::GET, path, who, confined }
}

const fn post(path: &'static str, who: Who, confined: Confined) -> Access {
    Access { method: Method::POST, path, who, confined }
}

/// Every route, each method once.
pub(crate) const ROUTES: &[Access] = &[
    get("/", Who::Anyone, Confined::Same),
    get("/page.js", Who::Anyone, Confined::Same),
    get("/page.css", Who::Anyone, Confined::Same),
    get("/icon.svg", Who::Anyone, Confined::Same),
    get("/health", Who::Anyone, Confined::Same),
    get("/ready", Who::Anyone, Confined::Same),
    get("/metrics", WATCHERS, Confined::Nothing),
    get("/api/audit", AUDITORS, Confined::Nothing),
    get("/api/session", ALL, Confined::Same),
    post("/api/session", Who::Anyone, Confined::Same),
    Access { method: Method::DELETE, path: "/api/session", who: ALL, confined: Confined::Same },
    post("/api/session/password", ALL, Confined::Same),
    get("/api/lights", LOOKERS, Confined::Narrowed),
    get("/api/alerts", LOOKERS, Confined::Narrowed),
    get("/api/alerts/{id}", LOOKERS, Confined::Narrowed),
    post("/api/alerts/{id}/steps", HANDLERS, Confined::Narrowed),
    post("/api/alerts/steps", HANDLERS, Confined::Narrowed),
    get("/api/handling", ALL, Confined::Same),
    get("/api/cases/{case}", LOOKERS, Confined::Narrowed),
    get("/api/cases/{case}/why-not", LOOKERS, Confined::Narrowed),
    get("/api/cases/{case}/keep-green", LOOKERS, Confined::Narrowed),
    get("/api/forecast", OVERSEERS, Confined::Nothing),
    get("/api/counts", ALL, Confined::Narrowed),
    get("/api/digest", OVERSEERS, Confined::Nothing),
    get("/api/clock", ALL, Confined::Same),
    post("/api/clock/confirm", OPERATORS, Confined::Nothing),
    get("/api/rules", OVERSEERS, Confined::Same),
    post("/api/rules/preview", RULE_KEEPERS, Confined::Nothing),
    post("/api/rules/reload", RULE_KEEPERS, Confined::Nothing),
    get("/api/sources", ALL, Confined::Narrowed),
    get("/api/regions", ALL, Confined::Same),
    get("/api/transitions", LOOKERS, Confined::Narrowed),
    get("/api/events", LOOKERS, Confined::Narrowed),
];

/// The row of a route, if it has one.
pub(crate) fn of(method: &Method, path: &str) -> Option<&'static Access> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    ROUTES.iter().find(|access| access.method == method && access.path == path)
}

/// The methods that a path takes, for a request with another one.
pub(crate) fn methods(path: &str) -> Vec<&'static str> {
    let own = ROUTES.iter().filter(|access| matches(access.path, path));
    let mut methods: Vec<_> = own.map(|access| access.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods
}

/// Does a route with names for what varies lead to `path`?
fn matches(route: &str, path: &str) -> bool {
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    loop {
        match (route.next(), path.next()) {
            (None, None) => return true,
            (Some(name), Some(part)) if name == part || name.starts_with('{') && !part.is_empty() => {}
            _ => return false,
        }
    }
}
