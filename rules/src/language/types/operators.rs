//! Operators: which types go together, and what comes out.

use super::{Checker, Seat, Typed, Units, Written, arithmetic, article, comparison, type_zh};
use crate::expression::{Arithmetic, Comparison, Expr, Name};
use crate::language::condition::Ast;
use crate::language::faults::Say;
use crate::language::listed::Naming;
use crate::language::texts;
use crate::value::{Type, Value};

impl Checker<'_, '_, '_> {
    pub(super) fn unary(
        &mut self,
        sign: &str,
        inner: &Ast,
        ast: &Ast,
        written: Written<'_>,
        seat: &Seat,
    ) -> Option<Typed> {
        let typed = self.check(inner, written, seat)?;
        if sign == "!" {
            self.flag(&typed, inner, written)?;
            return Some(Typed::new(Expr::Not(Box::new(typed.node)), Type::Flag));
        }
        match typed.ty() {
            Type::Number | Type::Money | Type::Span => {
                let (ty, units) = (typed.ty().clone(), typed.units);
                Some(Typed::new(Expr::Negate(Box::new(typed.node)), ty).units(units))
            }
            other => {
                let say = texts::wrong_type(
                    format!("{}不能取负", type_zh(other)),
                    format!("{} has no negative", article(other)),
                );
                self.fault(ast.range.clone(), written, say);
                None
            }
        }
    }

    /// Checks that an operand is a flag.
    fn flag(&mut self, typed: &Typed, ast: &Ast, written: Written<'_>) -> Option<()> {
        if *typed.ty() == Type::Flag {
            return Some(());
        }
        let say = texts::wrong_type(
            format!("此处须为真假，这里是{}", type_zh(typed.ty())),
            format!("true or false is expected, this is {}", article(typed.ty())),
        );
        self.fault(ast.range.clone(), written, say);
        None
    }

    pub(super) fn binary(
        &mut self,
        sign: &str,
        left: &Ast,
        right: &Ast,
        ast: &Ast,
        written: Written<'_>,
        seat: &Seat,
    ) -> Option<Typed> {
        // Both sides are checked, so that both sides' faults are told.
        let (a, b) = (self.check(left, written, seat), self.check(right, written, seat));
        let (a, b) = (a?, b?);
        match sign {
            "&&" | "||" => {
                let (left_ok, right_ok) = (self.flag(&a, left, written), self.flag(&b, right, written));
                left_ok?;
                right_ok?;
                let (a, b) = (Box::new(a.node), Box::new(b.node));
                let expr = if sign == "&&" { Expr::And(a, b) } else { Expr::Or(a, b) };
                Some(Typed::new(expr, Type::Flag))
            }
            "in" => self.within(a, b, left, right, ast, written),
            "??" => self.coalesce(a, b, ast, written),
            _ => match (comparison(sign), arithmetic(sign)) {
                (Some(operator), _) => self.compare(operator, a, b, (left, right), ast, written),
                (_, Some(operator)) => self.calculate(operator, a, b, (left, right), ast, written),
                (None, None) => None,
            },
        }
    }

    fn compare(
        &mut self,
        operator: Comparison,
        a: Typed,
        b: Typed,
        (left, right): (&Ast, &Ast),
        ast: &Ast,
        written: Written<'_>,
    ) -> Option<Typed> {
        self.warn_missing(&a, left, written);
        self.warn_missing(&b, right, written);
        let say = match (a.ty(), b.ty()) {
            (Type::Event, Type::Event) => Some(texts::wrong_type(
                "事件不能比较，请比较其字段，如 .id 或 .at",
                "events cannot be compared; compare a field such as .id or .at",
            )),
            (x, y) if x != y => Some(mixed(&a, &b)),
            (Type::Span, _) if !a.units.fits(b.units) => Some(texts::units_differ(a.units.words(), b.units.words())),
            (Type::Flag | Type::Text | Type::List(_), _)
                if !matches!(operator, Comparison::Equal | Comparison::NotEqual) =>
            {
                Some(texts::wrong_type(
                    format!("{}没有大小，只能用 == 或 !=", type_zh(a.ty())),
                    format!("{} has no order, use == or !=", article(a.ty())),
                ))
            }
            _ => None,
        };
        if let Some(say) = say {
            self.fault(ast.range.clone(), written, say);
            return None;
        }
        self.known_value(&a, &b, left, right, written);
        self.known_value(&b, &a, right, left, written);
        Some(Typed::new(Expr::Compare(operator, Box::new(a.node), Box::new(b.node)), Type::Flag))
    }

    /// A literal that a field never takes.
    fn known_value(
        &mut self,
        field: &Typed,
        literal: &Typed,
        field_ast: &Ast,
        literal_ast: &Ast,
        written: Written<'_>,
    ) {
        let naming = Naming::of(&field.node);
        let Expr::Literal(value) = &literal.node.expr else { return };
        let members = match value {
            Value::List(members) => members.as_slice(),
            single => std::slice::from_ref(single),
        };
        for member in members {
            let Value::Text(text) = member else { continue };
            if let Some(say) = naming.and_then(|naming| self.vocabulary.listed.compared(naming, text)) {
                self.fault(literal_ast.range.clone(), written, say);
            }
            let Some(values) = &field.values else { continue };
            // The empty text stands for a missing value in `(x ?? '')`.
            if !text.is_empty() && !values.iter().any(|known| known == text) {
                let known: Vec<&str> = values.iter().map(String::as_str).collect();
                let name = written.slice(field_ast.range.clone());
                self.fault(literal_ast.range.clone(), written, texts::never_that_value(&name, text, &known));
            }
        }
    }

    fn within(
        &mut self,
        a: Typed,
        b: Typed,
        left: &Ast,
        right: &Ast,
        ast: &Ast,
        written: Written<'_>,
    ) -> Option<Typed> {
        self.warn_missing(&a, left, written);
        match b.ty() {
            Type::List(of) if **of == *a.ty() => {
                self.known_value(&a, &b, left, right, written);
                Some(Typed::new(Expr::In(Box::new(a.node), Box::new(b.node)), Type::Flag))
            }
            other => {
                let say = texts::wrong_type(
                    format!("in 的右边须为{}的列表，这里是{}", type_zh(a.ty()), type_zh(other)),
                    format!("`in` needs a list of {} on its right, this is {}", a.ty(), article(other)),
                );
                self.fault(ast.range.clone(), written, say);
                None
            }
        }
    }

    fn coalesce(&mut self, a: Typed, b: Typed, ast: &Ast, written: Written<'_>) -> Option<Typed> {
        if a.ty() != b.ty() {
            self.fault(ast.range.clone(), written, mixed(&a, &b));
            return None;
        }
        let units = joined(a.units, b.units);
        let values = a.values.clone();
        let optional = b.optional;
        let ty = a.ty().clone();
        let expr = Expr::Coalesce(Box::new(a.node), Box::new(b.node));
        Some(Typed { values, optional, ..Typed::new(expr, ty).units(units) })
    }

    pub(super) fn choose(
        &mut self,
        condition: &Ast,
        then: &Ast,
        other: &Ast,
        written: Written<'_>,
        seat: &Seat,
    ) -> Option<Typed> {
        let parts = [condition, then, other].map(|part| self.check(part, written, seat));
        let [flag, a, b] = parts;
        let (flag, a, b) = (flag?, a?, b?);
        self.warn_missing_flag(&flag, condition, written);
        self.flag(&flag, condition, written)?;
        if a.ty() != b.ty() {
            self.fault(then.range.start..other.range.end, written, mixed(&a, &b));
            return None;
        }
        let (units, ty) = (joined(a.units, b.units), a.ty().clone());
        let expr = Expr::Choose(Box::new(flag.node), Box::new(a.node), Box::new(b.node));
        Some(Typed::new(expr, ty).units(units))
    }

    pub(super) fn list_literal(
        &mut self,
        members: &[Ast],
        ast: &Ast,
        written: Written<'_>,
        seat: &Seat,
    ) -> Option<Typed> {
        let checked: Vec<Option<Typed>> = members.iter().map(|member| self.check(member, written, seat)).collect();
        let checked: Vec<Typed> = checked.into_iter().collect::<Option<_>>()?;
        let Some(first) = checked.first() else {
            self.fault(ast.range.clone(), written, texts::wrong_type("列表为空", "the list is empty"));
            return None;
        };
        let of = first.ty().clone();
        let odd = checked
            .iter()
            .zip(members)
            .find(|(typed, _)| *typed.ty() != of || matches!(of, Type::Event | Type::List(_)));
        if let Some((typed, member)) = odd {
            let say = texts::wrong_type(
                format!("列表成员须同为一类，这里是{}与{}", type_zh(&of), type_zh(typed.ty())),
                format!("members of a list are of one type, here {} and {}", article(&of), article(typed.ty())),
            );
            self.fault(member.range.clone(), written, say);
            return None;
        }
        let literals: Option<Vec<Value>> = checked
            .iter()
            .map(|typed| match &typed.node.expr {
                Expr::Literal(value) => Some(value.clone()),
                _ => None,
            })
            .collect();
        let ty = Type::List(Box::new(of));
        let expr = match literals {
            Some(values) => Expr::Literal(Value::List(values)),
            None => Expr::List(checked.into_iter().map(|typed| typed.node).collect()),
        };
        Some(Typed::new(expr, ty))
    }

    fn calculate(
        &mut self,
        operator: Arithmetic,
        a: Typed,
        b: Typed,
        (left, right): (&Ast, &Ast),
        ast: &Ast,
        written: Written<'_>,
    ) -> Option<Typed> {
        self.warn_missing(&a, left, written);
        self.warn_missing(&b, right, written);
        let made = |ty: Type, units: Units| Some((ty, units));
        let out = match (operator, a.ty(), b.ty()) {
            (Arithmetic::Add | Arithmetic::Subtract, Type::Number, Type::Number) => made(Type::Number, Units::Open),
            (Arithmetic::Add | Arithmetic::Subtract, Type::Money, Type::Money) => made(Type::Money, Units::Open),
            (Arithmetic::Add | Arithmetic::Subtract, Type::Span, Type::Span) => {
                if !a.units.fits(b.units) {
                    self.fault(ast.range.clone(), written, texts::units_differ(a.units.words(), b.units.words()));
                    return None;
                }
                made(Type::Span, joined(a.units, b.units))
            }
            (Arithmetic::Add | Arithmetic::Subtract, Type::Instant, Type::Span) => made(Type::Instant, Units::Open),
            (Arithmetic::Add | Arithmetic::Subtract, Type::Date, Type::Span) => made(Type::Date, Units::Open),
            (Arithmetic::Subtract, Type::Instant, Type::Instant) => made(Type::Span, Units::Exact),
            (Arithmetic::Add, Type::List(x), Type::List(y)) if x == y => made(a.ty().clone(), Units::Open),
            (Arithmetic::Multiply, Type::Number, Type::Number) => made(Type::Number, Units::Open),
            (Arithmetic::Multiply, Type::Money, Type::Number) | (Arithmetic::Multiply, Type::Number, Type::Money) => {
                made(Type::Money, Units::Open)
            }
            (Arithmetic::Multiply, Type::Span, Type::Number) => made(Type::Span, a.units),
            (Arithmetic::Divide, Type::Number, Type::Number) | (Arithmetic::Divide, Type::Money, Type::Money) => {
                made(Type::Number, Units::Open)
            }
            (Arithmetic::Divide, Type::Money, Type::Number) => made(Type::Money, Units::Open),
            _ => None,
        };
        let Some((ty, units)) = out else {
            self.fault(ast.range.clone(), written, no_arithmetic(operator, &a, &b));
            return None;
        };
        let expr = Expr::Arithmetic(operator, Box::new(a.node), Box::new(b.node));
        Some(Typed::new(expr, ty).units(units))
    }

    /// A declared attribute that is used as if it were always there.
    pub(super) fn warn_missing(&mut self, typed: &Typed, ast: &Ast, written: Written<'_>) {
        if !typed.optional {
            return;
        }
        let default = match typed.ty() {
            Type::Text => "''",
            Type::Number => "0",
            Type::Money => "0元",
            Type::Flag => "false",
            Type::Span => "0d",
            _ => return,
        };
        let name = written.slice(ast.range.clone());
        self.fault(ast.range.clone(), written, texts::may_be_missing(&name, default));
    }

    fn warn_missing_flag(&mut self, typed: &Typed, ast: &Ast, written: Written<'_>) {
        if *typed.ty() == Type::Flag {
            self.warn_missing(typed, ast, written);
        }
    }
}

/// The unit of a span that may be either.
fn joined(a: Units, b: Units) -> Units {
    if a == b { a } else { Units::Open }
}

/// Two types that do not go together.
fn mixed(a: &Typed, b: &Typed) -> Say {
    match (a.ty(), b.ty()) {
        (Type::Money, Type::Number) => texts::money_and_number(&number_text(b)),
        (Type::Number, Type::Money) => texts::money_and_number(&number_text(a)),
        (Type::Date, Type::Instant) => texts::date_and_instant(&a.node.text, &b.node.text),
        (Type::Instant, Type::Date) => texts::date_and_instant(&b.node.text, &a.node.text),
        (Type::Span, Type::Number) => {
            texts::no_unit(("与时限比较的数", "the number compared with a limit"), &number_text(b))
        }
        (Type::Number, Type::Span) => {
            texts::no_unit(("与时限比较的数", "the number compared with a limit"), &number_text(a))
        }
        (x, y) => texts::wrong_type(
            format!("{}不能与{}比较", type_zh(x), type_zh(y)),
            format!("{} cannot be compared with {}", article(x), article(y)),
        ),
    }
}

fn number_text(typed: &Typed) -> String {
    match &typed.node.expr {
        Expr::Literal(Value::Number(number)) => number.normalize().to_string(),
        Expr::Name(Name::Ledger(..)) | Expr::Name(_) => typed.node.text.to_string(),
        _ => "0".to_owned(),
    }
}

fn no_arithmetic(operator: Arithmetic, a: &Typed, b: &Typed) -> Say {
    let sign = match operator {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
    };
    let (x, y) = (a.ty(), b.ty());
    let say = texts::wrong_type(
        format!("{} {sign} {} 没有意义", type_zh(x), type_zh(y)),
        format!("{} {sign} {} has no meaning", x, y),
    );
    match (x, y) {
        (Type::Date, Type::Date) => {
            say.help("两个日期之间的天数写 days(a, b)", "the days between two dates are days(a, b)")
        }
        (Type::Money, Type::Number) | (Type::Number, Type::Money) => {
            say.help("金额写作 100元", "write an amount as 100元")
        }
        _ => say,
    }
}
