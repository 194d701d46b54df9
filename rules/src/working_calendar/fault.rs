//! What is wrong with a calendar file, and where.

use std::fmt;

/// A fault of one file: place, stable code, and the text for people in both languages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The file as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Stable name of the kind of fault.
    pub code: &'static str,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}: {} / {}", self.file, self.line, self.column, self.zh, self.en)
    }
}

impl std::error::Error for Fault {}
