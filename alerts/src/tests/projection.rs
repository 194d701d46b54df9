//! The ledger as a projection: applied once, folded to lights, walked in pages, found by filters. The
//! same checks run on SQLite and on PostgreSQL, each on an empty database.

use std::collections::BTreeSet;

use facts::{Address, Card, Light, Moment, Transition};

use super::support::postgres::Postgres;
use super::support::{raised, transition};
use crate::ledger::{FeedFilter, LedgerFault, LightFilter};
use crate::{Ledger, Position};

async fn sqlite(check: impl AsyncFnOnce(&str)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("ledger.db").display());
    check(&url).await;
}

async fn open(url: &str) -> Ledger {
    Ledger::open(url).await.expect("an empty database")
}

#[tokio::test]
async fn sqlite_applies_once() {
    sqlite(applies_once).await;
}

#[tokio::test]
async fn sqlite_folds_transitions_to_lights() {
    sqlite(folds_transitions_to_lights).await;
}

#[tokio::test]
async fn sqlite_pages_are_stable_and_complete_under_inserts() {
    sqlite(pages_are_stable_and_complete_under_inserts).await;
}

#[tokio::test]
async fn sqlite_filters() {
    sqlite(filters).await;
}

#[tokio::test]
async fn sqlite_feeds() {
    sqlite(feeds).await;
}

#[tokio::test]
async fn sqlite_takes_hostile_text() {
    sqlite(takes_hostile_text).await;
}

#[tokio::test]
async fn sqlite_two_writers_apply_once() {
    sqlite(two_writers_apply_once).await;
}

#[tokio::test]
async fn postgres_does_all_the_same() {
    let Some(mut server) = Postgres::start().await else { return };
    applies_once(&server.new_database().await).await;
    folds_transitions_to_lights(&server.new_database().await).await;
    pages_are_stable_and_complete_under_inserts(&server.new_database().await).await;
    filters(&server.new_database().await).await;
    feeds(&server.new_database().await).await;
    takes_hostile_text(&server.new_database().await).await;
    two_writers_apply_once(&server.new_database().await).await;
}

#[tokio::test]
async fn a_url_of_no_known_kind_is_refused_without_its_password() {
    let refused = |url| async move { Ledger::open(url).await.expect_err("not a ledger").to_string() };
    assert!(refused("mysql://me:secret@host/db").await.starts_with("ledger url \"mysql://me@host/db\" is neither"));
    assert!(refused("sqlite://:memory:").await.contains("is neither"), "two pools cannot share memory");
    let unreachable = Ledger::open("postgres://me:secret@127.0.0.1:1/db").await.expect_err("nobody listens");
    assert_eq!(unreachable.to_string(), "could not open the ledger postgres://me@127.0.0.1:1/db");
    assert!(matches!(unreachable, LedgerFault::Open { .. }));
}

/// Every light that stands, as (case, card), in the ledger's order.
async fn standing(ledger: &Ledger, filter: &LightFilter) -> Vec<(String, Card)> {
    let page = ledger.lights(filter, None, 500).await.expect("readable");
    page.lights.into_iter().map(|row| (row.transition.case.to_string(), row.transition.card)).collect()
}

async fn applies_once(url: &str) {
    let ledger = open(url).await;
    assert_eq!(ledger.position(), Position::default());
    let entries = [(3, raised("A", Card::Yellow)), (5, raised("B", Card::Red))];
    ledger.apply(&entries).await.expect("applied");
    ledger.apply(&entries).await.expect("applied again, without effect");
    // A batch that reaches back: only what is new counts.
    let overlapping = [(5, raised("B", Card::Red)), (6, transition("B", "OD-05", 2, Card::Red, Card::None))];
    let position = ledger.apply(&overlapping).await.expect("applied");
    assert_eq!(position.sequence, 6);
    assert_eq!(standing(&ledger, &LightFilter::default()).await, [("A".into(), Card::Yellow)]);
    assert_eq!(ledger.newest(&FeedFilter::default(), None, 10).await.expect("readable").len(), 3);
    assert_eq!(ledger.belong_to(77).await.expect("noted").created_micros, 77);
    assert_eq!(ledger.belong_to(78).await.expect("noted").created_micros, 77, "the first stream stays");
    ledger.close().await;

    let beside = Ledger::look(url).await.expect("the ledger is there");
    let mut met = Vec::new();
    let reached = beside.each_standing(|row| met.push((row.sequence, row.transition.case.to_string()))).await;
    assert_eq!((reached.expect("readable"), met), (6, vec![(3, "A".to_owned())]));
    assert!(beside.apply(&[(7, raised("C", Card::Red))]).await.is_err(), "read only");
    beside.close().await;

    let again = open(url).await;
    assert_eq!(again.position(), Position { sequence: 6, created_micros: 77 });
    again.apply_through(&[], 9).await.expect("junk passed over");
    assert_eq!(again.position().sequence, 9);
}

async fn folds_transitions_to_lights(url: &str) {
    let ledger = open(url).await;
    let changes = [
        (1, raised("A", Card::Yellow)),
        (2, raised("B", Card::Yellow)),
        (3, transition("A", "OD-05", 2, Card::Yellow, Card::Red)),
        (4, transition("A", "OD-06", 1, Card::None, Card::Red)),
        (5, transition("B", "OD-05", 2, Card::Yellow, Card::None)),
        (6, raised("C", Card::Warning)),
    ];
    ledger.apply(&changes).await.expect("applied");
    let page = ledger.lights(&LightFilter::default(), None, 10).await.expect("readable");
    let said: Vec<_> = page.lights.iter().map(|row| (row.sequence, row.transition.clone())).collect();
    // Red before warning; of the reds the newest card first.
    assert_eq!(said, [changes[2].clone(), changes[3].clone(), changes[5].clone()]);
    assert_eq!((page.next, page.sequence), (None, 6));
}

/// Walks the pages while lights arrive before, between and after the place of the cursor. Each light that
/// stood from the beginning is met exactly once, and the order never goes back.
async fn pages_are_stable_and_complete_under_inserts(url: &str) {
    let ledger = open(url).await;
    let card = |index: u64| [Card::Warning, Card::Yellow, Card::Red][(index % 3) as usize];
    let light = |index: u64, since: i64| {
        let since = Moment::from_millis(since);
        (index, Transition { since, ..raised(&format!("C{index:03}"), card(index)) })
    };
    // Many share an instant: the sequence decides among them.
    let first: Vec<_> = (1..=100).map(|index| light(index, 1_767_000_000_000 + (index as i64 % 7) * 1000)).collect();
    ledger.apply(&first).await.expect("applied");
    let (mut met, mut cursor, mut next_index) = (Vec::new(), None, 101);
    loop {
        let page = ledger.lights(&LightFilter::default(), cursor, 9).await.expect("readable");
        assert!(page.lights.len() == 9 || page.next.is_none(), "only the last page may be short");
        met.extend(page.lights);
        let more: Vec<_> = (next_index..next_index + 6)
            .map(|index| light(index, 1_767_000_000_000 + (index as i64 % 11 - 2) * 1000))
            .collect();
        next_index += 6;
        ledger.apply(&more).await.expect("applied");
        match page.next {
            Some(next) => cursor = Some(next.to_string().parse().expect("a cursor survives its text")),
            None => break,
        }
        assert!(met.len() < 400, "the walk ends");
    }
    let keys: Vec<_> = met.iter().map(|row| (row.transition.card, row.transition.since, row.sequence)).collect();
    assert!(keys.is_sorted_by(|a, b| a > b), "worst first, then newest, each once");
    let cases: BTreeSet<_> = met.iter().map(|row| row.sequence).collect();
    assert!((1..=100).all(|sequence| cases.contains(&sequence)), "none is missed");
}

async fn filters(url: &str) {
    let ledger = open(url).await;
    let at = |subject: &str, said: Transition| {
        let Address { level, region, dept } = Address::from_subject("approval", subject).expect("well formed");
        Transition { level, region, dept, ..said }
    };
    let moment = |text: &str| text.parse::<Moment>().expect(text);
    let since = |text: &str, said: Transition| Transition { since: moment(text), ..said };
    let town = at("approval.township.360902101.D09", raised("袁州100%_A", Card::Yellow));
    let county = at("approval.county.360921.D02", transition("FX-2", "FE-04", 1, Card::None, Card::Red));
    let city = at("approval.city.360900.D01", transition("yc-3", "FE-07", 1, Card::None, Card::Warning));
    let other = Transition { item: None, ..at("approval.city.361000.D01", raised("FZ-4", Card::Yellow)) };
    let entries = [
        (1, since("2026-01-01T00:00:00Z", town)),
        (2, since("2026-01-02T00:00:00Z", county)),
        (3, since("2026-01-03T00:00:00Z", city)),
        (4, since("2026-01-04T00:00:00Z", other)),
    ];
    ledger.apply(&entries).await.expect("applied");

    let all = LightFilter::default;
    let checks: Vec<(LightFilter, &[&str])> = vec![
        (all(), &["FX-2", "FZ-4", "袁州100%_A", "yc-3"]),
        (LightFilter { lights: vec![Light::Red], ..all() }, &["FX-2"]),
        (LightFilter { lights: vec![Light::Yellow, Light::Red], ..all() }, &["FX-2", "FZ-4", "袁州100%_A", "yc-3"]),
        (LightFilter { lights: vec![Light::Green], ..all() }, &[]),
        (LightFilter { cards: vec![Card::Warning, Card::Red], ..all() }, &["FX-2", "yc-3"]),
        (LightFilter { level: Some(facts::Level::City), ..all() }, &["FZ-4", "yc-3"]),
        (LightFilter { region: "3609".parse().ok(), ..all() }, &["FX-2", "袁州100%_A", "yc-3"]),
        (LightFilter { region: "360902".parse().ok(), ..all() }, &["袁州100%_A"]),
        (LightFilter { dept: Some("D01".into()), ..all() }, &["FZ-4", "yc-3"]),
        (LightFilter { rule: Some("FE-04".into()), ..all() }, &["FX-2"]),
        (LightFilter { rule: Some("FE-*".into()), ..all() }, &["FX-2", "yc-3"]),
        (LightFilter { rule: Some("FE-".into()), ..all() }, &[]),
        (LightFilter { item: Some("360900-001".into()), ..all() }, &["FX-2", "袁州100%_A", "yc-3"]),
        (LightFilter { case: Some("FX-2".into()), ..all() }, &["FX-2"]),
        (LightFilter { case: Some("fx-2".into()), ..all() }, &[]),
        (LightFilter { case_part: Some("YC".into()), ..all() }, &["yc-3"]),
        (LightFilter { case_part: Some("袁".into()), ..all() }, &["袁州100%_A"]),
        (LightFilter { case_part: Some("0%_".into()), ..all() }, &["袁州100%_A"]),
        (LightFilter { case_part: Some("0_".into()), ..all() }, &[]),
        (LightFilter { since_from: Some(moment("2026-01-03T00:00:00Z")), ..all() }, &["FZ-4", "yc-3"]),
        (LightFilter { since_until: Some(moment("2026-01-02T00:00:00Z")), ..all() }, &["袁州100%_A"]),
        (LightFilter { rule: Some("FE-*".into()), region: "360921".parse().ok(), ..all() }, &["FX-2"]),
    ];
    for (filter, expected) in checks {
        let found: Vec<_> = standing(&ledger, &filter).await.into_iter().map(|(case, _)| case).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn feeds(url: &str) {
    let ledger = open(url).await;
    let entries: Vec<_> = (1..=10).map(|index| (index * 2, raised(&format!("C{index}"), Card::Yellow))).collect();
    ledger.apply(&entries).await.expect("applied");
    let withdrawn = transition("C1", "OD-06", 2, Card::Red, Card::None);
    ledger.apply(&[(21, withdrawn)]).await.expect("applied");
    let sequences = |rows: &[crate::ledger::StoredTransition]| rows.iter().map(|row| row.sequence).collect::<Vec<_>>();

    let (rows, complete) = ledger.feed(&FeedFilter::default(), 4, 3).await.expect("readable");
    assert_eq!((sequences(&rows), complete), (vec![6, 8, 10], 10));
    assert_eq!(rows[0].read().expect("our own line"), entries[2].1);
    let (rows, complete) = ledger.feed(&FeedFilter::default(), 16, 3).await.expect("readable");
    assert_eq!((sequences(&rows), complete), (vec![18, 20, 21], 21));
    let red = FeedFilter { lights: vec![Light::Red], ..FeedFilter::default() };
    let (rows, complete) = ledger.feed(&red, 0, 3).await.expect("readable");
    assert_eq!((sequences(&rows), complete), (vec![21], 21), "who asks for red hears reds withdrawn");
    let (rows, complete) = ledger.feed(&FeedFilter::default(), 21, 3).await.expect("readable");
    assert_eq!((sequences(&rows), complete), (vec![], 21));
    let (rows, complete) = ledger.feed(&FeedFilter::default(), 99, 3).await.expect("readable");
    assert_eq!((sequences(&rows), complete), (vec![], 99), "a client ahead of a rebuilt ledger waits");

    let of_case = FeedFilter { case: Some("C1".into()), ..FeedFilter::default() };
    assert_eq!(sequences(&ledger.newest(&of_case, None, 9).await.expect("readable")), [21, 2]);
    assert_eq!(sequences(&ledger.newest(&of_case, Some(21), 9).await.expect("readable")), [2]);
    let elsewhere = FeedFilter { region: "3610".parse().ok(), ..FeedFilter::default() };
    assert_eq!(sequences(&ledger.newest(&elsewhere, None, 9).await.expect("readable")), Vec::<u64>::new());
}

/// No text that a source can send stops the ledger or reaches the SQL.
async fn takes_hostile_text(url: &str) {
    let ledger = open(url).await;
    let hostile = ["nul\0in", "'; DROP TABLE lights; --", "$1 ? $2", "\u{202e}", "a\tb\nc", "😀"];
    let entries: Vec<_> = (1..).zip(hostile).map(|(sequence, case)| (sequence, raised(case, Card::Red))).collect();
    ledger.apply(&entries).await.expect("applied");
    for (sequence, case) in (1..).zip(hostile) {
        let filter = LightFilter { case: Some(case.into()), ..LightFilter::default() };
        let page = ledger.lights(&filter, None, 9).await.expect("readable");
        let found: Vec<_> = page.lights.iter().map(|row| (row.sequence, row.transition.case.as_str())).collect();
        assert_eq!(found, [(sequence, case)]);
    }
}

/// Two processes follow into one database: what one has applied the other passes over.
async fn two_writers_apply_once(url: &str) {
    let (one, two) = (open(url).await, open(url).await);
    let entries: Vec<_> = (1..=20).map(|index| (index, raised(&format!("C{index}"), Card::Yellow))).collect();
    one.apply(&entries[..12]).await.expect("applied");
    assert_eq!(two.position().sequence, 0, "it does not know yet");
    two.apply(&entries).await.expect("applied");
    assert_eq!(one.apply(&entries).await.expect("applied").sequence, 20);
    assert_eq!(standing(&two, &LightFilter::default()).await.len(), 20);
}
