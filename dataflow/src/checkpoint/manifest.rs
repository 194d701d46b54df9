//! The manifest: what belongs together at one cut.
//!
//! A text that a person can read: a first line with format and check sum, then one JSON object.

use facts::Moment;
use serde::{Deserialize, Serialize};

use super::case_cache::CasesEntry;
use super::segment::Totals;
use crate::entry::Waiting;
use crate::sources::SourceState;

/// The format written. The first one, which knew no cases beside the facts, is read, too.
const FORMAT: u32 = 2;
const FORMATS_READ: [&str; 2] = ["1", "2"];
const TITLE: &str = "watchlight checkpoint";
/// The longest manifest read.
pub(crate) const MANIFEST_MAX: u64 = 64 * 1024 * 1024;

/// The supervision clock at a cut.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockMark {
    /// T: no fact of a later message enters before it.
    pub now: Moment,
    /// The highest business time so far of facts without an arrival, which moves a virtual clock.
    pub highest_at: Option<Moment>,
}

/// One message as it was read, to be compared when reading goes on.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamMark {
    /// Stream sequence.
    pub sequence: u64,
    /// The server's time of it.
    pub timestamp: Moment,
    /// Hash of subject and payload, as `ingest` makes it.
    pub hash: u64,
}

/// How far a stream was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamPosition {
    /// Name.
    pub name: String,
    /// When it was made.
    pub created: Moment,
    /// Everything up to here was taken.
    pub last_sequence: u64,
    /// Marks of messages up to there, oldest first.
    pub marks: Vec<StreamMark>,
}

/// Up to where everything was said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaidThrough {
    /// Everything there was to say up to this closed instant stands in ALERTS, but what is waiting.
    pub through: Moment,
    /// What waits.
    pub waiting: Vec<Waiting>,
}

/// The table of last messages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaidEntry {
    /// File.
    pub(crate) file: String,
    /// Bytes of it.
    pub(crate) bytes: u64,
    /// Lights in it.
    pub(crate) lights: u64,
    /// When ALERTS was made, in microseconds since 1970.
    pub(crate) created_micros: i64,
    /// The ALERTS sequence it covers.
    pub(crate) sequence: u64,
}

/// A segment of facts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentEntry {
    /// File.
    pub(crate) file: String,
    /// Bytes of it.
    pub(crate) bytes: u64,
    /// What it holds.
    pub(crate) totals: Totals,
}

/// What belongs together at one cut.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Greater than that of every file before it.
    pub number: u64,
    /// The clock.
    pub clock: ClockMark,
    /// What was said; none while nothing was said yet.
    pub said_through: Option<SaidThrough>,
    /// Hash of the configuration in force.
    pub configuration: String,
    /// Version of the program that wrote it.
    pub engine: String,
    /// How far each stream was read.
    pub streams: Vec<StreamPosition>,
    /// When each source was heard; left out by programs that did not know silence.
    #[serde(default)]
    pub sources: Vec<SourceState>,
    /// The table of last messages; none while there is none.
    pub(crate) said: Option<SaidEntry>,
    /// Cases that follow from the facts, each slot in one file at most; left out by the first format.
    #[serde(default)]
    pub(crate) cases: Vec<CasesEntry>,
    /// The facts.
    pub(crate) segments: Vec<SegmentEntry>,
}

impl Manifest {
    /// Facts in all segments.
    #[must_use]
    pub fn facts(&self) -> u64 {
        self.totals().facts
    }

    /// Bytes of all segments.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().fold(0, |sum, segment| sum.saturating_add(segment.bytes))
    }

    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.segments.iter().for_each(|segment| totals.extend(&segment.totals));
        totals
    }

    /// Bytes of all files of cases.
    #[must_use]
    pub fn bytes_of_cases(&self) -> u64 {
        self.cases.iter().fold(0, |sum, cases| sum.saturating_add(cases.segment.bytes))
    }

    /// Slots whose cases are kept.
    #[must_use]
    pub fn slots_of_cases(&self) -> usize {
        self.cases.iter().map(|cases| cases.slots.len()).sum()
    }

    /// Files it names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let segments = self.segments.iter().map(|segment| segment.file.as_str());
        let cases = self.cases.iter().map(|cases| cases.segment.file.as_str());
        segments.chain(cases).chain(self.said.as_ref().map(|said| said.file.as_str()))
    }

    /// The text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let body = serde_json::to_string_pretty(self).expect("a manifest holds text, numbers and instants") + "\n";
        format!("{TITLE} {FORMAT} crc32 {:08x}\n{body}", crc32fast::hash(body.as_bytes()))
    }

    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Manifest, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "the manifest is no text".to_owned())?;
        let (head, body) = text.split_once('\n').ok_or("the manifest has no first line")?;
        let numbers = head.strip_prefix(TITLE).map(str::trim_start).and_then(|rest| rest.split_once(" crc32 "));
        let (format, sum) = numbers.ok_or_else(|| format!("the first line is not \"{TITLE} ... crc32 ...\""))?;
        if !FORMATS_READ.contains(&format) {
            return Err(format!(
                "the format is \"{format}\", this program reads 1 to {FORMAT}: use the program that wrote it"
            ));
        }
        if sum != format!("{:08x}", crc32fast::hash(body.as_bytes())) {
            return Err("the check sum does not fit: the manifest was changed after it was written".to_owned());
        }
        Manifest::read_body(body)
    }

    /// Reads what follows the first line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_body(body: &str) -> Result<Manifest, String> {
        serde_json::from_str(body).map_err(|error| format!("the manifest cannot be read: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cached::JudgedBy;

    fn manifest() -> Manifest {
        let at = Moment::from_millis;
        Manifest {
            number: 7,
            clock: ClockMark { now: at(1_800_000_000_000), highest_at: None },
            said_through: Some(SaidThrough { through: at(1_799_999_999_999), waiting: Vec::new() }),
            configuration: "abc".into(),
            engine: "0.1.0".into(),
            streams: vec![StreamPosition {
                name: "APPROVALS".into(),
                created: at(5),
                last_sequence: 12,
                marks: vec![StreamMark { sequence: 12, timestamp: at(6), hash: u64::MAX }],
            }],
            sources: Vec::new(),
            said: None,
            cases: vec![CasesEntry {
                segment: SegmentEntry { file: "cases-3".into(), bytes: 5, totals: Totals::default() },
                judged_by: JudgedBy { configuration: "abc".into(), engine: "0.1.0".into(), format: 1 },
                slots: [1, 1023].into_iter().collect(),
            }],
            segments: vec![SegmentEntry {
                file: "facts-1".into(),
                bytes: 9,
                totals: Totals { facts: 2, hash: u64::MAX, enters: Some((at(1), at(2))) },
            }],
        }
    }

    #[test]
    fn a_manifest_reads_as_it_was_written() {
        assert_eq!(Manifest::read(manifest().to_text().as_bytes()), Ok(manifest()));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let text = manifest().to_text().into_bytes();
        for bit in 0..text.len() * 8 {
            let mut changed = text.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(Manifest::read(&changed).is_err(), "bit {bit}");
        }
        for length in 0..text.len() {
            assert!(Manifest::read(&text[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_manifest_of_the_first_format_is_read() {
        let mut value = serde_json::to_value(manifest()).expect("a manifest");
        value.as_object_mut().expect("an object").remove("cases");
        let body = value.to_string();
        let text = format!("{TITLE} 1 crc32 {:08x}\n{body}", crc32fast::hash(body.as_bytes()));
        assert_eq!(Manifest::read(text.as_bytes()), Ok(Manifest { cases: Vec::new(), ..manifest() }));
    }

    #[test]
    fn a_later_format_is_told_apart_from_damage() {
        let text = manifest().to_text().replacen("checkpoint 2 ", "checkpoint 3 ", 1);
        let fault = Manifest::read(text.as_bytes()).expect_err("another format");
        assert!(fault.contains("use the program that wrote it"), "{fault}");
    }
}
