//! From a profile and a seed to facts in order of arrival, and the lights they must end in.
//!
//! Every case is drawn from a random stream of its own (ChaCha8, stream number = case number), so
//! that a case can be drawn again whenever it is needed: memory holds sixteen bytes an event, and in
//! full only the cases that are on their way. How many cases are of which kind is settled by the
//! profile; the seed decides which ones, and everything about them.
//! Invariant: one seed, profile and number of cases give the same bytes on every machine.

use std::collections::HashMap;

use facts::{Event, Moment, StandingLight};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::calendar::{self, WorkingDays};
use crate::case_plan::{Aim, CasePlan};
use crate::city::{City, Fault};
use crate::delivery;
use crate::draft::Draft;
use crate::gaming::PATTERNS;
use crate::life::{self, Kin};
use crate::profile::{LifeKind, Profile, WHOLE, Window};
use crate::scenario::TRIALS;
use crate::truth;

/// Member cases of one joint handling.
const MEMBERS: usize = 4;

/// What to generate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Number of cases.
    pub cases: usize,
    /// Seed.
    pub seed: u64,
    /// Shares and window.
    pub profile: Profile,
}

impl Options {
    /// `profile` at its own size.
    #[must_use]
    pub fn new(profile: Profile, seed: u64) -> Options {
        Options { cases: profile.cases, seed, profile }
    }
}

/// Why nothing was generated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The sample city that is built in does not hold together.
    #[error("the sample city could not be read")]
    City(#[from] Fault),
    /// More cases than a case number has room for.
    #[error("{0} cases are too many; at most {max}", max = u32::MAX)]
    TooMany(usize),
}

/// What a case is drawn as.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Slot {
    /// An ordinary case; for members and upper cases, the number of the case they belong to.
    Life(LifeKind, u32),
    /// The `number`th case that tries `TRIALS[trial]` with this aim.
    Script { trial: u8, aim: Aim, number: u32 },
    /// A case that games the clock by `PATTERNS[pattern]`.
    Gaming { pattern: u8 },
}

/// One event's place in the order of arrival.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    arrived: Moment,
    case: u32,
    event: u16,
}

/// Facts in order of arrival and the truth about them.
#[derive(Clone, Debug)]
pub struct Generated {
    options: Options,
    city: City,
    days: WorkingDays,
    window: Window,
    slots: Vec<Slot>,
    order: Vec<Place>,
    truth: Vec<StandingLight>,
}

/// Plans all cases, works out their truth, and orders their events by arrival.
///
/// # Errors
/// When the built-in city does not hold together, or the number of cases is beyond a case number.
pub fn generate(options: &Options) -> Result<Generated, GenerateError> {
    if u32::try_from(options.cases).is_err() {
        return Err(GenerateError::TooMany(options.cases));
    }
    let days = WorkingDays::load()?;
    let window = Window::of(&options.profile, &days);
    let mut generated = Generated {
        slots: slots(options),
        city: City::load(options.profile.live_week)?,
        options: options.clone(),
        days,
        window,
        order: Vec::new(),
        truth: Vec::new(),
    };
    let (mut order, mut truth) = (Vec::new(), Vec::new());
    for case in 0..u32::try_from(options.cases).expect("checked above") {
        let plan = generated.plan(case);
        truth.extend(truth::standing(&plan, &generated.days, window.until));
        for (event, said) in (0_u16..).zip(plan.events()) {
            let arrived = said.arrived.expect("generated facts say when they arrived");
            order.push(Place { arrived, case, event });
        }
    }
    order.sort_unstable();
    truth.sort_unstable();
    (generated.order, generated.truth) = (order, truth);
    Ok(generated)
}

impl Generated {
    /// End of the run: the supervision clock of the truth.
    #[must_use]
    pub fn until(&self) -> Moment {
        self.window.until
    }

    /// Start of the live week: what arrives before it is backlog.
    #[must_use]
    pub fn replay_from(&self) -> Moment {
        self.window.replay_from
    }

    /// What was asked for.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Number of events.
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.order.len()
    }

    /// The lights that stand at [`Generated::until`], sorted by case, rule and instance.
    #[must_use]
    pub fn truth(&self) -> &[StandingLight] {
        &self.truth
    }

    /// The plans, one case after the other.
    pub fn plans(&self) -> impl Iterator<Item = CasePlan> {
        (0..self.slots.len()).map(|case| self.plan(u32::try_from(case).expect("checked at the start")))
    }

    /// The events in order of arrival, each with `arrived`.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        let mut under_way: HashMap<u32, (usize, Vec<Option<Event>>)> = HashMap::new();
        self.order.iter().map(move |place| {
            let (left, events) = under_way.entry(place.case).or_insert_with(|| {
                let events: Vec<_> = self.plan(place.case).events().into_iter().map(Some).collect();
                (events.len(), events)
            });
            let event = events[usize::from(place.event)].take().expect("each event has one place");
            *left -= 1;
            if *left == 0 {
                under_way.remove(&place.case);
            }
            event
        })
    }

    /// Draws one case.
    fn plan(&self, case: u32) -> CasePlan {
        let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed);
        rng.set_stream(u64::from(case) + 1);
        let mut draft = Draft::new(&self.city, &self.days, self.window, rng, case);
        match self.slots[case as usize] {
            Slot::Life(kind, kin) => {
                let kin = matches!(kind, LifeKind::JointMember | LifeKind::ForwardedUpper).then(|| self.kin(kin));
                life::tell(&mut draft, kind, self.options.profile.live, kin);
            }
            Slot::Script { trial, aim, number } => {
                TRIALS[usize::from(trial)].tell(&mut draft, aim, number as usize);
            }
            Slot::Gaming { pattern } => PATTERNS[usize::from(pattern)].tell(&mut draft),
        }
        delivery::finish(draft, &self.options.profile.arrivals)
    }

    /// What a member or an upper case needs to know of the case it belongs to.
    fn kin(&self, case: u32) -> Kin {
        let plan = self.plan(case);
        let facts = &plan.facts;
        let told = if plan.case_type == "forwarded" { facts.last() } else { facts.first() };
        let place = self.days.place_from(calendar::day_of(told.expect("a case has a fact").at));
        Kin { case: plan.case, item: plan.item.code.clone(), level: plan.owner.level, region: plan.owner.region, place }
    }
}

/// What each case is drawn as: quotas by the profile, dealt out by the seed.
fn slots(options: &Options) -> Vec<Slot> {
    let Options { cases, profile, .. } = options;
    let mut slots = Vec::with_capacity(*cases);
    for (trial, scripts) in (0_u8..).zip(&TRIALS) {
        for (aim, shares) in [(Aim::Breach, &profile.breaches), (Aim::NearMiss, &profile.near_misses)] {
            let share = shares.get(scripts.rule).copied().unwrap_or(0);
            let quota = (cases * share + WHOLE / 2) / WHOLE;
            slots.extend((0..quota).map(|number| {
                let number = u32::try_from(number).expect("checked at the start");
                Slot::Script { trial, aim, number }
            }));
        }
    }
    for (pattern, scripts) in (0_u8..).zip(&PATTERNS) {
        let share = profile.gaming.get(scripts.name).copied().unwrap_or(0);
        let quota = (cases * share + WHOLE / 2) / WHOLE;
        slots.extend(std::iter::repeat_n(Slot::Gaming { pattern }, quota));
    }
    slots.truncate(*cases);
    let ordinary = cases - slots.len();
    let lives = profile.lives.shares();
    let weight: usize = lives.iter().map(|(kind, share)| share * (1 + followers(*kind).map_or(0, |(_, n)| n))).sum();
    for (kind, share) in lives.into_iter().skip(1) {
        let quota = ordinary * share / weight;
        slots.extend(std::iter::repeat_n(Slot::Life(kind, 0), quota));
        if let Some((follower, each)) = followers(kind) {
            slots.extend(std::iter::repeat_n(Slot::Life(follower, 0), quota * each));
        }
    }
    // The first kind, by far the largest, takes what rounding leaves.
    slots.resize(*cases, Slot::Life(lives[0].0, 0));
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    for place in (1..slots.len()).rev() {
        let other = rng.random_range(0..=u32::try_from(place).expect("checked at the start"));
        slots.swap(place, other as usize);
    }
    join_kin(&mut slots);
    slots
}

/// The cases that a case of this kind brings along, and how many.
fn followers(kind: LifeKind) -> Option<(LifeKind, usize)> {
    match kind {
        LifeKind::JointParent => Some((LifeKind::JointMember, MEMBERS)),
        LifeKind::ForwardedLower => Some((LifeKind::ForwardedUpper, 1)),
        _ => None,
    }
}

/// Tells each member and upper case which case it belongs to.
fn join_kin(slots: &mut [Slot]) {
    for leader in [LifeKind::JointParent, LifeKind::ForwardedLower] {
        let (follower, each) = followers(leader).expect("leaders have followers");
        let of_kind = |wanted: LifeKind| move |slot: &Slot| matches!(slot, Slot::Life(kind, _) if *kind == wanted);
        let leaders: Vec<u32> =
            (0_u32..).zip(slots.iter()).filter(|(_, slot)| of_kind(leader)(slot)).map(|(case, _)| case).collect();
        let members = slots.iter_mut().filter(|slot| of_kind(follower)(slot));
        for (number, slot) in members.enumerate() {
            *slot = Slot::Life(follower, leaders[number / each]);
        }
    }
}

#[cfg(test)]
mod tests;
