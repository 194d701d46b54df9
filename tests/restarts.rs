//! Ends and beginnings: stopped in order, killed, and with a server that was killed, the service says each
//! change once, leaves none out, and ends with the lights that a replay of the same facts gives.

use crate::support::city::{city, messages, progress};
use crate::support::eventually::eventually;
use crate::support::said::{assert_same_lines, fold, rows, transitions, wait_said};
use crate::support::service::TestSite;

#[test]
fn stops_and_kills_leave_no_gap_and_no_repetition() {
    let Some(mut site) = TestSite::with_virtual_clock("stops_and_kills_leave_no_gap_and_no_repetition") else { return };
    let events = city().events();
    let part = |from: usize, to: usize| messages(&events[events.len() * from / 8..events.len() * to / 8]);

    // Half a life, ended in order.
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all(part(0, 4));
    let there = events[events.len() / 2 - 1].arrived.expect("generated facts say when they arrived");
    wire.send_all([progress(there)]);
    service.wait_closed(there.plus_millis(-1));
    eventually("much is said", || (wire.last_sequence("ALERTS") > 100).then_some(()));
    service.wait_ledger(100);
    let mut heard = service.listen(0, 100);
    heard.truncate(100);
    assert_eq!(service.terminate(), Some(0));
    let said = wire.last_sequence("ALERTS");

    // A start over the same stream: judged in silence, nothing new to say, and nothing said.
    let service = site.start();
    service.wait_ready();
    assert_eq!(service.terminate(), Some(0));
    assert_eq!(wire.last_sequence("ALERTS"), said, "what was said before the stop is not said again");

    // Killed while it speaks.
    let service = site.start();
    service.wait_ready();
    heard.extend(service.listen(100, said));
    wire.send_all(part(4, 6));
    eventually("it speaks", || (wire.last_sequence("ALERTS") > said).then_some(()));
    service.kill();
    let said = wire.last_sequence("ALERTS");

    // Its server killed while it speaks: the service stays, and goes on when the server is back.
    let mut service = site.start();
    service.wait_ready();
    wire.send_all(part(6, 7));
    eventually("it speaks", || (wire.last_sequence("ALERTS") > said).then_some(()));
    let port = site.nats.kill();
    eventually("it says that it waits for the server", || {
        let ready = service.get("/ready");
        (ready.status == 503 && ready.body.contains("\"gate\":\"nats\"")).then_some(())
    });
    site.nats.start_again(port);
    let wire = site.wire();
    service.wait_ready();
    wire.send_all(part(7, 8).chain(city().end()));
    service.wait_closed(city().until());
    assert!(service.is_running(), "{}", service.log());

    // Whatever was in flight: all of it is said when the standing lights are those of replay.
    let expected = &city().replayed().standing;
    wait_said(&wire, expected);
    let last = wire.last_sequence("ALERTS");
    service.wait_ledger(last);
    assert_same_lines("the ledger and the fold of ALERTS", &rows(&service.lights()), expected);
    let after = heard.last().expect("it has heard something").0;
    heard.extend(service.listen(after, last));
    assert_eq!(service.terminate(), Some(0));
    let stored = wire.stored("ALERTS");
    assert_same_lines("the lights told and those of replay", &fold(&transitions(&wire)), expected);
    let stored: Vec<(u64, String)> =
        stored.iter().map(|message| (message.sequence, message.text().to_owned())).collect();
    assert!(heard == stored, "who comes back with the last id hears each transition once, across every end");
}
