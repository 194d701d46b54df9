//! What a rule needs to see before it can judge anything: activities and fields that not every source sends.
//!
//! Derived from the compiled rule, as [`crate::reads`] is. An event set is one need: any of its activities meets it.
//! Not here: what the catalogue must hold.

use std::collections::BTreeSet;

use compact_str::{CompactString, ToCompactString, format_compact};
use facts::Event;

use crate::configuration::NamedClock;
use crate::expression::{Activities, CaseField, EventField, EventSet, Expr, LineField, Name, Node};
use crate::rule::{Bound, Clears, Deadline, Kind, On, Rule, SameField, Start, Stop};

/// Something that events may or may not show.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Need {
    /// Without it the rule never begins to judge.
    pub begins: bool,
    /// Activities, of which one is enough, or one field; as rule files name them.
    pub any_of: Vec<CompactString>,
}

impl Need {
    /// Has any of it been observed?
    #[must_use]
    pub fn is_met(&self, observed: &Observed) -> bool {
        self.any_of.iter().any(|name| observed.0.contains(name))
    }
}

/// Activities and fields that were seen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Observed(BTreeSet<CompactString>);

impl Observed {
    /// Takes note of what an event shows.
    pub fn take(&mut self, event: &Event) {
        let mut see = |name: &str| {
            if !self.0.contains(name) {
                self.0.insert(name.into());
            }
        };
        let detail = event.detail();
        see(event.activity.name());
        let own = [
            ("arrived", event.arrived.is_some()),
            ("item", detail.item.is_some()),
            ("case_type", detail.case_type.is_some()),
            ("linked_case", detail.linked_case.is_some()),
            ("stage", detail.stage.is_some()),
            ("officer", detail.officer.is_some()),
            ("position", detail.position.is_some()),
            ("outcome", detail.outcome.is_some()),
            ("reason", detail.reason.is_some()),
            ("materials", detail.materials.is_some()),
            ("materials_missing", detail.materials_missing.is_some()),
            ("reported_limit", detail.reported_limit.is_some()),
            ("promise_date", detail.promise_date.is_some()),
        ];
        own.into_iter().filter(|(_, seen)| *seen).for_each(|(name, _)| see(name));
        if let Some(fee) = &detail.fee {
            see("fee");
            see(&format_compact!("fee_{}", fee.act.name()));
            let of_fee = [
                ("fee.code", fee.code.is_some()),
                ("fee.period", fee.period.is_some()),
                ("fee.class", fee.class.is_some()),
                ("fee.receipt", fee.receipt.is_some()),
                ("fee.payee", fee.payee.is_some()),
                ("fee.approver", fee.approver.is_some()),
            ];
            of_fee.into_iter().filter(|(_, seen)| *seen).for_each(|(name, _)| see(name));
        }
        if let Some(special) = &detail.special {
            let of_special = [
                ("special.kind", special.kind.is_some()),
                ("special.no", special.no.is_some()),
                ("special.ground", special.ground.is_some()),
                ("special.granted", special.granted.is_some()),
                ("special.approver", special.approver.is_some()),
                ("special.fee", special.fee.is_some()),
            ];
            of_special.into_iter().filter(|(_, seen)| *seen).for_each(|(name, _)| see(name));
        }
        detail.attrs.iter().for_each(|(name, _)| see(&format_compact!("attrs.{name}")));
    }
}

/// What `rule` needs, each need once, those without which it never begins first.
#[must_use]
pub fn of_rule(rule: &Rule, clocks: &[NamedClock]) -> Vec<Need> {
    let mut walk = Walk { needs: BTreeSet::new(), begins: false, clocks };
    walk.kind(&rule.kind);
    walk.nodes(rule.scope.condition.iter().chain(rule.group.iter().flat_map(|group| &group.by)));
    if !rule.scope.case_types.is_empty() {
        walk.need(["case_type".into()]);
    }
    for card in &rule.cards {
        walk.nodes([&card.limit, &card.when, &card.from].into_iter().flatten());
        if let Clears::When(node) = &card.clears {
            walk.node(node);
        }
    }
    let begins: Vec<Need> = walk.needs.iter().filter(|need| need.begins).cloned().collect();
    let known = |need: &Need| begins.iter().any(|begin| begin.any_of == need.any_of);
    let others = walk.needs.iter().filter(|need| !need.begins && !known(need)).cloned();
    begins.iter().cloned().chain(others).collect()
}

struct Walk<'c> {
    needs: BTreeSet<Need>,
    /// What is walked through decides whether the rule begins.
    begins: bool,
    clocks: &'c [NamedClock],
}

impl Walk<'_> {
    fn need(&mut self, any_of: impl Into<Vec<CompactString>>) {
        self.needs.insert(Need { begins: self.begins, any_of: any_of.into() });
    }

    fn beginning(&mut self, set: &EventSet) {
        self.begins = true;
        self.set(set);
        self.begins = false;
    }

    fn kind(&mut self, kind: &Kind) {
        match kind {
            Kind::Deadline(deadline) => {
                if let Start::Events(set) = &deadline.start {
                    self.beginning(set);
                }
                self.deadline(deadline);
            }
            Kind::Requires(requires) => {
                self.beginning(&requires.event);
                requires.before.iter().chain(&requires.since).for_each(|set| self.set(set));
                for same in &requires.same {
                    if let SameField::Event(field) = same {
                        self.field(field);
                    }
                }
                self.nodes(&requires.condition);
            }
            Kind::Forbids(forbids) => {
                self.beginning(&forbids.event);
                self.beginning(&forbids.after);
                for same in &forbids.same {
                    if let SameField::Event(field) = same {
                        self.field(field);
                    }
                }
                self.nodes(&forbids.condition);
            }
            Kind::Count(count) => {
                self.beginning(&count.of);
                if let Bound::Min(_, at) = &count.bound {
                    self.set(at);
                }
                count.by.iter().for_each(|field| self.field(field));
            }
            Kind::Separation(separation) => {
                separation.acts.iter().for_each(|set| self.beginning(set));
                self.field(&separation.by);
            }
            Kind::Workflow(workflow) => {
                self.beginning(&workflow.of);
                self.set(&workflow.at);
                self.field(&workflow.step);
            }
            Kind::Fee(fee) => {
                self.begins = true;
                self.need(["fee".into()]);
                self.begins = false;
                fee.by.iter().for_each(|field| self.line(*field));
                self.nodes(&fee.grounds);
            }
            Kind::Condition(condition) => {
                if let On::Events(set) = &condition.on {
                    self.beginning(set);
                }
                self.nodes(&condition.grounds);
            }
        }
    }

    fn deadline(&mut self, deadline: &Deadline) {
        for stop in &deadline.stops {
            match stop {
                Stop::Events(set) => self.set(set),
                Stop::Instant(node) | Stop::When(node) => self.node(node),
            }
        }
        if let Start::Instant(node) = &deadline.start {
            self.node(node);
        }
        deadline.pair_by.iter().for_each(|field| self.field(field));
        self.nodes(deadline.limit.iter().chain(&deadline.condition));
    }

    /// One need for the activities of a set; fields in its tests are needs of their own.
    fn set(&mut self, set: &EventSet) {
        let mut any_of = Vec::new();
        for term in &set.terms {
            match &term.activities {
                Activities::One(activity) => any_of.push(activity.name().to_compact_string()),
                Activities::Fee(act) => any_of.push(format_compact!("fee_{}", act.name())),
                Activities::Any | Activities::Held | Activities::Deleted => return,
            }
        }
        any_of.sort_unstable();
        any_of.dedup();
        self.need(any_of);
        let begins = std::mem::take(&mut self.begins);
        set.terms.iter().for_each(|term| self.nodes(&term.test));
        self.begins = begins;
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

    fn name(&mut self, name: &Name) {
        match name {
            Name::Event(_, field) => self.field(field),
            Name::Case(CaseField::Attr(name, _)) | Name::CaseOf(_, CaseField::Attr(name, _)) => {
                self.need([format_compact!("attrs.{name}")])
            }
            Name::Case(CaseField::CaseType) => self.need(["case_type".into()]),
            Name::Item(_) => self.need(["item".into()]),
            Name::Stage(code, _) => {
                self.need(["stage".into()]);
                self.nodes(code.as_ref());
            }
            Name::Ledger(code, _) | Name::Tariff(code, _) => {
                self.need(["fee".into()]);
                self.nodes(code.as_ref());
            }
            Name::Line(field) => self.line(*field),
            Name::Clock(place, _) => {
                if let Some(clock) = self.clocks.get(*place) {
                    if let Start::Events(set) = &clock.deadline.start {
                        self.set(set);
                    }
                    self.nodes(&clock.deadline.limit);
                }
            }
            Name::Case(_) | Name::CaseOf(..) | Name::Measure(_) => {}
        }
    }

    fn line(&mut self, field: LineField) {
        let name = match field {
            LineField::Code => "fee.code",
            LineField::Payee => "fee.payee",
            LineField::Receipt => "fee.receipt",
            // A fee without a period is one of its own.
            LineField::Period => return,
        };
        self.need([name.into()]);
    }

    /// Fields that every event has need nothing.
    fn field(&mut self, field: &EventField) {
        let name: CompactString = match field {
            EventField::Arrived | EventField::Received => "arrived".into(),
            EventField::Item => "item".into(),
            EventField::CaseType => "case_type".into(),
            EventField::LinkedCase => "linked_case".into(),
            EventField::Stage => "stage".into(),
            EventField::Officer => "officer".into(),
            EventField::Position => "position".into(),
            EventField::Outcome => "outcome".into(),
            EventField::Reason => "reason".into(),
            EventField::Materials => "materials".into(),
            EventField::MaterialsMissing => "materials_missing".into(),
            EventField::ReportedLimit => "reported_limit".into(),
            EventField::PromiseDate => "promise_date".into(),
            EventField::FeeCode => "fee.code".into(),
            EventField::FeeClass => "fee.class".into(),
            EventField::FeeReceipt => "fee.receipt".into(),
            EventField::FeePayee => "fee.payee".into(),
            EventField::FeeApprover => "fee.approver".into(),
            EventField::SpecialKind => "special.kind".into(),
            EventField::SpecialNo => "special.no".into(),
            EventField::SpecialGround => "special.ground".into(),
            EventField::SpecialGranted => "special.granted".into(),
            EventField::SpecialApprover => "special.approver".into(),
            EventField::SpecialFee => "special.fee".into(),
            EventField::Attr(name, _) => format_compact!("attrs.{name}"),
            _ => return,
        };
        self.need([name]);
    }
}
