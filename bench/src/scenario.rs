//! Scripted cases: for each rule, ways to break it and ways to keep it by a hair.
//!
//! Each script says which card its rule shows for the case at the end of the run; a test holds the
//! truth against that. A script may light other rules too: the truth counts those as well.
//! Rule ids stand here because a truth names what it is the truth of.

use facts::Card;

use crate::case_plan::{Aim, Script};
use crate::draft::Draft;

mod clocks;
mod duties;
mod fees;
mod process;
mod quality;

/// One way to come upon a rule.
pub(crate) struct Variant {
    /// How, in a few words.
    pub(crate) name: &'static str,
    /// The rule's worst card for the case at the end of the run.
    pub(crate) card: Card,
    /// Tells the case.
    pub(crate) tell: fn(&mut Draft<'_>),
}

/// The scripts of one rule.
pub(crate) struct Trial {
    /// Rule id.
    pub(crate) rule: &'static str,
    /// Ways to break it.
    pub(crate) breaches: &'static [Variant],
    /// Ways to keep it by a hair.
    pub(crate) near_misses: &'static [Variant],
}

impl Trial {
    pub(crate) fn variants(&self, aim: Aim) -> &'static [Variant] {
        match aim {
            Aim::Breach => self.breaches,
            Aim::NearMiss => self.near_misses,
        }
    }

    /// Tells the `number`th case of this aim: the variants take turns.
    pub(crate) fn tell(&self, draft: &mut Draft<'_>, aim: Aim, number: usize) {
        let variants = self.variants(aim);
        let variant = &variants[number % variants.len()];
        draft.script = Some(Script { rule: self.rule, aim, variant: variant.name, card: variant.card });
        (variant.tell)(draft);
    }
}

/// All trials, in the order of their rule ids' families.
pub(crate) const TRIALS: [Trial; 27] = [
    duties::OD_01,
    clocks::OD_04,
    clocks::OD_05,
    clocks::OD_06,
    duties::OD_07,
    duties::OD_08,
    duties::OD_12,
    fees::FE_01,
    fees::FE_03,
    fees::FE_04,
    fees::FE_07,
    process::PS_01,
    process::PS_03,
    process::PS_04,
    process::PS_07,
    process::PS_11,
    quality::DQ_01,
    quality::DQ_02,
    quality::DQ_03,
    quality::DQ_04,
    quality::DQ_05,
    quality::DQ_06,
    quality::DQ_07,
    quality::DQ_08,
    quality::DQ_09,
    quality::DQ_10,
    quality::DQ_11,
];

/// Ids of the rules that are tried.
#[must_use]
pub fn rules() -> Vec<&'static str> {
    TRIALS.iter().map(|trial| trial.rule).collect()
}

pub(crate) const fn variant(name: &'static str, card: Card, tell: fn(&mut Draft<'_>)) -> Variant {
    Variant { name, card, tell }
}
