//! docs/rule-language.md is true: every example on it loads, and it names all there is.

use super::*;
use crate::wording::Word;

fn page() -> String {
    std::fs::read_to_string(root().join("docs/rule-language.md")).expect("the page is there")
}

/// The fenced blocks of the page: what stands behind the fence, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => open = Some((kind.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

#[test]
fn every_example_loads_and_all_of_them_together() {
    let mut files = ConfigFiles::new();
    for (place, (kind, text)) in blocks(&page()).into_iter().enumerate() {
        let folder = match kind.as_str() {
            "toml" | "toml vocabulary" => "rules",
            "toml profile" => "profiles",
            _ => continue,
        };
        files.insert(format!("{folder}/{place:02}.toml"), text.into_bytes());
    }
    assert!(files.len() >= 7, "the page has its examples");
    match load(&files, None) {
        Ok(loaded) => {
            assert_eq!(loaded.warnings, []);
            let mut kinds: Vec<&str> = loaded.rules.iter().map(|rule| rule.kind.token()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            assert_eq!(kinds, ["condition", "deadline", "fee", "requires", "separation", "workflow"]);
        }
        Err(faults) => {
            let told: Vec<String> = faults.iter().map(|fault| fault.render(Lang::En)).collect();
            panic!("{}", told.join("\n"));
        }
    }
}

#[test]
fn the_page_names_every_key_field_function_and_word() {
    let page = page();
    let named = |word: &str| page.contains(&format!("`{word}`")) || page.contains(&format!("`{word}("));
    let words = Word::ALL.iter().map(|(name, _)| *name);
    let missing: Vec<&str> =
        crate::language::all_names().into_iter().chain(words).filter(|word| !named(word)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
