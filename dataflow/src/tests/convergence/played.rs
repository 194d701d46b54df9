//! A world, played through the runner.

use std::sync::Arc;
use std::time::Duration;

use facts::{Moment, StandingLight, Transition};
use twin::random::Dice;

use super::regime::{Regime, SHIPPED};
use super::world::{Delivery, END, World};
use crate::tests::worlds::rest;
use crate::{CountRow, Entry, Options, Runner, RunnerError};

/// What stood when somebody looked.
pub(super) struct Look {
    pub(super) as_of: Moment,
    pub(super) lights: Vec<StandingLight>,
    pub(super) counts: Vec<CountRow>,
}

/// What came of a world.
pub(super) struct Played {
    /// In the order of output.
    pub(super) said: Vec<Transition>,
    /// In the order of time; the last one is the end.
    pub(super) looks: Vec<Look>,
}

/// Feeds everything in pieces, each shuffled in itself, and looks at the lights now and then.
///
/// # Errors
/// When a worker fails.
pub(super) fn play(world: &World, regimes: &[Regime]) -> Result<Played, RunnerError> {
    let mut dice = Dice::new(world.seed ^ 0x5eed, &[]);
    // Which cases are in memory, and in which form, is storage: nothing that is said or shown may tell.
    let days = [None, Some(0), Some(7), Some(40)][(world.seed % 4) as usize];
    let retention = days.map(|days| Duration::from_secs(days * 24 * 3_600));
    let awake_max = [0, 16, usize::MAX][(world.seed % 3) as usize];
    let options = Options { workers: world.workers, retention, awake_max, ..Options::default() };
    let shipped = Arc::clone(&regimes[SHIPPED].configuration);
    let (runner, closings) = Runner::start(&options, shipped)?;
    if let Some(turn) = world.turn {
        let Regime { configuration, cause, .. } = &regimes[turn.to];
        runner.configure(Arc::clone(configuration), *cause, turn.at)?;
    }
    let mut entries: Vec<Entry> = world.cases.iter().flat_map(|case| case.deliveries.iter().map(entry)).collect();
    entries.sort_by_key(|entry| entry.enters);
    (1..).zip(&mut entries).for_each(|(sequence, entry)| entry.sequence = Some(sequence));
    let mut looks = Vec::new();
    let mut said = Vec::new();
    let mut left = entries.as_slice();
    while !left.is_empty() {
        let (piece, rest) = left.split_at((1 + dice.below(world.feed_max.min(left.len()))).min(left.len()));
        left = rest;
        // The clock stands at the last fact fed: it is not closed, for more may enter there.
        let open = piece.last().expect("a piece has a fact").enters;
        runner.feed(shuffled(piece, &mut dice), open)?;
        if dice.percent(if world.cases.len() <= 4 { 50 } else { 15 }) {
            looks.push(look(&runner)?);
        }
        while let Some(closed) = closings.try_recv() {
            said.extend(closed.transitions);
        }
    }
    runner.advance(END.plus_millis(1))?;
    looks.push(look(&runner)?);
    runner.finish()?;
    said.extend(rest(&closings));
    Ok(Played { said, looks })
}

fn look(runner: &Runner) -> Result<Look, RunnerError> {
    let standing = runner.lights()?;
    Ok(Look { as_of: standing.as_of, lights: standing.lights, counts: runner.counts().rows })
}

fn entry(delivery: &Delivery) -> Entry {
    Entry { enters: delivery.enters, sequence: None, event: delivery.event.clone() }
}

fn shuffled(piece: &[Entry], dice: &mut Dice<'_>) -> Vec<Entry> {
    let mut piece = piece.to_vec();
    for place in (1..piece.len()).rev() {
        piece.swap(place, dice.below(place + 1));
    }
    piece
}
