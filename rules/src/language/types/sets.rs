//! Event sets: named sets are put in place, so that judging looks nothing up.

use facts::{Activity, FeeAct};

use super::{Checker, Seat, Typed, Written, article, type_zh};
use crate::expression::{Activities, EventSet, Expr, Node, Term};
use crate::language::condition::{Ast, SetAst, TermAst, Word};
use crate::language::texts;
use crate::value::Type;

impl Checker<'_, '_, '_> {
    /// Checks a set; tests of outer and inner names both hold.
    pub(super) fn set(&mut self, ast: &SetAst, written: Written<'_>) -> Option<EventSet> {
        let terms = self.terms(ast, written)?;
        Some(EventSet { terms, text: written.slice(ast.range.clone()) })
    }

    fn terms(&mut self, ast: &SetAst, written: Written<'_>) -> Option<Vec<Term>> {
        // Every term is checked, also after one that has a fault.
        let parts: Vec<Option<Vec<Term>>> = ast.terms.iter().map(|term| self.term(term, written)).collect();
        let terms: Vec<Term> = parts.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        Some(terms)
    }

    fn term(&mut self, term: &TermAst, written: Written<'_>) -> Option<Vec<Term>> {
        if self.spent(term.name.range.clone(), written) {
            return None;
        }
        let base = self.named_events(&term.name, term.quoted, written);
        let test = term.test.as_ref().map(|test| self.test(test, written));
        let mut terms = base?;
        if let Some(test) = test {
            let test = test?;
            for term in &mut terms {
                term.test = Some(match term.test.take() {
                    Some(inner) => both(inner, test.clone()),
                    None => test.clone(),
                });
            }
        }
        Some(terms)
    }

    /// The terms that a name stands for.
    fn named_events(&mut self, name: &Word, quoted: bool, written: Written<'_>) -> Option<Vec<Term>> {
        let one = |activities| Some(vec![Term { activities, test: None }]);
        let vocabulary = self.vocabulary;
        let text = name.text.as_str();
        if !quoted {
            if text == "any" {
                return one(Activities::Any);
            }
            if let Some((_, aside)) = ASIDE_SETS.iter().find(|(name, _)| *name == text) {
                if !self.sees_aside {
                    self.fault(name.range.clone(), written, texts::aside_set(text));
                    return None;
                }
                return one(aside.clone());
            }
            if let Some(act) = fee_set(text) {
                return one(Activities::Fee(act));
            }
            if let Some(named) = vocabulary.events.get(text) {
                let ast = named.ast.as_ref()?;
                return self.expanded("", name, written, |checker| {
                    checker.terms(ast, Written { text: &named.text, origin: &named.origin })
                });
            }
        }
        if vocabulary.activities.contains_key(text) {
            return one(Activities::One(Activity::from_name(text)));
        }
        let known = vocabulary.event_names();
        self.fault(name.range.clone(), written, texts::unknown_event(text, &known, vocabulary.activity_called(text)));
        None
    }

    fn test(&mut self, ast: &Ast, written: Written<'_>) -> Option<Node> {
        let typed: Typed = self.check(ast, written, &Seat::bracket())?;
        if *typed.ty() != Type::Flag {
            let say = texts::wrong_type(
                format!("方括号内须为真假，这里是{}", type_zh(typed.ty())),
                format!("the test in [ ] is true or false, this is {}", article(typed.ty())),
            );
            self.fault(ast.range.clone(), written, say);
            return None;
        }
        Some(typed.node)
    }
}

fn both(left: Node, right: Node) -> Node {
    let text = format!("{} && {}", left.text, right.text).into();
    Node { expr: Expr::And(Box::new(left), Box::new(right)), ty: Type::Flag, text }
}

/// `fee_charged` and kin.
fn fee_set(name: &str) -> Option<FeeAct> {
    name.strip_prefix("fee_").and_then(FeeAct::from_name).filter(|act| *act != FeeAct::Total)
}

/// Sets of facts that are not in force: `on` of a condition alone may name them.
pub(crate) const ASIDE_SETS: &[(&str, Activities)] = &[("held", Activities::Held), ("deleted", Activities::Deleted)];

/// Names of the sets of fee records.
pub(crate) const FEE_SETS: &[&str] = &[
    "fee_calculated",
    "fee_reduced",
    "fee_noticed",
    "fee_charged",
    "fee_receipted",
    "fee_reconciled",
    "fee_refunded",
    "fee_revoked",
];
