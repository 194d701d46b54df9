//! `watchlight compare`: are the lights of two sides the same, and if not, where do they part?
//!
//! Told is the first bucket that differs, its first case that differs, and what each side holds of that light. Exit
//! code 0 says equal, 1 different.

use std::collections::BTreeSet;

use anyhow::bail;
use facts::StandingLight;
use facts::proof::Lang;

use crate::cli::{CompareArgs, Exit, Language};
use crate::side::{Asked, Kinds, LastSaid, Moved, Side};
use crate::terminal::say;

/// How often a service whose lights change meanwhile is asked again.
const TRIES: u32 = 4;

/// Compares the sides of `args` and prints the verdict.
///
/// # Errors
/// When a side cannot be read.
pub(crate) fn run(args: &CompareArgs, language: Language) -> anyhow::Result<Exit> {
    let lang = language.into();
    for _ in 0..TRIES {
        let sides = read(args, lang)?;
        match verdict(&sides, lang) {
            Ok((lines, exit)) => {
                lines.iter().try_for_each(|line| say!("{line}"))?;
                return Ok(exit);
            }
            Err(error) if error.is::<Moved>() => tracing::info!("{error}; asked again"),
            Err(error) => return Err(error),
        }
    }
    bail!("the lights change faster than they can be compared; compare with `watchlight digest --json` of each side")
}

fn read(args: &CompareArgs, lang: Lang) -> anyhow::Result<[Side; 2]> {
    let flags = || args.workers.flag().into_iter().collect();
    let config_b = args.config_b.as_deref().unwrap_or(&args.config.folder);
    let asked = |config| Asked { config, until: args.until, flags: flags(), lang };
    let (asked_a, asked_b) = (asked(args.config.folder.as_path()), asked(config_b));
    let (a, b) = (Kinds::of(&args.a)?, Kinds::of(&args.b)?);
    if a.rank() <= b.rank() {
        let a = a.read(&asked_a, None)?;
        let b = b.read(&asked_b, Some(&a.about))?;
        Ok([a, b])
    } else {
        let b = b.read(&asked_b, None)?;
        let a = a.read(&asked_a, Some(&b.about))?;
        Ok([a, b])
    }
}

fn verdict(sides: &[Side; 2], lang: Lang) -> anyhow::Result<(Vec<String>, Exit)> {
    let [a, b] = sides;
    let mut lines =
        vec![format!("A  {}", a.about.line(&a.digest, lang)), format!("B  {}", b.about.line(&b.digest, lang))];
    lines.extend(remarks(a, b, lang));
    let differing = a.digest.differing(&b.digest);
    let Some(first) = differing.first() else {
        lines.push(lang.pick("相同", "equal").to_owned());
        return Ok((lines, Exit::Fine));
    };
    let all = a.digest.buckets.keys().chain(b.digest.buckets.keys()).collect::<BTreeSet<_>>().len();
    let (bad, shown) = (differing.len(), first.replace('\t', " "));
    let count = |side: &Side| side.digest.buckets.get(*first).map_or(0, |bucket| bucket.count);
    let (in_a, in_b) = (count(a), count(b));
    lines.push(lang.pick(
        format!("不同：{all} 组中有 {bad} 组不一致，第一组是 {shown}（A {in_a} 盏，B {in_b} 盏）"),
        format!("different: {bad} of {all} buckets, the first is {shown} (A {in_a} lights, B {in_b})"),
    ));
    let (Some(rows_a), Some(rows_b)) = (a.rows_of_bucket(first)?, b.rows_of_bucket(first)?) else {
        lines.push(
            lang.pick("有一方只有摘要，无法指出办件", "one side is a digest only, so no case can be named").to_owned(),
        );
        return Ok((lines, Exit::FaultsFound));
    };
    match first_apart(&rows_a, &rows_b) {
        Some(light) => lines.extend(told(light, sides, lang)?),
        None => bail!("the rows of bucket {shown} are the same, its hashes are not: one side is not what it tells"),
    }
    Ok((lines, Exit::FaultsFound))
}

/// Where the sides do not stand for the same, or do not tell for what.
fn remarks(a: &Side, b: &Side, lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    let mut remark = |zh: String, en: String| lines.push(lang.pick(format!("注意：{zh}"), format!("note: {en}")));
    match (a.about.as_of, b.about.as_of) {
        (Some(one), Some(other)) if one != other => remark(
            format!("两方时钟不同（A {one}，B {other}），仅随时间变化的灯可能因此不同"),
            format!("the clocks differ (A {one}, B {other}): lights that time alone changes may differ for that"),
        ),
        (Some(_), Some(_)) => {}
        _ => remark("有一方未说明所处时刻".into(), "a side does not tell at which instant it stands".into()),
    }
    match (&a.about.configuration, &b.about.configuration) {
        (Some(one), Some(other)) if one != other => {
            remark("两方按不同的配置判定".into(), "the sides are judged by different configurations".into());
        }
        (Some(_), Some(_)) => {}
        _ => remark("有一方未说明所用配置".into(), "a side does not tell by which configuration it was judged".into()),
    }
    if a.about.zone != b.about.zone {
        remark(
            "两方按不同时区计日，分组不可比".into(),
            "the sides count days in different zones: no bucket can be equal".into(),
        );
    }
    lines
}

/// The first row, in order, that one side has and the other has not.
fn first_apart<'a>(a: &'a [StandingLight], b: &'a [StandingLight]) -> Option<&'a StandingLight> {
    let only_a = a.iter().filter(|light| !b.contains(light)).min();
    let only_b = b.iter().filter(|light| !a.contains(light)).min();
    only_a.into_iter().chain(only_b).min_by_key(|light| (&light.case, &light.rule, &light.instance))
}

/// What each side holds of the light of `like`'s case, rule and instance.
fn told(like: &StandingLight, sides: &[Side; 2], lang: Lang) -> anyhow::Result<Vec<String>> {
    let StandingLight { case, rule, instance, .. } = like;
    let mut lines = vec![lang.pick(
        format!("办件 {case}，规则 {rule}，对象 {instance}"),
        format!("case {case}, rule {rule}, instance {instance}"),
    )];
    for (name, side) in ["A", "B"].into_iter().zip(sides) {
        let holds = match side.same_light(like)? {
            Some(light) => {
                let StandingLight { card, light: lamp, since, owner, .. } = light;
                let owner = format!("{} {} {}", owner.level, owner.region, owner.dept);
                lang.pick(
                    format!("{}，{}，自 {since}，{owner}", card.zh(), lamp.zh()),
                    format!("card {card}, light {lamp}, since {since}, {owner}"),
                )
            }
            None => lang.pick("没有亮灯", "no light").to_owned(),
        };
        let said = side.last_said(like)?.map(|said| said_words(said, lang)).unwrap_or_default();
        lines.push(format!("  {name}{}{holds}{said}", lang.pick("：", ": ")));
    }
    Ok(lines)
}

fn said_words(said: LastSaid, lang: Lang) -> String {
    let LastSaid { kind, cause, decided_at, revision } = said;
    lang.pick(
        format!("；{decided_at} 告知：{kind}，原因 {cause}，第 {revision} 次"),
        format!("; said at {decided_at}: {kind}, cause {cause}, revision {revision}"),
    )
}
