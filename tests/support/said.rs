//! What was said: ALERTS read as chains of transitions, and lights compared as rows.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use facts::{Card, Light, Transition};
use serde_json::Value;

use super::eventually::PATIENCE;
use super::wire::Wire;

/// How often ALERTS, which is long, is read anew.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Every transition of ALERTS, in order.
#[track_caller]
pub(crate) fn transitions(wire: &Wire) -> Vec<Transition> {
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    wire.stored("ALERTS").iter().map(|message| read(message.text())).collect()
}

/// Checks that the transitions of each light form one unbroken chain; returns the rows of the lights that
/// stand after the last of each, sorted.
///
/// # Panics
/// When a chain is broken.
#[track_caller]
pub(crate) fn fold(said: &[Transition]) -> Vec<String> {
    let mut last: BTreeMap<(&str, &str, &str), &Transition> = BTreeMap::new();
    for transition in said {
        let key = (transition.case.as_str(), transition.rule.as_str(), transition.instance.as_str());
        let before = last.insert(key, transition);
        let (revision, card, light) =
            before.map_or((0, Card::None, Light::Green), |before| (before.revision, before.card, before.light));
        assert_eq!(
            (transition.revision, transition.card_before, transition.light_before),
            (revision + 1, card, light),
            "{key:?} goes on from what was said of it last: {transition:?}"
        );
    }
    let mut rows: Vec<String> =
        last.values().filter_map(|transition| transition.standing()).map(|light| light.row()).collect();
    rows.sort_unstable();
    rows
}

/// Waits until the fold of ALERTS is `expected`, the lights that stand after the week of the sample city.
///
/// No message helps: what is said again after ALERTS was away comes by itself.
///
/// # Panics
/// When nothing more is said for [`PATIENCE`] and it is not so; names what is missing and what is extra. On a busy machine a week
/// is said slowly, which is no fault.
#[track_caller]
pub(crate) fn wait_said(wire: &Wire, expected: &[String]) {
    let (mut said, mut deadline) = (0, Instant::now() + PATIENCE);
    loop {
        let stored = transitions(wire);
        let told = fold(&stored);
        if told == expected {
            return;
        }
        if stored.len() != said {
            (said, deadline) = (stored.len(), Instant::now() + PATIENCE);
        }
        if Instant::now() > deadline {
            assert_same_lines("the lights told and those of replay", &told, expected);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The rows of the lights that the API lists, sorted.
pub(crate) fn rows(lights: &[Value]) -> Vec<String> {
    let columns = ["case", "rule", "instance", "card", "light", "since", "level", "region", "dept"];
    let row =
        |light: &Value| columns.map(|column| light[column].as_str().expect("a light has text").to_owned()).join("\t");
    let mut rows: Vec<String> = lights.iter().map(row).collect();
    rows.sort_unstable();
    rows
}

/// Two sorted lists of lines are the same; names the first few that are not.
///
/// # Panics
/// When they differ, or both are empty: then nothing was compared.
#[track_caller]
pub(crate) fn assert_same_lines(what: &str, found: &[String], expected: &[String]) {
    assert!(!expected.is_empty(), "{what}: there is something to compare");
    if found == expected {
        return;
    }
    let beside = |lines: &[String], others: &[String]| -> Vec<String> {
        lines.iter().filter(|line| others.binary_search(line).is_err()).take(5).cloned().collect()
    };
    panic!(
        "{what}: {} lines, expected {}\nmissing: {:#?}\nextra: {:#?}",
        found.len(),
        expected.len(),
        beside(expected, found),
        beside(found, expected)
    );
}
