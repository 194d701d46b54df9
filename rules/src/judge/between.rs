//! How two events of a history stand to each other: order, agreement, what lies between. What the facts leave open
//! is read in the case's favour (semantics 1).

use super::evaluate::Scope;
use super::view::Fact;
use crate::rule::SameField;
use crate::value::Value;

/// Is `a` at or before `b`? Within one instant the source's `seq` decides, where it is comparable.
pub(crate) fn not_after(a: &Fact<'_>, b: &Fact<'_>, lenient: bool) -> bool {
    if a.at != b.at {
        return a.at < b.at;
    }
    let comparable = !lenient && a.event.source == b.event.source;
    match (a.event.seq, b.event.seq) {
        (Some(first), Some(second)) if comparable => first <= second,
        _ => true,
    }
}

/// Is `a` before `b`, and not merely at the same instant?
pub(crate) fn surely_before(a: &Fact<'_>, b: &Fact<'_>, lenient: bool) -> bool {
    !not_after(b, a, lenient)
}

/// The value that the fact at `place` has for a field in which two facts may have to agree.
pub(crate) fn same_value(scope: &Scope<'_, '_>, place: usize, field: &SameField) -> Value {
    match field {
        SameField::Event(field) => scope.event_field(place, field),
        SameField::Case(field) => scope.case_field_of(scope.view.case_of(place), field),
    }
}

/// Does an event lie between the two for sure?
pub(crate) fn parted(scope: &Scope<'_, '_>, earlier: usize, event: usize, lenient: bool) -> bool {
    let facts = &scope.view.facts;
    others(scope, earlier, event).any(|other| {
        surely_before(&facts[earlier], &facts[other], lenient) && surely_before(&facts[other], &facts[event], lenient)
    })
}

/// May the fact at `other` lie between the two?
pub(crate) fn may_part(scope: &Scope<'_, '_>, earlier: usize, other: usize, event: usize, lenient: bool) -> bool {
    let facts = &scope.view.facts;
    not_after(&facts[earlier], &facts[other], lenient) && not_after(&facts[other], &facts[event], lenient)
}

/// The places of all facts that are seen at the later one, but for the two.
pub(crate) fn others(scope: &Scope<'_, '_>, earlier: usize, event: usize) -> impl Iterator<Item = usize> {
    let judged = scope.view.facts[event].at;
    (0..scope.view.facts.len()).filter(move |place| *place != earlier && *place != event && scope.sees(*place, judged))
}
