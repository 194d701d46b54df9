//! From syntax to meaning: every name resolved, every type known, no conversion silent.
//!
//! Checking goes on after a fault wherever the rest still has a meaning, so that all faults of a
//! condition are found at once. A node that has a fault has no compiled form.

mod calls;
mod fields;
mod names;
mod operators;
mod sets;

use std::collections::BTreeMap;
use std::ops::Range;

use compact_str::CompactString;

use super::condition::{Ast, AstKind, SetAst, parse_expression, parse_set};
use super::constant::constants;
use super::faults::{Faults, Say};
use super::source::Origin;
use super::texts;
use super::tree::{Raw, Tree};
use super::vocabulary::{ListValue, Vocabulary};
use crate::counting::Unit;
use crate::expression::{
    Arithmetic, Comparison, EventField, EventRole, EventSet, Expr, LineField, Measure, Name, Node,
};
use crate::rule::SameField;
use crate::value::{Type, Value};

pub(crate) use fields::{CASE_TYPES, ClockName, LEVELS, LINE};
pub(crate) use sets::{ASIDE_SETS, FEE_SETS};
#[cfg(test)]
pub(super) use {calls::function_names, fields::field_names};

/// The most nodes one expression may become, named sets and values in place.
const NODES_MAX: u32 = 20_000;
/// The deepest chain of names that stand for expressions.
const EXPANSIONS_MAX: usize = 16;
/// The deepest tree that is made; whatever walks a condition may recurse.
const DEPTH_MAX: u32 = 150;

/// What an expression may name at the place where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seat {
    /// What `event.x` reads, if anything.
    pub(crate) event: Option<EventRole>,
    /// `start.x` is known.
    pub(crate) start: bool,
    /// `earlier.x` is known.
    pub(crate) earlier: bool,
    /// `case`, `item` and lookups are known.
    pub(crate) case: bool,
    /// History functions, `ledger`, `clock` are known.
    pub(crate) history: bool,
    /// Inside `[ ]`: bare names are the event's fields.
    pub(crate) bracket: bool,
    /// The key of the ledger line group.
    pub(crate) lines: Vec<LineField>,
    /// A reckoning of the kind.
    pub(crate) measure: Option<Measure>,
}

impl Seat {
    /// Inside `[ ]`.
    pub(crate) fn bracket() -> Seat {
        Seat { event: Some(EventRole::Event), bracket: true, ..Seat::default() }
    }

    /// On an event, with the history before it.
    pub(crate) fn event() -> Seat {
        Seat { event: Some(EventRole::Event), case: true, history: true, ..Seat::default() }
    }

    /// On a state of the case.
    pub(crate) fn state() -> Seat {
        Seat { case: true, history: true, ..Seat::default() }
    }

    /// At the start of a deadline: `event` is the start as well.
    pub(crate) fn start() -> Seat {
        Seat { event: Some(EventRole::Start), start: true, case: true, history: true, ..Seat::default() }
    }
}

/// How the spans of an expression are counted, as far as the files tell.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Units {
    WorkingDays,
    Days,
    Months,
    /// Hours and minutes.
    Exact,
    /// Decided by the catalogue or by a fact.
    Open,
}

impl Units {
    pub(crate) const fn of(unit: Unit) -> Units {
        match unit {
            Unit::WorkingDays => Units::WorkingDays,
            Unit::Days => Units::Days,
            Unit::Months => Units::Months,
            Unit::Hours | Unit::Minutes | Unit::Seconds => Units::Exact,
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Units::WorkingDays => ("工作日", "working days"),
            Units::Days => ("自然日", "calendar days"),
            Units::Months => ("月", "months"),
            Units::Exact => ("小时", "hours"),
            Units::Open => ("时限", "a limit"),
        }
    }

    const fn fits(self, other: Units) -> bool {
        matches!((self, other), (Units::Open, _) | (_, Units::Open)) || self as u8 == other as u8
    }
}

/// A checked expression.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) node: Node,
    /// Of a span: its unit.
    pub(crate) units: Units,
    /// Of a text: the only values it takes.
    values: Option<Vec<String>>,
    /// A declared attribute, which a source may not send.
    optional: bool,
}

impl Typed {
    fn new(expr: Expr, ty: Type) -> Typed {
        Typed {
            node: Node { expr, ty, text: CompactString::default() },
            units: Units::Open,
            values: None,
            optional: false,
        }
    }

    fn units(self, units: Units) -> Typed {
        Typed { units, ..self }
    }

    fn ty(&self) -> &Type {
        &self.node.ty
    }
}

/// A text under check and where it stands.
#[derive(Copy, Clone)]
pub(crate) struct Written<'t> {
    pub(crate) text: &'t str,
    pub(crate) origin: &'t Origin,
}

impl Written<'_> {
    fn slice(&self, range: Range<usize>) -> CompactString {
        CompactString::from(self.text.get(range).unwrap_or(self.text).trim())
    }
}

/// A literal that a rule or its profile gives a name.
#[derive(Clone, Debug)]
pub(crate) struct Param {
    pub(crate) value: Value,
    pub(crate) ty: Type,
}

/// The parameters of a rule.
pub(crate) type Params = BTreeMap<String, Param>;

/// Checks the expressions of one rule.
pub(crate) struct Checker<'a, 's, 'f> {
    pub(crate) vocabulary: &'a Vocabulary,
    /// The declared lists, with the profile's in place.
    pub(crate) lists: &'a BTreeMap<String, ListValue>,
    pub(crate) params: &'a Params,
    /// The clocks that may be named.
    pub(crate) clocks: &'a [ClockName],
    pub(crate) faults: &'f mut Faults<'s>,
    /// Names being expanded, against circles.
    open: Vec<String>,
    /// The set under check may name facts that are not in force.
    sees_aside: bool,
    /// The rule judges a group of cases: `event.case` and `cases` are known, and a state is no case's.
    pub(crate) group: bool,
    nodes: u32,
    depth: u32,
}

impl<'a, 's, 'f> Checker<'a, 's, 'f> {
    /// A checker over these definitions.
    pub(crate) fn new(
        vocabulary: &'a Vocabulary,
        lists: &'a BTreeMap<String, ListValue>,
        params: &'a Params,
        clocks: &'a [ClockName],
        faults: &'f mut Faults<'s>,
    ) -> Self {
        let (open, sees_aside, group) = (Vec::new(), false, false);
        Checker { vocabulary, lists, params, clocks, faults, open, sees_aside, group, nodes: 0, depth: 0 }
    }

    /// The value of a key as a condition.
    pub(crate) fn condition(&mut self, key: &str, tree: &Tree, seat: &Seat) -> Option<Node> {
        let text = self.faults.text(key, tree)?.to_owned();
        let origin = self.faults.sources().origin(tree.at, &text);
        let ast = parse_expression(&text, &origin, self.faults)?;
        let written = Written { text: &text, origin: &origin };
        let typed = self.start(&ast, written, seat)?;
        if *typed.ty() != Type::Flag {
            let say = texts::wrong_type(
                format!("条件须为真假，这里是{}", type_zh(typed.ty())),
                format!("a condition is true or false, this is {}", article(typed.ty())),
            );
            self.faults.add(origin.at(ast.range), say);
            return None;
        }
        for (place, value) in constants(&ast, &text) {
            self.faults.add(origin.at(place), texts::constant(value));
        }
        Some(typed.node)
    }

    /// The value of a key as an expression of any type.
    pub(crate) fn expression(&mut self, key: &str, tree: &Tree, seat: &Seat) -> Option<Typed> {
        let text = self.faults.text(key, tree)?.to_owned();
        let origin = self.faults.sources().origin(tree.at, &text);
        self.written(Written { text: &text, origin: &origin }, seat)
    }

    /// A text as an expression of any type.
    pub(crate) fn written(&mut self, written: Written<'_>, seat: &Seat) -> Option<Typed> {
        let ast = parse_expression(written.text, written.origin, self.faults)?;
        self.start(&ast, written, seat)
    }

    /// The value of a key as a limit: a span, or with `moments` also a date or an instant.
    pub(crate) fn limit(&mut self, key: &str, tree: &Tree, seat: &Seat, moments: bool) -> Option<Typed> {
        if let Raw::Integer(number) = &tree.value {
            self.faults.add(tree.at, texts::no_unit(limit_words(key), &number.to_string()));
            return None;
        }
        let typed = self.expression(key, tree, seat)?;
        match typed.ty() {
            Type::Span if matches!(typed.node.expr, Expr::Negate(_)) => {
                self.faults.add(tree.at, texts::negative_limit(key));
                None
            }
            Type::Span => Some(typed),
            Type::Date | Type::Instant if moments => Some(typed),
            Type::Number => {
                self.faults.add(tree.at, texts::no_unit(limit_words(key), &typed.node.text));
                None
            }
            other => {
                let say = texts::wrong_type(
                    format!("{key} 须为时限（如 \"5wd\"），这里是{}", type_zh(other)),
                    format!("{key} takes a limit such as \"5wd\", this is {}", article(other)),
                );
                self.faults.add(tree.at, say);
                None
            }
        }
    }

    /// The value of a key as an event set.
    pub(crate) fn event_set(&mut self, key: &str, tree: &Tree) -> Option<EventSet> {
        let text = self.faults.text(key, tree)?.to_owned();
        let origin = self.faults.sources().origin(tree.at, &text);
        let ast = parse_set(&text, &origin, self.faults)?;
        self.nodes = 0;
        self.set(&ast, Written { text: &text, origin: &origin })
    }

    /// The value of a key as an event set that may also name facts that are not in force.
    pub(crate) fn event_set_with_aside(&mut self, key: &str, tree: &Tree) -> Option<EventSet> {
        self.sees_aside = true;
        let set = self.event_set(key, tree);
        self.sees_aside = false;
        set
    }

    /// A named event set where it is defined.
    pub(crate) fn defined_set(&mut self, ast: &SetAst, written: Written<'_>) {
        self.nodes = 0;
        self.set(ast, written);
    }

    /// The value of a key as a list of event fields.
    pub(crate) fn field_list(&mut self, key: &str, tree: &Tree) -> Vec<EventField> {
        let listed = self.faults.list(key, tree).unwrap_or(&[]);
        listed.iter().filter_map(|member| self.field(key, member)).collect()
    }

    /// The value of a key as a list of fields in which two events agree: `stage`, `case.item`.
    pub(crate) fn same_fields(&mut self, key: &str, tree: &Tree) -> Vec<SameField> {
        let listed = self.faults.list(key, tree).unwrap_or(&[]);
        listed.iter().filter_map(|member| self.same_field(key, member)).collect()
    }

    fn same_field(&mut self, key: &str, tree: &Tree) -> Option<SameField> {
        let of_case = matches!(&tree.value, Raw::Text(text) if text.trim_start().starts_with("case."));
        if !of_case {
            return self.field(key, tree).map(SameField::Event);
        }
        let typed = self.expression(key, tree, &Seat { case: true, ..Seat::default() })?;
        match typed.node.expr {
            Expr::Name(Name::Case(field)) => Some(SameField::Case(field)),
            _ => {
                let say = texts::syntax(
                    format!("{key} 只列字段，如 \"stage\"、\"case.item\""),
                    format!("`{key}` lists fields only, such as \"stage\" or \"case.item\""),
                );
                self.faults.add(tree.at, say);
                None
            }
        }
    }

    /// The value of a key as an event field.
    pub(crate) fn field(&mut self, key: &str, tree: &Tree) -> Option<EventField> {
        let text = self.faults.text(key, tree)?.to_owned();
        let origin = self.faults.sources().origin(tree.at, &text);
        let ast = parse_expression(&text, &origin, self.faults)?;
        let written = Written { text: &text, origin: &origin };
        self.bare_field(&ast, written).map(|(field, _)| field)
    }

    fn start(&mut self, ast: &Ast, written: Written<'_>, seat: &Seat) -> Option<Typed> {
        self.nodes = 0;
        self.check(ast, written, seat)
    }

    pub(super) fn fault(&mut self, range: Range<usize>, written: Written<'_>, say: Say) {
        self.faults.add(written.origin.at(range), say);
    }

    /// Counts a node; true when there are too many of them, or they lie too deep, which is told once.
    fn spent(&mut self, range: Range<usize>, written: Written<'_>) -> bool {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes <= NODES_MAX && self.depth < DEPTH_MAX {
            return false;
        }
        if self.nodes != u32::MAX {
            self.nodes = u32::MAX;
            let say = texts::too_big(
                "展开后过长或过深，请减少名称的层层引用",
                "too long or too deep once all names are in place",
            );
            self.fault(range, written, say);
        }
        true
    }

    /// Checks one node and gives it the text it was written as.
    fn check(&mut self, ast: &Ast, written: Written<'_>, seat: &Seat) -> Option<Typed> {
        if self.spent(ast.range.clone(), written) {
            return None;
        }
        self.depth += 1;
        let typed = self.check_kind(ast, written, seat);
        self.depth -= 1;
        let mut typed = typed?;
        typed.node.text = written.slice(ast.range.clone());
        Some(typed)
    }

    fn check_kind(&mut self, ast: &Ast, written: Written<'_>, seat: &Seat) -> Option<Typed> {
        let literal = |value, ty| Some(Typed::new(Expr::Literal(value), ty));
        match &ast.kind {
            AstKind::Number(number) => literal(Value::Number(*number), Type::Number),
            AstKind::Money(money) => literal(Value::Money(*money), Type::Money),
            AstKind::Date(date) => literal(Value::Date(*date), Type::Date),
            AstKind::Flag(flag) => literal(Value::Flag(*flag), Type::Flag),
            AstKind::Text(text) => literal(Value::Text(text.as_str().into()), Type::Text),
            AstKind::Span(span) => {
                literal(Value::Span(*span), Type::Span).map(|typed| typed.units(Units::of(span.unit)))
            }
            AstKind::Path(words) => self.path(words, ast, written, seat),
            AstKind::Call(name, arguments) => self.call(name, arguments, ast, written, seat),
            AstKind::History(name, set, field) => self.history(name, set, field.as_deref(), written, seat),
            AstKind::Member(inner, words) => self.member(inner, words, written, seat),
            AstKind::Unary(sign, inner) => self.unary(sign, inner, ast, written, seat),
            AstKind::Binary(sign, left, right) => self.binary(sign, left, right, ast, written, seat),
            AstKind::Choose(condition, then, other) => self.choose(condition, then, other, written, seat),
            AstKind::List(members) => self.list_literal(members, ast, written, seat),
        }
    }
}

fn limit_words(key: &str) -> (&str, &str) {
    match key {
        "limit" => ("时限", "the limit"),
        other => (other, other),
    }
}

/// What a type is called in Chinese.
pub(crate) fn type_zh(ty: &Type) -> &'static str {
    match ty {
        Type::Flag => "真假",
        Type::Number => "数字",
        Type::Money => "金额",
        Type::Text => "文字",
        Type::Date => "日期",
        Type::Instant => "时刻",
        Type::Span => "时限",
        Type::Event => "事件",
        Type::List(_) => "列表",
    }
}

/// What a type is called in English, with its article.
pub(crate) fn article(ty: &Type) -> String {
    match ty {
        Type::Instant | Type::Event => format!("an {ty}"),
        Type::Money | Type::Text => ty.to_string(),
        other => format!("a {other}"),
    }
}

/// The comparison that a sign writes.
fn comparison(sign: &str) -> Option<Comparison> {
    Some(match sign {
        "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        ">" => Comparison::Greater,
        ">=" => Comparison::AtLeast,
        _ => return None,
    })
}

/// The arithmetic that a sign writes.
fn arithmetic(sign: &str) -> Option<Arithmetic> {
    Some(match sign {
        "+" => Arithmetic::Add,
        "-" => Arithmetic::Subtract,
        "*" => Arithmetic::Multiply,
        "/" => Arithmetic::Divide,
        _ => return None,
    })
}
