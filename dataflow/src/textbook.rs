//! The specification of the keyed operator in plain differential: nothing is remembered by hand, no
//! deadline is queued.
//!
//! ```text
//!  facts ──► "winning versions" ──seen from their own instant on──► "judgement" ──► cards
//!        cards ──held on [from, until)──► "worst card" ──► lights
//! ```
//!
//! Both holdings are differences at future times of the clock. It is slow and holds every version for good: tests
//! compare what the operator says with it, and nothing else runs it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use compact_str::CompactString;
use differential_dataflow::input::Input;
use differential_dataflow::{AsCollection, Data, VecCollection};
use facts::{Event, History, Moment, Record, StandingLight, line};
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
            for Entry { enters, sequence, event } in entries {
                let (at, arrived) = (millis(event.at.moment(judge.zone())), event.arrived);
                let case = event.case.clone();
                let version = Fact { at, line: line::write(&event), arrived, sequence, disputed: false };
                input.update_at((case, version), millis(enters), 1);
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

/// A version of a record, or its winning version, in a form that differential can order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Fact {
    at: u64,
    line: String,
    /// Of the record's first version.
    arrived: Option<Moment>,
    sequence: Option<u64>,
    disputed: bool,
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
    facts: VecCollection<'s, u64, (CompactString, Fact), isize>,
    judge: &Arc<J>,
) -> VecCollection<'s, u64, StandingLight, isize> {
    let (joining, judge) = (Arc::clone(judge), Arc::clone(judge));
    let winning = facts.reduce_named("winning versions", move |_case, versions, winning| {
        let mut history = History::new();
        for (version, _) in versions {
            history.join(version.event(), version.sequence, joining.zone());
        }
        winning.extend(history.records().iter().map(|record| (Fact::of(record), 1)));
        winning.sort();
    });
    let seen = holding(winning, |(_case, fact)| (fact.at, None));
    let cards = seen.reduce_named("judgement", move |case, facts, cards| {
        let mut records: Vec<_> = facts.iter().map(|(fact, _)| fact.record(judge.zone())).collect();
        records.sort_by(|a, b| order(a).cmp(&order(b)));
        cards.extend(cards_of(&Case { id: case, records: &records }, judge.as_ref()).into_iter().map(|card| (card, 1)));
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
    let owner = judgement.owner.expect("a case with facts has an owner");
    let spans = judgement.findings.iter().flat_map(|finding| finding.spans.iter().map(move |span| (finding, span)));
    let card = |(finding, span): (&rules::finding::Finding, &rules::finding::CardSpan)| Span {
        light: StandingLight {
            case: case.id.into(),
            rule: judge.rule(finding.rule).id.into(),
            instance: finding.instance.clone(),
            card: span.card,
            light: span.light,
            since: span.since,
            owner: owner.clone(),
        },
        from: millis(span.from),
        until: span.until.map(millis),
    };
    spans.map(card).collect()
}

impl Fact {
    fn of(record: &Record) -> Fact {
        Fact {
            at: millis(record.at),
            line: line::write(&record.event),
            arrived: record.first_arrived,
            sequence: record.sequence,
            disputed: record.disputed,
        }
    }

    /// What the line says, with the arrival that stands beside it.
    fn event(&self) -> Event {
        let event = line::read(self.line.as_bytes(), None).expect("a line that was just written").event;
        Event { arrived: self.arrived, ..event }
    }

    fn record(&self, zone: &TimeZone) -> Record {
        let event = Event { arrived: None, ..self.event() };
        let at = event.at.moment(zone);
        Record { event, at, first_arrived: self.arrived, sequence: self.sequence, disputed: self.disputed }
    }
}

/// Canonical order (semantics 1), spelled out once more.
fn order(record: &Record) -> (Moment, &str, Option<i64>, &str, &facts::Address) {
    let event = &record.event;
    (record.at, &event.source, event.seq, &event.id, &event.address)
}
