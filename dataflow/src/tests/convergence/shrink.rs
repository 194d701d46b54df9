//! From a world in which the two differ to a small one.

use std::collections::BTreeSet;

use facts::{Event, Moment, line};

use super::difference::{Depth, Difference, first};
use super::regime::Regime;
use super::tally::Tally;
use super::world::World;

/// Plays for one shrinking, at most: a small history is wanted, not the smallest.
const PLAYS_MAX: usize = 600;

/// A small world that still differs, and how.
pub(super) struct Shrunk {
    pub(super) world: World,
    pub(super) difference: Difference,
}

/// Drops histories, then facts, then what makes the play complicated, as long as the two still differ.
pub(super) fn shrink(world: &World, difference: Difference, regimes: &[Regime]) -> Shrunk {
    let mut shrinking = Shrinking { regimes, plays: 0, best: Shrunk { world: world.clone(), difference } };
    shrinking.to_one_history();
    shrinking.drop_histories();
    shrinking.drop_facts();
    shrinking.simplify();
    shrinking.best
}

struct Shrinking<'r> {
    regimes: &'r [Regime],
    plays: usize,
    best: Shrunk,
}

impl Shrinking<'_> {
    /// Takes `world` if the two differ on it, too.
    fn take(&mut self, world: World) -> bool {
        if self.plays >= PLAYS_MAX || world.cases.is_empty() {
            return false;
        }
        self.plays += 1;
        let depth = Depth::Every(BTreeSet::from([self.best.difference.at]));
        match first(&world, self.regimes, &depth, &mut Tally::default()) {
            Some(difference) => {
                self.best = Shrunk { world, difference };
                true
            }
            None => false,
        }
    }

    fn world(&self) -> World {
        self.best.world.clone()
    }

    fn to_one_history(&mut self) {
        let Some(seed) = self.best.difference.seed else { return };
        let mut alone = self.world();
        alone.cases.retain(|case| case.seed == seed);
        self.take(alone);
    }

    /// Halves first, then smaller parts.
    fn drop_histories(&mut self) {
        let mut part = self.best.world.cases.len().div_ceil(2);
        while part > 0 && self.best.world.cases.len() > 1 {
            let mut from = 0;
            while from < self.best.world.cases.len() {
                let mut fewer = self.world();
                let to = (from + part).min(fewer.cases.len());
                fewer.cases.drain(from..to);
                if !self.take(fewer) {
                    from += part;
                }
            }
            part /= 2;
        }
    }

    fn drop_facts(&mut self) {
        for place in 0..self.best.world.cases.len() {
            let mut part = self.best.world.cases[place].deliveries.len().div_ceil(2);
            while part > 0 {
                let mut from = 0;
                while from < self.best.world.cases[place].deliveries.len() {
                    let mut fewer = self.world();
                    let deliveries = &mut fewer.cases[place].deliveries;
                    if deliveries.len() == 1 {
                        break;
                    }
                    let to = (from + part).min(deliveries.len());
                    deliveries.drain(from..to);
                    // Whoever replays what is printed has the clock stand at the latest arrival so far.
                    let mut clock = Moment::MIN;
                    for delivery in deliveries.iter_mut() {
                        clock = clock.max(delivery.event.arrived.expect("histories carry arrivals"));
                        delivery.enters = clock;
                    }
                    if deliveries.is_empty() || !self.take(fewer) {
                        from += part;
                    }
                }
                part /= 2;
            }
        }
    }

    fn simplify(&mut self) {
        let without_turn = World { turn: None, ..self.world() };
        self.take(without_turn);
        let alone = World { workers: 1, ..self.world() };
        self.take(alone);
        let at_once = World { feed_max: usize::MAX, ..self.world() };
        self.take(at_once);
    }
}

impl Shrunk {
    /// For people, with the facts as lines of an event file, in the order of their arrival at the operator.
    pub(super) fn report(&self, regimes: &[Regime]) -> String {
        let Shrunk { world, difference } = self;
        let turn = world.turn.map_or("none".to_owned(), |turn| format!("{} from {}", regimes[turn.to].name, turn.at));
        let mut deliveries: Vec<_> = world.cases.iter().flat_map(|case| &case.deliveries).collect();
        deliveries.sort_by_key(|delivery| delivery.enters);
        let lines: Vec<String> = deliveries.iter().map(|delivery| as_line(&delivery.event)).collect();
        let cases: Vec<String> = world.cases.iter().map(|case| format!("{} ({:?})", case.id(), case.place)).collect();
        format!(
            "they differ at {} in {}\n{}\nconfiguration change: {turn}; workers {}, at most {} facts a feed\n\
             to look at it: watchlight explain {} --events FILE --at {} with these lines in FILE\n{}",
            difference.at,
            cases.join(", "),
            difference.what,
            world.workers,
            world.feed_max,
            world.cases.first().map(|case| case.id()).unwrap_or_default(),
            difference.at,
            lines.join("\n")
        )
    }
}

fn as_line(event: &Event) -> String {
    line::write(event)
}
