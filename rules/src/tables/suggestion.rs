//! "Did you mean": the allowed word nearest to a wrong one.

use facts::standing::Text2;

/// The word of `among` that differs from `word` by few letters.
pub(super) fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count().min(64);
    let word: String = word.chars().take(letters).collect();
    let distance = |other: &str| strsim::damerau_levenshtein(&word, other);
    let near = among.into_iter().map(|other| (distance(other), other)).min()?;
    (near.0 <= (letters / 3).max(1)).then_some(near.1)
}

/// What to say about a wrong word: the nearest one, and all that are allowed.
pub(super) fn advice(word: &str, allowed: &[&str]) -> Text2 {
    let (zh, en) = match nearest(word, allowed.iter().copied()) {
        Some(near) => (format!("是否为 \"{near}\"？"), format!("did you mean \"{near}\"? ")),
        None => (String::new(), String::new()),
    };
    Text2 { zh: format!("{zh}可用：{}", allowed.join("、")), en: format!("{en}Allowed: {}", allowed.join(", ")) }
}
