//! The digest: one hash for a set of standing lights, whatever the order they are met in.
//!
//! Bucket = (civil day of `since` in the site's zone, owner): count, and the sum of the rows'
//! SHA-256 modulo 2^256. Total = SHA-256 of the sorted buckets, one line each (semantics 32):
//!
//! ```text
//! <day> TAB <level> TAB <region> TAB <dept> TAB <count> TAB <sum, 64 hex digits> LF
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::standing::StandingLight;

mod told;

pub use told::{BucketLine, DigestTold, RowLine};

/// The standing lights of one day and owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bucket {
    /// Rows in the bucket.
    pub count: u64,
    sum: [u8; 32],
}

impl Bucket {
    /// The bucket of `count` rows whose sum is written as `sum`; `None` when that is not 64 hex digits.
    #[must_use]
    pub fn read(count: u64, sum: &str) -> Option<Bucket> {
        if sum.len() != 64 || !sum.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, place) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&sum[place..place + 2], 16).ok()?;
        }
        Some(Bucket { count, sum: bytes })
    }

    /// The sum of the rows' hashes, 64 hex digits.
    #[must_use]
    pub fn sum_hex(&self) -> String {
        hex(&self.sum)
    }

    fn take(&mut self, light: &StandingLight) {
        self.add(Sha256::digest(light.row()).into());
    }

    fn add(&mut self, hash: [u8; 32]) {
        self.count += 1;
        let mut carry = 0_u16;
        for (sum, byte) in self.sum.iter_mut().rev().zip(hash.iter().rev()) {
            let total = u16::from(*sum) + u16::from(*byte) + carry;
            *sum = (total & 0xff) as u8;
            carry = total >> 8;
        }
    }
}

/// Buckets by their key line (day, level, region, department, tab separated).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LightsDigest {
    /// One bucket for each day and owner.
    pub buckets: BTreeMap<String, Bucket>,
}

impl LightsDigest {
    /// The digest of `lights`, days counted in `zone`.
    pub fn of<'a>(lights: impl IntoIterator<Item = &'a StandingLight>, zone: &TimeZone) -> LightsDigest {
        let mut digest = LightsDigest::default();
        for light in lights {
            digest.buckets.entry(LightsDigest::key(light, zone)).or_default().take(light);
        }
        digest
    }

    /// The key line of the bucket that holds `light`, days counted in `zone`.
    #[must_use]
    pub fn key(light: &StandingLight, zone: &TimeZone) -> String {
        let owner = &light.owner;
        format!("{}\t{}\t{}\t{}", light.since.date(zone), owner.level, owner.region, owner.dept)
    }

    /// The sorted buckets as text, one line each: what the total is the hash of.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (key, bucket) in &self.buckets {
            writeln!(text, "{key}\t{}\t{}", bucket.count, bucket.sum_hex()).expect("a string takes all text");
        }
        text
    }

    /// The total, 64 hex digits.
    #[must_use]
    pub fn total(&self) -> String {
        hex(&Sha256::digest(self.text()))
    }

    /// Standing lights in all buckets.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.values().map(|bucket| bucket.count).sum()
    }

    /// The keys of the buckets that are not the same in both, sorted.
    #[must_use]
    pub fn differing<'a>(&'a self, other: &'a LightsDigest) -> Vec<&'a str> {
        let keys: BTreeSet<&str> = self.buckets.keys().chain(other.buckets.keys()).map(String::as_str).collect();
        keys.into_iter().filter(|key| self.buckets.get(*key) != other.buckets.get(*key)).collect()
    }
}

/// Lower-case hex of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all text");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::light::{Card, Light};
    use crate::moment::Moment;

    fn light(case: &str) -> StandingLight {
        StandingLight {
            case: case.into(),
            rule: "OD-05".into(),
            instance: "-".into(),
            card: Card::Yellow,
            light: Light::Yellow,
            since: "2026-01-05T10:00:00Z".parse::<Moment>().expect("an instant"),
            owner: Address::from_subject("approval", "approval.county.360902.D1").expect("an address"),
        }
    }

    #[test]
    fn order_does_not_matter_and_every_row_does() {
        let total = |cases: &[&str]| {
            let lights: Vec<_> = cases.iter().map(|case| light(case)).collect();
            LightsDigest::of(&lights, &TimeZone::UTC).total()
        };
        assert_eq!(total(&["A", "B", "C"]), total(&["C", "A", "B"]));
        assert_ne!(total(&["A", "B"]), total(&["A", "B", "B"]));
        assert_ne!(total(&["A"]), total(&["B"]));
    }

    #[test]
    fn buckets_that_differ_are_named_in_order() {
        let of = |lights: &[StandingLight]| LightsDigest::of(lights, &TimeZone::UTC);
        let later = StandingLight { since: "2026-01-06T10:00:00Z".parse().expect("an instant"), ..light("A") };
        let (one, other) = (of(&[light("A"), light("B")]), of(&[light("A"), later]));
        assert_eq!(one.differing(&other), ["2026-01-05\tcounty\t360902\tD1", "2026-01-06\tcounty\t360902\tD1"]);
        assert!(one.differing(&one.clone()).is_empty());
        assert_eq!((one.count(), one.text().lines().count()), (2, 1));
    }

    #[test]
    fn the_sum_carries_over_whole_bytes() {
        let mut bucket = Bucket::default();
        let mut one = [0_u8; 32];
        one[31] = 1;
        bucket.add([0xff; 32]);
        bucket.add(one);
        assert_eq!(bucket.sum_hex(), "0".repeat(64), "modulo 2^256");
    }
}
