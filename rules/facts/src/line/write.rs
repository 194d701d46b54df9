//! The canonical line of a fact: fields in the schema's order, absent ones left out.

use serde::Serialize;
use serde::ser::SerializeMap;

use crate::event::{Event, Fee, Op, Scalar, SpanUnit, Special};

/// The canonical line, without a line end. Reading it back gives the same event.
#[must_use]
pub fn write(event: &Event) -> String {
    serde_json::to_string(&Canonical(event)).expect("an event holds only text, numbers and flags")
}

struct Canonical<'a>(&'a Event);

impl Serialize for Canonical<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let detail = event.detail();
        let mut line = serializer.serialize_map(None)?;
        let mut fields = Fields { map: &mut line };
        fields.text("id", &event.id)?;
        if event.version != Event::FINAL && event.version != 1 {
            fields.put("version", &event.version)?;
        } else if event.op == Op::Delete && event.version == 1 {
            fields.put("version", &1)?;
        }
        fields.some("seq", event.seq.as_ref())?;
        if event.op == Op::Delete {
            fields.put("op", "delete")?;
        }
        fields.text("source", &event.source)?;
        fields.text("case", &event.case)?;
        if event.op == Op::Put || !event.activity.name().is_empty() {
            fields.put("activity", event.activity.name())?;
            fields.put("at", &event.at.to_string())?;
        }
        fields.some("arrived", event.arrived.map(|at| at.to_string()).as_ref())?;
        fields.put("level", event.address.level.token())?;
        fields.put("region", &event.address.region.to_string())?;
        fields.put("dept", event.address.dept.as_str())?;
        fields.some("item", detail.item.as_ref())?;
        fields.some("item_version", detail.item_version.as_ref())?;
        fields.some("case_type", detail.case_type.as_ref())?;
        fields.some("linked_case", detail.linked_case.as_ref())?;
        fields.some("stage", detail.stage.as_ref())?;
        fields.some("officer", detail.officer.as_ref())?;
        fields.some("position", detail.position.as_ref())?;
        fields.some("outcome", detail.outcome.as_ref())?;
        fields.some("reason", detail.reason.as_ref())?;
        fields.some("materials", detail.materials.as_ref())?;
        fields.some("materials_missing", detail.materials_missing.as_ref())?;
        let limit = detail.reported_limit.map(|(number, unit)| Limit { number, unit: unit.suffix() });
        fields.some("reported_limit", limit.as_ref())?;
        fields.some("promise_date", detail.promise_date.map(|at| at.to_string()).as_ref())?;
        fields.some("fee", detail.fee.as_deref().map(FeeFields).as_ref())?;
        fields.some("special", detail.special.as_deref().map(SpecialFields).as_ref())?;
        if !detail.attrs.is_empty() {
            fields.put("attrs", &Attrs(&detail.attrs))?;
        }
        line.end()
    }
}

/// Writes members, leaving out what is absent.
struct Fields<'a, M> {
    map: &'a mut M,
}

impl<M: SerializeMap> Fields<'_, M> {
    fn put<V: Serialize + ?Sized>(&mut self, name: &str, value: &V) -> Result<(), M::Error> {
        self.map.serialize_entry(name, value)
    }

    fn text(&mut self, name: &str, value: &str) -> Result<(), M::Error> {
        if value.is_empty() { Ok(()) } else { self.put(name, value) }
    }

    fn some<V: Serialize>(&mut self, name: &str, value: Option<&V>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.put(name, value))
    }
}

#[derive(Serialize)]
struct Limit {
    number: u32,
    unit: &'static str,
}

struct FeeFields<'a>(&'a Fee);

impl Serialize for FeeFields<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fee = self.0;
        let mut map = serializer.serialize_map(None)?;
        let mut fields = Fields { map: &mut map };
        fields.put("act", fee.act.name())?;
        fields.some("code", fee.code.as_ref())?;
        fields.some("amount", fee.amount.map(|amount| amount.to_string()).as_ref())?;
        fields.some("quantity", fee.quantity.as_ref())?;
        fields.some("period", fee.period.as_ref())?;
        fields.some("class", fee.class.as_ref())?;
        fields.some("receipt", fee.receipt.as_ref())?;
        fields.some("payee", fee.payee.as_ref())?;
        fields.some("approver", fee.approver.as_ref())?;
        map.end()
    }
}

struct SpecialFields<'a>(&'a Special);

impl Serialize for SpecialFields<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let special = self.0;
        let mut map = serializer.serialize_map(None)?;
        let mut fields = Fields { map: &mut map };
        fields.some("kind", special.kind.as_ref())?;
        fields.some("no", special.no.as_ref())?;
        fields.some("ground", special.ground.as_ref())?;
        fields.some("granted", special.granted.as_ref())?;
        if special.unit != SpanUnit::WorkingDays {
            fields.put("unit", special.unit.suffix())?;
        }
        fields.some("approver", special.approver.as_ref())?;
        fields.some("fee", special.fee.map(|fee| fee.to_string()).as_ref())?;
        map.end()
    }
}

struct Attrs<'a>(&'a [(compact_str::CompactString, Scalar)]);

impl Serialize for Attrs<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            match value {
                Scalar::Text(text) => map.serialize_entry(key, text)?,
                Scalar::Flag(flag) => map.serialize_entry(key, flag)?,
                Scalar::Number(number) => {
                    let raw = serde_json::value::RawValue::from_string(number.to_string());
                    map.serialize_entry(key, &raw.map_err(serde::ser::Error::custom)?)?;
                }
            }
        }
        map.end()
    }
}
