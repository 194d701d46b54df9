//! Closed cases leave memory, and nobody who asks can tell.

use std::sync::Arc;
use std::time::Duration;

use facts::{Activity, Cause, Kind};

use super::city::City;
use super::worlds::{Play, at, fact, options, rest};
use crate::{Closings, Entry, Gauges, Options, Runner};

/// One worker that keeps closed cases `retention` ms.
fn start(retention: u64) -> (Runner<City>, Closings) {
    let options = Options { retention: Some(Duration::from_millis(retention)), ..options(&Play::whole()) };
    Runner::start(&options, Arc::new(City::new(30))).expect("workers start")
}

/// Accepted at 0, closed at 60 where 45 was the limit: a card that stands for ever.
fn closed_too_late(case: &str) -> Vec<Entry> {
    vec![fact("a", Activity::Accepted, 0).case(case), fact("c", Activity::Closed, 60).case(case)]
}

fn gauges(runner: &Runner<City>) -> Gauges {
    // Answered when all before it is worked through.
    runner.lights().expect("running");
    runner.gauges()[0]
}

#[test]
fn a_case_is_sealed_when_its_retention_is_over_and_counted_where_it_is() {
    let (runner, _closings) = start(100);
    runner.feed(closed_too_late("case-1"), at(61)).expect("running");
    runner.feed(vec![fact("s", Activity::Submitted, 61).case("case-2")], at(62)).expect("running");
    let before = gauges(&runner);
    assert_eq!((before.cases, before.open, before.sealed), (2, 1, 0));
    runner.advance(at(1_000)).expect("running");
    let after = gauges(&runner);
    assert_eq!((after.cases, after.open, after.sealed), (1, 1, 1));
    assert!(after.sealed_bytes > 0 && after.bytes < before.bytes, "{before:?} {after:?}");
}

#[test]
fn a_sealed_case_is_answered_as_before_and_its_light_stands() {
    let ask = |retention| {
        let (runner, _closings) = start(retention);
        runner.feed(closed_too_late("case-1"), at(61)).expect("running");
        runner.advance(at(1_000)).expect("running");
        let sealed = gauges(&runner).sealed;
        let answers = (
            runner.case("case-1").expect("running").expect("known"),
            runner.standing().expect("running"),
            runner.lights().expect("running"),
            runner.counts(),
        );
        assert_eq!(gauges(&runner).sealed, sealed, "to ask for it is not to take it back");
        (sealed, answers)
    };
    let (sealed, answers) = ask(0);
    let (kept, expected) = ask(1_000_000);
    assert_eq!((sealed, kept), (1, 0));
    assert!(!expected.2.lights.is_empty(), "a light stands");
    assert_eq!(answers, expected);
}

#[test]
fn a_late_fact_brings_a_sealed_case_back_and_continues_its_chain() {
    let (runner, closings) = start(0);
    runner.feed(closed_too_late("case-1"), at(61)).expect("running");
    runner.advance(at(500)).expect("running");
    assert_eq!(gauges(&runner).sealed, 1);
    // It was closed in time after all.
    let late = fact("c2", Activity::Closed, 40).case("case-1").entering(500);
    runner.feed(vec![late], at(600)).expect("running");
    assert_eq!(gauges(&runner).sealed, 1, "judged and sealed again");
    assert_eq!(runner.lights().expect("running").lights, []);
    runner.finish().expect("no failure");
    let said = rest(&closings);
    let last = said.last().expect("something was said");
    assert_eq!((last.kind, last.cause, last.decided_at), (Kind::Retracted, Cause::Late, at(500)));
    super::worlds::assert_chains(&said);
}
