//! The fuzz targets' properties over their committed inputs: what once failed stays tested without a fuzzer.

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the file is a library of the fuzz workspace, and a module here")]
mod properties;

use crate::support::project;

/// Runs `property` over every file of `target`'s corpus.
#[track_caller]
fn check(target: &str, property: fn(&[u8])) {
    let folder = project().join("fuzz/corpus").join(target);
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus is part of the project") {
        let path = entry.expect("the corpus can be read").path();
        property(&std::fs::read(&path).expect("the corpus can be read"));
        files += 1;
    }
    assert!(files >= 10, "the corpus of {target} holds only {files} files");
}

#[test]
fn event_lines_of_the_corpus_hold() {
    check("event_line", properties::event_line);
}

#[test]
fn amounts_of_the_corpus_hold() {
    check("money", properties::money);
}
