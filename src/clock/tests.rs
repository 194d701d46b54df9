//! The two clocks. Readings are made by hand: nothing here waits.

use super::*;

fn at(text: &str) -> Moment {
    text.parse().expect("an instant")
}

/// A reading `monotonic_secs` after the clock was started, at which the wall shows `wall`.
fn reading(wall: &str, monotonic_secs: u64) -> Reading {
    Reading { wall: at(wall), monotonic: Duration::from_secs(monotonic_secs) }
}

fn started_at_nine() -> WallClock {
    WallClock::new(reading("2026-01-05T09:00:00Z", 0))
}

mod virtual_clock {
    use super::*;

    #[test]
    fn facts_that_tell_when_they_arrived_enter_then() {
        let mut clock = VirtualClock::new(None);
        let (said, came) = (at("2026-01-05T09:00:00Z"), at("2026-01-05T10:00:00Z"));
        assert_eq!(clock.enter(said, Some(came)), Entry::At(came));
    }

    #[test]
    fn facts_without_arrival_enter_at_the_highest_business_time_so_far() {
        let mut clock = VirtualClock::new(None);
        let (first, later) = (at("2026-01-05T09:00:00Z"), at("2026-01-05T11:00:00Z"));
        assert_eq!(clock.enter(later, None), Entry::At(later));
        assert_eq!(clock.enter(first, None), Entry::At(later), "a late line does not turn the clock back");
    }

    #[test]
    fn a_future_date_on_a_line_with_arrival_does_not_move_the_clock() {
        let mut clock = VirtualClock::new(None);
        let came = at("2026-01-05T09:00:00Z");
        assert_eq!(clock.enter(at("2030-01-01T00:00:00Z"), Some(came)), Entry::At(came));
        let next = at("2026-01-05T09:30:00Z");
        assert_eq!(clock.enter(next, None), Entry::At(next));
    }

    #[test]
    fn a_fact_dated_after_the_end_enters_at_the_end_and_one_that_arrived_after_it_does_not() {
        let until = at("2026-01-05T12:00:00Z");
        let mut clock = VirtualClock::new(Some(until));
        let beyond = at("2026-01-06T00:00:00Z");
        assert_eq!(clock.enter(beyond, None), Entry::At(until));
        assert_eq!(clock.enter(at("2026-01-05T08:00:00Z"), Some(beyond)), Entry::AfterTheEnd);
        assert_eq!(clock.now(), until);
    }

    #[test]
    fn after_the_last_line_it_runs_on_to_the_end() {
        let until = at("2026-01-05T12:00:00Z");
        let mut clock = VirtualClock::new(Some(until));
        clock.enter(at("2026-01-05T08:00:00Z"), None);
        assert_eq!(clock.finish(), until);
    }

    #[test]
    fn without_an_end_it_stays_at_the_last_fact() {
        let mut clock = VirtualClock::new(None);
        let only = at("2026-01-05T08:00:00Z");
        clock.enter(only, None);
        assert_eq!(clock.finish(), only);
    }
}

mod wall_clock {
    use super::*;

    #[test]
    fn a_drained_stream_lets_it_follow_the_wall() {
        let mut clock = started_at_nine();
        assert_eq!(clock.follow(reading("2026-01-05T09:00:05Z", 5)), Ok(at("2026-01-05T09:00:05Z")));
    }

    #[test]
    fn an_unread_message_holds_it_at_its_arrival_and_the_drained_stream_lets_it_catch_up() {
        let mut clock = started_at_nine();
        let hours_ago = at("2026-01-05T03:00:00Z");
        assert_eq!(clock.enter(hours_ago, reading("2026-01-05T09:00:01Z", 1)), Entry::At(hours_ago));
        assert_eq!(clock.follow(reading("2026-01-05T09:00:02Z", 2)), Ok(at("2026-01-05T09:00:02Z")));
    }

    #[test]
    fn a_fact_that_arrived_before_t_enters_at_t() {
        let mut clock = started_at_nine();
        let now = clock.follow(reading("2026-01-05T09:00:05Z", 5)).expect("the clocks agree");
        let entry = clock.enter(at("2026-01-05T09:00:04Z"), reading("2026-01-05T09:00:05Z", 5));
        assert_eq!(entry, Entry::At(now));
    }

    #[test]
    fn a_message_from_the_future_waits_until_the_wall_is_near() {
        let mut clock = started_at_nine();
        let ahead = at("2026-01-05T09:02:00Z");
        let frozen = clock.enter(ahead, reading("2026-01-05T09:00:00Z", 0));
        assert_eq!(frozen, Entry::Frozen(Freeze::StreamAhead { ahead_secs: 120 }));
        assert_eq!(clock.now(), Moment::MIN, "T did not move");
        assert_eq!(clock.enter(ahead, reading("2026-01-05T09:01:00Z", 60)), Entry::At(ahead));
    }

    #[test]
    fn a_wall_moved_by_more_than_a_minute_freezes_it_until_the_wall_is_right_again() {
        let mut clock = started_at_nine();
        assert_eq!(clock.follow(reading("2026-01-05T09:01:02Z", 1)), Err(Freeze::WallMoved { moved_secs: 61 }));
        assert_eq!(clock.follow(reading("2026-01-05T08:00:02Z", 2)), Err(Freeze::WallMoved { moved_secs: -3600 }));
        assert_eq!(clock.now(), Moment::MIN, "T did not move");
        assert_eq!(clock.follow(reading("2026-01-05T09:00:03Z", 3)), Ok(at("2026-01-05T09:00:03Z")));
    }

    #[test]
    fn a_small_step_of_the_wall_is_caught_up_two_seconds_a_reading() {
        let mut clock = started_at_nine();
        assert_eq!(clock.follow(reading("2026-01-05T09:00:06Z", 1)), Ok(at("2026-01-05T09:00:03Z")));
        assert_eq!(clock.follow(reading("2026-01-05T09:00:07Z", 2)), Ok(at("2026-01-05T09:00:06Z")));
        assert_eq!(clock.follow(reading("2026-01-05T09:00:08Z", 3)), Ok(at("2026-01-05T09:00:08Z")));
    }

    #[test]
    fn a_small_step_back_lets_it_stand_and_never_turns_it_back() {
        let mut clock = started_at_nine();
        let stood = clock.follow(reading("2026-01-05T09:00:10Z", 10)).expect("the clocks agree");
        assert_eq!(clock.follow(reading("2026-01-05T09:00:05Z", 11)), Ok(stood));
        assert_eq!(clock.follow(reading("2026-01-05T09:00:12Z", 18)), Ok(at("2026-01-05T09:00:12Z")));
    }

    #[test]
    fn facts_wait_as_well_while_the_wall_was_moved() {
        let mut clock = started_at_nine();
        let arrived = at("2026-01-05T09:00:01Z");
        let frozen = clock.enter(arrived, reading("2026-01-05T10:00:02Z", 2));
        assert_eq!(frozen, Entry::Frozen(Freeze::WallMoved { moved_secs: 3600 }));
        assert_eq!(clock.enter(arrived, reading("2026-01-05T09:00:03Z", 3)), Entry::At(arrived));
    }

    #[test]
    fn a_wall_set_forward_is_followed_once_a_person_confirms_it() {
        let mut clock = started_at_nine();
        let moved = reading("2026-01-05T10:00:01Z", 1);
        let freeze = clock.follow(moved).expect_err("an hour at once");
        clock.confirm(freeze, moved);
        assert_eq!(clock.follow(reading("2026-01-05T10:00:02Z", 2)), Ok(at("2026-01-05T10:00:02Z")));
    }

    #[test]
    fn a_wall_set_back_and_confirmed_lets_t_stand_and_facts_enter_there() {
        let mut clock = started_at_nine();
        let stood = clock.follow(reading("2026-01-05T09:00:10Z", 10)).expect("the clocks agree");
        let back = reading("2026-01-05T08:00:11Z", 11);
        let freeze = clock.follow(back).expect_err("an hour back");
        clock.confirm(freeze, back);
        assert_eq!(clock.follow(reading("2026-01-05T08:00:12Z", 12)), Ok(stood), "one confirmation is enough");
        assert_eq!(clock.enter(at("2026-01-05T08:00:12Z"), reading("2026-01-05T08:00:13Z", 13)), Entry::At(stood));
        assert_eq!(clock.follow(reading("2026-01-05T09:00:12Z", 3612)), Ok(at("2026-01-05T09:00:12Z")));
        // The clocks agree again: the next hour back is a freeze of its own.
        let again = clock.follow(reading("2026-01-05T08:00:13Z", 3613));
        assert_eq!(again, Err(Freeze::WallMoved { moved_secs: -3600 }));
    }

    #[test]
    fn a_stamp_ahead_that_is_confirmed_enters_and_so_do_those_that_follow_it() {
        let mut clock = started_at_nine();
        let (ahead, now) = (at("2026-01-05T11:00:00Z"), reading("2026-01-05T09:00:00Z", 0));
        let Entry::Frozen(freeze) = clock.enter(ahead, now) else { panic!("two hours ahead") };
        clock.confirm(freeze, now);
        assert_eq!(clock.enter(ahead, now), Entry::At(ahead));
        let next = at("2026-01-05T11:00:30Z");
        assert_eq!(clock.enter(next, reading("2026-01-05T09:00:20Z", 20)), Entry::At(next));
        assert_eq!(clock.follow(reading("2026-01-05T09:00:30Z", 30)), Ok(next), "T waits for this machine");
        let beyond = clock.enter(at("2026-01-05T13:00:00Z"), reading("2026-01-05T09:00:40Z", 40));
        assert!(matches!(beyond, Entry::Frozen(Freeze::StreamAhead { .. })), "more than was confirmed: {beyond:?}");
    }

    #[test]
    fn who_confirmed_an_hour_has_not_confirmed_two() {
        let moved = |moved_secs| Freeze::WallMoved { moved_secs };
        assert!(moved(3600).covers(&moved(3605)));
        assert!(!moved(3600).covers(&moved(7200)));
        assert!(!moved(3600).covers(&Freeze::WallBehind { behind_secs: 3600 }));
    }

    #[test]
    fn a_wall_far_behind_what_was_judged_freezes_it() {
        let mut clock = WallClock::new(reading("2026-01-05T09:00:00Z", 0));
        clock.enter(at("2026-01-05T09:00:50Z"), reading("2026-01-05T09:00:00Z", 0));
        let result = clock.follow(reading("2026-01-05T08:59:30Z", 1));
        assert_eq!(result, Err(Freeze::WallBehind { behind_secs: 80 }));
    }
}

#[test]
fn the_machines_clock_lies_after_this_was_written_and_does_not_go_back() {
    let (one, other) = (Reading::now(), Reading::now());
    assert!(one.wall > at("2026-01-01T00:00:00Z"));
    assert!(other.monotonic >= one.monotonic);
}
