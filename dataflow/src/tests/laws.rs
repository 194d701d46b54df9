//! Random worlds: at every closed instant the operator agrees with the law evaluated plainly, with the
//! specification in plain differential, and with the fold of what it said; and how a world is cut
//! into feeds, ordered within a clock value, repeated or spread over workers changes not one byte.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::city::City;
use super::worlds::{END, Play, any_world, assert_chains, at, fold, law, play};
use crate::Entry;
use crate::textbook::Textbook;

fn any_cuts() -> impl Strategy<Value = BTreeSet<i64>> {
    prop::collection::btree_set(2..END, 0..6)
}

fn shuffled(entries: &[Entry], seed: u64) -> Vec<Entry> {
    let mut shuffled = entries.to_vec();
    let mut state = seed;
    for place in (1..shuffled.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        shuffled.swap(place, (state >> 33) as usize % (place + 1));
    }
    shuffled
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lights_counts_and_fold_equal_the_law_at_every_closed_instant(
        world in any_world(), cuts in any_cuts(), workers in 1..4_usize,
    ) {
        let city = City::new(30);
        let played = play(&world, &city, &Play::new(workers, cuts));
        assert_chains(&played.transitions);
        for seen in &played.seen {
            let (lights, counts) = law(&world, &city, seen.through);
            prop_assert_eq!(&seen.lights, &lights, "lights at {:?}", seen.through);
            prop_assert_eq!(&seen.counts, &counts, "counts at {:?}", seen.through);
            let said = played.transitions.iter().filter(|said| said.decided_at <= seen.through);
            prop_assert_eq!(fold(said), lights, "fold at {:?}", seen.through);
        }
    }

    #[test]
    fn the_fold_equals_the_textbook_at_every_instant(world in any_world()) {
        let city = City::new(30);
        let played = play(&world, &city, &Play::whole());
        let textbook = Textbook::of(&world, &Arc::new(city));
        for through in 0..END {
            let said = played.transitions.iter().filter(|said| said.decided_at <= at(through));
            prop_assert_eq!(fold(said), textbook.at(at(through)), "at {}", through);
        }
    }

    #[test]
    fn feeds_order_and_workers_change_not_one_byte(
        world in any_world(), cuts in any_cuts(), seed in any::<u64>(),
    ) {
        let city = City::new(30);
        let expected = play(&world, &city, &Play::whole()).lines();
        let every_instant = Play::new(1, 1..END);
        prop_assert_eq!(&play(&world, &city, &every_instant).lines(), &expected, "one instant a feed");
        for (workers, seed) in [(1, seed), (2, seed ^ 1), (4, seed ^ 2)] {
            let played = play(&shuffled(&world, seed), &city, &Play::new(workers, cuts.clone()));
            prop_assert_eq!(&played.lines(), &expected, "{} workers, shuffled", workers);
        }
    }

    #[test]
    fn a_repeated_fact_changes_nothing(world in any_world(), delay in 0..60_i64, repeated in any::<u64>()) {
        let city = City::new(30);
        let mut again = world.clone();
        again.extend(world.iter().enumerate().filter(|(place, _)| repeated >> (place % 64) & 1 == 1).map(|(_, entry)| {
            Entry { enters: entry.enters.plus_millis(delay), ..entry.clone() }
        }));
        prop_assert_eq!(play(&again, &city, &Play::whole()).lines(), play(&world, &city, &Play::whole()).lines());
    }

    #[test]
    fn a_catch_up_is_silent_and_then_says_the_net(
        world in any_world(), cuts in any_cuts(), announce_at in 1..200_i64, workers in 1..3_usize,
    ) {
        let city = City::new(30);
        let silent = Play { announce_at: Some(announce_at), ..Play::new(workers, cuts) };
        let played = play(&world, &city, &silent);
        assert_chains(&played.transitions);
        prop_assert!(played.transitions.iter().all(|said| said.decided_at >= at(announce_at)), "silence before");
        let first = played.transitions.iter().filter(|said| said.decided_at == at(announce_at));
        prop_assert_eq!(fold(first.clone()), law(&world, &city, at(announce_at)).0, "the net at once");
        prop_assert!(first.clone().all(|said| said.revision == 1), "no more than the net");
        for seen in &played.seen {
            prop_assert_eq!(&seen.lights, &law(&world, &city, seen.through).0, "lights stand, said or not");
        }
        prop_assert_eq!(fold(&played.transitions), law(&world, &city, at(END - 1)).0);
    }

    #[test]
    fn a_new_configuration_judges_everything_from_its_instant_on(
        world in any_world(), cuts in any_cuts(), from in 1..200_i64, workers in 1..3_usize,
    ) {
        let (old, new) = (City::new(30), City::new(55));
        let change = Some((from, new.clone()));
        let played = play(&world, &old, &Play { change: change.clone(), ..Play::new(workers, cuts) });
        assert_chains(&played.transitions);
        for through in 0..END {
            let said = played.transitions.iter().filter(|said| said.decided_at <= at(through));
            let city = if through < from { &old } else { &new };
            prop_assert_eq!(fold(said), law(&world, city, at(through)).0, "at {}", through);
        }
        prop_assert_eq!(play(&world, &old, &Play { change, ..Play::whole() }).lines(), played.lines());
    }
}
