//! One case as people see it: facts in order, lights that stand with their reckoning, cards to come.
//!
//! The API and `explain` show the same view; a proof is shown as it was made, with nothing added.

use alerts::{CaseLight, CaseView, ScheduledCard, TimelineEvent};
use facts::transition::StandingLine;
use facts::{Event, Moment};
use rules::configuration::Configuration;
use rules::finding::Finding;
use rules::judge::{Case, explain};

/// The view of a case at `now`; `None` when the clock has reached no fact of it.
pub(crate) fn case_view(
    held: &dataflow::CaseView,
    configuration: &Configuration,
    case: &str,
    now: Moment,
) -> Option<CaseView> {
    let owner = held.judgement.owner.clone()?;
    let reached = Case::at(case, &held.history, now);
    let mut lights: Vec<CaseLight> = held
        .judgement
        .findings
        .iter()
        .filter_map(|finding| light(&reached, configuration, &owner, finding, now))
        .collect();
    lights.sort_by(|a, b| b.standing.card.cmp(&a.standing.card).then_with(|| a.standing.since.cmp(&b.standing.since)));
    let events = held
        .history
        .records()
        .iter()
        .map(|record| TimelineEvent::of(&Event { arrived: record.first_arrived, ..record.event.clone() }));
    Some(CaseView {
        case: case.to_owned(),
        owner,
        item: held.judgement.item.as_ref().map(ToString::to_string),
        open: held.judgement.open,
        clock: now,
        events: events.collect(),
        lights,
    })
}

fn light(
    case: &Case<'_>,
    configuration: &Configuration,
    owner: &facts::Address,
    finding: &Finding,
    now: Moment,
) -> Option<CaseLight> {
    let span = finding.at(now)?;
    let explained = explain(case, configuration, finding.rule, &finding.instance, now)?;
    let standing = StandingLine {
        case: case.id.into(),
        rule: configuration.rule(finding.rule).id.clone(),
        instance: finding.instance.clone(),
        card: span.card,
        light: span.light,
        since: span.since,
        level: owner.level,
        region: owner.region,
        dept: owner.dept.clone(),
        reason: explained.reason,
    };
    let mut schedule: Vec<ScheduledCard> = finding
        .spans
        .iter()
        .filter(|later| later.from > now && later.card > span.card)
        .map(|later| ScheduledCard { card: later.card, light: later.light, from: later.from })
        .collect();
    schedule.sort_by_key(|later| later.from);
    Some(CaseLight {
        standing,
        rule_version: explained.rule_version.to_string(),
        basis: explained.basis.to_string(),
        proof: Some(explained.proof),
        warnings: explained.warnings.iter().map(ToString::to_string).collect(),
        schedule,
    })
}
