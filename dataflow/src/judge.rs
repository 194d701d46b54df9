//! What the operator asks of judgement. `rules` answers; tests answer with a small rule set of their own.

use compact_str::CompactString;
use facts::{Card, Change, Event, Moment};
use jiff::tz::TimeZone;
use rules::change::{ConfigurationChange, Outline};
use rules::configuration::Configuration;
use rules::finding::{Judgement, RuleIndex};
use rules::judge::{Case, Contribution, Explanation, GroupCard, GroupFinding, Touched};
use rules::silence::{SILENCE, SilenceRule};

/// What a transition tells of the rule itself.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct RuleName<'a> {
    /// Permanent id.
    pub id: &'a str,
    /// Version label with the profile.
    pub label: &'a str,
    /// Law or document.
    pub basis: &'a str,
}

/// A configuration that can judge: pure, without a clock.
pub trait Judge: Send + Sync + 'static {
    /// Judges the facts that the clock has reached by all rules.
    fn judge(&self, case: &Case<'_>) -> Judgement;

    /// Judges again after a change that touched some rules only; equal to [`Judge::judge`] while the case
    /// keeps its owner. Also asked with no rules, when a fact came that no rule reads: owner, item and
    /// openness are read off the facts again each time.
    fn rejudge(&self, case: &Case<'_>, before: Judgement, touched: &Touched) -> Judgement;

    /// Which rules joining `event` can touch, given what the join did. `case` has the join behind it.
    fn touched(&self, case: &Case<'_>, event: &Event, change: &Change) -> Touched;

    /// Does a rule look at facts that are not in force: dated beyond the clock, or deleted for good? Where none
    /// does, such a fact asks for no judgement.
    fn looks_aside(&self) -> bool {
        false
    }

    /// What differs from `before`, by which cases were judged until now.
    fn change_from(&self, before: &Self) -> ConfigurationChange {
        let _ = before;
        ConfigurationChange::Everything
    }

    /// What of a case is to be judged again after `change`; a judgement that is kept gets the rules' new places.
    fn carry(&self, change: &ConfigurationChange, case: &Case<'_>, judgement: &mut Judgement) -> Touched {
        let _ = (change, case, judgement);
        Touched::All
    }

    /// May `change` concern a case of this outline, in which only rules that it keeps found something? Where not,
    /// [`Judge::carry`] answers [`Touched::None`] for each such case.
    fn concerned(&self, change: &ConfigurationChange, outline: &Outline) -> bool {
        let _ = (change, outline);
        true
    }

    /// Why `card` of `rule` for `instance` holds at `now`; `None` when it does not.
    fn explain(&self, case: &Case<'_>, rule: RuleIndex, instance: &str, card: Card, now: Moment)
    -> Option<Explanation>;

    /// Is any rule judged over several cases? Where none is, nothing of groups is asked.
    fn has_groups(&self) -> bool {
        false
    }

    /// Is the rule of this id judged over several cases?
    fn groups_by(&self, _rule: &str) -> bool {
        false
    }

    /// The groups that a case is in, sorted.
    fn groups_of(&self, _case: &Case<'_>) -> Vec<(RuleIndex, CompactString)> {
        Vec::new()
    }

    /// The last instant whose records see one of the instant `at` in a group of the rule; `None` for ever.
    fn seen_in_group_until(&self, _rule: RuleIndex, _at: Moment) -> Option<Moment> {
        None
    }

    /// Judges a group by all that its cases contribute.
    fn judge_group(&self, _rule: RuleIndex, _key: &str, _contributions: &[Contribution]) -> Vec<GroupFinding> {
        Vec::new()
    }

    /// Why a card of a group holds at `now`; `None` when it does not.
    fn explain_group(
        &self,
        _rule: RuleIndex,
        _key: &str,
        _contributions: &[Contribution],
        _asked: GroupCard<'_>,
        _now: Moment,
    ) -> Option<Explanation> {
        None
    }

    /// The rule at a place; [`SILENCE`] is asked only where there is a light of silent sources.
    fn rule(&self, rule: RuleIndex) -> RuleName<'_>;

    /// How long a source may say nothing before it is silent, in ms; `None` for ever.
    fn silence_of(&self, _source: &str) -> Option<i64> {
        None
    }

    /// The light of a silent source, if silence is told.
    fn silence(&self) -> Option<&SilenceRule> {
        None
    }

    /// The site's zone, in which a civil day begins. One deployment keeps one zone.
    fn zone(&self) -> &TimeZone;

    /// What tells it from every other configuration.
    fn hash(&self) -> &str;
}

impl Judge for Configuration {
    fn judge(&self, case: &Case<'_>) -> Judgement {
        rules::judge::judge(case, self)
    }

    fn rejudge(&self, case: &Case<'_>, before: Judgement, touched: &Touched) -> Judgement {
        rules::judge::rejudge(case, self, before, touched)
    }

    fn touched(&self, case: &Case<'_>, event: &Event, change: &Change) -> Touched {
        rules::judge::touched(case, self, event, change)
    }

    fn change_from(&self, before: &Configuration) -> ConfigurationChange {
        ConfigurationChange::between(before, self)
    }

    fn carry(&self, change: &ConfigurationChange, case: &Case<'_>, judgement: &mut Judgement) -> Touched {
        match change {
            ConfigurationChange::Everything => Touched::All,
            ConfigurationChange::Parts(parts) => parts.carry(case, self, judgement),
        }
    }

    fn concerned(&self, change: &ConfigurationChange, outline: &Outline) -> bool {
        change.concerns(outline, self)
    }

    fn looks_aside(&self) -> bool {
        self.rules.iter().any(|rule| rule.reads.reads_aside())
    }

    fn explain(
        &self,
        case: &Case<'_>,
        rule: RuleIndex,
        instance: &str,
        card: Card,
        now: Moment,
    ) -> Option<Explanation> {
        rules::judge::explain(case, self, rule, instance, card, now)
    }

    fn has_groups(&self) -> bool {
        Configuration::has_groups(self)
    }

    fn groups_by(&self, rule: &str) -> bool {
        Configuration::groups_by(self, rule)
    }

    fn groups_of(&self, case: &Case<'_>) -> Vec<(RuleIndex, CompactString)> {
        rules::judge::groups_of(case, self)
    }

    fn seen_in_group_until(&self, rule: RuleIndex, at: Moment) -> Option<Moment> {
        rules::judge::seen_in_group_until(rule, at, self)
    }

    fn judge_group(&self, rule: RuleIndex, key: &str, contributions: &[Contribution]) -> Vec<GroupFinding> {
        rules::judge::judge_group(rule, key, contributions, self)
    }

    fn explain_group(
        &self,
        rule: RuleIndex,
        key: &str,
        contributions: &[Contribution],
        asked: GroupCard<'_>,
        now: Moment,
    ) -> Option<Explanation> {
        rules::judge::explain_group(rule, key, contributions, self, asked, now)
    }

    fn rule(&self, rule: RuleIndex) -> RuleName<'_> {
        match &self.silence {
            Some(silence) if rule == SILENCE => {
                RuleName { id: &silence.id, label: &silence.label, basis: &silence.basis }
            }
            _ => {
                let rule = Configuration::rule(self, rule);
                RuleName { id: &rule.id, label: &rule.label, basis: &rule.basis }
            }
        }
    }

    fn silence_of(&self, source: &str) -> Option<i64> {
        self.sources.get(source)?.silence_ms
    }

    fn silence(&self) -> Option<&SilenceRule> {
        self.silence.as_ref()
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}
