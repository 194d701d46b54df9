//! The specification of the keyed operator in plain differential: nothing is remembered by hand, no
//! deadline is queued. A fact is seen from its own instant on, a card holds on `[from, until)`; both are
//! differences at future times.

use std::cell::RefCell;
use std::rc::Rc;

use compact_str::CompactString;
use differential_dataflow::input::Input;
use differential_dataflow::{AsCollection, Data, VecCollection};
use facts::{EventTime, History, Moment, Record, StandingLight, line};
use serde::{Deserialize, Serialize};
use timely::dataflow::operators::Inspect;
use timely::dataflow::operators::vec::Map;

use crate::tests::city::City;
use crate::{Entry, Judge};
use rules::judge::Case;

/// A version of a record, or its winning version, in a form that differential can order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Fact {
    at: u64,
    line: String,
    sequence: Option<u64>,
}

/// A card with the span of clock on which it holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Span {
    light: StandingLight,
    from: u64,
    until: Option<u64>,
}

/// The lights of a world: (light, clock, change).
pub(crate) struct Textbook(Vec<(StandingLight, u64, isize)>);

impl Textbook {
    /// The lights that stand at an instant.
    pub(crate) fn at(&self, now: Moment) -> Vec<StandingLight> {
        let reached = self.0.iter().filter(|(_, at, _)| *at <= now.millis() as u64);
        let mut lights: Vec<_> = reached.map(|(light, _, diff)| (light.clone(), *diff)).collect();
        differential_dataflow::consolidation::consolidate(&mut lights);
        assert!(lights.iter().all(|(_, rows)| *rows == 1), "each light stands once: {lights:?}");
        lights.into_iter().map(|(light, _)| light).collect()
    }
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
fn specification<'s>(
    facts: VecCollection<'s, u64, (CompactString, Fact), isize>,
    city: City,
) -> VecCollection<'s, u64, StandingLight, isize> {
    let judge = city.clone();
    let winning = facts.reduce_named("winning versions", move |_case, versions, winning| {
        let mut history = History::new();
        for (version, _) in versions {
            history.join(version.event(), version.sequence, city.zone());
        }
        winning.extend(history.records().iter().map(|record| (Fact::of(record), 1)));
    });
    let seen = holding(winning, |(_case, fact)| (fact.at, None));
    let cards = seen.reduce_named("judgement", move |case, facts, cards| {
        let mut records: Vec<_> = facts.iter().map(|(fact, _)| fact.record(&judge)).collect();
        records.sort_by(|a, b| order(a).cmp(&order(b)));
        let judgement = judge.judge(&Case::of(case, &records));
        let owner = judgement.owner.expect("a case with facts has an owner");
        for finding in &judgement.findings {
            cards.extend(finding.spans.iter().map(|span| {
                let light = StandingLight {
                    case: case.clone(),
                    rule: judge.rule(finding.rule).id.into(),
                    instance: finding.instance.clone(),
                    card: span.card,
                    light: span.light,
                    since: span.since,
                    owner: owner.clone(),
                };
                let millis = |moment: Moment| moment.millis() as u64;
                (Span { light, from: millis(span.from), until: span.until.map(millis) }, 1)
            }));
        }
        cards.sort();
    });
    holding(cards, |(_case, span)| (span.from, span.until)).map(|(_case, span)| span.light).consolidate()
}

/// Runs the specification over a world.
pub(crate) fn textbook(entries: &[Entry], city: &City) -> Textbook {
    let (entries, city) = (entries.to_vec(), city.clone());
    timely::execute_directly(move |worker| {
        let lights = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&lights);
        let mut input = worker.dataflow::<u64, _, _>(|scope| {
            let (input, facts) = scope.new_collection();
            let lights = specification(facts, city);
            lights.inner.inspect(move |update| sink.borrow_mut().push(update.clone()));
            input
        });
        for entry in entries {
            let EventTime::Instant(at) = entry.event.at else { panic!("these worlds know instants only") };
            let version = Fact { at: at.millis() as u64, line: line::write(&entry.event), sequence: entry.sequence };
            input.update_at((entry.event.case, version), entry.enters.millis() as u64, 1);
        }
        input.close();
        while worker.step_or_park(None) {}
        Textbook(lights.take())
    })
}

impl Fact {
    fn of(record: &Record) -> Fact {
        Fact { at: record.at.millis() as u64, line: line::write(&record.event), sequence: record.sequence }
    }

    fn event(&self) -> facts::Event {
        line::read(self.line.as_bytes(), None).expect("a line that was just written").event
    }

    fn record(&self, city: &City) -> Record {
        let event = self.event();
        let at = event.at.moment(city.zone());
        Record { event, at, first_arrived: None, arrived: None, sequence: self.sequence, rival: None }
    }
}

/// Canonical order (semantics 1), spelled out once more.
fn order(record: &Record) -> (Moment, &str, Option<i64>, &str, &facts::Address) {
    let event = &record.event;
    (record.at, &event.source, event.seq, &event.id, &event.address)
}
