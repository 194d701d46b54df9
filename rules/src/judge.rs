//! Judgement: a pure function from the facts of a case and a configuration to findings.
//!
//! [`judge`] is given the facts whose business time the clock has reached, in canonical order, and
//! knows no now: it returns schedules. It is the only place in Watchlight where a light is decided.
//!
//! ```text
//! records ─► view (mapped facts, case facts) ─► each rule's kind ─► found ─► waivers ─► findings
//!               ▲                                  │
//!               └── deemed facts (silence) ◄───────┘ in force from their due instant on
//! ```

use compact_str::CompactString;
use facts::proof::Proof;
use facts::standing::Text2;
use facts::transition::Evidence;
use facts::{Card, Change, Event, History, Moment, Record, Tombstone};

use crate::configuration::Configuration;
use crate::finding::{Finding, Judgement, RuleIndex};
use crate::reads::Occurring;
use crate::rule::{Kind, Rule};

mod applies;
mod between;
mod condition;
mod count;
mod deadline;
mod deemed;
mod evaluate;
mod explain;
mod fee;
mod forbids;
mod found;
mod group;
mod keep_green;
mod ledger;
mod measured;
mod quality;
mod reckoning;
mod requires;
mod separation;
mod state;
#[cfg(test)]
mod tests;
mod view;
mod waiver;
mod why_not;
mod workflow;

pub(crate) use deemed::blind as deems;
pub use group::{
    Contribution, GroupCard, GroupFinding, contributes, explain_group, group_key_of, groups_of, judge_group,
    seen_in_group_until,
};

pub use keep_green::keep_green;
pub use why_not::{HeldUntil, why_not};

use found::Found;
use reckoning::Reckoning;
use view::CaseView;

/// What is known of one case, and how much of it is history.
#[derive(Copy, Clone, Debug)]
pub struct Case<'a> {
    /// Case number.
    pub id: &'a str,
    /// Winning records that the clock has reached, in canonical order ([`facts::History::reached`]).
    pub records: &'a [Record],
    /// Winning records dated beyond the clock. They are no history; only rules over `held` see them.
    pub held: &'a [Record],
    /// Deleted records. Only rules over `deleted` see those that are deleted for good.
    pub deleted: &'a [Tombstone],
}

impl<'a> Case<'a> {
    /// A case of which these records are all that is known.
    #[must_use]
    pub fn of(id: &'a str, records: &'a [Record]) -> Case<'a> {
        Case { id, records, held: &[], deleted: &[] }
    }

    /// The case as it stands when the clock shows `now`.
    #[must_use]
    pub fn at(id: &'a str, history: &'a History, now: Moment) -> Case<'a> {
        Case { id, records: history.reached(now), held: history.held(now), deleted: history.tombstones() }
    }
}

/// Which rules a change can touch (semantics 22).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Touched {
    /// None: nothing a rule reads changed.
    None,
    /// These, in ascending order.
    Rules(Vec<RuleIndex>),
    /// All rules of the case.
    All,
}

impl Touched {
    fn of(mut rules: Vec<RuleIndex>) -> Touched {
        rules.sort_unstable();
        if rules.is_empty() { Touched::None } else { Touched::Rules(rules) }
    }
}

/// Why a card holds: everything a transition tells beside the card itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// `<id>@<version>+<profile>`
    pub rule_version: CompactString,
    /// Law or document.
    pub basis: CompactString,
    /// For people.
    pub reason: Text2,
    /// What must be known beside it, such as `calendar_uncovered`.
    pub warnings: Vec<CompactString>,
    /// The records that show it.
    pub evidence: Vec<Evidence>,
    /// The reckoning.
    pub proof: Proof,
}

/// Judges a case by all rules of its profile.
#[must_use]
pub fn judge(case: &Case<'_>, configuration: &Configuration) -> Judgement {
    judge_rules(case, configuration, Judgement::default(), &Touched::All)
}

/// Judges a case by the rules that are judged for analysts alone: what their lights would be.
#[must_use]
pub fn judge_shadow(case: &Case<'_>, configuration: &Configuration) -> Judgement {
    let Some(plain) = CaseView::new(case, &[], configuration) else { return Judgement::default() };
    let shadow: Vec<RuleIndex> = plain.profile.shadow.clone();
    judged_by(case, configuration, &plain, shadow.into_iter(), Vec::new())
}

/// Judges a case again after a change that touched some rules only; equal to [`judge`] on the whole.
#[must_use]
pub fn rejudge(case: &Case<'_>, configuration: &Configuration, before: Judgement, touched: &Touched) -> Judgement {
    match touched {
        Touched::None => before,
        touched => judge_rules(case, configuration, before, touched),
    }
}

fn judge_rules(case: &Case<'_>, configuration: &Configuration, before: Judgement, touched: &Touched) -> Judgement {
    let Some(plain) = CaseView::new(case, &[], configuration) else { return Judgement::default() };
    let wanted = |rule: &RuleIndex| match touched {
        Touched::All => true,
        Touched::Rules(rules) => rules.binary_search(rule).is_ok(),
        Touched::None => false,
    };
    let kept: Vec<Finding> = before.findings.into_iter().filter(|finding| !wanted(&finding.rule)).collect();
    judged_by(case, configuration, &plain, plain.profile.rules.iter().copied().filter(wanted), kept)
}

/// What these rules find in a case, beside what is kept of a judgement before.
fn judged_by<'a>(
    case: &Case<'a>,
    configuration: &'a Configuration,
    plain: &CaseView<'a>,
    rules: impl Iterator<Item = RuleIndex>,
    kept: Vec<Finding>,
) -> Judgement {
    // Without history there is nothing to judge but what is not history.
    let judged = |rule: &RuleIndex| !case.records.is_empty() || configuration.rule(*rule).reads.reads_aside();
    let mut findings = kept;
    let deemed = deemed::facts(plain);
    let sets = deemed::sets(&deemed);
    let phases = deemed::phases(case, configuration, &deemed, &sets);
    let events = plain.facts.iter().map(|fact| fact.event).chain(deemed.iter().map(|(event, _)| event));
    let occurring = Occurring::of(events);
    // Most rules have nothing to begin with in most cases.
    let begins = |rule: &RuleIndex| {
        let begins = &configuration.rule(*rule).begins;
        begins.as_ref().is_none_or(|begins| begins.occurs(&occurring))
    };
    for index in rules.filter(judged).filter(begins) {
        let rule = configuration.rule(index);
        let found = waiver::hold(plain, rule, deemed::judge_with(plain, &phases, rule));
        findings.extend(found.into_iter().map(|found| Finding {
            rule: index,
            instance: found.instance,
            spans: found.spans,
        }));
    }
    if case.records.is_empty() && findings.is_empty() {
        return Judgement::default();
    }
    findings.sort_by(|a, b| a.rule.cmp(&b.rule).then_with(|| a.instance.cmp(&b.instance)));
    Judgement {
        owner: Some(plain.owner.clone()),
        item: plain.case.item.map(CompactString::from),
        open: plain.case.open,
        findings,
    }
}

/// What one rule finds in a view.
fn judge_rule<'a>(view: &CaseView<'a>, rule: &Rule) -> Vec<Found> {
    let reckoning = Reckoning::of(rule, view.configuration);
    if !applies::applies(view, rule, &reckoning) {
        return Vec::new();
    }
    judge_kind(view, rule, &reckoning)
}

/// What the kind of a rule finds, wherever the rule applies.
fn judge_kind<'a>(view: &CaseView<'a>, rule: &Rule, reckoning: &Reckoning<'a>) -> Vec<Found> {
    match &rule.kind {
        Kind::Deadline(deadline) => deadline::judge(view, rule, deadline, reckoning),
        Kind::Requires(requires) => requires::judge(view, rule, requires, reckoning),
        Kind::Forbids(forbids) => forbids::judge(view, rule, forbids, reckoning),
        Kind::Count(count) => count::judge(view, rule, count, reckoning),
        Kind::Separation(separation) => separation::judge(view, rule, separation, reckoning),
        Kind::Workflow(workflow) => workflow::judge(view, rule, workflow, reckoning),
        Kind::Fee(fee) => fee::judge(view, rule, fee, reckoning),
        Kind::Condition(condition) => condition::judge(view, rule, condition, reckoning),
    }
}

/// Which rules joining `event` touched, given what the join did to the history now in `case`.
///
/// All rules of the case where its first fact, a case fact, a submission, an acceptance, a closing or a
/// waiver came, went or changed, or where the order inside an instant may have; else the rules that read
/// an activity of the losing or the winning version.
#[must_use]
pub fn touched<'a>(case: &Case<'a>, configuration: &'a Configuration, event: &'a Event, change: &'a Change) -> Touched {
    let before = match change {
        Change::Nothing => return Touched::None,
        Change::Corrected(before) | Change::Deleted(before) => Some(before.as_ref()),
        Change::Added | Change::Annotated | Change::Barred => None,
    };
    let of_record = |records: &'a [Record]| records.iter().find(|record| record.event.same_record(event));
    let winning = of_record(case.records).map(|record| &record.event);
    let rules = || {
        let owner = view::owner_of(case.records)?;
        Some(configuration.profile(owner).rules.iter().copied())
    };
    if winning.is_none() && before.is_none() {
        // The history is what it was.
        let Some(rules) = rules() else { return Touched::All };
        let rules = rules.filter(|rule| configuration.rule(*rule).reads.reads_aside());
        return Touched::of(rules.collect());
    }
    let versions = || [before, winning, Some(event)].into_iter().flatten();
    // The first fact dates the case and may name its owner, and with it the profile.
    let Some(first) = view::first_of(case.records) else { return Touched::All };
    let was_first = |before: &Event| before.at.moment(&configuration.zone) <= first.at;
    // Where citizens alone have spoken, whatever goes may have been what owned the case.
    let alone = !view::sets_case_facts(&first.event.activity);
    let moves_first = alone || first.event.same_record(event) || before.is_some_and(was_first);
    if moves_first || versions().any(touches_all) {
        return Touched::All;
    }
    let Some(rules) = rules() else { return Touched::All };
    // A record may have come from among those not in force, or gone there.
    let occurring = Occurring::of(versions());
    let reading = |rule: &RuleIndex| {
        let reads = &configuration.rule(*rule).reads;
        reads.reads_aside() || reads.occurs(&occurring)
    };
    let rules: Vec<RuleIndex> = rules.filter(reading).collect();
    // What a deemed fact rests on changes every rule that may read the fact.
    if rules.iter().any(|rule| deemed::blind(configuration.rule(*rule))) {
        return Touched::All;
    }
    Touched::of(rules)
}

/// Does a version of this fact, coming or going, touch every rule?
fn touches_all(event: &Event) -> bool {
    use facts::Activity;
    let detail = event.detail();
    let turning = matches!(
        event.activity,
        Activity::Submitted
            | Activity::Accepted
            | Activity::NotAccepted
            | Activity::Closed
            | Activity::Reopened
            | Activity::Withdrawn
            | Activity::Waived
    );
    let case_fact = detail.item.is_some()
        || detail.item_version.is_some()
        || detail.case_type.is_some()
        || detail.linked_case.is_some()
        || detail.promise_date.is_some()
        || detail.reported_limit.is_some()
        || !detail.attrs.is_empty();
    turning || case_fact
}

/// Proves the `card` of `rule` for `instance`; `None` when it does not hold at `now`. A worse one may hold beside it, and wait.
#[must_use]
pub fn explain(
    case: &Case<'_>,
    configuration: &Configuration,
    rule: RuleIndex,
    instance: &str,
    card: Card,
    now: Moment,
) -> Option<Explanation> {
    let plain = CaseView::new(case, &[], configuration)?;
    let deemed = deemed::facts(&plain);
    let owned = deemed::in_force(&deemed, now);
    let with_deemed = CaseView::new(case, &owned, configuration)?;
    let judged = configuration.rule(rule);
    let view = if deemed::blind(judged) { &plain } else { &with_deemed };
    let sets = deemed::sets(&deemed);
    let phases = deemed::phases(case, configuration, &deemed, &sets);
    let finding = deemed::judge_with(&plain, &phases, judged);
    let finding = waiver::hold(&plain, judged, finding).into_iter().find(|found| found.instance == instance)?;
    finding.spans.iter().find(|span| span.card == card && span.holds(now))?;
    let found = judge_rule(view, judged).into_iter().find(|found| found.instance == instance)?;
    let spec = explain::spec_of(judged, card)?;
    let reckoning = Reckoning::of(judged, configuration);
    Some(explain::explain(view, judged, &reckoning, &found, spec, now))
}
