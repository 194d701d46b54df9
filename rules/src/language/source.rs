//! The files of a configuration as text, and places in them.
//!
//! Offsets are bytes, since parsers count bytes; [`Sources::place`] turns them into lines and
//! columns in characters, so that a column is right after Chinese text.

use std::ops::Range;

use crate::fault::Place;

/// A piece of one file, in bytes.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct At {
    pub(crate) file: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// All files that are read together.
#[derive(Default, Debug)]
pub(crate) struct Sources {
    files: Vec<SourceFile>,
}

#[derive(Debug)]
struct SourceFile {
    name: String,
    text: String,
    /// Byte at which each line begins.
    lines: Vec<u32>,
}

impl Sources {
    /// Takes a file in; a byte order mark is dropped.
    pub(crate) fn add(&mut self, name: &str, text: &str) -> u32 {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let begins = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(place, _)| place as u32 + 1);
        let lines = std::iter::once(0).chain(begins).collect();
        self.files.push(SourceFile { name: name.to_owned(), text, lines });
        self.files.len() as u32 - 1
    }

    /// The file's name.
    pub(crate) fn name(&self, file: u32) -> &str {
        &self.files[file as usize].name
    }

    /// The file's text.
    pub(crate) fn text(&self, file: u32) -> &str {
        &self.files[file as usize].text
    }

    /// Line, column and width in characters; the width ends with the line.
    pub(crate) fn place(&self, at: At) -> Place {
        let file = &self.files[at.file as usize];
        let line = file.lines.partition_point(|begin| *begin <= at.start).max(1) - 1;
        let begin = file.lines[line];
        let end = file.lines.get(line + 1).map_or(file.text.len() as u32, |next| next - 1);
        let chars =
            |from: u32, to: u32| file.text.get(from as usize..to as usize).map_or(0, |text| text.chars().count());
        let width = chars(at.start, at.end.min(end).max(at.start)).max(1);
        Place { line: line as u32 + 1, column: chars(begin, at.start) as u32 + 1, width: width as u32 }
    }

    /// The line on which `at` begins.
    pub(crate) fn line(&self, at: At) -> &str {
        let file = &self.files[at.file as usize];
        let line = file.lines.partition_point(|begin| *begin <= at.start).max(1) - 1;
        file.text[file.lines[line] as usize..].lines().next().unwrap_or("")
    }

    /// Where the characters of a string value stand in the file.
    pub(crate) fn origin(&self, at: At, value: &str) -> Origin {
        let raw = self.files[at.file as usize].text.get(at.start as usize..at.end as usize).unwrap_or("");
        let map = string_places(raw, value);
        Origin { at, map }
    }
}

/// Where the bytes of a decoded string stand in its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    at: At,
    /// Byte offset in the literal for each byte of the value and for its end; `None` when unknown.
    map: Option<Vec<u32>>,
}

impl Origin {
    /// The origin of a piece of the value that begins at `offset`.
    pub(crate) fn within(&self, offset: usize, piece: &str) -> Origin {
        let map = self.map.as_ref().and_then(|map| map.get(offset..=offset + piece.len())).map(<[u32]>::to_vec);
        Origin { at: self.at, map }
    }

    /// The whole literal.
    pub(crate) fn whole(&self) -> At {
        self.at
    }

    /// The place of a range of the value.
    pub(crate) fn at(&self, range: Range<usize>) -> At {
        let Some(map) = &self.map else { return self.at };
        let place = |offset: usize| map.get(offset).copied().unwrap_or(self.at.end - self.at.start);
        let start = self.at.start + place(range.start);
        let end = (self.at.start + place(range.end)).max(start);
        At { file: self.at.file, start, end }
    }
}

/// Walks a TOML string literal and notes where each byte of its value comes from.
fn string_places(raw: &str, value: &str) -> Option<Vec<u32>> {
    let (quotes, literal) = match raw.as_bytes() {
        [b'"', b'"', b'"', ..] => (3, false),
        [b'\'', b'\'', b'\'', ..] => (3, true),
        [b'"', ..] => (1, false),
        [b'\'', ..] => (1, true),
        _ => return None,
    };
    let body = raw.get(quotes..raw.len().checked_sub(quotes)?)?;
    let mut decoded = String::with_capacity(body.len());
    let mut map = Vec::with_capacity(body.len() + 1);
    let mut chars = body.char_indices().peekable();
    if quotes == 3 {
        while chars
            .next_if(|(place, c)| {
                (*place == 0 && *c == '\r') || (*c == '\n' && body[..*place].chars().all(|c| c == '\r'))
            })
            .is_some()
        {}
    }
    while let Some((place, c)) = chars.next() {
        let from = (quotes + place) as u32;
        let meant = if c != '\\' || literal {
            Some(c)
        } else {
            let (_, escape) = chars.next()?;
            match escape {
                'b' => Some('\u{8}'),
                't' => Some('\t'),
                'n' => Some('\n'),
                'f' => Some('\u{c}'),
                'r' => Some('\r'),
                'e' => Some('\u{1b}'),
                '"' | '\\' => Some(escape),
                'x' | 'u' | 'U' => {
                    let digits = match escape {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let hex: String = (0..digits).filter_map(|_| chars.next().map(|(_, c)| c)).collect();
                    Some(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?)
                }
                _ => {
                    while chars.next_if(|(_, c)| c.is_ascii_whitespace()).is_some() {}
                    None
                }
            }
        };
        if let Some(meant) = meant {
            decoded.push(meant);
            map.extend(std::iter::repeat_n(from, meant.len_utf8()));
        }
    }
    map.push((raw.len() - quotes) as u32);
    (decoded == value).then_some(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut sources = Sources::default();
        let file = sources.add("a.toml", "name = '超时'\nlimit = \"五wd\"\n");
        let start = sources.text(file).find("wd").expect("is there") as u32;
        let place = sources.place(At { file, start, end: start + 2 });
        assert_eq!(place, Place { line: 2, column: 11, width: 2 });
    }

    #[test]
    fn an_escaped_string_still_knows_its_places() {
        let mut sources = Sources::default();
        let text = r#"x = "a\t超\u0031b""#;
        let file = sources.add("a.toml", text);
        let at = At { file, start: 4, end: text.len() as u32 };
        let origin = sources.origin(at, "a\t超1b");
        let b = "a\t超1".len();
        assert_eq!(sources.place(origin.at(b..b + 1)), Place { line: 1, column: 16, width: 1 });
    }
}
