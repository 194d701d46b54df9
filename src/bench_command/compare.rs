//! `watchlight bench compare`: two runs beside each other.

use std::fs;
use std::path::Path;

use anyhow::Context;
use bench::compare::{Seconds, ratios};
use bench::latency::read_hlog;
use bench::run::Run;
use facts::proof::Lang;

use super::publish::millis;
use super::run_folder::{FIGURES, LOG};
use super::{limits, words};
use crate::cli::{BenchCompareArgs, Exit, Language};
use crate::terminal::say;

/// The percentiles that are compared, in parts of 10,000.
const SHARES: [u32; 4] = [5_000, 9_000, 9_900, 9_990];

/// Compares the runs that `args` names.
///
/// # Errors
/// When a folder holds no run.
pub(super) fn run(args: &BenchCompareArgs, language: Language) -> anyhow::Result<Exit> {
    let lang: Lang = language.into();
    let thresholds = limits::read(&args.limits)?;
    let (a, log_a) = read(&args.a)?;
    let (b, log_b) = read(&args.b)?;
    for (path, run) in [(&args.a, &a), (&args.b, &b)] {
        for why in &run.invalid_because {
            say!("{} {}: {why}", path.display(), words(lang, "无效运行 INVALID", "is an INVALID run"))?;
        }
    }
    let mut of_events = Vec::new();
    for (clock, name) in [
        ("event", words(lang, "事件应发至亮灯", "event due to alert")),
        ("deadline", words(lang, "期限至亮灯", "deadline to alert")),
        ("stored", words(lang, "应发至已存", "due to stored")),
    ] {
        let Some(told) = ratios(&seconds(&log_a, clock, &args.a)?, &seconds(&log_b, clock, &args.b)?, &SHARES) else {
            say!("{name}: {}", words(lang, "无可比较", "nothing to compare"))?;
            continue;
        };
        for ratio in &told {
            say!(
                "{name} p{}: {} ms -> {} ms  x {} ({} {} {})",
                percentile(ratio.share),
                millis(ratio.a),
                millis(ratio.b),
                millis(ratio.ratio_milli),
                millis(ratio.low_milli),
                words(lang, "至", "to"),
                millis(ratio.high_milli)
            )?;
        }
        if clock == "event" {
            of_events = told;
        }
    }
    let same = a.alerts.standing_sha256 == b.alerts.standing_sha256;
    let told = if same {
        words(lang, "亮灯相同", "the same lights stand")
    } else {
        words(lang, "亮灯不同", "other lights stand")
    };
    say!("{told}")?;
    if a.load.events_sha256 != b.load.events_sha256 {
        say!("{}", words(lang, "两次运行的事件不同", "the two runs had different events"))?;
    }
    let mut sound = same && a.invalid_because.is_empty() && b.invalid_because.is_empty();
    if let Some(thresholds) = thresholds {
        let mut checks = thresholds.of_run(&b);
        checks.extend(thresholds.of_two(&of_events, same));
        sound &= limits::judge(&args.limits, &format!("{} {}", a.run, b.run), &checks, lang)?;
    }
    Ok(if sound { Exit::Fine } else { Exit::FaultsFound })
}

/// A run's figures and its interval log.
fn read(folder: &Path) -> anyhow::Result<(Run, Vec<u8>)> {
    let path = folder.join(FIGURES);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("could not read {}; a folder of bench measure --out is wanted", path.display()))?;
    let run =
        serde_json::from_str(&text).with_context(|| format!("{} is not of this version's form", path.display()))?;
    let path = folder.join(LOG);
    let log = fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
    Ok((run, log))
}

fn seconds(log: &[u8], clock: &str, folder: &Path) -> anyhow::Result<Seconds> {
    read_hlog(log, clock).with_context(|| format!("{} is damaged", folder.join(LOG).display()))
}

/// Parts of 10,000 as people write a percentile.
fn percentile(share: u32) -> String {
    if share.is_multiple_of(100) { (share / 100).to_string() } else { format!("{}.{}", share / 100, share % 100 / 10) }
}
