//! The horizon (semantics 37): what is dated longer before its arrival is refused.
//!
//! Both instants are data of the message, so no clock and no setting decides.

use crate::event::{Event, Op};
use crate::event_time::EventTime;
use crate::line::{LineFault, Reason};
use crate::moment::Moment;

/// Three years, in days.
pub const HORIZON_DAYS: i64 = 1_096;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The fault of an event that is dated beyond the horizon before it arrived. A civil day counts from midnight UTC.
///
/// A delete is never beyond it: it need not name its time, and what it deletes came in time.
#[must_use]
pub fn beyond_horizon(event: &Event, arrived: Moment) -> Option<LineFault> {
    let at = match event.at {
        EventTime::Instant(at) => at,
        EventTime::Day(day) => Moment::from_millis(i64::from(day) * DAY_MS),
    };
    let earliest = arrived.plus_millis(-HORIZON_DAYS * DAY_MS);
    if event.op == Op::Delete || at >= earliest {
        return None;
    }
    let detail = format!(
        "is {}, more than {HORIZON_DAYS} days before it arrived at {arrived}: cases of that time are not judged any more. \
         If the date is a slip, correct it and send the line again",
        event.at
    );
    Some(LineFault::new(Reason::BeyondHorizon, "at", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::read;

    fn event(at: &str, more: &str) -> Event {
        let line = format!(
            r#"{{"id":"1","source":"oa","case":"C","activity":"accepted",{at}"level":"county","region":"360902","dept":"D1"{more}}}"#
        );
        read(line.as_bytes(), None).expect("a sound line").event
    }

    #[track_caller]
    fn check(at: &str, more: &str, expected: bool) {
        let arrived: Moment = "2026-01-05T00:00:00Z".parse().expect("an instant");
        let fault = beyond_horizon(&event(at, more), arrived);
        assert_eq!(fault.is_some(), expected, "{at}");
        assert!(fault.is_none_or(|fault| fault.reason == Reason::BeyondHorizon && fault.field == "at"));
    }

    #[test]
    fn three_years_before_the_arrival_are_the_limit_and_are_in_time() {
        check(r#""at":"2023-01-05T00:00:00Z","#, "", false);
        check(r#""at":"2023-01-04T23:59:59.999Z","#, "", true);
        check(r#""at":"2023-01-05","#, "", false);
        check(r#""at":"2023-01-04","#, "", true);
        check(r#""at":"2030-01-01","#, "", false);
    }

    #[test]
    fn a_delete_is_never_beyond_it() {
        check("", r#","op":"delete""#, false);
        check(r#""at":"2001-01-01","#, r#","op":"delete""#, false);
    }
}
