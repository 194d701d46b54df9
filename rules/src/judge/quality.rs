//! What an event shows about the data itself: where it disagrees with others of its case.
//!
//! Compared are only events before it in canonical order, so that of two that disagree the later one is named.

use facts::{Event, EventTime, SpanUnit};

use super::view::{CaseView, Fact};

/// Facts of a case that one event gives another value than the event before it that gave one.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Differs(u8);

/// The facts of a case that are compared, by the names of their fields.
const NAMES: [&str; 6] = ["item", "item_version", "case_type", "linked_case", "promise_date", "reported_limit"];

impl Differs {
    /// The names of the fields.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().enumerate().filter(move |(place, _)| self.0 & (1 << place) != 0).map(|(_, name)| name)
    }
}

/// What is known of a case up to an event.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Known<'a> {
    pub(crate) item: Option<&'a str>,
    pub(crate) item_version: Option<&'a str>,
    pub(crate) case_type: Option<&'a str>,
    pub(crate) linked_case: Option<&'a str>,
    pub(crate) promise_date: Option<EventTime>,
    pub(crate) reported_limit: Option<(u32, SpanUnit)>,
}

impl<'a> Known<'a> {
    /// Takes over what the fact says, and tells where it differs from what was known.
    pub(crate) fn take(&mut self, fact: &Fact<'a>) -> Differs {
        let detail = fact.event.detail();
        let changed = [
            put(&mut self.item, detail.item.as_deref()),
            put(&mut self.item_version, detail.item_version.as_deref()),
            put(&mut self.case_type, fact.case_type()),
            put(&mut self.linked_case, detail.linked_case.as_deref()),
            put(&mut self.promise_date, detail.promise_date),
            put(&mut self.reported_limit, detail.reported_limit),
        ];
        let bits = changed.into_iter().enumerate().map(|(place, changed)| u8::from(changed) << place);
        Differs(bits.fold(0, |all, bit| all | bit))
    }
}

/// Puts a new value in the place of a known one; true when both are there and differ.
fn put<T: Copy + PartialEq>(known: &mut Option<T>, new: Option<T>) -> bool {
    let differs = known.is_some() && new.is_some() && *known != new;
    *known = new.or(*known);
    differs
}

/// Subjects under which the source of the fact at `place` has said the same id before it.
pub(crate) fn namesakes(view: &CaseView<'_>, place: usize) -> Vec<String> {
    if !view.several_offices {
        return Vec::new();
    }
    let event = view.facts[place].event;
    let same = |other: &&Fact<'_>| {
        let other = other.event;
        other.id == event.id && other.source == event.source && other.address != event.address
    };
    view.facts[..place].iter().filter(same).map(|other| other.event.address.subject("approval")).collect()
}

/// What an event says, in one line for people.
pub(crate) fn in_short(view: &CaseView<'_>, event: &Event) -> String {
    let detail = event.detail();
    let at = event.at.moment(&view.profile.zone).local(&view.profile.zone);
    let told = [
        ("item", detail.item.as_deref()),
        ("stage", detail.stage.as_deref()),
        ("officer", detail.officer.as_deref()),
        ("outcome", detail.outcome.as_deref()),
        ("reason", detail.reason.as_deref()),
    ];
    let told = told.into_iter().filter_map(|(name, value)| value.map(|value| format!(" {name}={value}")));
    let fee = detail.fee.as_ref().map(|fee| {
        let amount = fee.amount.map_or_else(String::new, |amount| amount.to_string());
        format!(" fee={} {amount}", fee.act.name())
    });
    told.chain(fee).fold(format!("{} {at}", event.activity.name()), |line, told| line + &told)
}
