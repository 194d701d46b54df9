//! `watchlight explain`: the timeline, and the proof of each light exactly as its transition carries it.

use std::fs;
use std::path::Path;
use std::process::Output;

use facts::Transition;
use facts::proof::Lang;
use jiff::tz::TimeZone;

use crate::support::skip::skip;
use crate::support::{program, project};

const FILES: [(&str, &str); 4] = [
    ("site/watchlight.toml", "zone = \"Asia/Shanghai\"\n"),
    (
        "site/profiles/site.toml",
        "id = \"site\"\ndefault = true\n[defaults]\nzone = \"Asia/Shanghai\"\ncalendar = \"cn\"\ncounting = \"legal\"\n",
    ),
    (
        "site/rules/late.toml",
        r#"[[rule]]
id     = "L-01"
family = "overdue"
kind   = "deadline"
name   = { zh = "超时", en = "Late" }
basis  = "办法第三条"
start  = "accepted"
stop   = "closed"
limit  = "3wd"
cards  = { yellow = "due", red = "due + 2wd" }

[[rule]]
id     = "L-02"
family = "process-skip"
kind   = "condition"
name   = { zh = "无理由退件", en = "Refused without a reason" }
basis  = "办法第五条"
on     = "closed"
when   = "outcome_is_refused"
card   = "red"
"#,
    ),
    (
        "events.ndjson",
        r#"{"id":"1","source":"s","case":"A-1001","activity":"accepted","at":"2026-03-02T10:00:00+08:00","arrived":"2026-03-02T10:00:04+08:00","level":"county","region":"360902","dept":"D","officer":"007","attrs":{"area":12.5}}
{"id":"1","source":"s","case":"A-1002","activity":"accepted","at":"2026-03-02T11:00:00+08:00","arrived":"2026-03-02T11:00:00+08:00","level":"county","region":"360902","dept":"D"}
{"id":"2","source":"s","case":"A-1001","activity":"closed","at":"2026-03-09T10:00:00.500+08:00","arrived":"2026-03-06T09:00:00+08:00","level":"county","region":"360902","dept":"D","outcome":"refused"}
{"id":"2","source":"s","case":"A-1002","activity":"closed","at":"2026-03-12T10:00:00+08:00","arrived":"2026-03-12T10:00:00+08:00","level":"county","region":"360902","dept":"D","outcome":"granted"}
"#,
    ),
];

/// A folder with a site of two rules and the events of two cases.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in FILES {
        let text = text.replace("outcome_is_refused", "event.outcome == 'refused' && empty(event.reason)");
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("folders can be made there");
        fs::write(path, text).expect("files can be written there");
    }
    folder
}

fn run(folder: &Path, line: &str) -> Output {
    let mut program = program();
    program.current_dir(folder).env("WATCHLIGHT_LOG", "error").args(line.split(' '));
    program.output().expect("the program was built with the tests")
}

/// What `explain CASE` prints with these further flags.
fn explain(folder: &Path, case: &str, more: &str) -> (Option<i32>, String) {
    let output = run(folder, &format!("explain {case} --events events.ndjson --config site{more}"));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code(), String::from_utf8(output.stdout).expect("it prints UTF-8"))
}

#[test]
fn a_case_is_told_with_its_facts_its_lights_and_their_reckoning() {
    let folder = folder();
    let (code, said) = explain(folder.path(), "A-1001", "");
    assert_eq!(code, Some(0), "{said}");
    insta::assert_snapshot!(said, @r#"
    case A-1001: closed, county 360902 D
    clock 2026-03-12 10:00:00 (Asia/Shanghai)

    timeline
      2026-03-02 10:00:00  accepted [1]  attrs.area=12.5  officer=007  arrived 2026-03-02 10:00:04
      2026-03-09 10:00:00.5  closed [2]  outcome=refused  arrived 2026-03-06 09:00:00

    lights
      red light, card red: L-02 (L-02@1+site), since 2026-03-09 10:00:00.5
        instance: county.360902.D/s/2
        basis: 办法第五条
        reason: red Refused without a reason: A-1001 event.outcome == 'refused' && empty(event.reason)
        proof
          event: 2026-03-09 10:00:00.5 closed [2] (outcome=refused)
          condition: event.outcome == 'refused' && empty(event.reason)
            event.outcome = refused
            event.reason = missing
      yellow light, card yellow: L-01 (L-01@1+site), since 2026-03-05 18:00:00
        basis: 办法第三条
        reason: yellow Late: A-1001 limit 3 working days, due 2026-03-05 18:00
        warning: a year of this reckoning has no calendar file; Monday to Friday were counted
        proof
          start: 2026-03-02 10:00:00 accepted [1] (officer=007)
          limit: 3wd legal days (the first day is not counted) cn Asia/Shanghai
            2026-03-02 0 start
            2026-03-03 1 work
            2026-03-04 1 work
            2026-03-05 1 work
          due: 2026-03-05 18:00:00
          yellow: due (3wd) 2026-03-05 18:00:00
          red: due + 2wd (3wd) 2026-03-09 18:00:00
          stop: 2026-03-09 10:00:00.5 closed [2] (outcome=refused)
    "#);
    insta::assert_snapshot!(explain(folder.path(), "A-1001", " --lang zh").1, @r#"
    办件 A-1001：已结，county 360902 D
    时钟 2026-03-12 10:00:00（Asia/Shanghai）

    经过
      2026-03-02 10:00:00  accepted（受理） [1]  attrs.area=12.5  officer=007  到达 2026-03-02 10:00:04
      2026-03-09 10:00:00.5  closed（办结） [2]  outcome=refused  到达 2026-03-06 09:00:00

    亮着的灯
      红灯 红牌：L-02（L-02@1+site），自 2026-03-09 10:00:00.5 起
        对象：county.360902.D/s/2
        依据：办法第五条
        理由：红牌 无理由退件：A-1001 event.outcome == 'refused' && empty(event.reason)
        证明
          事件：2026年3月9日 10:00:00.5 closed [2]（outcome=refused）
          条件：event.outcome == 'refused' && empty(event.reason)
            event.outcome = refused
            event.reason = 缺
      黄灯 黄牌：L-01（L-01@1+site），自 2026-03-05 18:00:00 起
        依据：办法第三条
        理由：黄牌 超时：A-1001 时限 3个工作日，应于 2026年3月5日 18:00 前完成
        注意：所涉年份没有日历文件，按周一至周五计算
        证明
          起算：2026年3月2日 10:00:00 accepted [1]（officer=007）
          时限：3wd 法定计日（起始日不计） cn Asia/Shanghai
            2026-03-02 0 起始日不计
            2026-03-03 1 工作日
            2026-03-04 1 工作日
            2026-03-05 1 工作日
          到期：2026年3月5日 18:00:00
          黄牌：due (3wd) 2026年3月5日 18:00:00
          红牌：due + 2wd (3wd) 2026年3月9日 18:00:00
          止算：2026年3月9日 10:00:00.5 closed [2]（outcome=refused）
    "#);
}

#[test]
fn at_an_earlier_instant_only_what_stood_then_is_told_with_what_is_to_come() {
    let folder = folder();
    let (code, said) = explain(folder.path(), "A-1001", " --at 2026-03-06T12:00:00+08:00");
    assert_eq!(code, Some(0), "{said}");
    insta::assert_snapshot!(said, @r#"
    case A-1001: open, county 360902 D
    clock 2026-03-06 12:00:00 (Asia/Shanghai)

    timeline
      2026-03-02 10:00:00  accepted [1]  attrs.area=12.5  officer=007  arrived 2026-03-02 10:00:04
      2026-03-09 10:00:00.5  closed [2]  outcome=refused  arrived 2026-03-06 09:00:00  (ahead of the clock, does not count yet)

    lights
      yellow light, card yellow: L-01 (L-01@1+site), since 2026-03-05 18:00:00
        basis: 办法第三条
        reason: yellow Late: A-1001 limit 3 working days, due 2026-03-05 18:00
        warning: a year of this reckoning has no calendar file; Monday to Friday were counted
        to come: red light, card red 2026-03-09 18:00:00.001
        proof
          start: 2026-03-02 10:00:00 accepted [1] (officer=007)
          limit: 3wd legal days (the first day is not counted) cn Asia/Shanghai
            2026-03-02 0 start
            2026-03-03 1 work
            2026-03-04 1 work
            2026-03-05 1 work
          due: 2026-03-05 18:00:00
          yellow: due (3wd) 2026-03-05 18:00:00
          red: due + 2wd (3wd) 2026-03-09 18:00:00
    "#);
    let (_, early) = explain(folder.path(), "A-1001", " --at 2026-03-05T18:00:00+08:00");
    assert!(early.ends_with("\nno light stands\n"), "{early}");
}

#[test]
fn a_proof_is_the_transitions_own_and_nothing_is_added() {
    let folder = folder();
    let output = run(folder.path(), "replay events.ndjson --config site --out transitions.ndjson");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let transitions = fs::read_to_string(folder.path().join("transitions.ndjson")).expect("replay wrote it");
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is shipped");
    let mut told = 0;
    for line in transitions.lines().filter(|line| line.contains("A-1001")) {
        let said: Transition = serde_json::from_str(line).expect("a transition reads back");
        let at = format!(" --at {}", said.decided_at);
        let (_, explained) = explain(folder.path(), "A-1001", &at);
        let Some(proof) = &said.proof else { continue };
        let lines: String = proof.lines(Lang::En, &zone).iter().map(|line| format!("      {line}\n")).collect();
        assert!(explained.contains(&format!("    proof\n{lines}")), "{at}\n{lines}\nis not in\n{explained}");
        assert!(explained.contains(&said.reason.en) && explained.contains(said.basis.as_str()), "{explained}");
        told += 1;
    }
    assert_eq!(told, 2, "late, and refused without a reason:\n{transitions}");
}

#[test]
fn an_unknown_case_is_told_with_the_numbers_that_come_near() {
    let folder = folder();
    let told = |case: &str, more: &str| explain(folder.path(), case, more);
    assert_eq!(told("A-1003", ""), (Some(1), "there is no case A-1003; near: A-1001, A-1002\n".to_owned()));
    assert_eq!(told("A-1003", " --lang zh"), (Some(1), "没有办件 A-1003；相近的有：A-1001、A-1002\n".to_owned()));
    assert_eq!(told("全不相干", ""), (Some(1), "there is no case 全不相干\n".to_owned()));
    let early =
        "no fact of case A-1001 is known when the clock stands at 2026-03-01T16:00:00Z; ask with a later --at\n";
    assert_eq!(told("A-1001", " --at 2026-03-02T00:00:00+08:00"), (Some(1), early.to_owned()));
}

/// One receipt for the charges of two cases, which the shipped rules judge over both.
#[test]
fn a_light_that_two_cases_share_is_told_of_each_and_its_export_is_sound() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let charged = |case: &str, day: u32| {
        format!(
            r#"{{"id":"f","source":"s","case":"{case}","activity":"fee","at":"2026-03-{day:02}T10:00:00+08:00","level":"county","region":"360902","dept":"ZRZY","item":"ZR-205","fee":{{"act":"charged","code":"ZR-DJF-Z","amount":"80.00","receipt":"0017"}}}}"#
        )
    };
    let events = format!("{}\n{}\n", charged("A", 3), charged("B", 5));
    fs::write(folder.path().join("events.ndjson"), events).expect("files can be written there");
    let config = project().join("config");
    let config = config.to_str().expect("UTF-8");
    for case in ["A", "B"] {
        let output = run(folder.path(), &format!("explain {case} --events events.ndjson --config {config}"));
        let said = String::from_utf8(output.stdout).expect("it prints UTF-8");
        assert!(said.contains("red light, card red: FE-19 (FE-19@1+national), since 2026-03-05 10:00:00"), "{said}");
        assert!(said.contains("instance: 360902,0017/B/county.360902.ZRZY/s/f"), "{said}");
        assert!(said.contains("receipt 0017 was used in several cases: A, B"), "{said}");
        assert!(said.contains("event: 2026-03-05 10:00:00 fee [f]"), "the proof names the second charge: {said}");
    }
    let output = run(folder.path(), &format!("export events.ndjson --config {config} --out exported"));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let verifier = project().join("tools/verify_proofs.py");
    let verified = std::process::Command::new("python3")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(verifier)
        .arg(folder.path().join("exported"))
        .output();
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => return skip("a light that two cases share", &format!("no python3: {error}")),
    };
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(said.contains("everything holds"), "{said}");
}
