//! Events packed into messages of one office each.

use std::collections::HashMap;

use compact_str::CompactString;
use facts::{Address, Event, EventTime, Moment, line};

/// Blocks of so many messages' worth of events are looked at together.
const BLOCK_MESSAGES: usize = 64;

/// What a message carries of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its case; empty for a progress report.
    pub case: CompactString,
    /// When it becomes known: its arrival, else its business time.
    pub known: Moment,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The office that says it.
    pub address: Address,
    /// The lines.
    pub payload: String,
    /// What stands in them, at least one event.
    pub packed: Vec<Packed>,
}

impl Message {
    /// How many events it carries.
    #[must_use]
    pub fn events(&self) -> u32 {
        u32::try_from(self.packed.len()).expect("a message carries a thousand events at most")
    }

    /// When the first of its events becomes known.
    #[must_use]
    pub fn known(&self) -> Moment {
        self.packed.first().map_or(Moment::MIN, |packed| packed.known)
    }
}

/// Packs `events`, in their order, `per_message` of one office into a message; those of one office keep their order.
///
/// With more than one in a message an event may pass events of other offices, by a few messages' worth at most.
pub fn pack<E>(
    events: impl Iterator<Item = Result<Event, E>>,
    per_message: usize,
) -> impl Iterator<Item = Result<Message, E>> {
    let block = if per_message == 1 { 1 } else { per_message * BLOCK_MESSAGES };
    let mut events = events;
    let mut ready = Vec::new().into_iter();
    std::iter::from_fn(move || {
        loop {
            if let Some(message) = ready.next() {
                return Some(Ok(message));
            }
            let taken: Result<Vec<Event>, E> = events.by_ref().take(block).collect();
            match taken {
                Ok(taken) if taken.is_empty() => return None,
                Ok(taken) => ready = grouped(taken, per_message).into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    })
}

fn grouped(events: Vec<Event>, per_message: usize) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let mut open: HashMap<Address, usize> = HashMap::new();
    for event in events {
        let known = event.arrived.unwrap_or(match event.at {
            EventTime::Instant(at) => at,
            EventTime::Day(_) => event.at.moment(&jiff::tz::TimeZone::UTC),
        });
        let packed = Packed { case: event.case.clone(), known };
        let line = line::write(&event);
        let place = open.get(&event.address).copied().filter(|place| messages[*place].packed.len() < per_message);
        if let Some(place) = place {
            let message = &mut messages[place];
            message.payload.push('\n');
            message.payload.push_str(&line);
            message.packed.push(packed);
        } else {
            open.insert(event.address.clone(), messages.len());
            messages.push(Message { address: event.address, payload: line, packed: vec![packed] });
        }
    }
    messages
}

#[cfg(test)]
pub(super) mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A message of so many events, known at that millisecond.
    pub(in crate::load) fn message(events: usize, known: i64) -> Message {
        let packed = Packed { case: "A".into(), known: Moment::from_millis(known) };
        let address = Address::from_subject("approval", "approval.city.360900.D").expect("an address");
        Message { address, payload: String::new(), packed: vec![packed; events] }
    }

    fn event(dept: &str, case: &str) -> Result<Event, Infallible> {
        let line = format!(
            r#"{{"id":"1","source":"s","case":"{case}","activity":"submitted","at":"2026-05-11T09:00:00+08:00","arrived":"2026-05-11T09:01:00+08:00","level":"city","region":"360900","dept":"{dept}"}}"#
        );
        Ok(line::read(line.as_bytes(), None).expect("a fact").event)
    }

    fn cases(messages: impl Iterator<Item = Result<Message, Infallible>>) -> Vec<String> {
        let joined =
            |message: Message| message.packed.iter().map(|each| each.case.as_str()).collect::<Vec<_>>().join("+");
        messages.map(|message| message.map(joined).unwrap_or_else(|never| match never {})).collect()
    }

    #[test]
    fn a_message_has_one_office_and_its_events_keep_their_order() {
        let events =
            || [event("A", "1"), event("B", "2"), event("A", "3"), event("A", "4"), event("B", "5")].into_iter();
        assert_eq!(cases(pack(events(), 1)), ["1", "2", "3", "4", "5"]);
        assert_eq!(cases(pack(events(), 2)), ["1+3", "2+5", "4"]);
        let message = pack(events(), 2).next().map(|message| message.unwrap_or_else(|never| match never {}));
        let message = message.expect("there are events");
        assert_eq!(message.payload.lines().count(), 2);
        assert_eq!(message.known().to_string(), "2026-05-11T01:01:00Z");
    }
}
