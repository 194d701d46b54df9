//! The join is commutative, associative and idempotent: any order of the same facts is one history.

use proptest::prelude::*;

use super::*;
use crate::activity::Activity;
use crate::address::Address;
use crate::event_time::EventTime;

fn event(id: &str, version: u32, op: Op, at: i64, reason: &str) -> Event {
    let address = Address::from_subject("approval", "approval.county.360902.D1").expect("an address");
    let detail = crate::event::Detail { reason: Some(reason.into()), ..Default::default() };
    Event {
        id: id.into(),
        version,
        seq: None,
        op,
        source: "oa".into(),
        case: "C".into(),
        activity: Activity::Accepted,
        at: EventTime::Instant(Moment::from_millis(at)),
        arrived: None,
        address,
        detail: Some(Box::new(detail)),
    }
}

fn history(events: &[Event]) -> History {
    let mut history = History::new();
    for event in events {
        history.join(event.clone(), None, &TimeZone::UTC);
    }
    history.tombstones.sort_by(|a, b| a.delete.order(&b.delete));
    history
}

#[test]
fn the_greater_version_wins_whenever_it_comes() {
    let (first, second) = (event("1", 1, Op::Put, 10, "a"), event("1", 2, Op::Put, 5, "b"));
    let mut history = History::new();
    assert_eq!(history.join(second.clone(), None, &TimeZone::UTC), Change::Added);
    assert_eq!(history.join(first, None, &TimeZone::UTC), Change::Nothing);
    assert_eq!(history.records()[0].event, second);
}

#[test]
fn a_delete_bars_what_it_deleted_and_yields_to_a_later_version() {
    let mut history = History::new();
    assert_eq!(history.join(event("1", 1, Op::Delete, 0, ""), None, &TimeZone::UTC), Change::Nothing);
    assert_eq!(history.join(event("1", 1, Op::Put, 10, "a"), None, &TimeZone::UTC), Change::Nothing);
    assert_eq!(history.join(event("1", 2, Op::Put, 10, "a"), None, &TimeZone::UTC), Change::Added);
    let last = event("1", Event::FINAL, Op::Delete, 0, "");
    assert!(matches!(history.join(last, None, &TimeZone::UTC), Change::Deleted(_)));
    assert_eq!(history.join(event("1", 9, Op::Put, 10, "a"), None, &TimeZone::UTC), Change::Barred);
    assert!(history.records().is_empty());
}

#[test]
fn two_contents_under_one_version_are_rivals_until_a_new_version_settles_it() {
    let (one, other) = (event("1", 1, Op::Put, 10, "a"), event("1", 1, Op::Put, 10, "b"));
    let mut history = history(&[one.clone(), other.clone()]);
    let record = &history.records()[0];
    let both = [&record.event, &record.rival.as_ref().expect("two contents").event];
    assert!(both.contains(&&one) && both.contains(&&other));
    history.join(event("1", 2, Op::Put, 10, "c"), None, &TimeZone::UTC);
    assert_eq!(history.records()[0].rival, None);
}

#[test]
fn a_tombstone_keeps_the_greatest_put_with_its_own_arrival() {
    let at = |millis, event| Event { arrived: Some(Moment::from_millis(millis)), ..event };
    let first = at(1, event("1", 1, Op::Put, 10, "a"));
    let last = at(5, event("1", Event::FINAL, Op::Delete, 0, ""));
    let second = at(9, event("1", 2, Op::Put, 10, "b"));
    let mut history = history(&[first, last]);
    let barred = |history: &History| history.tombstones()[0].put.as_ref().and_then(|put| put.arrived);
    assert_eq!(barred(&history), Some(Moment::from_millis(1)));
    assert_eq!(history.join(second.clone(), None, &TimeZone::UTC), Change::Barred);
    assert_eq!(barred(&history), Some(Moment::from_millis(9)));
    assert_eq!(history.join(at(12, second), None, &TimeZone::UTC), Change::Nothing, "the same once more");
    assert_eq!(history.tombstones()[0].delete.arrived, Some(Moment::from_millis(5)));
}

#[test]
fn a_fact_dated_ahead_is_held_until_the_clock_gets_there() {
    let history = history(&[event("1", 1, Op::Put, 10, ""), event("2", 1, Op::Put, 30, "")]);
    assert_eq!(history.reached(Moment::from_millis(29)).len(), 1);
    assert_eq!(history.next_held(Moment::from_millis(10)), Some(Moment::from_millis(30)));
    assert_eq!(history.next_held(Moment::from_millis(30)), None);
}

#[test]
fn what_was_known_earlier_is_told_whatever_was_corrected_since() {
    let heard = |event: Event, arrived: i64| Event { arrived: Some(Moment::from_millis(arrived)), ..event };
    let history = history(&[
        heard(event("1", 1, Op::Put, 10, "first"), 11),
        heard(event("1", 2, Op::Put, 10, "corrected"), 50),
        heard(event("2", 1, Op::Put, 20, "deleted later"), 21),
        heard(event("2", 2, Op::Delete, 0, ""), 60),
        heard(event("3", 1, Op::Put, 30, "late"), 70),
    ]);
    let reasons = |when: i64| -> Vec<String> {
        let known = history.known_at(Moment::from_millis(when), &TimeZone::UTC);
        known.records().iter().filter_map(|record| record.event.detail().reason.clone()).map(Into::into).collect()
    };
    assert_eq!(reasons(10), Vec::<String>::new());
    assert_eq!(reasons(49), ["first", "deleted later"]);
    assert_eq!(reasons(50), ["corrected", "deleted later"]);
    assert_eq!(reasons(60), ["corrected"]);
    assert_eq!(reasons(70), ["corrected", "late"]);
    let corrected = &history.records()[0];
    assert_eq!(corrected.first_arrived, Some(Moment::from_millis(11)), "that of any version");
    assert_eq!(corrected.arrived, Some(Moment::from_millis(50)), "that of the version");
    assert_eq!(history.versions().count(), 5);
}

fn any_event() -> impl Strategy<Value = Event> {
    let op = prop_oneof![4 => Just(Op::Put), 1 => Just(Op::Delete)];
    let version = prop_oneof![4 => 1..4_u32, 1 => Just(Event::FINAL)];
    (0..3_u8, version, op, 0..4_i64, "[ab]", proptest::option::of(0..3_i64)).prop_map(
        |(id, version, op, at, reason, arrived)| {
            let arrived = arrived.map(Moment::from_millis);
            Event { arrived, ..event(&id.to_string(), version, op, at, &reason) }
        },
    )
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_give_one_history(
        events in proptest::collection::vec(any_event(), 0..12),
        shuffled in Just(()).prop_perturb(|(), mut rng| rng.next_u64()),
    ) {
        let expected = history(&events);
        let mut again = events.clone();
        again.extend(events.iter().cloned());
        let mut state = shuffled;
        for place in (1..again.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            again.swap(place, (state >> 33) as usize % (place + 1));
        }
        prop_assert_eq!(history(&again), expected);
    }

    /// Rebuilt from what arrived by then, the history is the one that was held then.
    #[test]
    fn known_at_is_the_history_of_what_had_arrived(
        events in proptest::collection::vec(any_event(), 0..12),
        when in 0..3_i64,
    ) {
        let arrived = |event: &Event| event.arrived.unwrap_or(Moment::from_millis(1));
        let told: Vec<Event> = events.iter().map(|event| Event { arrived: Some(arrived(event)), ..event.clone() }).collect();
        let when = Moment::from_millis(when);
        let held: Vec<Event> = told.iter().filter(|event| arrived(event) <= when).cloned().collect();
        let mut known = history(&told).known_at(when, &TimeZone::UTC);
        known.tombstones.sort_by(|a, b| a.delete.order(&b.delete));
        prop_assert_eq!(known, history(&held));
    }
}
