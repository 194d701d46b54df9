//! Handling by the API: steps one by one and many at once, what is told to those who come second, and what somebody gets
//! to see of other regions and departments: nothing, by list, id and stream.

use facts::{Address, Card, Transition};
use reqwest::Method;
use serde_json::{Value, json};

use super::admitted::Site;
use super::served::problem;
use super::support::site::CASE;
use super::support::{eventually, raised};
use crate::handling::Role;

/// A card of an office other than the one that made-up cards have.
fn elsewhere(case: &str) -> Transition {
    let Address { level, region, dept } =
        Address::from_subject("approval", "approval.county.360921.D09").expect("well formed");
    Transition { level, region, dept, ..raised(case, Card::Yellow) }
}

async fn site() -> Site {
    let site = Site::start(&[(1, raised("A", Card::Red)), (2, raised("B", Card::Red)), (3, elsewhere("E"))]).await;
    site.account("zhang", Role::Staff, "3609", "").await;
    site.account("wang", Role::Staff, "3609", "").await;
    site.account("li", Role::Supervisor, "", "").await;
    site.account("chen", Role::Contact, "360921", "D09").await;
    site
}

async fn step(site: &Site, by: &str, id: &str, body: Value) -> reqwest::Response {
    let token = site.token(by, false).await;
    site.ask(Method::POST, &format!("/api/alerts/{id}/steps"), Some(&token), Some(body)).await
}

async fn read(site: &Site, by: &str, path: &str) -> Value {
    let token = site.token(by, false).await;
    let response = site.ask(Method::GET, path, Some(&token), None).await;
    assert_eq!(response.status(), 200, "{path} as {by}");
    response.json().await.expect("JSON")
}

#[tokio::test]
async fn an_alert_goes_its_way_and_each_step_is_in_the_journal() {
    let site = site().await;
    let id = raised("A", Card::Red).id;
    let before = read(&site, "zhang", &format!("/api/alerts/{id}")).await;
    assert_eq!((&before["handling"]["state"], &before["allowed"]), (&json!("new"), &json!(["sign"])));
    let taken: Value = step(&site, "zhang", &id, json!({"step": "sign", "seen": 0})).await.json().await.expect("JSON");
    assert_eq!((&taken["handling"]["state"], &taken["handling"]["holder"]), (&json!("signed"), &json!("zhang")));

    let second = problem(step(&site, "wang", &id, json!({"step": "sign"})).await).await;
    assert_eq!((&second["code"], &second["status"]), (&json!("step_not_allowed"), &json!(409)));
    assert_eq!(
        (&second["holder"], &second["state"], &second["allowed"]),
        (&json!("zhang"), &json!("signed"), &Value::Null)
    );
    assert!(second["detail_zh"].as_str().expect("text").contains("只能在“待签收”时办理"), "{second}");
    let meddling = problem(step(&site, "wang", &id, json!({"step": "verify"})).await).await;
    assert!(meddling["detail"].as_str().expect("text").contains("zhang has signed for it"), "{meddling}");
    let stale = problem(step(&site, "zhang", &id, json!({"step": "verify", "seen": 0})).await).await;
    assert_eq!((&stale["code"], &stale["status"]), (&json!("gone_on"), &json!(409)));
    let unknown = problem(step(&site, "zhang", &id, json!({"step": "forget"})).await).await;
    assert_eq!((&unknown["code"], unknown["allowed"].as_array().map(Vec::len)), (&json!("bad_parameter"), Some(21)));

    let office = json!({"level": "county", "region": "360921", "dept": "D09"});
    for body in [json!({"step": "verify"}), json!({"step": "confirm"}), json!({"step": "transfer", "office": office})] {
        assert_eq!(step(&site, "zhang", &id, body.clone()).await.status(), 200, "{body}");
    }
    let timeless = problem(step(&site, "zhang", &id, json!({"step": "rectify"})).await).await;
    assert_eq!((&timeless["code"], &timeless["parameter"]), (&json!("step_needs"), &json!("due")));
    let past = step(&site, "zhang", &id, json!({"step": "rectify", "due": "2026-03-01"})).await;
    assert_eq!(problem(past).await["code"], "step_needs");
    assert_eq!(step(&site, "zhang", &id, json!({"step": "rectify", "due": "2026-03-02"})).await.status(), 200);
    // The office that answers for it now sees it, and answers.
    assert_eq!(step(&site, "chen", &id, json!({"step": "reply", "reason": "已整改"})).await.status(), 200);

    let after = read(&site, "li", &format!("/api/alerts/{id}")).await;
    assert_eq!((&after["handling"]["state"], &after["handling"]["state_zh"]), (&json!("replied"), &json!("已回复")));
    let journal = after["journal"].as_array().expect("a journal");
    let told: Vec<_> = journal.iter().map(|entry| (entry["step"].clone(), entry["by"].clone())).collect();
    let expected = ["sign", "verify", "confirm", "transfer", "rectify"].map(|step| (json!(step), json!("zhang")));
    assert_eq!(told[..5], expected);
    assert_eq!(told[5..], [(json!("reply"), json!("chen"))]);
    assert_eq!((&journal[3]["office"]["dept"], &journal[5]["reason"]), (&json!("D09"), &json!("已整改")));
}

#[tokio::test]
async fn many_are_signed_at_once_and_each_is_told_for_itself() {
    let site = site().await;
    let ids = [raised("A", Card::Red).id, raised("B", Card::Red).id, "none".to_owned()];
    assert_eq!(step(&site, "wang", &ids[1], json!({"step": "sign"})).await.status(), 200);
    let token = site.token("zhang", false).await;
    let body = json!({"alerts": ids, "step": "sign"});
    let response = site.ask(Method::POST, "/api/alerts/steps", Some(&token), Some(body)).await;
    let outcome: Value = response.json().await.expect("JSON");
    assert_eq!(outcome["taken"], 1);
    let results = outcome["results"].as_array().expect("a list");
    assert_eq!(results[0]["handling"]["holder"], "zhang");
    assert_eq!(
        (&results[1]["problem"]["code"], &results[1]["problem"]["holder"]),
        (&json!("step_not_allowed"), &json!("wang"))
    );
    assert_eq!(results[2]["problem"]["code"], "unknown_alert");
    for alerts in [json!([]), json!(vec!["x"; 501])] {
        let body = json!({"alerts": alerts, "step": "sign"});
        let refused = site.ask(Method::POST, "/api/alerts/steps", Some(&token), Some(body)).await;
        assert_eq!(problem(refused).await["code"], "bad_body");
    }
}

#[tokio::test]
async fn other_regions_and_departments_are_out_of_reach() {
    let site = site().await;
    let foreign = raised("A", Card::Red).id;
    let own = elsewhere("E").id;
    for (path, list) in [("/api/alerts", "alerts"), ("/api/lights", "lights"), ("/api/transitions", "transitions")] {
        let page = read(&site, "chen", path).await;
        let cases = page[list].as_array().expect("a list").iter();
        let cases: Vec<_> = cases.map(|row| row.pointer("/transition/case").unwrap_or(&row["case"]).clone()).collect();
        assert_eq!(cases, ["E"], "{path}");
    }
    let wider = read(&site, "chen", "/api/alerts?region=360902&dept=D01").await;
    assert_eq!(wider["alerts"], json!([]), "a filter never widens");
    let counts = read(&site, "chen", "/api/counts?by=dept").await;
    assert_eq!(counts["rows"], json!([]));
    let sources = read(&site, "chen", "/api/sources").await;
    assert_eq!(sources["sources"], json!([]));
    assert_eq!(read(&site, "chen", &format!("/api/alerts/{own}")).await["case"], "E");

    let token = site.token("chen", false).await;
    let paths = [
        format!("/api/alerts/{foreign}"),
        format!("/api/cases/{CASE}"),
        format!("/api/cases/{CASE}/why-not?rule=OD-05"),
        format!("/api/cases/{CASE}/keep-green"),
        "/api/cases/A".to_owned(),
    ];
    for path in paths {
        let refused = problem(site.ask(Method::GET, &path, Some(&token), None).await).await;
        assert_eq!((&refused["code"], &refused["status"]), (&json!("out_of_scope"), &json!(403)), "{path}");
    }
    let refused = step(&site, "chen", &foreign, json!({"step": "reply", "reason": "x"})).await;
    assert_eq!(problem(refused).await["code"], "out_of_scope");
    let unknown = site.ask(Method::GET, "/api/cases/nobody-knows", Some(&token), None).await;
    assert_eq!(problem(unknown).await["code"], "unknown_case");

    let mut stream = site.ask(Method::GET, "/api/events?after=0", Some(&token), None).await;
    site.ledger.apply(&[(4, raised("C", Card::Red)), (5, elsewhere("F"))]).await.expect("applied");
    let mut heard = String::new();
    while !heard.contains("\"case\":\"F\"") {
        let chunk = tokio::time::timeout(super::support::PATIENCE, stream.chunk()).await.expect("it is told");
        heard.push_str(&String::from_utf8_lossy(&chunk.expect("it flows").expect("it lasts")));
    }
    assert!(heard.contains("\"case\":\"E\""));
    for foreign in ["A", "B", "C"] {
        assert!(!heard.contains(&format!("\"case\":\"{foreign}\"")), "{heard}");
    }
    drop(stream);
    eventually("the page still answers", || async { site.ledger.has_accounts().await.ok().filter(|there| *there) })
        .await;
}
