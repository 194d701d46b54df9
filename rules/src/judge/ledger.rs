//! The fee ledger of a case as of an instant (semantics 11).
//!
//! Records of one case with equal (`act`, `code`, `receipt`), receipt not empty, count once; `revoked`
//! voids the receipt it names; a negative `charged` is a refund; `total` counts only where the case has
//! no charged or refunded record. What does not count stays in the ledger with the reason.

use compact_str::CompactString;
use facts::{FeeAct, Fen, Moment};
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::evaluate::scale;
use super::view::CaseView;
use crate::catalogue::{Item, Tariff};
use crate::expression::{LedgerField, LineField, TariffField};
use crate::value::Value;

/// One fee record.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// Place of its fact.
    pub(crate) place: usize,
    /// What was done, a negative charge being a refund.
    pub(crate) act: FeeAct,
    /// Fee code; of a refund that names only a receipt, the code charged under it.
    pub(crate) code: Option<&'a str>,
    pub(crate) period: Option<&'a str>,
    payee: Option<&'a str>,
    receipt: Option<&'a str>,
    quantity: Decimal,
    /// Without sign.
    pub(crate) amount: Fen,
    pub(crate) at: Moment,
    on: Date,
    /// Why it does not count.
    pub(crate) left_out: Option<&'static str>,
}

/// All fee records before one place of the history.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    pub(crate) entries: Vec<Entry<'a>>,
}

/// Entries that share a key.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Key fields with their values.
    pub(crate) key: Vec<(LineField, Option<CompactString>)>,
    /// Places in [`Ledger::entries`].
    pub(crate) entries: Vec<usize>,
}

impl Group {
    /// The key as instances write it: values joined with `,`, `-` for the whole ledger.
    pub(crate) fn key_text(&self) -> String {
        if self.key.is_empty() {
            return "-".to_owned();
        }
        let values = self.key.iter().map(|(_, value)| value.as_deref().unwrap_or(""));
        values.collect::<Vec<_>>().join(",")
    }

    /// The value of one key field.
    pub(crate) fn key_value(&self, field: LineField) -> Option<&str> {
        self.key.iter().find(|(name, _)| *name == field)?.1.as_deref()
    }
}

impl<'a> Ledger<'a> {
    /// The ledger of the facts before `history`.
    pub(crate) fn at(view: &CaseView<'a>, history: usize) -> Ledger<'a> {
        let mut entries: Vec<Entry<'a>> = (0..history).filter_map(|place| entry(view, place)).collect();
        adopt_codes(&mut entries);
        leave_out(&mut entries);
        Ledger { entries }
    }

    /// Line groups by key, in ascending order of the key; one group for the whole ledger without a key.
    pub(crate) fn groups(&self, by: &[LineField]) -> Vec<Group> {
        if by.is_empty() {
            return vec![self.whole()];
        }
        let mut groups: Vec<Group> = Vec::new();
        for (place, entry) in self.entries.iter().enumerate().filter(|(_, entry)| entry.act != FeeAct::Total) {
            let key: Vec<_> = by.iter().map(|field| (*field, entry.key(*field).map(CompactString::from))).collect();
            match groups.iter_mut().find(|group| group.key == key) {
                Some(group) => group.entries.push(place),
                None => groups.push(Group { key, entries: vec![place] }),
            }
        }
        groups.sort_by(|a, b| a.key.cmp(&b.key));
        groups
    }

    /// Everything.
    pub(crate) fn whole(&self) -> Group {
        Group { key: Vec::new(), entries: (0..self.entries.len()).collect() }
    }

    /// The line group of one fee code.
    pub(crate) fn of_code(&self, code: &str) -> Group {
        let entries = (0..self.entries.len()).filter(|place| self.entries[*place].code == Some(code)).collect();
        Group { key: vec![(LineField::Code, Some(code.into()))], entries }
    }

    /// Entries of the group that count.
    fn counting<'s>(&'s self, group: &'s Group) -> impl Iterator<Item = &'s Entry<'a>> + 's {
        group.entries.iter().map(|place| &self.entries[*place]).filter(|entry| entry.left_out.is_none())
    }

    fn charges<'s>(&'s self, group: &'s Group) -> impl Iterator<Item = &'s Entry<'a>> + 's {
        self.counting(group).filter(|entry| matches!(entry.act, FeeAct::Charged | FeeAct::Total))
    }

    /// Charged less refunded.
    pub(crate) fn net(&self, group: &Group) -> Fen {
        let signed = |entry: &Entry<'_>| match entry.act {
            FeeAct::Charged | FeeAct::Total => entry.amount,
            FeeAct::Refunded => Fen::ZERO - entry.amount,
            _ => Fen::ZERO,
        };
        self.counting(group).map(signed).sum()
    }

    /// `ledger.x`
    pub(crate) fn field(&self, group: &Group, field: LedgerField) -> Value {
        let count = |act: FeeAct| Value::Number(self.counting(group).filter(|entry| entry.act == act).count().into());
        match field {
            LedgerField::Sum(act) => {
                Value::Money(self.counting(group).filter(|entry| entry.act == act).map(|entry| entry.amount).sum())
            }
            LedgerField::Net => Value::Money(self.net(group)),
            LedgerField::Charges => count(FeeAct::Charged),
            LedgerField::Refunds => count(FeeAct::Refunded),
            LedgerField::Receipts => count(FeeAct::Receipted),
            LedgerField::FirstChargedAt => {
                self.charges(group).map(|entry| entry.at).min().map_or(Value::Missing, Value::Instant)
            }
            LedgerField::LastChargedAt => {
                self.charges(group).map(|entry| entry.at).max().map_or(Value::Missing, Value::Instant)
            }
        }
    }

    /// `tariff.x` of `code`, held against the charges of `group`.
    pub(crate) fn tariff_field(
        &self,
        view: &CaseView<'a>,
        item: &Item,
        code: &str,
        group: &Group,
        field: TariffField,
    ) -> Value {
        let rows: Vec<&Tariff> = item.fees.iter().filter(|tariff| tariff.code == code).collect();
        match field {
            TariffField::Listed => return Value::Flag(!rows.is_empty()),
            TariffField::Elsewhere => {
                return Value::Flag(view.configuration.catalogue.fee_elsewhere(&item.code, code));
            }
            _ if rows.is_empty() => return Value::Missing,
            _ => {}
        }
        let on = |day: Date| rows.iter().copied().find(|row| row.in_force_on(day));
        match field {
            TariffField::Valid => Value::Flag(self.charges(group).all(|entry| on(entry.on).is_some())),
            TariffField::Min => self.lawful(group, |entry| on(entry.on).and_then(|row| row.min)),
            TariffField::Max => self.lawful(group, |entry| on(entry.on).and_then(|row| row.max)),
            TariffField::Early => rows.last().and_then(|row| row.early).map_or(Value::Missing, Value::Flag),
            TariffField::Payees => {
                let payees = rows.last().and_then(|row| row.payees.clone());
                payees.map_or(Value::Missing, |list| Value::List(list.into_iter().map(Value::Text).collect()))
            }
            TariffField::Listed | TariffField::Elsewhere => Value::Missing,
        }
    }

    /// Standard times quantity: in each period the greatest quantity charged for once, however often it
    /// was charged. Missing where no row was in force or the row names no bound.
    fn lawful(&self, group: &Group, unit: impl Fn(&Entry<'a>) -> Option<Fen>) -> Value {
        let mut periods: Vec<(Option<&str>, Fen)> = Vec::new();
        for entry in self.charges(group) {
            let Some(unit) = unit(entry) else { return Value::Missing };
            let Value::Money(amount) = scale(unit, entry.quantity) else { return Value::Missing };
            match periods.iter_mut().find(|(period, _)| *period == entry.period) {
                Some((_, most)) => *most = amount.max(*most),
                None => periods.push((entry.period, amount)),
            }
        }
        if periods.is_empty() {
            return Value::Missing;
        }
        Value::Money(periods.into_iter().map(|(_, amount)| amount).sum())
    }

    /// Units charged for, for proofs: the sum over the counting charges.
    pub(crate) fn quantity_text(&self, group: &Group) -> CompactString {
        let quantities: Vec<String> = self.charges(group).map(|entry| entry.quantity.normalize().to_string()).collect();
        quantities.join("+").into()
    }
}

impl<'a> Entry<'a> {
    fn key(&self, field: LineField) -> Option<&'a str> {
        match field {
            LineField::Code => self.code,
            LineField::Period => self.period,
            LineField::Payee => self.payee,
            LineField::Receipt => self.receipt,
        }
    }
}

impl Tariff {
    /// Is this row in force on `day`?
    #[must_use]
    pub fn in_force_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

fn entry<'a>(view: &CaseView<'a>, place: usize) -> Option<Entry<'a>> {
    let fact = &view.facts[place];
    let fee = fact.event.detail().fee.as_deref()?;
    let negative = fee.amount.is_some_and(|amount| amount < Fen::ZERO);
    let act = if fee.act == FeeAct::Charged && negative { FeeAct::Refunded } else { fee.act };
    let quantity = fee.quantity.as_deref().and_then(|text| text.parse().ok()).unwrap_or(Decimal::ONE);
    Some(Entry {
        place,
        act,
        code: fee.code.as_deref(),
        period: fee.period.as_deref(),
        payee: fee.payee.as_deref(),
        receipt: fee.receipt.as_deref(),
        quantity,
        amount: fee.amount.unwrap_or_default().abs(),
        at: fact.at,
        on: fact.at.date(&view.profile.zone),
        left_out: fee.amount.is_none().then_some("no amount"),
    })
}

/// A refund that names a receipt and no code is of the code and period charged under that receipt.
fn adopt_codes(entries: &mut [Entry<'_>]) {
    for place in 0..entries.len() {
        let Entry { act: FeeAct::Refunded, code: None, receipt: Some(receipt), .. } = entries[place] else { continue };
        let charged = entries.iter().find(|other| other.act == FeeAct::Charged && other.receipt == Some(receipt));
        if let Some((code, period)) = charged.map(|charged| (charged.code, charged.period)) {
            (entries[place].code, entries[place].period) = (code, period);
        }
    }
}

fn leave_out(entries: &mut [Entry<'_>]) {
    let moved = entries.iter().any(|entry| matches!(entry.act, FeeAct::Charged | FeeAct::Refunded));
    let revoked: Vec<&str> =
        entries.iter().filter(|entry| entry.act == FeeAct::Revoked).filter_map(|entry| entry.receipt).collect();
    let revoked: Vec<String> = revoked.into_iter().map(str::to_owned).collect();
    for place in 0..entries.len() {
        let (before, rest) = entries.split_at_mut(place);
        let entry = &mut rest[0];
        let twin = |other: &Entry<'_>| (other.act, other.code, other.receipt) == (entry.act, entry.code, entry.receipt);
        let reason = match &*entry {
            _ if entry.left_out.is_some() => continue,
            Entry { act: FeeAct::Total, .. } if moved => Some("summary, single records count"),
            Entry { act: FeeAct::Charged, receipt: Some(receipt), .. }
                if revoked.iter().any(|void| void == receipt) =>
            {
                Some("receipt revoked")
            }
            Entry { receipt: Some(_), .. } if before.iter().any(twin) => Some("same receipt counted once"),
            _ => None,
        };
        entry.left_out = reason;
    }
}
