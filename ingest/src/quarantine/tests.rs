//! That lines are stored in order and once, also when answers get lost or somebody else writes.

use bytes::Bytes;
use facts::line::{LineFault, Reason};
use tokio::sync::watch;

use super::*;
use crate::test_support::TestServer;

fn line(sequence: u64, number: u64) -> RefusedLine {
    let place = Place { origin: "approval.city.360900.D".into(), sequence: Some(sequence), line: number };
    let fault = LineFault::new(Reason::NotJson, "", "expected value\r\nat line 1".into());
    RefusedLine::new(place, fault, &Bytes::from(format!("{sequence}/{number}")))
}

async fn stored(connection: &Connection) -> Vec<String> {
    let stream = connection.jetstream.get_stream(QUARANTINE).await.expect("there");
    let mut bodies = Vec::new();
    for sequence in 1..=stream.cached_info().state.last_sequence {
        if let Ok(message) = stream.get_raw_message(sequence).await {
            bodies.push(String::from_utf8(message.payload.to_vec()).expect("text"));
        }
    }
    bodies
}

#[tokio::test]
async fn lines_are_stored_once_in_order_whoever_tries_again() {
    let Some(server) = TestServer::start("lines_are_stored_once_in_order_whoever_tries_again") else { return };
    let (connection, streams) = server.connect_with_streams().await;
    let open = || QuarantineWriter::open(connection.clone(), streams.approvals.identity.clone());
    let (_running, mut stop) = watch::channel(false);
    let mut first = open().await.expect("opens");
    first.store(&[line(1, 1), line(1, 3)], &mut stop).await.expect("stored");
    let mut second = open().await.expect("opens");
    second.store(&[line(1, 1), line(1, 3), line(2, 1)], &mut stop).await.expect("stored");
    first.store(&[line(1, 3), line(2, 1), line(3, 1)], &mut stop).await.expect("the first one catches up");
    assert_eq!(stored(&connection).await, ["1/1", "1/3", "2/1", "3/1"]);
}

#[tokio::test]
async fn a_removed_last_message_does_not_make_lines_double() {
    let Some(server) = TestServer::start("a_removed_last_message_does_not_make_lines_double") else { return };
    let (connection, streams) = server.connect_with_streams().await;
    let (_running, mut stop) = watch::channel(false);
    let lines = [line(1, 1), line(1, 2), line(1, 3)];
    let mut writer =
        QuarantineWriter::open(connection.clone(), streams.approvals.identity.clone()).await.expect("opens");
    writer.store(&lines, &mut stop).await.expect("stored");
    let stream = connection.jetstream.get_stream(QUARANTINE).await.expect("there");
    for sequence in [2, 3] {
        stream.delete_message(sequence).await.expect("an operator may do that");
    }
    let mut writer = QuarantineWriter::open(connection.clone(), streams.approvals.identity).await.expect("opens");
    writer.store(&lines, &mut stop).await.expect("recognised by their ids");
    writer.store(&[line(2, 1)], &mut stop).await.expect("stored");
    assert_eq!(stored(&connection).await, ["1/1", "2/1"]);
}

#[tokio::test]
async fn stopping_while_nothing_can_be_stored_is_told() {
    let Some(mut server) = TestServer::start("stopping_while_nothing_can_be_stored_is_told") else { return };
    let (connection, streams) = server.connect_with_streams().await;
    let mut writer = QuarantineWriter::open(connection, streams.approvals.identity).await.expect("opens");
    server.kill();
    let (running, mut stop) = watch::channel(false);
    running.send(true).expect("listened to");
    assert_eq!(writer.store(&[line(1, 1)], &mut stop).await, Err(Stopped));
}
