//! Functions: over event sets, over values, and lookups.

use super::fields::{self, LEDGER, TARIFF};
use super::{Checker, Seat, Typed, Units, Written, article, type_zh};
use crate::expression::{Expr, Function, HistoryFunction, Name};
use crate::language::condition::{Ast, AstKind, HISTORY_FUNCTIONS, SetAst, Word};
use crate::language::texts;
use crate::value::Type;

const FUNCTIONS: &[(&str, Function)] = &[
    ("size", Function::Size),
    ("minus", Function::Minus),
    ("overlap", Function::Overlap),
    ("total", Function::Total),
    ("known", Function::Known),
    ("empty", Function::Empty),
    ("date", Function::DateOf),
    ("days", Function::Days),
    ("workdays", Function::Workdays),
    ("due", Function::Due),
    ("starts", Function::Starts),
    ("ends", Function::Ends),
    ("has", Function::Has),
    ("min", Function::Min),
    ("max", Function::Max),
    ("abs", Function::Abs),
];

const LOOKUPS: &[&str] = &["ledger_of", "tariff_of", "stage_of"];
const LOOKING_AHEAD: &[&str] = &["next", "after", "following", "later", "future", "eventually", "followed", "until"];
const NOW: &[&str] = &["now", "today", "sysdate", "current_date", "current_time", "getdate"];

impl Checker<'_, '_, '_> {
    /// `seen(S)`, `sum(S, f)`
    pub(super) fn history(
        &mut self,
        name: &Word,
        set: &SetAst,
        field: Option<&Ast>,
        written: Written<'_>,
        seat: &Seat,
    ) -> Option<Typed> {
        if seat.bracket {
            self.fault(name.range.clone(), written, texts::own_fields_only());
            return None;
        }
        if !seat.history {
            let say = texts::refused(
                "此处不能看办件的历史，只能用 case 和 item",
                "the case's history is not known here, only case and item",
            );
            self.fault(name.range.clone(), written, say);
            return None;
        }
        if name.text == "cases" && !self.group {
            let say = texts::refused("cases 只用于有 group 的规则", "`cases` is known in rules with `group` only");
            self.fault(name.range.clone(), written, say);
            return None;
        }
        let set = self.set(set, written);
        let field_at = field.map(|field| field.range.clone());
        let field = field.map(|field| self.bare_field(field, written));
        let set = set?;
        let (function, takes_field) = match name.text.as_str() {
            "seen" => (HistoryFunction::Seen, false),
            "count" => (HistoryFunction::Count, false),
            "cases" => (HistoryFunction::Cases, false),
            "first" => (HistoryFunction::First, false),
            "last" => (HistoryFunction::Last, false),
            "sum" => (HistoryFunction::Sum, true),
            "least" => (HistoryFunction::Least, true),
            "most" => (HistoryFunction::Most, true),
            "values" => (HistoryFunction::Values, true),
            _ => (HistoryFunction::Distinct, true),
        };
        let field = match (takes_field, field) {
            (true, Some(field)) => Some(field?),
            (false, None) => None,
            (true, None) => {
                let say = texts::syntax(
                    format!("{} 还须一个字段，如 {}(S, fee.amount)", name.text, name.text),
                    format!("{} needs a field, such as {}(S, fee.amount)", name.text, name.text),
                );
                self.fault(name.range.clone(), written, say);
                return None;
            }
            (false, Some(_)) => {
                let say =
                    texts::syntax(format!("{} 只有一个参数", name.text), format!("{} takes one argument", name.text));
                self.fault(field_at.unwrap_or_else(|| name.range.clone()), written, say);
                return None;
            }
        };
        let ty = match (function, field.as_ref().map(|(_, ty)| ty)) {
            (HistoryFunction::Seen, _) => Type::Flag,
            (HistoryFunction::Count | HistoryFunction::Cases | HistoryFunction::Distinct, _) => Type::Number,
            (HistoryFunction::First | HistoryFunction::Last, _) => Type::Event,
            (HistoryFunction::Sum, Some(ty @ (Type::Number | Type::Money))) => ty.clone(),
            (
                HistoryFunction::Least | HistoryFunction::Most,
                Some(ty @ (Type::Number | Type::Money | Type::Date | Type::Instant)),
            ) => ty.clone(),
            (HistoryFunction::Values, Some(Type::List(of))) => Type::List(of.clone()),
            (HistoryFunction::Values, Some(ty)) => Type::List(Box::new(ty.clone())),
            (_, ty) => {
                let ty = ty.cloned().unwrap_or(Type::Text);
                let say = texts::wrong_type(
                    format!("{} 不能用于{}", name.text, type_zh(&ty)),
                    format!("{} has no meaning for {}", name.text, article(&ty)),
                );
                self.fault(field_at.unwrap_or_else(|| name.range.clone()), written, say);
                return None;
            }
        };
        Some(Typed::new(Expr::History(function, set, field.map(|(field, _)| field)), ty))
    }

    /// `f(a, b)`
    pub(super) fn call(
        &mut self,
        name: &Word,
        arguments: &[Ast],
        ast: &Ast,
        written: Written<'_>,
        seat: &Seat,
    ) -> Option<Typed> {
        let text = name.text.as_str();
        let refusal = if LOOKING_AHEAD.contains(&text) {
            Some(texts::no_look_ahead())
        } else if NOW.contains(&text) {
            Some(texts::no_now())
        } else if LOOKUPS.contains(&text) {
            Some(texts::syntax(format!("{text}(…) 后须写字段"), format!("{text}(...) needs a field behind it")))
        } else {
            None
        };
        if let Some(say) = refusal {
            self.fault(name.range.clone(), written, say);
            return None;
        }
        let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == text) else {
            let known: Vec<&str> = FUNCTIONS
                .iter()
                .map(|(name, _)| *name)
                .chain(HISTORY_FUNCTIONS.iter().copied())
                .chain(LOOKUPS.iter().copied())
                .collect();
            self.fault(name.range.clone(), written, texts::unknown_name(("函数", "function"), text, &known));
            return None;
        };
        let checked: Vec<Option<Typed>> =
            arguments.iter().map(|argument| self.check(argument, written, seat)).collect();
        let checked: Vec<Typed> = checked.into_iter().collect::<Option<_>>()?;
        if !matches!(function, Function::Known | Function::Empty) {
            for (typed, argument) in checked.iter().zip(arguments) {
                self.warn_missing(typed, argument, written);
            }
        }
        let types: Vec<&Type> = checked.iter().map(Typed::ty).collect();
        let Some((ty, units)) = result(*function, &types, &checked) else {
            let (zh, en) = usage(*function);
            let say = texts::wrong_type(format!("{text} 的参数不对"), format!("{text} does not take these arguments"));
            self.fault(ast.range.clone(), written, say.help(format!("用法：{zh}"), format!("usage: {en}")));
            return None;
        };
        let nodes = checked.into_iter().map(|typed| typed.node).collect();
        Some(Typed::new(Expr::Call(*function, nodes), ty).units(units))
    }

    /// `first(S).at`, `stage_of(code).limit`
    pub(super) fn member(&mut self, inner: &Ast, words: &[Word], written: Written<'_>, seat: &Seat) -> Option<Typed> {
        if let AstKind::Call(name, arguments) = &inner.kind
            && LOOKUPS.contains(&name.text.as_str())
        {
            return self.lookup(name, arguments, words, inner, written, seat);
        }
        let typed = self.check(inner, written, seat)?;
        if *typed.ty() != Type::Event {
            let say = texts::wrong_type(
                format!("{}没有字段", type_zh(typed.ty())),
                format!("{} has no fields", article(typed.ty())),
            );
            self.fault(words[0].range.clone(), written, say);
            return None;
        }
        let (field, ty) = self.event_field(words, "attrs.", written)?;
        Some(Typed::new(Expr::FieldOf(Box::new(typed.node), field), ty))
    }

    fn lookup(
        &mut self,
        name: &Word,
        arguments: &[Ast],
        words: &[Word],
        inner: &Ast,
        written: Written<'_>,
        seat: &Seat,
    ) -> Option<Typed> {
        if seat.bracket {
            self.fault(name.range.clone(), written, texts::own_fields_only());
            return None;
        }
        let text = name.text.as_str();
        let known = if text == "ledger_of" { seat.history } else { seat.case };
        if !known {
            let say = texts::refused(format!("{text} 在此处没有意义"), format!("{text} has no meaning here"));
            self.fault(name.range.clone(), written, say);
            return None;
        }
        let [argument] = arguments else {
            let say = texts::syntax(format!("{text} 有一个参数：代码"), format!("{text} takes one argument, a code"));
            self.fault(inner.range.clone(), written, say);
            return None;
        };
        let code = self.check(argument, written, seat)?;
        if *code.ty() != Type::Text {
            let say = texts::wrong_type(
                format!("代码须为文字，这里是{}", type_zh(code.ty())),
                format!("a code is text, this is {}", article(code.ty())),
            );
            self.fault(argument.range.clone(), written, say);
            return None;
        }
        let code = Some(code.node);
        match text {
            "ledger_of" => {
                let (field, _) = self.one_field(name, words, LEDGER, ("账目", "a ledger has"), written)?;
                Some(Typed::new(Expr::Name(Name::Ledger(Box::new(code), field)), fields::ledger_type(field)))
            }
            "tariff_of" => {
                let (field, _) = self.one_field(name, words, TARIFF, ("收费标准", "a tariff has"), written)?;
                Some(Typed::new(Expr::Name(Name::Tariff(Box::new(code), field)), fields::tariff_type(field)))
            }
            _ => self.stage_name(code, name, words, written, seat),
        }
    }
}

/// The type that a function gives for these arguments; `None` when it does not take them.
fn result(function: Function, types: &[&Type], checked: &[Typed]) -> Option<(Type, Units)> {
    let moment = |ty: &Type| matches!(ty, Type::Date | Type::Instant);
    let plain = |ty: Type| Some((ty, Units::Open));
    match (function, types) {
        (Function::Size, [Type::List(_)]) => plain(Type::Number),
        (Function::Minus | Function::Overlap, [a @ Type::List(_), b]) if a == b => plain((*a).clone()),
        (Function::Total, [Type::List(of)]) if matches!(**of, Type::Number | Type::Money) => plain((**of).clone()),
        (Function::Known, [_]) => plain(Type::Flag),
        (Function::Empty, [ty]) if !matches!(ty, Type::Event) => plain(Type::Flag),
        (Function::DateOf, [Type::Instant]) => plain(Type::Date),
        (Function::Days | Function::Workdays, [a, b]) if moment(a) && moment(b) => plain(Type::Number),
        (Function::Due, [Type::Instant, Type::Span]) => plain(Type::Instant),
        (Function::Starts | Function::Ends | Function::Has, [Type::Text, Type::Text]) => plain(Type::Flag),
        (Function::Min | Function::Max, [first, rest @ ..]) if !rest.is_empty() => {
            let ordered = matches!(first, Type::Number | Type::Money | Type::Date | Type::Instant | Type::Span);
            let units = checked[1..]
                .iter()
                .fold(checked[0].units, |units, typed| if units == typed.units { units } else { Units::Open });
            (ordered && rest.iter().all(|ty| ty == first)).then(|| ((*first).clone(), units))
        }
        (Function::Abs, [ty @ (Type::Number | Type::Money | Type::Span)]) => Some(((*ty).clone(), checked[0].units)),
        _ => None,
    }
}

fn usage(function: Function) -> (&'static str, &'static str) {
    match function {
        Function::Size => ("size(列表)", "size(list)"),
        Function::Minus => ("minus(列表, 列表)", "minus(list, list)"),
        Function::Overlap => ("overlap(列表, 列表)，共有的成员", "overlap(list, list), the members of both"),
        Function::Total => ("total(金额或数字的列表)", "total(list of money or numbers)"),
        Function::Known => ("known(值)", "known(value)"),
        Function::Empty => ("empty(值)", "empty(value)"),
        Function::DateOf => ("date(时刻)", "date(instant)"),
        Function::Days => ("days(起, 止)，日期或时刻", "days(from, to), dates or instants"),
        Function::Workdays => ("workdays(起, 止)，日期或时刻", "workdays(from, to), dates or instants"),
        Function::Due => ("due(时刻, 时限)，如 due(event.at, 15d)", "due(instant, limit), such as due(event.at, 15d)"),
        Function::Starts => ("starts(文字, 开头)", "starts(text, beginning)"),
        Function::Ends => ("ends(文字, 结尾)", "ends(text, end)"),
        Function::Has => ("has(文字, 部分)", "has(text, part)"),
        Function::Min => ("min(a, b)，同类的数字、金额、日期、时刻或时限", "min(a, b) of one type with an order"),
        Function::Max => ("max(a, b)，同类的数字、金额、日期、时刻或时限", "max(a, b) of one type with an order"),
        Function::Abs => ("abs(数字、金额或时限)", "abs(number, money or limit)"),
    }
}

/// All functions.
#[cfg(test)]
pub(in crate::language) fn function_names() -> Vec<&'static str> {
    let plain = FUNCTIONS.iter().map(|(name, _)| *name);
    plain.chain(HISTORY_FUNCTIONS.iter().copied()).chain(LOOKUPS.iter().copied()).collect()
}
