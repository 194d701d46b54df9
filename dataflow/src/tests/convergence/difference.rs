//! Where the operator and the twin do not agree on a world.

use std::collections::{BTreeMap, BTreeSet};

use facts::{Address, Event, Light, Moment, StandingLight, Transition};
use twin::random::{Dice, interesting_instants};

use super::chain;
use super::played::{Look, Played, play};
use super::regime::{Regime, SHIPPED};
use super::tally::Tally;
use super::world::{Dealt, END, World};
use crate::CountRow;

const DAY: i64 = 24 * 3_600_000;

/// One place where they differ.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    /// The history, where one is to blame.
    pub(super) seed: Option<u64>,
    /// When.
    pub(super) at: Moment,
    pub(super) what: String,
}

/// At how many instants of each history the two are compared.
#[derive(Clone, Debug)]
pub(super) enum Depth {
    /// A few that are drawn.
    Drawn,
    /// All at which something may turn, and these: for shrinking.
    Every(BTreeSet<Moment>),
}

/// Plays a world and names the first difference; counts what was seen.
pub(super) fn first(world: &World, regimes: &[Regime], depth: &Depth, tally: &mut Tally) -> Option<Difference> {
    let played = match play(world, regimes) {
        Ok(played) => played,
        Err(error) => return Some(Difference { seed: None, at: END, what: error.to_string() }),
    };
    let mut by_case: BTreeMap<&str, Vec<&Transition>> = BTreeMap::new();
    for said in &played.said {
        by_case.entry(&said.case).or_default().push(said);
    }
    for case in &world.cases {
        let said = by_case.remove(case.id().as_str()).unwrap_or_default();
        let compared = Compared { world, regimes, case, said: &said, known: case.known(END) };
        if let Err(difference) = compared.agree(depth, tally) {
            return Some(difference);
        }
        tally.history(world, case, &said, regimes);
    }
    if let Some(case) = by_case.keys().next() {
        return Some(Difference { seed: None, at: END, what: format!("{case} was never fed and has lights") });
    }
    if !played.said.is_sorted_by(|a, b| a.order_key() < b.order_key()) {
        return Some(Difference {
            seed: None,
            at: END,
            what: "  the output is not in the order of the clock".to_owned(),
        });
    }
    tally.looks += played.looks.len() as u64;
    fold_is_shown(&played)
}

/// One history with what was said of it.
pub(super) struct Compared<'w> {
    pub(super) world: &'w World,
    pub(super) regimes: &'w [Regime],
    pub(super) case: &'w Dealt,
    /// In the order of output.
    pub(super) said: &'w [&'w Transition],
    /// Everything that was ever known, in the order in which it entered, with arrivals.
    pub(super) known: Vec<(Event, Moment)>,
}

impl Compared<'_> {
    fn agree(&self, depth: &Depth, tally: &mut Tally) -> Result<(), Difference> {
        let mut dice = Dice::new(self.case.seed ^ 0xc0de, &[]);
        chain::is_whole(self)?;
        chain::causes_are_sane(self)?;
        for at in self.instants(depth, &mut dice) {
            tally.instants += 1;
            let (folded, expected) = (fold(self.said, at), self.twin_at(at, at));
            if folded != expected {
                let rows =
                    |lights: &[StandingLight]| -> Vec<String> { lights.iter().map(StandingLight::row).collect() };
                let what = format!("  operator {:#?}\n  twin     {:#?}", rows(&folded), rows(&expected));
                return Err(self.difference(at, what));
            }
        }
        chain::endings_are_worded_rightly(self, depth, &mut dice, tally)
    }

    /// How much of what was ever known is known at `now`.
    pub(super) fn known_at(&self, now: Moment) -> &[(Event, Moment)] {
        let entered = self.case.deliveries.partition_point(|delivery| delivery.enters <= now);
        &self.known[..entered]
    }

    /// The twin's lights at `t` by what is known at `now`.
    pub(super) fn twin_at(&self, now: Moment, t: Moment) -> Vec<StandingLight> {
        let regime = &self.regimes[self.world.regime_at(now)];
        if now == t {
            return regime.lights(self.known_at(now), self.case.place, t);
        }
        let todays: Vec<_> =
            self.known_at(now).iter().map(|(event, arrived)| (event.clone(), t.min(*arrived))).collect();
        regime.lights(&todays, self.case.place, t)
    }

    pub(super) fn difference(&self, at: Moment, what: String) -> Difference {
        Difference { seed: Some(self.case.seed), at, what }
    }

    fn instants(&self, depth: &Depth, dice: &mut Dice<'_>) -> BTreeSet<Moment> {
        let mut instants = BTreeSet::from([END]);
        let calendar = &self.regimes[SHIPPED].calendar;
        match depth {
            Depth::Every(more) => {
                instants.extend(more);
                instants.extend(interesting_instants(&self.known, calendar));
                instants.extend(self.said.iter().flat_map(|said| [said.decided_at, said.decided_at.plus_millis(-1)]));
                instants.extend(self.world.turn.iter().flat_map(|turn| [turn.at, turn.at.plus_millis(-1)]));
            }
            Depth::Drawn => {
                if !self.said.is_empty() {
                    let turning = self.said[dice.below(self.said.len())].decided_at;
                    instants.extend([turning, turning.plus_millis(-1)]);
                }
                if let Some(turn) = self.world.turn.filter(|_| dice.percent(30)) {
                    instants.insert(turn.at);
                }
                let delivery = &self.case.deliveries[dice.below(self.case.deliveries.len())];
                let at = delivery.event.at.moment(calendar.zone());
                instants.insert(delivery.enters);
                instants.insert(at.max(delivery.enters).plus_millis(dice.between(0, 40 * DAY)));
            }
        }
        instants.retain(|at| *at <= END);
        instants
    }
}

/// The lights that stand at `at` by what was said.
fn fold(said: &[&Transition], at: Moment) -> Vec<StandingLight> {
    let mut last: BTreeMap<(&str, &str), &Transition> = BTreeMap::new();
    for next in said.iter().take_while(|next| next.decided_at <= at) {
        last.insert((&next.rule, &next.instance), next);
    }
    let mut lights: Vec<_> = last.into_values().filter_map(Transition::standing).collect();
    lights.sort();
    lights
}

/// Cases by office and worst lamp, where a light stands, counted once more.
fn miscounted(lights: &[StandingLight], counts: &[CountRow]) -> Option<String> {
    let mut worst: BTreeMap<&str, (&Address, Light)> = BTreeMap::new();
    for light in lights {
        let held = worst.entry(&light.case).or_insert((&light.owner, light.light));
        held.1 = held.1.max(light.light);
    }
    let mut expected: BTreeMap<(&Address, Light), u64> = BTreeMap::new();
    worst.values().for_each(|row| *expected.entry(*row).or_default() += 1);
    let lit = counts.iter().filter(|row| row.light != Light::Green);
    let counted: BTreeMap<(&Address, Light), u64> = lit.map(|row| ((&row.owner, row.light), row.cases)).collect();
    (counted != expected).then(|| format!("  counted {counted:?}\n  lights  {expected:?}"))
}

/// At each look the lights that stand are the fold of what was said up to then.
fn fold_is_shown(played: &Played) -> Option<Difference> {
    let mut standing: BTreeMap<(&str, &str, &str), StandingLight> = BTreeMap::new();
    let mut left = played.said.iter().peekable();
    for Look { as_of, lights, counts } in &played.looks {
        while let Some(next) = left.next_if(|next| next.decided_at <= *as_of) {
            let key = (next.case.as_str(), next.rule.as_str(), next.instance.as_str());
            match next.standing() {
                Some(light) => drop(standing.insert(key, light)),
                None => drop(standing.remove(&key)),
            }
        }
        if standing.values().eq(lights) {
            if let Some(what) = miscounted(lights, counts) {
                return Some(Difference { seed: None, at: *as_of, what });
            }
            continue;
        }
        let (said, shown): (BTreeSet<_>, BTreeSet<_>) = (standing.values().collect(), lights.iter().collect());
        let odd = said.symmetric_difference(&shown).next();
        let seed = odd.and_then(|light| light.case.strip_prefix("RC-")?.parse().ok());
        let what =
            format!("  a light is said and not shown, or shown and not said: {:?}", odd.map(|light| light.row()));
        return Some(Difference { seed, at: *as_of, what });
    }
    None
}
