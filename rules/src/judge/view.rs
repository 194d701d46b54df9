//! A case made ready for judgement: its facts with mapped codes, and what they say of the case.
//!
//! Case facts (semantics 8): the owner is the office of the earliest `accepted`, else of the earliest
//! `submitted`, else of the earliest fact; every other case fact is the value on the last fact, in
//! canonical order, that carries it. Facts of handling and complaint never set case facts.

use facts::history::Rival;
use facts::{Activity, Address, Event, EventTime, Moment, Record, Tombstone};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Case;
use super::quality::{Differs, Known};
use crate::catalogue::Item;
use crate::configuration::{Configuration, Profile};
use crate::counting::Span;
use crate::source_map::SourceMap;

/// Is a fact part of the history?
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It is.
    InForce,
    /// The clock has not reached its business time.
    Held,
    /// It was said of a record that is deleted for good.
    Deleted,
}

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
    /// Arrival of this version.
    pub(crate) received: Option<Moment>,
    /// Message that carried it.
    pub(crate) sequence: Option<u64>,
    /// Another content that claims the version.
    pub(crate) rival: Option<&'a Rival>,
    /// Made by the engine.
    pub(crate) deemed: bool,
    /// Part of the history, or not.
    pub(crate) standing: Standing,
    /// The delete that bars it.
    pub(crate) deleted_by: Option<&'a Record>,
    /// In a group: the place of its case among the members.
    pub(crate) member: Option<usize>,
    /// Facts of the case that it gives another value than an event before it.
    pub(crate) differs: Differs,
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

    /// Codes that the source's map does not have, each behind its field's name.
    pub(crate) fn unmapped(&self) -> impl Iterator<Item = String> + use<'a> {
        let detail = self.event.detail();
        let code = |field: &'static str, code: Option<&'a str>, has: fn(&SourceMap, &str) -> bool| {
            let (map, code) = (self.map?, code?);
            (!has(map, code)).then(|| format!("{field} {code}"))
        };
        let codes = [
            code("case_type", detail.case_type.as_deref(), SourceMap::has_case_type),
            code("stage", detail.stage.as_deref(), SourceMap::has_stage),
            code("outcome", detail.outcome.as_deref(), SourceMap::has_outcome),
        ];
        codes.into_iter().flatten()
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
    /// Day of the first fact that may set facts of the case; without one, of the first fact.
    pub(crate) first_on: Option<Date>,
    /// Not closed, not withdrawn, not refused at the door.
    pub(crate) open: bool,
}

/// A case ready for judgement.
#[derive(Debug)]
pub(crate) struct CaseView<'a> {
    pub(crate) id: &'a str,
    /// The history.
    pub(crate) facts: Vec<Fact<'a>>,
    /// Facts that are not in force: dated beyond the clock, or said of records that are deleted for good.
    pub(crate) aside: Vec<Fact<'a>>,
    /// More than one office spoke.
    pub(crate) several_offices: bool,
    pub(crate) owner: &'a Address,
    pub(crate) case: CaseFacts<'a>,
    pub(crate) item: Option<&'a Item>,
    pub(crate) profile: &'a Profile,
    pub(crate) configuration: &'a Configuration,
    /// Of a group: its cases. A case alone has none.
    pub(crate) members: Vec<CaseView<'a>>,
    /// Of a group: events further back than this from the judged one are not seen.
    pub(crate) window: Option<Span>,
}

impl<'a> CaseView<'a> {
    /// Prepares a case; `None` when nothing was said of it that could be judged.
    ///
    /// Its owner is the office that the history shows; while the clock has reached no fact, the office that the
    /// facts to come or the deleted ones show. `deemed` are the facts that the law makes of silence, already in force.
    pub(crate) fn new(case: &Case<'a>, deemed: &'a [Event], configuration: &'a Configuration) -> Option<CaseView<'a>> {
        let Case { id, records, held, deleted } = *case;
        let barred = |tombstone: &'a Tombstone| tombstone.put.as_deref().filter(|_| tombstone.is_final());
        let owner = owner_of(records).or_else(|| owner_of(held));
        let owner = owner.or_else(|| first_office(deleted.iter().filter_map(barred)))?;
        let profile = configuration.profile(owner);
        let mut maps = Maps { configuration, last: None };
        let mut facts: Vec<Fact<'a>> = records.iter().map(|record| fact_of(record, profile, &mut maps)).collect();
        for event in deemed {
            let at = event.at.moment(&profile.zone);
            let map = maps.of(event);
            let fact = Fact { is_day: event.at.is_day(), deemed: true, ..Fact::plain(event, at, map) };
            // Behind what was sent at that instant: a submission precedes the acceptance it is deemed to be.
            let place = facts.partition_point(|held| held.at <= at);
            facts.insert(place, fact);
        }
        let mut aside: Vec<Fact<'a>> = Vec::new();
        for record in held {
            aside.push(Fact { standing: Standing::Held, ..fact_of(record, profile, &mut maps) });
        }
        for tombstone in deleted {
            let Some(put) = barred(tombstone) else { continue };
            let fact = fact_of(put, profile, &mut maps);
            aside.push(Fact { standing: Standing::Deleted, deleted_by: Some(&tombstone.delete), ..fact });
        }
        let several_offices = facts.windows(2).any(|pair| pair[0].event.address != pair[1].event.address);
        let case = case_facts(&mut facts, &profile.zone);
        let day = case.accepted_on.or(case.first_on);
        let item = case.item.and_then(|item| configuration.catalogue.find(item, case.item_version, day));
        let (members, window) = (Vec::new(), None);
        Some(CaseView { id, facts, aside, several_offices, owner, case, item, profile, configuration, members, window })
    }

    /// The view in which the fact at `aside` stands among the others, with its place there.
    pub(crate) fn with_aside(&self, aside: usize) -> (CaseView<'a>, usize) {
        let fact = self.aside[aside];
        let mut facts = self.facts.clone();
        let place = facts.partition_point(|other| other.at <= fact.at);
        facts.insert(place, fact);
        let (aside, members) = (Vec::new(), Vec::new());
        let view = CaseView { facts, aside, members, case: self.case.clone(), several_offices: true, ..*self };
        (view, place)
    }

    /// The record of a fact in instances; in a group its case stands before it.
    pub(crate) fn record_text(&self, place: usize) -> String {
        let fact = &self.facts[place];
        match fact.member.and_then(|member| self.members.get(member)) {
            Some(member) => format!("{}/{}", member.id, fact.record_text()),
            None => fact.record_text(),
        }
    }

    /// The case of a fact.
    pub(crate) fn case_of(&self, place: usize) -> &CaseView<'a> {
        self.facts[place].member.and_then(|member| self.members.get(member)).unwrap_or(self)
    }

    /// The last event that tells a declared attribute.
    pub(crate) fn last_with_attr(&self, key: &str) -> Option<&'a Event> {
        let mut carriers = self.facts.iter().rev().filter(|fact| sets_case_facts(&fact.event.activity));
        carriers.find(|fact| fact.event.carries_attr(key)).map(|fact| fact.event)
    }

    /// Places of facts with business time up to and with `instant`.
    pub(crate) fn upto(&self, instant: Moment) -> usize {
        self.facts.partition_point(|fact| fact.at <= instant)
    }
}

impl<'a> Fact<'a> {
    /// The fact among those of a group.
    pub(crate) fn of_member(&self, member: usize) -> Fact<'a> {
        Fact { member: Some(member), ..*self }
    }

    /// A fact of which nothing is known but what it says.
    fn plain(event: &'a Event, at: Moment, map: Option<&'a SourceMap>) -> Fact<'a> {
        Fact {
            event,
            at,
            is_day: false,
            arrived: None,
            received: None,
            sequence: None,
            rival: None,
            deemed: false,
            standing: Standing::InForce,
            deleted_by: None,
            member: None,
            differs: Differs::default(),
            map,
        }
    }
}

/// The code maps of sources; the facts of a case mostly come from one after the other.
struct Maps<'a> {
    configuration: &'a Configuration,
    last: Option<(&'a str, Option<&'a SourceMap>)>,
}

impl<'a> Maps<'a> {
    /// The map of the event's source.
    fn of(&mut self, event: &'a Event) -> Option<&'a SourceMap> {
        match self.last {
            Some((source, map)) if source == event.source => map,
            _ => {
                let map = self.configuration.sources.get(&event.source);
                self.last = Some((&event.source, map));
                map
            }
        }
    }
}

fn fact_of<'a>(record: &'a Record, profile: &Profile, maps: &mut Maps<'a>) -> Fact<'a> {
    let event = &record.event;
    let map = maps.of(event);
    let midnight = || record.at.civil(&profile.zone).time() == jiff::civil::Time::midnight();
    Fact {
        is_day: event.at.is_day() || map.is_some_and(|map| map.midnight_is_day && midnight()),
        arrived: record.first_arrived,
        received: record.arrived,
        sequence: record.sequence,
        rival: record.rival.as_deref(),
        ..Fact::plain(event, record.at, map)
    }
}

/// The office that owns the case.
pub(crate) fn owner_of(records: &[Record]) -> Option<&Address> {
    let first = |activity: &Activity| records.iter().find(|record| record.event.activity == *activity);
    let record = first(&Activity::Accepted).or_else(|| first(&Activity::Submitted)).or_else(|| first_of(records))?;
    Some(&record.event.address)
}

/// The fact that dates the case: the first that may set facts of it; where there is none, the first by which a
/// citizen came, so that a question or a complaint that belongs to no case is judged, too.
pub(crate) fn first_of(records: &[Record]) -> Option<&Record> {
    let first = |wanted: fn(&Activity) -> bool| records.iter().find(|record| wanted(&record.event.activity));
    first(sets_case_facts).or_else(|| first(of_citizens))
}

fn of_citizens(activity: &Activity) -> bool {
    matches!(
        activity,
        Activity::Complaint
            | Activity::ComplaintDecided
            | Activity::ComplaintClosed
            | Activity::Consulted
            | Activity::ConsultAnswered
    )
}

/// The office of the first of these facts.
fn first_office<'a>(records: impl Iterator<Item = &'a Record>) -> Option<&'a Address> {
    let first = records.min_by_key(|record| (record.at, &record.event.id, &record.event.address))?;
    Some(&first.event.address)
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

/// What the facts say of the case; takes note of each that says something else than one before it.
fn case_facts<'a>(facts: &mut [Fact<'a>], zone: &TimeZone) -> CaseFacts<'a> {
    let mut case = CaseFacts { open: true, ..CaseFacts::default() };
    let telling = facts.iter().find(|fact| sets_case_facts(&fact.event.activity));
    case.first_on = telling.or(facts.first()).map(|fact| fact.at.date(zone));
    let mut known = Known::default();
    for fact in facts {
        match fact.event.activity {
            Activity::Accepted if case.accepted_on.is_none() => case.accepted_on = Some(fact.at.date(zone)),
            Activity::Submitted if case.submitted_on.is_none() => case.submitted_on = Some(fact.at.date(zone)),
            Activity::Closed | Activity::Withdrawn | Activity::NotAccepted => case.open = false,
            Activity::Reopened => case.open = true,
            _ => {}
        }
        if sets_case_facts(&fact.event.activity) {
            fact.differs = known.take(fact);
        }
    }
    CaseFacts {
        item: known.item,
        item_version: known.item_version,
        case_type: known.case_type,
        linked_case: known.linked_case,
        promise_date: known.promise_date,
        reported_limit: known.reported_limit,
        ..case
    }
}
