//! Conditions as tokens. Mistakes that have one plain meaning (`=`, `and`, full-width signs) are
//! told and then read as meant, so that the rest of the condition is checked as well.

use std::ops::Range;

use facts::Fen;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::faults::{Faults, Say};
use super::source::Origin;
use super::{span_text, texts};
use crate::counting::Span;

/// A condition longer than this is refused: it bounds the depth of every tree made from it.
const TOKENS_MAX: usize = 1_000;

/// One token.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Token {
    Name(String),
    Text(String),
    Number(Decimal),
    Money(Fen),
    Span(Span),
    Date(Date),
    Flag(bool),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// A token with the bytes it stands on.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) range: Range<usize>,
}

/// Longest first, so that `==` is not read as `=` twice.
const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "??", "<", ">", "=", "!", "&", "|", "?", ":", "+", "-", "*", "/", "%", "(",
    ")", "[", "]", ",", ".",
];

/// Full-width characters and what is meant by them.
const FULL_WIDTH: &[(char, char)] = &[
    ('＝', '='),
    ('！', '!'),
    ('＜', '<'),
    ('＞', '>'),
    ('＆', '&'),
    ('｜', '|'),
    ('‖', '|'),
    ('？', '?'),
    ('：', ':'),
    ('＋', '+'),
    ('－', '-'),
    ('—', '-'),
    ('×', '*'),
    ('＊', '*'),
    ('／', '/'),
    ('÷', '/'),
    ('％', '%'),
    ('（', '('),
    ('）', ')'),
    ('【', '['),
    ('】', ']'),
    ('［', '['),
    ('］', ']'),
    ('，', ','),
    ('、', ','),
    ('。', '.'),
    ('．', '.'),
    ('‘', '\''),
    ('’', '\''),
    ('“', '\''),
    ('”', '\''),
    ('＇', '\''),
    ('\u{3000}', ' '),
];

/// The digit that a full-width digit means.
fn digit(c: char) -> Option<char> {
    ('０'..='９').zip('0'..='9').find(|(wide, _)| *wide == c).map(|(_, narrow)| narrow)
}

/// Reads `text` as tokens. `Err` when what follows a mistake could not be read at all.
pub(crate) fn tokens(text: &str, origin: &Origin, faults: &mut Faults<'_>) -> Result<Vec<Placed>, ()> {
    let plain = half_width(text, origin, faults);
    let mut lexer =
        Lexer { text: &plain.text, places: &plain.places, at: 0, origin, faults, out: Vec::new(), broken: false };
    lexer.run();
    let (out, broken) = (lexer.out, lexer.broken);
    if out.len() > TOKENS_MAX {
        faults.add(
            origin.whole(),
            texts::too_big(
                "条件过长，请拆成 [values] 或 [events] 中的名称",
                "the condition is too long; give parts of it names in [values] or [events]",
            ),
        );
        return Err(());
    }
    if broken { Err(()) } else { Ok(out) }
}

/// The text with full-width signs outside quotes replaced, and where its bytes came from.
struct Plain {
    text: String,
    places: Vec<usize>,
}

fn half_width(text: &str, origin: &Origin, faults: &mut Faults<'_>) -> Plain {
    let mut plain = Plain { text: String::with_capacity(text.len()), places: Vec::with_capacity(text.len() + 1) };
    let mut runs: Vec<(Range<usize>, String, String)> = Vec::new();
    let mut quoted = None;
    for (place, c) in text.char_indices() {
        let meant = FULL_WIDTH.iter().find(|(wide, _)| *wide == c).map(|(_, narrow)| *narrow).or_else(|| digit(c));
        let read = match (quoted, meant) {
            // Inside quotes everything is text, but a typeset quote closes what a typeset quote opened.
            (Some('\''), _) => c,
            (Some(_), Some('\'')) => '\'',
            (Some(_), _) => c,
            (None, Some(narrow)) => narrow,
            (None, None) => c,
        };
        match quoted {
            None if read == '\'' => quoted = Some(c),
            Some(opened) if read == '\'' && (opened != '\'' || c == '\'') => quoted = None,
            _ => {}
        }
        if read != c {
            match runs.last_mut() {
                Some((range, found, instead)) if range.end == place => {
                    range.end = place + c.len_utf8();
                    found.push(c);
                    instead.push(read);
                }
                _ => runs.push((place..place + c.len_utf8(), c.to_string(), read.to_string())),
            }
        }
        plain.text.push(read);
        plain.places.extend((0..read.len_utf8()).map(|byte| place + byte));
    }
    plain.places.push(text.len());
    if let Some((first, _, _)) = runs.first() {
        let joined = |pick: fn(&(Range<usize>, String, String)) -> &str| {
            let parts: Vec<&str> = runs.iter().map(pick).map(str::trim).filter(|part| !part.is_empty()).collect();
            parts.join(" ")
        };
        let at = origin.at(first.clone());
        let column = faults.sources().place(at).column;
        faults.add(at, texts::full_width(column, &joined(|run| &run.1), &joined(|run| &run.2)));
    }
    plain
}

struct Lexer<'a, 'f, 's> {
    text: &'a str,
    /// For each byte of `text`, the byte of the text as written.
    places: &'a [usize],
    at: usize,
    origin: &'a Origin,
    faults: &'f mut Faults<'s>,
    out: Vec<Placed>,
    broken: bool,
}

impl Lexer<'_, '_, '_> {
    fn run(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            let start = self.at;
            if c.is_whitespace() {
                self.at += c.len_utf8();
            } else if c == '\'' || c == '"' {
                self.quoted(c);
            } else if c.is_ascii_digit() {
                self.number();
            } else if c.is_alphabetic() || c == '_' {
                self.name();
            } else if let Some(sign) = SIGNS.iter().copied().find(|sign| self.rest().starts_with(sign)) {
                self.at += sign.len();
                self.sign(sign, start);
            } else {
                self.at += c.len_utf8();
                self.fault(
                    start,
                    texts::syntax(format!("无法识别的字符 \"{c}\""), format!("\"{c}\" has no meaning here")),
                );
                self.broken = true;
            }
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn push(&mut self, token: Token, start: usize) {
        let range = self.places[start]..self.places[self.at];
        self.out.push(Placed { token, range });
    }

    fn fault(&mut self, start: usize, say: Say) {
        self.faults.add(self.origin.at(self.places[start]..self.places[self.at]), say);
    }

    /// Operators that other languages write otherwise are told and read as meant.
    fn sign(&mut self, sign: &'static str, start: usize) {
        let meant = match sign {
            "=" => "==",
            "&" => "&&",
            other => other,
        };
        if meant != sign {
            self.fault(start, texts::operators());
        }
        self.push(Token::Sign(meant), start);
    }

    fn name(&mut self) {
        let start = self.at;
        let length: usize =
            self.rest().chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
        self.at += length;
        let name = &self.text[start..self.at];
        let field = matches!(self.out.last(), Some(Placed { token: Token::Sign("."), .. }));
        let meant = match name {
            _ if field => None,
            "and" | "AND" | "且" | "并且" => Some("&&"),
            "or" | "OR" | "或" | "或者" => Some("||"),
            "not" | "NOT" | "非" => Some("!"),
            _ => None,
        };
        if let Some(meant) = meant {
            self.fault(start, texts::operators());
            self.push(Token::Sign(meant), start);
            return;
        }
        let token = match name {
            "true" if !field => Token::Flag(true),
            "false" if !field => Token::Flag(false),
            name => Token::Name(name.to_owned()),
        };
        self.push(token, start);
    }

    fn quoted(&mut self, quote: char) {
        let start = self.at;
        let body = &self.rest()[1..];
        let Some(length) = body.find(quote) else {
            self.at = self.text.len();
            self.fault(start, texts::syntax("引号没有结束", "the quote is not closed"));
            self.broken = true;
            return;
        };
        let text = body[..length].to_owned();
        self.at += length + 2;
        if quote == '"' {
            self.fault(
                start,
                texts::syntax(
                    "条件中的文字用单引号，如 'refused'",
                    "text in conditions has single quotes, such as 'refused'",
                ),
            );
        }
        self.push(Token::Text(text), start);
    }

    fn number(&mut self) {
        let start = self.at;
        if let Some(date) = self.rest().get(..10).and_then(date) {
            self.at += 10;
            self.push(Token::Date(date), start);
            return;
        }
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits(self.rest());
        if self.rest().starts_with('.') && digits(&self.rest()[1..]) > 0 {
            self.at += 1 + digits(&self.rest()[1..]);
        }
        let written = &self.text[start..self.at];
        let suffix_at = self.at;
        let suffix_length = if self.rest().starts_with('%') {
            1
        } else {
            self.rest().chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum()
        };
        self.at += suffix_length;
        let suffix = &self.text[suffix_at..self.at];
        match literal(written, suffix) {
            Some(token) => self.push(token, start),
            None => {
                let written = &self.text[start..self.at];
                let say = texts::syntax(
                    format!("无法识别的数值 \"{written}\""),
                    format!("\"{written}\" is no number, amount or limit"),
                )
                .help(
                    "可写 20、0.5、2%、12.50元、40万元、5wd（工作日）、3d、1mo、24h、30min、2026-01-01",
                    "write 20, 0.5, 2%, 12.50元, 40万元, 5wd (working days), 3d, 1mo, 24h, 30min, 2026-01-01",
                );
                self.fault(start, say);
                self.broken = true;
            }
        }
    }
}

/// A number with what stands behind it.
pub(crate) fn literal(written: &str, suffix: &str) -> Option<Token> {
    let number = || written.parse::<Decimal>().ok();
    match suffix {
        "" => number().map(Token::Number),
        "%" => number()?.checked_div(Decimal::ONE_HUNDRED).map(Token::Number),
        "元" => Fen::parse(written).ok().map(Token::Money),
        "万元" => number()?.checked_mul(Decimal::from(10_000)).and_then(money),
        "亿元" => number()?.checked_mul(Decimal::from(100_000_000)).and_then(money),
        unit => {
            let unit = span_text::unit(unit)?;
            let number = written.parse().ok().filter(|number| *number <= span_text::SPAN_MAX)?;
            Some(Token::Span(span_text::span(number, unit)))
        }
    }
}

fn money(yuan: Decimal) -> Option<Token> {
    Fen::parse(&yuan.normalize().to_string()).ok().map(Token::Money)
}

fn date(text: &str) -> Option<Date> {
    let shape = text.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    shape.then(|| text.parse().ok())?
}
