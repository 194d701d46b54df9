//! Which part of a rule's reach leaves a case out. Each part is asked alone, of the test that judgement uses.

use compact_str::{CompactString, ToCompactString};
use facts::why_not::Reason;
use jiff::civil::Date;

use super::nearest::unmet;
use crate::judge::applies::{day_of, in_force, in_scope};
use crate::judge::evaluate::Scope as Seen;
use crate::judge::reckoning::Reckoning;
use crate::judge::view::CaseView;
use crate::rule::{InForceBy, Rule, Scope};

/// Why `rule` does not reach the case; empty where it does.
pub(super) fn misfits<'a>(view: &CaseView<'a>, rule: &Rule, reckoning: &Reckoning<'a>) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = parts(view, &rule.scope)
        .into_iter()
        .filter(|(alone, ..)| !in_scope(view, alone))
        .map(|(_, part, wanted, found)| Reason::OutOfScope { part: part.into(), wanted, found })
        .collect();
    if !in_force(view, rule) {
        let (from, until) = (rule.in_force.from, rule.in_force.until);
        let day: Option<Date> = day_of(view, rule.in_force.by);
        reasons.push(Reason::NotInForce { by: by_token(rule.in_force.by).into(), day, from, until });
    }
    let scope = Seen::state(view, reckoning, view.facts.len());
    let refused = rule.scope.condition.as_ref().filter(|node| !scope.holds(node));
    reasons.extend(refused.map(|node| Reason::Condition {
        place: "applies_to.where".into(),
        event: None,
        card: None,
        unmet: unmet(&scope, node),
    }));
    reasons
}

fn by_token(by: InForceBy) -> &'static str {
    match by {
        InForceBy::Accepted => "accepted",
        InForceBy::Submitted => "submitted",
        InForceBy::First => "first",
    }
}

type Part = (Scope, &'static str, Vec<CompactString>, Option<CompactString>);

/// Each part of a reach as a reach of its own, with its key, what it asks for and what the case says.
fn parts(view: &CaseView<'_>, scope: &Scope) -> Vec<Part> {
    let owner = view.owner;
    let item_type = view.item.and_then(|item| item.item_type.as_deref());
    vec![
        (
            Scope { levels: scope.levels.clone(), ..Scope::default() },
            "levels",
            scope.levels.iter().map(|level| level.token().into()).collect(),
            Some(owner.level.token().into()),
        ),
        (
            Scope { regions: scope.regions.clone(), ..Scope::default() },
            "regions",
            scope.regions.clone(),
            Some(owner.region.to_compact_string()),
        ),
        (
            Scope { depts: scope.depts.clone(), ..Scope::default() },
            "depts",
            scope.depts.clone(),
            Some(owner.dept.to_compact_string()),
        ),
        (
            Scope { items: scope.items.clone(), ..Scope::default() },
            "items",
            scope.items.clone(),
            view.case.item.map(Into::into),
        ),
        (
            Scope { item_types: scope.item_types.clone(), ..Scope::default() },
            "item_types",
            scope.item_types.clone(),
            item_type.map(Into::into),
        ),
        (
            Scope { case_types: scope.case_types.clone(), ..Scope::default() },
            "case_types",
            scope.case_types.clone(),
            view.case.case_type.map(Into::into),
        ),
    ]
}
