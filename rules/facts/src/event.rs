//! One fact as a source states it (design 4, semantics 9 and 10).
//!
//! Facts keep the source's raw codes: code maps are configuration and apply at judgement.
//! No field holds a citizen's personal data, so none is taken.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::activity::Activity;
use crate::address::Address;
use crate::event_time::EventTime;
use crate::moment::Moment;
use crate::money::Fen;

/// Put or take back.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Op {
    /// The record holds.
    #[default]
    Put,
    /// The record never should have been.
    Delete,
}

/// One version of one record.
///
/// Identity is (`address`, `source`, `case`, `id`); `version` orders what was said of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Record id within its source and case.
    pub id: CompactString,
    /// Data version (SJBBH), from 1; [`Event::FINAL`] for a delete without one.
    pub version: u32,
    /// The source's own order among its facts of one instant.
    pub seq: Option<i64>,
    /// Put or delete.
    pub op: Op,
    /// The sending system.
    pub source: CompactString,
    /// Case number (办件编号); empty only for `progress`.
    pub case: CompactString,
    /// What happened. A delete has [`Activity::Other`] with an empty name unless it says more.
    pub activity: Activity,
    /// Business time. A delete without one has the epoch; nothing reads it.
    pub at: EventTime,
    /// When the record first reached a server, where a file carries it.
    pub arrived: Option<Moment>,
    /// The office that speaks.
    pub address: Address,
    /// Everything a fact may add, boxed away since most facts add little.
    pub detail: Option<Box<Detail>>,
}

/// The optional fields of a fact.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Detail {
    /// Approval item code (事项编码).
    pub item: Option<CompactString>,
    /// Item version.
    pub item_version: Option<CompactString>,
    /// Case type (办件类型), raw code.
    pub case_type: Option<CompactString>,
    /// A case this one belongs to or continues.
    pub linked_case: Option<CompactString>,
    /// Stage code (环节), raw.
    pub stage: Option<CompactString>,
    /// Staff number.
    pub officer: Option<CompactString>,
    /// Position code.
    pub position: Option<CompactString>,
    /// Closing result, raw code.
    pub outcome: Option<CompactString>,
    /// Ground given.
    pub reason: Option<CompactString>,
    /// Materials handed in or listed.
    pub materials: Option<Vec<CompactString>>,
    /// Materials found missing.
    pub materials_missing: Option<Vec<CompactString>>,
    /// The limit that the case system reports (GDBLSX), with its unit.
    pub reported_limit: Option<(u32, SpanUnit)>,
    /// The promised completion, as a date or an instant.
    pub promise_date: Option<EventTime>,
    /// A fee record.
    pub fee: Option<Fee>,
    /// A special procedure (特别程序).
    pub special: Option<Special>,
    /// Anything else a rule may name, by key in ascending order.
    pub attrs: Vec<(CompactString, Scalar)>,
}

/// A scalar of `attrs`. A number keeps its text, so that no digit is lost.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Scalar {
    /// A string.
    Text(CompactString),
    /// A JSON number, as written.
    Number(CompactString),
    /// A boolean.
    Flag(bool),
}

/// What a fee record says was done.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum FeeAct {
    /// 计费
    Calculated,
    /// 减免
    Reduced,
    /// 开缴费通知单
    Noticed,
    /// 收费
    Charged,
    /// 开票
    Receipted,
    /// 对账
    Reconciled,
    /// 退费
    Refunded,
    /// 作废
    Revoked,
    /// A summary on closing.
    Total,
}

impl FeeAct {
    /// All acts, in the order of a fee's life.
    pub const ALL: [FeeAct; 9] = [
        FeeAct::Calculated,
        FeeAct::Reduced,
        FeeAct::Noticed,
        FeeAct::Charged,
        FeeAct::Receipted,
        FeeAct::Reconciled,
        FeeAct::Refunded,
        FeeAct::Revoked,
        FeeAct::Total,
    ];

    /// The name in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            FeeAct::Calculated => "calculated",
            FeeAct::Reduced => "reduced",
            FeeAct::Noticed => "noticed",
            FeeAct::Charged => "charged",
            FeeAct::Receipted => "receipted",
            FeeAct::Reconciled => "reconciled",
            FeeAct::Refunded => "refunded",
            FeeAct::Revoked => "revoked",
            FeeAct::Total => "total",
        }
    }

    /// The act with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<FeeAct> {
        FeeAct::ALL.into_iter().find(|act| act.name() == name)
    }
}

/// One record of a case's fees.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fee {
    /// What was done.
    pub act: FeeAct,
    /// Fee code.
    pub code: Option<CompactString>,
    /// Money moved.
    pub amount: Option<Fen>,
    /// Units charged for, as a decimal text; one when absent.
    pub quantity: Option<CompactString>,
    /// The period charged for.
    pub period: Option<CompactString>,
    /// Payer class.
    pub class: Option<CompactString>,
    /// Receipt number.
    pub receipt: Option<CompactString>,
    /// Account or body paid.
    pub payee: Option<CompactString>,
    /// Who approved a reduction.
    pub approver: Option<CompactString>,
}

/// Unit of a granted or reported span.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub enum SpanUnit {
    /// 工作日
    #[default]
    WorkingDays,
    /// 自然日
    Days,
    /// 小时
    Hours,
    /// 月
    Months,
}

impl SpanUnit {
    /// All units.
    pub const ALL: [SpanUnit; 4] = [SpanUnit::WorkingDays, SpanUnit::Days, SpanUnit::Hours, SpanUnit::Months];

    /// The suffix in events and rules.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            SpanUnit::WorkingDays => "wd",
            SpanUnit::Days => "d",
            SpanUnit::Hours => "h",
            SpanUnit::Months => "mo",
        }
    }

    /// The unit with this suffix.
    #[must_use]
    pub fn from_suffix(suffix: &str) -> Option<SpanUnit> {
        SpanUnit::ALL.into_iter().find(|unit| unit.suffix() == suffix)
    }
}

/// A special procedure: what stops or extends a clock.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Special {
    /// `A` extension, `B` statutory procedure.
    pub kind: Option<CompactString>,
    /// Pairs start and end.
    pub no: Option<CompactString>,
    /// Ground (听证, 检验 ...).
    pub ground: Option<CompactString>,
    /// Length granted; 0 or absent when without a fixed length.
    pub granted: Option<u32>,
    /// Unit of `granted`.
    pub unit: SpanUnit,
    /// Who granted it.
    pub approver: Option<CompactString>,
    /// Fee charged in the procedure.
    pub fee: Option<Fen>,
}

impl Event {
    /// The version of a delete that names none: nothing replaces it.
    pub const FINAL: u32 = u32::MAX;

    /// The optional fields; empty ones where the fact adds nothing.
    #[must_use]
    pub fn detail(&self) -> &Detail {
        static NOTHING: Detail = Detail {
            item: None,
            item_version: None,
            case_type: None,
            linked_case: None,
            stage: None,
            officer: None,
            position: None,
            outcome: None,
            reason: None,
            materials: None,
            materials_missing: None,
            reported_limit: None,
            promise_date: None,
            fee: None,
            special: None,
            attrs: Vec::new(),
        };
        self.detail.as_deref().unwrap_or(&NOTHING)
    }

    /// The value of `attrs.<key>`.
    #[must_use]
    pub fn attr(&self, key: &str) -> Option<&Scalar> {
        let attrs = &self.detail().attrs;
        attrs.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The values of the attributes whose keys are `prefix` and a number, in the order of the numbers.
    #[must_use]
    pub fn numbered_attrs(&self, prefix: &str) -> Vec<&Scalar> {
        let number = |key: &str| {
            let digits = key.strip_prefix(prefix)?;
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| {
                (digits.trim_start_matches('0').len(), digits.trim_start_matches('0').to_owned(), key.to_owned())
            })
        };
        let attrs = self.detail().attrs.iter();
        let mut numbered: Vec<_> = attrs.filter_map(|(key, value)| Some((number(key)?, value))).collect();
        numbered.sort_by(|(a, _), (b, _)| a.cmp(b));
        numbered.into_iter().map(|(_, value)| value).collect()
    }

    /// Does it carry `attrs.<key>`, or for `name_*` a numbered one?
    #[must_use]
    pub fn carries_attr(&self, key: &str) -> bool {
        match key.strip_suffix('*') {
            Some(prefix) => !self.numbered_attrs(prefix).is_empty(),
            None => self.attr(key).is_some(),
        }
    }

    /// Do both speak of the same record?
    #[must_use]
    pub fn same_record(&self, other: &Event) -> bool {
        self.id == other.id && self.source == other.source && self.address == other.address && self.case == other.case
    }
}
