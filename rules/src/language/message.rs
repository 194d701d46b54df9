//! Messages to staff: `{due|date}`, `{item.name}`, in Chinese and English.

use compact_str::CompactString;

use super::source::{At, Origin};
use super::texts;
use super::tree::{Table, Tree};
use super::types::{Checker, Seat, Written};
use crate::value::Type;
use crate::wording::{Format, Message, Piece, Word};

const FORMATS: &[(&str, Format)] =
    &[("date", Format::Date), ("time", Format::Time), ("yuan", Format::Yuan), ("list", Format::List)];

/// Reads a message; both languages must be there.
pub(crate) fn message(
    table: &Table,
    key_at: At,
    words: &[Word],
    seat: &Seat,
    checker: &mut Checker<'_, '_, '_>,
) -> Option<Message> {
    checker.faults.unknown_keys(table, "message", super::keys::TEXT2);
    for (key, zh, en) in [
        ("zh", "缺少中文文字（message.zh）", "the Chinese text (message.zh) is missing"),
        ("en", "缺少英文文字（message.en）", "the English text (message.en) is missing"),
    ] {
        if table.get(key).is_none() {
            checker.faults.add(key_at, texts::message_form(zh, en));
        }
    }
    let mut read = |key: &str| table.get(key).and_then(|entry| pieces(&entry.value, words, seat, checker));
    let (zh, en) = (read("zh"), read("en"));
    Some(Message { zh: zh?, en: en? })
}

fn pieces(tree: &Tree, words: &[Word], seat: &Seat, checker: &mut Checker<'_, '_, '_>) -> Option<Vec<Piece>> {
    let text = checker.faults.text("message", tree)?.to_owned();
    let origin = checker.faults.sources().origin(tree.at, &text);
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut fine = true;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            plain.push(c);
            at += 2;
        } else if c == '{' {
            let Some(length) = closing(rest) else {
                let say = texts::message_form("花括号没有结束", "the brace is not closed");
                checker.faults.add(origin.at(at..text.len()), say);
                return None;
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(CompactString::from(plain.as_str())));
                plain.clear();
            }
            let inside = at + 1..at + length;
            match placeholder(&text[inside.clone()], inside.start, &origin, words, seat, checker) {
                Some(piece) => pieces.push(piece),
                None => fine = false,
            }
            at += length + 1;
        } else if c == '}' {
            checker.faults.add(origin.at(at..at + 1), texts::message_form("多余的 \"}\"", "a \"}\" too many"));
            fine = false;
            at += 1;
        } else {
            plain.push(c);
            at += c.len_utf8();
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain.into()));
    }
    fine.then_some(pieces)
}

/// The place of the brace that closes the one at the beginning; braces in quotes do not count.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(place, c)| {
        quoted ^= c == '\'';
        (c == '}' && !quoted).then_some(place)
    })
}

fn placeholder(
    text: &str,
    offset: usize,
    origin: &Origin,
    words: &[Word],
    seat: &Seat,
    checker: &mut Checker<'_, '_, '_>,
) -> Option<Piece> {
    let (path, format) = split_format(text);
    let at = |from: usize, length: usize| origin.at(offset + from..offset + from + length);
    let format = match format {
        None => Format::Plain,
        Some(name) => match FORMATS.iter().find(|(known, _)| *known == name.trim()) {
            Some((_, format)) => *format,
            None => {
                let known: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
                let say = texts::unknown_choice("format", name.trim(), &known);
                checker.faults.add(at(path.len() + 1, name.len()), say);
                return None;
            }
        },
    };
    let name = path.trim();
    let bare = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if bare {
        let word = Word::ALL.iter().find(|(known, word)| *known == name && words.contains(word));
        if word.is_none() {
            let known: Vec<&str> =
                Word::ALL.iter().filter(|(_, word)| words.contains(word)).map(|(name, _)| *name).collect();
            checker.faults.add(at(0, path.len()), texts::no_placeholder(name, &known));
        }
        if word.is_some_and(|(_, word)| !word_takes(*word, format)) {
            checker.faults.add(at(0, text.len()), format_does_not_fit());
            return None;
        }
        return word.map(|(_, word)| Piece::Word(*word, format));
    }
    if name.is_empty() {
        checker.faults.add(at(0, path.len().max(1)), texts::message_form("占位符为空", "the placeholder is empty"));
        return None;
    }
    let shifted = origin.within(offset, path);
    let typed = checker.written(Written { text: path, origin: &shifted }, seat)?;
    let node = typed.node;
    let fits = match (format, &node.ty) {
        (_, Type::Event) => false,
        (Format::Plain, _) => true,
        (Format::Date, ty) => matches!(ty, Type::Date | Type::Instant),
        (Format::Time, ty) => matches!(ty, Type::Instant),
        (Format::Yuan, ty) => matches!(ty, Type::Money),
        (Format::List, ty) => matches!(ty, Type::List(_)),
    };
    if !fits {
        checker.faults.add(at(0, text.len()), format_does_not_fit());
        return None;
    }
    Some(Piece::Value(node, format))
}

fn format_does_not_fit() -> super::faults::Say {
    texts::message_form("格式与值的类型不合", "the format does not go with the value")
}

/// Does a format go with what the kind supplies?
fn word_takes(word: Word, format: Format) -> bool {
    match format {
        Format::Plain => true,
        Format::Date | Format::Time => matches!(word, Word::Due | Word::Start | Word::Stop),
        Format::Yuan => matches!(word, Word::Ledger | Word::Tariff | Word::Excess),
        Format::List => matches!(word, Word::Acts | Word::Missing | Word::Grounds),
    }
}

/// `path|format`; a bar inside brackets belongs to an event set.
fn split_format(text: &str) -> (&str, Option<&str>) {
    let mut depth = 0_i32;
    let mut bar = None;
    for (place, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '|' if depth == 0 => bar = Some(place),
            _ => {}
        }
    }
    match bar {
        Some(place) => (&text[..place], Some(&text[place + 1..])),
        None => (text, None),
    }
}
