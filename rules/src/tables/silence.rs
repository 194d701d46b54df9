//! `silence.toml`: the light of a silent source.
//!
//! ```toml
//! id      = "..."                  # permanent, as a rule's
//! version = 1
//! name    = { zh = "...", en = "..." }
//! basis   = "..."
//! card    = "warning"              # warning, yellow, red
//! light   = "yellow"               # the lamp of that card: yellow, red
//! hold    = "24h"                  # how long lights that rest on absence wait for a silent source
//! message = { zh = "...", en = "..." }   # {source} {office} {silence}
//! remark  = { zh = "...", en = "..." }   # added to a light that waited in vain
//! ```

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::standing::Text2;
use facts::{Card, Light};
use serde::Deserialize;

use super::notation;
use super::source_map::place;
use crate::counting::{Span, Unit};
use crate::fault::Fault;
use crate::silence::{SilenceRule, WORDS};

/// The file, by its path below the configuration folder.
pub const FILE: &str = "silence.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: toml::Spanned<String>,
    version: toml::Spanned<i64>,
    name: Text2,
    basis: String,
    card: toml::Spanned<String>,
    light: toml::Spanned<String>,
    hold: toml::Spanned<String>,
    message: toml::Spanned<Text2>,
    remark: Text2,
}

/// Reads the file, if the folder has one.
pub fn read(files: &BTreeMap<String, Vec<u8>>, faults: &mut Vec<Fault>) -> Option<SilenceRule> {
    let bytes = files.get(FILE)?;
    let Ok(text) = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) else {
        faults.push(Fault::error(FILE, None, "SI01", "文件不是 UTF-8".into(), "the file is not UTF-8".into()));
        return None;
    };
    let mut tell = |span, code, zh: String, en: String| {
        let (place, line) = place(text, span);
        faults.push(Fault { source: Some(line), ..Fault::error(FILE, Some(place), code, zh, en) });
    };
    let document: Document = match toml::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            let message = error.message();
            tell(error.span().unwrap_or(0..0), "SI01", format!("TOML：{message}"), format!("TOML: {message}"));
            return None;
        }
    };
    let Document { id, version, name, basis, card, light, hold, message, remark } = document;
    let (mut sound, mut wrong) = (true, |spanned: std::ops::Range<usize>, zh: String, en: String| {
        tell(spanned, "SI02", zh, en);
        false
    });
    if id.get_ref().is_empty() || !id.get_ref().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        sound = wrong(id.span(), "规则编号只用字母、数字和 -".into(), "a rule's id is letters, digits and -".into());
    }
    if *version.get_ref() < 1 {
        sound = wrong(version.span(), "版本从 1 起".into(), "versions begin at 1".into());
    }
    let found_card = Card::from_token(card.get_ref()).filter(|card| *card != Card::None);
    if found_card.is_none() {
        sound = wrong(card.span(), "应为 warning、yellow 或 red".into(), "must be warning, yellow or red".into());
    }
    let found_light = Light::from_token(light.get_ref()).filter(|light| *light > Light::Green);
    if found_light.is_none() {
        sound = wrong(light.span(), "应为 yellow 或 red".into(), "must be yellow or red".into());
    }
    let hold_ms = elapsed_ms(hold.get_ref());
    if hold_ms.is_none() {
        sound = wrong(hold.span(), "写时长，如 24h、90min".into(), "write a duration such as 24h or 90min".into());
    }
    for word in unknown_words(message.get_ref()) {
        let known = WORDS.map(|word| format!("{{{word}}}")).join(", ");
        let zh = format!("没有 {{{word}}}；可用：{known}");
        sound = wrong(message.span(), zh, format!("there is no {{{word}}}; known: {known}"));
    }
    let (card, light, hold_ms) = (found_card?, found_light?, hold_ms?);
    let label = format!("{}@{}", id.get_ref(), version.get_ref()).into();
    let (id, basis, message) = (CompactString::from(id.into_inner()), basis.into(), message.into_inner());
    sound.then_some(SilenceRule { id, label, name, basis, card, light, hold_ms, message, remark })
}

/// A duration in hours or minutes, in milliseconds: what the clock can tell without a calendar.
pub(super) fn elapsed_ms(text: &str) -> Option<i64> {
    match notation::span(text).ok()? {
        Span { number, unit: Unit::Hours } if number > 0 => Some(number * 3_600_000),
        Span { number, unit: Unit::Minutes } if number > 0 => Some(number * 60_000),
        _ => None,
    }
}

/// Names in braces that this rule does not supply.
fn unknown_words(message: &Text2) -> Vec<String> {
    let in_braces = |text: &str| -> Vec<String> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(word, _)| word.to_owned()).collect()
    };
    let mut words = [in_braces(&message.zh), in_braces(&message.en)].concat();
    words.retain(|word| !WORDS.contains(&word.as_str()));
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "T-1"
version = 2
name = { zh = "来源静默", en = "Source silent" }
basis = "制度"
card = "warning"
light = "yellow"
hold = "24h"
message = { zh = "{office} 的 {source} 已 {silence} 没有数据", en = "{source} of {office} sent nothing for {silence}" }
remark = { zh = "来源静默", en = "source silent" }
"#;

    fn read_text(text: &str) -> (Option<SilenceRule>, Vec<String>) {
        let mut faults = Vec::new();
        let files = BTreeMap::from([(FILE.to_owned(), text.as_bytes().to_vec())]);
        let rule = read(&files, &mut faults);
        (
            rule,
            faults
                .iter()
                .map(|fault| format!("{}:{}", fault.place.map_or(0, |place| place.line), fault.code))
                .collect(),
        )
    }

    #[test]
    fn a_silent_source_is_told_with_its_name_and_the_time() {
        let (rule, faults) = read_text(GOOD);
        let rule = rule.unwrap_or_else(|| panic!("{faults:?}"));
        assert_eq!((rule.label.as_str(), rule.hold_ms), ("T-1@2", 86_400_000));
        let reason = rule.reason("window", "county.360902.SCJG", 5_400_000);
        assert_eq!(reason.zh, "county.360902.SCJG 的 window 已 1 小时 30 分钟 没有数据");
        assert_eq!(reason.en, "window of county.360902.SCJG sent nothing for 1 h 30 min");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let text = GOOD.replace("\"warning\"", "\"none\"").replace("24h", "3d").replace("{silence}", "{quiet}");
        assert_eq!(read_text(&text), (None, vec!["6:SI02".into(), "8:SI02".into(), "9:SI02".into()]));
        assert_eq!(read_text(&GOOD.replace("basis", "bases")).1.len(), 1, "an unknown key");
        assert_eq!(read(&BTreeMap::new(), &mut Vec::new()), None, "no file, no light");
    }
}
