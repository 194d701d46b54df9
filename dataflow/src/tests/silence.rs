//! Silence is not green (semantics 26): a silent source has a light of its own, its cases turn grey, and what comes due
//! because nothing was heard waits, but not for ever.
//!
//! A source is silent after 10 ms without a word; a light waits for it for 100 ms. The limit is 30 ms: a case submitted
//! at 0 has a warning from 21 on and a red card from 31 on.

use std::sync::Arc;

use facts::standing::Text2;
use facts::transition::About;
use facts::{Activity, Address, Card, Light, Moment, Transition};
use proptest::prelude::*;
use rules::silence::SilenceRule;

use super::city::City;
use super::worlds::{END, Play, any_world, assert_chains, at, fact, fold, law, law_in_silence, options, play, rest};
use crate::{Entry, Holding, Options, ReadBack, Runner};

const SILENT: &str = "T-SILENT";

pub(crate) fn city() -> City {
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
        &[
            "11 county.360902.D1/oa T-SILENT raised none>warning silence",
            "121 C T-ANSWER raised none>warning silence",
            "131 C T-ANSWER escalated warning>red silence",
        ],
    );
    assert_eq!(said[0].reason.en, "oa of county.360902.D1: 0 min");
    assert_eq!((said[0].since, said[0].light), (at(10), Light::Yellow), "silent after the last instant in time");
    for (said, card) in [(&said[1], "warning"), (&said[2], "red")] {
        assert_eq!(said.warnings, ["source_silent"]);
        // The red card waits while the warning is told: each has its own reason.
        let reason = &said.reason.en;
        assert!(reason.starts_with(&format!("{card} by")) && reason.ends_with("(silent)"), "{reason}");
    }
    assert_eq!((said[1].since, said[2].since), (at(20), at(30)), "the legal instant is what it was");
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
fn the_light_of_a_source_is_no_light_of_a_case() {
    let played = play(&[submitted()], &city(), &Play::new(2, [20, 31]));
    let [of_source, of_case, _] = played.transitions.as_slice() else { panic!("{:?}", played.transitions) };
    assert_eq!((of_source.about, of_source.standing()), (About::Source, None));
    assert_eq!(of_case.about, About::Case);
    assert!(of_source.to_line().contains(r#""about":"source""#) && !of_case.to_line().contains("about"));
    assert!(played.seen[..2].iter().all(|seen| seen.lights.is_empty()), "{:?}", played.seen);
    let counted: u64 = played.seen[1].counts.iter().map(|row| row.cases).sum();
    assert_eq!(counted, 1, "one case, and no source among them");
}

/// The first word after a silence is seldom the last: what it brings about waits for the others.
#[test]
fn what_a_source_has_to_tell_after_its_silence_is_waited_for() {
    let settling = |cuts: &[i64]| {
        let options = Options { settle: std::time::Duration::from_millis(20), ..options(&Play::whole()) };
        let (runner, closings) = Runner::start(&options, Arc::new(city())).expect("workers start");
        let mut left = vec![
            submitted(),
            fact("s", Activity::Submitted, 1).case("D"),
            progress(60),
            fact("c", Activity::Closed, 25).entering(70),
            progress(75),
            progress(84),
        ];
        for cut in cuts {
            let fed = left.extract_if(.., |entry| entry.enters < at(*cut)).collect();
            runner.feed(fed, at(*cut)).expect("running");
        }
        runner.finish().expect("no failure");
        rest(&closings).iter().map(line).collect::<Vec<_>>()
    };
    let expected = [
        "12 county.360902.D1/oa T-SILENT raised none>warning silence",
        "60 county.360902.D1/oa T-SILENT cleared warning>none silence",
        "80 D T-ANSWER raised none>red silence",
    ];
    assert_eq!(settling(&[90]), expected, "C was closed in time, and never said not to be");
    assert_eq!(settling(&[13, 60, 61, 71, 80, 81, 90]), expected);
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

/// Two silences pass while nothing is said, and the first was told before: it was right, and is not denied.
#[test]
fn a_silence_that_was_told_is_cleared_though_another_has_begun_since() {
    let told = play(&[submitted()], &city(), &Play::whole()).transitions;
    let silent = Options { announce: false, ..options(&Play::new(2, [])) };
    let (runner, closings) = Runner::start(&silent, Arc::new(city())).expect("workers start");
    runner.read_back(vec![ReadBack::from(told[0].clone())]).expect("running");
    runner.feed(vec![submitted(), progress(40)], at(60)).expect("running");
    runner.announce(at(60)).expect("running");
    runner.feed(vec![progress(70)], at(75)).expect("running");
    runner.finish().expect("no failure");
    let said: Vec<String> = rest(&closings).iter().filter(|said| said.about == About::Source).map(line).collect();
    assert_eq!(
        said,
        [
            "60 county.360902.D1/oa T-SILENT cleared warning>none silence",
            "60 county.360902.D1/oa T-SILENT raised none>warning silence",
            "70 county.360902.D1/oa T-SILENT cleared warning>none silence",
        ]
    );
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

/// The silence of an office's source at an instant, by what has entered: the plain reading.
fn holding(world: &[Entry], through: Moment, office: &Address, source: &str) -> Option<Holding> {
    let of_source = |entry: &&Entry| entry.event.address == *office && entry.event.source == source;
    let heard = world.iter().filter(of_source).map(|entry| entry.enters).filter(|enters| *enters <= through).max()?;
    let since = heard.plus_millis(11);
    (since <= through).then_some(Holding { since, hold_ms: 100 })
}

/// The words of the sources among the facts, some of them between these.
fn any_world_with_beats() -> impl Strategy<Value = Vec<Entry>> {
    let beats = prop::collection::vec((1..END - 1, prop::bool::ANY), 0..30);
    (any_world(), beats).prop_map(|(mut world, beats)| {
        world.extend(beats.into_iter().map(|(at, other)| progress(at).by(if other { "D2" } else { "D1" })));
        world.sort_by_key(|entry| entry.enters);
        world
    })
}

/// What was said, without what a restart may not know: causes, and what is worded by them.
fn gist(said: &[Transition]) -> Vec<String> {
    let gist = |said: &Transition| {
        let Transition { decided_at, case, rule, instance, revision, card_before, card, light, since, .. } = said;
        format!("{decided_at} {case} {rule} {instance} {revision} {card_before}>{card} {light} {since}")
    };
    said.iter().map(gist).collect()
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

    /// At every instant lights, counts and what was said are those of the plain reading, whatever the order of facts
    /// within an instant, the batches and the number of workers.
    #[test]
    fn grey_and_held_are_what_the_plain_reading_finds(
        (world, shuffled) in any_world_with_beats().prop_flat_map(|world| (Just(world.clone()), Just(world).prop_shuffle())),
        cuts in prop::collection::btree_set(1..END, 0..8),
        workers in 1..4_usize,
    ) {
        let mut shuffled = shuffled;
        shuffled.sort_by_key(|entry| entry.enters);
        let played = play(&shuffled, &city(), &Play::new(workers, cuts));
        assert_chains(&played.transitions);
        for seen in &played.seen {
            let silent = |office: &Address, source: &str| holding(&world, seen.through, office, source);
            let (lights, counts) = law_in_silence(&world, &City::new(30), seen.through, silent);
            prop_assert_eq!(&seen.lights, &lights);
            prop_assert_eq!(&seen.counts, &counts);
            let until = played.transitions.iter().filter(|said| said.decided_at <= seen.through);
            prop_assert_eq!(&fold(until), &lights);
        }
        for said in played.transitions.iter().filter(|said| said.about == About::Source && said.card != Card::None) {
            let through = said.decided_at;
            let silent = holding(&world, through, &said.owner(), "oa").expect("a source said to be silent is");
            prop_assert_eq!((silent.since, said.since), (through, through.plus_millis(-1)), "said at once");
        }
    }

    /// A start from what was kept, at any instant and with other workers, says what the run would have said.
    #[test]
    fn a_restart_at_any_instant_says_nothing_twice_and_leaves_nothing_out(
        world in any_world_with_beats(),
        end in 1..END,
        workers in 1..4_usize,
    ) {
        let whole = play(&world, &city(), &Play::whole());
        let (before, after): (Vec<_>, Vec<_>) = world.into_iter().partition(|entry| entry.enters < at(end));
        let (runner, closings) = Runner::start(&options(&Play::whole()), Arc::new(city())).expect("workers start");
        runner.feed(before.clone(), at(end)).expect("running");
        let known = runner.sources();
        runner.finish().expect("no failure");
        let mut said = rest(&closings);

        let silent = Options { announce: false, ..options(&Play::new(workers, [])) };
        let (runner, closings) = Runner::start(&silent, Arc::new(city())).expect("workers start");
        let facts = before.into_iter().filter(|entry| !entry.event.case.is_empty()).collect();
        runner.feed_again(facts, at(end)).expect("running");
        runner.restore_sources(known).expect("running");
        runner.read_back(said.iter().cloned().map(ReadBack::from).collect()).expect("running");
        runner.announce(at(end)).expect("running");
        runner.feed(after, at(END)).expect("running");
        runner.finish().expect("no failure");
        said.extend(rest(&closings));
        assert_chains(&said);
        prop_assert_eq!(gist(&said), gist(&whole.transitions));
    }
}
