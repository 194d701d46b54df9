//! The difference between what was said of a case and what holds at an instant (semantics 31).
//!
//! - Kind. A card that gives way to none or to a lesser one: `retracted` when by today's schedule the
//!   instance did not hold that card when it was said; else `cleared` or `eased`. Upward: `raised` from
//!   none, else `escalated`.
//! - A card that stays while its legal instant or its office changes is taken back and raised anew, in
//!   two transitions: what was said is not true, and the old office must hear it.
//! - A card that ends keeps its `since`, its rule version and its basis: those of what was said.

use std::cmp::Ordering;

use compact_str::CompactString;
use facts::light::Light;
use facts::standing::Text2;
use facts::transition::{About, Issue, transition_id};
use facts::{Address, Card, Cause, Kind, Moment, Transition};
use rules::finding::{CardSpan, Judgement, RuleIndex};
use rules::judge::{Case, Explanation, GroupCard};
use rules::silence::SILENCE;
use smallvec::{SmallVec, smallvec};

use crate::case_state::CaseState;
use crate::contribution::Gathered;
use crate::ending;
use crate::holding::{Holding, shown_at};
use crate::judge::{Judge, RuleName};
use crate::planted::planted;
use crate::said::{Said, Texts};

/// Said beside a light that waited for a silent source in vain.
pub const SOURCE_SILENT: &str = "source_silent";

/// A card that holds at an instant.
#[derive(Copy, Clone)]
pub(crate) struct Shown<'a> {
    /// The rule's place.
    pub(crate) index: RuleIndex,
    /// The rule.
    pub(crate) rule: RuleName<'a>,
    /// Instance.
    pub(crate) instance: &'a CompactString,
    /// The card.
    pub(crate) span: &'a CardSpan,
}

/// The cards that hold at `at`, one an instance.
///
/// Cards that `holding` holds back do not.
pub(crate) fn shown<'a, J: Judge>(
    judge: &'a J,
    judgement: &'a Judgement,
    at: Moment,
    holding: Option<&Holding>,
) -> SmallVec<[Shown<'a>; 4]> {
    let mut shown: SmallVec<[Shown<'a>; 4]> = SmallVec::new();
    for finding in &judgement.findings {
        let first = finding.spans.iter().find(|span| span.holds(at)).filter(|_| planted!(FirstCardNotTheWorst));
        let span = first.or_else(|| shown_at(finding, at, holding));
        let Some(span) = span.filter(|span| span.card != Card::None) else { continue };
        let next = Shown { index: finding.rule, rule: judge.rule(finding.rule), instance: &finding.instance, span };
        match shown.iter_mut().find(|held| held.rule.id == next.rule.id && held.instance == next.instance) {
            Some(held) if held.span.card < span.card => *held = next,
            Some(_) => {}
            None => shown.push(next),
        }
    }
    shown
}

/// One thing to be said.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Step {
    /// No card any more.
    End(Kind),
    /// The card left the office that hears this.
    MovedAway,
    /// Another card.
    Turn(Kind),
}

/// The steps from what was said to what is shown.
fn steps(said: Option<&Said>, now: Option<&Shown<'_>>, owner: &Address, held_then: HeldThen) -> SmallVec<[Step; 2]> {
    let said = said.filter(|said| said.card != Card::None);
    let cleared = planted!(RetractedWordedAsCleared);
    let ended = |rightly: bool| Step::End(if rightly || cleared { Kind::Cleared } else { Kind::Retracted });
    match (said, now.map(|now| now.span)) {
        (None, None) => smallvec![],
        (None, Some(_)) => smallvec![Step::Turn(Kind::Raised)],
        (Some(_), None) => smallvec![ended(held_then.card)],
        (Some(said), Some(_)) if said.owner != *owner && !planted!(OwnerNotReaddressed) => {
            smallvec![Step::MovedAway, Step::Turn(Kind::Raised)]
        }
        (Some(said), Some(span)) => match (span.card, span.light).cmp(&(said.card, said.light)) {
            Ordering::Greater => smallvec![Step::Turn(Kind::Escalated)],
            Ordering::Less if held_then.card => smallvec![Step::Turn(Kind::Eased)],
            Ordering::Less => smallvec![Step::Turn(Kind::Retracted)],
            Ordering::Equal if said.since == span.since || planted!(MovedSinceNotTold) => smallvec![],
            Ordering::Equal => smallvec![ended(held_then.since), Step::Turn(Kind::Raised)],
        },
    }
}

/// What today's schedule says of the instant at which something was said.
#[derive(Copy, Clone)]
struct HeldThen {
    /// The instance held that card.
    card: bool,
    /// And for the same legal instant.
    since: bool,
}

impl HeldThen {
    fn of<J: Judge>(said: &Said, judgement: &Judgement, judge: &J, at: Moment) -> HeldThen {
        let schedules = judgement
            .findings
            .iter()
            .filter(|finding| finding.instance == said.instance && judge.rule(finding.rule).id == said.rule);
        let asked = if planted!(HeldNowNotThen) { at } else { said.decided_at };
        let then = schedules.filter_map(|finding| finding.at(asked)).max_by_key(|span| span.card);
        let card = then.is_some_and(|span| span.card == said.card);
        HeldThen { card, since: card && then.is_some_and(|span| span.since == said.since) }
    }

    const NEVER_SAID: HeldThen = HeldThen { card: false, since: false };
}

/// Is every light of the case what was said of it?
pub(crate) fn settled<J: Judge>(case: &CaseState, judge: &J, at: Moment) -> bool {
    let shown = shown(judge, &case.judgement, at, case.holding(judge).as_ref());
    let owner = case.judgement.owner.as_ref();
    let stands = |said: &Said| shown.iter().any(|now| says(said, now, owner));
    case.said.iter().all(|said| said.card == Card::None || stands(said))
        && shown.iter().all(|now| case.said.iter().any(|said| says(said, now, owner)))
}

fn says(said: &Said, now: &Shown<'_>, owner: Option<&Address>) -> bool {
    said.rule == now.rule.id
        && said.instance == *now.instance
        && (said.card, said.light, said.since) == (now.span.card, now.span.light, now.span.since)
        && Some(&said.owner) == owner
}

/// What the cards of a case rest on.
#[derive(Copy, Clone)]
pub(crate) enum Grounds<'a> {
    /// Its own facts.
    Own,
    /// Those of its group.
    Group(&'a Gathered<'a>),
}

/// Says what differs at `at`, and takes note of it as said.
pub(crate) fn say<J: Judge>(
    case: &mut CaseState,
    (judge, grounds): (&J, Grounds<'_>),
    at: Moment,
    texts: &mut Texts,
    out: &mut Vec<Transition>,
) {
    let holding = case.holding(judge);
    let CaseState { id, history, judgement, said, causes, .. } = case;
    let owner = judgement.owner.clone();
    let shown = shown(judge, judgement, at, holding.as_ref());
    let (item, cause) = (judgement.item.as_ref(), causes.first());
    let speaker = Speaker { judge, grounds, case: Case::at(id, history, at), item, at, cause, holding };
    for said in said.iter_mut() {
        let now = shown.iter().find(|now| said.rule == now.rule.id && said.instance == *now.instance);
        let held_then = HeldThen::of(said, judgement, judge, at);
        let owner = owner.as_ref().unwrap_or(&said.owner).clone();
        let steps = steps(Some(said), now, &owner, held_then);
        // A case that moves to another office was read wrongly before, whatever brought it to light.
        let moved = steps.contains(&Step::MovedAway);
        let speaker = Speaker { cause: if moved { cause.min(Cause::Corrected) } else { cause }, ..speaker };
        for step in steps {
            let transition = speaker.speak(step, Some(said), now, &owner);
            *said = Said::by(&transition, texts);
            out.push(transition);
        }
    }
    let Some(owner) = owner else { return };
    for now in &shown {
        if said.iter().any(|said| said.rule == now.rule.id && said.instance == *now.instance) {
            continue;
        }
        for step in steps(None, Some(now), &owner, HeldThen::NEVER_SAID) {
            let transition = speaker.speak(step, None, Some(now), &owner);
            said.push(Said::by(&transition, texts));
            out.push(transition);
        }
    }
}

/// Words transitions of one case at one instant.
struct Speaker<'a, J> {
    judge: &'a J,
    grounds: Grounds<'a>,
    case: Case<'a>,
    item: Option<&'a CompactString>,
    at: Moment,
    cause: Cause,
    holding: Option<Holding>,
}

impl<J: Judge> Speaker<'_, J> {
    fn speak(&self, step: Step, before: Option<&Said>, now: Option<&Shown<'_>>, owner: &Address) -> Transition {
        match (step, before, now) {
            (Step::Turn(kind), before, Some(now)) => self.turn(kind, before, now, owner),
            (Step::End(kind), Some(before), _) => self.end(kind, before, owner, false),
            (Step::MovedAway, Some(before), _) => self.end(Kind::Retracted, before, owner, true),
            _ => unreachable!("a card ends only where one was said, and turns only where one is shown"),
        }
    }

    /// A card takes the place of none or of another.
    fn turn(&self, kind: Kind, before: Option<&Said>, now: &Shown<'_>, owner: &Address) -> Transition {
        let span = now.span;
        let (card_before, light_before) = before.map_or((Card::None, Light::Green), |said| (said.card, said.light));
        let explained = || match self.grounds {
            Grounds::Own => self.judge.explain(&self.case, now.index, now.instance, span.card, self.at),
            Grounds::Group(gathered) => {
                let asked = GroupCard { case: self.case.id, instance: now.instance, card: span.card };
                gathered.explain(self.judge, now.index, asked, self.at)
            }
        };
        let (proof, told) = match (now.index != SILENCE).then(explained) {
            // Of a source, not of a case: whoever knows the source words the reason.
            None => (None, (now.rule.label.into(), now.rule.basis.into(), Text2::default(), Vec::new(), Vec::new())),
            Some(Some(Explanation { rule_version, basis, reason, warnings, evidence, proof })) => {
                (Some(proof), (rule_version, basis, reason, warnings, evidence))
            }
            Some(None) => (None, unexplained(now)),
        };
        let (rule_version, basis, mut reason, mut warnings, evidence) = told;
        if let (Some(rule), true) = (self.judge.silence(), self.holding.is_some_and(|holding| holding.concerns(span))) {
            reason.zh.push_str(&rule.remark.zh);
            reason.en.push_str(&rule.remark.en);
            warnings.push(SOURCE_SILENT.into());
        }
        // What is withdrawn from view at once is told at once; only a card that must wait waits.
        let waits = span.held && (kind != Kind::Eased && kind != Kind::Retracted || was_held(before));
        Transition {
            kind,
            rule_version,
            card_before,
            card: span.card,
            light_before,
            light: span.light,
            since: span.since,
            issue: if waits { Issue::Held } else { Issue::Auto },
            basis,
            reason,
            warnings,
            evidence,
            proof,
            ..self.blank(now.rule.id.into(), now.instance.clone(), before, owner)
        }
    }

    /// The card that was said ends; `moved` when the case went to another office, `owner`.
    fn end(&self, kind: Kind, before: &Said, owner: &Address, moved: bool) -> Transition {
        let why = if moved { ending::moved(before.card, owner) } else { ending::reason(before.card, kind, self.cause) };
        Transition {
            kind,
            rule_version: before.rule_version.clone(),
            card_before: before.card,
            light_before: before.light,
            since: before.since,
            issue: before.issue,
            basis: before.basis.as_ref().into(),
            reason: why,
            ..self.blank(before.rule.clone(), before.instance.clone(), Some(before), &before.owner)
        }
    }

    /// Identity and time; no card.
    fn blank(
        &self,
        rule: CompactString,
        instance: CompactString,
        before: Option<&Said>,
        owner: &Address,
    ) -> Transition {
        let anew = planted!(RevisionBeginsAnew) && before.is_some_and(|said| said.card == Card::None);
        let revision = before.filter(|_| !anew).map_or(0, |said| said.revision) + 1;
        Transition {
            id: transition_id(self.case.id, &rule, &instance, revision),
            revision,
            kind: Kind::Cleared,
            about: About::Case,
            case: self.case.id.into(),
            rule,
            rule_version: CompactString::default(),
            instance,
            card_before: Card::None,
            card: Card::None,
            light_before: Light::Green,
            light: Light::Green,
            since: self.at,
            decided_at: self.at,
            cause: self.cause,
            issue: Issue::Auto,
            level: owner.level,
            region: owner.region,
            dept: owner.dept.clone(),
            item: self.item.cloned(),
            basis: CompactString::default(),
            reason: Text2::default(),
            warnings: Vec::new(),
            evidence: Vec::new(),
            proof: None,
        }
    }
}

fn was_held(before: Option<&Said>) -> bool {
    before.is_some_and(|said| said.issue == Issue::Held)
}

type Told = (CompactString, CompactString, Text2, Vec<CompactString>, Vec<facts::transition::Evidence>);

/// A card holds although the rule cannot show why at this instant: the card is not kept back for it.
fn unexplained(now: &Shown<'_>) -> Told {
    tracing::error!(rule = now.rule.id, instance = %now.instance, "a card holds that its rule does not explain");
    let reason = ending::unexplained(now.span.card, now.rule.id);
    (now.rule.label.into(), now.rule.basis.into(), reason, Vec::new(), Vec::new())
}

#[cfg(test)]
mod tests;
