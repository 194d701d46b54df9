//! No rule id stands in Rust code: a rule is a file that an analyst edits, and the program must not know it.
//!
//! Excepted: tests, and the generator (`bench/src`), which plans violations by name.

use std::path::{Path, PathBuf};

use crate::support::project;

/// The families of rule ids: `OD-01` and so on.
const FAMILIES: [&str; 5] = ["OD-", "FE-", "PS-", "TR-", "DQ-"];
/// The folders that hold the product's code.
const CODE: [&str; 5] = ["src", "rules", "ingest", "dataflow", "alerts"];

/// The rule ids in `text`: a family and two digits.
fn rule_ids(text: &str) -> Vec<&str> {
    let digits = |tail: &str| tail.bytes().take_while(u8::is_ascii_digit).count() >= 2;
    let of = |family: &'static str| {
        text.match_indices(family).filter(move |(at, _)| digits(&text[at + family.len()..])).map(|(at, _)| at)
    };
    FAMILIES.into_iter().flat_map(of).map(|at| &text[at..at + 5]).collect()
}

/// The part of a source file before its test module.
fn without_tests(source: &str) -> &str {
    source.split("#[cfg(test)]\nmod tests {").next().expect("splitting gives at least one piece")
}

/// The Rust files under `folder` that are not tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the product's folders can be read") {
        let path = entry.expect("the product's folders can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match (path.is_dir(), name) {
            (true, "tests" | "target") | (false, "tests.rs" | "test_support.rs") => {}
            (false, _) if name.ends_with("_tests.rs") => {}
            (true, _) => sources(&path, found),
            (false, _) if name.ends_with(".rs") => found.push(path),
            (false, _) => {}
        }
    }
}

#[test]
fn no_rule_id_stands_in_code() {
    let mut files = Vec::new();
    CODE.iter().for_each(|folder| sources(&project().join(folder), &mut files));
    assert!(files.len() > 20, "only {} files were looked at", files.len());
    let mut faults = Vec::new();
    for path in files {
        let source = std::fs::read_to_string(&path).expect("sources are UTF-8");
        let ids = rule_ids(without_tests(&source));
        faults.extend(ids.iter().map(|id| format!("{}: {id}", path.display())));
    }
    assert!(faults.is_empty(), "rule ids belong in config/rules:\n{}", faults.join("\n"));
}

#[test]
fn ids_are_found_where_they_stand_and_not_where_they_do_not() {
    assert_eq!(rule_ids("if rule == \"OD-05\" || rule == \"FE-04b\""), ["OD-05", "FE-04"]);
    assert!(rule_ids("MOD-X OD-5 TR- ps-01").is_empty());
    assert_eq!(without_tests("code\n#[cfg(test)]\nmod tests {\n OD-01"), "code\n");
}
