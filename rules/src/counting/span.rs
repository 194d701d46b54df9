//! Lengths of limits: a number and a unit, written `5wd`, `3d`, `1mo`, `24h`, `30min`, or as
//! officials write them: `5个工作日`, `3日`.

use std::fmt;
use std::str::FromStr;

/// Unit of a span.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unit {
    /// 工作日
    WorkingDays,
    /// 自然日
    Days,
    /// 月
    Months,
    /// 小时
    Hours,
    /// 分钟
    Minutes,
    /// 秒: what the difference of two instants is counted in
    Seconds,
}

impl Unit {
    /// All units.
    pub const ALL: [Unit; 6] = [Unit::WorkingDays, Unit::Days, Unit::Months, Unit::Hours, Unit::Minutes, Unit::Seconds];

    /// The suffix in rules and events.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Unit::WorkingDays => "wd",
            Unit::Days => "d",
            Unit::Months => "mo",
            Unit::Hours => "h",
            Unit::Minutes => "min",
            Unit::Seconds => "s",
        }
    }

    /// True for units that count civil days (`wd`, `d`, `mo`), false for exact times.
    #[must_use]
    pub const fn counts_days(self) -> bool {
        matches!(self, Unit::WorkingDays | Unit::Days | Unit::Months)
    }

    /// Milliseconds of an exact unit.
    pub(super) const fn exact_millis(self) -> i64 {
        match self {
            Unit::Seconds => 1_000,
            Unit::Minutes => 60_000,
            _ => 3_600_000,
        }
    }

    fn from_text(text: &str) -> Option<Unit> {
        Some(match text {
            "wd" | "工作日" | "个工作日" => Unit::WorkingDays,
            "d" | "日" | "天" | "自然日" | "个自然日" => Unit::Days,
            "mo" | "月" | "个月" => Unit::Months,
            "h" | "小时" | "个小时" => Unit::Hours,
            "min" | "分钟" => Unit::Minutes,
            "s" | "秒" => Unit::Seconds,
            _ => return None,
        })
    }

    const fn zh(self) -> &'static str {
        match self {
            Unit::WorkingDays => "个工作日",
            Unit::Days => "日",
            Unit::Months => "个月",
            Unit::Hours => "小时",
            Unit::Minutes => "分钟",
            Unit::Seconds => "秒",
        }
    }

    const fn en(self) -> &'static str {
        match self {
            Unit::WorkingDays => "working day",
            Unit::Days => "day",
            Unit::Months => "month",
            Unit::Hours => "hour",
            Unit::Minutes => "minute",
            Unit::Seconds => "second",
        }
    }
}

impl From<facts::SpanUnit> for Unit {
    fn from(unit: facts::SpanUnit) -> Unit {
        match unit {
            facts::SpanUnit::WorkingDays => Unit::WorkingDays,
            facts::SpanUnit::Days => Unit::Days,
            facts::SpanUnit::Hours => Unit::Hours,
            facts::SpanUnit::Months => Unit::Months,
        }
    }
}

/// A length: `number` of `unit`. Negative only as the offset of a mark.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Span {
    /// How many.
    pub number: i64,
    /// Of what.
    pub unit: Unit,
}

/// A text that is no span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a span; write a number with wd, d, mo, h or min, such as 5wd or 5个工作日")]
pub struct BadSpan(pub String);

impl Span {
    /// Counts stay inside this; nothing lawful comes near.
    const NUMBER_MAX: i64 = 1_000_000;

    /// `number` of `unit`, kept inside what time can hold.
    #[must_use]
    pub fn new(number: i64, unit: Unit) -> Span {
        Span { number: number.clamp(-Span::NUMBER_MAX, Span::NUMBER_MAX), unit }
    }

    /// So many working days.
    #[must_use]
    pub fn working_days(number: i64) -> Span {
        Span::new(number, Unit::WorkingDays)
    }

    /// So many civil days.
    #[must_use]
    pub fn days(number: i64) -> Span {
        Span::new(number, Unit::Days)
    }

    /// The length in seconds of an exact span (hours, minutes, seconds).
    #[must_use]
    pub fn exact_secs(self) -> Option<i64> {
        if self.unit.counts_days() { None } else { self.number.checked_mul(self.unit.exact_millis() / 1000) }
    }

    /// As officials write it: `5个工作日`.
    #[must_use]
    pub fn zh(self) -> String {
        format!("{}{}", self.number, self.unit.zh())
    }

    /// In English words: `5 working days`.
    #[must_use]
    pub fn en(self) -> String {
        let plural = if self.number.abs() == 1 { "" } else { "s" };
        format!("{} {}{plural}", self.number, self.unit.en())
    }
}

impl From<(u32, facts::SpanUnit)> for Span {
    fn from((number, unit): (u32, facts::SpanUnit)) -> Span {
        Span::new(number.into(), unit.into())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.number, self.unit.suffix())
    }
}

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Span, BadSpan> {
        let bad = || BadSpan(text.to_owned());
        let trimmed = text.trim();
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = trimmed[..digits].parse().map_err(|_| bad())?;
        let unit = Unit::from_text(trimmed[digits..].trim_start()).ok_or_else(bad)?;
        if number > Span::NUMBER_MAX {
            return Err(bad());
        }
        Ok(Span { number, unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_rules_and_officials_write_them() {
        let cases = [
            ("5wd", Span::working_days(5)),
            ("5个工作日", Span::working_days(5)),
            ("5 工作日", Span::working_days(5)),
            ("3d", Span::days(3)),
            ("3日", Span::days(3)),
            ("3个自然日", Span::days(3)),
            ("1mo", Span::new(1, Unit::Months)),
            ("1个月", Span::new(1, Unit::Months)),
            ("24h", Span::new(24, Unit::Hours)),
            ("30min", Span::new(30, Unit::Minutes)),
            ("30分钟", Span::new(30, Unit::Minutes)),
        ];
        for (text, span) in cases {
            assert_eq!(text.parse(), Ok(span), "{text}");
            assert_eq!(span.to_string().parse(), Ok(span), "{text}");
            assert_eq!(span.zh().parse(), Ok(span), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused_with_the_form_to_write() {
        for text in ["", "5", "wd", "-5wd", "5 weeks", "5.5d", "99999999999999999999wd", "2000000d"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        let message = BadSpan("5 weeks".to_owned()).to_string();
        assert!(message.contains("such as 5wd"), "{message}");
    }

    #[test]
    fn words_agree_in_number() {
        assert_eq!(Span::working_days(1).en(), "1 working day");
        assert_eq!(Span::working_days(7).en(), "7 working days");
    }
}
