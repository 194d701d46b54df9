//! The table of allowed steps, which docs/handling.md shows row by row.

use super::role::Role;
use super::state::State;
use super::step::Step;

/// Where a step leads.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum To {
    /// To this state.
    State(State),
    /// It runs beside the state.
    Same,
}

/// What a step must bring.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Need {
    /// Why: where the law wants it told, or somebody must be able to answer it.
    Reason,
    /// The office that answers from now on.
    Office,
    /// A day, today or later.
    Due,
    /// A day later than the one that is set.
    LaterDue,
}

impl Need {
    /// The field of a request that brings it.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Need::Reason => "reason",
            Need::Office => "office",
            Need::Due | Need::LaterDue => "due",
        }
    }
}

/// What must hold besides the state.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Guard {
    /// Staff must have signed for the card themselves; supervisors may act for them.
    Holder,
    /// Four eyes: whoever answered does not accept the answer.
    OtherThanReplier,
    /// There was no appeal yet.
    NeverAppealed,
    /// An appeal waits for a decision.
    AppealOpen,
    /// None does.
    NoAppealOpen,
    /// It lies with the upper centre.
    SentUp,
    /// It does not.
    NotSentUp,
    /// The day that is set has not passed.
    InTime,
    /// The engine has retracted the card.
    CardRetracted,
}

impl Guard {
    /// What must hold, in English.
    #[must_use]
    pub const fn en(self) -> &'static str {
        match self {
            Guard::Holder => "staff must have signed for it themselves",
            Guard::OtherThanReplier => "not by the one who replied",
            Guard::NeverAppealed => "no appeal was made before",
            Guard::AppealOpen => "an appeal is open",
            Guard::NoAppealOpen => "no appeal is open",
            Guard::SentUp => "it was sent up",
            Guard::NotSentUp => "it does not lie with the upper centre",
            Guard::InTime => "the due day has not passed",
            Guard::CardRetracted => "the card was retracted",
        }
    }

    /// What must hold, in Chinese.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Guard::Holder => "工作人员须为签收人本人",
            Guard::OtherThanReplier => "回复人不得审核自己的回复",
            Guard::NeverAppealed => "此前未申诉过",
            Guard::AppealOpen => "有待处理的申诉",
            Guard::NoAppealOpen => "没有待处理的申诉",
            Guard::SentUp => "已上报",
            Guard::NotSentUp => "未在上级处理中",
            Guard::InTime => "整改期限未过",
            Guard::CardRetracted => "该牌已被撤回",
        }
    }
}

/// One step: from where to where, by whom, with what, and on which conditions.
#[derive(Copy, Clone, Debug)]
pub struct Row {
    /// The act.
    pub step: Step,
    /// States in which it may be done.
    pub from: &'static [State],
    /// Where it leads.
    pub to: To,
    /// Who may do it.
    pub roles: &'static [Role],
    /// What it must bring.
    pub needs: &'static [Need],
    /// What must hold besides.
    pub only_if: &'static [Guard],
}

use Guard::{
    AppealOpen, CardRetracted, Holder, InTime, NeverAppealed, NoAppealOpen, NotSentUp, OtherThanReplier, SentUp,
};
use Need::{Due, LaterDue, Office, Reason};
use Role::{Approver, Contact, Staff, Supervisor};
use State::{Assigned, Closed, Confirmed, FalseAlarm, New, Rectifying, Replied, Reviewed, Signed, Verifying};

/// The centre's own people, who handle.
const CENTRE: &[Role] = &[Staff, Supervisor];
/// Those who decide on what others have done.
const DECIDE: &[Role] = &[Approver, Supervisor];
/// An office answers, or is about to.
const WITH_AN_OFFICE: &[State] = &[Assigned, Rectifying, Replied, Reviewed];

const fn row(
    step: Step,
    from: &'static [State],
    to: To,
    roles: &'static [Role],
    needs: &'static [Need],
    only_if: &'static [Guard],
) -> Row {
    Row { step, from, to, roles, needs, only_if }
}

/// Every step there is, each once; what is not here is not allowed.
pub const TABLE: &[Row] = &[
    row(Step::Sign, &[New], To::State(Signed), CENTRE, &[], &[]),
    row(Step::Verify, &[Signed], To::State(Verifying), CENTRE, &[], &[Holder]),
    row(Step::Confirm, &[Verifying], To::State(Confirmed), CENTRE, &[], &[Holder]),
    row(Step::Dismiss, &[Verifying], To::State(FalseAlarm), CENTRE, &[Reason], &[Holder]),
    row(Step::Transfer, &[Confirmed], To::State(Assigned), CENTRE, &[Office], &[Holder]),
    row(Step::AssignDown, &[Confirmed], To::State(Assigned), CENTRE, &[Office], &[Holder]),
    row(Step::SelfHandle, &[Confirmed], To::State(Assigned), CENTRE, &[], &[Holder]),
    row(Step::Rectify, &[Assigned], To::State(Rectifying), CENTRE, &[Due], &[Holder]),
    row(Step::Reply, &[Rectifying], To::State(Replied), &[Contact, Staff, Supervisor], &[Reason], &[Holder]),
    row(Step::Approve, &[Replied], To::State(Reviewed), DECIDE, &[], &[OtherThanReplier, NoAppealOpen]),
    row(Step::SendBack, &[Replied], To::State(Rectifying), DECIDE, &[Reason, Due], &[OtherThanReplier]),
    row(Step::Close, &[Reviewed, FalseAlarm], To::State(Closed), CENTRE, &[], &[Holder, NoAppealOpen, NotSentUp]),
    row(Step::Appeal, WITH_AN_OFFICE, To::Same, &[Contact, Staff], &[Reason], &[NeverAppealed]),
    row(Step::UpholdAppeal, WITH_AN_OFFICE, To::State(FalseAlarm), DECIDE, &[Reason], &[AppealOpen]),
    row(Step::RejectAppeal, WITH_AN_OFFICE, To::Same, DECIDE, &[Reason], &[AppealOpen]),
    row(Step::Supervise, &[Assigned, Rectifying], To::Same, &[Supervisor], &[Reason, Due], &[]),
    row(Step::Extend, &[Rectifying], To::Same, DECIDE, &[Reason, LaterDue], &[InTime]),
    row(
        Step::SendUp,
        &[Verifying, Confirmed, Assigned, Rectifying, Replied, Reviewed],
        To::Same,
        CENTRE,
        &[Reason],
        &[Holder, NotSentUp],
    ),
    row(
        Step::Instruct,
        &[Verifying, Confirmed, FalseAlarm, Assigned, Rectifying, Replied, Reviewed],
        To::Same,
        &[Supervisor],
        &[Reason],
        &[SentUp],
    ),
    row(
        Step::Revoke,
        &[Signed, Verifying, Confirmed, Assigned, Rectifying, Replied, Reviewed],
        To::State(FalseAlarm),
        CENTRE,
        &[Reason],
        &[Holder, CardRetracted],
    ),
    row(Step::Reopen, &[Closed], To::State(Verifying), &[Supervisor], &[Reason], &[]),
];

impl Row {
    /// The row of `step`.
    ///
    /// # Panics
    /// When the table lacks it, which a test rules out.
    #[must_use]
    pub fn of(step: Step) -> &'static Row {
        TABLE.iter().find(|row| row.step == step).expect("the table has a row for each step")
    }
}
