//! How a case reaches the stream: most facts within minutes, some days late, some twice, some wrong
//! at first, some whole cases at once after the fact.
//!
//! What has not happened, or not arrived, by the end of the run is not known. Only the end of a
//! case can be unknown in this way: an earlier fact that would come too late comes in the last
//! minutes instead, so that a plan has no holes. Scripted cases get no noise but what they say.

use compact_str::{CompactString, format_compact};
use facts::{FeeAct, Moment};

use crate::calendar;
use crate::case_plan::{CasePlan, Earlier, FeeLine, Ghost, PlannedFact, What};
use crate::draft::{Draft, DraftFact, DraftGhost};
use crate::profile::Arrivals;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Ends the drawing up: what is known by the end of the run becomes the plan.
pub(crate) fn finish(mut draft: Draft<'_>, arrivals: &Arrivals) -> CasePlan {
    let until = draft.window.until;
    draft.facts.sort_by_key(|fact| fact.at);
    draft.facts.retain(|fact| fact.at <= until);
    if draft.script.is_none() && draft.gaming.is_none() {
        disturb(&mut draft, arrivals);
    }
    for place in 0..draft.facts.len() {
        if draft.facts[place].arrived.is_none() {
            let delay = i64::from(draft.within(3, 900)) * SECOND;
            draft.facts[place].arrived = Some(draft.facts[place].at.plus_millis(delay));
        }
    }
    forget_what_is_not_known(&mut draft);
    let repeated: Vec<Option<Moment>> =
        (0..draft.facts.len()).map(|place| repetition(&mut draft, place, arrivals)).collect();
    let first = draft.facts.first().expect("a case has a fact").at;
    let date = facts::event_time::date_of(calendar::day_of(first)).strftime("%Y%m%d");
    let facts = std::mem::take(&mut draft.facts);
    let ghosts = std::mem::take(&mut draft.ghosts);
    let trace = i64::try_from(facts.len()).expect("short traces");
    let same_id: Vec<bool> = facts.iter().map(|fact| fact.same_id).collect();
    let mut plan = CasePlan {
        case: format_compact!("{}-{date}-{:07}", draft.owner.region, draft.index),
        facts: (1..)
            .zip(facts.into_iter().zip(repeated))
            .map(|(seq, (fact, again))| planned(seq, fact, again))
            .collect(),
        ghosts: (trace + 1..).zip(ghosts).map(|(seq, ghost)| planned_ghost(&mut draft, seq, ghost)).collect(),
        owner: draft.owner,
        source: draft.source,
        item: draft.item,
        case_type: draft.case_type,
        linked_case: draft.linked_case,
        script: draft.script,
        gaming: draft.gaming,
    };
    for (place, same_id) in same_id.into_iter().enumerate().skip(1) {
        if same_id {
            plan.facts[place].id = plan.facts[place - 1].id.clone();
        }
    }
    plan.settle_rivals();
    plan
}

/// Late, bulk and wrong facts, and records to be deleted, by the profile's shares.
fn disturb(draft: &mut Draft<'_>, arrivals: &Arrivals) {
    if draft.chance(arrivals.bulk) && keyed_in_afterwards(draft) {
        return;
    }
    for place in 0..draft.facts.len() {
        if draft.chance(arrivals.late) {
            let hours = i64::from(draft.within(25, 96));
            let minutes = i64::from(draft.within(0, 59));
            draft.facts[place].arrived = Some(draft.facts[place].at.plus_millis(hours * HOUR + minutes * MINUTE));
        } else if draft.chance(arrivals.corrected) {
            wrong_at_first(draft, place);
        }
    }
    if draft.chance(arrivals.deleted) {
        add_ghost(draft);
    }
}

/// A finished case that reaches the stream as a whole, in the evening or the next morning.
fn keyed_in_afterwards(draft: &mut Draft<'_>) -> bool {
    let ended = |fact: &DraftFact| matches!(fact.what, What::Closed(..) | What::NotAccepted(_) | What::Withdrawn);
    let Some(last) = draft.facts.last().map(|fact| fact.at).filter(|_| draft.facts.iter().any(ended)) else {
        return false;
    };
    let delay = i64::from(draft.within(90, 20 * 60)) * MINUTE;
    let keyed = last.plus_millis(delay);
    if keyed.plus_millis(HOUR) > draft.window.until {
        return false;
    }
    for (place, fact) in (0_i64..).zip(&mut draft.facts) {
        fact.arrived = Some(keyed.plus_millis(place * 20 * SECOND));
    }
    true
}

/// First sent with another officer or a time some minutes early, set right within a day or so.
fn wrong_at_first(draft: &mut Draft<'_>, place: usize) {
    let (at, what) = (draft.facts[place].at, draft.facts[place].what.clone());
    let minutes = i64::from(draft.within(1, 5));
    let (wrong, wrong_at) = match &what {
        What::StageCompleted(stage, _) => (What::StageCompleted(stage.clone(), draft.officer(8)), at),
        _ => (what, at.plus_millis(-minutes * MINUTE)),
    };
    let first = at.plus_millis(i64::from(draft.within(3, 900)) * SECOND);
    let set_right = first.plus_millis(i64::from(draft.within(60, 30 * 60)) * MINUTE);
    if set_right <= draft.window.until {
        draft.facts[place].earlier = Some(Earlier { what: wrong, at: wrong_at, arrived: first });
        draft.facts[place].arrived = Some(set_right);
    }
}

/// A record that belongs to another case, keyed in here by mistake.
fn add_ghost(draft: &mut Draft<'_>) {
    let last = u32::try_from(draft.facts.len()).expect("short traces") - 1;
    let near = draft.within(0, last) as usize;
    let at = draft.facts[near].at.plus_millis(30 * SECOND);
    let what = match draft.within(1, 3) {
        1 => What::StageCompleted("approve".into(), draft.officer(7)),
        2 => What::SupplementNotified,
        _ => {
            let amount = facts::Fen::new(i64::from(draft.within(10, 500)) * 100);
            What::Fee(FeeLine { act: FeeAct::Charged, ..draft.charge("QT-ZXF", amount, 1) })
        }
    };
    let deleted = at.plus_millis(i64::from(draft.within(60, 30 * 60)) * MINUTE);
    draft.ghosts.push(DraftGhost { at, what, deleted, for_good: false, again: None });
}

/// Cuts the end of the case that has not arrived by the end of the run, and moves what else would
/// come too late into the last minutes. A mistake that would be deleted too late is not made.
fn forget_what_is_not_known(draft: &mut Draft<'_>) {
    let until = draft.window.until;
    let unknown = |fact: &DraftFact| fact.arrived.is_some_and(|arrived| arrived > until);
    while draft.facts.len() > 1 && draft.facts.last().is_some_and(unknown) {
        draft.facts.pop();
    }
    for place in 0..draft.facts.len() {
        if unknown(&draft.facts[place]) {
            let before = i64::from(draft.within(10, 500)) * SECOND;
            draft.facts[place].arrived = Some(until.plus_millis(-before));
        }
    }
    draft.ghosts.retain(|ghost| ghost.deleted <= until);
}

fn repetition(draft: &mut Draft<'_>, place: usize, arrivals: &Arrivals) -> Option<Moment> {
    if draft.facts[place].repeated.is_some() {
        return draft.facts[place].repeated;
    }
    if !draft.chance(arrivals.duplicated) {
        return None;
    }
    let arrived = draft.facts[place].arrived.expect("every fact arrives");
    let again = arrived.plus_millis(i64::from(draft.within(1, 7200)) * SECOND);
    (again <= draft.window.until).then_some(again)
}

fn planned(seq: i64, fact: DraftFact, repeated: Option<Moment>) -> PlannedFact {
    PlannedFact {
        id: record_id(&fact.what, seq),
        seq,
        at: fact.at,
        arrived: fact.arrived.expect("every fact arrives"),
        what: fact.what,
        earlier: fact.earlier,
        rival: fact.rival,
        names: fact.names,
        office: fact.office,
        repeated,
    }
}

fn planned_ghost(draft: &mut Draft<'_>, seq: i64, ghost: DraftGhost) -> Ghost {
    let delay = i64::from(draft.within(3, 900)) * SECOND;
    Ghost {
        id: record_id(&ghost.what, seq),
        seq,
        at: ghost.at,
        arrived: ghost.at.plus_millis(delay).min(ghost.deleted),
        what: ghost.what,
        deleted: ghost.deleted,
        versioned: draft.chance(5_000) && !ghost.for_good,
        again: ghost.again,
    }
}

/// Record ids as a case system gives them: the kind of record and its number.
fn record_id(what: &What, seq: i64) -> CompactString {
    let kind = match what {
        What::Submitted => "SB",
        What::PreAccepted => "YSL",
        What::Accepted | What::NotAccepted(_) => "SL",
        What::SupplementNotified => "BZGZ",
        What::SupplementReceived => "BZSL",
        What::StageStarted(_) => "HJ",
        What::StageCompleted(..) => "SP",
        What::SpecialStarted(_) => "TBSQ",
        What::SpecialEnded(_) => "TBJG",
        What::Fee(_) => "SF",
        What::Closed(..) => "BJ",
        What::Withdrawn => "CJ",
        What::Delivered => "LQ",
        What::Other(_) => "QT",
    };
    format_compact!("{kind}{seq:02}")
}
