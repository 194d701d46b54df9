//! Does a rule reach a case: by owner, item, case type, date, and its own condition.

use facts::Address;
use jiff::civil::Date;

use super::evaluate::Scope;
use super::reckoning::Reckoning;
use super::view::CaseView;
use crate::rule::{InForceBy, Rule, Status};

/// True when `rule` is to be judged on the case. What is not yet known does not apply yet.
pub(crate) fn applies<'a>(view: &CaseView<'a>, rule: &Rule, reckoning: &Reckoning<'a>) -> bool {
    rule.status != Status::Off && in_force(view, rule) && in_scope(view, &rule.scope) && {
        let scope = Scope::state(view, reckoning, view.facts.len());
        scope.allows(rule.scope.condition.as_ref())
    }
}

/// The day of the case that decides whether a rule is in force.
pub(super) fn day_of(view: &CaseView<'_>, by: InForceBy) -> Option<Date> {
    match by {
        InForceBy::Accepted => view.case.accepted_on.or(view.case.first_on),
        InForceBy::Submitted => view.case.submitted_on.or(view.case.first_on),
        InForceBy::First => view.case.first_on,
    }
}

pub(super) fn in_force(view: &CaseView<'_>, rule: &Rule) -> bool {
    let day = day_of(view, rule.in_force.by);
    let (from, until) = (rule.in_force.from, rule.in_force.until);
    day.is_none_or(|day| from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until))
}

pub(super) fn in_scope(view: &CaseView<'_>, scope: &crate::rule::Scope) -> bool {
    let one_of = |list: &[compact_str::CompactString], value: Option<&str>| {
        list.is_empty() || value.is_some_and(|value| list.iter().any(|member| member == value))
    };
    let item_type = view.item.and_then(|item| item.item_type.as_deref());
    scope.fits_office(view.owner)
        && (scope.items.is_empty() || view.case.item.is_some_and(|item| scope.fits_item(item)))
        && one_of(&scope.item_types, item_type)
        && one_of(&scope.case_types, view.case.case_type)
}

impl crate::rule::Scope {
    /// Does the rule reach cases of this owner, as far as the office tells?
    pub(crate) fn fits_office(&self, Address { level, region, dept }: &Address) -> bool {
        (self.levels.is_empty() || self.levels.contains(level))
            && (self.regions.is_empty() || self.regions.iter().any(|prefix| region.starts_with(prefix)))
            && (self.depts.is_empty() || self.depts.iter().any(|prefix| dept.as_str().starts_with(prefix.as_str())))
    }

    /// Is this item among those that the rule names, where it names any?
    pub(crate) fn fits_item(&self, item: &str) -> bool {
        self.items.is_empty() || self.items.iter().any(|glob| fits(glob, item))
    }
}

/// A glob with `*` at either end, or none.
fn fits(glob: &str, code: &str) -> bool {
    match (glob.strip_prefix('*'), glob.strip_suffix('*')) {
        (Some(""), Some(_)) => true,
        (Some(rest), Some(_)) => code.contains(rest.trim_end_matches('*')),
        (Some(end), None) => code.ends_with(end),
        (None, Some(begin)) => code.starts_with(begin),
        (None, None) => code == glob,
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn globs_have_a_star_at_either_end() {
        for (glob, code, expected) in [
            ("*", "A1", true),
            ("A*", "A1", true),
            ("A*", "BA", false),
            ("*1", "A1", true),
            ("*A*", "BAB", true),
            ("A1", "A1", true),
            ("A1", "A12", false),
        ] {
            assert_eq!(fits(glob, code), expected, "{glob} {code}");
        }
    }
}
