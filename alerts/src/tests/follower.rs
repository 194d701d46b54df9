//! ALERTS into the ledger: nothing twice, nothing missed, across restarts of either side.

use std::convert::Infallible;

use async_nats::jetstream::Context;
use facts::{Card, Transition};
use tokio::task::JoinHandle;

use super::support::nats::{NatsServer, alerts_stream};
use super::support::{eventually, raised};
use crate::ledger::{FeedFilter, LightFilter};
use crate::{FollowFault, Follower, Ledger, Outcome, PublishSettings, Publisher};

async fn ledger(folder: &tempfile::TempDir) -> Ledger {
    let url = format!("sqlite://{}", folder.path().join("ledger.db").display());
    Ledger::open(&url).await.expect("a database")
}

fn follow(ledger: &Ledger, context: &Context) -> JoinHandle<Result<Infallible, FollowFault>> {
    let follower = Follower { ledger: ledger.clone(), context: context.clone(), stream: "ALERTS".into() };
    tokio::spawn(async move { follower.follow().await })
}

async fn reaches(ledger: &Ledger, sequence: u64) {
    eventually("the ledger to catch up", || async { (ledger.position().sequence >= sequence).then_some(()) }).await;
}

async fn publish(server: &NatsServer, covered: u64, cases: std::ops::Range<u32>) -> Vec<Transition> {
    let batch: Vec<_> = cases.map(|case| raised(&format!("C{case}"), Card::Yellow)).collect();
    let mut publisher = Publisher::new(server.client().await, PublishSettings::default(), covered);
    let stored = Outcome::Stored { last_sequence: covered + batch.len() as u64 };
    assert_eq!(publisher.publish(&batch).await.expect("sound"), stored);
    batch
}

async fn cases(ledger: &Ledger) -> Vec<String> {
    let (rows, _) = ledger.feed(&FeedFilter::default(), 0, 10_000).await.expect("readable");
    rows.iter().map(|row| row.read().expect("our own line").case.to_string()).collect()
}

#[tokio::test]
async fn a_follower_that_stops_and_starts_takes_each_transition_once() {
    let Some(mut server) = NatsServer::start().await else { return };
    let context = server.context().await;
    alerts_stream(&context).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = ledger(&folder).await;
    let following = follow(&first, &context);
    publish(&server, 0, 0..700).await;
    reaches(&first, 1).await;
    following.abort();
    let _ = following.await;
    first.close().await;

    context.publish("alert.junk", "not a transition".into()).await.expect("sent").await.expect("stored");
    publish(&server, 701, 700..900).await;
    let second = ledger(&folder).await;
    let following = follow(&second, &context);
    reaches(&second, 901).await;
    eventually("the lag to be told", || async { (second.lag() == Some(0)).then_some(()) }).await;
    server.kill();
    server.start_again().await;
    publish(&server, 901, 900..950).await;
    reaches(&second, 951).await;
    following.abort();
    assert_eq!(cases(&second).await, (0..950).map(|case| format!("C{case}")).collect::<Vec<_>>());
    let page = second.lights(&LightFilter::default(), None, 1000).await.expect("readable");
    assert_eq!(page.lights.len(), 950);
}

#[tokio::test]
async fn another_stream_of_the_same_name_is_refused_in_words() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    let stream = alerts_stream(&context).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ledger = ledger(&folder).await;
    publish(&server, 0, 0..3).await;
    let following = follow(&ledger, &context);
    reaches(&ledger, 3).await;
    following.abort();

    stream.purge().await.expect("purged");
    let following = follow(&ledger, &context);
    publish(&server, 3, 3..5).await;
    reaches(&ledger, 5).await;
    following.abort();
    assert_eq!(cases(&ledger).await.len(), 5, "what ALERTS dropped stays in the ledger");

    context.delete_stream("ALERTS").await.expect("deleted");
    alerts_stream(&context).await;
    let Err(fault) = follow(&ledger, &context).await.expect("it ends by itself");
    assert!(matches!(fault, FollowFault::Replaced { .. }), "{fault}");
    assert!(fault.to_string().contains("move the ledger's database away and start again"), "{fault}");
}

#[tokio::test]
async fn a_stream_that_is_not_there_yet_is_waited_for() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ledger = ledger(&folder).await;
    let following = follow(&ledger, &context);
    alerts_stream(&context).await;
    publish(&server, 0, 0..2).await;
    reaches(&ledger, 2).await;
    following.abort();
}
