//! Mutants of a rule: the rule with one thing changed, to see whether its scenarios notice.
//!
//! Changed are, once each: numbers (one up, one down), units, the counting of days, comparisons, the words between
//! conditions, what a condition asks of the case, activities (another one, none) and their tests, cancels, pauses, caps,
//! extensions, grounds, the scope (wider, elsewhere), grace, and each card with its mark, its level, its conditions and
//! its ending. What a pause or a clock of the vocabulary is made of is changed as a whole only.
//! Not here: running scenarios (`scenario`), and changes that no light could show, such as who issues a card.

mod parts;

use facts::standing::Text2;
use facts::{Card, Level};

use crate::counting::{Counting, Ends, Span, Unit};
use crate::expression::{EventField, Expr, Node};
use crate::rule::{
    Bound, CardSpec, CardsOn, Clears, Deadline, Forbids, Group, Kind, Mark, On, Requires, Rule, Scope, Start, Stop,
    WorkflowCheck,
};
use crate::value::{Type, Value};

/// So soon that next to nothing else in a case is: a limit where the rule has none.
const AT_ONCE: Span = Span { number: 1, unit: Unit::Minutes };

/// A rule with one thing changed.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What was changed.
    pub change: Text2,
    /// The changed rule.
    pub rule: Rule,
}

/// Every mutant of `rule`, in the order in which the changed things stand in it.
pub fn mutants(rule: &Rule) -> impl Iterator<Item = Mutant> {
    (0..).map_while(|place| {
        let mut mutant = rule.clone();
        let mut knife = Knife { left: place, change: None };
        knife.rule(&mut mutant);
        knife.change.map(|change| Mutant { change, rule: mutant })
    })
}

/// What is done at a place.
fn told(zh: impl Into<String>, en: impl Into<String>) -> Text2 {
    Text2 { zh: zh.into(), en: en.into() }
}

/// Walks a rule and cuts at one place.
struct Knife {
    /// Places to pass before the cut.
    left: usize,
    change: Option<Text2>,
}

impl Knife {
    /// Is this the place? `change` says what is done there.
    fn cuts(&mut self, change: impl FnOnce() -> Text2) -> bool {
        if self.change.is_some() {
            return false;
        }
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        self.change = Some(change());
        true
    }

    fn rule(&mut self, rule: &mut Rule) {
        match &mut rule.kind {
            Kind::Deadline(deadline) => self.deadline(deadline),
            Kind::Requires(requires) => self.requires(requires),
            Kind::Forbids(forbids) => self.forbids(forbids),
            Kind::Count(count) => {
                self.set(&mut count.of);
                let (Bound::Max(bound) | Bound::Min(bound, _)) = &mut count.bound;
                if self.cuts(|| told(format!("次数 {bound} 加 1"), format!("{bound} +1"))) {
                    *bound += 1;
                }
                if *bound > 0 && self.cuts(|| told(format!("次数 {bound} 减 1"), format!("{bound} -1"))) {
                    *bound -= 1;
                }
                if !count.by.is_empty() && self.cuts(|| told("不分组，合计一次", "one count for all")) {
                    count.by.clear();
                }
                count.within.iter_mut().for_each(|span| self.span(span));
            }
            Kind::Separation(separation) => {
                for place in 0..separation.acts.len() {
                    if self.cuts(|| {
                        told(
                            format!("去掉行为 {}", separation.acts[place].text),
                            format!("without the act {}", separation.acts[place].text),
                        )
                    }) {
                        separation.acts.remove(place);
                        break;
                    }
                }
                separation.acts.iter_mut().for_each(|set| self.set(set));
                if separation.by != EventField::Dept && self.cuts(|| told("按部门而不按人", "by department")) {
                    separation.by = EventField::Dept;
                }
            }
            Kind::Workflow(workflow) => {
                for check in [WorkflowCheck::Complete, WorkflowCheck::Order, WorkflowCheck::Edges, WorkflowCheck::Known]
                {
                    if check != workflow.check
                        && self.cuts(|| told(format!("改查 {check:?}"), format!("checks {check:?}")))
                    {
                        workflow.check = check;
                    }
                }
                self.set(&mut workflow.of);
                if workflow.check == WorkflowCheck::Complete {
                    self.set(&mut workflow.at);
                }
            }
            Kind::Fee(fee) => {
                for place in 0..fee.by.len() {
                    if self.cuts(|| told(format!("不按 {:?} 分", fee.by[place]), format!("not by {:?}", fee.by[place])))
                    {
                        fee.by.remove(place);
                        break;
                    }
                }
                self.grounds(&mut fee.grounds);
            }
            Kind::Condition(condition) => {
                if let On::Events(set) = &mut condition.on {
                    self.set(set);
                }
                self.grounds(&mut condition.grounds);
            }
        }
        rule.group.iter_mut().for_each(|group| self.group(group));
        self.scope(&mut rule.scope);
        if rule.grace.is_some() && self.cuts(|| told("去掉宽限", "without grace")) {
            rule.grace = None;
        }
        if let Some(grace) = &mut rule.grace {
            self.span(grace);
        }
        if matches!(rule.kind, Kind::Deadline(_)) {
            self.days(rule);
        }
        self.cards(&mut rule.cards);
    }

    /// Which events share a history, and which cases are lit.
    fn group(&mut self, group: &mut Group) {
        for place in 0..group.by.len() {
            if group.by.len() > 1
                && self.cuts(|| {
                    told(format!("分组键去掉第 {} 项", place + 1), format!("without part {} of the key", place + 1))
                })
            {
                group.by.remove(place);
                break;
            }
        }
        group.by.iter_mut().for_each(|node| self.node(node));
        for other in [CardsOn::All, CardsOn::First, CardsOn::Last] {
            if other != group.cards_on
                && self.cuts(|| told(format!("亮牌改在 {other:?}"), format!("cards on {other:?}")))
            {
                group.cards_on = other;
            }
        }
        let window = group.window.is_none_or(|window| window != AT_ONCE);
        if window && self.cuts(|| told(format!("只回看 {AT_ONCE}"), format!("looks back {AT_ONCE}"))) {
            group.window = Some(AT_ONCE);
        }
    }

    /// Where the rule applies: wider, and elsewhere.
    fn scope(&mut self, scope: &mut Scope) {
        if !scope.case_types.is_empty() && self.cuts(|| told("不限办件类型", "every case type")) {
            scope.case_types.clear();
        }
        if !scope.items.is_empty() && self.cuts(|| told("不限事项", "every item")) {
            scope.items.clear();
        }
        if !scope.item_types.is_empty() && self.cuts(|| told("不限事项类型", "every type of item")) {
            scope.item_types.clear();
        }
        if self.cuts(|| told("改为其他层级", "at the other levels")) {
            let own = if scope.levels.is_empty() { vec![Level::County] } else { std::mem::take(&mut scope.levels) };
            scope.levels = Level::ALL.into_iter().filter(|level| !own.contains(level)).collect();
        }
        if self.cuts(|| told("改为其他地区", "in other regions")) {
            scope.regions = vec!["11".into()];
        }
        if self.cuts(|| told("改为其他部门", "of other departments")) {
            scope.depts = vec!["~".into()];
        }
        self.condition(("不限适用条件", "applies everywhere"), &mut scope.condition);
    }

    /// How days are counted, and when on its last day a limit ends.
    fn days(&mut self, rule: &mut Rule) {
        let other = match rule.counting {
            Counting::Legal => Counting::Elapsed,
            Counting::Elapsed => Counting::Legal,
        };
        if in_days(rule) && self.cuts(|| told(format!("计时改为 {other:?}"), format!("counted {other:?}"))) {
            rule.counting = other;
        }
        if let Some(ends) = rule.ends {
            for other in [Ends::Instant, Ends::Day, Ends::Office] {
                if other != ends && self.cuts(|| told(format!("到期时刻改为 {other:?}"), format!("ends {other:?}")))
                {
                    rule.ends = Some(other);
                }
            }
        }
    }

    fn forbids(&mut self, forbids: &mut Forbids) {
        self.set(&mut forbids.event);
        self.set(&mut forbids.after);
        if forbids.unless.is_some() && self.cuts(|| told("去掉解除禁止的事件", "nothing lifts the ban")) {
            forbids.unless = None;
        }
        if forbids.within.is_none()
            && self.cuts(|| told(format!("只禁 {AT_ONCE} 内"), format!("only within {AT_ONCE}")))
        {
            forbids.within = Some(AT_ONCE);
        }
        forbids.within.iter_mut().chain(&mut forbids.later_than).for_each(|span| self.span(span));
        if !forbids.same.is_empty() && self.cuts(|| told("不要求字段相同", "any two events")) {
            forbids.same.clear();
        }
        self.condition(("总是禁止", "forbidden always"), &mut forbids.condition);
    }

    fn deadline(&mut self, deadline: &mut Deadline) {
        match &mut deadline.start {
            Start::Events(set) => self.set(set),
            Start::Case => {}
            Start::Instant(node) => self.node(node),
        }
        for stop in &mut deadline.stops {
            match stop {
                Stop::Events(set) => self.set(set),
                Stop::Instant(node) | Stop::When(node) => self.node(node),
            }
        }
        if deadline.cancel.is_some() && self.cuts(|| told("去掉终止", "nothing cancels")) {
            deadline.cancel = None;
        }
        if let Some(limit) = &mut deadline.limit {
            self.node(limit);
        }
        self.condition(("总是起算", "starts always"), &mut deadline.condition);
        if deadline.silent && self.cuts(|| told("未结束也亮灯", "lights before the stop")) {
            deadline.silent = false;
        }
        if deadline.deems.is_some() && self.cuts(|| told("不作推定", "deems nothing")) {
            deadline.deems = None;
        }
        for place in 0..deadline.pauses.len() {
            if self.cuts(|| {
                told(
                    format!("去掉暂停 {}", deadline.pauses[place].name),
                    format!("without the pause {}", deadline.pauses[place].name),
                )
            }) {
                deadline.pauses.remove(place);
                break;
            }
        }
        for pause in deadline.pauses.iter_mut().filter(|pause| pause.cap.is_some()) {
            if self.cuts(|| {
                told(format!("暂停 {} 不设上限", pause.name), format!("the pause {} without a cap", pause.name))
            }) {
                pause.cap = None;
            }
        }
        for pause in &mut deadline.pauses {
            if let Some(times) = &mut pause.max_times
                && self
                    .cuts(|| told(format!("暂停 {} 多一次", pause.name), format!("the pause {} once more", pause.name)))
            {
                *times += 1;
            }
        }
        if let Some(extension) = &mut deadline.extension {
            if extension.at_most.is_some()
                && self.cuts(|| {
                    told(
                        format!("延长 {} 不设上限", extension.name),
                        format!("the extension {} without a cap", extension.name),
                    )
                })
            {
                extension.at_most = None;
            }
            if let Some(times) = &mut extension.times
                && self.cuts(|| {
                    told(
                        format!("延长 {} 多一次", extension.name),
                        format!("the extension {} once more", extension.name),
                    )
                })
            {
                *times += 1;
            }
        }
        if deadline.extension.is_some() && self.cuts(|| told("去掉延长", "without the extension")) {
            deadline.extension = None;
        }
    }

    fn requires(&mut self, requires: &mut Requires) {
        self.set(&mut requires.event);
        requires.before.iter_mut().chain(&mut requires.since).for_each(|set| self.set(set));
        self.condition(("总是需要", "needed always"), &mut requires.condition);
        if requires.before.len() > 1 && self.cuts(|| told("全部与任一互换", "all or any")) {
            requires.all = !requires.all;
        }
        if requires.at_most.is_none()
            && self.cuts(|| told(format!("至多早 {AT_ONCE}"), format!("at most {AT_ONCE} before")))
        {
            requires.at_most = Some(AT_ONCE);
        }
        requires.at_least.iter_mut().chain(&mut requires.at_most).for_each(|span| self.span(span));
    }

    fn grounds(&mut self, grounds: &mut Vec<Node>) {
        for place in 0..grounds.len() {
            if grounds.len() > 1
                && self.cuts(|| {
                    told(
                        format!("去掉理由 {}", grounds[place].text),
                        format!("without the ground {}", grounds[place].text),
                    )
                })
            {
                grounds.remove(place);
                break;
            }
        }
        for ground in grounds {
            for holds in [true, false] {
                if self.cuts(|| told(format!("{} 恒为 {holds}", ground.text), format!("{holds} for {}", ground.text)))
                {
                    ground.expr = Expr::Literal(Value::Flag(holds));
                }
            }
            self.node(ground);
        }
    }

    /// A condition that may be absent: dropped, then changed inside.
    fn condition(&mut self, dropped: (&str, &str), condition: &mut Option<Node>) {
        if condition.is_some() && self.cuts(|| told(dropped.0, dropped.1)) {
            *condition = None;
        }
        if let Some(node) = condition {
            if self.cuts(|| told(format!("{} 从不成立", node.text), format!("never {}", node.text))) {
                node.expr = Expr::Literal(Value::Flag(false));
            }
            self.node(node);
        }
    }

    fn cards(&mut self, cards: &mut Vec<CardSpec>) {
        for place in 0..cards.len() {
            let level = cards[place].card;
            if self.cuts(|| told(format!("去掉 {level}"), format!("no {level}"))) {
                cards.remove(place);
                return;
            }
            for other in [Card::Warning, Card::Yellow, Card::Red] {
                let free = other != level && cards.iter().all(|card| card.card != other);
                if free && self.cuts(|| told(format!("{level} 改为 {other}"), format!("{other} instead of {level}")))
                {
                    cards[place].card = other;
                }
            }
            self.card(&mut cards[place]);
        }
    }

    fn card(&mut self, card: &mut CardSpec) {
        let level = card.card;
        let deadline = !card.mark_text.is_empty();
        for step in [1, -1] {
            if deadline
                && self.cuts(|| {
                    told(
                        format!("{level} 的 {} {step:+}", card.mark_text),
                        format!("{level} {step:+} of {}", card.mark_text),
                    )
                })
            {
                card.mark = match card.mark {
                    Mark::Due(number, unit) => Mark::Due(number + step, unit),
                    Mark::Over(number) => Mark::Over(number + step),
                    Mark::Percent(share) => Mark::Percent(share.saturating_add_signed(10 * step as i32)),
                };
            }
        }
        if let Some(limit) = &mut card.limit {
            self.node(limit);
        }
        self.condition(("总是亮牌", "lights always"), &mut card.when);
        if let Some(after) = &mut card.after {
            self.span(after);
        }
        if card.from.is_some() && self.cuts(|| told(format!("{level} 自事件起"), format!("{level} from the event on")))
        {
            card.from = None;
        }
        match &mut card.clears {
            Clears::Ended if self.cuts(|| told(format!("{level} 不消除"), format!("{level} never ends"))) => {
                card.clears = Clears::Never
            }
            Clears::When(_) if self.cuts(|| told(format!("{level} 不消除"), format!("{level} never ends"))) => {
                card.clears = Clears::Never
            }
            Clears::When(node) => self.node(node),
            Clears::Never
                if deadline
                    && self.cuts(|| told(format!("{level} 随结束消除"), format!("{level} ends with the stop"))) =>
            {
                card.clears = Clears::Ended;
            }
            Clears::Ended | Clears::Never => {}
        }
    }
}

/// Does the rule count in days? Hours and instants are the same in every counting.
fn in_days(rule: &Rule) -> bool {
    let Kind::Deadline(deadline) = &rule.kind else { return false };
    let limits = deadline.limit.iter().chain(rule.cards.iter().filter_map(|card| card.limit.as_ref()));
    let by_clock = |node: &Node| match &node.expr {
        Expr::Literal(Value::Span(span)) => matches!(span.unit, Unit::Hours | Unit::Minutes | Unit::Seconds),
        _ => node.ty != Type::Span,
    };
    !limits.into_iter().all(by_clock)
}
