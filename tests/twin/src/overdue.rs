//! Limits of time: acceptance, the whole case, stages, special procedures, delivery.

use facts::event::{SpanUnit, Special};
use facts::{Activity, Card, EventTime, Moment};

use crate::case::{Case, Fact};
use crate::catalogue::Span;
use crate::clock::{Clock, Counting, Mark, Pause, Start};
use crate::{Lit, TwinProfile, TwinRules};

/// Grounds on which the law stops the clock (行政许可法第四十五条).
const LAWFUL_GROUNDS: [&str; 8] =
    ["hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert_review"];
const ABNORMAL: &[&str] = &["returned", "voided", "deleted"];
/// Working days within which an application must be answered.
const ANSWER: i64 = 5;

/// All lights of this family that stand.
pub(crate) fn lit(case: &Case<'_>, rules: &TwinRules) -> Vec<Lit> {
    if case.closed(&["deleted"]).next().is_some() {
        return Vec::new();
    }
    let clock = Clock { calendar: case.calendar, counting: counting(rules.profile) };
    let mut lit = Vec::new();
    lit.extend(answer(case, clock));
    lit.extend(whole_case(case, clock, rules.profile));
    lit.extend(stages(case, clock));
    lit.extend(special_procedures(case, clock));
    lit.extend(delivery(case, clock, rules));
    lit
}

/// How limits in working days count.
pub(crate) fn counting(profile: TwinProfile) -> Counting {
    match profile {
        TwinProfile::National => Counting::Legal,
        TwinProfile::Hunan2018 => Counting::Elapsed,
    }
}

/// One limit that runs.
struct Deadline<'a> {
    clock: Clock<'a>,
    t: Moment,
    start: Start,
    limit: Span,
    pauses: Vec<Pause>,
    /// When the limit was extended, and by how much.
    extension: Option<(Moment, i64)>,
    /// The stop or the cancelling fact, whichever came first.
    ended: Option<Moment>,
}

impl<'a> Deadline<'a> {
    fn new(case: &Case<'a>, clock: Clock<'a>, start: Start, limit: Span, ended: Option<Moment>) -> Deadline<'a> {
        Deadline { clock, t: case.t, start, limit, pauses: Vec::new(), extension: None, ended }
    }

    fn place(&self, offset: i64, extended: i64, pauses: &[Pause]) -> Option<Mark> {
        let limit = Span { number: self.limit.number + extended, ..self.limit };
        self.clock.mark(self.start, limit, offset, pauses)
    }

    /// The mark `offset` units from the due instant. A pause or the extension acts on it only if it
    /// begins before the mark's light holds; `extended_anyhow` takes the extension as it is.
    fn mark(&self, offset: i64, extended_anyhow: bool) -> Option<Mark> {
        let mut acting: Vec<Pause> = Vec::new();
        let (mut extended, mut ahead) = (0, self.extension);
        if extended_anyhow && let Some((_, by)) = ahead.take() {
            extended = by;
        }
        let mut changes: Vec<(Moment, Option<Pause>, i64)> =
            self.pauses.iter().map(|pause| (pause.from, Some(*pause), 0)).collect();
        changes.extend(ahead.map(|(at, by)| (at, None, by)));
        changes.sort_by_key(|(at, _, _)| *at);
        for (at, pause, by) in changes {
            let passed = self.place(offset, extended, &acting).is_some_and(|mark| mark.from <= at);
            if passed {
                break;
            }
            acting.extend(pause);
            extended += by;
        }
        self.place(offset, extended, &acting)
    }

    fn is_over(&self) -> bool {
        self.ended.is_some_and(|ended| ended <= self.t)
    }

    /// A card that stays once it was there.
    fn never_cleared(&self, offset: i64) -> Option<Moment> {
        let mark = self.mark(offset, false)?;
        (mark.from <= self.t && self.ended.is_none_or(|ended| mark.from <= ended)).then_some(mark.since)
    }

    /// A card that ends when the duty ends.
    fn until_ended(&self, offset: i64) -> Option<Moment> {
        if self.is_over() {
            return None;
        }
        let mark = self.mark(offset, false)?;
        (mark.from <= self.t).then_some(mark.since)
    }

    /// A warning: also down while paused, and down from an extension until the new mark.
    fn warning(&self, offset: i64) -> Option<Moment> {
        let paused = self.pauses.iter().any(|pause| pause.from <= self.t && pause.to.is_none_or(|to| self.t < to));
        if self.is_over() || paused {
            return None;
        }
        let mark = self.mark(offset, true)?;
        (mark.from <= self.t).then_some(mark.since)
    }
}

fn start_of(fact: &Fact) -> Start {
    Start { at: fact.at, day_only: fact.event.at.is_day() }
}

fn working_days(number: i64) -> Span {
    Span { number, unit: SpanUnit::WorkingDays }
}

/// What stops a limit on a day, for good or for a while, stops it at that day's opening: the reading kinder to the office.
fn stopping(case: &Case<'_>, fact: &Fact) -> Moment {
    if fact.event.at.is_day() { case.calendar.opening(case.calendar.date(fact.at)) } else { fact.at }
}

/// The first of `facts` from the start's civil day on: many sources know days only.
fn first_from_day_of<'f>(case: &Case<'_>, start: Start, facts: impl Iterator<Item = &'f Fact>) -> Option<Moment> {
    let day = case.calendar.date(start.at);
    let facts = facts.filter(|fact| case.calendar.date(fact.at) >= day);
    facts.map(|fact| stopping(case, fact)).min()
}

/// What of `facts` stops first from the start on, else on the same day before it.
fn next_of<'f>(case: &Case<'_>, start: &Fact, facts: impl Iterator<Item = &'f Fact> + Clone) -> Option<Moment> {
    let day = case.calendar.date(start.at);
    let after = facts.clone().filter(|fact| start.by(fact)).map(|fact| stopping(case, fact)).min();
    let same_day = facts.filter(|fact| case.calendar.date(fact.at) == day);
    after.or_else(|| same_day.map(|fact| stopping(case, fact)).min())
}

/// The worse of the cards that stand, worst first.
fn worst<const N: usize>(rule: &'static str, instance: String, cards: [(Card, Option<Moment>); N]) -> Option<Lit> {
    let (card, since) = cards.into_iter().find_map(|(card, since)| Some((card, since?)))?;
    Some(Lit { rule, instance, card, since })
}

/// What runs from the first submission to the decision on acceptance.
fn answering<'a>(case: &Case<'a>, clock: Clock<'a>) -> Option<Deadline<'a>> {
    let start = start_of(case.of(Activity::Submitted).next()?);
    let decision = [Activity::Accepted, Activity::NotAccepted, Activity::SupplementNotified];
    let over = [Activity::Withdrawn, Activity::Closed];
    let ending =
        case.facts.iter().filter(|fact| decision.contains(&fact.event.activity) || over.contains(&fact.event.activity));
    Some(Deadline::new(case, clock, start, working_days(ANSWER), first_from_day_of(case, start, ending)))
}

fn answer<'a>(case: &Case<'a>, clock: Clock<'a>) -> Option<Lit> {
    let deadline = answering(case, clock)?;
    worst("OD-01", "-".into(), [(Card::Red, deadline.until_ended(0)), (Card::Warning, deadline.warning(-1))])
}

/// The acceptance that the law makes of silence: dated as the submission, known once the limit is past.
pub(crate) fn deemed_acceptance<'a>(case: &Case<'a>, counting: Counting) -> Option<Start> {
    let deadline = answering(case, Clock { calendar: case.calendar, counting })?;
    let due = deadline.mark(0, false)?;
    let decisions = [Activity::Accepted, Activity::NotAccepted, Activity::SupplementNotified];
    let decided = case.facts.iter().any(|fact| decisions.contains(&fact.event.activity) && fact.at < due.from);
    let silent = !decided && deadline.ended.is_none_or(|ended| ended >= due.from);
    (silent && due.from <= case.t).then_some(deadline.start)
}

/// When the case was accepted: by an office or by law.
pub(crate) fn acceptance(case: &Case<'_>, counting: Counting) -> Option<Start> {
    let by_office = case.of(Activity::Accepted).next().map(start_of);
    [by_office, deemed_acceptance(case, counting)].into_iter().flatten().min_by_key(|start| start.at)
}

/// The promise and the statute.
fn whole_case<'a>(case: &Case<'a>, clock: Clock<'a>, profile: TwinProfile) -> Vec<Lit> {
    let (Some(item), Some(start)) = (case.item, acceptance(case, clock.counting)) else { return Vec::new() };
    let ending = case.facts.iter().filter(|fact| matches!(fact.event.activity, Activity::Closed | Activity::Withdrawn));
    let ended = first_from_day_of(case, start, ending);
    let running = |limit: Span| Deadline {
        pauses: [special_pauses(case, clock, start.at), supplement_pause(case, start.at)].concat(),
        extension: extension(case, start.at, item.joint),
        ..Deadline::new(case, clock, start, limit, ended)
    };
    let mut lit = Vec::new();
    if let Some(promise) = item.promise.map(running) {
        let ahead = match profile {
            TwinProfile::National => -1,
            TwinProfile::Hunan2018 => -3,
        };
        lit.extend(worst("OD-04", "-".into(), [(Card::Warning, promise.warning(ahead))]));
        lit.extend(worst("OD-05", "-".into(), [(Card::Yellow, promise.never_cleared(0))]));
    }
    if let Some(statute) = item.statutory.map(running) {
        lit.extend(worst("OD-06", "-".into(), [(Card::Red, statute.never_cleared(0))]));
    }
    lit
}

fn stages<'a>(case: &Case<'a>, clock: Clock<'a>) -> Vec<Lit> {
    let mut lit = Vec::new();
    for started in case.of(Activity::StageStarted) {
        let stage = started.event.detail().stage.as_deref();
        let Some(limit) = stage.and_then(|stage| case.item?.stage(stage)?.limit) else { continue };
        let completed = case.of(Activity::StageCompleted).filter(|done| done.event.detail().stage.as_deref() == stage);
        let over =
            case.facts.iter().filter(|fact| matches!(fact.event.activity, Activity::Closed | Activity::Withdrawn));
        let completed = next_of(case, started, completed.collect::<Vec<_>>().into_iter());
        let over = next_of(case, started, over.collect::<Vec<_>>().into_iter());
        let ended = completed.into_iter().chain(over).min();
        let deadline = Deadline {
            pauses: special_pauses(case, clock, started.at),
            ..Deadline::new(case, clock, start_of(started), limit, ended)
        };
        let cards = [(Card::Yellow, deadline.until_ended(0)), (Card::Warning, deadline.warning(-1))];
        lit.extend(worst("OD-07", started.record(), cards));
    }
    lit
}

fn special_procedures<'a>(case: &Case<'a>, clock: Clock<'a>) -> Vec<Lit> {
    let mut lit = Vec::new();
    for started in case.of(Activity::SpecialStarted) {
        let Some(special) = procedure(started) else { continue };
        let Some(limit) = granted(special) else { continue };
        let ends = case.of(Activity::SpecialEnded).filter(|end| number(end) == number(started)).collect::<Vec<_>>();
        let abnormal = case.closed(ABNORMAL).collect::<Vec<_>>();
        let (stop, cancel) = (next_of(case, started, ends.into_iter()), next_of(case, started, abnormal.into_iter()));
        let deadline = Deadline::new(case, clock, start_of(started), limit, stop.into_iter().chain(cancel).min());
        let cards = [
            (Card::Red, deadline.never_cleared(1)),
            (Card::Yellow, deadline.never_cleared(0)),
            (Card::Warning, deadline.warning(-3)),
        ];
        lit.extend(worst("OD-08", started.record(), cards));
    }
    lit
}

fn delivery<'a>(case: &Case<'a>, clock: Clock<'a>, rules: &TwinRules) -> Option<Lit> {
    let start = start_of(case.closed(&["certified", "granted"]).next()?);
    let delivered = first_from_day_of(case, start, case.of(Activity::Delivered));
    let deadline = Deadline::new(case, clock, start, working_days(rules.delivery_days), delivered);
    worst("OD-12", "-".into(), [(Card::Red, deadline.until_ended(0)), (Card::Warning, deadline.warning(-2))])
}

fn special(fact: &Fact) -> Option<&Special> {
    fact.event.detail().special.as_deref()
}

/// A special procedure proper, not an extension.
fn procedure(fact: &Fact) -> Option<&Special> {
    special(fact).filter(|special| special.kind.as_deref() == Some("B"))
}

fn number(fact: &Fact) -> Option<&str> {
    special(fact)?.no.as_deref()
}

/// A grant of nothing is no grant.
fn granted(special: &Special) -> Option<Span> {
    let number = special.granted.filter(|granted| *granted > 0)?;
    Some(Span { number: i64::from(number), unit: special.unit })
}

/// The procedures that stop a clock which started at `start`, each cut where its grant is used up.
fn special_pauses(case: &Case<'_>, clock: Clock<'_>, start: Moment) -> Vec<Pause> {
    let lawful = |fact: &&Fact| {
        let ground = procedure(fact).and_then(|special| special.ground.as_deref());
        fact.at >= start && ground.is_some_and(|ground| LAWFUL_GROUNDS.contains(&ground))
    };
    let mut ends: Vec<&Fact> = case.of(Activity::SpecialEnded).collect();
    let mut pauses = Vec::new();
    for begin in case.of(Activity::SpecialStarted).filter(lawful) {
        let end = ends.iter().position(|end| number(end) == number(begin) && begin.by(end));
        let to = end.map(|place| pause_end(case, ends.remove(place)));
        let grant = special(begin).and_then(granted);
        let from = Start { at: stopping(case, begin), day_only: false };
        let cut = grant.and_then(|grant| clock.mark(from, grant, 0, &[])).map(|mark| mark.since);
        pauses.push(Pause { from: stopping(case, begin), to: to.into_iter().chain(cut).min() });
    }
    pauses
}

/// The first list of missing material after the acceptance; later ones stop nothing.
fn supplement_pause(case: &Case<'_>, start: Moment) -> Vec<Pause> {
    let Some(notice) = case.of(Activity::SupplementNotified).find(|fact| fact.at >= start) else { return Vec::new() };
    let received = case.of(Activity::SupplementReceived).find(|fact| notice.by(fact));
    vec![Pause { from: stopping(case, notice), to: received.map(|received| pause_end(case, received)) }]
}

/// A pause that ends on a day ends with its close: the reading kinder to the office.
fn pause_end(case: &Case<'_>, end: &Fact) -> Moment {
    match end.event.at {
        EventTime::Instant(moment) => moment,
        EventTime::Day(_) => case.calendar.close(case.calendar.date(end.at)),
    }
}

/// The first extension after the start that names who granted it and why, at most ten working days, fifteen in joint handling.
fn extension(case: &Case<'_>, start: Moment, joint: bool) -> Option<(Moment, i64)> {
    let lawful = |special: &&Special| {
        special.kind.as_deref() == Some("A") && special.approver.is_some() && special.ground.is_some()
    };
    let mut granting = case.of(Activity::SpecialStarted).filter(|fact| fact.at >= start);
    let (at, special) = granting.find_map(|fact| Some((fact.at, special(fact).filter(lawful)?)))?;
    let by = i64::from(special.granted?);
    Some((at, by.min(if joint { 15 } else { 10 })))
}
