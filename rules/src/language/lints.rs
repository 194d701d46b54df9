//! What can be seen of rules and catalogue together; none of it refuses the set.

use super::faults::Faults;
use super::rule_file::RawRule;
use super::texts;
use super::tree::Raw;
use crate::catalogue::Catalogue;

/// Does an item code fit a pattern with `*` at either end?
pub(crate) fn glob(pattern: &str, code: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(rest), Some(_)) => code.contains(rest.strip_suffix('*').unwrap_or("")),
        (Some(end), None) => code.ends_with(end),
        (None, Some(begin)) => code.starts_with(begin),
        (None, None) => pattern == code,
    }
}

/// RL22: patterns that no item fits.
pub(crate) fn items_reached(rule: &RawRule, catalogue: &Catalogue, faults: &mut Faults<'_>) {
    let Some(Raw::Table(scope)) = rule.table.get("applies_to").map(|entry| &entry.value.value) else { return };
    let Some(Raw::List(patterns)) = scope.get("items").map(|entry| &entry.value.value) else { return };
    for tree in patterns {
        let Raw::Text(pattern) = &tree.value else { continue };
        let odd = pattern.trim_matches('*').contains('*');
        if !odd && !catalogue.items().any(|item| glob(pattern, &item.code)) {
            faults.add(tree.at, texts::no_item(pattern, near_item(pattern, catalogue)));
        }
    }
}

/// The item whose code begins most like the pattern.
fn near_item<'c>(pattern: &str, catalogue: &'c Catalogue) -> Option<&'c str> {
    let wanted: String = pattern.trim_matches('*').chars().take(64).collect();
    let length = wanted.chars().count();
    let scored = catalogue.items().map(|item| {
        let begin: String = item.code.chars().take(length + 1).collect();
        (strsim::damerau_levenshtein(&wanted, &begin), item.code.as_str())
    });
    scored.min_by_key(|(score, _)| *score).filter(|(score, _)| *score <= length / 3).map(|(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_a_star_at_either_end() {
        assert!(glob("procurement/*", "procurement/goods"));
        assert!(glob("*goods", "procurement/goods"));
        assert!(glob("*ure*", "procurement/goods"));
        assert!(glob("*", "anything"));
        assert!(glob("permit-1", "permit-1"));
        assert!(!glob("permit-1", "permit-10"));
    }
}
