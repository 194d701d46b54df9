//! The comparison itself, tested: every fault that is planted in the operator is found.

use super::difference::{Depth, first};
use super::regime::regimes;
use super::tally::Tally;
use super::world::World;
use super::worlds;
use crate::planted::{Fault, with};

/// Histories in which a fault must have shown itself.
const CASES: u64 = 6_000;
/// The first of them.
const FIRST: u64 = 77_000_000;

/// Where a fault was found: the world's first seed, and the histories played up to its end.
struct Found {
    seed: u64,
    histories: u64,
    what: String,
}

fn find(fault: Fault, regimes: &[super::Regime]) -> Option<Found> {
    with(fault, || {
        let mut histories = 0;
        worlds(FIRST, CASES).into_iter().find_map(|(seed, cases)| {
            histories += cases as u64;
            let world = World::deal(seed, cases, regimes);
            let difference = first(&world, regimes, &Depth::Drawn, &mut Tally::default())?;
            let what = difference.what.lines().next().unwrap_or_default().trim().chars().take(60).collect();
            Some(Found { seed: difference.seed.unwrap_or(seed), histories, what })
        })
    })
}

#[test]
fn every_planted_fault_is_found() {
    let regimes = regimes();
    let mut survived = Vec::new();
    println!("{:<28}{:>12}{:>12}  told as", "fault", "seed", "histories");
    for fault in Fault::ALL {
        match find(fault, &regimes) {
            Some(Found { seed, histories, what }) => {
                println!("{:<28}{seed:>12}{histories:>12}  {what}", format!("{fault:?}"));
            }
            None => survived.push(fault),
        }
    }
    assert!(Fault::ALL.len() >= 20);
    assert!(survived.is_empty(), "not found in {CASES} histories: {survived:?}");
}

/// Without this, `find` could report anything.
#[test]
fn without_a_fault_the_same_worlds_agree() {
    let tally = super::compare(&worlds(FIRST, CASES), &regimes()).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(tally.histories, CASES);
}
