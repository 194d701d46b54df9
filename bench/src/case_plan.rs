//! One case's life as planned: every fact that will be known at the end of the run, in its final
//! form, and the noise around it.
//!
//! The truth is worked out from `facts`, and so are the events: what the stream carries is each
//! fact once, plus earlier wrong versions, repetitions, and records that are deleted again.
//! Invariants: facts are in order of (`at`, `seq`); none happens or arrives after the run's end; a
//! case that has ended has no stage open. Not here: how a plan is drawn up (`draft`, `life`, `scenario`).

use std::sync::Arc;

use compact_str::CompactString;
use facts::{Address, Card, Fen, Moment};
use facts::{Event, EventTime, Fee, FeeAct, Op, Special};
use facts::{activity::Activity, event::Detail};

use crate::city::Item;

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// 申请
    Submitted,
    /// 预受理通过
    PreAccepted,
    /// 受理
    Accepted,
    /// 不予受理, with its ground
    NotAccepted(CompactString),
    /// 补正告知
    SupplementNotified,
    /// 补正受理
    SupplementReceived,
    /// 环节开始: stage code
    StageStarted(CompactString),
    /// 环节完成: stage code and officer
    StageCompleted(CompactString, CompactString),
    /// 特别程序开始
    SpecialStarted(SpecialTerms),
    /// 特别程序结束: which one
    SpecialEnded(CompactString),
    /// 收费
    Fee(FeeLine),
    /// 办结: outcome and ground
    Closed(&'static str, CompactString),
    /// 撤回申请
    Withdrawn,
    /// 送达
    Delivered,
}

/// A special procedure as it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialTerms {
    /// Pairs start and end.
    pub no: CompactString,
    /// `A` extension, `B` statutory procedure.
    pub kind: &'static str,
    /// Ground.
    pub ground: &'static str,
    /// Working days granted; 0 without a fixed length.
    pub granted: u32,
    /// Who approved it; empty for none.
    pub approver: CompactString,
}

/// A fee record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeLine {
    /// What was done.
    pub act: FeeAct,
    /// Fee code.
    pub code: CompactString,
    /// Money moved.
    pub amount: Fen,
    /// Units charged for.
    pub quantity: u32,
    /// Period charged for; empty for none.
    pub period: CompactString,
    /// Receipt number; empty for none.
    pub receipt: CompactString,
    /// Account paid; empty for none.
    pub payee: CompactString,
}

/// What was said of a record before it was corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// What the first version said.
    pub what: What,
    /// When it said it happened.
    pub at: Moment,
    /// When it reached the stream.
    pub arrived: Moment,
}

/// One record, as it stands at the end of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFact {
    /// Record id within the case.
    pub id: CompactString,
    /// Place in the case's trace.
    pub seq: i64,
    /// Business time.
    pub at: Moment,
    /// When this, its final form, reached the stream.
    pub arrived: Moment,
    /// What it says.
    pub what: What,
    /// A wrong version that came first.
    pub earlier: Option<Earlier>,
    /// When the same bytes came a second time.
    pub repeated: Option<Moment>,
}

impl PlannedFact {
    /// When the record first reached the stream, in whatever version.
    #[must_use]
    pub fn first_arrived(&self) -> Moment {
        self.earlier.as_ref().map_or(self.arrived, |earlier| earlier.arrived.min(self.arrived))
    }
}

/// A record that should never have been, and its deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ghost {
    /// Record id within the case.
    pub id: CompactString,
    /// Place in the case's trace.
    pub seq: i64,
    /// Business time it claimed.
    pub at: Moment,
    /// When it reached the stream.
    pub arrived: Moment,
    /// What it said.
    pub what: What,
    /// When it was deleted.
    pub deleted: Moment,
    /// Does the deletion name a version?
    pub versioned: bool,
}

/// On which side of its rule a scripted case lies.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aim {
    /// The rule is broken, whether or not a light still stands for it.
    Breach,
    /// The rule is kept by a hair.
    NearMiss,
}

impl Aim {
    /// The name in plan files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Aim::Breach => "breach",
            Aim::NearMiss => "near_miss",
        }
    }
}

/// What a scripted case is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The rule it tries.
    pub rule: &'static str,
    /// On which side.
    pub aim: Aim,
    /// How, in a few words.
    pub variant: &'static str,
    /// The worst card that the rule shows for the case at the end of the run.
    pub card: Card,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CasePlan {
    /// Case number.
    pub case: CompactString,
    /// The office that handles it; the only one that speaks about it.
    pub owner: Address,
    /// The sending system.
    pub source: CompactString,
    /// Approval item.
    pub item: Arc<Item>,
    /// Case type.
    pub case_type: &'static str,
    /// A case that this one belongs to or continues.
    pub linked_case: Option<CompactString>,
    /// What it is for, if scripted.
    pub script: Option<Script>,
    /// Its facts.
    pub facts: Vec<PlannedFact>,
    /// Records that were deleted again.
    pub ghosts: Vec<Ghost>,
}

impl CasePlan {
    /// The text that names a record in findings: `<level>.<region>.<dept>/<source>/<id>`.
    #[must_use]
    pub fn record(&self, id: &str) -> CompactString {
        let Address { level, region, dept } = &self.owner;
        compact_str::format_compact!("{level}.{region}.{dept}/{}/{id}", self.source)
    }

    /// Everything the stream carries about the case, in the order of the trace, not of arrival.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::with_capacity(self.facts.len() + 2 * self.ghosts.len());
        for fact in &self.facts {
            let version = 1 + u32::from(fact.earlier.is_some());
            if let Some(earlier) = &fact.earlier {
                events.push(self.event(&fact.id, fact.seq, 1, (earlier.at, earlier.arrived), &earlier.what));
            }
            let event = self.event(&fact.id, fact.seq, version, (fact.at, fact.arrived), &fact.what);
            if let Some(repeated) = fact.repeated {
                events.push(Event { arrived: Some(repeated), ..event.clone() });
            }
            events.push(event);
        }
        for ghost in &self.ghosts {
            events.push(self.event(&ghost.id, ghost.seq, 1, (ghost.at, ghost.arrived), &ghost.what));
            events.push(self.deletion(ghost));
        }
        events
    }

    /// The final form of each fact, as the event that carries it.
    pub fn known(&self) -> impl Iterator<Item = Event> {
        self.facts.iter().map(|fact| self.event(&fact.id, fact.seq, 1, (fact.at, fact.first_arrived()), &fact.what))
    }

    fn event(&self, id: &str, seq: i64, version: u32, (at, arrived): (Moment, Moment), what: &What) -> Event {
        let detail = self.detail(what, seq == 1);
        Event {
            id: id.into(),
            version,
            seq: Some(seq),
            op: Op::Put,
            source: self.source.clone(),
            case: self.case.clone(),
            activity: activity(what),
            at: EventTime::Instant(at),
            arrived: Some(arrived),
            address: self.owner.clone(),
            detail: (detail != Detail::default()).then(|| Box::new(detail)),
        }
    }

    fn deletion(&self, ghost: &Ghost) -> Event {
        Event {
            id: ghost.id.clone(),
            version: if ghost.versioned { 2 } else { Event::FINAL },
            seq: None,
            op: Op::Delete,
            source: self.source.clone(),
            case: self.case.clone(),
            activity: Activity::Other(CompactString::default()),
            at: EventTime::Instant(Moment::from_millis(0)),
            arrived: Some(ghost.deleted),
            address: self.owner.clone(),
            detail: None,
        }
    }

    /// What the fact adds; facts that open, accept or close a case also name its item.
    fn detail(&self, what: &What, opens: bool) -> Detail {
        let mut detail = Detail::default();
        if opens || matches!(what, What::Submitted | What::Accepted | What::Closed(..)) {
            detail.item = Some(self.item.code.clone());
            detail.case_type = Some(self.case_type.into());
            detail.linked_case = self.linked_case.clone();
        }
        match what {
            What::Submitted => detail.materials = Some(self.item.materials.clone()),
            What::Accepted => detail.reported_limit = Some((self.item.promise, facts::SpanUnit::WorkingDays)),
            What::SupplementNotified => {
                detail.materials_missing = self.item.materials.first().map(|material| vec![material.clone()]);
                detail.reason = Some("材料不齐".into());
            }
            What::NotAccepted(reason) => detail.reason = said(reason),
            What::StageStarted(stage) => detail.stage = Some(stage.clone()),
            What::StageCompleted(stage, officer) => {
                detail.stage = Some(stage.clone());
                detail.officer = Some(officer.clone());
                detail.position = self.item.stage(stage).and_then(|stage| stage.positions.first().cloned());
            }
            What::SpecialStarted(terms) => detail.special = Some(special(terms)),
            What::SpecialEnded(no) => {
                detail.special = Some(Special { no: Some(no.clone()), ..Special::default() });
            }
            What::Fee(line) => detail.fee = Some(fee(line)),
            What::Closed(outcome, reason) => {
                detail.outcome = Some((*outcome).into());
                detail.reason = said(reason);
            }
            What::PreAccepted | What::SupplementReceived | What::Withdrawn | What::Delivered => {}
        }
        detail
    }
}

fn said(text: &CompactString) -> Option<CompactString> {
    (!text.is_empty()).then(|| text.clone())
}

fn activity(what: &What) -> Activity {
    match what {
        What::Submitted => Activity::Submitted,
        What::PreAccepted => Activity::PreAccepted,
        What::Accepted => Activity::Accepted,
        What::NotAccepted(_) => Activity::NotAccepted,
        What::SupplementNotified => Activity::SupplementNotified,
        What::SupplementReceived => Activity::SupplementReceived,
        What::StageStarted(_) => Activity::StageStarted,
        What::StageCompleted(..) => Activity::StageCompleted,
        What::SpecialStarted(_) => Activity::SpecialStarted,
        What::SpecialEnded(_) => Activity::SpecialEnded,
        What::Fee(_) => Activity::Fee,
        What::Closed(..) => Activity::Closed,
        What::Withdrawn => Activity::Withdrawn,
        What::Delivered => Activity::Delivered,
    }
}

fn special(terms: &SpecialTerms) -> Special {
    Special {
        kind: Some(terms.kind.into()),
        no: Some(terms.no.clone()),
        ground: Some(terms.ground.into()),
        granted: Some(terms.granted),
        approver: said(&terms.approver),
        ..Special::default()
    }
}

fn fee(line: &FeeLine) -> Fee {
    Fee {
        act: line.act,
        code: Some(line.code.clone()),
        amount: Some(line.amount),
        quantity: (line.quantity != 1).then(|| compact_str::format_compact!("{}", line.quantity)),
        period: said(&line.period),
        class: None,
        receipt: said(&line.receipt),
        payee: said(&line.payee),
        approver: None,
    }
}
