//! Faults in what a site edits: where, what, what is allowed, what to do; zh and en.
//!
//! A file is refused with all its faults, never only the first (style 5). Columns count characters,
//! so that they are right for Chinese text.

use std::fmt;

use facts::proof::Lang;
use facts::standing::Text2;

/// Where in a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Place {
    /// Line (of a table: row), from 1.
    pub line: u32,
    /// Column in characters (of a table: column number), from 1.
    pub column: u32,
    /// Characters underlined; 0 for the rest of the line.
    pub width: u32,
}

/// How grave a fault is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The set is refused.
    Error,
    /// The set loads; somebody should look.
    Warning,
}

/// One fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// File, relative to the configuration folder, with `/`.
    pub file: String,
    /// Where in the file; `None` for the file as a whole.
    pub place: Option<Place>,
    /// Stable code, such as `RL03`, `CT02`, `CA01`.
    pub code: &'static str,
    /// How grave.
    pub severity: Severity,
    /// What is wrong.
    pub text: Text2,
    /// What is allowed, what to do.
    pub help: Option<Text2>,
    /// The line it stands on, for underlining.
    pub source: Option<String>,
}

impl Fault {
    /// An error in `file`.
    #[must_use]
    pub fn error(file: &str, place: Option<Place>, code: &'static str, zh: String, en: String) -> Fault {
        Fault {
            file: file.to_owned(),
            place,
            code,
            severity: Severity::Error,
            text: Text2 { zh, en },
            help: None,
            source: None,
        }
    }

    /// The same fault with advice.
    #[must_use]
    pub fn help(self, zh: String, en: String) -> Fault {
        Fault { help: Some(Text2 { zh, en }), ..self }
    }

    /// The same fault as a warning.
    #[must_use]
    pub fn warning(self) -> Fault {
        Fault { severity: Severity::Warning, ..self }
    }

    /// The order in which faults are told: errors of a file as a whole first, since others may only follow from
    /// them; then by file and place.
    #[must_use]
    pub fn in_order(&self, other: &Fault) -> std::cmp::Ordering {
        let in_part = |fault: &Fault| fault.place.is_some() || fault.severity == Severity::Warning;
        (in_part(self), &self.file, self.place, self.code).cmp(&(in_part(other), &other.file, other.place, other.code))
    }

    /// The fault as people read it in `lang`: `file:line:column CODE text`, the line underlined, the advice.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        Rendered { fault: self, lang }.to_string()
    }
}

struct Rendered<'a> {
    fault: &'a Fault,
    lang: Lang,
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = self.fault;
        let pick = |text: &'_ Text2| self.lang.pick(text.zh.clone(), text.en.clone());
        out.write_str(&fault.file)?;
        if let Some(place) = fault.place {
            write!(out, ":{}:{}", place.line, place.column)?;
        }
        let severity = match fault.severity {
            Severity::Error => self.lang.pick("错误", "error"),
            Severity::Warning => self.lang.pick("警告", "warning"),
        };
        write!(out, " {severity} {} {}", fault.code, pick(&fault.text))?;
        if let (Some(place), Some(source)) = (fault.place, &fault.source) {
            write!(out, "\n  | {source}\n  | {}", underline(source, place))?;
        }
        if let Some(help) = &fault.help {
            write!(out, "\n  = {}", pick(help))?;
        }
        Ok(())
    }
}

/// Carets under the place, a full-width character taking two cells.
fn underline(source: &str, place: Place) -> String {
    let cells = |text: &mut dyn Iterator<Item = char>| text.map(|c| if wide(c) { 2 } else { 1 }).sum::<usize>();
    let before = place.column.saturating_sub(1) as usize;
    let width = if place.width == 0 { usize::MAX } else { place.width as usize };
    let indent = cells(&mut source.chars().take(before));
    let length = cells(&mut source.chars().skip(before).take(width)).max(1);
    format!("{}{}", " ".repeat(indent), "^".repeat(length))
}

/// Does a terminal show this character in two cells? The ranges of East Asian text that rule files hold.
fn wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_underline_is_under_the_characters_even_after_chinese() {
        let fault = Fault {
            source: Some("name = \"超时\" limt".into()),
            ..Fault::error(
                "rules/a.toml",
                Some(Place { line: 3, column: 13, width: 4 }),
                "RL01",
                "没有参数".into(),
                "no such key".into(),
            )
        };
        let expected = "rules/a.toml:3:13 error RL01 no such key\n  | name = \"超时\" limt\n  |               ^^^^";
        assert_eq!(fault.render(Lang::En), expected);
    }
}
