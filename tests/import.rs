//! From an event log to lights, as a stranger would go: import, replay, count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::skip::skip;
use crate::support::{program, project};

/// Runs the program with arguments that hold no spaces, in `folder`.
#[track_caller]
fn run(folder: &Path, line: &str) -> Output {
    let output = program().current_dir(folder).args(line.split(' ')).output();
    output.expect("the program was built with the tests")
}

#[track_caller]
fn succeed(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{line}\n{said}\n{complained}");
    said
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// The named blocks of docs/import.md: what follows a fence's language is the name.
fn page() -> BTreeMap<String, String> {
    let page = fs::read_to_string(project().join("docs/import.md")).expect("the page is there");
    let mut blocks = BTreeMap::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        if let Some((_, name)) = info.split_once(' ') {
            blocks.insert(name.to_owned(), block);
        }
    }
    blocks
}

/// A folder with the page's files.
fn folder_of_the_page() -> (tempfile::TempDir, BTreeMap<String, String>) {
    let (folder, blocks) = (folder(), page());
    for (name, block) in blocks.iter().filter(|(name, _)| name.ends_with(".toml") || name.ends_with(".xes")) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("folders can be made there");
        fs::write(path, block).expect("files can be written there");
    }
    (folder, blocks)
}

/// How many lights of each rule stand.
fn standing(folder: &Path, file: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in fs::read_to_string(folder.join(file)).expect("replay wrote it").lines() {
        let light: serde_json::Value = serde_json::from_str(line).expect("a light is JSON");
        *counts.entry(light["rule"].as_str().expect("a light names its rule").to_owned()).or_default() += 1;
    }
    counts
}

const IMPORT: &str = "import xes log.xes --map map.toml --out events.ndjson";

#[test]
fn the_five_steps_of_the_page_give_what_the_page_says() {
    let (folder, blocks) = folder_of_the_page();
    let folder = folder.path();
    assert_eq!(succeed(folder, IMPORT), blocks["summary"]);
    let events = fs::read_to_string(folder.join("events.ndjson")).expect("import wrote it");
    assert!(events.starts_with(&blocks["events.ndjson"]), "{events}");
    let times: Vec<&str> = events.lines().map(|line| line.split("\"at\":\"").nth(1).expect("a time")).collect();
    assert!(times.is_sorted(), "{times:?}");
    succeed(folder, "check --config config");
    succeed(folder, "replay events.ndjson --config config --standing lights.ndjson");
    assert_eq!(standing(folder, "lights.ndjson"), [("PM-01".to_owned(), 2)].into());
    let earlier = "replay events.ndjson --config config --standing lights.ndjson --until 2025-03-18T12:00:00+01:00";
    succeed(folder, earlier);
    assert_eq!(standing(folder, "lights.ndjson"), [("PM-01".to_owned(), 1)].into());
    let explained = succeed(folder, "explain P-1001 --events events.ndjson --config config");
    assert!(explained.contains("PM-01 (PM-01@1+permits)"), "{explained}");
}

#[test]
fn a_packed_log_gives_the_same_lines_and_the_summary_speaks_chinese() {
    let (folder, blocks) = folder_of_the_page();
    let folder = folder.path();
    succeed(folder, IMPORT);
    let plain = fs::read(folder.join("events.ndjson")).expect("import wrote it");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(blocks["log.xes"].as_bytes()).expect("memory takes all");
    fs::write(folder.join("log.xes"), packed.finish().expect("memory takes all")).expect("files can be written");
    let said = succeed(folder, &format!("{IMPORT} --lang zh"));
    assert!(said.starts_with("办件 2，拒收 0（问题 0 处）；事件 4，略过 1\n事实 7，"), "{said}");
    assert!(said.ends_with("金额取整（fee）：四舍五入到分\n已取整的金额：1\n"), "{said}");
    assert_eq!(fs::read(folder.join("events.ndjson")).expect("import wrote it"), plain);
}

#[test]
fn every_fault_of_a_map_has_file_line_and_column_in_the_language_asked_for() {
    let (folder, blocks) = folder_of_the_page();
    let folder = folder.path();
    let bad = blocks["map.toml"].replace("Europe/Amsterdam", "Europe/Amsterdm").replace("\"county\"", "\"镇\"");
    fs::write(folder.join("map.toml"), bad).expect("files can be written there");
    let english = run(folder, IMPORT);
    assert_eq!(english.status.code(), Some(1), "{}", text(&english.stderr));
    insta::assert_snapshot!(text(&english.stdout), @r#"
    map.toml:3:10 error XM04 "Europe/Amsterdm" is no time zone; write one as Asia/Shanghai
      | zone   = "Europe/Amsterdm"
      |          ^^^^^^^^^^^^^^^^^
    map.toml:7:10 error XM05 level "镇" is none of province, city, county, township
      | level  = "镇"
      |          ^^^^
    "#);
    insta::assert_snapshot!(text(&run(folder, &format!("{IMPORT} --lang zh")).stdout), @r#"
    map.toml:3:10 错误 XM04 没有时区 "Europe/Amsterdm"；请写作 Asia/Shanghai 的形式
      | zone   = "Europe/Amsterdm"
      |          ^^^^^^^^^^^^^^^^^
    map.toml:7:10 错误 XM05 level "镇" 不在 province、city、county、township 之中
      | level  = "镇"
      |          ^^^^
    "#);
    assert!(!folder.join("events.ndjson").exists(), "nothing is written");
}

#[test]
fn a_bad_trace_is_refused_whole_and_told_and_the_exit_code_is_one() {
    let (folder, blocks) = folder_of_the_page();
    let folder = folder.path();
    let log = blocks["log.xes"].replace("2025-03-21T09:00:00+01:00", "soon");
    let byte = log.match_indices("<event>").last().expect("the log has events").0;
    fs::write(folder.join("log.xes"), &log).expect("files can be written there");
    let output = run(folder, IMPORT);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), format!("trace 2 (P-1002), byte {byte}: \"soon\" is no time\n"));
    assert!(text(&output.stdout).starts_with("traces 2, refused 1 (1 faults); events 3, left out 1\nfacts 5, "));
    let events = fs::read_to_string(folder.join("events.ndjson")).expect("import wrote it");
    assert!(events.lines().count() == 5 && !events.contains("P-1002"), "{events}");
}

#[test]
fn a_log_that_breaks_off_leaves_an_empty_file() {
    let (folder, blocks) = folder_of_the_page();
    let folder = folder.path();
    fs::write(folder.join("log.xes"), &blocks["log.xes"][..1_000]).expect("files can be written there");
    let output = run(folder, IMPORT);
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stderr);
    assert!(said.starts_with("watchlight: log.xes was not imported, and events.ndjson is empty: could not"), "{said}");
    assert_eq!(fs::read(folder.join("events.ndjson")).expect("it was made").len(), 0);
}

/// A real log that lies beside the repository or further up, where there is one.
fn real_log(name: &str) -> Option<PathBuf> {
    let above = project().ancestors().skip(1);
    above.map(|folder| folder.join("shared/data").join(name)).find(|path| path.exists())
}

/// The cases that the events close.
fn closed_cases(folder: &Path) -> BTreeSet<String> {
    let events = fs::read_to_string(folder.join("events.ndjson")).expect("import wrote it");
    let events = events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line is JSON"));
    let closed = events.filter(|event| event["activity"] == "closed");
    closed.map(|event| event["case"].as_str().expect("an event names its case").to_owned()).collect()
}

/// After a replay of the imported log up to `until`: for each of the two rules, lights on closed and on open cases.
fn receipt_lights(folder: &Path, until: &str) -> [(usize, usize); 2] {
    let config = project().join("config/examples/receipt");
    let digest = |workers: u32| {
        let line = format!(
            "replay events.ndjson --config {} --standing lights.ndjson --digest --workers {workers}{until}",
            config.display()
        );
        succeed(folder, &line).lines().last().expect("the digest").to_owned()
    };
    let digests = [digest(1), digest(2)];
    assert!(digests[0].starts_with("digest ") && digests[0] == digests[1], "{digests:?}");
    let closed = closed_cases(folder);
    let lights = fs::read_to_string(folder.join("lights.ndjson")).expect("replay wrote it");
    let mut counts = [(0, 0); 2];
    for light in lights.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a light is JSON")) {
        let rule = ["RC-01", "RC-02"].iter().position(|rule| light["rule"] == *rule).expect("a rule of the example");
        match closed.contains(light["case"].as_str().expect("a light names its case")) {
            true => counts[rule].0 += 1,
            false => counts[rule].1 += 1,
        }
    }
    counts
}

/// The receipt phase of 1,434 permits. By the instant: 377 were closed after their deadline, and of the 105 that the
/// log leaves open 39 were past it when the log ends, all of them two years later. By the day: 309 were closed on a
/// later day than the deadline's, 37 were open past it when the log ends.
#[test]
fn the_receipt_log_has_the_lights_that_were_counted_by_hand() {
    let test = "the_receipt_log_has_the_lights_that_were_counted_by_hand";
    let Some(log) = real_log("receipt/receipt.xes.gz") else {
        return skip(test, "no shared/data/receipt/receipt.xes.gz beside the repository");
    };
    let folder = folder();
    let folder = folder.path();
    let map = project().join("config/examples/receipt/map.toml");
    let said = succeed(folder, &format!("import xes {} --map {} --out events.ndjson", log.display(), map.display()));
    assert!(said.starts_with("traces 1434, refused 0 (0 faults); events 8577, left out 0\n"), "{said}");
    assert_eq!(receipt_lights(folder, ""), [(377, 39), (309, 37)], "the clock of the last event");
    let last = " --until 2012-01-23T15:42:54.644+01:00";
    assert_eq!(receipt_lights(folder, last), [(377, 39), (309, 37)], "the same, said aloud");
    assert_eq!(receipt_lights(folder, " --until 2014-01-01T00:00:00+01:00"), [(377, 105), (309, 105)]);
}
