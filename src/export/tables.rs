//! What a judgement reads beside rules: items, calendars, zones and code maps, as data (docs/export.md).

use facts::Fen;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rules::catalogue::{Item, Stage, Tariff};
use rules::counting::Span;
use rules::source_map::SourceMap;
use rules::working_calendar::{DayKind, WorkingCalendar};
use serde_json::{Map, Value, json};

/// Days are written out for these years; a notice before or after them would be a calendar of another age.
const FIRST_DAY: Date = date(1990, 1, 1);
const END_DAY: Date = date(2111, 1, 1);

/// One version of an item with its stages and tariff.
pub(super) fn item(item: &Item) -> Value {
    json!({
        "code": item.code,
        "version": item.version,
        "name": item.name,
        "item_type": item.item_type,
        "from": day(item.from),
        "until": day(item.until),
        "promise": span(item.promise),
        "statutory": span(item.statutory),
        "charges": item.charges,
        "joint": item.joint,
        "site_visit": item.site_visit,
        "levels": item.levels,
        "regions": item.regions,
        "depts": item.depts,
        "procedures": item.procedures,
        "charged_procedures": item.charged_procedures,
        "materials": item.materials,
        "materials_optional": item.materials_optional,
        "payees": item.payees,
        "stages": item.stages.iter().map(stage).collect::<Vec<_>>(),
        "fees": item.fees.iter().map(tariff).collect::<Vec<_>>(),
    })
}

fn stage(stage: &Stage) -> Value {
    json!({
        "code": stage.code,
        "name": stage.name,
        "order": stage.order,
        "required": stage.required,
        "limit": span(stage.limit),
        "next": stage.next,
        "returns": stage.returns,
        "positions": stage.positions,
        "levels": stage.levels,
        "risk": stage.risk,
    })
}

fn tariff(tariff: &Tariff) -> Value {
    json!({
        "code": tariff.code,
        "basis": tariff.basis,
        "from": day(tariff.from),
        "until": day(tariff.until),
        "min": tariff.min.map(Fen::fen),
        "max": tariff.max.map(Fen::fen),
        "early": tariff.early,
        "payees": tariff.payees,
    })
}

fn day(day: Option<Date>) -> Option<String> {
    day.map(|day| day.to_string())
}

fn span(span: Option<Span>) -> Option<String> {
    span.map(|span| span.to_string())
}

/// Code maps of one source.
pub(super) fn source(map: &SourceMap) -> Value {
    json!({
        "outcomes": map.outcomes,
        "case_types": map.case_types,
        "stages": map.stages,
        "midnight_is_day": map.midnight_is_day,
    })
}

/// A calendar: its listed days, the years with a file, and the office hours with the first day of each.
pub(super) fn calendar(calendar: &WorkingCalendar) -> Value {
    let days = FIRST_DAY.series(1.day()).take_while(|day| *day < END_DAY);
    let (mut listed, mut hours, mut periods) = (Vec::new(), Vec::new(), None);
    for day in days {
        let (off, name) = match calendar.day(day) {
            DayKind::Work | DayKind::Weekend => (None, ""),
            DayKind::Holiday { name, .. } => (Some(true), name),
            DayKind::MakeUp { name, .. } => (Some(false), name),
        };
        if let Some(off) = off {
            listed.push(json!({ "date": day.to_string(), "off": off, "name": name }));
        }
        let now = calendar.office_periods(day);
        if periods != Some(now) {
            periods = Some(now);
            let shown: Vec<[u32; 2]> = now.iter().map(|period| [period.open, period.close]).collect();
            hours.push(json!({ "from": day.to_string(), "periods": shown }));
        }
    }
    let years: Vec<i16> = (FIRST_DAY.year()..END_DAY.year()).filter(|year| calendar.covered(*year)).collect();
    json!({ "id": calendar.id(), "zone": calendar.zone_name(), "years": years, "days": listed, "office_hours": hours })
}

/// The offsets of `zones` from UTC by name: in whole seconds, each from its first instant on.
pub(super) fn zones<'z>(zones: impl Iterator<Item = &'z TimeZone>) -> Value {
    let mut named = Map::new();
    for zone in zones {
        let name = zone.iana_name().unwrap_or("UTC");
        if named.contains_key(name) {
            continue;
        }
        let start = FIRST_DAY.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |at| at.timestamp());
        let end = END_DAY.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |at| at.timestamp());
        let first = json!({ "from": start.to_string(), "offset_secs": zone.to_offset(start).seconds() });
        let later = zone.following(start).take_while(|change| change.timestamp() < end);
        let later = later
            .map(|change| json!({ "from": change.timestamp().to_string(), "offset_secs": change.offset().seconds() }));
        named.insert(name.to_owned(), std::iter::once(first).chain(later).collect());
    }
    Value::Object(named)
}
