//! Random clocks against models that walk: day by day as a clerk would with a wall calendar, and
//! second by second. A model knows nothing of tables, unions or positions on a line.

use jiff::civil::Date;
use proptest::prelude::*;

use facts::event_time::date_of;
use facts::moment::Moment;

use super::{instant, shown, wd};
use crate::counting::Counting::{self, Elapsed, Legal};
use crate::counting::{Clock, Extension, Mark, Span, Unit};
use crate::pause::CutPause;
use crate::working_calendar::samples::{cn, naive_works};

/// 2025-08-01 to 2026-11: two long feasts, make-up days and a year boundary.
const FROM: i64 = 1_753_977_600;

fn moment(secs: i64, millis: i64) -> Moment {
    Moment::from_millis(secs * 1000 + millis)
}

prop_compose! {
    fn start()(secs in FROM..FROM + 200 * 86_400, millis in prop::sample::select(vec![0, 1, 500, 999])) -> Moment {
        moment(secs, millis)
    }
}

/// Pauses around a start: some before it, some long after, some open, some empty.
fn pauses(days: i64) -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    let length = prop_oneof![4 => (0..6 * 86_400_i64).prop_map(Some), 1 => Just(None)];
    prop::collection::vec((-3 * 86_400..days * 86_400, length), 0..4)
}

fn placed(start: Moment, pauses: &[(i64, Option<i64>)]) -> Vec<CutPause> {
    let place = |&(from, length): &(i64, Option<i64>)| {
        let from = start.plus_millis(from * 1000);
        CutPause { from, to: length.map(|length| from.plus_millis(length * 1000)), ground: "g".into() }
    };
    pauses.iter().map(place).collect()
}

fn date(moment: Moment) -> Date {
    moment.date(cn().zone())
}

/// A clerk with a wall calendar: each evening at closing time a working day on which no pause runs
/// (the day a pause begins is lost, the day it ends is not) is ticked off; the N-th tick is the due
/// instant. A pause that begins later that evening takes the tick back, since its day is not counted.
fn clerk(start: Moment, limit: i64, pauses: &[CutPause], extensions: &[Extension]) -> Option<Moment> {
    let mut ticks = 0;
    let mut wanted = limit;
    let mut used = vec![false; extensions.len()];
    for number in 1..2_000 {
        let day = date(start).saturating_add(jiff::Span::new().days(number));
        let covers =
            |pause: &&CutPause| date(pause.from) <= day && pause.to.is_none_or(|to| day < date(to) && to > pause.from);
        let close = Moment::from_civil(day.at(18, 0, 0, 0), cn().zone());
        for (extension, used) in extensions.iter().zip(&mut used) {
            if extension.at <= close && !*used {
                wanted += extension.by.number;
                *used = true;
            }
        }
        if !naive_works(day) || pauses.iter().filter(covers).any(|pause| pause.from <= close) {
            continue;
        }
        ticks += 1;
        if ticks >= wanted {
            return Some(close);
        }
        if pauses.iter().any(|pause| covers(&pause)) {
            ticks -= 1;
        }
    }
    None
}

/// The same clerk with civil days, which end at midnight.
fn clerk_of_civil_days(start: Moment, limit: i64, pauses: &[CutPause]) -> Option<Moment> {
    let mut ticks = 0;
    for number in 1..2_000 {
        let day = date(start).saturating_add(jiff::Span::new().days(number));
        let midnight = Moment::from_civil(day.at(23, 59, 59, 999_000_000), cn().zone());
        let covers = |pause: &CutPause| date(pause.from) <= day && pause.to.is_none_or(|to| day < date(to));
        ticks += i64::from(!pauses.iter().any(covers));
        if ticks == limit {
            return Some(midnight);
        }
    }
    None
}

/// A stopwatch that runs `limit` seconds and is held while a pause runs.
fn stopwatch(start: Moment, limit: i64, pauses: &[CutPause]) -> Option<Moment> {
    let mut rest = limit * 1000;
    let mut now = start;
    let running = |pause: &&CutPause, now: Moment| pause.from <= now && pause.to.is_none_or(|to| now < to);
    loop {
        if let Some(held) = pauses.iter().find(|pause| running(pause, now)) {
            now = held.to?;
            continue;
        }
        let next = pauses.iter().filter(|pause| pause.from > now && pause.to != Some(pause.from)).map(|p| p.from).min();
        match next {
            Some(next) if next.millis() - now.millis() <= rest => {
                rest -= next.millis() - now.millis();
                now = next;
                if rest == 0 {
                    // Used up; whether it is ever over depends on the pause ending.
                    let held = pauses.iter().filter(|pause| running(pause, now)).any(|pause| pause.to.is_none());
                    return (!held).then_some(now);
                }
            }
            _ => return Some(now.plus_millis(rest)),
        }
    }
}

/// Office seconds counted one by one: the first instant with more than `limit` of them gone.
fn second_hand(start: Moment, limit: i64, pauses: &[CutPause], days: i64) -> Option<Moment> {
    let mut used = 0;
    let first = start.secs_floor();
    for secs in first..first + days * 86_400 {
        let local = secs + 8 * 3600;
        let time = local.rem_euclid(86_400);
        let open = (30_600..43_200).contains(&time) || (48_600..64_800).contains(&time);
        if !open || !naive_works(date_of(i32::try_from(local.div_euclid(86_400)).expect("fits"))) {
            continue;
        }
        let stopped =
            |pause: &CutPause| pause.from.secs_floor() <= secs && pause.to.is_none_or(|to| secs < to.secs_floor());
        if pauses.iter().any(stopped) {
            continue;
        }
        used += 1;
        if used > limit {
            return Some(moment(secs + 1, 0));
        }
    }
    None
}

fn clock<'a>(start: Moment, counting: Counting, pauses: &'a [CutPause]) -> Clock<'a> {
    Clock { pauses, ..Clock::plain(instant(start), counting, cn()) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn legal_agrees_with_the_clerk(start in start(), limit in 1_i64..25, pauses in pauses(40)) {
        let pauses = placed(start, &pauses);
        let due = clock(start, Legal, &pauses).due(&wd(limit));
        prop_assert_eq!(due.map(|due| shown(due.at)), clerk(start, limit, &pauses, &[]).map(shown));
    }

    #[test]
    fn legal_marks_agree_with_the_clerk(start in start(), limit in 4_i64..25, offset in -3_i64..4, pauses in pauses(40)) {
        let pauses = placed(start, &pauses);
        let mark = clock(start, Legal, &pauses).mark(&wd(limit), Mark::Shifted(Span::working_days(offset)), &[]);
        prop_assert_eq!(mark.map(|mark| shown(mark.at)), clerk(start, limit + offset, &pauses, &[]).map(shown));
    }

    #[test]
    fn legal_extensions_agree_with_the_clerk(start in start(), limit in 1_i64..12, pauses in pauses(20), granted in prop::collection::vec((0_i64..40 * 86_400, 1_i64..11), 0..3)) {
        let pauses = placed(start, &pauses);
        let extend = |&(at, by): &(i64, i64)| Extension { at: start.plus_millis(at * 1000), by: Span::working_days(by) };
        let extensions: Vec<Extension> = granted.iter().map(extend).collect();
        let due = clock(start, Legal, &pauses).mark(&wd(limit), Mark::Due, &extensions);
        prop_assert_eq!(due.map(|due| shown(due.at)), clerk(start, limit, &pauses, &extensions).map(shown));
    }

    #[test]
    fn civil_days_agree_with_the_clerk(start in start(), limit in 1_i64..40, pauses in pauses(40)) {
        let pauses = placed(start, &pauses);
        let clock = Clock { roll: false, ..clock(start, Legal, &pauses) };
        let due = clock.due(&super::Limit::Span(Span::days(limit)));
        prop_assert_eq!(due.map(|due| shown(due.at)), clerk_of_civil_days(start, limit, &pauses).map(shown));
    }

    /// Hours by both conventions, and days by `elapsed` in a zone without clock changes.
    #[test]
    fn exact_times_agree_with_the_stopwatch(start in start(), hours in 1_i64..400, pauses in pauses(20)) {
        let pauses = placed(start, &pauses);
        let expected = stopwatch(start, hours * 3600, &pauses).map(shown);
        for counting in [Legal, Elapsed] {
            let due = clock(start, counting, &pauses).due(&super::Limit::Span(Span::new(hours, Unit::Hours)));
            prop_assert_eq!(due.map(|due| shown(due.at)), expected.clone());
        }
        let days = clock(start, Elapsed, &pauses).due(&super::Limit::Span(Span::days(hours)));
        prop_assert_eq!(days.map(|due| shown(due.at)), stopwatch(start, hours * 86_400, &pauses).map(shown));
    }

    /// A ledger adds up to what was used, day by day, at any instant.
    #[test]
    fn ledgers_add_up_to_what_was_used(start in start(), pauses in pauses(20), until in 0_i64..3_000_000) {
        let pauses = placed(start, &pauses);
        let until = start.plus_millis(until * 1000);
        for counting in [Legal, Elapsed] {
            let clock = clock(start, counting, &pauses);
            let sum: i64 = clock.ledger(&wd(1_000), &[], until).iter().map(|day| day.counted).sum();
            prop_assert_eq!(sum, clock.used(Unit::WorkingDays, until).number);
        }
    }

    #[test]
    fn the_order_in_which_pauses_are_given_says_nothing(start in start(), limit in 1_i64..20, pauses in pauses(30), turn in 0_usize..4) {
        let placed = placed(start, &pauses);
        let mut turned = placed.clone();
        turned.rotate_left(turn.min(placed.len()));
        for counting in [Legal, Elapsed] {
            for unit in Unit::ALL {
                let limit = super::Limit::Span(Span::new(limit, unit));
                prop_assert_eq!(clock(start, counting, &placed).due(&limit), clock(start, counting, &turned).due(&limit));
            }
        }
    }

    /// What began once the light held is too late, for every unit, convention and mark.
    #[test]
    fn what_comes_after_a_mark_does_not_move_it(start in start(), limit in 1_i64..20, offset in -4_i64..4, pauses in pauses(20), later in 0_i64..1_000_000) {
        let mut placed = placed(start, &pauses);
        for counting in [Legal, Elapsed] {
            for unit in Unit::ALL {
                let limit = super::Limit::Span(Span::new(limit, unit));
                let mark = Mark::Shifted(Span::new(offset, unit));
                let Some(before) = clock(start, counting, &placed).mark(&limit, mark, &[]) else { continue };
                let at = before.after.plus_millis(later);
                placed.push(CutPause { from: at, to: None, ground: "late".into() });
                let extension = Extension { at, by: Span::new(5, unit) };
                prop_assert_eq!(clock(start, counting, &placed).mark(&limit, mark, &[extension]), Some(before));
                placed.pop();
            }
        }
    }

    /// A pause never brings a limit forward, and marks stand in their order.
    #[test]
    fn pauses_only_delay_and_marks_stand_in_order(start in start(), limit in 1_i64..20, pauses in pauses(30)) {
        let placed = placed(start, &pauses);
        for counting in [Legal, Elapsed] {
            for unit in Unit::ALL {
                let limit = super::Limit::Span(Span::new(limit, unit));
                let plain = clock(start, counting, &[]).due(&limit).expect("no pause");
                let paused = clock(start, counting, &placed);
                if let Some(due) = paused.due(&limit) {
                    prop_assert!(due.at >= plain.at && due.after >= plain.after && due.after > due.at);
                }
                let marks: Vec<_> = (-3..4).map_while(|over| paused.mark(&limit, Mark::Over(over), &[])).collect();
                prop_assert!(marks.is_sorted_by_key(|due| due.at), "{counting:?} {limit:?} {marks:?}");
            }
        }
    }

    /// `over >= n` is ceil(used) - limit >= n, at any instant.
    #[test]
    fn over_is_what_is_used_beyond_the_limit(start in start(), limit in 1_i64..8, pauses in pauses(10), until in 1_i64..2_000_000) {
        let placed = placed(start, &pauses);
        let clock = clock(start, Elapsed, &placed);
        let until = start.plus_millis(until * 1000);
        let used = clock.used(Unit::WorkingDays, until).number;
        let over = used.div_euclid(28_800) + i64::from(used.rem_euclid(28_800) > 0) - limit;
        for number in -limit + 1..6 {
            let stands = clock.mark(&wd(limit), Mark::Over(number), &[]).is_some_and(|mark| mark.after <= until);
            prop_assert_eq!(stands, over >= number, "{} of {}: {}", used, limit, number);
        }
        if clock.due(&wd(limit)).is_some() && placed.iter().all(|pause| pause.to.is_some()) {
            prop_assert_eq!(clock.over(&wd(limit), &[], until), Some(over));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn elapsed_agrees_with_the_second_hand(start in start(), limit in 0_i64..4, offset in 0_i64..2, pauses in pauses(6)) {
        let pauses = placed(start, &pauses);
        let days = 60;
        let mark = clock(start, Elapsed, &pauses).mark(&wd(limit), Mark::Shifted(Span::working_days(offset)), &[]);
        let after = mark.map(|mark| mark.after).filter(|after| *after <= start.plus_millis(days * 86_400_000));
        prop_assert_eq!(after.map(shown), second_hand(start, (limit + offset) * 28_800, &pauses, days).map(shown));
        // One second less is reached at the instant named: the last one in time.
        if let (Some(mark), 1..) = (mark, limit + offset) {
            let reached = second_hand(start, (limit + offset) * 28_800 - 1, &pauses, days);
            prop_assert_eq!(Some(shown(mark.at)), reached.map(shown));
        }
    }
}
