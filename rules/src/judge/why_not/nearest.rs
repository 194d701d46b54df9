//! The nearest way in which a condition would hold: the fewest parts that are not as they would have to be.
//!
//! Every value is asked of the evaluator that judges; only which parts count is found out here. What is missing makes a
//! part neither true nor false, as in a judgement, so it is a part of the answer either way.

use std::cell::RefCell;

use compact_str::CompactString;
use facts::why_not::{Side, Unmet, UnmetPart};

use crate::expression::{Expr, Node};
use crate::judge::evaluate::Scope;

/// What holds `node` back in `scope`; no parts where it holds.
pub(super) fn unmet(scope: &Scope<'_, '_>, node: &Node) -> Unmet {
    Unmet { condition: node.text.clone(), parts: parts(scope, node, true) }
}

/// Of conditions, any of which would do, the one that lacks least.
pub(super) fn nearest<'n>(scope: &Scope<'_, '_>, nodes: impl IntoIterator<Item = &'n Node>) -> Option<Unmet> {
    nodes.into_iter().map(|node| unmet(scope, node)).min_by_key(|unmet| unmet.parts.len())
}

/// The fewest parts that would have to be otherwise for `node` to be `wanted`.
fn parts(scope: &Scope<'_, '_>, node: &Node, wanted: bool) -> Vec<UnmetPart> {
    if scope.value(node).flag() == Some(wanted) {
        return Vec::new();
    }
    match (&node.expr, wanted) {
        (Expr::Not(inner), _) => parts(scope, inner, !wanted),
        (Expr::And(a, b), true) | (Expr::Or(a, b), false) => {
            let (mut all, more) = (parts(scope, a, wanted), parts(scope, b, wanted));
            all.extend(more.into_iter().filter(|part| !all.contains(part)).collect::<Vec<_>>());
            all
        }
        (Expr::And(a, b), false) | (Expr::Or(a, b), true) => {
            let (a, b) = (parts(scope, a, wanted), parts(scope, b, wanted));
            if b.len() < a.len() { b } else { a }
        }
        (Expr::Choose(condition, a, b), _) => match scope.value(condition).flag() {
            Some(true) => parts(scope, a, wanted),
            Some(false) => parts(scope, b, wanted),
            None => vec![part(scope, condition, true)],
        },
        (Expr::Coalesce(a, b), _) if scope.value(a).is_missing() => parts(scope, b, wanted),
        (Expr::Coalesce(a, _), _) => parts(scope, a, wanted),
        _ => vec![part(scope, node, wanted)],
    }
}

/// A part with what its sides stand for.
fn part(scope: &Scope<'_, '_>, node: &Node, wanted: bool) -> UnmetPart {
    let sides: Vec<&Node> = match &node.expr {
        Expr::Compare(_, a, b) | Expr::In(a, b) => vec![a, b],
        Expr::Call(_, arguments) => arguments.iter().collect(),
        _ => vec![node],
    };
    let sides = sides.into_iter().filter(|side| !matches!(side.expr, Expr::Literal(_)));
    let side = |side: &Node| Side { expression: side.text.clone(), value: scope.shown(&scope.value(side)) };
    UnmetPart { condition: node.text.clone(), wanted, sides: sides.map(side).collect(), missing: missing(scope, node) }
}

/// The names in `node` that stand for nothing that was told.
pub(super) fn missing(scope: &Scope<'_, '_>, node: &Node) -> Vec<CompactString> {
    let leaves = RefCell::new(Vec::new());
    Scope { leaves: Some(&leaves), ..*scope }.value(node);
    let leaves = leaves.into_inner().into_iter();
    leaves.filter(|leaf| leaf.value.is_none()).map(|leaf| leaf.name.into()).collect()
}
