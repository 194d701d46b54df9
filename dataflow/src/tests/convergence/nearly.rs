//! How many histories a rule nearly fires in.
//!
//! A rule nearly fires in a history in which it shows no card, and would have shown one had a single
//! record been one step different: missing, a day later, told twice (under two ids, by a second office, or in two
//! contents), deleted before it came, or with the next value of what it tells (a fen more, another code, item,
//! stage, officer or activity, no reason). One such change is drawn for a history and judged by the twin at the end
//! and a day after the record happened. So the counts are a floor.

use std::collections::BTreeSet;

use facts::event::Detail;
use facts::{Activity, Address, Event, EventTime, Fen, Moment, Op, Transition};
use twin::random::Dice;

use super::regime::{Regime, SHIPPED};
use super::world::{Dealt, END};

const DAY: i64 = 24 * 3_600_000;

/// The rules that nearly fire in a history of which `said` was said.
pub(super) fn nearly_fired(case: &Dealt, said: &[&Transition], regimes: &[Regime]) -> BTreeSet<String> {
    let mut dice = Dice::new(case.seed ^ 0x0ea7, &[]);
    let regime = &regimes[SHIPPED];
    let known = case.known(END);
    let drawn = |wanted: &dyn Fn(&Event) -> bool, dice: &mut Dice<'_>| {
        let puts = known.iter().filter(|(event, _)| event.op == Op::Put && wanted(event));
        let puts: Vec<&(Event, Moment)> = puts.collect();
        (!puts.is_empty()).then(|| puts[dice.below(puts.len())])
    };
    let fee = if dice.percent(50) { drawn(&|event| event.detail().fee.is_some(), &mut dice) } else { None };
    let Some(drawn) = fee.or_else(|| drawn(&|_| true, &mut dice)) else { return BTreeSet::new() };
    let changed = one_step_away(&known, drawn, &mut dice);
    let lit = |known: &[(Event, Moment)], t: Moment| -> BTreeSet<String> {
        regime.lights(known, case.place, t).into_iter().map(|light| light.rule.to_string()).collect()
    };
    let mut nearly = BTreeSet::new();
    for t in [END, drawn.0.at.moment(regime.calendar.zone()).plus_millis(DAY - 1)] {
        let mut would = lit(&changed, t);
        would.retain(|rule| said.iter().all(|said| said.rule != *rule));
        if !would.is_empty() {
            let does = lit(&known, t);
            nearly.extend(would.into_iter().filter(|rule| !does.contains(rule)));
        }
    }
    nearly
}

/// What is known, with one record changed by one step.
fn one_step_away(known: &[(Event, Moment)], drawn: &(Event, Moment), dice: &mut Dice<'_>) -> Vec<(Event, Moment)> {
    let mut changed = known.to_vec();
    let (event, arrived) = drawn;
    let versions = |changed: &mut Vec<(Event, Moment)>, change: &dyn Fn(&mut Event)| {
        let own = changed.iter_mut().map(|(other, _)| other);
        own.filter(|other| other.op == Op::Put && other.same_record(event)).for_each(change);
    };
    let again = |change: &dyn Fn(&mut Event)| -> Vec<(Event, Moment)> {
        let own = known.iter().filter(|(other, _)| other.same_record(event)).cloned();
        own.map(|(mut again, arrived)| {
            change(&mut again);
            (again, arrived)
        })
        .collect()
    };
    let value = dice.below(6);
    let mut other = event.clone();
    tell_the_next(&mut other, value);
    match dice.below(9) {
        0 | 1 => changed.retain(|(other, _)| !other.same_record(event)),
        2 => versions(&mut changed, &put_off),
        3 => changed.extend(again(&|again| again.id.push('+'))),
        4 => changed.extend(again(&|again| again.address = elsewhere())),
        5 => changed.push((other, *arrived)),
        6 if value == 0 => changed.push((
            Event { op: Op::Delete, version: Event::FINAL, detail: None, ..event.clone() },
            arrived.plus_millis(-1),
        )),
        _ => versions(&mut changed, &|event| tell_the_next(event, value)),
    }
    changed
}

/// An office in another county.
fn elsewhere() -> Address {
    Address::from_subject("approval", "approval.county.360981.SCJG").expect("a subject")
}

/// The next value of what a fact tells.
fn tell_the_next(event: &mut Event, value: usize) {
    let mut detail = event.detail().clone();
    if let Some(fee) = &mut detail.fee {
        match value {
            0 | 1 => fee.code = Some("KK".into()),
            _ => fee.amount = Some(fee.amount.unwrap_or_default() + Fen::new(1)),
        }
    } else {
        match value {
            0 => event.activity = Activity::from_name("somehow"),
            1 => detail.item = Some("ZZ-1".into()),
            2 if detail.stage.is_some() => detail.stage = Some("archive".into()),
            3 if detail.outcome.is_some() => detail.outcome = Some("99".into()),
            4 if detail.officer.is_some() => detail.officer = Some("1001".into()),
            _ if detail.officer.is_some() => detail.officer = Some("1002".into()),
            _ => detail.reason = None,
        }
    }
    event.detail = (detail != Detail::default()).then(|| Box::new(detail));
}

fn put_off(event: &mut Event) {
    event.at = match event.at {
        EventTime::Instant(at) => EventTime::Instant(at.plus_millis(DAY)),
        EventTime::Day(day) => EventTime::Day(day + 1),
    };
}
