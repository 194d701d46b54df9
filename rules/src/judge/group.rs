//! Groups: one judgement over the merged history of all cases that share a key (`group` of a rule).
//!
//! A case [`contributes`] to a group what is known of it; [`judge_group`] merges the events that have the key, in
//! canonical order, judges them as one history, and says which cases are lit. Both are pure, and what they return does
//! not depend on the order of the contributions. Groups see no deemed facts, and no facts that are not in force.

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::{Card, Event, Moment, Record};
use smallvec::SmallVec;

use super::evaluate::Scope;
use super::explain::places_of;
use super::found::{Found, Why};
use super::reckoning::Reckoning;
use super::view::{CaseFacts, CaseView, Fact};
use super::{Case, Explanation, applies, condition, count, deadline, explain, judge_kind, waiver};
use crate::configuration::Configuration;
use crate::finding::{CardSpan, Finding, RuleIndex};
use crate::rule::{CardsOn, Group, Kind, Rule};
use crate::value::{Value, key_text};

/// What a case brings into a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contribution {
    /// The rule that groups.
    pub rule: RuleIndex,
    /// The key of the group.
    pub key: CompactString,
    /// The case.
    pub case: CompactString,
    /// All that the clock has reached of the case: its events with the key are judged, the others say what it is.
    pub records: Vec<Record>,
}

/// A light on one of the cases of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupFinding {
    /// The case that is lit.
    pub case: CompactString,
    /// The finding; its instance begins with the group's key.
    pub finding: Finding,
}

/// The groups that a case is in: one for each rule that groups and each key that its events have, sorted.
#[must_use]
pub fn groups_of(case: &Case<'_>, configuration: &Configuration) -> Vec<(RuleIndex, CompactString)> {
    let Some(view) = CaseView::new(case, &[], configuration) else { return Vec::new() };
    let mut groups = Vec::new();
    for index in &view.profile.groups {
        let rule = configuration.rule(*index);
        let (Some(group), Some(_)) = (&rule.group, joining(&view, rule)) else { continue };
        let reckoning = Reckoning::of(rule, configuration);
        let scope = Scope::state(&view, &reckoning, view.facts.len());
        let mut keys: Vec<CompactString> =
            (0..view.facts.len()).filter_map(|place| key_of(&scope, place, group)).collect();
        keys.sort_unstable();
        keys.dedup();
        groups.extend(keys.into_iter().map(|key| (*index, key)));
    }
    groups
}

/// What a case contributes to each of its groups.
#[must_use]
pub fn contributes(case: &Case<'_>, configuration: &Configuration) -> Vec<Contribution> {
    let groups = groups_of(case, configuration).into_iter();
    let given =
        groups.map(|(rule, key)| Contribution { rule, key, case: case.id.into(), records: case.records.to_vec() });
    given.collect()
}

/// The case, if the rule is to be judged over it.
fn joining<'v, 'a>(view: &'v CaseView<'a>, rule: &Rule) -> Option<&'v CaseView<'a>> {
    let reckoning = Reckoning::of(rule, view.configuration);
    let erased = matches!(rule.kind, Kind::Deadline(_)) && deadline::erased(view);
    (!erased && applies::applies(view, rule, &reckoning)).then_some(view)
}

/// The group that a fact belongs to.
fn key_of(scope: &Scope<'_, '_>, place: usize, group: &Group) -> Option<CompactString> {
    let scope = scope.on_event(place);
    let known = |node| Some(scope.value(node)).filter(|value| !value.is_missing());
    // What few events have is mostly written last: asked first, it spares asking for the rest.
    let values: SmallVec<[Value; 4]> = group.by.iter().rev().map(known).collect::<Option<_>>()?;
    key_text(values.into_iter().rev())
}

/// The last instant whose events see one of the instant `at` in a group of the rule; `None` where no window bounds what is
/// seen.
#[must_use]
pub fn seen_in_group_until(rule: RuleIndex, at: Moment, configuration: &Configuration) -> Option<Moment> {
    let rule = configuration.rule(rule);
    let window = rule.group.as_ref()?.window?;
    Reckoning::of(rule, configuration).due_of(at, false, window)
}

/// Judges one group by what its cases contribute.
#[must_use]
pub fn judge_group(
    rule: RuleIndex,
    key: &str,
    contributions: &[Contribution],
    configuration: &Configuration,
) -> Vec<GroupFinding> {
    let judged = configuration.rule(rule);
    let Some(view) = merged(judged, key, contributions, configuration) else { return Vec::new() };
    let reckoning = Reckoning::of(judged, configuration);
    let mut lit: BTreeMap<(CompactString, CompactString), SmallVec<[CardSpan; 2]>> = BTreeMap::new();
    for found in judge_kind(&view, judged, &reckoning) {
        for span in &found.spans {
            for member in lit_members(&view, judged, &reckoning, &found, span) {
                let of_case = (CompactString::from(view.members[member].id), instance_of(key, &found.instance));
                lit.entry(of_case).or_default().push(span.clone());
            }
        }
    }
    let findings = lit.into_iter().filter_map(|((case, instance), spans)| {
        let member = view.members.iter().find(|member| member.id == case.as_str())?;
        // An appeal is upheld for the case that made it.
        let kept = waiver::spans_kept(member, judged, &instance, spans);
        (!kept.is_empty()).then_some(GroupFinding { case, finding: Finding { rule, instance, spans: kept } })
    });
    findings.collect()
}

/// The instance of a light on a case of the group; a `/` of the key is written `\-`, so that the key can be told from it.
pub(crate) fn instance_of(key: &str, instance: &str) -> CompactString {
    format!("{}/{instance}", key.replace('/', SLASH)).into()
}

/// A `/` within a key, in instances: a key has no lone backslash ([`key_text`]), so this means nothing else.
const SLASH: &str = "\\-";

/// The key of the group whose light has this instance; `None` where it names none.
#[must_use]
pub fn group_key_of(instance: &str) -> Option<CompactString> {
    let (key, _) = instance.split_once('/')?;
    let mut plain = CompactString::default();
    let mut letters = key.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next()? {
                '-' => plain.push('/'),
                escaped => plain.extend(['\\', escaped]),
            },
            (plain_letter, false) => plain.push(plain_letter),
        }
    }
    Some(plain)
}

/// The merged history; `None` when no event has the key.
fn merged<'a>(
    rule: &Rule,
    key: &str,
    contributions: &'a [Contribution],
    configuration: &'a Configuration,
) -> Option<CaseView<'a>> {
    let group = rule.group.as_ref()?;
    let mut given: Vec<&Contribution> = contributions.iter().collect();
    given.sort_by(|a, b| a.case.cmp(&b.case));
    let views =
        given.into_iter().filter_map(|given| CaseView::new(&Case::of(&given.case, &given.records), &[], configuration));
    let members: Vec<CaseView<'a>> = views.filter(|view| joining(view, rule).is_some()).collect();
    let reckoning = Reckoning::of(rule, configuration);
    let mut facts: Vec<Fact<'a>> = Vec::new();
    for (member, view) in members.iter().enumerate() {
        let scope = Scope::state(view, &reckoning, view.facts.len());
        let of_key = (0..view.facts.len()).filter(|place| key_of(&scope, *place, group).as_deref() == Some(key));
        facts.extend(of_key.map(|place| view.facts[place].of_member(member)));
    }
    facts.sort_by(|a, b| canonical(a).cmp(&canonical(b)).then_with(|| a.event.case.cmp(&b.event.case)));
    let first = members.get(facts.first()?.member?)?;
    let (id, owner, profile) = (first.id, first.owner, first.profile);
    Some(CaseView {
        id,
        facts,
        aside: Vec::new(),
        several_offices: true,
        owner,
        case: CaseFacts::default(),
        item: None,
        profile,
        configuration,
        members,
        window: group.window,
    })
}

/// Canonical order (semantics 1).
fn canonical<'f>(fact: &'f Fact<'_>) -> (Moment, &'f str, Option<i64>, &'f str) {
    let Event { source, seq, id, .. } = fact.event;
    (fact.at, source.as_str(), *seq, id.as_str())
}

/// The members that a span lights, in order.
fn lit_members<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    reckoning: &Reckoning<'a>,
    found: &Found,
    span: &CardSpan,
) -> Vec<usize> {
    let mut places = basis(view, rule, reckoning, found, span);
    places.sort_unstable();
    let mut members: Vec<usize> = match rule.group.as_ref().map(|group| group.cards_on) {
        Some(CardsOn::First) => places.first().and_then(|place| view.facts[*place].member).into_iter().collect(),
        Some(CardsOn::Last) => places.last().and_then(|place| view.facts[*place].member).into_iter().collect(),
        Some(CardsOn::All) | None => places.iter().filter_map(|place| view.facts[*place].member).collect(),
    };
    members.sort_unstable();
    members.dedup();
    members
}

/// The events that a span rests on: those that the proof cites; of a state, of a clock and of a condition all that
/// the group held then.
fn basis<'a>(
    view: &CaseView<'a>,
    rule: &Rule,
    reckoning: &Reckoning<'a>,
    found: &Found,
    span: &CardSpan,
) -> Vec<usize> {
    let scope = Scope::state(view, reckoning, view.facts.len());
    let until = |instant: Moment| -> Vec<usize> {
        (0..view.upto(instant)).filter(|place| scope.sees(*place, instant)).collect()
    };
    match &found.why {
        Why::Deadline(instance) => {
            let mut places = until(span.from);
            places.extend(places_of(instance));
            places
        }
        Why::Condition(condition::Hit::State { .. }) => until(span.from),
        Why::Condition(condition::Hit::Event { place } | condition::Hit::Aside { place }) => {
            (0..=*place).filter(|seen| scope.sees(*seen, view.facts[*place].at)).collect()
        }
        Why::Requires(lack) => vec![lack.place],
        Why::Forbids(pair) => vec![pair.earlier, pair.event],
        Why::Separation(sharing) => sharing.acts.iter().map(|(_, place)| *place).collect(),
        Why::Count(tally) => {
            let Kind::Count(spec) = &rule.kind else { return Vec::new() };
            let Some(card) = rule.cards.iter().find(|card| card.card == span.card) else { return Vec::new() };
            let counted = count::counted(&scope, spec, tally, card, span.from);
            counted.places.into_iter().chain([counted.event]).collect()
        }
        Why::Workflow(_) | Why::Fee(_) => Vec::new(),
    }
}

/// A card that a group holds for one of its cases.
#[derive(Copy, Clone, Debug)]
pub struct GroupCard<'a> {
    /// The case.
    pub case: &'a str,
    /// The instance, which begins with the group's key.
    pub instance: &'a str,
    /// The card.
    pub card: Card,
}

/// Proves a card of one of the cases of a group; `None` when it does not hold at `now`.
#[must_use]
pub fn explain_group(
    rule: RuleIndex,
    key: &str,
    contributions: &[Contribution],
    configuration: &Configuration,
    asked: GroupCard<'_>,
    now: Moment,
) -> Option<Explanation> {
    let GroupCard { case, instance, card } = asked;
    let findings = judge_group(rule, key, contributions, configuration);
    let of_case = |found: &&GroupFinding| found.case == case && found.finding.instance == instance;
    findings.iter().find(of_case)?.finding.spans.iter().find(|span| span.card == card && span.holds(now))?;
    let judged = configuration.rule(rule);
    let view = merged(judged, key, contributions, configuration)?;
    let reckoning = Reckoning::of(judged, configuration);
    let found = judge_kind(&view, judged, &reckoning);
    let found = found.into_iter().find(|found| instance_of(key, &found.instance) == instance)?;
    let member = view.members.iter().find(|member| member.id == case)?;
    let (id, owner) = (member.id, member.owner);
    let view = CaseView { id, owner, ..view };
    let spec = explain::spec_of(judged, card)?;
    Some(explain::explain(&view, judged, &reckoning, &found, spec, now))
}

/// The key of the group that the fact at `place` belongs to, for messages.
pub(crate) fn key_words(scope: &Scope<'_, '_>, place: usize, group: &Group) -> Option<CompactString> {
    key_of(scope, place, group)
}
