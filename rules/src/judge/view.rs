//! A case made ready for judgement: its facts with mapped codes, and what they say of the case.
//!
//! Case facts (semantics 8): the owner is the office of the earliest `accepted`, else of the earliest
//! `submitted`, else of the earliest fact; every other case fact is the value on the last fact, in
//! canonical order, that carries it. Facts of handling and complaint never set case facts.

use facts::{Activity, Address, Event, EventTime, Moment, Record, Scalar};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::catalogue::Item;
use crate::configuration::{Configuration, Profile};
use crate::source_map::SourceMap;

/// One fact as rules see it.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Fact<'a> {
    /// What was said.
    pub(crate) event: &'a Event,
    /// Business time; a civil day stands at its first moment.
    pub(crate) at: Moment,
    /// The source told the day only.
    pub(crate) is_day: bool,
    /// Arrival of the record's first version.
    pub(crate) arrived: Option<Moment>,
    /// Message that carried it.
    pub(crate) sequence: Option<u64>,
    /// Another content claims the version.
    pub(crate) disputed: bool,
    /// Made by the engine.
    pub(crate) deemed: bool,
    /// Codes of its source; `None` is the identity.
    map: Option<&'a SourceMap>,
}

impl<'a> Fact<'a> {
    /// Closing result in our vocabulary.
    pub(crate) fn outcome(&self) -> Option<&'a str> {
        let raw = self.event.detail().outcome.as_deref()?;
        Some(self.map.map_or(raw, |map| map.outcome(raw)))
    }

    /// Stage code in our vocabulary.
    pub(crate) fn stage(&self) -> Option<&'a str> {
        let raw = self.event.detail().stage.as_deref()?;
        Some(self.map.map_or(raw, |map| map.stage(raw)))
    }

    /// Case type in our vocabulary.
    pub(crate) fn case_type(&self) -> Option<&'a str> {
        let raw = self.event.detail().case_type.as_deref()?;
        Some(self.map.map_or(raw, |map| map.case_type(raw)))
    }

    /// The record's text in instances: `<level>.<region>.<dept>/<source>/<id>`.
    pub(crate) fn record_text(&self) -> String {
        let Address { level, region, dept } = &self.event.address;
        format!("{level}.{region}.{dept}/{}/{}", self.event.source, self.event.id)
    }
}

/// What the facts say of the case.
#[derive(Clone, Debug, Default)]
pub(crate) struct CaseFacts<'a> {
    pub(crate) item: Option<&'a str>,
    pub(crate) item_version: Option<&'a str>,
    pub(crate) case_type: Option<&'a str>,
    pub(crate) linked_case: Option<&'a str>,
    pub(crate) promise_date: Option<EventTime>,
    pub(crate) reported_limit: Option<(u32, facts::SpanUnit)>,
    /// Day of acceptance.
    pub(crate) accepted_on: Option<Date>,
    /// Day of submission.
    pub(crate) submitted_on: Option<Date>,
    /// Day of the first fact.
    pub(crate) first_on: Option<Date>,
    /// Not closed, not withdrawn, not refused at the door.
    pub(crate) open: bool,
}

/// A case ready for judgement.
#[derive(Debug)]
pub(crate) struct CaseView<'a> {
    pub(crate) id: &'a str,
    pub(crate) facts: Vec<Fact<'a>>,
    pub(crate) owner: &'a Address,
    pub(crate) case: CaseFacts<'a>,
    pub(crate) item: Option<&'a Item>,
    pub(crate) profile: &'a Profile,
    pub(crate) configuration: &'a Configuration,
}

impl<'a> CaseView<'a> {
    /// Prepares a case; `None` when no fact has been reached.
    ///
    /// `deemed` are the facts that the law makes of silence, already in force.
    pub(crate) fn new(
        id: &'a str,
        records: &'a [Record],
        deemed: &'a [Event],
        configuration: &'a Configuration,
    ) -> Option<CaseView<'a>> {
        let owner = owner_of(records)?;
        let profile = configuration.profile(owner);
        let mut facts: Vec<Fact<'a>> = records.iter().map(|record| fact_of(record, profile, configuration)).collect();
        for event in deemed {
            let at = event.at.moment(&profile.zone);
            let map = configuration.sources.get(&event.source);
            let is_day = event.at.is_day();
            let fact = Fact { event, at, is_day, arrived: None, sequence: None, disputed: false, deemed: true, map };
            // Behind what was sent at that instant: a submission precedes the acceptance it is deemed to be.
            let place = facts.partition_point(|held| held.at <= at);
            facts.insert(place, fact);
        }
        let case = case_facts(&facts, &profile.zone);
        let day = case.accepted_on.or(case.first_on);
        let item = case.item.and_then(|item| configuration.catalogue.find(item, case.item_version, day));
        Some(CaseView { id, facts, owner, case, item, profile, configuration })
    }

    /// The last value of a declared attribute, whatever fact brought it.
    pub(crate) fn attr(&self, key: &str) -> Option<(&Fact<'a>, &'a Scalar)> {
        let carriers = self.facts.iter().rev().filter(|fact| sets_case_facts(&fact.event.activity));
        carriers.filter_map(|fact| fact.event.attr(key).map(|value| (fact, value))).next()
    }

    /// Places of facts with business time up to and with `instant`.
    pub(crate) fn upto(&self, instant: Moment) -> usize {
        self.facts.partition_point(|fact| fact.at <= instant)
    }
}

fn fact_of<'a>(record: &'a Record, profile: &Profile, configuration: &'a Configuration) -> Fact<'a> {
    let event = &record.event;
    let map = configuration.sources.get(&event.source);
    let midnight = || record.at.civil(&profile.zone).time() == jiff::civil::Time::midnight();
    Fact {
        event,
        at: record.at,
        is_day: event.at.is_day() || map.is_some_and(|map| map.midnight_is_day && midnight()),
        arrived: record.first_arrived,
        sequence: record.sequence,
        disputed: record.disputed,
        deemed: false,
        map,
    }
}

/// The office that owns the case.
pub(crate) fn owner_of(records: &[Record]) -> Option<&Address> {
    let first = |activity: &Activity| records.iter().find(|record| record.event.activity == *activity);
    let record = first(&Activity::Accepted).or_else(|| first(&Activity::Submitted)).or_else(|| records.first())?;
    Some(&record.event.address)
}

/// May this fact set facts of the case? Handling, complaints and consultations may not.
pub(crate) fn sets_case_facts(activity: &Activity) -> bool {
    !matches!(
        activity,
        Activity::CardIssued
            | Activity::CardFeedback
            | Activity::CardSupervised
            | Activity::CardRevoked
            | Activity::Waived
            | Activity::Complaint
            | Activity::ComplaintDecided
            | Activity::ComplaintClosed
            | Activity::Consulted
            | Activity::ConsultAnswered
            | Activity::Rated
    )
}

fn case_facts<'a>(facts: &[Fact<'a>], zone: &TimeZone) -> CaseFacts<'a> {
    let mut case = CaseFacts { open: true, ..CaseFacts::default() };
    case.first_on = facts.first().map(|fact| fact.at.date(zone));
    for fact in facts {
        match fact.event.activity {
            Activity::Accepted if case.accepted_on.is_none() => case.accepted_on = Some(fact.at.date(zone)),
            Activity::Submitted if case.submitted_on.is_none() => case.submitted_on = Some(fact.at.date(zone)),
            Activity::Closed | Activity::Withdrawn | Activity::NotAccepted => case.open = false,
            Activity::Reopened => case.open = true,
            _ => {}
        }
        if !sets_case_facts(&fact.event.activity) {
            continue;
        }
        let detail = fact.event.detail();
        case.item = detail.item.as_deref().or(case.item);
        case.item_version = detail.item_version.as_deref().or(case.item_version);
        case.case_type = fact.case_type().or(case.case_type);
        case.linked_case = detail.linked_case.as_deref().or(case.linked_case);
        case.promise_date = detail.promise_date.or(case.promise_date);
        case.reported_limit = detail.reported_limit.or(case.reported_limit);
    }
    case
}
