//! The operator's specification in plain differential, on the shipped rules and the sample city: versions are
//! gathered by record, a record is held until its winner's own instant and seen from there on, what is held and
//! seen is reduced to cards, a card
//! holds on `[from, until)`, and of those that hold the worst is the light. Nothing is remembered by hand and no deadline is queued: both are differences at
//! future times. `replay` must say the same of every close of business and of the end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use differential_dataflow::consolidation::consolidate;
use differential_dataflow::input::Input;
use differential_dataflow::{AsCollection, Data, VecCollection};
use facts::digest::LightsDigest;
use facts::{History, Moment, StandingLight, Transition, line};
use rules::configuration::Configuration;
use rules::judge::{Case, judge};
use serde::{Deserialize, Serialize};
use timely::dataflow::operators::Inspect;
use timely::dataflow::operators::vec::Map;

use crate::support::replayed::City;
use crate::support::shipped_configuration;

const CASES: usize = 800;
const HOUR: i64 = 3_600_000;

/// A card with the span of the clock on which it holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Span {
    light: StandingLight,
    from: u64,
    until: Option<u64>,
}

/// A fact as its line, keyed by its case.
type Fact = (String, String);

/// (light, clock, change)
type Changes = Vec<(StandingLight, u64, isize)>;

fn millis(moment: Moment) -> u64 {
    u64::try_from(moment.millis()).expect("these facts lie after 1970")
}

/// The lines of one record's versions, and whether the clock has reached the one that wins.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Told {
    at: Option<u64>,
    seen: bool,
    lines: Vec<String>,
}

fn joined<'l>(lines: impl Iterator<Item = &'l String>, configuration: &Configuration) -> History {
    let mut history = History::new();
    for text in lines {
        let event = line::read(text.as_bytes(), None).expect("a line that was written as one").event;
        history.join(event, None, &configuration.zone);
    }
    history
}

/// `rows` as they hold on `[from, until)` of the clock.
fn holding<'s, D: Data>(
    rows: VecCollection<'s, u64, D, isize>,
    span: impl Fn(&D) -> (u64, Option<u64>) + 'static,
) -> VecCollection<'s, u64, D, isize> {
    let differences = move |(row, time, diff): (D, u64, isize)| {
        let (from, until) = span(&row);
        let lasts = until.is_none_or(|until| from < until);
        let ends = until.filter(|_| lasts).map(|until| (row.clone(), time.max(until), -diff));
        lasts.then_some((row, time.max(from), diff)).into_iter().chain(ends)
    };
    rows.inner.flat_map(differences).as_collection()
}

/// The whole specification.
fn specification<'s>(
    facts: VecCollection<'s, u64, Fact, isize>,
    configuration: &Arc<Configuration>,
) -> VecCollection<'s, u64, StandingLight, isize> {
    let (joining, judging) = (Arc::clone(configuration), Arc::clone(configuration));
    let records = facts.reduce_named("records", move |_case, versions, records| {
        let mut lines: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (text, _) in versions {
            let event = line::read(text.as_bytes(), None).expect("a line that was written as one").event;
            lines.entry((event.address, event.source, event.id)).or_default().push((*text).clone());
        }
        for lines in lines.into_values() {
            // A deleted record has no instant: it is never seen, and always known.
            let history = joined(lines.iter(), &joining);
            let at = history.records().first().map(|record| millis(record.at));
            records.extend(at.map(|at| (Told { at: Some(at), seen: true, lines: lines.clone() }, 1)));
            records.push((Told { at, seen: false, lines }, 1));
        }
        records.sort();
    });
    let known = holding(records, |(_case, told)| match told.at {
        Some(at) if told.seen => (at, None),
        until => (0, until),
    });
    let cards = known.reduce_named("judgement", move |case, told, cards| {
        let of = |seen: bool| {
            let told = told.iter().filter(move |(told, _)| told.seen == seen);
            joined(told.flat_map(|(told, _)| &told.lines), &judging)
        };
        let (seen, unseen) = (of(true), of(false));
        let known = Case { id: case, records: seen.records(), held: unseen.records(), deleted: unseen.tombstones() };
        let judgement = judge(&known, &judging);
        for finding in &judgement.findings {
            cards.extend(finding.spans.iter().map(|span| {
                let light = StandingLight {
                    case: case.as_str().into(),
                    rule: judging.rule(finding.rule).id.clone(),
                    instance: finding.instance.clone(),
                    card: span.card,
                    light: span.light,
                    since: span.since,
                    owner: judgement.owner.clone().expect("a case with facts has an owner"),
                };
                (Span { light, from: millis(span.from), until: span.until.map(millis) }, 1)
            }));
        }
        cards.sort();
    });
    let shown = holding(cards, |(_case, span)| (span.from, span.until));
    let shown = shown.map(|(case, Span { light, .. })| ((case, light.rule.clone(), light.instance.clone()), light));
    let worst = shown.reduce_named("worst card", |_instance, lights, worst| {
        let lights = lights.iter().map(|(light, _)| *light);
        // Of equal cards the one that held first.
        let light = lights.max_by(|a, b| a.card.cmp(&b.card).then_with(|| b.since.cmp(&a.since)));
        worst.push((light.expect("a group is not empty").clone(), 1));
    });
    worst.map(|(_instance, light)| light).consolidate()
}

/// Runs the specification over lines that carry their arrival.
fn textbook(lines: &[String], configuration: &Arc<Configuration>) -> Changes {
    let (lines, configuration) = (lines.to_vec(), Arc::clone(configuration));
    timely::execute_directly(move |worker| {
        let changes = Rc::new(RefCell::new(Changes::new()));
        let sink = Rc::clone(&changes);
        let mut input = worker.dataflow::<u64, _, _>(|scope| {
            let (input, facts) = scope.new_collection();
            let lights = specification(facts, &configuration);
            lights.inner.inspect(move |change| sink.borrow_mut().push(change.clone()));
            input
        });
        for text in lines {
            let event = line::read(text.as_bytes(), None).expect("a generated line").event;
            let arrived = event.arrived.expect("generated lines carry their arrival");
            input.update_at((event.case.to_string(), text), millis(arrived), 1);
        }
        input.close();
        while worker.step_or_park(None) {}
        changes.take()
    })
}

/// The lights that stand at an instant.
fn lights_of(changes: &Changes, now: Moment) -> Vec<StandingLight> {
    let reached = changes.iter().filter(|(_, at, _)| *at <= millis(now));
    let mut lights: Vec<_> = reached.map(|(light, _, diff)| (light.clone(), *diff)).collect();
    consolidate(&mut lights);
    assert!(lights.iter().all(|(_, rows)| *rows == 1), "each light stands once at {now}");
    lights.into_iter().map(|(light, _)| light).collect()
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
    let changes = textbook(&city.lines(), &configuration);
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
        assert_eq!(fold(&said, now), lights_of(&changes, now), "at {now}");
        compared += 1;
    }
    assert!(compared > 100, "ten weeks have many closes, {compared} were compared");
    let lights = lights_of(&changes, until);
    assert_eq!(LightsDigest::of(&lights, &configuration.zone).total(), replayed.digest);
}
