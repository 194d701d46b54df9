//! Pages for a browser and for paper: complete in themselves, without a script, readable on a telephone.

use std::fmt::Write as _;

use facts::{Card, Light};

use super::drawing::{Day, DayState, Drawing, Mark, Shape};
use super::page::{Book, CardRow, RulePage};

const STYLE: &str = include_str!("page.css");
/// The width of a day and its height, in units of the drawing.
const DAY: (i32, i32) = (52, 46);
/// The height of the names of the days.
const HEAD: i32 = 24;
/// The height of a gap between weeks.
const GAP: i32 = 18;

/// Text as it stands in a page.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

fn frame(book: &Book, title: &str, body: &str) -> String {
    let lang = book.lang.pick("zh-CN", "en");
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

/// The index.
pub(super) fn index(book: &Book) -> String {
    let lang = book.lang;
    let title = lang.pick("监察规则", "Rules of supervision");
    let mut body = format!("<header><h1>{title}</h1></header>\n<main>\n");
    let mut families: Vec<&str> = book.pages.iter().map(|page| page.family).collect();
    families.sort_unstable();
    families.dedup();
    for family in families {
        let [id, name, cards, basis] = lang.pick(["编号", "名称", "牌", "依据"], ["id", "name", "cards", "basis"]);
        let _ = write!(
            body,
            "<h2>{family}</h2>\n<table>\n<thead><tr><th scope=\"col\">{id}</th><th scope=\"col\">{name}</th>\
             <th scope=\"col\">{cards}</th><th scope=\"col\">{basis}</th></tr></thead>\n<tbody>\n"
        );
        for page in book.pages.iter().filter(|page| page.family == family) {
            let RulePage { id, name, basis, .. } = page;
            let mut cards: Vec<_> = page.cards.iter().map(|row| (row.card, row.light)).collect();
            cards.sort();
            cards.dedup();
            let mut cards: Vec<String> = cards.into_iter().map(|(of, light)| card(book, of, light)).collect();
            if cards.is_empty() {
                cards.push(lang.pick("人工", "by people").to_owned());
            }
            let (id, name, basis) = (escaped(id), escaped(name), escaped(basis));
            let cards = cards.join(" ");
            let _ = writeln!(
                body,
                "<tr><td><a href=\"{id}.html\">{id}</a></td><td>{name}</td><td>{cards}</td><td class=\"basis\">{basis}</td></tr>"
            );
        }
        body += "</tbody>\n</table>\n";
    }
    body += "</main>\n";
    frame(book, title, &body)
}

/// A card with its shape: colour is never alone.
fn card(book: &Book, card: Card, light: Light) -> String {
    let shape = match card {
        Card::Red => "▲",
        Card::Yellow => "◆",
        Card::Warning => "△",
        Card::None => "○",
    };
    let (word, class) = (book.lang.pick(card.zh(), card.token()), light.token());
    format!("<span class=\"card {class}\">{shape} {word}</span>")
}

/// The page of a rule.
pub(super) fn page(book: &Book, page: &RulePage) -> String {
    let lang = book.lang;
    let (id, name) = (escaped(&page.id), escaped(&page.name));
    let mut body = format!(
        "<header><nav><a href=\"index.html\">{}</a></nav>\n<h1>{id} {name}</h1></header>\n<main>\n",
        lang.pick("全部规则", "all rules")
    );
    for text in &page.watches {
        let _ = writeln!(body, "<p>{}</p>", escaped(text));
    }
    body += "<dl>\n";
    let basis = (lang.pick("依据", "basis").to_owned(), page.basis.clone());
    let family = (lang.pick("类别", "family").to_owned(), page.family.to_owned());
    for (what, text) in [basis, family].iter().chain(&page.facts) {
        let _ = writeln!(body, "<dt>{}</dt><dd>{}</dd>", escaped(what), escaped(text));
    }
    body += "</dl>\n";
    body += &cards(book, &page.cards);
    if !page.overrides.is_empty() {
        let heading = lang.pick("各地方案的改动", "What profiles change");
        let _ = writeln!(body, "<h2>{heading}</h2>\n<dl>");
        for (profile, change, why) in &page.overrides {
            let why = if why.is_empty() { String::new() } else { format!("<br>{}", escaped(why)) };
            let _ = writeln!(body, "<dt>{}</dt><dd><code>{}</code>{why}</dd>", escaped(profile), escaped(change));
        }
        body += "</dl>\n";
    }
    if let Some(drawing) = &page.drawing {
        body += &example(book, drawing);
    }
    body += &tests(book, page);
    if !page.written.is_empty() {
        let heading = lang.pick("规则文件", "As written");
        let _ = writeln!(body, "<h2>{heading}</h2>\n<pre>{}</pre>", escaped(&page.written));
    }
    body += "</main>\n";
    frame(book, &format!("{} {}", page.id, page.name), &body)
}

fn cards(book: &Book, rows: &[CardRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let lang = book.lang;
    let [heading, of, what, light, when, ends] =
        lang.pick(["牌", "部分", "牌", "灯", "何时", "消除"], ["Cards", "part", "card", "light", "when", "ends"]);
    let several = rows.iter().any(|row| !row.of.is_empty());
    let first = if several { format!("<th scope=\"col\">{of}</th>") } else { String::new() };
    let mut out = format!(
        "<h2>{heading}</h2>\n<table>\n<thead><tr>{first}<th scope=\"col\">{what}</th><th scope=\"col\">{light}</th>\
         <th scope=\"col\">{when}</th><th scope=\"col\">{ends}</th></tr></thead>\n<tbody>\n"
    );
    for row in rows {
        let first = if several { format!("<td>{}</td>", escaped(&row.of)) } else { String::new() };
        let lamp = lang.pick(row.light.zh(), row.light.token());
        let (shown, when, ends) = (card(book, row.card, row.light), escaped(&row.when), escaped(&row.ends));
        let _ = writeln!(out, "<tr>{first}<td>{shown}</td><td>{lamp}</td><td>{when}</td><td>{ends}</td></tr>");
    }
    out + "</tbody>\n</table>\n"
}

fn tests(book: &Book, page: &RulePage) -> String {
    if page.tests.is_empty() {
        return String::new();
    }
    let lang = book.lang;
    let [heading, name, shows, expects] =
        lang.pick(["场景", "名称", "表明", "预期"], ["Scenarios", "name", "shows", "expects"]);
    let mut out = format!(
        "<h2>{heading}</h2>\n<table>\n<thead><tr><th scope=\"col\">{name}</th><th scope=\"col\">{shows}</th>\
         <th scope=\"col\">{expects}</th></tr></thead>\n<tbody>\n"
    );
    for test in &page.tests {
        let expects: Vec<String> = test
            .expects
            .iter()
            .map(|(at, lights)| format!("<time>{}</time> {}", escaped(at), escaped(lights)))
            .collect();
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"shows\">{}</td><td>{}</td></tr>",
            escaped(&test.name),
            test.shows,
            expects.join("<br>")
        );
    }
    out + "</tbody>\n</table>\n"
}

/// The example: a calendar, and what stands on it in order of time.
fn example(book: &Book, drawing: &Drawing) -> String {
    let lang = book.lang;
    let heading = lang.pick("示例", "An example");
    let mut out = format!("<h2>{heading}</h2>\n<p>{}</p>\n", escaped(&drawing.scenario));
    out += &calendar(book, drawing);
    let legend = lang.pick(
        "数字：累计已计天数（按工作时间累计的为时:分）；斜线：不计；竖线：暂停。● 事实，◇ 期限，▲ 红牌，◆ 黄牌，△ 预警。",
        "Numbers: days counted so far (hours:minutes where office time is counted); hatched: not counted; bars: paused. ● a fact, \
         ◇ due, ▲ red card, ◆ yellow card, △ warning.",
    );
    let _ = writeln!(out, "<p class=\"legend\">{legend}</p>\n<ol class=\"marks\">");
    for mark in &drawing.marks {
        let (sign, class) = sign(mark);
        let _ = writeln!(
            out,
            "<li><time>{}</time> <span class=\"{class}\">{sign} {}</span></li>",
            escaped(&mark.at),
            escaped(&mark.text)
        );
    }
    out + "</ol>\n"
}

/// The shape of a mark, and the class of its colour.
pub(super) fn sign(mark: &Mark) -> (&'static str, &'static str) {
    match mark.shape {
        Shape::Fact => ("●", "fact"),
        Shape::Due => ("◇", "due"),
        Shape::Card(Card::Red, light) => ("▲", light.token()),
        Shape::Card(Card::Warning, light) => ("△", light.token()),
        Shape::Card(_, light) => ("◆", light.token()),
    }
}

fn calendar(book: &Book, drawing: &Drawing) -> String {
    let lang = book.lang;
    let (width, height) = (DAY.0 * 7, DAY.1);
    let of_week = |week: &Option<[Day; 7]>| if week.is_some() { height } else { GAP };
    let total = HEAD + drawing.weeks.iter().map(of_week).sum::<i32>();
    let label = escaped(&format!("{}: {}", lang.pick("日历", "calendar"), drawing.scenario));
    let mut out = format!(
        "<svg viewBox=\"0 0 {width} {total}\" role=\"img\" aria-label=\"{label}\" font-family=\"inherit\" fill=\"#1d2733\">\n\
         <defs><pattern id=\"off\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect width=\"6\" height=\"6\" fill=\"#f3f5f8\"/><rect width=\"1.5\" height=\"6\" fill=\"#c9d2dc\"/></pattern>\
         <pattern id=\"paused\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\"><rect width=\"7\" height=\"7\" fill=\"#fff\"/>\
         <rect width=\"2\" height=\"7\" fill=\"#b9c6d4\"/></pattern></defs>\n"
    );
    let names = lang.pick(["一", "二", "三", "四", "五", "六", "日"], ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]);
    for (x, name) in (0..).step_by(DAY.0 as usize).zip(names) {
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"16\" font-size=\"12\" text-anchor=\"middle\" fill=\"#4d5a68\">{name}</text>",
            x + DAY.0 / 2
        );
    }
    let mut y = HEAD;
    for week in &drawing.weeks {
        match week {
            Some(days) => {
                for (x, day) in (0..).step_by(DAY.0 as usize).zip(days) {
                    out += &cell(drawing, day, x, y);
                }
            }
            None => {
                let _ = writeln!(
                    out,
                    "<text x=\"{}\" y=\"{}\" font-size=\"14\" text-anchor=\"middle\">⋯</text>",
                    width / 2,
                    y + 13
                );
            }
        }
        y += of_week(week);
    }
    out + "</svg>\n"
}

fn cell(drawing: &Drawing, day: &Day, x: i32, y: i32) -> String {
    let fill = match day.state {
        DayState::Outside => "#fff",
        DayState::Start | DayState::Counted => "#e6f4ec",
        DayState::Off => "url(#off)",
        DayState::Paused => "url(#paused)",
    };
    let (width, height) = DAY;
    let date = day.date.strftime("%-m-%-d");
    let mut out = format!(
        "<g><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\" stroke=\"#c9d2dc\"/>\
         <text x=\"{}\" y=\"{}\" font-size=\"11\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\">{date}</text>",
        x + 4,
        y + 13
    );
    if let Some(counted) = &day.counted {
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"12\" font-weight=\"600\" text-anchor=\"end\" fill=\"#14603a\">{counted}</text>",
            x + width - 4,
            y + 13
        );
    }
    if !day.note.is_empty() {
        let _ = write!(out, "<title>{}</title>", escaped(&day.note));
    }
    let marks: Vec<&Mark> = drawing.on(day.date).collect();
    for (place, mark) in (0..).zip(marks.iter().take(3)) {
        let (sign, class) = sign(mark);
        let colour = match class {
            "red" => "#a3141f",
            "yellow" => "#704600",
            "grey" => "#4a5460",
            _ => "#1b3a5c",
        };
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"15\" fill=\"{colour}\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\">{sign}</text>",
            x + 5 + place * 15,
            y + height - 8
        );
    }
    out + "</g>\n"
}
