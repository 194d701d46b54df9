//! Alerts and their handling as the API tells them.

use facts::{Address, Moment};
use jiff::civil::Date;
use serde::Serialize;

use super::view::{LightView, OwnerView};
use crate::handling::{Entry, Guard, Handling, Need, Row, TABLE, To};
use crate::ledger::{AlertRow, LightRow};

/// An alert in a list.
#[derive(Debug, Serialize)]
pub(super) struct AlertView {
    id: String,
    card_now: &'static str,
    #[serde(flatten)]
    issued: LightView,
    handling: HandlingView,
}

impl AlertView {
    pub(super) fn of(row: AlertRow, today: Date) -> AlertView {
        let AlertRow { id, sequence, transition, card_now, handling } = row;
        let issued = LightView::from(LightRow { sequence, transition });
        AlertView { id, card_now: card_now.token(), issued, handling: HandlingView::of(handling, today) }
    }
}

/// Where the handling stands.
#[derive(Debug, Serialize)]
pub(super) struct HandlingView {
    state: &'static str,
    state_zh: &'static str,
    steps: u32,
    holder: Option<String>,
    office: Option<OwnerView>,
    due: Option<Date>,
    overdue: bool,
    appeal: &'static str,
    slips: u32,
    slip_due: Option<Date>,
    extensions: u32,
    sent_up: bool,
    reopened: u32,
}

impl HandlingView {
    pub(super) fn of(handling: Handling, today: Date) -> HandlingView {
        let overdue = handling.is_overdue(today);
        HandlingView {
            state: handling.state.token(),
            state_zh: handling.state.zh(),
            steps: handling.steps,
            holder: handling.holder,
            office: handling.office.as_ref().map(OwnerView::from),
            due: handling.due,
            overdue,
            appeal: handling.appeal.token(),
            slips: handling.slips,
            slip_due: handling.slip_due,
            extensions: handling.extensions,
            sent_up: handling.sent_up,
            reopened: handling.reopened,
        }
    }
}

/// One step of the journal.
#[derive(Debug, Serialize)]
pub(super) struct EntryView {
    number: usize,
    step: &'static str,
    step_zh: &'static str,
    by: String,
    role: &'static str,
    at: Moment,
    reason: Option<String>,
    office: Option<OwnerView>,
    due: Option<Date>,
}

impl EntryView {
    /// The journal, the first step first.
    pub(super) fn journal(entries: Vec<Entry>) -> Vec<EntryView> {
        let view = |(index, entry): (usize, Entry)| EntryView {
            number: index + 1,
            step: entry.step.token(),
            step_zh: entry.step.zh(),
            by: entry.by,
            role: entry.role.token(),
            at: entry.at,
            reason: entry.reason,
            office: entry.office.as_ref().map(|office: &Address| OwnerView::from(office)),
            due: entry.due,
        };
        entries.into_iter().enumerate().map(view).collect()
    }
}

/// A row of the table of steps.
#[derive(Debug, Serialize)]
pub(super) struct RowView {
    step: &'static str,
    step_zh: &'static str,
    from: Vec<&'static str>,
    /// Null: it runs beside the state.
    to: Option<&'static str>,
    roles: Vec<&'static str>,
    needs: Vec<&'static str>,
    only_if: Vec<GuardView>,
}

#[derive(Debug, Serialize)]
struct GuardView {
    zh: &'static str,
    en: &'static str,
}

impl RowView {
    /// The whole table.
    pub(super) fn table() -> Vec<RowView> {
        let guard = |guard: &Guard| GuardView { zh: guard.zh(), en: guard.en() };
        let view = |row: &Row| RowView {
            step: row.step.token(),
            step_zh: row.step.zh(),
            from: row.from.iter().map(|state| state.token()).collect(),
            to: match row.to {
                To::State(state) => Some(state.token()),
                To::Same => None,
            },
            roles: row.roles.iter().map(|role| role.token()).collect(),
            needs: row.needs.iter().map(|need: &Need| need.field()).collect(),
            only_if: row.only_if.iter().map(guard).collect(),
        };
        TABLE.iter().map(view).collect()
    }
}
