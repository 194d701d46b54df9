//! What a change of configuration leaves packed, tested: random cases under random edits of the shipped configuration. A case
//! that is told by its outline to be of no concern has the judgement that judging it anew would give, and one that may be
//! concerned has the one that it had.

use std::path::Path;

use facts::Moment;
use rules::configuration::Configuration;
use rules::judge::{Case, Touched};
use twin::random::Dice;

use super::regime::{Regime, SHIPPED, edited, regimes};
use super::world::World;
use crate::case_table::{CaseTable, FIRST_CONFIGURATION, SealedReach, Step};
use crate::checkpoint::SLOTS;
use crate::judge::Judge;
use crate::packed_case::unpack;
use crate::planted::{Fault, with};
use crate::said::Texts;

/// Cases of one table.
const CASES: usize = 150;
/// Edits that come into force one after the other.
const CHANGES: usize = 5;
/// Tables of a run.
const TABLES: u64 = 6;
const FIRST: u64 = 91_000_000;

/// How many cases were kept, of them by an edit that moves rules, and how many may be concerned.
#[derive(Default, Debug)]
struct Tally {
    kept: usize,
    moved: usize,
    concerned: usize,
    /// The same of sealed cases.
    sealed_kept: usize,
    sealed_moved: usize,
}

/// Packs cases that `judge` has judged, as they stand at `at`.
fn packed(world: &World, judge: &Configuration, at: Moment) -> (CaseTable, Vec<u32>) {
    let mut table = CaseTable::new(0, Path::new("so few cases stay in memory"));
    let mut slots = Vec::new();
    for dealt in &world.cases {
        let slot = table.slot(&dealt.id());
        let case = table.get_mut(slot);
        for delivery in dealt.deliveries.iter().filter(|delivery| delivery.enters <= at) {
            case.history.join(delivery.event.clone(), None, judge.zone());
        }
        case.judgement = judge.judge(&Case::at(&case.id, &case.history, at));
        (case.judged_under, case.judged_through) = (FIRST_CONFIGURATION, at);
        let records = case.history.records().len();
        table.note_records(records);
        table.pack(slot);
        slots.push(slot);
    }
    (table, slots)
}

/// Lets edits come into force, one after the other, over sealed cases, as the operator does; `Err` tells the first that is
/// not sealed with the judgement that judging it anew gives.
fn check_sealed(seed: u64, regimes: &[Regime], tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice::new(seed, &[]);
    let world = World::deal(seed, CASES, regimes);
    let at = Moment::from_millis(1_770_681_600_000 + dice.between(0, 90 * 24) * 3_600_000);
    let mut judge = edited(&mut dice);
    let (mut table, slots) = packed(&world, &judge, at);
    slots.iter().for_each(|slot| table.seal(*slot, Vec::new()));
    for generation in (FIRST_CONFIGURATION + 1..).take(CHANGES) {
        let next = edited(&mut dice);
        let change = next.change_from(&judge);
        let mut reach = SealedReach::of(&next, &change);
        let within = table.sealed_within(&mut reach);
        let anew = |table: &mut CaseTable, slot: u32| {
            let case = table.get_mut(slot);
            case.judgement = next.judge(&Case::at(&case.id, &case.history, at));
            table.seal(slot, Vec::new());
        };
        let taken_back = table.taken_back();
        if change.keeps_places() {
            for id in &within {
                let slot = table.slot(id);
                anew(&mut table, slot);
            }
        } else {
            for packed in table.unseal_all() {
                if reach.holds(&packed) {
                    let slot = table.unsealed(&packed);
                    anew(&mut table, slot);
                } else {
                    table.keep_sealed(packed, &change);
                    tally.sealed_moved += 1;
                }
            }
        }
        table.note_sealed_under(generation);
        if table.taken_back() - taken_back != within.len() as u64 || table.sealed() != slots.len() {
            return Err(format!("{} cases taken back for {}", table.taken_back() - taken_back, within.len()));
        }
        tally.sealed_kept += slots.len() - within.len();
        let mut wrong = None;
        table.each_sealed(
            |_| true,
            |case| {
                if case.judgement != next.judge(&Case::at(&case.id, &case.history, at)) {
                    wrong = Some(format!("{}: sealed with another judgement", case.id));
                }
            },
        );
        wrong.map_or(Ok(()), Err)?;
        judge = next;
    }
    Ok(())
}

/// Lets edits come into force, one after the other, over packed cases; `Err` tells the first that is not what it should be.
fn check(seed: u64, regimes: &[Regime], tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice::new(seed, &[]);
    let world = World::deal(seed, CASES, regimes);
    let at = Moment::from_millis(1_770_681_600_000 + dice.between(0, 90 * 24) * 3_600_000);
    let mut judge = edited(&mut dice);
    let (mut table, slots) = packed(&world, &judge, at);
    for before in (FIRST_CONFIGURATION..).take(CHANGES) {
        let next = edited(&mut dice);
        let change = next.change_from(&judge);
        let step = Step { judge: &next, change: &change, before, after: before + 1 };
        let concerned = table.carry_over(step);
        for slot in &slots {
            let may_be = concerned.contains(slot);
            let found = table.look_at(*slot, |case| {
                let case_now = Case::at(&case.id, &case.history, at);
                let old = judge.judge(&case_now);
                if may_be {
                    tally.concerned += 1;
                    return (case.judgement != old).then(|| format!("{}: unpacked as it was not packed", case.id));
                }
                tally.kept += 1;
                tally.moved += usize::from(!change.keeps_places() && !old.findings.is_empty());
                let mut carried = old;
                let touched = next.carry(&change, &case_now, &mut carried);
                let wrong = touched != Touched::None || case.judgement != carried || carried != next.judge(&case_now);
                wrong.then(|| format!("{}: kept, and {touched:?}", case.id))
            });
            if let Some(wrong) = found.flatten() {
                return Err(wrong);
            }
        }
        for slot in concerned {
            let case = table.get_mut(slot);
            case.judgement = next.judge(&Case::at(&case.id, &case.history, at));
            case.judged_under = before + 1;
            table.pack(slot);
        }
        judge = next;
    }
    // Handed out, bytes name rules by the places of the configuration in force.
    let mut wrong = None;
    table.hand_out(
        &(0..SLOTS).collect(),
        |_| None,
        |_, _, bytes| {
            let case = unpack(bytes, &mut Texts::default());
            if case.judgement != judge.judge(&Case::at(&case.id, &case.history, at)) {
                wrong = Some(format!("{}: handed out otherwise", case.id));
            }
        },
    );
    wrong.map_or(Ok(()), Err)
}

fn check_all(regimes: &[Regime]) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let seeds = (0..TABLES).map(|table| FIRST + table * CASES as u64);
    for seed in seeds {
        check(seed, regimes, &mut tally)?;
        check_sealed(seed, regimes, &mut tally)?;
    }
    Ok(tally)
}

#[test]
fn a_packed_or_sealed_case_that_its_outline_shows_to_be_of_no_concern_keeps_its_judgement() {
    let regimes = regimes();
    let tally = check_all(&regimes).unwrap_or_else(|wrong| panic!("{wrong}"));
    println!("{tally:?} beside {}", regimes[SHIPPED].name);
    assert!(tally.kept > 100 && tally.moved > 20 && tally.concerned > 100, "{tally:?}");
    assert!(tally.sealed_kept > 100 && tally.sealed_moved > 20, "{tally:?}");
}

#[test]
fn faults_in_what_stays_packed_are_found() {
    let regimes = regimes();
    for fault in Fault::OF_RELOADS {
        let found = with(fault, || check_all(&regimes));
        println!("{fault:?}: {found:?}");
        assert!(found.is_err(), "{fault:?} was not noticed");
    }
}
