//! `sources/<source>.toml`: a source's codes in our vocabulary.
//!
//! ```toml
//! source = "county-approval"     # the file's name without .toml unless given
//! midnight_is_day = true         # midnight in this source means that only the day is known
//! silence = "26h"                # nothing for longer than this: the source is silent
//! [outcomes]
//! "1" = "certified"
//! [case_types]
//! "CNJ" = "promised"
//! [stages]
//! "SL" = "accept"
//! ```
//!
//! Keys are the source's codes exactly as it sends them; values of `outcomes` and `case_types` are of
//! the closed lists of the vocabulary. Unknown keys are refused: a key that is accepted does something.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use compact_str::CompactString;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use unicode_normalization::UnicodeNormalization;

use super::{notation, suggestion};
use crate::fault::{Fault, Place};
use crate::source_map::SourceMap;

/// Outcomes of the closed vocabulary (semantics 9).
pub const OUTCOMES: [&str; 10] =
    ["certified", "granted", "refused", "forwarded", "other", "returned", "voided", "deleted", "withdrawn", "lapsed"];

/// Case types of the closed vocabulary (semantics 9).
pub const CASE_TYPES: [&str; 6] = ["instant", "promised", "joint", "forwarded", "deferred", "returned"];

const KEYS: [&str; 6] = ["source", "midnight_is_day", "silence", "outcomes", "case_types", "stages"];

/// Reads every file of the folder; maps by source. `stages` are those of the catalogue, empty without one.
pub fn read_all(
    files: &BTreeMap<String, Vec<u8>>,
    stages: &BTreeSet<&str>,
    faults: &mut Vec<Fault>,
) -> BTreeMap<CompactString, SourceMap> {
    let mut sources: BTreeMap<CompactString, SourceMap> = BTreeMap::new();
    let mut told_by: BTreeMap<CompactString, &str> = BTreeMap::new();
    let of_folder = files.iter().filter_map(|(file, bytes)| Some((file, file.strip_prefix("sources/")?, bytes)));
    for (file, name, bytes) in of_folder.filter(|(_, name, _)| !name.contains('/') && name.ends_with(".toml")) {
        let (source, map) = read(file, bytes, stages, faults);
        let source = source.unwrap_or_else(|| name.strip_suffix(".toml").unwrap_or(name).nfkc().collect());
        match told_by.get(&source) {
            None => {
                told_by.insert(source.clone(), file);
                sources.insert(source, map);
            }
            Some(other) => {
                let zh = format!("来源 \"{source}\" 已有 {other}");
                let en = format!("source \"{source}\" already has {other}");
                faults.push(Fault::error(file, None, "SM05", zh, en));
            }
        }
    }
    sources
}

/// Reads one file: the source it names, if it does, and its map as far as it is sound.
pub fn read(
    file: &str,
    bytes: &[u8],
    stages: &BTreeSet<&str>,
    faults: &mut Vec<Fault>,
) -> (Option<CompactString>, SourceMap) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        let (zh, en) = ("文件不是 UTF-8".to_owned(), "the file is not UTF-8".to_owned());
        faults.push(Fault::error(file, None, "SM01", zh, en));
        return (None, SourceMap::default());
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { file, text, stages, faults };
    for error in &errors {
        let message = error.message();
        reader.tell(
            error.span().unwrap_or(0..0),
            "SM01",
            format!("TOML 语法：{message}"),
            format!("TOML: {message}"),
            None,
        );
    }
    // A table that could not be parsed whole would only bring faults that follow from the first.
    if errors.is_empty() { reader.document(document.get_ref()) } else { (None, SourceMap::default()) }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    stages: &'a BTreeSet<&'a str>,
    faults: &'a mut Vec<Fault>,
}

impl Reader<'_> {
    fn document(&mut self, document: &DeTable<'_>) -> (Option<CompactString>, SourceMap) {
        let (mut source, mut map) = (None, SourceMap::default());
        for (key, value) in document.iter() {
            match key.get_ref().as_ref() {
                "source" => source = self.source(value),
                "midnight_is_day" => map.midnight_is_day = self.flag(value),
                "silence" => map.silence_ms = self.elapsed(value),
                "outcomes" => map.outcomes = self.codes(value, Some(&OUTCOMES)),
                "case_types" => map.case_types = self.codes(value, Some(&CASE_TYPES)),
                "stages" => {
                    map.stages = self.codes(value, None);
                    self.tell_unknown_stages(value, &map.stages);
                }
                other => {
                    let advice = suggestion::advice(other, &KEYS);
                    let (zh, en) =
                        (format!("来源表没有参数 \"{other}\""), format!("a source map has no key \"{other}\""));
                    self.tell(key.span(), "SM02", zh, en, Some((advice.zh, advice.en)));
                }
            }
        }
        (source, map)
    }

    fn source(&mut self, value: &Spanned<DeValue<'_>>) -> Option<CompactString> {
        let name: String = self.text_of(value)?.nfkc().collect();
        let name = name.trim();
        if name.is_empty() {
            self.tell(value.span(), "SM03", "来源名不能为空".into(), "the source's name is empty".into(), None);
        }
        (!name.is_empty()).then(|| name.into())
    }

    fn flag(&mut self, value: &Spanned<DeValue<'_>>) -> bool {
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(value, ("true 或 false", "true or false"));
        }
        flag.unwrap_or_default()
    }

    fn elapsed(&mut self, value: &Spanned<DeValue<'_>>) -> Option<i64> {
        let text = self.text_of(value)?;
        let elapsed = super::silence::elapsed_ms(text);
        if elapsed.is_none() {
            let (zh, en) = (format!("\"{text}\" 不是时长"), format!("\"{text}\" is no duration"));
            let help = ("写整数加 h 或 min，如 26h".into(), "write a whole number and h or min, such as 26h".into());
            self.tell(value.span(), "SM04", zh, en, Some(help));
        }
        elapsed
    }

    /// A table of codes; values are of `closed` where that is given, else any code.
    fn codes(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        closed: Option<&[&str]>,
    ) -> BTreeMap<CompactString, CompactString> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(value, ("表，如 \"1\" = \"certified\"", "a table such as \"1\" = \"certified\""));
            return BTreeMap::new();
        };
        let mut codes = BTreeMap::new();
        for (raw, ours) in table.iter() {
            let Some(text) = self.text_of(ours) else { continue };
            if self.allowed(ours, text, closed) {
                codes.insert(CompactString::from(raw.get_ref().as_ref()), text.into());
            }
        }
        codes
    }

    fn allowed(&mut self, value: &Spanned<DeValue<'_>>, text: &str, closed: Option<&[&str]>) -> bool {
        let refused = match closed {
            Some(closed) if closed.contains(&text) => return true,
            Some(closed) => {
                let advice = suggestion::advice(text, closed);
                (format!("没有取值 \"{text}\""), format!("there is no value \"{text}\""), (advice.zh, advice.en))
            }
            None => match notation::code(text) {
                Ok(_) if !text.is_empty() => return true,
                Ok(_) => {
                    let help = ("写环节代码".into(), "write a stage code".into());
                    ("代码不能为空".into(), "the code is empty".into(), help)
                }
                Err(refusal) => (
                    format!("\"{text}\" {}", refusal.text.zh),
                    format!("\"{text}\" {}", refusal.text.en),
                    (refusal.help.zh, refusal.help.en),
                ),
            },
        };
        let (zh, en, help) = refused;
        self.tell(value.span(), "SM04", zh, en, Some(help));
        false
    }

    /// A stage that no item has is a slip, but the catalogue may also be the one that lags.
    fn tell_unknown_stages(&mut self, value: &Spanned<DeValue<'_>>, read: &BTreeMap<CompactString, CompactString>) {
        for (raw, ours) in value.get_ref().as_table().into_iter().flat_map(|table| table.iter()) {
            let Some(stage) = read.get(raw.get_ref().as_ref()) else { continue };
            if !self.stages.is_empty() && !self.stages.contains(stage.as_str()) {
                let (zh, en) = (format!("没有事项有环节 \"{stage}\""), format!("no item has a stage \"{stage}\""));
                let near = suggestion::nearest(stage, self.stages.iter().copied());
                let help = near.map(|near| (format!("是否为 \"{near}\"？"), format!("did you mean \"{near}\"?")));
                let fault = self.fault(ours.span(), "SM06", zh, en, help);
                self.faults.push(fault.warning());
            }
        }
    }

    fn text_of<'v>(&mut self, value: &'v Spanned<DeValue<'_>>) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(value, ("带引号的文字", "text in quotes"));
        }
        text
    }

    fn wrong_type(&mut self, value: &Spanned<DeValue<'_>>, expected: (&str, &str)) {
        let found = value.get_ref().type_str();
        let (zh, en) = (format!("应为{}，而不是 {found}", expected.0), format!("must be {}, not {found}", expected.1));
        self.tell(value.span(), "SM03", zh, en, None);
    }

    fn tell(&mut self, span: Range<usize>, code: &'static str, zh: String, en: String, help: Option<(String, String)>) {
        let fault = self.fault(span, code, zh, en, help);
        self.faults.push(fault);
    }

    fn fault(
        &self,
        span: Range<usize>,
        code: &'static str,
        zh: String,
        en: String,
        help: Option<(String, String)>,
    ) -> Fault {
        let (place, line) = place(self.text, span);
        let fault = Fault { source: Some(line), ..Fault::error(self.file, Some(place), code, zh, en) };
        match help {
            Some((zh, en)) => fault.help(zh, en),
            None => fault,
        }
    }
}

/// Line, column and width in characters of a span of bytes, with the line it begins on.
pub(super) fn place(text: &str, span: Range<usize>) -> (Place, String) {
    let begin = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end).max(begin);
    let line_begin = text[..begin].rfind('\n').map_or(0, |place| place + 1);
    let line = text[line_begin..].lines().next().unwrap_or("");
    let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let breaks = text[..begin].bytes().filter(|byte| *byte == b'\n').count();
    let width = count(text[begin..end].lines().next().unwrap_or(""));
    let place = Place {
        line: u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1),
        column: count(&text[line_begin..begin]).saturating_add(1),
        width: width.max(1),
    };
    (place, line.to_owned())
}

#[cfg(test)]
mod tests;
