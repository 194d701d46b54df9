//! The way a case went: stages, acceptance, persons, reasons.

use std::collections::{BTreeMap, BTreeSet};

use facts::{Activity, Card};

use crate::case::{Case, Fact};
use crate::catalogue::Item;
use crate::overdue::{counting, deemed_acceptance};
use crate::{Lit, TwinRules};

const NORMAL: &[&str] = &["certified", "granted", "refused", "forwarded", "other"];
const HOUR: i64 = 3_600_000;
/// The stages that one person must not share.
const SEPARATE: [&str; 3] = ["handle", "review", "approve"];

/// All lights of this family that stand.
pub(crate) fn lit(case: &Case<'_>, rules: &TwinRules) -> Vec<Lit> {
    let mut lit = Vec::new();
    if let Some(item) = case.item {
        lit.extend(missing_stages(case, item));
        lit.extend(steps_outside_the_graph(case, item));
    }
    lit.extend(closed_without_acceptance(case, rules));
    lit.extend(one_person_many_stages(case));
    lit.extend(no_reason(case));
    lit
}

fn stage_of(fact: &Fact) -> Option<&str> {
    fact.event.detail().stage.as_deref()
}

/// Only the first normal closing is looked at.
fn missing_stages(case: &Case<'_>, item: &Item) -> Vec<Lit> {
    let Some(close) = case.closed(NORMAL).next() else { return Vec::new() };
    let visited =
        |code: &str| case.of(Activity::StageCompleted).any(|done| stage_of(done) == Some(code) && done.by(close));
    let missing = item.stages.iter().filter(|stage| stage.required && !visited(&stage.code));
    missing.map(|stage| Lit { rule: "PS-01", instance: stage.code.clone(), card: Card::Red, since: close.at }).collect()
}

/// Each step the graph does not know, from the first time it was taken. A reopened case begins its way anew.
fn steps_outside_the_graph(case: &Case<'_>, item: &Item) -> Vec<Lit> {
    let path = path(case, item);
    let anew = |before: &Fact, after: &Fact| {
        case.of(Activity::Reopened).any(|reopened| before.at < reopened.at && reopened.at <= after.at)
    };
    let mut breaches: BTreeMap<String, Lit> = BTreeMap::new();
    for step in path.windows(2) {
        let ((from, left), (to, done)) = (&step[0], &step[1]);
        if anew(left, done) {
            continue;
        }
        let known = item.stage(from).is_some_and(|stage| stage.follow.contains(to));
        if from != to && !known {
            let instance = format!("{from}>{to}");
            let lit = Lit { rule: "PS-03", instance: instance.clone(), card: Card::Red, since: done.at };
            breaches.entry(instance).or_insert(lit);
        }
    }
    breaches.into_values().collect()
}

/// The completed stages of the graph in order. Stages of one instant stand in the source's order where it
/// gave one for all of them, else in the order of the graph.
fn path<'c>(case: &'c Case<'_>, item: &Item) -> Vec<(String, &'c Fact)> {
    let known = |fact: &&Fact| stage_of(fact).is_some_and(|code| item.stage(code).is_some());
    let done: Vec<&Fact> = case.of(Activity::StageCompleted).filter(known).collect();
    let mut path = Vec::new();
    for together in done.chunk_by(|a, b| a.at == b.at) {
        let source = &together[0].event.source;
        let told = together.iter().all(|fact| fact.event.source == *source && fact.event.seq.is_some());
        let mut together = together.to_vec();
        let order = |fact: &&Fact| stage_of(fact).and_then(|code| item.stage(code)).map(|stage| stage.order);
        if told {
            together.sort_by_key(|fact| (fact.event.seq, order(fact)));
        } else {
            together.sort_by_key(order);
        }
        path.extend(together.into_iter().map(|fact| (stage_of(fact).unwrap_or("").to_owned(), fact)));
    }
    path
}

/// The light waits for late data; it dates from the closing all the same.
fn closed_without_acceptance(case: &Case<'_>, rules: &TwinRules) -> Vec<Lit> {
    let deemed = deemed_acceptance(case, counting(rules.profile));
    let grace = rules.grace_hours * HOUR;
    let accepted = |close: &Fact| {
        deemed.is_some_and(|start| start.at <= close.at) || case.of(Activity::Accepted).any(|fact| fact.by(close))
    };
    let due = case.closed(NORMAL).filter(|close| case.t > close.at.max(close.arrived).plus_millis(grace));
    due.filter(|close| !accepted(close))
        .map(|close| Lit { rule: "PS-04", instance: close.record(), card: Card::Red, since: close.at })
        .collect()
}

fn one_person_many_stages(case: &Case<'_>) -> Vec<Lit> {
    if case.case_type.as_deref() == Some("instant") {
        return Vec::new();
    }
    let mut acts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut lit: BTreeMap<&str, Lit> = BTreeMap::new();
    for done in case.of(Activity::StageCompleted) {
        let Some(stage) = stage_of(done).filter(|stage| SEPARATE.contains(stage)) else { continue };
        let Some(officer) = done.event.detail().officer.as_deref() else { continue };
        let shared = acts.entry(officer).or_default();
        let card = match (shared.insert(stage), shared.len()) {
            (true, 2) => Card::Yellow,
            (true, 3) => Card::Red,
            _ => continue,
        };
        lit.insert(officer, Lit { rule: "PS-07", instance: officer.to_owned(), card, since: done.at });
    }
    lit.into_values().collect()
}

fn no_reason(case: &Case<'_>) -> Vec<Lit> {
    let refusals = case.facts.iter().filter(|fact| match fact.event.activity {
        Activity::NotAccepted => true,
        Activity::Closed => fact.outcome() == "refused",
        _ => false,
    });
    let silent = refusals.filter(|fact| fact.event.detail().reason.as_deref().is_none_or(str::is_empty));
    silent.map(|fact| Lit { rule: "PS-11", instance: fact.record(), card: Card::Red, since: fact.at }).collect()
}
