//! Offsets of a zone as a small table, so that the hot path never walks a time-zone rule.
//!
//! Invariant: agrees with jiff, its "compatible" rule for skipped and repeated times included, for
//! all instants of 1800 to 2300; later instants keep the last offset. Units: milliseconds.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use facts::Moment;

use super::days::DAY_MS;

/// Offsets from UTC over time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ZoneTable {
    /// (first UTC millisecond, offset in milliseconds), ascending; the first begins at `i64::MIN`.
    spans: Vec<(i64, i64)>,
}

impl ZoneTable {
    pub(super) fn new(zone: &TimeZone) -> ZoneTable {
        let year_start = |year| {
            let day = jiff::civil::date(year, 1, 1);
            TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).expect("a year inside jiff's calendar")
        };
        let (begin, end): (Timestamp, Timestamp) = (year_start(1800), year_start(2300));
        let offset_ms = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * 1000;
        let mut spans = vec![(i64::MIN, offset_ms(zone.to_offset(begin)))];
        for transition in zone.following(begin).take_while(|transition| transition.timestamp() < end) {
            let offset = offset_ms(transition.offset());
            if spans.last().is_some_and(|&(_, before)| before != offset) {
                spans.push((transition.timestamp().as_millisecond(), offset));
            }
        }
        ZoneTable { spans }
    }

    /// What clocks of the zone show at an instant: milliseconds since the civil 1970-01-01T00:00:00.
    pub(super) fn local(&self, moment: Moment) -> i64 {
        let utc = moment.millis();
        utc.saturating_add(self.spans[self.span_at(utc)].1)
    }

    /// The instant at which clocks show `local`; a skipped time is read with the offset before the
    /// change, a repeated one as its first occurrence.
    pub(super) fn moment(&self, local: i64) -> Moment {
        // Every change of offset lies within a day of where this one offset would put it.
        let guess = self.span_at(local.saturating_sub(self.spans[self.spans.len() - 1].1));
        let earliest = guess.saturating_sub(2);
        let latest = (guess + 2).min(self.spans.len() - 1);
        for index in earliest..=latest {
            let utc = local.saturating_sub(self.spans[index].1);
            let end = self.spans.get(index + 1).map_or(i64::MAX, |next| next.0);
            // Below `end`: shown in this span, or skipped by the change that begins it; in the second
            // case the span before has already refused it, and its own offset is the one to read.
            if utc < end {
                let skipped = index > 0 && utc < self.spans[index].0;
                let offset = self.spans[if skipped { index - 1 } else { index }].1;
                return Moment::from_millis(local.saturating_sub(offset));
            }
        }
        Moment::from_millis(local.saturating_sub(self.spans[latest].1))
    }

    /// May clocks be changed while they show `[from, to)`? Also said of changes within two days of it.
    pub(super) fn changes_between(&self, from: i64, to: i64) -> bool {
        // No two offsets of a zone are two days apart, not even where the date line was moved.
        let offset = self.spans[self.spans.len() - 1].1;
        let shown = |change: i64| change.saturating_add(offset);
        let next = self.spans.partition_point(|&(change, _)| shown(change) < from - 2 * DAY_MS);
        self.spans.get(next).is_some_and(|&(change, _)| shown(change) < to + 2 * DAY_MS)
    }

    fn span_at(&self, utc: i64) -> usize {
        match self.spans.last() {
            Some(&(from, _)) if utc >= from => self.spans.len() - 1,
            _ => self.spans.partition_point(|&(from, _)| from <= utc) - 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees(name: &str) {
        let zone = TimeZone::get(name).expect("bundled zone");
        let table = ZoneTable::new(&zone);
        // Odd steps, so that every change is approached from both sides; then each change closely.
        let mut instants: Vec<i64> = (-2_000_000_000_000..7_000_000_000_000).step_by(97_123_457).collect();
        for &(from, _) in &table.spans[1..] {
            instants.extend((-8..=8).flat_map(|half_hours| {
                let near = from + half_hours * 1_800_000;
                [near - 1, near, near + 1]
            }));
        }
        for utc in instants {
            let moment = Moment::from_millis(utc);
            let civil = moment.civil(&zone);
            let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
            let local = epoch.duration_until(civil).as_millis();
            assert_eq!(i128::from(table.local(moment)), local, "{name} {moment}");
            let shifted = i64::try_from(local).expect("fits");
            assert_eq!(table.moment(shifted), Moment::from_civil(civil, &zone), "{name} {civil}");
            // A civil time near by that may be skipped or repeated.
            let odd = civil.checked_add(jiff::SignedDuration::from_mins(61)).expect("in range");
            assert_eq!(table.moment(shifted + 3_660_000), Moment::from_civil(odd, &zone), "{name} {odd}");
        }
    }

    #[test]
    fn shanghai_agrees_with_jiff() {
        agrees("Asia/Shanghai");
    }

    #[test]
    fn zones_with_summer_time_agree_with_jiff() {
        for zone in ["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Urumqi", "UTC"] {
            agrees(zone);
        }
    }

    /// Where no change is said to be, clocks run evenly.
    #[test]
    fn a_day_without_a_change_is_as_long_as_it_looks() {
        for zone in ["Asia/Shanghai", "Europe/Amsterdam", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Urumqi"] {
            let table = ZoneTable::new(&TimeZone::get(zone).expect("bundled zone"));
            let mut even = 0;
            for midnight in (-30_000..60_000).map(|day| day * DAY_MS) {
                if table.changes_between(midnight, midnight + DAY_MS) {
                    continue;
                }
                even += 1;
                let begins = table.moment(midnight).millis();
                for later in (0..=DAY_MS).step_by(7_200_000) {
                    assert_eq!(table.moment(midnight + later).millis() - begins, later, "{zone} {midnight}");
                }
            }
            assert!(even > 80_000, "{zone}: {even}");
        }
    }

    #[test]
    fn the_ends_of_the_time_line_do_not_overflow() {
        let table = ZoneTable::new(&TimeZone::get("Asia/Shanghai").expect("bundled zone"));
        assert_eq!(table.local(Moment::MAX), i64::MAX);
        assert!(table.local(Moment::MIN) < 0);
        assert!(table.moment(i64::MAX) > Moment::from_millis(0));
    }
}
