//! Why the kind of a rule finds nothing, or nothing more, in a case that the rule reaches: one answer a kind, each asked
//! of the functions by which that kind judges.

use compact_str::{CompactString, ToCompactString, format_compact};
use facts::proof::Cited;
use facts::why_not::Reason;
use facts::{Activity, Moment};

use super::nearest::{missing, nearest, unmet};
use crate::counting::Mark;
use crate::expression::{Activities, EventSet, Node};
use crate::judge::condition::chosen;
use crate::judge::count;
use crate::judge::deadline::{Instance, erased, instances, limit_of, limit_word};
use crate::judge::evaluate::{Scope, cite};
use crate::judge::ledger::Ledger;
use crate::judge::reckoning::Reckoning;
use crate::judge::view::CaseView;
use crate::rule::{
    Bound, ConditionRule, Count, Deadline, Each, FeeRule, Forbids, Kind, On, Requires, Rule, Start, Workflow,
    WorkflowCheck,
};

/// Events of one rule that are told of, the last ones.
const EVENTS_MAX: usize = 5;

/// A rule that reaches the case, and the instances that it found.
pub(super) struct Asked<'v, 'a> {
    pub(super) view: &'v CaseView<'a>,
    pub(super) rule: &'v Rule,
    pub(super) reckoning: &'v Reckoning<'a>,
    /// Was something found for this instance?
    pub(super) known: &'v dyn Fn(&str) -> bool,
    pub(super) now: Moment,
}

impl<'v, 'a> Asked<'v, 'a> {
    /// Why nothing more was found.
    pub(super) fn reasons(&self) -> Vec<Reason> {
        match &self.rule.kind {
            Kind::Deadline(deadline) => self.deadline(deadline),
            Kind::Requires(requires) => self.requires(requires),
            Kind::Forbids(forbids) => self.forbids(forbids),
            Kind::Count(count) => self.count(count),
            Kind::Separation(separation) => {
                let acts = separation.acts.iter().map(|act| act.text.clone()).collect();
                vec![Reason::NotShared { acts }]
            }
            Kind::Workflow(workflow) => self.workflow(workflow),
            Kind::Fee(fee) => self.fee(fee),
            Kind::Condition(condition) => self.condition(condition),
        }
    }

    fn scope(&self) -> Scope<'v, 'a> {
        Scope::state(self.view, self.reckoning, self.view.facts.len())
    }

    fn cite(&self, place: usize) -> Cited {
        cite(&self.view.facts[place])
    }

    /// Nothing of `set` has happened; told beside it is what has the name and fails the test.
    fn not_begun(&self, set: &EventSet) -> Reason {
        let has_name = |activity: &Activity| {
            set.terms.iter().any(|term| matches!(&term.activities, Activities::One(one) if one == activity))
        };
        let seen = (0..self.view.facts.len()).filter(|place| has_name(&self.view.facts[*place].event.activity));
        Reason::NotBegun {
            wanted: set.text.clone(),
            seen: last(seen.collect()).into_iter().map(|place| self.cite(place)).collect(),
        }
    }

    /// What holds the cards back whose own condition does not hold.
    fn cards_refused(&self, scope: &Scope<'_, '_>, event: Option<usize>) -> Vec<Reason> {
        let refused = self.rule.cards.iter().filter_map(|card| {
            let node = card.when.as_ref().filter(|node| !scope.holds(node))?;
            let event = event.map(|place| self.cite(place));
            Some(Reason::Condition { place: "card".into(), event, card: Some(card.card), unmet: unmet(scope, node) })
        });
        refused.collect()
    }

    fn refused(&self, place: &str, scope: &Scope<'_, '_>, event: usize, node: &Node) -> Reason {
        let event = Some(self.cite(event));
        Reason::Condition { place: place.into(), event, card: None, unmet: unmet(scope, node) }
    }

    fn deadline(&self, deadline: &Deadline) -> Vec<Reason> {
        if erased(self.view) {
            return vec![Reason::Erased];
        }
        let scope = self.scope();
        let runs = instances(&scope, deadline);
        let mut reasons = Vec::new();
        match (&deadline.start, runs.is_empty()) {
            (Start::Events(set), _) => {
                let places: Vec<usize> = scope.places(set).collect();
                if places.is_empty() {
                    return vec![self.not_begun(set)];
                }
                let began = |place: &usize| runs.iter().any(|run| run.start == Some(*place));
                if let Some(node) = &deadline.condition {
                    let refused = last(places.into_iter().filter(|place| !began(place)).collect());
                    reasons.extend(refused.into_iter().filter_map(|place| {
                        let scope = Scope { start: Some(place), ..scope.on_event(place) };
                        (!scope.holds(node)).then(|| self.refused("where", &scope, place, node))
                    }));
                }
            }
            (Start::Instant(node), true) => {
                return vec![Reason::NotBegun { wanted: node.text.clone(), seen: Vec::new() }];
            }
            _ => {}
        }
        let from = runs.len().saturating_sub(EVENTS_MAX);
        reasons.extend(runs[from..].iter().flat_map(|run| self.run(&scope, deadline, run)));
        reasons
    }

    /// What became of one run of the clock, unless all its cards stand.
    fn run(&self, scope: &Scope<'v, 'a>, deadline: &Deadline, run: &Instance) -> Vec<Reason> {
        let instance: CompactString = match (deadline.each, run.start) {
            (Each::Every, Some(place)) => self.view.record_text(place).into(),
            _ => "-".into(),
        };
        let seen = run.scope(scope);
        let mut reasons = self.cards_refused(&seen, run.start);
        let limits = self.rule.cards.iter().map(|card| (card, limit_of(scope, deadline, card, run)));
        let Some(limit) = limits.clone().find_map(|(_, limit)| limit) else {
            let written = limits.map(|(card, _)| card.limit.as_ref().or(deadline.limit.as_ref()));
            let written = written.flatten().next();
            let text = written.map(|node| node.text.clone()).unwrap_or_default();
            let missing = written.map(|node| missing(&seen, node)).unwrap_or_default();
            reasons.push(Reason::NoLimit { instance, limit: text, missing });
            return reasons;
        };
        let (cuts, start) = (run.cuts(), run.start.map(|place| self.cite(place)));
        let due = self.reckoning.clock(run.from, &cuts).mark(&limit, Mark::Due, &run.grants()).map(|due| due.at);
        match run.ended() {
            Some(at) if !(self.known)(&instance) => {
                let end = [run.stop, run.cancel].into_iter().flatten().find(|end| end.at == at);
                let end = end.and_then(|end| end.place).map(|place| self.cite(place));
                reasons.push(Reason::EndedInTime { instance, start, end, at, due });
            }
            None if deadline.silent => reasons.push(Reason::OnlyAtTheEnd { instance, start, due }),
            None if due.is_none_or(|due| self.now <= due) => {
                let now = |pause: &&crate::judge::deadline::NamedPause| {
                    pause.cut.from <= self.now && pause.cut.to.is_none_or(|to| self.now < to)
                };
                let paused = run.pauses.iter().filter(now).map(|pause| pause.name.clone()).collect();
                reasons.push(Reason::Running { instance, start, limit: limit_word(&limit), due, paused });
            }
            _ => {}
        }
        reasons
    }

    fn requires(&self, requires: &Requires) -> Vec<Reason> {
        let scope = self.scope();
        let places = chosen(scope.all_places(&requires.event).collect(), requires.each);
        if places.is_empty() {
            return vec![self.not_begun(&requires.event)];
        }
        let silent = places.into_iter().filter(|place| !self.found_at(*place, requires.each));
        let told = last(silent.collect()).into_iter().map(|place| {
            let on_event = scope.on_event(place);
            if let Some(node) = requires.condition.as_ref().filter(|node| !on_event.holds(node)) {
                return self.refused("where", &on_event, place, node);
            }
            if let Some(since) = requires.since.as_ref().filter(|since| on_event.places(since).next().is_none()) {
                return self.not_begun(since);
            }
            if let Some(refused) = self.cards_refused(&on_event, Some(place)).into_iter().next() {
                return refused;
            }
            let needs = requires.before.iter().map(|set| set.text.clone()).collect();
            Reason::Served { event: self.cite(place), needs }
        });
        told.collect()
    }

    fn forbids(&self, forbids: &Forbids) -> Vec<Reason> {
        let scope = self.scope();
        let places = chosen(scope.all_places(&forbids.event).collect(), forbids.each);
        if places.is_empty() {
            return vec![self.not_begun(&forbids.event)];
        }
        let bans: Vec<usize> = scope.all_places(&forbids.after).collect();
        let silent = places.into_iter().filter(|place| !self.found_at(*place, forbids.each));
        let told = last(silent.collect()).into_iter().map(|place| {
            let earlier = bans.iter().copied().rfind(|ban| *ban < place);
            if let (Some(node), Some(_)) = (&forbids.condition, earlier) {
                let on_pair = Scope { earlier, ..scope.on_event(place) };
                if !on_pair.holds(node) {
                    return self.refused("where", &on_pair, place, node);
                }
            }
            let nearest = earlier.map(|earlier| self.cite(earlier));
            Reason::NotForbidden { event: self.cite(place), after: forbids.after.text.clone(), nearest }
        });
        told.collect()
    }

    fn count(&self, count: &Count) -> Vec<Reason> {
        let (begins, bound) = match &count.bound {
            Bound::Max(most) => (&count.of, format_compact!("<= {most}")),
            Bound::Min(least, at) => (at, format_compact!(">= {least}")),
        };
        let tallies = count::tallies(self.view, count, self.reckoning);
        if tallies.is_empty() {
            return vec![self.not_begun(begins)];
        }
        let instance = |key: &CompactString| if key.is_empty() { "-".into() } else { key.clone() };
        let silent = tallies.into_iter().filter(|(key, _)| !(self.known)(&instance(key)));
        silent.map(|(key, count)| Reason::Counted { key, count, bound: bound.clone() }).collect()
    }

    fn workflow(&self, workflow: &Workflow) -> Vec<Reason> {
        let Some(item) = self.view.item.filter(|item| !item.stages.is_empty()) else {
            return vec![Reason::PathInOrder { item: None }];
        };
        let scope = self.scope();
        if workflow.check == WorkflowCheck::Complete && scope.places(&workflow.at).next().is_none() {
            return vec![self.not_begun(&workflow.at)];
        }
        vec![Reason::PathInOrder { item: Some(format_compact!("{}@{}", item.code, item.version)) }]
    }

    fn fee(&self, fee: &FeeRule) -> Vec<Reason> {
        let ledger = Ledger::at(self.view, self.view.facts.len());
        if ledger.entries.is_empty() {
            return vec![Reason::NoFee];
        }
        let groups = ledger.groups(&fee.by);
        let told = groups.iter().filter_map(|group| {
            let scope = Scope { ledger: Some((&ledger, group)), ..self.scope() };
            let unmet = nearest(&scope, &fee.grounds)?;
            if unmet.parts.is_empty() {
                return self.cards_refused(&scope, None).into_iter().next();
            }
            let place = format_compact!("when {}", group.key_text());
            Some(Reason::Condition { place, event: None, card: None, unmet })
        });
        told.collect()
    }

    fn condition(&self, condition: &ConditionRule) -> Vec<Reason> {
        let scope = self.scope();
        let set = match &condition.on {
            On::Events(set) => set,
            On::Case => {
                let Some(unmet) = nearest(&scope, &condition.grounds) else { return Vec::new() };
                if unmet.parts.is_empty() {
                    return self.cards_refused(&scope, None);
                }
                return vec![Reason::Condition { place: "when".into(), event: None, card: None, unmet }];
            }
        };
        let places = chosen(scope.all_places(set).collect(), condition.each);
        if places.is_empty() {
            return vec![self.not_begun(set)];
        }
        let silent = places.into_iter().filter(|place| !self.found_at(*place, condition.each));
        let told = last(silent.collect()).into_iter().flat_map(|place| {
            let on_event = scope.on_event(place);
            let Some(unmet) = nearest(&on_event, &condition.grounds) else { return Vec::new() };
            if unmet.parts.is_empty() {
                return self.cards_refused(&on_event, Some(place));
            }
            let event = Some(self.cite(place));
            vec![Reason::Condition { place: "when".into(), event, card: None, unmet }]
        });
        told.collect()
    }

    /// Was something found about the event at `place`?
    fn found_at(&self, place: usize, each: Each) -> bool {
        match each {
            Each::Every => (self.known)(&self.view.record_text(place).to_compact_string()),
            Each::First | Each::Last => (self.known)("-"),
        }
    }
}

/// The last few.
fn last(mut places: Vec<usize>) -> Vec<usize> {
    let from = places.len().saturating_sub(EVENTS_MAX);
    places.split_off(from)
}
