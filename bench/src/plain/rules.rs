//! The three rules, by hand. A due instant is the last one in time; its light stands from the next millisecond on.

use compact_str::CompactString;
use facts::{FeeAct, Light, Moment};

use super::PlainLight;
use super::fact::{Fact, Money, What};
use crate::calendar::{Day, Pause, WorkingDays, day_of};
use crate::city::{City, Item};

/// 行政许可法 42: the longest extension, alone and in joint handling.
const EXTENSION: u32 = 10;
const JOINT_EXTENSION: u32 = 15;
/// Outcomes with which a case is closed in the usual way.
const NORMAL: [&str; 5] = ["certified", "granted", "refused", "forwarded", "other"];

/// The tables that the rules look things up in.
pub(super) struct Tables {
    pub(super) city: City,
    pub(super) days: WorkingDays,
}

/// What the rules find in a case at an instant.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) lit: Vec<PlainLight>,
    /// When time alone lights a light.
    pub(super) wake: Option<Moment>,
}

impl Tables {
    /// Judges the records that the clock has reached at `now`.
    pub(super) fn judge(&self, facts: &[Fact], now: Moment) -> Judged {
        let mut judged = Judged::default();
        let reached = facts.partition_point(|fact| fact.at <= now);
        let facts: Vec<&Fact> = facts[..reached].iter().filter(|fact| !fact.version.1).collect();
        let code = facts.iter().rev().find_map(|fact| fact.item.as_deref());
        let Some(item) = code.and_then(|code| self.city.items().find(|item| item.code == code)) else { return judged };
        self.promise_exceeded(item, &facts, now, &mut judged);
        above_the_tariff(item, &facts, &mut judged.lit);
        stage_missing(item, &facts, &mut judged.lit);
        judged
    }

    /// The promise of the item, from the acceptance to the closing, without pauses.
    fn promise_exceeded(&self, item: &Item, facts: &[&Fact], now: Moment, judged: &mut Judged) {
        let Some(start) = facts.iter().position(|fact| matches!(fact.what, What::Accepted)) else { return };
        if facts.iter().any(|fact| matches!(&fact.what, What::Closed(outcome) if outcome == "deleted")) {
            return;
        }
        let (start, since) = (facts[start].at, &facts[start..]);
        let day = day_of(start);
        let ends = facts.iter().filter(|fact| matches!(fact.what, What::Closed(_) | What::Withdrawn));
        let ended = ends.map(|fact| fact.at).find(|at| day_of(*at) >= day);
        let most = if item.joint { JOINT_EXTENSION } else { EXTENSION };
        let extended =
            since.iter().find_map(|fact| if let What::Extended(by) = fact.what { Some(by.min(most)) } else { None });
        let limit = item.promise + extended.unwrap_or_default();
        let Some(due) = self.days.due(start, limit, &self.pauses(since)) else { return };
        if ended.is_some_and(|ended| ended <= due) {
            return;
        }
        if due < now {
            judged.lit.push(PlainLight { rule: "OD-05", about: "-".into(), light: Light::Yellow });
        } else {
            judged.wake = Some(due.plus_millis(1));
        }
    }

    /// Days that do not count: special procedures within what was granted, and the first list of missing material.
    fn pauses(&self, since: &[&Fact]) -> Vec<Pause> {
        let mut pauses = Vec::new();
        for (place, fact) in since.iter().enumerate() {
            let until = |ends: &dyn Fn(&What) -> bool| {
                since[place..].iter().find(|later| ends(&later.what)).map_or(Day::MAX, |end| day_of(end.at))
            };
            if let What::Paused(no, granted) = &fact.what {
                let ended = until(&|what| matches!(what, What::SpecialEnded(of) if of == no));
                let cap = self.days.due(fact.at, *granted, &[]).filter(|_| *granted > 0);
                pauses.push(day_of(fact.at)..ended.min(cap.map_or(Day::MAX, day_of)));
            }
        }
        let notified = since.iter().position(|fact| matches!(fact.what, What::SupplementNotified));
        pauses.extend(notified.map(|place| {
            let received = since[place..].iter().find(|fact| matches!(fact.what, What::SupplementReceived));
            day_of(since[place].at)..received.map_or(Day::MAX, |fact| day_of(fact.at))
        }));
        pauses
    }
}

/// For each fee code: no more may be kept than the tariff allows for the quantity, once a period.
fn above_the_tariff(item: &Item, facts: &[&Fact], lit: &mut Vec<PlainLight>) {
    let money: Vec<(Day, &Money)> = facts
        .iter()
        .filter_map(|fact| if let What::Fee(money) = &fact.what { Some((day_of(fact.at), &**money)) } else { None })
        .collect();
    if money.is_empty() {
        return;
    }
    let voided = |receipt: &str| {
        !receipt.is_empty() && money.iter().any(|(_, other)| other.act == FeeAct::Revoked && other.receipt == receipt)
    };
    let counts = |place: usize| {
        let (_, this) = money[place];
        let again = |other: &Money| (other.act, &other.code, &other.receipt) == (this.act, &this.code, &this.receipt);
        let twice = !this.receipt.is_empty() && money[..place].iter().any(|(_, other)| again(other));
        !twice && (this.act != FeeAct::Charged || !voided(&this.receipt))
    };
    let counted: Vec<(Day, &Money)> =
        (0..money.len()).filter(|place| counts(*place)).map(|place| money[place]).collect();
    for row in &item.tariffs {
        let of_code = || counted.iter().filter(|(_, money)| money.code == row.code);
        let (mut net, mut lawful): (i64, Vec<(&str, i64)>) = (0, Vec::new());
        let mut listed = true;
        for (day, money) in of_code() {
            match money.act {
                FeeAct::Charged => {
                    net += money.fen;
                    listed &= row.from <= *day && row.until.is_none_or(|until| *day < until);
                    let most = (row.max.fen() * money.quantity + 500) / 1_000;
                    match lawful.iter_mut().find(|(period, _)| *period == money.period) {
                        Some((_, held)) => *held = most.max(*held),
                        None => lawful.push((&money.period, most)),
                    }
                }
                FeeAct::Refunded => net -= money.fen,
                _ => {}
            }
        }
        let lawful: Option<i64> = (listed && !lawful.is_empty()).then(|| lawful.iter().map(|(_, most)| most).sum());
        if lawful.is_some_and(|lawful| net > lawful) {
            lit.push(PlainLight { rule: "FE-04", about: row.code.clone(), light: Light::Red });
        }
    }
}

/// A case closed in the usual way has passed every stage that its item requires.
fn stage_missing(item: &Item, facts: &[&Fact], lit: &mut Vec<PlainLight>) {
    let normal = |fact: &&Fact| matches!(&fact.what, What::Closed(outcome) if NORMAL.contains(&outcome.as_str()));
    let Some(closed) = facts.iter().find(|fact| normal(fact)).map(|fact| fact.at) else { return };
    let passed = |code: &CompactString| {
        facts.iter().any(|fact| fact.at <= closed && matches!(&fact.what, What::StageCompleted(stage) if stage == code))
    };
    let missing = item.stages.iter().filter(|stage| stage.required && !passed(&stage.code));
    lit.extend(missing.map(|stage| PlainLight { rule: "PS-01", about: stage.code.clone(), light: Light::Red }));
}
