//! The generator keeps its promises: same bytes for a seed, quotas for a profile, a truth that
//! agrees with every script, and events that fold back into the plans.

use std::collections::BTreeMap;

use facts::{Card, History, Moment};
use jiff::tz::TimeZone;

use super::*;
use crate::case_plan::{PlannedFact, What};

fn run(cases: usize, seed: u64) -> Generated {
    let profile = Profile::named("yichun-week").expect("built in");
    generate(&Options { cases, seed, profile }).expect("the built-in city holds together")
}

/// Rule, aim: cases.
fn scripted(run: &Generated) -> BTreeMap<(&'static str, Aim), usize> {
    let mut counts = BTreeMap::new();
    for script in run.plans().filter_map(|plan| plan.script) {
        *counts.entry((script.rule, script.aim)).or_default() += 1;
    }
    counts
}

#[test]
fn a_seed_gives_the_same_bytes_wherever_it_runs() {
    let run = run(200, 7);
    assert_eq!(run.hash(), "6e0997e13b70aafad52437b0852f2ade713d0c2bc3a2422c413e5b8402cd9a24");
    assert_eq!(run.event_count(), 1_460);
}

#[test]
fn another_seed_gives_other_bytes() {
    assert_eq!(run(100, 1).hash(), run(100, 1).hash());
    assert_ne!(run(100, 1).hash(), run(100, 2).hash());
}

#[test]
fn six_thousand_cases_try_each_rule_twenty_times_on_both_sides() {
    for seed in [1, 2, 99] {
        let counts = scripted(&run(6_000, seed));
        for rule in crate::scenario::rules() {
            for aim in [Aim::Breach, Aim::NearMiss] {
                let count = counts.get(&(rule, aim)).copied().unwrap_or(0);
                assert!(count >= 20, "seed {seed}: {rule} {aim:?} {count}");
            }
        }
    }
}

#[test]
fn small_runs_keep_the_shares() {
    let counts = scripted(&run(1_000, 3));
    assert!(counts.values().all(|count| (4..=5).contains(count)), "{counts:?}");
}

/// Every script says which card its rule shows at the end; the truth must agree.
#[track_caller]
fn check_scripts(run: &Generated) {
    let Options { seed, profile, .. } = run.options();
    for plan in run.plans() {
        let Some(script) = plan.script else { continue };
        let lights = truth::standing(&plan, &run.days, run.until());
        let worst = lights.iter().filter(|light| light.rule == script.rule).map(|light| light.card).max();
        let week = profile.live_week;
        assert_eq!(worst.unwrap_or(Card::None), script.card, "{week}, seed {seed}: {script:?}\n{:#?}", plan.facts);
    }
}

#[test]
fn the_truth_agrees_with_every_script() {
    for seed in 1..=6 {
        check_scripts(&run(3_000, seed));
    }
}

/// Other weeks, a short one among them, and a longer backlog serve as well.
#[test]
fn the_truth_agrees_with_every_script_in_other_weeks() {
    for (live_week, backlog_weeks) in [((4, 13), 10), ((5, 4), 10), ((6, 8), 20)] {
        let mut profile = Profile::named("yichun-week").expect("built in");
        (profile.live_week, profile.backlog_weeks) = (jiff::civil::date(2026, live_week.0, live_week.1), backlog_weeks);
        let run = generate(&Options { cases: 3_000, seed: 29, profile }).expect("the built-in city holds together");
        check_scripts(&run);
    }
}

/// Ordinary cases get warnings at most, as long as what happened is known.
#[test]
fn ordinary_cases_break_no_rule() {
    let mut profile = Profile::named("yichun-week").expect("built in");
    (profile.arrivals.late, profile.breaches, profile.near_misses) = (0, BTreeMap::new(), BTreeMap::new());
    let run = generate(&Options { cases: 6_000, seed: 5, profile }).expect("the built-in city holds together");
    for plan in run.plans().filter(|plan| plan.script.is_none()) {
        let lights = truth::standing(&plan, &run.days, run.until());
        let cards: Vec<_> = lights.iter().filter(|light| light.card > Card::Warning).collect();
        assert!(cards.is_empty(), "{cards:?}\n{:#?}", plan.facts);
    }
}

/// What the stream carries, in whatever order, is what the plan says: corrections win, deleted
/// records are gone, repetitions change nothing.
#[test]
fn events_fold_into_the_plans() {
    let run = run(3_000, 11);
    let mut histories: BTreeMap<_, History> = BTreeMap::new();
    let mut last = Moment::MIN;
    let mut count = 0;
    for event in run.events() {
        let arrived = event.arrived.expect("every event says when it arrived");
        assert!(last <= arrived && arrived <= run.until(), "events come in order of arrival, none after the end");
        (last, count) = (arrived, count + 1);
        assert_eq!(facts::line::read(facts::line::write(&event).as_bytes(), None).expect("readable").event, event);
        histories.entry(event.case.clone()).or_default().join(event, None, &TimeZone::UTC);
    }
    assert_eq!(count, run.event_count());
    let mut plans = 0;
    for plan in run.plans() {
        let history = &histories[&plan.case];
        let known: Vec<_> = plan.known().collect();
        assert_eq!(history.records().len(), known.len(), "{plan:#?}");
        for (record, said) in history.records().iter().zip(known) {
            assert_eq!((&record.event.id, record.at), (&said.id, record.at));
            assert_eq!(record.first_arrived, said.arrived, "{plan:#?}");
            assert_eq!((&record.event.activity, &record.event.detail), (&said.activity, &said.detail));
            assert_eq!(record.event.at, said.at);
            let ahead = plan.script.is_some_and(|script| script.rule == "DQ-11");
            assert!(said.arrived.expect("set") >= record.at || record.event.version > 1 || ahead, "{said:?}");
        }
        plans += 1;
    }
    assert_eq!(histories.len(), plans, "case numbers are unique");
}

/// The plans keep to what the truth can count.
#[test]
fn plans_keep_their_invariants() {
    let run = run(6_000, 13);
    for plan in run.plans() {
        let at = |wanted: fn(&What) -> bool| plan.facts.iter().find(|fact| wanted(&fact.what)).map(|fact| fact.at);
        let ended = at(|what| matches!(what, What::Closed(..) | What::Withdrawn));
        for (place, fact) in plan.facts.iter().enumerate() {
            assert!(fact.at <= run.until() && fact.arrived <= run.until(), "{plan:#?}");
            let What::StageStarted(code) = &fact.what else { continue };
            let finished = |later: &PlannedFact| matches!(&later.what, What::StageCompleted(done, _) if done == code);
            let open = !plan.facts[place..].iter().any(finished);
            assert!(!(open && ended.is_some()), "a stage is open in a case that ended: {plan:#?}");
        }
        assert!(plan.facts.windows(2).all(|pair| (pair[0].at, pair[0].seq) < (pair[1].at, pair[1].seq)));
        let count = |wanted: fn(&What) -> bool| plan.facts.iter().filter(|fact| wanted(&fact.what)).count();
        assert!(count(|what| *what == What::SupplementNotified) <= 1);
        assert!(count(|what| matches!(what, What::SpecialStarted(terms) if terms.kind == "B")) <= 1);
        assert!(count(|what| matches!(what, What::Closed(..))) <= 1);
    }
}

/// Some 5 facts in 100 come more than a day late, and there is a little of every other trouble.
#[test]
fn arrivals_are_as_troubled_as_the_profile_says() {
    let run = run(6_000, 19);
    let facts: Vec<PlannedFact> = run.plans().flat_map(|plan| plan.facts).collect();
    let parts = |count: usize| count * WHOLE / facts.len();
    let late = facts.iter().filter(|fact| fact.first_arrived().millis() - fact.at.millis() > 86_400_000).count();
    assert!((400..=600).contains(&parts(late)), "{late} late");
    let corrected = facts.iter().filter(|fact| fact.earlier.is_some()).count();
    assert!((70..=150).contains(&parts(corrected)), "{corrected} corrected");
    let deleted: usize = run.plans().map(|plan| plan.ghosts.len()).sum();
    assert!((10..=40).contains(&parts(deleted)), "{deleted} deleted");
    let repeated = facts.iter().filter(|fact| fact.repeated.is_some()).count();
    assert!((70..=130).contains(&parts(repeated)), "{repeated} sent twice");
}

/// The live week has work in it, and the backlog reaches back over the holidays.
#[test]
fn the_window_is_ten_weeks_and_one() {
    let run = run(2_000, 23);
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
    assert_eq!(run.replay_from().local(&zone), "2026-05-11T00:00:00+08:00");
    assert_eq!(run.until().local(&zone), "2026-05-15T19:00:00+08:00");
    let live = run.events().filter(|event| event.arrived >= Some(run.replay_from())).count();
    assert!(live * 10 > run.event_count(), "{live} of {} in the live week", run.event_count());
    let first = run.events().next().and_then(|event| event.arrived).expect("there are events");
    assert!(first.local(&zone).starts_with("2026-03-02"), "{first}");
}
