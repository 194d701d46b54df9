//! Steps from what was said to what is shown, one table.

use std::sync::Arc;

use super::*;

fn at(millis: i64) -> Moment {
    Moment::from_millis(millis)
}

fn office(name: &str) -> Address {
    Address::from_subject("approval", &format!("approval.county.360902.{name}")).expect("an address")
}

fn lamp(card: Card) -> Light {
    match card {
        Card::None => Light::Green,
        Card::Red => Light::Red,
        Card::Warning | Card::Yellow => Light::Yellow,
    }
}

fn said(card: Card, since: i64) -> Said {
    Said {
        rule: "R".into(),
        instance: "-".into(),
        revision: 1,
        card,
        light: lamp(card),
        since: at(since),
        owner: office("D1"),
        decided_at: at(50),
        issue: Issue::Auto,
        rule_version: "R@1".into(),
        basis: Arc::from(""),
    }
}

fn span(card: Card, since: i64) -> CardSpan {
    CardSpan { card, light: lamp(card), since: at(since), from: at(since + 1), until: None, held: false, absent: false }
}

/// Steps from a card said with since 10 to a card shown, both at office D1.
fn from_to(before: Card, now: Option<(Card, i64)>, card: bool, since: bool) -> Vec<Step> {
    steps_at("D1", before, now, HeldThen { card, since })
}

fn steps_at(owner: &str, before: Card, now: Option<(Card, i64)>, held_then: HeldThen) -> Vec<Step> {
    let instance = CompactString::from("-");
    let span = now.map(|(card, since)| span(card, since));
    let rule = RuleName { id: "R", label: "R@1", basis: "" };
    let shown = span.as_ref().map(|span| Shown { index: RuleIndex(0), rule, instance: &instance, span });
    steps(Some(&said(before, 10)), shown.as_ref(), &office(owner), held_then).into_vec()
}

#[test]
fn a_lesser_card_is_eased_only_if_the_worse_one_was_right() {
    use Card::{Red, Yellow};
    assert_eq!(from_to(Red, Some((Yellow, 5)), true, true), [Step::Turn(Kind::Eased)]);
    assert_eq!(from_to(Red, Some((Yellow, 5)), false, false), [Step::Turn(Kind::Retracted)]);
    assert_eq!(from_to(Yellow, Some((Red, 20)), true, true), [Step::Turn(Kind::Escalated)]);
}

#[test]
fn no_card_is_cleared_only_if_the_last_one_was_right() {
    assert_eq!(from_to(Card::Red, None, true, true), [Step::End(Kind::Cleared)]);
    assert_eq!(from_to(Card::Red, None, false, false), [Step::End(Kind::Retracted)]);
    assert_eq!(from_to(Card::None, None, false, false), []);
}

#[test]
fn the_same_card_for_another_legal_instant_is_told_twice() {
    let yellow = |since| Some((Card::Yellow, since));
    assert_eq!(from_to(Card::Yellow, yellow(10), true, true), []);
    let raised = Step::Turn(Kind::Raised);
    assert_eq!(
        from_to(Card::Yellow, yellow(30), true, true),
        [Step::End(Kind::Cleared), raised],
        "one ended, one began"
    );
    assert_eq!(from_to(Card::Yellow, yellow(5), true, false), [Step::End(Kind::Retracted), raised], "it was another");
}

#[test]
fn another_office_hears_a_raised_card_and_the_first_that_it_is_gone() {
    let held_then = HeldThen { card: true, since: true };
    let moved = steps_at("D2", Card::Yellow, Some((Card::Yellow, 10)), held_then);
    assert_eq!(moved, [Step::MovedAway, Step::Turn(Kind::Raised)]);
    assert_eq!(steps_at("D2", Card::None, None, held_then), [], "nothing stood, nothing moves");
}
