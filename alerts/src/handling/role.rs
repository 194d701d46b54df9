//! Who somebody is to the complaint centre.

/// A role; an account has one.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Hash)]
pub enum Role {
    /// 工作人员: signs for cards and handles them.
    Staff,
    /// 督办负责人: answers for the centre's handling, supervises, reopens, may act for staff.
    Supervisor,
    /// 规则分析员: works on the rules.
    Analyst,
    /// 审核人: judges replies and appeals, never handles.
    Approver,
    /// 系统运维: keeps the service running.
    Operator,
    /// 审计员: looks at everything, changes nothing.
    Auditor,
    /// 部门联系人: answers for the office that the card is about.
    Contact,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 7] =
        [Role::Staff, Role::Supervisor, Role::Analyst, Role::Approver, Role::Operator, Role::Auditor, Role::Contact];

    /// The name in the API, the database and on the command line.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Role::Staff => "staff",
            Role::Supervisor => "supervisor",
            Role::Analyst => "analyst",
            Role::Approver => "approver",
            Role::Operator => "operator",
            Role::Auditor => "auditor",
            Role::Contact => "contact",
        }
    }

    /// The name that people read.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Role::Staff => "工作人员",
            Role::Supervisor => "督办负责人",
            Role::Analyst => "规则分析员",
            Role::Approver => "审核人",
            Role::Operator => "系统运维",
            Role::Auditor => "审计员",
            Role::Contact => "部门联系人",
        }
    }

    /// The role that `token` names.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.token() == token)
    }
}
