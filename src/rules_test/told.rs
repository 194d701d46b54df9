//! The results as people read them in a terminal.

use facts::proof::Lang;

use super::report::{Mutants, OfRule, Report, What};
use crate::terminal::{OutputLost, say};

/// Prints failures, a line for each rule with its gaps below it, and a closing line.
///
/// # Errors
/// When nobody reads.
pub(super) fn tell(report: &Report, lang: Lang) -> Result<(), OutputLost> {
    for file in &report.files {
        for scenario in &file.scenarios {
            for failure in &scenario.failures {
                let failure = lang.pick(&failure.zh, &failure.en);
                say!("{}: {}: {failure}", file.file, scenario.name)?;
            }
        }
    }
    for rule in &report.rules {
        say!("{}", line(rule, lang))?;
        if let Some(gaps) = gaps(rule, lang) {
            say!("    {gaps}")?;
        }
        if let Some(Mutants { tried, caught, survived }) = &rule.mutants {
            say!(
                "    {}",
                lang.pick(format!("变异 {tried}，发现 {caught}"), format!("mutants {tried}, caught {caught}"))
            )?;
            for change in survived {
                say!("    {}", lang.pick(format!("未发现：{}", change.zh), format!("not noticed: {}", change.en)))?;
            }
        }
    }
    let (rules, files, gaps) = (report.rules.len(), report.files.len(), report.gaps());
    let (scenarios, failures) = (report.scenarios().count(), report.failures());
    let tried: Vec<&Mutants> = report.rules.iter().filter_map(|rule| rule.mutants.as_ref()).collect();
    if !tried.is_empty() {
        let sum = |count: fn(&Mutants) -> u32| tried.iter().map(|mutants| count(mutants)).sum::<u32>();
        let (all, caught) = (sum(|mutants| mutants.tried), sum(|mutants| mutants.caught));
        let share = u64::from(caught) * 1_000 / u64::from(all.max(1));
        let (whole, tenth) = (share / 10, share % 10);
        say!(
            "{}",
            lang.pick(
                format!("变异 {all}，发现 {caught}（{whole}.{tenth}%）"),
                format!("{all} mutants, {caught} caught ({whole}.{tenth} %)"),
            )
        )?;
    }
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
