//! Random histories of a few cases, made so that every shipped rule is reached.
//!
//! A case is a likely life (submitted, accepted, a path of stages, closed, delivered) of which anything may be
//! missing, with whatever else may happen thrown in: times at the edges of the office day, whole days without
//! a time, ties, facts that come late, early, twice, corrected, disputed or deleted, from other offices and
//! sources (one with codes of its own), under one id twice, again after a final delete, overlapping pauses,
//! extensions, fees with their refunds, unknown words, and appeals.

use std::fmt;

use compact_str::CompactString;
use facts::event::{Detail, Fee, FeeAct, Scalar, SpanUnit, Special};
use facts::{Activity, Address, Event, EventTime, Fen, Moment, Op, line};
use proptest::prelude::*;
use proptest::sample::select;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// The last day on which something happens, counted from the first.
const DAYS: i64 = 34;
/// By then every limit has ended.
const END_DAY: i64 = 150;

/// Items of the shipped catalogue, free and charged, with short and long promises; one nobody knows, and none.
const ITEMS: [&str; 11] =
    ["SC-201", "SC-201", "SC-202", "ZR-205", "ZR-205", "SL-209", "BM-101", "ZJ-301", "SL-302", "ZZ-999", ""];
/// Offices that speak of a case beside its own.
const ELSEWHERE: [&str; 2] = ["approval.city.360900.SCJG", "approval.county.360921.SCJG"];
const STAGES: [&str; 6] = ["handle", "site_visit", "review", "approve", "expert_review", "archive"];
const OFFICERS: [&str; 3] = ["1001", "1002", "1003"];
const CODES: [&str; 5] = ["ZR-DJF-Z", "ZR-GBF", "SL-BCF", "SL-BCF-J", "KK"];
const OUTCOMES: [&str; 12] = [
    "granted",
    "granted",
    "granted",
    "certified",
    "certified",
    "refused",
    "forwarded",
    "returned",
    "voided",
    "deleted",
    "withdrawn",
    "lapsed",
];

/// Facts in order of arrival, and in how large pieces they are fed.
#[derive(Clone)]
pub(crate) struct World {
    /// Arrival and fact.
    pub(crate) facts: Vec<(Moment, Event)>,
    /// Facts a piece, over and over.
    pub(crate) pieces: Vec<usize>,
    /// Threads that judge.
    pub(crate) workers: usize,
}

/// As lines of an event file, to be replayed as they stand.
impl fmt::Debug for World {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "pieces {:?}, workers {}", self.pieces, self.workers)?;
        self.facts.iter().try_for_each(|(_, event)| writeln!(out, "{}", line::write(event)))
    }
}

/// The end of every world.
pub(crate) fn end() -> Moment {
    instant(END_DAY, 0)
}

/// The closes of all days on which something happens, and the instants around them.
pub(crate) fn closes() -> impl Iterator<Item = Moment> {
    (0..DAYS + 30).flat_map(|day| [0, 1, 1_000].map(|millis| instant(day, 18 * HOUR + millis)))
}

/// `millis` into a day in Shanghai, counted from Monday, 2026-03-02. Qingming and the end of March lie ahead.
fn instant(day: i64, millis: i64) -> Moment {
    Moment::from_millis(1_772_380_800_000 + day * DAY + millis)
}

/// What a fact says.
#[derive(Clone, Debug)]
struct Act {
    activity: Activity,
    detail: Detail,
}

/// When it happened.
#[derive(Copy, Clone, Debug)]
struct When {
    at: Moment,
    day_only: bool,
}

/// One record: a fact, who says it, when it comes, and what becomes of it.
#[derive(Clone, Debug)]
struct Told {
    act: Act,
    when: When,
    delay: i64,
    seq: Option<i64>,
    source: &'static str,
    elsewhere: Option<&'static str>,
    fate: Fate,
}

/// What becomes of a record.
#[derive(Clone, Debug)]
enum Fate {
    Stays,
    Repeated(i64),
    Moved(When, i64),
    Rewritten(Act, When, i64),
    Disputed(Act, i64),
    Deleted(u32, i64),
    /// Deleted for good, then sent again.
    Revived(i64, i64),
    /// Said by another office, too.
    Echoed(&'static str, i64),
}

/// A few cases.
pub(crate) fn any_world() -> impl Strategy<Value = World> {
    let pieces = prop::collection::vec(prop_oneof![2 => Just(1_usize), 1 => 1..9_usize], 1..5);
    (prop::collection::vec(any_case(), 1..3), pieces, 1..3_usize).prop_map(|(cases, pieces, workers)| {
        let mut facts: Vec<_> =
            (1..).zip(cases).flat_map(|(number, case)| case.facts(&format!("RC-{number}"))).collect();
        facts.sort_by_key(|(arrived, _)| *arrived);
        World { facts, pieces, workers }
    })
}

/// One case.
#[derive(Clone, Debug)]
struct Life {
    item: &'static str,
    case_type: &'static str,
    region: &'static str,
    told: Vec<Told>,
}

fn any_case() -> impl Strategy<Value = Life> {
    let region = prop_oneof![3 => Just("360902"), 1 => Just("430102")];
    let case_type = select(vec!["promised", "promised", "instant", "joint", ""]);
    let told = (likely_life(), prop::collection::vec(any_record(), 0..8));
    let told = told.prop_map(|(likely, more)| likely.into_iter().chain(more).collect());
    (select(ITEMS.to_vec()), case_type, region, told).prop_map(|(item, case_type, region, told)| Life {
        item,
        case_type,
        region,
        told,
    })
}

/// What usually happens, most of it.
fn likely_life() -> impl Strategy<Value = Vec<Told>> {
    let plain = |activity: Activity| Just(Act { activity, detail: Detail::default() });
    let submitted = record(plain(Activity::Submitted), 0..2);
    let accepted = record(plain(Activity::Accepted), 0..9);
    let stage = prop::option::weighted(0.8, 0..OFFICERS.len());
    let path = prop::collection::vec(stage, 4).prop_flat_map(|path| {
        let stages = (1..).zip(STAGES).zip(path);
        let done: Vec<_> = stages
            .filter_map(|((day, stage), officer)| {
                Some(record(Just(completed(stage, OFFICERS[officer?])), day..day + 3))
            })
            .collect();
        done
    });
    let closed = record(any_closing(), 4..DAYS);
    let delivered = record(plain(Activity::Delivered), 8..DAYS);
    let some = prop::option::weighted::<BoxedStrategy<Told>>;
    (some(0.8, submitted), some(0.8, accepted), path, some(0.7, closed), some(0.3, delivered)).prop_map(
        |(submitted, accepted, path, closed, delivered)| {
            let before = [submitted, accepted].into_iter().flatten();
            before.chain(path).chain([closed, delivered].into_iter().flatten()).collect()
        },
    )
}

fn any_record() -> impl Strategy<Value = Told> {
    record(any_act(), 0..DAYS)
}

fn record(act: impl Strategy<Value = Act> + 'static, days: std::ops::Range<i64>) -> BoxedStrategy<Told> {
    let delay = prop_oneof![
        10 => Just(0),
        4 => 1..HOUR,
        3 => HOUR..12 * DAY,
        1 => -5 * DAY..0,
    ];
    let seq = prop::option::weighted(0.4, 0..20_i64);
    let source = prop_oneof![16 => Just("window"), 2 => Just("oa"), 1 => Just("example")];
    let elsewhere = prop::option::weighted(0.05, select(ELSEWHERE.to_vec()));
    (act, any_when(days), delay, seq, source, elsewhere, any_fate())
        .prop_map(|(act, when, delay, seq, source, elsewhere, fate)| Told {
            act,
            when,
            delay,
            seq,
            source,
            elsewhere,
            fate,
        })
        .boxed()
}

fn any_when(days: std::ops::Range<i64>) -> impl Strategy<Value = When> {
    let edges =
        [8 * HOUR + HOUR / 2, 12 * HOUR, 18 * HOUR - 1, 18 * HOUR, 18 * HOUR + 1, 18 * HOUR + 1_000, 0, DAY - 1];
    let in_office = (8 * 3_600..18 * 3_600_i64).prop_map(|seconds| seconds * 1_000);
    let millis = prop_oneof![2 => select(edges.to_vec()), 1 => Just(10 * HOUR), 3 => in_office];
    (days, millis, prop::bool::weighted(0.05))
        .prop_map(|(day, millis, day_only)| When { at: instant(day, millis), day_only })
}

fn any_fate() -> impl Strategy<Value = Fate> {
    let later = || prop_oneof![3 => 1..10 * DAY, 1 => -2 * HOUR..1];
    let version = prop_oneof![Just(1_u32), Just(2), Just(Event::FINAL)];
    prop_oneof![
        16 => Just(Fate::Stays),
        1 => later().prop_map(Fate::Repeated),
        2 => (any_when(0..DAYS), later()).prop_map(|(when, later)| Fate::Moved(when, later)),
        1 => (any_act(), any_when(0..DAYS), later()).prop_map(|(act, when, later)| Fate::Rewritten(act, when, later)),
        1 => (any_act(), later()).prop_map(|(act, later)| Fate::Disputed(act, later)),
        2 => (version, later()).prop_map(|(version, later)| Fate::Deleted(version, later)),
        1 => (later(), later()).prop_map(|(deleted, again)| Fate::Revived(deleted, again)),
        1 => (select(ELSEWHERE.to_vec()), later()).prop_map(|(office, later)| Fate::Echoed(office, later)),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    let plain = select(vec![
        Activity::Submitted,
        Activity::PreAccepted,
        Activity::Accepted,
        Activity::SupplementNotified,
        Activity::SupplementNotified,
        Activity::SupplementReceived,
        Activity::SupplementReceived,
        Activity::Forwarded,
        Activity::Reopened,
        Activity::Withdrawn,
        Activity::CertificateIssued,
        Activity::Delivered,
        Activity::Complaint,
        Activity::Rated,
        Activity::CardIssued,
        Activity::from_name("archived"),
    ]);
    prop_oneof![
        5 => plain.prop_map(|activity| Act { activity, detail: Detail::default() }),
        1 => prop::bool::ANY.prop_map(|given| reasoned(Activity::NotAccepted, None, given)),
        4 => (any_stage(), prop::bool::ANY).prop_map(|(stage, done)| if done { completed(stage, OFFICERS[0]) } else { started(stage) }),
        2 => (any_stage(), select(OFFICERS.to_vec())).prop_map(|(stage, officer)| completed(stage, officer)),
        7 => any_special(),
        6 => any_fee(),
        2 => any_closing(),
        2 => any_appeal(),
        2 => any_naming(),
    ]
}

/// A fact that says once more, or otherwise, what the case is about.
fn any_naming() -> impl Strategy<Value = Act> {
    (select(ITEMS.to_vec()), select(vec!["promised", "joint", "1", ""])).prop_map(|(item, case_type)| {
        let detail = Detail { item: text(item), case_type: text(case_type), ..Detail::default() };
        Act { activity: Activity::Accepted, detail }
    })
}

fn any_stage() -> impl Strategy<Value = &'static str> {
    select(STAGES.to_vec())
}

fn any_closing() -> impl Strategy<Value = Act> {
    let total = prop::option::weighted(0.08, any_amount().prop_map(|amount| fee(FeeAct::Total, None, amount)));
    (select(OUTCOMES.to_vec()), prop::bool::ANY, total).prop_map(|(outcome, given, total)| {
        let mut act = reasoned(Activity::Closed, Some(outcome), given);
        act.detail.fee = total.map(Box::new);
        act
    })
}

fn any_special() -> impl Strategy<Value = Act> {
    let number = prop::option::weighted(0.8, select(vec!["1", "2"]));
    let ground = prop::option::weighted(0.9, select(vec!["inspection", "hearing", "expert_review", "waiting"]));
    let granted = prop::option::weighted(0.9, prop_oneof![1 => Just(0_u32), 5 => 1..9_u32]);
    let unit = prop_oneof![8 => Just(SpanUnit::WorkingDays), 1 => Just(SpanUnit::Days)];
    let kind = prop_oneof![4 => Just("B"), 2 => Just("A"), 1 => Just("")];
    let approver = prop::option::weighted(0.7, Just("9001"));
    let started = prop::bool::weighted(0.65);
    (started, kind, number, ground, granted, unit, approver).prop_map(
        |(started, kind, number, ground, granted, unit, approver)| {
            let special = Special {
                kind: text(kind),
                no: number.and_then(text),
                ground: ground.and_then(text),
                granted,
                unit,
                approver: approver.and_then(text),
                fee: None,
            };
            let activity = if started { Activity::SpecialStarted } else { Activity::SpecialEnded };
            Act { activity, detail: Detail { special: Some(Box::new(special)), ..Detail::default() } }
        },
    )
}

fn any_amount() -> impl Strategy<Value = i64> {
    select(vec![8_000, 8_000, 8_001, 1_000, 16_000, 50, 0, -8_000])
}

fn any_fee() -> impl Strategy<Value = Act> {
    let act = prop_oneof![
        8 => Just(FeeAct::Charged),
        4 => Just(FeeAct::Refunded),
        1 => Just(FeeAct::Revoked),
        1 => Just(FeeAct::Receipted),
        1 => Just(FeeAct::Noticed),
    ];
    let code = prop::option::weighted(0.92, prop_oneof![3 => Just(CODES[0]), 2 => select(CODES.to_vec())]);
    let receipt = prop::option::weighted(0.5, select(vec!["R1", "R2"]));
    let quantity = prop::option::weighted(0.25, select(vec!["2", "1.5", "0.5", "100"]));
    let period = prop::option::weighted(0.2, select(vec!["2025", "2026"]));
    (act, code, any_amount(), receipt, quantity, period).prop_map(|(act, code, amount, receipt, quantity, period)| {
        let fee = Fee {
            receipt: receipt.and_then(text),
            quantity: quantity.and_then(text),
            period: period.and_then(text),
            ..fee(act, code, amount)
        };
        Act { activity: Activity::Fee, detail: Detail { fee: Some(Box::new(fee)), ..Detail::default() } }
    })
}

fn any_appeal() -> impl Strategy<Value = Act> {
    let light = select(vec![
        ("OD-01", "-"),
        ("OD-04", "-"),
        ("OD-05", "-"),
        ("OD-06", "-"),
        ("OD-12", "-"),
        ("PS-01", "review"),
        ("PS-03", "handle>review"),
        ("PS-07", "1001"),
    ]);
    (light, select(vec!["warning", "yellow", "red"])).prop_map(|((rule, instance), card)| {
        let attr = |name: &str, value: &str| (name.into(), Scalar::Text(value.into()));
        let attrs = vec![attr("card", card), attr("instance", instance), attr("rule", rule)];
        Act { activity: Activity::Waived, detail: Detail { attrs, ..Detail::default() } }
    })
}

fn text(text: &str) -> Option<CompactString> {
    (!text.is_empty()).then(|| text.into())
}

fn fee(act: FeeAct, code: Option<&str>, fen: i64) -> Fee {
    Fee {
        act,
        code: code.and_then(text),
        amount: Some(Fen::new(fen)),
        quantity: None,
        period: None,
        class: None,
        receipt: None,
        payee: None,
        approver: None,
    }
}

fn reasoned(activity: Activity, outcome: Option<&str>, given: bool) -> Act {
    let reason = given.then(|| "off plan".into());
    Act { activity, detail: Detail { outcome: outcome.and_then(text), reason, ..Detail::default() } }
}

fn started(stage: &str) -> Act {
    Act { activity: Activity::StageStarted, detail: Detail { stage: text(stage), ..Detail::default() } }
}

fn completed(stage: &str, officer: &str) -> Act {
    let detail = Detail { stage: text(stage), officer: text(officer), ..Detail::default() };
    Act { activity: Activity::StageCompleted, detail }
}

impl Life {
    /// Record versions with their arrivals.
    fn facts(mut self, case: &str) -> Vec<(Moment, Event)> {
        if let Some(first) = self.told.first_mut() {
            (first.act.detail.item, first.act.detail.case_type) = (text(self.item), text(self.case_type));
        }
        let records = (1..).zip(&self.told);
        records.flat_map(|(number, told)| self.versions(case, &format!("r{number}"), told)).collect()
    }

    fn versions(&self, case: &str, id: &str, told: &Told) -> Vec<(Moment, Event)> {
        let subject = match (&told.act.activity, told.elsewhere) {
            (Activity::Waived, _) => "approval.city.360900.TSZX".to_owned(),
            (_, Some(elsewhere)) => elsewhere.to_owned(),
            (_, None) => format!("approval.county.{}.SCJG", self.region),
        };
        let address = Address::from_subject("approval", &subject).expect("a subject");
        let version = |version: u32, act: &Act, when: When| Event {
            id: id.into(),
            version,
            seq: told.seq,
            op: Op::Put,
            source: told.source.into(),
            case: case.into(),
            activity: act.activity.clone(),
            at: when.time(),
            arrived: None,
            address: address.clone(),
            detail: (act.detail != Detail::default()).then(|| Box::new(act.detail.clone())),
        };
        let event = version(1, &told.act, told.when);
        let arrived = told.when.at.plus_millis(told.delay);
        let others = match &told.fate {
            Fate::Stays => vec![],
            Fate::Repeated(later) => vec![(event.clone(), *later)],
            Fate::Moved(when, later) => vec![(version(2, &told.act, *when), *later)],
            Fate::Rewritten(act, when, later) => vec![(version(2, act, *when), *later)],
            Fate::Disputed(act, later) => vec![(version(1, act, told.when), *later)],
            Fate::Deleted(number, later) => vec![(deletion(&event, *number), *later)],
            Fate::Revived(deleted, again) => {
                vec![(deletion(&event, Event::FINAL), *deleted), (version(2, &told.act, told.when), *again)]
            }
            Fate::Echoed(office, later) => {
                let address = Address::from_subject("approval", office).expect("a subject");
                vec![(Event { address, ..event.clone() }, *later)]
            }
        };
        let others = others.into_iter().map(|(event, later)| (arrived.plus_millis(later), event));
        let versions = std::iter::once((arrived, event)).chain(others);
        versions.map(|(arrived, event)| (arrived, Event { arrived: Some(arrived), ..event })).collect()
    }
}

impl When {
    fn time(self) -> EventTime {
        if self.day_only {
            let day = self.at.plus_millis(8 * HOUR).millis().div_euclid(DAY);
            return EventTime::Day(i32::try_from(day).expect("a day of this century"));
        }
        EventTime::Instant(self.at)
    }
}

fn deletion(event: &Event, version: u32) -> Event {
    Event {
        version,
        op: Op::Delete,
        seq: None,
        activity: Activity::from_name(""),
        at: EventTime::Instant(Moment::from_millis(0)),
        detail: None,
        ..event.clone()
    }
}
