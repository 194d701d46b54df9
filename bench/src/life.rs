//! How ordinary cases run: within their limits, with the fees that are due, stage by stage.

use compact_str::CompactString;
use facts::{FeeAct, Fen, Level, Region};

use crate::case_plan::{FeeLine, What};
use crate::draft::Draft;
use crate::profile::LifeKind;

/// Promised items that are free and need no special procedure.
pub(crate) const PLAIN: [&str; 5] = ["SC-201", "WJ-203", "RS-204", "ZJ-206", "JT-210"];
/// Of these, those with a promise long enough for a pause or an extension.
pub(crate) const ROOMY: [&str; 4] = ["SC-201", "WJ-203", "RS-204", "JT-210"];
/// Items handled on the spot.
pub(crate) const INSTANT: [&str; 5] = ["BM-101", "BM-102", "RS-103", "WJ-104", "SC-105"];
const CHARGED: [&str; 3] = ["ZR-205", "SL-209", "CG-211"];

/// A case that another one belongs to or continues.
#[derive(Clone, Debug)]
pub(crate) struct Kin {
    pub(crate) case: CompactString,
    pub(crate) item: CompactString,
    pub(crate) level: Level,
    pub(crate) region: Region,
    /// The working day on which it began (joint) or was forwarded.
    pub(crate) place: usize,
}

/// Tells the life of an ordinary case. `live` is the share of cases that begin in the live week.
pub(crate) fn tell(draft: &mut Draft<'_>, kind: LifeKind, live: usize, kin: Option<Kin>) {
    let window = draft.window;
    let begin = if draft.chance(live) {
        draft.day_within(window.live, window.last)
    } else {
        window.first + draft.within(0, u32::try_from(window.live - window.first).expect("weeks") - 1) as usize
    };
    match kind {
        LifeKind::Instant => on_the_spot(draft, begin),
        LifeKind::Promised => promised(draft, begin),
        LifeKind::Fee => with_fee(draft, begin),
        LifeKind::Supplement => with_supplement(draft, begin),
        LifeKind::Special => with_special(draft, begin),
        LifeKind::JointParent => joint_parent(draft, begin),
        LifeKind::JointMember => joint_member(draft, begin, kin),
        LifeKind::ForwardedLower => forwarded_lower(draft, begin),
        LifeKind::ForwardedUpper => forwarded_upper(draft, begin, kin),
        LifeKind::EndedEarly => ended_early(draft, begin),
        LifeKind::Stalled => stalled(draft),
    }
}

fn on_the_spot(draft: &mut Draft<'_>, begin: usize) {
    draft.take(&INSTANT);
    draft.open_on(begin);
    draft.pass_all(0);
    draft.close("certified");
    let days = u32::from(draft.chance(500));
    draft.deliver(days);
}

/// 申请, 预受理 and 受理, within three working days.
fn opened(draft: &mut Draft<'_>, begin: usize) {
    draft.on(begin);
    if begin < draft.window.last && draft.chance(1_500) {
        draft.submit_in_the_evening();
    } else {
        draft.submit();
    }
    let days = draft.within(0, 1);
    draft.later(days);
    draft.say(What::PreAccepted);
    let days = draft.within(0, 2);
    draft.later(days);
    draft.accept();
}

/// Working days that the required stages may take together.
fn room(draft: &Draft<'_>) -> u32 {
    draft.required().iter().map(|(_, limit)| limit).sum()
}

fn worked_and_granted(draft: &mut Draft<'_>) {
    let most = room(draft);
    let days = draft.within(1, most);
    draft.pass_all(days);
    draft.grant();
}

fn promised(draft: &mut Draft<'_>, begin: usize) {
    draft.take(&PLAIN);
    opened(draft, begin);
    worked_and_granted(draft);
}

fn with_fee(draft: &mut Draft<'_>, begin: usize) {
    draft.take(&CHARGED);
    opened(draft, begin);
    let stages = draft.required();
    let most = stages[0].1;
    let days = draft.within(0, most);
    draft.pass_stages(&stages[..1], days);
    charge_all_steps(draft);
    let most = stages[1..].iter().map(|(_, limit)| limit).sum();
    let days = draft.within(0, most);
    draft.pass_stages(&stages[1..], days);
    draft.grant();
}

/// A lawful charge, from the reckoning to the books.
fn charge_all_steps(draft: &mut Draft<'_>) {
    let line = lawful_charge(draft);
    for act in [FeeAct::Calculated, FeeAct::Noticed, FeeAct::Charged, FeeAct::Receipted, FeeAct::Reconciled] {
        let receipt = if matches!(act, FeeAct::Calculated | FeeAct::Noticed) {
            CompactString::default()
        } else {
            line.receipt.clone()
        };
        draft.fee(FeeLine { act, receipt, ..line.clone() });
    }
}

/// A charge within the item's first tariff, often for all that it allows.
pub(crate) fn lawful_charge(draft: &mut Draft<'_>) -> FeeLine {
    let code = match draft.item.code.as_str() {
        "ZR-205" => draft.one_of(&["ZR-DJF-Z", "ZR-DJF-F"]),
        "SL-209" => "SL-BCF",
        _ => "CG-ZDF",
    };
    let max = draft.tariff(code).max.fen();
    let fixed = draft.item.code == "ZR-205";
    let quantity = if fixed { draft.within(1, 3) } else { draft.within(50, 900) };
    let rate = if fixed || draft.chance(5_000) { max } else { max / 2 };
    draft.charge(code, Fen::new(rate * i64::from(quantity)), quantity)
}

fn with_supplement(draft: &mut Draft<'_>, begin: usize) {
    draft.take(&ROOMY);
    draft.on(begin);
    draft.submit();
    if draft.chance(5_000) {
        // Before acceptance: the clocks have not begun.
        let days = draft.within(0, 3);
        draft.later(days);
        draft.say(What::SupplementNotified);
        let days = draft.within(1, 8);
        draft.later(days);
        draft.say(What::SupplementReceived);
        draft.accept();
    } else {
        // After it: the clocks stand still.
        draft.accept();
        let days = draft.within(0, 1);
        draft.later(days);
        draft.say(What::SupplementNotified);
        let days = draft.within(1, 6);
        draft.later(days);
        draft.say(What::SupplementReceived);
    }
    let most = room(draft).saturating_sub(2).max(1);
    let days = draft.within(1, most);
    draft.pass_all(days);
    draft.grant();
}

fn with_special(draft: &mut Draft<'_>, begin: usize) {
    draft.take(&["SC-202", "ST-208"]);
    opened(draft, begin);
    if draft.chance(2_000) {
        let granted = draft.within(3, 10);
        draft.extend(granted);
    }
    let stages = draft.required();
    paused_stage(draft, &stages[0].0);
    let most = stages[1..].iter().map(|(_, limit)| limit).sum();
    let days = draft.within(0, most);
    draft.pass_stages(&stages[1..], days);
    draft.grant();
}

/// A stage inside which a special procedure begins and ends within what was granted.
fn paused_stage(draft: &mut Draft<'_>, stage: &str) {
    draft.start_stage(stage);
    let granted = draft.within(5, 20);
    draft.start_special(ground_of(draft), granted);
    let days = draft.within(2, granted);
    draft.later(days);
    draft.end_special();
    draft.complete_stage(stage);
}

/// The procedure that the item calls for.
pub(crate) fn ground_of(draft: &Draft<'_>) -> &'static str {
    if draft.item.code == "ST-208" { "expert_review" } else { "inspection" }
}

fn joint_parent(draft: &mut Draft<'_>, begin: usize) {
    draft.take(&["ZJ-301"]);
    draft.open_on(begin);
    worked_and_granted(draft);
}

fn joint_member(draft: &mut Draft<'_>, begin: usize, kin: Option<Kin>) {
    draft.take(&["WJ-203", "ZJ-206", "JT-210", "SC-201"]);
    let begin = kin.as_ref().map_or(begin, |kin| kin.place);
    if let Some(kin) = kin {
        draft.settle_in(kin.level, kin.region);
        draft.linked_case = Some(kin.case);
    }
    draft.open_on(begin);
    worked_and_granted(draft);
}

fn forwarded_lower(draft: &mut Draft<'_>, begin: usize) {
    draft.take(&["RS-204"]);
    draft.case_type = "forwarded";
    draft.open_on(begin.min(draft.window.last - 6));
    let days = draft.within(0, 4);
    draft.pass_all(days);
    draft.close("forwarded");
}

fn forwarded_upper(draft: &mut Draft<'_>, begin: usize, kin: Option<Kin>) {
    let begin = kin.as_ref().map_or(begin, |kin| kin.place);
    draft.take(&["RS-204"]);
    if let Some(kin) = kin {
        draft.item = draft.city.item(&kin.item);
        let above = if kin.level == Level::County { Level::City } else { Level::Province };
        draft.settle(above);
        draft.linked_case = Some(kin.case);
    }
    draft.open_on(begin.min(draft.window.last));
    worked_and_granted(draft);
}

/// Accepted so many working days before the live week that the promise ends with its first working day.
fn stalled(draft: &mut Draft<'_>) {
    draft.take(&PLAIN);
    draft.open_on(draft.window.live - draft.item.promise as usize);
}

fn ended_early(draft: &mut Draft<'_>, begin: usize) {
    draft.take(&ROOMY);
    draft.on(begin);
    draft.submit();
    let days = draft.within(0, 2);
    draft.later(days);
    match draft.within(1, 6) {
        1 => {
            draft.say(What::NotAccepted("不属于本机关职权范围".into()));
        }
        2 => {
            draft.accept();
            draft.later(1);
            draft.say(What::Withdrawn);
        }
        3 => {
            draft.say(What::SupplementNotified);
            draft.later(15);
            draft.close("lapsed");
        }
        4 => {
            draft.accept();
            let most = room(draft);
            let days = draft.within(1, most);
            draft.pass_all(days);
            draft.close("refused");
        }
        ended => {
            draft.accept();
            let stages = draft.required();
            draft.pass_stages(&stages[..1], 1);
            draft.close(if ended == 5 { "returned" } else { "voided" });
        }
    }
}
