//! The results as people read them in a terminal.

use facts::proof::Lang;

use super::report::{OfRule, Report, What};
use crate::terminal::{OutputLost, say};

/// Prints failures, a line for each rule with its gaps below it, and a closing line.
///
/// # Errors
/// When nobody reads.
pub(super) fn tell(report: &Report, lang: Lang) -> Result<(), OutputLost> {
    for file in &report.files {
        for scenario in &file.scenarios {
            for failure in &scenario.failures {
                say!("{}: {}: {failure}", file.file, scenario.name)?;
            }
        }
    }
    for rule in &report.rules {
        say!("{}", line(rule, lang))?;
        if let Some(gaps) = gaps(rule, lang) {
            say!("    {gaps}")?;
        }
    }
    let (rules, files, gaps) = (report.rules.len(), report.files.len(), report.gaps());
    let (scenarios, failures) = (report.scenarios().count(), report.failures());
    say!(
        "{}",
        lang.pick(
            format!("规则 {rules}，场景 {scenarios}（{files} 个文件）：不符 {failures}，缺口 {gaps}"),
            format!("{rules} rules, {scenarios} scenarios in {files} files: {failures} failures, {gaps} gaps"),
        )
    )
}

fn line(rule: &OfRule, lang: Lang) -> String {
    let OfRule { id, name, fires, nearly, resolves, retracts, .. } = rule;
    let name = lang.pick(&name.zh, &name.en);
    lang.pick(
        format!("{id} {name}：亮灯 {fires}，差一点 {nearly}，消除 {resolves}，撤回 {retracts}"),
        format!("{id} {name}: fires {fires}, nearly {nearly}, resolves {resolves}, retracts {retracts}"),
    )
}

/// What no scenario tries, if anything.
fn gaps(rule: &OfRule, lang: Lang) -> Option<String> {
    let kinds = rule.missing.iter().map(|kind| {
        let zh = match *kind {
            "fires" => "亮灯",
            "nearly" => "差一点",
            "resolves" => "消除",
            _ => "撤回",
        };
        lang.pick(format!("没有“{zh}”的场景"), format!("no scenario {}", phrase(kind)))
    });
    let untried = rule.untried().map(|what| match what {
        What::Card(card) => lang.pick(format!("没有场景亮出 {card}"), format!("no scenario shows {card}")),
        What::Ground(ground) => lang.pick(format!("没有场景用到 `{ground}`"), format!("no scenario meets `{ground}`")),
    });
    let gaps: Vec<String> = kinds.chain(untried).collect();
    (!gaps.is_empty()).then(|| gaps.join(lang.pick("；", "; ")))
}

fn phrase(kind: &str) -> &str {
    if kind == "nearly" { "nearly fires" } else { kind }
}
