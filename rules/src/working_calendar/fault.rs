//! What is wrong with a calendar file, and where.
//!
//! | code | tells |
//! | --- | --- |
//! | CA01 | not TOML, not UTF-8 |
//! | CA02, CA03, CA04 | unknown key; value of the wrong kind; missing key |
//! | CA05, CA06, CA07 | day of another year; day listed twice; year with two files |
//! | CA08 | no office hours |
//! | CA09, CA10 | a period that is none, or out of order; a row that ends before it begins |
//! | CA11, CA12 | rows that overlap; covered days without a row |

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
    /// Stable code of the kind of fault.
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
