//! Convergence: any order, delay, repetition, batching, correction and deletion of the same facts ends in
//! the same lights, under any number of workers, whatever the configuration changed to on the way.
//!
//! Random histories ([`twin::random`]), many at once in a [`world`], go through the runner and its
//! operator. What the operator said, folded, is compared with the reference twin at the end, around
//! instants at which it spoke and at instants drawn at random; what it shows is compared with that fold.
//! The twin judges from scratch and was written from the documents alone.
//!
//! `WATCHLIGHT_TWIN_CASES` says how many histories; `WATCHLIGHT_SEED` names the first of them and repeats a run.
//! A difference is shrunk and printed as lines of an event file.

mod chain;
mod difference;
mod nearly;
mod planted;
mod played;
mod reach;
mod regime;
mod shrink;
mod tally;
mod world;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use twin::random::Dice;

use difference::Depth;
use regime::{Regime, SHIPPED, regimes};
use tally::Tally;
use world::World;

/// Histories in an ordinary run.
const CASES: u64 = 2_000;
/// The most histories in one world.
const WORLD_MAX: i64 = 400;
/// Seeds of one run: those of another begin beyond them.
const SEEDS_A_RUN: u64 = 10_000_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, not a number")))
}

/// The worlds of a run: first seed and number of histories. One in three is small.
fn worlds(first: u64, cases: u64) -> Vec<(u64, usize)> {
    let mut dice = Dice::new(first, &[]);
    let (mut next, end) = (first, first + cases);
    let mut worlds = Vec::new();
    while next < end {
        let size = if dice.percent(33) { dice.between(1, 4) } else { dice.between(5, WORLD_MAX) };
        let size = u64::try_from(size).expect("a world has a history").min(end - next);
        worlds.push((next, usize::try_from(size).expect("a world is small")));
        next += size;
    }
    worlds
}

/// Plays worlds on every core until one differs; `Err` tells how.
fn compare(worlds: &[(u64, usize)], regimes: &[Regime]) -> Result<Tally, String> {
    let (turn, sum) = (AtomicUsize::new(0), Mutex::new(Ok(Tally::default())));
    let lane = || {
        let mut tally = Tally::default();
        while let Some((seed, cases)) = worlds.get(turn.fetch_add(1, Ordering::Relaxed)) {
            let world = World::deal(*seed, *cases, regimes);
            tally.worlds += 1;
            if let Some(difference) = difference::first(&world, regimes, &Depth::Drawn, &mut tally) {
                turn.store(worlds.len(), Ordering::Relaxed);
                let shrunk = shrink::shrink(&world, difference, regimes);
                let report = format!("world of {cases} histories from seed {seed}: {}", shrunk.report(regimes));
                *sum.lock().expect("no lane panics with the sum") = Err(report);
                return;
            }
        }
        if let Ok(sum) = sum.lock().expect("no lane panics with the sum").as_mut() {
            sum.add(tally);
        }
    };
    std::thread::scope(|scope| {
        let lanes = std::thread::available_parallelism().map_or(1, usize::from);
        (0..lanes).for_each(|_| drop(scope.spawn(lane)));
    });
    sum.into_inner().expect("no lane panics with the sum")
}

/// How many rules the project ships, parts counted each.
fn shipped_rules(regime: &Regime) -> usize {
    regime.configuration.rules.iter().map(|rule| &rule.id).collect::<BTreeSet<_>>().len()
}

#[test]
fn the_operator_says_and_shows_what_the_twin_finds() {
    let cases = number("WATCHLIGHT_TWIN_CASES").unwrap_or(CASES);
    let first = number("WATCHLIGHT_SEED").unwrap_or(1) * SEEDS_A_RUN;
    println!("seeds {first} to {}", first + cases - 1);
    let begin = Instant::now();
    let regimes = regimes();
    let tally = compare(&worlds(first, cases), &regimes).unwrap_or_else(|report| panic!("{report}"));
    println!("{tally}\nzero differences in {:.1?}", begin.elapsed());
    println!("{} of {} shipped rules, those that the twin knows", twin::RULES.len(), shipped_rules(&regimes[SHIPPED]));
    let rare = tally.rare(&twin::RULES.map(str::to_owned).into());
    assert!(rare.is_empty(), "tried too rarely: {rare:#?}");
}
