//! `kind = "condition"`: a test on each event of a set, or on the state of the case.

use std::cell::RefCell;

use compact_str::CompactString;
use facts::Moment;
use facts::proof::{ConditionProof, Proof};

use super::evaluate::{Scope, cite};
use super::found::{Found, Why};
use super::reckoning::Reckoning;
use super::state;
use super::view::CaseView;
use crate::expression::{EventSet, Node};
use crate::rule::{ConditionRule, Each, On, Rule};

/// Where a condition held.
#[derive(Clone, Debug)]
pub(crate) enum Hit {
    /// On the event at this place.
    Event { place: usize },
    /// On the fact at this place among those that are not in force.
    Aside { place: usize },
    /// On the state from this instant on.
    State { begin: Moment },
}

/// Findings of a condition rule.
pub(crate) fn judge<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    condition: &ConditionRule,
    reckoning: &Reckoning<'a>,
) -> Vec<Found> {
    let scope = Scope::state(view, reckoning, view.facts.len());
    match &condition.on {
        On::Events(set) => {
            let mut found = on_events(rule, condition, set, scope);
            found.extend(on_aside(rule, condition, set, scope));
            found
        }
        On::Case => on_case(rule, condition, scope),
    }
}

fn on_events(rule: &Rule, condition: &ConditionRule, set: &EventSet, scope: Scope<'_, '_>) -> Vec<Found> {
    let places = chosen(scope.all_places(set).collect(), condition.each);
    let found = places.into_iter().filter_map(|place| {
        let scope = scope.on_event(place);
        if !condition.grounds.iter().any(|ground| scope.holds(ground)) {
            return None;
        }
        let fact = &scope.view.facts[place];
        let instance: CompactString = match condition.each {
            Each::Every => scope.view.record_text(place).into(),
            Each::First | Each::Last => "-".into(),
        };
        Found::event(rule, &scope, instance, fact.at, place, Why::Condition(Hit::Event { place }))
    });
    found.collect()
}

/// Findings about facts that are not in force, each seen as if it stood.
fn on_aside(rule: &Rule, condition: &ConditionRule, set: &EventSet, scope: Scope<'_, '_>) -> Vec<Found> {
    if !set.terms.iter().any(|term| term.activities.aside()) {
        return Vec::new();
    }
    let found = (0..scope.view.aside.len()).filter_map(|aside| {
        let (view, place) = scope.view.with_aside(aside);
        let scope = Scope::state(&view, scope.reckoning, view.facts.len()).on_event(place);
        if !scope.in_set(set, place) || !condition.grounds.iter().any(|ground| scope.holds(ground)) {
            return None;
        }
        let fact = &view.facts[place];
        let why = Why::Condition(Hit::Aside { place: aside });
        Found::event(rule, &scope, fact.record_text().into(), fact.at, place, why)
    });
    found.collect()
}

/// The places that `each` selects.
pub(crate) fn chosen(places: Vec<usize>, each: Each) -> Vec<usize> {
    match each {
        Each::Every => places,
        Each::First => places.into_iter().take(1).collect(),
        Each::Last => places.into_iter().next_back().into_iter().collect(),
    }
}

fn on_case(rule: &Rule, condition: &ConditionRule, scope: Scope<'_, '_>) -> Vec<Found> {
    let holds = |instant: Moment| {
        let scope = Scope { history: scope.view.upto(instant), ..scope };
        condition.grounds.iter().any(|ground| scope.holds(ground))
    };
    let episodes = state::episodes(scope.view, holds);
    let found = episodes.into_iter().filter_map(|episode| {
        let spans =
            state::spans(rule, &scope, &episode, |instant| Scope { history: scope.view.upto(instant), ..scope });
        let began = scope.view.facts.iter().position(|fact| fact.at == episode.begin)?;
        let instance = scope.view.record_text(began).into();
        let why = Why::Condition(Hit::State { begin: episode.begin });
        (!spans.is_empty()).then_some(Found { instance, spans, why })
    });
    found.collect()
}

/// The proof of a hit: the grounds that hold, and what their names stood for.
pub(crate) fn prove<'a>(view: &CaseView<'a>, condition: &ConditionRule, reckoning: &Reckoning<'a>, hit: &Hit) -> Proof {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let scope = match hit {
        Hit::Event { place } | Hit::Aside { place } => scope.on_event(*place),
        Hit::State { begin } => Scope { history: view.upto(*begin), ..scope },
    };
    Proof::Condition(Box::new(proof_of(&scope, &condition.grounds)))
}

/// The grounds that hold in `scope`, with their leaves.
pub(crate) fn proof_of(scope: &Scope<'_, '_>, grounds: &[Node]) -> ConditionProof {
    let leaves = RefCell::new(Vec::new());
    let tracing = Scope { leaves: Some(&leaves), ..*scope };
    let holding: Vec<&str> = grounds
        .iter()
        .filter(|ground| scope.holds(ground) && tracing.holds(ground))
        .map(|ground| ground.text.as_str())
        .collect();
    ConditionProof {
        expression: holding.join(" ; "),
        leaves: leaves.into_inner(),
        event: scope.event.map(|place| cite(&scope.view.facts[place])),
    }
}
