//! What is wrong with a map file, and where.

/// Faults of one map file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", faults.iter().map(|fault| format!("{name}:{fault}")).collect::<Vec<_>>().join("\n"))]
pub struct MapError {
    /// The file as named by the caller.
    pub name: String,
    /// What is wrong, by line.
    pub faults: Vec<MapFault>,
}

/// One fault.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MapFault {
    /// Line from 1.
    pub line: usize,
    /// What stands there and what may.
    pub text: String,
}

/// `14: unknown key "activty"; did you mean "activity"?`
impl std::fmt::Display for MapFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.line, self.text)
    }
}

/// The line on which byte `offset` of `text` stands, from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..offset.min(text.len())]).count()
}

/// A fault of the TOML itself or of its form.
pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> MapFault {
    let line = error.span().map_or(1, |span| line_of(text, span.start));
    MapFault { line, text: suggest(error.message()) }
}

/// Says of an unknown name which known one comes near.
fn suggest(message: &str) -> String {
    let (kind, rest) = match message.split_once('`') {
        Some(("unknown field ", rest)) => ("key", rest),
        Some(("unknown variant ", rest)) => ("value", rest),
        _ => return message.trim_end().to_owned(),
    };
    let mut names = rest.split('`');
    let unknown = names.next().unwrap_or_default();
    // What follows alternates: words between, a known name, words between ...
    let known: Vec<&str> = names.skip(1).step_by(2).collect();
    let near = known.iter().map(|name| (strsim::damerau_levenshtein(unknown, name), *name)).min();
    match near {
        Some((distance, name)) if distance <= unknown.chars().count().div_ceil(3) => {
            format!("unknown {kind} \"{unknown}\"; did you mean \"{name}\"?")
        }
        _ => format!("unknown {kind} \"{unknown}\"; known are {}", known.join(", ")),
    }
}
