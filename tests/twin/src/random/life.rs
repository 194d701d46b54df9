//! What happens in a case, at its business times.

use facts::event::{Detail, Fee, FeeAct, Scalar, SpanUnit, Special};
use facts::{Activity, Address, Event, EventTime, Fen, Moment, Op};

use super::Feature;
use super::dice::Dice;
use super::times::{edge, first_day, later, time_of_day, told};
use crate::{TwinCalendar, quality};

/// The most facts of a life; noise adds versions to them.
const FACTS_MAX: usize = 20;

/// Items of the shipped catalogue with their promise, stages and fee codes.
const ITEMS: [(&str, i64, &[&str], &[&str]); 10] = [
    ("SC-201", 7, &["handle", "site_visit", "review", "approve"], &["KK"]),
    ("SC-202", 12, &["handle", "site_visit", "review", "approve"], &["KK"]),
    ("ZR-205", 5, &["handle", "review", "approve"], &["ZR-DJF-Z", "ZR-DJF-F", "ZR-GBF", "KK"]),
    ("SL-209", 8, &["handle", "expert_review", "review", "approve"], &["SL-BCF", "SL-BCF-J"]),
    ("CG-211", 5, &["handle", "site_visit", "review", "approve"], &["CG-ZDF", "CG-HFF", "KK"]),
    ("BM-101", 1, &["approve"], &["KK"]),
    ("SC-105", 1, &["handle", "approve"], &["KK"]),
    ("WJ-203", 5, &["handle", "review", "approve"], &["KK"]),
    ("SL-302", 8, &["handle", "approve"], &["KK"]),
    ("ZJ-301", 20, &["handle", "site_visit", "review", "approve"], &["KK"]),
];
const SOURCES: [&str; 3] = ["window", "oa", "fees"];
const GROUNDS: [&str; 4] = ["inspection", "hearing", "expert_review", "testing"];
const OFFICERS: [&str; 3] = ["1001", "1002", "1003"];
/// Something that happens in the middle of a life.
type Step = fn(&mut Life<'_, '_>);

/// What may happen in the middle, how often in a hundred cases, and how.
const STEPS: [(Feature, usize, Step); 4] = [
    (Feature::Pause, 40, |life| life.procedure()),
    (Feature::Extension, 20, |life| life.extension()),
    (Feature::Supplement, 20, |life| life.supplement()),
    (Feature::Fees, 35, |life| life.fees()),
];
/// Rules and instances that an appeal may name.
const APPEALS: [(&str, &str); 8] = [
    ("OD-01", "-"),
    ("OD-04", "-"),
    ("OD-05", "-"),
    ("OD-06", "-"),
    ("OD-12", "-"),
    ("PS-01", "review"),
    ("PS-03", "handle>approve"),
    ("PS-07", "1001"),
];

struct Life<'d, 'a> {
    dice: &'d mut Dice<'a>,
    calendar: &'d TwinCalendar,
    case: &'d str,
    promise: i64,
    stages: Vec<&'static str>,
    codes: &'static [&'static str],
    /// The clock of the story.
    now: Moment,
    numbered: bool,
    several_sources: bool,
    several_offices: bool,
    facts: Vec<Event>,
}

/// The facts of one life, in the order in which the story tells them.
pub(super) fn live(dice: &mut Dice<'_>, calendar: &TwinCalendar, case: &str) -> Vec<Event> {
    let (item, promise, stages, codes) = dice.pick(&ITEMS);
    let now = calendar.instant(first_day(dice), time_of_day(dice));
    let (numbered, several_sources, several_offices) = (
        dice.chance(Feature::Numbered, 50),
        dice.chance(Feature::SeveralSources, 35),
        dice.chance(Feature::SeveralOffices, 25),
    );
    let mut life = Life {
        dice,
        calendar,
        case,
        promise,
        stages: stages.to_vec(),
        codes,
        now,
        numbered,
        several_sources,
        several_offices,
        facts: Vec::new(),
    };
    life.open();
    life.name_item(item);
    life.go_on();
    life.finish();
    life.facts.truncate(FACTS_MAX);
    life.name_again();
    life.speak_aside();
    life.encode();
    life.facts
}

impl Life<'_, '_> {
    /// Tells one more fact, `at` its instant.
    fn tell(&mut self, activity: Activity, at: Moment, detail: Detail) {
        let place = self.facts.len();
        let (at, address) = (told(self.dice, self.calendar, at), self.office());
        self.facts.push(Event {
            id: (place + 1).to_string().into(),
            version: 1,
            seq: self.numbered.then(|| i64::try_from(place).expect("a life is short")),
            op: Op::Put,
            source: if self.several_sources { self.dice.pick(&SOURCES) } else { SOURCES[0] }.into(),
            case: self.case.into(),
            activity,
            at,
            arrived: None,
            address,
            detail: (detail != Detail::default()).then(|| Box::new(detail)),
        });
    }

    fn say(&mut self, activity: Activity, at: Moment) {
        self.tell(activity, at, Detail::default());
    }

    fn office(&mut self) -> Address {
        let elsewhere = self.several_offices && self.dice.percent(30);
        let other = self.dice.pick(&["approval.city.360900.SCJG", "approval.county.360921.SCJG"]);
        let subject = if elsewhere { other } else { "approval.county.360902.SCJG" };
        Address::from_subject("approval", subject).expect("the office's subject is well formed")
    }

    /// Lets time pass.
    fn pass(&mut self, days_most: i64) -> Moment {
        self.now = later(self.dice, self.calendar, self.now, days_most);
        self.now
    }

    /// An instant `days` working days after `start`, or near the edge of that limit, or any.
    fn by_limit(&mut self, start: Moment, days: i64) -> Moment {
        if self.dice.chance(Feature::OnTheEdge, 35) {
            return edge(self.dice, self.calendar, start, days);
        }
        later(self.dice, self.calendar, start, days + 4)
    }

    /// Submission and the decision on it.
    fn open(&mut self) {
        if self.dice.chance(Feature::Beforehand, 10) {
            let days = self.dice.pick(&[0, 1, 30, 100]);
            let at = self.now.plus_millis(-86_400_000 * days);
            self.say(Activity::PreAccepted, at);
        }
        let submitted = self.now;
        if self.dice.percent(75) {
            self.say(Activity::Submitted, submitted);
        }
        if self.dice.chance(Feature::Unanswered, 15) {
            return;
        }
        self.now = self.by_limit(submitted, 5).max(submitted);
        let now = self.now;
        if self.dice.chance(Feature::NotAccepted, 6) {
            let reason = self.reason();
            self.tell(Activity::NotAccepted, now, Detail { reason: reason.map(Into::into), ..Detail::default() });
            return;
        }
        self.say(Activity::Accepted, now);
        if self.dice.chance(Feature::SecondAcceptance, 5) {
            let again = self.pass(3);
            self.say(Activity::Accepted, again);
        }
    }

    /// Puts item and case type on the first fact, sometimes another on a later one.
    fn name_item(&mut self, item: &'static str) {
        if self.facts.is_empty() {
            self.say(Activity::PreAccepted, self.now);
        }
        let item = if self.dice.chance(Feature::UnknownItem, 3) { self.dice.pick(&["ZZ-999", ""]) } else { item };
        let case_type = self.dice.pick(&["promised", "promised", "promised", "instant", ""]);
        let known = |text: &str| (!text.is_empty()).then(|| text.into());
        let first = &mut self.facts[0];
        let mut detail = first.detail().clone();
        (detail.item, detail.case_type) = (known(item), known(case_type));
        first.detail = (detail != Detail::default()).then(|| Box::new(detail));
    }

    /// Puts item and case type on later facts, too: the same, or others.
    fn name_again(&mut self) {
        let named = self.facts[0].detail().clone();
        for place in 1..self.facts.len() {
            if !self.dice.chance(Feature::NamedAgain, 8) {
                continue;
            }
            let mut detail = self.facts[place].detail().clone();
            match self.dice.below(8) {
                0 => detail.item = Some((self.dice.pick(&["SC-201", "ZR-205"])).into()),
                1 => detail.case_type = Some("joint".into()),
                2 => detail.reported_limit = Some((self.dice.pick(&[5, 7]), SpanUnit::WorkingDays)),
                3 => detail.linked_case = Some((self.dice.pick(&["L-1", "L-2"])).into()),
                4 => detail.promise_date = EventTime::parse(self.dice.pick(&["2026-03-20", "2026-03-23"])),
                _ => (detail.item, detail.case_type) = (named.item.clone(), named.case_type.clone()),
            }
            self.facts[place].detail = (detail != Detail::default()).then(|| Box::new(detail));
        }
    }

    /// What others say of the case, also before it began: nothing of it tells of the case itself.
    fn speak_aside(&mut self) {
        if !self.dice.chance(Feature::Aside, 15) {
            return;
        }
        for _ in 0..=self.dice.below(3) {
            let activity = self.dice.pick(&["complaint", "consulted", "consult_answered", "rated"]);
            let place = self.dice.below(self.facts.len());
            let days = self.dice.pick(&[0, 0, 1, 40, 100]);
            let near = self.facts[place].at.moment(&self.calendar.zone);
            let at = near.plus_millis(-86_400_000 * days);
            let detail = Detail {
                item: Some((self.dice.pick(&["SC-201", "ZR-205", "ZZ-999"])).into()),
                case_type: Some((self.dice.pick(&["joint", "promised", "instant"])).into()),
                ..Detail::default()
            };
            self.tell(Activity::from_name(activity), at, detail);
        }
    }

    /// Gives some facts to the source that has codes of its own; what it has no code for it sends in our words.
    fn encode(&mut self) {
        if !self.dice.chance(Feature::MappedSource, 15) {
            return;
        }
        for fact in self.facts.iter_mut().filter(|fact| fact.activity != Activity::Waived) {
            if self.dice.percent(40) {
                continue;
            }
            fact.source = quality::MAPPED_SOURCE.into();
            let Some(detail) = fact.detail.as_deref_mut() else { continue };
            let Detail { outcome, case_type, stage, .. } = detail;
            let codes = [
                (outcome, &quality::OUTCOMES[..]),
                (case_type, &quality::CASE_TYPES[..]),
                (stage, &quality::STAGES[..]),
            ];
            for (code, map) in codes {
                let Some(code) = code else { continue };
                if let Some((theirs, _)) = map.iter().find(|(_, ours)| ours == code) {
                    *code = (*theirs).into();
                }
            }
        }
    }

    /// The middle of the story: stages, pauses, money, in any order.
    fn go_on(&mut self) {
        let start = self.now;
        let stages = self.path();
        let mut steps: Vec<Step> = Vec::new();
        for (feature, percent, step) in STEPS {
            if self.dice.chance(feature, percent) {
                steps.push(step);
            }
        }
        for stage in stages {
            if !steps.is_empty() && self.dice.percent(60) {
                let step = steps.remove(self.dice.below(steps.len()));
                step(self);
            }
            self.stage(stage);
        }
        for step in steps {
            step(self);
        }
        if self.now == start {
            self.pass(2);
        }
    }

    /// The stages as this case takes them.
    fn path(&mut self) -> Vec<&'static str> {
        let mut path = self.stages.clone();
        if path.len() > 1 && self.dice.chance(Feature::SkippedStage, 25) {
            path.remove(self.dice.below(path.len()));
        }
        if self.dice.chance(Feature::RepeatedStage, 15) {
            let again = self.dice.pick(&path);
            path.insert(self.dice.below(path.len()), again);
        }
        if self.dice.percent(5) {
            path.push("archive");
        }
        path
    }

    fn stage(&mut self, stage: &'static str) {
        let of = |officer: Option<&str>| Detail {
            stage: Some(stage.into()),
            officer: officer.map(Into::into),
            ..Detail::default()
        };
        let started = self.pass(2);
        if self.dice.percent(30) {
            self.tell(Activity::StageStarted, started, of(None));
            self.now = self.by_limit(started, 2).max(started);
        }
        if self.dice.percent(85) {
            let own = match stage {
                "handle" => OFFICERS[0],
                "review" => OFFICERS[1],
                _ => OFFICERS[2],
            };
            let officer = if self.dice.chance(Feature::SharedStages, 25) { OFFICERS[0] } else { own };
            let now = self.now;
            self.tell(Activity::StageCompleted, now, of(Some(officer)));
        }
    }

    /// A special procedure, and often a second one while it runs.
    fn procedure(&mut self) {
        let first = self.begin_procedure("1");
        if self.dice.chance(Feature::OverlappingPauses, 30) {
            let second = self.begin_procedure("2");
            self.end_procedure(second);
        }
        self.end_procedure(first);
    }

    fn begin_procedure(&mut self, no: &str) -> Special {
        let lawful = !self.dice.chance(Feature::UnlawfulPause, 12);
        let number = !self.dice.chance(Feature::UnnumberedPause, 12);
        let granted = if self.dice.chance(Feature::UncappedPause, 25) { 0 } else { self.dice.between(1, 6) };
        let unit = if self.dice.chance(Feature::CalendarDays, 5) { SpanUnit::Days } else { SpanUnit::WorkingDays };
        let special = Special {
            kind: Some("B".into()),
            no: number.then(|| no.into()),
            ground: if lawful { Some((self.dice.pick(&GROUNDS)).into()) } else { Some("waiting".into()) },
            granted: Some(u32::try_from(granted).expect("a small number")),
            unit,
            ..Special::default()
        };
        let at = self.pass(3);
        self.tell(Activity::SpecialStarted, at, Detail { special: Some(special.clone()), ..Detail::default() });
        special
    }

    fn end_procedure(&mut self, begun: Special) {
        if self.dice.chance(Feature::OpenPause, 15) {
            return;
        }
        let days = begun.granted.map_or(3, i64::from).max(1);
        let start = self.now;
        let at = self.by_limit(start, days).max(start);
        self.now = at;
        let special = Special { kind: Some("B".into()), no: begun.no, ..Special::default() };
        self.tell(Activity::SpecialEnded, at, Detail { special: Some(special), ..Detail::default() });
    }

    fn extension(&mut self) {
        let lawful = !self.dice.chance(Feature::UnlawfulExtension, 20);
        let special = Special {
            kind: Some("A".into()),
            ground: Some("complex".into()),
            granted: Some(u32::try_from(self.dice.between(1, 17)).expect("a small number")),
            approver: lawful.then(|| "9001".into()),
            ..Special::default()
        };
        let (now, promise) = (self.now, self.promise);
        let at = if self.dice.percent(50) { self.pass(2) } else { self.by_limit(now, promise) };
        self.tell(Activity::SpecialStarted, at, Detail { special: Some(special), ..Detail::default() });
        if self.dice.chance(Feature::SecondExtension, 15) {
            self.extension();
        }
    }

    fn supplement(&mut self) {
        let notified = self.pass(3);
        self.say(Activity::SupplementNotified, notified);
        if self.dice.percent(80) {
            let received = self.pass(5);
            self.say(Activity::SupplementReceived, received);
        }
        if self.dice.chance(Feature::SecondSupplement, 20) {
            self.supplement();
        }
    }

    fn fees(&mut self) {
        for _ in 0..=self.dice.below(3) {
            let fee = self.charge();
            let at = self.pass(2);
            self.tell_fee(at, fee.clone());
            if self.dice.chance(Feature::ReceiptTwice, 15) {
                let again = self.pass(1);
                self.tell_fee(again, fee.clone());
            }
            if self.dice.chance(Feature::Refund, 35) {
                let at = self.pass(2);
                let refund = self.refund(&fee);
                self.tell_fee(at, refund);
            }
            if fee.receipt.is_some() && self.dice.chance(Feature::Revoked, 12) {
                let at = self.pass(2);
                self.tell_fee(at, Fee { act: FeeAct::Revoked, ..fee });
            }
        }
    }

    fn tell_fee(&mut self, at: Moment, fee: Fee) {
        self.tell(Activity::Fee, at, Detail { fee: Some(fee), ..Detail::default() });
    }

    fn charge(&mut self) -> Fee {
        let code = self.dice.pick(self.codes);
        let fen = self.dice.pick(&[8000, 8001, 1000, 50, 16000, 55_000, 0, 26_000, 30]);
        Fee {
            act: FeeAct::Charged,
            code: (!self.dice.chance(Feature::NoCode, 6)).then(|| code.into()),
            amount: Some(Fen::new(fen)),
            quantity: self.dice.percent(30).then(|| (self.dice.pick(&["2", "1.5", "3", "100", "0.5"])).into()),
            period: self.dice.percent(25).then(|| (self.dice.pick(&["2025", "2026"])).into()),
            class: None,
            receipt: self.dice.percent(60).then(|| (self.dice.pick(&["R1", "R2", "R3"])).into()),
            payee: None,
            approver: None,
        }
    }

    /// All of it back, or some; told as a refund or as a negative charge, sometimes by the receipt alone.
    fn refund(&mut self, fee: &Fee) -> Fee {
        let whole = fee.amount.unwrap_or_default();
        let amount = if self.dice.percent(60) { whole } else { self.dice.pick(&[Fen::new(1), Fen::new(7000)]) };
        let negative = self.dice.chance(Feature::NegativeCharge, 20);
        let by_receipt = fee.receipt.is_some() && self.dice.percent(30);
        Fee {
            act: if negative { FeeAct::Charged } else { FeeAct::Refunded },
            amount: Some(if negative { Fen::ZERO - amount } else { amount }),
            code: fee.code.clone().filter(|_| !by_receipt),
            period: fee.period.clone().filter(|_| !by_receipt),
            ..fee.clone()
        }
    }

    fn reason(&mut self) -> Option<&'static str> {
        (!self.dice.chance(Feature::NoReason, 40)).then_some("off plan")
    }

    /// Closing, delivery, appeal.
    fn finish(&mut self) {
        if self.dice.chance(Feature::Withdrawn, 5) {
            let at = self.pass(3);
            self.say(Activity::Withdrawn, at);
        }
        if !self.dice.chance(Feature::Open, 25) {
            self.close();
        }
        if self.dice.chance(Feature::SecondClose, 5) {
            self.close();
        }
        if self.dice.chance(Feature::Undeclared, 8) {
            let at = self.pass(3);
            self.say(Activity::from_name("archived"), at);
        }
        if self.dice.chance(Feature::Reopened, 10) {
            let at = self.pass(3);
            self.say(Activity::Reopened, at);
            for stage in self.stages.clone().into_iter().rev().take(2) {
                self.stage(stage);
            }
            self.close();
        }
        if self.dice.chance(Feature::Waiver, 12) {
            self.appeal();
        }
    }

    fn close(&mut self) {
        let accepted = self.facts.iter().find(|event| event.activity == Activity::Accepted).map(|event| event.at);
        let now = self.now;
        let at = match accepted {
            Some(EventTime::Instant(accepted)) if self.dice.percent(40) => {
                let days = self.dice.pick(&[self.promise, self.promise, 20, self.promise + 3]);
                self.by_limit(accepted, days)
            }
            _ => later(self.dice, self.calendar, now, 6),
        };
        self.now = self.now.max(at);
        let outcome = self.outcome();
        let reason = if outcome == "refused" { self.reason() } else { None }.map(Into::into);
        let fee = self.dice.chance(Feature::Total, 10).then(|| Fee {
            act: FeeAct::Total,
            amount: Some(Fen::new(8000)),
            code: None,
            quantity: None,
            period: None,
            class: None,
            receipt: None,
            payee: None,
            approver: None,
        });
        self.tell(Activity::Closed, at, Detail { outcome: Some(outcome.into()), reason, fee, ..Detail::default() });
        if self.dice.percent(50) {
            let at = self.by_limit(at, 10).max(at);
            self.now = self.now.max(at);
            self.say(Activity::Delivered, at);
        }
    }

    fn outcome(&mut self) -> &'static str {
        if self.dice.chance(Feature::AbnormalClose, 15) {
            return self.dice.pick(&["returned", "voided"]);
        }
        if self.dice.chance(Feature::DeletedClose, 5) {
            return "deleted";
        }
        if self.dice.chance(Feature::ApplicantClose, 8) {
            return self.dice.pick(&["withdrawn", "lapsed"]);
        }
        self.dice.pick(&["granted", "granted", "certified", "refused", "other", "forwarded"])
    }

    fn appeal(&mut self) {
        let (rule, instance) = self.dice.pick(&APPEALS);
        let card = self.dice.pick(&["warning", "yellow", "red"]);
        let text = |key: &str, value: &str| (key.into(), Scalar::Text(value.into()));
        let attrs = vec![text("card", card), text("instance", instance), text("rule", rule)];
        let at = self.pass(5);
        self.tell(Activity::Waived, at, Detail { attrs, ..Detail::default() });
        let centre = Address::from_subject("approval", "approval.city.360900.TSZX").expect("a subject");
        let last = self.facts.last_mut().expect("it was just told");
        (last.address, last.source) = (centre, "centre".into());
    }
}
