//! One case as people see it: facts in order, lights that stand with their reckoning, cards to come.
//!
//! The API and `explain` show the same view; a proof is shown as it was made, with nothing added.

use alerts::{CaseLight, CaseView, KnownThen, News, NewsKind, ScheduledCard, TimelineEvent};
use facts::transition::StandingLine;
use facts::{Event, History, Moment, Record};
use jiff::tz::TimeZone;
use rules::configuration::Configuration;
use rules::finding::{Finding, Judgement};
use rules::judge::{Case, explain, judge, judge_shadow};

/// The view of a case at `now`; `None` when the clock has reached no fact of it.
pub(crate) fn case_view(
    held: &dataflow::CaseView,
    configuration: &Configuration,
    case: &str,
    now: Moment,
) -> Option<CaseView> {
    let owner = held.judgement.owner.clone()?;
    let reached = Case::at(case, &held.history, now);
    let lights = lights_of(&reached, configuration, &held.judgement, now);
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
        shadow: lights_of(&reached, configuration, &judge_shadow(&reached, configuration), now),
        then: None,
    })
}

/// What was known of a case at `known_at`: the history as it was `then`, held against what is known `now`. Both are judged
/// by today's configuration, so that what differs is what was learnt.
pub(crate) fn known_then(
    then: &History,
    now: &History,
    configuration: &Configuration,
    case: &str,
    known_at: Moment,
) -> KnownThen {
    let judged = |history: &History| {
        let reached = Case::at(case, history, known_at);
        lights_of(&reached, configuration, &judge(&reached, configuration), known_at)
    };
    KnownThen { known_at, lights: judged(then), by_today: judged(now), news: news(then, now, &configuration.zone) }
}

/// Records that are known otherwise now.
fn news(then: &History, now: &History, zone: &TimeZone) -> Vec<News> {
    let told = |record: &Record| TimelineEvent::of(&Event { arrived: record.arrived, ..record.event.clone() });
    let learnt = now.records().iter().filter_map(|record| match then.record_of(&record.event) {
        None => Some(News { kind: NewsKind::Added, before: None, after: Some(told(record)) }),
        Some(before) if before.event != record.event => {
            let (before, after) = (told(before), told(record));
            Some(News { kind: NewsKind::Corrected, before: Some(before), after: Some(after) })
        }
        Some(_) => None,
    });
    let gone = then.records().iter().filter(|record| now.record_of(&record.event).is_none());
    let gone = gone.map(|record| News { kind: NewsKind::Deleted, before: Some(told(record)), after: None });
    let mut news: Vec<News> = learnt.chain(gone).collect();
    news.sort_by_key(|news| news.after.iter().chain(&news.before).map(|event| event.at.moment(zone)).next());
    news
}

/// The lights of a judged case at `now`, worst first.
fn lights_of(reached: &Case<'_>, configuration: &Configuration, judged: &Judgement, now: Moment) -> Vec<CaseLight> {
    let Some(owner) = &judged.owner else { return Vec::new() };
    let findings = judged.findings.iter();
    let mut lights: Vec<CaseLight> =
        findings.filter_map(|finding| light(reached, configuration, owner, finding, now)).collect();
    lights.sort_by(|a, b| b.standing.card.cmp(&a.standing.card).then_with(|| a.standing.since.cmp(&b.standing.since)));
    lights
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
