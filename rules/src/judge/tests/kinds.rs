//! Kinds that no shipped rule has to use: rules of their own, with scenarios, proofs, and any order of arrival.

use std::path::Path;

use facts::proof::{Lang, Proof};
use facts::{Event, History, Moment, line};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::{Case, Judgement, explain, judge, rejudge, touched};
use super::{config_folder, files_below};
use crate::configuration::Configuration;
use crate::scenario::ScenarioFile;
use crate::site;

fn file_of(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/judge/tests/kinds");
    std::fs::read(folder.join(name)).expect("the file stands beside the test")
}

/// The shipped vocabulary, tables and profiles with the rules of one test file in place of the shipped ones.
fn configuration(kind: &str) -> Configuration {
    let mut files = files_below(&config_folder());
    files.retain(|path, _| site::is_part(path) && !path.starts_with("rules/"));
    files.insert("profiles/site.toml".into(), b"id = 'site'\ndefault = true\n".to_vec());
    files.retain(|path, _| !path.starts_with("profiles/") || path == "profiles/site.toml");
    files.insert("rules/kind.toml".into(), file_of(&format!("{kind}.rules.toml")));
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
    let told = |faults: Vec<crate::fault::Fault>| faults.iter().map(|fault| fault.render(Lang::En)).collect::<String>();
    site::load(&files, &zone).map_err(told).unwrap_or_else(|faults| panic!("{faults}")).configuration
}

#[track_caller]
fn scenarios_hold(kind: &str) {
    let file = ScenarioFile::parse(kind, &file_of(&format!("{kind}.cases.toml")));
    let file = file.unwrap_or_else(|fault| panic!("{}", fault.render(Lang::En)));
    let failures = file.failures(&configuration(kind));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_must_not_follow() {
    scenarios_hold("forbids");
}

#[test]
fn how_often_is_too_often_and_how_often_too_few() {
    scenarios_hold("count");
}

fn event(text: &str) -> Event {
    line::read(text.as_bytes(), None).expect("a line of the schema").event
}

/// A line of the one case.
fn said(id: usize, at: &str, rest: &str) -> Event {
    event(&format!(
        r#"{{"id":"{id}","source":"s","case":"C","at":"{at}+08:00","level":"county","region":"360902","dept":"D",{rest}}}"#
    ))
}

/// Joins the events, judging after each only what it touched; gives the history and both judgements.
fn judged(events: &[Event], configuration: &Configuration) -> (History, Judgement, Judgement) {
    let (mut history, mut by_halves) = (History::new(), Judgement::default());
    for event in events {
        let change = history.join(event.clone(), None, &configuration.zone);
        let case = Case::at("C", &history, Moment::MAX);
        let rules = touched(&case, configuration, event, &change);
        by_halves = rejudge(&case, configuration, by_halves, &rules);
    }
    let whole = judge(&Case::at("C", &history, Moment::MAX), configuration);
    (history, by_halves, whole)
}

/// What is said of the only light of a rule.
#[track_caller]
fn told(events: &[Event], configuration: &Configuration, rule: &str) -> super::super::Explanation {
    let (history, _, whole) = judged(events, configuration);
    let mut of_rule = whole.findings.iter().filter(|finding| configuration.rule(finding.rule).id == rule);
    let finding = of_rule.next().unwrap_or_else(|| panic!("{rule} finds nothing"));
    assert!(of_rule.next().is_none(), "{rule} finds one thing");
    let case = Case::at("C", &history, Moment::MAX);
    let now: Moment = "2026-12-31T00:00:00+08:00".parse().expect("an instant");
    explain(&case, configuration, finding.rule, &finding.instance, now).expect("the light stands")
}

#[test]
fn a_forbidden_pair_is_proven_by_both_events_and_told_in_both_languages() {
    let configuration = configuration("forbids");
    let events = [
        said(
            1,
            "2026-03-02T09:00:00",
            r#""activity":"stage_completed","stage":"handle","officer":"7","item":"SC-201""#,
        ),
        said(2, "2026-03-02T11:30:00", r#""activity":"stage_completed","stage":"handle","officer":"7""#),
    ];
    let pair = told(&events, &configuration, "X-SOON");
    assert_eq!(pair.reason.zh, "C：环节完成（2026年3月2日 09:00） 之后 2小时30分钟 又办，7");
    assert_eq!(pair.reason.en, "C: again 2 h 30 min after stage completed (2026-03-02 09:00), 7");
    let Proof::Forbids(proof) = &pair.proof else { panic!("{:?}", pair.proof) };
    assert_eq!((proof.earlier.id.as_str(), proof.event.id.as_str()), ("1", "2"));
    assert_eq!((proof.within.as_deref(), proof.later_than.as_deref()), (Some("24h"), Some("1h")));
    let evidence: Vec<&str> = pair.evidence.iter().map(|evidence| evidence.id.as_str()).collect();
    assert_eq!(evidence, ["1", "2"]);
    let lines = pair.proof.lines(Lang::Zh, &configuration.zone);
    assert!(lines.iter().any(|line| line == "仅在此时限内禁止：24h"), "{lines:?}");
    let by_kind = told(
        &[
            said(1, "2026-03-02T09:00:00", r#""activity":"closed","outcome":"granted""#),
            said(2, "2026-03-04T09:00:05", r#""activity":"stage_completed","stage":"handle""#),
        ],
        &configuration,
        "X-AFTER",
    );
    assert!(by_kind.reason.zh.ends_with("之后，相隔 2天5秒"), "{}", by_kind.reason.zh);
    assert!(by_kind.reason.en.ends_with("; distance 2 d 5 s"), "{}", by_kind.reason.en);
}

#[test]
fn a_count_is_proven_by_what_was_counted_for_the_card_that_holds() {
    let configuration = configuration("count");
    let notice =
        |id: usize| said(id, &format!("2026-03-{:02}T09:00:00", id + 1), r#""activity":"supplement_notified""#);
    let two = told(&[notice(1), notice(2)], &configuration, "X-OFTEN");
    assert!(two.reason.en.ends_with("count 2, at most 1"), "{}", two.reason.en);
    let four = told(&[notice(1), notice(2), notice(3), notice(4)], &configuration, "X-OFTEN");
    let Proof::Count(proof) = &four.proof else { panic!("{:?}", four.proof) };
    let counted: Vec<&str> = proof.counted.iter().map(|event| event.id.as_str()).collect();
    assert_eq!((counted, proof.bound, &proof.at), (vec!["1", "2", "3"], 1, &None), "red came with the third");
    let few =
        told(&[said(9, "2026-03-09T09:00:00", r#""activity":"closed","outcome":"granted""#)], &configuration, "X-FEW");
    let Proof::Count(proof) = &few.proof else { panic!("{:?}", few.proof) };
    assert_eq!((proof.counted.len(), proof.bound), (0, 2));
    assert_eq!(proof.at.as_ref().map(|event| event.id.as_str()), Some("9"));
    assert!(few.reason.zh.ends_with("次数 0，至少 2"), "{}", few.reason.zh);
}

/// A fact that these rules read, by numbers.
fn arbitrary_event() -> impl Strategy<Value = Event> {
    let activity = prop::sample::select(vec![
        r#""activity":"accepted""#,
        r#""activity":"closed","outcome":"granted""#,
        r#""activity":"closed","outcome":"refused""#,
        r#""activity":"reopened""#,
        r#""activity":"supplement_notified""#,
        r#""activity":"hearing_notified""#,
        r#""activity":"stage_completed","stage":"a","officer":"7""#,
        r#""activity":"stage_completed","stage":"a","officer":"8""#,
        r#""activity":"stage_completed","stage":"approve""#,
        r#""activity":"stage_returned","stage":"a""#,
        r#""activity":"special_started","special":{"kind":"B","granted":1}"#,
        r#""activity":"consulted""#,
    ]);
    let op = prop::sample::select(vec!["put", "put", "put", "put", "delete"]);
    let seq = prop::option::of(0_u32..4);
    (0_usize..8, 1_u32..4, 2_u32..4, 8_u32..12, activity, op, seq).prop_map(
        |(id, version, day, hour, rest, op, seq)| {
            let seq = seq.map(|seq| format!(r#","seq":{seq}"#)).unwrap_or_default();
            said(
                id,
                &format!("2026-03-{day:02}T{hour:02}:00:00"),
                &format!(r#"{rest},"op":"{op}","version":{version}{seq}"#),
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// One set of facts has one judgement, whatever arrived first; and judging what was touched is judging all.
    #[test]
    fn the_order_of_arrival_decides_nothing(
        (events, shuffled) in prop::collection::vec(arbitrary_event(), 1..14)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        static CONFIGURATIONS: std::sync::OnceLock<[Configuration; 2]> = std::sync::OnceLock::new();
        for configuration in CONFIGURATIONS.get_or_init(|| ["forbids", "count"].map(configuration)) {
            let (_, by_halves, whole) = judged(&events, configuration);
            prop_assert_eq!(&by_halves, &whole);
            let (_, by_halves, other) = judged(&shuffled, configuration);
            prop_assert_eq!(&by_halves, &other);
            prop_assert_eq!(&whole, &other);
        }
    }
}
