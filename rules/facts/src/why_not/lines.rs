//! Why a rule shows no card, in words.

use compact_str::CompactString;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{CardThen, Reason, RuleAnswer, Unmet, UnmetPart, WhyNot};
use crate::light::Card;
use crate::moment::Moment;
use crate::proof::{Cited, Lang};
use crate::words::Words;

impl WhyNot {
    /// The answer as lines of text, instants shown in `zone`.
    #[must_use]
    pub fn lines(&self, lang: Lang, zone: &TimeZone) -> Vec<String> {
        let words = Words { lang, zone };
        if self.answers.is_empty() {
            return vec![words.unknown(self)];
        }
        self.answers.iter().flat_map(|answer| words.answer(answer)).collect()
    }
}

impl Words<'_> {
    fn card(&self, card: Card) -> String {
        self.lang.pick(card.zh().to_owned(), format!("card {}", card.token()))
    }

    fn cited(&self, cited: &Cited) -> String {
        format!("{} {} [{}]", self.at(cited.at), cited.activity, cited.id)
    }

    fn unknown(&self, asked: &WhyNot) -> String {
        let WhyNot { rule, near, .. } = asked;
        let meant = match near.is_empty() {
            true => String::new(),
            false => self.say(format!("；相近的有：{}", self.list(near)), format!("; near: {}", self.list(near))),
        };
        self.say(
            format!("本办件适用的方案中没有规则 {rule}{meant}"),
            format!("there is no rule {rule} under the profile of this case{meant}"),
        )
    }

    fn answer(&self, answer: &RuleAnswer) -> Vec<String> {
        let RuleAnswer { rule_version, name, basis, standing, to_come, reasons, .. } = answer;
        let mut lines =
            vec![self.say(
                format!("{rule_version} {}（{basis}）", name.zh),
                format!("{rule_version} {} ({basis})", name.en),
            )];
        lines.push(match (standing.is_empty(), reasons.contains(&Reason::Shadow)) {
            (true, _) => self.say("  现在没有亮牌".into(), "  shows no card now".into()),
            (false, false) => self.say("  现在亮着：".into(), "  shows now:".into()),
            (false, true) => self.say("  试行中，若启用则亮着：".into(), "  on trial, would show now:".into()),
        });
        lines.extend(standing.iter().map(|card| format!("    {}", self.stands(card))));
        lines.extend(reasons.iter().flat_map(|reason| self.reason(reason)).map(|line| format!("  {line}")));
        if !to_come.is_empty() {
            lines.push(self.say("  若无新的事实，将亮：".into(), "  to come if nothing happens:".into()));
            lines.extend(to_come.iter().map(|card| format!("    {}", self.comes(card))));
        }
        lines
    }

    fn stands(&self, card: &CardThen) -> String {
        let CardThen { instance, since, held_until, .. } = card;
        let (card, of, since) = (self.card(card.card), self.of(instance), self.at(*since));
        let held = held_until.map(|until| {
            let until = self.at(until);
            self.say(
                format!("，来源静默，最迟 {until} 亮出"),
                format!(", waits for a silent source until {until} at most"),
            )
        });
        let held = held.unwrap_or_default();
        self.say(format!("{card}{of}，自 {since} 起{held}"), format!("{card}{of} since {since}{held}"))
    }

    fn comes(&self, card: &CardThen) -> String {
        let CardThen { instance, since, from, .. } = card;
        let (card, of, since, from) = (self.card(card.card), self.of(instance), self.at(*since), self.at(*from));
        self.say(
            format!("{from} {card}{of}，{since} 为最后时刻"),
            format!("{from} {card}{of}; {since} is the last instant in time"),
        )
    }

    fn reason(&self, reason: &Reason) -> Vec<String> {
        let line = match reason {
            Reason::Manual { note } => self.say(
                format!("由人工判定，系统不计算：{}", note.zh),
                format!("people judge it, nothing is computed: {}", note.en),
            ),
            Reason::Off => self.say("本方案已停用该规则".into(), "the profile has switched it off".into()),
            Reason::Shadow => self.say(
                "试行：只供分析，不亮灯、不发送".into(),
                "on trial: for analysts alone, no light stands and none is sent".into(),
            ),
            Reason::Group { by } => self.say(
                format!("跨办件规则：按 {} 汇总多个办件判定，不对单个办件判定", self.list(by)),
                format!("it is judged over all cases that share {}, not over one case", self.list(by)),
            ),
            Reason::OutOfScope { part, wanted, found } => self.scope(part, wanted, found.as_deref()),
            Reason::NotInForce { by, day, from, until } => self.in_force(by, *day, *from, *until),
            Reason::Condition { place, event, card, unmet } => {
                return self.condition(place, event.as_ref(), *card, unmet);
            }
            Reason::NotBegun { wanted, seen } => self.not_begun(wanted, seen),
            Reason::EndedInTime { instance, start, end, at, due } => {
                self.ended(instance, start.as_ref(), end.as_ref(), *at, *due)
            }
            Reason::Running { instance, start, limit, due, paused } => {
                self.running(instance, start.as_ref(), limit, *due, paused)
            }
            Reason::OnlyAtTheEnd { instance, start, due } => {
                let (of, start) = (self.of(instance), self.started(start.as_ref()));
                let due = due.map(|due| self.at(due)).unwrap_or_default();
                self.say(
                    format!("{start}尚未结束{of}；本规则只在迟于 {due} 结束时亮牌"),
                    format!(
                        "{start}and has not ended{of}; the rule shows a card only for an end that comes after {due}"
                    ),
                )
            }
            Reason::NoLimit { instance, limit, missing } => {
                let (of, missing) = (self.of(instance), self.list(missing));
                self.say(
                    format!("时限 {limit} 无从得知{of}：缺 {missing}"),
                    format!("how long the limit {limit} is cannot be told{of}: {missing} was never told"),
                )
            }
            Reason::Erased => self.say(
                "办件按录入错误删除办结，不判时限".into(),
                "the case was closed as a technical error: it has no time lights".into(),
            ),
            Reason::Over { card } => {
                let CardThen { instance, from, until, .. } = card;
                let (card, of, from) = (self.card(card.card), self.of(instance), self.at(*from));
                let until = until.map(|until| self.at(until)).unwrap_or_default();
                self.say(
                    format!("{card}{of} 曾亮：{from} 至 {until}"),
                    format!("{card}{of} stood from {from} until {until}"),
                )
            }
            Reason::Served { event, needs } => {
                let (event, needs) = (self.cited(event), self.list(needs));
                self.say(
                    format!("{event}：此前所需的 {needs} 已有"),
                    format!("{event}: what it needs before it was there: {needs}"),
                )
            }
            Reason::NotForbidden { event, after, nearest } => {
                let event = self.cited(event);
                match nearest {
                    Some(nearest) => {
                        let nearest = self.cited(nearest);
                        self.say(
                            format!("{event}：不受之前的 {nearest} 限制（{after}）"),
                            format!("{event}: {nearest} before it does not forbid it ({after})"),
                        )
                    }
                    None => self.say(
                        format!("{event}：此前没有 {after}"),
                        format!("{event}: nothing before it forbids it ({after})"),
                    ),
                }
            }
            Reason::Counted { key, count, bound } => {
                let of = self.of(if key.is_empty() { "-" } else { key });
                self.say(format!("次数{of} {count}，{bound}，合规"), format!("count{of} {count}, which {bound} allows"))
            }
            Reason::NotShared { acts } => {
                let acts = self.list(acts);
                self.say(format!("没有人兼办其中两项：{acts}"), format!("nobody did two of these: {acts}"))
            }
            Reason::PathInOrder { item: Some(item) } => self
                .say(format!("所经环节符合 {item} 的流程"), format!("the path is as the stage graph of {item} has it")),
            Reason::PathInOrder { item: None } => {
                self.say("事项目录中没有本办件的环节".into(), "the catalogue has no stages for this case".into())
            }
            Reason::NoFee => self.say("没有收费记录".into(), "there is no fee record".into()),
            Reason::Waived { instance, card } => {
                let (card, of) = (self.card(*card), self.of(instance));
                self.say(format!("申诉成立，{card}{of} 不亮"), format!("an upheld appeal holds {card}{of}"))
            }
            Reason::NotObserved { needs } => {
                let needs = self.list(needs);
                self.say(
                    format!("来源从未报送本办件的：{needs}"),
                    format!("the sources never told of this case: {needs}"),
                )
            }
        };
        vec![line]
    }

    fn scope(&self, part: &str, wanted: &[CompactString], found: Option<&str>) -> String {
        let wanted = self.list(wanted);
        let found = found.map_or_else(|| self.lang.pick("未知", "not known").to_owned(), ToOwned::to_owned);
        self.say(
            format!("不在适用范围：{part} 须为 {wanted}，本办件为 {found}"),
            format!("out of scope: {part} is to be {wanted}, this case has {found}"),
        )
    }

    fn in_force(&self, by: &str, day: Option<Date>, from: Option<Date>, until: Option<Date>) -> String {
        let text = |day: Option<Date>| day.map_or_else(|| "…".to_owned(), |day| day.to_string());
        let (day, from, until) = (text(day), text(from), text(until));
        self.say(
            format!("对本办件不生效：以 {by} 日为准，本办件为 {day}，规则自 {from} 起、{until} 止"),
            format!("not in force for this case: the day of {by} decides, which is {day}; the rule holds from {from} until {until}"),
        )
    }

    fn condition(&self, place: &str, event: Option<&Cited>, card: Option<Card>, unmet: &Unmet) -> Vec<String> {
        let about = event.map(|event| format!(" {}", self.cited(event))).unwrap_or_default();
        let of_card = card.map(|card| format!(" {}", self.card(card))).unwrap_or_default();
        let what = &unmet.condition;
        let mut lines = vec![self.say(
            format!("条件不成立（{place}{of_card}{about}）：{what}"),
            format!("a condition does not hold ({place}{of_card}{about}): {what}"),
        )];
        lines.extend(unmet.parts.iter().map(|part| format!("  {}", self.part(part))));
        lines
    }

    fn part(&self, part: &UnmetPart) -> String {
        let UnmetPart { condition, wanted, sides, missing } = part;
        let not_known = self.lang.pick("未知", "not known");
        let sides: Vec<String> = sides
            .iter()
            .map(|side| format!("{} = {}", side.expression, side.value.as_deref().unwrap_or(not_known)))
            .collect();
        let sides = sides.join(self.lang.pick("，", ", "));
        let sides = if sides.is_empty() {
            String::new()
        } else {
            self.say(format!("；现为 {sides}"), format!("; now {sides}"))
        };
        let missing = match missing.is_empty() {
            true => String::new(),
            false => self
                .say(format!("；来源未报送 {}", self.list(missing)), format!("; never told: {}", self.list(missing))),
        };
        match wanted {
            true => self.say(
                format!("最接近：须 {condition}{sides}{missing}"),
                format!("nearest: {condition} would have to hold{sides}{missing}"),
            ),
            false => self.say(
                format!("最接近：须不成立 {condition}{sides}{missing}"),
                format!("nearest: {condition} would have to be false{sides}{missing}"),
            ),
        }
    }

    fn not_begun(&self, wanted: &str, seen: &[Cited]) -> String {
        let seen: Vec<String> = seen.iter().map(|seen| self.cited(seen)).collect();
        let seen = match seen.is_empty() {
            true => String::new(),
            false => {
                let seen = seen.join(self.lang.pick("；", "; "));
                self.say(format!("；不符合条件的有 {seen}"), format!("; there is, and does not fit: {seen}"))
            }
        };
        self.say(format!("尚未发生 {wanted}{seen}"), format!("nothing has happened that begins it: {wanted}{seen}"))
    }

    fn started(&self, start: Option<&Cited>) -> String {
        start
            .map(|start| {
                self.say(format!("自 {} 起算，", self.cited(start)), format!("it began with {}, ", self.cited(start)))
            })
            .unwrap_or_default()
    }

    fn ended(
        &self,
        instance: &str,
        start: Option<&Cited>,
        end: Option<&Cited>,
        at: Moment,
        due: Option<Moment>,
    ) -> String {
        let (of, start) = (self.of(instance), self.started(start));
        let end = end.map_or_else(|| self.at(at), |end| self.cited(end));
        let due = due.map(|due| self.say(format!("，期限 {}", self.at(due)), format!("; it was due {}", self.at(due))));
        let due = due.unwrap_or_default();
        self.say(format!("{start}已按时结束{of}：{end}{due}"), format!("{start}and ended in time{of}: {end}{due}"))
    }

    fn running(
        &self,
        instance: &str,
        start: Option<&Cited>,
        limit: &str,
        due: Option<Moment>,
        paused: &[CompactString],
    ) -> String {
        let (of, start) = (self.of(instance), self.started(start));
        let due = due.map_or_else(
            || self.lang.pick("暂停期间无从确定", "open while it is paused").to_owned(),
            |due| self.at(due),
        );
        let paused = match paused.is_empty() {
            true => String::new(),
            false => {
                self.say(format!("，现暂停：{}", self.list(paused)), format!(", paused now: {}", self.list(paused)))
            }
        };
        self.say(
            format!("{start}未到期限{of}：{limit}，应于 {due} 前{paused}"),
            format!("{start}the limit is not reached{of}: {limit}, due {due}{paused}"),
        )
    }
}
