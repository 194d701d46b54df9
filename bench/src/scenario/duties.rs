//! Duties with a clock of their own: the decision on acceptance (OD-01), each stage (OD-07), each
//! special procedure (OD-08), delivery (OD-12).

use facts::Card::{None as Green, Red, Warning, Yellow};

use super::{Trial, variant};
use crate::case_plan::What;
use crate::draft::Draft;
use crate::life::{PLAIN, ROOMY, ground_of};

/// Working days within which an application must be answered.
const ANSWER: u32 = 5;
/// Working days within which a certificate must be delivered.
const DELIVERY: u32 = 10;
/// Items whose office reports when stages start.
const REPORTED: [&str; 2] = ["SC-201", "RS-204"];

pub(super) const OD_01: Trial = Trial {
    rule: "OD-01",
    breaches: &[
        variant("not answered, some days over", Red, |draft| {
            draft.take(&PLAIN);
            let s = draft.window.last - (ANSWER + draft.within(0, 4)) as usize;
            submitted(draft, s);
        }),
        variant("not answered for weeks: deemed accepted, and past the limits", Red, |draft| {
            draft.take(&PLAIN);
            let s = draft.window.last - draft.within(21, 30) as usize;
            submitted(draft, s);
        }),
        variant("accepted some days late: deemed accepted from submission", Green, |draft| {
            draft.take(&PLAIN);
            let late = ANSWER + draft.within(1, 4);
            answered_after(draft, late, 12);
            draft.accept();
            draft.pass_all(3);
            draft.grant();
        }),
        variant("accepted one second after close of business of the last day", Green, |draft| {
            draft.take(&PLAIN);
            answered_after(draft, ANSWER, 9);
            draft.just_after_close();
            draft.accept();
            draft.later(1);
            draft.pass_all(2);
            draft.grant();
        }),
    ],
    near_misses: &[
        variant("accepted at close of business of the last day", Green, |draft| {
            draft.take(&PLAIN);
            answered_after(draft, ANSWER, 8);
            draft.at_close();
            draft.accept();
            draft.later(1);
            draft.pass_all(2);
            draft.grant();
        }),
        variant("supplement asked for at close of business of the last day", Green, |draft| {
            draft.take(&ROOMY);
            answered_after(draft, ANSWER, 12);
            draft.at_close();
            draft.say(What::SupplementNotified);
            draft.later(4);
            draft.say(What::SupplementReceived);
            draft.accept();
            draft.pass_all(2);
            draft.grant();
        }),
        variant("refused acceptance at close of business of the last day", Green, |draft| {
            draft.take(&PLAIN);
            answered_after(draft, ANSWER, 5);
            draft.at_close();
            draft.say(What::NotAccepted("申请事项依法不需要取得行政许可".into()));
        }),
        variant("withdrawn before the warning", Green, |draft| {
            draft.take(&PLAIN);
            answered_after(draft, 3, 3);
            draft.say(What::Withdrawn);
        }),
        variant("accepted in time, the record arrived after the last day", Green, |draft| {
            draft.take(&PLAIN);
            answered_after(draft, 2, 10);
            draft.accept();
            let accepted = draft.facts.len() - 1;
            draft.arrives_on(accepted, draft.place + 4);
            draft.pass_all(3);
            draft.grant();
        }),
        variant("not answered, last day is the next working day", Warning, |draft| {
            draft.take(&PLAIN);
            let s = draft.window.last + 1 - ANSWER as usize;
            submitted(draft, s);
        }),
    ],
};

pub(super) const OD_07: Trial = Trial {
    rule: "OD-07",
    breaches: &[
        variant("first stage open past its limit", Yellow, |draft| {
            draft.take(&REPORTED);
            let (code, limit) = draft.required()[0].clone();
            let over = draft.within(0, 2);
            let a = draft.window.last - (limit + over) as usize;
            draft.open_on(a);
            draft.start_stage(&code);
        }),
        variant("second stage open past its limit", Yellow, |draft| {
            draft.take(&REPORTED);
            let stages = draft.required();
            let a = draft.window.last - stages[1].1 as usize - 1;
            draft.open_on(a);
            draft.pass_stages(&stages[..1], 1);
            draft.start_stage(&stages[1].0);
        }),
        variant("stage finished a day late", Green, |draft| {
            draft.take(&REPORTED);
            let stages = draft.required();
            let days = stages[0].1 + 1;
            let (first, last) = (draft.window.first, draft.window.last - days as usize - 1);
            let a = draft.day_within(first, last);
            draft.open_on(a);
            draft.pass_stages(&stages[..1], days);
            draft.pass_stages(&stages[1..], 1);
            draft.grant();
        }),
        variant("stage open past what a special procedure's pause left", Yellow, |draft| {
            draft.take(&["ST-208", "SC-202"]);
            let (code, limit) = draft.required()[0].clone();
            let pause = draft.within(2, 5);
            let over = draft.within(0, 1);
            let a = draft.window.last + 1 - (pause + limit + over) as usize;
            draft.open_on(a);
            draft.start_stage(&code);
            draft.start_special(ground_of(draft), 8);
            draft.later(pause);
            draft.end_special();
        }),
    ],
    near_misses: &[
        variant("stage finished at close of business of its last day", Green, |draft| {
            draft.take(&REPORTED);
            let stages = draft.required();
            let (first, last) = (draft.window.first, draft.window.last - 5);
            let a = draft.day_within(first, last);
            draft.open_on(a);
            draft.start_stage(&stages[0].0);
            draft.later(stages[0].1);
            draft.at_close();
            draft.complete_stage(&stages[0].0);
            draft.later(1);
            draft.pass_stages(&stages[1..], 1);
            draft.grant();
        }),
        variant("stage open, its last day is the next working day", Warning, |draft| {
            draft.take(&REPORTED);
            let (code, limit) = draft.required()[0].clone();
            let a = draft.window.last + 1 - limit as usize;
            draft.open_on(a);
            draft.start_stage(&code);
        }),
        variant("stage open, stopped by a special procedure", Green, |draft| {
            draft.take(&["ST-208", "SC-202"]);
            let (code, _) = draft.required()[0].clone();
            let a = draft.window.last - 6;
            draft.open_on(a);
            draft.start_stage(&code);
            draft.start_special(ground_of(draft), 15);
        }),
        variant("stage finished in time, the record arrived after its last day", Green, |draft| {
            draft.take(&REPORTED);
            let stages = draft.required();
            let (first, last) = (draft.window.first, draft.window.last - 9);
            let a = draft.day_within(first, last);
            draft.open_on(a);
            draft.start_stage(&stages[0].0);
            draft.later(stages[0].1);
            let completed = draft.complete_stage(&stages[0].0);
            draft.arrives_on(completed, draft.place + 2);
            draft.pass_stages(&stages[1..], 2);
            draft.grant();
        }),
    ],
};

pub(super) const OD_08: Trial = Trial {
    rule: "OD-08",
    breaches: &[
        variant("ended at close of business one day late", Yellow, |draft| {
            let granted = special_in_the_past(draft, 1);
            draft.later(granted + 1);
            draft.at_close();
            draft.end_special();
            finish(draft);
        }),
        variant("ended days late", Red, |draft| {
            let late = draft.within(2, 5);
            let granted = special_in_the_past(draft, late);
            draft.later(granted + late);
            draft.end_special();
            finish(draft);
        }),
        variant("open, past its limit by more than a day", Red, |draft| {
            let granted = draft.within(5, 10);
            let over = draft.within(1, 4);
            let x = draft.window.last - (granted + over) as usize;
            special_on(draft, x, granted);
        }),
        variant("open, past its limit since today", Yellow, |draft| {
            let granted = draft.within(5, 10);
            let x = draft.window.last - granted as usize;
            special_on(draft, x, granted);
        }),
        variant("case closed as normal, procedure never ended", Red, |draft| {
            let granted = special_in_the_past(draft, 3);
            draft.later(granted - 3);
            draft.pass_all(1);
            draft.grant();
        }),
    ],
    near_misses: &[
        variant("ended at close of business of the last day", Green, |draft| {
            let granted = special_in_the_past(draft, 1);
            draft.later(granted);
            draft.at_close();
            draft.end_special();
            finish(draft);
        }),
        variant("open, warning since this week", Warning, |draft| {
            let granted = draft.within(5, 10);
            let left = draft.within(1, 3);
            let x = draft.window.last + left as usize - granted as usize;
            special_on(draft, x, granted);
        }),
        variant("open, warning on the next working day", Green, |draft| {
            let granted = draft.within(5, 10);
            let x = draft.window.last + 4 - granted as usize;
            special_on(draft, x, granted);
        }),
        variant("case voided before the warning, procedure still open", Green, |draft| {
            special_in_the_past(draft, 5);
            draft.later(1);
            draft.close("voided");
        }),
        variant("no fixed length was granted", Green, |draft| {
            let x = draft.window.last - draft.within(15, 25) as usize;
            special_on(draft, x, 0);
        }),
        variant("ended in time, the record arrived days later", Green, |draft| {
            let granted = special_in_the_past(draft, 5);
            draft.later(granted - 1);
            let ended = draft.end_special();
            draft.arrives_on(ended, draft.place + 4);
            finish(draft);
        }),
    ],
};

pub(super) const OD_12: Trial = Trial {
    rule: "OD-12",
    breaches: &[
        variant("granted, not delivered", Red, |draft| {
            granted_on(draft, DELIVERY, DELIVERY + 5);
        }),
        variant("granted long ago, not delivered", Red, |draft| {
            granted_on(draft, DELIVERY + 10, DELIVERY + 25);
        }),
        variant("delivered days late", Green, |draft| {
            granted_on(draft, DELIVERY + 5, DELIVERY + 25);
            let days = DELIVERY + draft.within(1, 4);
            draft.deliver(days);
        }),
    ],
    near_misses: &[
        variant("delivered at close of business of the last day", Green, |draft| {
            granted_on(draft, DELIVERY, DELIVERY + 25);
            draft.later(DELIVERY);
            draft.at_close();
            draft.say(What::Delivered);
        }),
        variant("not delivered, one or two days left", Warning, |draft| {
            granted_on(draft, DELIVERY - 2, DELIVERY - 1);
        }),
        variant("refused: nothing to deliver", Green, |draft| {
            draft.take(&PLAIN);
            let a = draft.window.last - draft.within(20, 30) as usize;
            draft.open_on(a);
            draft.pass_all(2);
            draft.close("refused");
        }),
        variant("delivered in time, the record arrived after the last day", Green, |draft| {
            granted_on(draft, DELIVERY + 5, DELIVERY + 25);
            let delivered = draft.deliver(DELIVERY - 1);
            draft.arrives_on(delivered, draft.place + 3);
        }),
        variant("not delivered, warning on the next working day", Green, |draft| {
            granted_on(draft, DELIVERY - 3, DELIVERY - 3);
        }),
    ],
};

fn submitted(draft: &mut Draft<'_>, place: usize) {
    draft.on(place);
    draft.submit();
}

/// Submitted, and the hand moved `days` working days on, with `room` working days before the end.
fn answered_after(draft: &mut Draft<'_>, days: u32, room: usize) {
    let (first, last) = (draft.window.first, draft.window.last - room);
    let s = draft.day_within(first, last);
    submitted(draft, s);
    draft.later(days);
}

/// Accepted, and a special procedure opened on the same day, before any stage.
fn special_on(draft: &mut Draft<'_>, place: usize, granted: u32) {
    draft.take(&["ST-208", "SC-202"]);
    draft.open_on(place);
    draft.start_special(ground_of(draft), granted);
}

/// A special procedure that can run `over` working days past its limit, and the case be finished,
/// before the end. Returns what was granted.
fn special_in_the_past(draft: &mut Draft<'_>, over: u32) -> u32 {
    let granted = draft.within(5, 10);
    let (first, last) = (draft.window.first, draft.window.last - (granted + over) as usize - 3);
    let x = draft.day_within(first, last);
    special_on(draft, x, granted);
    granted
}

fn finish(draft: &mut Draft<'_>) {
    draft.later(1);
    draft.pass_all(2);
    draft.grant();
}

/// Closed with a grant, at least `least` and at most `most` working days before the last day.
fn granted_on(draft: &mut Draft<'_>, least: u32, most: u32) {
    draft.take(&PLAIN);
    let before = draft.within(least, most);
    let days = draft.within(0, 2);
    draft.open_on(draft.window.last - (before + days) as usize);
    draft.pass_all(days);
    draft.close("granted");
}
