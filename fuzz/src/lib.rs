//! What must hold of any bytes at all. The fuzz targets and tests/fuzz_corpus.rs both call these.

use facts::{Fen, line};

/// A line is read or refused, never a panic; what was read, written canonically, reads as the same event.
pub fn event_line(bytes: &[u8]) {
    let Ok(read) = line::read(bytes, None) else { return };
    let written = line::write(&read.event);
    let again = line::read(written.as_bytes(), None).unwrap_or_else(|fault| panic!("{written}: {fault}"));
    assert_eq!(again.event, read.event, "{written}");
    assert_eq!(again.unknown_fields, 0, "{written}");
}

/// An amount is read or refused, never a panic; what was read is within bounds and its text reads as the same amount.
pub fn money(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(amount) = Fen::parse(text) else { return };
    assert!(amount.abs().fen() <= Fen::LIMIT, "{text}");
    assert_eq!(Fen::parse(&amount.to_string()), Ok(amount), "{text}");
}
