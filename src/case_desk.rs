//! One case as people see it: facts in order, lights that stand with their reckoning, cards to come.
//!
//! The API and `explain` show the same view; a proof is shown as it was made, with nothing added.

use alerts::{CaseLight, CaseView, ScheduledCard, TimelineEvent};
use dataflow::Holding;
use facts::transition::StandingLine;
use facts::{Event, Light, Moment};
use rules::configuration::Configuration;
use rules::finding::{CardSpan, Finding};
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
        .flat_map(|finding| {
            let (shown, waiting) = spans(finding, held.holding.as_ref(), now);
            let spans = [shown.map(|span| (span, None)), waiting.map(|(span, until)| (span, Some(until)))];
            let light = |(span, until)| light(&reached, configuration, &owner, finding, span, until, now);
            spans.into_iter().flatten().filter_map(light).collect::<Vec<_>>()
        })
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
        silent_since: held.silent_since,
        clock: now,
        events: events.collect(),
        lights,
    })
}

/// The worst card of a finding that is shown, and the worst that waits for a silent source, with the end of its wait.
fn spans<'a>(
    finding: &'a Finding,
    holding: Option<&Holding>,
    now: Moment,
) -> (Option<&'a CardSpan>, Option<(&'a CardSpan, Moment)>) {
    let Some(holding) = holding else { return (finding.at(now), None) };
    let (waiting, shown): (Vec<_>, Vec<_>) =
        finding.spans.iter().filter(|span| span.holds(now)).partition(|span| holding.holds(span, now));
    let worst = |spans: Vec<&'a CardSpan>| spans.into_iter().max_by_key(|span| span.card);
    (worst(shown), worst(waiting).map(|span| (span, holding.until(span))))
}

fn light(
    case: &Case<'_>,
    configuration: &Configuration,
    owner: &facts::Address,
    finding: &Finding,
    span: &CardSpan,
    held_until: Option<Moment>,
    now: Moment,
) -> Option<CaseLight> {
    let explained = explain(case, configuration, finding.rule, &finding.instance, now)?;
    let standing = StandingLine {
        case: case.id.into(),
        rule: configuration.rule(finding.rule).id.clone(),
        instance: finding.instance.clone(),
        card: span.card,
        light: if held_until.is_some() { Light::Grey } else { span.light },
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
        held_until,
    })
}
