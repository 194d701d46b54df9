//! What a rule reads: which facts can change its findings (semantics 22).
//!
//! Derived from the event sets and names of the compiled rule, never written by hand. Too much is
//! only slow, too little is wrong: where a rule's state may begin with any event, it reads them all.

use std::collections::BTreeSet;

use compact_str::CompactString;
use facts::{Activity, Event};

use crate::configuration::NamedClock;
use crate::expression::{Activities, CaseField, Comparison, EventField, EventSet, Expr, HistoryFunction, Name, Node};
use crate::rule::{Bound, CardSpec, Clears, Deadline, FeeRule, Kind, On, Rule, Start, Stop};
use crate::value::Value;

/// The activities a rule reads. Fields of the case are read by every rule alike, so a fact that
/// carries one touches all rules of its case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reads {
    /// Closed activities, one bit each in the order of [`Activity::CLOSED`].
    closed: u64,
    /// Declared activities.
    declared: BTreeSet<CompactString>,
    /// Attributes of the case, which any event may carry.
    attrs: BTreeSet<CompactString>,
    /// Fee records, whatever activity carries them.
    fees: bool,
    /// Every activity.
    any: bool,
    /// The catalogue: what it says of the case's item.
    catalogue: bool,
    /// Facts that are not in force: dated beyond the clock, or deleted for good.
    aside: bool,
}

impl Reads {
    /// What a rule reads, its message aside: that is worded when it is asked for.
    #[must_use]
    pub fn of_rule(rule: &Rule, clocks: &[NamedClock]) -> Reads {
        let mut walk = Walk { reads: Reads::default(), clocks };
        walk.kind(&rule.kind);
        walk.nodes(rule.scope.condition.iter());
        walk.nodes(rule.group.iter().flat_map(|group| &group.by));
        walk.reads.catalogue |= !rule.scope.item_types.is_empty();
        rule.cards.iter().for_each(|card| walk.card(card));
        walk.reads
    }

    /// What must occur in a history before the rule can find anything in it; `None` where anything may do.
    #[must_use]
    pub fn beginning(rule: &Rule) -> Option<Reads> {
        let mut walk = Walk { reads: Reads::default(), clocks: &[] };
        match &rule.kind {
            Kind::Deadline(deadline) => match &deadline.start {
                Start::Events(set) => walk.set(set),
                Start::Case | Start::Instant(_) => return None,
            },
            Kind::Requires(requires) => walk.set(&requires.event),
            Kind::Forbids(forbids) => walk.set(&forbids.event),
            Kind::Count(count) => match &count.bound {
                Bound::Min(_, at) => walk.set(at),
                Bound::Max(_) => walk.set(&count.of),
            },
            Kind::Separation(separation) => walk.sets(&separation.acts),
            Kind::Workflow(workflow) => walk.sets([&workflow.of, &workflow.at]),
            Kind::Fee(FeeRule { grounds, .. }) => walk.begins(grounds)?,
            Kind::Condition(condition) => match &condition.on {
                On::Events(set) => walk.set(set),
                On::Case => walk.begins(&condition.grounds)?,
            },
        }
        let asks_anything = walk.reads.any || walk.reads.aside;
        (!asks_anything).then_some(walk.reads)
    }

    /// Adds one activity.
    pub fn add(&mut self, activity: &Activity) {
        match activity.closed_index() {
            Some(index) => self.closed |= 1 << index,
            None => {
                self.declared.insert(activity.name().into());
            }
        }
    }

    /// Every activity can change the rule.
    pub fn add_any(&mut self) {
        self.any = true;
    }

    /// Takes in what `other` reads.
    pub fn extend(&mut self, other: &Reads) {
        self.closed |= other.closed;
        self.any |= other.any;
        self.fees |= other.fees;
        self.catalogue |= other.catalogue;
        self.aside |= other.aside;
        self.declared.extend(other.declared.iter().cloned());
        self.attrs.extend(other.attrs.iter().cloned());
    }

    /// Does the rule read this activity?
    #[must_use]
    pub fn reads(&self, activity: &Activity) -> bool {
        self.any
            || match activity.closed_index() {
                Some(index) => self.closed & (1 << index) != 0,
                None => self.declared.contains(activity.name()),
            }
    }

    /// Would any of these events, coming or going, change the rule?
    #[must_use]
    pub(crate) fn occurs(&self, events: &Occurring<'_>) -> bool {
        self.any && events.any
            || self.closed & events.closed != 0
            || self.fees && events.fees
            || events.others.iter().any(|event| self.touched_by(event))
    }

    /// Does the rule ask the catalogue anything?
    #[must_use]
    pub fn reads_catalogue(&self) -> bool {
        self.catalogue
    }

    /// Does the rule read facts that are not in force?
    #[must_use]
    pub fn reads_aside(&self) -> bool {
        self.aside
    }

    /// Can a version of this fact, coming or going, change the rule?
    #[must_use]
    pub fn touched_by(&self, event: &Event) -> bool {
        self.reads(&event.activity)
            || self.fees && event.detail().fee.is_some()
            || self.attrs.iter().any(|name| event.carries_attr(name))
    }
}

/// What occurs among some events, gathered once for all the rules that ask.
#[derive(Default)]
pub(crate) struct Occurring<'e> {
    /// There is an event.
    any: bool,
    /// Their closed activities, one bit each in the order of [`Activity::CLOSED`].
    closed: u64,
    /// One carries a fee record.
    fees: bool,
    /// Those with a declared activity or an attribute.
    others: Vec<&'e Event>,
}

impl<'e> Occurring<'e> {
    pub(crate) fn of(events: impl Iterator<Item = &'e Event>) -> Occurring<'e> {
        let mut occurring = Occurring::default();
        for event in events {
            let (index, detail) = (event.activity.closed_index(), event.detail());
            occurring.any = true;
            occurring.closed |= index.map_or(0, |index| 1 << index);
            occurring.fees |= detail.fee.is_some();
            if index.is_none() || !detail.attrs.is_empty() {
                occurring.others.push(event);
            }
        }
        occurring
    }
}

struct Walk<'c> {
    reads: Reads,
    clocks: &'c [NamedClock],
}

impl Walk<'_> {
    fn kind(&mut self, kind: &Kind) {
        match kind {
            Kind::Deadline(deadline) => self.deadline(deadline),
            Kind::Requires(requires) => {
                self.sets([&requires.event].into_iter().chain(&requires.before).chain(&requires.since));
                self.nodes(&requires.condition);
                self.directly(requires.directly);
            }
            Kind::Forbids(forbids) => {
                self.sets([&forbids.event, &forbids.after].into_iter().chain(&forbids.unless));
                self.nodes(&forbids.condition);
                self.directly(forbids.directly);
            }
            Kind::Count(count) => {
                self.set(&count.of);
                if let Bound::Min(_, at) = &count.bound {
                    self.set(at);
                }
            }
            Kind::Separation(separation) => self.sets(&separation.acts),
            Kind::Workflow(workflow) => {
                self.reads.catalogue = true;
                self.sets([&workflow.of, &workflow.at]);
            }
            Kind::Fee(fee) => {
                self.reads.fees = true;
                self.states(&fee.grounds);
            }
            Kind::Condition(condition) => match &condition.on {
                On::Events(set) => {
                    self.set(set);
                    self.nodes(&condition.grounds);
                }
                On::Case => self.states(&condition.grounds),
            },
        }
    }

    /// Whatever lies between two events parts them.
    fn directly(&mut self, directly: bool) {
        if directly {
            self.reads.add_any();
        }
    }

    fn deadline(&mut self, deadline: &Deadline) {
        match &deadline.start {
            Start::Events(set) => self.set(set),
            Start::Case => {}
            Start::Instant(node) => self.node(node),
        }
        for stop in &deadline.stops {
            match stop {
                Stop::Events(set) => self.set(set),
                Stop::Instant(node) | Stop::When(node) => self.node(node),
            }
        }
        self.sets(&deadline.cancel);
        self.nodes(deadline.limit.iter().chain(&deadline.condition));
        for pause in &deadline.pauses {
            self.sets([&pause.from, &pause.to]);
            self.nodes(&pause.cap);
        }
        if let Some(extension) = &deadline.extension {
            self.set(&extension.on);
            self.nodes([&extension.by].into_iter().chain(&extension.at_most));
        }
        if let Some(deems) = &deadline.deems {
            self.reads.add(&deems.activity);
        }
    }

    fn card(&mut self, card: &CardSpec) {
        self.nodes([&card.limit, &card.when, &card.from].into_iter().flatten());
        if let Clears::When(node) = &card.clears {
            self.node(node);
        }
    }

    /// A state that may hold before any event it names begins with whatever event is first.
    fn states(&mut self, grounds: &[Node]) {
        self.nodes(grounds);
        if !grounds.iter().all(begins_with_what_it_names) {
            self.reads.add_any();
        }
    }

    /// What these grounds name, where each can hold only after something that it names.
    fn begins(&mut self, grounds: &[Node]) -> Option<()> {
        self.nodes(grounds);
        grounds.iter().all(begins_with_what_it_names).then_some(())
    }

    fn sets<'n>(&mut self, sets: impl IntoIterator<Item = &'n EventSet>) {
        sets.into_iter().for_each(|set| self.set(set));
    }

    fn set(&mut self, set: &EventSet) {
        for term in &set.terms {
            match &term.activities {
                Activities::Any => self.reads.add_any(),
                Activities::Held | Activities::Deleted => self.reads.aside = true,
                Activities::One(activity) => self.reads.add(activity),
                Activities::Fee(_) => self.reads.fees = true,
            }
            self.nodes(&term.test);
        }
    }

    fn nodes<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>) {
        nodes.into_iter().for_each(|node| self.node(node));
    }

    fn node(&mut self, node: &Node) {
        match &node.expr {
            Expr::Name(name) => self.name(name),
            Expr::FieldOf(_, field) => self.field(field),
            Expr::History(_, set, field) => {
                self.set(set);
                field.iter().for_each(|field| self.field(field));
            }
            _ => {}
        }
        self.nodes(node.expr.parts());
    }

    /// What else a field of an event looks at. The facts of a case, which `differs` compares, touch every rule.
    fn field(&mut self, field: &EventField) {
        if *field == EventField::Namesakes {
            self.reads.add_any();
        }
    }

    fn name(&mut self, name: &Name) {
        match name {
            Name::Case(CaseField::Open) => {
                for activity in [Activity::Closed, Activity::Withdrawn, Activity::NotAccepted, Activity::Reopened] {
                    self.reads.add(&activity);
                }
            }
            Name::Case(CaseField::Attr(name, _)) => {
                self.reads.attrs.insert(name.clone());
            }
            Name::Ledger(code, _) => {
                self.reads.fees = true;
                self.nodes(code.as_ref());
            }
            Name::Tariff(code, _) => {
                self.reads.fees = true;
                self.reads.catalogue = true;
                self.nodes(code.as_ref());
            }
            Name::Stage(code, _) => {
                self.reads.catalogue = true;
                self.nodes(code.as_ref());
            }
            Name::Item(_) => self.reads.catalogue = true,
            Name::Clock(place, _) => {
                if let Some(clock) = self.clocks.get(*place) {
                    self.deadline(&clock.deadline);
                }
            }
            Name::CaseOf(_, field) => self.name(&Name::Case(field.clone())),
            Name::Event(_, field) => self.field(field),
            Name::Case(_) | Name::Line(_) | Name::Measure(_) => {}
        }
    }
}

/// Can this hold only after an event that it names itself?
fn begins_with_what_it_names(node: &Node) -> bool {
    match &node.expr {
        Expr::And(a, b) => begins_with_what_it_names(a) || begins_with_what_it_names(b),
        Expr::Or(a, b) => begins_with_what_it_names(a) && begins_with_what_it_names(b),
        Expr::History(HistoryFunction::Seen, ..) => true,
        Expr::Compare(Comparison::Greater, a, b) => of_ledger(a) && !negative(b),
        _ => false,
    }
}

fn of_ledger(node: &Node) -> bool {
    match &node.expr {
        Expr::Name(Name::Ledger(..)) => true,
        Expr::Arithmetic(_, a, b) => of_ledger(a) && of_ledger(b),
        _ => false,
    }
}

fn negative(node: &Node) -> bool {
    match &node.expr {
        Expr::Literal(Value::Number(number)) => number.is_sign_negative(),
        Expr::Literal(Value::Money(fen)) => fen.fen() < 0,
        Expr::Negate(_) => true,
        _ => false,
    }
}
