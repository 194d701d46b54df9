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
        if !catalogue.items().any(|item| glob(pattern, &item.code)) {
            let near = texts::nearest(pattern.trim_matches('*'), catalogue.items().map(|item| item.code.as_str()));
            faults.add(tree.at, texts::no_item(pattern, near));
        }
    }
}

/// RL21: promises longer than the statute, where both are counted alike.
pub(crate) fn promises(catalogue: &Catalogue, faults: &mut Faults<'_>) {
    for item in catalogue.items() {
        if let (Some(promise), Some(statutory)) = (item.promise, item.statutory)
            && promise.unit == statutory.unit
            && promise.number > statutory.number
        {
            let name = format!("{}@{}", item.code, item.version);
            let say = texts::promise_over_statute(&name, &promise.to_string(), &statutory.to_string());
            faults.add_file("catalogue/items.csv", say);
        }
    }
}
