//! What names stand for: fields of events, of cases, and of what is looked up in the catalogue and the ledger.

use compact_str::{CompactString, ToCompactString};
use facts::{Event, EventTime, Fen, Moment, Scalar};

use super::Scope;
use crate::catalogue::{Item, Stage};
use crate::counting::Span;
use crate::expression::{CaseField, EventField, ItemField, LedgerField, LineField, Node, StageField, TariffField};
use crate::judge::ledger::Ledger;
use crate::judge::quality;
use crate::judge::view::CaseView;
use crate::value::{Type, Value};

impl<'a> Scope<'_, 'a> {
    /// A field of the fact at `place`.
    pub(crate) fn event_field(&self, place: usize, field: &EventField) -> Value {
        let fact = &self.view.facts[place];
        let (event, detail) = (fact.event, fact.event.detail());
        let (fee, special) = (detail.fee.as_ref(), detail.special.as_ref());
        let text = |value: Option<&str>| value.map_or(Value::Missing, |text| Value::Text(text.into()));
        let owned = |value: &Option<CompactString>| value.clone().map_or(Value::Missing, Value::Text);
        let list = |value: &Option<Vec<CompactString>>| {
            value.as_ref().map_or(Value::Missing, |list| Value::List(list.iter().cloned().map(Value::Text).collect()))
        };
        match field {
            EventField::Id => Value::Text(event.id.clone()),
            EventField::Source => Value::Text(event.source.clone()),
            EventField::Version => Value::Number(event.version.into()),
            EventField::Activity => Value::Text(event.activity.name().into()),
            EventField::At => Value::Instant(fact.at),
            EventField::Arrived => fact.arrived.map_or(Value::Missing, Value::Instant),
            EventField::Received => fact.received.map_or(Value::Missing, Value::Instant),
            EventField::DeletedAt => {
                fact.deleted_by.and_then(|delete| delete.arrived).map_or(Value::Missing, Value::Instant)
            }
            EventField::CaseId => Value::Text(self.view.case_of(place).id.into()),
            EventField::Level => Value::Text(event.address.level.token().into()),
            EventField::Region => Value::Text(event.address.region.to_compact_string()),
            EventField::County => {
                event.address.region.county().map_or(Value::Missing, |county| Value::Text(county.to_compact_string()))
            }
            EventField::Dept => Value::Text(event.address.dept.as_str().into()),
            EventField::Item => owned(&detail.item),
            EventField::ItemVersion => owned(&detail.item_version),
            EventField::CaseType => text(fact.case_type()),
            EventField::LinkedCase => owned(&detail.linked_case),
            EventField::Stage => text(fact.stage()),
            EventField::Officer => owned(&detail.officer),
            EventField::Position => owned(&detail.position),
            EventField::Outcome => text(fact.outcome()),
            EventField::Reason => owned(&detail.reason),
            EventField::Materials => list(&detail.materials),
            EventField::MaterialsMissing => list(&detail.materials_missing),
            EventField::ReportedLimit => {
                detail.reported_limit.map_or(Value::Missing, |limit| Value::Span(limit.into()))
            }
            EventField::PromiseDate => self.end_of(detail.promise_date),
            EventField::Deemed => Value::Flag(fact.deemed),
            EventField::Declared => Value::Flag(self.view.configuration.activities.contains_key(event.activity.name())),
            EventField::Disputed => Value::Flag(fact.rival.is_some()),
            EventField::Rival => fact
                .rival
                .map_or(Value::Missing, |rival| Value::Text(quality::in_short(self.view, &rival.event).into())),
            EventField::Unmapped => texts_of(fact.unmapped()),
            EventField::Differs => texts_of(fact.differs.names()),
            EventField::Namesakes => texts_of(quality::namesakes(self.view, place)),
            EventField::FeeAct => text(fee.map(|fee| fee.act.name())),
            EventField::FeeCode => fee.map_or(Value::Missing, |fee| owned(&fee.code)),
            EventField::FeeAmount => fee.and_then(|fee| fee.amount).map_or(Value::Missing, Value::Money),
            EventField::FeeQuantity => fee.map_or(Value::Missing, |fee| {
                fee.quantity.as_deref().unwrap_or("1").parse().map_or(Value::Missing, Value::Number)
            }),
            EventField::FeePeriod => fee.map_or(Value::Missing, |fee| owned(&fee.period)),
            EventField::FeeClass => fee.map_or(Value::Missing, |fee| owned(&fee.class)),
            EventField::FeeReceipt => fee.map_or(Value::Missing, |fee| owned(&fee.receipt)),
            EventField::FeePayee => fee.map_or(Value::Missing, |fee| owned(&fee.payee)),
            EventField::FeeApprover => fee.map_or(Value::Missing, |fee| owned(&fee.approver)),
            EventField::SpecialKind => special.map_or(Value::Missing, |special| owned(&special.kind)),
            EventField::SpecialNo => special.map_or(Value::Missing, |special| owned(&special.no)),
            EventField::SpecialGround => special.map_or(Value::Missing, |special| owned(&special.ground)),
            EventField::SpecialGranted => special
                .and_then(|special| Some((special.granted?, special.unit)))
                .map_or(Value::Missing, |granted| Value::Span(granted.into())),
            EventField::SpecialApprover => special.map_or(Value::Missing, |special| owned(&special.approver)),
            EventField::SpecialFee => special.and_then(|special| special.fee).map_or(Value::Missing, Value::Money),
            EventField::Attr(key, ty) => self.attr(event, key, ty),
        }
    }

    /// The instant a time given by a source ends: a day with its last millisecond.
    pub(super) fn end_of(&self, time: Option<EventTime>) -> Value {
        match time {
            None => Value::Missing,
            Some(EventTime::Instant(at)) => Value::Instant(at),
            Some(EventTime::Day(day)) => {
                Value::Instant(EventTime::Day(day + 1).moment(&self.view.profile.zone).plus_millis(-1))
            }
        }
    }

    /// A declared attribute of an event; numbered ones are gathered into a list.
    pub(super) fn attr(&self, event: &Event, key: &str, ty: &Type) -> Value {
        match (key.strip_suffix('*'), ty) {
            (Some(prefix), Type::List(of)) => {
                let values = event.numbered_attrs(prefix);
                let members = values.into_iter().map(|scalar| self.scalar(scalar, of)).collect();
                if event.carries_attr(key) { Value::List(members) } else { Value::Missing }
            }
            _ => event.attr(key).map_or(Value::Missing, |scalar| self.scalar(scalar, ty)),
        }
    }

    /// A declared attribute read as its declared type; text that does not fit the type is missing.
    pub(super) fn scalar(&self, scalar: &Scalar, ty: &Type) -> Value {
        let text = facts::line::scalar_text(scalar).trim();
        let value = match ty {
            Type::Text => Some(Value::Text(text.into())),
            Type::Flag => match text {
                "true" => Some(Value::Flag(true)),
                "false" => Some(Value::Flag(false)),
                _ => None,
            },
            Type::Number => text.parse().ok().map(Value::Number),
            Type::Money => Fen::parse(text).ok().map(Value::Money),
            Type::Date => match EventTime::parse(text) {
                Some(EventTime::Day(day)) => Some(Value::Date(facts::event_time::date_of(day))),
                Some(EventTime::Instant(at)) => Some(Value::Date(at.date(&self.view.profile.zone))),
                None => None,
            },
            Type::Instant => match scalar {
                Scalar::Number(_) => text.parse().ok().map(|millis| Value::Instant(Moment::from_millis(millis))),
                _ => Some(self.end_of(EventTime::parse(text))),
            },
            Type::Span => text.parse().ok().map(Value::Span),
            Type::List(of) => {
                let members = text.split([';', '；']).map(str::trim).filter(|member| !member.is_empty());
                Some(Value::List(members.map(|member| self.scalar(&Scalar::Text(member.into()), of)).collect()))
            }
            Type::Event => None,
        };
        value.unwrap_or(Value::Missing)
    }

    /// A field of a case.
    pub(crate) fn case_field_of(&self, view: &CaseView<'a>, field: &CaseField) -> Value {
        let case = &view.case;
        let text = |value: Option<&str>| value.map_or(Value::Missing, |text| Value::Text(text.into()));
        match field {
            CaseField::Id => Value::Text(view.id.into()),
            CaseField::Level => Value::Text(view.owner.level.token().into()),
            CaseField::Region => Value::Text(view.owner.region.to_compact_string()),
            CaseField::Dept => Value::Text(view.owner.dept.as_str().into()),
            CaseField::Item => text(case.item),
            CaseField::ItemVersion => text(case.item_version.or(view.item.map(|item| item.version.as_str()))),
            CaseField::CaseType => text(case.case_type),
            CaseField::Open => Value::Flag(case.open),
            CaseField::LinkedCase => text(case.linked_case),
            CaseField::PromiseDate => self.end_of(case.promise_date),
            CaseField::ReportedLimit => case.reported_limit.map_or(Value::Missing, |limit| Value::Span(limit.into())),
            CaseField::Attr(key, ty) => {
                view.last_with_attr(key).map_or(Value::Missing, |event| self.attr(event, key, ty))
            }
        }
    }

    pub(super) fn item_field(&self, field: &ItemField) -> Value {
        let Some(view) = self.subject() else { return Value::Missing };
        let case = &view.case;
        let Some(item) = view.item else {
            return match (field, case.item) {
                (ItemField::Known | ItemField::InForce, Some(_)) => Value::Flag(false),
                (ItemField::Name, Some(code)) => Value::Text(code.into()),
                _ => Value::Missing,
            };
        };
        let flag = |value: Option<bool>| value.map_or(Value::Missing, Value::Flag);
        let span = |value: Option<Span>| value.map_or(Value::Missing, Value::Span);
        let texts = |list: &Option<Vec<CompactString>>| text_list(list.as_deref());
        match field {
            ItemField::Known => Value::Flag(true),
            ItemField::InForce => {
                let day = case.accepted_on.or(case.first_on);
                Value::Flag(day.is_some_and(|day| item.in_force_on(day)))
            }
            ItemField::Name => Value::Text(crate::wording::name_or(&item.name, &item.code).0.into()),
            ItemField::ItemType => item.item_type.clone().map_or(Value::Missing, Value::Text),
            ItemField::Charges => flag(item.charges),
            ItemField::Promise => span(item.promise),
            ItemField::Statutory => span(item.statutory),
            ItemField::Joint => flag(item.joint),
            ItemField::SiteVisit => flag(item.site_visit),
            ItemField::Levels => levels(item.levels.as_deref()),
            ItemField::Regions => texts(&item.regions),
            ItemField::Depts => texts(&item.depts),
            ItemField::Procedures => texts(&item.procedures),
            ItemField::ChargedProcedures => texts(&item.charged_procedures),
            ItemField::Materials => texts(&item.materials),
            ItemField::MaterialsOptional => texts(&item.materials_optional),
            ItemField::Payees => texts(&item.payees),
        }
    }

    pub(super) fn stage_field(&self, code: Option<&Node>, field: StageField) -> Value {
        let code = match code {
            Some(node) => self.value(node),
            None => self.event.map_or(Value::Missing, |place| self.event_field(place, &EventField::Stage)),
        };
        let item = self.subject().and_then(|case| case.item);
        let (Some(item), Value::Text(code)) = (item, code) else { return Value::Missing };
        let stage: Option<&Stage> = item.stage(&code);
        let Some(stage) = stage else {
            return if field == StageField::Known { Value::Flag(false) } else { Value::Missing };
        };
        match field {
            StageField::Known => Value::Flag(true),
            StageField::Order => Value::Number(stage.order.into()),
            StageField::Required => Value::Flag(stage.required),
            StageField::Limit => stage.limit.map_or(Value::Missing, Value::Span),
            StageField::Next => text_list(Some(&stage.next)),
            StageField::Positions => text_list(stage.positions.as_deref()),
            StageField::Levels => levels(stage.levels.as_deref()),
            StageField::Risk => stage.risk.map_or(Value::Missing, Value::Flag),
        }
    }

    pub(super) fn line_field(&self, field: LineField) -> Value {
        let Some((_, group)) = self.ledger else { return Value::Missing };
        group.key_value(field).map_or(Value::Missing, |text| Value::Text(text.into()))
    }

    pub(super) fn ledger_field(&self, code: Option<&Node>, field: LedgerField) -> Value {
        let Some(code) = code else {
            return match self.ledger {
                Some((ledger, group)) => ledger.field(group, field),
                None => {
                    let ledger = Ledger::at(self.view, self.history);
                    ledger.field(&ledger.whole(), field)
                }
            };
        };
        let Value::Text(code) = self.value(code) else { return Value::Missing };
        let ledger = Ledger::at(self.view, self.history);
        ledger.field(&ledger.of_code(&code), field)
    }

    pub(super) fn tariff_field(&self, code: Option<&Node>, field: TariffField) -> Value {
        let named = code.map(|node| self.value(node));
        let code = match (&named, self.ledger) {
            (Some(Value::Text(code)), _) => Some(code.clone()),
            (Some(_), _) => None,
            (None, Some((_, group))) => group.key_value(LineField::Code).map(CompactString::from),
            (None, None) => {
                let fee = self.event.and_then(|place| self.view.facts[place].event.detail().fee.as_ref());
                fee.and_then(|fee| fee.code.clone())
            }
        };
        let item: Option<&Item> = self.subject().and_then(|case| case.item);
        let (Some(item), Some(code)) = (item, code) else { return Value::Missing };
        match self.ledger {
            Some((ledger, group)) => ledger.tariff_field(self.view, item, &code, group, field),
            None => {
                let ledger = Ledger::at(self.view, self.history);
                ledger.tariff_field(self.view, item, &code, &ledger.of_code(&code), field)
            }
        }
    }
}

pub(super) fn text_list(list: Option<&[CompactString]>) -> Value {
    list.map_or(Value::Missing, |list| Value::List(list.iter().cloned().map(Value::Text).collect()))
}

pub(super) fn levels(list: Option<&[facts::Level]>) -> Value {
    let token = |level: &facts::Level| Value::Text(level.token().into());
    list.map_or(Value::Missing, |list| Value::List(list.iter().map(token).collect()))
}

pub(super) fn texts_of<T: Into<CompactString>>(texts: impl IntoIterator<Item = T>) -> Value {
    Value::List(texts.into_iter().map(|text| Value::Text(text.into())).collect())
}
