//! The routes over a real socket: what they give, what they refuse and in which words, and the headers
//! that every answer carries.

use facts::digest::DigestTold;
use facts::{Card, Transition};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::support::site::{CASE, Served};
use super::support::{raised, transition};
use crate::{Gate, Ledger, Readiness};

struct Given {
    served: Served,
    ledger: Ledger,
    _folder: tempfile::TempDir,
}

async fn given(entries: &[(u64, Transition)]) -> Given {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("ledger.db").display());
    let ledger = Ledger::open(&url).await.expect("a database");
    ledger.apply(entries).await.expect("applied");
    Given { served: Served::start(ledger.clone()).await, ledger, _folder: folder }
}

impl Given {
    async fn get(&self, path: &str) -> Response {
        reqwest::get(self.served.url(path)).await.expect("it answers")
    }

    async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.expect(path)
    }

    async fn problem(&self, path: &str) -> Value {
        problem(self.get(path).await).await
    }
}

pub(super) async fn problem(response: Response) -> Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let status = response.status().as_u16();
    let problem: Value = response.json().await.expect("a problem is JSON");
    assert_eq!(problem["status"], status);
    for field in ["type", "title", "title_zh", "code", "detail", "detail_zh"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {problem}");
    }
    problem
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let given = given(&[]).await;
    for path in ["/", "/page.js", "/page.css", "/icon.svg", "/api/lights", "/nowhere", "/api/lights?light=blue"] {
        let headers = given.get(path).await.headers().clone();
        let policy = headers["content-security-policy"].to_str().expect("text");
        for directive in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
    }
}

/// The policy forbids inline script and style, so the page must have none.
#[tokio::test]
async fn the_page_has_nothing_inline() {
    let given = given(&[]).await;
    let response = given.get("/").await;
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let page = response.text().await.expect("text");
    assert!(page.contains("<script src=\"/page.js\"") && page.contains("lang=\"zh-CN\""));
    assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick="));
    assert_eq!(page.matches("<script").count(), 1);
    let script = given.get("/page.js").await.text().await.expect("text");
    for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!script.contains(forbidden), "{forbidden}: text from outside must never become markup");
    }
}

#[tokio::test]
async fn lights_are_listed_worst_first_page_by_page() {
    let entries: Vec<_> = (1..=5)
        .map(|index| (index, raised(&format!("C{index}"), if index == 3 { Card::Red } else { Card::Yellow })))
        .collect();
    let given = given(&entries).await;
    let mut path = "/api/lights?limit=2".to_owned();
    let mut cases = Vec::new();
    loop {
        let page = given.json(&path).await;
        assert_eq!(page["sequence"], 5);
        cases.extend(page["lights"].as_array().expect("a list").iter().map(|light| light["case"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/lights?limit=2&cursor={next}");
    }
    assert_eq!(cases, ["C3", "C5", "C4", "C2", "C1"]);
    let red = given.json("/api/lights?light=red").await;
    assert_eq!(
        red["lights"][0],
        json!({
            "case": "C3", "rule": "OD-05", "instance": "-", "card": "red", "light": "red",
            "since": "2025-12-29T09:20:00.001Z", "level": "county", "region": "360902", "dept": "D01",
            "reason": {"zh": "C3 超过承诺时限", "en": "C3 is past its promise"}, "item": "360900-001",
            "basis": "行政许可法第四十二条", "rule_version": "1", "kind": "raised", "cause": "deadline",
            "issue": "auto", "revision": 1, "decided_at": "2025-12-29T09:21:40Z", "warnings": [], "sequence": 3,
        })
    );
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_with_what_is() {
    let given = given(&[]).await;
    let light = given.problem("/api/lights?light=blue").await;
    assert_eq!(light["code"], "bad_parameter");
    assert_eq!(light["parameter"], "light");
    assert_eq!(light["allowed"], json!(["grey", "green", "yellow", "red"]));
    assert_eq!(light["detail"], "light is \"blue\"; allowed: grey, green, yellow, red");
    assert_eq!(light["detail_zh"], "参数 light 的值是“blue”；允许：grey、green、yellow、red");
    for path in [
        "/api/lights?card=none",
        "/api/lights?limit=0",
        "/api/lights?limit=501",
        "/api/lights?region=36O9",
        "/api/lights?region=3",
        "/api/lights?since_from=yesterday",
        "/api/lights?cursor=1_zz",
        "/api/lights?level=village",
        "/api/events?after=-1",
        "/api/events?after=99999999999999999999",
        "/api/transitions?before=x",
        "/api/counts?by=moon",
        "/api/digest?day=yesterday",
        "/api/cases/C1?lang=fr",
        "/api/cases/C1?known_at=yesterday",
        "/api/cases/C1/why-not",
        "/api/forecast",
        "/api/forecast?until=tomorrow",
        "/api/forecast?until=2026-01-09T00:00:00Z&cursor=1_zz",
    ] {
        let problem = given.problem(path).await;
        assert_eq!((&problem["code"], &problem["status"]), (&json!("bad_parameter"), &json!(400)), "{path}");
    }
    let unknown = given.problem("/api/lights?colour=red").await;
    assert_eq!((&unknown["code"], &unknown["parameter"]), (&json!("unknown_parameter"), &json!("colour")));
    assert!(unknown["allowed"].as_array().expect("a list").contains(&json!("light")));
    assert_eq!(given.problem("/api/lights?light=red&light=red").await["code"], "repeated_parameter");
    assert_eq!(given.problem("/nowhere").await["code"], "not_found");
    assert_eq!(given.problem("/api/cases/%FF").await["code"], "bad_parameter");

    let client = reqwest::Client::new();
    let posted = client.post(given.served.url("/api/lights")).send().await.expect("it answers");
    assert_eq!(posted.headers()["allow"], "GET, HEAD");
    assert_eq!(problem(posted).await["code"], "method_not_allowed");
    let resumed = client.get(given.served.url("/api/events")).header("Last-Event-ID", "x").send().await;
    assert_eq!(problem(resumed.expect("it answers")).await["parameter"], "Last-Event-ID");
}

#[tokio::test]
async fn what_was_known_earlier_is_told_where_it_is_asked_for() {
    let given = given(&[]).await;
    let now = given.json(&format!("/api/cases/{CASE}")).await;
    assert_eq!(now["live"].get("then"), None);
    let live = given.json(&format!("/api/cases/{CASE}?known_at=2026-01-05T08:00:00%2B08:00")).await["live"].clone();
    let then = &live["then"];
    assert_eq!((then["known_at"].as_str(), &then["lights"]), (Some("2026-01-05T00:00:00Z"), &json!([])));
    assert_eq!(then["by_today"], live["lights"], "in the form of every light");
    let news = &then["news"][0];
    assert_eq!((&news["kind"], &news["before"]), (&json!("added"), &json!(null)));
    assert_eq!(news["after"], live["events"][0], "in the form of every fact");
}

#[tokio::test]
async fn what_will_change_is_told_page_by_page_and_narrowed() {
    let given = given(&[]).await;
    let until = "/api/forecast?until=2026-01-09T00:00:00Z";
    let page = given.json(until).await;
    assert_eq!((&page["total"], page["until"].as_str()), (&json!(1), Some("2026-01-09T00:00:00Z")));
    let change = &page["changes"][0];
    assert_eq!(
        (&change["case"], &change["light_before"], &change["light"]),
        (&json!("C1"), &json!("green"), &json!("yellow"))
    );
    assert_eq!(change.get("proof"), None);
    let next = page["next"].as_str().expect("there is more");
    assert_eq!(given.json(&format!("{until}&cursor={next}")).await["changes"], json!([]));
    for (narrowed, rows) in
        [("rule=OD-*", 1), ("rule=OD-06", 0), ("region=3609", 1), ("region=3610", 0), ("light=red", 0)]
    {
        let page = given.json(&format!("{until}&{narrowed}")).await;
        assert_eq!(page["changes"].as_array().map(Vec::len), Some(rows), "{narrowed}");
    }
}

#[tokio::test]
async fn why_a_rule_is_silent_and_what_keeps_a_case_green_are_told_in_words_too() {
    let given = given(&[]).await;
    let told = given.json(&format!("/api/cases/{CASE}/why-not?rule=OD-5")).await;
    assert_eq!((&told["near"], &told["answers"]), (&json!(["OD-05"]), &json!([])));
    assert_eq!(told["lines"], json!(["本办件适用的方案中没有规则 OD-5；相近的有：OD-05"]));
    let told = given.json(&format!("/api/cases/{CASE}/keep-green?lang=en")).await;
    assert_eq!((&told["to_come"], &told["lines"]), (&json!([]), &json!(["no light comes if nothing happens"])));
    for unknown in ["/api/cases/never/why-not?rule=OD-05", "/api/cases/never/keep-green"] {
        assert_eq!(given.problem(unknown).await["code"], "unknown_case", "{unknown}");
    }
}

#[tokio::test]
async fn the_digest_names_its_buckets_and_the_rows_asked_for() {
    let given = given(&[]).await;
    let whole = given.json("/api/digest").await;
    let told: DigestTold = serde_json::from_value(whole.clone()).expect("the form that others read");
    assert_eq!(
        (whole["as_of"].as_str(), whole["zone"].as_str()),
        (Some("2026-01-08T00:00:00Z"), Some("Asia/Shanghai"))
    );
    assert_eq!((told.lights, told.configuration.as_deref()), (2, Some("c0ffee")));
    assert_eq!(told.buckets().map(|buckets| buckets.total()), Some(told.digest));
    let bucket = |index: usize, name: &str| whole["buckets"][index][name].clone();
    assert_eq!([bucket(0, "day"), bucket(0, "region")], ["2026-01-05", "360902"]);
    assert_eq!([bucket(1, "day"), bucket(1, "region")], ["2026-01-06", "360921"], "the day of the site's zone");
    assert_eq!(whole.get("rows"), None, "none were asked for");
    let rows = given.json("/api/digest?day=2026-01-06&level=county&region=360921&dept=D01").await["rows"].clone();
    assert_eq!(
        rows,
        json!([{
            "case": "B", "rule": "OD-05", "instance": "-", "card": "yellow", "light": "yellow",
            "since": "2026-01-05T16:00:00Z", "level": "county", "region": "360921", "dept": "D01",
        }])
    );
    assert_eq!(given.json("/api/digest?case=A").await["rows"][0]["case"], "A");
    assert_eq!(given.json("/api/digest?case=none").await["rows"], json!([]));
}

#[tokio::test]
async fn a_case_shows_its_facts_lights_proof_and_what_was_said() {
    let said = transition(CASE, "OD-05", 1, Card::None, Card::Yellow);
    let given = given(&[(7, said.clone()), (9, raised("old", Card::Red))]).await;
    let case = given.json(&format!("/api/cases/{CASE}")).await;
    let light = &case["live"]["lights"][0];
    assert_eq!(light["proof_lines"][0], "起算：2026年1月5日 09:00:00 accepted [1]");
    assert_eq!(light["proof"]["kind"], "deadline");
    assert_eq!(light["schedule"], json!([{"card": "red", "light": "red", "from": "2026-02-01T10:00:00Z"}]));
    assert_eq!(case["live"]["owner"], json!({"level": "county", "region": "360902", "dept": "D01"}));
    assert_eq!(case["live"]["events"][0]["line"]["id"], "1");
    let transition: Transition =
        serde_json::from_value(case["transitions"][0]["transition"].clone()).expect("a transition as it was said");
    assert_eq!((transition, &case["transitions"][0]["sequence"]), (said, &json!(7)));

    let english = given.json(&format!("/api/cases/{CASE}?lang=en")).await;
    assert_eq!(english["live"]["lights"][0]["proof_lines"][0], "start: 2026-01-05 09:00:00 accepted [1]");
    let remembered = given.json("/api/cases/old").await;
    assert_eq!(remembered["live"], Value::Null, "the worker has let it go, the ledger has not");
    assert_eq!(given.problem("/api/cases/never").await["code"], "unknown_case");
    assert_eq!(given.problem("/api/cases/busy").await["code"], "unavailable");
    assert_eq!(given.problem("/api/cases/panics").await["code"], "internal");
}

#[tokio::test]
async fn counts_come_from_the_snapshot_and_are_summed_as_asked() {
    let given = given(&[]).await;
    let counts = given.json("/api/counts").await;
    assert_eq!(counts["as_of"], "2025-12-29T09:20:00Z");
    assert_eq!(counts["judged_by_worker"], json!([30, 16]));
    assert_eq!(
        counts["rows"],
        json!([
            {"region": "360902", "lights": {"red": 5, "yellow": 1, "green": 0, "grey": 0}},
            {"region": "360921", "lights": {"red": 0, "yellow": 0, "green": 40, "grey": 0}},
        ]),
        "a township counts for its county"
    );
    assert_eq!(counts["total"], json!({"red": 5, "yellow": 1, "green": 40, "grey": 0}));
    assert_eq!(given.json("/api/counts?by=dept&region=360902").await["rows"].as_array().map(Vec::len), Some(3));
    assert_eq!(given.json("/api/counts?by=level&level=township").await["rows"][0]["lights"]["yellow"], 1);
    assert_eq!(given.json("/api/regions").await["regions"]["360902"], "袁州区");
}

#[tokio::test]
async fn health_tells_life_and_readiness_tells_why_not() {
    let given = given(&[]).await;
    assert_eq!(given.json("/health").await["status"], "alive");
    assert_eq!(given.json("/ready").await, json!({"ready": true, "reasons": []}));
    let waiting = Gate::waiting("ledger", "台账落后 12 条", "the ledger lags by 12");
    given.served.readiness.send_replace(Readiness { gates: vec![Gate::open("nats"), waiting] });
    let response = given.get("/ready").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body: Value = response.json().await.expect("JSON");
    let reason = json!({"gate": "ledger", "zh": "台账落后 12 条", "en": "the ledger lags by 12"});
    assert_eq!(body, json!({"ready": false, "reasons": [reason]}));
    assert_eq!(given.json("/health").await["status"], "alive", "alive though not ready");
    assert_eq!(given.get("/metrics").await.text().await.expect("text"), "watchlight_made_up 1\n");
}

#[tokio::test]
async fn the_newest_transitions_come_first_and_the_feed_goes_on_from_there() {
    let entries: Vec<_> = (1..=5).map(|index| (index, raised(&format!("C{index}"), Card::Yellow))).collect();
    let given = given(&entries).await;
    let page = given.json("/api/transitions?limit=2").await;
    let sequences = |page: &Value| -> Vec<Value> {
        page["transitions"].as_array().expect("a list").iter().map(|row| row["sequence"].clone()).collect()
    };
    assert_eq!((sequences(&page), &page["sequence"]), (vec![json!(5), json!(4)], &json!(5)));
    assert_eq!(sequences(&given.json("/api/transitions?limit=2&before=4").await), [3, 2]);
    assert_eq!(sequences(&given.json("/api/transitions?case=C2").await), [2]);
    given.ledger.apply(&[(6, raised("C6", Card::Red))]).await.expect("applied");
    assert_eq!(sequences(&given.json("/api/transitions?light=red").await), [6]);
}

#[tokio::test]
async fn a_clock_is_confirmed_by_this_machine_alone_and_by_number() {
    let given = given(&[]).await;
    let page = given.json("/api/clock").await;
    assert_eq!((&page["standing"]["freeze"], &page["standing"]["kind"]), (&json!(7), &json!("wall_moved")));
    let client = reqwest::Client::new();
    let send = |content_type: &'static str, host: Option<&'static str>, body: &'static str| {
        let request =
            client.post(given.served.url("/api/clock/confirm")).header("content-type", content_type).body(body);
        let request = if let Some(host) = host { request.header("host", host) } else { request };
        async move { request.send().await.expect("it answers") }
    };
    let json_type = "application/json";
    for (content_type, host, body, code) in [
        // What a form on another site can send, and a name that somebody made to point here.
        ("text/plain", None, r#"{"freeze":7}"#, "not_local"),
        (json_type, Some("rebound.example.com"), r#"{"freeze":7}"#, "not_local"),
        (json_type, None, "7", "bad_confirmation"),
        (json_type, None, r#"{"freeze":7,"all":true}"#, "bad_confirmation"),
    ] {
        assert_eq!(problem(send(content_type, host, body).await).await["code"], code, "{host:?} {body}");
    }
    assert_eq!(problem(send(json_type, None, r#"{"freeze":6}"#).await).await["code"], "not_frozen");
    let confirmed = send(json_type, None, r#"{"freeze":7}"#).await;
    assert_eq!(
        (confirmed.status().as_u16(), confirmed.json::<Value>().await.ok()),
        (200, Some(json!({"confirmed": 7})))
    );
    let read = given.get("/api/clock/confirm").await;
    assert_eq!(
        (read.status(), &read.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().expect("text"))
    );
}

#[tokio::test]
async fn silent_sources_come_first_with_how_long_they_said_nothing() {
    let given = given(&[]).await;
    let page = given.json("/api/sources").await;
    assert_eq!((&page["silent"], &page["as_of"]), (&json!(1), &json!("2026-01-05T10:00:00Z")));
    let told = |row: &Value| (row["region"].clone(), row["lag_secs"].clone(), row["silent_since"].clone());
    let rows: Vec<_> = page["sources"].as_array().expect("a list").iter().map(told).collect();
    let silent_since = json!("2026-01-05T08:00:00.001Z");
    assert_eq!(rows, [(json!("360921"), json!(10_800), silent_since), (json!("360902"), json!(600), Value::Null)]);
    assert_eq!(given.json("/api/sources?silent=false").await["sources"][0]["region"], "360902");
    assert_eq!(given.json("/api/sources?region=360921").await["sources"].as_array().map(Vec::len), Some(1));
    assert_eq!(given.problem("/api/sources?silent=maybe").await["code"], "bad_parameter");
}
