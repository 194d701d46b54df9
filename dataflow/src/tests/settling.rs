//! What late facts bring about waits for what else comes late, and goes out as the net (semantics 20).
//!
//! Late is what enters more than 30 ms after it happened; the wait is 10 ms. The limit is 30 ms: a case submitted at
//! 0 has a warning from 21 on and a red card from 31 on.

use std::sync::Arc;
use std::time::Duration;

use facts::{Activity, Moment};

use super::city::{ANSWER, City};
use super::worlds::{Play, assert_chains, at, fact, options, rest};
use crate::{Entry, Options, Runner};

fn settling(workers: usize) -> Options {
    Options { settle: Duration::from_millis(10), ..options(&Play::new(workers, [])) }
}

/// `<ms> <kind> <card before>><card> <cause>` of the answer rule, fed up to each of `cuts` in turn.
fn told(world: &[Entry], cuts: &[i64], workers: usize) -> Vec<String> {
    let (runner, closings) = Runner::start(&settling(workers), Arc::new(City::new(30))).expect("workers start");
    let mut left = world.to_vec();
    for cut in cuts.iter().chain(&[400]) {
        let fed = left.extract_if(.., |entry| entry.enters < at(*cut)).collect();
        runner.feed(fed, at(*cut)).expect("running");
    }
    runner.finish().expect("no failure");
    let said = rest(&closings);
    assert_chains(&said);
    let of_rule = said.iter().filter(|said| said.rule == ANSWER);
    of_rule
        .map(|said| {
            let ms = said.decided_at.millis() - at(0).millis();
            format!("{ms} {} {}>{} {}", said.kind, said.card_before, said.card, said.cause)
        })
        .collect()
}

#[track_caller]
fn check(world: &[Entry], expected: &[&str]) {
    for (cuts, workers) in [(&[][..], 1), (&[40, 50, 55, 56, 57, 60], 1), (&[47, 48, 70], 3)] {
        assert_eq!(told(world, cuts, workers), expected, "cut at {cuts:?}, {workers} workers");
    }
}

fn submitted() -> Entry {
    fact("s", Activity::Submitted, 0)
}

fn closed(happened: i64) -> Entry {
    fact("c", Activity::Closed, happened)
}

const RED: [&str; 2] = ["21 raised none>warning deadline", "31 escalated warning>red deadline"];

#[test]
fn a_late_fact_is_answered_after_the_wait() {
    check(&[submitted(), closed(15).entering(46)], &[RED[0], RED[1], "56 retracted red>none late"]);
}

#[test]
fn the_light_itself_does_not_wait() {
    let (runner, closings) = Runner::start(&settling(1), Arc::new(City::new(30))).expect("workers start");
    runner.feed(vec![submitted(), closed(15).entering(46)], at(47)).expect("running");
    let standing = runner.lights().expect("running");
    assert_eq!((standing.as_of, standing.lights), (at(46), vec![]), "at the instant at which it enters");
    assert!(runner.counts().rows.is_empty(), "and so are the counts");
    runner.finish().expect("no failure");
    drop(closings);
}

#[test]
fn what_late_facts_bring_about_and_take_back_again_is_not_said() {
    let reopened = closed(15).version(2).delete().entering(50);
    check(&[submitted(), closed(15).entering(46), reopened], &RED);
}

#[test]
fn what_comes_meanwhile_goes_out_with_it_and_does_not_make_it_wait_longer() {
    // Submitted again at 12, said late at 46: due at 42, so its warning is over and its card red from 43 on.
    let corrected = submitted().version(2).entering(50);
    let world = [submitted(), closed(15).entering(46), corrected, closed(14).version(2).entering(54)];
    check(&world, &[RED[0], RED[1], "56 retracted red>none corrected"]);
}

#[test]
fn a_late_fact_that_changes_no_light_makes_no_other_difference_wait() {
    let late = fact("r", Activity::Rated, -40).entering(20);
    check(&[submitted(), late], &RED);
}

#[test]
fn silence_begins_and_ends_at_an_instant_and_ends_with_the_net() {
    let (runner, closings) = Runner::start(&options(&Play::whole()), Arc::new(City::new(30))).expect("workers start");
    runner.feed(vec![submitted()], at(25)).expect("running");
    assert_eq!(runner.hush(), Ok(at(25)), "the first open instant");
    runner.feed(vec![closed(40)], at(50)).expect("running");
    runner.feed(vec![submitted().case("D").entering(45)], at(60)).expect("running");
    runner.announce(at(60)).expect("running");
    runner.advance(at(70)).expect("running");
    runner.finish().expect("no failure");
    let said: Vec<(Moment, String)> = rest(&closings)
        .iter()
        .map(|said| (said.decided_at, format!("{} {} {}>{}", said.case, said.kind, said.card_before, said.card)))
        .collect();
    let expected =
        [(at(21), "C raised none>warning"), (at(60), "C cleared warning>none"), (at(60), "D raised none>red")];
    assert_eq!(said, expected.map(|(at, text)| (at, text.to_owned())));
}
