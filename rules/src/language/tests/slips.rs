//! Slips of the pen of people who write Chinese: each is told once, where it is, with the word that is wanted.

use super::*;

const RULE: &str = r#"[[rule]]
id     = "NB-01"
family = "process-skip"
kind   = "deadline"
name   = { zh = "补正告知超期", en = "Supplement notice late" }
basis  = "办法"
start  = "submitted"
stop   = "supplement_notified"
limit  = "5wd"
card   = "red"
"#;

/// The faults of the rule with one of its texts replaced, in Chinese, as `line:column code text`.
#[track_caller]
fn told(from: &str, to: &str) -> Vec<String> {
    assert!(RULE.contains(from), "{from}");
    let faults = match load(&with_rules(&RULE.replace(from, to)), None) {
        Ok(loaded) => loaded.warnings,
        Err(faults) => faults,
    };
    let told = faults.iter().map(|fault| {
        let place = fault.place.map_or_else(String::new, |place| format!("{}:{} ", place.line, place.column));
        format!("{place}{} {}", fault.code, fault.text.zh)
    });
    told.collect()
}

#[test]
fn a_chinese_word_is_told_with_the_token_that_it_stands_for() {
    for (from, to, wanted) in [
        ("\"red\"", "\"红牌\"", "10:10 RL32 card 不能是 \"红牌\"，是否为 \"red\"？"),
        ("\"deadline\"", "\"时限\"", "4:10 RL32 kind 不能是 \"时限\"，是否为 \"deadline\"？"),
        ("\"process-skip\"", "\"流程跳步\"", "3:10 RL32 family 不能是 \"流程跳步\"，是否为 \"process-skip\"？"),
        ("\"submitted\"", "\"申请提交\"", "7:11 RL02 没有名为 \"申请提交\" 的活动或事件集，是否为 \"submitted\"？"),
    ] {
        assert_eq!(told(from, to), [wanted]);
    }
}

#[test]
fn one_slip_is_one_fault() {
    for (from, to, wanted) in [
        ("[[rule]]\n", "", "1:1 RL01 \"id\" 是规则的参数，前面没有 [[rule]]"),
        ("limit  = \"5wd\"", "limit  = \"-5wd\"", "9:10 RL27 limit 不能为负"),
        ("limit  = \"5wd\"", "limit  = \"５wd\"", "9:11 RL16 第 11 列是全角符号 \"５\""),
        (
            "{ zh = \"补正告知超期\", en = \"Supplement notice late\" }",
            "\"补正告知超期\"",
            "5:10 RL27 name 须为{ zh = \"中文\", en = \"英文\" }，这里是文字",
        ),
        (
            "limit  =",
            "limit  ＝",
            "9:8 RL26 不是合法的 TOML：参数名后缺少半角等号 =，或缺少值（key with no value, expected `=`）",
        ),
    ] {
        assert_eq!(told(from, to), [wanted]);
    }
}

#[test]
fn an_empty_file_is_no_silent_loss() {
    assert_eq!(told(RULE, "# 待写\n\n"), ["RL39 文件中没有规则，也没有词汇"]);
}
