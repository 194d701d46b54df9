//! When something happened, as precisely as the source knows: an instant, or only a civil day.
//!
//! A day is kept as a day, since which instants it covers depends on the zone, and the zone is
//! configuration (semantics 12). Invariant: the text form round-trips.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// Business time of a fact.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum EventTime {
    /// A point in time.
    Instant(Moment),
    /// A civil day: the number of days since 1970-01-01.
    Day(i32),
}

/// Days from 1970-01-01 to `date`; negative before.
#[must_use]
pub fn day_number(date: Date) -> i32 {
    let epoch = jiff::civil::date(1970, 1, 1);
    (date - epoch).get_days()
}

/// The civil day `number` days after 1970-01-01.
///
/// # Panics
/// When the day lies outside jiff's calendar, which no decoder lets in.
#[must_use]
pub fn date_of(number: i32) -> Date {
    jiff::civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().days(number))
        .expect("decoders keep days inside jiff's range")
}

impl EventTime {
    /// A civil day.
    #[must_use]
    pub fn day(date: Date) -> EventTime {
        EventTime::Day(day_number(date))
    }

    /// The instant that orders this fact among others: a day counts from its first moment in `zone`.
    #[must_use]
    pub fn moment(self, zone: &TimeZone) -> Moment {
        match self {
            EventTime::Instant(moment) => moment,
            EventTime::Day(number) => Moment::from_civil(date_of(number).at(0, 0, 0, 0), zone),
        }
    }

    /// True when the source told the day only.
    #[must_use]
    pub fn is_day(self) -> bool {
        matches!(self, EventTime::Day(_))
    }

    /// Reads RFC 3339 with an offset, or a civil date.
    #[must_use]
    pub fn parse(text: &str) -> Option<EventTime> {
        if text.len() == 10 {
            return text.parse::<Date>().ok().map(EventTime::day);
        }
        text.parse::<Moment>().ok().map(EventTime::Instant)
    }
}

impl fmt::Display for EventTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventTime::Instant(moment) => moment.fmt(out),
            EventTime::Day(number) => date_of(*number).fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_an_instant_round_trip() {
        for text in ["2026-02-15", "2026-02-15T01:00:00Z"] {
            assert_eq!(EventTime::parse(text).expect(text).to_string(), text);
        }
        assert_eq!(EventTime::parse("2026-02-30"), None);
        assert_eq!(EventTime::parse("yesterday"), None);
    }
}
