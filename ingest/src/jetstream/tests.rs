//! What comes out of the stream, whatever is put in and whatever happens to the server on the way.

use std::time::Instant;

use super::*;
use crate::copy_folder::copy_folder;
use crate::streams::{APPROVALS, QUARANTINE};
use crate::test_support::{TestServer, eventually};

const SUBJECT: &str = "approval.county.360902.D1";

fn event(id: usize) -> String {
    format!(
        r#"{{"id":"{id}","source":"oa","case":"C","activity":"accepted","at":"2026-01-05T09:00:00+08:00","level":"county","region":"360902","dept":"D1"}}"#
    )
}

async fn publish(connection: &Connection, subject: &str, payload: impl Into<bytes::Bytes>) -> u64 {
    let sent = connection.jetstream.publish(subject.to_owned(), payload.into()).await.expect("sent");
    sent.await.expect("stored").sequence
}

/// Reading under way, and the means to end it.
struct Reading {
    feed: Feed,
    task: tokio::task::JoinHandle<Result<u64, IntakeError>>,
    stop: watch::Sender<bool>,
}

impl Reading {
    async fn start(connection: &Connection, start: u64, options: IntakeOptions) -> Result<Reading, IntakeError> {
        let position = Position { last_sequence: start - 1, ..Position::default() };
        Reading::after(connection, &position, options).await
    }

    async fn after(
        connection: &Connection,
        position: &Position,
        options: IntakeOptions,
    ) -> Result<Reading, IntakeError> {
        let (stop, stopping) = watch::channel(false);
        let wake = Box::new(|| ());
        let (intake, feed) = Intake::open(connection.clone(), APPROVALS, position, options, wake, stopping).await?;
        Ok(Reading { feed, task: tokio::spawn(intake.run()), stop })
    }

    async fn from_the_start(connection: &Connection) -> Reading {
        Reading::start(connection, 1, IntakeOptions::default()).await.expect("opens")
    }

    /// Takes batches until `sequence` was reached.
    async fn until(&mut self, sequence: u64) -> Taken {
        let mut taken = Taken::default();
        while taken.last_sequence < sequence {
            let batch = tokio::time::timeout(Duration::from_secs(20), self.feed.next()).await;
            let batch = batch.expect("a batch within twenty seconds").expect("reading goes on");
            assert!(batch.last_sequence > taken.last_sequence, "batches do not overlap");
            taken.last_sequence = batch.last_sequence;
            taken.quarantined += batch.quarantined;
            batch.mark.into_iter().for_each(|mark| taken.marks.add(mark));
            taken.gaps.extend(batch.gaps);
            taken.facts.extend(batch.facts.iter().map(|fact| (fact.sequence, fact.line, fact.event.id.to_string())));
        }
        taken
    }

    async fn end(self) -> u64 {
        self.stop.send(true).expect("reading still listens");
        self.task.await.expect("no panic").expect("a clean end")
    }
}

#[derive(Default, Debug)]
struct Taken {
    last_sequence: u64,
    quarantined: u32,
    gaps: Vec<Gap>,
    marks: Marks,
    facts: Vec<(u64, u32, String)>,
}

impl Taken {
    fn ids(&self) -> Vec<&str> {
        self.facts.iter().map(|(_, _, id)| id.as_str()).collect()
    }
}

/// What QUARANTINE holds: subject, reason, sequence, line, body.
async fn quarantine(connection: &Connection) -> Vec<(String, String, bytes::Bytes)> {
    let state = streams::state(connection, QUARANTINE).await.expect("readable");
    let stream = connection.jetstream.get_stream(QUARANTINE).await.expect("there");
    let mut found = Vec::new();
    for sequence in 1..=state.last_sequence {
        let message = stream.get_raw_message(sequence).await.expect("kept");
        let header = |name: &str| message.headers.get(name).map_or("", |value| value.as_str()).to_owned();
        let place = format!("{} {} {}", header("subject"), header("sequence"), header("line"));
        found.push((message.subject.to_string(), place, message.payload));
    }
    found
}

#[tokio::test]
async fn facts_come_out_in_order_with_the_servers_time() {
    let Some(server) = TestServer::start("facts_come_out_in_order_with_the_servers_time") else { return };
    let (connection, streams) = server.connect_with_streams().await;
    publish(&connection, SUBJECT, event(1)).await;
    publish(&connection, SUBJECT, format!("{}\n\n{}\n", event(2), event(3))).await;
    let mut reading = Reading::from_the_start(&connection).await;
    let batch = reading.feed.next().await.expect("a batch");
    let arrived = batch.facts[0].event.arrived.expect("a message has a time");
    assert!(arrived >= streams.approvals.identity.created && arrived <= batch.last_timestamp);
    publish(&connection, SUBJECT, event(4)).await;
    let taken = reading.until(3).await;
    assert_eq!(taken.facts, [(3, 1, "4".to_owned())]);
    let first: Vec<(u64, u32)> = batch.facts.iter().map(|fact| (fact.sequence, fact.line)).collect();
    assert_eq!(first, [(1, 1), (2, 1), (2, 3)]);
    assert_eq!(reading.end().await, 3);
}

#[tokio::test]
async fn bad_lines_are_in_quarantine_with_reason_and_original_before_the_position_moves() {
    let Some(server) = TestServer::start("bad_lines_are_in_quarantine") else { return };
    let (connection, _) = server.connect_with_streams().await;
    let deep = event(1).replace('}', &format!(r#","x":{}{}}}"#, "[".repeat(300_000), "]".repeat(300_000)));
    let long = event(1).replace('}', &format!(r#","reason":"{}"}}"#, "长".repeat(100_000)));
    let messages: Vec<(&str, Vec<u8>)> = vec![
        ("approval.county.360902", event(1).into()),
        ("approval.village.360902.D1", event(1).into()),
        ("approval.county.360902.D2", event(1).into()),
        (SUBJECT, b"{\"id\":".to_vec()),
        (SUBJECT, deep[..10_000].into()),
        (SUBJECT, deep.clone().into_bytes()),
        (SUBJECT, long.clone().into_bytes()),
        (SUBJECT, [event(1).as_bytes(), b"\n\xff\xfe\n", event(2).replace("accepted", "").as_bytes()].concat()),
        (SUBJECT, event(9).replace('}', r#","applicant":"张三"}"#).into()),
    ];
    for (subject, body) in &messages {
        publish(&connection, subject, body.clone()).await;
    }
    let mut reading = Reading::from_the_start(&connection).await;
    let taken = reading.until(9).await;
    assert_eq!(taken.ids(), ["1", "9"]);
    let found = quarantine(&connection).await;
    let told: Vec<(&str, &str)> = found.iter().map(|(subject, place, _)| (subject.as_str(), place.as_str())).collect();
    assert_eq!(
        told,
        [
            ("quarantine.bad_subject.oa", "approval.county.360902 1 1"),
            ("quarantine.bad_subject.oa", "approval.village.360902.D1 2 1"),
            ("quarantine.subject_disagrees.oa", "approval.county.360902.D2 3 1"),
            ("quarantine.not_json.unknown", "approval.county.360902.D1 4 1"),
            ("quarantine.nesting_too_deep.unknown", "approval.county.360902.D1 5 1"),
            ("quarantine.line_too_long.unknown", "approval.county.360902.D1 6 1"),
            ("quarantine.line_too_long.unknown", "approval.county.360902.D1 7 1"),
            ("quarantine.not_utf8.unknown", "approval.county.360902.D1 8 2"),
            ("quarantine.field_missing.oa", "approval.county.360902.D1 8 3"),
        ]
    );
    assert_eq!(found[3].2.as_ref(), b"{\"id\":", "the original, unchanged");
    assert_eq!(found[6].2.as_ref(), &long.as_bytes()[..crate::quarantine::KEPT_BYTES_MAX], "its head");
    assert_eq!(taken.quarantined, 9);
}

#[tokio::test]
async fn reading_again_quarantines_nothing_twice() {
    let Some(server) = TestServer::start("reading_again_quarantines_nothing_twice") else { return };
    let (connection, _) = server.connect_with_streams().await;
    let bad: String = (0..600).map(|line| format!("bad {line}\n")).collect();
    publish(&connection, SUBJECT, bad).await;
    Reading::from_the_start(&connection).await.until(1).await;
    publish(&connection, SUBJECT, "also bad").await;
    let again = Reading::from_the_start(&connection).await.until(2).await;
    assert_eq!(again.quarantined, 601);
    let found = quarantine(&connection).await;
    assert_eq!(found.len(), 601);
    assert_eq!(found[600].1, format!("{SUBJECT} 2 1"));
}

#[tokio::test]
async fn reading_waits_while_quarantine_is_full_and_loses_nothing() {
    let Some(server) = TestServer::start("reading_waits_while_quarantine_is_full") else { return };
    let (connection, _) = server.connect_with_streams().await;
    let mut config = connection.jetstream.get_stream(QUARANTINE).await.expect("there").cached_info().config.clone();
    config.max_messages = 2;
    connection.jetstream.update_stream(&config).await.expect("a site may do that");
    publish(&connection, SUBJECT, "a\nb\nc\nd").await;
    publish(&connection, SUBJECT, event(1)).await;
    let mut reading = Reading::from_the_start(&connection).await;
    eventually("two lines are stored", async || quarantine(&connection).await.len() == 2).await;
    assert_eq!(reading.feed.try_next(), Next::Nothing, "the position waits for the lines");
    assert!(!reading.feed.drained());
    config.max_messages = -1;
    connection.jetstream.update_stream(&config).await.expect("a site may do that");
    assert_eq!(reading.until(2).await.ids(), ["1"]);
    let bodies: Vec<bytes::Bytes> = quarantine(&connection).await.into_iter().map(|(_, _, body)| body).collect();
    assert_eq!(bodies, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn missing_sequences_are_reported_once_wherever_they_lie() {
    let Some(server) = TestServer::start("missing_sequences_are_reported_once") else { return };
    let (connection, _) = server.connect_with_streams().await;
    for id in 1..=9 {
        publish(&connection, SUBJECT, event(id)).await;
    }
    let stream = connection.jetstream.get_stream(APPROVALS).await.expect("there");
    stream.purge().sequence(3).await.expect("an operator may do that");
    for sequence in [5, 6, 8] {
        stream.delete_message(sequence).await.expect("an operator may do that");
    }
    let taken = Reading::from_the_start(&connection).await.until(9).await;
    assert_eq!(taken.ids(), ["3", "4", "7", "9"]);
    let gaps = [Gap { first: 1, last: 2 }, Gap { first: 5, last: 6 }, Gap { first: 8, last: 8 }];
    assert_eq!(taken.gaps, gaps);
    stream.purge().await.expect("an operator may do that");
    let mut reading = Reading::start(&connection, 5, IntakeOptions::default()).await.expect("opens");
    let rest = reading.until(9).await;
    assert_eq!((rest.gaps, rest.facts.len()), (vec![Gap { first: 5, last: 9 }], 0), "a stream that holds nothing");
    publish(&connection, SUBJECT, event(10)).await;
    assert_eq!(reading.until(10).await.ids(), ["10"]);
}

#[tokio::test]
async fn a_position_behind_the_end_is_refused() {
    let Some(server) = TestServer::start("a_position_behind_the_end_is_refused") else { return };
    let (connection, streams) = server.connect_with_streams().await;
    publish(&connection, SUBJECT, event(1)).await;
    let mut at_end = Reading::start(&connection, 2, IntakeOptions::default()).await.expect("the next one to come");
    publish(&connection, SUBJECT, event(2)).await;
    assert_eq!(at_end.until(2).await.ids(), ["2"]);
    let error = Reading::start(&connection, 4, IntakeOptions::default()).await.err().expect("refused");
    assert!(matches!(error, IntakeError::BeyondEnd { start: 4, last: 2, .. }), "{error}");
    let mut other = streams.approvals.identity;
    other.created = other.created.plus_millis(-1);
    let position = Position { stream: Some(other), ..Position::default() };
    let opened = Reading::after(&connection, &position, IntakeOptions::default()).await;
    assert!(matches!(opened.err().expect("refused"), IntakeError::OtherStream { .. }));
}

#[tokio::test]
async fn a_stream_that_gave_lost_sequences_to_others_is_read_on_from_the_newest_mark_it_holds() {
    let test = "a_stream_that_gave_lost_sequences_to_others_is_read_on_from_the_newest_mark_it_holds";
    let Some(mut server) = TestServer::start(test) else { return };
    let (connection, streams) = server.connect_with_streams().await;
    for id in 1..=1_100 {
        publish(&connection, SUBJECT, event(id)).await;
    }
    let taken = Reading::from_the_start(&connection).await.until(1_100).await;
    let identity = Some(streams.approvals.identity);
    let checkpoint = Position { stream: identity.clone(), last_sequence: 1_100, marks: taken.marks.clone() };
    server.kill();
    let backup = server.store().with_file_name("backup");
    copy_folder(&server.store(), &backup);
    server.start_again();
    eventually("the server answers", async || streams::state(&connection, APPROVALS).await.is_ok()).await;

    let mut reading = Reading::after(&connection, &checkpoint, IntakeOptions::default()).await.expect("unchanged");
    for id in 1_101..=1_110 {
        publish(&connection, SUBJECT, event(id)).await;
    }
    let more = reading.until(1_110).await;
    server.kill();
    std::fs::remove_dir_all(server.store()).expect("ours");
    std::fs::rename(&backup, server.store()).expect("ours");
    server.start_again();
    // Another connection, and more messages than were lost, before the reading comes back.
    let other = server.connect().await;
    for id in 2_000..2_020 {
        publish(&other, SUBJECT, event(id)).await;
    }
    // The reading goes back by itself, and so does one that starts from a checkpoint: every new message is read.
    let expected: Vec<String> = (2_000..2_020).map(|id: u32| id.to_string()).collect();
    let is_new = |id: &String| expected.contains(id);
    let mut mark = checkpoint.marks;
    let newer: Vec<Mark> = more.marks.newest_first().copied().collect();
    newer.into_iter().rev().for_each(|newer| mark.add(newer));
    let position = Position { stream: identity, last_sequence: 1_110, marks: mark };
    let mut again = Reading::after(&other, &position, IntakeOptions::default()).await.expect("an older mark is held");
    for reading in [&mut reading, &mut again] {
        let taken = reading.until(1_120).await;
        let new: Vec<String> = taken.ids().into_iter().map(str::to_owned).filter(is_new).collect();
        assert_eq!(new, expected);
    }
    // Marks of another stream altogether are not gone back from.
    let marks = [500, 1_100].map(|sequence| Mark::new(sequence, Moment::default(), "s", b"x")).into_iter().collect();
    let opened = Reading::after(&other, &Position { marks, ..position }, IntakeOptions::default()).await;
    match opened.err().expect("refused") {
        IntakeError::Rewritten { sequence: 1_100, .. } => {}
        refused => panic!("{refused}"),
    }
}

#[tokio::test]
async fn reading_goes_on_after_the_server_was_killed() {
    let Some(mut server) = TestServer::start("reading_goes_on_after_the_server_was_killed") else { return };
    let (connection, _) = server.connect_with_streams().await;
    for id in 1..=50 {
        publish(&connection, SUBJECT, event(id)).await;
    }
    let mut reading = Reading::from_the_start(&connection).await;
    let before = reading.until(50).await;
    eventually("everything is taken", async || reading.feed.drained()).await;
    server.kill();
    eventually("the silence is noticed", async || !reading.feed.drained()).await;
    server.start_again();
    let other = server.connect().await;
    for id in 51..=100 {
        publish(&other, SUBJECT, event(id)).await;
    }
    let after = reading.until(100).await;
    let ids: Vec<String> = (1..=100).map(|id| id.to_string()).collect();
    assert_eq!([before.ids(), after.ids()].concat(), ids);
    assert!(after.gaps.is_empty());
    eventually("everything is taken again", async || reading.feed.drained()).await;
    assert_eq!(reading.end().await, 100);
}

#[tokio::test]
async fn a_server_that_hangs_is_not_taken_for_an_idle_one() {
    let Some(server) = TestServer::start("a_server_that_hangs_is_not_taken_for_an_idle_one") else { return };
    let (connection, _) = server.connect_with_streams().await;
    let options = IntakeOptions { heartbeat: Duration::from_millis(200), ..IntakeOptions::default() };
    let reading = Reading::start(&connection, 1, options).await.expect("opens");
    eventually("an empty stream is drained", async || reading.feed.drained()).await;
    let idle = Instant::now();
    while idle.elapsed() < Duration::from_secs(1) {
        assert!(reading.feed.health().is_open(), "heartbeats keep an idle session open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.signal("STOP");
    eventually("the clock may not run", async || !reading.feed.drained()).await;
    server.signal("CONT");
    eventually("the clock may run again", async || reading.feed.drained()).await;
}

#[tokio::test]
async fn a_slow_worker_slows_the_server_and_loses_nothing() {
    let Some(server) = TestServer::start("a_slow_worker_slows_the_server_and_loses_nothing") else { return };
    let (connection, _) = server.connect_with_streams().await;
    for first in (0..4_000).step_by(4) {
        let lines: Vec<String> = (first..first + 4).map(event).collect();
        publish(&connection, SUBJECT, lines.join("\n")).await;
    }
    let options = IntakeOptions {
        request_messages: 20,
        batch_lines: 40,
        batches_waiting: 2,
        heartbeat: Duration::from_millis(200),
        ..IntakeOptions::default()
    };
    let mut reading = Reading::start(&connection, 1, options).await.expect("opens");
    eventually("the channel is full", async || reading.feed.receiver.len() == 2).await;
    let stands = Instant::now();
    while stands.elapsed() < Duration::from_millis(600) {
        assert!(reading.feed.receiver.len() <= 2, "never more than the channel holds");
        assert!(reading.feed.pending() > 900, "the server keeps the rest");
        assert!(!reading.feed.drained());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let taken = reading.until(1_000).await;
    let ids: Vec<String> = (0..4_000).map(|id| id.to_string()).collect();
    assert_eq!(taken.ids(), ids);
    eventually("everything is taken", async || reading.feed.drained()).await;
    assert_eq!(reading.feed.pending(), 0);
}

#[tokio::test]
async fn dropping_the_feed_or_stopping_ends_the_reading() {
    let Some(server) = TestServer::start("dropping_the_feed_or_stopping_ends_the_reading") else { return };
    let (connection, _) = server.connect_with_streams().await;
    publish(&connection, SUBJECT, event(1)).await;
    let Reading { mut feed, task, stop: _stop } = Reading::from_the_start(&connection).await;
    feed.next().await.expect("a batch");
    drop(feed);
    assert_eq!(task.await.expect("no panic").expect("a clean end"), 1);
    let mut reading = Reading::from_the_start(&connection).await;
    reading.until(1).await;
    let health = reading.feed.health();
    assert_eq!(reading.end().await, 1);
    assert!(!health.is_open());
}
