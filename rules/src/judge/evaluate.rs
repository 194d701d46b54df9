//! Evaluates the typed tree over a case. Missing values spread; `&&` and `||` are three-valued, so a
//! condition that rests on what a source did not send never raises a card (rule-language, section 6).

use std::cell::RefCell;

use facts::proof::Leaf;
use facts::{Fen, Moment};
use rust_decimal::Decimal;

use super::ledger::{Group, Ledger};
use super::reckoning::Reckoning;
use super::view::{CaseView, Fact, Standing};
use crate::expression::{Activities, Comparison, EventField, EventRole, EventSet, Expr, HistoryFunction, Name, Node};
use crate::value::{Type, Value};

mod fields;
mod operators;

pub(crate) use operators::scale;
use operators::{distinct, member_of, negate, negation, total};

/// What an expression may see.
#[derive(Copy, Clone)]
pub(crate) struct Scope<'v, 'a> {
    pub(crate) view: &'v CaseView<'a>,
    /// Counting and calendar of the rule.
    pub(crate) reckoning: &'v Reckoning<'a>,
    /// History functions see the facts before this place.
    pub(crate) history: usize,
    pub(crate) event: Option<usize>,
    pub(crate) start: Option<usize>,
    pub(crate) stop: Option<usize>,
    pub(crate) earlier: Option<usize>,
    /// The ledger at the judged instant and its line group.
    pub(crate) ledger: Option<(&'v Ledger<'a>, &'v Group)>,
    /// A reckoning of the kind: shared acts, counted events.
    pub(crate) measure: Option<i64>,
    /// Where the leaves of a proof are gathered.
    pub(crate) leaves: Option<&'v RefCell<Vec<Leaf>>>,
}

impl<'v, 'a> Scope<'v, 'a> {
    /// A scope that sees the facts before `history` and no event.
    pub(crate) fn state(view: &'v CaseView<'a>, reckoning: &'v Reckoning<'a>, history: usize) -> Scope<'v, 'a> {
        let (event, start, stop, earlier) = (None, None, None, None);
        Scope { view, reckoning, history, event, start, stop, earlier, ledger: None, measure: None, leaves: None }
    }

    /// The same scope judging the event at `place`, seeing what lies strictly before it.
    pub(crate) fn on_event(self, place: usize) -> Scope<'v, 'a> {
        Scope { event: Some(place), history: place, ..self }
    }

    /// True when the condition holds; missing and false do not.
    pub(crate) fn holds(&self, node: &Node) -> bool {
        self.value(node).flag() == Some(true)
    }

    /// True when there is no condition or it holds.
    pub(crate) fn allows(&self, node: Option<&Node>) -> bool {
        node.is_none_or(|node| self.holds(node))
    }

    /// Is the fact at `place` in the set?
    pub(crate) fn in_set(&self, set: &EventSet, place: usize) -> bool {
        let fact = &self.view.facts[place];
        set.terms.iter().any(|term| {
            let named = match &term.activities {
                Activities::Held => fact.standing == Standing::Held,
                Activities::Deleted => fact.standing == Standing::Deleted,
                _ if fact.standing != Standing::InForce => false,
                Activities::Any => true,
                Activities::One(activity) => fact.event.activity == *activity,
                // As in the ledger, whatever activity carries the record.
                Activities::Fee(act) => fact.event.detail().fee.as_ref().is_some_and(|fee| fee.act == *act),
            };
            let alone = || Scope { event: Some(place), history: 0, leaves: None, ..*self };
            named && term.test.as_ref().is_none_or(|test| alone().holds(test))
        })
    }

    /// Places of the facts in the set among those before `self.history`; in a group with a window only those that
    /// are seen at the judged event, or at the end of the history.
    pub(crate) fn places<'s>(&'s self, set: &'s EventSet) -> impl DoubleEndedIterator<Item = usize> + 's {
        let judged = self.event.or(self.history.checked_sub(1)).map(|place| self.view.facts[place].at);
        let seen = move |place: &usize| judged.is_none_or(|judged| self.sees(*place, judged));
        self.all_places(set).filter(seen)
    }

    /// Places of the facts in the set among those before `self.history`, however long ago.
    pub(crate) fn all_places<'s>(&'s self, set: &'s EventSet) -> impl DoubleEndedIterator<Item = usize> + 's {
        (0..self.history).filter(move |place| self.in_set(set, *place))
    }

    /// Is the fact at `place` in the window of what is judged at `judged`?
    pub(crate) fn sees(&self, place: usize, judged: Moment) -> bool {
        let Some(window) = self.view.window else { return true };
        let fact = &self.view.facts[place];
        self.reckoning.due_of(fact.at, fact.is_day, window).is_some_and(|due| judged <= due)
    }

    /// The case that `case` and `item` speak of: in a group that of the judged event, and none on a state.
    fn subject(&self) -> Option<&'v CaseView<'a>> {
        if self.view.members.is_empty() {
            return Some(self.view);
        }
        self.event.or(self.start).map(|place| self.view.case_of(place))
    }

    /// The value of an expression.
    pub(crate) fn value(&self, node: &Node) -> Value {
        let value = match &node.expr {
            Expr::Literal(value) => return value.clone(),
            Expr::Not(inner) => return negation(self.value(inner)),
            Expr::And(a, b) => return self.and(a, b),
            Expr::Or(a, b) => return self.or(a, b),
            Expr::Compare(comparison, a, b) => return self.compare(*comparison, &self.value(a), &self.value(b)),
            Expr::In(member, list) => return member_of(&self.value(member), &self.value(list)),
            Expr::Arithmetic(operator, a, b) => return self.arithmetic(*operator, self.value(a), self.value(b)),
            Expr::Negate(inner) => return negate(self.value(inner)),
            Expr::Coalesce(a, b) => {
                let value = self.value(a);
                return if value.is_missing() { self.value(b) } else { value };
            }
            Expr::Choose(condition, a, b) => {
                return match self.value(condition).flag() {
                    Some(true) => self.value(a),
                    Some(false) => self.value(b),
                    None => Value::Missing,
                };
            }
            Expr::List(members) => return Value::List(members.iter().map(|member| self.value(member)).collect()),
            Expr::Call(function, arguments) => return self.call(*function, arguments),
            Expr::Name(name) => self.name(name),
            Expr::FieldOf(event, field) => match self.value(event) {
                Value::Event(place) => self.event_field(place, field),
                _ => Value::Missing,
            },
            Expr::History(function, set, field) => match (self.history(*function, set, field.as_ref()), &node.ty) {
                // The sum of nothing is nothing, not unknown.
                (Value::Missing, Type::Money) if *function == HistoryFunction::Sum => Value::Money(Fen::ZERO),
                (Value::Missing, Type::Number) if *function == HistoryFunction::Sum => Value::Number(Decimal::ZERO),
                (value, _) => value,
            },
        };
        self.note(node, &value);
        value
    }

    /// Writes a leaf of the proof down, once.
    fn note(&self, node: &Node, value: &Value) {
        let Some(leaves) = self.leaves else { return };
        let leaf = Leaf { name: node.text.to_string(), value: self.shown(value) };
        let mut leaves = leaves.borrow_mut();
        if !leaves.contains(&leaf) {
            leaves.push(leaf);
        }
    }

    /// A value as people read it; `None` where it is missing.
    pub(crate) fn shown(&self, value: &Value) -> Option<String> {
        match value {
            Value::Missing => None,
            Value::Event(place) => Some(self.view.facts[*place].record_text()),
            Value::Instant(moment) => Some(moment.local(&self.view.profile.zone)),
            other => Some(other.to_string()),
        }
    }

    fn history(&self, function: HistoryFunction, set: &EventSet, field: Option<&EventField>) -> Value {
        let field_values = || -> Vec<Value> {
            let Some(field) = field else { return Vec::new() };
            let values = self.places(set).map(|place| self.event_field(place, field));
            values.filter(|value| !value.is_missing()).collect()
        };
        match function {
            HistoryFunction::Cases => {
                let mut members: Vec<Option<usize>> =
                    self.places(set).map(|place| self.view.facts[place].member).collect();
                members.sort_unstable();
                members.dedup();
                Value::Number(members.len().into())
            }
            HistoryFunction::Seen => Value::Flag(self.places(set).next().is_some()),
            HistoryFunction::Count => Value::Number(self.places(set).count().into()),
            HistoryFunction::First => self.places(set).next().map_or(Value::Missing, Value::Event),
            HistoryFunction::Last => self.places(set).next_back().map_or(Value::Missing, Value::Event),
            HistoryFunction::Sum => total(field_values()),
            HistoryFunction::Least => self.extreme(field_values(), Comparison::Less),
            HistoryFunction::Most => self.extreme(field_values(), Comparison::Greater),
            HistoryFunction::Values => Value::List(distinct(field_values())),
            HistoryFunction::Distinct => Value::Number(distinct(field_values()).len().into()),
        }
    }

    fn name(&self, name: &Name) -> Value {
        match name {
            Name::Event(role, field) => self.role(*role).map_or(Value::Missing, |place| self.event_field(place, field)),
            Name::Case(field) => self.subject().map_or(Value::Missing, |case| self.case_field_of(case, field)),
            Name::CaseOf(role, field) => {
                self.role(*role).map_or(Value::Missing, |place| self.case_field_of(self.view.case_of(place), field))
            }
            Name::Item(field) => self.item_field(field),
            Name::Stage(code, field) => self.stage_field(code.as_ref().as_ref(), *field),
            Name::Ledger(code, field) => self.ledger_field(code.as_ref().as_ref(), *field),
            Name::Line(field) => self.line_field(*field),
            Name::Tariff(code, field) => self.tariff_field(code.as_ref().as_ref(), *field),
            Name::Clock(clock, field) => super::deadline::clock_field(self, *clock, *field),
            Name::Measure(_) => self.measure.map_or(Value::Missing, |measure| Value::Number(measure.into())),
        }
    }

    /// The place of the event with a role.
    fn role(&self, role: EventRole) -> Option<usize> {
        match role {
            EventRole::Event => self.event,
            EventRole::Start => self.start,
            EventRole::Stop => self.stop,
            EventRole::Earlier => self.earlier,
        }
    }
}

/// The citation of a fact in a proof.
pub(crate) fn cite(fact: &Fact<'_>) -> facts::proof::Cited {
    let detail = fact.event.detail();
    let field = |name: &str, value: Option<&str>| value.map(|value| format!("{name}={value}"));
    let fields = [
        field("stage", fact.stage()),
        field("officer", detail.officer.as_deref()),
        field("outcome", fact.outcome()),
        fact.deemed.then(|| "deemed".to_owned()),
        field("case", fact.member.map(|_| fact.event.case.as_str())),
    ];
    facts::proof::Cited {
        id: fact.event.id.clone(),
        activity: fact.event.activity.name().into(),
        at: fact.at,
        fields: fields.into_iter().flatten().collect(),
    }
}
