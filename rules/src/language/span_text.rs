//! Limits and marks as people write them: `5wd`, `5个工作日`, `due - 2wd`, `over >= -2`, `80%`.

use crate::counting::{Span, Unit};
use crate::rule::Mark;

/// Every way to write a unit.
const UNITS: &[(&str, Unit)] = &[
    ("wd", Unit::WorkingDays),
    ("个工作日", Unit::WorkingDays),
    ("工作日", Unit::WorkingDays),
    ("d", Unit::Days),
    ("日", Unit::Days),
    ("自然日", Unit::Days),
    ("个自然日", Unit::Days),
    ("天", Unit::Days),
    ("mo", Unit::Months),
    ("个月", Unit::Months),
    ("月", Unit::Months),
    ("h", Unit::Hours),
    ("小时", Unit::Hours),
    ("个小时", Unit::Hours),
    ("min", Unit::Minutes),
    ("分钟", Unit::Minutes),
];

/// The greatest number a limit may have: no office plans further than this, and every sum of two
/// stays far from the end of the calendar.
pub(crate) const SPAN_MAX: i64 = 100_000;

/// A length of time.
pub(crate) fn span(number: i64, unit: Unit) -> Span {
    Span { number, unit }
}

/// The unit that `suffix` writes.
pub(crate) fn unit(suffix: &str) -> Option<Unit> {
    UNITS.iter().find(|(text, _)| *text == suffix).map(|(_, unit)| *unit)
}

/// A limit such as `5wd`, without a sign.
pub(crate) fn parse_span(text: &str) -> Option<Span> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = text[..digits].parse().ok().filter(|number| *number <= SPAN_MAX)?;
    Some(span(number, unit(text[digits..].trim_start())?))
}

/// A mark of a deadline card.
pub(crate) fn parse_mark(text: &str) -> Option<Mark> {
    let text = text.trim();
    if let Some(share) = text.strip_suffix('%') {
        return share.trim().parse().ok().filter(|share| (1..=1_000).contains(share)).map(Mark::Percent);
    }
    if let Some(rest) = text.strip_prefix("over") {
        let number = rest.trim_start().strip_prefix(">=")?.trim();
        return number.parse().ok().filter(|number: &i64| number.abs() <= SPAN_MAX).map(Mark::Over);
    }
    let rest = text.strip_prefix("due")?.trim_start();
    if rest.is_empty() {
        return Some(Mark::Due(0, Unit::WorkingDays));
    }
    let (sign, rest) = match rest.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let span = parse_span(rest)?;
    Some(Mark::Due(sign * span.number, span.unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_written_in_either_language() {
        assert_eq!(parse_span("5wd"), Some(span(5, Unit::WorkingDays)));
        assert_eq!(parse_span("5个工作日"), parse_span("5wd"));
        assert_eq!(parse_span("3日"), Some(span(3, Unit::Days)));
        assert_eq!(parse_span("30min"), Some(span(30, Unit::Minutes)));
        assert_eq!(parse_span("20"), None);
        assert_eq!(parse_span("wd"), None);
        assert_eq!(parse_span("99999999999999999999wd"), None);
        assert_eq!(parse_span("5 超"), None);
    }

    #[test]
    fn marks_have_four_forms() {
        assert_eq!(parse_mark("due"), Some(Mark::Due(0, Unit::WorkingDays)));
        assert_eq!(parse_mark("due - 2wd"), Some(Mark::Due(-2, Unit::WorkingDays)));
        assert_eq!(parse_mark("due+1d"), Some(Mark::Due(1, Unit::Days)));
        assert_eq!(parse_mark("over >= -2"), Some(Mark::Over(-2)));
        assert_eq!(parse_mark("80%"), Some(Mark::Percent(80)));
        assert_eq!(parse_mark("over > 2"), None);
        assert_eq!(parse_mark("due 2wd"), None);
        assert_eq!(parse_mark("due（"), None);
        assert_eq!(parse_mark("0%"), None);
    }
}
