//! A part that stands still: the others wait for it in bounded memory, say so, and nothing is lost.

use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::city::{city, messages, progress};
use crate::support::eventually::eventually;
use crate::support::said::{assert_same_lines, rows, wait_said};
use crate::support::service::{LONG_SILENCE, TestSite};
use crate::support::wire::wait;

/// More than the service ever needs for the sample city, far less than a queue without end would take.
const RESIDENT_BYTES_MAX: u64 = 512 * 1024 * 1024;

#[test]
fn a_ledger_that_stands_still_stops_nobody_and_takes_everything_later() {
    let test = "a_ledger_that_stands_still_stops_nobody_and_takes_everything_later";
    let Some(site) = TestSite::with_virtual_clock(test) else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();

    // Somebody else writes, for as long as we like.
    let url = format!("sqlite://{}", site.data().join("ledger.sqlite").display());
    let mut other = wait(SqliteConnection::connect(&url)).expect("the ledger is a SQLite file");
    wait(other.execute("BEGIN IMMEDIATE")).expect("nobody writes now");

    wire.send_all(messages(city().events()).chain(city().end()));
    service.wait_closed(city().until());
    let expected = &city().replayed().standing;
    wait_said(&wire, expected);
    let last = wire.last_sequence("ALERTS");
    eventually("the lag is told", || service.metric("watchlight_ledger_lag").filter(|lag| *lag >= 1.0));
    eventually("and that it tries again", || {
        service.metric("watchlight_ledger_retries_total").filter(|tries| *tries >= 1.0)
    });
    assert_eq!(service.metric("watchlight_ledger_sequence"), Some(0.0), "nothing got through");
    assert!(service.lights().is_empty(), "readers see what the ledger last took, and are not stopped");
    let resident = service.resident_bytes();
    assert!(resident < RESIDENT_BYTES_MAX, "{resident} bytes are resident");

    wait(other.execute("ROLLBACK")).expect("the lock is ours to give up");
    service.wait_ledger(last);
    eventually("the lag is gone", || service.metric("watchlight_ledger_lag").filter(|lag| *lag == 0.0));
    assert_same_lines("the ledger and the lights of replay", &rows(&service.lights()), expected);
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn a_server_that_stands_still_is_waited_for() {
    let Some(site) = TestSite::with_virtual_clock("a_server_that_stands_still_is_waited_for") else { return };
    let mut service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let (first, rest) = city().events().split_at(city().events().len() / 2);
    wire.send_all(messages(first));
    eventually("it is in the middle of its work", || (wire.last_sequence("ALERTS") > 0).then_some(()));

    site.nats.pause();
    let waiting = eventually("it says for whom it waits", || {
        let ready = service.get("/ready");
        (ready.status == 503).then_some(ready)
    });
    assert!(waiting.body.contains("\"gate\":\"nats\""), "{}", waiting.body);
    eventually("and counts the lost session", || {
        let gone = service.metric("watchlight_ingest_connected") == Some(0.0);
        (gone && service.metric("watchlight_ingest_sessions_reopened_total") >= Some(1.0)).then_some(())
    });
    let standing = std::time::Instant::now();
    let resident =
        eventually("the silence has lasted", || (standing.elapsed() > LONG_SILENCE).then(|| service.resident_bytes()));
    assert!(resident < RESIDENT_BYTES_MAX, "{resident} bytes are resident");
    assert_eq!(service.get("/health").status, 200, "the pages go on answering");
    assert!(service.is_running());

    site.nats.resume();
    service.wait_ready();
    wire.send_all(messages(rest).chain(city().end()));
    service.wait_closed(city().until());
    let expected = &city().replayed().standing;
    wait_said(&wire, expected);
    service.wait_ledger(wire.last_sequence("ALERTS"));
    assert_same_lines("the ledger and the lights of replay", &rows(&service.lights()), expected);
    assert_eq!(service.terminate(), Some(0));
}

/// Who stops a service must not have to wait for a server that may never come back.
#[test]
fn a_stop_while_the_server_stands_still_ends_and_the_next_start_says_the_rest() {
    let test = "a_stop_while_the_server_stands_still_ends_and_the_next_start_says_the_rest";
    let Some(site) = TestSite::with_virtual_clock(test) else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(messages(city().events()));
    eventually("it is in the middle of its work", || (wire.last_sequence("ALERTS") > 0).then_some(()));
    site.nats.pause();
    assert_eq!(service.terminate(), Some(0));
    site.nats.resume();

    let service = site.start();
    service.wait_ready();
    wire.send_all(city().end());
    service.wait_closed(city().until());
    let expected = &city().replayed().standing;
    wait_said(&wire, expected);
    assert_eq!(service.terminate(), Some(0));
}

/// The worker is slower than the stream: what it has not read stays on the server, and is told as pending.
#[test]
fn a_backlog_is_told_as_pending_until_it_is_read() {
    let Some(site) = TestSite::with_virtual_clock("a_backlog_is_told_as_pending_until_it_is_read") else { return };
    assert_eq!(site.start().terminate(), Some(0), "it makes its streams");
    let wire = site.wire();
    // Heartbeats beyond what the reader takes ahead: batches of 8,192 lines, four of them waiting.
    let beats = 60_000;
    let first: facts::Moment = "2026-03-02T10:00:00+08:00".parse().expect("an instant");
    wire.send_all(messages(city().events()).take(1));
    wire.send_all((0..beats).map(|beat| progress(first.plus_millis(beat))));
    let service = site.start();
    eventually("messages are pending", || {
        service.metric("watchlight_ingest_pending").filter(|pending| *pending >= 1.0)
    });
    service.wait_ready();
    assert_eq!(service.metric("watchlight_ingest_pending"), Some(0.0));
    assert_eq!(service.metric("watchlight_ingest_messages_total"), Some(60_001.0));
    assert_eq!(service.terminate(), Some(0));
}
