//! What keeps a case green, in words.

use jiff::tz::TimeZone;

use super::{Act, ActKind, Ends, KeepGreen, LightGiven, LightToCome, NamedLight};
use crate::proof::Lang;
use crate::words::Words;

impl KeepGreen {
    /// The answer as lines of text, instants shown in `zone`.
    #[must_use]
    pub fn lines(&self, lang: Lang, zone: &TimeZone) -> Vec<String> {
        let words = Words { lang, zone };
        let mut lines = Vec::new();
        if self.to_come.is_empty() {
            lines.push(lang.pick("若无新的事实，不会再亮牌", "no light comes if nothing happens").to_owned());
        }
        lines.extend(self.to_come.iter().flat_map(|coming| words.coming(coming)));
        lines.extend(self.given.iter().flat_map(|given| words.given(given)));
        lines
    }
}

impl Words<'_> {
    fn named(&self, light: &NamedLight) -> String {
        let NamedLight { rule_version, name, instance, card, light, .. } = light;
        let of = self.of(instance);
        self.say(
            format!("{}{} {rule_version} {}{of}", light.zh(), card.zh(), name.zh),
            format!("{} light, card {}: {rule_version} {}{of}", light.token(), card.token(), name.en),
        )
    }

    fn coming(&self, coming: &LightToCome) -> Vec<String> {
        let (named, from) = (self.named(&coming.light), self.at(coming.from));
        let mut lines = vec![self.say(format!("{from} 将亮：{named}"), format!("to come {from}: {named}"))];
        lines.extend(coming.acts.iter().flat_map(|act| self.act(act, false)));
        if coming.acts.is_empty() {
            lines.push(match coming.awaits.is_empty() {
                true => self.say("  没有可避免的办法".into(), "  nothing that was tried avoids it".into()),
                false => {
                    let awaits = self.list(&coming.awaits);
                    self.say(
                        format!("  试过的办法都不能避免；规则等待 {awaits}"),
                        format!("  nothing that was tried avoids it; the rule waits for {awaits}"),
                    )
                }
            });
        }
        lines
    }

    fn given(&self, given: &LightGiven) -> Vec<String> {
        let (named, since) = (self.named(&given.light), self.at(given.light.since));
        let mut lines =
            vec![self.say(format!("已亮：{named}，自 {since} 起"), format!("given: {named}, since {since}"))];
        if !given.missing.is_empty() {
            let missing = self.list(&given.missing);
            lines.push(self.say(format!("  缺：{missing}"), format!("  missing: {missing}")));
        }
        lines.push(match &given.ends {
            Ends::Never => self.say(
                "  不能再消除：只有更正的事实或成立的申诉能撤回".into(),
                "  nothing clears it any more: only corrected facts or an upheld appeal take it back".into(),
            ),
            Ends::At { until } => {
                let until = self.at(*until);
                self.say(format!("  {until} 自行消除"), format!("  it ends by itself at {until}"))
            }
            Ends::WithTheEnd => {
                self.say("  事项办毕或状态结束即消除".into(), "  it ends with the duty or the state".into())
            }
            Ends::When { condition } => {
                self.say(format!("  成立时消除：{condition}"), format!("  it ends when this holds: {condition}"))
            }
        });
        lines.extend(given.acts.iter().flat_map(|act| self.act(act, true)));
        lines
    }

    fn act(&self, act: &Act, now: bool) -> Vec<String> {
        let Act { kind, activity, fields, last, dated, puts_off_until, brings, .. } = act;
        let what = match kind {
            ActKind::Fulfil => self.lang.pick("办理", "do"),
            ActKind::Report => self.lang.pick("补报", "report"),
            ActKind::End => self.lang.pick("终止", "end it by"),
            ActKind::Pause => self.lang.pick("暂停", "pause by"),
            ActKind::Extend => self.lang.pick("延长", "extend by"),
        };
        let fields = if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) };
        let until = self.at(*last);
        let mut line = match now {
            true => self.say(format!("  {what} {activity}{fields}"), format!("  {what} {activity}{fields}")),
            false => self.say(
                format!("  {what} {activity}{fields}，最迟 {until}"),
                format!("  {what} {activity}{fields}, {until} at the latest"),
            ),
        };
        if let Some(dated) = dated {
            let dated = self.at(*dated);
            line += &self.say(format!("，发生时间不晚于 {dated}"), format!(", which happened by {dated}"));
        }
        if let Some(until) = puts_off_until {
            let until = self.at(*until);
            line += &self.say(format!("；推迟到 {until}"), format!("; puts it off until {until}"));
        }
        let mut lines = vec![line];
        if !brings.is_empty() {
            let brought: Vec<String> = brings
                .iter()
                .map(|brought| {
                    let (rule, from) = (&brought.rule, self.at(brought.from));
                    self.say(
                        format!("{rule} {}（{from}）", brought.card.zh()),
                        format!("{rule} {} ({from})", brought.card.token()),
                    )
                })
                .collect();
            let brought = brought.join(self.lang.pick("、", ", "));
            lines.push(self.say(format!("    但会带来：{brought}"), format!("    but it would bring: {brought}")));
        }
        lines
    }
}
