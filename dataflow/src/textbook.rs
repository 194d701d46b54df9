//! The specification of the keyed operator in plain differential: nothing is remembered by hand, no
//! deadline is queued.
//!
//! ```text
//!  facts ──► "records" ──held until their own instant, seen from it on──► "judgement" ──► cards
//!        cards ──shown on [from, until)──► "worst card" ──► lights
//! ```
//!
//! Both spans are differences at future times of the clock. It is slow and holds every version for good: tests
//! compare what the operator says with it, and nothing else runs it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use compact_str::CompactString;
use differential_dataflow::input::Input;
use differential_dataflow::{AsCollection, Data, VecCollection};
use facts::{Event, History, Moment, StandingLight, line};
use jiff::tz::TimeZone;
use rules::judge::Case;
use serde::{Deserialize, Serialize};
use timely::dataflow::operators::Inspect;
use timely::dataflow::operators::vec::Map;

use crate::{Entry, Judge};

/// The lights of a world at every instant of the clock.
#[derive(Debug)]
pub struct Textbook(Vec<(StandingLight, u64, isize)>);

impl Textbook {
    /// Runs the specification over all facts that ever enter.
    ///
    /// # Panics
    /// When a fact lies or enters before 1970, or a light would stand twice.
    #[must_use]
    pub fn of<J: Judge>(entries: &[Entry], judge: &Arc<J>) -> Textbook {
        let (entries, judge) = (entries.to_vec(), Arc::clone(judge));
        timely::execute_directly(move |worker| {
            let lights = Rc::new(RefCell::new(Vec::new()));
            let sink = Rc::clone(&lights);
            let mut input = worker.dataflow::<u64, _, _>(|scope| {
                let (input, facts) = scope.new_collection();
                let lights = specification(facts, &judge);
                lights.inner.inspect(move |update| sink.borrow_mut().push(update.clone()));
                input
            });
            for Entry { enters, event, .. } in entries {
                let line = line::write(&event);
                input.update_at((event.case, line), millis(enters), 1);
            }
            input.close();
            while worker.step_or_park(None) {}
            Textbook(lights.take())
        })
    }

    /// The lights that stand at an instant, sorted.
    ///
    /// # Panics
    /// When a light would stand twice.
    #[must_use]
    pub fn at(&self, now: Moment) -> Vec<StandingLight> {
        let reached = self.0.iter().filter(|(_, at, _)| *at <= millis(now));
        let mut lights: Vec<_> = reached.map(|(light, _, diff)| (light.clone(), *diff)).collect();
        differential_dataflow::consolidation::consolidate(&mut lights);
        assert!(lights.iter().all(|(_, rows)| *rows == 1), "each light stands once: {lights:?}");
        lights.into_iter().map(|(light, _)| light).collect()
    }
}

/// What was told of one record, as lines, and whether the clock has reached the version that wins.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Told {
    /// Of the winning version; a deleted record has no instant: it is never seen, and always known.
    at: Option<u64>,
    seen: bool,
    lines: Vec<String>,
}

/// A card with the span of clock on which it holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Span {
    light: StandingLight,
    from: u64,
    until: Option<u64>,
}

fn millis(moment: Moment) -> u64 {
    u64::try_from(moment.millis()).expect("worlds begin after 1970")
}

/// `rows` as they hold on `[from, until)` of the clock.
fn holding<'s, D: Data>(
    rows: VecCollection<'s, u64, D, isize>,
    span: impl Fn(&D) -> (u64, Option<u64>) + 'static,
) -> VecCollection<'s, u64, D, isize> {
    let differences = move |(row, time, diff): (D, u64, isize)| {
        let (from, until) = span(&row);
        let lasting = until.is_none_or(|until| from < until);
        let ends = until.filter(|_| lasting).map(|until| (row.clone(), time.max(until), -diff));
        lasting.then_some((row, time.max(from), diff)).into_iter().chain(ends)
    };
    rows.inner.flat_map(differences).as_collection()
}

/// The whole specification.
fn specification<'s, J: Judge>(
    facts: VecCollection<'s, u64, (CompactString, String), isize>,
    judge: &Arc<J>,
) -> VecCollection<'s, u64, StandingLight, isize> {
    let (joining, judge) = (Arc::clone(judge), Arc::clone(judge));
    let records = facts.reduce_named("records", move |_case, versions, records| {
        let mut lines: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (text, _) in versions {
            let Event { address, source, id, .. } = event(text);
            lines.entry((address, source, id)).or_default().push((*text).clone());
        }
        for lines in lines.into_values() {
            let at = joined(lines.iter(), joining.zone()).records().first().map(|record| millis(record.at));
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
            joined(told.flat_map(|(told, _)| &told.lines), judge.zone())
        };
        let (seen, unseen) = (of(true), of(false));
        let known = Case { id: case, records: seen.records(), held: unseen.records(), deleted: unseen.tombstones() };
        cards.extend(cards_of(&known, judge.as_ref()).into_iter().map(|card| (card, 1)));
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

fn cards_of<J: Judge>(case: &Case<'_>, judge: &J) -> Vec<Span> {
    let judgement = judge.judge(case);
    let owner = || judgement.owner.clone().expect("a case with a finding has an owner");
    let spans = judgement.findings.iter().flat_map(|finding| finding.spans.iter().map(move |span| (finding, span)));
    let card = |(finding, span): (&rules::finding::Finding, &rules::finding::CardSpan)| Span {
        light: StandingLight {
            case: case.id.into(),
            rule: judge.rule(finding.rule).id.into(),
            instance: finding.instance.clone(),
            card: span.card,
            light: span.light,
            since: span.since,
            owner: owner(),
        },
        from: millis(span.from),
        until: span.until.map(millis),
    };
    spans.map(card).collect()
}

fn event(text: &str) -> Event {
    line::read(text.as_bytes(), None).expect("a line that was just written").event
}

fn joined<'l>(lines: impl Iterator<Item = &'l String>, zone: &TimeZone) -> History {
    let mut history = History::new();
    for text in lines {
        history.join(event(text), None, zone);
    }
    history
}
