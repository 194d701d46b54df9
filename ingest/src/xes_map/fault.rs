//! What is wrong with a map file, and where.

use std::fmt;
use std::ops::Range;

use facts::standing::Text2;

/// Faults of one map file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", faults.iter().map(|fault| format!("{name}:{fault}")).collect::<Vec<_>>().join("\n"))]
pub struct MapError {
    /// The file as named by the caller.
    pub name: String,
    /// What is wrong, from the top of the file.
    pub faults: Vec<MapFault>,
}

/// One fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MapFault {
    /// Line from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters of what is wrong on that line, at least 1.
    pub width: usize,
    /// Stable code, `XM01` to `XM10`.
    pub code: &'static str,
    /// What stands there and what may.
    pub text: Text2,
}

/// `14:1 XM01 unknown key "activty"; did you mean "activity"?`
impl fmt::Display for MapFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{} {} {}", self.line, self.column, self.code, self.text.en)
    }
}

impl MapFault {
    /// A fault of the bytes `span` of `text`.
    pub(super) fn at(text: &str, span: Range<usize>, says: Says) -> MapFault {
        let start = text.floor_char_boundary(span.start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let wrong = text[start..text.ceil_char_boundary(span.end).max(start)].lines().next().unwrap_or_default();
        MapFault {
            line: 1 + memchr::memchr_iter(b'\n', before.as_bytes()).count(),
            column: 1 + text[line_start..start].chars().count(),
            width: wrong.chars().count().max(1),
            code: says.code,
            text: says.text,
        }
    }
}

/// A code and its words.
pub(super) struct Says {
    code: &'static str,
    text: Text2,
}

impl Says {
    pub(super) fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Says {
        Says { code, text: Text2 { zh: zh.into(), en: en.into() } }
    }
}

/// A fault of the TOML itself or of its form.
pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> MapFault {
    let message = error.message().trim_end();
    let says = unknown(message).or_else(|| missing(message)).unwrap_or_else(|| {
        let zh = format!("不是合格的映射文件：{message}");
        Says::new("XM01", zh, message)
    });
    MapFault::at(text, error.span().unwrap_or(0..0), says)
}

/// Says of an unknown name which known one comes near.
fn unknown(message: &str) -> Option<Says> {
    let (rest, zh, en) = match message.split_once('`')? {
        ("unknown field ", rest) => (rest, "键", "key"),
        ("unknown variant ", rest) => (rest, "值", "value"),
        _ => return None,
    };
    let mut names = rest.split('`');
    let unknown = names.next().unwrap_or_default();
    // What follows alternates: words between, a known name, words between ...
    let known: Vec<&str> = names.skip(1).step_by(2).collect();
    let near = known.iter().map(|name| (strsim::damerau_levenshtein(unknown, name), *name)).min();
    Some(match near {
        Some((distance, name)) if distance <= unknown.chars().count().div_ceil(3) => Says::new(
            "XM01",
            format!("没有{zh} \"{unknown}\"；是否要写 \"{name}\"？"),
            format!("unknown {en} \"{unknown}\"; did you mean \"{name}\"?"),
        ),
        _ => Says::new(
            "XM01",
            format!("没有{zh} \"{unknown}\"；可用：{}", known.join("、")),
            format!("unknown {en} \"{unknown}\"; known are {}", known.join(", ")),
        ),
    })
}

/// Says which key is missing.
fn missing(message: &str) -> Option<Says> {
    let key = message.strip_prefix("missing field `")?.strip_suffix('`')?;
    Some(Says::new("XM01", format!("缺少键 \"{key}\""), format!("the key \"{key}\" is missing")))
}
