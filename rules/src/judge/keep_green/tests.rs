use facts::keep_green::{ActKind, Ends};
use facts::{Event, History, KeepGreen, Moment, StandingLight, line};

use super::keep_green;
use crate::configuration::Configuration;
use crate::judge::tests::{scenario_files, shipped};
use crate::scenario::lights_at;

/// A case of a scenario, known up to an instant.
struct Given {
    name: String,
    case: String,
    events: Vec<(Moment, Event)>,
    now: Moment,
}

impl Given {
    fn answer(&self, configuration: &Configuration) -> Option<KeepGreen> {
        let mut history = History::new();
        for (_, event) in self.events.iter().filter(|(_, event)| event.case == self.case) {
            history.join(event.clone(), None, &configuration.zone);
        }
        keep_green(&self.case, &history, configuration, self.now)
    }

    /// The light of a rule and instance at an instant, with one more fact.
    fn light(
        &self,
        configuration: &Configuration,
        more: Option<&Event>,
        rule: &str,
        instance: &str,
        at: Moment,
    ) -> Option<StandingLight> {
        let more = more.map(|event| (event.arrived.expect("what is tried has an arrival"), event.clone()));
        let events: Vec<(Moment, Event)> = self.events.iter().cloned().chain(more).collect();
        let lights = lights_at(&events, configuration, at).into_iter();
        lights.filter(|light| light.case == self.case).find(|light| light.rule == rule && light.instance == instance)
    }
}

/// Every scenario of the shipped rules, right after each of its facts and at each of its expectations.
fn given(configuration: &Configuration) -> Vec<Given> {
    let mut given = Vec::new();
    for (file, scenarios) in scenario_files() {
        for scenario in &scenarios.scenarios {
            let events = scenarios.facts(scenario, &configuration.zone).expect("a scenario's facts are facts");
            let expected = scenario.expect.iter().map(|expected| expected.at.parse().expect("an instant"));
            let mut instants: Vec<Moment> = events.iter().map(|(arrived, _)| *arrived).chain(expected).collect();
            instants.sort();
            instants.dedup();
            for now in instants {
                let known: Vec<(Moment, Event)> =
                    events.iter().filter(|(arrived, _)| *arrived <= now).cloned().collect();
                let mut cases: Vec<&str> = known.iter().map(|(_, event)| event.case.as_str()).collect();
                cases.sort_unstable();
                cases.dedup();
                for case in cases.into_iter().map(str::to_owned) {
                    let name = format!("{file}: {} at {now}", scenario.name);
                    given.push(Given { name, case, events: known.clone(), now });
                }
            }
        }
    }
    given
}

fn event(line: &str) -> Event {
    line::read(line.as_bytes(), None).unwrap_or_else(|fault| panic!("{line}: {fault}")).event
}

/// The act at the last instant keeps the light away, a millisecond later it does not; as the service judges, by what has
/// arrived at an instant.
#[test]
fn each_act_avoids_its_light_at_the_last_instant_and_not_a_millisecond_later() {
    let configuration = shipped();
    let (mut tried, mut kinds) = (0, std::collections::BTreeMap::new());
    for given in given(&configuration) {
        let Some(answer) = given.answer(&configuration) else { continue };
        for coming in &answer.to_come {
            let named = &coming.light;
            let light =
                |more: Option<&Event>| given.light(&configuration, more, &named.rule, &named.instance, coming.from);
            let stands = |more: Option<&Event>| light(more).is_some_and(|light| light.card >= named.card);
            assert!(stands(None), "{}: {} {} does not come at {}", given.name, named.rule, named.card, coming.from);
            for act in &coming.acts {
                let name = format!("{}: {} {} by {}", given.name, named.rule, named.card, act.line);
                let done = event(&act.line);
                assert!(act.last > given.now && act.last < coming.from || act.last == given.now, "{name}");
                assert!(!stands(Some(&done)), "{name}: it comes all the same");
                if let Some(until) = act.puts_off_until {
                    assert!(until > coming.from, "{name}");
                }
                let late = act.last.plus_millis(1);
                if late < coming.from && act.kind != ActKind::Report {
                    let late = Event { at: facts::EventTime::Instant(late), arrived: Some(late), ..done.clone() };
                    assert!(stands(Some(&late)), "{name}: a millisecond later helps, too");
                }
                tried += 1;
                *kinds.entry(act.kind).or_insert(0) += 1;
            }
        }
    }
    assert!(tried > 100, "only {tried} acts were tried");
    for kind in [ActKind::Fulfil, ActKind::Pause, ActKind::Extend] {
        assert!(kinds.contains_key(&kind), "no act of kind {kind:?} was tried: {kinds:?}");
    }
}

#[test]
fn what_clears_a_light_that_stands_clears_it_and_what_nothing_clears_says_so() {
    let configuration = shipped();
    let (mut cleared, mut for_good) = (0, 0);
    for given in given(&configuration) {
        let Some(answer) = given.answer(&configuration) else { continue };
        for standing in &answer.given {
            let named = &standing.light;
            let at = given.now.plus_millis(1);
            for act in &standing.acts {
                let done = event(&act.line);
                let light = given.light(&configuration, Some(&done), &named.rule, &named.instance, at);
                assert!(
                    light.is_none_or(|light| light.card < named.card),
                    "{}: {} {}",
                    given.name,
                    named.rule,
                    act.line
                );
                cleared += 1;
            }
            if standing.ends == Ends::Never {
                assert!(standing.acts.is_empty(), "{}: {}", given.name, named.rule);
                for_good += 1;
            }
        }
    }
    assert!(cleared > 20 && for_good > 20, "{cleared} acts clear, {for_good} lights stay");
}

#[test]
fn the_answer_is_told_in_both_languages() {
    let configuration = shipped();
    let zone = &configuration.zone;
    let told = |lang| {
        let answers = given(&configuration).into_iter().filter_map(|given| given.answer(&configuration));
        answers.flat_map(|answer| answer.lines(lang, zone)).collect::<Vec<String>>().join("\n")
    };
    let (zh, en) = (told(facts::proof::Lang::Zh), told(facts::proof::Lang::En));
    for words in ["最迟", "将亮", "不能再消除", "暂停", "延长"] {
        assert!(zh.contains(words), "{words}");
    }
    for words in ["at the latest", "to come", "nothing clears it any more", "pause by", "extend by"] {
        assert!(en.contains(words), "{words}");
    }
}
