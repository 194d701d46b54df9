//! Random worlds broken off anywhere: a dataflow that goes on from a checkpoint says, to the byte, what the one that was
//! never disturbed says, and what one that read everything again would say.

use std::sync::Arc;

use facts::{Moment, Transition};
use proptest::prelude::*;

use crate::checkpoint::storage::simulated::Simulated;
use crate::checkpoint::{Checkpoint, ClockMark, Cut, Gathered, SaidTable};
use crate::tests::city::City;
use crate::tests::worlds::{END, Play, any_world, assert_chains, at, fold, law, options, play, rest};
use crate::{Entry, Options, ReadBack, Runner};

/// A run that was broken off.
struct Broken<'a> {
    world: &'a [Entry],
    /// Messages taken at each cut; the last one counts.
    cuts: &'a [usize],
    /// Everything said up to here is in ALERTS when the last cut is made; before its clock.
    said_through: i64,
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
                clock: ClockMark { now, highest_at: None },
                streams: Vec::new(),
                said_through: Some(through),
                said: Some(SaidTable::of(0, 0, said.iter().filter(|said| said.decided_at <= through))),
                configuration: String::new(),
                engine: String::new(),
            };
            checkpoint.commit(&cut).expect("nothing fails");
        }
        (folder, taken)
    }
}

/// What a silent dataflow says that is told `said`, takes its facts by `fill`, and speaks from `announce_at` on.
fn go_on(workers: usize, announce_at: i64, fill: impl FnOnce(&Runner<City>)) -> Vec<Transition> {
    let options = Options { announce: false, ..options(&Play::new(workers, [])) };
    let (runner, closings) = Runner::start(&options, Arc::new(City::new(30))).expect("workers start");
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
    let checkpoint = Checkpoint::open(Arc::new(folder)).expect("nothing failed");
    go_on(workers, announce_at, |runner| {
        let later = checkpoint.restore(runner).expect("nothing is damaged");
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
    go_on(1, announce_at, |runner| {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_that_goes_on_is_the_run_that_was_not_disturbed(
        world in any_world(), cuts in prop::collection::vec(0..24_usize, 1..12), workers in 1..4_usize, behind in 1..40_i64,
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(world.len())).collect();
        cuts.sort_unstable();
        let taken = cuts.last().copied().unwrap_or(0);
        let now = world[..taken].last().map_or(at(1), |last| last.enters).millis() - at(0).millis();
        let said_through = (now - behind).max(0);
        let undisturbed = play(&world, &City::new(30), &Play::whole()).transitions;
        let said = through(&undisturbed, at(said_through));
        let broken = Broken { world: &world, cuts: &cuts, said_through };
        // It speaks again from the next instant on, as if it had never stopped.
        let after = recover(&broken, workers, said_through + 1, &said);
        prop_assert_eq!(lines(said.iter().chain(&after)), lines(&undisturbed));
    }

    #[test]
    fn a_silent_catch_up_from_a_checkpoint_is_one_from_the_first_message(
        world in any_world(), taken in 0..24_usize, workers in 1..4_usize, behind in 1..40_i64, silence in 0..80_i64,
    ) {
        let taken = taken.min(world.len());
        let now = world[..taken].last().map_or(at(1), |last| last.enters).millis() - at(0).millis();
        let said_through = (now - behind).max(0);
        let announce_at = now + silence;
        let said = through(&play(&world, &City::new(30), &Play::whole()).transitions, at(said_through));
        let broken = Broken { world: &world, cuts: &[taken], said_through };
        let after = recover(&broken, workers, announce_at, &said);
        prop_assert_eq!(lines(&after), lines(&read_again(&world, announce_at, &said)));
    }

    #[test]
    fn what_was_said_after_the_cut_is_gone_on_from(
        world in any_world(), taken in 0..24_usize, workers in 1..4_usize, behind in 1..40_i64, more in 0..60_i64,
    ) {
        let taken = taken.min(world.len());
        let now = world[..taken].last().map_or(at(1), |last| last.enters).millis() - at(0).millis();
        let said_through = (now - behind).max(0);
        let said = through(&play(&world, &City::new(30), &Play::whole()).transitions, at(said_through + more));
        let announce_at = (said_through + more + 1).max(now);
        let broken = Broken { world: &world, cuts: &[taken], said_through };
        let mut all = said.clone();
        all.extend(recover(&broken, workers, announce_at, &said));
        assert_chains(&all);
        prop_assert_eq!(fold(&all), law(&world, &City::new(30), at(END - 1)).0);
    }
}
