//! A line as the plain program reads it, and what it keeps of it.

use compact_str::CompactString;
use facts::{FeeAct, Fen, Moment};
use serde::Deserialize;

/// The fields that the three rules need. Texts are borrowed: the generator writes no escapes, and a line with one is refused.
#[derive(Deserialize)]
pub(super) struct LineFact<'a> {
    pub(super) id: &'a str,
    #[serde(default)]
    version: Option<u32>,
    #[serde(default)]
    op: Option<&'a str>,
    pub(super) source: &'a str,
    pub(super) case: &'a str,
    #[serde(default)]
    activity: Option<&'a str>,
    #[serde(default)]
    at: Option<Moment>,
    pub(super) arrived: Moment,
    dept: &'a str,
    #[serde(default)]
    item: Option<&'a str>,
    #[serde(default)]
    stage: Option<&'a str>,
    #[serde(default)]
    outcome: Option<&'a str>,
    #[serde(default, borrow)]
    fee: Option<LineFee<'a>>,
    #[serde(default, borrow)]
    special: Option<LineSpecial<'a>>,
}

#[derive(Deserialize)]
struct LineFee<'a> {
    act: FeeName,
    #[serde(default)]
    code: Option<&'a str>,
    #[serde(default, borrow)]
    amount: Option<Amount<'a>>,
    #[serde(default, borrow)]
    quantity: Option<Amount<'a>>,
    #[serde(default)]
    period: Option<&'a str>,
    #[serde(default)]
    receipt: Option<&'a str>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum FeeName {
    Charged,
    Refunded,
    Revoked,
    #[serde(other)]
    Another,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Amount<'a>(#[serde(borrow)] &'a serde_json::value::RawValue);

#[derive(Deserialize)]
struct LineSpecial<'a> {
    #[serde(default)]
    kind: Option<&'a str>,
    #[serde(default)]
    no: Option<&'a str>,
    #[serde(default)]
    ground: Option<&'a str>,
    #[serde(default)]
    granted: Option<u32>,
    #[serde(default)]
    approver: Option<&'a str>,
}

/// One record of a case at its greatest version.
pub(super) struct Fact {
    pub(super) id: CompactString,
    pub(super) source: CompactString,
    dept: CompactString,
    /// The version, and above a put of it the delete.
    pub(super) version: (u32, bool),
    pub(super) at: Moment,
    pub(super) item: Option<CompactString>,
    pub(super) what: What,
}

/// What a rule may ask of a record.
pub(super) enum What {
    Accepted,
    Closed(CompactString),
    Withdrawn,
    SupplementNotified,
    SupplementReceived,
    StageCompleted(CompactString),
    /// A procedure that stops the clock: its number, and the working days granted.
    Paused(CompactString, u32),
    /// An extension, in working days.
    Extended(u32),
    SpecialEnded(CompactString),
    Fee(Box<Money>),
    /// Nothing that a rule asks for.
    Other,
}

/// A charge, a refund or a voided receipt.
pub(super) struct Money {
    pub(super) act: FeeAct,
    pub(super) code: CompactString,
    pub(super) fen: i64,
    /// In thousandths.
    pub(super) quantity: i64,
    pub(super) period: CompactString,
    pub(super) receipt: CompactString,
}

/// Grounds on which the law stops a clock (行政许可法第四十五条).
const LAWFUL: [&str; 8] =
    ["hearing", "tender", "auction", "inspection", "testing", "quarantine", "appraisal", "expert_review"];

impl LineFact<'_> {
    /// Does `fact` speak of this record?
    pub(super) fn is_of(&self, fact: &Fact) -> bool {
        fact.id == self.id && fact.source == self.source && fact.dept == self.dept
    }

    /// The version, and above a put of it the delete. A delete without a version is the last word.
    pub(super) fn version(&self) -> (u32, bool) {
        let deletes = self.op == Some("delete");
        (self.version.unwrap_or(if deletes { u32::MAX } else { 1 }), deletes)
    }

    /// What is kept of the line.
    pub(super) fn fact(&self) -> Fact {
        Fact {
            id: self.id.into(),
            source: self.source.into(),
            dept: self.dept.into(),
            version: self.version(),
            at: self.at.unwrap_or_default(),
            item: self.item.map(CompactString::from),
            what: self.what(),
        }
    }

    /// The stage; one source sends names for codes.
    fn stage(&self) -> &str {
        match (self.source, self.stage.unwrap_or_default()) {
            ("example", "承办") => "handle",
            ("example", "踏勘") => "site_visit",
            ("example", "审核") => "review",
            ("example", "批准") => "approve",
            (_, code) => code,
        }
    }

    fn what(&self) -> What {
        match self.activity {
            Some("accepted") => What::Accepted,
            Some("closed") => What::Closed(self.outcome.unwrap_or_default().into()),
            Some("withdrawn") => What::Withdrawn,
            Some("supplement_notified") => What::SupplementNotified,
            Some("supplement_received") => What::SupplementReceived,
            Some("stage_completed") => What::StageCompleted(self.stage().into()),
            Some("special_started") => self.special.as_ref().map_or(What::Other, LineSpecial::what),
            Some("special_ended") => {
                What::SpecialEnded(self.special.as_ref().and_then(|special| special.no).unwrap_or_default().into())
            }
            _ => self.fee.as_ref().map_or(What::Other, LineFee::what),
        }
    }
}

impl LineSpecial<'_> {
    fn what(&self) -> What {
        let granted = self.granted.unwrap_or_default();
        match (self.kind, self.ground) {
            (Some("B"), Some(ground)) if LAWFUL.contains(&ground) => {
                What::Paused(self.no.unwrap_or_default().into(), granted)
            }
            (Some("A"), Some(_)) if self.approver.is_some() => What::Extended(granted),
            _ => What::Other,
        }
    }
}

impl LineFee<'_> {
    fn what(&self) -> What {
        let fen = self.amount.as_ref().map_or(0, Amount::fen);
        let act = match self.act {
            FeeName::Charged if fen < 0 => FeeAct::Refunded,
            FeeName::Charged => FeeAct::Charged,
            FeeName::Refunded => FeeAct::Refunded,
            FeeName::Revoked => FeeAct::Revoked,
            FeeName::Another => return What::Other,
        };
        let text = |text: Option<&str>| text.unwrap_or_default().into();
        What::Fee(Box::new(Money {
            act,
            code: text(self.code),
            fen: fen.abs(),
            quantity: self.quantity.as_ref().map_or(1_000, Amount::thousandths),
            period: text(self.period),
            receipt: text(self.receipt),
        }))
    }
}

impl Amount<'_> {
    fn digits(&self) -> &str {
        self.0.get().trim_matches('"')
    }

    fn fen(&self) -> i64 {
        Fen::parse(self.digits()).map_or(0, Fen::fen)
    }

    /// A quantity has at most three digits behind the point here.
    fn thousandths(&self) -> i64 {
        let (whole, fraction) = self.digits().split_once('.').unwrap_or((self.digits(), ""));
        format!("{whole}{fraction:0<3.3}").parse().unwrap_or_default()
    }
}
