//! A TOML file as an owned tree in which every key and value knows its place.
//!
//! Owned, because the parts of a rule and the overrides of a profile are merged from several files
//! before they are checked, and a fault must still point to the file that said it.

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::faults::Faults;
use super::source::At;
use super::texts;

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) value: Raw,
    pub(crate) at: At,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    Text(String),
    Integer(i64),
    /// A number with a point, as written.
    Decimal(String),
    Flag(bool),
    Date(Date),
    List(Vec<Tree>),
    Table(Table),
    /// What no key takes: a time of day, an integer beyond 64 bits.
    Odd(&'static str),
}

impl Raw {
    /// What it is called in a fault.
    pub(crate) fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Raw::Text(_) => ("文字", "text"),
            Raw::Integer(_) => ("整数", "an integer"),
            Raw::Decimal(_) => ("小数", "a decimal"),
            Raw::Flag(_) => ("true/false", "true or false"),
            Raw::Date(_) => ("日期", "a date"),
            Raw::List(_) => ("列表", "a list"),
            Raw::Table(_) => ("表", "a table"),
            Raw::Odd(what) => ("其他值", what),
        }
    }
}

/// A table in file order.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
    pub(crate) at: At,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: At,
    pub(crate) value: Tree,
}

impl Table {
    /// The entry of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Takes a key out.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Entry> {
        let place = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(place))
    }

    /// `self` with the keys of `over`: tables merge key by key, everything else is replaced.
    pub(crate) fn merged(&self, over: &Table) -> Table {
        let mut entries = self.entries.clone();
        for new in &over.entries {
            let Some(old) = entries.iter_mut().find(|entry| entry.key == new.key) else {
                entries.push(new.clone());
                continue;
            };
            match (&old.value.value, &new.value.value) {
                (Raw::Table(before), Raw::Table(after)) => old.value.value = Raw::Table(before.merged(after)),
                _ => *old = new.clone(),
            }
        }
        Table { entries, at: self.at }
    }
}

/// Reads a file; what cannot be read is a fault, what can be read is still returned.
pub(crate) fn read(file: u32, faults: &mut Faults<'_>) -> Table {
    let text = faults.sources().text(file);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let at = At { file, start: span.start as u32, end: span.end as u32 };
        faults.add(at, texts::not_toml(error.message()));
    }
    let whole = At { file, start: 0, end: 0 };
    table_of(table.get_ref(), file, whole)
}

fn table_of(table: &DeTable<'_>, file: u32, at: At) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_at: at_of(key, file),
            value: tree_of(value, file),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_at.start);
    Table { entries, at }
}

fn tree_of(value: &Spanned<DeValue<'_>>, file: u32) -> Tree {
    let at = at_of(value, file);
    let value = match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Raw::Integer(number),
            Err(_) => Raw::Odd("an integer beyond 64 bits"),
        },
        DeValue::Float(number) => Raw::Decimal(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::Datetime(moment) => match (moment.date, moment.time) {
            (Some(date), None) => Date::new(date.year as i16, date.month as i8, date.day as i8)
                .map_or(Raw::Odd("a day that does not exist"), Raw::Date),
            _ => Raw::Odd("a time of day"),
        },
        DeValue::Array(values) => Raw::List(values.iter().map(|value| tree_of(value, file)).collect()),
        DeValue::Table(table) => Raw::Table(table_of(table, file, at)),
    };
    Tree { value, at }
}

fn at_of<T>(spanned: &Spanned<T>, file: u32) -> At {
    let span = spanned.span();
    At { file, start: span.start as u32, end: span.end as u32 }
}
