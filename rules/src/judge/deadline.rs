//! `kind = "deadline"`: after the start, the stop within the limit; the clock can pause and be extended.
//!
//! A mark stands at the legal instant (`since`); its card shows from the first instant after it. A stop
//! in time leaves no card; one that is late leaves the cards whose marks had passed. A cancel ends the
//! duty: cards that stand stand, none arises later (semantics 19).

use compact_str::CompactString;
use facts::{Activity, Card, Event, EventTime, Moment};
use smallvec::SmallVec;

use super::between::not_after;
use super::evaluate::Scope;
use super::found::{Found, Why, instants, span};
use super::reckoning::Reckoning;
use super::view::CaseView;
use crate::counting::{Due, Extension, Limit, Mark, Span, Start};
use crate::expression::{ClockField, EventField, EventSet, Node};
use crate::finding::CardSpan;
use crate::pause::{CutPause, Pause};
use crate::rule::{
    CardSpec, Clears, Deadline, Each, ExtensionSpec, PauseSpec, Rule, Start as StartSpec, Stop as StopSpec,
};
use crate::value::Value;

/// One run of a clock.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// The fact that started it; `None` for a limit that the case carries.
    pub(crate) start: Option<usize>,
    /// From when it counts.
    pub(crate) from: Start,
    /// What fulfilled the duty.
    pub(crate) stop: Option<End>,
    /// What ended it without fulfilling it.
    pub(crate) cancel: Option<End>,
    /// What stopped the clock.
    pub(crate) pauses: Vec<NamedPause>,
    /// What lengthened the limit, by place.
    pub(crate) extensions: Vec<(usize, Extension)>,
}

/// The end of a duty.
#[derive(Copy, Clone, Debug)]
pub(crate) struct End {
    /// The fact, where it is one.
    pub(crate) place: Option<usize>,
    /// When it counts as done; a day counts from its opening.
    pub(crate) at: Moment,
}

/// A pause with its name, for proofs.
#[derive(Clone, Debug)]
pub(crate) struct NamedPause {
    pub(crate) name: CompactString,
    pub(crate) place: usize,
    pub(crate) cap: Option<Span>,
    pub(crate) cut: CutPause,
}

impl Instance {
    /// The first end of the duty, fulfilled or not.
    pub(crate) fn ended(&self) -> Option<Moment> {
        [self.stop, self.cancel].into_iter().flatten().map(|end| end.at).min()
    }

    /// The pauses as the clock needs them.
    pub(crate) fn cuts(&self) -> Vec<CutPause> {
        self.pauses.iter().map(|pause| pause.cut.clone()).collect()
    }

    /// The extensions as the clock needs them.
    pub(crate) fn grants(&self) -> Vec<Extension> {
        self.extensions.iter().map(|(_, extension)| *extension).collect()
    }

    /// What expressions about this run see.
    pub(crate) fn scope<'v, 'a>(&self, scope: &Scope<'v, 'a>) -> Scope<'v, 'a> {
        let stop = self.stop.and_then(|stop| stop.place);
        Scope { start: self.start, stop, event: self.start, ..*scope }
    }
}

/// Findings of a deadline rule.
pub(crate) fn judge<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    deadline: &Deadline,
    reckoning: &Reckoning<'a>,
) -> Vec<Found> {
    if erased(view) {
        return Vec::new();
    }
    let scope = Scope::state(view, reckoning, view.facts.len());
    let found = instances(&scope, deadline).into_iter().filter_map(|instance| {
        let name: CompactString = match (deadline.each, instance.start) {
            (Each::Every, Some(place)) => view.record_text(place).into(),
            _ => "-".into(),
        };
        let cards = rule.cards.iter().filter(|card| card.card != Card::None);
        let spans = cards.flat_map(|card| card_spans(&scope, rule, deadline, card, &instance));
        // What has not come may be on its way.
        let absent = instance.ended().is_none();
        let spans: SmallVec<[CardSpan; 2]> = spans.map(|span| CardSpan { absent, ..span }).collect();
        (!spans.is_empty()).then_some(Found { instance: name, spans, why: Why::Deadline(instance) })
    });
    found.collect()
}

/// A case closed as deleted, a technical error, has no time lights (semantics 19).
pub(crate) fn erased(view: &CaseView<'_>) -> bool {
    view.facts.iter().any(|fact| fact.event.activity == Activity::Closed && fact.outcome() == Some("deleted"))
}

/// The limit of a card in one instance.
pub(crate) fn limit_of(
    scope: &Scope<'_, '_>,
    deadline: &Deadline,
    card: &CardSpec,
    instance: &Instance,
) -> Option<Limit> {
    let node: &Node = card.limit.as_ref().or(deadline.limit.as_ref())?;
    match instance.scope(scope).value(node) {
        Value::Span(span) => Some(Limit::Span(span)),
        Value::Date(day) => Some(Limit::Date(day)),
        Value::Instant(at) => Some(Limit::Instant(at)),
        _ => None,
    }
}

/// A limit as rule files write it.
pub(crate) fn limit_word(limit: &Limit) -> CompactString {
    match limit {
        Limit::Span(span) => span.to_string().into(),
        Limit::Date(day) => day.to_string().into(),
        Limit::Instant(at) => at.to_string().into(),
    }
}

/// The mark of a card in one instance.
pub(crate) fn mark_of(scope: &Scope<'_, '_>, deadline: &Deadline, card: &CardSpec, instance: &Instance) -> Option<Due> {
    let limit = limit_of(scope, deadline, card, instance)?;
    scope.reckoning.clock(instance.from, &instance.cuts()).mark(&limit, card.mark.reckoned(), &instance.grants())
}

fn card_spans(
    scope: &Scope<'_, '_>,
    rule: &Rule,
    deadline: &Deadline,
    card: &CardSpec,
    instance: &Instance,
) -> Vec<CardSpan> {
    if !instance.scope(scope).allows(card.when.as_ref()) {
        return Vec::new();
    }
    let late = |from: Moment| rule.grace.map_or(from, |grace| scope.reckoning.after_grace(from, grace));
    let ended = instance.ended();
    if deadline.silent {
        let Some(due) = mark_of(scope, deadline, card, instance) else { return Vec::new() };
        let stop = instance.stop.filter(|stop| !due.in_time(stop.at) && Some(stop.at) == ended);
        return stop.map(|stop| span(card, stop.at, late(stop.at), None)).into_iter().collect();
    }
    if card.clears == Clears::Never {
        let Some(due) = mark_of(scope, deadline, card, instance) else { return Vec::new() };
        let passed = ended.is_none_or(|end| !due.in_time(end));
        return passed.then(|| span(card, due.at, late(due.after), None)).into_iter().collect();
    }
    let stretches = stretches(scope, deadline, card, instance);
    let spans = stretches.into_iter().filter_map(|(due, until)| {
        let from = late(due.after);
        let until = match (&card.clears, ended, until) {
            (Clears::When(node), _, _) => healed(scope, node, instance, from),
            (_, ended, until) => [ended, until].into_iter().flatten().min(),
        };
        let passed = ended.is_none_or(|end| !due.in_time(end));
        (passed && until.is_none_or(|until| from < until)).then(|| span(card, due.at, from, until))
    });
    let down_while_paused = card.card == Card::Warning;
    spans.flat_map(|span| if down_while_paused { without_pauses(span, &instance.pauses) } else { vec![span] }).collect()
}

/// The stretches in which an ending card's mark has passed: each extension starts a new one.
fn stretches(
    scope: &Scope<'_, '_>,
    deadline: &Deadline,
    card: &CardSpec,
    instance: &Instance,
) -> Vec<(Due, Option<Moment>)> {
    let Some(limit) = limit_of(scope, deadline, card, instance) else { return Vec::new() };
    let cuts = instance.cuts();
    let clock = scope.reckoning.clock(instance.from, &cuts);
    let grants = instance.grants();
    let mut stretches = Vec::new();
    for granted in 0..=grants.len() {
        let Some(limit) = lengthened(limit, &grants[..granted]) else { continue };
        let next = grants.get(granted).map(|extension| extension.at);
        let Some(due) = clock.mark(&limit, card.mark.reckoned(), &[]) else { continue };
        if next.is_none_or(|next| due.after < next) {
            stretches.push((due, next));
        }
    }
    stretches
}

/// The limit with extensions of its own unit added; another unit cannot lengthen a span.
fn lengthened(limit: Limit, grants: &[Extension]) -> Option<Limit> {
    grants.iter().try_fold(limit, |limit, grant| match limit {
        Limit::Span(span) if span.unit == grant.by.unit => {
            Some(Limit::Span(Span::new(span.number + grant.by.number, span.unit)))
        }
        _ => None,
    })
}

fn healed(scope: &Scope<'_, '_>, node: &Node, instance: &Instance, from: Moment) -> Option<Moment> {
    let heals = |instant: &Moment| Scope { history: scope.view.upto(*instant), ..instance.scope(scope) }.holds(node);
    instants(scope.view).filter(|instant| *instant >= from).find(heals)
}

/// The parts of a span that lie outside all pauses.
fn without_pauses(whole: CardSpan, pauses: &[NamedPause]) -> Vec<CardSpan> {
    let mut parts = vec![whole];
    for pause in pauses {
        let (from, to) = (pause.cut.from, pause.cut.to);
        parts = parts.into_iter().flat_map(|part| cut_out(part, from, to)).collect();
    }
    parts
}

fn cut_out(part: CardSpan, from: Moment, to: Option<Moment>) -> Vec<CardSpan> {
    let overlaps = part.until.is_none_or(|until| from < until) && to.is_none_or(|to| part.from < to);
    if !overlaps {
        return vec![part];
    }
    let before = (part.from < from).then(|| CardSpan { until: Some(from), ..part.clone() });
    let after = to.filter(|to| part.until.is_none_or(|until| *to < until)).map(|to| CardSpan { from: to, ..part });
    before.into_iter().chain(after).collect()
}

/// Every run of the clock.
pub(crate) fn instances(scope: &Scope<'_, '_>, deadline: &Deadline) -> Vec<Instance> {
    let view = scope.view;
    let starts: Vec<(Option<usize>, Start)> = match &deadline.start {
        StartSpec::Case => view.facts.first().map(|fact| (None, start_at(fact.at, fact.is_day))).into_iter().collect(),
        StartSpec::Instant(node) => match scope.value(node) {
            Value::Instant(at) => vec![(None, start_at(at, false))],
            Value::Date(day) => vec![(None, start_at(EventTime::day(day).moment(&view.profile.zone), true))],
            _ => Vec::new(),
        },
        StartSpec::Events(set) => {
            let allowed = |place: &usize| {
                let scope = Scope { start: Some(*place), ..scope.on_event(*place) };
                scope.allows(deadline.condition.as_ref())
            };
            let places: Vec<usize> = scope.places(set).filter(allowed).collect();
            let places = super::condition::chosen(places, deadline.each);
            places
                .into_iter()
                .map(|place| (Some(place), start_at(view.facts[place].at, view.facts[place].is_day)))
                .collect()
        }
    };
    let mut used: Vec<usize> = Vec::new();
    starts.into_iter().map(|(start, from)| instance(scope, deadline, start, from, &mut used)).collect()
}

fn start_at(moment: Moment, is_day: bool) -> Start {
    Start { moment, is_day }
}

fn instance(
    scope: &Scope<'_, '_>,
    deadline: &Deadline,
    start: Option<usize>,
    from: Start,
    used: &mut Vec<usize>,
) -> Instance {
    let stops = deadline.stops.iter().filter_map(|stop| match stop {
        StopSpec::Events(set) => {
            let taken: &[usize] = if deadline.one_to_one { used } else { &[] };
            let place = stop_event(scope, deadline, set, start, from, taken)?;
            Some(end_of(scope, place))
        }
        StopSpec::Instant(node) => match scope.value(node) {
            Value::Instant(at) => Some(End { place: None, at }),
            Value::Date(day) => Some(End { place: None, at: scope.reckoning.calendar.opening(day) }),
            _ => None,
        },
        StopSpec::When(node) => {
            let held = |instant: &Moment| Scope { history: scope.view.upto(*instant), start, ..*scope }.holds(node);
            let at = instants(scope.view).filter(|instant| *instant >= from.moment).find(held)?;
            Some(End { place: None, at })
        }
    });
    let stop = stops.min_by_key(|stop| stop.at);
    used.extend(stop.and_then(|stop| stop.place));
    let cancel = deadline.cancel.as_ref().and_then(|set| cancel_event(scope, deadline, set, start, from));
    let pauses = deadline.pauses.iter().flat_map(|pause| pauses(scope, pause, start, from)).collect();
    let extensions = deadline.extension.iter().flat_map(|extension| extensions(scope, extension, from)).collect();
    Instance { start, from, stop, cancel: cancel.map(|place| end_of(scope, place)), pauses, extensions }
}

fn end_of(scope: &Scope<'_, '_>, place: usize) -> End {
    let fact = &scope.view.facts[place];
    let at =
        if fact.is_day { scope.reckoning.calendar.opening(scope.reckoning.calendar.date(fact.at)) } else { fact.at };
    End { place: Some(place), at }
}

/// The stop that serves a start: from the start on the one that stops earliest, which is not always the first
/// fact, since one that knows only its day stops with the opening. Where the limit counts days and nothing
/// lies at or after the instant, one of the start's day serves too: many sources give dates only.
fn stop_event(
    scope: &Scope<'_, '_>,
    deadline: &Deadline,
    set: &EventSet,
    start: Option<usize>,
    from: Start,
    used: &[usize],
) -> Option<usize> {
    let paired = |place: usize| {
        start.is_none_or(|start| {
            let agree = |field: &EventField| scope.event_field(place, field) == scope.event_field(start, field);
            deadline.pair_by.iter().all(agree)
        })
    };
    let serving = |place: &usize| Some(*place) != start && !used.contains(place) && paired(*place);
    let candidates: Vec<usize> = scope.places(set).filter(serving).collect();
    if matches!(deadline.start, StartSpec::Case) {
        return candidates.into_iter().min_by_key(|place| end_of(scope, *place).at);
    }
    first_end(scope, deadline, start, from, &candidates)
}

/// Of facts that end a run the one that does so earliest: from the start on, or, where the limit counts days, on
/// the start's day.
fn first_end(
    scope: &Scope<'_, '_>,
    deadline: &Deadline,
    start: Option<usize>,
    from: Start,
    candidates: &[usize],
) -> Option<usize> {
    let facts = &scope.view.facts;
    let earliest = |serves: &dyn Fn(usize) -> bool| {
        candidates.iter().copied().filter(|place| serves(*place)).min_by_key(|place| end_of(scope, *place).at)
    };
    let follows = |place: usize| match start {
        Some(start) => not_after(&facts[start], &facts[place], false),
        None => from.moment <= facts[place].at,
    };
    let same_day = |place: usize| {
        let day = |at| scope.reckoning.calendar.date(at);
        !follows(place) && day(facts[place].at) == day(from.moment)
    };
    let days = deadline.limit.is_none() || counts_days(scope, deadline, start);
    match deadline.each {
        // A single run: what stands on the start's day is its stop, whatever comes later.
        Each::First | Each::Last if days => earliest(&|place| same_day(place) || follows(place)),
        _ if days => earliest(&follows).or_else(|| earliest(&same_day)),
        _ => earliest(&follows),
    }
}

fn counts_days(scope: &Scope<'_, '_>, deadline: &Deadline, start: Option<usize>) -> bool {
    let limit = deadline.limit.as_ref().map(|node| Scope { start, event: start, ..*scope }.value(node));
    match limit {
        Some(Value::Span(span)) => span.unit.counts_days(),
        Some(Value::Date(_)) => true,
        _ => false,
    }
}

/// What ends the duty: from the start on, or, where the limit counts days, from the start's day on, for the
/// same reason as a stop.
fn cancel_event(
    scope: &Scope<'_, '_>,
    deadline: &Deadline,
    set: &EventSet,
    start: Option<usize>,
    from: Start,
) -> Option<usize> {
    let agrees = |place: usize| {
        start.is_none_or(|start| {
            deadline.pair_by.iter().all(|field| {
                let value = scope.event_field(place, field);
                value.is_missing() || value == scope.event_field(start, field)
            })
        })
    };
    let ending: Vec<usize> = scope.places(set).filter(|place| Some(*place) != start && agrees(*place)).collect();
    first_end(scope, deadline, start, from, &ending)
}

/// The pauses of a run: they begin at or after its start, each paired with its end.
fn pauses(scope: &Scope<'_, '_>, spec: &PauseSpec, start: Option<usize>, from: Start) -> Vec<NamedPause> {
    let facts = &scope.view.facts;
    let key =
        |place: usize| -> Vec<Value> { spec.pair_by.iter().map(|field| scope.event_field(place, field)).collect() };
    let mut ends: Vec<usize> = scope.places(&spec.to).collect();
    let times = spec.max_times.map_or(usize::MAX, |times| times as usize);
    let begins = scope.places(&spec.from).filter(|place| facts[*place].at >= from.moment).take(times);
    let pauses = begins.map(|begin| {
        let follows = |end: usize| end != begin && not_after(&facts[begin], &facts[end], false);
        let paired = |end: &usize| follows(*end) && key(*end) == key(begin);
        let end = ends.iter().position(paired).map(|place| ends.remove(place));
        let own = Scope { start: Some(begin), event: Some(begin), ..*scope };
        let cap = spec.cap.as_ref().and_then(|cap| match own.value(cap) {
            Value::Span(span) if span.number > 0 => Some(span),
            _ => None,
        });
        let ground = facts[begin].event.detail().special.as_ref().and_then(|special| special.ground.clone());
        let time = |place: usize| time_of(scope, place);
        let pause =
            Pause { from: time(begin), to: end.map(time), cap, ground: ground.unwrap_or_else(|| spec.name.clone()) };
        let cut = pause.cut(scope.reckoning.counting, scope.reckoning.calendar);
        NamedPause { name: spec.name.clone(), place: begin, cap, cut }
    });
    let _ = start;
    pauses.collect()
}

/// Business time as the calendar reads it.
fn time_of(scope: &Scope<'_, '_>, place: usize) -> EventTime {
    let fact = &scope.view.facts[place];
    if fact.is_day { EventTime::day(scope.reckoning.calendar.date(fact.at)) } else { EventTime::Instant(fact.at) }
}

fn extensions(scope: &Scope<'_, '_>, spec: &ExtensionSpec, from: Start) -> Vec<(usize, Extension)> {
    let times = spec.times.map_or(usize::MAX, |times| times as usize);
    let at_most = spec.at_most.as_ref().map(|node| scope.value(node));
    let granting = scope.places(&spec.on).filter(|place| scope.view.facts[*place].at >= from.moment).take(times);
    let granted = granting.filter_map(|place| {
        let Value::Span(by) = scope.on_event(place).value(&spec.by) else { return None };
        let by = match &at_most {
            Some(Value::Span(most)) if most.unit == by.unit => Span::new(by.number.min(most.number), by.unit),
            _ => by,
        };
        Some((place, Extension { at: scope.view.facts[place].at, by }))
    });
    granted.collect()
}

/// The fact that the law makes of silence: (fact, the first instant from which it is in force). It says that it
/// happened and nothing else: what the start told of the case may have been told otherwise since.
pub(crate) fn deem<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    deadline: &Deadline,
    reckoning: &Reckoning<'a>,
) -> Option<(Event, Moment)> {
    let deems = deadline.deems.as_ref()?;
    let scope = Scope::state(view, reckoning, view.facts.len());
    let instance = instances(&scope, deadline).into_iter().next()?;
    let (place, limit) = (instance.start?, deadline.limit.as_ref()?);
    let Value::Span(limit) = instance.scope(&scope).value(limit) else { return None };
    let due =
        reckoning.clock(instance.from, &instance.cuts()).mark(&Limit::Span(limit), Mark::Due, &instance.grants())?;
    // A decision dated in time bars the deeming, even one dated before the start (semantics 18).
    let decided = deadline.stops.iter().any(|stop| match stop {
        StopSpec::Events(set) => scope.places(set).any(|place| due.in_time(end_of(&scope, place).at)),
        StopSpec::Instant(_) | StopSpec::When(_) => false,
    });
    if decided || instance.ended().is_some_and(|end| due.in_time(end)) {
        return None;
    }
    let start = view.facts[place].event;
    // A source's map can have it that a midnight tells the day only: the derived fact then tells the day, too.
    let begin = &view.facts[place];
    let dated = if begin.is_day { EventTime::day(begin.at.date(&view.profile.zone)) } else { start.at };
    let at = if deems.dated_start { dated } else { EventTime::Instant(due.at) };
    let id = format!("{}:{}:{}", rule.id, deems.activity, start.id).into();
    let event =
        Event { id, activity: deems.activity.clone(), at, seq: None, version: 1, detail: None, ..start.clone() };
    Some((event, due.after))
}

/// `clock.NAME.x`, as of the judged event or the end of the seen history.
pub(crate) fn clock_field(scope: &Scope<'_, '_>, clock: usize, field: ClockField) -> Value {
    let Some(named) = scope.view.configuration.clocks.get(clock) else { return Value::Missing };
    // The judged event itself is not yet part of the clock's history.
    let seen = Scope { event: None, start: None, stop: None, leaves: None, ..*scope };
    let Some(instance) = instances(&seen, &named.deadline).into_iter().next() else { return Value::Missing };
    let now = match scope.event.or(scope.history.checked_sub(1)) {
        Some(place) => scope.view.facts[place].at,
        None => return Value::Missing,
    };
    let limit = named.deadline.limit.as_ref().map(|node| instance.scope(&seen).value(node));
    let limit = match limit {
        Some(Value::Span(span)) => Limit::Span(span),
        Some(Value::Date(day)) => Limit::Date(day),
        Some(Value::Instant(at)) => Limit::Instant(at),
        _ => return Value::Missing,
    };
    let cuts = instance.cuts();
    let reckoned = scope.reckoning.clock(instance.from, &cuts);
    let due = reckoned.mark(&limit, Mark::Due, &instance.grants());
    let paused = instance.pauses.iter().any(|pause| pause.cut.from <= now && pause.cut.to.is_none_or(|to| now < to));
    let measured =
        || super::measured::at(&reckoned, &limit, &instance.grants(), instance.ended().map_or(now, |end| end.min(now)));
    match field {
        ClockField::Start => Value::Instant(instance.from.moment),
        ClockField::Due => due.map_or(Value::Missing, |due| Value::Instant(due.at)),
        ClockField::Running => Value::Flag(instance.ended().is_none_or(|end| end > now) && !paused),
        ClockField::Used => measured().map_or(Value::Missing, |measured| Value::Span(measured.used)),
        ClockField::Left => measured().map_or(Value::Missing, |measured| Value::Span(measured.left)),
        ClockField::Over => measured().map_or(Value::Missing, |measured| Value::Span(measured.over)),
    }
}
