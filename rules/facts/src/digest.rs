//! The digest: one hash for a set of standing lights, whatever the order they are met in.
//!
//! Bucket = (civil day of `since` in the site's zone, owner): count, and the sum of the rows'
//! SHA-256 modulo 2^256. Total = SHA-256 of the sorted buckets, one line each (semantics 32):
//!
//! ```text
//! <day> TAB <level> TAB <region> TAB <dept> TAB <count> TAB <sum, 64 hex digits> LF
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::standing::StandingLight;

/// The standing lights of one day and owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bucket {
    /// Rows in the bucket.
    pub count: u64,
    sum: [u8; 32],
}

impl Bucket {
    /// The sum of the rows' hashes, 64 hex digits.
    #[must_use]
    pub fn sum_hex(&self) -> String {
        hex(&self.sum)
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
            let owner = &light.owner;
            let key = format!("{}\t{}\t{}\t{}", light.since.date(zone), owner.level, owner.region, owner.dept);
            digest.buckets.entry(key).or_default().add(Sha256::digest(light.row()).into());
        }
        digest
    }

    /// The total, 64 hex digits.
    #[must_use]
    pub fn total(&self) -> String {
        let mut text = String::new();
        for (key, bucket) in &self.buckets {
            writeln!(text, "{key}\t{}\t{}", bucket.count, bucket.sum_hex()).expect("a string takes all text");
        }
        hex(&Sha256::digest(text))
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
    fn the_sum_carries_over_whole_bytes() {
        let mut bucket = Bucket::default();
        let mut one = [0_u8; 32];
        one[31] = 1;
        bucket.add([0xff; 32]);
        bucket.add(one);
        assert_eq!(bucket.sum_hex(), "0".repeat(64), "modulo 2^256");
    }
}
