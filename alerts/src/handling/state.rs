//! Where the handling of a card stands.

use facts::Address;
use jiff::civil::Date;

/// The state proper.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Hash)]
pub enum State {
    /// 待签收: nobody has signed for the card.
    #[default]
    New,
    /// 已签收: somebody has.
    Signed,
    /// 核实中: it is looked into.
    Verifying,
    /// 已确认: the card is right.
    Confirmed,
    /// 误报: it is not, or it was taken back.
    FalseAlarm,
    /// 已分派: an office answers for it.
    Assigned,
    /// 整改中: it is put right, by a day that is set.
    Rectifying,
    /// 已回复: the office has answered.
    Replied,
    /// 已审核: the answer is accepted.
    Reviewed,
    /// 已办结: done.
    Closed,
}

impl State {
    /// All states, in the order of the work.
    pub const ALL: [State; 10] = [
        State::New,
        State::Signed,
        State::Verifying,
        State::Confirmed,
        State::FalseAlarm,
        State::Assigned,
        State::Rectifying,
        State::Replied,
        State::Reviewed,
        State::Closed,
    ];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            State::New => "new",
            State::Signed => "signed",
            State::Verifying => "verifying",
            State::Confirmed => "confirmed",
            State::FalseAlarm => "false_alarm",
            State::Assigned => "assigned",
            State::Rectifying => "rectifying",
            State::Replied => "replied",
            State::Reviewed => "reviewed",
            State::Closed => "closed",
        }
    }

    /// The name that people read.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            State::New => "待签收",
            State::Signed => "已签收",
            State::Verifying => "核实中",
            State::Confirmed => "已确认",
            State::FalseAlarm => "误报",
            State::Assigned => "已分派",
            State::Rectifying => "整改中",
            State::Replied => "已回复",
            State::Reviewed => "已审核",
            State::Closed => "已办结",
        }
    }

    /// The state that `token` names.
    #[must_use]
    pub fn from_token(token: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.token() == token)
    }
}

/// 申诉: what an office says against a card. There is one appeal for a card.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Hash)]
pub enum Appeal {
    /// Never made.
    #[default]
    None,
    /// Waits for a decision.
    Open,
    /// The card was wrong.
    Upheld,
    /// The card stays.
    Rejected,
}

impl Appeal {
    /// All of them.
    pub const ALL: [Appeal; 4] = [Appeal::None, Appeal::Open, Appeal::Upheld, Appeal::Rejected];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Appeal::None => "none",
            Appeal::Open => "open",
            Appeal::Upheld => "upheld",
            Appeal::Rejected => "rejected",
        }
    }

    /// What `token` names.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Appeal> {
        Appeal::ALL.into_iter().find(|appeal| appeal.token() == token)
    }
}

/// The handling of one card: the fold of its journal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Handling {
    /// Where it stands.
    pub state: State,
    /// Steps taken so far; the next one's number is one more.
    pub steps: u32,
    /// Who signed for the card.
    pub holder: Option<String>,
    /// The office that answers for it; `None` while none does, and where the centre handles the matter itself.
    pub office: Option<Address>,
    /// The day by which it is put right.
    pub due: Option<Date>,
    /// Who gave the last answer.
    pub replied_by: Option<String>,
    /// The appeal, if there was one.
    pub appeal: Appeal,
    /// 督办: slips sent so far; the last one's number.
    pub slips: u32,
    /// The day that the last slip sets.
    pub slip_due: Option<Date>,
    /// 延期: how often the day was put off.
    pub extensions: u32,
    /// 上报: it lies with the upper centre.
    pub sent_up: bool,
    /// 重开: how often it was opened again.
    pub reopened: u32,
}

impl Handling {
    /// Has the day passed by which it was to be put right, and nobody has answered?
    #[must_use]
    pub fn is_overdue(&self, today: Date) -> bool {
        self.state == State::Rectifying && self.due.is_some_and(|due| due < today)
    }
}
