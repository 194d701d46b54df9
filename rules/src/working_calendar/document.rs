//! A TOML file read with places, so that each fault says line and column and all faults of a file
//! are told at once.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Fault;

/// One file while it is read: collects its faults.
pub(super) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    faults: Vec<Fault>,
}

/// A table of the file with the place where it stands.
pub(super) struct Table<'d, 't> {
    entries: &'d DeTable<'t>,
    place: Range<usize>,
}

/// A value and its place in the file.
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) place: Range<usize>,
}

impl<'t> Document<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Document<'t> {
        Document { file, text, faults: Vec::new() }
    }

    /// The root table; what could not be parsed becomes faults.
    pub(super) fn parse(&mut self) -> Spanned<DeTable<'t>> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let place = error.span().unwrap_or(0..0);
            let message = error.message().to_owned();
            self.fault(&place, "CA01", format!("不是有效的 TOML：{message}"), format!("not valid TOML: {message}"));
        }
        root
    }

    /// Line and column, from 1, of a byte offset.
    pub(super) fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    pub(super) fn fault(&mut self, place: &Range<usize>, code: &'static str, zh: String, en: String) {
        let (line, column) = self.line_column(place.start);
        self.faults.push(Fault { file: self.file.to_owned(), line, column, code, zh, en });
    }

    /// The faults in the order of the file.
    pub(super) fn into_faults(mut self) -> Vec<Fault> {
        self.faults.sort_by_key(|fault| (fault.line, fault.column));
        self.faults
    }

    /// Refuses keys that are not in `known`, with the nearest known one as a suggestion.
    pub(super) fn refuse_unknown_keys(&mut self, table: &Table<'_, 't>, known: &[&str]) {
        for key in table.entries.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let near = known
                .iter()
                .max_by(|left, right| strsim::jaro_winkler(left, name).total_cmp(&strsim::jaro_winkler(right, name)));
            let near = near.expect("every table has keys");
            self.fault(
                &key.span(),
                "CA02",
                format!("不认识的键 \"{name}\"；是否指 \"{near}\"？"),
                format!("unknown key \"{name}\"; did you mean \"{near}\"?"),
            );
        }
    }

    fn wrong_type(&mut self, key: &str, found: &Spanned<DeValue<'_>>, wanted: (&str, &str)) {
        let is = found.get_ref().type_str();
        self.fault(
            &found.span(),
            "CA03",
            format!("\"{key}\" 应为{}，这里是 {is}", wanted.0),
            format!("\"{key}\" must be {}, but is {is}", wanted.1),
        );
    }

    fn missing(&mut self, table: &Table<'_, 't>, key: &str) {
        let (zh, en) = (format!("缺少 \"{key}\""), format!("\"{key}\" is missing"));
        self.fault(&table.place, "CA04", zh, en);
    }

    fn take<T>(
        &mut self,
        table: &Table<'_, 't>,
        key: &str,
        wanted: (&str, &str),
        read: impl Fn(&DeValue<'t>) -> Option<T>,
    ) -> Option<Placed<T>> {
        let found = table.entries.get(key)?;
        let Some(value) = read(found.get_ref()) else {
            self.wrong_type(key, found, wanted);
            return None;
        };
        Some(Placed { value, place: found.span() })
    }

    fn need<T>(&mut self, table: &Table<'_, 't>, key: &str, found: Option<Placed<T>>) -> Option<Placed<T>> {
        if !table.entries.contains_key(key) {
            self.missing(table, key);
        }
        found
    }

    pub(super) fn text(&mut self, table: &Table<'_, 't>, key: &str) -> Option<Placed<String>> {
        self.take(table, key, ("文字", "text"), |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn needed_text(&mut self, table: &Table<'_, 't>, key: &str) -> Option<Placed<String>> {
        let found = self.text(table, key);
        self.need(table, key, found)
    }

    pub(super) fn needed_flag(&mut self, table: &Table<'_, 't>, key: &str) -> Option<Placed<bool>> {
        let found = self.take(table, key, ("true 或 false", "true or false"), DeValue::as_bool);
        self.need(table, key, found)
    }

    pub(super) fn needed_year(&mut self, table: &Table<'_, 't>, key: &str) -> Option<Placed<i16>> {
        let wanted = ("年份，如 2026", "a year such as 2026");
        let found = self.take(table, key, wanted, |value| {
            let integer = value.as_integer()?;
            let year = i16::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            (1970..=2200).contains(&year).then_some(year)
        });
        self.need(table, key, found)
    }

    pub(super) fn date(&mut self, table: &Table<'_, 't>, key: &str) -> Option<Placed<Date>> {
        let wanted = ("日期，如 2026-01-01（不加引号）", "a date such as 2026-01-01 (no quotes)");
        self.take(table, key, wanted, |value| {
            let written = value.as_datetime()?;
            if written.time.is_some() {
                return None;
            }
            let date = written.date?;
            let year = i16::try_from(date.year).ok()?;
            Date::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
        })
    }

    pub(super) fn needed_date(&mut self, table: &Table<'_, 't>, key: &str) -> Option<Placed<Date>> {
        let found = self.date(table, key);
        self.need(table, key, found)
    }

    pub(super) fn needed_texts(&mut self, table: &Table<'_, 't>, key: &str) -> Option<Vec<Placed<String>>> {
        let wanted = ("文字列表", "a list of texts");
        let found = self.take(table, key, wanted, |value| {
            let texts = value.as_array()?.iter().map(|entry| {
                let value = entry.get_ref().as_str()?.to_owned();
                Some(Placed { value, place: entry.span() })
            });
            texts.collect::<Option<Vec<_>>>()
        });
        self.need(table, key, found).map(|found| found.value)
    }

    /// The tables of a `[[key]]`, none if the key is absent.
    pub(super) fn tables<'d>(&mut self, table: &Table<'d, 't>, key: &str) -> Vec<Table<'d, 't>> {
        let Some(found) = table.entries.get(key) else { return Vec::new() };
        let Some(array) = found.get_ref().as_array() else {
            self.wrong_type(key, found, ("表的列表，写作 [[…]]", "a list of tables, written [[...]]"));
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(array.len());
        for entry in array {
            match entry.get_ref().as_table() {
                Some(entries) => tables.push(Table { entries, place: entry.span() }),
                None => self.wrong_type(key, entry, ("表", "a table")),
            }
        }
        tables
    }
}

impl<'d, 't> Table<'d, 't> {
    pub(super) fn root(root: &'d Spanned<DeTable<'t>>) -> Table<'d, 't> {
        Table { entries: root.get_ref(), place: root.span() }
    }

    pub(super) fn place(&self) -> Range<usize> {
        self.place.clone()
    }
}
