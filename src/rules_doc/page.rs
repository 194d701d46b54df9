//! What a page says, before it is laid out.

use std::collections::BTreeMap;

use anyhow::Context;
use facts::proof::Lang;
use facts::standing::Text2;
use facts::{Card, Light};
use rules::configuration::Configuration;
use rules::rule::{Rule, Status};
use rules::scenario::{Scenario, ScenarioFile, Shows};
use rules::site::Files;
use toml::{Table, Value};

use super::drawing::Drawing;
use super::words::Words;

/// All pages.
pub(super) struct Book {
    pub(super) lang: Lang,
    /// By id.
    pub(super) pages: Vec<RulePage>,
}

/// A rule with all its versions and parts.
pub(super) struct RulePage {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) family: &'static str,
    /// Law or document, and its clause.
    pub(super) basis: String,
    /// Heading and text: kind, scope, clock and the like, in words.
    pub(super) facts: Vec<(String, String)>,
    /// What it watches, in sentences; one a part.
    pub(super) watches: Vec<String>,
    pub(super) cards: Vec<CardRow>,
    /// Profile, what it changes, and why.
    pub(super) overrides: Vec<(String, String, String)>,
    pub(super) drawing: Option<Drawing>,
    pub(super) tests: Vec<TestRow>,
    /// The rule file's table.
    pub(super) written: String,
}

/// A card of a rule.
#[derive(PartialEq, Eq)]
pub(super) struct CardRow {
    /// The rule or part, where there are several.
    pub(super) of: String,
    pub(super) card: Card,
    pub(super) light: Light,
    pub(super) when: String,
    pub(super) ends: String,
}

/// A scenario with what it expects.
pub(super) struct TestRow {
    pub(super) name: String,
    pub(super) shows: &'static str,
    /// Instant and lights.
    pub(super) expects: Vec<(String, String)>,
}

impl Book {
    /// The pages of a configuration.
    ///
    /// # Errors
    /// When a rule file is no table, which a checked set never has.
    pub(super) fn of(
        configuration: &Configuration,
        files: &Files,
        scenarios: &[(String, ScenarioFile)],
        lang: Lang,
    ) -> anyhow::Result<Book> {
        let (raws, overrides) = (raw_rules(files)?, raw_overrides(files)?);
        let words = Words { configuration, lang };
        let mut pages: Vec<RulePage> =
            raws.iter().map(|(id, raws)| page_of(&words, id, raws, &overrides, scenarios)).collect();
        pages.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Book { lang, pages })
    }
}

/// The `[[rule]]` tables by id, versions in file order.
fn raw_rules(files: &Files) -> anyhow::Result<BTreeMap<String, Vec<Table>>> {
    let mut rules: BTreeMap<String, Vec<Table>> = BTreeMap::new();
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("rules/") && name.ends_with(".toml")) {
        let file = table(name, bytes)?;
        for rule in file.get("rule").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table) {
            if let Some(id) = rule.get("id").and_then(Value::as_str) {
                rules.entry(id.to_owned()).or_default().push(rule.clone());
            }
        }
    }
    Ok(rules)
}

/// Profile and its `[rules.ID]` table, by rule id.
fn raw_overrides(files: &Files) -> anyhow::Result<Vec<(String, String, Table)>> {
    let mut overrides = Vec::new();
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("profiles/") && name.ends_with(".toml")) {
        let file = table(name, bytes)?;
        let profile = file.get("id").and_then(Value::as_str).unwrap_or(name).to_owned();
        for (id, change) in file.get("rules").and_then(Value::as_table).into_iter().flatten() {
            let change = change.as_table().cloned().unwrap_or_default();
            overrides.push((id.clone(), profile.clone(), change));
        }
    }
    Ok(overrides)
}

fn table(name: &str, bytes: &[u8]) -> anyhow::Result<Table> {
    let text = std::str::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
    toml::from_str(text).with_context(|| format!("{name} is no TOML"))
}

fn page_of(
    words: &Words<'_>,
    id: &str,
    raws: &[Table],
    overrides: &[(String, String, Table)],
    scenarios: &[(String, ScenarioFile)],
) -> RulePage {
    let lang = words.lang;
    let of_rule = |judged: &str| judged == id || judged.strip_prefix(id).is_some_and(|rest| rest.starts_with('.'));
    let default = words.configuration.profiles.iter().find(|profile| profile.default);
    let ending = default.map(|profile| format!("+{}", profile.id)).unwrap_or_default();
    let all = words.configuration.rules.iter().filter(|rule| of_rule(&rule.id));
    let judged: Vec<&Rule> = all.filter(|rule| rule.label.ends_with(&ending)).collect();
    let manual = words.configuration.manual.iter().find(|manual| manual.id == id);
    let raw = raws.last().cloned().unwrap_or_default();
    let text2 = |key: &str| -> Option<Text2> {
        let table = raw.get(key)?.as_table()?;
        let text = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Text2 { zh: text("zh"), en: text("en") })
    };
    let pick = |text: &Text2| lang.pick(&text.zh, &text.en).clone();
    let several = judged.len() > 1;
    let of = |rule: &Rule| if several { rule.label.trim_end_matches(&ending).to_owned() } else { String::new() };
    let mut watches: Vec<String> = judged
        .iter()
        .map(|rule| {
            let (of, text) = (of(rule), words.watches(rule));
            if of.is_empty() { text } else { format!("{of}{}{text}", lang.pick("：", ": ")) }
        })
        .collect();
    if manual.is_some() {
        watches.push(
            lang.pick("由人工判定并发牌，系统不计算。", "People judge it and issue the card; nothing is computed.")
                .into(),
        );
    }
    let mut facts = Vec::new();
    let mut fact = |zh: &str, en: &str, text: String| {
        if !text.is_empty() {
            facts.push((lang.pick(zh, en).to_owned(), text));
        }
    };
    let kinds: Vec<&str> = judged.iter().map(|rule| words.kind(&rule.kind)).collect();
    fact("类型", "kind", unique(kinds.into_iter().map(str::to_owned)));
    fact("状态", "status", unique(judged.iter().map(|rule| status(rule.status, lang).to_owned())));
    fact("要求来源报送", "what the source must send", text2("note").as_ref().map(pick).unwrap_or_default());
    fact("适用范围", "reach", unique(judged.iter().map(|rule| words.reach(rule))));
    fact("计时", "clock", unique(judged.iter().map(|rule| words.clock(rule))));
    fact("分别按", "for each", raw.get("by").map(inline).unwrap_or_default());
    fact("参数", "parameters", raw.get("params").map(inline).unwrap_or_default());
    let version = raws.iter().map(|raw| raw.get("version").and_then(Value::as_integer).unwrap_or(1));
    let version = unique(version.map(|version| version.to_string()));
    let since = raws.iter().filter_map(|raw| raw.get("in_force")).map(inline);
    let since = unique(since);
    let changed = match since.is_empty() {
        true => lang.pick(format!("第 {version} 版"), format!("version {version}")),
        false => lang.pick(format!("第 {version} 版，生效 {since}"), format!("version {version}, in force {since}")),
    };
    fact("最近变更", "last change", changed);
    let mut cards: Vec<CardRow> = Vec::new();
    for rule in &judged {
        for card in rule.cards.iter().filter(|card| card.card != Card::None) {
            let (when, ends) = (words.card_when(rule, card), words.ends(card));
            cards.push(CardRow { of: of(rule), card: card.card, light: card.light, when, ends });
        }
    }
    let name = judged.first().map(|rule| pick(&rule.name)).or_else(|| manual.map(|manual| pick(&manual.name)));
    let basis =
        judged.first().map(|rule| rule.basis.to_string()).or_else(|| manual.map(|manual| manual.basis.to_string()));
    let family = judged.first().map(|rule| rule.family).or_else(|| manual.map(|manual| manual.family));
    let overrides = overrides.iter().filter(|(target, ..)| of_rule(target)).map(|(target, profile, change)| {
        let why = change.get("why").and_then(Value::as_str).unwrap_or_default().to_owned();
        let changes = change.iter().filter(|(key, _)| *key != "why").map(|(key, value)| format!("{key} = {value}"));
        let whose = if target == id { profile.clone() } else { format!("{profile}（{target}）") };
        (whose, changes.collect::<Vec<_>>().join("; "), why)
    });
    let mine = |file: &&(String, ScenarioFile)| file.1.rules.iter().any(|rule| of_rule(rule.get_ref()));
    let tests = scenarios.iter().filter(mine).flat_map(|(_, file)| file.scenarios.iter());
    RulePage {
        id: id.to_owned(),
        name: name.unwrap_or_default(),
        family: family.map(|family| words.family(family)).unwrap_or_default(),
        basis: basis.unwrap_or_default(),
        facts,
        watches,
        cards,
        overrides: overrides.collect(),
        drawing: scenarios.iter().filter(mine).find_map(|(_, file)| Drawing::of(words, file, &of_rule)),
        tests: tests.map(|scenario| test_row(scenario, words)).collect(),
        written: raws.iter().map(written).collect::<Vec<_>>().join("\n"),
    }
}

/// Each text once, in order.
fn unique(texts: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen.join("; ")
}

/// A value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let parts: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            parts.join(", ")
        }
        Value::Array(values) => values.iter().map(inline).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The rule as its file has it, without comments.
fn written(raw: &Table) -> String {
    let mut text = String::from("[[rule]]\n");
    for (key, value) in raw {
        text += &format!("{key} = {value}\n");
    }
    text
}

fn status(status: Status, lang: Lang) -> &'static str {
    match status {
        Status::On => lang.pick("启用", "on"),
        Status::Shadow => lang.pick("试行（只供分析）", "on trial (for analysts alone)"),
        Status::Off => lang.pick("停用", "off"),
    }
}

fn test_row(scenario: &Scenario, words: &Words<'_>) -> TestRow {
    let lang = words.lang;
    let shows = match scenario.shows {
        Shows::Fires => lang.pick("亮牌", "fires"),
        Shows::Nearly => lang.pick("差一点", "nearly"),
        Shows::Resolves => lang.pick("消除", "resolves"),
        Shows::Retracts => lang.pick("撤回", "retracts"),
    };
    let expects = scenario.expect.iter().map(|expected| {
        let lights: Vec<&str> = expected.lights.iter().map(|light| light.get_ref().as_str()).collect();
        let lights = if lights.is_empty() { lang.pick("无", "none").to_owned() } else { lights.join(", ") };
        (words.at(&expected.at), lights)
    });
    TestRow { name: scenario.name.clone(), shows, expects: expects.collect() }
}
