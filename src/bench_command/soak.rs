//! `watchlight bench soak`: one rate for a long time, and what becomes of the service's memory.

use std::fs;

use anyhow::Context;
use bench::soak::{Soak, Verdict};
use facts::proof::Lang;

use super::at_rate::Sized;
use super::words;
use crate::cli::{Exit, Language, SoakArgs};
use crate::terminal::say;

/// Sends, and tells how memory grew.
///
/// # Errors
/// When the run cannot be had.
pub(super) fn run(args: &SoakArgs, language: Language) -> anyhow::Result<Exit> {
    let (lang, out): (Lang, _) = (language.into(), &args.load.out);
    let run = Sized::of(&args.load)?.measure(args.rate, args.seconds, out, language)?;
    let soak = Soak::of(&run, args.growth_max);
    let path = out.join("soak.json");
    fs::write(&path, serde_json::to_string_pretty(&soak)? + "\n")
        .with_context(|| format!("could not write {}", path.display()))?;
    for (name, growth) in [
        (words(lang, "内存增长（每秒字节）", "growth of memory, bytes a second"), soak.bytes_a_second),
        (words(lang, "每在办件内存（字节）", "growth of memory, bytes an open case"), soak.bytes_an_open_case),
    ] {
        match growth {
            Some(growth) => {
                say!("{name}: {} ({} {} {})", growth.middle, growth.low, words(lang, "至", "to"), growth.high)?;
            }
            None => say!("{name}: –")?,
        }
    }
    let verdict = match soak.verdict {
        Verdict::Kept => words(lang, "未超限", "kept: all of the interval lies within the limit"),
        Verdict::Grows => words(lang, "超限", "grows: all of the interval lies beyond the limit"),
        Verdict::Undecided => {
            words(lang, "未定：请延长时间", "undecided: the limit lies in the interval, or the run was too short")
        }
    };
    say!("{verdict}")?;
    for why in &run.invalid_because {
        say!("{}: {why}", words(lang, "无效运行 INVALID", "INVALID run"))?;
    }
    let alerts = &run.alerts;
    say!(
        "missed {}  false {}  duplicate {}  lost {}",
        alerts.missed,
        alerts.false_alerts,
        alerts.duplicate,
        run.load.lost
    )?;
    say!("{}", out.join("report.html").display())?;
    let sound = soak.verdict == Verdict::Kept && run.invalid_because.is_empty() && run.faults() == 0;
    Ok(if sound { Exit::Fine } else { Exit::FaultsFound })
}
