//! What senders say: messages, lines, amounts.

use facts::line::{self, Reason};
use facts::{Fen, Moment};
use ingest::decode::{self, Arrival};

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

/// A message, its subject on the first line: every line is a fact or is refused with its own bytes, and none is both.
pub fn payload(bytes: &[u8]) {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let Ok(subject) = std::str::from_utf8(&bytes[..end]) else { return };
    let body = bytes.get(end + 1..).unwrap_or_default();
    let decoded = decode::message(subject, body, Moment::from_millis(0), Arrival::Server);
    assert_eq!(decoded.lines, (decoded.facts.len() + decoded.refused.len()) as u64);
    for (number, event) in &decoded.facts {
        assert!(decoded.refused.iter().all(|refusal| refusal.line != *number), "line {number} is both");
        assert_eq!(event.arrived, Some(Moment::from_millis(0)), "line {number}");
    }
    for refusal in &decoded.refused {
        assert!(body.windows(refusal.text.len().max(1)).any(|part| part == refusal.text), "line {}", refusal.line);
        assert!(refusal.fault.reason != Reason::BadSubject || decoded.facts.is_empty());
    }
}
