//! The fee ledger of a case and the four rules about it.
//!
//! The ledger is written anew for every instant at which it changed; an episode runs from the first
//! instant at which a rule's condition holds, after all facts of that instant, to the last in a row.

use std::collections::{BTreeMap, BTreeSet};

use facts::{Card, Fee, FeeAct, Moment};

use crate::Lit;
use crate::case::{Case, Fact};
use crate::catalogue::{Item, Tariff, covers};

/// Parts of a unit of quantity that a fact can tell: six decimals.
const QUANTITY_PARTS: i128 = 1_000_000;

/// A line of the ledger.
#[derive(Clone)]
struct Line<'a> {
    fact: &'a Fact,
    fee: &'a Fee,
    /// A negative charge is a refund.
    act: FeeAct,
    code: Option<&'a str>,
    period: Option<&'a str>,
    fen: i128,
}

impl<'a> Line<'a> {
    fn receipt(&self) -> Option<&'a str> {
        self.fee.receipt.as_deref()
    }
}

/// The lines of one ledger key at one instant.
struct Ledger<'a> {
    charges: Vec<Line<'a>>,
    refunds: Vec<Line<'a>>,
    totals: i128,
    /// Not known in a case that names none.
    item: Option<&'a Item>,
    code: Option<&'a str>,
}

type Key<'a> = Vec<Option<&'a str>>;
type KeyOf = for<'a> fn(&Line<'a>) -> Key<'a>;
type Condition = fn(&Case<'_>, &Ledger<'_>) -> bool;

const RULES: [(&str, KeyOf, Condition); 4] = [
    ("FE-01", whole, free_item_charged),
    ("FE-03", by_code, without_basis),
    ("FE-04", by_code, above_the_tariff),
    ("FE-07", by_code_and_period, charged_twice),
];

fn whole<'a>(_: &Line<'a>) -> Key<'a> {
    Vec::new()
}

fn by_code<'a>(line: &Line<'a>) -> Key<'a> {
    vec![line.code]
}

fn by_code_and_period<'a>(line: &Line<'a>) -> Key<'a> {
    vec![line.code, line.period]
}

/// All lights of this family that stand.
pub(crate) fn lit(case: &Case<'_>) -> Vec<Lit> {
    let instants: BTreeSet<Moment> = fee_facts(case).map(|(fact, _)| fact.at).collect();
    let mut lit = Vec::new();
    for (rule, key_of, condition) in RULES {
        let mut episodes: BTreeMap<Key<'_>, (&Fact, Moment)> = BTreeMap::new();
        for instant in &instants {
            let sent = lines(case, *instant);
            let lines = once(&sent);
            let keys: BTreeSet<Key<'_>> = sent.iter().map(key_of).collect();
            episodes.retain(|key, _| keys.contains(key));
            for key in keys {
                let own = lines.iter().filter(|line| key_of(line) == key);
                if condition(case, &ledger(case, &lines, own)) {
                    let own = sent.iter().filter(|line| key_of(line) == key);
                    episodes.entry(key.clone()).or_insert_with(|| (began_by(own, &sent, *instant), *instant));
                } else {
                    episodes.remove(&key);
                }
            }
        }
        lit.extend(episodes.into_iter().map(|(key, (began, since))| Lit {
            rule,
            instance: format!("{}@{}", text_of(&key), began.record()),
            card: Card::Red,
            since,
        }));
    }
    lit
}

/// The key's own record of the instant. A voided receipt of another key can begin an episode, too.
fn began_by<'c, 'l>(own: impl Iterator<Item = &'l Line<'c>>, sent: &'l [Line<'c>], instant: Moment) -> &'c Fact
where
    'c: 'l,
{
    let here = own.chain(sent).find(|line| line.fact.at == instant);
    here.expect("a ledger changes with a record").fact
}

fn text_of(key: &Key<'_>) -> String {
    if key.is_empty() {
        return "-".to_owned();
    }
    key.iter().map(|value| value.unwrap_or("")).collect::<Vec<_>>().join(",")
}

fn fee_facts<'c>(case: &'c Case<'_>) -> impl Iterator<Item = (&'c Fact, &'c Fee)> {
    case.facts.iter().filter_map(|fact| Some((fact, fact.event.detail().fee.as_deref()?)))
}

/// What was sent by `instant`; what a refund leaves unsaid is taken from the charge it pays back.
fn lines<'c>(case: &'c Case<'_>, instant: Moment) -> Vec<Line<'c>> {
    let mut lines: Vec<Line<'c>> = Vec::new();
    for (fact, fee) in fee_facts(case).filter(|(fact, _)| fact.at <= instant) {
        let fen = i128::from(fee.amount.unwrap_or_default().fen());
        let act = if fee.act == FeeAct::Charged && fen < 0 { FeeAct::Refunded } else { fee.act };
        let fen = if act == FeeAct::Total { fen } else { fen.abs() };
        lines.push(Line { fact, fee, act, code: fee.code.as_deref(), period: fee.period.as_deref(), fen });
    }
    let charges: Vec<Line<'c>> = lines.iter().filter(|line| line.act == FeeAct::Charged).cloned().collect();
    for refund in lines.iter_mut().filter(|line| line.act == FeeAct::Refunded && line.code.is_none()) {
        let paid = charges.iter().find(|charge| charge.receipt().is_some() && charge.receipt() == refund.receipt());
        if let Some(paid) = paid {
            (refund.code, refund.period) = (paid.code, paid.period);
        }
    }
    lines
}

/// What was sent twice stands once.
fn once<'c>(lines: &[Line<'c>]) -> Vec<Line<'c>> {
    let mut once: Vec<Line<'c>> = Vec::new();
    for line in lines {
        let same = |other: &Line<'_>| {
            line.receipt().is_some()
                && (other.act, other.code, other.receipt()) == (line.act, line.code, line.receipt())
        };
        if !once.iter().any(same) {
            once.push(line.clone());
        }
    }
    once
}

/// The ledger that `own` lines make.
fn ledger<'c, 'l>(case: &'c Case<'_>, all: &[Line<'c>], own: impl Iterator<Item = &'l Line<'c>> + Clone) -> Ledger<'c>
where
    'c: 'l,
{
    let of = |act: FeeAct| own.clone().filter(move |line| line.act == act);
    let revoked: Vec<&str> =
        all.iter().filter(|line| line.act == FeeAct::Revoked).filter_map(|line| line.receipt()).collect();
    let counts = |line: &&Line<'_>| line.receipt().is_none_or(|receipt| !revoked.contains(&receipt));
    let moved = all.iter().any(|line| matches!(line.act, FeeAct::Charged | FeeAct::Refunded));
    Ledger {
        charges: of(FeeAct::Charged).filter(counts).cloned().collect(),
        refunds: of(FeeAct::Refunded).cloned().collect(),
        totals: if moved { 0 } else { of(FeeAct::Total).map(|line| line.fen).sum() },
        item: case.item,
        code: own.clone().next().and_then(|line| line.code),
    }
}

impl Ledger<'_> {
    /// Fen charged and not paid back.
    fn net(&self) -> i128 {
        let sum = |lines: &[Line<'_>]| lines.iter().map(|line| line.fen).sum::<i128>();
        sum(&self.charges) - sum(&self.refunds) + self.totals
    }
}

fn free_item_charged(_: &Case<'_>, ledger: &Ledger<'_>) -> bool {
    ledger.item.is_some_and(|item| item.charges == Some(false)) && ledger.net() > 0
}

fn without_basis(case: &Case<'_>, ledger: &Ledger<'_>) -> bool {
    let (Some(item), Some(code)) = (ledger.item, ledger.code) else { return false };
    let lawful =
        item.tariff(code).is_some_and(|tariff| ledger.charges.iter().all(|charge| in_force(case, tariff, charge)));
    item.charges == Some(true) && ledger.net() > 0 && !lawful
}

fn in_force(case: &Case<'_>, tariff: &Tariff, charge: &Line<'_>) -> bool {
    covers(tariff.from, tariff.until, case.calendar.date(charge.fact.at))
}

/// The most that may be charged is, for each period, the greatest standard times quantity of one charge.
/// Without a charge, and for one on a day on which the code was not in force, there is no standard to exceed.
fn above_the_tariff(case: &Case<'_>, ledger: &Ledger<'_>) -> bool {
    let Some(tariff) = ledger.code.and_then(|code| ledger.item?.tariff(code)) else { return false };
    let Some(standard) = tariff.max else { return false };
    if ledger.charges.is_empty() || !ledger.charges.iter().all(|charge| in_force(case, tariff, charge)) {
        return false;
    }
    let mut most: BTreeMap<Option<&str>, i128> = BTreeMap::new();
    for charge in &ledger.charges {
        let quantity = charge.fee.quantity.as_deref().map_or(QUANTITY_PARTS, parts_of);
        let lawful = i128::from(standard.fen()) * quantity;
        let held = most.entry(charge.period).or_default();
        *held = lawful.max(*held);
    }
    ledger.net() * QUANTITY_PARTS > most.values().sum()
}

fn charged_twice(_: &Case<'_>, ledger: &Ledger<'_>) -> bool {
    ledger.charges.len() > ledger.refunds.len() + 1
}

/// A decimal text in millionths.
fn parts_of(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<6}");
    digits.parse().expect("the line form lets in plain decimals of at most six places")
}
