//! The event stream: live, filtered, and resumed across a restart with each transition exactly once.

use std::time::Duration;

use facts::Card;
use futures_util::StreamExt;

use super::support::site::Served;
use super::support::{PATIENCE, raised, transition};
use crate::Ledger;

/// An event as a browser would see it.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    id: u64,
    line: String,
}

/// A client of the event stream.
struct Client {
    bytes: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    unread: Vec<u8>,
}

impl Client {
    async fn connect(url: &str, last_event_id: Option<u64>) -> Client {
        let mut request = reqwest::Client::new().get(url);
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id.to_string());
        }
        let response = request.send().await.expect("it answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Client { bytes: response.bytes_stream().boxed(), unread: Vec::new() }
    }

    /// The next transition; `None` when the stream ends.
    async fn hear(&mut self) -> Option<Heard> {
        loop {
            while let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.unread.drain(..end + 2).collect();
                let block = String::from_utf8(block).expect("events are UTF-8");
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                let heard = field("data: ").map(|line| Heard {
                    id: field("id: ").expect("each event has an id").parse().expect("a sequence"),
                    line: line.to_owned(),
                });
                assert!(heard.is_none() || field("event: ") == Some("transition"));
                if heard.is_some() {
                    return heard;
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.bytes.next()).await.expect("something comes")?.ok()?;
            self.unread.extend_from_slice(&chunk);
        }
    }

    async fn hear_ids(&mut self, count: usize) -> Vec<u64> {
        let mut ids = Vec::new();
        while ids.len() < count {
            ids.push(self.hear().await.expect("the stream goes on").id);
        }
        ids
    }
}

async fn ledger(folder: &tempfile::TempDir) -> Ledger {
    let url = format!("sqlite://{}", folder.path().join("ledger.db").display());
    Ledger::open(&url).await.expect("a database")
}

async fn apply(ledger: &Ledger, sequences: std::ops::RangeInclusive<u64>) {
    let entries: Vec<_> = sequences.map(|sequence| (sequence, raised(&format!("C{sequence}"), Card::Yellow))).collect();
    ledger.apply(&entries).await.expect("applied");
}

#[tokio::test]
async fn resuming_across_a_restart_gives_each_transition_exactly_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = ledger(&folder).await;
    apply(&first, 1..=450).await;
    let served = Served::start(first.clone()).await;
    let mut client = Client::connect(&served.url("/api/events?after=0"), None).await;
    // The client stops hearing in the midst of what the server has already written.
    let mut heard = client.hear_ids(333).await;
    drop((client, served));
    apply(&first, 451..=500).await;
    first.close().await;

    let second = ledger(&folder).await;
    let served = Served::start(second.clone()).await;
    // A browser comes back to the address it was first given, with the last id it heard.
    let mut client = Client::connect(&served.url("/api/events?after=0"), heard.last().copied()).await;
    heard.extend(client.hear_ids(167).await);
    apply(&second, 501..=510).await;
    heard.extend(client.hear_ids(10).await);
    assert_eq!(heard, (1..=510).collect::<Vec<_>>());
}

#[tokio::test]
async fn without_a_place_only_what_is_new_is_told_and_exactly_as_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ledger = ledger(&folder).await;
    apply(&ledger, 1..=5).await;
    let served = Served::start(ledger.clone()).await;
    let mut client = Client::connect(&served.url("/api/events"), None).await;
    let said = raised("袁州-6", Card::Red);
    ledger.apply(&[(6, said.clone())]).await.expect("applied");
    assert_eq!(client.hear().await, Some(Heard { id: 6, line: said.to_line() }));
}

#[tokio::test]
async fn filters_narrow_and_reds_withdrawn_are_told_to_who_listens_to_red() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ledger = ledger(&folder).await;
    let served = Served::start(ledger.clone()).await;
    let mut red = Client::connect(&served.url("/api/events?light=red&region=3609&after=0"), None).await;
    let mut elsewhere = Client::connect(&served.url("/api/events?region=3610&after=0"), None).await;
    let entries = [
        (1, raised("A", Card::Yellow)),
        (2, raised("B", Card::Red)),
        (3, transition("B", "OD-05", 2, Card::Red, Card::None)),
        (4, raised("C", Card::Warning)),
    ];
    ledger.apply(&entries).await.expect("applied");
    assert_eq!(red.hear_ids(2).await, [2, 3]);
    let quiet = tokio::time::timeout(Duration::from_millis(200), elsewhere.hear()).await;
    assert!(quiet.is_err(), "nothing was said there: {quiet:?}");
}

#[tokio::test]
async fn a_stopping_service_ends_its_event_streams() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let served = Served::start(ledger(&folder).await).await;
    let mut client = Client::connect(&served.url("/api/events"), None).await;
    served.closing.send(true).expect("somebody listens");
    assert_eq!(client.hear().await, None);
}
