//! A message's subject and payload into facts and refused lines: a pure function of bytes.
//!
//! The subject is the address and the authority (semantics 2). A payload of which no line is an object, but
//! which is one as a whole, is read as one line.

use facts::line::{self, Line, LineFault, Reason};
use facts::{Address, Event, Moment};

use crate::payload;

/// First token of the subjects that facts arrive on.
pub const SUBJECT_PREFIX: &str = "approval";

/// Where a fact's `arrived` comes from.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Arrival {
    /// The server's timestamp of the message: a live site.
    #[default]
    Server,
    /// What the line itself says: a recorded day played through a server under a virtual clock.
    Line,
}

/// What one message said.
#[derive(Debug, Default)]
pub struct Decoded<'a> {
    /// Facts with their line numbers from 1.
    pub facts: Vec<(u32, Event)>,
    /// Lines that are no facts.
    pub refused: Vec<Refusal<'a>>,
    /// Lines read, good or bad.
    pub lines: u64,
    /// Top-level fields outside the schema.
    pub unknown_fields: u64,
}

/// A line that is no fact, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal<'a> {
    /// Line number from 1.
    pub line: u32,
    /// Why.
    pub fault: LineFault,
    /// The line as it came.
    pub text: &'a [u8],
}

/// Reads the message that stood on `subject` and that the server took in at `published`.
#[must_use]
pub fn message<'a>(subject: &str, body: &'a [u8], published: Moment, arrival: Arrival) -> Decoded<'a> {
    let Some(address) = Address::from_subject(SUBJECT_PREFIX, subject) else {
        return all_refused(subject, body);
    };
    let mut decoded = Decoded::default();
    let mut any_object = false;
    for (number, text) in payload::lines(body) {
        any_object |= decoded.take(number, text, &address, published, arrival);
    }
    if !any_object && let Some(whole) = payload::whole_object(body) {
        decoded = Decoded::default();
        decoded.take(1, whole, &address, published, arrival);
    }
    decoded
}

impl<'a> Decoded<'a> {
    /// Reads one line; false when the line by itself is no JSON object.
    fn take(&mut self, number: u32, text: &'a [u8], address: &Address, published: Moment, arrival: Arrival) -> bool {
        self.lines += 1;
        match line::read(text, Some(address)) {
            Ok(Line { mut event, unknown_fields }) => {
                if arrival == Arrival::Server {
                    event.arrived = Some(published);
                }
                match event.arrived.and_then(|arrived| line::beyond_horizon(&event, arrived)) {
                    Some(fault) => self.refused.push(Refusal { line: number, fault, text }),
                    None => {
                        self.unknown_fields += u64::from(unknown_fields);
                        self.facts.push((number, event));
                    }
                }
                true
            }
            Err(fault) => {
                let object = match fault.reason {
                    Reason::NotUtf8 | Reason::NotAnObject => false,
                    Reason::NotJson => payload::is_object(text),
                    _ => true,
                };
                self.refused.push(Refusal { line: number, fault, text });
                object
            }
        }
    }
}

/// Every line of a message whose subject is no address.
fn all_refused<'a>(subject: &str, body: &'a [u8]) -> Decoded<'a> {
    let detail = format!("\"{subject}\" is not {SUBJECT_PREFIX}.<level>.<region>.<dept>");
    let refused: Vec<Refusal<'a>> = payload::lines(body)
        .map(|(line, text)| Refusal { line, fault: LineFault::new(Reason::BadSubject, "", detail.clone()), text })
        .collect();
    Decoded { lines: refused.len() as u64, refused, ..Decoded::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "approval.county.360902.D1";

    fn event(id: &str) -> String {
        format!(
            r#"{{"id":"{id}","source":"oa","case":"C","activity":"accepted","at":"2026-01-05T09:00:00+08:00","arrived":"2026-01-05T02:00:00Z","level":"county","region":"360902","dept":"D1","x":1}}"#
        )
    }

    fn ids(decoded: &Decoded<'_>) -> Vec<(u32, String)> {
        decoded.facts.iter().map(|(line, event)| (*line, event.id.to_string())).collect()
    }

    fn reasons(decoded: &Decoded<'_>) -> Vec<(u32, Reason)> {
        decoded.refused.iter().map(|refusal| (refusal.line, refusal.fault.reason)).collect()
    }

    fn read(body: &[u8]) -> Decoded<'_> {
        message(SUBJECT, body, Moment::from_millis(7), Arrival::Server)
    }

    #[test]
    fn each_line_stands_alone() {
        let body = [event("1").as_bytes(), b"\nnot json\n[1]\n\xff\n", event("2").as_bytes()].concat();
        let decoded = read(&body);
        assert_eq!(ids(&decoded), [(1, "1".into()), (5, "2".into())]);
        assert_eq!(reasons(&decoded), [(2, Reason::NotJson), (3, Reason::NotAnObject), (4, Reason::NotUtf8)]);
        assert_eq!((decoded.lines, decoded.unknown_fields), (5, 2));
    }

    #[test]
    fn an_object_over_several_lines_is_one_line() {
        let body = event("1").replace(',', ",\n");
        let decoded = read(body.as_bytes());
        assert_eq!(ids(&decoded), [(1, "1".into())]);
        assert_eq!(decoded.lines, 1);
    }

    #[test]
    fn an_object_over_several_lines_with_a_fault_is_refused_once() {
        let body = event("").replace(',', ",\n");
        let decoded = read(body.as_bytes());
        assert_eq!(reasons(&decoded), [(1, Reason::FieldMissing)]);
        assert_eq!(decoded.refused[0].text, body.as_bytes(), "the original, unchanged");
    }

    #[test]
    fn a_line_that_is_an_object_keeps_lines_apart() {
        let body = format!("{}\n{{\"id\":\"2\",\"id\":\"3\"}}\n{{\n}}", event("").replace("\"id\":\"\",", ""));
        let decoded = read(body.as_bytes());
        let expected = [(1, Reason::FieldMissing), (2, Reason::NotJson), (3, Reason::NotJson), (4, Reason::NotJson)];
        assert_eq!(reasons(&decoded), expected);
    }

    #[test]
    fn a_subject_that_is_no_address_refuses_every_line() {
        let body = format!("{}\n{}", event("1"), event("2"));
        let decoded = message("approval.county.360902", body.as_bytes(), Moment::from_millis(7), Arrival::Server);
        assert_eq!(reasons(&decoded), [(1, Reason::BadSubject), (2, Reason::BadSubject)]);
        assert!(decoded.facts.is_empty());
    }

    #[test]
    fn another_offices_record_is_not_believed() {
        let body = event("1");
        let decoded = message("approval.county.360902.D2", body.as_bytes(), Moment::from_millis(7), Arrival::Server);
        assert_eq!(reasons(&decoded), [(1, Reason::SubjectDisagrees)]);
    }

    #[test]
    fn arrival_is_the_servers_when_live_and_the_lines_under_a_virtual_clock() {
        let body = event("1");
        let arrived = |arrival| {
            let decoded = message(SUBJECT, body.as_bytes(), Moment::from_millis(7), arrival);
            decoded.facts[0].1.arrived.expect("known").to_string()
        };
        assert_eq!(arrived(Arrival::Server), "1970-01-01T00:00:00.007Z");
        assert_eq!(arrived(Arrival::Line), "2026-01-05T02:00:00Z");
    }

    #[test]
    fn what_is_dated_years_before_it_arrived_is_refused() {
        let body = event("1");
        let published: Moment = "2029-01-06T00:00:00Z".parse().expect("an instant");
        let decoded = message(SUBJECT, body.as_bytes(), published, Arrival::Server);
        assert_eq!(reasons(&decoded), [(1, Reason::BeyondHorizon)]);
        assert_eq!(decoded.refused[0].text, body.as_bytes());
        let recorded = message(SUBJECT, body.as_bytes(), published, Arrival::Line);
        assert_eq!(ids(&recorded), [(1, "1".into())], "what counts is its own arrival");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic_and_every_line_is_accounted_for(body: Vec<u8>) {
            let decoded = read(&body);
            proptest::prop_assert_eq!(decoded.lines as usize, decoded.facts.len() + decoded.refused.len());
        }
    }
}
