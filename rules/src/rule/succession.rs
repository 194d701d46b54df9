//! Kinds about what must not follow, and about how often something may happen.

use super::Each;
use crate::counting::Span;
use crate::expression::{CaseField, EventField, EventSet, Node};

/// A field in which two events must agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SameField {
    /// Of the events themselves.
    Event(EventField),
    /// Of their cases; within one case it agrees where it is known.
    Case(CaseField),
}

/// `kind = "forbids"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forbids {
    /// The event that must not follow.
    pub event: EventSet,
    /// The events after which it must not come.
    pub after: EventSet,
    /// Lifts the ban when it lies between the two.
    pub unless: Option<EventSet>,
    /// Forbidden only so soon after.
    pub within: Option<Span>,
    /// Forbidden only so late after.
    pub later_than: Option<Span>,
    /// Fields in which the two agree; a missing one agrees with nothing.
    pub same: Vec<SameField>,
    /// Condition on the two events.
    pub condition: Option<Node>,
    /// Only when no other event lies between.
    pub directly: bool,
    /// Which events.
    pub each: Each,
    /// Ties are always read in the case's favour.
    pub lenient: bool,
}

/// How often is lawful.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bound {
    /// At most so often, judged at each counted event.
    Max(u32),
    /// At least so often, judged at each event of the set.
    Min(u32, EventSet),
}

/// `kind = "count"`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Count {
    /// What is counted.
    pub of: EventSet,
    /// One count for each value of these; an event that lacks one is not counted.
    pub by: Vec<EventField>,
    /// The bound.
    pub bound: Bound,
    /// Only events at most so long ago.
    pub within: Option<Span>,
}
