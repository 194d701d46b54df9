//! Kills, cuts and stalls at any moment, by seed: nothing is lost, nothing doubled, nothing said twice.
//!
//! A round is one life of a site: a private nats-server, the service behind a proxy, and a sender that repeats what
//! was not answered. While the sample city is sent, one fault after another happens; between them the service may be
//! another process with another number of workers. At the end the fold of ALERTS is what a replay of the same facts
//! gives, each light's messages are one unbroken chain, the ledger holds the same, and no line is in quarantine.
//!
//! `WATCHLIGHT_CHAOS_ROUNDS` and `WATCHLIGHT_CHAOS_CYCLES` take more; `WATCHLIGHT_CHAOS_SEED` begins elsewhere. Each
//! round prints its seed, so that it can be run again alone.

mod damage;
mod faults;
mod sender;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use facts::Event;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use self::faults::{Fault, Stage};
use self::sender::Sender;
use crate::support::city::city;
use crate::support::said::{assert_same_lines, fold, rows, transitions, wait_said};
use crate::support::service::TestSite;

/// Rounds of one run, and faults of one round, unless the environment says otherwise.
const ROUNDS: u64 = 2;
const CYCLES: u64 = 14;
const FIRST_SEED: u64 = 20_260_302;

/// A number between 0 and `below` - 1.
fn throw(dice: &mut ChaCha8Rng, below: u64) -> u64 {
    dice.next_u64() % below
}

/// A length of time up to `millis` milliseconds.
fn moment(dice: &mut ChaCha8Rng, millis: u64) -> Duration {
    Duration::from_millis(throw(dice, millis + 1))
}

/// The number that the environment variable `name` gives, else `otherwise`.
fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")),
        Err(_) => otherwise,
    }
}

/// The sample city's events in `parts` pieces of random size, none empty.
fn pieces(dice: &mut ChaCha8Rng, parts: u64) -> Vec<&'static [Event]> {
    let mut rest = city().events();
    let mut pieces = Vec::new();
    for left in (1..=parts).rev() {
        let even = rest.len() as u64 / left;
        let size = if left == 1 { rest.len() } else { usize::try_from(1 + throw(dice, even * 2 - 1)).expect("small") };
        let (piece, later) = rest.split_at(size.min(rest.len() - usize::try_from(left - 1).expect("small")));
        pieces.push(piece);
        rest = later;
    }
    pieces
}

/// What one round went through.
#[derive(Default)]
struct Report {
    faults: BTreeMap<&'static str, u64>,
    sent: u64,
    said: usize,
    seconds: u64,
}

#[test]
fn faults_at_any_moment_lose_nothing_and_say_nothing_twice() {
    let name = "faults_at_any_moment_lose_nothing_and_say_nothing_twice";
    let (rounds, cycles) = (number("WATCHLIGHT_CHAOS_ROUNDS", ROUNDS), number("WATCHLIGHT_CHAOS_CYCLES", CYCLES));
    let first = number("WATCHLIGHT_CHAOS_SEED", FIRST_SEED);
    let mut all: BTreeMap<&'static str, u64> = BTreeMap::new();
    for seed in first..first + rounds {
        println!("chaos: seed {seed}, {cycles} cycles");
        let Some(report) = round(name, seed, cycles) else { return };
        let Report { faults, sent, said, seconds } = report;
        println!("chaos: seed {seed}: {sent} messages sent, {said} transitions said, {seconds} s: {faults:?}");
        for (fault, times) in faults {
            *all.entry(fault).or_default() += times;
        }
    }
    println!("chaos: {} cycles over {rounds} rounds, nothing lost, nothing said twice: {all:?}", rounds * cycles);
}

fn round(name: &str, seed: u64, cycles: u64) -> Option<Report> {
    let begin = Instant::now();
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let site = TestSite::with_virtual_clock(name)?.with("WATCHLIGHT_CHECKPOINT_INTERVAL_SECS", "1");
    let mut pieces = pieces(&mut dice, cycles + 1).into_iter();
    let mut report = Report::default();
    let mut stage = Stage::open(site, &mut dice);
    let sender = Sender::to(&stage.site.nats.server().url());
    for cycle in 0..cycles {
        let fault = Fault::thrown(&mut dice);
        println!("chaos: seed {seed}, cycle {cycle}: {fault:?}");
        *report.faults.entry(fault.name()).or_default() += 1;
        let piece = pieces.next().expect("a piece for each cycle");
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| sender.send(piece));
            stage.suffer(fault, &mut dice);
            report.sent += sending.join().expect("the sender gets through");
        });
    }
    report.sent += sender.send(pieces.next().expect("a piece for the end"));
    report.said = settle(stage);
    report.seconds = begin.elapsed().as_secs();
    Some(report)
}

/// Lets the site come to rest and compares everything it said with a replay; gives the number of transitions.
fn settle(mut stage: Stage) -> usize {
    let wire = stage.site.wire();
    wire.send_all(city().end());
    stage.service().wait_ready();
    stage.service().wait_closed(city().until());
    let expected = &city().replayed().standing;
    wait_said(&wire, expected);
    stage.service().wait_ledger(wire.last_sequence("ALERTS"));
    assert_same_lines("the ledger and a replay", &rows(&stage.service().lights()), expected);
    assert_eq!(wire.last_sequence("QUARANTINE"), 0, "every line was good");
    assert_eq!(stage.terminate(), Some(0), "{}", stage.site.log());
    let said = transitions(&wire);
    assert_same_lines("the fold of ALERTS and a replay", &fold(&said), expected);
    said.len()
}
