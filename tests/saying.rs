//! When differences are said: at once, as a net, later, or again (semantics 13, 16, 20 and 29).
//!
//! The machines of these services stand in March 2031, so that office hours are what the tests need them to be. What
//! the stream stamps lies years before, and enters when it is read.

use std::collections::BTreeSet;

use facts::{Card, Cause, Kind, Transition};

use watchlight::clock::Reading;

use crate::support::city::progress;
use crate::support::eventually::eventually;
use crate::support::machine::TestMachine;
use crate::support::pages::Pages;
use crate::support::said::{fold, transitions};
use crate::support::service::{LONG_SILENCE, TestSite};
use crate::support::wire::{Message, Wire};

/// A fact of a case of the item with a promise of seven working days.
fn fact(case: &str, id: &str, activity: &str, at: &str, more: &str) -> Message {
    let line = format!(
        r#"{{"id":"{id}","source":"window","case":"{case}","activity":"{activity}","at":"{at}","level":"county","region":"360902","dept":"SCJG","item":"SC-201","case_type":"promised"{more}}}"#
    );
    ("approval.county.360902.SCJG".to_owned(), line)
}

fn accepted(case: &str, at: &str) -> Message {
    fact(case, "1", "accepted", at, "")
}

/// Accepted and arrived at `at`, under a virtual clock.
fn arrived(case: &str, at: &str) -> Message {
    fact(case, "1", "accepted", at, &format!(r#","arrived":"{at}""#))
}

/// What was said of the promise of one case: when, kind, revision and cause.
fn promise(wire: &Wire, case: &str) -> Vec<Transition> {
    let mut said = transitions(wire);
    fold(&said);
    said.retain(|said| said.case == case && said.rule == "OD-05");
    said
}

/// Cases by light, as the counts tell them.
fn counted(pages: &Pages, light: &str) -> i64 {
    pages.json("/api/counts")["total"][light].as_i64().expect("a count")
}

#[test]
fn what_a_late_fact_brings_about_waits_a_minute_of_the_clock_and_goes_out_as_the_net() {
    let test = "what_a_late_fact_brings_about_waits_a_minute_of_the_clock_and_goes_out_as_the_net";
    let Some(site) = TestSite::with_wall_clock(test) else { return };
    let machine = TestMachine::at("2031-03-03T09:00:00+08:00");
    let service = site.start_on(machine.clocks());
    service.wait_ready();
    let wire = site.wire();
    // Long overdue both, and known only now. The second is closed by the next message, in time.
    wire.send_all([accepted("S-1", "2031-01-06T09:00:00+08:00"), accepted("S-2", "2031-01-06T09:00:00+08:00")]);
    eventually("the lights stand at once", || (counted(&service, "red") == 2).then_some(()));
    let since = machine.now();
    wire.send_all([fact("S-2", "1", "accepted", "2031-01-06T09:00:00+08:00", r#","op":"delete","version":2"#)]);
    eventually("one was withdrawn", || (counted(&service, "red") == 1).then_some(()));
    assert_eq!(wire.last_sequence("ALERTS"), 0, "nothing is said of either yet");
    for _ in 0..6 {
        machine.pass(8);
        service.wait_closed(machine.now());
        assert_eq!(wire.last_sequence("ALERTS"), 0, "it waits");
    }
    machine.pass(8);
    let said = eventually("the net is said", || promise(&wire, "S-1").first().cloned());
    assert_eq!((said.kind, said.cause, said.revision), (Kind::Raised, Cause::Late, 1));
    // The tests' own pace is in it.
    let waited_ms = said.decided_at.millis() - since.millis();
    assert!((48_000..=90_000).contains(&waited_ms), "it waited {waited_ms} ms");
    service.end();
    let cases: BTreeSet<String> = transitions(&wire).iter().map(|said| said.case.to_string()).collect();
    assert_eq!(cases, BTreeSet::from(["S-1".to_owned()]), "what was taken back meanwhile was never said");
}

/// Ten days pass while the server is away: the promise of seven working days has come near and passed.
#[test]
fn after_the_server_was_away_the_net_of_what_time_did_is_said() {
    let test = "after_the_server_was_away_the_net_of_what_time_did_is_said";
    let Some(site) = TestSite::with_wall_clock(test) else { return };
    let machine = TestMachine::at("2031-03-03T10:00:00+08:00");
    let service = site.start_on(machine.clocks());
    service.wait_ready();
    let wire = site.wire();
    wire.send_all([accepted("A-1", "2031-03-03T09:00:00+08:00")]);
    // Dated years after what the stream stamps, which is said at once.
    eventually("the case is known", || (transitions(&wire).len() == 1).then_some(()));
    site.nats.pause();
    let asked = std::time::Instant::now();
    eventually("the silence was noticed", || {
        (asked.elapsed() > LONG_SILENCE && service.get("/ready").body.contains("\"gate\":\"nats\"")).then_some(())
    });
    machine.pass(10 * 86_400);
    site.nats.resume();
    service.wait_ready();
    eventually("the net is said", || promise(&wire, "A-1").first().cloned());
    let said = transitions(&wire).split_off(1);
    let instants: BTreeSet<_> = said.iter().map(|said| said.decided_at).collect();
    assert_eq!(instants.len(), 1, "all at one instant, not one by one as their days went by: {instants:?}");
    assert!(said.iter().all(|said| (said.kind, said.revision) == (Kind::Raised, 1)), "{said:?}");
    service.end();
}

#[test]
fn nothing_is_said_before_the_sites_first_instant_and_then_the_net_is() {
    let test = "nothing_is_said_before_the_sites_first_instant_and_then_the_net_is";
    let Some(site) = TestSite::with_virtual_clock(test) else { return };
    let site = site.with("WATCHLIGHT_PUBLISH_ISSUE_FROM", "2026-03-16T09:00:00+08:00");
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    wire.send_all([
        arrived("I-1", "2026-03-02T10:00:00+08:00"),
        progress("2026-03-13T18:00:00+08:00".parse().expect("an instant")),
    ]);
    service.wait_closed("2026-03-13T17:59:59.999+08:00".parse().expect("an instant"));
    assert_eq!(counted(&service, "yellow"), 1, "the promise has passed");
    assert_eq!(wire.last_sequence("ALERTS"), 0, "and nobody was told");
    assert_eq!(service.get("/ready").status, 200, "that is no fault");
    wire.send_all([progress("2026-03-16T10:00:00+08:00".parse().expect("an instant"))]);
    let said = eventually("the net is said", || promise(&wire, "I-1").first().cloned());
    assert_eq!(said.decided_at, "2026-03-16T09:00:00+08:00".parse().expect("an instant"), "at that very instant");
    assert_eq!((said.kind, said.card, said.revision), (Kind::Raised, Card::Yellow, 1));
    assert_eq!(service.terminate(), Some(0));
}

/// Somebody else writes into ALERTS; what is refused for it is said again although no message comes after it.
#[test]
fn what_alerts_refused_is_said_again_without_another_message() {
    let test = "what_alerts_refused_is_said_again_without_another_message";
    let Some(site) = TestSite::with_virtual_clock(test) else { return };
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let end = |text: &str| progress(text.parse().expect("an instant"));
    wire.send_all([arrived("R-1", "2026-03-02T10:00:00+08:00"), end("2026-03-13T18:00:00+08:00")]);
    let first = eventually("the first is said", || promise(&wire, "R-1").last().cloned());
    let foreign = Transition { case: "X-1".into(), revision: 1, id: "foreign".to_owned(), ..first };
    let foreign =
        Transition { kind: Kind::Raised, card_before: Card::None, light_before: facts::Light::Green, ..foreign };
    wire.send(&foreign.subject(), foreign.to_line());
    wire.send_all([arrived("R-2", "2026-03-16T10:00:00+08:00"), end("2026-03-27T18:00:00+08:00")]);
    eventually("the refused is said again", || {
        promise(&wire, "R-2").last().filter(|said| said.card == Card::Yellow).cloned()
    });
    let foreign = eventually("what nobody knows of is withdrawn", || {
        promise(&wire, "X-1").get(1).map(|said| (said.kind, said.revision))
    });
    assert_eq!(foreign, (Kind::Retracted, 2));
    assert_eq!(service.terminate(), Some(0));
}

/// A message that comes from this machine's future waits until the clocks agree; a stop does not.
#[test]
fn a_service_that_waits_for_a_frozen_clock_ends_when_told() {
    let Some(site) = TestSite::with_wall_clock("a_service_that_waits_for_a_frozen_clock_ends_when_told") else {
        return;
    };
    // Whatever this machine's clock shows, the server stamps by it.
    let machine = TestMachine::default();
    machine.jump(-7_200);
    let service = site.start_on(machine.clocks());
    service.wait_ready();
    let wire = site.wire();
    wire.send_all([accepted("F-1", "2026-03-02T10:00:00+08:00")]);
    eventually("it says that its clock stands", || {
        let ready = service.get("/ready");
        (ready.status == 503 && ready.body.contains("\"gate\":\"clock\"")).then_some(())
    });
    service.end();
    // The next start finds the clocks in agreement, and loses nothing.
    let service = site.start_on(TestMachine::default().clocks());
    service.wait_ready();
    eventually("the fact was left for this start", || (counted(&service, "red") == 1).then_some(()));
    service.end();
}

#[test]
fn a_clock_that_jumps_stands_until_it_is_right_or_a_person_confirms() {
    let test = "a_clock_that_jumps_stands_until_it_is_right_or_a_person_confirms";
    let Some(site) = TestSite::with_wall_clock(test) else { return };
    let machine = TestMachine::default();
    let service = site.start_on(machine.clocks());
    service.wait_ready();
    let wire = site.wire();
    let clock = || service.json("/api/clock");
    let stands = |kind: &str| {
        eventually("the clock stands", || {
            let standing = clock()["standing"].clone();
            (standing["kind"] == kind).then(|| standing["freeze"].as_u64().expect("a freeze has a number"))
        })
    };
    let confirm = |freeze: u64| service.post("/api/clock/confirm", &format!(r#"{{"freeze":{freeze}}}"#));
    let green = |cases: i64| eventually("the case is known", || (counted(&service, "green") == cases).then_some(()));
    let accepted_now = |case: &str| accepted(case, &facts::Moment::to_string(&Reading::now().wall));

    // Forward and back again: it goes on by itself.
    machine.jump(3_600);
    stands("wall_moved");
    eventually("the figures tell", || service.metric("watchlight_clock_frozen").filter(|frozen| *frozen == 1.0));
    let ready = eventually("and the readiness", || Some(service.get("/ready")).filter(|ready| ready.status == 503));
    assert!(ready.body.contains("\"gate\":\"clock\"") && ready.body.contains("3600 s"), "{}", ready.body);
    wire.send_all([accepted_now("J-1")]);
    machine.jump(-3_600);
    service.wait_ready();
    green(1);
    eventually("the figures tell", || service.metric("watchlight_clock_frozen").filter(|frozen| *frozen == 0.0));

    // Forward for good: a person confirms.
    machine.jump(3_600);
    let freeze = stands("wall_moved");
    let stood: facts::Moment = clock()["as_of"].as_str().and_then(|text| text.parse().ok()).expect("an instant");
    assert!(stood < machine.now().plus_millis(-3_000_000), "it did not move");
    assert_eq!(confirm(freeze + 1).status, 409, "only the one that lasts");
    assert_eq!(confirm(freeze).status, 200);
    service.wait_closed(machine.now());
    service.wait_ready();

    // Back again: facts wait, then enter where the clock stands.
    machine.jump(-3_600);
    let freeze = stands("wall_moved");
    wire.send_all([accepted_now("J-2")]);
    assert_eq!(counted(&service, "green"), 1, "nothing enters a clock that stands");
    assert_eq!(confirm(freeze).status, 200);
    service.wait_ready();
    green(2);
    let stands_at = clock()["as_of"].clone();
    assert_eq!(clock()["as_of"], stands_at, "T waits for the machine's clock");

    // The stream comes from the future: its stamp is confirmed.
    machine.jump(-7_200);
    let freeze = stands("wall_moved");
    assert_eq!(confirm(freeze).status, 200);
    service.wait_ready();
    wire.send_all([accepted_now("J-3")]);
    green(3);
    service.end();

    // Without its checkpoint the next start reads the stream, and meets the stamps again.
    std::fs::remove_dir_all(site.data().join("checkpoint")).expect("the service has kept one");
    let machine = TestMachine::default();
    machine.jump(-7_200);
    let service = site.start_on(machine.clocks());
    let freeze = eventually("the stream is ahead", || {
        let standing = service.json("/api/clock")["standing"].clone();
        (standing["kind"] == "stream_ahead").then(|| standing["freeze"].as_u64().expect("a number"))
    });
    let confirmation = format!(r#"{{"freeze":{freeze}}}"#);
    assert_eq!(service.post("/api/clock/confirm", &confirmation).status, 200);
    eventually("all enter", || (counted(&service, "green") == 3).then_some(()));
    service.wait_ready();
    service.end();
}
