//! Texts of a log as times, numbers, flags and amounts.

use facts::money::{BadAmount, Rounding};
use facts::{EventTime, Fen, Moment, Scalar};
use jiff::civil::{Date, DateTime, Time};

use crate::xes_map::{AttrKind, XesMap};

/// A time as the map reads it: with its offset, else in the map's zone; midnight as a day if the map says so.
pub(super) fn time_of(text: &str, map: &XesMap) -> Result<EventTime, String> {
    let text = text.trim();
    if map.midnight_is_day
        && let Some(civil) = civil_of(text).filter(|civil| civil.time() == Time::midnight())
    {
        return Ok(EventTime::day(civil.date()));
    }
    match EventTime::parse(text) {
        Some(time) => Ok(time),
        None => instant_of(text, map).map(EventTime::Instant),
    }
}

/// A point in time, also where the map reads midnight as a day: who asks for an instant means the instant.
pub(super) fn instant_of(text: &str, map: &XesMap) -> Result<Moment, String> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Moment>() {
        return Ok(moment);
    }
    match (civil_of(text), &map.zone) {
        (Some(_), _) if text.parse::<Date>().is_ok() && !text.contains(':') => {
            Err(format!("\"{text}\" is a day; an instant is needed"))
        }
        // Far wider than any case; what lies beyond could not be turned into an instant at all.
        (Some(civil), _) if !(1900..2200).contains(&civil.year()) => Err(format!("\"{text}\" is not of our time")),
        (Some(civil), Some(zone)) => Ok(Moment::from_civil(civil, zone)),
        (Some(_), None) => Err(format!("\"{text}\" has no offset; name the log's zone = \"...\" in the map")),
        (None, _) => Err(format!("\"{text}\" is no time")),
    }
}

/// What the clock showed, as written, whatever the offset.
fn civil_of(text: &str) -> Option<DateTime> {
    let local = text.strip_suffix('Z').unwrap_or(text);
    local.parse().ok()
}

/// A value for `attrs`.
pub(super) fn scalar_of(text: &str, kind: AttrKind, map: &XesMap) -> Result<Scalar, String> {
    let text = text.trim();
    match kind {
        AttrKind::Text => Ok(Scalar::Text(text.into())),
        AttrKind::Number => number_of(text).map(|number| Scalar::Number(number.into())),
        AttrKind::Flag => match text {
            "true" | "TRUE" | "True" | "1" => Ok(Scalar::Flag(true)),
            "false" | "FALSE" | "False" | "0" => Ok(Scalar::Flag(false)),
            _ => Err(format!("\"{text}\" is neither true nor false")),
        },
        AttrKind::Instant => instant_of(text, map).map(|moment| Scalar::Text(moment.to_string().into())),
        // The day that the clock showed where it was written.
        AttrKind::Date => civil_of(text)
            .map(|civil| Scalar::Text(civil.date().to_string().into()))
            .ok_or_else(|| format!("\"{text}\" is no date")),
    }
}

/// A number as JSON writes it, digit for digit.
fn number_of(text: &str) -> Result<String, String> {
    let plain = text.strip_prefix('+').unwrap_or(text);
    serde_json::from_str::<serde_json::Number>(plain)
        .map(|_| plain.to_owned())
        .map_err(|_| format!("\"{text}\" is no number"))
}

/// An amount of yuan, read from its digits, and whether it was rounded; a power of ten, as programs write large
/// floats, is allowed.
pub(super) fn amount_of(text: &str, rounding: Rounding) -> Result<(Fen, bool), String> {
    let plain = without_power(text.trim()).ok_or_else(|| format!("\"{text}\" is not a decimal number"))?;
    let rounded = Fen::parse(&plain) == Err(BadAmount::TooFine);
    let fen = Fen::parse_rounding(&plain, rounding).map_err(|bad| format!("\"{text}\" {bad}"))?;
    Ok((fen, rounded))
}

/// `1.25E3` as `1250`; texts without a power of ten as they stand.
fn without_power(text: &str) -> Option<String> {
    let Some((digits, power)) = text.split_once(['e', 'E']) else { return Some(text.to_owned()) };
    let power: i32 = power.parse().ok().filter(|power: &i32| power.abs() <= 30)?;
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let decimal = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !decimal || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let all = format!("{}{whole}{fraction}{}", "0".repeat(31), "0".repeat(31));
    let point = i32::try_from(31 + whole.len()).ok()? + power;
    let (whole, fraction) = all.split_at(usize::try_from(point).ok()?);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(format!("{sign}{whole}.{}", fraction.trim_end_matches('0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(settings: &str) -> XesMap {
        let text = format!(
            "format = 1\nsource = \"s\"\n{settings}\n[office]\nlevel = \"city\"\nregion = \"360900\"\ndept = \"D\"\n[event]\nactivity = \"event:a\"\nat = \"event:t\"\n"
        );
        XesMap::parse("map.toml", &text).expect("good")
    }

    #[test]
    fn times_keep_their_offset_or_take_the_maps_zone() {
        let read = |text, map: &XesMap| time_of(text, map).map(|time| time.to_string());
        let plain = map("");
        assert_eq!(read("2011-10-11T13:42:22.688+02:00", &plain).as_deref(), Ok("2011-10-11T11:42:22.688Z"));
        assert_eq!(read("2011-10-11", &plain).as_deref(), Ok("2011-10-11"));
        assert!(read("2013-01-10 12:07:35", &plain).expect_err("no offset").contains("name the log's zone"));
        assert_eq!(read("tomorrow", &plain), Err("\"tomorrow\" is no time".into()));
        let zoned = map("zone = \"Asia/Shanghai\"\nmidnight_is_day = true");
        assert_eq!(read("2013-01-10 12:07:35", &zoned).as_deref(), Ok("2013-01-10T04:07:35Z"));
        assert_eq!(read("2013-01-10T00:00:00+02:00", &zoned).as_deref(), Ok("2013-01-10"));
        assert_eq!(read("2013-01-10T00:00:00.000Z", &zoned).as_deref(), Ok("2013-01-10"));
    }

    #[test]
    fn a_time_at_the_end_of_the_calendar_is_a_fault_not_a_panic() {
        let zoned = map("zone = \"America/New_York\"");
        for text in ["9999-12-31 23:59:59", "-009999-01-01 00:00:00"] {
            assert_eq!(time_of(text, &zoned), Err(format!("\"{text}\" is not of our time")));
        }
    }

    #[test]
    fn attributes_have_their_type_or_a_fault() {
        let map = map("midnight_is_day = true");
        let text = |value: &str| Ok(Scalar::Text(value.into()));
        assert_eq!(scalar_of("007", AttrKind::Text, &map), text("007"));
        assert_eq!(scalar_of("1.50", AttrKind::Number, &map), Ok(Scalar::Number("1.50".into())));
        assert_eq!(scalar_of("NaN", AttrKind::Number, &map), Err("\"NaN\" is no number".into()));
        assert_eq!(scalar_of("TRUE", AttrKind::Flag, &map), Ok(Scalar::Flag(true)));
        assert_eq!(scalar_of("2012-03-21T00:00:00+01:00", AttrKind::Instant, &map), text("2012-03-20T23:00:00Z"));
        assert_eq!(scalar_of("2012-03-21T00:00:00+01:00", AttrKind::Date, &map), text("2012-03-21"));
        assert_eq!(scalar_of("2012-03-21", AttrKind::Date, &map), text("2012-03-21"));
        let day = scalar_of("2012-03-21", AttrKind::Instant, &map);
        assert_eq!(day, Err("\"2012-03-21\" is a day; an instant is needed".into()));
        assert_eq!(scalar_of("2012-03-21T23:30:00-05:00", AttrKind::Date, &map), text("2012-03-21"));
    }

    #[test]
    fn amounts_are_read_from_their_digits() {
        let read = |text, rounding| amount_of(text, rounding).map(|(amount, rounded)| (amount.fen(), rounded));
        assert_eq!(read("1229.88", Rounding::Refuse), Ok((122_988, false)));
        assert_eq!(read("1.25E7", Rounding::Refuse), Ok((1_250_000_000, false)));
        assert_eq!(read("-1.5e-1", Rounding::Refuse), Ok((-15, false)));
        assert_eq!(read("0.005", Rounding::HalfUp), Ok((1, true)));
        assert_eq!(read("0.005", Rounding::Refuse), Err("\"0.005\" has more than two decimals".into()));
        for bad in ["1e99", "e5", "1e", "1.2.3e4", "é1e3"] {
            assert!(read(bad, Rounding::Down).is_err(), "{bad}");
        }
    }
}
