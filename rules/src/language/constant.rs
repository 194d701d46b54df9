//! Conditions that come out the same whatever the case: most often a sign or a name that was mistyped.
//!
//! Only what is written is looked at: a parameter is no constant, since a profile may change it. "Always false" stands
//! for never true: a missing value gives no card either.

use std::ops::Range;

use super::condition::{Ast, AstKind};

/// The parts of `ast` that are always true or never, each with its place; of one inside another the outer one.
pub(super) fn constants(ast: &Ast, text: &str) -> Vec<(Range<usize>, bool)> {
    let mut found = Vec::new();
    collect(ast, text, &mut found);
    found
}

fn collect(ast: &Ast, text: &str, found: &mut Vec<(Range<usize>, bool)>) {
    if let Some(value) = constant(ast, text) {
        found.push((ast.range.clone(), value));
        return;
    }
    match &ast.kind {
        AstKind::Unary("!", inner) => collect(inner, text, found),
        AstKind::Binary("&&" | "||", left, right) => {
            collect(left, text, found);
            collect(right, text, found);
        }
        AstKind::Choose(condition, _, _) => collect(condition, text, found),
        _ => {}
    }
}

fn constant(ast: &Ast, text: &str) -> Option<bool> {
    match &ast.kind {
        AstKind::Flag(flag) => Some(*flag),
        AstKind::Unary("!", inner) => constant(inner, text).map(|flag| !flag),
        AstKind::Binary("&&", left, right) => match (constant(left, text), constant(right, text)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => contradict(ast, text).then_some(false),
        },
        AstKind::Binary("||", left, right) => match (constant(left, text), constant(right, text)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        AstKind::Binary(sign, left, right) => compared(sign, left, right, text),
        _ => None,
    }
}

/// A comparison whose answer nothing changes.
fn compared(sign: &str, left: &Ast, right: &Ast, text: &str) -> Option<bool> {
    let by_order = |order: std::cmp::Ordering| match sign {
        "==" => Some(order.is_eq()),
        "!=" => Some(order.is_ne()),
        "<" => Some(order.is_lt()),
        "<=" => Some(order.is_le()),
        ">" => Some(order.is_gt()),
        ">=" => Some(order.is_ge()),
        _ => None,
    };
    match (&left.kind, &right.kind) {
        (AstKind::Number(a), AstKind::Number(b)) => by_order(a.cmp(b)),
        (AstKind::Money(a), AstKind::Money(b)) => by_order(a.cmp(b)),
        (AstKind::Text(a), AstKind::Text(b)) => by_order(a.cmp(b)),
        // A number of things is never below 0.
        (_, AstKind::Number(bound)) if counts(left) => match sign {
            ">=" if bound.is_sign_negative() || bound.is_zero() => Some(true),
            ">" | "!=" if bound.is_sign_negative() && !bound.is_zero() => Some(true),
            "<" if bound.is_sign_negative() || bound.is_zero() => Some(false),
            "<=" | "==" if bound.is_sign_negative() && !bound.is_zero() => Some(false),
            _ => None,
        },
        _ if slice(left, text) == slice(right, text) => by_order(std::cmp::Ordering::Equal),
        _ => None,
    }
}

fn counts(ast: &Ast) -> bool {
    match &ast.kind {
        AstKind::History(name, _, None) => matches!(name.text.as_str(), "count" | "cases"),
        AstKind::History(name, _, Some(_)) => name.text == "distinct",
        AstKind::Call(name, _) => name.text == "size",
        _ => false,
    }
}

/// Do two of the conditions that must hold together exclude each other: `x` and `!x`, `a == 'b'` and `a == 'c'`?
fn contradict(ast: &Ast, text: &str) -> bool {
    let mut parts = Vec::new();
    conjuncts(ast, &mut parts);
    parts.iter().enumerate().any(|(place, one)| parts[..place].iter().any(|other| exclude(one, other, text)))
}

fn conjuncts<'a>(ast: &'a Ast, parts: &mut Vec<&'a Ast>) {
    match &ast.kind {
        AstKind::Binary("&&", left, right) => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        _ => parts.push(ast),
    }
}

fn exclude(a: &Ast, b: &Ast, text: &str) -> bool {
    let same = |a: &Ast, b: &Ast| slice(a, text) == slice(b, text);
    match (&a.kind, &b.kind) {
        (AstKind::Unary("!", inner), _) if same(inner, b) => true,
        (_, AstKind::Unary("!", inner)) if same(inner, a) => true,
        (AstKind::Binary("==", x, v), AstKind::Binary("==", y, w)) => {
            let (AstKind::Text(v), AstKind::Text(w)) = (&v.kind, &w.kind) else { return false };
            same(x, y) && v != w
        }
        (AstKind::Binary("==", x, v), AstKind::Binary("!=", y, w))
        | (AstKind::Binary("!=", x, v), AstKind::Binary("==", y, w)) => same(x, y) && same(v, w),
        _ => false,
    }
}

/// The text of an expression, without the parentheses and spaces around it.
fn slice<'t>(ast: &Ast, text: &'t str) -> &'t str {
    text.get(ast.range.clone()).unwrap_or("").trim_matches([' ', '(', ')'])
}
