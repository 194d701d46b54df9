//! `kind = "fee"`: a condition over the ledger, whole or by line group; an episode lasts while it holds.

use facts::proof::{FeeProof, LedgerLine, Proof, TariffLine};
use facts::{FeeAct, Fen, Moment};

use super::condition::proof_of;
use super::evaluate::Scope;
use super::found::{Found, Why};
use super::ledger::{Group, Ledger};
use super::reckoning::Reckoning;
use super::state;
use super::view::CaseView;
use crate::expression::{LineField, TariffField};
use crate::rule::{FeeRule, Rule};
use crate::value::Value;

/// Where and in which line group the condition held.
#[derive(Clone, Debug)]
pub(crate) struct Episode {
    pub(crate) group: Group,
    pub(crate) begin: Moment,
}

/// Findings of a fee rule.
pub(crate) fn judge<'a>(view: &CaseView<'a>, rule: &Rule, fee: &FeeRule, reckoning: &Reckoning<'a>) -> Vec<Found> {
    let whole = Ledger::at(view, view.facts.len());
    if whole.entries.is_empty() {
        return Vec::new();
    }
    let groups = whole.groups(&fee.by);
    groups.into_iter().flat_map(|group| judge_group(view, rule, fee, reckoning, &whole, &group)).collect()
}

/// One ledger for each instant at which fees were recorded, so that a condition sees the state as it was then.
fn judge_group<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    fee: &FeeRule,
    reckoning: &Reckoning<'a>,
    whole: &Ledger<'a>,
    group: &Group,
) -> Vec<Found> {
    let state_at = |instant: Moment| {
        let ledger = Ledger::at(view, view.upto(instant));
        let now = same_key(&ledger, fee, group);
        (instant, ledger, now)
    };
    let mut fees: Vec<Moment> = whole.entries.iter().map(|entry| entry.at).collect();
    fees.dedup();
    let states: Vec<(Moment, Ledger<'a>, Group)> = [Moment::MIN].into_iter().chain(fees).map(state_at).collect();
    // The first one is before all.
    let state = |instant: Moment| &states[states.partition_point(|(at, ..)| *at <= instant) - 1];
    let at = |instant: Moment| {
        let (_, ledger, now) = state(instant);
        let scope = Scope::state(view, reckoning, view.upto(instant));
        Scope { ledger: Some((ledger, now)), ..scope }
    };
    let holds = |instant: Moment| fee.grounds.iter().any(|ground| at(instant).holds(ground));
    let scope = Scope::state(view, reckoning, view.facts.len());
    let found = state::episodes(view, holds).into_iter().filter_map(|episode| {
        let spans = state::spans(rule, &scope, &episode, at);
        let (_, ledger, now) = state(episode.begin);
        let instance = format!("{}@{}", group.key_text(), began(view, ledger, now, episode.begin));
        let why = Why::Fee(Episode { group: group.clone(), begin: episode.begin });
        (!spans.is_empty()).then(|| Found { instance: instance.into(), spans, why })
    });
    found.collect()
}

/// The group with the same key in an earlier ledger.
fn same_key(ledger: &Ledger<'_>, fee: &FeeRule, group: &Group) -> Group {
    let found = ledger.groups(&fee.by).into_iter().find(|now| now.key == group.key);
    found.unwrap_or_else(|| Group { key: group.key.clone(), entries: Vec::new() })
}

/// The record that began an episode, as the ledger stood then: the group's own of that instant, else the first
/// fee of that instant (a voided receipt may be of another group), else the first record of that instant.
fn began(view: &CaseView<'_>, ledger: &Ledger<'_>, group: &Group, begin: Moment) -> String {
    let own = group.entries.iter().map(|entry| &ledger.entries[*entry]);
    let mut fees = own.chain(&ledger.entries).filter(|entry| entry.at == begin).map(|entry| &view.facts[entry.place]);
    let record = fees.next().or_else(|| view.facts.iter().find(|fact| fact.at == begin));
    record.map(super::view::Fact::record_text).unwrap_or_default()
}

/// The ledger as it stood when the episode began, and the line group that the episode is about.
pub(crate) fn line_of<'a>(view: &CaseView<'a>, fee: &FeeRule, episode: &Episode) -> (Ledger<'a>, Group) {
    let ledger = Ledger::at(view, view.upto(episode.begin));
    let group = same_key(&ledger, fee, &episode.group);
    (ledger, group)
}

/// The proof of an episode: the ledger as it stood when the episode began.
pub(crate) fn prove<'a>(view: &CaseView<'a>, fee: &FeeRule, reckoning: &Reckoning<'a>, episode: &Episode) -> Proof {
    let history = view.upto(episode.begin);
    let (ledger, group) = line_of(view, fee, episode);
    let scope = Scope { ledger: Some((&ledger, &group)), ..Scope::state(view, reckoning, history) };
    let lines = group.entries.iter().map(|place| {
        let entry = &ledger.entries[*place];
        let sign = if entry.act == FeeAct::Refunded { Fen::ZERO - entry.amount } else { entry.amount };
        let counts =
            entry.left_out.is_none() && matches!(entry.act, FeeAct::Charged | FeeAct::Refunded | FeeAct::Total);
        LedgerLine {
            id: view.facts[entry.place].event.id.clone(),
            act: entry.act.name().into(),
            at: entry.at,
            code: entry.code.map(Into::into),
            fen: if counts { sign } else { Fen::ZERO },
            left_out: entry.left_out.map(Into::into),
        }
    });
    let line = group.key.iter().map(|(field, value)| {
        let name = match field {
            LineField::Code => "code",
            LineField::Period => "period",
            LineField::Payee => "payee",
            LineField::Receipt => "receipt",
        };
        format!("{name}={}", value.as_deref().unwrap_or(""))
    });
    Proof::Fee(Box::new(FeeProof {
        line: line.collect::<Vec<_>>().join(",").into(),
        ledger: lines.collect(),
        net: ledger.net(&group),
        tariff: tariff_line(view, &ledger, &group),
        condition: proof_of(&scope, &fee.grounds),
    }))
}

fn tariff_line(view: &CaseView<'_>, ledger: &Ledger<'_>, group: &Group) -> Option<TariffLine> {
    let (item, code) = (view.item?, group.key_value(LineField::Code)?);
    let row = item.fees.iter().find(|tariff| tariff.code == code)?;
    let bound = |field| match ledger.tariff_field(view, item, code, group, field) {
        Value::Money(fen) => Some(fen),
        _ => None,
    };
    Some(TariffLine {
        code: code.into(),
        min: bound(TariffField::Min),
        max: bound(TariffField::Max),
        quantity: Some(ledger.quantity_text(group)),
        basis: (!row.basis.is_empty()).then(|| row.basis.clone()),
    })
}
