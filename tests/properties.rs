//! The law of the system on the shipped rules and random histories ([`worlds`]): what the incremental operator
//! says and shows is what direct evaluation finds, at every instant; judging only what a fact touched is judging
//! all; transitions are an unbroken chain whose fold is the lights; and `retracted` is said where today's
//! knowledge denies the card, nowhere else.
//!
//! `WATCHLIGHT_CASES` says how many histories are tried, `WATCHLIGHT_SEED` repeats a run: the seed is printed
//! with each failure, and with it the smallest history that fails, as lines of an event file.

mod laws;
mod played;
mod worlds;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestCaseResult, TestError, TestRng, TestRunner};
use rules::configuration::Configuration;

use crate::support::shipped_configuration;
use worlds::{World, any_world};

/// Histories a property is tried on, unless the environment says another number.
const CASES: u32 = 250;

/// The seed of an ordinary run, so that it can be run again; WATCHLIGHT_SEED takes another.
const SEED: u64 = 20_261_123;

static SHIPPED: LazyLock<Arc<Configuration>> = LazyLock::new(shipped_configuration);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, not a number")))
}

/// Tries `property` on random worlds.
#[track_caller]
fn hold(property: impl Fn(&World) -> TestCaseResult) {
    let cases = number("WATCHLIGHT_CASES").map_or(CASES, |cases| u32::try_from(cases).expect("a count"));
    let seed = number("WATCHLIGHT_SEED").unwrap_or(SEED);
    println!("WATCHLIGHT_SEED={seed}");
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4_096, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, random(seed));
    match runner.run(&any_world(), |world| property(&world)) {
        Ok(()) => {}
        Err(TestError::Fail(reason, world)) => panic!("seed {seed}: {reason}\n{world:?}"),
        Err(TestError::Abort(reason)) => panic!("seed {seed}: {reason}"),
    }
}

fn random(seed: u64) -> TestRng {
    let mut bytes = [0_u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

#[test]
fn the_operator_shows_at_every_piece_what_direct_evaluation_finds() {
    hold(|world| played::play(world, &SHIPPED).map(|_| ()));
}

#[test]
fn the_fold_of_what_is_said_equals_direct_evaluation_at_every_instant() {
    hold(|world| {
        let said = played::play(world, &SHIPPED)?;
        laws::unbroken_chain(&said)?;
        laws::fold_equals_lights(world, &said, &SHIPPED)
    });
}

#[test]
fn retracted_is_said_exactly_where_todays_schedule_denies_the_card() {
    hold(|world| laws::retracted_where_denied(world, &played::play(world, &SHIPPED)?, &SHIPPED));
}

#[test]
fn judging_what_a_fact_touched_is_judging_all() {
    hold(|world| laws::touched_is_enough(world, &SHIPPED));
}

/// Without this the other properties could hold on histories that light nothing. The histories are made for the rules
/// that the generator tries; of the others they reach some.
#[test]
fn the_histories_reach_every_rule_that_is_tried_and_every_kind_of_change() {
    let mut runner = TestRunner::new_with_rng(Config::default(), random(7));
    let (mut rules, mut kinds, mut causes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..300 {
        let world = any_world().new_tree(&mut runner).expect("a world can be drawn").current();
        for said in played::play(&world, &SHIPPED).expect("the other properties hold") {
            rules.insert(said.rule.to_string());
            kinds.insert(said.kind.token());
            causes.insert(said.cause.token());
        }
    }
    let unreached: Vec<&str> = bench::scenario::rules().into_iter().filter(|rule| !rules.contains(*rule)).collect();
    assert!(unreached.is_empty(), "{unreached:?}");
    let shipped: BTreeSet<&str> = SHIPPED.rules.iter().map(|rule| rule.id.as_str()).collect();
    println!("the histories light {} of {} rules", rules.len(), shipped.len());
    assert!(kinds.is_superset(&BTreeSet::from(["cleared", "escalated", "raised", "retracted"])), "{kinds:?}");
    assert!(
        causes.is_superset(&BTreeSet::from(["appeal", "corrected", "deadline", "deleted", "event", "late"])),
        "{causes:?}"
    );
}

fn differs<Value: std::fmt::Debug>(what: &str, one: Value, other: Value) -> TestCaseError {
    TestCaseError::fail(format!("{what}\n  operator: {one:#?}\n  direct:   {other:#?}"))
}
