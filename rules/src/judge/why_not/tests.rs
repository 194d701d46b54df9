use std::collections::BTreeSet;

use facts::proof::Lang;
use facts::why_not::{Reason, RuleAnswer};
use facts::{Event, History, Moment, WhyNot};

use super::why_not;
use crate::configuration::Configuration;
use crate::judge::Case;
use crate::judge::tests::{kinds, scenario_files, shipped};
use crate::rule::Status;
use crate::scenario::{ScenarioFile, lights_at};

fn asked(
    configuration: &Configuration,
    events: &[(Moment, Event)],
    case: &str,
    rule: &str,
    now: Moment,
) -> Option<WhyNot> {
    let mut history = History::new();
    for (_, event) in events.iter().filter(|(arrived, event)| *arrived <= now && event.case == case) {
        history.join(event.clone(), None, &configuration.zone);
    }
    why_not(&Case::at(case, &history, now), configuration, rule, now, &|_| None)
}

/// On every scenario of the shipped rules, at each instant at which it expects something: what the answer says stands
/// does, what it says comes does if nothing happens, and where there is neither it says why.
#[test]
fn answers_agree_with_the_lights_and_leave_no_silence_unexplained() {
    let reasons = reasons_given(&shipped(), scenario_files());
    for reason in ["running", "ended_in_time", "not_begun", "condition", "out_of_scope", "served", "over", "group"] {
        assert!(reasons.contains(reason), "no scenario has the answer {reason}: {reasons:?}");
    }
}

/// The same of kinds that no shipped rule judges a case alone by.
#[test]
fn answers_about_kinds_that_no_shipped_rule_uses_agree_with_the_lights_too() {
    for (kind, reason) in [("count", "counted"), ("forbids", "not_forbidden")] {
        let reasons = reasons_given(&kinds::configuration(kind), [(kind.to_owned(), kinds::scenarios(kind))]);
        assert!(reasons.contains(reason), "no scenario of {kind} has the answer {reason}: {reasons:?}");
    }
}

/// The reasons of all answers over these scenarios, each held against the lights.
fn reasons_given(
    configuration: &Configuration,
    files: impl IntoIterator<Item = (String, ScenarioFile)>,
) -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    for (file, scenarios) in files {
        for scenario in &scenarios.scenarios {
            let events = scenarios.facts(scenario, &configuration.zone).expect("facts");
            for expected in &scenario.expect {
                let now: Moment = expected.at.parse().expect("an instant");
                let known: Vec<(Moment, Event)> =
                    events.iter().filter(|(arrived, _)| *arrived <= now).cloned().collect();
                for rule in &scenarios.rules {
                    let Some((_, first)) = known.first() else { continue };
                    let Some(told) = asked(configuration, &known, &first.case, rule.get_ref(), now) else { continue };
                    for answer in &told.answers {
                        let name = format!("{file}: {} at {now}: {answer:?}", scenario.name);
                        agrees(configuration, &known, &told, answer, &name);
                        reasons.extend(answer.reasons.iter().map(|reason| {
                            let text = serde_json::to_value(reason).expect("a reason is data");
                            text["reason"].as_str().unwrap_or_default().to_owned()
                        }));
                    }
                    let lines = [Lang::Zh, Lang::En].map(|lang| told.lines(lang, &configuration.zone));
                    assert!(
                        lines.iter().all(|lines| !lines.is_empty() && lines.iter().all(|line| !line.trim().is_empty()))
                    );
                }
            }
        }
    }
    reasons
}

fn agrees(configuration: &Configuration, known: &[(Moment, Event)], told: &WhyNot, answer: &RuleAnswer, name: &str) {
    let judged = configuration.rules.iter().find(|rule| rule.label == answer.rule_version).expect("a rule of ours");
    if judged.status != Status::On || judged.group.is_some() {
        assert!(!answer.reasons.is_empty(), "{name}");
        return;
    }
    let stands = |instance: &str, at: Moment| {
        let lights = lights_at(known, configuration, at).into_iter();
        lights
            .filter(|light| light.case == told.case && light.rule == answer.rule)
            .find(|light| light.instance == instance)
    };
    for card in &answer.standing {
        let light = stands(&card.instance, told.clock).unwrap_or_else(|| panic!("{name}: nothing stands"));
        assert_eq!((light.card, light.since), (card.card, card.since), "{name}");
    }
    for card in &answer.to_come {
        assert!(card.from > told.clock, "{name}");
        let light = stands(&card.instance, card.from);
        assert!(light.is_some_and(|light| light.card >= card.card), "{name}: it does not come at {}", card.from);
    }
    let shown = !lights_at(known, configuration, told.clock)
        .iter()
        .all(|light| light.case != told.case || light.rule != answer.rule);
    assert!(shown || answer.standing.is_empty(), "{name}");
    assert!(
        !answer.standing.is_empty() || !answer.to_come.is_empty() || !answer.reasons.is_empty(),
        "{name}: no reason"
    );
}

const RULES: &str = r#"
rules = ["OD-05"]
base = { case = "YB-1", source = "window", level = "county", region = "360902", dept = "SCJG", item = "SC-201", case_type = "promised" }
[[scenario]]
name = "accepted"
shows = "nearly"
events = [{ at = "2026-03-02T10:00:00+08:00", activity = "accepted" }]
expect = []
"#;

fn told(rule: &str, now: &str, more: impl FnOnce(&mut ScenarioFile)) -> Vec<String> {
    let configuration = shipped();
    let mut file = ScenarioFile::parse("a.cases.toml", RULES.as_bytes()).expect("a scenario file");
    more(&mut file);
    let events = file.facts(&file.scenarios[0], &configuration.zone).expect("facts");
    let now = now.parse().expect("an instant");
    let answer = asked(&configuration, &events, "YB-1", rule, now).expect("the case is known");
    answer.lines(Lang::En, &configuration.zone)
}

#[test]
fn a_limit_that_is_not_reached_is_told_with_the_instant_of_each_card() {
    let lines = told("OD-05", "2026-03-04T10:00:00+08:00", |_| {}).join("\n");
    assert!(lines.contains("the limit is not reached: 7wd, due 2026-03-11 18:00:00"), "{lines}");
    assert!(
        lines.contains("2026-03-11 18:00:00.001 card yellow; 2026-03-11 18:00:00 is the last instant in time"),
        "{lines}"
    );
}

#[test]
fn the_part_of_the_reach_that_does_not_fit_is_told_with_its_values() {
    let lines = told("OD-10", "2026-03-04T10:00:00+08:00", |_| {}).join("\n");
    assert!(lines.contains("out of scope: case_types is to be forwarded, this case has promised"), "{lines}");
}

#[test]
fn an_unknown_rule_is_told_with_what_comes_near() {
    let lines = told("OD-5", "2026-03-04T10:00:00+08:00", |_| {}).join("\n");
    assert!(lines.contains("there is no rule OD-5") && lines.contains("near: OD-"), "{lines}");
}

#[test]
fn a_count_within_its_bound_is_told_by_key_with_the_bound() {
    let configuration = kinds::configuration("count");
    let event = |id: u8, minute: u8| {
        let line = format!(
            r#"{{"id":"{id}","source":"s","case":"C","at":"2026-03-02T09:{minute:02}:00+08:00","level":"county","region":"360902","dept":"D","activity":"stage_completed","stage":"handle","officer":"007"}}"#
        );
        let event = facts::line::read(line.as_bytes(), None).expect("a fact").event;
        (Moment::MIN, event)
    };
    let now = "2026-03-02T10:00:00+08:00".parse().expect("an instant");
    let answer = asked(&configuration, &[event(1, 0), event(2, 5)], "C", "X-STAGE", now).expect("the case is known");
    let [Reason::Counted { key, count, bound }] = &answer.answers[0].reasons[..] else { panic!("{answer:?}") };
    assert_eq!((key.as_str(), *count, bound.as_str()), ("handle,007", 2, "<= 2"));
    let lines = |lang| answer.lines(lang, &configuration.zone).join("\n");
    assert!(lines(Lang::En).contains("count (handle,007) 2, which <= 2 allows"), "{}", lines(Lang::En));
    assert!(lines(Lang::Zh).contains("2，<= 2，合规"), "{}", lines(Lang::Zh));
}

#[test]
fn an_appeal_that_was_upheld_is_told() {
    let lines = told("OD-05", "2026-04-01T10:00:00+08:00", |file| {
        let waived = r#"at = "2026-03-20T10:00:00+08:00"
activity = "waived"
attrs = { rule = "OD-05", instance = "-", card = "yellow" }"#;
        file.scenarios[0].events.push(waived.parse().expect("a table"));
    });
    let lines = lines.join("\n");
    assert!(lines.contains("an upheld appeal holds card yellow"), "{lines}");
}

#[test]
fn a_reason_reads_back_from_json() {
    let reason = Reason::OutOfScope { part: "levels".into(), wanted: vec!["city".into()], found: None };
    let json = serde_json::to_string(&reason).expect("data");
    assert_eq!(serde_json::from_str::<Reason>(&json).expect("the same"), reason);
}
