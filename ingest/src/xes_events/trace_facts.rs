//! One trace into facts.

use std::collections::BTreeSet;

use compact_str::CompactString;
use facts::{Activity, Address, Department, Event, Fee, FeeAct, Op};

use super::values::{amount_of, instant_of, scalar_of, time_of};
use crate::xes::{Attributes, LoggedEvent, Trace, XesFault};
use crate::xes_map::{
    CaseEvent, Dept, FeeFields, Fields, OtherActivities, Placement, Reference, Taken, TextField, Value, XesMap,
};

/// Places after the events of a trace; no trace that fits the reader's limit has so many events.
const AFTER_EVENTS: i64 = 1_000_000;

/// What a trace gives.
#[derive(Debug, Default)]
pub(super) struct TraceFacts {
    /// The case number, if there is one.
    pub(super) case: Option<String>,
    /// In the order of their places.
    pub(super) facts: Vec<Fact>,
    /// Events that the map leaves out.
    pub(super) skipped: u64,
    /// What is wrong; the facts are then incomplete.
    pub(super) faults: Vec<XesFault>,
}

/// A fact and where in the log it comes from.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) offset: u64,
    pub(super) event: Event,
    /// Its amount of money was rounded.
    pub(super) rounded: bool,
}

impl TraceFacts {
    pub(super) fn of(trace: &Trace, map: &XesMap) -> TraceFacts {
        let mut made = TraceFacts { faults: trace.faults.clone(), ..TraceFacts::default() };
        let office = Office::of(trace, map);
        made.case = office.as_ref().ok().map(|office| office.case.to_string());
        match office {
            Ok(office) if made.faults.is_empty() => made.make(trace, map, &office),
            Ok(_) => {}
            Err(detail) => made.faults.push(XesFault { offset: trace.offset, detail }),
        }
        made
    }

    fn make(&mut self, trace: &Trace, map: &XesMap, office: &Office) {
        let (before, after): (Vec<&CaseEvent>, Vec<&CaseEvent>) = map.case_events.iter().partition(|made| made.first);
        let count = i64::try_from(before.len()).expect("a map file has few case events");
        for (place, made) in (-count..).zip(before) {
            self.add(trace.offset, office.case_event(trace, map, made, place));
        }
        let mut first = true;
        for (place, event) in (1..).zip(&trace.events) {
            match office.event(trace, map, event, place, first) {
                Ok(None) => self.skipped += 1,
                other => {
                    first = false;
                    self.add(event.offset, other);
                }
            }
        }
        for (place, made) in (AFTER_EVENTS..).zip(after) {
            self.add(trace.offset, office.case_event(trace, map, made, place));
        }
        self.check_ids();
    }

    fn add(&mut self, offset: u64, made: Result<Option<Made>, String>) {
        match made {
            Ok(Some((event, rounded))) => self.facts.push(Fact { offset, event, rounded }),
            Ok(None) => {}
            Err(detail) => self.faults.push(XesFault { offset, detail }),
        }
    }

    /// Two events of one id would be two contents of one record.
    fn check_ids(&mut self) {
        let mut seen = BTreeSet::new();
        for fact in &self.facts {
            if !seen.insert(&fact.event.id) {
                let detail = format!("the id \"{}\" is given to a second event of the case", fact.event.id);
                self.faults.push(XesFault { offset: fact.offset, detail });
            }
        }
    }
}

/// A fact, and whether its amount of money was rounded.
type Made = (Event, bool);

/// What all facts of a trace share.
struct Office {
    case: CompactString,
    address: Address,
}

/// Where values of one fact come from.
#[derive(Clone, Copy)]
struct Origin<'a> {
    map: &'a XesMap,
    trace: &'a Attributes,
    event: Option<&'a Attributes>,
    first: bool,
    activity: &'a str,
}

impl Office {
    fn of(trace: &Trace, map: &XesMap) -> Result<Office, String> {
        let origin = Origin { map, trace: &trace.attributes, event: None, first: false, activity: "" };
        let number = match &map.case_id {
            None => trace.number.to_string(),
            Some(reference) => {
                origin.attribute(reference).ok_or_else(|| format!("the trace has no {reference}"))?.to_owned()
            }
        };
        let dept = match &map.dept {
            Dept::Fixed(dept) => dept.clone(),
            Dept::From(reference) => {
                let code = origin.attribute(reference).ok_or_else(|| format!("the trace has no {reference}"))?;
                Department::new(code).ok_or_else(|| format!("\"{code}\" cannot be a department: no spaces or \".\""))?
            }
        };
        let address = Address { level: map.level, region: map.region, dept };
        Ok(Office { case: format!("{}{number}", map.case_prefix).into(), address })
    }

    /// The fact of an event; `None` when the map leaves it out.
    fn event(
        &self,
        trace: &Trace,
        map: &XesMap,
        event: &LoggedEvent,
        place: i64,
        first: bool,
    ) -> Result<Option<Made>, String> {
        let mut origin = Origin { map, trace: &trace.attributes, event: Some(&event.attributes), first, activity: "" };
        let admitted = |(reference, values): &(Reference, BTreeSet<String>)| {
            origin.attribute(reference).is_some_and(|value| values.contains(value))
        };
        if !map.only.iter().all(admitted) {
            return Ok(None);
        }
        let logged = origin.text(&map.activity).ok_or("the event has no activity")?;
        let renamed = map.activities.get(logged).map(String::as_str);
        let fixed = matches!(map.activity.value, Value::Constant(_));
        origin.activity = match (renamed, map.other_activities) {
            (Some(name), _) => name,
            (None, OtherActivities::Skip) if !fixed => return Ok(None),
            (None, OtherActivities::Refuse) if !fixed => {
                return Err(format!("the activity \"{logged}\" is not in [activities] of the map"));
            }
            (None, _) => logged,
        };
        let at = origin.text(&map.event.at).ok_or("the event has no time")?;
        self.fact(origin, &map.event, at, place, &place.to_string()).map(Some)
    }

    /// The fact made of what is said of the case; `None` when that is not said.
    fn case_event(&self, trace: &Trace, map: &XesMap, made: &CaseEvent, place: i64) -> Result<Option<Made>, String> {
        let origin = Origin { map, trace: &trace.attributes, event: None, first: true, activity: &made.activity };
        let said = made.requires.iter().all(|reference| origin.attribute(reference).is_some());
        match origin.text(&made.fields.at).filter(|_| said) {
            Some(at) => self.fact(origin, &made.fields, at, place, &made.activity).map(Some),
            None => Ok(None),
        }
    }

    fn fact(&self, origin: Origin<'_>, fields: &Fields, at: &str, place: i64, id: &str) -> Result<Made, String> {
        let map = origin.map;
        let mut detail = facts::event::Detail::default();
        for (field, taken) in &fields.texts {
            let value = origin.text(taken).map(CompactString::from);
            *field.slot(&mut detail) = value;
        }
        detail.promise_date =
            origin.optional(fields.promise_date.as_ref()).map(|text| time_of(text, map)).transpose()?;
        let fee = fields.fees.iter().find_map(|fee| origin.fee(fee).transpose()).transpose()?;
        let rounded = fee.as_ref().is_some_and(|(_, rounded)| *rounded);
        detail.fee = fee.map(|(fee, _)| Box::new(fee));
        for attr in &fields.attrs {
            if let Some(text) = origin.text(&attr.taken) {
                let scalar =
                    scalar_of(text, attr.kind, map).map_err(|detail| format!("attrs.{}: {detail}", attr.name))?;
                detail.attrs.push((attr.name.clone(), scalar));
            }
        }
        detail.attrs.sort_by(|one, other| one.0.cmp(&other.0));
        let arrived = origin.optional(fields.arrived.as_ref()).map(|text| instant_of(text, map)).transpose()?;
        let id = match &fields.id {
            Some(taken) => origin.text(taken).ok_or("the event has no id")?,
            None => id,
        };
        let event = Event {
            id: id.into(),
            version: 1,
            seq: Some(place),
            op: Op::Put,
            source: map.source.as_str().into(),
            case: self.case.clone(),
            activity: Activity::from_name(origin.activity),
            at: time_of(at, map)?,
            arrived,
            address: self.address.clone(),
            detail: (detail != facts::event::Detail::default()).then(|| Box::new(detail)),
        };
        Ok((event, rounded))
    }
}

impl<'a> Origin<'a> {
    /// The value of an attribute, unless it says nothing.
    fn attribute(&self, reference: &Reference) -> Option<&'a str> {
        let value = match reference {
            Reference::Trace(key) => self.trace.get(key),
            Reference::Event(key) => self.event.and_then(|event| event.get(key)),
        }?;
        let value = value.trim();
        (!value.is_empty() && !self.map.absent.contains(value)).then_some(value)
    }

    /// A value, if it is there and belongs on this fact.
    fn text<'b>(&self, taken: &'b Taken) -> Option<&'b str>
    where
        'a: 'b,
    {
        let placed = match &taken.on {
            Placement::Every => true,
            Placement::First => self.first,
            Placement::Activities(names) => names.contains(self.activity),
        };
        match &taken.value {
            _ if !placed => None,
            Value::From(reference) => self.attribute(reference),
            Value::Constant(text) => Some(text),
        }
    }

    fn optional<'b>(&self, taken: Option<&'b Taken>) -> Option<&'b str>
    where
        'a: 'b,
    {
        taken.and_then(|taken| self.text(taken))
    }

    /// The fee, and whether its amount was rounded.
    fn fee(&self, fields: &FeeFields) -> Result<Option<(Fee, bool)>, String> {
        let Some(amount) = self.text(&fields.amount) else { return Ok(None) };
        let act = self.text(&fields.act).ok_or("the fee has no act")?;
        let text = |taken: &Option<Taken>| self.optional(taken.as_ref()).map(CompactString::from);
        let (amount, rounded) = amount_of(amount, fields.rounding)?;
        let fee = Fee {
            act: FeeAct::from_name(act).ok_or_else(|| format!("\"{act}\" is no act of a fee's life"))?,
            amount: Some(amount),
            code: text(&fields.code),
            quantity: text(&fields.quantity),
            period: text(&fields.period),
            class: text(&fields.class),
            receipt: text(&fields.receipt),
            payee: text(&fields.payee),
            approver: None,
        };
        Ok(Some((fee, rounded)))
    }
}

impl TextField {
    fn slot(self, detail: &mut facts::event::Detail) -> &mut Option<CompactString> {
        match self {
            TextField::Item => &mut detail.item,
            TextField::ItemVersion => &mut detail.item_version,
            TextField::CaseType => &mut detail.case_type,
            TextField::LinkedCase => &mut detail.linked_case,
            TextField::Stage => &mut detail.stage,
            TextField::Officer => &mut detail.officer,
            TextField::Position => &mut detail.position,
            TextField::Outcome => &mut detail.outcome,
            TextField::Reason => &mut detail.reason,
        }
    }
}
