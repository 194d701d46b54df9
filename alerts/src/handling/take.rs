//! Taking a step: what the table says of it, and what it does.

use facts::{Address, Moment};
use jiff::civil::Date;

use super::card_now::CardNow;
use super::role::Role;
use super::state::{Appeal, Handling, State};
use super::step::Step;
use super::table::{Guard, Need, Row, TABLE, To};

/// Most characters of a reason.
pub(super) const REASON_CHARS_MAX: usize = 2_000;

/// Who acts, when, and on what kind of card.
#[derive(Copy, Clone, Debug)]
pub struct Actor<'a> {
    /// The account.
    pub name: &'a str,
    /// Its role.
    pub role: Role,
    /// The site's civil day.
    pub today: Date,
    /// What has become of the card.
    pub card: CardNow,
}

/// One step as the journal keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What was done.
    pub step: Step,
    /// By which account.
    pub by: String,
    /// In which role.
    pub role: Role,
    /// When, by the machine's clock.
    pub at: Moment,
    /// Why, or with what opinion.
    pub reason: Option<String>,
    /// The office that answers from now on.
    pub office: Option<Address>,
    /// The day that is set.
    pub due: Option<Date>,
}

/// Why a step is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Not in this state.
    NotFrom(State),
    /// Not by this role.
    NotBy(Role),
    /// Another has signed for the card.
    HeldBy(String),
    /// What must hold does not.
    OnlyIf(Guard),
    /// Something must be brought, or brought otherwise.
    Needs(Need),
    /// The step takes no such thing.
    TakesNo(&'static str),
}

impl Handling {
    /// The handling that a journal amounts to.
    #[must_use]
    pub fn of<'a>(journal: impl IntoIterator<Item = &'a Entry>) -> Handling {
        journal.into_iter().fold(Handling::default(), |handling, entry| handling.advanced(entry))
    }

    /// The handling after `entry`.
    ///
    /// # Errors
    /// When the table does not allow it.
    pub fn take(&self, entry: &Entry, today: Date, card: CardNow) -> Result<Handling, Refused> {
        let row = Row::of(entry.step);
        self.admits(row, &Actor { name: &entry.by, role: entry.role, today, card })?;
        self.brings(row, entry, today)?;
        Ok(self.advanced(entry))
    }

    /// The steps that `actor` may take now.
    #[must_use]
    pub fn allowed(&self, actor: &Actor<'_>) -> Vec<Step> {
        TABLE.iter().filter(|row| self.admits(row, actor).is_ok()).map(|row| row.step).collect()
    }

    fn admits(&self, row: &Row, actor: &Actor<'_>) -> Result<(), Refused> {
        if !row.roles.contains(&actor.role) {
            return Err(Refused::NotBy(actor.role));
        }
        if !row.from.contains(&self.state) {
            return Err(Refused::NotFrom(self.state));
        }
        match row.only_if.iter().find(|guard| !self.holds(**guard, actor)) {
            None => Ok(()),
            Some(Guard::Holder) => Err(Refused::HeldBy(self.holder.clone().unwrap_or_default())),
            Some(guard) => Err(Refused::OnlyIf(*guard)),
        }
    }

    fn holds(&self, guard: Guard, actor: &Actor<'_>) -> bool {
        match guard {
            Guard::Holder => actor.role != Role::Staff || self.holder.as_deref() == Some(actor.name),
            Guard::OtherThanReplier => self.replied_by.as_deref() != Some(actor.name),
            Guard::NeverAppealed => self.appeal == Appeal::None,
            Guard::AppealOpen => self.appeal == Appeal::Open,
            Guard::NoAppealOpen => self.appeal != Appeal::Open,
            Guard::SentUp => self.sent_up,
            Guard::NotSentUp => !self.sent_up,
            Guard::InTime => self.due.is_none_or(|due| actor.today <= due),
            Guard::CardRetracted => actor.card == CardNow::Retracted,
        }
    }

    fn brings(&self, row: &Row, entry: &Entry, today: Date) -> Result<(), Refused> {
        let sound = |need: &&Need| match need {
            Need::Reason => entry.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty()),
            Need::Office => entry.office.is_some(),
            Need::Due => entry.due.is_some_and(|due| due >= today),
            Need::LaterDue => entry.due.is_some_and(|due| due >= today && self.due.is_none_or(|set| due > set)),
        };
        if let Some(need) = row.needs.iter().find(|need| !sound(need)) {
            return Err(Refused::Needs(*need));
        }
        if entry.reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
            return Err(Refused::Needs(Need::Reason));
        }
        let takes = |field| row.needs.iter().any(|need| need.field() == field);
        if entry.office.is_some() && !takes("office") {
            return Err(Refused::TakesNo("office"));
        }
        if entry.due.is_some() && !takes("due") {
            return Err(Refused::TakesNo("due"));
        }
        Ok(())
    }

    /// What the step does, whether or not it was allowed: a journal is replayed as it was written.
    fn advanced(&self, entry: &Entry) -> Handling {
        let mut next = self.clone();
        next.steps += 1;
        if let To::State(state) = Row::of(entry.step).to {
            next.state = state;
        }
        match entry.step {
            Step::Sign => next.holder = Some(entry.by.clone()),
            Step::Transfer | Step::AssignDown => next.office.clone_from(&entry.office),
            Step::SelfHandle => next.office = None,
            Step::Rectify | Step::SendBack => next.due = entry.due,
            Step::Reply => next.replied_by = Some(entry.by.clone()),
            Step::Appeal => next.appeal = Appeal::Open,
            Step::UpholdAppeal => next.appeal = Appeal::Upheld,
            Step::RejectAppeal => next.appeal = Appeal::Rejected,
            Step::Supervise => {
                next.slips += 1;
                next.slip_due = entry.due;
            }
            Step::Extend => {
                next.extensions += 1;
                next.due = entry.due;
            }
            Step::SendUp => next.sent_up = true,
            Step::Instruct => next.sent_up = false,
            // A card that is taken back has been appealed against rightly.
            Step::Revoke if self.appeal == Appeal::Open => next.appeal = Appeal::Upheld,
            Step::Reopen => next.reopened += 1,
            Step::Verify | Step::Confirm | Step::Dismiss | Step::Approve | Step::Close | Step::Revoke => {}
        }
        next
    }
}
