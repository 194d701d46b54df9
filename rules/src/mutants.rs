//! Mutants of a rule: the rule with one thing changed, to see whether its scenarios notice.
//!
//! Changed are, once each: numbers (one up, one down), units, comparisons, the words between conditions, activities and
//! their tests, cancels, pauses, caps, extensions, grounds, the scope, grace, and each card with its mark, its level,
//! its conditions and its ending. What a pause or a clock of the vocabulary is made of is changed as a whole only.
//! Not here: running scenarios (`scenario`), and changes that no history could show.

use facts::{Activity, Card, Fen};
use rust_decimal::Decimal;

use crate::counting::{Span, Unit};
use crate::expression::{Activities, Arithmetic, Comparison, EventSet, Expr, Function, Node};
use crate::rule::{Bound, CardSpec, Clears, Deadline, Kind, Mark, On, Requires, Rule, Start, Stop, WorkflowCheck};
use crate::value::{Type, Value};

/// A rule with one thing changed.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What was changed.
    pub change: String,
    /// The changed rule.
    pub rule: Rule,
}

/// Every mutant of `rule`, in the order in which the changed things stand in it.
pub fn mutants(rule: &Rule) -> impl Iterator<Item = Mutant> {
    (0..).map_while(|place| {
        let mut mutant = rule.clone();
        let mut knife = Knife { left: place, change: None };
        knife.rule(&mut mutant);
        knife.change.map(|change| Mutant { change, rule: mutant })
    })
}

/// Walks a rule and cuts at one place.
struct Knife {
    /// Places to pass before the cut.
    left: usize,
    change: Option<String>,
}

impl Knife {
    /// Is this the place? `change` says what is done there.
    fn cuts(&mut self, change: impl FnOnce() -> String) -> bool {
        if self.change.is_some() {
            return false;
        }
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        self.change = Some(change());
        true
    }

    fn rule(&mut self, rule: &mut Rule) {
        match &mut rule.kind {
            Kind::Deadline(deadline) => self.deadline(deadline),
            Kind::Requires(requires) => self.requires(requires),
            Kind::Forbids(forbids) => {
                self.set(&mut forbids.event);
                self.set(&mut forbids.after);
                if forbids.unless.is_some() && self.cuts(|| "nothing lifts the ban".to_owned()) {
                    forbids.unless = None;
                }
                forbids.within.iter_mut().chain(&mut forbids.later_than).for_each(|span| self.span(span));
                if !forbids.same.is_empty() && self.cuts(|| "any two events".to_owned()) {
                    forbids.same.clear();
                }
                self.condition("forbidden always", &mut forbids.condition);
            }
            Kind::Count(count) => {
                self.set(&mut count.of);
                let (Bound::Max(bound) | Bound::Min(bound, _)) = &mut count.bound;
                if self.cuts(|| format!("{bound} +1")) {
                    *bound += 1;
                }
                if *bound > 0 && self.cuts(|| format!("{bound} -1")) {
                    *bound -= 1;
                }
                if !count.by.is_empty() && self.cuts(|| "one count for all".to_owned()) {
                    count.by.clear();
                }
                count.within.iter_mut().for_each(|span| self.span(span));
            }
            Kind::Separation(separation) => separation.acts.iter_mut().for_each(|set| self.set(set)),
            Kind::Workflow(workflow) => {
                for check in [WorkflowCheck::Complete, WorkflowCheck::Order, WorkflowCheck::Edges, WorkflowCheck::Known]
                {
                    if check != workflow.check && self.cuts(|| format!("checks {check:?}")) {
                        workflow.check = check;
                    }
                }
                self.set(&mut workflow.of);
                if workflow.check == WorkflowCheck::Complete {
                    self.set(&mut workflow.at);
                }
            }
            Kind::Fee(fee) => {
                for place in 0..fee.by.len() {
                    if fee.by.len() > 1 && self.cuts(|| format!("not by {:?}", fee.by[place])) {
                        fee.by.remove(place);
                        break;
                    }
                }
                self.grounds(&mut fee.grounds);
            }
            Kind::Condition(condition) => {
                if let On::Events(set) = &mut condition.on {
                    self.set(set);
                }
                self.grounds(&mut condition.grounds);
            }
        }
        if !rule.scope.case_types.is_empty() && self.cuts(|| "every case type".to_owned()) {
            rule.scope.case_types.clear();
        }
        self.condition("applies everywhere", &mut rule.scope.condition);
        if let Some(grace) = &mut rule.grace {
            self.span(grace);
        }
        self.cards(&mut rule.cards);
    }

    fn deadline(&mut self, deadline: &mut Deadline) {
        match &mut deadline.start {
            Start::Events(set) => self.set(set),
            Start::Case => {}
            Start::Instant(node) => self.node(node),
        }
        for stop in &mut deadline.stops {
            match stop {
                Stop::Events(set) => self.set(set),
                Stop::Instant(node) | Stop::When(node) => self.node(node),
            }
        }
        if deadline.cancel.is_some() && self.cuts(|| "nothing cancels".to_owned()) {
            deadline.cancel = None;
        }
        if let Some(limit) = &mut deadline.limit {
            self.node(limit);
        }
        self.condition("starts always", &mut deadline.condition);
        if deadline.silent && self.cuts(|| "lights before the stop".to_owned()) {
            deadline.silent = false;
        }
        if deadline.deems.is_some() && self.cuts(|| "deems nothing".to_owned()) {
            deadline.deems = None;
        }
        for place in 0..deadline.pauses.len() {
            if self.cuts(|| format!("without the pause {}", deadline.pauses[place].name)) {
                deadline.pauses.remove(place);
                break;
            }
        }
        for pause in deadline.pauses.iter_mut().filter(|pause| pause.cap.is_some()) {
            if self.cuts(|| format!("the pause {} without a cap", pause.name)) {
                pause.cap = None;
            }
        }
        for pause in &mut deadline.pauses {
            if let Some(times) = &mut pause.max_times
                && self.cuts(|| format!("the pause {} once more", pause.name))
            {
                *times += 1;
            }
        }
        if let Some(extension) = &mut deadline.extension {
            if extension.at_most.is_some() && self.cuts(|| format!("the extension {} without a cap", extension.name)) {
                extension.at_most = None;
            }
            if let Some(times) = &mut extension.times
                && self.cuts(|| format!("the extension {} once more", extension.name))
            {
                *times += 1;
            }
        }
        if deadline.extension.is_some() && self.cuts(|| "without the extension".to_owned()) {
            deadline.extension = None;
        }
    }

    fn requires(&mut self, requires: &mut Requires) {
        self.set(&mut requires.event);
        requires.before.iter_mut().chain(&mut requires.since).for_each(|set| self.set(set));
        self.condition("needed always", &mut requires.condition);
        if requires.before.len() > 1 && self.cuts(|| "all or any".to_owned()) {
            requires.all = !requires.all;
        }
        requires.at_least.iter_mut().chain(&mut requires.at_most).for_each(|span| self.span(span));
    }

    fn grounds(&mut self, grounds: &mut Vec<Node>) {
        for place in 0..grounds.len() {
            if grounds.len() > 1 && self.cuts(|| format!("without the ground {}", grounds[place].text)) {
                grounds.remove(place);
                break;
            }
        }
        grounds.iter_mut().for_each(|ground| self.node(ground));
    }

    /// A condition that may be absent: dropped, then changed inside.
    fn condition(&mut self, dropped: &str, condition: &mut Option<Node>) {
        if condition.is_some() && self.cuts(|| dropped.to_owned()) {
            *condition = None;
        }
        condition.iter_mut().for_each(|node| self.node(node));
    }

    fn cards(&mut self, cards: &mut Vec<CardSpec>) {
        for place in 0..cards.len() {
            let level = cards[place].card;
            if cards.len() > 1 && self.cuts(|| format!("no {level}")) {
                cards.remove(place);
                return;
            }
            for other in [Card::Warning, Card::Yellow, Card::Red] {
                let free = other != level && cards.iter().all(|card| card.card != other);
                if free && self.cuts(|| format!("{other} instead of {level}")) {
                    cards[place].card = other;
                }
            }
            self.card(&mut cards[place]);
        }
    }

    fn card(&mut self, card: &mut CardSpec) {
        let level = card.card;
        let deadline = !card.mark_text.is_empty();
        for step in [1, -1] {
            if deadline && self.cuts(|| format!("{level} {step:+} of {}", card.mark_text)) {
                card.mark = match card.mark {
                    Mark::Due(number, unit) => Mark::Due(number + step, unit),
                    Mark::Over(number) => Mark::Over(number + step),
                    Mark::Percent(share) => Mark::Percent(share.saturating_add_signed(10 * step as i32)),
                };
            }
        }
        if let Some(limit) = &mut card.limit {
            self.node(limit);
        }
        self.condition("lights always", &mut card.when);
        if let Some(after) = &mut card.after {
            self.span(after);
        }
        if card.from.is_some() && self.cuts(|| format!("{level} from the event on")) {
            card.from = None;
        }
        match &mut card.clears {
            Clears::Ended if self.cuts(|| format!("{level} never ends")) => card.clears = Clears::Never,
            Clears::When(_) if self.cuts(|| format!("{level} never ends")) => card.clears = Clears::Never,
            Clears::When(node) => self.node(node),
            Clears::Never if deadline && self.cuts(|| format!("{level} ends with the stop")) => {
                card.clears = Clears::Ended;
            }
            Clears::Ended | Clears::Never => {}
        }
    }

    fn set(&mut self, set: &mut EventSet) {
        let several = set.terms.len() > 1;
        for place in 0..set.terms.len() {
            if several && self.cuts(|| format!("without term {} of {}", place + 1, set.text)) {
                set.terms.remove(place);
                return;
            }
        }
        for term in &mut set.terms {
            if !several && self.cuts(|| format!("{} never comes", set.text)) {
                term.activities = Activities::One(Activity::Progress);
            }
            self.condition("every one of its activity", &mut term.test);
        }
    }

    fn span(&mut self, span: &mut Span) {
        for step in [1, -1] {
            if self.cuts(|| format!("{span} {step:+}")) {
                span.number += step;
            }
        }
        let unit = match span.unit {
            Unit::WorkingDays => Unit::Days,
            Unit::Days | Unit::Months => Unit::WorkingDays,
            Unit::Hours => Unit::WorkingDays,
            Unit::Minutes | Unit::Seconds => Unit::Hours,
        };
        if self.cuts(|| format!("{span} in {unit:?}")) {
            span.unit = unit;
        }
    }

    fn literal(&mut self, value: &mut Value) {
        match value {
            Value::Flag(flag) => {
                if self.cuts(|| format!("{} instead of {flag}", !*flag)) {
                    *flag = !*flag;
                }
            }
            Value::Number(number) => {
                for step in [Decimal::ONE, Decimal::NEGATIVE_ONE] {
                    if self.cuts(|| format!("{number} {step:+}")) {
                        *number += step;
                    }
                }
            }
            Value::Money(fen) => {
                for step in [1, -1] {
                    if self.cuts(|| format!("{} fen {step:+}", fen.fen())) {
                        *fen = Fen::new(fen.fen() + step);
                    }
                }
            }
            Value::Text(text) => {
                if !text.is_empty() && self.cuts(|| format!("not '{text}'")) {
                    text.push('~');
                }
            }
            Value::Span(span) => self.span(span),
            Value::List(members) => {
                if !members.is_empty() && self.cuts(|| "an empty list".to_owned()) {
                    members.clear();
                }
            }
            Value::Missing | Value::Date(_) | Value::Instant(_) | Value::Event(_) => {}
        }
    }

    fn node(&mut self, node: &mut Node) {
        let text = node.text.clone();
        match &mut node.expr {
            Expr::Literal(value) => self.literal(value),
            Expr::Name(_) => {}
            Expr::FieldOf(inner, _) | Expr::Negate(inner) => self.node(inner),
            Expr::Not(inner) => {
                if self.cuts(|| format!("not {text}")) {
                    *node = (**inner).clone();
                } else {
                    self.node(inner);
                }
            }
            Expr::And(a, b) | Expr::Or(a, b) => {
                self.node(a);
                self.node(b);
                if self.cuts(|| format!("and for or in {text}")) {
                    node.expr = match std::mem::replace(&mut node.expr, Expr::Literal(Value::Missing)) {
                        Expr::And(a, b) => Expr::Or(a, b),
                        Expr::Or(a, b) => Expr::And(a, b),
                        other => other,
                    };
                }
            }
            Expr::Compare(comparison, a, b) => {
                self.node(a);
                self.node(b);
                if self.cuts(|| format!("another comparison in {text}")) {
                    *comparison = match comparison {
                        Comparison::Equal => Comparison::NotEqual,
                        Comparison::NotEqual => Comparison::Equal,
                        Comparison::Less => Comparison::AtMost,
                        Comparison::AtMost => Comparison::Less,
                        Comparison::Greater => Comparison::AtLeast,
                        Comparison::AtLeast => Comparison::Greater,
                    };
                }
            }
            Expr::In(a, b) => {
                self.node(a);
                self.node(b);
                self.negate(node);
            }
            Expr::Arithmetic(sign, a, b) => {
                self.node(a);
                self.node(b);
                let other = match sign {
                    Arithmetic::Add => Arithmetic::Subtract,
                    Arithmetic::Subtract => Arithmetic::Add,
                    Arithmetic::Multiply => Arithmetic::Divide,
                    Arithmetic::Divide => Arithmetic::Multiply,
                };
                if node.ty != Type::List(Box::new(Type::Text)) && self.cuts(|| format!("{other:?} in {text}")) {
                    *sign = other;
                }
            }
            Expr::Coalesce(a, b) => {
                self.node(a);
                self.node(b);
            }
            Expr::Choose(condition, a, b) => {
                [condition, a, b].into_iter().for_each(|inner| self.node(inner));
                if self.cuts(|| format!("the other way round: {text}"))
                    && let Expr::Choose(_, a, b) = &mut node.expr
                {
                    std::mem::swap(a, b);
                }
            }
            Expr::List(members) => members.iter_mut().for_each(|member| self.node(member)),
            Expr::Call(function, arguments) => {
                arguments.iter_mut().for_each(|argument| self.node(argument));
                if matches!(function, Function::Known | Function::Empty) {
                    self.negate(node);
                }
            }
            Expr::History(_, set, _) => self.set(set),
        }
    }

    fn negate(&mut self, node: &mut Node) {
        if self.cuts(|| format!("not {}", node.text)) {
            let inner = node.clone();
            node.expr = Expr::Not(Box::new(inner));
        }
    }
}
