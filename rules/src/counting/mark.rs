//! Marks: the instants of a clock at which cards stand.

use std::fmt;
use std::str::FromStr;

use super::span::Span;

/// A mark of a limit.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Mark {
    /// The due instant.
    Due,
    /// `due + span`; a negative number lies ahead of it.
    Shifted(Span),
    /// `over >= n`: as `due + (n - 1)` in the limit's unit.
    Over(i64),
    /// A share of the counted limit; under `legal` rounded up to whole days.
    Percent(u32),
}

/// A text that is no mark.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a mark; write due, due - 2wd, due + 1d, over >= -2 or 80%")]
pub struct BadMark(pub String);

impl fmt::Display for Mark {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mark::Due => out.write_str("due"),
            Mark::Shifted(Span { number, unit }) => {
                let sign = if *number < 0 { '-' } else { '+' };
                write!(out, "due {sign} {}{}", number.abs(), unit.suffix())
            }
            Mark::Over(number) => write!(out, "over >= {number}"),
            Mark::Percent(share) => write!(out, "{share}%"),
        }
    }
}

impl FromStr for Mark {
    type Err = BadMark;

    fn from_str(text: &str) -> Result<Mark, BadMark> {
        read(text.trim()).ok_or_else(|| BadMark(text.to_owned()))
    }
}

fn read(text: &str) -> Option<Mark> {
    if let Some(share) = text.strip_suffix('%') {
        return share.trim().parse().ok().filter(|share| *share <= 10_000).map(Mark::Percent);
    }
    if let Some(rest) = text.strip_prefix("over") {
        let number: i64 = rest.trim_start().strip_prefix(">=")?.trim().parse().ok()?;
        return (number.abs() <= 10_000).then_some(Mark::Over(number));
    }
    let rest = text.strip_prefix("due")?.trim_start();
    if rest.is_empty() {
        return Some(Mark::Due);
    }
    let span = |rest: &str| rest.trim_start().parse::<Span>().ok();
    if let Some(rest) = rest.strip_prefix('-') {
        let Span { number, unit } = span(rest)?;
        return Some(Mark::Shifted(Span { number: -number, unit }));
    }
    Some(Mark::Shifted(span(rest.strip_prefix('+')?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_rules_write_them() {
        let cases = [
            ("due", Mark::Due),
            ("due - 2wd", Mark::Shifted(Span::working_days(-2))),
            ("due-1wd", Mark::Shifted(Span::working_days(-1))),
            ("due + 1d", Mark::Shifted(Span::days(1))),
            ("over >= -2", Mark::Over(-2)),
            ("over>=1", Mark::Over(1)),
            ("80%", Mark::Percent(80)),
        ];
        for (text, mark) in cases {
            assert_eq!(text.parse(), Ok(mark), "{text}");
            assert_eq!(mark.to_string().parse(), Ok(mark), "{text}");
        }
    }

    #[test]
    fn what_is_no_mark_is_refused() {
        for text in ["", "du", "due 2wd", "due - -2wd", "over > 1", "over >= x", "-5%", "due -"] {
            assert!(text.parse::<Mark>().is_err(), "{text}");
        }
    }
}
