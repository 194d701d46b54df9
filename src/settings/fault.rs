//! What is wrong with a setting, where, and what to do, in English and Chinese.

use std::fmt;
use std::path::PathBuf;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a file.
    File {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// In an environment variable.
    Environment(String),
    /// In a flag, such as `--workers`.
    Flag(&'static str),
    /// In the defaults that the program ships.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { path, line, column } => write!(out, "{}:{line}:{column}", path.display()),
            Place::Environment(name) => write!(out, "environment variable {name}"),
            Place::Flag(name) => out.write_str(name),
            Place::Default => out.write_str("default"),
        }
    }
}

/// One thing wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What is wrong, what is allowed, what to do.
    pub en: String,
    /// The same in Chinese.
    pub zh: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.en)
    }
}

/// Everything wrong with the settings: the file from its top, then the environment, then flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults, the file's first.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    pub(super) fn sort(&mut self) {
        self.0.sort_by(|one, other| one.place.cmp(&other.place));
    }

    pub(super) fn add(&mut self, place: &Place, en: impl Into<String>, zh: impl Into<String>) {
        self.0.push(Fault { place: place.clone(), en: en.into(), zh: zh.into() });
    }
}

/// One fault a line.
impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            fault.fmt(out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
