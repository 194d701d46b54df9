//! What keeps a case green: for each light to come the acts that avoid it and the last instant for each; for each that
//! stands whether anything clears it.
//!
//! An act is proposed from what the rule names ([`proposals`]) and told only when it has been tried: the fact is joined to the
//! history and the case judged again by [`super::judge`]. The last instant is found by judging, too, so that pauses, extensions,
//! grace and the conventions of counting have their say. What an act would itself bring is read off the same judgement.

use facts::keep_green::{Act, ActKind, Brought, Ends, KeepGreen, LightGiven, LightToCome, NamedLight};
use facts::proof::Proof;
use facts::{Event, History, Moment, line};

use super::view::CaseView;
use super::{Case, explain, explain::spec_of, judge};
use crate::configuration::Configuration;
use crate::finding::{CardSpan, Finding, Judgement};
use crate::rule::{Clears, Rule};

mod fields;
mod proposals;

use proposals::Proposal;

/// Acts told of one light.
const ACTS_MAX: usize = 6;

/// What can be done about the lights of a case at `now`; `None` where nothing was said of it that could be judged.
#[must_use]
pub fn keep_green(id: &str, history: &History, configuration: &Configuration, now: Moment) -> Option<KeepGreen> {
    let asked = Asked { id, history, configuration, now };
    let before = asked.judged(history, now);
    before.owner.as_ref()?;
    let mut to_come = Vec::new();
    let mut given = Vec::new();
    for finding in &before.findings {
        let later = finding.spans.iter().filter(|span| span.from > now);
        to_come.extend(later.map(|span| asked.coming(&before, finding, span)));
    }
    // What is dated ahead is no history yet.
    for finding in &judge(&Case::at(id, history, now), configuration).findings {
        given.extend(finding.at(now).map(|span| asked.given(&before, finding, span)));
    }
    to_come.sort_by(|a, b| (a.from, &a.light.rule, &a.light.instance).cmp(&(b.from, &b.light.rule, &b.light.instance)));
    Some(KeepGreen { case: id.into(), clock: now, to_come, given })
}

/// The case that is asked about.
struct Asked<'a> {
    id: &'a str,
    history: &'a History,
    configuration: &'a Configuration,
    now: Moment,
}

impl Asked<'_> {
    /// The schedule once the clock has reached all that is dated ahead, `at` included.
    fn judged(&self, history: &History, at: Moment) -> Judgement {
        let last = history.records().last().map_or(at, |record| record.at.max(at));
        judge(&Case::at(self.id, history, last), self.configuration)
    }

    fn rule(&self, finding: &Finding) -> &Rule {
        self.configuration.rule(finding.rule)
    }

    fn named(&self, finding: &Finding, span: &CardSpan) -> NamedLight {
        let Rule { id, label, name, .. } = self.rule(finding);
        NamedLight {
            rule: id.clone(),
            rule_version: label.clone(),
            name: name.clone(),
            instance: finding.instance.clone(),
            card: span.card,
            light: span.light,
            since: span.since,
        }
    }

    /// A light to come with the acts that avoid it.
    fn coming(&self, before: &Judgement, finding: &Finding, span: &CardSpan) -> LightToCome {
        let rule = self.rule(finding);
        let proposals = self.proposals(rule, finding, span);
        let mut acts: Vec<Act> =
            proposals.iter().filter_map(|proposal| self.last_act(before, finding, span, proposal)).collect();
        least_first(&mut acts);
        let awaits = if acts.is_empty() { proposals::awaited(rule) } else { Vec::new() };
        LightToCome { light: self.named(finding, span), from: span.from, acts, awaits }
    }

    /// A light that stands with what clears it.
    fn given(&self, before: &Judgement, finding: &Finding, span: &CardSpan) -> LightGiven {
        let rule = self.rule(finding);
        let ends = match (span.until, spec_of(rule, span.card).map(|card| &card.clears)) {
            (Some(until), _) => Ends::At { until },
            (None, Some(Clears::Ended)) => Ends::WithTheEnd,
            (None, Some(Clears::When(node))) => Ends::When { condition: node.text.clone() },
            (None, Some(Clears::Never) | None) => Ends::Never,
        };
        let at = self.now.plus_millis(1);
        let clearing = |proposal: &Proposal| {
            let event = proposal.dated(at);
            let after = self.with(&event, at);
            let same = same_finding(&after, finding);
            let stays = same.is_some_and(|same| same.at(at).is_some_and(|held| held.card >= span.card));
            (!stays).then(|| self.act(before, &after, proposal, &event, at, None, at))
        };
        // What is only told late takes a light back, and does not clear it.
        let proposals = self.proposals(rule, finding, span).into_iter();
        let proposals = proposals.filter(|proposal| !matches!(ends, Ends::Never) && proposal.kind != ActKind::Report);
        let mut acts: Vec<Act> = proposals.filter_map(|proposal| clearing(&proposal)).collect();
        least_first(&mut acts);
        LightGiven { light: self.named(finding, span), ends, acts, missing: self.missing(finding, span) }
    }

    fn proposals(&self, rule: &Rule, finding: &Finding, span: &CardSpan) -> Vec<Proposal> {
        let last = self.history.records().last().map_or(self.now, |record| record.at.max(self.now));
        let case = Case::at(self.id, self.history, last);
        let Some(view) = CaseView::new(&case, &[], self.configuration) else { return Vec::new() };
        proposals::of(&view, rule, finding, span)
    }

    /// What the rule found missing.
    fn missing(&self, finding: &Finding, span: &CardSpan) -> Vec<compact_str::CompactString> {
        let case = Case::at(self.id, self.history, self.now);
        let told = explain(&case, self.configuration, finding.rule, &finding.instance, span.card, self.now);
        match told.map(|told| told.proof) {
            Some(Proof::Requires(proof)) => proof.missing.into_iter().map(|(set, _)| set).collect(),
            Some(Proof::Workflow(proof)) => proof.missing,
            _ => Vec::new(),
        }
    }

    /// The act at the last instant at which it avoids the light of `span`, if it does at all.
    fn last_act(&self, before: &Judgement, finding: &Finding, span: &CardSpan, proposal: &Proposal) -> Option<Act> {
        let tried = |at: Moment| {
            let event = proposal.dated(at);
            let after = self.with(&event, at);
            let put_off = avoided(&after, finding, span)?;
            Some((event, after, put_off))
        };
        let (first, mut bad) = (self.now.plus_millis(1).min(span.from.plus_millis(-1)), span.from);
        let mut good = bad.plus_millis(-1);
        let mut found = tried(good);
        if found.is_none() {
            (good, bad) = (first, good);
            found = tried(good);
            found.as_ref()?;
            while bad.millis() - good.millis() > 1 {
                let middle = Moment::from_millis(good.millis() + (bad.millis() - good.millis()) / 2);
                match tried(middle) {
                    Some(better) => (good, found) = (middle, Some(better)),
                    None => bad = middle,
                }
            }
        }
        let (event, after, put_off) = found?;
        Some(self.act(before, &after, proposal, &event, good, put_off, span.from))
    }

    /// The schedule with one more fact.
    fn with(&self, event: &Event, at: Moment) -> Judgement {
        let mut history = self.history.clone();
        history.join(event.clone(), None, &self.configuration.zone);
        self.judged(&history, at)
    }

    #[expect(clippy::too_many_arguments, reason = "what was tried, and what came of it")]
    fn act(
        &self,
        before: &Judgement,
        after: &Judgement,
        proposal: &Proposal,
        event: &Event,
        last: Moment,
        puts_off_until: Option<Moment>,
        until: Moment,
    ) -> Act {
        Act {
            kind: proposal.kind,
            activity: proposal.activity(),
            fields: fields::told(event),
            line: line::write(event),
            last,
            dated: proposal.happened,
            puts_off_until,
            brings: self.brought(before, after, until),
        }
    }

    /// Lights up to `until` that `before` does not know.
    fn brought(&self, before: &Judgement, after: &Judgement, until: Moment) -> Vec<Brought> {
        let known = |finding: &Finding, span: &CardSpan| {
            same_finding(before, finding).is_some_and(|held| held.spans.iter().any(|held| held.card >= span.card))
        };
        let mut brought: Vec<Brought> = Vec::new();
        for finding in &after.findings {
            let new = finding.spans.iter().filter(|span| span.from <= until && !known(finding, span));
            let rule = &self.rule(finding).id;
            brought.extend(new.map(|span| Brought { rule: rule.clone(), card: span.card, from: span.from }));
        }
        brought.sort();
        brought.dedup();
        brought
    }
}

/// The finding of the same rule and instance.
fn same_finding<'j>(judgement: &'j Judgement, finding: &Finding) -> Option<&'j Finding> {
    judgement.findings.iter().find(|other| other.rule == finding.rule && other.instance == finding.instance)
}

/// Is the light of `span` gone from the schedule, up to the instant at which it was to come? Then, if it comes later, when.
fn avoided(after: &Judgement, finding: &Finding, span: &CardSpan) -> Option<Option<Moment>> {
    let spans = same_finding(after, finding).map(|same| same.spans.as_slice()).unwrap_or_default();
    // A light that stood before and stands on is none of this one's.
    let as_bad = |later: &&CardSpan| later.card >= span.card && later.until.is_none_or(|until| until > span.from);
    let mut later = spans.iter().filter(as_bad).map(|later| later.from);
    let comes = later.by_ref().min();
    match comes {
        Some(comes) if comes <= span.from => None,
        comes => Some(comes),
    }
}

/// Acts that bring nothing else first, of these such as avoid the light for good, then by kind; of each activity one that
/// brings nothing else and one that does.
fn least_first(acts: &mut Vec<Act>) {
    acts.sort_by(|a, b| {
        let rank = |act: &Act| (!act.brings.is_empty(), act.puts_off_until.is_some(), act.kind, act.fields.len());
        rank(a).cmp(&rank(b)).then_with(|| a.activity.cmp(&b.activity))
    });
    let mut seen = std::collections::BTreeSet::new();
    acts.retain(|act| seen.insert((act.kind, act.activity.clone(), act.brings.is_empty())));
    acts.truncate(ACTS_MAX);
}

#[cfg(test)]
mod tests;
