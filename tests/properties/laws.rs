//! What must hold of everything that was said, and of judging by halves.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use facts::{Card, Change, History, Kind, Light, Moment, StandingLight, Transition};
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseResult;
use rules::configuration::Configuration;
use rules::finding::{CardSpan, Judgement, RuleIndex};
use rules::judge::{Case, Contribution, contributes, judge, judge_group, rejudge, touched};
use rules::scenario::{group_lights_at, lights_at};

use super::differs;
use super::worlds::{World, closes, end};

type Key<'a> = (&'a str, &'a str, &'a str);

fn key(said: &Transition) -> Key<'_> {
    (&said.case, &said.rule, &said.instance)
}

/// Each light's transitions count up by one and start from what was said before.
pub(crate) fn unbroken_chain(said: &[Transition]) -> TestCaseResult {
    let mut last: BTreeMap<Key<'_>, (u32, Card, Light)> = BTreeMap::new();
    for next in said {
        let before = last.insert(key(next), (next.revision, next.card, next.light));
        let (revision, card, light) = before.unwrap_or((0, Card::None, Light::Green));
        prop_assert_eq!(next.revision, revision + 1, "revisions count up: {}", next.to_line());
        prop_assert_eq!((next.card_before, next.light_before), (card, light), "a broken chain: {}", next.to_line());
        let upward = matches!(next.kind, Kind::Raised | Kind::Escalated);
        let steps = (next.card, next.light) > (card, light);
        prop_assert_eq!(upward, steps, "kind and cards agree: {}", next.to_line());
    }
    prop_assert!(said.is_sorted_by_key(|next| next.decided_at), "in the order of the clock");
    Ok(())
}

/// What was said so far, folded, is what direct evaluation finds: around every fact, arrival and close of
/// business, and around every instant at which something was said.
pub(crate) fn fold_equals_lights(world: &World, said: &[Transition], configuration: &Configuration) -> TestCaseResult {
    let around = |at: Moment| [-1, 0, 1].map(|millis| at.plus_millis(millis));
    let mut instants: BTreeSet<Moment> = closes().collect();
    instants.extend(world.facts.iter().flat_map(|(arrived, _)| around(*arrived)));
    instants.extend(world.facts.iter().flat_map(|(_, event)| around(event.at.moment(&configuration.zone))));
    instants.extend(said.iter().flat_map(|next| around(next.decided_at)));
    let mut fold: BTreeMap<Key<'_>, Option<StandingLight>> = BTreeMap::new();
    let mut left = said.iter().peekable();
    for now in instants.into_iter().filter(|now| *now < end()) {
        while let Some(next) = left.next_if(|next| next.decided_at <= now) {
            fold.insert(key(next), next.standing());
        }
        let folded: Vec<_> = fold.values().flatten().cloned().collect();
        let mut lights = lights_at(&world.facts, configuration, now);
        lights.extend(group_lights_at(&world.facts, configuration, now));
        lights.sort();
        let mut folded_sorted = folded;
        folded_sorted.sort();
        if folded_sorted != lights {
            return Err(differs(&format!("fold at {now}"), folded_sorted, lights));
        }
    }
    Ok(())
}

/// A card that gives way was `retracted` if and only if the schedule known then does not hold it, for the
/// office and (where it comes back at once) the legal instant that were told, at the instant of the last message.
pub(crate) fn retracted_where_denied(
    world: &World,
    said: &[Transition],
    configuration: &Configuration,
) -> TestCaseResult {
    let mut last: BTreeMap<Key<'_>, &Transition> = BTreeMap::new();
    for (place, next) in said.iter().enumerate() {
        let Some(told) = last.insert(key(next), next).filter(|told| told.card != Card::None) else { continue };
        if matches!(next.kind, Kind::Raised | Kind::Escalated) {
            continue;
        }
        let again =
            said[place + 1..].iter().find(|later| key(later) == key(next) && later.decided_at == next.decided_at);
        let judgement = known(world, &next.case, configuration, next.decided_at);
        let held = schedule_at(&judgement, next, told.decided_at, configuration);
        let same_card = held.is_some_and(|span| span.card == told.card);
        let same_since = held.is_some_and(|span| span.since == told.since);
        let same_office = judgement.owner.as_ref().is_none_or(|owner| *owner == told.owner());
        let denied = !same_card || again.is_some() && !(same_since && same_office);
        prop_assert_eq!(
            next.kind == Kind::Retracted,
            denied,
            "{} after {}; the schedule says {:?}",
            next.to_line(),
            told.to_line(),
            held
        );
    }
    Ok(())
}

/// Judgement on all that is known of a case, and of those that it shares groups with, at `now`.
fn known(world: &World, case: &CompactString, configuration: &Configuration, now: Moment) -> Judgement {
    let mut histories: BTreeMap<&str, History> = BTreeMap::new();
    for (_, event) in world.facts.iter().filter(|(arrived, _)| *arrived <= now) {
        histories.entry(&event.case).or_default().join(event.clone(), None, &configuration.zone);
    }
    let mut groups: BTreeMap<(RuleIndex, CompactString), Vec<Contribution>> = BTreeMap::new();
    for (id, history) in &histories {
        for given in contributes(&Case::at(id, history, now), configuration) {
            groups.entry((given.rule, given.key.clone())).or_default().push(given);
        }
    }
    let own = histories.get(case.as_str()).map(|history| judge(&Case::at(case, history, now), configuration));
    let mut judgement = own.unwrap_or_default();
    for ((rule, key), given) in &groups {
        let found = judge_group(*rule, key, given, configuration).into_iter();
        judgement.findings.extend(found.filter(|found| found.case == *case).map(|found| found.finding));
    }
    judgement
}

fn schedule_at<'j>(
    judgement: &'j Judgement,
    of: &Transition,
    then: Moment,
    configuration: &Configuration,
) -> Option<&'j CardSpan> {
    let finding = judgement
        .findings
        .iter()
        .find(|finding| finding.instance == of.instance && configuration.rule(finding.rule).id == of.rule);
    finding?.at(then)
}

/// After every single join, judging the touched rules again gives what judging all rules gives; so it does when the
/// clock reaches facts that were held.
pub(crate) fn touched_is_enough(world: &World, configuration: &Configuration) -> TestCaseResult {
    let mut cases: BTreeMap<&str, (History, Judgement, Moment)> = BTreeMap::new();
    for (now, event) in &world.facts {
        let (history, judgement, through) =
            cases.entry(&event.case).or_insert_with(|| (History::new(), Judgement::default(), Moment::MIN));
        let mut by_halves = std::mem::take(judgement);
        let case = Case::at(&event.case, history, *now);
        for reached in case.records.iter().filter(|record| record.at > *through) {
            let rules = touched(&case, configuration, &reached.event, &Change::Added);
            by_halves = rejudge(&case, configuration, by_halves, &rules);
        }
        *through = *now;
        let (change, place) = history.join_at(event.clone(), None, &configuration.zone);
        let case = Case::at(&event.case, history, *now);
        let winner = place.map(|place| history.records()[place].event.clone());
        let speaks = match (&winner, &change) {
            (Some(winner), _) => winner,
            (None, Change::Deleted(before)) => before,
            (None, _) => event,
        };
        let rules = touched(&case, configuration, speaks, &change);
        by_halves = rejudge(&case, configuration, by_halves, &rules);
        let whole = judge(&case, configuration);
        if by_halves != whole {
            return Err(differs(&format!("{rules:?} after {change:?}"), by_halves, whole));
        }
        *judgement = whole;
    }
    Ok(())
}
