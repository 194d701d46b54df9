//! Worlds: random histories of many cases, and one way in which their facts reach the operator.
//!
//! A history is a set of record versions with their arrivals. How it is dealt out is chance: in order of
//! arrival or in another order, some of it again, in pieces of any size. As in the service, a fact enters
//! at the latest arrival among those dealt so far, so that what is printed can be replayed as it stands.

use std::collections::BTreeSet;

use facts::{Address, Event, Moment};
use twin::random::{Dice, Feature, random_case};

use super::regime::{Regime, SHIPPED};

/// Months after everything that happens, when every limit has ended: 2027-01-01 in UTC.
pub(super) const END: Moment = Moment::from_millis(1_798_761_600_000);

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Some day in the middle of all histories: 2026-02-10 in UTC, and how many days follow.
const CHANGE_FROM: i64 = 1_770_681_600_000;
const CHANGE_DAYS: i64 = 90;

/// A record version on its way.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Delivery {
    /// The clock value at which it is known.
    pub(super) enters: Moment,
    /// What it says, with its arrival.
    pub(super) event: Event,
}

/// Where the offices of a history lie.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Province {
    /// In one that supervises by the national profile.
    National,
    /// In the one that has its own.
    Hunan,
    /// In both, so that whoever owns the case decides how it is judged.
    Both,
}

/// One history, dealt out.
#[derive(Clone, Debug)]
pub(super) struct Dealt {
    /// What made the history, and its case number.
    pub(super) seed: u64,
    pub(super) features: BTreeSet<Feature>,
    pub(super) place: Province,
    /// In the order in which they enter.
    pub(super) deliveries: Vec<Delivery>,
    /// Not in the order of arrival.
    pub(super) permuted: bool,
    /// Some of it came again.
    pub(super) redelivered: bool,
}

impl Dealt {
    /// Case number.
    pub(super) fn id(&self) -> String {
        format!("RC-{}", self.seed)
    }

    /// What is known at `t`, with arrivals.
    pub(super) fn known(&self, t: Moment) -> Vec<(Event, Moment)> {
        let entered = self.deliveries.iter().take_while(|delivery| delivery.enters <= t);
        entered
            .map(|Delivery { event, .. }| (event.clone(), event.arrived.expect("histories carry arrivals")))
            .collect()
    }
}

/// A configuration that takes over.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Turn {
    pub(super) at: Moment,
    /// Place among the regimes.
    pub(super) to: usize,
}

/// Many histories, and how they are played.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// What decides the order of everything, and the seed of its first history.
    pub(super) seed: u64,
    pub(super) cases: Vec<Dealt>,
    pub(super) turn: Option<Turn>,
    pub(super) workers: usize,
    /// The most facts a feed.
    pub(super) feed_max: usize,
}

impl World {
    /// The world of the histories `seed`, `seed + 1` and so on.
    pub(super) fn deal(seed: u64, cases: usize, regimes: &[Regime]) -> World {
        let mut dice = Dice::new(!seed, &[]);
        let seeds = (seed..).take(cases);
        let cases: Vec<Dealt> = seeds.map(|seed| deal(seed, &regimes[SHIPPED])).collect();
        let turn = dice
            .percent(60)
            .then(|| Turn { at: turning_point(&mut dice, &cases), to: 1 + dice.below(regimes.len() - 1) });
        let feed_max = if cases.len() <= 4 { 1 + dice.below(8) } else { dice.pick(&[97, 500, 2_000, usize::MAX]) };
        World { seed, cases, turn, workers: 1 + dice.below(4), feed_max }
    }

    /// The regime in force at `t`, by its place.
    pub(super) fn regime_at(&self, t: Moment) -> usize {
        self.turn.filter(|turn| turn.at <= t).map_or(SHIPPED, |turn| turn.to)
    }
}

/// Any instant, or one at which a fact enters or at which many limits end: the first after the close of a day.
fn turning_point(dice: &mut Dice<'_>, cases: &[Dealt]) -> Moment {
    match dice.below(3) {
        0 => Moment::from_millis(CHANGE_FROM + dice.between(0, CHANGE_DAYS * DAY / 1000) * 1000),
        1 => Moment::from_millis(CHANGE_FROM + dice.between(0, CHANGE_DAYS) * DAY + 10 * HOUR + 1),
        _ => {
            let deliveries = &cases[dice.below(cases.len())].deliveries;
            deliveries[dice.below(deliveries.len())].enters
        }
    }
}

fn deal(seed: u64, regime: &Regime) -> Dealt {
    let history = random_case(seed, &regime.calendar, &[]);
    let mut dice = Dice::new(!seed.rotate_left(17), &[]);
    let mut events: Vec<Event> = history.facts.into_iter().map(|(event, _)| event).collect();
    let place = dice.pick(&[Province::National, Province::National, Province::Hunan, Province::Both]);
    let salt = dice.below(3);
    // By the record, so that all its versions stay one record.
    let moves = |event: &&mut Event| match place {
        Province::National => false,
        Province::Hunan => true,
        Province::Both => event.id.bytes().map(usize::from).sum::<usize>() % 3 == salt,
    };
    events.iter_mut().filter(moves).for_each(|event| event.address = in_hunan(&event.address));
    let redelivered = dice.percent(30);
    if redelivered {
        let again: Vec<Event> = events.iter().filter(|_| dice.percent(20)).cloned().collect();
        events.extend(again);
    }
    let permuted = dice.percent(40);
    let whole = dice.percent(20);
    let arrived = |event: &Event| event.arrived.expect("histories carry arrivals");
    let mut order: Vec<(i64, Event)> = events
        .into_iter()
        .map(|event| {
            let held_up = permuted && (whole || dice.percent(25));
            let delay = if held_up { dice.between(0, 30 * DAY) } else { 0 };
            (arrived(&event).millis() + delay, event)
        })
        .collect();
    // Stable: what comes again comes after what came.
    order.sort_by_key(|(turn, _)| *turn);
    let mut clock = Moment::MIN;
    let deliveries = order.into_iter().map(|(_, event)| {
        clock = clock.max(arrived(&event));
        Delivery { enters: clock, event }
    });
    Dealt { seed, features: history.features, place, deliveries: deliveries.collect(), permuted, redelivered }
}

/// The office of the same name in the province that supervises by its own profile.
fn in_hunan(address: &Address) -> Address {
    let subject = address.subject("approval").replacen(".36", ".43", 1);
    Address::from_subject("approval", &subject).expect("a subject with another province")
}
