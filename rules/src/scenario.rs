//! Scenario files: a rule's behaviour written beside the rule, as history and expectation.
//!
//! ```toml
//! rules = ["XX-05"]                      # lights of other rules are not looked at
//! base = { case = "A-1", source = "oa", level = "county", region = "360902", dept = "SCJG", item = "XK-01" }
//! [[scenario]]
//! name = "closed a moment late: yellow"
//! shows = "fires"                        # fires | nearly | resolves | retracts
//! events = [
//!   { at = "2026-03-02T10:00:00+08:00", activity = "accepted" },
//!   { at = "2026-03-11T18:00:01+08:00", activity = "closed", outcome = "granted" },
//! ]
//! expect = [
//!   { at = "2026-03-11T18:00:00+08:00", lights = [] },
//!   { at = "2026-03-11T18:00:01+08:00", lights = ["XX-05 yellow"] },
//! ]
//! ```
//!
//! An event has the fields of the line form; those of `base` are filled in, `id` is its place from 1,
//! `arrived` is `at` unless said. A light may name its instance: `"XX-05 yellow -"`. The production
//! path judges: facts known at the instant, joined in order of arrival.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use compact_str::CompactString;
use facts::proof::Proof;
use facts::standing::Text2;
use facts::{Card, History, Moment, StandingLight, line};
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

use crate::configuration::Configuration;
use crate::fault::{Fault, Place};
use crate::finding::{Judgement, RuleIndex};
use crate::judge::{Case, Contribution, GroupFinding, contributes, explain, judge, judge_group, judge_shadow};
use crate::language::nearest;

/// The code of a file that cannot be read.
const NO_SCENARIOS: &str = "SC01";
/// The code of a rule that is not there, or not looked at.
const UNKNOWN_RULE: &str = "SC02";
/// What the reader of scenario files says, in Chinese; longer phrases first.
const READERS_WORDS: [(&str, &str); 8] = [
    ("unknown field", "没有键"),
    ("unknown variant", "没有取值"),
    ("missing field", "缺少键"),
    ("invalid type", "类型不对"),
    ("invalid value", "取值不对"),
    ("expected one of", "可用"),
    ("expected", "应为"),
    (", ", "，"),
];

/// A scenario file.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// The rules looked at.
    pub rules: Vec<Spanned<String>>,
    /// Fields of every event.
    #[serde(default)]
    pub base: toml::Table,
    /// The scenarios.
    #[serde(rename = "scenario")]
    pub scenarios: Vec<Scenario>,
}

/// What a scenario shows.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// The rule raises a light.
    Fires,
    /// The last moment at which it does not.
    Nearly,
    /// A light that ends as the case goes on.
    Resolves,
    /// A light that new knowledge takes back.
    Retracts,
}

/// One history with expectations.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What is expected, in words.
    pub name: String,
    /// What it shows.
    pub shows: Shows,
    /// Facts.
    pub events: Vec<toml::Table>,
    /// Lights at instants.
    pub expect: Vec<Expectation>,
}

/// The lights that stand at an instant.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// RFC 3339.
    pub at: String,
    /// `"RULE card"` or `"RULE card instance"`, in any order; empty where silence is right.
    pub lights: Vec<Spanned<String>>,
}

/// What a scenario came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// A line for each expectation that does not hold.
    pub failures: Vec<Text2>,
    /// What the rules looked at have shown at the instants of the expectations.
    pub shown: BTreeSet<Shown>,
}

/// A card that stood, and by which of a rule's grounds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// Rule id.
    pub rule: CompactString,
    /// Its card.
    pub card: Card,
    /// The grounds that held, as written, where the rule has several.
    pub grounds: Vec<String>,
}

impl Shown {
    fn new(
        events: &[(Moment, facts::Event)],
        configuration: &Configuration,
        light: &StandingLight,
        now: Moment,
    ) -> Shown {
        let grounds = grounds_of(events, configuration, light, now).unwrap_or_default();
        Shown { rule: light.rule.clone(), card: light.card, grounds }
    }
}

/// The grounds by which a light stands, where its rule has several.
fn grounds_of(
    events: &[(Moment, facts::Event)],
    configuration: &Configuration,
    light: &StandingLight,
    now: Moment,
) -> Option<Vec<String>> {
    let mut rules = configuration.profile(&light.owner).rules.iter().copied();
    let rule = rules.find(|rule| configuration.rule(*rule).id == light.rule)?;
    if configuration.rule(rule).kind.grounds().len() < 2 {
        return None;
    }
    let cases = known_at(events, configuration, now);
    let case = Case::at(&light.case, cases.get(light.case.as_str())?, now);
    let held = match explain(&case, configuration, rule, &light.instance, light.card, now)?.proof {
        Proof::Condition(proof) => proof.expression,
        Proof::Fee(proof) => proof.condition.expression,
        _ => return None,
    };
    Some(held.split(" ; ").map(str::to_owned).collect())
}

impl ScenarioFile {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<ScenarioFile, Box<Fault>> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let (zh, en) = ("文件不是 UTF-8 编码".to_owned(), "the file is not UTF-8".to_owned());
            let help = ("用编辑器另存为 UTF-8 编码".to_owned(), "save it as UTF-8 in an editor".to_owned());
            return Err(Box::new(Fault::error(name, None, NO_SCENARIOS, zh, en).help(help.0, help.1)));
        };
        toml::from_str(text).map_err(|error| {
            let said = error.message().trim_end();
            let zh = READERS_WORDS.iter().fold(said.to_owned(), |said, (en, zh)| said.replace(en, zh));
            let (zh, en) = (format!("不是合格的场景文件：{zh}"), format!("not a scenario file: {said}"));
            Box::new(fault(name, text, error.span(), NO_SCENARIOS, zh, en))
        })
    }

    /// Rules that are named in this file, which was read from `bytes`, and of which `configuration` has none; and
    /// lights that are expected of rules that the file does not look at.
    #[must_use]
    pub fn unknown_rules(&self, name: &str, bytes: &[u8], configuration: &Configuration) -> Vec<Fault> {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let known: BTreeSet<&str> = configuration.rules.iter().map(|rule| rule.id.as_str()).collect();
        let mut faults = Vec::new();
        for rule in self.rules.iter().filter(|rule| !known.contains(rule.get_ref().as_str())) {
            let id = rule.get_ref();
            let (zh, en) = (format!("没有规则 {id}"), format!("there is no rule {id}"));
            let near = nearest(id, known.iter().copied());
            let meant = near.map_or_else(Default::default, |near| {
                (format!("，是否为 {near}？"), format!("; did you mean {near}?"))
            });
            let (zh, en) = (zh + &meant.0, en + &meant.1);
            faults.push(fault(name, text, Some(rule.span()), UNKNOWN_RULE, zh, en));
        }
        let lights = self.scenarios.iter().flat_map(|scenario| &scenario.expect).flat_map(|expected| &expected.lights);
        for light in lights {
            let mut words = light.get_ref().split(' ');
            let id = words.next().unwrap_or_default();
            let card = words.next().unwrap_or_default();
            if Card::from_token(card).is_none_or(|card| card == Card::None) {
                let (zh, en) = (format!("\"{card}\" 不是牌"), format!("\"{card}\" is no card"));
                let help = "\"规则 牌\" 或 \"规则 牌 对象\"，牌为 warning、yellow、red".to_owned();
                let help_en = "\"RULE card\" or \"RULE card instance\"; cards are warning, yellow, red".to_owned();
                let fault = fault(name, text, Some(light.span()), UNKNOWN_RULE, zh, en);
                faults.push(fault.help(help, help_en));
            }
            if !self.rules.iter().any(|rule| rule.get_ref() == id) {
                let listed: Vec<&str> = self.rules.iter().map(|rule| rule.get_ref().as_str()).collect();
                let listed = listed.join(", ");
                let zh = format!("{id} 不在本文件的 rules 中（{listed}），它的灯不会被看到");
                let en = format!("{id} is not among the `rules` of this file ({listed}): its lights are not looked at");
                faults.push(fault(name, text, Some(light.span()), UNKNOWN_RULE, zh, en));
            }
        }
        faults
    }

    /// Runs every scenario; a line for each expectation that does not hold.
    #[must_use]
    pub fn failures(&self, configuration: &Configuration) -> Vec<Text2> {
        let named = |scenario: &Scenario| -> Vec<Text2> {
            let (name, outcome) = (&scenario.name, self.run(scenario, configuration));
            let named = |Text2 { zh, en }| Text2 { zh: format!("{name}：{zh}"), en: format!("{name}: {en}") };
            outcome.failures.into_iter().map(named).collect()
        };
        self.scenarios.iter().flat_map(named).collect()
    }

    /// Runs one scenario of this file.
    #[must_use]
    pub fn run(&self, scenario: &Scenario, configuration: &Configuration) -> Outcome {
        self.try_run(scenario, configuration)
            .unwrap_or_else(|fault| Outcome { failures: vec![fault], shown: BTreeSet::new() })
    }

    /// The facts of a scenario, each with its arrival, in order of arrival.
    ///
    /// # Errors
    /// The first event that is none.
    pub fn facts(&self, scenario: &Scenario, zone: &TimeZone) -> Result<Vec<(Moment, facts::Event)>, Text2> {
        let events = scenario.events.iter().enumerate().map(|(place, event)| self.event(place, event, zone));
        let mut events = events.collect::<Result<Vec<_>, Text2>>()?;
        events.sort_by_key(|(arrived, _)| *arrived);
        Ok(events)
    }

    fn try_run(&self, scenario: &Scenario, configuration: &Configuration) -> Result<Outcome, Text2> {
        let events = self.facts(scenario, &configuration.zone)?;
        let mut failures = Vec::new();
        let mut cards = BTreeSet::new();
        for expectation in &scenario.expect {
            let now: Moment = expectation.at.parse().map_err(|error| Text2 {
                zh: format!("expect 的 at：\"{}\" 不是带时区偏移的时刻，如 2026-03-02T10:00:00+08:00", expectation.at),
                en: format!("expect.at: {error}"),
            })?;
            let mut lights = lights_at(&events, configuration, now);
            lights.extend(shadow_lights_at(&events, configuration, now));
            lights.extend(group_lights_at(&events, configuration, now));
            lights.retain(|light| self.rules.iter().any(|rule| *rule.get_ref() == light.rule));
            cards.extend(lights.iter().map(|light| Shown::new(&events, configuration, light, now)));
            let mut shown: Vec<String> = lights.iter().map(text_of).collect();
            let mut wanted: Vec<&String> = expectation.lights.iter().map(Spanned::get_ref).collect();
            shown.sort();
            wanted.sort();
            let fits =
                shown.len() == wanted.len() && shown.iter().zip(&wanted).all(|(shown, wanted)| fits(shown, wanted));
            if !fits {
                let at = &expectation.at;
                failures.push(Text2 {
                    zh: format!("{at} 时：应为 {wanted:?}，实为 {shown:?}"),
                    en: format!("at {at}: expected {wanted:?}, got {shown:?}"),
                });
            }
        }
        Ok(Outcome { failures, shown: cards })
    }

    fn event(&self, place: usize, own: &toml::Table, zone: &TimeZone) -> Result<(Moment, facts::Event), Text2> {
        let mut fields = self.base.clone();
        fields.extend(own.clone());
        fields.entry("id").or_insert_with(|| (place + 1).to_string().into());
        let wrong = |why: String| Text2 {
            zh: format!("第 {} 个事件：{why}", place + 1),
            en: format!("event {}: {why}", place + 1),
        };
        let json = serde_json::to_string(&fields).map_err(|error| wrong(error.to_string()))?;
        let event = line::read(json.as_bytes(), None).map_err(|fault| wrong(fault.to_string()))?.event;
        let at = event.at.moment(zone);
        Ok((event.arrived.unwrap_or(at), event))
    }
}

/// A fault of `name` at a range of its text.
fn fault(name: &str, text: &str, span: Option<Range<usize>>, code: &'static str, zh: String, en: String) -> Fault {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let place = span.map(|span| {
        let before = &text[..text.floor_char_boundary(span.start)];
        let line = before.bytes().filter(|byte| *byte == b'\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let wrong = text.get(span).and_then(|wrong| wrong.lines().next()).unwrap_or_default();
        Place { line: number(line + 1), column: number(column + 1), width: number(wrong.chars().count().max(1)) }
    });
    let source = place.and_then(|place| text.lines().nth(place.line as usize - 1)).map(str::to_owned);
    Fault { source, ..Fault::error(name, place, code, zh, en) }
}

/// "RULE card instance"
fn text_of(light: &StandingLight) -> String {
    format!("{} {} {}", light.rule, light.card, light.instance)
}

/// A wanted light without an instance fits any instance.
fn fits(shown: &str, wanted: &str) -> bool {
    shown == wanted
        || shown.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(' ') && wanted.split(' ').count() == 2)
}

/// Direct evaluation of lights(T): join what arrived by `now`, judge what `now` has reached.
#[must_use]
pub fn lights_at(events: &[(Moment, facts::Event)], configuration: &Configuration, now: Moment) -> Vec<StandingLight> {
    judged_lights(events, configuration, now, judge)
}

/// What rules that are judged for analysts alone would light.
#[must_use]
pub fn shadow_lights_at(
    events: &[(Moment, facts::Event)],
    configuration: &Configuration,
    now: Moment,
) -> Vec<StandingLight> {
    judged_lights(events, configuration, now, judge_shadow)
}

/// The lights of rules that are judged over several cases.
#[must_use]
pub fn group_lights_at(
    events: &[(Moment, facts::Event)],
    configuration: &Configuration,
    now: Moment,
) -> Vec<StandingLight> {
    let cases = known_at(events, configuration, now);
    let mut owners: BTreeMap<&str, facts::Address> = BTreeMap::new();
    let mut groups: BTreeMap<(RuleIndex, CompactString), Vec<Contribution>> = BTreeMap::new();
    for (id, history) in &cases {
        let case = Case::at(id, history, now);
        owners.extend(judge(&case, configuration).owner.map(|owner| (*id, owner)));
        for given in contributes(&case, configuration) {
            groups.entry((given.rule, given.key.clone())).or_default().push(given);
        }
    }
    let found =
        groups.iter().flat_map(|((rule, key), given)| judge_group(*rule, key, given, configuration).into_iter());
    let standing = found.filter_map(|GroupFinding { case, finding }| {
        let span = finding.at(now)?;
        Some(StandingLight {
            rule: configuration.rule(finding.rule).id.clone(),
            instance: finding.instance.clone(),
            card: span.card,
            light: span.light,
            since: span.since,
            owner: owners.get(case.as_str())?.clone(),
            case,
        })
    });
    standing.collect()
}

/// What is known of each case at `now`.
fn known_at<'e>(
    events: &'e [(Moment, facts::Event)],
    configuration: &Configuration,
    now: Moment,
) -> BTreeMap<&'e str, History> {
    let mut cases: BTreeMap<&str, History> = BTreeMap::new();
    for (_, event) in events.iter().filter(|(arrived, _)| *arrived <= now) {
        cases.entry(&event.case).or_default().join(event.clone(), None, &configuration.zone);
    }
    cases
}

fn judged_lights(
    events: &[(Moment, facts::Event)],
    configuration: &Configuration,
    now: Moment,
    judge: fn(&Case<'_>, &Configuration) -> Judgement,
) -> Vec<StandingLight> {
    let cases = known_at(events, configuration, now);
    let lights = cases.iter().flat_map(|(id, history)| {
        let judgement = judge(&Case::at(id, history, now), configuration);
        let owner = judgement.owner.clone();
        let standing = judgement.findings.into_iter().filter_map(move |finding| {
            let span = finding.at(now)?;
            Some(StandingLight {
                case: (*id).into(),
                rule: configuration.rule(finding.rule).id.clone(),
                instance: finding.instance.clone(),
                card: span.card,
                light: span.light,
                since: span.since,
                owner: owner.clone()?,
            })
        });
        standing.collect::<Vec<_>>()
    });
    lights.collect()
}
