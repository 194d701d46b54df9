//! Kinds that no shipped rule has to use: rules of their own, with scenarios, proofs, and any order of arrival.

use std::path::Path;

use facts::proof::{Lang, Proof};
use facts::{Event, History, Moment, line};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::{
    Case, Contribution, GroupCard, Judgement, contributes, explain, explain_group, group_key_of, judge, judge_group,
    judge_shadow, rejudge, touched,
};
use super::{config_folder, files_below};
use crate::configuration::Configuration;
use crate::scenario::ScenarioFile;
use crate::site;
use crate::value::{Value, key_text};

fn file_of(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/judge/tests/kinds");
    std::fs::read(folder.join(name)).expect("the file stands beside the test")
}

/// The shipped vocabulary, tables and profiles with the rules of one test file in place of the shipped ones.
pub(in crate::judge) fn configuration(kind: &str) -> Configuration {
    let mut files = files_below(&config_folder());
    files.retain(|path, _| site::is_part(path) && !path.starts_with("rules/"));
    files.insert("profiles/site.toml".into(), b"id = 'site'\ndefault = true\n".to_vec());
    files.retain(|path, _| !path.starts_with("profiles/") || path == "profiles/site.toml");
    files.insert("rules/kind.toml".into(), file_of(&format!("{kind}.rules.toml")));
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
    let told = |faults: Vec<crate::fault::Fault>| faults.iter().map(|fault| fault.render(Lang::En)).collect::<String>();
    site::load(&files, &zone).map_err(told).unwrap_or_else(|faults| panic!("{faults}")).configuration
}

/// The scenarios of one test file.
#[track_caller]
pub(in crate::judge) fn scenarios(kind: &str) -> ScenarioFile {
    let file = ScenarioFile::parse(kind, &file_of(&format!("{kind}.cases.toml")));
    file.unwrap_or_else(|fault| panic!("{}", fault.render(Lang::En)))
}

#[track_caller]
fn scenarios_hold(kind: &str) {
    let failures = scenarios(kind).failures(&configuration(kind));
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn what_must_not_follow() {
    scenarios_hold("forbids");
}

#[test]
fn how_often_is_too_often_and_how_often_too_few() {
    scenarios_hold("count");
}

#[test]
fn cases_that_share_a_key_are_judged_as_one_history() {
    scenarios_hold("group");
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
    explain(&case, configuration, finding.rule, &finding.instance, finding.at(now).expect("a card").card, now)
        .expect("the light stands")
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

/// The lights of a test file's rules over these events, as "rule card", those on trial behind a question mark.
fn cards(events: &[Event], configuration: &Configuration) -> Vec<String> {
    let (history, _, whole) = judged(events, configuration);
    let case = Case::at("C", &history, Moment::MAX);
    let now: Moment = "2026-12-31T00:00:00+08:00".parse().expect("an instant");
    let rows = |judgement: &Judgement, mark: &str| -> Vec<String> {
        let standing = judgement.findings.iter().filter_map(|finding| Some((finding, finding.at(now)?.card)));
        standing.map(|(finding, card)| format!("{mark}{} {card}", configuration.rule(finding.rule).id)).collect()
    };
    let mut cards = rows(&whole, "");
    cards.extend(rows(&judge_shadow(&case, configuration), "?"));
    cards
}

#[test]
fn lists_are_read_from_one_attribute_or_gathered_from_numbered_ones() {
    let configuration = configuration("lists");
    let paid = |attrs: &str| {
        cards(
            &[said(1, "2026-03-02T09:00:00", &format!(r#""activity":"accepted","attrs":{{{attrs}}}"#))],
            &configuration,
        )
    };
    assert_eq!(paid(r#""material_fee_1":"40.00","material_fee_2":"60.00""#), [""; 0], "exactly the most");
    assert_eq!(paid(r#""material_fee_1":"40.00","material_fee_10":"60.01""#), ["X-SUM red"]);
    assert_eq!(paid(r#""material_fee_":"999.00","material_fee_x":"999.00""#), [""; 0], "no number, no column");
    assert_eq!(paid(r#""material_fee_1":"forty","material_fee_2":"999.00""#), [""; 0], "what is no amount is missing");
    assert_eq!(paid(r#""material_fee_2":"5.00","material_fee_10":"1.00","material_fee_1":"2.00""#), [""; 0]);
    assert_eq!(paid(r#""papers":"permit; map""#), [""; 0]);
    assert_eq!(paid(r#""papers":"permit；form""#), ["X-PAPER yellow"]);
    let events = [
        said(1, "2026-03-02T09:00:00", r#""activity":"accepted","attrs":{"material_fee_1":"999.00"}"#),
        said(2, "2026-03-03T09:00:00", r#""activity":"closed","attrs":{"material_fee_2":"1.00"}"#),
    ];
    assert_eq!(cards(&events, &configuration), [""; 0], "of the case the newest event that tells any of them");
}

#[test]
fn a_rule_on_trial_is_judged_and_proven_but_no_light_of_it_stands() {
    let configuration = configuration("trial");
    let events = [
        said(1, "2026-03-02T09:00:00", r#""activity":"accepted""#),
        said(2, "2026-03-03T09:00:00", r#""activity":"closed","outcome":"granted""#),
    ];
    assert_eq!(cards(&events, &configuration), ["X-ON red", "?X-TRIAL red"]);
    let (history, _, _) = judged(&events, &configuration);
    let case = Case::at("C", &history, Moment::MAX);
    let judgement = judge_shadow(&case, &configuration);
    let now: Moment = "2026-12-31T00:00:00+08:00".parse().expect("an instant");
    let finding = &judgement.findings[0];
    let explained =
        explain(&case, &configuration, finding.rule, &finding.instance, finding.at(now).expect("a card").card, now)
            .expect("it is proven");
    assert!(explained.reason.en.contains("On trial"), "{}", explained.reason.en);
    let manual: Vec<(&str, &str)> =
        configuration.manual.iter().map(|rule| (rule.label.as_str(), rule.note.en.as_str())).collect();
    assert_eq!(manual, [("X-MANUAL@2", "found by reading the complaint")]);
    assert!(configuration.rules.iter().all(|rule| rule.id != "X-MANUAL"), "nothing of it is computed");
}

/// The contributions of some cases, by rule and key.
fn contributions(
    events: &[Event],
    configuration: &Configuration,
) -> std::collections::BTreeMap<(crate::finding::RuleIndex, String), Vec<Contribution>> {
    let mut cases: std::collections::BTreeMap<&str, History> = std::collections::BTreeMap::new();
    for event in events {
        cases.entry(&event.case).or_default().join(event.clone(), None, &configuration.zone);
    }
    let mut groups: std::collections::BTreeMap<_, Vec<Contribution>> = std::collections::BTreeMap::new();
    for (id, history) in &cases {
        for given in contributes(&Case::at(id, history, Moment::MAX), configuration) {
            groups.entry((given.rule, given.key.to_string())).or_default().push(given);
        }
    }
    groups
}

#[test]
fn a_light_of_a_group_is_proven_with_the_cases_it_rests_on() {
    let configuration = configuration("group");
    let charged = |case: &str, day: u32| {
        event(&format!(
            r#"{{"id":"1","source":"s","case":"{case}","at":"2026-03-{day:02}T09:00:00+08:00","level":"county","region":"360902","dept":"D","activity":"fee","fee":{{"act":"charged","code":"F","amount":"5.00","receipt":"R-7"}}}}"#
        ))
    };
    let groups = contributions(&[charged("A", 3), charged("B", 2)], &configuration);
    let now: Moment = "2026-03-31T00:00:00+08:00".parse().expect("an instant");
    let of_receipt = groups.iter().find(|((rule, key), _)| configuration.rule(*rule).id == "X-RECEIPT" && key == "R-7");
    let ((rule, key), given) = of_receipt.expect("both cases share the receipt");
    let found = judge_group(*rule, key, given, &configuration);
    let lit: Vec<(&str, &str)> =
        found.iter().map(|found| (found.case.as_str(), found.finding.instance.as_str())).collect();
    let instance = "R-7/A/county.360902.D/s/1";
    assert_eq!(lit, [("A", instance), ("B", instance)], "the second to charge is the breach, both cases are lit");
    let asked = GroupCard { case: "B", instance, card: facts::Card::Red };
    let explained = explain_group(*rule, key, given, &configuration, asked, now).expect("it is proven");
    assert_eq!(explained.reason.en, "B: receipt R-7 in A, B");
    let Proof::Condition(proof) = &explained.proof else { panic!("{:?}", explained.proof) };
    let cited = proof.event.as_ref().expect("it is about an event");
    assert!(cited.fields.contains(&"case=A".to_owned()), "{cited:?}");
}

#[test]
fn the_key_of_a_group_is_read_from_the_instance_of_its_light() {
    for key in ["R-7", "a/b", "a,b/c\\", "/", "\\-", ""] {
        let texts = [Value::Text(key.into()), Value::Text("x".into())];
        let text = key_text(texts.into_iter()).expect("both are known");
        assert_eq!(group_key_of(&super::super::group::instance_of(&text, "A/office/s/1")), Some(text));
    }
    assert_eq!(group_key_of("-"), None);
}

/// A fact of one of three cases.
fn arbitrary_fact_of_three() -> impl Strategy<Value = Event> {
    let activity = prop::sample::select(vec![
        r#""activity":"accepted""#,
        r#""activity":"closed","outcome":"granted""#,
        r#""activity":"closed","outcome":"deleted""#,
        r#""activity":"stage_completed","stage":"handle","officer":"7""#,
        r#""activity":"stage_completed","stage":"approve","officer":"7""#,
        r#""activity":"fee","fee":{"act":"charged","code":"F","amount":"5.00","receipt":"R-7"}"#,
        r#""activity":"submitted","linked_case":"J""#,
    ]);
    let case = prop::sample::select(vec!["A", "B", "C"]);
    let op = prop::sample::select(vec!["put", "put", "put", "delete"]);
    (0_usize..5, 1_u32..4, 2_u32..5, activity, case, op).prop_map(|(id, version, day, rest, case, op)| {
        event(&format!(
            r#"{{"id":"{id}","source":"s","case":"{case}","at":"2026-03-{day:02}T09:00:00+08:00","level":"county","region":"360902","dept":"D",{rest},"op":"{op}","version":{version}}}"#
        ))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// The lights of a group depend neither on the order of arrival nor on that of the contributions.
    #[test]
    fn a_group_has_one_judgement(
        (events, shuffled, turn) in prop::collection::vec(arbitrary_fact_of_three(), 1..16)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle(), 0_usize..3))
    ) {
        static CONFIGURATION: std::sync::OnceLock<Configuration> = std::sync::OnceLock::new();
        let configuration = CONFIGURATION.get_or_init(|| configuration("group"));
        let (one, mut other) = (contributions(&events, configuration), contributions(&shuffled, configuration));
        prop_assert_eq!(&one, &other);
        for ((rule, key), given) in &mut other {
            let count = given.len();
            given.rotate_left(turn % count);
            let lit = judge_group(*rule, key, given, configuration);
            prop_assert_eq!(&lit, &judge_group(*rule, key, &one[&(*rule, key.clone())], configuration));
            // Whoever is lit is among those who contribute.
            prop_assert!(lit.iter().all(|lit| given.iter().any(|given| given.case == lit.case)));
        }
    }
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
