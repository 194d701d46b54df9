//! What the tests share: servers of their own, made-up transitions, waiting without sleeping blindly.

pub(super) mod chromium;
pub(super) mod nats;
pub(super) mod postgres;
pub(super) mod site;

use std::future::Future;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use facts::standing::Text2;
use facts::transition::{About, Issue, transition_id};
use facts::{Address, Card, Cause, Kind, Light, Moment, Transition};

/// The longest that anything a test waits for may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A test that cannot run says so; in CI that is a failure.
pub(super) fn skipped(why: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "SKIPPED: {why}");
    eprintln!("SKIPPED: {why}");
}

/// A port of the loopback interface that was free just now.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Asks until the answer is `Some`.
pub(super) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The first of these files that exists, looked for from this crate upwards.
pub(super) fn found_upwards(relative: &str) -> Option<PathBuf> {
    let start = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    start.ancestors().map(|folder| folder.join(relative)).find(|path| path.exists())
}

/// A transition of `case` under `rule` from one card to another; the lamp follows the card.
pub(crate) fn transition(case: &str, rule: &str, revision: u32, before: Card, card: Card) -> Transition {
    let Address { level, region, dept } =
        Address::from_subject("approval", "approval.county.360902.D01").expect("well formed");
    Transition {
        id: transition_id(case, rule, "-", revision),
        revision,
        kind: if card > before { Kind::Raised } else { Kind::Cleared },
        about: About::Case,
        case: case.into(),
        rule: rule.into(),
        rule_version: "1".into(),
        instance: "-".into(),
        card_before: before,
        card,
        light_before: lamp(before),
        light: lamp(card),
        since: Moment::from_millis(1_767_000_000_000 + i64::from(revision)),
        decided_at: Moment::from_millis(1_767_000_100_000),
        cause: Cause::Deadline,
        issue: Issue::Auto,
        level,
        region,
        dept,
        item: Some("360900-001".into()),
        basis: "行政许可法第四十二条".into(),
        reason: Text2 { zh: format!("{case} 超过承诺时限"), en: format!("{case} is past its promise") },
        warnings: Vec::new(),
        evidence: Vec::new(),
        proof: None,
    }
}

/// A first card of `case`.
pub(super) fn raised(case: &str, card: Card) -> Transition {
    transition(case, "OD-05", 1, Card::None, card)
}

fn lamp(card: Card) -> Light {
    match card {
        Card::None => Light::Green,
        Card::Warning | Card::Yellow => Light::Yellow,
        Card::Red => Light::Red,
    }
}
