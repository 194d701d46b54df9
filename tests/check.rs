//! `watchlight check`: what a sound folder is told to hold, and every fault of a bad one at once.

use std::fs;
use std::path::Path;

use crate::support::{program, project};

/// Files of a configuration folder that is in order: name and text.
const GOOD: [(&str, &str); 6] = [
    ("watchlight.toml", "zone = \"Asia/Shanghai\"\n"),
    (
        "profiles/site.toml",
        "id = \"site\"\ndefault = true\n[defaults]\nzone = \"Asia/Shanghai\"\ncalendar = \"cn\"\ncounting = \"legal\"\n",
    ),
    (
        "rules/late.toml",
        r#"[[rule]]
id     = "L-01"
family = "overdue"
kind   = "deadline"
name   = { zh = "超时", en = "Late" }
basis  = "办法"
start  = "accepted"
stop   = "closed"
limit  = "5wd"
card   = "red"
"#,
    ),
    (
        "rules/late.cases.toml",
        r#"rules = ["L-01"]
base = { case = "A", source = "s", level = "county", region = "360902", dept = "D" }
[[scenario]]
name = "late"
shows = "fires"
events = [{ at = "2026-03-02T10:00:00+08:00", activity = "accepted" }]
expect = [{ at = "2026-03-20T00:00:00+08:00", lights = ["L-01 red"] }]
"#,
    ),
    ("catalogue/items.csv", "item,version,name_zh\nX-1,1,甲\nX-2,1,乙\n"),
    ("catalogue/stages.csv", "item,version,stage,name_zh,order,required\n"),
];

/// A folder with the good files, some of them replaced.
fn folder(replaced: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in GOOD.iter().chain(replaced) {
        let path = folder.path().join("site").join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("folders can be made there");
        fs::write(path, text).expect("files can be written there");
    }
    folder
}

/// Exit code and what is printed.
fn check(folder: &Path, language: &str) -> (Option<i32>, String) {
    let arguments = ["check", "--config", "site", "--lang", language];
    let output = program().current_dir(folder).args(arguments).output().expect("the program was built with the tests");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code(), String::from_utf8(output.stdout).expect("it prints UTF-8"))
}

#[test]
fn a_sound_folder_is_told_what_it_holds() {
    let folder = folder(&[]);
    let (code, said) = check(folder.path(), "en");
    assert_eq!(code, Some(0), "{said}");
    insta::assert_snapshot!(said, @r#"
    site: no faults, warnings 0; rules: site 1; items 2; calendars: cn without a year's file; scenarios 1 in 1 files
    "#);
    insta::assert_snapshot!(check(folder.path(), "zh").1, @r#"
    site：没有错误，警告 0；规则：site 1；事项 2；日历：cn 无年度文件；场景 1（1 个文件）
    "#);
}

#[test]
fn the_shipped_folders_are_sound_and_their_calendar_covers_this_year() {
    for config in ["config", "config/examples/receipt"] {
        let output = program().current_dir(project()).args(["check", "--config", config]).output();
        let output = output.expect("the program was built with the tests");
        let said = String::from_utf8(output.stdout).expect("it prints UTF-8");
        assert_eq!(output.status.code(), Some(0), "{said}");
        let last = said.lines().last().unwrap_or_default();
        assert!(last.starts_with(&format!("{config}: no faults, warnings ")), "{said}");
        assert!(config != "config" || last.contains("calendars: cn through 2026"), "{said}");
    }
}

#[test]
fn every_fault_of_every_file_is_told_at_once() {
    let rule = GOOD[2].1.replace("limit  = \"5wd\"", "limit  = 5").replace("closed", "cloesd");
    let profile = GOOD[1].1.replace("counting = \"legal\"", "counting = \"lawful\"");
    let scenario = GOOD[3].1.replace("\"fires\"", "\"burns\"");
    let folder = folder(&[
        ("watchlight.toml", "zone = \"Asia/Shanghai\"\nworkres = 2\n[http]\nlisten = 8600\n"),
        ("profiles/site.toml", &profile),
        ("rules/late.toml", &rule),
        ("rules/late.cases.toml", &scenario),
        ("catalogue/items.csv", "item,version,name_zh,promise\nX-1,1,甲,soon\n"),
        (
            "calendars/cn/2026.toml",
            "year = 2026\nnotice = \"公告\"\n[[day]]\ndate = 2025-01-01\nname = \"元旦\"\noff = true\n",
        ),
    ]);
    let (code, said) = check(folder.path(), "en");
    assert_eq!(code, Some(1), "{said}");
    insta::assert_snapshot!(said, @r#"
    site/watchlight.toml:2:1 error ST01 unknown setting "workres"; did you mean "workers"?
      | workres = 2
      | ^^^^^^^^^^^
    site/watchlight.toml:4:10 error ST01 http.listen is of type integer; it must be a text in quotation marks
      | listen = 8600
      |          ^^^^
    site/calendars/cn/2026.toml:4:8 error CA05 2025-01-01 is not in 2026; list it in the file of 2025
      | date = 2025-01-01
      |        ^^^^^^^^^^
    site/catalogue/items.csv:2:4 error CT07 D2 (promise): "soon" is not a limit
      = write a whole number (at most 100000) and its unit: 7wd, 10d, 1mo, 24h, 30min
    site/profiles/site.toml:6:12 error RL32 counting cannot be "lawful"
      | counting = "lawful"
      |            ^^^^^^^^
      = allowed: legal, elapsed
    site/rules/late.cases.toml:5:9 error SC01 not a scenario file: unknown variant `burns`, expected one of `fires`, `nearly`, `resolves`, `retracts`
      | shows = "burns"
      |         ^^^^^^^
    site/rules/late.toml:8:11 error RL02 no activity or event set is named "cloesd"; did you mean "closed"?
      | stop   = "cloesd"
      |           ^^^^^^
      = declare an activity in [activities], an event set in [events]
    site/rules/late.toml:9:10 error RL05 the limit has no unit
      | limit  = 5
      |          ^
      = write "5wd" (working days), "5d" (days) or "5h" (hours)
    site: errors 8, warnings 0
    "#);
    insta::assert_snapshot!(check(folder.path(), "zh").1, @r#"
    site/watchlight.toml:2:1 错误 ST01 没有设置 "workres"；是否要写 "workers"？
      | workres = 2
      | ^^^^^^^^^^^
    site/watchlight.toml:4:10 错误 ST01 http.listen 是类型 integer，应为带引号的文本
      | listen = 8600
      |          ^^^^
    site/calendars/cn/2026.toml:4:8 错误 CA05 2025-01-01 不在 2026 年；请写入 2025 年的文件
      | date = 2025-01-01
      |        ^^^^^^^^^^
    site/catalogue/items.csv:2:4 错误 CT07 D2（promise）："soon" 不是时限
      = 写整数（不超过 100000）加单位：7wd（7个工作日）、10d（10日）、1mo、24h、30min
    site/profiles/site.toml:6:12 错误 RL32 counting 不能是 "lawful"
      | counting = "lawful"
      |            ^^^^^^^^
      = 可用：legal、elapsed
    site/rules/late.cases.toml:5:9 错误 SC01 不是合格的场景文件：没有取值 `burns`，可用 `fires`，`nearly`，`resolves`，`retracts`
      | shows = "burns"
      |         ^^^^^^^
    site/rules/late.toml:8:11 错误 RL02 没有名为 "cloesd" 的活动或事件集，是否为 "closed"？
      | stop   = "cloesd"
      |           ^^^^^^
      = 新的活动在 [activities] 中声明，事件集在 [events] 中声明
    site/rules/late.toml:9:10 错误 RL05 时限缺单位
      | limit  = 5
      |          ^
      = 5 个工作日写 "5wd"，5 日写 "5d"，5 小时写 "5h"
    site：错误 8，警告 0
    "#);
}

#[test]
fn a_warning_is_shown_and_does_not_fail() {
    let folder = folder(&[]);
    fs::remove_dir_all(folder.path().join("site/catalogue")).expect("it is there");
    let late = folder.path().join("site/rules/late.toml");
    fs::write(&late, GOOD[2].1.replace("\"5wd\"", "\"item.promise\"")).expect("it can be written");
    let (code, said) = check(folder.path(), "en");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("site/catalogue warning CT21 there is no catalogue"), "{said}");
    assert!(said.contains(": no faults, warnings 1; "), "{said}");
}

#[test]
fn a_folder_whose_rules_ask_no_catalogue_needs_none() {
    let folder = folder(&[]);
    fs::remove_dir_all(folder.path().join("site/catalogue")).expect("it is there");
    let (code, said) = check(folder.path(), "en");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("site: no faults, warnings 0; "), "{said}");
}

#[test]
fn a_scenario_of_a_rule_that_is_not_there_is_told() {
    let scenario = GOOD[3].1.replace("rules = [\"L-01\"]", "rules = [\"L-O1\"]");
    let folder = folder(&[("rules/late.cases.toml", &scenario)]);
    let (code, said) = check(folder.path(), "en");
    assert_eq!(code, Some(1), "{said}");
    insta::assert_snapshot!(said, @r#"
    site/rules/late.cases.toml:1:10 error SC02 there is no rule L-O1; did you mean L-01?
      | rules = ["L-O1"]
      |          ^^^^^^
    site/rules/late.cases.toml:7:57 error SC02 L-01 is not among the `rules` of this file (L-O1): its lights are not looked at
      | expect = [{ at = "2026-03-20T00:00:00+08:00", lights = ["L-01 red"] }]
      |                                                         ^^^^^^^^^^
    site: errors 2, warnings 0
    "#);
    insta::assert_snapshot!(check(folder.path(), "zh").1, @r#"
    site/rules/late.cases.toml:1:10 错误 SC02 没有规则 L-O1，是否为 L-01？
      | rules = ["L-O1"]
      |          ^^^^^^
    site/rules/late.cases.toml:7:57 错误 SC02 L-01 不在本文件的 rules 中（L-O1），它的灯不会被看到
      | expect = [{ at = "2026-03-20T00:00:00+08:00", lights = ["L-01 red"] }]
      |                                                         ^^^^^^^^^^
    site：错误 2，警告 0
    "#);
}

#[test]
fn a_wrong_environment_variable_is_a_fault_without_a_line() {
    let folder = folder(&[]);
    let output = program()
        .current_dir(folder.path())
        .args(["check", "--config", "site"])
        .env("WATCHLIGHT_WORKERS", "many")
        .output()
        .expect("the program was built with the tests");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).expect("it prints UTF-8");
    assert!(said.starts_with("environment variable WATCHLIGHT_WORKERS error ST01 "), "{said}");
    assert!(said.ends_with("site: errors 1, warnings 0\n"), "{said}");
}

#[test]
fn a_file_in_another_encoding_is_told_whatever_it_is_for() {
    for (file, told) in [
        ("watchlight.toml", "site/watchlight.toml:2:3 error ST01 the file is not UTF-8; save it as UTF-8 in an editor"),
        ("profiles/site.toml", "site/profiles/site.toml error RL26 the file is not UTF-8"),
        ("rules/late.toml", "site/rules/late.toml error RL26 the file is not UTF-8"),
        ("rules/late.cases.toml", "site/rules/late.cases.toml error SC01 the file is not UTF-8"),
        ("catalogue/items.csv", "(read as UTF-8)"),
    ] {
        let folder = folder(&[]);
        let path = folder.path().join("site").join(file);
        let sound = fs::read(&path).expect("it is there");
        fs::write(&path, [&sound[..], b"# \xff\xfe \x80\n"].concat()).expect("it can be written");
        let (code, said) = check(folder.path(), "en");
        assert_eq!(code, Some(1), "{file}: {said}");
        assert!(said.contains(told), "{file}: {said}");
    }
}
