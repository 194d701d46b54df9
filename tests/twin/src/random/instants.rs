//! When to look.

use std::collections::BTreeSet;

use facts::{Activity, Event, Moment, StandingLight};
use jiff::civil::time;

use crate::TwinCalendar;
use crate::calendar::next;

/// Days after the last fact within which the limits of a case end.
const DAYS_AFTER: usize = 45;

/// Instants at which the lights of `history` may differ from those just before: around each fact and each
/// arrival, each opening and close, the clock times of what starts a limit, and a day after each closing.
#[must_use]
pub fn interesting_instants(history: &[(Event, Moment)], calendar: &TwinCalendar) -> Vec<Moment> {
    let at = |event: &Event| event.at.moment(&calendar.zone);
    let put = || history.iter().filter(|(event, _)| at(event).millis() > 0);
    let mut instants = BTreeSet::new();
    for (event, arrived) in history {
        instants.extend([*arrived, arrived.plus_millis(-1)]);
        if at(event).millis() > 0 {
            instants.extend([-1, 0, 1, 1000].map(|off| at(event).plus_millis(off)));
        }
        if event.activity == Activity::Closed {
            let graced = at(event).max(*arrived).plus_millis(24 * 3_600_000);
            instants.extend([graced, graced.plus_millis(1)]);
        }
    }
    let (Some(first), Some(last)) = (put().map(|(event, _)| at(event)).min(), put().map(|(event, _)| at(event)).max())
    else {
        return instants.into_iter().collect();
    };
    let starts: BTreeSet<_> = put().filter(|(event, _)| starts_a_limit(event)).map(|(event, _)| at(event)).collect();
    let (mut day, mut left) = (calendar.date(first), DAYS_AFTER);
    while left > 0 {
        let (opening, close) = (calendar.instant(day, time(8, 30, 1, 0)), calendar.close(day));
        instants.extend([opening, close, close.plus_millis(1), close.plus_millis(1000)]);
        if calendar.works(day) {
            let daily = starts.iter().map(|start| calendar.instant(day, start.civil(&calendar.zone).time()));
            instants.extend(daily.flat_map(|instant| [instant, instant.plus_millis(1000)]));
        }
        left -= usize::from(day > calendar.date(last));
        day = next(day);
    }
    instants.into_iter().collect()
}

fn starts_a_limit(event: &Event) -> bool {
    matches!(
        event.activity,
        Activity::Submitted | Activity::Accepted | Activity::StageStarted | Activity::SpecialStarted | Activity::Closed
    )
}

/// The exact instants between two of `instants` at which what `lights` says changes, found by halving, each
/// with the millisecond before it. Of several changes between two instants one is found.
pub fn turning_points(instants: &[Moment], lights: impl Fn(Moment) -> Vec<StandingLight>) -> Vec<Moment> {
    let mut found = Vec::new();
    let mut before: Option<(Moment, Vec<StandingLight>)> = None;
    for instant in instants {
        let shown = lights(*instant);
        if let Some((earlier, held)) = before.filter(|(_, held)| *held != shown) {
            let (mut low, mut high) = (earlier.millis(), instant.millis());
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if lights(Moment::from_millis(middle)) == held { low = middle } else { high = middle }
            }
            found.extend([Moment::from_millis(low), Moment::from_millis(high)]);
        }
        before = Some((*instant, shown));
    }
    found
}
