//! `kind = "workflow"`: the item's stages against what happened.
//!
//! Stages of one instant that no `seq` tells apart are read in the item's stage order, the reading
//! that breaks no rule (semantics 1). Where a case is reopened its path begins anew: no step leads from the stages
//! before to those after.

use compact_str::CompactString;
use facts::proof::{Proof, WorkflowProof};
use facts::{Activity, Moment};

use super::between::not_after;
use super::evaluate::{Scope, cite};
use super::found::{Found, Why};
use super::reckoning::Reckoning;
use super::view::CaseView;
use crate::catalogue::{Item, Stage};
use crate::rule::{Rule, Workflow, WorkflowCheck};
use crate::value::Value;

/// A visited stage.
struct Step {
    place: usize,
    code: CompactString,
    at: Moment,
    /// How often the case had been reopened.
    round: usize,
}

/// What is wrong with the path.
#[derive(Clone, Debug)]
pub(crate) enum Breach {
    /// A required stage was not visited at the event in `at`.
    Missing { stage: CompactString, at: usize },
    /// A step the graph does not know.
    Edge { from: CompactString, to: CompactString, step: usize },
    /// A stage that came after a later one.
    Order { stage: CompactString, step: usize },
    /// A stage outside the graph.
    Unknown { stage: CompactString, step: usize },
}

/// Findings of a workflow rule.
pub(crate) fn judge<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    workflow: &Workflow,
    reckoning: &Reckoning<'a>,
) -> Vec<Found> {
    let Some(item) = view.item.filter(|item| !item.stages.is_empty()) else { return Vec::new() };
    let scope = Scope::state(view, reckoning, view.facts.len());
    let path = path(&scope, workflow, item);
    let breaches = match workflow.check {
        WorkflowCheck::Complete => missing_stages(&scope, workflow, item, &path),
        WorkflowCheck::Edges => unknown_edges(item, &path),
        WorkflowCheck::Order => out_of_order(item, &path),
        WorkflowCheck::Known => unknown_stages(item, &path),
    };
    let found = breaches.into_iter().map(|breach| {
        let (instance, place) = match &breach {
            Breach::Missing { stage, at } => (stage.clone(), *at),
            Breach::Edge { from, to, step } => (format!("{from}>{to}").into(), *step),
            Breach::Order { stage, step } | Breach::Unknown { stage, step } => (stage.clone(), *step),
        };
        let since = view.facts[place].at;
        Found::event(rule, &scope.on_event(place), instance, since, place, Why::Workflow(breach))
    });
    Found::first_of_each_instance(found.flatten())
}

/// Stages in the order they were visited.
fn path(scope: &Scope<'_, '_>, workflow: &Workflow, item: &Item) -> Vec<Step> {
    let view = scope.view;
    let reopened: Vec<Moment> =
        view.facts.iter().filter(|fact| fact.event.activity == Activity::Reopened).map(|fact| fact.at).collect();
    let round = |at: Moment| reopened.partition_point(|reopened| *reopened <= at);
    let mut steps: Vec<Step> = scope
        .places(&workflow.of)
        .filter_map(|place| match scope.event_field(place, &workflow.step) {
            Value::Text(code) => {
                let at = view.facts[place].at;
                Some(Step { place, code, at, round: round(at) })
            }
            _ => None,
        })
        .collect();
    let order = |step: &Step| item.stage(&step.code).map_or(u32::MAX, |stage| stage.order);
    // Only where one source numbered all steps of an instant do its numbers order them; by pairs they could contradict
    // the item's order, and each other.
    for together in steps.chunk_by_mut(|a, b| a.at == b.at) {
        let event = |step: &Step| view.facts[step.place].event;
        let source = &event(&together[0]).source;
        let told = together.iter().all(|step| event(step).source == *source && event(step).seq.is_some());
        together.sort_by_key(|step| (event(step).seq.filter(|_| told), order(step)));
    }
    steps
}

fn missing_stages(scope: &Scope<'_, '_>, workflow: &Workflow, item: &Item, path: &[Step]) -> Vec<Breach> {
    let Some(at) = scope.places(&workflow.at).next() else { return Vec::new() };
    let facts = &scope.view.facts;
    let in_time = |step: &Step| not_after(&facts[step.place], &facts[at], false);
    let visited = |stage: &str| path.iter().any(|step| step.code == stage && in_time(step));
    let required = item.stages.iter().filter(|stage| stage.required && !visited(&stage.code));
    required.map(|stage| Breach::Missing { stage: stage.code.clone(), at }).collect()
}

/// Steps between known stages; a stage outside the graph is another rule's matter and hides no step.
fn unknown_edges(item: &Item, path: &[Step]) -> Vec<Breach> {
    let known: Vec<(&Step, &Stage)> = path.iter().filter_map(|step| Some((step, item.stage(&step.code)?))).collect();
    let steps = known.windows(2).filter_map(|pair| {
        let ((from, stage), (to, _)) = (pair[0], pair[1]);
        let edge = from.round != to.round
            || from.code == to.code
            || stage.next.contains(&to.code)
            || stage.returns.contains(&to.code);
        (!edge).then(|| Breach::Edge { from: from.code.clone(), to: to.code.clone(), step: to.place })
    });
    steps.collect()
}

fn out_of_order(item: &Item, path: &[Step]) -> Vec<Breach> {
    let order = |step: &Step| item.stage(&step.code).map(|stage| stage.order);
    let returned =
        |from: &Step, to: &Step| item.stage(&from.code).is_some_and(|stage| stage.returns.contains(&to.code));
    let steps = path.windows(2).filter_map(|pair| {
        let one_round = pair[0].round == pair[1].round;
        let back = one_round && order(&pair[1])? < order(&pair[0])? && !returned(&pair[0], &pair[1]);
        back.then(|| Breach::Order { stage: pair[1].code.clone(), step: pair[1].place })
    });
    steps.collect()
}

fn unknown_stages(item: &Item, path: &[Step]) -> Vec<Breach> {
    let unknown = path.iter().filter(|step| item.stage(&step.code).is_none());
    unknown.map(|step| Breach::Unknown { stage: step.code.clone(), step: step.place }).collect()
}

/// The proof of a breach.
pub(crate) fn prove<'a>(view: &CaseView<'a>, workflow: &Workflow, reckoning: &Reckoning<'a>, breach: &Breach) -> Proof {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let item = view.item;
    let path = item.map(|item| path(&scope, workflow, item)).unwrap_or_default();
    let (missing, edge, at) = match breach {
        Breach::Missing { stage, at } => (vec![stage.clone()], None, *at),
        Breach::Edge { from, to, step } => (Vec::new(), Some((from.clone(), to.clone())), *step),
        Breach::Order { step, .. } | Breach::Unknown { step, .. } => (Vec::new(), None, *step),
    };
    let required =
        item.map(|item| item.stages.iter().filter(|stage| stage.required).map(|stage| stage.code.clone()).collect());
    Proof::Workflow(Box::new(WorkflowProof {
        graph: item.map(|item| format!("{}@{}", item.code, item.version).into()).unwrap_or_default(),
        required: required.unwrap_or_default(),
        path: path.iter().map(|step| cite(&view.facts[step.place])).collect(),
        missing,
        edge,
        at: Some(cite(&view.facts[at])),
    }))
}
