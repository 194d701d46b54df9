//! Evaluates the typed tree over a case. Missing values spread; `&&` and `||` are three-valued, so a
//! condition that rests on what a source did not send never raises a card (rule-language, section 6).

use std::cell::RefCell;

use compact_str::{CompactString, ToCompactString};
use facts::proof::Leaf;
use facts::{Event, EventTime, Fen, Moment, Scalar};
use rust_decimal::Decimal;

use super::ledger::{Group, Ledger};
use super::quality;
use super::reckoning::Reckoning;
use super::view::{CaseView, Fact, Standing};
use crate::catalogue::{Item, Stage};
use crate::counting::{Span, Unit};
use crate::expression::{
    Activities, Arithmetic, CaseField, Comparison, EventField, EventRole, EventSet, Expr, Function, HistoryFunction,
    ItemField, LedgerField, LineField, Name, Node, StageField, TariffField,
};
use crate::value::{Type, Value};

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
        let shown = match value {
            Value::Missing => None,
            Value::Event(place) => Some(self.view.facts[*place].record_text()),
            Value::Instant(moment) => Some(moment.local(&self.view.profile.zone)),
            other => Some(other.to_string()),
        };
        let leaf = Leaf { name: node.text.to_string(), value: shown };
        let mut leaves = leaves.borrow_mut();
        if !leaves.contains(&leaf) {
            leaves.push(leaf);
        }
    }

    fn and(&self, a: &Node, b: &Node) -> Value {
        match self.value(a).flag() {
            Some(false) => Value::Flag(false),
            left => match (left, self.value(b).flag()) {
                (_, Some(false)) => Value::Flag(false),
                (Some(true), Some(true)) => Value::Flag(true),
                _ => Value::Missing,
            },
        }
    }

    fn or(&self, a: &Node, b: &Node) -> Value {
        match self.value(a).flag() {
            Some(true) => Value::Flag(true),
            left => match (left, self.value(b).flag()) {
                (_, Some(true)) => Value::Flag(true),
                (Some(false), Some(false)) => Value::Flag(false),
                _ => Value::Missing,
            },
        }
    }

    fn compare(&self, comparison: Comparison, a: &Value, b: &Value) -> Value {
        let order = match (a, b) {
            (Value::Missing, _) | (_, Value::Missing) => return Value::Missing,
            (Value::Number(a), Value::Number(b)) => a.cmp(b),
            (Value::Money(a), Value::Money(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Date(a), Value::Date(b)) => a.cmp(b),
            (Value::Instant(a), Value::Instant(b)) => a.cmp(b),
            (Value::Span(a), Value::Span(b)) => match self.span_order(*a, *b) {
                Some(order) => order,
                None => return Value::Missing,
            },
            (a, b) => {
                return match comparison {
                    Comparison::Equal => Value::Flag(a == b),
                    Comparison::NotEqual => Value::Flag(a != b),
                    _ => Value::Missing,
                };
            }
        };
        Value::Flag(match comparison {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::AtLeast => order.is_ge(),
        })
    }

    /// Spans of one unit compare by number, exact ones by length, others by the due instants they give.
    fn span_order(&self, a: Span, b: Span) -> Option<std::cmp::Ordering> {
        // Nothing is nothing in every unit.
        if a.unit == b.unit || a.number == 0 || b.number == 0 {
            return Some(a.number.cmp(&b.number));
        }
        if let (Some(a), Some(b)) = (a.exact_secs(), b.exact_secs()) {
            return Some(a.cmp(&b));
        }
        let base = self.start.or(self.event)?;
        let fact = &self.view.facts[base];
        let due = |span| self.reckoning.due_of(fact.at, fact.is_day, span);
        Some(due(a)?.cmp(&due(b)?))
    }

    fn arithmetic(&self, operator: Arithmetic, a: Value, b: Value) -> Value {
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        match (operator, a, b) {
            (_, Value::Number(a), Value::Number(b)) => {
                let result = match operator {
                    Add => a.checked_add(b),
                    Subtract => a.checked_sub(b),
                    Multiply => a.checked_mul(b),
                    Divide => a.checked_div(b),
                };
                result.map_or(Value::Missing, Value::Number)
            }
            (Add, Value::Money(a), Value::Money(b)) => Value::Money(a + b),
            (Subtract, Value::Money(a), Value::Money(b)) => Value::Money(a - b),
            (Divide, Value::Money(a), Value::Money(b)) => {
                Decimal::from(a.fen()).checked_div(b.fen().into()).map_or(Value::Missing, Value::Number)
            }
            (Multiply, Value::Money(money), Value::Number(factor))
            | (Multiply, Value::Number(factor), Value::Money(money)) => scale(money, factor),
            (Divide, Value::Money(money), Value::Number(factor)) => {
                Decimal::ONE.checked_div(factor).map_or(Value::Missing, |inverse| scale(money, inverse))
            }
            (Subtract, Value::Instant(a), Value::Instant(b)) => {
                Value::Span(Span { number: a.secs_floor() - b.secs_floor(), unit: Unit::Seconds })
            }
            (Subtract, Value::Date(a), Value::Date(b)) => {
                let days = i64::from(facts::event_time::day_number(a)) - i64::from(facts::event_time::day_number(b));
                Value::Span(Span { number: days, unit: Unit::Days })
            }
            (Add, Value::Instant(at), Value::Span(span)) => {
                self.reckoning.shift(at, span).map_or(Value::Missing, Value::Instant)
            }
            (Subtract, Value::Instant(at), Value::Span(span)) => {
                let back = Span { number: -span.number, unit: span.unit };
                self.reckoning.shift(at, back).map_or(Value::Missing, Value::Instant)
            }
            (Add, Value::Date(day), Value::Span(span)) => {
                self.reckoning.shift_day(day, span).map_or(Value::Missing, Value::Date)
            }
            (Subtract, Value::Date(day), Value::Span(span)) => {
                let back = Span { number: -span.number, unit: span.unit };
                self.reckoning.shift_day(day, back).map_or(Value::Missing, Value::Date)
            }
            (Add, Value::Span(a), Value::Span(b)) if a.unit == b.unit => {
                Value::Span(Span { number: a.number.saturating_add(b.number), unit: a.unit })
            }
            (Subtract, Value::Span(a), Value::Span(b)) if a.unit == b.unit => {
                Value::Span(Span { number: a.number.saturating_sub(b.number), unit: a.unit })
            }
            (Add, Value::List(mut a), Value::List(b)) => {
                a.extend(b);
                Value::List(a)
            }
            _ => Value::Missing,
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

    fn extreme(&self, values: Vec<Value>, better: Comparison) -> Value {
        let pick = |best: Value, value: Value| match self.compare(better, &value, &best) {
            Value::Flag(true) => value,
            _ => best,
        };
        values.into_iter().reduce(pick).unwrap_or(Value::Missing)
    }

    fn call(&self, function: Function, arguments: &[Node]) -> Value {
        let value = |place: usize| arguments.get(place).map_or(Value::Missing, |node| self.value(node));
        match (function, value(0), value(1)) {
            (Function::Known, a, _) => Value::Flag(!a.is_missing()),
            (Function::Empty, a, _) => Value::Flag(is_empty(&a)),
            (Function::Size, Value::List(list), _) => Value::Number(list.len().into()),
            (Function::Total, Value::List(list), _) => total(list),
            (Function::Minus, Value::List(a), Value::List(b)) => {
                Value::List(a.into_iter().filter(|member| !b.contains(member)).collect())
            }
            (Function::Overlap, Value::List(a), Value::List(b)) => {
                Value::List(a.into_iter().filter(|member| b.contains(member)).collect())
            }
            (Function::DateOf, Value::Instant(at), _) => Value::Date(at.date(&self.view.profile.zone)),
            (Function::DateOf, Value::Date(day), _) => Value::Date(day),
            (Function::Days, a, b) => self.days_between(&a, &b, false),
            (Function::Workdays, a, b) => self.days_between(&a, &b, true),
            (Function::Due, Value::Instant(at), Value::Span(span)) => {
                self.reckoning.due_of(at, false, span).map_or(Value::Missing, Value::Instant)
            }
            (Function::Starts, Value::Text(a), Value::Text(b)) => Value::Flag(a.starts_with(b.as_str())),
            (Function::Ends, Value::Text(a), Value::Text(b)) => Value::Flag(a.ends_with(b.as_str())),
            (Function::Has, Value::Text(a), Value::Text(b)) => Value::Flag(a.contains(b.as_str())),
            (Function::Min, a, b) if !a.is_missing() && !b.is_missing() => self.extreme(vec![a, b], Comparison::Less),
            (Function::Max, a, b) if !a.is_missing() && !b.is_missing() => {
                self.extreme(vec![a, b], Comparison::Greater)
            }
            (Function::Abs, Value::Number(number), _) => Value::Number(number.abs()),
            (Function::Abs, Value::Money(fen), _) => Value::Money(fen.abs()),
            _ => Value::Missing,
        }
    }

    fn days_between(&self, a: &Value, b: &Value, working: bool) -> Value {
        let day = |value: &Value| match value {
            Value::Instant(at) => Some(at.date(&self.view.profile.zone)),
            Value::Date(day) => Some(*day),
            _ => None,
        };
        let (Some(a), Some(b)) = (day(a), day(b)) else { return Value::Missing };
        let days = if working {
            self.reckoning.working_days_between(a, b)
        } else {
            i64::from(facts::event_time::day_number(b)) - i64::from(facts::event_time::day_number(a))
        };
        Value::Number(days.into())
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

    /// A field of the fact at `place`.
    pub(crate) fn event_field(&self, place: usize, field: &EventField) -> Value {
        let fact = &self.view.facts[place];
        let (event, detail) = (fact.event, fact.event.detail());
        let (fee, special) = (detail.fee.as_ref(), detail.special.as_ref());
        let text = |value: Option<&str>| value.map_or(Value::Missing, |text| Value::Text(text.into()));
        let owned = |value: &Option<CompactString>| value.clone().map_or(Value::Missing, Value::Text);
        let list = |value: &Option<Vec<CompactString>>| {
            value.as_ref().map_or(Value::Missing, |list| Value::List(list.iter().cloned().map(Value::Text).collect()))
        };
        match field {
            EventField::Id => Value::Text(event.id.clone()),
            EventField::Source => Value::Text(event.source.clone()),
            EventField::Version => Value::Number(event.version.into()),
            EventField::Activity => Value::Text(event.activity.name().into()),
            EventField::At => Value::Instant(fact.at),
            EventField::Arrived => fact.arrived.map_or(Value::Missing, Value::Instant),
            EventField::Received => fact.received.map_or(Value::Missing, Value::Instant),
            EventField::DeletedAt => {
                fact.deleted_by.and_then(|delete| delete.arrived).map_or(Value::Missing, Value::Instant)
            }
            EventField::CaseId => Value::Text(self.view.case_of(place).id.into()),
            EventField::Level => Value::Text(event.address.level.token().into()),
            EventField::Region => Value::Text(event.address.region.to_compact_string()),
            EventField::County => {
                event.address.region.county().map_or(Value::Missing, |county| Value::Text(county.to_compact_string()))
            }
            EventField::Dept => Value::Text(event.address.dept.as_str().into()),
            EventField::Item => owned(&detail.item),
            EventField::ItemVersion => owned(&detail.item_version),
            EventField::CaseType => text(fact.case_type()),
            EventField::LinkedCase => owned(&detail.linked_case),
            EventField::Stage => text(fact.stage()),
            EventField::Officer => owned(&detail.officer),
            EventField::Position => owned(&detail.position),
            EventField::Outcome => text(fact.outcome()),
            EventField::Reason => owned(&detail.reason),
            EventField::Materials => list(&detail.materials),
            EventField::MaterialsMissing => list(&detail.materials_missing),
            EventField::ReportedLimit => {
                detail.reported_limit.map_or(Value::Missing, |limit| Value::Span(limit.into()))
            }
            EventField::PromiseDate => self.end_of(detail.promise_date),
            EventField::Deemed => Value::Flag(fact.deemed),
            EventField::Declared => Value::Flag(self.view.configuration.activities.contains_key(event.activity.name())),
            EventField::Disputed => Value::Flag(fact.rival.is_some()),
            EventField::Rival => fact
                .rival
                .map_or(Value::Missing, |rival| Value::Text(quality::in_short(self.view, &rival.event).into())),
            EventField::Unmapped => texts_of(fact.unmapped()),
            EventField::Differs => texts_of(fact.differs.names()),
            EventField::Namesakes => texts_of(quality::namesakes(self.view, place)),
            EventField::FeeAct => text(fee.map(|fee| fee.act.name())),
            EventField::FeeCode => fee.map_or(Value::Missing, |fee| owned(&fee.code)),
            EventField::FeeAmount => fee.and_then(|fee| fee.amount).map_or(Value::Missing, Value::Money),
            EventField::FeeQuantity => fee.map_or(Value::Missing, |fee| {
                fee.quantity.as_deref().unwrap_or("1").parse().map_or(Value::Missing, Value::Number)
            }),
            EventField::FeePeriod => fee.map_or(Value::Missing, |fee| owned(&fee.period)),
            EventField::FeeClass => fee.map_or(Value::Missing, |fee| owned(&fee.class)),
            EventField::FeeReceipt => fee.map_or(Value::Missing, |fee| owned(&fee.receipt)),
            EventField::FeePayee => fee.map_or(Value::Missing, |fee| owned(&fee.payee)),
            EventField::FeeApprover => fee.map_or(Value::Missing, |fee| owned(&fee.approver)),
            EventField::SpecialKind => special.map_or(Value::Missing, |special| owned(&special.kind)),
            EventField::SpecialNo => special.map_or(Value::Missing, |special| owned(&special.no)),
            EventField::SpecialGround => special.map_or(Value::Missing, |special| owned(&special.ground)),
            EventField::SpecialGranted => special
                .and_then(|special| Some((special.granted?, special.unit)))
                .map_or(Value::Missing, |granted| Value::Span(granted.into())),
            EventField::SpecialApprover => special.map_or(Value::Missing, |special| owned(&special.approver)),
            EventField::SpecialFee => special.and_then(|special| special.fee).map_or(Value::Missing, Value::Money),
            EventField::Attr(key, ty) => self.attr(event, key, ty),
        }
    }

    /// The instant a time given by a source ends: a day with its last millisecond.
    fn end_of(&self, time: Option<EventTime>) -> Value {
        match time {
            None => Value::Missing,
            Some(EventTime::Instant(at)) => Value::Instant(at),
            Some(EventTime::Day(day)) => {
                Value::Instant(EventTime::Day(day + 1).moment(&self.view.profile.zone).plus_millis(-1))
            }
        }
    }

    /// A declared attribute of an event; numbered ones are gathered into a list.
    fn attr(&self, event: &Event, key: &str, ty: &Type) -> Value {
        match (key.strip_suffix('*'), ty) {
            (Some(prefix), Type::List(of)) => {
                let values = event.numbered_attrs(prefix);
                let members = values.into_iter().map(|scalar| self.scalar(scalar, of)).collect();
                if event.carries_attr(key) { Value::List(members) } else { Value::Missing }
            }
            _ => event.attr(key).map_or(Value::Missing, |scalar| self.scalar(scalar, ty)),
        }
    }

    /// A declared attribute read as its declared type; text that does not fit the type is missing.
    fn scalar(&self, scalar: &Scalar, ty: &Type) -> Value {
        let text = facts::line::scalar_text(scalar).trim();
        let value = match ty {
            Type::Text => Some(Value::Text(text.into())),
            Type::Flag => match text {
                "true" => Some(Value::Flag(true)),
                "false" => Some(Value::Flag(false)),
                _ => None,
            },
            Type::Number => text.parse().ok().map(Value::Number),
            Type::Money => Fen::parse(text).ok().map(Value::Money),
            Type::Date => match EventTime::parse(text) {
                Some(EventTime::Day(day)) => Some(Value::Date(facts::event_time::date_of(day))),
                Some(EventTime::Instant(at)) => Some(Value::Date(at.date(&self.view.profile.zone))),
                None => None,
            },
            Type::Instant => match scalar {
                Scalar::Number(_) => text.parse().ok().map(|millis| Value::Instant(Moment::from_millis(millis))),
                _ => Some(self.end_of(EventTime::parse(text))),
            },
            Type::Span => text.parse().ok().map(Value::Span),
            Type::List(of) => {
                let members = text.split([';', '；']).map(str::trim).filter(|member| !member.is_empty());
                Some(Value::List(members.map(|member| self.scalar(&Scalar::Text(member.into()), of)).collect()))
            }
            Type::Event => None,
        };
        value.unwrap_or(Value::Missing)
    }

    /// A field of a case.
    pub(crate) fn case_field_of(&self, view: &CaseView<'a>, field: &CaseField) -> Value {
        let case = &view.case;
        let text = |value: Option<&str>| value.map_or(Value::Missing, |text| Value::Text(text.into()));
        match field {
            CaseField::Id => Value::Text(view.id.into()),
            CaseField::Level => Value::Text(view.owner.level.token().into()),
            CaseField::Region => Value::Text(view.owner.region.to_compact_string()),
            CaseField::Dept => Value::Text(view.owner.dept.as_str().into()),
            CaseField::Item => text(case.item),
            CaseField::ItemVersion => text(case.item_version.or(view.item.map(|item| item.version.as_str()))),
            CaseField::CaseType => text(case.case_type),
            CaseField::Open => Value::Flag(case.open),
            CaseField::LinkedCase => text(case.linked_case),
            CaseField::PromiseDate => self.end_of(case.promise_date),
            CaseField::ReportedLimit => case.reported_limit.map_or(Value::Missing, |limit| Value::Span(limit.into())),
            CaseField::Attr(key, ty) => {
                view.last_with_attr(key).map_or(Value::Missing, |event| self.attr(event, key, ty))
            }
        }
    }

    fn item_field(&self, field: &ItemField) -> Value {
        let Some(view) = self.subject() else { return Value::Missing };
        let case = &view.case;
        let Some(item) = view.item else {
            return match (field, case.item) {
                (ItemField::Known | ItemField::InForce, Some(_)) => Value::Flag(false),
                (ItemField::Name, Some(code)) => Value::Text(code.into()),
                _ => Value::Missing,
            };
        };
        let flag = |value: Option<bool>| value.map_or(Value::Missing, Value::Flag);
        let span = |value: Option<Span>| value.map_or(Value::Missing, Value::Span);
        let texts = |list: &Option<Vec<CompactString>>| text_list(list.as_deref());
        match field {
            ItemField::Known => Value::Flag(true),
            ItemField::InForce => {
                let day = case.accepted_on.or(case.first_on);
                Value::Flag(day.is_some_and(|day| item.in_force_on(day)))
            }
            ItemField::Name => Value::Text(crate::wording::name_or(&item.name, &item.code).0.into()),
            ItemField::ItemType => item.item_type.clone().map_or(Value::Missing, Value::Text),
            ItemField::Charges => flag(item.charges),
            ItemField::Promise => span(item.promise),
            ItemField::Statutory => span(item.statutory),
            ItemField::Joint => flag(item.joint),
            ItemField::SiteVisit => flag(item.site_visit),
            ItemField::Levels => levels(item.levels.as_deref()),
            ItemField::Regions => texts(&item.regions),
            ItemField::Depts => texts(&item.depts),
            ItemField::Procedures => texts(&item.procedures),
            ItemField::ChargedProcedures => texts(&item.charged_procedures),
            ItemField::Materials => texts(&item.materials),
            ItemField::MaterialsOptional => texts(&item.materials_optional),
            ItemField::Payees => texts(&item.payees),
        }
    }

    fn stage_field(&self, code: Option<&Node>, field: StageField) -> Value {
        let code = match code {
            Some(node) => self.value(node),
            None => self.event.map_or(Value::Missing, |place| self.event_field(place, &EventField::Stage)),
        };
        let item = self.subject().and_then(|case| case.item);
        let (Some(item), Value::Text(code)) = (item, code) else { return Value::Missing };
        let stage: Option<&Stage> = item.stage(&code);
        let Some(stage) = stage else {
            return if field == StageField::Known { Value::Flag(false) } else { Value::Missing };
        };
        match field {
            StageField::Known => Value::Flag(true),
            StageField::Order => Value::Number(stage.order.into()),
            StageField::Required => Value::Flag(stage.required),
            StageField::Limit => stage.limit.map_or(Value::Missing, Value::Span),
            StageField::Next => text_list(Some(&stage.next)),
            StageField::Positions => text_list(stage.positions.as_deref()),
            StageField::Levels => levels(stage.levels.as_deref()),
            StageField::Risk => stage.risk.map_or(Value::Missing, Value::Flag),
        }
    }

    fn line_field(&self, field: LineField) -> Value {
        let Some((_, group)) = self.ledger else { return Value::Missing };
        group.key_value(field).map_or(Value::Missing, |text| Value::Text(text.into()))
    }

    fn ledger_field(&self, code: Option<&Node>, field: LedgerField) -> Value {
        let Some(code) = code else {
            return match self.ledger {
                Some((ledger, group)) => ledger.field(group, field),
                None => {
                    let ledger = Ledger::at(self.view, self.history);
                    ledger.field(&ledger.whole(), field)
                }
            };
        };
        let Value::Text(code) = self.value(code) else { return Value::Missing };
        let ledger = Ledger::at(self.view, self.history);
        ledger.field(&ledger.of_code(&code), field)
    }

    fn tariff_field(&self, code: Option<&Node>, field: TariffField) -> Value {
        let named = code.map(|node| self.value(node));
        let code = match (&named, self.ledger) {
            (Some(Value::Text(code)), _) => Some(code.clone()),
            (Some(_), _) => None,
            (None, Some((_, group))) => group.key_value(LineField::Code).map(CompactString::from),
            (None, None) => {
                let fee = self.event.and_then(|place| self.view.facts[place].event.detail().fee.as_ref());
                fee.and_then(|fee| fee.code.clone())
            }
        };
        let item: Option<&Item> = self.subject().and_then(|case| case.item);
        let (Some(item), Some(code)) = (item, code) else { return Value::Missing };
        match self.ledger {
            Some((ledger, group)) => ledger.tariff_field(self.view, item, &code, group, field),
            None => {
                let ledger = Ledger::at(self.view, self.history);
                ledger.tariff_field(self.view, item, &code, &ledger.of_code(&code), field)
            }
        }
    }
}

fn negation(value: Value) -> Value {
    value.flag().map_or(Value::Missing, |flag| Value::Flag(!flag))
}

fn negate(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(-number),
        Value::Money(fen) => Value::Money(Fen::ZERO - fen),
        Value::Span(span) => Value::Span(Span { number: -span.number, unit: span.unit }),
        _ => Value::Missing,
    }
}

fn member_of(member: &Value, list: &Value) -> Value {
    match (member, list) {
        (Value::Missing, _) => Value::Missing,
        (member, Value::List(list)) => Value::Flag(list.contains(member)),
        _ => Value::Missing,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Missing => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::List(list) => list.is_empty(),
        _ => false,
    }
}

/// Money times a decimal, half a fen away from zero.
pub(crate) fn scale(money: Fen, factor: Decimal) -> Value {
    use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
    let product = Decimal::from(money.fen()).checked_mul(factor);
    let fen = product.map(|product| product.round_dp_with_strategy(0, MidpointAwayFromZero));
    fen.and_then(|fen| i64::try_from(fen).ok()).map_or(Value::Missing, |fen| Value::Money(Fen::new(fen)))
}

fn total(values: Vec<Value>) -> Value {
    let add = |sum: Value, value: Value| match (sum, value) {
        (Value::Money(a), Value::Money(b)) => Value::Money(a + b),
        (Value::Number(a), Value::Number(b)) => a.checked_add(b).map_or(Value::Missing, Value::Number),
        _ => Value::Missing,
    };
    values.into_iter().reduce(add).unwrap_or(Value::Missing)
}

/// Distinct members in order of first sight, lists flattened.
fn distinct(values: Vec<Value>) -> Vec<Value> {
    let flat = values.into_iter().flat_map(|value| match value {
        Value::List(list) => list,
        one => vec![one],
    });
    flat.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

fn text_list(list: Option<&[CompactString]>) -> Value {
    list.map_or(Value::Missing, |list| Value::List(list.iter().cloned().map(Value::Text).collect()))
}

fn levels(list: Option<&[facts::Level]>) -> Value {
    let token = |level: &facts::Level| Value::Text(level.token().into());
    list.map_or(Value::Missing, |list| Value::List(list.iter().map(token).collect()))
}

fn texts_of<T: Into<CompactString>>(texts: impl IntoIterator<Item = T>) -> Value {
    Value::List(texts.into_iter().map(|text| Value::Text(text.into())).collect())
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
