use std::sync::Arc;

use facts::transition::About;
use facts::{Activity, Card, Transition};
use proptest::prelude::*;

use super::{Forecast, ForecastPlace, ForecastQuestion};
use crate::tests::city::City;
use crate::tests::silence;
use crate::tests::worlds::{END, Play, any_world, at, fact, options, rest};
use crate::{Entry, Runner};

fn asked(until: i64) -> ForecastQuestion {
    ForecastQuestion { until: at(until), wanted: Arc::new(|_| true), after: None, rows_max: usize::MAX }
}

/// What is foreseen at `now` up to `until`, and what is then said when no more facts enter.
fn foreseen_and_said(
    world: &[Entry],
    city: &City,
    workers: usize,
    now: i64,
    until: i64,
) -> (Forecast, Vec<Transition>) {
    let (runner, closings) =
        Runner::start(&options(&Play::new(workers, [])), Arc::new(city.clone())).expect("workers start");
    let known = world.iter().filter(|entry| entry.enters <= at(now)).cloned().collect();
    runner.feed(known, at(now + 1)).expect("running");
    let foreseen = runner.forecast(&asked(until)).expect("running");
    runner.advance(at(until + 1)).expect("running");
    runner.finish().expect("no failure");
    let said = rest(&closings).into_iter().filter(|said| said.decided_at > at(now) && said.about == About::Case);
    (foreseen, said.collect())
}

fn lines(changes: &[Transition]) -> Vec<String> {
    changes.iter().map(Transition::to_line).collect()
}

proptest! {
    /// To the byte: identity, revision, kind, cause, reason and proof, with facts that are dated ahead, too.
    #[test]
    fn what_is_foreseen_is_what_is_said_when_the_clock_gets_there(
        world in any_world(),
        now in 0..150_i64,
        ahead in 0..END,
        workers in 1..3_usize,
    ) {
        let (foreseen, said) = foreseen_and_said(&world, &City::new(30), workers, now, now + ahead);
        prop_assert_eq!(foreseen.as_of, at(now));
        prop_assert_eq!(lines(&foreseen.changes), lines(&said));
        prop_assert_eq!(foreseen.total, said.len() as u64);
    }

    /// A source that is silent stays so: what waits for it is told at the instant at which it is raised all the same.
    #[test]
    fn what_a_silent_source_holds_back_is_foreseen_where_it_is_raised(
        world in any_world(),
        now in 20..200_i64,
        ahead in 0..END,
    ) {
        // Every source that was heard at all is silent by now.
        let world: Vec<Entry> = world.into_iter().filter(|entry| entry.enters <= at(now - 15)).collect();
        let (foreseen, said) = foreseen_and_said(&world, &silence::city(), 2, now, now + ahead);
        prop_assert_eq!(lines(&foreseen.changes), lines(&said));
    }

    /// Page after page gives what one page gives.
    #[test]
    fn pages_leave_nothing_out_and_say_nothing_twice(world in any_world(), now in 0..100_i64, rows in 1..4_usize) {
        let (runner, _closings) =
            Runner::start(&options(&Play::new(2, [])), Arc::new(City::new(30))).expect("workers start");
        let known = world.iter().filter(|entry| entry.enters <= at(now)).cloned().collect();
        runner.feed(known, at(now + 1)).expect("running");
        let whole = runner.forecast(&asked(END)).expect("running");
        let mut paged: Vec<Transition> = Vec::new();
        loop {
            let after = paged.last().map(ForecastPlace::of);
            let page = runner.forecast(&ForecastQuestion { after, rows_max: rows, ..asked(END) }).expect("running");
            prop_assert_eq!(page.total, whole.total);
            prop_assert!(page.changes.len() <= rows);
            if page.changes.is_empty() {
                break;
            }
            paged.extend(page.changes);
        }
        prop_assert_eq!(lines(&paged), lines(&whole.changes));
    }
}

/// A case submitted at 0 has a warning from 21 on and a red card from 31 on.
#[test]
fn a_source_that_speaks_is_taken_to_go_on_speaking() {
    let world = [fact("s", Activity::Submitted, 0)];
    let (foreseen, _) = foreseen_and_said(&world, &silence::city(), 1, 5, 60);
    let told: Vec<_> = foreseen.changes.iter().map(|change| (change.decided_at, change.card)).collect();
    assert_eq!(told, [(at(21), Card::Warning), (at(31), Card::Red)]);
    // Silent since 11, it holds the same back.
    let (foreseen, said) = foreseen_and_said(&world, &silence::city(), 1, 15, 140);
    let told: Vec<_> = foreseen.changes.iter().map(|change| (change.decided_at, change.card)).collect();
    assert_eq!(told, [(at(121), Card::Warning), (at(131), Card::Red)]);
    assert_eq!(lines(&foreseen.changes), lines(&said));
}

#[test]
fn only_what_is_wanted_is_told_and_counted() {
    let world = [fact("s", Activity::Submitted, 0), fact("s", Activity::Submitted, 1).case("D")];
    let (runner, _closings) = Runner::start(&options(&Play::whole()), Arc::new(City::new(30))).expect("workers start");
    runner.feed(world.to_vec(), at(10)).expect("running");
    let wanted = Arc::new(|change: &Transition| change.case == "D" && change.card == Card::Red);
    let found = runner.forecast(&ForecastQuestion { wanted, ..asked(END) }).expect("running");
    assert_eq!((found.total, found.changes.len()), (1, 1));
    assert_eq!((found.changes[0].decided_at, found.changes[0].case.as_str()), (at(32), "D"));
}
