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

#[test]
fn payloads_of_the_corpus_hold() {
    check("payload", properties::payload);
}

#[test]
fn rule_files_of_the_corpus_hold() {
    check("rule_file", properties::rule_file);
}

#[test]
fn conditions_of_the_corpus_hold() {
    check("condition", properties::condition);
}

#[test]
fn tables_of_the_corpus_hold() {
    check("table", properties::table);
}

#[test]
fn workbooks_of_the_corpus_hold() {
    check("workbook", properties::workbook);
}

#[test]
fn scenario_files_of_the_corpus_hold() {
    check("scenario", properties::scenario);
}

#[test]
fn logs_of_the_corpus_hold() {
    check("xes_log", properties::xes_log);
}

#[test]
fn maps_of_the_corpus_hold() {
    check("xes_map", properties::xes_map);
}

#[test]
fn frames_of_the_corpus_hold() {
    check("checkpoint_frame", properties::checkpoint_frame);
}

#[test]
fn manifests_of_the_corpus_hold() {
    check("manifest", properties::manifest);
}
