//! The operator's specification in plain differential (`dataflow::textbook`), on the shipped rules and the sample
//! city: `replay` must say the same of every close of business and of the end.

use std::collections::BTreeMap;

use dataflow::Entry;
use dataflow::textbook::Textbook;
use facts::digest::LightsDigest;
use facts::{Moment, StandingLight, Transition, line};

use crate::support::replayed::City;
use crate::support::shipped_configuration;

const CASES: usize = 800;
const HOUR: i64 = 3_600_000;

/// A fact that enters when it arrived.
fn entry(text: &str) -> Entry {
    let event = line::read(text.as_bytes(), None).expect("a generated line").event;
    let enters = event.arrived.expect("generated lines carry their arrival");
    Entry { enters, sequence: None, event }
}

/// The lights that stand at an instant by what was said up to it.
fn fold(said: &[Transition], now: Moment) -> Vec<StandingLight> {
    let mut last = BTreeMap::new();
    for next in said.iter().filter(|next| next.decided_at <= now) {
        last.insert((&next.case, &next.rule, &next.instance), next.standing());
    }
    let mut lights: Vec<_> = last.into_values().flatten().collect();
    lights.sort();
    lights
}

#[test]
fn replay_says_what_the_textbook_form_says() {
    let city = City::generate(CASES, 6);
    let configuration = shipped_configuration();
    let replayed = city.replay(&[city.events()], 2);
    let said = replayed.transitions.lines().map(|line| serde_json::from_str(line).expect("a transition is JSON"));
    let said: Vec<Transition> = said.collect();
    let entries: Vec<Entry> = city.lines().iter().map(|line| entry(line)).collect();
    let textbook = Textbook::of(&entries, &configuration);
    let until = city.generated.until();
    let first = said.first().expect("something was said").decided_at;
    let days = (0..).map(|day| first.plus_millis(day * 24 * HOUR)).take_while(|day| *day < until);
    let closes = days.map(|day| {
        let local_midnight = (day.millis() + 8 * HOUR).div_euclid(24 * HOUR) * 24 * HOUR - 8 * HOUR;
        Moment::from_millis(local_midnight + 18 * HOUR)
    });
    let instants = closes.flat_map(|close| [close, close.plus_millis(1)]).filter(|instant| *instant <= until);
    let mut compared = 0;
    for now in instants.chain([until]) {
        assert_eq!(fold(&said, now), textbook.at(now), "at {now}");
        compared += 1;
    }
    assert!(compared > 100, "ten weeks have many closes, {compared} were compared");
    let lights = textbook.at(until);
    assert_eq!(LightsDigest::of(&lights, &configuration.zone).total(), replayed.digest);
}
