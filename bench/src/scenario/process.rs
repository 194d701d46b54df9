//! The way through an item: missing stages (PS-01), unknown steps (PS-03), closing without
//! acceptance (PS-04), one person in several roles (PS-07), no reason given (PS-11).

use compact_str::CompactString;
use facts::Card::{None as Green, Red, Yellow};

use super::{Trial, variant};
use crate::case_plan::What;
use crate::draft::{Draft, role};
use crate::life::{PLAIN, ROOMY};

/// Items that go handle, review, approve and nothing else.
const THREE_STAGES: [&str; 4] = ["WJ-203", "RS-204", "ZJ-206", "JT-210"];

pub(super) const PS_01: Trial = Trial {
    rule: "PS-01",
    breaches: &[
        variant("approval missing", Red, |draft| {
            worked_without(draft, "approve");
            draft.grant();
        }),
        variant("first stage missing", Red, |draft| {
            worked_without(draft, "handle");
            draft.grant();
        }),
        variant("review skipped", Red, |draft| {
            worked_without(draft, "review");
            draft.grant();
        }),
        variant("no stage at all", Red, |draft| {
            accepted(draft, &THREE_STAGES);
            draft.later(1);
            draft.grant();
        }),
        variant("refused without approval", Red, |draft| {
            worked_without(draft, "approve");
            draft.close("refused");
        }),
    ],
    near_misses: &[
        variant("last stage finished at the instant of the closing", Green, |draft| {
            accepted(draft, &THREE_STAGES);
            draft.pass_all(1);
            draft.at_once();
            draft.grant();
        }),
        variant("stage record arrived after the closing", Green, |draft| {
            accepted(draft, &THREE_STAGES);
            draft.pass_all(1);
            let approved = draft.facts.len() - 1;
            draft.arrives_on(approved, draft.place + 2);
            draft.grant();
        }),
        variant("voided with stages missing", Green, |draft| {
            worked_without(draft, "approve");
            draft.close("voided");
        }),
        variant("optional stage left out", Green, |draft| {
            accepted(draft, &["SL-209"]);
            draft.pass_all(1);
            draft.grant();
        }),
    ],
};

pub(super) const PS_03: Trial = Trial {
    rule: "PS-03",
    breaches: &[
        variant("approved before review, then reviewed and approved again", Red, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_each(draft, &["handle", "approve", "review", "approve"]);
            draft.grant();
        }),
        variant("review skipped", Red, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_each(draft, &["handle", "approve"]);
            draft.grant();
        }),
        variant("handled again after approval, then approved without review", Red, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_each(draft, &["handle", "review", "approve", "handle", "approve"]);
            draft.grant();
        }),
    ],
    near_misses: &[
        variant("sent back from review to the first stage", Green, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_each(draft, &["handle", "review", "handle", "review", "approve"]);
            draft.grant();
        }),
        variant("sent back from approval to review", Green, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_each(draft, &["handle", "review", "approve", "review", "approve"]);
            draft.grant();
        }),
        variant("optional stage passed", Green, |draft| {
            accepted(draft, &["SL-209"]);
            pass_each(draft, &["handle", "expert_review", "review", "approve"]);
            draft.grant();
        }),
    ],
};

pub(super) const PS_04: Trial = Trial {
    rule: "PS-04",
    breaches: &[
        variant("closed without acceptance", Red, |draft| {
            let place = finished_by(draft, 3);
            draft.on(place);
            draft.submit();
            draft.pass_all(1);
            draft.grant();
        }),
        variant("closed without application or acceptance", Red, |draft| {
            let place = finished_by(draft, 3);
            draft.on(place);
            draft.pass_all(1);
            draft.grant();
        }),
        variant("refused without acceptance", Red, |draft| {
            let place = finished_by(draft, 3);
            draft.on(place);
            draft.submit();
            draft.pass_all(1);
            draft.close("refused");
        }),
    ],
    near_misses: &[
        variant("accepted at the instant of the closing", Green, |draft| {
            let place = finished_by(draft, 3);
            draft.on(place);
            draft.submit();
            draft.pass_all(1);
            draft.accept();
            draft.at_once();
            draft.grant();
        }),
        variant("acceptance arrived within the day after the closing", Green, |draft| {
            late_acceptance(draft, 1);
        }),
        variant("acceptance arrived days after the closing", Green, |draft| {
            late_acceptance(draft, 3);
        }),
        variant("closed without acceptance less than a day before the end", Green, |draft| {
            draft.take(&THREE_STAGES);
            let last = draft.window.last;
            draft.on(last);
            draft.submit();
            draft.pass_all(0);
            draft.grant();
        }),
        variant("voided without acceptance", Green, |draft| {
            let place = finished_by(draft, 3);
            draft.on(place);
            draft.submit();
            draft.later(1);
            draft.close("voided");
        }),
    ],
};

pub(super) const PS_07: Trial = Trial {
    rule: "PS-07",
    breaches: &[
        variant("one person handled and approved", Yellow, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_by(draft, &[("handle", 1), ("review", 2), ("approve", 1)]);
            draft.grant();
        }),
        variant("one person did all three", Red, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_by(draft, &[("handle", 1), ("review", 1), ("approve", 1)]);
            draft.grant();
        }),
        variant("one person handled and reviewed, case still open", Yellow, |draft| {
            draft.take(&["RS-204"]);
            draft.open_on(draft.window.last - 3);
            pass_by(draft, &[("handle", 1), ("review", 1)]);
        }),
        variant("two persons share two roles each", Yellow, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_by(draft, &[("handle", 1), ("review", 2), ("handle", 2), ("review", 1), ("approve", 3)]);
            draft.grant();
        }),
    ],
    near_misses: &[
        variant("one person handled and visited the site", Green, |draft| {
            accepted(draft, &["SC-201"]);
            pass_by(draft, &[("handle", 1), ("site_visit", 1), ("review", 2), ("approve", 3)]);
            draft.grant();
        }),
        variant("handled on the spot by one person", Green, |draft| {
            accepted(draft, &["SC-105"]);
            pass_by(draft, &[("handle", 1), ("approve", 1)]);
            draft.grant();
        }),
        variant("one person handled twice", Green, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_by(draft, &[("handle", 1), ("review", 2), ("handle", 1), ("review", 2), ("approve", 3)]);
            draft.grant();
        }),
        variant("officer of the approval corrected", Green, |draft| {
            accepted(draft, &THREE_STAGES);
            pass_by(draft, &[("handle", 1), ("review", 2), ("approve", 3)]);
            let approved = draft.facts.len() - 1;
            let wrong = What::StageCompleted("approve".into(), draft.officer(1));
            let (at, place) = (draft.facts[approved].at, draft.place + 1);
            draft.corrected_on(approved, wrong, at, place);
            draft.grant();
        }),
    ],
};

pub(super) const PS_11: Trial = Trial {
    rule: "PS-11",
    breaches: &[
        variant("acceptance refused without a reason", Red, |draft| {
            draft.take(&PLAIN);
            answered(draft);
            draft.say(What::NotAccepted(CompactString::default()));
        }),
        variant("refused without a reason", Red, |draft| {
            accepted(draft, &PLAIN);
            draft.pass_all(2);
            draft.say(What::Closed("refused", CompactString::default()));
        }),
    ],
    near_misses: &[
        variant("acceptance refused with a reason", Green, |draft| {
            draft.take(&PLAIN);
            answered(draft);
            draft.say(What::NotAccepted("所需材料经告知仍不符合法定形式".into()));
        }),
        variant("refused with a reason", Green, |draft| {
            accepted(draft, &PLAIN);
            draft.pass_all(2);
            draft.close("refused");
        }),
        variant("reason of a refusal entered by a correction", Green, |draft| {
            accepted(draft, &ROOMY);
            draft.pass_all(2);
            let refused = draft.close("refused");
            let (at, place) = (draft.facts[refused].at, draft.place + 1);
            draft.corrected_on(refused, What::Closed("refused", CompactString::default()), at, place);
        }),
    ],
};

/// Accepted early enough for five more working days before the end.
fn accepted(draft: &mut Draft<'_>, items: &[&str]) {
    draft.take(items);
    let (first, last) = (draft.window.first, draft.window.last - 5);
    let a = draft.day_within(first, last);
    draft.open_on(a);
}

/// Submitted early enough for some working days before the end.
fn answered(draft: &mut Draft<'_>) {
    let (first, last) = (draft.window.first, draft.window.last - 3);
    let s = draft.day_within(first, last);
    draft.on(s);
    draft.submit();
    draft.later(1);
}

/// An item of three stages, and a day `room` working days before the end or earlier.
fn finished_by(draft: &mut Draft<'_>, room: usize) -> usize {
    draft.take(&THREE_STAGES);
    let (first, last) = (draft.window.first, draft.window.last - room);
    draft.day_within(first, last)
}

/// Accepted and worked in two working days, one stage left out.
fn worked_without(draft: &mut Draft<'_>, missing: &str) {
    accepted(draft, &THREE_STAGES);
    let mut stages = draft.required();
    stages.retain(|(code, _)| code != missing);
    draft.pass_stages(&stages, 2);
}

/// Each stage in its turn, half of them on the next working day.
fn pass_each(draft: &mut Draft<'_>, stages: &[&str]) {
    let acts: Vec<(&str, u32)> = stages.iter().map(|stage| (*stage, role(stage))).collect();
    pass_by(draft, &acts);
}

/// Each stage in its turn, by the officer of that role. A stage that comes again starts on a later
/// day than it ended before.
fn pass_by(draft: &mut Draft<'_>, acts: &[(&str, u32)]) {
    for (turn, (stage, person)) in acts.iter().enumerate() {
        let again = acts[..turn].iter().any(|(earlier, _)| earlier == stage);
        if again {
            draft.later(1);
        }
        draft.start_stage(stage);
        let officer = draft.officer(*person);
        draft.say(What::StageCompleted((*stage).into(), officer));
    }
}

/// Accepted and closed; the acceptance reaches the stream `days` working days after the closing.
fn late_acceptance(draft: &mut Draft<'_>, days: usize) {
    draft.take(&THREE_STAGES);
    let (first, last) = (draft.window.first, draft.window.last - 5);
    let a = draft.day_within(first, last);
    draft.open_on(a);
    let accepted = draft.facts.len() - 1;
    draft.pass_all(1);
    draft.arrives_on(accepted, draft.place + days);
    draft.grant();
}
