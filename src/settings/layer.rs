//! One source of settings as raw values by dotted key, each with its place.
//!
//! A layer holds only keys that the defaults have, with values of the default's type: whatever
//! else was written is a fault and left out.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Faults, Place};
use super::{DEFAULTS, ENVIRONMENT_PREFIX, NOT_SETTINGS};

/// A flag of the command line that stands for a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// As typed, such as `--workers`.
    pub name: &'static str,
    /// The setting's dotted key, such as `http.listen`.
    pub key: &'static str,
    /// The text given.
    pub value: String,
}

/// A value before its meaning is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    Text(String),
    Whole(i64),
}

impl Raw {
    /// The value's type, in English and Chinese.
    fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Raw::Text(_) => ("a text in quotation marks", "带引号的文本"),
            Raw::Whole(_) => ("a whole number", "整数"),
        }
    }

    /// Reads a text from outside TOML as the type of `self`.
    fn read_alike(&self, text: &str) -> Option<Raw> {
        match self {
            Raw::Text(_) => Some(Raw::Text(text.to_owned())),
            Raw::Whole(_) => text.trim().parse().ok().map(Raw::Whole),
        }
    }
}

/// A raw value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) raw: Raw,
    pub(super) place: Place,
}

/// The settings of one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer(BTreeMap<String, Given>);

impl Layer {
    /// The shipped defaults.
    pub(super) fn defaults() -> Layer {
        let table = DeTable::parse(DEFAULTS).expect("the shipped defaults are TOML, a test reads them");
        let mut layer = Layer::default();
        each_leaf(table.get_ref(), "", &mut |key, _, value| {
            let raw = raw_of(value.get_ref()).expect("the shipped defaults are texts and whole numbers");
            layer.0.insert(key.to_owned(), Given { raw, place: Place::Default });
        });
        layer
    }

    /// What a settings file says.
    pub(super) fn of_file(text: &str, path: &Path, known: &Layer, faults: &mut Faults) -> Layer {
        let place = |offset: usize| {
            let (line, column) = line_and_column(text, offset);
            Place::File { path: path.to_owned(), line, column }
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let place = place(error.span().map_or(0, |span| span.start));
            let message = error.message();
            faults.add(&place, format!("this is not TOML: {message}"), format!("不是合法的 TOML：{message}"));
        }
        let mut layer = Layer::default();
        each_leaf(table.get_ref(), "", &mut |key, key_offset, value| {
            let Some(default) = known.0.get(key) else {
                return faults.unknown(&place(key_offset), "setting", key, key, known.0.keys());
            };
            let place = place(value.span().start);
            match raw_of(value.get_ref()) {
                Some(raw) if raw.kind() == default.raw.kind() => {
                    layer.0.insert(key.to_owned(), Given { raw, place });
                }
                _ => {
                    let kind = value.get_ref().type_str();
                    let found = (format!("of type {kind}"), format!("类型 {kind}"));
                    faults.mistyped(&place, key, found, &default.raw);
                }
            }
        });
        layer
    }

    /// What the environment says.
    pub(super) fn of_environment(variables: &[(String, String)], known: &Layer, faults: &mut Faults) -> Layer {
        let names: BTreeMap<String, &String> = known.0.keys().map(|key| (variable_of(key), key)).collect();
        let mut layer = Layer::default();
        for (name, value) in variables {
            if !name.starts_with(ENVIRONMENT_PREFIX) || NOT_SETTINGS.contains(&name.as_str()) {
                continue;
            }
            let place = Place::Environment(name.clone());
            match names.get(name) {
                Some(key) => layer.put(key, value, place, known, faults),
                None => faults.unknown(&place, "variable", name, name, names.keys()),
            }
        }
        layer
    }

    /// What flags say.
    pub(super) fn of_flags(flags: &[Flag], known: &Layer, faults: &mut Faults) -> Layer {
        let mut layer = Layer::default();
        for flag in flags {
            layer.put(flag.key, &flag.value, Place::Flag(flag.name), known, faults);
        }
        layer
    }

    /// Puts `stronger` over this layer.
    pub(super) fn cover(&mut self, stronger: Layer) {
        self.0.extend(stronger.0);
    }

    /// The value of `key`.
    ///
    /// # Panics
    /// When the defaults have no such key: then [`super::checked`] asks for what was never declared.
    pub(super) fn get(&self, key: &str) -> &Given {
        self.0.get(key).unwrap_or_else(|| panic!("the defaults have no key {key}"))
    }

    fn put(&mut self, key: &str, text: &str, place: Place, known: &Layer, faults: &mut Faults) {
        let default = known.get(key);
        match default.raw.read_alike(text) {
            Some(raw) => {
                self.0.insert(key.to_owned(), Given { raw, place });
            }
            None => {
                let found = format!("\"{text}\"");
                faults.mistyped(&place, key, (found.clone(), found), &default.raw);
            }
        }
    }
}

impl Faults {
    fn unknown<'a>(
        &mut self,
        place: &Place,
        what: &str,
        key: &str,
        written: &str,
        known: impl Iterator<Item = &'a String>,
    ) {
        let near = known
            .map(|name| (strsim::jaro_winkler(key, name), name))
            .filter(|(likeness, _)| *likeness > 0.85)
            .max_by(|(one, _), (other, _)| one.total_cmp(other));
        let (hint_en, hint_zh) = match near {
            Some((_, name)) => (format!("did you mean \"{name}\"?"), format!("是否要写 \"{name}\"？")),
            None => {
                ("remove it, or see the defaults for what there is".to_owned(), "请删除，可用的设置见默认值".into())
            }
        };
        self.add(
            place,
            format!("unknown {what} \"{written}\"; {hint_en}"),
            format!("没有设置 \"{written}\"；{hint_zh}"),
        );
    }

    /// `found` is what stands there, in English and Chinese.
    fn mistyped(&mut self, place: &Place, key: &str, found: (String, String), default: &Raw) {
        let (en, zh) = default.kind();
        let (found_en, found_zh) = found;
        self.add(place, format!("{key} is {found_en}; it must be {en}"), format!("{key} 是{found_zh}，应为{zh}"));
    }
}

/// The environment variable of a key: `http.listen` is `WATCHLIGHT_HTTP_LISTEN`.
fn variable_of(key: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", key.to_ascii_uppercase().replace('.', "_"))
}

/// Visits every value that is not a table with its dotted key and the offset of that key.
fn each_leaf<'t>(table: &'t DeTable<'t>, prefix: &str, visit: &mut dyn FnMut(&str, usize, &'t Spanned<DeValue<'t>>)) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        match value.get_ref() {
            DeValue::Table(inner) => each_leaf(inner, &path, visit),
            _ => visit(&path, key.span().start, value),
        }
    }
}

fn raw_of(value: &DeValue<'_>) -> Option<Raw> {
    match value {
        DeValue::String(text) => Some(Raw::Text(text.to_string())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(Raw::Whole),
        _ => None,
    }
}

/// Line and column, both from 1, of a byte offset; the column counts characters.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}
