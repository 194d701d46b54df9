//! Gathers the faults of a configuration: all of them, each once.

use std::collections::BTreeSet;

use facts::standing::Text2;

use super::source::{At, Sources};
use super::texts;
use super::tree::{Entry, Raw, Table, Tree};
use crate::fault::{Fault, Place, Severity};

/// What is said about a place: code, text, advice.
#[derive(Clone, Debug)]
pub(crate) struct Say {
    pub(crate) code: &'static str,
    pub(crate) text: Text2,
    pub(crate) help: Option<Text2>,
    pub(crate) severity: Severity,
}

impl Say {
    /// An error.
    pub(crate) fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Say {
        let text = Text2 { zh: zh.into(), en: en.into() };
        Say { code, text, help: None, severity: Severity::Error }
    }

    /// With advice.
    pub(crate) fn help(self, zh: impl Into<String>, en: impl Into<String>) -> Say {
        Say { help: Some(Text2 { zh: zh.into(), en: en.into() }), ..self }
    }

    /// As a warning: the set still loads.
    pub(crate) fn warning(self) -> Say {
        Say { severity: Severity::Warning, ..self }
    }
}

/// The faults found so far.
#[derive(Debug)]
pub(crate) struct Faults<'s> {
    sources: &'s Sources,
    found: Vec<Fault>,
    /// The same rule is compiled for each profile; its faults are told once.
    seen: BTreeSet<(String, Option<Place>, &'static str, String)>,
}

impl<'s> Faults<'s> {
    /// None yet.
    pub(crate) fn new(sources: &'s Sources) -> Faults<'s> {
        Faults { sources, found: Vec::new(), seen: BTreeSet::new() }
    }

    /// The files that places point into.
    pub(crate) fn sources(&self) -> &'s Sources {
        self.sources
    }

    /// Notes a fault.
    pub(crate) fn add(&mut self, at: At, say: Say) {
        let place = self.sources.place(at);
        let source = self.sources.line(at).to_owned();
        self.push(self.sources.name(at.file).to_owned(), Some(place), Some(source), say);
    }

    /// Notes a fault of a file as a whole.
    pub(crate) fn add_file(&mut self, file: &str, say: Say) {
        self.push(file.to_owned(), None, None, say);
    }

    fn push(&mut self, file: String, place: Option<Place>, source: Option<String>, say: Say) {
        if self.seen.insert((file.clone(), place, say.code, say.text.en.clone())) {
            let Say { code, text, help, severity } = say;
            self.found.push(Fault { file, place, code, severity, text, help, source });
        }
    }

    /// How many errors there are.
    pub(crate) fn errors(&self) -> usize {
        self.found.iter().filter(|fault| fault.severity == Severity::Error).count()
    }

    /// All of them, by file and place.
    pub(crate) fn sorted(mut self) -> Vec<Fault> {
        self.found.sort_by(Fault::in_order);
        self.found
    }

    /// Drops the faults that may only follow from a file that could not be read, and says so at the first such file.
    /// `follows` is asked with file and code.
    pub(crate) fn drop_following(&mut self, unread: &str, follows: impl Fn(&str, &str) -> bool) {
        let before = self.found.len();
        self.found.retain(|fault| !follows(&fault.file, fault.code));
        let dropped = before - self.found.len();
        let whole = |fault: &&mut Fault| fault.place.is_none() && fault.file == unread;
        if let (1.., Some(fault)) = (dropped, self.found.iter_mut().find(whole)) {
            let (zh, en) = texts::not_told(dropped);
            let help = fault.help.get_or_insert_with(Text2::default);
            for (text, more, joint) in [(&mut help.zh, zh, "；"), (&mut help.en, en, "; ")] {
                text.push_str(if text.is_empty() { "" } else { joint });
                text.push_str(&more);
            }
        }
    }

    /// Drops what a file that is no TOML seems to lack: it may stand where the file could not be read.
    pub(crate) fn drop_lacking_in_broken(&mut self) {
        let broken = self.found.iter().filter(|fault| fault.code == "RL26" && fault.place.is_some());
        let broken: BTreeSet<String> = broken.map(|fault| fault.file.clone()).collect();
        self.found.retain(|fault| fault.code != "RL28" || !broken.contains(&fault.file));
    }

    /// Refuses keys that `owner` does not have.
    pub(crate) fn unknown_keys(&mut self, table: &Table, owner: &str, allowed: &[&str]) {
        for entry in &table.entries {
            if !allowed.contains(&entry.key.as_str()) {
                self.add(entry.key_at, texts::unknown_key(owner, &entry.key, allowed));
            }
        }
    }

    /// A key that must be there.
    pub(crate) fn required<'t>(&mut self, table: &'t Table, owner: &str, key: &str) -> Option<&'t Entry> {
        let entry = table.get(key);
        if entry.is_none() {
            self.add(table.at, texts::missing_key(owner, key));
        }
        entry
    }

    fn wrong<T>(&mut self, tree: &Tree, key: &str, zh: &str, en: &str) -> Option<T> {
        self.add(tree.at, texts::wrong_value(key, (zh, en), tree.value.kind()));
        None
    }

    /// A text value.
    pub(crate) fn text<'t>(&mut self, key: &str, tree: &'t Tree) -> Option<&'t str> {
        match &tree.value {
            Raw::Text(text) => Some(text),
            _ => self.wrong(tree, key, "文字", "text"),
        }
    }

    /// A flag value.
    pub(crate) fn flag(&mut self, key: &str, tree: &Tree) -> Option<bool> {
        match &tree.value {
            Raw::Flag(flag) => Some(*flag),
            _ => self.wrong(tree, key, "true 或 false", "true or false"),
        }
    }

    /// A whole number of at least `least`.
    pub(crate) fn integer(&mut self, key: &str, tree: &Tree, least: i64) -> Option<u32> {
        match &tree.value {
            Raw::Integer(number) if (least..=1_000_000).contains(number) => u32::try_from(*number).ok(),
            Raw::Integer(number) => {
                let wanted = (format!("不小于 {least} 的整数"), format!("an integer of at least {least}"));
                let got = number.to_string();
                self.add(tree.at, texts::wrong_value(key, (&wanted.0, &wanted.1), (&got, &got)));
                None
            }
            _ => self.wrong(tree, key, "整数", "an integer"),
        }
    }

    /// A date value.
    pub(crate) fn date(&mut self, key: &str, tree: &Tree) -> Option<jiff::civil::Date> {
        match &tree.value {
            Raw::Date(date) => Some(*date),
            _ => self.wrong(tree, key, "日期（如 2026-01-01，不加引号）", "a date such as 2026-01-01, without quotes"),
        }
    }

    /// A table value.
    pub(crate) fn table<'t>(&mut self, key: &str, tree: &'t Tree) -> Option<&'t Table> {
        match &tree.value {
            Raw::Table(table) => Some(table),
            _ => self.wrong(tree, key, "表", "a table"),
        }
    }

    /// A list value.
    pub(crate) fn list<'t>(&mut self, key: &str, tree: &'t Tree) -> Option<&'t [Tree]> {
        match &tree.value {
            Raw::List(list) => Some(list),
            _ => self.wrong(tree, key, "列表", "a list"),
        }
    }

    /// A list of texts; what is no text is told and left out.
    pub(crate) fn texts<'t>(&mut self, key: &str, tree: &'t Tree) -> Vec<(&'t str, At)> {
        let list = self.list(key, tree).unwrap_or(&[]);
        list.iter().filter_map(|member| Some((self.text(key, member)?, member.at))).collect()
    }

    /// One of a closed list of words.
    pub(crate) fn one_of<T: Copy>(&mut self, key: &str, tree: &Tree, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key, tree)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.add(tree.at, texts::unknown_choice(key, text, &names));
        }
        found.map(|(_, value)| *value)
    }
}
