//! What a generated file is made of: shares, window and size, read from a profile file.
//!
//! Shares are whole parts of 10,000, so that quotas need no floating point and a seed changes who
//! is late, never how many. Unknown keys are refused.

use std::collections::BTreeMap;

use facts::Moment;
use jiff::civil::{Date, Time, Weekday};
use serde::Deserialize;

use crate::calendar::{self, Day, WorkingDays};

/// The whole that shares are parts of.
pub const WHOLE: usize = 10_000;
/// The profiles that are built in, by name: the demonstration's, a city's weight of cards, the tiers, and what breaks or games rules.
const BUILT_IN: [(&str, &str); 9] = [
    ("yichun-week", include_str!("../profiles/yichun-week.toml")),
    ("yichun-load", include_str!("../profiles/yichun-load.toml")),
    ("county", include_str!("../profiles/county.toml")),
    ("city", include_str!("../profiles/city.toml")),
    ("province", include_str!("../profiles/province.toml")),
    ("nation", include_str!("../profiles/nation.toml")),
    ("holiday-storm", include_str!("../profiles/holiday-storm.toml")),
    ("all-violating", include_str!("../profiles/all-violating.toml")),
    ("gaming", include_str!("../profiles/gaming.toml")),
];

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProfile {
    /// Not the form of a profile.
    #[error("the profile could not be read: {0}")]
    Form(String),
    /// A value outside what makes sense.
    #[error("profile {profile}: {key} is {value}; it must be {wanted}")]
    Value {
        /// The profile's name.
        profile: String,
        /// The key at fault.
        key: String,
        /// What it says.
        value: String,
        /// What it may say.
        wanted: String,
    },
    /// A name that no built-in profile has.
    #[error("no profile is named \"{0}\"; built in are {names}, else give a file", names = Profile::names().join(", "))]
    Unknown(String),
}

/// Shares, window and size.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name, for reports.
    pub name: String,
    /// Cases, where the caller names no number.
    pub cases: usize,
    /// Monday of the live week.
    #[serde(deserialize_with = "date")]
    pub live_week: Date,
    /// Weeks before the live week in which cases begin.
    pub backlog_weeks: u32,
    /// Time of day on the Friday of the live week at which the run ends.
    #[serde(deserialize_with = "time")]
    pub until: Time,
    /// Share of the ordinary cases that begins in the live week.
    pub live: usize,
    /// Ordinary cases by how they run.
    pub lives: Lives,
    /// How facts reach the stream.
    pub arrivals: Arrivals,
    /// Cases that break a rule, by rule id.
    pub breaches: BTreeMap<String, usize>,
    /// Cases that keep a rule by a hair, by rule id.
    pub near_misses: BTreeMap<String, usize>,
    /// Cases that game the clock, by [pattern](crate::gaming).
    #[serde(default)]
    pub gaming: BTreeMap<String, usize>,
    /// How much comes in an hour, where the profile stands for a place of some size.
    pub load: Option<Load>,
}

/// How much comes in an hour; whole numbers, since a county's mean is less than one a second.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Events in a mean office hour.
    pub mean_per_hour: u64,
    /// Events in an hour as full as the fullest minute.
    pub peak_per_hour: u64,
}

/// Ordinary cases by how they run; parts of their sum.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lives {
    /// 即办件
    pub instant: usize,
    /// 承诺件
    pub promised: usize,
    /// 承诺件, with a fee
    pub fee: usize,
    /// with 补正
    pub supplement: usize,
    /// with 特别程序
    pub special: usize,
    /// 联办件: the parent cases
    pub joint: usize,
    /// 上报件: the lower cases
    pub forwarded: usize,
    /// not accepted, refused, withdrawn, lapsed, returned, voided
    pub ended_early: usize,
    /// accepted, then left alone, so that all promises end with the first working day of the live week
    #[serde(default)]
    pub stalled: usize,
}

/// How facts of ordinary cases reach the stream; parts of 10,000.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrivals {
    /// Facts that come more than a day late.
    pub late: usize,
    /// Cases keyed in as a whole after they were closed.
    pub bulk: usize,
    /// Facts first sent wrong, then corrected.
    pub corrected: usize,
    /// Cases with a record that is deleted again.
    pub deleted: usize,
    /// Facts sent twice.
    pub duplicated: usize,
}

fn date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let value = toml::value::Datetime::deserialize(deserializer)?;
    value.to_string().parse().map_err(serde::de::Error::custom)
}

fn time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("\"{text}\" is not a time of day such as \"19:00\"")))
}

impl Profile {
    /// The built-in profile of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Profile, BadProfile> {
        let found = BUILT_IN.iter().find(|(known, _)| *known == name);
        found.map_or_else(|| Err(BadProfile::Unknown(name.to_owned())), |(_, text)| Profile::parse(text))
    }

    /// The names of the built-in profiles.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        BUILT_IN.iter().map(|(name, _)| *name).collect()
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// When it is not TOML of this form, or a value cannot be.
    pub fn parse(text: &str) -> Result<Profile, BadProfile> {
        let profile: Profile = toml::from_str(text).map_err(|error| BadProfile::Form(error.to_string()))?;
        profile.check()?;
        Ok(profile)
    }

    fn check(&self) -> Result<(), BadProfile> {
        let bad = |key: &str, value: &dyn ToString, wanted: &str| {
            let (key, value, wanted) = (key.to_owned(), value.to_string(), wanted.to_owned());
            Err(BadProfile::Value { profile: self.name.clone(), key, value, wanted })
        };
        // Fees whose basis ended on 2026-04-01 are charged on both sides of that day.
        let weeks = jiff::civil::date(2026, 4, 13)..=jiff::civil::date(2026, 6, 8);
        let friday = calendar::day(self.live_week) + 4;
        let ordinary = WorkingDays::load().is_ok_and(|days| days.works(friday));
        if self.live_week.weekday() != Weekday::Monday || !weeks.contains(&self.live_week) || !ordinary {
            let wanted = "a Monday from 2026-04-13 to 2026-06-08 whose Friday is a working day";
            return bad("live_week", &self.live_week, wanted);
        }
        if !(10..=20).contains(&self.backlog_weeks) {
            return bad("backlog_weeks", &self.backlog_weeks, "10 to 20, so that statutory limits fit in");
        }
        // Facts at the very close of business still reach the stream before the run ends.
        if self.until < jiff::civil::time(18, 30, 0, 0) {
            return bad("until", &self.until, "18:30 or later");
        }
        let known = crate::scenario::rules();
        for rule in self.breaches.keys().chain(self.near_misses.keys()) {
            if !known.contains(&rule.as_str()) {
                return bad("a rule", rule, &format!("one of {}", known.join(", ")));
            }
        }
        let known = crate::gaming::patterns();
        if let Some(pattern) = self.gaming.keys().find(|pattern| !known.contains(&pattern.as_str())) {
            return bad("a pattern of gaming", pattern, &format!("one of {}", known.join(", ")));
        }
        let scripted: usize = self.breaches.values().chain(self.near_misses.values()).chain(self.gaming.values()).sum();
        if scripted > WHOLE {
            return bad("breaches, near_misses and gaming together", &scripted, "at most 10000");
        }
        if let Some(load) = self.load.filter(|load| load.mean_per_hour == 0 || load.peak_per_hour < load.mean_per_hour)
        {
            return bad(
                "load",
                &format!("{} to {}", load.mean_per_hour, load.peak_per_hour),
                "a mean above 0 and a peak not below it",
            );
        }
        if self.lives.shares().iter().map(|(_, share)| share).sum::<usize>() == 0 {
            return bad("lives", &0, "more than nothing in all");
        }
        let arrivals = &self.arrivals;
        for share in
            [self.live, arrivals.late, arrivals.bulk, arrivals.corrected, arrivals.deleted, arrivals.duplicated]
        {
            if share > WHOLE {
                return bad("a share", &share, "at most 10000");
            }
        }
        Ok(())
    }
}

/// How an ordinary case runs.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LifeKind {
    /// Handled on the spot.
    Instant,
    /// With a promise.
    Promised,
    /// With a promise and a fee.
    Fee,
    /// With a supplement.
    Supplement,
    /// With a special procedure.
    Special,
    /// The parent of a joint handling.
    JointParent,
    /// A member of a joint handling.
    JointMember,
    /// Forwarded to the level above.
    ForwardedLower,
    /// Taken over from the level below.
    ForwardedUpper,
    /// Ends before a decision that grants.
    EndedEarly,
    /// Accepted, then left alone.
    Stalled,
}

impl Lives {
    /// Kinds and their shares. A joint case brings its members, a forwarded one its upper case.
    pub(crate) fn shares(&self) -> [(LifeKind, usize); 9] {
        [
            (LifeKind::Instant, self.instant),
            (LifeKind::Promised, self.promised),
            (LifeKind::Fee, self.fee),
            (LifeKind::Supplement, self.supplement),
            (LifeKind::Special, self.special),
            (LifeKind::JointParent, self.joint),
            (LifeKind::ForwardedLower, self.forwarded),
            (LifeKind::EndedEarly, self.ended_early),
            (LifeKind::Stalled, self.stalled),
        ]
    }
}

/// The time in which cases live, as places in the list of working days.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// First working day of the backlog.
    pub first: usize,
    /// First working day of the live week.
    pub live: usize,
    /// Last working day of the live week.
    pub last: usize,
    /// Start of the live week.
    pub replay_from: Moment,
    /// End of the run: nothing that happens or arrives later is known.
    pub until: Moment,
}

impl Window {
    /// The window that `profile` asks for.
    #[must_use]
    pub fn of(profile: &Profile, days: &WorkingDays) -> Window {
        let monday: Day = calendar::day(profile.live_week);
        let backlog = i32::try_from(profile.backlog_weeks).expect("checked to be small") * 7;
        let until = profile.until;
        let second = i64::from(until.hour()) * 3600 + i64::from(until.minute()) * 60 + i64::from(until.second());
        Window {
            first: days.place_from(monday - backlog),
            live: days.place_from(monday),
            last: days.place_from(monday + 5) - 1,
            replay_from: calendar::instant(monday, 0),
            until: calendar::instant(monday + 4, second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_profiles_are_sound() {
        for name in Profile::names() {
            assert_eq!(Profile::named(name).expect(name).name, name);
        }
        assert_eq!(
            Profile::named("paris").expect_err("unknown").to_string(),
            "no profile is named \"paris\"; built in are yichun-week, yichun-load, county, city, province, nation, holiday-storm, \
             all-violating, gaming, else give a file"
        );
    }

    #[track_caller]
    fn check_fault(from: &str, to: &str, expected: &str) {
        let week = BUILT_IN[0].1;
        assert!(week.contains(from), "{from}");
        let fault = Profile::parse(&week.replacen(from, to, 1)).expect_err("refused").to_string();
        assert!(fault.contains(expected), "{fault}");
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_can() {
        check_fault("2026-05-11", "2026-05-12", "live_week is 2026-05-12; it must be a Monday from");
        check_fault("2026-05-11", "2026-04-27", "whose Friday is a working day");
        check_fault("backlog_weeks = 10", "backlog_weeks = 2", "backlog_weeks is 2; it must be 10 to 20");
        check_fault("\"19:00\"", "\"17:00\"", "it must be 18:30 or later");
        check_fault("OD-01 = 45", "OD-99 = 45", "a rule is OD-99; it must be one of OD-01, OD-04");
        check_fault("OD-01 = 45", "OD-01 = 9999", "it must be at most 10000");
        check_fault("live = 2500", "live = 10001", "a share is 10001");
        check_fault("live = 2500", "lively = 2500", "unknown field `lively`");
        check_fault(
            "[breaches]",
            "[gaming]\nwishful = 1\n[breaches]",
            "a pattern of gaming is wishful; it must be one of closed-at",
        );
        check_fault(
            "[lives]",
            "[load]\nmean_per_hour = 9\npeak_per_hour = 8\n[lives]",
            "load is 9 to 8; it must be a mean",
        );
    }
}
