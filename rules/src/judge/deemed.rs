//! Deemed facts: what the law makes of silence (行政许可法 32), derived in judgement, never fed back.
//!
//! A deemed fact is in force from its due instant on. Before that the case is judged without it, after
//! it with it, and the two schedules are joined there. A decision dated in time that arrives later
//! takes the deemed fact away; one dated later does not move it (semantics 18). Rules that deem do not
//! see deemed facts.

use facts::{Event, Moment};

use super::found::Found;
use super::reckoning::Reckoning;
use super::view::CaseView;
use super::{Case, applies, deadline, judge_rule};
use crate::configuration::Configuration;
use crate::finding::CardSpan;
use crate::rule::{Kind, Rule};

/// A fact with the first instant from which it is in force.
pub(crate) type Deemed = (Event, Moment);

/// The deemed facts of a case, in order of the instants from which they are in force.
pub(crate) fn facts(view: &CaseView<'_>) -> Vec<Deemed> {
    let rules = view.profile.rules.iter().map(|index| view.configuration.rule(*index));
    let mut facts: Vec<Deemed> = rules
        .filter_map(|rule| {
            let Kind::Deadline(deadline) = &rule.kind else { return None };
            deadline.deems.as_ref()?;
            let reckoning = Reckoning::of(rule, view.configuration);
            applies::applies(view, rule, &reckoning).then(|| deadline::deem(view, rule, deadline, &reckoning))?
        })
        .collect();
    facts.sort_by_key(|(_, from)| *from);
    facts
}

/// Those in force at `now`.
pub(crate) fn in_force(facts: &[Deemed], now: Moment) -> Vec<Event> {
    facts.iter().filter(|(_, from)| *from <= now).map(|(event, _)| event.clone()).collect()
}

/// Does this rule judge without deemed facts?
pub(crate) fn blind(rule: &Rule) -> bool {
    matches!(&rule.kind, Kind::Deadline(deadline) if deadline.deems.is_some())
}

/// For each of `facts` what is in force from its instant on: what the views of [`phases`] borrow.
pub(crate) fn sets(facts: &[Deemed]) -> Vec<Vec<Event>> {
    (1..=facts.len()).map(|count| in_force(&facts[..count], facts[count - 1].1)).collect()
}

/// A case as rules see it while one set of deemed facts is in force.
pub(crate) struct Phase<'a> {
    from: Moment,
    until: Option<Moment>,
    view: CaseView<'a>,
}

/// The case from each instant on at which the set of deemed facts grows; `sets` are those of `facts`. Made once for all
/// rules.
pub(crate) fn phases<'a>(
    case: &Case<'a>,
    configuration: &'a Configuration,
    facts: &[Deemed],
    sets: &'a [Vec<Event>],
) -> Vec<Phase<'a>> {
    let phase = |(place, set): (usize, &'a Vec<Event>)| {
        let until = facts.get(place + 1).map(|(_, next)| *next);
        Some(Phase { from: facts[place].1, until, view: CaseView::new(case, set, configuration)? })
    };
    sets.iter().enumerate().filter_map(phase).collect()
}

/// What a rule finds over all times: one judgement for each set of deemed facts in force, joined at
/// the instants where the set grows.
pub(crate) fn judge_with(plain: &CaseView<'_>, phases: &[Phase<'_>], rule: &Rule) -> Vec<Found> {
    let without = judge_rule(plain, rule);
    let Some(first) = phases.first().filter(|_| !blind(rule)) else { return without };
    let mut joined = clipped(without, Moment::MIN, Some(first.from));
    for Phase { from, until, view } in phases {
        merge(&mut joined, clipped(judge_rule(view, rule), *from, *until));
    }
    joined
}

/// The parts of schedules that lie in `[from, until)`.
fn clipped(found: Vec<Found>, from: Moment, until: Option<Moment>) -> Vec<Found> {
    let clip = |span: CardSpan| {
        let end = [span.until, until].into_iter().flatten().min();
        let begin = span.from.max(from);
        end.is_none_or(|end| begin < end).then_some(CardSpan { from: begin, until: end, ..span })
    };
    let clipped =
        found.into_iter().map(|found| Found { spans: found.spans.into_iter().filter_map(clip).collect(), ..found });
    clipped.filter(|found| !found.spans.is_empty()).collect()
}

fn merge(joined: &mut Vec<Found>, later: Vec<Found>) {
    for found in later {
        match joined.iter_mut().find(|held| held.instance == found.instance) {
            Some(held) => {
                held.spans.extend(found.spans);
                held.why = found.why;
            }
            None => joined.push(found),
        }
    }
}
