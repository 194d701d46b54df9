//! Charges: on a free item (FE-01), without a basis (FE-03), above the standard (FE-04), twice (FE-07).

use compact_str::CompactString;
use facts::Card::{None as Green, Red};
use facts::{FeeAct, Fen};

use super::{Trial, variant};
use crate::calendar;
use crate::case_plan::{FeeLine, What};
use crate::draft::Draft;
use crate::life::{PLAIN, lawful_charge};

/// Fees with a price per unit, so that a part of it is still a plausible charge.
const PER_UNIT: [(&str, &str); 2] = [("SL-209", "SL-BCF"), ("CG-211", "CG-ZDF")];
/// A fee whose basis ended during the backlog: item, code, and the first day it may not be charged.
const ENDED: [(&str, &str); 2] = [("ZR-205", "ZR-GBF"), ("SL-209", "SL-BCF-J")];

pub(super) const FE_01: Trial = Trial {
    rule: "FE-01",
    breaches: &[
        variant("free item charged", Red, |draft| {
            free_item(draft, |draft| {
                let line = any_charge(draft);
                draft.fee(line);
            });
        }),
        variant("free item charged, refunded in part", Red, |draft| {
            free_item(draft, |draft| {
                let line = any_charge(draft);
                let back = draft.refund(&line.code, Fen::new(line.amount.fen() - 1));
                draft.fee(line);
                draft.later(1);
                draft.fee(back);
            });
        }),
        variant("free item charged, refunded, charged again", Red, |draft| {
            free_item(draft, |draft| {
                let line = any_charge(draft);
                let back = draft.refund(&line.code, line.amount);
                draft.fee(line.clone());
                draft.fee(back);
                draft.later(1);
                let again = draft.charge(&line.code, line.amount, 1);
                draft.fee(again);
            });
        }),
    ],
    near_misses: &[
        variant("free item charged and refunded", Green, |draft| {
            free_item(draft, |draft| {
                let line = any_charge(draft);
                let back = draft.refund(&line.code, line.amount);
                draft.fee(line);
                draft.later(1);
                draft.fee(back);
            });
        }),
        variant("charge entered by mistake and deleted", Green, |draft| {
            free_item(draft, |draft| {
                let line = any_charge(draft);
                draft.fee(line);
                let place = draft.place + 1;
                draft.delete_last_on(place);
            });
        }),
        variant("fee reckoned but not charged", Green, |draft| {
            free_item(draft, |draft| {
                let line = any_charge(draft);
                draft.fee(FeeLine { act: FeeAct::Calculated, receipt: CompactString::default(), ..line });
            });
        }),
        variant("amount corrected to nothing", Green, |draft| {
            free_item(draft, |draft| {
                let line = any_charge(draft);
                let nothing = draft.fee(FeeLine { amount: Fen::ZERO, ..line.clone() });
                let (at, place) = (draft.facts[nothing].at, draft.place + 1);
                draft.corrected_on(nothing, What::Fee(line), at, place);
            });
        }),
    ],
};

pub(super) const FE_03: Trial = Trial {
    rule: "FE-03",
    breaches: &[
        variant("code that no schedule lists", Red, |draft| {
            charged_item(draft, "ZR-205", |draft| {
                let amount = yuan(draft, 20, 300);
                let line = draft.charge("QT-ZXF", amount, 1);
                draft.fee(line);
            });
        }),
        variant("code of another item", Red, |draft| {
            charged_item(draft, "CG-211", |draft| {
                let line = draft.charge("ZR-DJF-Z", Fen::new(8_000), 1);
                draft.fee(line);
            });
        }),
        variant("basis no longer in force on the day of the charge", Red, |draft| {
            let (item, code) = draft.one_of(&ENDED);
            draft.take(&[item]);
            let ended = end_of_basis(draft, code);
            let last = draft.window.last - 2;
            let place = draft.day_within(ended, last);
            charged_without_basis(draft, code, place);
        }),
    ],
    near_misses: &[
        variant("charged on the last day that the basis was in force", Green, |draft| {
            let (item, code) = draft.one_of(&ENDED);
            draft.take(&[item]);
            let place = end_of_basis(draft, code) - 1;
            charged_without_basis(draft, code, place);
        }),
        variant("code that no schedule lists, refunded", Green, |draft| {
            charged_item(draft, "CG-211", |draft| {
                let amount = yuan(draft, 20, 300);
                let line = draft.charge("QT-ZXF", amount, 1);
                let back = draft.refund("QT-ZXF", amount);
                draft.fee(line);
                draft.later(1);
                draft.fee(back);
            });
        }),
        variant("wrong code, then corrected", Green, |draft| {
            charged_item(draft, "ZR-205", |draft| {
                let line = lawful_charge(draft);
                let wrong = FeeLine { code: "QT-ZXF".into(), ..line.clone() };
                let right = draft.fee(line);
                let (at, place) = (draft.facts[right].at, draft.place + 1);
                draft.corrected_on(right, What::Fee(wrong), at, place);
            });
        }),
    ],
};

pub(super) const FE_04: Trial = Trial {
    rule: "FE-04",
    breaches: &[
        variant("one fen above the standard", Red, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                let line = draft.charge(code, Fen::new(most + 1), quantity);
                draft.fee(line);
            });
        }),
        variant("charged for more units than recorded", Red, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                let line = draft.charge(code, Fen::new(most * 2), quantity);
                draft.fee(line);
            });
        }),
        variant("excess refunded in part", Red, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                let line = draft.charge(code, Fen::new(most * 2), quantity);
                let back = draft.refund(code, Fen::new(most / 2));
                draft.fee(line);
                draft.later(1);
                draft.fee(back);
            });
        }),
    ],
    near_misses: &[
        variant("exactly the standard", Green, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                let line = draft.charge(code, Fen::new(most), quantity);
                draft.fee(line);
            });
        }),
        variant("excess refunded to the fen", Green, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                let excess = i64::from(draft.within(1, 5_000));
                let line = draft.charge(code, Fen::new(most + excess), quantity);
                let back = draft.refund(code, Fen::new(excess));
                draft.fee(line);
                draft.later(1);
                draft.fee(back);
            });
        }),
        variant("amount corrected down to the standard", Green, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                let line = draft.charge(code, Fen::new(most), quantity);
                let wrong = FeeLine { amount: Fen::new(most * 10), ..line.clone() };
                let right = draft.fee(line);
                let (at, place) = (draft.facts[right].at, draft.place + 1);
                draft.corrected_on(right, What::Fee(wrong), at, place);
            });
        }),
        variant("charge above the standard deleted as a keying error", Green, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                let line = draft.charge(code, Fen::new(most * 3), quantity);
                draft.fee(line);
                let place = draft.place + 1;
                draft.delete_last_on(place);
            });
        }),
    ],
};

pub(super) const FE_07: Trial = Trial {
    rule: "FE-07",
    breaches: &[
        variant("the same period charged twice", Red, |draft| {
            per_unit(draft, |draft, code, most, quantity| twice(draft, code, most / 3, quantity, ["2026", "2026"]));
        }),
        variant("charged twice, no period given", Red, |draft| {
            per_unit(draft, |draft, code, most, quantity| twice(draft, code, most / 4, quantity, ["", ""]));
        }),
        variant("charged twice, each time above the standard", Red, |draft| {
            per_unit(draft, |draft, code, most, quantity| twice(draft, code, most + 100, quantity, ["", ""]));
        }),
    ],
    near_misses: &[
        variant("second charge refunded", Green, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                twice(draft, code, most / 3, quantity, ["", ""]);
                draft.later(1);
                let back = draft.refund(code, Fen::new(most / 3));
                draft.fee(back);
            });
        }),
        variant("two periods", Green, |draft| {
            per_unit(draft, |draft, code, most, quantity| twice(draft, code, most / 3, quantity, ["2025", "2026"]));
        }),
        variant("one receipt reported twice", Green, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                let line = draft.charge(code, Fen::new(most / 2), quantity);
                draft.fee(line.clone());
                draft.fee(line);
            });
        }),
        variant("second charge deleted as a keying error", Green, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                twice(draft, code, most / 3, quantity, ["2026", "2026"]);
                let place = draft.place + 1;
                draft.delete_last_on(place);
            });
        }),
        variant("receipt of the second charge voided", Green, |draft| {
            per_unit(draft, |draft, code, most, quantity| {
                twice(draft, code, most / 3, quantity, ["", ""]);
                let Some(What::Fee(second)) = draft.facts.last().map(|fact| fact.what.clone()) else {
                    unreachable!("a charge was said last");
                };
                draft.fee(FeeLine { act: FeeAct::Revoked, ..second });
            });
        }),
    ],
};

/// A finished case of a free item, with `charge` told after its first stage.
fn free_item(draft: &mut Draft<'_>, charge: impl FnOnce(&mut Draft<'_>)) {
    draft.take(&PLAIN);
    around(draft, charge);
}

/// A finished case of this item, with `charge` told after its first stage.
fn charged_item(draft: &mut Draft<'_>, item: &str, charge: impl FnOnce(&mut Draft<'_>)) {
    draft.take(&[item]);
    around(draft, charge);
}

fn around(draft: &mut Draft<'_>, charge: impl FnOnce(&mut Draft<'_>)) {
    let (first, last) = (draft.window.first, draft.window.last - 4);
    let a = draft.day_within(first, last);
    draft.open_on(a);
    told_with(draft, charge);
}

fn told_with(draft: &mut Draft<'_>, charge: impl FnOnce(&mut Draft<'_>)) {
    let stages = draft.required();
    draft.pass_stages(&stages[..1], 0);
    charge(draft);
    draft.pass_stages(&stages[1..], 1);
    draft.grant();
}

/// A finished case of an item that is charged by the unit: `charge` is told the code, the most that
/// may be charged for the quantity, and the quantity.
fn per_unit(draft: &mut Draft<'_>, charge: impl FnOnce(&mut Draft<'_>, &str, i64, u32)) {
    let (item, code) = draft.one_of(&PER_UNIT);
    draft.take(&[item]);
    let quantity = draft.within(10, 600);
    let most = draft.tariff(code).max.fen() * i64::from(quantity);
    around(draft, |draft| charge(draft, code, most, quantity));
}

/// Two charges of the same code, for these periods.
fn twice(draft: &mut Draft<'_>, code: &str, amount: i64, quantity: u32, periods: [&str; 2]) {
    for period in periods {
        let line = draft.charge(code, Fen::new(amount), quantity);
        draft.fee(FeeLine { period: period.into(), ..line });
    }
}

/// A charge of some yuan under a code of the office's own making.
fn any_charge(draft: &mut Draft<'_>) -> FeeLine {
    let code = draft.one_of(&["QT-ZXF", "QT-GBF", "QT-KCF"]);
    let amount = yuan(draft, 10, 800);
    draft.charge(code, amount, 1)
}

fn yuan(draft: &mut Draft<'_>, low: u32, high: u32) -> Fen {
    Fen::new(i64::from(draft.within(low, high)) * 100)
}

/// Place of the first working day on which the code may no longer be charged.
fn end_of_basis(draft: &Draft<'_>, code: &str) -> usize {
    let until = draft.tariff(code).until.expect("the basis of these fees ended");
    draft.days.place_from(until)
}

/// A finished case of the item in hand in which one unit of `code` is charged on the day at `place`.
fn charged_without_basis(draft: &mut Draft<'_>, code: &str, place: usize) {
    let max = draft.tariff(code).max;
    let quantity = draft.within(1, 3);
    draft.open_on(place);
    told_with(draft, |draft| {
        debug_assert_eq!(calendar::day_of(draft.facts[0].at), draft.civil(place));
        let line = draft.charge(code, Fen::new(max.fen() * i64::from(quantity)), quantity);
        draft.fee(line);
    });
}
