//! Acts that a rule names, as facts that can be tried. Which of them help is found out by judging.

use compact_str::{CompactString, ToCompactString};
use facts::event::Detail;
use facts::keep_green::ActKind;
use facts::{Activity, Event, EventTime, Fee, FeeAct, Moment, Op};

use super::fields;
use crate::counting::{Span, Unit};
use crate::expression::{Activities, EventField, EventSet, Expr, LineField, Node, Term};
use crate::finding::{CardSpan, Finding};
use crate::judge::evaluate::Scope;
use crate::judge::ledger::{Group, Ledger};
use crate::judge::reckoning::Reckoning;
use crate::judge::view::CaseView;
use crate::rule::{Bound, Clears, Deadline, Kind, On, Rule, Stop};
use crate::value::Value;

/// The record id of a fact that nobody has sent.
const TRIED: &str = "if-done";

/// A fact that can be tried.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    pub(super) kind: ActKind,
    /// When it has to have happened, where it is only reported now.
    pub(super) happened: Option<Moment>,
    event: Event,
}

impl Proposal {
    /// The fact, done or reported at `at`.
    pub(super) fn dated(&self, at: Moment) -> Event {
        Event { at: EventTime::Instant(self.happened.unwrap_or(at)), arrived: Some(at), ..self.event.clone() }
    }

    /// The activity, as rule files name it; a fee by its act.
    pub(super) fn activity(&self) -> CompactString {
        match (&self.event.activity, self.event.detail().fee.as_deref()) {
            (Activity::Fee, Some(fee)) => format!("fee_{}", fee.act.name()).into(),
            (activity, _) => activity.name().to_compact_string(),
        }
    }
}

/// What may avoid, put off or clear a light of `rule`.
pub(super) fn of(view: &CaseView<'_>, rule: &Rule, finding: &Finding, span: &CardSpan) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (kind, set) in named_sets(rule) {
        proposals.extend(of_set(view, rule, finding, kind, set));
    }
    if let Kind::Fee(_) = &rule.kind {
        let refund = Term { activities: Activities::Fee(FeeAct::Refunded), test: None };
        let refund = EventSet { terms: vec![refund], text: "fee_refunded".into() };
        proposals.extend(of_set(view, rule, finding, ActKind::Fulfil, &refund));
    }
    // A finding about an event that waits for late data: what happened in time may be told yet.
    if rule.grace.is_some() && !matches!(rule.kind, Kind::Deadline(_)) {
        let told: Vec<Proposal> = proposals
            .iter()
            .map(|proposal| Proposal { kind: ActKind::Report, happened: Some(span.since), ..proposal.clone() })
            .collect();
        proposals.extend(told);
    }
    proposals
}

/// The sets of events that a rule waits for, as it writes them.
pub(super) fn awaited(rule: &Rule) -> Vec<CompactString> {
    let mut texts: Vec<CompactString> = named_sets(rule)
        .into_iter()
        .filter(|(kind, _)| matches!(kind, ActKind::Fulfil | ActKind::Report))
        .map(|(_, set)| set.text.clone())
        .collect();
    texts.sort();
    texts.dedup();
    texts
}

/// The sets whose events can change the rule's mind, each with what they are to it.
fn named_sets(rule: &Rule) -> Vec<(ActKind, &EventSet)> {
    let mut sets: Vec<(ActKind, &EventSet)> = Vec::new();
    match &rule.kind {
        Kind::Deadline(deadline) => of_deadline(deadline, &mut sets),
        Kind::Requires(requires) => sets.extend(requires.before.iter().map(|set| (ActKind::Fulfil, set))),
        Kind::Forbids(forbids) => sets.extend(forbids.unless.iter().map(|set| (ActKind::Fulfil, set))),
        Kind::Count(count) => {
            if let Bound::Min(..) = count.bound {
                sets.push((ActKind::Fulfil, &count.of));
            }
        }
        Kind::Workflow(workflow) => sets.push((ActKind::Fulfil, &workflow.of)),
        Kind::Fee(fee) => fee.grounds.iter().for_each(|node| in_node(node, &mut sets)),
        Kind::Condition(condition) => {
            let on_state = matches!(condition.on, On::Case);
            condition
                .grounds
                .iter()
                .filter(|_| on_state || rule.grace.is_some())
                .for_each(|node| in_node(node, &mut sets));
        }
        Kind::Separation(_) => {}
    }
    for card in &rule.cards {
        card.when.iter().chain(&card.from).for_each(|node| in_node(node, &mut sets));
        if let Clears::When(node) = &card.clears {
            in_node(node, &mut sets);
        }
    }
    sets
}

fn of_deadline<'r>(deadline: &'r Deadline, sets: &mut Vec<(ActKind, &'r EventSet)>) {
    for stop in &deadline.stops {
        match stop {
            Stop::Events(set) => sets.push((ActKind::Fulfil, set)),
            Stop::Instant(node) | Stop::When(node) => in_node(node, sets),
        }
    }
    sets.extend(deadline.cancel.iter().map(|set| (ActKind::End, set)));
    sets.extend(deadline.pauses.iter().map(|pause| (ActKind::Pause, &pause.from)));
    sets.extend(deadline.extension.iter().map(|extension| (ActKind::Extend, &extension.on)));
}

/// The sets that an expression asks for.
fn in_node<'r>(node: &'r Node, sets: &mut Vec<(ActKind, &'r EventSet)>) {
    if let Expr::History(_, set, _) = &node.expr {
        sets.push((ActKind::Fulfil, set));
    }
    node.expr.parts().into_iter().for_each(|part| in_node(part, sets));
}

/// The events of a set: each activity bare, and with all that it may have to say.
fn of_set(view: &CaseView<'_>, rule: &Rule, finding: &Finding, kind: ActKind, set: &EventSet) -> Vec<Proposal> {
    let pairing = match &rule.kind {
        Kind::Deadline(deadline) => deadline.pair_by.as_slice(),
        _ => &[],
    };
    let start = view.facts.iter().rev().find(|fact| fact.record_text() == finding.instance);
    let start = start.or(view.facts.first()).map(|fact| fact.event);
    let about = view.facts.iter().rev().find(|fact| !fact.deemed).map(|fact| fact.event);
    let Some(about) = start.or(about) else { return Vec::new() };
    let granted = if kind == ActKind::Extend { granted(view, rule) } else { None };
    let mut proposals = Vec::new();
    for term in &set.terms {
        let (activity, act) = match &term.activities {
            Activities::One(activity) => (activity.clone(), None),
            Activities::Fee(act) => (Activity::Fee, Some(*act)),
            Activities::Any | Activities::Held | Activities::Deleted => continue,
        };
        let mut details = vec![Detail::default(), full(view)];
        if let Some(act) = act {
            details = fees(view, act)
                .into_iter()
                .map(|fee| Detail { fee: Some(Box::new(fee)), ..Detail::default() })
                .collect();
        }
        if let Some(regular) = regular(view, &activity) {
            details.push(regular);
        }
        for mut detail in details {
            pairing.iter().for_each(|field| fields::copy(field, about.detail(), &mut detail));
            term.test.iter().for_each(|test| fields::satisfy(test, &mut detail));
            granted.iter().for_each(|granted| fields::set(&EventField::SpecialGranted, granted, &mut detail));
            let detail = (detail != Detail::default()).then(|| Box::new(detail));
            let event = Event {
                id: TRIED.into(),
                version: 1,
                seq: None,
                op: Op::Put,
                source: about.source.clone(),
                case: view.id.into(),
                activity: activity.clone(),
                at: about.at,
                arrived: None,
                address: about.address.clone(),
                detail,
            };
            proposals.push(Proposal { kind, happened: None, event });
        }
    }
    proposals
}

/// The act as the regular course of a case has it: with what the rules about its end ask of such a fact.
fn regular(view: &CaseView<'_>, activity: &Activity) -> Option<Detail> {
    let rules = view.profile.rules.iter().map(|index| view.configuration.rule(*index));
    let ends = rules.filter_map(|rule| match &rule.kind {
        Kind::Workflow(workflow) => Some(&workflow.at),
        Kind::Requires(requires) => Some(&requires.event),
        _ => None,
    });
    let tests = ends.flat_map(|set| &set.terms).filter_map(|term| match &term.activities {
        Activities::One(one) if one == activity => term.test.as_ref(),
        _ => None,
    });
    let mut detail = Detail::default();
    fields::satisfy(tests.into_iter().next()?, &mut detail);
    Some(detail)
}

/// The longest extension that the rule allows, or a working day where it names no bound.
fn granted(view: &CaseView<'_>, rule: &Rule) -> Option<Value> {
    let Kind::Deadline(deadline) = &rule.kind else { return None };
    let at_most = deadline.extension.as_ref()?.at_most.as_ref();
    let reckoning = Reckoning::of(rule, view.configuration);
    let most = at_most.map(|node| Scope::state(view, &reckoning, view.facts.len()).value(node));
    let one = Value::Span(Span::new(1, Unit::WorkingDays));
    Some(most.filter(|most| matches!(most, Value::Span(_))).unwrap_or(one))
}

/// What an act may have to bring: all materials of the item, and a ground.
fn full(view: &CaseView<'_>) -> Detail {
    let materials = view.item.and_then(|item| item.materials.clone());
    Detail { materials, reason: Some("-".into()), ..Detail::default() }
}

/// Fee records by which the ledger may come right: of each code what was charged, less what came back.
fn fees(view: &CaseView<'_>, act: FeeAct) -> Vec<Fee> {
    let ledger = Ledger::at(view, view.facts.len());
    let groups = ledger.groups(&[LineField::Code]);
    let of_code = |group: &Group| {
        let first = group.entries.first().map(|place| ledger.entries[*place].place);
        let fee = first.and_then(|place| view.facts[place].event.detail().fee.as_deref());
        let code = group.key_value(LineField::Code).map(Into::into);
        let of = |field: fn(&Fee) -> Option<CompactString>| fee.and_then(field);
        Fee {
            act,
            code,
            amount: Some(ledger.net(group)),
            quantity: None,
            period: of(|fee| fee.period.clone()),
            class: of(|fee| fee.class.clone()),
            receipt: of(|fee| fee.receipt.clone()),
            payee: of(|fee| fee.payee.clone()),
            approver: None,
        }
    };
    groups.iter().map(of_code).collect()
}
