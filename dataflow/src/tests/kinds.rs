//! What is said of one case, line by line: kind, cause, address and instant (semantics 31).
//!
//! The limit is 30 ms: a case submitted at 0 has a warning from 21 on and a red card from 31 on.

use facts::transition::Issue;
use facts::{Activity, Transition};

use super::city::{ANSWER, City, GROUND, STATUTE, TWICE};
use super::worlds::{Play, at, fact, play};
use crate::Entry;

/// `<ms> <rule> <kind> <card before>><card> <cause> <office>`.
fn line(said: &Transition) -> String {
    let ms = said.decided_at.millis() - at(0).millis();
    let Transition { rule, kind, card_before, card, cause, dept, .. } = said;
    format!("{ms} {rule} {kind} {card_before}>{card} {cause} {dept}")
}

/// The transitions of one rule in a world.
fn said_by(rule: &str, world: Vec<Entry>) -> Vec<Transition> {
    let played = play(&world, &City::new(30), &Play::whole());
    played.transitions.into_iter().filter(|said| said.rule == rule).collect()
}

#[track_caller]
fn check(rule: &str, world: Vec<Entry>, expected: &[&str]) {
    let said: Vec<_> = said_by(rule, world).iter().map(line).collect();
    assert_eq!(said, expected);
}

fn submitted() -> Entry {
    fact("s", Activity::Submitted, 0)
}

fn closed(happened: i64) -> Entry {
    fact("c", Activity::Closed, happened)
}

#[test]
fn time_raises_and_escalates_and_closing_clears() {
    check(
        ANSWER,
        vec![submitted(), closed(50)],
        &[
            "21 T-ANSWER raised none>warning deadline D1",
            "31 T-ANSWER escalated warning>red deadline D1",
            "50 T-ANSWER cleared red>none event D1",
        ],
    );
}

#[test]
fn the_last_instant_of_the_limit_is_in_time() {
    check(ANSWER, vec![submitted(), closed(20)], &[]);
    check(
        ANSWER,
        vec![submitted(), closed(30)],
        &["21 T-ANSWER raised none>warning deadline D1", "30 T-ANSWER cleared warning>none event D1"],
    );
}

#[test]
fn a_fact_that_comes_within_the_allowed_delay_is_an_event_and_after_it_late() {
    let red = ["21 T-ANSWER raised none>warning deadline D1", "31 T-ANSWER escalated warning>red deadline D1"];
    check(
        ANSWER,
        vec![submitted(), closed(15).entering(45)],
        &[red[0], red[1], "45 T-ANSWER retracted red>none event D1"],
    );
    check(
        ANSWER,
        vec![submitted(), closed(15).entering(46)],
        &[red[0], red[1], "46 T-ANSWER retracted red>none late D1"],
    );
}

#[test]
fn a_correction_retracts_what_should_not_have_been_said() {
    let corrected = fact("s", Activity::Submitted, 15).version(2).entering(40);
    check(
        ANSWER,
        vec![submitted(), corrected, closed(47)],
        &[
            "21 T-ANSWER raised none>warning deadline D1",
            "31 T-ANSWER escalated warning>red deadline D1",
            "40 T-ANSWER retracted red>warning corrected D1",
            "46 T-ANSWER escalated warning>red deadline D1",
            "47 T-ANSWER cleared red>none event D1",
        ],
    );
}

#[test]
fn a_deletion_retracts_for_good() {
    let deleted = submitted().delete().version(2).entering(40);
    let said = said_by(ANSWER, vec![submitted(), deleted, closed(60)]);
    let last = said.last().expect("something was said");
    assert_eq!(line(last), "40 T-ANSWER retracted red>none deleted D1");
    assert_eq!(last.since, at(30), "the legal instant of the card that was withdrawn");
    assert_eq!((last.evidence.len(), &last.proof), (0, &None), "nothing is left to prove");
    assert_eq!(last.basis, said[0].basis);
    assert!(last.reason.zh.contains("删除") && last.reason.en.contains("deleted"), "{:?}", last.reason);
}

#[test]
fn a_card_moves_with_its_case_and_both_offices_hear_it() {
    let earlier = fact("r", Activity::Rated, -5).by("D2").entering(50);
    check(
        ANSWER,
        vec![submitted(), earlier],
        &[
            "21 T-ANSWER raised none>warning deadline D1",
            "31 T-ANSWER escalated warning>red deadline D1",
            "50 T-ANSWER retracted red>none corrected D1",
            "50 T-ANSWER raised none>red corrected D2",
        ],
    );
}

#[test]
fn a_card_whose_legal_instant_moves_is_taken_back_and_raised_anew() {
    let fee = |id, happened| fact(id, Activity::Fee, happened).grounded();
    let said = said_by(TWICE, vec![fee("1", 10), fee("2", 20), fee("3", 15).entering(25)]);
    let lines: Vec<_> = said.iter().map(|said| format!("{} since {}", line(said), said.since)).collect();
    assert_eq!(
        lines,
        [
            "21 T-TWICE raised none>yellow deadline D1 since 2026-01-05T00:00:00.02Z",
            "25 T-TWICE retracted yellow>none event D1 since 2026-01-05T00:00:00.02Z",
            "25 T-TWICE raised none>yellow event D1 since 2026-01-05T00:00:00.015Z",
        ]
    );
}

#[test]
fn a_waiver_is_an_appeal_upheld() {
    check(
        STATUTE,
        vec![fact("a", Activity::Accepted, 0), fact("w", Activity::Waived, 60)],
        &["46 T-STATUTE raised none>yellow deadline D1", "60 T-STATUTE retracted yellow>none appeal D1"],
    );
}

#[test]
fn a_passed_statutory_limit_is_not_cleared_by_closing_late() {
    check(
        STATUTE,
        vec![fact("a", Activity::Accepted, 0), closed(60)],
        &["46 T-STATUTE raised none>yellow deadline D1"],
    );
}

#[test]
fn a_card_that_needs_a_person_waits_apart_and_keeps_its_legal_instant_through_grace() {
    let said = said_by(
        GROUND,
        vec![fact("f", Activity::Fee, 10), fact("f", Activity::Fee, 10).delete().version(2).entering(20)],
    );
    assert_eq!(
        said.iter().map(line).collect::<Vec<_>>(),
        ["13 T-GROUND raised none>red deadline D1", "20 T-GROUND retracted red>none deleted D1"]
    );
    for said in &said {
        assert_eq!((said.issue, said.since), (Issue::Held, at(10)));
        assert_eq!(said.subject(), "alert.held.county.360902.D1");
    }
}

#[test]
fn a_fact_dated_ahead_is_not_seen_before_its_instant() {
    check(
        ANSWER,
        vec![fact("s", Activity::Submitted, 50).entering(1), closed(75)],
        &["71 T-ANSWER raised none>warning deadline D1", "75 T-ANSWER cleared warning>none event D1"],
    );
}

#[test]
fn what_a_clock_value_brings_is_said_as_its_net() {
    let both = vec![submitted().entering(100), closed(90).entering(100)];
    check(ANSWER, both, &[]);
    let apart = vec![submitted().entering(100), closed(90).entering(101)];
    check(ANSWER, apart, &["100 T-ANSWER raised none>red late D1", "101 T-ANSWER retracted red>none event D1"]);
}

#[test]
fn a_configuration_acts_before_the_facts_of_its_instant() {
    let kinder = Play { change: Some((100, City::new(300))), ..Play::whole() };
    let played = play(&[submitted().entering(100)], &City::new(30), &kinder);
    assert_eq!(
        played.transitions.iter().map(line).collect::<Vec<_>>(),
        ["291 T-ANSWER raised none>warning deadline D1", "301 T-ANSWER escalated warning>red deadline D1"]
    );
}

#[test]
fn two_versions_at_one_clock_value_are_one_event_in_either_order() {
    let versions = || vec![fact("f", Activity::Fee, 10).grounded(), fact("f", Activity::Fee, 10).version(2)];
    let expected = ["13 T-GROUND raised none>red deadline D1"];
    check(GROUND, versions(), &expected);
    check(GROUND, versions().into_iter().rev().collect(), &expected);
    let held = |world: Vec<Entry>| world.into_iter().map(|entry| entry.entering(40)).collect::<Vec<_>>();
    let expected = ["40 T-GROUND raised none>red event D1"];
    check(GROUND, held(versions()), &expected);
    check(GROUND, held(versions().into_iter().rev().collect()), &expected);
}
