//! One refused line as quarantine keeps it: where it stood, why, and its bytes.

use std::fmt;
use std::io;

use bytes::Bytes;
use facts::line::{LINE_BYTES_MAX, LineFault, Reason};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// How much of a refused line is kept, in bytes; longer ones are kept as this and their hash.
pub const KEPT_BYTES_MAX: usize = 64 * 1024;

/// The source of a line that does not say.
pub const UNKNOWN_SOURCE: &str = "unknown";

/// Where a refused line stood.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The subject of its message, or its file as the caller names it (`-` for standard input).
    pub origin: String,
    /// Stream sequence of its message; absent in a file.
    pub sequence: Option<u64>,
    /// Line in the message or the file, from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sequence {
            Some(sequence) => write!(out, "message {sequence} on {}, line {}", self.origin, self.line),
            None => write!(out, "{}:{}", self.origin, self.line),
        }
    }
}

/// A line that is no fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedLine {
    /// Where it stood.
    pub place: Place,
    /// Why it was refused.
    pub fault: LineFault,
    /// The source it names, as one subject token; [`UNKNOWN_SOURCE`] when it names none.
    pub source: String,
    /// Its first [`KEPT_BYTES_MAX`] bytes, unchanged.
    pub head: Bytes,
    /// Its whole length in bytes.
    pub bytes_total: u64,
    /// SHA-256 of the whole line.
    pub sha256: [u8; 32],
}

impl RefusedLine {
    /// A refused line of which every byte is at hand.
    #[must_use]
    pub fn new(place: Place, fault: LineFault, line: &Bytes) -> RefusedLine {
        RefusedLine {
            place,
            source: source_of(line, fault.reason),
            fault,
            head: line.slice(..line.len().min(KEPT_BYTES_MAX)),
            bytes_total: line.len() as u64,
            sha256: Sha256::digest(line).into(),
        }
    }

    /// A line of which only the head and the hash are left, since it was too long to hold.
    #[must_use]
    pub fn too_long(place: Place, head: Bytes, bytes_total: u64, sha256: [u8; 32]) -> RefusedLine {
        let detail = format!("{bytes_total} bytes; at most {LINE_BYTES_MAX}");
        let fault = LineFault::new(Reason::LineTooLong, "", detail);
        RefusedLine { place, fault, source: UNKNOWN_SOURCE.to_owned(), head, bytes_total, sha256 }
    }

    /// The hash in lower-case hexadecimal digits.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Writes this line as one line of a report: place, reason, field, detail, hash, length and text.
    ///
    /// Text that is not UTF-8 is written with replacement characters; the hash is of the bytes.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_report(&self, out: &mut impl io::Write) -> io::Result<()> {
        let report = serde_json::json!({
            "origin": self.place.origin,
            "sequence": self.place.sequence,
            "line": self.place.line,
            "reason": self.fault.reason.token(),
            "field": self.fault.field,
            "detail": self.fault.detail,
            "source": self.source,
            "bytes": self.bytes_total,
            "sha256": self.sha256_hex(),
            "text": String::from_utf8_lossy(&self.head),
        });
        writeln!(out, "{report}")
    }
}

/// `requests.ndjson:7: field_missing in field "case": is required, and absent or empty`
impl fmt::Display for RefusedLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.fault)
    }
}

/// The source a refused line names, for counting and for the subject; never believed further.
fn source_of(line: &[u8], reason: Reason) -> String {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        source: std::borrow::Cow<'a, str>,
    }
    // Lines too long or too deep are not worth reading again, and could cost more than they tell.
    if matches!(reason, Reason::NotUtf8 | Reason::LineTooLong | Reason::NestingTooDeep | Reason::NotAnObject) {
        return UNKNOWN_SOURCE.to_owned();
    }
    serde_json::from_slice::<Named<'_>>(line)
        .ok()
        .map(|named| token_of(&named.source))
        .filter(|token| !token.is_empty())
        .unwrap_or_else(|| UNKNOWN_SOURCE.to_owned())
}

/// `text` as one subject token: letters and digits of any script, `-` and `_`; at most 32 characters.
fn token_of(text: &str) -> String {
    let sound = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    text.trim().chars().take(32).map(sound).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> RefusedLine {
        let place = Place { origin: "a.ndjson".into(), sequence: None, line: 7 };
        let fault = LineFault::new(Reason::FieldMissing, "case", "is required".into());
        RefusedLine::new(place, fault, &Bytes::copy_from_slice(line.as_bytes()))
    }

    #[test]
    fn the_source_becomes_one_token() {
        assert_eq!(refused(r#"{"source":"宜春 oa.1>*"}"#).source, "宜春_oa_1__");
        assert_eq!(refused(r#"{"source":7}"#).source, UNKNOWN_SOURCE);
        assert_eq!(refused(r#"{"source":" "}"#).source, UNKNOWN_SOURCE);
        assert_eq!(refused("{").source, UNKNOWN_SOURCE);
    }

    #[test]
    fn a_long_line_is_kept_as_its_head_and_the_hash_of_all() {
        let line = "x".repeat(KEPT_BYTES_MAX + 1);
        let refused = refused(&line);
        assert_eq!((refused.head.len(), refused.bytes_total), (KEPT_BYTES_MAX, KEPT_BYTES_MAX as u64 + 1));
        assert_eq!(refused.sha256, <[u8; 32]>::from(Sha256::digest(line.as_bytes())));
    }

    #[test]
    fn a_refusal_says_where_and_why() {
        assert_eq!(refused("{").to_string(), "a.ndjson:7: field_missing in field \"case\": is required");
        let mut report = Vec::new();
        refused("{").write_report(&mut report).expect("memory takes all");
        assert_eq!(
            String::from_utf8(report).expect("reports are text"),
            "{\"bytes\":1,\"detail\":\"is required\",\"field\":\"case\",\"line\":7,\"origin\":\"a.ndjson\",\"reason\":\"field_missing\",\"sequence\":null,\"sha256\":\"021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96\",\"source\":\"unknown\",\"text\":\"{\"}\n"
        );
    }
}
