//! A compiled rule in words.

use facts::proof::Lang;
use rules::configuration::Configuration;
use rules::counting::{Counting, Span};
use rules::expression::EventSet;
use rules::rule::{
    Bound, CardSpec, Clears, Deadline, Family, Kind, Mark, On, Requires, Rule, Start, Stop, WorkflowCheck,
};

/// Words for people, with the names that the vocabulary gives to activities.
pub(super) struct Words<'c> {
    pub(super) configuration: &'c Configuration,
    pub(super) lang: Lang,
}

impl Words<'_> {
    fn say(&self, zh: String, en: String) -> String {
        self.lang.pick(zh, en)
    }

    pub(super) fn family(&self, family: Family) -> &'static str {
        match family {
            Family::Overdue => self.lang.pick("超时", "overdue"),
            Family::IrregularFee => self.lang.pick("违规收费", "irregular fee"),
            Family::ProcessSkip => self.lang.pick("流程跳步", "process skip"),
            Family::DataQuality => self.lang.pick("数据质量", "data quality"),
        }
    }

    pub(super) fn kind(&self, kind: &Kind) -> &'static str {
        match kind {
            Kind::Deadline(_) => self.lang.pick("时限（deadline）", "a limit of time (deadline)"),
            Kind::Requires(_) => self.lang.pick("前置（requires）", "needs something before (requires)"),
            Kind::Forbids(_) => self.lang.pick("禁止（forbids）", "must not follow (forbids)"),
            Kind::Count(_) => self.lang.pick("次数（count）", "how often (count)"),
            Kind::Separation(_) => self.lang.pick("岗位分离（separation）", "acts of one person (separation)"),
            Kind::Workflow(_) => self.lang.pick("流程（workflow）", "the stage graph (workflow)"),
            Kind::Fee(_) => self.lang.pick("收费台账（fee）", "the fee ledger (fee)"),
            Kind::Condition(_) => self.lang.pick("条件（condition）", "a condition (condition)"),
        }
    }

    /// An instant as people there read it; a text that is none as it stands.
    pub(super) fn at(&self, text: &str) -> String {
        let at = text.parse::<facts::Moment>().map(|at| at.civil(&self.configuration.zone));
        at.map_or_else(|_| text.to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S%.f").to_string())
    }

    /// An expression, with what people call the limits that the catalogue and the records give.
    fn limit(&self, text: &str) -> String {
        let known = match text {
            "item.promise" => self.lang.pick("事项的承诺时限", "the item's promise"),
            "item.statutory" => self.lang.pick("事项的法定时限", "the item's statutory limit"),
            "stage.limit" | "start.stage.limit" => self.lang.pick("环节时限", "the stage's limit"),
            "start.special.granted" | "event.special.granted" => self.lang.pick("批准的时间", "what was granted"),
            other => return other.to_owned(),
        };
        self.say(format!("{known}（{text}）"), format!("{known} ({text})"))
    }

    /// What an activity is called.
    pub(super) fn activity(&self, name: &str) -> String {
        let named = self.configuration.activities.get(name);
        let named = named.map(|named| self.lang.pick(&named.name.zh, &named.name.en)).filter(|text| !text.is_empty());
        named.map_or_else(|| name.to_owned(), Clone::clone)
    }

    /// A set of events with the activities' names in place of their identifiers; tests stay as they are written.
    pub(super) fn set(&self, set: &EventSet) -> String {
        let (mut text, mut word, mut depth) = (String::new(), String::new(), 0_u32);
        for letter in set.text.chars().chain([' ']) {
            if letter.is_ascii_alphanumeric() || letter == '_' || letter == '.' {
                word.push(letter);
                continue;
            }
            text += &if depth == 0 { self.activity(&word) } else { word.clone() };
            word.clear();
            match letter {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            match letter {
                '|' if depth == 0 => text.push_str(self.lang.pick("或", "or")),
                other => text.push(other),
            }
        }
        text.trim().to_owned()
    }

    fn sets<'s>(&self, sets: impl IntoIterator<Item = &'s EventSet>, joiner: &str) -> String {
        sets.into_iter().map(|set| self.set(set)).collect::<Vec<_>>().join(joiner)
    }

    /// What the rule watches.
    pub(super) fn watches(&self, rule: &Rule) -> String {
        match &rule.kind {
            Kind::Deadline(deadline) => self.deadline(deadline),
            Kind::Requires(requires) => self.requires(requires),
            Kind::Forbids(forbids) => {
                let (event, after) = (self.set(&forbids.event), self.set(&forbids.after));
                let unless = forbids.unless.as_ref().map(|set| {
                    let set = self.set(set);
                    self.say(format!("，其间有“{set}”的除外"), format!(", unless “{set}” lies between"))
                });
                let within =
                    forbids.within.map(|span| self.say(format!("{}内", span.zh()), format!(" within {}", span.en())));
                let (unless, within) = (unless.unwrap_or_default(), within.unwrap_or_default());
                self.say(
                    format!("“{after}”之后{within}不得“{event}”{unless}。"),
                    format!("After “{after}” there must be no “{event}”{within}{unless}."),
                )
            }
            Kind::Count(count) => {
                let of = self.set(&count.of);
                let within =
                    count.within.map(|span| self.say(format!("{}内", span.zh()), format!(" within {}", span.en())));
                let within = within.unwrap_or_default();
                match &count.bound {
                    Bound::Max(most) => self.say(
                        format!("“{of}”{within}至多 {most} 次。"),
                        format!("“{of}” at most {most} times{within}."),
                    ),
                    Bound::Min(least, at) => {
                        let at = self.set(at);
                        self.say(
                            format!("“{at}”时，“{of}”{within}至少 {least} 次。"),
                            format!("At “{at}” there are at least {least} of “{of}”{within}."),
                        )
                    }
                }
            }
            Kind::Separation(separation) => {
                let acts = self.sets(&separation.acts, self.lang.pick("、", ", "));
                self.say(
                    format!("同一人不得兼办：{acts}。"),
                    format!("One person must not do several of these: {acts}."),
                )
            }
            Kind::Workflow(workflow) => {
                let (of, at) = (self.set(&workflow.of), self.set(&workflow.at));
                match workflow.check {
                    WorkflowCheck::Complete => self.say(
                        format!("“{at}”时，事项目录所列的必经环节都应办过（“{of}”）。"),
                        format!("At “{at}” every stage that the catalogue requires was visited (“{of}”)."),
                    ),
                    WorkflowCheck::Order => self.say(
                        "环节不得倒序，目录允许退回的除外。".into(),
                        "No stage comes after a later one, but where the catalogue lets it return.".into(),
                    ),
                    WorkflowCheck::Edges => self.say(
                        "相邻环节应是目录中的流转。".into(),
                        "Each step from stage to stage is one of the catalogue.".into(),
                    ),
                    WorkflowCheck::Known => {
                        self.say("环节应在事项目录中。".into(), "Each stage is one of the catalogue.".into())
                    }
                }
            }
            Kind::Fee(fee) => self.grounds(self.lang.pick("收费台账出现：", "The fee ledger shows: "), &fee.grounds),
            Kind::Condition(condition) => {
                let on = match &condition.on {
                    On::Events(set) => {
                        self.say(format!("“{}”时：", self.set(set)), format!("At “{}”: ", self.set(set)))
                    }
                    On::Case => self.say("办件状态为：".into(), "The case is in this state: ".into()),
                };
                self.grounds(&on, &condition.grounds)
            }
        }
    }

    fn grounds(&self, begin: &str, grounds: &[rules::expression::Node]) -> String {
        let texts: Vec<&str> = grounds.iter().map(|node| node.text.as_str()).collect();
        format!("{begin}{}", texts.join(self.lang.pick("；或 ", "; or ")))
    }

    fn requires(&self, requires: &Requires) -> String {
        let joiner = match requires.all {
            true => self.lang.pick("、", ", and "),
            false => self.lang.pick("或", ", or "),
        };
        let (event, before) = (self.set(&requires.event), self.sets(&requires.before, joiner));
        let condition = requires
            .condition
            .as_ref()
            .map(|node| self.say(format!("（条件 {}）", node.text), format!(" (where {})", node.text)));
        let condition = condition.unwrap_or_default();
        let least =
            requires.at_least.map(|span| self.say(format!("至少 {}", span.zh()), format!(" at least {}", span.en())));
        let most =
            requires.at_most.map(|span| self.say(format!("至多 {}", span.zh()), format!(" at most {}", span.en())));
        let (least, most) = (least.unwrap_or_default(), most.unwrap_or_default());
        self.say(
            format!("“{event}”{condition}之前{least}{most}应有“{before}”。"),
            format!("“{event}”{condition} needs “{before}” before it{least}{most}."),
        )
    }

    fn deadline(&self, deadline: &Deadline) -> String {
        let start = match &deadline.start {
            Start::Events(set) => self.set(set),
            Start::Case => self.lang.pick("办件", "the case").to_owned(),
            Start::Instant(node) => node.text.to_string(),
        };
        let stops: Vec<String> = deadline
            .stops
            .iter()
            .map(|stop| match stop {
                Stop::Events(set) => self.set(set),
                Stop::Instant(node) | Stop::When(node) => node.text.to_string(),
            })
            .collect();
        let stops = stops.join(self.lang.pick("或", " or "));
        let limit = deadline.limit.as_ref().map_or_else(
            || self.lang.pick("各牌所列时限", "the limit of each card").to_owned(),
            |node| self.limit(&node.text),
        );
        let mut text = self.say(
            format!("自“{start}”起，应在 {limit} 内“{stops}”。"),
            format!("From “{start}” on, “{stops}” is due within {limit}."),
        );
        if let Some(cancel) = &deadline.cancel {
            let cancel = self.set(cancel);
            text += &self.say(format!("“{cancel}”使其终止。"), format!(" “{cancel}” ends the duty."));
        }
        text
    }

    /// How the clock counts: days, pauses, extension, grace.
    pub(super) fn clock(&self, rule: &Rule) -> String {
        let Kind::Deadline(deadline) = &rule.kind else {
            let grace = rule.grace.map(|grace| {
                self.say(format!("迟到数据宽限 {}", grace.zh()), format!("late data have {} of grace", grace.en()))
            });
            return grace.unwrap_or_default();
        };
        let mut parts = vec![match rule.counting {
            Counting::Legal => {
                self.say("法定计日：起始日不计".into(), "legal days: the first day is not counted".into())
            }
            Counting::Elapsed => self.say("按工作时间累计".into(), "elapsed office time".into()),
        }];
        for pause in &deadline.pauses {
            let (name, from, to) = (&pause.name, self.set(&pause.from), self.set(&pause.to));
            parts.push(
                self.say(
                    format!("暂停（{name}）：“{from}”至“{to}”"),
                    format!("paused ({name}) from “{from}” to “{to}”"),
                ),
            );
        }
        if let Some(extension) = &deadline.extension {
            let (on, by) = (self.set(&extension.on), self.limit(&extension.by.text));
            parts.push(self.say(format!("延长：“{on}”，{by}"), format!("extended by {by} at “{on}”")));
        }
        if let Some(grace) = rule.grace {
            parts.push(
                self.say(format!("迟到数据宽限 {}", grace.zh()), format!("late data have {} of grace", grace.en())),
            );
        }
        parts.join(self.lang.pick("；", "; "))
    }

    /// Which cases.
    pub(super) fn reach(&self, rule: &Rule) -> String {
        let scope = &rule.scope;
        let levels: Vec<&str> = scope.levels.iter().map(|level| level.token()).collect();
        let lists = [
            (self.lang.pick("层级", "levels"), levels.join(", ")),
            (self.lang.pick("地区", "regions"), scope.regions.join(", ")),
            (self.lang.pick("部门", "departments"), scope.depts.join(", ")),
            (self.lang.pick("事项", "items"), scope.items.join(", ")),
            (self.lang.pick("事项类型", "item types"), scope.item_types.join(", ")),
            (self.lang.pick("办件类型", "case types"), scope.case_types.join(", ")),
            (
                self.lang.pick("条件", "where"),
                scope.condition.as_ref().map(|node| node.text.to_string()).unwrap_or_default(),
            ),
        ];
        let parts: Vec<String> = lists
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| format!("{name} {text}"))
            .collect();
        if parts.is_empty() {
            self.lang.pick("全部办件", "every case").to_owned()
        } else {
            parts.join(self.lang.pick("，", ", "))
        }
    }

    /// When a card comes.
    pub(super) fn card_when(&self, rule: &Rule, card: &CardSpec) -> String {
        let mut parts = Vec::new();
        if let Kind::Deadline(_) = rule.kind {
            parts.push(match card.mark {
                Mark::Due(0, _) => self.say("期限届满之后".into(), "after the due instant".into()),
                Mark::Due(number, unit) => {
                    let span = Span::new(number.abs(), unit);
                    match number < 0 {
                        true => self
                            .say(format!("期限前{}之后", span.zh()), format!("after {} before it is due", span.en())),
                        false => self.say(
                            format!("期限后{}之后", span.zh()),
                            format!("after {} past the due instant", span.en()),
                        ),
                    }
                }
                Mark::Over(0..=1) => {
                    self.say(format!("超期即亮（{}）", card.mark_text), format!("when it is over ({})", card.mark_text))
                }
                Mark::Over(_) => self.say(
                    format!("按超期量（{}）", card.mark_text),
                    format!("by how much it is over ({})", card.mark_text),
                ),
                Mark::Percent(share) => {
                    self.say(format!("时限用去 {share}% 时"), format!("when {share}% of the limit is used"))
                }
            });
        }
        if let Some(limit) = &card.limit {
            let limit = self.limit(&limit.text);
            parts.push(self.say(format!("时限 {limit}"), format!("limit {limit}")));
        }
        let mut add = |zh: String, en: String| parts.push(self.lang.pick(zh, en));
        if let Some(when) = &card.when {
            add(format!("当 {}", when.text), format!("when {}", when.text));
        }
        if let Some(after) = card.after {
            add(format!("持续 {} 之后", after.zh()), format!("after it has lasted {}", after.en()));
        }
        if let Some(from) = &card.from {
            add(format!("不早于 {}", from.text), format!("not before {}", from.text));
        }
        if card.held {
            add("待人工确认后发送".into(), "waits for a person before it is sent".into());
        }
        match parts.is_empty() {
            true => self.lang.pick("立即", "at once").to_owned(),
            false => parts.join(self.lang.pick("，", ", ")),
        }
    }

    /// How a card ends.
    pub(super) fn ends(&self, card: &CardSpec) -> String {
        match &card.clears {
            Clears::Never => self.say("不消除；更正事实可撤回".into(), "never; corrected facts take it back".into()),
            Clears::Ended => self.say("办毕或状态结束即消除".into(), "with the stop, or with the state".into()),
            Clears::When(node) => self.say(format!("当 {}", node.text), format!("when {}", node.text)),
        }
    }
}
