//! One case as people see it: facts in order, lights that stand with their reckoning, cards to come.
//!
//! The API and `explain` show the same view; a proof is shown as it was made, with nothing added.

use alerts::{CaseLight, CaseView, KnownThen, News, NewsKind, ScheduledCard, TimelineEvent};
use dataflow::{GroupLight, GroupsThen, Holding, SOURCE_SILENT};
use facts::transition::StandingLine;
use facts::{Card, Event, History, Light, Moment, Record};
use rules::configuration::Configuration;
use rules::finding::{CardSpan, Finding, Judgement};
use rules::judge::{Case, Explanation, explain, judge, judge_shadow};

/// The view of a case at `now`; `None` when the clock has reached no fact of it.
pub(crate) fn case_view(
    held: &dataflow::CaseView,
    configuration: &Configuration,
    case: &str,
    now: Moment,
) -> Option<CaseView> {
    let owner = held.judgement.owner.clone()?;
    let reached = Case::at(case, &held.history, now);
    let mut lights = lights_of(&reached, configuration, &held.judgement, held.holding.as_ref(), now);
    lights.extend(group_lights((case, &owner), configuration, &held.of_groups, held.holding.as_ref(), now));
    sort_worst_first(&mut lights);
    let events = held
        .history
        .records()
        .iter()
        .map(|record| told(Event { arrived: record.first_arrived, ..record.event.clone() }, configuration));
    Some(CaseView {
        case: case.to_owned(),
        owner,
        item: held.judgement.item.as_ref().map(ToString::to_string),
        open: held.judgement.open,
        silent_since: held.silent_since,
        clock: now,
        events: events.collect(),
        lights,
        shadow: lights_of(&reached, configuration, &judge_shadow(&reached, configuration), held.holding.as_ref(), now),
        then: None,
    })
}

/// What was known of a case at `known_at`: the history as it was `then`, held against what is known `now`, with the lights
/// that `groups` gave it. All is judged by today's configuration, so that what differs is what was learnt.
pub(crate) fn known_then(
    then: &History,
    now: &History,
    configuration: &Configuration,
    case: &str,
    known_at: Moment,
    groups: &GroupsThen,
) -> KnownThen {
    let judged = |history: &History, of_groups: &[GroupLight]| {
        let reached = Case::at(case, history, known_at);
        let judged = judge(&reached, configuration);
        let mut lights = lights_of(&reached, configuration, &judged, None, known_at);
        let owner = judged.owner.iter();
        lights.extend(owner.flat_map(|owner| group_lights((case, owner), configuration, of_groups, None, known_at)));
        sort_worst_first(&mut lights);
        lights
    };
    let (lights, by_today) = (judged(then, &groups.known_then), judged(now, &groups.known_now));
    KnownThen { known_at, lights, by_today, news: news(then, now, configuration) }
}

/// The lights that groups give a case at `now`.
fn group_lights(
    case: (&str, &facts::Address),
    configuration: &Configuration,
    of_groups: &[GroupLight],
    holding: Option<&Holding>,
    now: Moment,
) -> Vec<CaseLight> {
    let of_group = |light: &GroupLight| {
        let explain =
            |card: Card| light.explained.iter().find(|why| why.card == card).map(|why| why.explanation.clone());
        finding_lights(case, configuration, &light.finding, holding, now, explain)
    };
    of_groups.iter().flat_map(of_group).collect()
}

/// A fact as a timeline shows it.
fn told(event: Event, configuration: &Configuration) -> TimelineEvent {
    let named = configuration.activities.get(event.activity.name()).map(|named| named.name.clone());
    TimelineEvent::of(&event, named)
}

/// Records that are known otherwise now.
fn news(then: &History, now: &History, configuration: &Configuration) -> Vec<News> {
    let told = |record: &Record| told(Event { arrived: record.arrived, ..record.event.clone() }, configuration);
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
    news.sort_by_key(|news| {
        news.after.iter().chain(&news.before).map(|event| event.at.moment(&configuration.zone)).next()
    });
    news
}

/// The lights of a judged case at `now`, worst first.
fn lights_of(
    reached: &Case<'_>,
    configuration: &Configuration,
    judged: &Judgement,
    holding: Option<&Holding>,
    now: Moment,
) -> Vec<CaseLight> {
    let Some(owner) = &judged.owner else { return Vec::new() };
    let of_finding = |finding: &Finding| {
        let explain = |card: Card| explain(reached, configuration, finding.rule, &finding.instance, card, now);
        finding_lights((reached.id, owner), configuration, finding, holding, now, explain)
    };
    let mut lights: Vec<CaseLight> = judged.findings.iter().flat_map(of_finding).collect();
    sort_worst_first(&mut lights);
    lights
}

fn sort_worst_first(lights: &mut [CaseLight]) {
    lights.sort_by(|a, b| b.standing.card.cmp(&a.standing.card).then_with(|| a.standing.since.cmp(&b.standing.since)));
}

/// The light of a finding at `now`, and the one that waits for a silent source.
fn finding_lights(
    case: (&str, &facts::Address),
    configuration: &Configuration,
    finding: &Finding,
    holding: Option<&Holding>,
    now: Moment,
    explain: impl Fn(Card) -> Option<Explanation>,
) -> Vec<CaseLight> {
    let spans = spans(finding, holding, now).into_iter().flatten();
    let lights =
        spans.filter_map(|span| Some(light(case, configuration, finding, span, holding, now, explain(span.card)?)));
    lights.collect()
}

/// The worst card of a finding that is shown, and the worst that waits for a silent source.
fn spans<'a>(finding: &'a Finding, holding: Option<&Holding>, now: Moment) -> [Option<&'a CardSpan>; 2] {
    let Some(holding) = holding else { return [finding.at(now), None] };
    let (waiting, shown): (Vec<_>, Vec<_>) =
        finding.spans.iter().filter(|span| span.holds(now)).partition(|span| holding.holds(span, now));
    let worst = |spans: Vec<&'a CardSpan>| spans.into_iter().max_by_key(|span| span.card);
    let shown = worst(shown);
    let worse = |span: &&CardSpan| shown.is_none_or(|shown| shown.card < span.card);
    [shown, worst(waiting).filter(worse)]
}

fn light(
    (case, owner): (&str, &facts::Address),
    configuration: &Configuration,
    finding: &Finding,
    span: &CardSpan,
    holding: Option<&Holding>,
    now: Moment,
    explained: Explanation,
) -> CaseLight {
    let held_until = holding.filter(|holding| holding.holds(span, now)).map(|holding| holding.until(span));
    // It waited, and stands all the same.
    let in_vain = holding.is_some_and(|holding| holding.concerns(span)) && held_until.is_none();
    let in_vain = in_vain.then(|| SOURCE_SILENT.to_owned());
    let standing = StandingLine {
        case: case.into(),
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
    CaseLight {
        standing,
        rule_version: explained.rule_version.to_string(),
        basis: explained.basis.to_string(),
        proof: Some(explained.proof),
        warnings: explained.warnings.iter().map(ToString::to_string).chain(in_vain).collect(),
        schedule,
        held_until,
    }
}
