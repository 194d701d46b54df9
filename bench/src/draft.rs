//! Drawing up one case: a hand that moves forward over working days and says what happens.
//!
//! A script picks an item, goes to a working day and says facts; each comes some minutes after the
//! one before, in office hours. Days are places in the list of working days, so that "five working
//! days later" is an addition. Everything drawn comes from the case's own random stream, which
//! makes a case independent of all others. Not here: which facts to say (`life`, `scenario`), how
//! they reach the stream (`delivery`).

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use facts::{Address, Department, FeeAct, Fen, Level, Moment, Region};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::calendar::{self, CLOSE_SECOND, OPEN_SECOND, WorkingDays};
use crate::case_plan::{Earlier, FeeLine, Names, Script, SpecialTerms, What};
use crate::city::{City, Item, Tariff};
use crate::profile::Window;

/// Departments whose business system reports both ends of a stage; others report completions only.
const UNIFIED: [&str; 5] = ["ZRZY", "SCJG", "RSJ", "STHJ", "SLJ"];
const NOON: i64 = 12 * 3600;
const AFTERNOON: i64 = 13 * 3600 + 1800;
/// From here to the close of business facts follow within seconds, so that a day holds them all.
const LATE_AFTERNOON: i64 = 17 * 3600 + 1800;

/// A fact on its way into a plan.
#[derive(Clone, Debug)]
pub(crate) struct DraftFact {
    pub(crate) at: Moment,
    pub(crate) what: What,
    /// When it reaches the stream, where the script says so.
    pub(crate) arrived: Option<Moment>,
    pub(crate) earlier: Option<Earlier>,
    /// Another content under the same version.
    pub(crate) rival: Option<Earlier>,
    /// When the same bytes come again.
    pub(crate) repeated: Option<Moment>,
    /// What it says of its case, where that is not what such a fact usually says.
    pub(crate) names: Option<Names>,
    /// Who says it, if not the owner.
    pub(crate) office: Option<Address>,
    /// It has the id of the fact before it.
    pub(crate) same_id: bool,
}

impl DraftFact {
    fn new(at: Moment, what: What) -> DraftFact {
        DraftFact {
            at,
            what,
            arrived: None,
            earlier: None,
            rival: None,
            repeated: None,
            names: None,
            office: None,
            same_id: false,
        }
    }
}

/// A record that will be deleted again.
#[derive(Clone, Debug)]
pub(crate) struct DraftGhost {
    pub(crate) at: Moment,
    pub(crate) what: What,
    pub(crate) deleted: Moment,
    /// The delete names no version, whatever else is drawn.
    pub(crate) for_good: bool,
    /// When it is sent again after that, and whether as a new version.
    pub(crate) again: Option<(Moment, bool)>,
}

/// One case being drawn up.
pub(crate) struct Draft<'a> {
    pub(crate) city: &'a City,
    pub(crate) days: &'a WorkingDays,
    pub(crate) window: Window,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) index: u32,
    pub(crate) owner: Address,
    pub(crate) source: CompactString,
    pub(crate) item: Arc<Item>,
    pub(crate) case_type: &'static str,
    pub(crate) linked_case: Option<CompactString>,
    pub(crate) script: Option<Script>,
    pub(crate) gaming: Option<&'static str>,
    pub(crate) facts: Vec<DraftFact>,
    pub(crate) ghosts: Vec<DraftGhost>,
    /// The working day the hand is on.
    pub(crate) place: usize,
    second: i64,
    /// The second of the next fact, where the script says so.
    pinned: Option<i64>,
    first_officer: u32,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(city: &'a City, days: &'a WorkingDays, window: Window, rng: ChaCha8Rng, index: u32) -> Draft<'a> {
        let item = city.items().next().expect("the catalogue has items").clone();
        let owner = Address { level: Level::City, region: city.city, dept: item.depts[0].clone() };
        let mut draft = Draft {
            city,
            days,
            window,
            rng,
            index,
            owner,
            source: CompactString::default(),
            item,
            case_type: "promised",
            linked_case: None,
            script: None,
            gaming: None,
            facts: Vec::new(),
            ghosts: Vec::new(),
            place: window.first,
            second: OPEN_SECOND,
            pinned: None,
            first_officer: 1,
        };
        draft.first_officer = draft.within(1, 20);
        draft
    }

    // Chance.

    /// A number from `low` to `high`, both included; `low` when they cross.
    pub(crate) fn within(&mut self, low: u32, high: u32) -> u32 {
        self.rng.random_range(low..=high.max(low))
    }

    /// True in `parts` of 10,000 draws.
    pub(crate) fn chance(&mut self, parts: usize) -> bool {
        (self.within(1, 10_000) as usize) <= parts
    }

    /// One of `choices`.
    pub(crate) fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        let last = u32::try_from(choices.len()).expect("short lists") - 1;
        choices[self.within(0, last) as usize].clone()
    }

    /// A working day from `low` to `high`, both included, every second time in the live week if that
    /// overlaps.
    pub(crate) fn day_within(&mut self, low: usize, high: usize) -> usize {
        let low = if high >= self.window.live && self.chance(5_000) { low.max(self.window.live) } else { low };
        low + self.within(0, u32::try_from(high.saturating_sub(low)).expect("weeks")) as usize
    }

    // Who.

    /// Handles one of these items, at an office that the catalogue allows.
    pub(crate) fn take(&mut self, codes: &[&str]) {
        let code = self.one_of(codes);
        self.item = self.city.item(code);
        self.case_type = match () {
            () if self.item.instant() => "instant",
            () if self.item.joint => "joint",
            () => "promised",
        };
        let levels = self.item.levels.clone();
        let county = if self.chance(8_500) { Level::County } else { Level::City };
        let township = levels.contains(&Level::Township) && self.chance(7_000);
        let level = if township { Level::Township } else { county };
        self.settle(if levels.contains(&level) { level } else { Level::County });
    }

    /// Moves the case to an office of this level.
    pub(crate) fn settle(&mut self, level: Level) {
        let city = self.city;
        let region = match level {
            Level::Province => city.province,
            Level::City => city.city,
            Level::County => self.one_of(&city.counties),
            Level::Township => self.one_of(&city.townships),
        };
        self.settle_in(level, region);
    }

    /// Moves the case to the office in `region`.
    pub(crate) fn settle_in(&mut self, level: Level, region: Region) {
        let dept = self.item.depts[0].clone();
        self.source = match level {
            Level::Township => "bmfw".into(),
            _ if UNIFIED.contains(&dept.as_str()) => "ywt".into(),
            _ => own_system(&dept),
        };
        self.owner = Address { level, region, dept };
    }

    /// Does the source report when a stage starts?
    pub(crate) fn reports_starts(&self) -> bool {
        self.source == "ywt"
    }

    /// Staff number of the office's officer who plays `role`; another role is another person.
    pub(crate) fn officer(&self, role: u32) -> CompactString {
        format_compact!("{}-{}-{:02}", self.owner.region, self.owner.dept, self.first_officer + role)
    }

    // When.

    /// Goes to the working day at `place`, or stays if it is there.
    pub(crate) fn on(&mut self, place: usize) {
        assert!(place >= self.place || self.facts.is_empty(), "a case is told forwards");
        if place != self.place || self.facts.is_empty() {
            self.place = place;
            self.second = OPEN_SECOND + i64::from(self.within(300, 6 * 3600));
            self.pinned = None;
        }
    }

    /// Goes `days` working days on.
    pub(crate) fn later(&mut self, days: u32) {
        self.on(self.place + days as usize);
    }

    /// The next fact happens at the very close of business: the last instant in time.
    pub(crate) fn at_close(&mut self) {
        self.pinned = Some(CLOSE_SECOND);
    }

    /// The next fact happens one second after the close of business.
    pub(crate) fn just_after_close(&mut self) {
        self.pinned = Some(CLOSE_SECOND + 1);
    }

    /// The next fact happens at the same instant as the last.
    pub(crate) fn at_once(&mut self) {
        self.pinned = Some(self.second);
    }

    /// The civil day of the working day at `place`.
    pub(crate) fn civil(&self, place: usize) -> calendar::Day {
        self.days.at(place)
    }

    fn next_second(&mut self) -> i64 {
        if let Some(second) = self.pinned.take() {
            assert!(second >= self.second, "a case is told forwards");
            return second;
        }
        let second = self.second;
        if second >= LATE_AFTERNOON {
            return second + i64::from(self.within(2, 20));
        }
        let second = second + i64::from(self.within(60, 700));
        if (NOON..AFTERNOON).contains(&second) { AFTERNOON + i64::from(self.within(1, 900)) } else { second }
    }

    // What.

    /// Says that this happened, some minutes after what was said before.
    pub(crate) fn say(&mut self, what: What) -> usize {
        self.second = self.next_second();
        let at = calendar::instant(self.civil(self.place), self.second);
        self.facts.push(DraftFact::new(at, what));
        self.facts.len() - 1
    }

    /// 申请
    pub(crate) fn submit(&mut self) {
        self.say(What::Submitted);
    }

    /// 申请 online, in the evening: the hand is then on the next working day.
    pub(crate) fn submit_in_the_evening(&mut self) {
        let second = 19 * 3600 + i64::from(self.within(0, 4 * 3600));
        let at = calendar::instant(self.civil(self.place), second);
        self.facts.push(DraftFact::new(at, What::Submitted));
        self.later(1);
    }

    /// 受理
    pub(crate) fn accept(&mut self) {
        self.say(What::Accepted);
    }

    /// 申请 and 受理 on the day at `place`.
    pub(crate) fn open_on(&mut self, place: usize) {
        self.on(place);
        self.submit();
        self.accept();
    }

    /// 环节开始, where the source reports it.
    pub(crate) fn start_stage(&mut self, code: &str) {
        if self.reports_starts() {
            self.say(What::StageStarted(code.into()));
        }
    }

    /// 环节完成, by the officer of that stage.
    pub(crate) fn complete_stage(&mut self, code: &str) -> usize {
        let officer = self.officer(role(code));
        self.say(What::StageCompleted(code.into(), officer))
    }

    /// Goes through a stage in `days` working days.
    pub(crate) fn pass(&mut self, code: &str, days: u32) {
        self.start_stage(code);
        self.later(days);
        self.complete_stage(code);
    }

    /// Goes through all required stages in `days` working days, each within its limit as far as
    /// they allow; what is too long falls on the last.
    pub(crate) fn pass_all(&mut self, days: u32) {
        let stages = self.required();
        self.pass_stages(&stages, days);
    }

    /// Required stage codes, with their limits.
    pub(crate) fn required(&self) -> Vec<(CompactString, u32)> {
        let required = self.item.stages.iter().filter(|stage| stage.required);
        required.map(|stage| (stage.code.clone(), stage.limit)).collect()
    }

    /// Goes through these stages in `days` working days.
    pub(crate) fn pass_stages(&mut self, stages: &[(CompactString, u32)], days: u32) {
        let mut spent = vec![0_u32; stages.len()];
        for _ in 0..days {
            let free: Vec<usize> = (0..stages.len()).filter(|place| spent[*place] < stages[*place].1).collect();
            let place = if free.is_empty() { stages.len() - 1 } else { self.one_of(&free) };
            spent[place] += 1;
        }
        for ((code, _), days) in stages.iter().zip(spent) {
            self.pass(code, days);
        }
    }

    /// 办结
    pub(crate) fn close(&mut self, outcome: &'static str) -> usize {
        self.say(What::Closed(outcome, ground(outcome)))
    }

    /// 送达, `days` working days on.
    pub(crate) fn deliver(&mut self, days: u32) -> usize {
        self.later(days);
        self.say(What::Delivered)
    }

    /// 办结 with a certificate or a grant, and 送达 within the week.
    pub(crate) fn grant(&mut self) {
        let outcome = if self.chance(5_000) { "granted" } else { "certified" };
        self.close(outcome);
        let days = self.within(1, 6);
        self.deliver(days);
    }

    /// 特别程序开始, of a kind that stops the clock.
    pub(crate) fn start_special(&mut self, ground: &'static str, granted: u32) -> usize {
        let (no, approver) = (self.special_no(), self.officer(9));
        self.say(What::SpecialStarted(SpecialTerms { no, kind: "B", ground, granted, approver }))
    }

    /// 特别程序结束, of the one last started.
    pub(crate) fn end_special(&mut self) -> usize {
        let no = self.facts.iter().rev().find_map(|fact| match &fact.what {
            What::SpecialStarted(terms) => Some(terms.no.clone()),
            _ => None,
        });
        self.say(What::SpecialEnded(no.expect("a special procedure is open")))
    }

    /// 延长审批
    pub(crate) fn extend(&mut self, granted: u32) -> usize {
        let (no, approver) = (self.special_no(), self.officer(10));
        self.say(What::SpecialStarted(SpecialTerms { no, kind: "A", ground: "案情复杂", granted, approver }))
    }

    fn special_no(&self) -> CompactString {
        let started = self.facts.iter().filter(|fact| matches!(fact.what, What::SpecialStarted(_))).count();
        format_compact!("TB{}", started + 1)
    }

    /// A fee record for one row of the schedule.
    pub(crate) fn fee(&mut self, line: FeeLine) -> usize {
        self.say(What::Fee(line))
    }

    /// A row of the item's fee schedule.
    ///
    /// # Panics
    /// When the item does not list the code.
    pub(crate) fn tariff(&self, code: &str) -> Tariff {
        self.item.tariff(code).expect("scripts name fees of the built-in catalogue").clone()
    }

    /// A charge of `amount` for `quantity` units, with a receipt of its own.
    pub(crate) fn charge(&self, code: &str, amount: Fen, quantity: u32) -> FeeLine {
        let receipts = self.facts.iter().filter(|fact| matches!(fact.what, What::Fee(_))).count();
        FeeLine {
            act: FeeAct::Charged,
            code: code.into(),
            amount,
            quantity,
            period: CompactString::default(),
            receipt: format_compact!("PJ{:07}{:02}", self.index, receipts + self.ghosts.len()),
            payee: self.item.payees.first().cloned().unwrap_or_default(),
        }
    }

    /// A refund of `amount`, with a receipt of its own.
    pub(crate) fn refund(&self, code: &str, amount: Fen) -> FeeLine {
        FeeLine { act: FeeAct::Refunded, ..self.charge(code, amount, 1) }
    }

    // How it reaches the stream.

    /// The fact reaches the stream on the morning of the working day at `place`.
    pub(crate) fn arrives_on(&mut self, fact: usize, place: usize) {
        let second = OPEN_SECOND + i64::from(self.within(0, 3600));
        let arrived = calendar::instant(self.civil(place), second);
        assert!(arrived > self.facts[fact].at, "nothing arrives before it happens");
        self.facts[fact].arrived = Some(arrived);
    }

    /// The fact was first sent as `what`, at `at`, and set right on the working day at `place`.
    pub(crate) fn corrected_on(&mut self, fact: usize, what: What, at: Moment, place: usize) {
        let arrived = at.plus_millis(i64::from(self.within(5, 600)) * 1000);
        self.facts[fact].earlier = Some(Earlier { what, at, arrived });
        self.arrives_on(fact, place);
    }

    /// Turns the fact last said into a record that is deleted on the working day at `place`.
    pub(crate) fn delete_last_on(&mut self, place: usize) {
        let fact = self.facts.pop().expect("something was said");
        let second = OPEN_SECOND + i64::from(self.within(0, 3600));
        let deleted = calendar::instant(self.civil(place), second);
        self.ghosts.push(DraftGhost { at: fact.at, what: fact.what, deleted, for_good: false, again: None });
    }

    /// Turns the fact last said into a record that is deleted for good on the next working day; `again` sends it
    /// once more the day after, as a new version or byte by byte.
    pub(crate) fn delete_last_for_good(&mut self, again: Option<bool>) {
        let place = self.place;
        self.delete_last_on(place + 1);
        let second = OPEN_SECOND + i64::from(self.within(0, 3600));
        let came = calendar::instant(self.civil(place + 2), second);
        let ghost = self.ghosts.last_mut().expect("it was just made");
        (ghost.for_good, ghost.again) = (true, again.map(|changed| (came, changed)));
    }

    /// The fact is also sent as `what` under its own version, on the working day at `place`.
    pub(crate) fn rivalled_on(&mut self, fact: usize, what: What, place: usize) {
        let second = OPEN_SECOND + i64::from(self.within(0, 3600));
        let arrived = calendar::instant(self.civil(place), second);
        self.facts[fact].rival = Some(Earlier { what, at: self.facts[fact].at, arrived });
    }

    /// The same bytes come again on the working day at `place`.
    pub(crate) fn repeated_on(&mut self, fact: usize, place: usize) {
        let second = OPEN_SECOND + i64::from(self.within(0, 3600));
        self.facts[fact].repeated = Some(calendar::instant(self.civil(place), second));
    }

    /// The fact reaches the stream `secs` before it is said to happen.
    pub(crate) fn arrives_ahead(&mut self, fact: usize, secs: i64) {
        self.facts[fact].arrived = Some(self.facts[fact].at.plus_millis(-secs * 1000));
    }

    // What it says of the case.

    /// The fact names this item and this case type, and nothing else of the case.
    pub(crate) fn names(&mut self, fact: usize, item: Option<CompactString>, case_type: Option<&'static str>) {
        self.facts[fact].names = Some(Names { item, case_type });
    }

    /// Whatever was said so far and names an item names this one, or none.
    pub(crate) fn calls_item(&mut self, item: Option<&'static str>) {
        for fact in 0..self.facts.len() {
            let naming = matches!(self.facts[fact].what, What::Submitted | What::Accepted | What::Closed(..));
            if fact == 0 || naming {
                self.names(fact, item.map(CompactString::from), Some(self.case_type));
            }
        }
    }
}

/// The system that a department without the unified platform runs.
fn own_system(dept: &Department) -> CompactString {
    format_compact!("{}-xt", dept.as_str().to_lowercase())
}

/// Each stage of an office has its own officer.
pub(crate) fn role(stage: &str) -> u32 {
    match stage {
        "handle" => 1,
        "review" => 2,
        "approve" => 3,
        "site_visit" => 4,
        _ => 5,
    }
}

/// The ground that goes with an outcome; grants need none.
fn ground(outcome: &str) -> CompactString {
    match outcome {
        "refused" => "不符合法定条件",
        "returned" => "材料不实，退回申请人",
        "voided" => "重复登记，作废",
        "deleted" => "系统测试数据",
        "lapsed" => "逾期未补正",
        _ => "",
    }
    .into()
}
