//! A digest as it is told to others: with the instant and the configuration it stands for, as JSON.
//!
//! The same form is the answer of the API, what `watchlight digest --json` prints, and what
//! `watchlight compare` reads. Names are stable; additions only.

use compact_str::CompactString;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Bucket, LightsDigest};
use crate::address::{Address, Department, Level, Region};
use crate::light::{Card, Light};
use crate::moment::Moment;
use crate::standing::StandingLight;

/// One bucket of a digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BucketLine {
    /// Civil day of `since` in the digest's zone.
    pub day: Date,
    /// Level of the owner.
    pub level: Level,
    /// Region of the owner.
    pub region: Region,
    /// Department of the owner.
    pub dept: Department,
    /// Rows in the bucket.
    pub count: u64,
    /// Sum of the rows' SHA-256 modulo 2^256, 64 hex digits.
    pub sum: String,
}

/// One row of a digest: a standing light without its reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RowLine {
    /// Case number.
    pub case: CompactString,
    /// Rule id.
    pub rule: CompactString,
    /// Which of the rule's findings.
    pub instance: CompactString,
    /// Card.
    pub card: Card,
    /// Lamp.
    pub light: Light,
    /// The legal instant.
    pub since: Moment,
    /// Level of the owner.
    pub level: Level,
    /// Region of the owner.
    pub region: Region,
    /// Department of the owner.
    pub dept: Department,
}

/// A digest with what it stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DigestTold {
    /// The supervision clock; absent where only what was said is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Moment>,
    /// Hash of the configuration; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// IANA zone in which the days of the buckets are counted.
    pub zone: String,
    /// Rows in all buckets.
    pub lights: u64,
    /// The total, 64 hex digits.
    pub digest: String,
    /// Every bucket, sorted.
    pub buckets: Vec<BucketLine>,
    /// The rows that were asked for, sorted by case, rule and instance; absent where none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<RowLine>>,
}

impl From<&StandingLight> for RowLine {
    fn from(light: &StandingLight) -> RowLine {
        let StandingLight { case, rule, instance, card, light, since, owner } = light.clone();
        let Address { level, region, dept } = owner;
        RowLine { case, rule, instance, card, light, since, level, region, dept }
    }
}

impl From<RowLine> for StandingLight {
    fn from(row: RowLine) -> StandingLight {
        let RowLine { case, rule, instance, card, light, since, level, region, dept } = row;
        StandingLight { case, rule, instance, card, light, since, owner: Address { level, region, dept } }
    }
}

impl DigestTold {
    /// What is told of `digest`, whose days are counted in `zone`, without rows.
    ///
    /// # Panics
    /// For a key line that [`LightsDigest::key`] did not write.
    #[must_use]
    pub fn of(
        digest: &LightsDigest,
        zone: &TimeZone,
        as_of: Option<Moment>,
        configuration: Option<String>,
    ) -> DigestTold {
        let line = |(key, bucket): (&String, &Bucket)| {
            read_line(key, bucket).expect("a digest's keys are made by LightsDigest::key")
        };
        DigestTold {
            as_of,
            configuration,
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            lights: digest.count(),
            digest: digest.total(),
            buckets: digest.buckets.iter().map(line).collect(),
            rows: None,
        }
    }

    /// The buckets, read back; `None` when a sum is not one or the total is not theirs.
    #[must_use]
    pub fn buckets(&self) -> Option<LightsDigest> {
        let bucket = |line: &BucketLine| {
            let key = format!("{}\t{}\t{}\t{}", line.day, line.level, line.region, line.dept);
            Some((key, Bucket::read(line.count, &line.sum)?))
        };
        let digest = LightsDigest { buckets: self.buckets.iter().map(bucket).collect::<Option<_>>()? };
        (digest.total() == self.digest).then_some(digest)
    }
}

fn read_line(key: &str, bucket: &Bucket) -> Option<BucketLine> {
    let mut fields = key.split('\t');
    Some(BucketLine {
        day: fields.next()?.parse().ok()?,
        level: Level::from_token(fields.next()?)?,
        region: fields.next()?.parse().ok()?,
        dept: Department::new(fields.next()?)?,
        count: bucket.count,
        sum: bucket.sum_hex(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(case: &str, since: &str) -> StandingLight {
        StandingLight {
            case: case.into(),
            rule: "R".into(),
            instance: "-".into(),
            card: Card::Red,
            light: Light::Red,
            since: since.parse().expect("an instant"),
            owner: Address::from_subject("approval", "approval.county.360902.D1").expect("an address"),
        }
    }

    #[test]
    fn what_is_told_reads_back_as_the_same_digest() {
        let lights = [light("A", "2026-01-05T17:00:00Z"), light("B", "2026-01-05T15:00:00Z")];
        let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
        let told = DigestTold::of(&LightsDigest::of(&lights, &zone), &zone, None, Some("c0".into()));
        assert_eq!((told.lights, told.buckets.len()), (2, 2), "midnight lies between them in Shanghai");
        assert_eq!(told.digest, LightsDigest::of(&lights, &zone).total());
        let text = serde_json::to_string(&told).expect("text and numbers");
        let read: DigestTold = serde_json::from_str(&text).expect("it reads back");
        assert_eq!(read, told);
        assert_eq!(read.buckets(), Some(LightsDigest::of(&lights, &zone)));
        let tampered = DigestTold { lights: 2, buckets: read.buckets[..1].to_vec(), ..read };
        assert_eq!(tampered.buckets(), None, "a total that is not of these buckets");
    }

    #[test]
    fn a_row_is_a_light_without_its_reason() {
        let light = light("A", "2026-01-05T17:00:00Z");
        assert_eq!(StandingLight::from(RowLine::from(&light)), light);
    }
}
