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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Item;
    use crate::language::source::Sources;
    use crate::language::span_text::parse_span;

    #[test]
    fn a_promise_longer_than_the_statute_is_seen_where_both_count_alike() {
        let item = |code: &str, promise: &str, statutory: &str| Item {
            code: code.into(),
            version: "1".into(),
            promise: parse_span(promise),
            statutory: parse_span(statutory),
            ..Item::default()
        };
        let catalogue =
            Catalogue::new([item("a", "25wd", "20wd"), item("b", "20wd", "20wd"), item("c", "25d", "20wd")]);
        let sources = Sources::default();
        let mut faults = Faults::new(&sources);
        promises(&catalogue, &mut faults);
        let told: Vec<(&str, String)> =
            faults.sorted().into_iter().map(|fault| (fault.code, fault.file + " " + &fault.text.en[..9])).collect();
        assert_eq!(told, [("RL21", "catalogue/items.csv item a@1:".to_owned())]);
    }

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
