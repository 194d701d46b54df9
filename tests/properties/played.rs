//! The operator, fed a world piece by piece.

use std::sync::Arc;

use dataflow::{Entry, Options, Runner};
use facts::Transition;
use proptest::test_runner::TestCaseError;
use rules::configuration::Configuration;
use rules::scenario::{group_lights_at, lights_at};

use super::differs;
use super::worlds::{World, end};

/// Feeds the facts in pieces, compares the standing lights after each, and returns all that was said.
pub(crate) fn play(world: &World, configuration: &Arc<Configuration>) -> Result<Vec<Transition>, TestCaseError> {
    let options = Options { workers: world.workers, ..Options::default() };
    let (runner, closings) = Runner::start(&options, Arc::clone(configuration)).expect("workers start");
    let mut left = world.facts.as_slice();
    let mut pieces = world.pieces.iter().cycle();
    while !left.is_empty() {
        let (piece, rest) = left.split_at((*pieces.next().expect("a cycle")).min(left.len()));
        left = rest;
        let entries =
            piece.iter().map(|(arrived, event)| Entry { enters: *arrived, sequence: None, event: event.clone() });
        // The clock stands at the last fact fed: it is not closed, for more may enter there.
        let open = piece.last().expect("a piece has a fact").0;
        runner.feed(entries.collect(), open).expect("a running dataflow");
        shows(&runner, world, configuration)?;
    }
    runner.advance(end()).expect("a running dataflow");
    shows(&runner, world, configuration)?;
    runner.finish().expect("no worker fails");
    let mut said = Vec::new();
    while let Some(closed) = closings.recv() {
        said.extend(closed.transitions);
    }
    Ok(said)
}

fn shows(runner: &Runner, world: &World, configuration: &Configuration) -> Result<(), TestCaseError> {
    let standing = runner.lights().expect("a running dataflow");
    let mut lights = lights_at(&world.facts, configuration, standing.as_of);
    lights.extend(group_lights_at(&world.facts, configuration, standing.as_of));
    lights.sort();
    let same = lights == standing.lights;
    if same { Ok(()) } else { Err(differs(&format!("lights at {}", standing.as_of), standing.lights, lights)) }
}
