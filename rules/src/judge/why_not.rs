//! Why a rule shows no card, or no worse one, for a case at an instant.
//!
//! Nothing is judged a second time in another way: cards come from the findings of [`super::judge`]'s own path, appeals and
//! deemed facts included; whether a rule reaches the case, what is in a set, what a clock says and what a condition
//! comes to is asked of the functions that judge. What is added here is only which of them said no.

use compact_str::CompactString;
use facts::standing::Text2;
use facts::why_not::{CardThen, Reason, RuleAnswer, WhyNot};
use facts::{Activity, Card, Moment};

use super::found::Found;
use super::reckoning::Reckoning;
use super::view::CaseView;
use super::{Case, deemed, judge_rule, waiver};
use crate::configuration::{Configuration, Profile};
use crate::finding::{CardSpan, RuleIndex};
use crate::needs::{self, Observed};
use crate::rule::{Rule, Status};

mod kinds;
mod nearest;
mod reach;

use kinds::Asked;

/// Until when a card that holds waits for a silent source, where it does.
pub type HeldUntil<'h> = &'h dyn Fn(&CardSpan) -> Option<Moment>;

/// Why `rule` (an id, or that of a rule of which it has parts) shows no card for the case at `now`; `None` where nothing was
/// said of the case that could be judged.
#[must_use]
pub fn why_not(
    case: &Case<'_>,
    configuration: &Configuration,
    rule: &str,
    now: Moment,
    held_until: HeldUntil<'_>,
) -> Option<WhyNot> {
    let plain = CaseView::new(case, &[], configuration)?;
    let deemed = deemed::facts(&plain);
    let owned = deemed::in_force(&deemed, now);
    let with_deemed = CaseView::new(case, &owned, configuration)?;
    let sets = deemed::sets(&deemed);
    let phases = deemed::phases(case, configuration, &deemed, &sets);
    let asked = named(rule);
    let mut answers: Vec<RuleAnswer> = Vec::new();
    for index in of_profile(configuration, plain.profile) {
        let judged = configuration.rule(index);
        if !asked(&judged.id) {
            continue;
        }
        let view = if deemed::blind(judged) { &plain } else { &with_deemed };
        // One that is switched off has no calendar, one over several cases no finding in one.
        let computed = judged.status != Status::Off && judged.group.is_none();
        let found = computed.then(|| deemed::judge_with(&plain, &phases, judged));
        answers.push(answer(view, judged, found, now, held_until));
    }
    for manual in configuration.manual.iter().filter(|manual| asked(&manual.id)) {
        let reasons = vec![Reason::Manual { note: manual.note.clone() }];
        answers.push(RuleAnswer {
            rule: manual.id.clone(),
            rule_version: manual.label.clone(),
            name: manual.name.clone(),
            basis: manual.basis.clone(),
            kind: "manual".into(),
            standing: Vec::new(),
            to_come: Vec::new(),
            reasons,
        });
    }
    let near = if answers.is_empty() { near(configuration, rule) } else { Vec::new() };
    Some(WhyNot { case: case.id.into(), clock: now, rule: rule.into(), answers, near })
}

/// Is an id the one that was asked for, or that of a part of it?
fn named(rule: &str) -> impl Fn(&str) -> bool + '_ {
    move |id| id == rule || id.strip_prefix(rule).is_some_and(|rest| rest.starts_with('.'))
}

/// Every rule of a profile, whatever its status, in file order.
fn of_profile<'c>(configuration: &'c Configuration, profile: &'c Profile) -> impl Iterator<Item = RuleIndex> + 'c {
    let end = format!("+{}", profile.id);
    let places = (0..).zip(&configuration.rules);
    places.filter(move |(_, rule)| rule.label.ends_with(&end)).map(|(place, _)| RuleIndex(place))
}

/// Ids of which `rule` may be meant, at most one.
fn near(configuration: &Configuration, rule: &str) -> Vec<CompactString> {
    let computed = configuration.rules.iter().map(|rule| rule.id.as_str());
    let manual = configuration.manual.iter().map(|rule| rule.id.as_str());
    crate::language::nearest(rule, computed.chain(manual)).into_iter().map(Into::into).collect()
}

fn answer(
    view: &CaseView<'_>,
    rule: &Rule,
    found: Option<Vec<Found>>,
    now: Moment,
    held_until: HeldUntil<'_>,
) -> RuleAnswer {
    let mut reasons = Vec::new();
    match rule.status {
        Status::Off => reasons.push(Reason::Off),
        Status::Shadow => reasons.push(Reason::Shadow),
        Status::On => {}
    }
    if let Some(group) = &rule.group {
        reasons.push(Reason::Group { by: group.by.iter().map(|node| node.text.clone()).collect() });
    }
    let mut cards = Cards { standing: Vec::new(), to_come: Vec::new(), over: Vec::new() };
    if let Some(found) = found {
        let kept = waiver::hold(view, rule, found.clone());
        reasons.extend(waived(&found, &kept));
        cards = Cards::of(&kept, now, held_until);
        reasons.extend(cards.over.iter().cloned().map(|card| Reason::Over { card }));
        reasons.extend(silent(view, rule, &found, now));
    }
    let Rule { id, label, name, basis, kind, .. } = rule;
    RuleAnswer {
        rule: id.clone(),
        rule_version: label.clone(),
        name: Text2 { zh: name.zh.clone(), en: name.en.clone() },
        basis: basis.clone(),
        kind: kind.token().into(),
        standing: cards.standing,
        to_come: cards.to_come,
        reasons,
    }
}

/// Why nothing, or nothing more, was found.
fn silent(view: &CaseView<'_>, rule: &Rule, found: &[Found], now: Moment) -> Vec<Reason> {
    let reckoning = Reckoning::of(rule, view.configuration);
    let misfits = reach::misfits(view, rule, &reckoning);
    if !misfits.is_empty() {
        return misfits;
    }
    // What the law will make of silence later is not in this view.
    let here = judge_rule(view, rule);
    let known = |instance: &str| found.iter().chain(&here).any(|found| found.instance == instance);
    let asked = Asked { view, rule, reckoning: &reckoning, known: &known, now };
    let mut reasons = asked.reasons();
    let begun = !reasons.iter().any(|reason| matches!(reason, Reason::NotBegun { .. }));
    if begun && found.is_empty() {
        reasons.extend(unobserved(view, rule));
    }
    reasons
}

/// Fields that the rule needs and that no event of the case carries.
fn unobserved(view: &CaseView<'_>, rule: &Rule) -> Option<Reason> {
    let mut observed = Observed::default();
    view.facts.iter().for_each(|fact| observed.take(fact.event));
    let is_field = |name: &CompactString| {
        Activity::from_name(name).closed_index().is_none() && !view.configuration.activities.contains_key(name)
    };
    let needs = needs::of_rule(rule, &view.configuration.clocks).into_iter();
    let missing = needs.filter(|need| {
        !need.is_met(&observed) && need.any_of.iter().all(|name| is_field(name) && !name.starts_with("fee"))
    });
    let mut needs: Vec<CompactString> = missing.map(|need| need.any_of.join(" | ").into()).collect();
    needs.dedup();
    (!needs.is_empty()).then_some(Reason::NotObserved { needs })
}

/// Cards that an upheld appeal took out.
fn waived(found: &[Found], kept: &[Found]) -> Vec<Reason> {
    let gone = found.iter().filter_map(|found| {
        let left = kept.iter().find(|held| held.instance == found.instance).map_or(0, |held| held.spans.len());
        // A worse card is not covered by an appeal, so what is gone is among the mildest.
        let gone = found.spans.len() - left;
        let mut cards: Vec<Card> = found.spans.iter().map(|span| span.card).collect();
        cards.sort();
        let card = *cards.get(gone.checked_sub(1)?)?;
        Some(Reason::Waived { instance: found.instance.clone(), card })
    });
    gone.collect()
}

/// The cards of a rule at an instant.
struct Cards {
    standing: Vec<CardThen>,
    to_come: Vec<CardThen>,
    over: Vec<CardThen>,
}

impl Cards {
    fn of(found: &[Found], now: Moment, held_until: HeldUntil<'_>) -> Cards {
        let mut cards = Cards { standing: Vec::new(), to_come: Vec::new(), over: Vec::new() };
        for Found { instance, spans, .. } in found {
            let then = |span: &CardSpan| CardThen {
                instance: instance.clone(),
                card: span.card,
                light: span.light,
                since: span.since,
                from: span.from,
                until: span.until,
                held_until: held_until(span).filter(|until| span.holds(now) && *until > now),
            };
            let holding = spans.iter().filter(|span| span.holds(now));
            let worst = holding.max_by(|a, b| a.card.cmp(&b.card).then_with(|| b.since.cmp(&a.since)));
            cards.standing.extend(worst.map(then));
            cards.to_come.extend(spans.iter().filter(|span| span.from > now).map(then));
            let ended = spans.iter().filter(|span| span.until.is_some_and(|until| until <= now));
            cards.over.extend(ended.map(then));
        }
        cards.to_come.sort_by_key(|card| (card.from, card.card));
        cards
    }
}

#[cfg(test)]
mod tests;
