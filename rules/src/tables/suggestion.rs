//! "Did you mean": the allowed word nearest to a wrong one.

use facts::standing::Text2;

/// The word of `among` that differs from `word` by few letters, or goes on where it stops (`void`, `voided`).
#[must_use]
pub fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count().min(64);
    let word: String = word.chars().take(letters).collect();
    let distance = |other: &str| strsim::damerau_levenshtein(&word, other);
    let near = |other: &str| distance(other) <= (letters / 3).max(1) || (letters >= 3 && other.starts_with(&word));
    among.into_iter().filter(|other| near(other)).min_by_key(|other| (distance(other), *other))
}

/// What to say about a wrong word: the nearest one, and all that are allowed.
pub(super) fn advice(word: &str, allowed: &[&str]) -> Text2 {
    let (zh, en) = match nearest(word, allowed.iter().copied()) {
        Some(near) => (format!("是否为 \"{near}\"？"), format!("did you mean \"{near}\"? ")),
        None => (String::new(), String::new()),
    };
    Text2 { zh: format!("{zh}可用：{}", allowed.join("、")), en: format!("{en}Allowed: {}", allowed.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_letters_apart_is_near_and_another_word_is_not() {
        let among = ["promise", "statutory", "from", "voided"];
        assert_eq!(nearest("promis", among), Some("promise"));
        assert_eq!(nearest("form", among), Some("from"), "two letters changed places");
        assert_eq!(nearest("void", among), Some("voided"));
        assert_eq!(nearest("levels", among), None);
        assert_eq!(nearest("承诺", ["承诺件", "即办件"]), Some("承诺件"));
        assert_eq!(nearest("", among), None);
        assert_eq!(nearest(&"x".repeat(100_000), among), None);
    }
}
