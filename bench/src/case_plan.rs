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
    /// Another activity, by name: of the closed vocabulary, or one that nobody declared
    Other(&'static str),
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

/// The one sending system with codes of its own, those of config/sources/example.toml.
pub const MAPPED_SOURCE: &str = "example";
/// Its codes and ours, as far as plans say them.
const CODES: [(&str, &str); 13] = [
    ("0", "certified"),
    ("1", "returned"),
    ("2", "voided"),
    ("3", "deleted"),
    ("4", "forwarded"),
    ("5", "lapsed"),
    ("0", "instant"),
    ("1", "promised"),
    ("3", "joint"),
    ("承办", "handle"),
    ("踏勘", "site_visit"),
    ("审核", "review"),
    ("批准", "approve"),
];
/// An item of the catalogue that has no promise.
pub const NO_PROMISE: &str = "SL-302";

/// The code that the source with codes of its own has for our word; `None` where it has none.
#[must_use]
pub fn code_of(word: &str) -> Option<&'static str> {
    CODES.iter().find(|(_, ours)| *ours == word).map(|(code, _)| *code)
}

/// What a fact says of its case.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Names {
    /// Item code.
    pub item: Option<CompactString>,
    /// Case type, in our words.
    pub case_type: Option<&'static str>,
}

/// What was said of a record before it was corrected, or beside it.
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
    /// Another content under the final version, which loses against this one.
    pub rival: Option<Earlier>,
    /// What it says of its case, where that is not what such a fact usually says.
    pub names: Option<Names>,
    /// Who says it, if not the owner.
    pub office: Option<Address>,
    /// When the same bytes came a second time.
    pub repeated: Option<Moment>,
}

impl PlannedFact {
    /// When the record first reached the stream, in whatever version.
    #[must_use]
    pub fn first_arrived(&self) -> Moment {
        [&self.earlier, &self.rival].into_iter().flatten().map(|other| other.arrived).fold(self.arrived, Moment::min)
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
    /// When it was sent again after its deletion, and whether as a new version or byte by byte.
    pub again: Option<(Moment, bool)>,
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
    /// The office that handles it; the only one that speaks about it, but for facts that name another.
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
    /// The [pattern](crate::gaming) by which it games the clock, if it does.
    pub gaming: Option<&'static str>,
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

    /// As [`CasePlan::record`], for a fact that another office may have said.
    #[must_use]
    pub fn record_of(&self, fact: &PlannedFact) -> CompactString {
        let Address { level, region, dept } = fact.office.as_ref().unwrap_or(&self.owner);
        compact_str::format_compact!("{level}.{region}.{dept}/{}/{}", self.source, fact.id)
    }

    /// What a fact says of the case.
    #[must_use]
    pub fn names(&self, fact: &PlannedFact) -> Names {
        fact.names.clone().unwrap_or_else(|| self.usual_names(fact.seq, &fact.what))
    }

    /// Facts that open, accept or close a case name its item and type.
    fn usual_names(&self, seq: i64, what: &What) -> Names {
        let opens = seq == 1 || matches!(what, What::Submitted | What::Accepted | What::Closed(..));
        if opens {
            Names { item: Some(self.item.code.clone()), case_type: Some(self.case_type) }
        } else {
            Names::default()
        }
    }

    /// Of two contents of the fact's final version, makes the one that wins the fact's own.
    pub(crate) fn settle_rivals(&mut self) {
        for place in 0..self.facts.len() {
            let fact = &self.facts[place];
            let Some(rival) = &fact.rival else { continue };
            let loser = PlannedFact { at: rival.at, arrived: rival.arrived, what: rival.what.clone(), ..fact.clone() };
            let mut both = facts::History::new();
            let mine = self.event(fact, 1, (fact.at, fact.arrived), &fact.what);
            both.join(mine.clone(), None, &jiff::tz::TimeZone::UTC);
            both.join(self.event(&loser, 1, (loser.at, loser.arrived), &loser.what), None, &jiff::tz::TimeZone::UTC);
            if both.records()[0].event.detail != mine.detail {
                let fact = &mut self.facts[place];
                fact.rival = Some(Earlier { what: fact.what.clone(), at: fact.at, arrived: fact.arrived });
                (fact.what, fact.at, fact.arrived) = (loser.what, loser.at, loser.arrived);
            }
        }
    }

    /// Everything the stream carries about the case, in the order of the trace, not of arrival.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::with_capacity(self.facts.len() + 2 * self.ghosts.len());
        for fact in &self.facts {
            let version = 1 + u32::from(fact.earlier.is_some());
            let said = |version, other: &Earlier| self.event(fact, version, (other.at, other.arrived), &other.what);
            events.extend(fact.earlier.as_ref().map(|earlier| said(1, earlier)));
            events.extend(fact.rival.as_ref().map(|rival| said(version, rival)));
            let event = self.event(fact, version, (fact.at, fact.arrived), &fact.what);
            if let Some(repeated) = fact.repeated {
                events.push(Event { arrived: Some(repeated), ..event.clone() });
            }
            events.push(event);
        }
        for ghost in &self.ghosts {
            let said = self.ghost(ghost);
            events.push(said.clone());
            events.push(self.deletion(ghost));
            events.extend(ghost.again.map(|(again, changed)| Event {
                version: 1 + u32::from(changed),
                arrived: Some(again),
                ..said
            }));
        }
        events
    }

    /// The final form of each fact, as the event that carries it.
    pub fn known(&self) -> impl Iterator<Item = Event> {
        self.facts.iter().map(|fact| self.event(fact, 1, (fact.at, fact.first_arrived()), &fact.what))
    }

    fn event(&self, fact: &PlannedFact, version: u32, (at, arrived): (Moment, Moment), what: &What) -> Event {
        let names = fact.names.clone().unwrap_or_else(|| self.usual_names(fact.seq, what));
        let detail = self.detail(what, names);
        Event {
            id: fact.id.clone(),
            version,
            seq: Some(fact.seq),
            op: Op::Put,
            source: self.source.clone(),
            case: self.case.clone(),
            activity: activity(what),
            at: EventTime::Instant(at),
            arrived: Some(arrived),
            address: fact.office.as_ref().unwrap_or(&self.owner).clone(),
            detail: (detail != Detail::default()).then(|| Box::new(detail)),
        }
    }

    fn ghost(&self, ghost: &Ghost) -> Event {
        let fact = PlannedFact {
            id: ghost.id.clone(),
            seq: ghost.seq,
            at: ghost.at,
            arrived: ghost.arrived,
            what: ghost.what.clone(),
            earlier: None,
            rival: None,
            names: None,
            office: None,
            repeated: None,
        };
        self.event(&fact, 1, (ghost.at, ghost.arrived), &ghost.what)
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

    /// What the fact adds, in the source's own codes.
    fn detail(&self, what: &What, names: Names) -> Detail {
        let mut detail = Detail::default();
        if names.item.is_some() {
            detail.linked_case = self.linked_case.clone();
        }
        detail.item = names.item;
        detail.case_type = names.case_type.map(CompactString::from);
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
            What::SpecialStarted(terms) => detail.special = Some(Box::new(special(terms))),
            What::SpecialEnded(no) => {
                detail.special = Some(Box::new(Special { no: Some(no.clone()), ..Special::default() }));
            }
            What::Fee(line) => detail.fee = Some(Box::new(fee(line))),
            What::Closed(outcome, reason) => {
                detail.outcome = Some((*outcome).into());
                detail.reason = said(reason);
            }
            What::PreAccepted | What::SupplementReceived | What::Withdrawn | What::Delivered | What::Other(_) => {}
        }
        if self.source == MAPPED_SOURCE {
            for word in [&mut detail.case_type, &mut detail.stage, &mut detail.outcome].into_iter().flatten() {
                if let Some(code) = code_of(word) {
                    *word = code.into();
                }
            }
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
        What::Other(name) => Activity::from_name(name),
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
