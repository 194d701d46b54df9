//! The lights that stand at the end of the run, worked out from plans.
//!
//! This is the ruler that judgement is measured against, so it shares nothing with it: rule by rule,
//! in the words of the rules' documents, over plans that keep to what can be counted on one hand (one
//! supplement, one special procedure or extension, no stage open when a case ends). It is no engine:
//! it knows the rules below, legal counting, and the lights of the national profile, and nothing else.
//! Limits of items and stages come from the catalogue; the law's own are named here.
//!
//! A mark lies at the last instant in time; its card stands from the next millisecond on.

mod quality;

use std::collections::BTreeSet;

use compact_str::{CompactString, format_compact};
use facts::{Card, FeeAct, Light, Moment, StandingLight};

use crate::calendar::{Day, Pause, WorkingDays, day_of};
use quality::ItemKnown;

use crate::case_plan::{CasePlan, FeeLine, PlannedFact, SpecialTerms, What};

/// 行政许可法 32: an application is answered within five working days.
const ANSWER: u32 = 5;
/// 行政许可法 44: a certificate is delivered within ten working days.
const DELIVERY: u32 = 10;
/// A warning comes so many working days before an answer, a promise or a stage is due.
const WARNING_BEFORE: u32 = 1;
/// ... before a delivery is due.
const DELIVERY_WARNING_BEFORE: u32 = 2;
/// ... before a special procedure is due.
const SPECIAL_WARNING_BEFORE: u32 = 3;
/// 行政许可法 42: the longest extension, alone and in joint handling.
const EXTENSION: u32 = 10;
const JOINT_EXTENSION: u32 = 15;
/// How long a missing acceptance is waited for, in milliseconds.
const GRACE_MILLIS: i64 = 24 * 3_600_000;
/// A limit that has no end within the calendars.
const OPEN: Day = Day::MAX;

const ABNORMAL: [&str; 3] = ["returned", "voided", "deleted"];
const BY_APPLICANT: [&str; 2] = ["withdrawn", "lapsed"];

/// The lights that stand for `plan` at `until`.
#[must_use]
pub fn standing(plan: &CasePlan, days: &WorkingDays, until: Moment) -> Vec<StandingLight> {
    let mut case = Case::new(plan, days, until);
    let with_item = case.item_known() == ItemKnown::Whole;
    let mut deemed = None;
    if case.outcome != Some("deleted") {
        deemed = case.answer();
        if with_item {
            if let Some(start) = deemed.or_else(|| case.first(|what| *what == What::Accepted)) {
                case.limits(start);
            }
            case.stages();
        }
        case.specials_overdue();
        case.delivery();
    }
    if with_item {
        case.fees();
        case.stages_passed();
    }
    case.acceptance_before_closing();
    case.persons();
    case.reasons();
    case.quality(deemed);
    case.lights
}

/// A fee record and what it says.
type Entry<'a> = (&'a PlannedFact, &'a FeeLine);

struct Case<'a> {
    plan: &'a CasePlan,
    days: &'a WorkingDays,
    until: Moment,
    /// 办结: its record, if the case is closed.
    closing: Option<&'a PlannedFact>,
    outcome: Option<&'static str>,
    lights: Vec<StandingLight>,
}

impl<'a> Case<'a> {
    fn new(plan: &'a CasePlan, days: &'a WorkingDays, until: Moment) -> Case<'a> {
        let closing = plan.facts.iter().find(|fact| matches!(fact.what, What::Closed(..)));
        let outcome = closing.and_then(|fact| match fact.what {
            What::Closed(outcome, _) => Some(outcome),
            _ => None,
        });
        Case { plan, days, until, closing, outcome, lights: Vec::new() }
    }

    // What a plan says.

    fn first(&self, wanted: impl Fn(&What) -> bool) -> Option<Moment> {
        self.plan.facts.iter().find(|fact| wanted(&fact.what)).map(|fact| fact.at)
    }

    fn normal_closing(&self) -> Option<&'a PlannedFact> {
        let normal = |outcome| !ABNORMAL.contains(&outcome) && !BY_APPLICANT.contains(&outcome);
        self.closing.filter(|_| self.outcome.is_some_and(normal))
    }

    /// When the case ended, in whatever way.
    fn ended(&self) -> Option<Moment> {
        earlier(self.closing.map(|fact| fact.at), self.first(|what| *what == What::Withdrawn))
    }

    /// When the case ended without a decision: no time light arises from here on.
    fn broken_off(&self) -> Option<Moment> {
        let closed = self.closing.filter(|_| self.normal_closing().is_none());
        earlier(closed.map(|fact| fact.at), self.first(|what| *what == What::Withdrawn))
    }

    fn special_procedures(&self) -> impl Iterator<Item = (&'a PlannedFact, &'a SpecialTerms)> + use<'a> {
        self.plan.facts.iter().filter_map(|fact| match &fact.what {
            What::SpecialStarted(terms) => Some((fact, terms)),
            _ => None,
        })
    }

    fn end_of(&self, no: &CompactString) -> Option<Moment> {
        self.first(|what| matches!(what, What::SpecialEnded(ended) if ended == no))
    }

    fn completed(&self) -> impl Iterator<Item = (&'a PlannedFact, &'a CompactString, &'a CompactString)> + use<'a> {
        self.plan.facts.iter().filter_map(|fact| match &fact.what {
            What::StageCompleted(stage, officer) => Some((fact, stage, officer)),
            _ => None,
        })
    }

    // What it comes to.

    fn light(&mut self, rule: &str, instance: &str, card: Card, since: Moment) {
        let light = if card == Card::Red { Light::Red } else { Light::Yellow };
        let (case, owner) = (self.plan.case.clone(), self.plan.owner.clone());
        let (rule, instance) = (rule.into(), instance.into());
        self.lights.push(StandingLight { case, rule, instance, card, light, since, owner });
    }

    /// Has this mark passed, before `end` if there is one?
    fn passed(&self, mark: Option<Moment>, end: Option<Moment>) -> bool {
        mark.is_some_and(|mark| mark < self.until && end.is_none_or(|end| mark < end))
    }

    /// A light that ends with the duty: the worst of these marks that has passed, if the duty is
    /// still open.
    fn open_light(&mut self, rule: &str, instance: &str, marks: &[(Card, Option<Moment>)]) {
        let passed = marks.iter().rev().find(|(_, mark)| self.passed(*mark, None));
        if let Some((card, Some(since))) = passed.copied() {
            self.light(rule, instance, card, since);
        }
    }

    fn due(&self, start: Moment, limit: u32, pauses: &[Pause]) -> Option<Moment> {
        self.days.due(start, limit, pauses)
    }

    // Time.

    /// OD-01. Returns the acceptance that silence made: from the day of the application.
    fn answer(&mut self) -> Option<Moment> {
        let submitted = self.first(|what| *what == What::Submitted)?;
        let decided =
            self.first(|what| matches!(what, What::Accepted | What::NotAccepted(_) | What::SupplementNotified));
        let ended = earlier(decided, self.ended());
        let due = self.due(submitted, ANSWER, &[]);
        if ended.is_none() {
            let warning = self.due(submitted, ANSWER - WARNING_BEFORE, &[]);
            self.open_light("OD-01", "-", &[(Card::Warning, warning), (Card::Red, due)]);
        }
        self.passed(due, ended).then_some(submitted)
    }

    /// OD-04, OD-05, OD-06: the promised and the statutory limit from `start`.
    fn limits(&mut self, start: Moment) {
        let pauses = self.pauses(start);
        let more = self.extension();
        let (promise, statutory) = (self.plan.item.promise + more, self.plan.item.statutory + more);
        let ended = self.ended();
        let warning = self.due(start, promise - WARNING_BEFORE, &pauses);
        let today = day_of(self.until);
        let paused = pauses.iter().any(|pause| pause.contains(&today));
        if ended.is_none() && !paused && self.passed(warning, None) {
            self.light("OD-04", "-", Card::Warning, warning.expect("it has passed"));
        }
        for (rule, card, limit) in [("OD-05", Card::Yellow, promise), ("OD-06", Card::Red, statutory)] {
            let due = self.due(start, limit, &pauses);
            if self.passed(due, ended) {
                self.light(rule, "-", card, due.expect("it has passed"));
            }
        }
    }

    /// Days that a clock from `start` does not count.
    fn pauses(&self, start: Moment) -> Vec<Pause> {
        let mut pauses = self.special_pauses();
        let notified = self.first(|what| *what == What::SupplementNotified).filter(|at| *at >= start);
        if let Some(notified) = notified {
            let received = self.first(|what| *what == What::SupplementReceived);
            pauses.push(day_of(notified)..received.map_or(OPEN, day_of));
        }
        pauses
    }

    /// Days of special procedures, each cut to what was granted.
    fn special_pauses(&self) -> Vec<Pause> {
        let paused = |(fact, terms): (&PlannedFact, &SpecialTerms)| {
            let ended = self.end_of(&terms.no).map_or(OPEN, day_of);
            let cap = if terms.granted == 0 { None } else { self.due(fact.at, terms.granted, &[]) };
            day_of(fact.at)..ended.min(cap.map_or(OPEN, day_of))
        };
        self.special_procedures().filter(|(_, terms)| terms.kind == "B").map(paused).collect()
    }

    /// Working days added by the first lawful extension.
    fn extension(&self) -> u32 {
        let most = if self.plan.item.joint { JOINT_EXTENSION } else { EXTENSION };
        let lawful = |terms: &SpecialTerms| terms.kind == "A" && !terms.approver.is_empty() && !terms.ground.is_empty();
        self.special_procedures().find(|(_, terms)| lawful(terms)).map_or(0, |(_, terms)| terms.granted.min(most))
    }

    /// OD-07: each stage that was started and is not finished.
    fn stages(&mut self) {
        let pauses = self.special_pauses();
        let facts = &self.plan.facts;
        for (place, fact) in facts.iter().enumerate() {
            let What::StageStarted(code) = &fact.what else { continue };
            let finishes = |later: &PlannedFact| matches!(&later.what, What::StageCompleted(done, _) if done == code);
            let Some(stage) = self.plan.item.stage(code) else { continue };
            if facts[place..].iter().any(finishes) {
                continue;
            }
            let warning = self.due(fact.at, stage.limit - WARNING_BEFORE, &pauses);
            let due = self.due(fact.at, stage.limit, &pauses);
            let record = self.plan.record(&fact.id);
            self.open_light("OD-07", &record, &[(Card::Warning, warning), (Card::Yellow, due)]);
        }
    }

    /// OD-08: each special procedure with a fixed length.
    fn specials_overdue(&mut self) {
        for (fact, terms) in self.special_procedures().filter(|(_, terms)| terms.kind == "B" && terms.granted > 0) {
            let record = self.plan.record(&fact.id);
            let ended = self.end_of(&terms.no);
            let stopped = earlier(ended, self.broken_off());
            let due = self.due(fact.at, terms.granted, &[]);
            let day_after = self.due(fact.at, terms.granted + 1, &[]);
            if self.passed(day_after, stopped) {
                self.light("OD-08", &record, Card::Red, day_after.expect("it has passed"));
            } else if self.passed(due, stopped) {
                self.light("OD-08", &record, Card::Yellow, due.expect("it has passed"));
            } else if stopped.is_none() {
                let warning = self.due(fact.at, terms.granted - SPECIAL_WARNING_BEFORE, &[]);
                self.open_light("OD-08", &record, &[(Card::Warning, warning)]);
            }
        }
    }

    /// OD-12: what was granted and is not delivered.
    fn delivery(&mut self) {
        let granted = matches!(self.outcome, Some("granted" | "certified"));
        let Some(closing) = self.closing.filter(|_| granted) else { return };
        if self.first(|what| *what == What::Delivered).is_none() {
            let warning = self.due(closing.at, DELIVERY - DELIVERY_WARNING_BEFORE, &[]);
            let due = self.due(closing.at, DELIVERY, &[]);
            self.open_light("OD-12", "-", &[(Card::Warning, warning), (Card::Red, due)]);
        }
    }

    // Money.

    /// FE-01, FE-03, FE-04, FE-07: the states of the ledger that hold at the end, each from the
    /// record that began it.
    fn fees(&mut self) {
        let ledger: Vec<Entry<'_>> = self.plan.facts.iter().filter_map(fee_line).collect();
        if ledger.is_empty() {
            return;
        }
        if !self.plan.item.charges {
            self.episode("FE-01", "-", &ledger, &|lines| net(lines) > 0);
            return;
        }
        let codes: BTreeSet<&CompactString> = ledger.iter().map(|(_, line)| &line.code).collect();
        for code in codes {
            let lines: Vec<Entry<'_>> = ledger.iter().copied().filter(|(_, line)| line.code == *code).collect();
            self.basis_and_standard(code, &lines);
            let periods: BTreeSet<&CompactString> = lines.iter().map(|(_, line)| &line.period).collect();
            for period in periods {
                let lines: Vec<Entry<'_>> = lines.iter().copied().filter(|(_, line)| line.period == *period).collect();
                self.episode("FE-07", &format_compact!("{code},{period}"), &lines, &|lines| {
                    counted(lines, FeeAct::Charged).len() > counted(lines, FeeAct::Refunded).len() + 1
                });
            }
        }
    }

    /// FE-03, FE-04: what was charged under one code, against the item's schedule.
    fn basis_and_standard(&mut self, code: &str, lines: &[Entry<'_>]) {
        let item = self.plan.item.clone();
        let Some(tariff) = item.tariff(code) else {
            return self.episode("FE-03", code, lines, &|lines| net(lines) > 0);
        };
        let in_force = |at: Moment| day_of(at) >= tariff.from && tariff.until.is_none_or(|until| day_of(at) < until);
        self.episode("FE-03", code, lines, &|lines| {
            net(lines) > 0 && !counted(lines, FeeAct::Charged).iter().all(|(fact, _)| in_force(fact.at))
        });
        self.episode("FE-04", code, lines, &|lines| {
            let charged = counted(lines, FeeAct::Charged);
            let quantity = charged.first().map_or(0, |(_, line)| line.quantity);
            net(lines) > tariff.max.fen() * i64::from(quantity)
        });
    }

    /// A red light if `state` holds after all `lines`, since the line with which it began to hold
    /// without a break.
    fn episode(&mut self, rule: &str, key: &str, lines: &[Entry<'_>], state: &dyn Fn(&[Entry<'_>]) -> bool) {
        let holds = |count: usize| state(&lines[..count]);
        let holding = (1..=lines.len()).rev().take_while(|count| holds(*count)).last();
        if let Some(count) = holding {
            let begun = lines[count - 1].0;
            let instance = format_compact!("{key}@{}", self.plan.record(&begun.id));
            self.light(rule, &instance, Card::Red, begun.at);
        }
    }

    // Process.

    /// PS-04: closed without acceptance.
    fn acceptance_before_closing(&mut self) {
        let Some(closing) = self.normal_closing() else { return };
        let accepted = self.first(|what| *what == What::Accepted).is_some_and(|at| at <= closing.at);
        let waited = closing.at.max(closing.first_arrived()).plus_millis(GRACE_MILLIS);
        if !accepted && waited < self.until {
            let record = self.plan.record(&closing.id);
            self.light("PS-04", &record, Card::Red, closing.at);
        }
    }

    /// PS-01, PS-03: the way that the case took through its item's stages.
    fn stages_passed(&mut self) {
        let item = self.plan.item.clone();
        if let Some(closing) = self.normal_closing() {
            let visited: BTreeSet<&CompactString> =
                self.completed().filter(|(fact, ..)| fact.at <= closing.at).map(|(_, stage, _)| stage).collect();
            for stage in item.stages.iter().filter(|stage| stage.required && !visited.contains(&stage.code)) {
                self.light("PS-01", &stage.code, Card::Red, closing.at);
            }
        }
        let steps: Vec<_> = self.completed().collect();
        let mut met = BTreeSet::new();
        for step in steps.windows(2) {
            let ((_, from, _), (fact, to, _)) = (step[0], step[1]);
            let edge = format_compact!("{from}>{to}");
            if !item.knows_edge(from, to) && met.insert(edge.clone()) {
                self.light("PS-03", &edge, Card::Red, fact.at);
            }
        }
    }

    /// PS-07: one person in two or all of the roles handle, review, approve.
    fn persons(&mut self) {
        if self.plan.case_type == "instant" {
            return;
        }
        let officers: BTreeSet<&CompactString> = self.completed().map(|(.., officer)| officer).collect();
        for officer in officers {
            let mut roles = BTreeSet::new();
            let mut worst = None;
            for (fact, stage, _) in self.completed().filter(|(.., person)| *person == officer) {
                let role = matches!(stage.as_str(), "handle" | "review" | "approve");
                if role && roles.insert(stage) && roles.len() > 1 {
                    worst = Some((if roles.len() > 2 { Card::Red } else { Card::Yellow }, fact.at));
                }
            }
            if let Some((card, since)) = worst {
                self.light("PS-07", officer, card, since);
            }
        }
    }

    /// PS-11: a refusal without a reason.
    fn reasons(&mut self) {
        for fact in &self.plan.facts {
            if let What::NotAccepted(reason) | What::Closed("refused", reason) = &fact.what
                && reason.is_empty()
            {
                let record = self.plan.record(&fact.id);
                self.light("PS-11", &record, Card::Red, fact.at);
            }
        }
    }
}

fn earlier(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn fee_line(fact: &PlannedFact) -> Option<Entry<'_>> {
    match &fact.what {
        What::Fee(line) => Some((fact, line)),
        _ => None,
    }
}

/// The records of one act that count: each receipt once, and none that was voided.
fn counted<'a>(lines: &[Entry<'a>], act: FeeAct) -> Vec<Entry<'a>> {
    let voided =
        |receipt: &CompactString| lines.iter().any(|(_, line)| line.act == FeeAct::Revoked && line.receipt == *receipt);
    let mut met = BTreeSet::new();
    let of_act = lines.iter().copied().filter(|(_, line)| line.act == act);
    of_act.filter(|(_, line)| !voided(&line.receipt) && met.insert((&line.code, &line.receipt))).collect()
}

/// Charged less refunded, in fen.
fn net(lines: &[Entry<'_>]) -> i64 {
    let sum = |act| counted(lines, act).iter().map(|(_, line)| line.amount.fen()).sum::<i64>();
    sum(FeeAct::Charged) - sum(FeeAct::Refunded)
}

#[cfg(test)]
mod tests;
