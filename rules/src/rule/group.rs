//! `group`: one judgement over the merged history of all cases that share a key.

use crate::counting::Span;
use crate::expression::Node;

/// Which cases of a group a finding lights.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum CardsOn {
    /// All whose events the finding rests on.
    All,
    /// The case of the last of these events, in canonical order.
    Last,
    /// The case of the first.
    First,
}

/// `group = { by, window, cards_on }`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// The key of an event; one that lacks a part belongs to no group.
    pub by: Vec<Node>,
    /// Only events at most so long before the judged one.
    pub window: Option<Span>,
    /// Which cases are lit.
    pub cards_on: CardsOn,
}
