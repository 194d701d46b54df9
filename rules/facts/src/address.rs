//! Who speaks: level, region and department, as the NATS subject carries them.
//!
//! The subject is the authority (semantics 2): only the office that may publish on it can replace
//! or delete what was said there. Region codes compare right-padded with zeros to twelve digits.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Level of government.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 省
    Province,
    /// 市
    City,
    /// 县
    County,
    /// 乡镇
    Township,
}

impl Level {
    /// All levels, highest first.
    pub const ALL: [Level; 4] = [Level::Province, Level::City, Level::County, Level::Township];

    /// The token used in subjects and events.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Level::Province => "province",
            Level::City => "city",
            Level::County => "county",
            Level::Township => "township",
        }
    }

    /// The level that `token` names.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.token() == token)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.token())
    }
}

/// A region code: GB/T 2260 (6 digits) or a 9 or 12 digit extension, held as twelve digits.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(u64);

/// A region code that is not 2 to 12 digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("region code \"{0}\" is not 2 to 12 digits")]
pub struct BadRegion(pub String);

impl Region {
    /// Digits in the padded form.
    pub const DIGITS: u32 = 12;

    /// The padded code as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The county (six digits) that this region is or lies in; `None` for a city, a province or the country.
    #[must_use]
    pub const fn county(self) -> Option<Region> {
        const COUNTY: u64 = 1_000_000;
        let county = self.0 / COUNTY;
        if county.is_multiple_of(100) { None } else { Some(Region(county * COUNTY)) }
    }

    /// Does this region lie in the region that the digits of `prefix` name ("3609")?
    #[must_use]
    pub fn starts_with(self, prefix: &str) -> bool {
        let Some(rest) = (Region::DIGITS as usize).checked_sub(prefix.len()) else { return false };
        let digits = prefix
            .bytes()
            .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')));
        digits == Some(self.0 / 10_u64.pow(rest as u32))
    }
}

impl FromStr for Region {
    type Err = BadRegion;

    fn from_str(text: &str) -> Result<Region, BadRegion> {
        let bad = || BadRegion(text.to_owned());
        let digits = text.len();
        if !(2..=Region::DIGITS as usize).contains(&digits) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad());
        }
        let number: u64 = text.parse().map_err(|_| bad())?;
        Ok(Region(number * 10_u64.pow(Region::DIGITS - digits as u32)))
    }
}

/// Six digits where the rest is zero, else nine, else twelve: one text for one region.
impl fmt::Display for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1_000_000) {
            write!(out, "{:06}", self.0 / 1_000_000)
        } else if self.0.is_multiple_of(1_000) {
            write!(out, "{:09}", self.0 / 1_000)
        } else {
            write!(out, "{:012}", self.0)
        }
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            u64::deserialize(deserializer).map(Region)
        }
    }
}

/// An organisation code: one subject token.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Department(CompactString);

impl Department {
    /// The department with this code.
    ///
    /// Returns `None` for text that cannot be a subject token: empty, over 64 bytes, or holding
    /// white space, a control character, `.`, `*` or `>`.
    #[must_use]
    pub fn new(code: &str) -> Option<Department> {
        let sound = !code.is_empty()
            && code.len() <= 64
            && !code.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '.' | '*' | '>'));
        sound.then(|| Department(code.into()))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Department {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The office that speaks on one subject.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Address {
    /// Level of government.
    pub level: Level,
    /// Region code.
    pub region: Region,
    /// Organisation code.
    pub dept: Department,
}

impl Address {
    /// Reads `<prefix>.<level>.<region>.<dept>`.
    #[must_use]
    pub fn from_subject(prefix: &str, subject: &str) -> Option<Address> {
        let rest = subject.strip_prefix(prefix)?.strip_prefix('.')?;
        let mut tokens = rest.split('.');
        let address = Address {
            level: Level::from_token(tokens.next()?)?,
            region: tokens.next()?.parse().ok()?,
            dept: Department::new(tokens.next()?)?,
        };
        tokens.next().is_none().then_some(address)
    }

    /// `<prefix>.<level>.<region>.<dept>`.
    #[must_use]
    pub fn subject(&self, prefix: &str) -> String {
        format!("{prefix}.{}.{}.{}", self.level, self.region, self.dept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_compare_padded_and_have_one_text() {
        let region = |text: &str| text.parse::<Region>().expect(text);
        assert_eq!(region("360902"), region("360902000000"));
        assert_eq!(region("360902000000").to_string(), "360902");
        assert_eq!(region("360902101").to_string(), "360902101");
        assert_eq!(region("36").to_string(), "360000");
        assert!(region("360902101").starts_with("3609"));
        for prefix in ["", "36", "360902101", "360902101000"] {
            assert!(region("360902101").starts_with(prefix), "{prefix}");
        }
        for prefix in ["37", "360902102", "3609021010000", "36a", "+3"] {
            assert!(!region("360902101").starts_with(prefix), "{prefix}");
        }
        assert!("36O9".parse::<Region>().is_err(), "a letter O is no digit");
    }

    #[test]
    fn a_subject_is_an_address_and_nothing_more() {
        let read = |subject| Address::from_subject("approval", subject);
        let address = read("approval.county.360902.D12").expect("well formed");
        assert_eq!(address.subject("approval"), "approval.county.360902.D12");
        for malformed in [
            "approval.county.360902",
            "approval.village.360902.D",
            "approval.county.360902.D.x",
            "alert.county.360902.D",
        ] {
            assert_eq!(read(malformed), None, "{malformed}");
        }
    }
}
