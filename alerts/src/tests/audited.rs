//! The audit: what is noted of what people do, look at and are refused, and that nothing of it can be changed unseen.

use facts::{Card, Moment};
use reqwest::Method;
use serde_json::{Value, json};

use super::admitted::{Site, now};
use super::support::postgres::Postgres;
use super::support::raised;
use super::support::site::CASE;
use crate::Ledger;
use crate::handling::Role;
use crate::ledger::{AuditFilter, Break, Chain, Deed};

fn deed(number: i64) -> Deed {
    Deed {
        at: Moment::from_millis(1_772_420_000_000 + number),
        actor: "zhang".to_owned(),
        action: format!("deed {number}"),
        object: "C\0".to_owned(),
        outcome: "taken".to_owned(),
        detail: String::new(),
    }
}

#[tokio::test]
async fn sqlite_shows_every_change_of_the_audit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shows_every_change(&format!("sqlite://{}", folder.path().join("ledger.db").display())).await;
}

#[tokio::test]
async fn postgres_shows_every_change_of_the_audit() {
    let Some(mut server) = Postgres::start().await else { return };
    shows_every_change(&server.new_database().await).await;
}

async fn shows_every_change(url: &str) {
    let ledger = Ledger::open(url).await.expect("a database");
    let beside = Ledger::open(url).await.expect("a database");
    assert_eq!(ledger.verify_audit(None).await.expect("readable"), Chain::Whole { rows: 0, hash: String::new() });
    // Two processes append at once; the chain stays one.
    let both = (0..20).map(|number| {
        let (ledger, deed) = (if number % 2 == 0 { &ledger } else { &beside }, deed(number));
        async move { ledger.note(&deed).await }
    });
    for noted in futures_util::future::join_all(both).await {
        noted.expect("appended");
    }
    let Chain::Whole { rows: 20, hash } = ledger.verify_audit(None).await.expect("readable") else { panic!("broken") };
    let rows = ledger.audit(&AuditFilter::default(), 100).await.expect("readable");
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), (1..=20).rev().collect::<Vec<_>>());
    assert_eq!(rows[0].hash, hash);
    let noted = (7, rows[13].hash.as_str());
    assert_eq!(
        ledger.verify_audit(Some(noted)).await.expect("readable"),
        Chain::Whole { rows: 20, hash: hash.clone() }
    );

    let broken_by = async |statement: &'static str, number, why| {
        let pool = sqlx::AnyPool::connect(url).await.expect("a database");
        sqlx::raw_sql(statement).execute(&pool).await.expect(statement);
        pool.close().await;
        assert_eq!(
            ledger.verify_audit(Some(noted)).await.expect("readable"),
            Chain::Broken { number, why },
            "{statement}"
        );
    };
    broken_by("UPDATE audit SET actor = 'li' WHERE number = 12", 12, Break::Changed).await;
    broken_by(
        "UPDATE audit SET actor = 'zhang' WHERE number = 12; DELETE FROM audit WHERE number = 9",
        9,
        Break::Missing,
    )
    .await;
    broken_by("DELETE FROM audit WHERE number > 6", 7, Break::Missing).await;
    // Whoever also sets the head is found by what was noted elsewhere.
    broken_by("UPDATE audit_head SET number = 6, hash = (SELECT hash FROM audit WHERE number = 6)", 7, Break::Missing)
        .await;
    let cut = ledger.verify_audit(None).await.expect("readable");
    assert!(matches!(cut, Chain::Whole { rows: 6, .. }), "{cut:?}");
    broken_by("UPDATE audit_head SET hash = 'x'", 7, Break::Missing).await;
    assert_eq!(ledger.verify_audit(None).await.expect("readable"), Chain::Broken { number: 6, why: Break::OtherHead });
}

#[tokio::test]
async fn deeds_looks_and_refusals_are_noted() {
    let site = Site::start(&[(1, raised("A", Card::Red))]).await;
    let id = raised("A", Card::Red).id;
    site.account("zhang", Role::Staff, "360921", "").await;
    site.account("li", Role::Supervisor, "", "").await;
    site.account("shen", Role::Auditor, "", "").await;
    let (zhang, li, shen) =
        (site.token("zhang", false).await, site.token("li", false).await, site.token("shen", false).await);
    let ask = async |method: Method, path: &str, token: &str, body: Option<Value>| {
        site.ask(method, path, Some(token), body).await.status().as_u16()
    };
    let steps = format!("/api/alerts/{id}/steps");
    assert_eq!(ask(Method::GET, &format!("/api/cases/{CASE}"), &li, None).await, 200);
    assert_eq!(ask(Method::GET, &format!("/api/cases/{CASE}"), &zhang, None).await, 403);
    assert_eq!(ask(Method::GET, &format!("/api/alerts/{id}"), &zhang, None).await, 403);
    assert_eq!(ask(Method::POST, &steps, &li, Some(json!({"step": "sign", "reason": "先看"}))).await, 200);
    assert_eq!(ask(Method::POST, "/api/rules/reload", &li, Some(json!({}))).await, 403);
    assert_eq!(ask(Method::GET, "/api/lights", &li, None).await, 200);
    let wrong = json!({"name": "wu", "password": "no such password"});
    assert_eq!(site.ask(Method::POST, "/api/session", None, Some(wrong)).await.status(), 401);

    let page: Value = site.ask(Method::GET, "/api/audit", Some(&shen), None).await.json().await.expect("JSON");
    let mut told: Vec<_> = page["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            let text = |field: &str| row[field].as_str().expect("text").to_owned();
            [text("actor"), text("action"), text("object"), text("outcome")]
        })
        .collect();
    told.reverse();
    let row = |actor: &str, action: &str, object: &str, outcome: &str| {
        [actor, action, object, outcome].map(ToOwned::to_owned)
    };
    assert_eq!(
        told,
        [
            row("li", "GET /api/cases/{case}", CASE, "look"),
            row("zhang", "GET /api/cases/{case}", CASE, "out_of_scope"),
            row("zhang", "GET /api/alerts/{id}", &id, "look"),
            row("zhang", "alert", &id, "out_of_scope"),
            row("li", "POST /api/alerts/{id}/steps", &id, "asked"),
            row("li", "step", &id, "taken"),
            row("li", "POST /api/rules/reload", "", "not_yours"),
            row("(nobody)", "login", "wu", "bad_login"),
        ]
    );
    let step = page["rows"].as_array().expect("rows").iter().find(|row| row["action"] == "step").expect("noted");
    let detail: Value = serde_json::from_str(step["detail"].as_str().expect("text")).expect("JSON");
    assert_eq!((&detail["step"], &detail["reason"], &detail["number"]), (&json!("sign"), &json!("先看"), &json!(1)));
    let of_zhang: Value =
        site.ask(Method::GET, "/api/audit?actor=zhang&limit=2", Some(&shen), None).await.json().await.expect("JSON");
    assert_eq!((of_zhang["rows"].as_array().map(Vec::len), &of_zhang["next"]), (Some(2), &json!(3)));
    assert_eq!(ask(Method::GET, "/api/audit", &li, None).await, 403);
    let chain = site.ledger.verify_audit(None).await.expect("readable");
    assert!(matches!(chain, Chain::Whole { rows: 9, .. }), "{chain:?}");
    assert_eq!(site.ledger.audit(&AuditFilter::default(), 1).await.expect("readable")[0].deed.at, now());
}
