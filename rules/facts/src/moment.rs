//! A point on the time line: whole milliseconds since 1970-01-01T00:00:00Z.
//!
//! Invariant: the text form is RFC 3339 in UTC with the fewest fraction digits that lose nothing,
//! so equal instants have equal text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since the Unix epoch.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(i64);

/// An instant that is not RFC 3339 with an offset, or lies outside what a calendar can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an instant; write RFC 3339 with an offset, such as 2026-01-05T09:00:00+08:00")]
pub struct BadMoment(pub String);

impl Moment {
    /// Before everything that can be said.
    pub const MIN: Moment = Moment(i64::MIN);
    /// After everything that can be said.
    pub const MAX: Moment = Moment(i64::MAX);

    /// The instant `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Moment {
        Moment(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn secs_floor(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved by `millis`; stays at the end of the time line rather than wrapping.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Moment {
        Moment(self.0.saturating_add(millis))
    }

    /// The same instant as jiff knows it.
    ///
    /// # Panics
    /// For an instant outside the years -9999 to 9999, which no decoder lets in.
    #[must_use]
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).expect("decoders keep instants inside jiff's range")
    }

    /// The civil date and time that clocks in `zone` show at this instant.
    #[must_use]
    pub fn civil(self, zone: &jiff::tz::TimeZone) -> jiff::civil::DateTime {
        zone.to_datetime(self.timestamp())
    }

    /// The civil day in `zone` on which this instant lies.
    #[must_use]
    pub fn date(self, zone: &jiff::tz::TimeZone) -> jiff::civil::Date {
        self.civil(zone).date()
    }

    /// The instant at which clocks in `zone` show `civil`; a time that a clock change skips or
    /// repeats is read as jiff's "compatible" rule does.
    ///
    /// # Panics
    /// For dates at the very edge of jiff's calendar, which no decoder lets in.
    #[must_use]
    pub fn from_civil(civil: jiff::civil::DateTime, zone: &jiff::tz::TimeZone) -> Moment {
        let timestamp =
            zone.to_ambiguous_timestamp(civil).compatible().expect("decoders keep dates inside jiff's range");
        Moment(timestamp.as_millisecond())
    }

    /// RFC 3339 with the offset that `zone` has at this instant: for people.
    #[must_use]
    pub fn local(self, zone: &jiff::tz::TimeZone) -> String {
        let zoned = self.timestamp().to_zoned(zone.clone());
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => timestamp.fmt(out),
            Err(_) => write!(out, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Moment {
    type Err = BadMoment;

    fn from_str(text: &str) -> Result<Moment, BadMoment> {
        if let Some(moment) = in_usual_form(text) {
            return Ok(moment);
        }
        let bad = || BadMoment(text.to_owned());
        if !has_offset_of_a_day(text) {
            return Err(bad());
        }
        text.parse::<jiff::Timestamp>().map(|timestamp| Moment(timestamp.as_millisecond())).map_err(|_| bad())
    }
}

/// Reads `2026-01-05T09:00:00`, in a year near ours, with `Z` or an offset of hours and minutes: what nearly every event
/// has, at a tenth of the cost of jiff's reader, to which all else is left.
fn in_usual_form(text: &str) -> Option<Moment> {
    let (civil, offset) = text.as_bytes().split_at_checked(19)?;
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_i16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0')))
    };
    let below = |digits: &[u8], end: i16| number(digits).filter(|number| *number < end).map(i64::from);
    let [b'-', b'-', b'T', b':', b':'] = [4, 7, 10, 13, 16].map(|place| civil[place]) else { return None };
    let year = number(&civil[..4]).filter(|year| (1900..2200).contains(year))?;
    let (month, day) = (below(&civil[5..7], 13)?, below(&civil[8..10], 32)?);
    let date = jiff::civil::Date::new(year, month as i8, day as i8).ok()?;
    let (hour, minute, second) = (below(&civil[11..13], 24)?, below(&civil[14..16], 60)?, below(&civil[17..], 60)?);
    let east = match offset {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h, hh, b':', m, mm] => {
            let ahead = below(&[*h, *hh], 24)? * 60 + below(&[*m, *mm], 60)?;
            if *sign == b'+' { ahead } else { -ahead }
        }
        _ => return None,
    };
    let midnight = jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_second();
    Some(Moment((midnight + (hour * 60 + minute - east) * 60 + second) * 1_000))
}

/// False for an offset of 24 hours or more, which RFC 3339 does not know and jiff reads.
fn has_offset_of_a_day(text: &str) -> bool {
    let clock = text.split('[').next().unwrap_or(text).as_bytes().get(10..).unwrap_or_default();
    let sign = clock.iter().rposition(|byte| matches!(byte, b'+' | b'-'));
    sign.and_then(|sign| clock.get(sign + 1..sign + 3)).is_none_or(|hours| hours < b"24".as_slice())
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Moment)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utc_with_the_fewest_digits() {
        let text = |millis| Moment::from_millis(millis).to_string();
        assert_eq!(text(0), "1970-01-01T00:00:00Z");
        assert_eq!(text(1_500), "1970-01-01T00:00:01.5Z");
        assert_eq!(text(1), "1970-01-01T00:00:00.001Z");
    }

    #[test]
    fn equal_instants_with_other_offsets_are_equal() {
        let moment = |text: &str| text.parse::<Moment>();
        assert_eq!(moment("2026-01-05T09:00:00+08:00"), moment("2026-01-05T01:00:00Z"));
        assert!(moment("2026-01-05T09:00:00").is_err(), "no offset, no instant");
    }

    proptest::proptest! {
        #[test]
        fn the_usual_form_is_read_as_jiff_reads_it(
            text in "(19|20|21|22|18)[0-9]{2}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](Z|z|[+-][0-2][0-9]:[0-6][0-9]|[+-][0-9]:30|\\.5Z|)"
        ) {
            if let Some(moment) = in_usual_form(&text) {
                let by_jiff = text.parse::<jiff::Timestamp>().map(|timestamp| Moment(timestamp.as_millisecond()));
                proptest::prop_assert_eq!(by_jiff.ok(), Some(moment));
            }
        }
    }

    #[test]
    fn what_events_usually_say_is_in_the_usual_form() {
        for text in ["2026-02-28T23:59:59Z", "2024-02-29T00:00:00+08:00", "1999-12-31T12:00:00-03:30"] {
            assert_eq!(in_usual_form(text), text.parse().ok(), "{text}");
            assert!(in_usual_form(text).is_some(), "{text}");
        }
        for text in ["2026-02-30T00:00:00Z", "2026-02-28T24:00:00Z", "2026-02-28T00:00:60Z", "2026-02-28T00:00:00"] {
            assert_eq!(in_usual_form(text), None, "{text}");
        }
    }

    #[test]
    fn an_offset_is_less_than_a_day() {
        for good in ["2026-01-05T09:00:00+23:59", "2026-01-05T09:00:00-12:00", "2026-01-05T09:00:00+08:00[Etc/GMT-8]"] {
            assert!(good.parse::<Moment>().is_ok(), "{good}");
        }
        for bad in ["2026-01-05T09:00:00+25:00", "2026-01-05T09:00:00+24:00", "2026-01-05T09:00:00-2500"] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }
}
