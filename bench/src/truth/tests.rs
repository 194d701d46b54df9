//! The truth of cases small enough to check by hand against a calendar, and the one choice that
//! plans must spare it.
//!
//! May 2026: the 1st to the 5th are off, Saturday the 9th works. The run ends on Friday the 15th at 19:00.

use facts::{Address, Fen, Level};

use super::*;
use crate::calendar::{close_of, day, instant};
use crate::city::City;
use crate::generate::{Options, generate};
use crate::profile::Profile;

const UNTIL: &str = "2026-05-15 19:00:00";

fn at(text: &str) -> Moment {
    let civil: jiff::civil::DateTime = text.parse().expect(text);
    let time = civil.time();
    let second = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    instant(day(civil.date()), second)
}

/// A case of `item` in which these things happened, each known at once.
fn case(item: &str, facts: &[(&str, What)]) -> CasePlan {
    let item = City::load(jiff::civil::date(2026, 5, 11)).expect("built in").item(item);
    let owner =
        Address { level: Level::County, region: "360902".parse().expect("a region"), dept: item.depts[0].clone() };
    let fact = |(seq, (when, what)): (i64, &(&str, What))| PlannedFact {
        id: format_compact!("r{seq}"),
        seq,
        at: at(when),
        arrived: at(when),
        what: what.clone(),
        earlier: None,
        rival: None,
        names: None,
        office: None,
        repeated: None,
    };
    CasePlan {
        case: "C".into(),
        owner,
        source: "ywt".into(),
        case_type: if item.instant() { "instant" } else { "promised" },
        item,
        linked_case: None,
        script: None,
        gaming: None,
        facts: (1..).zip(facts).map(fact).collect(),
        ghosts: Vec::new(),
    }
}

/// The lights as `rule instance card since`, since in local time.
#[track_caller]
fn check(plan: &CasePlan, expected: &[&str]) {
    let days = WorkingDays::load().expect("built in");
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let mut lights = standing(plan, &days, at(UNTIL));
    lights.sort_unstable();
    let told = |light: &StandingLight| {
        let since = light.since.civil(&zone).strftime("%m-%d %H:%M:%S");
        format!("{} {} {} {since}", light.rule, light.instance, light.card)
    };
    assert_eq!(lights.iter().map(told).collect::<Vec<_>>(), expected);
}

fn done(stage: &str, officer: &str) -> What {
    What::StageCompleted(stage.into(), officer.into())
}

fn special(granted: u32) -> What {
    let terms = SpecialTerms { no: "1".into(), kind: "B", ground: "inspection", granted, approver: "9".into() };
    What::SpecialStarted(terms)
}

fn charged(code: &str, fen: i64, quantity: u32, receipt: &str) -> What {
    let (code, receipt, payee) = (code.into(), receipt.into(), "YC-CZ-001".into());
    let period = CompactString::default();
    What::Fee(FeeLine { act: FeeAct::Charged, code, amount: Fen::new(fen), quantity, period, receipt, payee })
}

#[test]
fn an_application_that_nobody_answers_turns_red_and_counts_as_accepted() {
    // Five working days after 04-24 over the holiday: 27, 28, 29, 30, 05-06. ZJ-206 promises three days.
    let plan = case("ZJ-206", &[("2026-04-24 10:00:00", What::Submitted)]);
    check(&plan, &["OD-01 - red 05-06 18:00:00", "OD-04 - warning 04-28 18:00:00", "OD-05 - yellow 04-29 18:00:00"]);
}

#[test]
fn the_fifth_working_day_is_in_time_and_one_second_later_is_not() {
    let answered = |accepted| case("SC-202", &[("2026-05-06 09:00:00", What::Submitted), (accepted, What::Accepted)]);
    // 7, 8, 9 (a Saturday that works), 11, 12.
    check(&answered("2026-05-12 18:00:00"), &[]);
    check(&answered("2026-05-12 18:00:01"), &[]);
    // Deemed accepted on 04-24, so that twelve days end on 05-14: 27 to 30, 6 to 9, 11 to 14.
    let late = [("2026-04-24 09:00:00", What::Submitted), ("2026-05-06 18:00:01", What::Accepted)];
    check(&case("SC-202", &late), &["OD-04 - warning 05-13 18:00:00", "OD-05 - yellow 05-14 18:00:00"]);
    let in_time = [("2026-04-24 09:00:00", What::Submitted), ("2026-05-06 18:00:00", What::Accepted)];
    check(&case("SC-202", &in_time), &[]);
}

#[test]
fn a_closing_at_close_of_business_is_in_time() {
    let closed = |when| {
        let facts = [
            ("2026-04-30 09:00:00", What::Submitted),
            ("2026-04-30 09:10:00", What::Accepted),
            ("2026-05-06 09:00:00", done("handle", "a")),
            ("2026-05-06 10:00:00", done("review", "b")),
            ("2026-05-06 11:00:00", done("approve", "c")),
            (when, What::Closed("refused", "不符合条件".into())),
        ];
        case("ZJ-206", &facts)
    };
    check(&closed("2026-05-08 18:00:00"), &[]);
    check(&closed("2026-05-08 18:00:01"), &["OD-05 - yellow 05-08 18:00:00"]);
}

#[test]
fn a_pause_counts_for_what_was_granted_and_then_the_clock_runs() {
    // Five days granted on 05-06: due 05-12 (7, 8, 9, 11, 12). The procedure is still open.
    let plan = case(
        "SC-202",
        &[
            ("2026-04-20 09:00:00", What::Submitted),
            ("2026-04-20 09:10:00", What::Accepted),
            ("2026-05-06 09:00:00", special(5)),
        ],
    );
    // Of twelve days eight passed before the pause (21 to 24, 27 to 30), then 12, 13, 14, 15.
    check(
        &plan,
        &[
            "OD-04 - warning 05-14 18:00:00",
            "OD-05 - yellow 05-15 18:00:00",
            "OD-08 county.360902.SCJG/ywt/r3 red 05-13 18:00:00",
        ],
    );
}

#[test]
fn a_supplement_that_is_awaited_stops_the_clock() {
    let facts = [
        ("2026-05-06 09:00:00", What::Submitted),
        ("2026-05-06 09:10:00", What::Accepted),
        ("2026-05-07 09:00:00", What::SupplementNotified),
    ];
    check(&case("JT-210", &facts), &[]);
    check(&case("JT-210", &facts[..2]), &["OD-04 - warning 05-11 18:00:00", "OD-05 - yellow 05-12 18:00:00"]);
}

#[test]
fn an_open_stage_warns_and_turns_yellow_and_a_finished_one_is_silent() {
    let start = What::StageStarted("handle".into());
    let mut facts = vec![
        ("2026-05-11 09:00:00", What::Submitted),
        ("2026-05-11 09:10:00", What::Accepted),
        ("2026-05-12 09:20:00", start),
    ];
    let record = "OD-07 county.360902.RSJ/ywt/r3 yellow 05-15 18:00:00";
    check(&case("RS-204", &facts), &[record]);
    facts.push(("2026-05-15 18:00:01", done("handle", "a")));
    check(&case("RS-204", &facts), &[]);
}

#[test]
fn a_certificate_that_is_not_delivered_turns_red_until_it_is() {
    let mut facts = vec![
        ("2026-04-27 09:00:00", What::Submitted),
        ("2026-04-27 09:10:00", What::Accepted),
        ("2026-04-27 10:00:00", done("approve", "a")),
        ("2026-04-27 10:10:00", What::Closed("certified", CompactString::default())),
    ];
    // 28, 29, 30, 6, 7, 8, 9, 11, 12, 13.
    check(&case("RS-103", &facts), &["OD-12 - red 05-13 18:00:00"]);
    facts.push(("2026-05-14 09:00:00", What::Delivered));
    check(&case("RS-103", &facts), &[]);
}

#[test]
fn a_void_leaves_the_card_that_was_there_and_a_technical_deletion_takes_it() {
    let closed = |outcome, when| {
        let facts = [
            ("2026-04-27 09:00:00", What::Submitted),
            ("2026-04-27 09:10:00", What::Accepted),
            (when, What::Closed(outcome, "重复登记".into())),
        ];
        case("ZJ-206", &facts)
    };
    check(&closed("voided", "2026-05-06 09:00:00"), &["OD-05 - yellow 04-30 18:00:00"]);
    check(&closed("voided", "2026-04-30 18:00:00"), &[]);
    check(&closed("deleted", "2026-05-06 09:00:00"), &[]);
}

#[test]
fn fees_are_judged_by_the_schedule_to_the_fen() {
    let with = |item, fees: &[What]| {
        let mut facts = vec![("2026-05-14 09:00:00", What::Submitted), ("2026-05-14 09:10:00", What::Accepted)];
        facts.extend(fees.iter().map(|fee| ("2026-05-14 10:00:00", fee.clone())));
        case(item, &facts)
    };
    check(&with("SC-201", &[charged("X", 1, 1, "p1")]), &["FE-01 -@county.360902.SCJG/ywt/r3 red 05-14 10:00:00"]);
    check(&with("CG-211", &[charged("X", 1, 1, "p1")]), &["FE-03 X@county.360902.CGJ/ywt/r3 red 05-14 10:00:00"]);
    // Half a yuan a unit, a hundred units.
    check(&with("CG-211", &[charged("CG-ZDF", 5_000, 100, "p1")]), &[]);
    check(
        &with("CG-211", &[charged("CG-ZDF", 5_001, 100, "p1")]),
        &["FE-04 CG-ZDF@county.360902.CGJ/ywt/r3 red 05-14 10:00:00"],
    );
    check(
        &with("CG-211", &[charged("CG-ZDF", 100, 100, "p1"), charged("CG-ZDF", 100, 100, "p2")]),
        &["FE-07 CG-ZDF,@county.360902.CGJ/ywt/r4 red 05-14 10:00:00"],
    );
    check(&with("CG-211", &[charged("CG-ZDF", 100, 100, "p1"), charged("CG-ZDF", 100, 100, "p1")]), &[]);
    // The certificate fee ended on 04-01.
    check(
        &with("ZR-205", &[charged("ZR-GBF", 1_000, 1, "p1")]),
        &["FE-03 ZR-GBF@county.360902.ZRZY/ywt/r3 red 05-14 10:00:00"],
    );
}

#[test]
fn the_way_through_the_stages_is_read_from_the_graph() {
    let path = |steps: &[(&str, &str)]| {
        let mut facts = vec![("2026-05-11 09:00:00", What::Submitted), ("2026-05-11 09:10:00", What::Accepted)];
        facts.extend(steps.iter().map(|(stage, officer)| ("2026-05-11 10:00:00", done(stage, officer))));
        facts.push(("2026-05-11 11:00:00", What::Closed("refused", CompactString::default())));
        case("RS-204", &facts)
    };
    check(
        &path(&[("handle", "a"), ("approve", "b")]),
        &[
            "PS-01 review red 05-11 11:00:00",
            "PS-03 handle>approve red 05-11 10:00:00",
            "PS-11 county.360902.RSJ/ywt/r5 red 05-11 11:00:00",
        ],
    );
    check(
        &path(&[("handle", "a"), ("review", "a"), ("handle", "b"), ("review", "c"), ("approve", "b")]),
        &[
            "PS-07 a yellow 05-11 10:00:00",
            "PS-07 b yellow 05-11 10:00:00",
            "PS-11 county.360902.RSJ/ywt/r8 red 05-11 11:00:00",
        ],
    );
}

#[test]
fn a_missing_acceptance_is_waited_for_a_day() {
    let closed = |when| {
        let facts = [
            ("2026-05-13 09:00:00", done("approve", "a")),
            (when, What::Closed("certified", CompactString::default())),
        ];
        case("RS-103", &facts)
    };
    check(&closed("2026-05-14 18:59:59"), &["PS-04 county.360902.RSJ/ywt/r2 red 05-14 18:59:59"]);
    check(&closed("2026-05-14 19:00:00"), &[]);
}

/// "Due less one working day" reads alike whether the day is taken off the limit or off the due
/// day, for whatever is open at the end of a run: no pause ends within a day of such a limit.
#[test]
fn no_plan_depends_on_how_days_before_due_are_taken() {
    let days = WorkingDays::load().expect("built in");
    let profile = Profile::named("yichun-week").expect("built in");
    let mut paused = 0;
    for seed in [1, 17] {
        let run = generate(&Options { cases: 6_000, seed, profile: profile.clone() }).expect("built in");
        for plan in run.plans() {
            let case = Case::new(&plan, &days, run.until());
            let mut check = |start: Moment, limit: u32, pauses: &[Pause]| {
                let (Some(due), Some(mark)) = (days.due(start, limit, pauses), days.due(start, limit - 1, pauses))
                else {
                    return;
                };
                let before = days.at(days.place_from(day_of(due)) - 1);
                assert_eq!(close_of(before), mark, "{plan:#?}");
                paused += usize::from(!pauses.is_empty());
            };
            let accepted = case.first(|what| *what == What::Accepted);
            if let Some(start) = accepted.filter(|_| case.ended().is_none()) {
                check(start, plan.item.promise + case.extension(), &case.pauses(start));
            }
            for fact in &plan.facts {
                if let What::StageStarted(code) = &fact.what
                    && let Some(stage) = plan.item.stage(code)
                {
                    check(fact.at, stage.limit, &case.special_pauses());
                }
            }
        }
    }
    assert!(paused > 50, "{paused} limits with a pause were looked at");
}
