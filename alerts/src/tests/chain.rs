//! Per light, what ALERTS holds is one unbroken chain: revisions without gap or repetition, each message
//! beginning where the one before it ended. Refusals, foreign writers and lost servers do not break it.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::stream::Config;
use facts::{Card, Transition};

use super::support::nats::{NatsServer, alerts_stream};
use super::support::{raised, transition};
use crate::publish::DUPLICATE_WINDOW_MIN;
use crate::{Outcome, PublishFault, PublishSettings, Publisher, read_said};

async fn publisher(server: &NatsServer) -> Publisher {
    let settings = PublishSettings { window: 8, ack_timeout: Duration::from_secs(1), ..PublishSettings::default() };
    let mut publisher = Publisher::new(server.client().await, settings, 0);
    publisher.read_again().await.expect("the stream is there");
    publisher
}

/// Everything that ALERTS holds, in order.
async fn everything(context: &Context) -> Vec<Transition> {
    let stream = context.get_stream("ALERTS").await.expect("the stream is there");
    let mut all = Vec::new();
    for sequence in 1..=stream.cached_info().state.last_sequence {
        let message = stream.get_raw_message(sequence).await.expect("nothing is deleted");
        all.push(serde_json::from_slice(&message.payload).expect("only transitions are published"));
    }
    all
}

fn assert_unbroken(all: &[Transition]) {
    let mut last: HashMap<(&str, &str), &Transition> = HashMap::new();
    for said in all {
        let before = last.insert((&said.case, &said.rule), said);
        assert_eq!(said.revision, before.map_or(1, |before| before.revision + 1), "{}", said.case);
        assert_eq!(said.card_before, before.map_or(Card::None, |before| before.card), "{}", said.case);
    }
}

/// The table that the owner of the state keeps: the last message of each light.
#[derive(Clone, Default)]
struct Table(HashMap<String, Transition>);

impl Table {
    fn take(&mut self, said: Vec<Transition>) {
        self.0.extend(said.into_iter().map(|said| (said.case.to_string(), said)));
    }

    fn next(&self, case: &str, card: Card) -> Transition {
        let (revision, before) = self.0.get(case).map_or((1, Card::None), |last| (last.revision + 1, last.card));
        transition(case, "OD-05", revision, before, card)
    }
}

#[tokio::test]
async fn a_batch_is_stored_in_order_and_covered() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    alerts_stream(&context).await;
    let mut publisher = publisher(&server).await;
    let batch: Vec<_> = (0..100).map(|case| raised(&format!("C{case}"), Card::Yellow)).collect();
    assert_eq!(publisher.publish(&batch).await.expect("sound"), Outcome::Stored { last_sequence: 100 });
    assert_eq!(publisher.publish(&[]).await.expect("sound"), Outcome::Stored { last_sequence: 100 });
    assert_eq!(everything(&context).await, batch);
    assert_eq!(publisher.covered(), 100);
}

#[tokio::test]
async fn one_light_may_change_twice_in_a_batch() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    alerts_stream(&context).await;
    let batch = [
        raised("A", Card::Yellow),
        raised("B", Card::Yellow),
        transition("A", "OD-05", 2, Card::Yellow, Card::Red),
        transition("A", "OD-05", 3, Card::Red, Card::None),
    ];
    let outcome = publisher(&server).await.publish(&batch).await.expect("sound");
    assert_eq!(outcome, Outcome::Stored { last_sequence: 4 });
    assert_unbroken(&everything(&context).await);
}

/// The second message of the batch expects just the sequence at which the foreign one stands. It must not
/// be taken: nobody has looked at what the foreign message said.
#[tokio::test]
async fn a_foreign_message_refuses_the_whole_batch_and_is_read() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    alerts_stream(&context).await;
    let mut ours = publisher(&server).await;
    let foreign = raised("B", Card::Red);
    publisher(&server).await.publish(std::slice::from_ref(&foreign)).await.expect("sound");

    let outcome = ours.publish(&[raised("A", Card::Yellow), raised("B", Card::Yellow)]).await.expect("sound");
    assert_eq!(outcome, Outcome::ReadAgain { said: vec![foreign], last_sequence: 1 });
    assert_eq!(everything(&context).await.len(), 1, "nothing of the batch was taken");

    let reconciled = [raised("A", Card::Yellow), transition("B", "OD-05", 2, Card::Red, Card::Yellow)];
    assert_eq!(ours.publish(&reconciled).await.expect("sound"), Outcome::Stored { last_sequence: 3 });
    assert_unbroken(&everything(&context).await);
}

/// Guard 2: a foreign message lands while a batch is on its way. The message after the refused one expects
/// just the foreign one's sequence; it is refused all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_batch_is_taken_after_a_foreign_message() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    let stream = alerts_stream(&context).await;
    let mut ours = Publisher::new(server.client().await, PublishSettings::default(), 0);
    ours.read_again().await.expect("the stream is there");
    for round in 0.. {
        assert!(round < 20, "the foreign message never met a batch on its way");
        let batch: Vec<_> = (0..3000).map(|case| raised(&format!("R{round}-{case}"), Card::Yellow)).collect();
        let foreign = raised(&format!("foreign-{round}"), Card::Red);
        let begin = ours.covered();
        let (outcome, ()) = tokio::join!(ours.publish(&batch), async {
            while stream.get_info().await.expect("reachable").state.last_sequence < begin + 200 {}
            let sent = context.publish(foreign.subject(), foreign.to_line().into()).await.expect("sent");
            sent.await.expect("stored");
        });
        if let Outcome::ReadAgain { said, .. } = outcome.expect("sound") {
            assert_eq!(said.last(), Some(&foreign), "nothing of the batch came after it");
            assert_eq!(said[..said.len() - 1], batch[..said.len() - 1], "what came before is whole");
            return;
        }
        ours.read_again().await.expect("the stream is there");
    }
}

/// Guard 1: what a foreign writer said so long ago that its ids are forgotten. The third message names the
/// sequence and the id that the stream ends with, and yet must not be taken.
#[tokio::test]
async fn the_first_message_of_a_batch_is_awaited_alone() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    let mut config = alerts_stream(&context).await.cached_info().config.clone();
    let mut ours = publisher(&server).await;
    let mut foreign = publisher(&server).await;
    foreign.publish(&[raised("C", Card::Red), raised("B", Card::Red)]).await.expect("sound");
    config.duplicate_window = Duration::from_millis(100);
    context.update_stream(config).await.expect("a shorter memory");
    // The server forgets by its own clock, and asking whether it has would remind it.
    tokio::time::sleep(Duration::from_millis(500)).await;

    let batch = [raised("A", Card::Yellow), raised("B", Card::Yellow), raised("C", Card::Yellow)];
    let outcome = ours.publish(&batch).await.expect("sound");
    assert!(matches!(outcome, Outcome::ReadAgain { last_sequence: 2, .. }), "{outcome:?}");
    assert_eq!(everything(&context).await.len(), 2, "nothing was taken");
}

#[tokio::test]
async fn what_was_stored_before_counts_as_unknown_and_is_read() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    alerts_stream(&context).await;
    let mut first = publisher(&server).await;
    let batch = [raised("A", Card::Yellow)];
    first.publish(&batch).await.expect("sound");
    // A process that died before it noted the answer begins again from an older checkpoint.
    let mut second = Publisher::new(server.client().await, PublishSettings::default(), 0);
    let outcome = second.publish(&batch).await.expect("sound");
    assert_eq!(outcome, Outcome::ReadAgain { said: batch.to_vec(), last_sequence: 1 });
    assert_eq!(everything(&context).await.len(), 1, "said once");
}

/// Two writers of the same lights at once, each with its own opinion of the cards. Whoever is refused reads
/// and goes on from there; the chain never breaks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_racing_writers_never_break_a_chain() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    alerts_stream(&context).await;
    let race = |seed: u64, mut publisher: Publisher| async move {
        let (mut table, mut state, mut refusals) = (Table::default(), seed, 0);
        for _ in 0..60 {
            let (agreed, mut batch) = (table.clone(), Vec::new());
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let case = format!("C{}", (state >> 33) % 5);
                let card = Card::ALL[(state >> 40) as usize % Card::ALL.len()];
                let said = table.next(&case, card);
                table.0.insert(case, said.clone());
                batch.push(said);
            }
            if let Outcome::ReadAgain { said, .. } = publisher.publish(&batch).await.expect("sound") {
                // The batch was not plainly taken: the table goes back, then takes what ALERTS says.
                refusals += 1;
                table = agreed;
                table.take(said);
            }
        }
        refusals
    };
    let (one, two) = (publisher(&server).await, publisher(&server).await);
    let (one, two) = tokio::join!(tokio::spawn(race(1, one)), tokio::spawn(race(2, two)));
    let refusals = one.expect("writer one") + two.expect("writer two");
    assert!(refusals > 0, "the writers never met");
    let all = everything(&context).await;
    assert!(all.len() > 100, "only {} transitions got through", all.len());
    assert_unbroken(&all);
}

#[tokio::test]
async fn a_server_that_goes_away_is_waited_for_and_read() {
    let Some(mut server) = NatsServer::start().await else { return };
    alerts_stream(&server.context().await).await;
    let mut ours = publisher(&server).await;
    ours.publish(&[raised("A", Card::Yellow)]).await.expect("sound");
    server.kill();
    let batch = [raised("B", Card::Yellow), raised("C", Card::Yellow)];
    let (outcome, ()) = tokio::join!(ours.publish(&batch), server.start_again());
    let mut table = Table::default();
    let covered = match outcome.expect("sound") {
        Outcome::Stored { last_sequence } => last_sequence,
        Outcome::ReadAgain { said, last_sequence } => {
            table.take(said);
            last_sequence
        }
    };
    let missing: Vec<_> = batch.iter().filter(|said| !table.0.contains_key(said.case.as_str())).cloned().collect();
    if covered < 3 {
        assert_eq!(ours.publish(&missing).await.expect("sound"), Outcome::Stored { last_sequence: 3 });
    }
    let all = everything(&server.context().await).await;
    assert_eq!(all.len(), 3, "each said once");
    assert_unbroken(&all);
}

#[tokio::test]
async fn reading_keeps_the_last_message_of_each_light_and_passes_junk_over() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    let stream = alerts_stream(&context).await;
    assert_eq!(read_said(&context, "ALERTS", 0).await.expect("readable").last, []);
    let second = transition("A", "OD-05", 2, Card::Yellow, Card::Red);
    let batch = [raised("A", Card::Yellow), raised("B", Card::Yellow), second.clone()];
    publisher(&server).await.publish(&batch).await.expect("sound");
    context.publish("alert.junk", "not a transition".into()).await.expect("sent").await.expect("stored");
    let said = read_said(&context, "ALERTS", 0).await.expect("readable");
    assert_eq!((said.last, said.last_sequence), (vec![batch[1].clone(), second], 4));
    assert_eq!(said.missing, None);
    assert!(read_said(&context, "ALERTS", 5).await.is_err(), "more was known than the stream holds");

    stream.purge().sequence(3).await.expect("purged");
    assert_eq!(read_said(&context, "ALERTS", 0).await.expect("readable").missing, Some(1..=2));
    assert_eq!(read_said(&context, "ALERTS", 2).await.expect("readable").missing, None);
    stream.purge().await.expect("purged");
    let empty = read_said(&context, "ALERTS", 0).await.expect("readable");
    assert_eq!((empty.missing, empty.last_sequence), (Some(1..=4), 4));
}

#[tokio::test]
async fn a_stream_made_anew_or_with_a_short_memory_is_refused() {
    let Some(server) = NatsServer::start().await else { return };
    let context = server.context().await;
    alerts_stream(&context).await;
    let mut ours = publisher(&server).await;
    context.delete_stream("ALERTS").await.expect("deleted");
    alerts_stream(&context).await;
    let replaced = ours.read_again().await.expect_err("another stream");
    assert!(matches!(replaced, PublishFault::Replaced { .. }), "{replaced}");

    context.delete_stream("ALERTS").await.expect("deleted");
    let duplicate_window = DUPLICATE_WINDOW_MIN - Duration::from_secs(1);
    let config =
        Config { name: "ALERTS".into(), subjects: vec!["alert.>".into()], duplicate_window, ..Config::default() };
    context.create_stream(config).await.expect("made");
    let fault = Publisher::new(server.client().await, PublishSettings::default(), 0).read_again().await;
    let fault = fault.expect_err("the guards would not hold");
    assert!(matches!(fault, PublishFault::DuplicateWindow { found_secs: 29, .. }), "{fault}");
}
