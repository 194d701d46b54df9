//! What is known and seen of one case at one instant.
//!
//! Versions join by rank, whatever the order in which they came; the facts then stand in canonical order.

use std::cmp::Ordering;

use facts::{Activity, Address, Event, History, Moment, Op};

use crate::calendar::TwinCalendar;
use crate::catalogue::{Item, TwinCatalogue};
use crate::quality;

/// A winning version that the clock has reached.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) event: Event,
    /// A civil day counts from its first moment.
    pub(crate) at: Moment,
    /// When any version of the record came first.
    pub(crate) arrived: Moment,
    /// The source's map lacks one of its codes.
    pub(crate) unmapped: bool,
}

impl Fact {
    pub(crate) fn of(event: Event, at: Moment, arrived: Moment) -> Fact {
        Fact { event, at, arrived, unmapped: false }
    }

    /// `<level>.<region>.<dept>/<source>/<id>`
    pub(crate) fn record(&self) -> String {
        let Address { level, region, dept } = &self.event.address;
        format!("{level}.{region}.{dept}/{}/{}", self.event.source, self.event.id)
    }

    /// Does this come before `other`, or at the same instant without the source saying "after"?
    pub(crate) fn by(&self, other: &Fact) -> bool {
        self.at < other.at || (self.at == other.at && compare_seq(self, other) != Some(Ordering::Greater))
    }

    pub(crate) fn outcome(&self) -> &str {
        self.event.detail().outcome.as_deref().unwrap_or("")
    }
}

/// The source's own order of two facts of one instant, where it gave one.
fn compare_seq(a: &Fact, b: &Fact) -> Option<Ordering> {
    if a.event.source != b.event.source {
        return None;
    }
    Some(a.event.seq?.cmp(&b.event.seq?))
}

/// One case at one instant.
pub(crate) struct Case<'a> {
    /// In canonical order.
    pub(crate) facts: Vec<Fact>,
    pub(crate) owner: Address,
    pub(crate) item: Option<&'a Item>,
    pub(crate) case_type: Option<String>,
    /// The item that the facts name, and its version where they do.
    code: Option<String>,
    version: Option<String>,
    pub(crate) calendar: &'a TwinCalendar,
    pub(crate) t: Moment,
}

impl<'a> Case<'a> {
    /// The case `id` at `t`; `None` while nothing of it is seen.
    pub(crate) fn at(
        id: &str,
        known: &[(Event, Moment)],
        catalogue: &'a TwinCatalogue,
        calendar: &'a TwinCalendar,
        t: Moment,
    ) -> Option<Case<'a>> {
        let versions = known.iter().filter(|(event, arrived)| event.case == id && *arrived <= t);
        let mut facts = winners(&versions.collect::<Vec<_>>(), calendar);
        facts.retain(|fact| fact.event.op == Op::Put && fact.at <= t);
        for fact in &mut facts {
            fact.unmapped = quality::translate(&mut fact.event, fact.at, calendar);
        }
        if facts.is_empty() {
            return None;
        }
        let owner = opening(&mut facts).map(|event| event.address.clone());
        let owner = owner.or_else(|| quality::owner_to_come(id, known, calendar, t))?;
        let telling = || facts.iter().filter(|fact| sets_case_facts(&fact.event.activity));
        let last = |field: fn(&Event) -> Option<&str>| telling().rev().find_map(move |fact| field(&fact.event));
        let named = |text: Option<&str>| text.map(str::to_owned);
        let version = named(last(|event| event.detail().item_version.as_deref()));
        let code = named(last(|event| event.detail().item.as_deref()));
        let case_type = last(|event| event.detail().case_type.as_deref()).map(str::to_owned);
        let case = Case { owner, code, version, item: None, case_type, calendar, t, facts };
        Some(case.with_item(catalogue, None))
    }

    /// The case with its item in the version of the day of acceptance, `accepted` or said by an office; until then
    /// of the first fact that tells of the case.
    pub(crate) fn with_item(self, catalogue: &'a TwinCatalogue, accepted: Option<Moment>) -> Case<'a> {
        let by_office = self.of(Activity::Accepted).next().map(|fact| fact.at);
        let telling = self.facts.iter().find(|fact| sets_case_facts(&fact.event.activity)).or(self.facts.first());
        let dated = [accepted, by_office].into_iter().flatten().min().or(telling.map(|fact| fact.at));
        let day = dated.map(|at| self.calendar.date(at));
        let item = self.code.as_deref().zip(day);
        let item = item.and_then(|(code, day)| catalogue.item(code, self.version.as_deref(), day));
        Case { item, ..self }
    }

    /// The facts of one activity, in order.
    pub(crate) fn of(&self, activity: Activity) -> impl DoubleEndedIterator<Item = &Fact> {
        self.facts.iter().filter(move |fact| fact.event.activity == activity)
    }

    /// The closings with one of these outcomes, in order.
    pub(crate) fn closed(&self, outcomes: &'static [&'static str]) -> impl Iterator<Item = &Fact> {
        self.of(Activity::Closed).filter(move |fact| outcomes.contains(&fact.outcome()))
    }
}

/// By these citizens come.
const OF_CITIZENS: [Activity; 5] = [
    Activity::Complaint,
    Activity::ComplaintDecided,
    Activity::ComplaintClosed,
    Activity::Consulted,
    Activity::ConsultAnswered,
];

/// Sorts the facts; the one that shows the owner: the first acceptance, else the first submission, else the first.
pub(crate) fn opening(facts: &mut [Fact]) -> Option<&Event> {
    facts.sort_by(canonical);
    let mut telling = facts.iter().filter(|fact| sets_case_facts(&fact.event.activity));
    let first = |activity: Activity| facts.iter().find(move |fact| fact.event.activity == activity);
    // Where no fact tells of a case, a citizen's own question or complaint is one.
    let mut of_citizens = facts.iter().filter(|fact| OF_CITIZENS.contains(&fact.event.activity));
    let opening = first(Activity::Accepted).or_else(|| first(Activity::Submitted)).or_else(|| telling.next());
    let opening = opening.or_else(|| of_citizens.next());
    opening.map(|fact| &fact.event)
}

/// Facts about handling, complaints, questions and ratings say nothing about the case itself.
pub(crate) fn sets_case_facts(activity: &Activity) -> bool {
    !matches!(
        activity,
        Activity::Complaint
            | Activity::ComplaintDecided
            | Activity::ComplaintClosed
            | Activity::Consulted
            | Activity::ConsultAnswered
            | Activity::Rated
            | Activity::CardIssued
            | Activity::CardFeedback
            | Activity::CardSupervised
            | Activity::CardRevoked
            | Activity::Waived
    )
}

/// The greatest version of each record.
fn winners(versions: &[&(Event, Moment)], calendar: &TwinCalendar) -> Vec<Fact> {
    let mut winners: Vec<Fact> = Vec::new();
    for (event, arrived) in versions {
        let event = Event { arrived: None, ..event.clone() };
        let fact = Fact::of(event.clone(), event.at.moment(&calendar.zone), *arrived);
        match winners.iter_mut().find(|held| held.event.same_record(&fact.event)) {
            None => winners.push(fact),
            Some(held) => {
                let arrived = held.arrived.min(fact.arrived);
                if beats(&fact.event, &held.event, calendar) {
                    *held = fact;
                }
                held.arrived = arrived;
            }
        }
    }
    winners
}

/// The greater version, a delete before a put. Two contents under one version are told apart by their hash,
/// which is a matter of the line form and not of judgement, so `facts` is asked.
pub(crate) fn beats(a: &Event, b: &Event, calendar: &TwinCalendar) -> bool {
    let rank = |event: &Event| (event.version, event.op == Op::Delete);
    rank(a).cmp(&rank(b)).then_with(|| {
        let mut both = History::new();
        both.join(b.clone(), None, &calendar.zone);
        both.join(a.clone(), None, &calendar.zone);
        let a_won = a != b && both.records().first().is_some_and(|record| record.event == *a);
        if a_won { Ordering::Greater } else { Ordering::Equal }
    }) == Ordering::Greater
}

fn canonical(a: &Fact, b: &Fact) -> Ordering {
    let key = |fact: &Fact| (fact.at, fact.event.source.clone(), fact.event.seq, fact.event.id.clone());
    key(a).cmp(&key(b)).then_with(|| a.event.address.cmp(&b.event.address))
}
