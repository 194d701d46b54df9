//! Alerts and their handling in the ledger: folded from what was said, claimed once, kept with a journal, seen by whom
//! they concern. The same checks run on SQLite and on PostgreSQL.

use std::collections::BTreeMap;

use facts::{Address, Card, Kind, Moment, Transition};
use futures_util::future::join_all;
use jiff::civil::{Date, date};
use sqlx::migrate::Migrator;

use super::support::postgres::Postgres;
use super::support::{raised, transition};
use crate::Ledger;
use crate::handling::{CardNow, Entry, Handling, Need, Refused, Role, State, Step};
use crate::ledger::{AlertFilter, NotTaken, Scope, Wanted, migrations};

const TODAY: Date = date(2026, 3, 2);

async fn sqlite(check: impl AsyncFnOnce(&str)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    check(&format!("sqlite://{}", folder.path().join("ledger.db").display())).await;
}

#[tokio::test]
async fn sqlite_folds_alerts() {
    sqlite(folds_alerts).await;
}

#[tokio::test]
async fn sqlite_takes_over_a_ledger_without_alerts() {
    sqlite(takes_over_a_ledger_without_alerts).await;
}

#[tokio::test]
async fn sqlite_gives_a_card_to_one_of_many() {
    sqlite(gives_a_card_to_one_of_many).await;
}

#[tokio::test]
async fn sqlite_keeps_a_journal() {
    sqlite(keeps_a_journal).await;
}

#[tokio::test]
async fn sqlite_shows_alerts_to_whom_they_concern() {
    sqlite(shows_alerts_to_whom_they_concern).await;
}

#[tokio::test]
async fn postgres_handles_all_the_same() {
    let Some(mut server) = Postgres::start().await else { return };
    folds_alerts(&server.new_database().await).await;
    takes_over_a_ledger_without_alerts(&server.new_database().await).await;
    gives_a_card_to_one_of_many(&server.new_database().await).await;
    keeps_a_journal(&server.new_database().await).await;
    shows_alerts_to_whom_they_concern(&server.new_database().await).await;
}

async fn open(url: &str, entries: &[(u64, Transition)]) -> Ledger {
    let ledger = Ledger::open(url).await.expect("a database");
    ledger.apply(entries).await.expect("applied");
    ledger
}

fn retracted(mut change: Transition) -> Transition {
    change.kind = Kind::Retracted;
    change
}

/// What has become of each card, by the case and the card.
async fn cards_now(ledger: &Ledger) -> BTreeMap<(String, Card), CardNow> {
    let page = ledger.alerts(&AlertFilter::default(), None, 500).await.expect("readable");
    let cards = page.alerts.into_iter().map(|row| {
        assert_eq!(row.id, row.transition.id);
        ((row.transition.case.to_string(), row.transition.card), row.card_now)
    });
    cards.collect()
}

/// A: outgrown by red, which was then taken back; B: ended; C: stands; D: taken back and raised anew.
fn course() -> Vec<(u64, Transition)> {
    vec![
        (1, raised("A", Card::Yellow)),
        (2, raised("B", Card::Warning)),
        (3, raised("C", Card::Red)),
        (4, transition("A", "OD-05", 2, Card::Yellow, Card::Red)),
        (5, retracted(transition("A", "OD-05", 3, Card::Red, Card::Yellow))),
        (6, transition("B", "OD-05", 2, Card::Warning, Card::None)),
        (7, raised("D", Card::Yellow)),
        (8, retracted(transition("D", "OD-05", 2, Card::Yellow, Card::None))),
        (9, transition("D", "OD-05", 3, Card::None, Card::Red)),
    ]
}

fn after_the_course() -> BTreeMap<(String, Card), CardNow> {
    let card = |case: &str, card, now| ((case.to_owned(), card), now);
    BTreeMap::from([
        card("A", Card::Yellow, CardNow::Standing),
        card("A", Card::Red, CardNow::Retracted),
        card("B", Card::Warning, CardNow::Ended),
        card("C", Card::Red, CardNow::Standing),
        card("D", Card::Yellow, CardNow::Retracted),
        card("D", Card::Red, CardNow::Standing),
    ])
}

async fn folds_alerts(url: &str) {
    let ledger = open(url, &course()[..4]).await;
    let outgrown = cards_now(&ledger).await;
    assert_eq!(outgrown[&("A".to_owned(), Card::Yellow)], CardNow::Outgrown);
    ledger.apply(&course()).await.expect("applied");
    assert_eq!(cards_now(&ledger).await, after_the_course());
    let mut met = Vec::new();
    let mut cursor = None;
    loop {
        let page = ledger.alerts(&AlertFilter::default(), cursor, 2).await.expect("readable");
        met.extend(page.alerts.into_iter().map(|row| row.sequence));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(met, [9, 4, 3, 7, 1, 2], "worst first, then newest");
}

/// A ledger as it was before there were alerts, with all that was said until then.
async fn takes_over_a_ledger_without_alerts(url: &str) {
    let sqlite = url.starts_with("sqlite");
    sqlx::any::install_default_drivers();
    let making = if sqlite { format!("{url}?mode=rwc") } else { url.to_owned() };
    let pool = sqlx::AnyPool::connect(&making).await.expect("a database");
    let first = migrations(sqlite).into_iter().take(1).collect();
    Migrator::with_migrations(first).run(&pool).await.expect("the first form");
    for (sequence, change) in course() {
        sqlx::query(
            "INSERT INTO transitions (sequence, case_number, lamp, level, region, body) VALUES ($1, $2, 'red', $3, $4, $5)",
        )
        .bind(i64::try_from(sequence).expect("small"))
        .bind(change.case.to_string())
        .bind(change.level.token())
        .bind(i64::try_from(change.region.number()).expect("twelve digits"))
        .bind(change.to_line())
        .execute(&pool)
        .await
        .expect("inserted");
    }
    sqlx::query("UPDATE ledger_position SET sequence = 9").execute(&pool).await.expect("moved");
    pool.close().await;
    let ledger = open(url, &[]).await;
    assert_eq!(cards_now(&ledger).await, after_the_course());
    let own = Scope { region: None, dept: Some("D01".into()) };
    let filter = crate::ledger::FeedFilter { scope: own, ..Default::default() };
    assert_eq!(ledger.newest(&filter, None, 100).await.expect("readable").len(), 9, "their departments are known");
    ledger.apply(&[(10, transition("C", "OD-05", 2, Card::Red, Card::None))]).await.expect("it goes on");
    assert_eq!(cards_now(&ledger).await[&("C".to_owned(), Card::Red)], CardNow::Ended);
}

fn entry(step: Step, by: &str, role: Role) -> Entry {
    let needs = |field| crate::handling::Row::of(step).needs.iter().any(|need: &Need| need.field() == field);
    Entry {
        step,
        by: by.to_owned(),
        role,
        at: Moment::from_millis(1_772_420_000_000),
        reason: needs("reason").then(|| "查明".to_owned()),
        office: needs("office")
            .then(|| Address::from_subject("approval", "approval.county.360921.D09").expect("well formed")),
        due: needs("due").then_some(date(2026, 4, 1)),
    }
}

async fn take(ledger: &Ledger, id: &str, entry: Entry) -> Result<Handling, NotTaken> {
    ledger.take(id, &Wanted { entry, today: TODAY, scope: &Scope::default(), seen: None }).await
}

async fn gives_a_card_to_one_of_many(url: &str) {
    let ledger = open(url, &[(1, raised("A", Card::Red))]).await;
    let beside = open(url, &[]).await;
    let id = raised("A", Card::Red).id;
    let people: Vec<String> = (0..8).map(|number| format!("staff-{number}")).collect();
    let tries = people.iter().enumerate().map(|(number, by)| {
        let ledger = if number % 2 == 0 { &ledger } else { &beside };
        take(ledger, &id, entry(Step::Sign, by, Role::Staff))
    });
    let mut signed = Vec::new();
    for (by, outcome) in people.iter().zip(join_all(tries).await) {
        match outcome {
            Ok(handling) => {
                assert_eq!(handling.holder.as_ref(), Some(by));
                signed.push(by.clone());
            }
            Err(NotTaken::Refused(Refused::NotFrom(State::Signed), handling, CardNow::Standing)) => {
                assert_ne!(handling.holder.as_ref(), Some(by), "the others see who has it");
                assert!(handling.holder.is_some());
            }
            Err(other) => panic!("{by}: {other:?}"),
        }
    }
    assert_eq!(signed.len(), 1, "{signed:?}");
    let journal = ledger.journal(&id).await.expect("readable");
    assert_eq!(journal.iter().map(|entry| entry.by.clone()).collect::<Vec<_>>(), signed);
}

async fn keeps_a_journal(url: &str) {
    let ledger = open(url, &course()).await;
    let id = raised("C", Card::Red).id;
    let steps = [
        entry(Step::Sign, "zhang", Role::Staff),
        entry(Step::Verify, "zhang", Role::Staff),
        entry(Step::Confirm, "zhang", Role::Staff),
        entry(Step::Transfer, "zhang", Role::Staff),
        entry(Step::Rectify, "zhang", Role::Staff),
        entry(Step::Supervise, "li", Role::Supervisor),
        entry(Step::Appeal, "chen", Role::Contact),
        entry(Step::SendUp, "zhang", Role::Staff),
    ];
    for step in &steps {
        take(&ledger, &id, step.clone()).await.unwrap_or_else(|refused| panic!("{step:?}: {refused:?}"));
    }
    assert_eq!(ledger.journal(&id).await.expect("readable"), steps);
    let row = ledger.alert(&id, &Scope::default()).await.expect("readable").expect("it is there");
    assert_eq!(row.handling, Handling::of(&steps), "the row is the fold of the journal");

    let stale = Wanted {
        entry: entry(Step::RejectAppeal, "wu", Role::Approver),
        today: TODAY,
        scope: &Scope::default(),
        seen: Some(7),
    };
    let refused = ledger.take(&id, &stale).await;
    let Err(NotTaken::GoneOn(handling, Some(last))) = refused else { panic!("{refused:?}") };
    assert_eq!((handling.steps, last.step), (8, Step::SendUp));
    let unlawful = take(&ledger, &id, entry(Step::Close, "li", Role::Supervisor)).await;
    assert!(matches!(unlawful, Err(NotTaken::Refused(Refused::NotFrom(State::Rectifying), ..))), "{unlawful:?}");
    assert_eq!(ledger.journal(&id).await.expect("readable").len(), 8, "what is refused leaves no trace");
    assert!(matches!(take(&ledger, "none", steps[0].clone()).await, Err(NotTaken::NoAlert)));

    let found = async |filter: AlertFilter| {
        let page = ledger.alerts(&filter, None, 100).await.expect("readable");
        page.alerts.into_iter().map(|row| row.transition.case.to_string()).collect::<Vec<_>>()
    };
    let all = AlertFilter::default;
    assert_eq!(found(AlertFilter { states: vec![State::Rectifying], ..all() }).await, ["C"]);
    assert_eq!(found(AlertFilter { states: vec![State::New], ..all() }).await, ["D", "A", "D", "A", "B"]);
    assert_eq!(found(AlertFilter { holder: Some("zhang".into()), ..all() }).await, ["C"]);
    assert_eq!(found(AlertFilter { appealed: true, ..all() }).await, ["C"]);
    assert_eq!(found(AlertFilter { sent_up: Some(true), ..all() }).await, ["C"]);
    assert_eq!(found(AlertFilter { sent_up: Some(false), ..all() }).await.len(), 5);
    assert_eq!(found(AlertFilter { overdue_on: Some(date(2026, 4, 2)), ..all() }).await, ["C"]);
    assert!(found(AlertFilter { overdue_on: Some(date(2026, 4, 1)), ..all() }).await.is_empty());
    assert_eq!(found(AlertFilter { card_now: vec![CardNow::Retracted], ..all() }).await, ["A", "D"]);
    assert_eq!(found(AlertFilter { cards: vec![Card::Warning], ..all() }).await, ["B"]);
    assert_eq!(found(AlertFilter { rule: Some("OD-*".into()), case: Some("B".into()), ..all() }).await, ["B"]);
}

async fn shows_alerts_to_whom_they_concern(url: &str) {
    let ledger = open(url, &[(1, raised("A", Card::Red)), (2, raised("B", Card::Yellow))]).await;
    let id = raised("A", Card::Red).id;
    let region = |prefix: &str| Scope { region: prefix.parse().ok(), dept: None };
    let office = |prefix: &str, dept: &str| Scope { region: prefix.parse().ok(), dept: Some(dept.to_owned()) };
    let seen = async |scope: Scope| {
        let page = ledger.alerts(&AlertFilter { scope, ..AlertFilter::default() }, None, 10).await.expect("readable");
        page.alerts.len()
    };
    assert_eq!(seen(region("3609")).await, 2);
    assert_eq!(seen(office("360902", "D01")).await, 2);
    for foreign in [region("3610"), office("360902", "D02"), office("360921", "D09")] {
        assert_eq!(seen(foreign.clone()).await, 0, "{foreign:?}");
        assert_eq!(ledger.alert(&id, &foreign).await.expect("readable"), None);
        let wanted = Wanted { entry: entry(Step::Sign, "x", Role::Staff), today: TODAY, scope: &foreign, seen: None };
        assert!(matches!(ledger.take(&id, &wanted).await, Err(NotTaken::NoAlert)), "{foreign:?}");
    }
    for step in [Step::Sign, Step::Verify, Step::Confirm, Step::Transfer] {
        take(&ledger, &id, entry(step, "zhang", Role::Staff)).await.expect("allowed");
    }
    assert_eq!(seen(office("360921", "D09")).await, 1, "the office that answers for it sees it");
    assert_eq!(seen(office("360921", "D01")).await, 0);
    assert_eq!(seen(Scope { region: None, dept: Some("D09".into()) }).await, 1);
}
