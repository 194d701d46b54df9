//! What can be seen of rules and catalogue together; none of it refuses the set.

use compact_str::CompactString;
use facts::{Activity, Card};

use super::faults::Faults;
use super::rule_file::RawRule;
use super::source::At;
use super::span_text::parse_span;
use super::texts;
use super::tree::{Raw, Table, Tree};
use crate::catalogue::{Catalogue, Item, stages_take};
use crate::expression::{Activities, Comparison, EventSet, Expr, Name, Node};
use crate::rule::{Bound, CardSpec, Kind, Rule, Start, Status, Stop};
use crate::value::Value;

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

/// RL22: item types that no item has.
pub(crate) fn types_reached(rule: &RawRule, catalogue: &Catalogue, faults: &mut Faults<'_>) {
    let Some(Raw::Table(scope)) = rule.table.get("applies_to").map(|entry| &entry.value.value) else { return };
    let Some(Raw::List(types)) = scope.get("item_types").map(|entry| &entry.value.value) else { return };
    let mut known: Vec<&str> = catalogue.items().filter_map(|item| item.item_type.as_deref()).collect();
    known.sort_unstable();
    known.dedup();
    for tree in types {
        let Raw::Text(wanted) = &tree.value else { continue };
        if !known.contains(&wanted.as_str()) {
            faults.add(tree.at, texts::no_item(wanted, texts::nearest(wanted, known.iter().copied())));
        }
    }
}

/// RL42: of the rules of one profile, those that give one breach twice: one trigger, one card, and cases in common.
pub(crate) fn found_twice(rules: &[Rule], raw: &[RawRule], faults: &mut Faults<'_>) {
    let judged: Vec<&Rule> = rules.iter().filter(|rule| rule.status == Status::On).collect();
    for (place, rule) in judged.iter().enumerate() {
        let twin = judged[..place].iter().find_map(|first| {
            let together = first.id != rule.id && first.kind == rule.kind && first.group == rule.group;
            let card = shared_card(first, rule).filter(|_| together && cases_in_common(first, rule))?;
            Some((first, card))
        });
        let at = raw.iter().find(|raw| rule.label.starts_with(&format!("{}@{}+", raw.full_id(), raw.version)));
        if let (Some((first, card)), Some(raw)) = (twin, at) {
            faults.add(raw.at, texts::found_twice(&first.id, (card.zh(), card.token())));
        }
    }
}

/// A card that both give at one mark and on one condition.
fn shared_card(a: &Rule, b: &Rule) -> Option<Card> {
    let alike = |a: &CardSpec, b: &CardSpec| {
        let one = (&a.mark, &a.limit, &a.when, &a.after, &a.from);
        a.card == b.card && one == (&b.mark, &b.limit, &b.when, &b.after, &b.from)
    };
    let counted = a.counting == b.counting && a.calendar == b.calendar && a.ends == b.ends;
    a.cards.iter().find(|card| counted && b.cards.iter().any(|other| alike(card, other))).map(|card| card.card)
}

/// Could one case fall under both? Certain only where the scopes are plain lists; a condition may part them.
fn cases_in_common(a: &Rule, b: &Rule) -> bool {
    let (x, y) = (&a.scope, &b.scope);
    let meet = |a: &[CompactString], b: &[CompactString], fits: fn(&str, &str) -> bool| {
        a.is_empty() || b.is_empty() || a.iter().any(|a| b.iter().any(|b| fits(a, b) || fits(b, a)))
    };
    let (prefix, same) = (|a: &str, b: &str| a.starts_with(b), |a: &str, b: &str| a == b);
    let apart = match (a.in_force.until, b.in_force.from, b.in_force.until, a.in_force.from) {
        (Some(until), Some(from), _, _) if until <= from => true,
        (_, _, Some(until), Some(from)) => until <= from,
        _ => false,
    };
    x.condition == y.condition
        && !apart
        && (x.levels.is_empty() || y.levels.is_empty() || x.levels.iter().any(|level| y.levels.contains(level)))
        && meet(&x.regions, &y.regions, prefix)
        && meet(&x.depts, &y.depts, prefix)
        && meet(&x.items, &y.items, glob)
        && meet(&x.item_types, &y.item_types, same)
        && meet(&x.case_types, &y.case_types, same)
}

/// RL43: a profile that gives more time than the rule, where both are plain spans, or does without the statute.
pub(crate) fn widened(rule: &RawRule, applied: &RawRule, faults: &mut Faults<'_>) {
    let text = |table: &Table, key: &str| match table.get(key).map(|entry| &entry.value) {
        Some(Tree { value: Raw::Text(text), at }) => Some((text.clone(), *at)),
        _ => None,
    };
    let cards = |rule: &RawRule| match rule.table.get("cards").map(|entry| entry.value.value.clone()) {
        Some(Raw::Table(cards)) => cards.entries,
        _ => Vec::new(),
    };
    let of_card = |rule: &RawRule, level: &str| {
        let card = cards(rule).into_iter().find(|entry| entry.key == level)?;
        match card.value.value {
            Raw::Table(card) => text(&card, "limit"),
            _ => None,
        }
    };
    let whole = (text(&rule.table, "limit"), text(&applied.table, "limit"));
    let by_card = super::keys::LEVELS.iter().map(|level| (of_card(rule, level), of_card(applied, level)));
    for (before, after) in by_card.chain([whole]) {
        let (Some((before, _)), Some((after, at))) = (before, after) else { continue };
        let longer = match (parse_span(&before), parse_span(&after)) {
            (Some(before), Some(after)) => before.unit == after.unit && after.number > before.number,
            (None, Some(_)) => before.contains("statutory"),
            _ => false,
        };
        if longer {
            faults.add(at, texts::limit_widened(&rule.full_id(), &before, &after));
        }
    }
}

/// RL44: what a law sets counts days, wherever the rule or an override itself says otherwise.
pub(crate) fn law_by_seconds(rule: &RawRule, faults: &mut Faults<'_>) {
    let text = |key: &str| match rule.table.get(key).map(|entry| &entry.value) {
        Some(Tree { value: Raw::Text(text), at }) => Some((text.as_str(), *at)),
        _ => None,
    };
    let law = text("basis").filter(|(basis, _)| basis.contains("法第") || basis.ends_with('法'));
    if let (Some((basis, _)), Some(("elapsed", at)), Some(("deadline", _))) = (law, text("counting"), text("kind")) {
        faults.add(at, texts::law_counted_elapsed(basis));
    }
}

/// RL45: cards that no number reaches, or that any number of the rule's own reaches.
pub(crate) fn reach(rule: &Rule, at: At, faults: &mut Faults<'_>) {
    let most = match &rule.kind {
        Kind::Separation(separation) => Some(separation.acts.len() as i64),
        _ => None,
    };
    let least = match &rule.kind {
        Kind::Separation(_) => 2,
        Kind::Count(count) => match count.bound {
            Bound::Max(most) => i64::from(most) + 1,
            Bound::Min(..) => 0,
        },
        _ => return,
    };
    let bounded = |card: &CardSpec| Some((card.card, at_least(card.when.as_ref()?)?));
    for (card, wanted) in rule.cards.iter().filter_map(bounded) {
        if most.is_some_and(|most| wanted > most) {
            let most = most.unwrap_or_default();
            let (zh, en) = (
                format!("{}要求 {wanted}，而规则只列出 {most} 项，永远不会亮", card.zh()),
                format!("the {} asks for {wanted}, yet the rule names {most} acts: it can never come", card.token()),
            );
            faults.add(at, texts::card_out_of_reach(zh, en));
        } else if wanted <= least && rule.cards.iter().any(|milder| milder.card < card) {
            let (zh, en) = (
                format!("{}从 {wanted} 起，而规则从 {least} 起就成立：较轻的灯牌永远不会单独出现", card.zh()),
                format!(
                    "the {} comes from {wanted} on, yet the rule holds from {least} on: no milder card ever shows",
                    card.token()
                ),
            );
            faults.add(at, texts::card_out_of_reach(zh, en));
        }
    }
}

/// RL46: limits of the rules themselves, from acceptance to closing, in which the required stages of an item have no
/// room. One that the catalogue sets is compared there.
pub(crate) fn room_for_stages(rules: &[Rule], raw: &[RawRule], catalogue: &Catalogue, faults: &mut Faults<'_>) {
    for rule in rules {
        let at = raw.iter().find(|raw| rule.label.starts_with(&format!("{}@{}+", raw.full_id(), raw.version)));
        let (Kind::Deadline(deadline), Some(raw)) = (&rule.kind, at) else { continue };
        let whole = matches!(&deadline.start, Start::Events(set) if has(set, &Activity::Accepted))
            && deadline.stops.iter().any(|stop| matches!(stop, Stop::Events(set) if has(set, &Activity::Closed)))
            // Which items have cases of a type, or such that a condition holds, the catalogue does not say.
            && rule.scope.case_types.is_empty()
            && rule.scope.condition.is_none();
        let cards = rule.cards.iter().filter_map(|card| card.limit.as_ref());
        for limit in deadline.limit.iter().chain(cards).filter(|_| whole) {
            let Expr::Literal(Value::Span(limit)) = &limit.expr else { continue };
            let reached = |item: &&Item| {
                let of_type = |wanted: &CompactString| item.item_type.as_ref() == Some(wanted);
                rule.scope.fits_item(&item.code)
                    && (rule.scope.item_types.is_empty() || rule.scope.item_types.iter().any(of_type))
            };
            let sums = catalogue.items().filter(reached).map(|item| (stages_take(&item.stages, limit.unit), item));
            if let Some((sum, item)) =
                sums.filter(|(sum, _)| sum.number > limit.number).max_by_key(|(sum, _)| sum.number)
            {
                faults.add(raw.at, texts::no_room_for_stages(&limit.to_string(), &item.code, &sum.to_string()));
            }
        }
    }
}

fn has(set: &EventSet, activity: &Activity) -> bool {
    set.terms.iter().any(|term| matches!(&term.activities, Activities::One(one) if one == activity))
}

/// The least number of `count >= n`, `shared > n`.
fn at_least(node: &Node) -> Option<i64> {
    let Expr::Compare(comparison, left, right) = &node.expr else { return None };
    let (Expr::Name(Name::Measure(_)), Expr::Literal(Value::Number(number))) = (&left.expr, &right.expr) else {
        return None;
    };
    let number = i64::try_from(*number).ok()?;
    match comparison {
        Comparison::AtLeast | Comparison::Equal => Some(number),
        Comparison::Greater => Some(number + 1),
        _ => None,
    }
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
