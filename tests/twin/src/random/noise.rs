//! How facts reach us: late, early, twice, corrected, deleted.

use facts::event::Detail;
use facts::{Activity, Address, Event, EventTime, Moment, Op};

use super::Feature;
use super::dice::Dice;
use super::times::later;
use crate::TwinCalendar;

const HOUR: i64 = 3_600_000;
/// Where a record may be said once more.
const OFFICES: [&str; 2] = ["approval.county.360921.SCJG", "approval.county.360902.SCJG"];

/// The record versions of a life with their arrivals.
pub(super) fn send(dice: &mut Dice<'_>, calendar: &TwinCalendar, lived: Vec<Event>) -> Vec<(Event, Moment)> {
    let mut sent = Vec::new();
    for event in lived {
        let arrived = arrival(dice, calendar, &event);
        sent.push((event.clone(), arrived));
        if dice.chance(Feature::Duplicate, 5) {
            sent.push((event.clone(), arrived.plus_millis(dice.between(-2 * HOUR, 30 * HOUR))));
        }
        if dice.chance(Feature::Dispute, 2) {
            sent.push((changed(dice, calendar, &event), arrived.plus_millis(dice.between(0, 30 * HOUR))));
        }
        if dice.chance(Feature::Correction, 9) {
            let corrected = Event { version: 2, ..changed(dice, calendar, &event) };
            sent.push((corrected, arrived.plus_millis(dice.between(-4 * HOUR, 200 * HOUR))));
        }
        if dice.chance(Feature::SameIdElsewhere, 2) {
            let here = &event.address;
            let there = OFFICES.iter().map(|subject| Address::from_subject("approval", subject).expect("a subject"));
            let there = there.into_iter().find(|office| office != here).expect("two offices");
            sent.push((Event { address: there, ..event.clone() }, arrived.plus_millis(dice.between(0, 30 * HOUR))));
        }
        if dice.chance(Feature::Deletion, 3) {
            let version = dice.pick(&[1, 2, 3]);
            sent.push((deletion(&event, version), arrived.plus_millis(dice.between(-HOUR, 150 * HOUR))));
        }
        if dice.chance(Feature::FinalDeletion, 2) {
            let deleted = arrived.plus_millis(dice.between(-HOUR, 150 * HOUR));
            sent.push((deletion(&event, Event::FINAL), deleted));
            if dice.chance(Feature::SentAfterDeletion, 40) {
                let again = Event { version: 3, ..changed(dice, calendar, &event) };
                sent.push((again, deleted.plus_millis(dice.between(-HOUR, 40 * HOUR))));
            }
        }
    }
    sent
}

fn arrival(dice: &mut Dice<'_>, calendar: &TwinCalendar, event: &Event) -> Moment {
    let at = event.at.moment(&calendar.zone);
    let special = event.detail().special.as_ref().filter(|_| event.activity == Activity::SpecialStarted);
    let retroactive = match special.and_then(|special| special.kind.as_deref()) {
        Some("B") => dice.chance(Feature::RetroactivePause, 20),
        Some(_) => dice.chance(Feature::RetroactiveExtension, 25),
        None => false,
    };
    if retroactive {
        return at.plus_millis(dice.between(24 * HOUR, 400 * HOUR));
    }
    if dice.chance(Feature::Late, 12) {
        return at.plus_millis(dice.between(HOUR, 200 * HOUR));
    }
    if dice.chance(Feature::FutureDated, 6) {
        return at.plus_millis(-dice.between(1, 120 * HOUR));
    }
    if dice.percent(50) { at } else { at.plus_millis(dice.between(1, 600_000)) }
}

fn deletion(event: &Event, version: u32) -> Event {
    Event {
        version,
        op: Op::Delete,
        activity: Activity::from_name(""),
        at: EventTime::Instant(Moment::from_millis(0)),
        seq: None,
        detail: None,
        ..event.clone()
    }
}

/// The event with another time or another content.
fn changed(dice: &mut Dice<'_>, calendar: &TwinCalendar, event: &Event) -> Event {
    let mut event = event.clone();
    let at = event.at.moment(&calendar.zone);
    if dice.percent(60) {
        let back = at.plus_millis(-dice.between(0, 72 * HOUR));
        event.at = EventTime::Instant(later(dice, calendar, back, 5));
        return event;
    }
    let mut detail = event.detail().clone();
    another(dice, &mut detail);
    event.detail = (detail != Detail::default()).then(|| Box::new(detail));
    event
}

/// Another value of whatever the fact tells; a reason where it tells nothing.
fn another(dice: &mut Dice<'_>, detail: &mut Detail) {
    if let Some(fee) = &mut detail.fee {
        let amount = facts::Fen::new(dice.pick(&[0, 8000, 9000]));
        fee.amount = Some(amount);
    } else if let Some(special) = &mut detail.special {
        special.granted = Some(dice.pick(&[0, 1, 2, 9]));
    } else if detail.stage.is_some() {
        detail.stage = Some((dice.pick(&["handle", "review", "approve"])).into());
        detail.officer = Some((dice.pick(&["1001", "1002"])).into());
    } else if detail.outcome.is_some() {
        detail.outcome = Some((dice.pick(&["granted", "refused", "voided", "lapsed"])).into());
    } else if detail.item.is_some() && dice.chance(Feature::ItemChange, 50) {
        detail.item = Some((dice.pick(&["SC-201", "ZR-205", "BM-101"])).into());
    } else {
        detail.reason = Some("told later".into());
    }
}
