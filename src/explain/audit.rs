//! What was known when a card was sent, and what is known now: the last part of a page, for `--known-at`.

use std::collections::BTreeMap;

use alerts::{CaseLight, CaseView, KnownThen, News, NewsKind, TimelineEvent};
use facts::Moment;

use super::Page;

/// One light at the instant by what was known then, at the instant by what is known now, and now.
type Row<'a> = [Option<&'a CaseLight>; 3];

impl Page<'_> {
    /// The lines of the part.
    pub(super) fn audit(&self, view: &CaseView, then: &KnownThen) -> Vec<String> {
        let at = self.at(then.known_at);
        let mut lines = vec![
            String::new(),
            self.lang.pick(format!("{at} 时所知"), format!("what was known at {at}")),
            self.lang.pick("  此后得知", "  learnt since").to_owned(),
        ];
        if then.news.is_empty() {
            lines.push(self.lang.pick("    无", "    nothing").to_owned());
        }
        lines.extend(then.news.iter().map(|news| self.news(news, then.known_at)));
        lines.push(self.lang.pick("  亮灯", "  lights").to_owned());
        let rows = rows(view, then);
        if rows.is_empty() {
            lines.push(self.lang.pick("    当时和现在都没有", "    none, then or now").to_owned());
        }
        lines.extend(rows.into_iter().flat_map(|((rule, instance), row)| self.row(rule, instance, row)));
        lines
    }

    fn news(&self, news: &News, known_at: Moment) -> String {
        let late = |event: &TimelineEvent| event.at.moment(self.zone) <= known_at;
        let what = match (news.kind, &news.after) {
            (NewsKind::Added, Some(after)) if late(after) => self.lang.pick("迟到", "came late"),
            (NewsKind::Added, _) => self.lang.pick("新增", "came"),
            (NewsKind::Corrected, _) => self.lang.pick("更正", "corrected"),
            (NewsKind::Deleted, _) => self.lang.pick("删除", "deleted"),
        };
        let fact = |event: &TimelineEvent| self.event(event, Moment::MAX).trim_start().to_owned();
        let facts: Vec<String> = news.before.iter().chain(&news.after).map(fact).collect();
        format!("    {what}{}{}", self.lang.pick("：", ": "), facts.join(self.lang.pick("  改为  ", "  now  ")))
    }

    fn row(&self, rule: &str, instance: &str, [then, today, now]: Row<'_>) -> Vec<String> {
        let held = |light: Option<&CaseLight>| match light {
            Some(CaseLight { standing, .. }) => {
                let (card, since) = (standing.card, self.at(standing.since));
                self.lang.pick(format!("{}，自 {since} 起", card.zh()), format!("{} since {since}", card.token()))
            }
            None => self.lang.pick("无", "none").to_owned(),
        };
        let instance = if instance == "-" { String::new() } else { format!(" {instance}") };
        let same = |a: Option<&CaseLight>, b: Option<&CaseLight>| {
            let key = |light: &CaseLight| (light.standing.card, light.standing.since);
            a.map(key) == b.map(key)
        };
        let verdict = match (then, same(then, today)) {
            (Some(_), true) => self.lang.pick("按现在所知，当时亮得对", "rightly shown, by what is known now"),
            (Some(_), false) => self.lang.pick("按现在所知，当时不应如此", "not so, by what is known now"),
            (None, false) => self.lang.pick("当时不知道，应当亮", "should have been shown; it was not known"),
            (None, true) => self.lang.pick("当时没有，后来才有", "not then; it arose later"),
        };
        vec![
            self.lang.pick(format!("    {rule}{instance}：{verdict}"), format!("    {rule}{instance}: {verdict}")),
            self.lang.pick(
                format!("      当时 {}；按现在所知当时应为 {}；现在 {}", held(then), held(today), held(now)),
                format!("      then {}; then, by what is known now, {}; now {}", held(then), held(today), held(now)),
            ),
        ]
    }
}

/// Every light of any of the three, by rule and instance.
fn rows<'a>(view: &'a CaseView, then: &'a KnownThen) -> BTreeMap<(&'a str, &'a str), Row<'a>> {
    let mut rows: BTreeMap<(&str, &str), Row<'_>> = BTreeMap::new();
    for (column, lights) in [&then.lights, &then.by_today, &view.lights].into_iter().enumerate() {
        for light in lights {
            let key = (light.standing.rule.as_str(), light.standing.instance.as_str());
            rows.entry(key).or_default()[column] = Some(light);
        }
    }
    rows
}
