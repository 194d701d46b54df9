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

/// The fenced blocks of the page, for other tests.
pub(super) fn blocks_of_the_page() -> Vec<(String, String)> {
    blocks(&page())
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
            assert_eq!(
                kinds,
                ["condition", "count", "deadline", "fee", "forbids", "requires", "separation", "workflow"]
            );
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

/// Every code that stands in the sources as the code of a fault.
fn codes_of_the_sources(folder: &Path, codes: &mut std::collections::BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the sources can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            codes_of_the_sources(&path, codes);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source can be read");
            let quoted = text.split('"').filter(|piece| {
                piece.len() == 4
                    && ["RL", "CT", "RG", "SM", "CA", "SC", "ST"].iter().any(|part| piece.starts_with(part))
                    && piece[2..].bytes().all(|byte| byte.is_ascii_digit())
            });
            codes.extend(quoted.map(str::to_owned));
        }
    }
}

#[test]
fn the_page_tells_every_code_of_a_fault() {
    let mut codes = std::collections::BTreeSet::new();
    for folder in ["rules/src", "src"] {
        codes_of_the_sources(&root().join(folder), &mut codes);
    }
    assert!(codes.len() > 70 && codes.contains("CA12"), "{codes:?}");
    let page = page();
    let cells: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| ")).flat_map(|line| line.split('|')).collect();
    let told = |code: &str| {
        cells.iter().any(|cell| {
            let named = cell.trim();
            let range =
                named.split_once(" to ").is_some_and(|(first, last)| first <= code && code <= last && first.len() == 4);
            range || named.split(", ").any(|name| name == code)
        })
    };
    let missing: Vec<&String> = codes.iter().filter(|code| !told(code)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
