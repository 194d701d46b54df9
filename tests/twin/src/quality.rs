//! What is wrong with the data itself. Each fault warns; the light goes when the data is put right.
//!
//! Two groups: faults of records, seen in the versions as they came ([`of_records`]), and faults of a case,
//! seen in its facts ([`lit`]). Codes of a source with a map are translated here, too ([`translate`]).

use facts::event::{Detail, FeeAct};
use facts::{Activity, Address, Card, Event, EventTime, Moment, Op};
use jiff::civil::Time;

use crate::calendar::TwinCalendar;
use crate::case::{Case, Fact, beats, opening, sets_case_facts};
use crate::overdue::{acceptance, counting, deemed_acceptance};
use crate::{Lit, TwinProfile};

/// How far clocks may differ, in milliseconds.
const SKEW: i64 = 300_000;

/// The one source that has a map, config/sources/example.toml: outcomes, case types, stages.
pub(crate) const MAPPED_SOURCE: &str = "example";
pub(crate) const OUTCOMES: [(&str, &str); 7] = [
    ("0", "certified"),
    ("1", "returned"),
    ("2", "voided"),
    ("3", "deleted"),
    ("4", "forwarded"),
    ("5", "lapsed"),
    ("6", "other"),
];
pub(crate) const CASE_TYPES: [(&str, &str); 4] =
    [("0", "instant"), ("1", "promised"), ("2", "forwarded"), ("3", "joint")];
pub(crate) const STAGES: [(&str, &str); 4] =
    [("承办", "handle"), ("踏勘", "site_visit"), ("审核", "review"), ("批准", "approve")];

/// Puts the codes of a source with a map into our words, and midnight into a day; true when a code has no word.
pub(crate) fn translate(event: &mut Event, at: Moment, calendar: &TwinCalendar) -> bool {
    if event.source != MAPPED_SOURCE {
        return false;
    }
    if at.civil(&calendar.zone).time() == Time::midnight() {
        event.at = EventTime::day(calendar.date(at));
    }
    let Some(detail) = event.detail.as_deref_mut() else { return false };
    let Detail { outcome, case_type, stage, .. } = detail;
    let codes = [(outcome, &OUTCOMES[..]), (case_type, &CASE_TYPES[..]), (stage, &STAGES[..])];
    let unknown = codes.into_iter().filter_map(|(code, map)| {
        let code = code.as_mut()?;
        let ours = map.iter().find(|(theirs, _)| theirs == code);
        ours.inspect(|(_, ours)| *code = (*ours).into());
        ours.is_none().then_some(())
    });
    unknown.count() > 0
}

/// Every version of one record that is known, with its arrival.
type Versions = Vec<(Event, Moment)>;

fn records(id: &str, known: &[(Event, Moment)], t: Moment) -> Vec<Versions> {
    let mut records: Vec<Versions> = Vec::new();
    for (event, arrived) in known.iter().filter(|(event, arrived)| event.case == id && *arrived <= t) {
        let version = (Event { arrived: None, ..event.clone() }, *arrived);
        match records.iter_mut().find(|versions| versions[0].0.same_record(event)) {
            Some(versions) => versions.push(version),
            None => records.push(vec![version]),
        }
    }
    records
}

fn greatest<'v>(versions: impl Iterator<Item = &'v Event>, calendar: &TwinCalendar) -> Option<&'v Event> {
    versions.reduce(|held, event| if beats(event, held, calendar) { event } else { held })
}

/// When exactly this was first said.
fn first_said(versions: &Versions, event: &Event) -> Option<Moment> {
    versions.iter().filter(|(version, _)| version == event).map(|(_, arrived)| *arrived).min()
}

/// The put that a final delete bars, with the delete.
fn barred<'v>(versions: &'v Versions, calendar: &TwinCalendar) -> Option<(&'v Event, &'v Event)> {
    let delete = greatest(versions.iter().map(|(event, _)| event), calendar)?;
    let puts = versions.iter().map(|(event, _)| event).filter(|event| event.op == Op::Put);
    let put = greatest(puts, calendar)?;
    (delete.op == Op::Delete && delete.version == Event::FINAL).then_some((put, delete))
}

fn record(event: &Event) -> String {
    Fact::of(event.clone(), Moment::MIN, Moment::MIN).record()
}

/// Two contents under one version, a put after a final delete, a time ahead of the arrival.
pub(crate) fn of_records(id: &str, known: &[(Event, Moment)], calendar: &TwinCalendar, t: Moment) -> Vec<Lit> {
    let mut lit = Vec::new();
    let mut warn = |rule, event: &Event, since| {
        lit.push(Lit { rule, instance: record(event), card: Card::Warning, since });
    };
    for versions in records(id, known, t) {
        if let Some((put, delete)) = barred(&versions, calendar) {
            let (told, deleted) = (first_said(&versions, put), first_said(&versions, delete));
            if let Some(told) = told.filter(|told| deleted.is_some_and(|deleted| *told > deleted)) {
                warn("DQ-02", put, told);
            }
        }
        let all = versions.iter().map(|(event, _)| event);
        let Some(winner) = greatest(all.clone(), calendar).filter(|event| event.op == Op::Put) else { continue };
        let (at, told) = (winner.at.moment(&calendar.zone), first_said(&versions, winner));
        let rival = |event: &&Event| event.op == Op::Put && event.version == winner.version && *event != winner;
        if at <= t && all.clone().any(|event| rival(&event)) {
            warn("DQ-01", winner, at);
        }
        if let Some(told) = told.filter(|told| at > told.plus_millis(SKEW)) {
            warn("DQ-11", winner, told);
        }
    }
    lit
}

/// The office that will own a case of which nothing is seen yet.
pub(crate) fn owner_to_come(
    id: &str,
    known: &[(Event, Moment)],
    calendar: &TwinCalendar,
    t: Moment,
) -> Option<Address> {
    let records = records(id, known, t);
    let at = |event: &Event| event.at.moment(&calendar.zone);
    let winners = records.iter().filter_map(|versions| greatest(versions.iter().map(|(event, _)| event), calendar));
    let mut to_come: Vec<Fact> = winners
        .filter(|event| event.op == Op::Put)
        .map(|event| Fact::of(event.clone(), at(event), Moment::MIN))
        .collect();
    let deleted = records.iter().filter_map(|versions| barred(versions, calendar));
    let deleted = deleted.map(|(put, _)| put).min_by_key(|put| (at(put), put.id.clone(), put.address.clone()));
    opening(&mut to_come).map(|event| event.address.clone()).or_else(|| deleted.map(|put| put.address.clone()))
}

/// All faults of a case as far as it is seen.
pub(crate) fn lit(case: &Case<'_>, profile: TwinProfile) -> Vec<Lit> {
    let mut lit = unknown_item(case, profile);
    lit.extend(missing_limit(case, profile));
    let warn = |rule, fact: &Fact| Lit { rule, instance: fact.record(), card: Card::Warning, since: fact.at };
    for (place, fact) in case.facts.iter().enumerate() {
        let before = &case.facts[..place];
        let undeclared = matches!(fact.event.activity, Activity::Other(_));
        let faults = [
            ("DQ-03", undeclared),
            ("DQ-04", fact.unmapped),
            ("DQ-07", stage_without_limit(case, fact)),
            ("DQ-08", before.iter().any(|other| same_id_elsewhere(other, fact))),
            ("DQ-09", in_another_county(before, fact)),
            ("DQ-10", says_otherwise(before, fact)),
        ];
        lit.extend(faults.into_iter().filter(|(_, fault)| *fault).map(|(rule, _)| warn(rule, fact)));
    }
    lit
}

/// From the first fact, or the acceptance by silence, that calls for the item.
fn unknown_item(case: &Case<'_>, profile: TwinProfile) -> Vec<Lit> {
    let calls = |activity: &Activity| {
        use Activity::{Accepted, Closed, Fee, StageCompleted, StageStarted};
        matches!(activity, Accepted | StageStarted | StageCompleted | Fee | Closed)
    };
    let charges = |fact: &Fact| fact.event.detail().fee.as_ref().is_some_and(|fee| fee.act == FeeAct::Charged);
    let calling = case.facts.iter().filter(|fact| calls(&fact.event.activity) || charges(fact));
    let by_facts = calling.map(|fact| fact.at);
    let by_law = deemed_acceptance(case, counting(profile)).map(|start| start.at);
    let since = by_facts.chain(by_law).min().filter(|_| case.item.is_none());
    since.map(|since| Lit { rule: "DQ-05", instance: "-".into(), card: Card::Warning, since }).into_iter().collect()
}

fn missing_limit(case: &Case<'_>, profile: TwinProfile) -> Option<Lit> {
    case.item.filter(|item| item.promise.is_none() || item.statutory.is_none())?;
    let since = acceptance(case, counting(profile))?.at;
    Some(Lit { rule: "DQ-06", instance: "-".into(), card: Card::Warning, since })
}

fn stage_without_limit(case: &Case<'_>, fact: &Fact) -> bool {
    let stage = fact.event.detail().stage.as_deref();
    let limit = |item: &crate::catalogue::Item| stage.and_then(|code| item.stage(code)?.limit);
    fact.event.activity == Activity::StageStarted && case.item.is_some_and(|item| limit(item).is_none())
}

fn same_id_elsewhere(a: &Fact, b: &Fact) -> bool {
    let (a, b) = (&a.event, &b.event);
    (&a.source, &a.id) == (&b.source, &b.id) && a.address != b.address
}

/// Six digits of the county; none for a city.
fn county(fact: &Fact) -> Option<String> {
    let code = format!("{:012}", fact.event.address.region.number());
    (&code[4..6] != "00").then(|| code[..6].to_owned())
}

fn in_another_county(before: &[Fact], fact: &Fact) -> bool {
    let owning = |fact: &&Fact| matches!(fact.event.activity, Activity::Submitted | Activity::Accepted);
    let Some(here) = Some(fact).filter(owning).and_then(county) else { return false };
    before.iter().filter(owning).filter_map(county).any(|there| there != here)
}

/// Does the fact give a fact of the case another value than the last one that gave it?
fn says_otherwise(before: &[Fact], fact: &Fact) -> bool {
    let tells = |fact: &&Fact| sets_case_facts(&fact.event.activity);
    let values = |fact: &Fact| {
        let Detail { item, item_version, case_type, linked_case, promise_date, reported_limit, .. } =
            fact.event.detail();
        let texts = [item, item_version, case_type, linked_case].map(|text| text.as_ref().map(ToString::to_string));
        let rest = [promise_date.map(|date| format!("{date:?}")), reported_limit.map(|limit| format!("{limit:?}"))];
        texts.into_iter().chain(rest).collect::<Vec<_>>()
    };
    let Some(ours) = Some(fact).filter(tells).map(values) else { return false };
    let before: Vec<Vec<Option<String>>> = before.iter().filter(tells).map(values).collect();
    ours.iter().enumerate().any(|(field, ours)| {
        let known = before.iter().rev().find_map(|values| values[field].as_ref());
        ours.is_some() && known.is_some() && ours.as_ref() != known
    })
}
