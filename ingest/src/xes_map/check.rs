//! From the map as written to the map as used: every fault is gathered, none stops the others.

use std::collections::BTreeSet;
use std::ops::Range;

use facts::{Department, FeeAct, Level, money};
use jiff::tz::TimeZone;
use toml::Spanned;

use super::fault::{MapFault, Says, of_toml};
use super::{
    AttrField, AttrKind, CaseEvent, Dept, FeeFields, Fields, OtherActivities, Placement, Reference, Taken, TextField,
    Value, XesMap, raw,
};

/// The form of map files this program reads.
const FORMAT: u32 = 1;

/// What faults call the name of an activity, in Chinese and English.
const ACTIVITY_NAME: (&str, &str) = ("活动名", "an activity's name");

/// In the order of `raw::FieldsOf::texts`.
const TEXT_FIELDS: [TextField; 9] = [
    TextField::Item,
    TextField::ItemVersion,
    TextField::CaseType,
    TextField::LinkedCase,
    TextField::Stage,
    TextField::Officer,
    TextField::Position,
    TextField::Outcome,
    TextField::Reason,
];

/// Reads and checks a map file.
pub(super) fn parse(text: &str) -> Result<XesMap, Vec<MapFault>> {
    let raw: raw::Map = toml::from_str(text).map_err(|error| vec![of_toml(text, &error)])?;
    let mut check = Check { text, faults: Vec::new() };
    let map = check.map(&raw);
    check.faults.sort_by_key(|fault| (fault.line, fault.column));
    match map {
        Some(map) if check.faults.is_empty() => Ok(map),
        _ => Err(check.faults),
    }
}

/// Gathers faults; whatever is at fault gives `None`.
struct Check<'a> {
    text: &'a str,
    faults: Vec<MapFault>,
}

/// May a value come from the event at hand? A case event has none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Event,
    Case,
}

impl Check<'_> {
    fn fault(&mut self, span: Range<usize>, says: Says) {
        self.faults.push(MapFault::at(self.text, span, says));
    }

    fn map(&mut self, raw: &raw::Map) -> Option<XesMap> {
        if *raw.format.get_ref() != FORMAT {
            let format = *raw.format.get_ref();
            let zh = format!("format 为 {format}；本程序只读 {FORMAT}");
            self.fault(
                raw.format.span(),
                Says::new("XM02", zh, format!("format is {format}; this program reads {FORMAT}")),
            );
        }
        let source = self.not_empty(&raw.source, ("source", "source"));
        let zone = raw.zone.as_ref().map(|zone| self.zone(zone));
        let level = self.level(&raw.office.level);
        let region = self.region(&raw.office.region);
        let dept = self.dept(&raw.office.dept);
        let case_id = raw.case.id.as_ref().map(|id| self.reference(id.get_ref(), &id.span(), Within::Case));
        let only: Vec<_> = raw.only.iter().map(|(key, values)| self.only(key, values)).collect();
        let activity = self.taken(&raw.event.activity, Within::Event);
        let event = self.fields(&raw.event.fields(), Within::Event);
        let activities: Vec<_> =
            raw.activities.iter().map(|(from, to)| Some((from.clone(), self.not_empty(to, ACTIVITY_NAME)?))).collect();
        let case_events: Vec<_> = raw.case_event.iter().map(|made| self.case_event(made)).collect();
        self.check_ids(raw);
        Some(XesMap {
            source: source?,
            zone: zone.map_or(Some(None), |zone| zone.map(Some))?,
            midnight_is_day: raw.midnight_is_day,
            absent: raw.absent.iter().cloned().collect(),
            level: level?,
            region: region?,
            dept: dept?,
            case_id: case_id.map_or(Some(None), |id| id.map(Some))?,
            case_prefix: raw.case.prefix.clone(),
            only: only.into_iter().collect::<Option<_>>()?,
            activity: activity?,
            event: event?,
            activities: activities.into_iter().collect::<Option<_>>()?,
            other_activities: match raw.other_activities {
                raw::OtherActivities::Keep => OtherActivities::Keep,
                raw::OtherActivities::Refuse => OtherActivities::Refuse,
                raw::OtherActivities::Skip => OtherActivities::Skip,
            },
            case_events: case_events.into_iter().collect::<Option<_>>()?,
        })
    }

    fn not_empty(&mut self, text: &Spanned<String>, (zh, en): (&str, &str)) -> Option<String> {
        let trimmed = text.get_ref().trim();
        if trimmed.is_empty() {
            self.fault(text.span(), Says::new("XM03", format!("{zh} 为空"), format!("{en} is empty")));
            return None;
        }
        Some(trimmed.to_owned())
    }

    fn zone(&mut self, zone: &Spanned<String>) -> Option<TimeZone> {
        let found = TimeZone::get(zone.get_ref()).ok();
        if found.is_none() {
            let name = zone.get_ref();
            let zh = format!("没有时区 \"{name}\"；请写作 Asia/Shanghai 的形式");
            let en = format!("\"{name}\" is no time zone; write one as Asia/Shanghai");
            self.fault(zone.span(), Says::new("XM04", zh, en));
        }
        found
    }

    fn level(&mut self, level: &Spanned<String>) -> Option<Level> {
        let found = Level::from_token(level.get_ref());
        if found.is_none() {
            let name = level.get_ref();
            let zh = format!("level \"{name}\" 不在 province、city、county、township 之中");
            let en = format!("level \"{name}\" is none of province, city, county, township");
            self.fault(level.span(), Says::new("XM05", zh, en));
        }
        found
    }

    fn region(&mut self, region: &Spanned<String>) -> Option<facts::Region> {
        let refused = |bad: facts::address::BadRegion| {
            let zh = format!("区划代码 \"{}\" 不是 2 至 12 位数字", region.get_ref());
            self.fault(region.span(), Says::new("XM05", zh, bad.to_string()));
        };
        region.get_ref().parse().map_err(refused).ok()
    }

    fn dept(&mut self, dept: &Spanned<String>) -> Option<Dept> {
        let text = dept.get_ref();
        if text.starts_with("trace:") || text.starts_with("event:") {
            return self.reference(text, &dept.span(), Within::Case).map(Dept::From);
        }
        let found = Department::new(text).map(Dept::Fixed);
        if found.is_none() {
            let zh = format!("dept \"{text}\" 不能用作主题的一段：不得含空格、\".\"、\"*\"、\">\"");
            let en = format!("dept \"{text}\" cannot be a subject token: no spaces, \".\", \"*\" or \">\"");
            self.fault(dept.span(), Says::new("XM05", zh, en));
        }
        found
    }

    fn reference(&mut self, text: &str, span: &Range<usize>, within: Within) -> Option<Reference> {
        let found = match text.split_once(':') {
            Some(("trace", key)) if !key.is_empty() => Some(Reference::Trace(key.to_owned())),
            Some(("event", key)) if !key.is_empty() => Some(Reference::Event(key.to_owned())),
            _ => None,
        };
        match (&found, within) {
            (None, _) => {
                let fixed = format!("{{ constant = \"{text}\" }}");
                let zh = format!("\"{text}\" 既不是 trace:<键> 也不是 event:<键>；固定值写作 {fixed}");
                let en = format!("\"{text}\" is neither trace:<key> nor event:<key>; a fixed value is written {fixed}");
                self.fault(span.clone(), Says::new("XM06", zh, en));
            }
            (Some(Reference::Event(_)), Within::Case) => {
                let zh = format!("\"{text}\" 属于事件，而此处只有办件（trace）可用");
                let en = format!("\"{text}\" is said of an event, but here only the case is known");
                self.fault(span.clone(), Says::new("XM06", zh, en));
                return None;
            }
            _ => {}
        }
        found
    }

    fn only(&mut self, key: &Spanned<String>, values: &[String]) -> Option<(Reference, BTreeSet<String>)> {
        if values.is_empty() {
            let name = key.get_ref();
            let zh = format!("only \"{name}\" 没有列出任何值，所有事件都会被舍去");
            let en = format!("only \"{name}\" names no value, so no event would be taken");
            self.fault(key.span(), Says::new("XM07", zh, en));
        }
        Some((self.reference(key.get_ref(), &key.span(), Within::Event)?, values.iter().cloned().collect()))
    }

    fn taken(&mut self, taken: &Spanned<raw::Taken>, within: Within) -> Option<Taken> {
        let raw = taken.get_ref();
        self.value(raw.from.as_deref(), raw.constant.as_deref(), raw.on.as_ref(), &taken.span(), within)
    }

    fn some_taken(&mut self, taken: Option<&Spanned<raw::Taken>>, within: Within) -> Option<Option<Taken>> {
        match taken {
            Some(taken) => self.taken(taken, within).map(Some),
            None => Some(None),
        }
    }

    fn value(
        &mut self,
        from: Option<&str>,
        constant: Option<&str>,
        on: Option<&raw::On>,
        span: &Range<usize>,
        within: Within,
    ) -> Option<Taken> {
        let value = match (from, constant) {
            (Some(from), None) => Value::From(self.reference(from, span, within)?),
            (None, Some(constant)) if !constant.is_empty() => Value::Constant(constant.to_owned()),
            _ => {
                let zh = "请写 from = \"trace:<键>\" 或 constant = \"<文本>\"，二者取一";
                let en = "write either from = \"trace:<key>\" or constant = \"<text>\"";
                self.fault(span.clone(), Says::new("XM08", zh, en));
                return None;
            }
        };
        if on.is_some() && within == Within::Case {
            let zh = "\"on\" 用于在办件的各事件中选择；[[case_event]] 本身只是一个事件";
            let en = "\"on\" chooses among the events of a trace; a case event is one event";
            self.fault(span.clone(), Says::new("XM08", zh, en));
        }
        let on = match on {
            None | Some(raw::On::Every) => Placement::Every,
            Some(raw::On::First) => Placement::First,
            Some(raw::On::Activities(names)) => Placement::Activities(names.iter().cloned().collect()),
        };
        Some(Taken { value, on })
    }

    fn fields(&mut self, raw: &raw::FieldsOf<'_>, within: Within) -> Option<Fields> {
        for (field, name) in [(Some(raw.at), "at"), (raw.arrived, "arrived")] {
            if let Some(field) = field.filter(|field| field.get_ref().constant.is_some()) {
                let zh = format!("{name} 对所有事件都相同；请取自某个属性");
                let en = format!("{name} is the same for all; take it from an attribute");
                self.fault(field.span(), Says::new("XM08", zh, en));
            }
        }
        let at = self.taken(raw.at, within);
        let id = self.some_taken(raw.id, within);
        let arrived = self.some_taken(raw.arrived, within);
        let promise_date = self.some_taken(raw.promise_date, within);
        let mut texts = Some(Vec::new());
        for (field, taken) in TEXT_FIELDS.into_iter().zip(raw.texts) {
            let taken = self.some_taken(taken.as_ref(), within);
            match (texts.as_mut(), taken) {
                (Some(texts), Some(taken)) => texts.extend(taken.map(|taken| (field, taken))),
                _ => texts = None,
            }
        }
        let fees: Vec<_> = raw.fee.iter().map(|fee| self.fee(fee, within)).collect();
        let attrs: Vec<_> = raw.attrs.iter().map(|(name, attr)| self.attr(name, attr, within)).collect();
        Some(Fields {
            at: at?,
            id: id?,
            arrived: arrived?,
            promise_date: promise_date?,
            texts: texts?,
            fees: fees.into_iter().collect::<Option<_>>()?,
            attrs: attrs.into_iter().collect::<Option<_>>()?,
        })
    }

    fn fee(&mut self, raw: &raw::Fee, within: Within) -> Option<FeeFields> {
        let act = self.taken(&raw.act, within);
        if let Some(Taken { value: Value::Constant(name), .. }) = &act
            && FeeAct::from_name(name).is_none()
        {
            let known: Vec<&str> = FeeAct::ALL.into_iter().map(FeeAct::name).collect();
            let zh = format!("\"{name}\" 不是收费环节；可用：{}", known.join("、"));
            let en = format!("\"{name}\" is no act of a fee's life; known are {}", known.join(", "));
            self.fault(raw.act.span(), Says::new("XM09", zh, en));
        }
        let amount = self.taken(&raw.amount, within);
        let code = self.some_taken(raw.code.as_ref(), within);
        let quantity = self.some_taken(raw.quantity.as_ref(), within);
        let period = self.some_taken(raw.period.as_ref(), within);
        let class = self.some_taken(raw.class.as_ref(), within);
        let receipt = self.some_taken(raw.receipt.as_ref(), within);
        let payee = self.some_taken(raw.payee.as_ref(), within);
        let rounding = match raw.rounding {
            None | Some(raw::Rounding::Refuse) => money::Rounding::Refuse,
            Some(raw::Rounding::HalfUp) => money::Rounding::HalfUp,
            Some(raw::Rounding::HalfEven) => money::Rounding::HalfEven,
            Some(raw::Rounding::Down) => money::Rounding::Down,
        };
        Some(FeeFields {
            act: act?,
            amount: amount?,
            rounding,
            code: code?,
            quantity: quantity?,
            period: period?,
            class: class?,
            receipt: receipt?,
            payee: payee?,
        })
    }

    fn attr(&mut self, name: &Spanned<String>, attr: &Spanned<raw::Attr>, within: Within) -> Option<AttrField> {
        let raw = attr.get_ref();
        let key = self.not_empty(name, ("属性名", "an attribute's name"));
        let taken = self.value(raw.from.as_deref(), raw.constant.as_deref(), raw.on.as_ref(), &attr.span(), within);
        let kind = match raw.kind {
            raw::AttrKind::Text => AttrKind::Text,
            raw::AttrKind::Number => AttrKind::Number,
            raw::AttrKind::Instant => AttrKind::Instant,
            raw::AttrKind::Date => AttrKind::Date,
            raw::AttrKind::Flag => AttrKind::Flag,
        };
        Some(AttrField { name: key?.into(), kind, taken: taken? })
    }

    fn case_event(&mut self, raw: &raw::CaseEvent) -> Option<CaseEvent> {
        let activity = self.not_empty(&raw.activity, ACTIVITY_NAME);
        let references = raw.requires.as_deref().unwrap_or_default();
        let requires: Vec<_> =
            references.iter().map(|text| self.reference(text.get_ref(), &text.span(), Within::Case)).collect();
        let fields = self.fields(&raw.fields(), Within::Case);
        Some(CaseEvent {
            activity: activity?,
            requires: requires.into_iter().collect::<Option<_>>()?,
            first: raw.place == Some(raw::Place::Before),
            fields: fields?,
        })
    }

    /// Two case events of one id would be two contents of one record.
    fn check_ids(&mut self, raw: &raw::Map) {
        let mut seen = BTreeSet::new();
        for made in &raw.case_event {
            let id = match made.id.as_ref().map(Spanned::get_ref) {
                None => Some(made.activity.get_ref().clone()),
                Some(taken) => taken.constant.clone(),
            };
            if let Some(id) = id
                && !seen.insert(id.clone())
            {
                let zh = format!("另一个 [[case_event]] 已用编号 \"{id}\"；请加 id = {{ constant = \"...\" }}");
                let en =
                    format!("a second case event has the id \"{id}\"; give it one with id = {{ constant = \"...\" }}");
                self.fault(made.activity.span(), Says::new("XM10", zh, en));
            }
        }
    }
}
