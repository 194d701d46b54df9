//! The promised and the statutory limit: OD-04, OD-05, OD-06.
//!
//! `a` is the place of the day of acceptance; a limit of n working days without a pause ends at the
//! close of business of the day at `a + n`.

use facts::Card::{None as Green, Red, Warning, Yellow};

use super::{Trial, variant};
use crate::case_plan::What;
use crate::draft::Draft;
use crate::life::{INSTANT, PLAIN, ROOMY, ground_of};

pub(super) const OD_04: Trial = Trial {
    rule: "OD-04",
    breaches: &[
        variant("open, due on the next working day", Warning, |draft| {
            draft.take(&PLAIN);
            open_until_due_after_end(draft, 1);
        }),
        variant("open, due today and not closed", Warning, |draft| {
            draft.take(&PLAIN);
            open_until_due_after_end(draft, 0);
        }),
        variant("open, due on the next working day after a supplement's pause", Warning, |draft| {
            draft.take(&ROOMY);
            let pause = draft.within(2, 6);
            let a = draft.window.last + 1 - (promise(draft) + pause) as usize;
            draft.open_on(a);
            supplement(draft, pause);
            some_work(draft);
        }),
        variant("open, due on the next working day after an extension", Warning, |draft| {
            draft.take(&ROOMY);
            let more = draft.within(3, 10);
            let a = draft.window.last + 1 - (promise(draft) + more) as usize;
            draft.open_on(a);
            draft.extend(more);
            some_work(draft);
        }),
        variant("open, a special procedure ran past its cap and no longer stops the clock", Warning, |draft| {
            draft.take(&["ST-208"]);
            let granted = draft.within(5, 8);
            let a = draft.window.last + 1 - (promise(draft) + granted) as usize;
            draft.open_on(a);
            draft.later(1);
            draft.start_special("expert_review", granted);
        }),
        variant("handled on the spot, not closed on its first day", Warning, |draft| {
            draft.take(&INSTANT);
            draft.open_on(draft.window.last);
        }),
    ],
    near_misses: &[
        variant("closed at the very instant of the warning", Green, |draft| {
            draft.take(&PLAIN);
            let days = promise(draft) - 1;
            accepted_then_worked(draft, days);
            draft.at_close();
            draft.grant();
        }),
        variant("open, warning due on the next working day", Green, |draft| {
            draft.take(&PLAIN);
            open_until_due_after_end(draft, 2);
        }),
        variant("open, would be overdue but for a special procedure", Green, |draft| {
            draft.take(&["ST-208", "SC-202"]);
            let a = draft.window.last - promise(draft) as usize - 1;
            draft.open_on(a);
            draft.later(1);
            draft.start_special(ground_of(draft), 30);
        }),
        variant("open, would be overdue but for an extension", Green, |draft| {
            draft.take(&ROOMY);
            let a = draft.window.last - promise(draft) as usize;
            draft.open_on(a);
            draft.extend(5);
            some_work(draft);
        }),
        variant("open, a supplement is awaited", Green, |draft| {
            draft.take(&ROOMY);
            let a = draft.window.last - promise(draft) as usize - 2;
            draft.open_on(a);
            draft.later(1);
            draft.say(What::SupplementNotified);
        }),
    ],
};

pub(super) const OD_05: Trial = Trial {
    rule: "OD-05",
    breaches: &[
        variant("closed some days after the promise", Yellow, |draft| {
            draft.take(&PLAIN);
            let days = promise(draft) + draft.within(1, 3);
            accepted_then_worked(draft, days);
            draft.grant();
        }),
        variant("open past the promise", Yellow, |draft| {
            draft.take(&PLAIN);
            let over = draft.within(0, 4);
            let a = draft.window.last - (promise(draft) + over) as usize;
            draft.open_on(a);
            some_work(draft);
        }),
        variant("voided after the promise", Yellow, |draft| {
            draft.take(&PLAIN);
            let days = promise(draft) + 2;
            accepted_then_waited(draft, days);
            draft.close("voided");
        }),
        variant("closed one second after close of business of the last day", Yellow, |draft| {
            draft.take(&PLAIN);
            let days = promise(draft);
            accepted_then_worked(draft, days);
            draft.just_after_close();
            draft.grant();
        }),
        variant("handled on the spot, closed two days late", Yellow, |draft| {
            draft.take(&INSTANT);
            accepted_then_worked(draft, 3);
            draft.grant();
        }),
        variant("closing first reported in time, then corrected to late", Yellow, |draft| {
            draft.take(&ROOMY);
            let days = promise(draft) + 2;
            accepted_then_worked(draft, days);
            let closed = draft.close("granted");
            let claimed = crate::calendar::instant(draft.civil(draft.place - 3), 15 * 3600);
            let what = draft.facts[closed].what.clone();
            draft.corrected_on(closed, what, claimed, draft.place + 1);
            draft.deliver(2);
        }),
        variant("paused for longer than granted: the rest counts", Yellow, |draft| {
            draft.take(&["SC-202"]);
            let days = promise(draft) + 5 + 1;
            let a = begin(draft, days);
            draft.open_on(a);
            draft.later(1);
            draft.start_special("inspection", 5);
            draft.later(9);
            draft.end_special();
            draft.pass_all(days - 10);
            draft.grant();
        }),
    ],
    near_misses: &[
        variant("closed at close of business of the last day", Green, |draft| {
            draft.take(&PLAIN);
            let days = promise(draft);
            accepted_then_worked(draft, days);
            draft.at_close();
            draft.grant();
        }),
        variant("in time only by a special procedure that was entered afterwards", Green, |draft| {
            draft.take(&["SC-202", "ST-208"]);
            let days = promise(draft);
            entered_afterwards(draft, days);
            draft.at_close();
            draft.grant();
        }),
        variant("closed in time, the record arrived days later", Green, |draft| {
            draft.take(&PLAIN);
            let days = promise(draft);
            accepted_then_worked(draft, days);
            let closed = draft.close("granted");
            let days = 2 + draft.within(0, 1) as usize;
            draft.arrives_on(closed, draft.place + days);
            draft.deliver(1);
        }),
        variant("closed on the last day of an extension", Green, |draft| {
            draft.take(&ROOMY);
            let more = draft.within(3, 10);
            let days = promise(draft) + more;
            let a = begin(draft, days);
            draft.open_on(a);
            draft.extend(more);
            draft.pass_all(days);
            draft.at_close();
            draft.grant();
        }),
        variant("closed on the last day that a supplement's pause left", Green, |draft| {
            draft.take(&ROOMY);
            let pause = draft.within(2, 6);
            let days = promise(draft) + pause;
            let a = begin(draft, days);
            draft.open_on(a);
            supplement(draft, pause);
            draft.pass_all(days - 1 - pause);
            draft.at_close();
            draft.grant();
        }),
        variant("voided at close of business of the last day", Green, |draft| {
            draft.take(&PLAIN);
            let days = promise(draft);
            accepted_then_waited(draft, days);
            draft.at_close();
            draft.close("voided");
        }),
        variant("overdue, then closed as a technical error", Green, |draft| {
            draft.take(&PLAIN);
            let days = promise(draft) + 2;
            accepted_then_waited(draft, days);
            draft.close("deleted");
        }),
    ],
};

pub(super) const OD_06: Trial = Trial {
    rule: "OD-06",
    breaches: &[
        variant("closed some days after the statutory limit", Red, |draft| {
            draft.take(&PLAIN);
            let days = statutory(draft) + draft.within(1, 4);
            accepted_then_worked(draft, days);
            draft.grant();
        }),
        variant("open past the statutory limit", Red, |draft| {
            draft.take(&PLAIN);
            let over = draft.within(0, 6);
            let a = draft.window.last - (statutory(draft) + over) as usize;
            draft.open_on(a);
            some_work(draft);
        }),
        variant("voided after the statutory limit", Red, |draft| {
            draft.take(&PLAIN);
            let days = statutory(draft) + 1;
            accepted_then_waited(draft, days);
            draft.close("voided");
        }),
        variant("closed one second after close of business of the last statutory day", Red, |draft| {
            draft.take(&PLAIN);
            let days = statutory(draft);
            accepted_then_worked(draft, days);
            draft.just_after_close();
            draft.grant();
        }),
        variant("deemed accepted from submission, closed within the limit of the late acceptance", Red, |draft| {
            draft.take(&PLAIN);
            let days = statutory(draft) + 2;
            let s = begin(draft, days);
            draft.on(s);
            draft.submit();
            draft.later(7);
            draft.accept();
            draft.pass_all(days - 7);
            draft.grant();
        }),
    ],
    near_misses: &[
        variant("closed at close of business of the last statutory day", Green, |draft| {
            draft.take(&PLAIN);
            let days = statutory(draft);
            accepted_then_worked(draft, days);
            draft.at_close();
            draft.grant();
        }),
        variant("open, statutory limit ends on the next working day", Green, |draft| {
            draft.take(&PLAIN);
            let a = draft.window.last + 1 - statutory(draft) as usize;
            draft.open_on(a);
            some_work(draft);
        }),
        variant("closed on the last statutory day of an extension", Green, |draft| {
            draft.take(&ROOMY);
            let more = draft.within(3, 10);
            let days = statutory(draft) + more;
            let a = begin(draft, days);
            draft.open_on(a);
            draft.extend(more);
            draft.pass_all(days);
            draft.at_close();
            draft.grant();
        }),
        variant("past the statutory limit, then closed as a technical error", Green, |draft| {
            draft.take(&PLAIN);
            let days = statutory(draft) + 2;
            accepted_then_waited(draft, days);
            draft.close("deleted");
        }),
        variant("in time only by a special procedure that was entered afterwards", Green, |draft| {
            draft.take(&["SC-202", "ST-208"]);
            let days = statutory(draft);
            entered_afterwards(draft, days);
            draft.at_close();
            draft.grant();
        }),
        variant("voided at close of business of the last statutory day", Green, |draft| {
            draft.take(&PLAIN);
            let days = statutory(draft);
            accepted_then_waited(draft, days);
            draft.at_close();
            draft.close("voided");
        }),
    ],
};

fn promise(draft: &Draft<'_>) -> u32 {
    draft.item.promise
}

fn statutory(draft: &Draft<'_>) -> u32 {
    draft.item.statutory
}

/// A day of acceptance that leaves `days` working days, and a few for what follows, before the end.
fn begin(draft: &mut Draft<'_>, days: u32) -> usize {
    let (first, last) = (draft.window.first, draft.window.last - 1);
    let ends = draft.day_within(first + days as usize, last);
    ends - days as usize
}

/// Accepted, and all stages passed in `days` working days; the closing may follow on the same day.
fn accepted_then_worked(draft: &mut Draft<'_>, days: u32) {
    let a = begin(draft, days);
    draft.open_on(a);
    draft.pass_all(days);
}

/// Accepted, one stage passed, then nothing until `days` working days after acceptance.
fn accepted_then_waited(draft: &mut Draft<'_>, days: u32) {
    let a = begin(draft, days);
    draft.open_on(a);
    let stages = draft.required();
    draft.pass_stages(&stages[..1], 1);
    draft.later(days - 1);
}

/// Accepted so that the promise ends `after` working days after the last day of the run.
fn open_until_due_after_end(draft: &mut Draft<'_>, after: u32) {
    let a = draft.window.last + after as usize - promise(draft) as usize;
    draft.open_on(a);
    some_work(draft);
}

/// A stage is passed if there is a day for it, and the next one begun and left open.
fn some_work(draft: &mut Draft<'_>) {
    let stages = draft.required();
    if draft.place < draft.window.last {
        let days = u32::from(draft.chance(5_000));
        draft.pass_stages(&stages[..1], days);
    }
    if draft.place < draft.window.last && draft.chance(5_000) {
        draft.later(1);
        draft.start_stage(&stages[1].0);
    }
}

/// 补正 on the next working day, received after `pause` working days.
fn supplement(draft: &mut Draft<'_>, pause: u32) {
    draft.later(1);
    draft.say(What::SupplementNotified);
    draft.later(pause);
    draft.say(What::SupplementReceived);
}

/// A case of `limit` working days that was paused, and finished on the last day that the pause
/// leaves; the pause reaches the stream after the limit without it has passed.
fn entered_afterwards(draft: &mut Draft<'_>, limit: u32) {
    let pause = draft.within(3, 6);
    let days = limit + pause;
    let a = begin(draft, days);
    draft.open_on(a);
    draft.later(1);
    let started = draft.start_special(ground_of(draft), pause + 2);
    draft.later(pause);
    let ended = draft.end_special();
    let known = a + limit as usize + 1;
    draft.arrives_on(started, known);
    draft.arrives_on(ended, known.max(draft.place + 1));
    draft.pass_all(days - 1 - pause);
}
