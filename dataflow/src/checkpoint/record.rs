//! A fact as it is stored, in postcard's documented format.
//!
//! Invariant: the bytes of a record never change for one [`super::frame::VERSION`]; a test holds them.

use facts::{Event, Moment};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::entry::Entry;

/// One version of one record, when it entered and where it stood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StoredFact {
    /// The clock value at which it entered.
    pub enters: Moment,
    /// Stream sequence of its message.
    pub sequence: Option<u64>,
    /// Line in the message, from 1.
    pub line: u32,
    /// What it says, its arrival included.
    pub event: Event,
}

/// The same, to be written.
#[derive(Serialize)]
struct Written<'a> {
    enters: Moment,
    sequence: Option<u64>,
    line: u32,
    event: &'a Event,
}

impl StoredFact {
    /// As the dataflow takes it.
    #[must_use]
    pub fn entry(self) -> Entry {
        Entry { enters: self.enters, sequence: self.sequence, event: self.event }
    }
}

/// Appends one record to `bytes`; returns its hash.
pub(crate) fn write(entry: &Entry, line: u32, bytes: &mut Vec<u8>) -> u64 {
    let start = bytes.len();
    let Entry { enters, sequence, event } = entry;
    let record = Written { enters: *enters, sequence: *sequence, line, event };
    *bytes = postcard::to_extend(&record, std::mem::take(bytes)).expect("a fact has a known length everywhere");
    xxh3_64(&bytes[start..])
}

/// Hands each of the records in `bytes` to `each`, with its hash.
///
/// # Errors
/// The offset in `bytes` from which on they cannot be read.
pub(crate) fn read_records(bytes: &[u8], mut each: impl FnMut(StoredFact, u64)) -> Result<(), usize> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (fact, after) = postcard::take_from_bytes(rest).map_err(|_| bytes.len() - rest.len())?;
        each(fact, xxh3_64(&rest[..rest.len() - after.len()]));
        rest = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use facts::digest::hex;
    use facts::line;

    use super::*;

    fn entry(text: &str) -> Entry {
        let event = line::read(text.as_bytes(), None).expect("a sound line").event;
        Entry { enters: Moment::from_millis(1_800_000_000_000), sequence: Some(300), event }
    }

    const PLAIN: &str = r#"{"id":"1","source":"s","case":"C","activity":"accepted","at":"2026-01-05T09:00:00+08:00","arrived":"2026-01-05T09:00:01+08:00","level":"county","region":"360902","dept":"D1"}"#;
    const FULL: &str = r#"{"id":"2","version":3,"seq":-4,"source":"s","case":"C","activity":"现场勘验","at":"2026-01-05","level":"city","region":"360900","dept":"D1","item":"I","stage":"S","fee":{"act":"charged","code":"F","amount":"-12.34"},"special":{"kind":"B","granted":3},"attrs":{"a":1.50,"b":true,"c":"x"}}"#;
    const DELETE: &str =
        r#"{"id":"3","op":"delete","source":"s","case":"C","level":"county","region":"360902","dept":"D1"}"#;

    #[test]
    fn the_bytes_of_a_record_never_change() {
        let bytes = |text: &str| {
            let mut bytes = Vec::new();
            write(&entry(text), 2, &mut bytes);
            hex(&bytes)
        };
        let golden = [
            "80c0e285e36801ac02020131010000017301430300809ad8baf16601d0a9d8baf1660280fbbdbbc00a02443100",
            "80c0e285e36801ac020201320301070001730143230ce78eb0e59cbae58b98e9aa8c01d4bf02000180f2c3bac00a\
             024431010101490000000101530000000000000000010301014601a31300000000000001010142000001030000000301\
             610104312e3530016202010163000178",
            "80c0e285e36801ac02020133ffffffff0f00010173014323000000000280fbbdbbc00a02443100",
        ];
        assert_eq!([PLAIN, FULL, DELETE].map(bytes), golden);
    }

    #[test]
    fn records_read_as_they_were_written() {
        let mut bytes = Vec::new();
        let written: Vec<u64> = [PLAIN, FULL, DELETE].map(|text| write(&entry(text), 2, &mut bytes)).into();
        let (mut read, mut hashes) = (Vec::new(), Vec::new());
        let all = read_records(&bytes, |fact, hash| {
            assert_eq!(fact.line, 2);
            read.push(fact.entry());
            hashes.push(hash);
        });
        assert_eq!(all, Ok(()));
        assert_eq!(read, [PLAIN, FULL, DELETE].map(entry));
        assert_eq!(hashes, written);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_offset() {
        let mut bytes = Vec::new();
        write(&entry(PLAIN), 1, &mut bytes);
        let first = bytes.len();
        write(&entry(FULL), 1, &mut bytes);
        assert_eq!(read_records(&bytes[..bytes.len() - 1], |_, _| {}), Err(first));
    }
}
