//! Money: whole fen (分) in an `i64`. Read from text, never through a float (semantics 11).

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// An amount in fen; 100 fen are one yuan. Negative for money that goes back.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(i64);

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    /// Not a decimal number.
    #[error("is not a decimal number of yuan")]
    NotDecimal,
    /// More digits after the point than a fen can hold.
    #[error("has more than two decimals")]
    TooFine,
    /// Beyond ten to the thirteenth fen.
    #[error("is beyond 100,000,000,000 yuan")]
    TooLarge,
}

/// What to do with digits beyond the second after the point.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Rounding {
    /// Refuse the amount.
    #[default]
    Refuse,
    /// Half a fen goes away from zero.
    HalfUp,
    /// Half a fen goes to the even neighbour.
    HalfEven,
    /// Digits are cut.
    Down,
}

impl Fen {
    /// No money.
    pub const ZERO: Fen = Fen(0);
    /// The largest amount a fact may carry, in fen.
    pub const LIMIT: i64 = 10_000_000_000_000;

    /// An amount of `fen` fen.
    #[must_use]
    pub const fn new(fen: i64) -> Fen {
        Fen(fen)
    }

    /// Whole fen.
    #[must_use]
    pub const fn fen(self) -> i64 {
        self.0
    }

    /// The amount without its sign.
    #[must_use]
    pub const fn abs(self) -> Fen {
        Fen(self.0.saturating_abs())
    }

    /// Reads a decimal number of yuan; thousands separators (`,` or `，`) and a leading sign are allowed.
    ///
    /// # Errors
    /// When the text is no number, is finer than a fen, or is beyond [`Fen::LIMIT`].
    pub fn parse(text: &str) -> Result<Fen, BadAmount> {
        Fen::parse_rounding(text, Rounding::Refuse)
    }

    /// As [`Fen::parse`], with a stated treatment of digits beyond the second.
    ///
    /// # Errors
    /// As [`Fen::parse`]; [`BadAmount::TooFine`] only with [`Rounding::Refuse`].
    pub fn parse_rounding(text: &str, rounding: Rounding) -> Result<Fen, BadAmount> {
        let text = text.trim();
        let (negative, digits) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = without_separators(whole).ok_or(BadAmount::NotDecimal)?;
        let decimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !decimal(&whole) || !decimal(fraction) {
            return Err(BadAmount::NotDecimal);
        }
        if whole.trim_start_matches('0').len() > 13 {
            return Err(BadAmount::TooLarge);
        }
        let yuan: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| BadAmount::TooLarge)? };
        let fen = yuan * 100 + fen_of_fraction(fraction, rounding)?;
        if fen > Fen::LIMIT {
            return Err(BadAmount::TooLarge);
        }
        Ok(Fen(if negative { -fen } else { fen }))
    }
}

/// The digits without thousands separators; `None` where these do not stand before each three digits. A comma may
/// be meant as the point: 12,50 is not 1250.
fn without_separators(whole: &str) -> Option<String> {
    let mut groups = whole.split([',', '，']);
    let mut digits = groups.next().unwrap_or_default().to_owned();
    let mut grouped = groups.peekable();
    if grouped.peek().is_some() && !(1..=3).contains(&digits.len()) {
        return None;
    }
    for group in grouped {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

/// The fen in the digits after the point, rounded as told.
fn fen_of_fraction(fraction: &str, rounding: Rounding) -> Result<i64, BadAmount> {
    let digit = |place: usize| fraction.as_bytes().get(place).map_or(0, |byte| i64::from(byte - b'0'));
    let fen = digit(0) * 10 + digit(1);
    let rest = fraction.get(2..).unwrap_or("").trim_end_matches('0');
    if rest.is_empty() {
        return Ok(fen);
    }
    let half = rest.as_bytes()[0].cmp(&b'5').then(rest.len().cmp(&1));
    Ok(match rounding {
        Rounding::Refuse => return Err(BadAmount::TooFine),
        Rounding::Down => fen,
        Rounding::HalfUp => fen + i64::from(half.is_ge()),
        Rounding::HalfEven => fen + i64::from(half.is_gt() || (half.is_eq() && fen % 2 == 1)),
    })
}

impl std::ops::Add for Fen {
    type Output = Fen;

    /// Stays at the end of an `i64` rather than wrapping: 900,000 records of the largest amount in
    /// one case reach it, and a hostile sender must not stop a worker.
    fn add(self, other: Fen) -> Fen {
        Fen(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for Fen {
    type Output = Fen;

    fn sub(self, other: Fen) -> Fen {
        Fen(self.0.saturating_sub(other.0))
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(amounts: I) -> Fen {
        amounts.fold(Fen::ZERO, |sum, amount| sum + amount)
    }
}

/// Yuan with two decimals, as the line form carries it.
impl fmt::Display for Fen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        write!(out, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<i64, BadAmount>) {
        assert_eq!(Fen::parse(text).map(Fen::fen), expected, "{text}");
    }

    #[test]
    fn yuan_become_fen_exactly() {
        check("12.5", Ok(1_250));
        check("1,234.56", Ok(123_456));
        check("-1，234，567", Ok(-123_456_700));
        for comma in ["12,50", "1,2,3.00", "1,23", ",123", "1234,567", "1,,234", "1,234,", "1.234,50"] {
            check(comma, Err(BadAmount::NotDecimal));
        }
        check("-0.01", Ok(-1));
        check(".5", Ok(50));
        check("0.10000", Ok(10));
        check("100000000000", Ok(Fen::LIMIT));
        check("100000000000.01", Err(BadAmount::TooLarge));
        check("99999999999999999999", Err(BadAmount::TooLarge));
        check("0.005", Err(BadAmount::TooFine));
        check("1e3", Err(BadAmount::NotDecimal));
        check("", Err(BadAmount::NotDecimal));
        check("--1", Err(BadAmount::NotDecimal));
        check("12 元", Err(BadAmount::NotDecimal));
    }

    #[test]
    fn rounding_is_named_never_silent() {
        let round = |text, rounding| Fen::parse_rounding(text, rounding).map(Fen::fen);
        assert_eq!(round("1.005", Rounding::HalfUp), Ok(101));
        assert_eq!(round("1.005", Rounding::HalfEven), Ok(100));
        assert_eq!(round("1.0051", Rounding::HalfEven), Ok(101));
        assert_eq!(round("1.009", Rounding::Down), Ok(100));
        assert_eq!(round("-1.005", Rounding::HalfUp), Ok(-101));
    }

    #[test]
    fn text_has_two_decimals() {
        assert_eq!(Fen::new(-5).to_string(), "-0.05");
        assert_eq!(Fen::new(123_456).to_string(), "1234.56");
    }
}
