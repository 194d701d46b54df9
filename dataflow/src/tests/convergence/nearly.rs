//! How many histories a rule nearly fires in.
//!
//! A rule nearly fires in a history in which it shows no card, and would have shown one had a single
//! record been one step different: missing, a day later, told twice under two ids, or with the next value
//! of what it tells (a fen more, another code, another officer, no reason). One such change is drawn for a
//! history and judged by the twin, with everything known in time: at the end, and, where a record moved, just
//! before it happens. So the counts are a floor.

use std::collections::BTreeSet;

use facts::event::Detail;
use facts::{Event, EventTime, Fen, Moment, Op, Transition};
use twin::random::Dice;

use super::regime::{Regime, SHIPPED};
use super::world::{Dealt, END};

const DAY: i64 = 24 * 3_600_000;

/// The rules that nearly fire in a history of which `said` was said.
pub(super) fn nearly_fired(case: &Dealt, said: &[&Transition], regimes: &[Regime]) -> BTreeSet<String> {
    let mut dice = Dice::new(case.seed ^ 0x0ea7, &[]);
    let regime = &regimes[SHIPPED];
    let at_of = |event: &Event| event.at.moment(regime.calendar.zone());
    let in_time = |events: &[Event]| -> Vec<(Event, Moment)> {
        events.iter().map(|event| (event.clone(), at_of(event).max(Moment::from_millis(0)))).collect()
    };
    let events: Vec<Event> = case.deliveries.iter().map(|delivery| delivery.event.clone()).collect();
    let puts: Vec<&Event> = events.iter().filter(|event| event.op == Op::Put).collect();
    if puts.is_empty() {
        return BTreeSet::new();
    }
    let drawn = puts[dice.below(puts.len())].clone();
    let changed = one_step_away(&events, &drawn, &mut dice);
    let (unchanged, changed) = (in_time(&events), in_time(&changed));
    let lit = |known: &[(Event, Moment)], t: Moment| -> BTreeSet<String> {
        regime.lights(known, case.place, t).into_iter().map(|light| light.rule.to_string()).collect()
    };
    let mut nearly = BTreeSet::new();
    for t in [END, at_of(&drawn).plus_millis(DAY - 1)] {
        let mut would = lit(&changed, t);
        would.retain(|rule| said.iter().all(|said| said.rule != *rule));
        if !would.is_empty() {
            let does = lit(&unchanged, t);
            nearly.extend(would.into_iter().filter(|rule| !does.contains(rule)));
        }
    }
    nearly
}

/// The facts with one record changed by one step.
fn one_step_away(events: &[Event], drawn: &Event, dice: &mut Dice<'_>) -> Vec<Event> {
    let mut changed = events.to_vec();
    let own = |event: &&mut Event| event.op == Op::Put && event.same_record(drawn);
    match dice.below(4) {
        0 => changed.retain(|event| !event.same_record(drawn)),
        1 => changed.iter_mut().filter(own).for_each(put_off),
        2 => {
            let again = events.iter().filter(|event| event.same_record(drawn));
            changed.extend(again.map(|event| Event { id: format!("{}+", event.id).into(), ..event.clone() }));
        }
        _ => {
            let other = dice.below(2);
            changed.iter_mut().filter(own).for_each(|event| tell_the_next(event, other));
        }
    }
    changed
}

/// The next value of what a fact tells.
fn tell_the_next(event: &mut Event, other: usize) {
    let mut detail = event.detail().clone();
    if let Some(fee) = &mut detail.fee {
        match other {
            0 => fee.amount = Some(fee.amount.unwrap_or_default() + Fen::new(1)),
            _ => fee.code = Some("KK".into()),
        }
    } else if detail.officer.is_some() {
        detail.officer = Some(["1001", "1002"][other].into());
    }
    detail.reason = None;
    event.detail = (detail != Detail::default()).then(|| Box::new(detail));
}

fn put_off(event: &mut Event) {
    event.at = match event.at {
        EventTime::Instant(at) => EventTime::Instant(at.plus_millis(DAY)),
        EventTime::Day(day) => EventTime::Day(day + 1),
    };
}
