//! A small rule set with everything that an operator must get right: deadlines, cards that clear and
//! cards that stay, grace, several instances, an owner that follows the facts, a waiver.

use std::collections::BTreeMap;

use facts::proof::{CountProof, Proof};
use facts::standing::Text2;
use facts::transition::Evidence;
use facts::{Activity, Card, Change, Event, Light, Moment, Record};
use jiff::tz::TimeZone;
use rules::finding::{CardSpan, Finding, Judgement, RuleIndex};
use rules::judge::{Case, Explanation, Touched};
use rules::silence::{SILENCE, SilenceRule};
use smallvec::{SmallVec, smallvec};

use crate::judge::{Judge, RuleName};

/// submitted -> closed within the limit: warning 10 ms before, red after; closing clears.
pub(crate) const ANSWER: &str = "T-ANSWER";
/// accepted -> closed within one and a half limits: yellow for good, unless waived.
pub(crate) const STATUTE: &str = "T-STATUTE";
/// A fee without ground: red, 3 ms of grace, an instance a fee, waits for a person.
pub(crate) const GROUND: &str = "T-GROUND";
/// Two fees or more: yellow since the second.
pub(crate) const TWICE: &str = "T-TWICE";

const RULES: [&str; 4] = [ANSWER, STATUTE, GROUND, TWICE];

/// The rule set.
#[derive(Clone, Debug)]
pub(crate) struct City {
    /// In ms.
    pub(crate) limit: i64,
    /// Version label of all rules.
    pub(crate) label: &'static str,
    /// What tells it from another one.
    pub(crate) hash: String,
    pub(crate) zone: TimeZone,
    /// After how many ms a source is silent, and what is said of it.
    pub(crate) silence: Option<(i64, SilenceRule)>,
}

impl City {
    pub(crate) fn new(limit: i64) -> City {
        City { limit, label: "T@1+test", hash: limit.to_string(), zone: TimeZone::UTC, silence: None }
    }

    /// Office D2 has 7 ms more for everything: which office owns a case decides how it is judged.
    fn limit(&self, records: &[Record]) -> i64 {
        let generous = records.first().is_some_and(|first| first.event.address.dept.as_str() == "D2");
        self.limit + if generous { 7 } else { 0 }
    }

    fn findings(&self, rule: u32, records: &[Record]) -> Vec<Finding> {
        let limit = self.limit(records);
        let of = |instance: &str, spans: SmallVec<[CardSpan; 2]>| Finding {
            rule: RuleIndex(rule),
            instance: instance.into(),
            spans,
        };
        let first = |activity: Activity| records.iter().find(|record| record.event.activity == activity);
        let closed = first(Activity::Closed).map(|record| record.at);
        match RULES[rule as usize] {
            ANSWER => {
                first(Activity::Submitted).map(|start| of("-", answer(limit, start.at, closed))).into_iter().collect()
            }
            STATUTE => {
                let waived = first(Activity::Waived).is_some();
                let start = first(Activity::Accepted).filter(|_| !waived);
                let due = start.map(|start| start.at.plus_millis(limit * 3 / 2));
                let late = due.filter(|due| closed.is_none_or(|closed| closed > *due));
                let absent = closed.is_none();
                late.map(|due| of("-", smallvec![CardSpan { absent, ..card(Card::Yellow, due, None) }]))
                    .into_iter()
                    .collect()
            }
            GROUND => fees(records)
                .filter(|fee| fee.event.detail().reason.is_none())
                .map(|fee| {
                    let from = fee.at.plus_millis(3);
                    let key = format!("{}/{}", fee.event.address.dept, fee.event.id);
                    of(&key, smallvec![CardSpan { from, held: true, ..card(Card::Red, fee.at, None) }])
                })
                .collect(),
            _ => fees(records)
                .nth(1)
                .map(|second| of("-", smallvec![card(Card::Yellow, second.at, None)]))
                .into_iter()
                .collect(),
        }
    }
}

fn answer(limit: i64, start: Moment, closed: Option<Moment>) -> SmallVec<[CardSpan; 2]> {
    let due = start.plus_millis(limit);
    let warning = card(Card::Warning, due.plus_millis(-10), None);
    let red = card(Card::Red, due, None);
    let closed = closed.filter(|closed| *closed >= start);
    let until = |span: CardSpan| {
        let until = span.until.into_iter().chain(closed).min();
        (until.is_none_or(|until| span.from < until)).then_some(CardSpan { until, absent: closed.is_none(), ..span })
    };
    [warning, red].into_iter().filter_map(until).collect()
}

fn fees(records: &[Record]) -> impl Iterator<Item = &Record> {
    records.iter().filter(|record| record.event.activity == Activity::Fee)
}

fn card(card: Card, since: Moment, until: Option<Moment>) -> CardSpan {
    let light = if card == Card::Red { Light::Red } else { Light::Yellow };
    CardSpan { card, light, since, from: since.plus_millis(1), until, held: false, absent: false }
}

fn read_by(activity: &Activity) -> Vec<RuleIndex> {
    let rules: &[u32] = match activity {
        Activity::Submitted => &[0],
        Activity::Accepted | Activity::Waived => &[1],
        Activity::Closed => &[0, 1],
        Activity::Fee => &[2, 3],
        _ => &[],
    };
    rules.iter().copied().map(RuleIndex).collect()
}

impl Judge for City {
    fn judge(&self, case: &Case<'_>) -> Judgement {
        self.rejudge(case, Judgement::default(), &Touched::All)
    }

    fn rejudge(&self, case: &Case<'_>, before: Judgement, touched: &Touched) -> Judgement {
        if *touched == Touched::None {
            return before;
        }
        let mut by_rule: BTreeMap<u32, Vec<Finding>> = BTreeMap::new();
        for finding in before.findings {
            by_rule.entry(finding.rule.0).or_default().push(finding);
        }
        for rule in 0..RULES.len() as u32 {
            let again = match touched {
                Touched::None => false,
                Touched::Rules(rules) => rules.contains(&RuleIndex(rule)),
                Touched::All => true,
            };
            if again {
                by_rule.insert(rule, self.findings(rule, case.records));
            }
        }
        let mut items = case.records.iter().filter_map(|record| record.event.detail().item.clone());
        Judgement {
            owner: case.records.first().map(|record| record.event.address.clone()),
            item: items.next_back(),
            open: !case.records.iter().any(|record| record.event.activity == Activity::Closed),
            findings: by_rule.into_values().flatten().collect(),
        }
    }

    fn touched(&self, _case: &Case<'_>, event: &Event, change: &Change) -> Touched {
        let mut rules = read_by(&event.activity);
        if let Change::Corrected(before) | Change::Deleted(before) = change {
            rules.extend(read_by(&before.activity));
            rules.sort_unstable();
            rules.dedup();
        }
        if rules.is_empty() { Touched::None } else { Touched::Rules(rules) }
    }

    fn explain(
        &self,
        case: &Case<'_>,
        rule: RuleIndex,
        instance: &str,
        card: Card,
        now: Moment,
    ) -> Option<Explanation> {
        let findings = self.findings(rule.0, case.records);
        let finding = findings.iter().find(|finding| finding.instance == instance)?;
        finding.spans.iter().find(|span| span.card == card && span.holds(now))?;
        let evidence = case.records.iter().map(|record| Evidence {
            source: record.event.source.clone(),
            id: record.event.id.clone(),
            version: record.event.version,
            sequence: record.sequence,
        });
        let RuleName { id, label, basis } = self.rule(rule);
        Some(Explanation {
            rule_version: label.into(),
            basis: basis.into(),
            reason: Text2 { zh: card.zh().to_owned(), en: format!("{card} by {id}") },
            warnings: Vec::new(),
            evidence: evidence.collect(),
            proof: Proof::Count(Box::new(CountProof {
                key: instance.into(),
                bound: self.limit,
                counted: Vec::new(),
                within: None,
                at: None,
            })),
        })
    }

    fn rule(&self, rule: RuleIndex) -> RuleName<'_> {
        let id = match &self.silence {
            Some((_, silence)) if rule == SILENCE => silence.id.as_str(),
            _ => RULES[rule.0 as usize],
        };
        RuleName { id, label: self.label, basis: "a statute with a name longer than a word" }
    }

    fn silence_of(&self, _source: &str) -> Option<i64> {
        self.silence.as_ref().map(|(silence_ms, _)| *silence_ms)
    }

    fn silence(&self) -> Option<&SilenceRule> {
        self.silence.as_ref().map(|(_, rule)| rule)
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}
