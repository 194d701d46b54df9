//! What must hold of the messages of one history among themselves.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use facts::transition::transition_id;
use facts::{Activity, Card, Cause, Event, Kind, Light, Moment, Op, Transition};
use twin::random::Dice;

use super::difference::{Compared, Depth, Difference};
use super::regime::SHIPPED;
use super::tally::Tally;
use super::world::Province;

/// The delay that uploading is allowed: the default of the runner's options.
const LATE_AFTER: i64 = 24 * 3_600_000;

type Key<'a> = (&'a str, &'a str);

fn key(said: &Transition) -> Key<'_> {
    (&said.rule, &said.instance)
}

/// Per light: revisions count up, each message begins where the one before ended, and its kind is the way it goes.
pub(super) fn is_whole(compared: &Compared<'_>) -> Result<(), Difference> {
    let mut last: BTreeMap<Key<'_>, (u32, Card, Light)> = BTreeMap::new();
    let mut told: BTreeMap<Key<'_>, &Transition> = BTreeMap::new();
    let mut clock = Moment::MIN;
    for said in compared.said {
        let before = last.insert(key(said), (said.revision, said.card, said.light));
        let (revision, card, light) = before.unwrap_or((0, Card::None, Light::Green));
        let way = match (said.card, said.light).cmp(&(card, light)) {
            Ordering::Greater if card == Card::None => said.kind == Kind::Raised,
            Ordering::Greater => said.kind == Kind::Escalated,
            Ordering::Less if said.card == Card::None => matches!(said.kind, Kind::Cleared | Kind::Retracted),
            Ordering::Less => matches!(said.kind, Kind::Eased | Kind::Retracted),
            Ordering::Equal => false,
        };
        let faults = [
            (said.revision != revision + 1, "its revision does not follow"),
            ((said.card_before, said.light_before) != (card, light), "it does not begin where the last one ended"),
            (said.id != transition_id(&said.case, &said.rule, &said.instance, said.revision), "its id is another's"),
            (!way, "its kind is not the way it goes"),
            (said.decided_at < clock, "it was decided before the one that stands before it"),
            (!is_net(told.insert(key(said), said), said), "it is not the net of its instant"),
            (said.card != Card::None && said.proof.is_none(), "it proves nothing"),
            (said.card != Card::None && said.evidence.is_empty(), "it shows no record"),
        ];
        clock = said.decided_at;
        if let Some((_, fault)) = faults.iter().find(|(holds, _)| *holds) {
            return Err(compared.difference(said.decided_at, format!("  {fault}: {}", said.to_line())));
        }
    }
    Ok(())
}

/// Two messages of one instant: only a card that is taken back at one office or for one legal instant, and raised at
/// or for another.
fn is_net(before: Option<&Transition>, said: &Transition) -> bool {
    let Some(before) = before.filter(|before| before.decided_at == said.decided_at) else { return true };
    let moved = (before.owner(), before.since) != (said.owner(), said.since);
    before.card_before != Card::None && before.card == Card::None && said.kind == Kind::Raised && moved
}

/// A cause names something that happened to the case at that instant.
pub(super) fn causes_are_sane(compared: &Compared<'_>) -> Result<(), Difference> {
    let zone = compared.regimes[SHIPPED].calendar.zone();
    let at_of = |event: &Event| event.at.moment(zone);
    for (place, said) in compared.said.iter().enumerate() {
        let now = said.decided_at;
        let first = compared.case.deliveries.partition_point(|delivery| delivery.enters < now);
        let (before, entering) = compared.known_at(now).split_at(first);
        let (before, mut entering) = (before.iter().map(|(event, _)| event), entering.iter().map(|(event, _)| event));
        let knew = |event: &Event| before.clone().any(|known| known.same_record(event));
        let reached = before.clone().any(|event| event.op == Op::Put && at_of(event) == now);
        let waiver = |event: &Event| event.activity == Activity::Waived;
        let turned = compared.world.turn.filter(|turn| turn.at == now).map(|turn| compared.regimes[turn.to].cause);
        let moved = compared.said[..place]
            .iter()
            .chain(&compared.said[place + 1..])
            .any(|other| key(other) == key(said) && other.decided_at == now && other.owner() != said.owner());
        let sane = match said.cause {
            Cause::Deadline => {
                turned.is_none()
                    && !entering.any(|event| {
                        !knew(event)
                            && event.op == Op::Put
                            && at_of(event) <= now
                            && alone(event, compared.known_at(now))
                    })
            }
            Cause::Event => reached || entering.next().is_some(),
            Cause::Late => entering.any(|event| event.op == Op::Put && at_of(event) < now.plus_millis(-LATE_AFTER)),
            Cause::Corrected => moved || entering.any(|event| knew(event) || twice(event, compared.known_at(now))),
            Cause::Deleted => entering.any(|event| event.op == Op::Delete),
            Cause::Appeal => compared.known_at(now).iter().any(|(event, _)| waiver(event)),
            cause => turned == Some(cause),
        };
        if !sane {
            return Err(compared.difference(now, format!("  nothing that happened is its cause: {}", said.to_line())));
        }
    }
    Ok(())
}

/// Is this the only version known of its record?
fn alone(event: &Event, known: &[(Event, Moment)]) -> bool {
    known.iter().filter(|(other, _)| other.same_record(event)).count() == 1
}

/// Are several contents known of its record?
fn twice(event: &Event, known: &[(Event, Moment)]) -> bool {
    known.iter().any(|(other, _)| other.same_record(event) && other != event)
}

/// A card that gives way was `retracted` if, by what is known now, it did not stand when it was said; else not.
pub(super) fn endings_are_worded_rightly(
    compared: &Compared<'_>,
    depth: &Depth,
    dice: &mut Dice<'_>,
    tally: &mut Tally,
) -> Result<(), Difference> {
    let ends =
        |said: &Transition| said.card_before != Card::None && !matches!(said.kind, Kind::Raised | Kind::Escalated);
    let endings: Vec<usize> = (0..compared.said.len()).filter(|place| ends(compared.said[*place])).collect();
    if endings.is_empty() {
        return Ok(());
    }
    let drawn = [endings[dice.below(endings.len())]];
    let endings = if matches!(depth, Depth::Drawn) { drawn.as_slice() } else { &endings };
    for place in endings {
        let said = compared.said[*place];
        let before = compared.said[..*place].iter().rev().find(|before| key(before) == key(said));
        let told = before.expect("what gives way was said");
        // What data says against itself can depend on when it arrived, which cannot be asked of another instant.
        if said.rule.starts_with("DQ-") || rewritten_by_a_later_fact(compared, told.decided_at, said.decided_at) {
            continue;
        }
        tally.endings += 1;
        let again = compared.said[*place + 1..].iter().find(|next| key(next) == key(said));
        let again = again.filter(|next| next.decided_at == said.decided_at);
        let then = compared.twin_at(said.decided_at, told.decided_at);
        let held = then.iter().find(|light| (light.rule.as_str(), light.instance.as_str()) == key(said));
        let same_card = held.is_some_and(|light| light.card == told.card);
        let same_since = held.is_some_and(|light| light.since == told.since);
        let moved = again.is_some_and(|next| next.owner() != told.owner());
        let denied = moved || !same_card || again.is_some() && !same_since;
        if denied != (said.kind == Kind::Retracted) {
            let what = format!(
                "  {} after {}\n  by what is known now the twin says of then: {:?}",
                said.to_line(),
                told.to_line(),
                held.map(|light| light.row())
            );
            return Err(compared.difference(said.decided_at, what));
        }
    }
    Ok(())
}

/// Facts of which the law says that they undo what was right when it was said: a closing as a technical error, an
/// appeal, another item, an acceptance where other rules are in force. (`3` is the word of a source with a map.)
fn rewritten_by_a_later_fact(compared: &Compared<'_>, then: Moment, now: Moment) -> bool {
    let zone = compared.regimes[SHIPPED].calendar.zone();
    let both = compared.case.place == Province::Both;
    compared.known_at(now).iter().map(|(event, _)| event).any(|event| {
        let at = event.at.moment(zone);
        let detail = event.detail();
        let undoes = event.activity == Activity::Waived
            || matches!(detail.outcome.as_deref(), Some("deleted" | "3"))
            || detail.item.is_some()
            || detail.case_type.is_some()
            || both && matches!(event.activity, Activity::Accepted | Activity::Submitted);
        then < at && at <= now && undoes
    })
}
