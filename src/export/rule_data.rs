//! Rules as data: what is judged, by which cards, with every default filled in (docs/export.md).

use rules::counting::{Ends, Span};
use rules::rule::{
    Bound, CardSpec, CardsOn, Clears, Count, Deadline, Each, ExtensionSpec, Forbids, InForceBy, Kind, On, PauseSpec,
    Requires, Rule, SameField, Start, Status, Stop, WorkflowCheck,
};
use serde_json::{Value, json};

use super::conditions::{case_field, event_field, line_field, node, set, some_node};

/// A rule under one profile.
pub(super) fn rule(rule: &Rule) -> Value {
    let scope = &rule.scope;
    json!({
        "id": rule.id,
        "label": rule.label,
        "family": rule.family.token(),
        "name": rule.name,
        "basis": rule.basis,
        "on": rule.status == Status::On,
        "applies_to": {
            "levels": scope.levels,
            "regions": scope.regions,
            "depts": scope.depts,
            "items": scope.items,
            "item_types": scope.item_types,
            "case_types": scope.case_types,
            "where": some_node(scope.condition.as_ref()),
        },
        "in_force": {
            "by": match rule.in_force.by {
                InForceBy::Accepted => "accepted",
                InForceBy::Submitted => "submitted",
                InForceBy::First => "first",
            },
            "from": rule.in_force.from.map(|day| day.to_string()),
            "until": rule.in_force.until.map(|day| day.to_string()),
        },
        "group": rule.group.as_ref().map(|group| json!({
            "by": group.by.iter().map(node).collect::<Vec<_>>(),
            "window": some_span(group.window),
            "cards_on": match group.cards_on {
                CardsOn::All => "all",
                CardsOn::Last => "last",
                CardsOn::First => "first",
            },
        })),
        "kind": rule.kind.token(),
        rule.kind.token(): kind(&rule.kind),
        "cards": rule.cards.iter().map(card).collect::<Vec<_>>(),
        "grace": some_span(rule.grace),
        "counting": rule.counting.token(),
        "ends": rule.ends.map(|ends| match ends {
            Ends::Instant => "instant",
            Ends::Day => "day",
            Ends::Office => "office",
        }),
        "roll": rule.roll,
        "calendar": rule.calendar,
    })
}

fn some_span(span: Option<Span>) -> Option<String> {
    span.map(|span| span.to_string())
}

fn card(card: &CardSpec) -> Value {
    json!({
        "card": card.card,
        "light": card.light,
        "mark": card.mark.reckoned().to_string(),
        "mark_text": card.mark_text,
        "limit": some_node(card.limit.as_ref()),
        "when": some_node(card.when.as_ref()),
        "after": some_span(card.after),
        "from": some_node(card.from.as_ref()),
        "clears": match &card.clears {
            Clears::Never => json!("never"),
            Clears::Ended => json!("ended"),
            Clears::When(heals) => node(heals),
        },
        "held": card.held,
    })
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Deadline(spec) => deadline(spec),
        Kind::Requires(spec) => requires(spec),
        Kind::Forbids(spec) => forbids(spec),
        Kind::Count(spec) => count(spec),
        Kind::Separation(spec) => {
            json!({ "acts": spec.acts.iter().map(set).collect::<Vec<_>>(), "by": event_field(&spec.by) })
        }
        Kind::Workflow(spec) => json!({
            "check": match spec.check {
                WorkflowCheck::Complete => "complete",
                WorkflowCheck::Order => "order",
                WorkflowCheck::Edges => "edges",
                WorkflowCheck::Known => "known",
            },
            "step": event_field(&spec.step),
            "of": set(&spec.of),
            "at": set(&spec.at),
        }),
        Kind::Fee(spec) => json!({
            "by": spec.by.iter().map(|field| line_field(*field)).collect::<Vec<_>>(),
            "grounds": spec.grounds.iter().map(node).collect::<Vec<_>>(),
        }),
        Kind::Condition(spec) => json!({
            "on": match &spec.on {
                On::Events(events) => set(events),
                On::Case => json!("case"),
            },
            "each": each(spec.each),
            "grounds": spec.grounds.iter().map(node).collect::<Vec<_>>(),
        }),
    }
}

/// A deadline, of a rule or of a named clock.
pub(super) fn deadline(spec: &Deadline) -> Value {
    json!({
        "start": match &spec.start {
            Start::Events(events) => json!({ "events": set(events) }),
            Start::Case => json!("case"),
            Start::Instant(at) => json!({ "instant": node(at) }),
        },
        "stops": spec.stops.iter().map(stop).collect::<Vec<_>>(),
        "cancel": spec.cancel.as_ref().map(set),
        "limit": some_node(spec.limit.as_ref()),
        "where": some_node(spec.condition.as_ref()),
        "each": each(spec.each),
        "pair_by": spec.pair_by.iter().map(event_field).collect::<Vec<_>>(),
        "one_to_one": spec.one_to_one,
        "silent": spec.silent,
        "deems": spec.deems.as_ref().map(|deems| json!({
            "activity": deems.activity.name(),
            "dated": if deems.dated_start { "start" } else { "due" },
        })),
        "pauses": spec.pauses.iter().map(pause).collect::<Vec<_>>(),
        "extension": spec.extension.as_ref().map(extension),
    })
}

fn stop(stop: &Stop) -> Value {
    match stop {
        Stop::Events(events) => json!({ "events": set(events) }),
        Stop::Instant(at) => json!({ "instant": node(at) }),
        Stop::When(holds) => json!({ "when": node(holds) }),
    }
}

fn pause(pause: &PauseSpec) -> Value {
    json!({
        "name": pause.name,
        "from": set(&pause.from),
        "to": set(&pause.to),
        "pair_by": pause.pair_by.iter().map(event_field).collect::<Vec<_>>(),
        "cap": some_node(pause.cap.as_ref()),
        "max_times": pause.max_times,
    })
}

fn extension(extension: &ExtensionSpec) -> Value {
    json!({
        "name": extension.name,
        "on": set(&extension.on),
        "by": node(&extension.by),
        "at_most": some_node(extension.at_most.as_ref()),
        "times": extension.times,
    })
}

fn requires(spec: &Requires) -> Value {
    json!({
        "event": set(&spec.event),
        "before": spec.before.iter().map(set).collect::<Vec<_>>(),
        "need": if spec.all { "all" } else { "any" },
        "since": spec.since.as_ref().map(set),
        "same": spec.same.iter().map(same_field).collect::<Vec<_>>(),
        "where": some_node(spec.condition.as_ref()),
        "directly": spec.directly,
        "at_least": some_span(spec.at_least),
        "at_most": some_span(spec.at_most),
        "each": each(spec.each),
        "lenient": spec.lenient,
    })
}

fn forbids(spec: &Forbids) -> Value {
    json!({
        "event": set(&spec.event),
        "after": set(&spec.after),
        "unless": spec.unless.as_ref().map(set),
        "within": some_span(spec.within),
        "later_than": some_span(spec.later_than),
        "same": spec.same.iter().map(same_field).collect::<Vec<_>>(),
        "where": some_node(spec.condition.as_ref()),
        "directly": spec.directly,
        "each": each(spec.each),
        "lenient": spec.lenient,
    })
}

fn count(spec: &Count) -> Value {
    let (most, least, at) = match &spec.bound {
        Bound::Max(most) => (Some(most), None, None),
        Bound::Min(least, at) => (None, Some(least), Some(set(at))),
    };
    json!({
        "of": set(&spec.of),
        "by": spec.by.iter().map(event_field).collect::<Vec<_>>(),
        "max": most,
        "min": least,
        "at": at,
        "within": some_span(spec.within),
    })
}

/// A field of the event, or `{ "case": field }`.
fn same_field(field: &SameField) -> Value {
    match field {
        SameField::Event(field) => event_field(field),
        SameField::Case(field) => json!({ "case": case_field(field) }),
    }
}

const fn each(each: Each) -> &'static str {
    match each {
        Each::First => "first",
        Each::Every => "every",
        Each::Last => "last",
    }
}
