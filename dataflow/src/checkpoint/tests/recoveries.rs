//! Random worlds broken off anywhere: a dataflow that goes on from a checkpoint says, to the byte, what the one that was
//! never disturbed says, and what one that read everything again would say.

use std::sync::Arc;

use facts::{Moment, Transition};
use proptest::prelude::*;

use crate::checkpoint::storage::simulated::Simulated;
use crate::checkpoint::{Checkpoint, ClockMark, Cut, Gathered, SaidTable, SaidThrough};
use crate::tests::city::City;
use crate::tests::worlds::{END, Play, any_world, assert_chains, at, fold, law, options, rest};
use crate::{Entry, Options, ReadBack, Runner};

/// A run that was broken off.
struct Broken<'a> {
    world: &'a [Entry],
    /// Messages taken at each cut; the last one counts.
    cuts: &'a [usize],
    /// Everything said up to here is in ALERTS when the last cut is made; before its clock.
    said_through: i64,
    /// How long late facts wait, in ms.
    settle: u64,
}

impl Broken<'_> {
    /// Writes the cuts; returns the folder and how many facts it holds.
    fn write(&self, said: &[Transition]) -> (Simulated, usize) {
        let folder = Simulated::default();
        let mut checkpoint = Checkpoint::open(Arc::new(folder.clone())).expect("an empty folder");
        let mut taken = 0;
        for to in self.cuts {
            let to = (*to).max(taken);
            let mut facts = Gathered::default();
            self.world[taken..to].iter().for_each(|entry| facts.add(entry, 1));
            taken = to;
            let now = self.world[..taken].last().map_or(at(1), |last| last.enters);
            let through = at(self.said_through).min(now.plus_millis(-1));
            let cut = Cut {
                facts,
                cases: None,
                clock: ClockMark { now, highest_at: None },
                streams: Vec::new(),
                sources: Vec::new(),
                said_through: Some(self.said_through(through)),
                said: Some(SaidTable::of(0, 0, said.iter().filter(|said| said.decided_at <= through))),
                configuration: String::new(),
                engine: String::new(),
            };
            checkpoint.commit(&cut).expect("nothing fails");
        }
        (folder, taken)
    }

    /// What the run that is broken off has waiting at `through`.
    fn said_through(&self, through: Moment) -> SaidThrough {
        let (runner, _closings) = start(2, true, self.settle);
        let known = self.world.iter().filter(|entry| entry.enters <= through).cloned().collect();
        runner.feed(known, through.plus_millis(1)).expect("running");
        let waiting = runner.ask_waiting().expect("running").wait().expect("it answers");
        assert!(waiting.speaking);
        assert_eq!(waiting.as_of, through);
        SaidThrough { through, waiting: waiting.cases }
    }
}

fn start(workers: usize, announce: bool, settle: u64) -> (Runner<City>, crate::Closings) {
    let settle = std::time::Duration::from_millis(settle);
    let options = Options { announce, settle, ..options(&Play::new(workers, [])) };
    Runner::start(&options, Arc::new(City::new(30))).expect("workers start")
}

/// What a dataflow says that is never disturbed.
fn undisturbed(world: &[Entry], settle: u64) -> Vec<Transition> {
    let (runner, closings) = start(1, true, settle);
    runner.feed(world.to_vec(), at(END)).expect("running");
    runner.finish().expect("no worker fails");
    rest(&closings)
}

/// What a silent dataflow says that takes its facts, and what was said, by `fill`, and speaks from `announce_at` on.
fn go_on(workers: usize, settle: u64, announce_at: i64, fill: impl FnOnce(&Runner<City>)) -> Vec<Transition> {
    let (runner, closings) = start(workers, false, settle);
    runner.announce(at(announce_at)).expect("running");
    fill(&runner);
    runner.advance(at(END)).expect("running");
    assert_eq!(runner.lights().expect("running").as_of, at(END - 1));
    runner.finish().expect("no worker fails");
    rest(&closings)
}

fn read_back(said: &[Transition]) -> Vec<ReadBack> {
    said.iter().cloned().map(ReadBack::from).collect()
}

/// Goes on from a checkpoint; ALERTS holds `said`.
fn recover(broken: &Broken<'_>, workers: usize, announce_at: i64, said: &[Transition]) -> Vec<Transition> {
    let (folder, taken) = broken.write(said);
    let mut checkpoint = Checkpoint::open(Arc::new(folder)).expect("nothing failed");
    go_on(workers, broken.settle, announce_at, |runner| {
        let later = checkpoint.restore(runner, "").expect("nothing is damaged");
        let mut table = Vec::new();
        checkpoint.said(|last| table.push(ReadBack::from(last))).expect("nothing is damaged");
        table.extend(read_back(said));
        runner.read_back(table).expect("running");
        later.feed(runner).expect("running");
        runner.feed(broken.world[taken..].to_vec(), at(END)).expect("running");
    })
}

/// Reads everything again; ALERTS holds `said`.
fn read_again(world: &[Entry], announce_at: i64, said: &[Transition]) -> Vec<Transition> {
    go_on(1, 0, announce_at, |runner| {
        runner.read_back(read_back(said)).expect("running");
        runner.feed(world.to_vec(), at(END)).expect("running");
    })
}

fn lines<'a>(transitions: impl IntoIterator<Item = &'a Transition>) -> Vec<String> {
    transitions.into_iter().map(Transition::to_line).collect()
}

fn through(transitions: &[Transition], last: Moment) -> Vec<Transition> {
    transitions.iter().filter(|said| said.decided_at <= last).cloned().collect()
}

/// The instant up to which everything is said when the cut after `taken` messages is made, `behind` ms before its clock.
fn said_through(world: &[Entry], taken: usize, behind: i64) -> (i64, i64) {
    let now = world[..taken].last().map_or(at(1), |last| last.enters).millis() - at(0).millis();
    (now, (now - behind).max(0))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_that_goes_on_is_the_run_that_was_not_disturbed(
        world in any_world(), cuts in prop::collection::vec(0..24_usize, 1..12), workers in 1..4_usize,
        behind in 1..40_i64, settle in prop_oneof![Just(0), 1..30_u64],
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(world.len())).collect();
        cuts.sort_unstable();
        let (_, said_through) = said_through(&world, cuts.last().copied().unwrap_or(0), behind);
        let undisturbed = undisturbed(&world, settle);
        let said = through(&undisturbed, at(said_through));
        let broken = Broken { world: &world, cuts: &cuts, said_through, settle };
        // It speaks again from the next instant on, as if it had never stopped.
        let after = recover(&broken, workers, said_through + 1, &said);
        prop_assert_eq!(lines(said.iter().chain(&after)), lines(&undisturbed));
    }

    #[test]
    fn a_silent_catch_up_from_a_checkpoint_is_one_from_the_first_message(
        world in any_world(), taken in 0..24_usize, workers in 1..4_usize, behind in 1..40_i64, silence in 0..80_i64,
    ) {
        let taken = taken.min(world.len());
        let (now, said_through) = said_through(&world, taken, behind);
        let announce_at = now + silence;
        let said = through(&undisturbed(&world, 0), at(said_through));
        let broken = Broken { world: &world, cuts: &[taken], said_through, settle: 0 };
        let after = recover(&broken, workers, announce_at, &said);
        prop_assert_eq!(lines(&after), lines(&read_again(&world, announce_at, &said)));
    }

    #[test]
    fn what_was_said_after_the_cut_is_gone_on_from(
        world in any_world(), taken in 0..24_usize, workers in 1..4_usize, behind in 1..40_i64, more in 0..60_i64,
        settle in prop_oneof![Just(0), 1..30_u64],
    ) {
        let taken = taken.min(world.len());
        let (now, said_through) = said_through(&world, taken, behind);
        let said = through(&undisturbed(&world, settle), at(said_through + more));
        let announce_at = (said_through + more + 1).max(now);
        let broken = Broken { world: &world, cuts: &[taken], said_through, settle };
        let mut all = said.clone();
        all.extend(recover(&broken, workers, announce_at, &said));
        assert_chains(&all);
        prop_assert_eq!(fold(&all), law(&world, &City::new(30), at(END - 1)).0);
    }
}
