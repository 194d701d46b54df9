//! The acts of handling, by the words of the field.

/// One act.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Hash)]
pub enum Step {
    /// 签收
    Sign,
    /// 核实
    Verify,
    /// 确认
    Confirm,
    /// 误报
    Dismiss,
    /// 转办: to the office that answers for it.
    Transfer,
    /// 交办: to a lower centre.
    AssignDown,
    /// 自办
    SelfHandle,
    /// 整改
    Rectify,
    /// 回复
    Reply,
    /// 审核: the answer is accepted.
    Approve,
    /// 打回: the answer is not.
    SendBack,
    /// 办结
    Close,
    /// 申诉
    Appeal,
    /// 申诉成立
    UpholdAppeal,
    /// 驳回申诉
    RejectAppeal,
    /// 督办
    Supervise,
    /// 延期
    Extend,
    /// 上报
    SendUp,
    /// 上级批示
    Instruct,
    /// 撤销: the engine has retracted the card.
    Revoke,
    /// 重开
    Reopen,
}

impl Step {
    /// The name in the API and in the database.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Step::Sign => "sign",
            Step::Verify => "verify",
            Step::Confirm => "confirm",
            Step::Dismiss => "dismiss",
            Step::Transfer => "transfer",
            Step::AssignDown => "assign_down",
            Step::SelfHandle => "self_handle",
            Step::Rectify => "rectify",
            Step::Reply => "reply",
            Step::Approve => "approve",
            Step::SendBack => "send_back",
            Step::Close => "close",
            Step::Appeal => "appeal",
            Step::UpholdAppeal => "uphold_appeal",
            Step::RejectAppeal => "reject_appeal",
            Step::Supervise => "supervise",
            Step::Extend => "extend",
            Step::SendUp => "send_up",
            Step::Instruct => "instruct",
            Step::Revoke => "revoke",
            Step::Reopen => "reopen",
        }
    }

    /// The word that people read.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Step::Sign => "签收",
            Step::Verify => "核实",
            Step::Confirm => "确认",
            Step::Dismiss => "误报",
            Step::Transfer => "转办",
            Step::AssignDown => "交办",
            Step::SelfHandle => "自办",
            Step::Rectify => "整改",
            Step::Reply => "回复",
            Step::Approve => "审核通过",
            Step::SendBack => "打回",
            Step::Close => "办结",
            Step::Appeal => "申诉",
            Step::UpholdAppeal => "申诉成立",
            Step::RejectAppeal => "驳回申诉",
            Step::Supervise => "督办",
            Step::Extend => "延期",
            Step::SendUp => "上报",
            Step::Instruct => "上级批示",
            Step::Revoke => "撤销",
            Step::Reopen => "重开",
        }
    }

    /// The step that `token` names.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Step> {
        super::TABLE.iter().map(|row| row.step).find(|step| step.token() == token)
    }
}
