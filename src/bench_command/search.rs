//! `watchlight bench search`: the highest rate that a service keeps up with.

use std::fs;

use anyhow::{Context, bail};
use bench::search::{Criterion, Found, Search, Step};
use facts::proof::Lang;

use super::at_rate::Sized;
use super::publish::millis;
use super::words;
use crate::cli::{Exit, Language, SearchArgs};
use crate::terminal::say;

/// The file with the result.
const RESULT: &str = "search.json";

/// Tries rates until the knee is known as closely as was asked.
///
/// # Errors
/// When a run cannot be had, or the folder holds a result.
pub(super) fn run(args: &SearchArgs, language: Language) -> anyhow::Result<Exit> {
    let (lang, out): (Lang, _) = (language.into(), &args.load.out);
    if args.to_rate < args.from_rate {
        bail!("--to-rate {} lies below --from-rate {}", args.to_rate, args.from_rate);
    }
    if out.join(RESULT).exists() {
        bail!("{} holds a search already; name another folder with --out", out.display());
    }
    let sized = Sized::of(&args.load)?;
    let criterion = Criterion { p99_max_ms: args.p99_max };
    let mut search = Search::new(args.from_rate, args.to_rate, args.grain);
    while let Some(rate) = search.next_rate() {
        let folder = format!("run-{}-at-{rate}", search.steps().len() + 1);
        let run = sized.measure(rate, args.seconds, &out.join(&folder), language)?;
        let step = Step::of(rate, &run, &criterion, folder);
        tell(&step, lang)?;
        search.tried(step);
    }
    let found = Found::of(&search, criterion);
    let write = |name: &str, text: String| {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))
    };
    write("report.html", bench::search::page(&found))?;
    write(RESULT, serde_json::to_string_pretty(&found)? + "\n")?;
    let number = |rate: Option<u64>| rate.map_or("–".to_owned(), |rate| rate.to_string());
    say!(
        "{} {}  {} {}",
        words(lang, "可持续的最高速率（每秒事件）", "highest rate sustained, events a second:"),
        number(found.sustained),
        words(lang, "不可持续的最低速率", "lowest not sustained:"),
        number(found.not_sustained)
    )?;
    say!("{}", out.join("report.html").display())?;
    Ok(if found.sustained.is_some() { Exit::Fine } else { Exit::FaultsFound })
}

fn tell(step: &Step, lang: Lang) -> anyhow::Result<()> {
    let told = if step.because.is_empty() {
        words(lang, "可持续", "sustained").to_owned()
    } else {
        format!("{}: {}", words(lang, "不可持续", "not sustained"), step.because.join("; "))
    };
    say!("{}/s  p50 {} ms  p99 {} ms  {told}", step.rate, millis(step.p50), millis(step.p99))?;
    Ok(())
}
