//! Changes inside what rules are made of: event sets, limits, literals, conditions.

use facts::{Activity, FeeAct, Fen};
use rust_decimal::Decimal;

use super::{Knife, told};
use crate::counting::{Span, Unit};
use crate::expression::{Activities, Arithmetic, Comparison, EventSet, Expr, Function, HistoryFunction, Node, Term};
use crate::value::{Type, Value};

impl Knife {
    pub(super) fn set(&mut self, set: &mut EventSet) {
        let several = set.terms.len() > 1;
        for place in 0..set.terms.len() {
            if several
                && self.cuts(|| {
                    told(
                        format!("事件集去掉第 {} 项：{}", place + 1, set.text),
                        format!("without term {} of {}", place + 1, set.text),
                    )
                })
            {
                set.terms.remove(place);
                return;
            }
        }
        for place in 0..set.terms.len() {
            if let Some(other) = substitute(&set.terms, place)
                && self.cuts(|| {
                    told(
                        format!("以 {} 代替第 {} 项：{}", called(&other), place + 1, set.text),
                        format!("{} for term {} of {}", called(&other), place + 1, set.text),
                    )
                })
            {
                set.terms[place].activities = other;
                return;
            }
            let term = &mut set.terms[place];
            if !several && self.cuts(|| told(format!("{} 从不发生", set.text), format!("{} never comes", set.text)))
            {
                term.activities = Activities::One(Activity::Progress);
            }
            self.condition(("同类活动全部计入", "every one of its activity"), &mut term.test);
        }
    }

    pub(super) fn span(&mut self, span: &mut Span) {
        for step in [1, -1] {
            if self.cuts(|| told(format!("{span} {step:+}"), format!("{span} {step:+}"))) {
                span.number += step;
            }
        }
        let unit = match span.unit {
            Unit::WorkingDays => Unit::Days,
            Unit::Days | Unit::Months => Unit::WorkingDays,
            Unit::Hours => Unit::WorkingDays,
            Unit::Minutes | Unit::Seconds => Unit::Hours,
        };
        if self.cuts(|| told(format!("{span} 单位改为 {unit:?}"), format!("{span} in {unit:?}"))) {
            span.unit = unit;
        }
    }

    fn literal(&mut self, value: &mut Value) {
        match value {
            Value::Flag(flag) => {
                if self.cuts(|| told(format!("{} 代替 {flag}", !*flag), format!("{} instead of {flag}", !*flag))) {
                    *flag = !*flag;
                }
            }
            Value::Number(number) => {
                for step in [Decimal::ONE, Decimal::NEGATIVE_ONE] {
                    if self.cuts(|| told(format!("{number} {step:+}"), format!("{number} {step:+}"))) {
                        *number += step;
                    }
                }
            }
            Value::Money(fen) => {
                for step in [1, -1] {
                    if self.cuts(|| told(format!("{} 分 {step:+}", fen.fen()), format!("{} fen {step:+}", fen.fen())))
                    {
                        *fen = Fen::new(fen.fen() + step);
                    }
                }
            }
            Value::Text(text) => {
                if !text.is_empty() && self.cuts(|| told(format!("不是 '{text}'"), format!("not '{text}'"))) {
                    text.push('~');
                }
            }
            Value::Span(span) => self.span(span),
            Value::List(members) => {
                if !members.is_empty() && self.cuts(|| told("空列表", "an empty list")) {
                    members.clear();
                }
            }
            Value::Missing | Value::Date(_) | Value::Instant(_) | Value::Event(_) => {}
        }
    }

    pub(super) fn node(&mut self, node: &mut Node) {
        let text = node.text.clone();
        match &mut node.expr {
            Expr::Literal(value) => self.literal(value),
            Expr::Name(_) => {
                if self.cuts(|| told(format!("{text} 视为缺"), format!("{text} is not known"))) {
                    node.expr = Expr::Literal(Value::Missing);
                }
            }
            Expr::FieldOf(inner, _) | Expr::Negate(inner) => self.node(inner),
            Expr::Not(inner) => {
                if self.cuts(|| told(format!("{text} 取反"), format!("not {text}"))) {
                    *node = (**inner).clone();
                } else {
                    self.node(inner);
                }
            }
            Expr::And(a, b) | Expr::Or(a, b) => {
                self.node(a);
                self.node(b);
                if self.cuts(|| told(format!("{text} 中“且”“或”互换"), format!("and for or in {text}"))) {
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
                if self.cuts(|| told(format!("{text} 换一种比较"), format!("another comparison in {text}"))) {
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
                if node.ty != Type::List(Box::new(Type::Text))
                    && self.cuts(|| told(format!("{text} 中改用 {other:?}"), format!("{other:?} in {text}")))
                {
                    *sign = other;
                }
            }
            Expr::Coalesce(a, b) => {
                self.node(a);
                self.node(b);
            }
            Expr::Choose(condition, a, b) => {
                [condition, a, b].into_iter().for_each(|inner| self.node(inner));
                if self.cuts(|| told(format!("{text} 反过来"), format!("the other way round: {text}")))
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
            Expr::History(function, set, _) => {
                self.set(set);
                if *function == HistoryFunction::Seen {
                    self.negate(node);
                }
            }
        }
    }

    fn negate(&mut self, node: &mut Node) {
        if self.cuts(|| told(format!("{} 取反", node.text), format!("not {}", node.text))) {
            let inner = node.clone();
            node.expr = Expr::Not(Box::new(inner));
        }
    }
}

/// What a term may be taken for instead: another activity or act of fees that the set does not have.
fn substitute(terms: &[Term], place: usize) -> Option<Activities> {
    let has = |activities: &Activities| terms.iter().any(|term| term.activities == *activities);
    let others = match &terms[place].activities {
        Activities::Fee(_) => [Activities::Fee(FeeAct::Charged), Activities::Fee(FeeAct::Refunded)],
        Activities::Any | Activities::Held | Activities::Deleted | Activities::One(_) => {
            [Activities::One(Activity::Closed), Activities::One(Activity::Accepted)]
        }
    };
    others.into_iter().find(|other| !has(other))
}

/// What a rule file calls the events.
fn called(activities: &Activities) -> String {
    match activities {
        Activities::Any => "any".to_owned(),
        Activities::Held => "held".to_owned(),
        Activities::Deleted => "deleted".to_owned(),
        Activities::One(activity) => activity.name().to_owned(),
        Activities::Fee(act) => format!("fee_{}", act.name()),
    }
}
