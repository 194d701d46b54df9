//! Pages in Markdown, the example as a text drawing: a line a day.

use std::fmt::Write as _;

use super::drawing::{DayState, Drawing};
use super::html::sign;
use super::page::{Book, RulePage};

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The index.
pub(super) fn index(book: &Book) -> String {
    let lang = book.lang;
    let mut out = format!("# {}\n", lang.pick("监察规则", "Rules of supervision"));
    let mut families: Vec<&str> = book.pages.iter().map(|page| page.family).collect();
    families.sort_unstable();
    families.dedup();
    for family in families {
        let heads = lang.pick("| 编号 | 名称 | 牌 | 依据 |", "| id | name | cards | basis |");
        let _ = write!(out, "\n## {family}\n\n{heads}\n| --- | --- | --- | --- |\n");
        for page in book.pages.iter().filter(|page| page.family == family) {
            let mut cards: Vec<&str> =
                page.cards.iter().map(|row| lang.pick(row.card.zh(), row.card.token())).collect();
            cards.dedup();
            let RulePage { id, name, basis, .. } = page;
            let cards = cards.join(lang.pick("、", ", "));
            let _ = writeln!(out, "| [{id}]({id}.md) | {} | {cards} | {} |", cell(name), cell(basis));
        }
    }
    out
}

/// The page of a rule.
pub(super) fn page(book: &Book, page: &RulePage) -> String {
    let lang = book.lang;
    let RulePage { id, name, family, basis, .. } = page;
    let mut out = format!("[{}](index.md)\n\n# {id} {name}\n\n", lang.pick("全部规则", "all rules"));
    for text in &page.watches {
        let _ = writeln!(out, "{text}\n");
    }
    let _ = writeln!(out, "- {}{basis}", lang.pick("依据：", "basis: "));
    let _ = writeln!(out, "- {}{family}", lang.pick("类别：", "family: "));
    for (what, text) in &page.facts {
        let _ = writeln!(out, "- {what}{}{text}", lang.pick("：", ": "));
    }
    if !page.cards.is_empty() {
        let heads = lang.pick("| 部分 | 牌 | 灯 | 何时 | 消除 |", "| part | card | light | when | ends |");
        let _ = write!(out, "\n## {}\n\n{heads}\n| --- | --- | --- | --- | --- |\n", lang.pick("牌", "Cards"));
        for row in &page.cards {
            let (card, light) =
                (lang.pick(row.card.zh(), row.card.token()), lang.pick(row.light.zh(), row.light.token()));
            let _ = writeln!(out, "| {} | {card} | {light} | {} | {} |", row.of, cell(&row.when), cell(&row.ends));
        }
    }
    if !page.overrides.is_empty() {
        let _ = write!(out, "\n## {}\n\n", lang.pick("各地方案的改动", "What profiles change"));
        for (profile, change, why) in &page.overrides {
            let _ = writeln!(out, "- {profile}: `{change}` {why}");
        }
    }
    if let Some(drawing) = &page.drawing {
        let _ = write!(out, "\n## {}\n\n{}\n\n", lang.pick("示例", "An example"), drawing.scenario);
        let _ = write!(out, "```text\n{}```\n", drawn(book, drawing));
    }
    if !page.tests.is_empty() {
        let heads = lang.pick("| 名称 | 表明 | 预期 |", "| name | shows | expects |");
        let _ = write!(out, "\n## {}\n\n{heads}\n| --- | --- | --- |\n", lang.pick("场景", "Scenarios"));
        for test in &page.tests {
            let expects: Vec<String> = test.expects.iter().map(|(at, lights)| format!("{at} {lights}")).collect();
            let _ = writeln!(out, "| {} | {} | {} |", cell(&test.name), test.shows, cell(&expects.join("; ")));
        }
    }
    if !page.written.is_empty() {
        let _ = write!(out, "\n## {}\n\n```toml\n{}```\n", lang.pick("规则文件", "As written"), page.written);
    }
    out
}

/// A line a day; days of which nothing is said are left out.
fn drawn(book: &Book, drawing: &Drawing) -> String {
    let mut out = String::new();
    let lang = book.lang;
    for week in &drawing.weeks {
        let Some(days) = week else {
            out += "⋯\n";
            continue;
        };
        for day in days {
            let marks: Vec<String> =
                drawing.on(day.date).map(|mark| format!("{} {} {}", sign(mark).0, mark.at, mark.text)).collect();
            if day.state == DayState::Outside && marks.is_empty() {
                continue;
            }
            let state = match day.state {
                DayState::Outside => String::new(),
                DayState::Start => lang.pick("起始日", "start").to_owned(),
                DayState::Counted => day.counted.clone().unwrap_or_default(),
                DayState::Off => lang.pick("不计", "off").to_owned(),
                DayState::Paused => lang.pick("暂停", "paused").to_owned(),
            };
            let line = format!("{}  {state:<8}{}", day.date, marks.join("  "));
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    out
}
