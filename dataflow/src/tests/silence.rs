//! Silence is not green (semantics 26): a silent source has a light of its own, its cases turn grey, and what comes due
//! because nothing was heard waits, but not for ever.
//!
//! A source is silent after 10 ms without a word; a light waits for it for 100 ms. The limit is 30 ms: a case submitted
//! at 0 has a warning from 21 on and a red card from 31 on.

use std::sync::Arc;

use facts::standing::Text2;
use facts::{Activity, Card, Light, Transition};
use proptest::prelude::*;
use rules::silence::SilenceRule;

use super::city::City;
use super::worlds::{END, Play, any_world, assert_chains, at, fact, fold, law, options, play, rest};
use crate::{Entry, Options, ReadBack, Runner};

const SILENT: &str = "T-SILENT";

fn city() -> City {
    let text = |text: &str| Text2 { zh: text.to_owned(), en: text.to_owned() };
    let rule = SilenceRule {
        id: SILENT.into(),
        label: "T-SILENT@1".into(),
        name: text("silent"),
        basis: "an order".into(),
        card: Card::Warning,
        light: Light::Yellow,
        hold_ms: 100,
        message: text("{source} of {office}: {silence}"),
        remark: text(" (silent)"),
    };
    City { silence: Some((10, rule)), ..City::new(30) }
}

/// `<ms> <case> <rule> <kind> <card before>><card> <cause>`.
fn line(said: &Transition) -> String {
    let ms = said.decided_at.millis() - at(0).millis();
    let Transition { case, rule, kind, card_before, card, cause, .. } = said;
    format!("{ms} {case} {rule} {kind} {card_before}>{card} {cause}")
}

#[track_caller]
fn check(world: &[Entry], expected: &[&str]) -> Vec<Transition> {
    let mut told = Vec::new();
    for how in [Play::whole(), Play::new(1, [10, 11, 12, 60, 61, 131, 132]), Play::new(3, [5, 31, 59, 200])] {
        let played = play(world, &city(), &how);
        assert_chains(&played.transitions);
        assert_eq!(played.transitions.iter().map(line).collect::<Vec<_>>(), expected, "{how:?}");
        told = played.transitions;
    }
    told
}

fn submitted() -> Entry {
    fact("s", Activity::Submitted, 0)
}

/// The source says that it has sent everything.
fn progress(happened: i64) -> Entry {
    fact("", Activity::Progress, happened).case("")
}

#[test]
fn what_comes_due_in_the_silence_waits_and_is_raised_with_a_remark() {
    let said = check(
        &[submitted()],
        &["11 county.360902.D1/oa T-SILENT raised none>warning silence", "131 C T-ANSWER raised none>red silence"],
    );
    assert_eq!(said[0].reason.en, "oa of county.360902.D1: 0 min");
    assert_eq!((said[0].since, said[0].light), (at(10), Light::Yellow), "silent after the last instant in time");
    assert_eq!(said[1].warnings, ["source_silent"]);
    assert!(said[1].reason.en.ends_with("(silent)"), "{:?}", said[1].reason);
    assert_eq!(said[1].since, at(30), "the legal instant is what it was");
}

#[test]
fn a_source_that_speaks_again_clears_its_light_and_what_was_done_in_time_is_never_said() {
    let closed = fact("c", Activity::Closed, 25).entering(60);
    check(
        &[submitted(), closed, progress(69)],
        &[
            "11 county.360902.D1/oa T-SILENT raised none>warning silence",
            "60 county.360902.D1/oa T-SILENT cleared warning>none silence",
            "80 county.360902.D1/oa T-SILENT raised none>warning silence",
        ],
    );
}

#[test]
fn a_source_that_speaks_and_has_nothing_to_say_for_itself_is_believed() {
    let beats = (1..=40).map(|beat| progress(beat * 10));
    let world: Vec<Entry> =
        [submitted(), progress(60)].into_iter().chain(beats.filter(|beat| beat.enters > at(60))).collect();
    check(
        &world,
        &[
            "11 county.360902.D1/oa T-SILENT raised none>warning silence",
            "60 C T-ANSWER raised none>red silence",
            "60 county.360902.D1/oa T-SILENT cleared warning>none silence",
        ],
    );
}

#[test]
fn nothing_that_stands_is_withdrawn_because_a_source_falls_silent() {
    let world = [submitted(), progress(10), progress(20), progress(29)];
    check(
        &world,
        &[
            "21 C T-ANSWER raised none>warning deadline",
            "31 C T-ANSWER escalated warning>red deadline",
            "40 county.360902.D1/oa T-SILENT raised none>warning silence",
        ],
    );
}

#[test]
fn cases_of_a_silent_source_are_grey_unless_a_card_stands() {
    let world = [submitted(), fact("s", Activity::Submitted, 5).case("D").by("D2"), progress(15), progress(20)];
    let played = play(&world, &city(), &Play::new(2, [16, 25, 31]));
    let counted = |cut: usize| -> Vec<(String, Light, u64)> {
        played.seen[cut].counts.iter().map(|row| (row.owner.dept.to_string(), row.light, row.cases)).collect()
    };
    let row = |dept: &str, light| (dept.to_owned(), light, 1);
    assert_eq!(counted(0), [row("D1", Light::Green), row("D2", Light::Green)]);
    assert_eq!(counted(1), [row("D1", Light::Yellow), row("D2", Light::Grey)], "D2 is silent since 16");
    assert_eq!(counted(2), [row("D1", Light::Yellow), row("D2", Light::Grey)], "a card that stands beats grey");
}

#[test]
fn a_restart_knows_which_source_is_silent() {
    let said = play(&[submitted()], &city(), &Play::whole()).transitions;
    let silent = Options { announce: false, ..options(&Play::new(2, [])) };
    let start = || Runner::start(&silent, Arc::new(city())).expect("workers start");
    let (runner, _closings) = start();
    runner.feed(vec![submitted()], at(60)).expect("running");
    let known = runner.sources();
    assert_eq!((known.len(), known[0].heard, known[0].silent_since), (1, at(0), Some(at(11))));

    let (runner, closings) = start();
    runner.advance(at(60)).expect("running");
    runner.restore_sources(known).expect("running");
    runner.read_back(vec![ReadBack::from(said[0].clone())]).expect("running");
    runner.announce(at(60)).expect("running");
    runner.feed(vec![progress(70)], at(75)).expect("running");
    runner.finish().expect("no failure");
    let again: Vec<String> = rest(&closings).iter().map(line).collect();
    assert_eq!(again, ["70 county.360902.D1/oa T-SILENT cleared warning>none silence"], "and says nothing twice");
}

#[test]
fn other_silences_apply_when_the_configuration_changes() {
    let (runner, closings) = Runner::start(&options(&Play::whole()), Arc::new(city())).expect("workers start");
    runner.feed(vec![submitted()], at(15)).expect("running");
    let patient = City { silence: city().silence.map(|(_, rule)| (1_000, rule)), ..City::new(30) };
    runner.configure(Arc::new(patient), facts::Cause::Rule, at(15)).expect("running");
    runner.advance(at(25)).expect("running");
    runner.finish().expect("no failure");
    let said: Vec<String> = rest(&closings).iter().map(line).collect();
    assert_eq!(said[1], "15 county.360902.D1/oa T-SILENT cleared warning>none rule");
    assert_eq!(said[2], "21 C T-ANSWER raised none>warning deadline", "nothing waits for it any more");
}

proptest! {
    /// An outage leaves no trace: once every source has spoken, the lights are those of the law, whatever was late. And
    /// at every instant what was said is what stands, however the run was cut.
    #[test]
    fn after_an_outage_the_lights_are_those_of_a_run_without_one(
        world in any_world(),
        cuts in prop::collection::btree_set(1..END, 0..6),
        workers in 1..3_usize,
    ) {
        let mut world = world;
        // Both offices speak last; what is held is then shown.
        world.extend([progress(END - 1), progress(END - 1).by("D2")]);
        let whole = play(&world, &city(), &Play::whole());
        assert_chains(&whole.transitions);
        let end = whole.seen.last().expect("a play is looked at once at least");
        prop_assert_eq!(&end.lights, &law(&world, &City::new(30), end.through).0);
        let cut = play(&world, &city(), &Play::new(workers, cuts));
        prop_assert_eq!(cut.lines(), whole.lines());
        for seen in &cut.seen {
            let until = cut.transitions.iter().filter(|said| said.decided_at <= seen.through);
            prop_assert_eq!(&fold(until), &seen.lights);
        }
    }
}
