//! `watchlight forecast`: which cases turn which light when, if nothing more is heard.
//!
//! Over files of events the clock stops where they end, and the workers are asked there; a service is asked as its API has
//! it. Either way the answer is read off the judgement that will meet these instants (`dataflow::Forecast`).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use alerts::{ForecastAsked, ForecastFilter, ForecastPage, ForecastRow};
use anyhow::{Context, bail};
use facts::proof::Lang;
use facts::{Card, Light};
use jiff::tz::TimeZone;

use crate::analyst::foreseen;
use crate::asked::{self, Problem};
use crate::cli::{Exit, ForecastArgs, Language};
use crate::config_folder;
use crate::output_file::{create, refuse_overwriting};
use crate::play::Play;
use crate::settings::{self, Sources};
use crate::terminal::say;

/// How long a service may take over one page.
const PATIENCE: Duration = Duration::from_secs(60);
/// Rows of a page that a service is asked for.
const PAGE_ROWS: usize = 500;

/// Foresees and prints.
///
/// # Errors
/// When a folder or file cannot be read or written, or the service cannot be asked.
pub(crate) fn run(args: &ForecastArgs, language: Language) -> anyhow::Result<Exit> {
    let lang: Lang = language.into();
    refuse_overwriting(&args.json, &args.events)?;
    let settings =
        settings::load(&Sources::of_process(&args.config.folder, args.workers.flag().into_iter().collect()))?;
    // All of them where they are written; else what is listed.
    let rows = if args.json.is_some() { usize::MAX - 1 } else { args.rows };
    let found = match &args.server {
        Some(server) => of_service(server, args, rows, lang)?,
        None => {
            let site = config_folder::load(&args.config.folder, &settings.zone, lang)?;
            let filter = ForecastFilter {
                lights: args.light.into_iter().collect(),
                level: None,
                region: args.region.as_deref().map(str::parse).transpose().context("--region")?,
                dept: args.dept.clone(),
                rule: args.rule.clone(),
                case: None,
            };
            let asked = ForecastAsked { until: args.until, filter, after: None, rows_max: rows };
            let play = Play::of(&args.events, Arc::new(site.configuration), args.at, &settings)?;
            if play.until >= args.until {
                bail!("--until {} does not lie after the clock, which stands at {}", args.until, play.until);
            }
            let (_, found) = play.run(|_| true, |_| Ok(()), |runner| foreseen(runner, &asked))?;
            found
        }
    };
    tell(&found, args.rows, lang, &settings.zone)?;
    if let Some(path) = &args.json {
        let unwritable = || format!("could not write {}", path.display());
        let mut out = create(path)?;
        serde_json::to_writer_pretty(&mut out, &found).with_context(unwritable)?;
        out.flush().with_context(unwritable)?;
    }
    Ok(Exit::Fine)
}

/// The pages of a service, put together. The clock of the first is told; a case that changes meanwhile may be told as it
/// was or as it is.
fn of_service(server: &str, args: &ForecastArgs, rows: usize, lang: Lang) -> anyhow::Result<ForecastPage> {
    let (until, limit) = (args.until.to_string(), rows.clamp(1, PAGE_ROWS).to_string());
    let mut query = vec![("until", until), ("limit", limit)];
    let light = args.light.map(|light| light.token().to_owned());
    let narrowing = [("rule", &args.rule), ("region", &args.region), ("dept", &args.dept), ("light", &light)];
    query.extend(narrowing.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    let mut whole: Option<ForecastPage> = None;
    loop {
        let (status, text) = asked::get(server, "/api/forecast", &query, PATIENCE)?;
        if !status.is_success() {
            bail!("{}", Problem::of(server, status, &text)?.detail(lang));
        }
        let page: ForecastPage =
            serde_json::from_str(&text).with_context(|| format!("{server} answers otherwise than documented"))?;
        let next = page.next.clone();
        let all = match &mut whole {
            Some(whole) => {
                whole.changes.extend(page.changes);
                whole
            }
            None => whole.insert(page),
        };
        all.next = None;
        match next.filter(|_| all.changes.len() < rows) {
            Some(next) => {
                query.retain(|(name, _)| *name != "cursor");
                query.push(("cursor", next));
            }
            None => {
                all.changes.truncate(rows);
                return Ok(whole.take().expect("a page was just put there"));
            }
        }
    }
}

fn tell(found: &ForecastPage, rows: usize, lang: Lang, zone: &TimeZone) -> anyhow::Result<()> {
    let ForecastPage { as_of, until, total, changes, .. } = found;
    let at = |moment: facts::Moment| moment.civil(zone).strftime("%Y-%m-%d %H:%M:%S%.f").to_string();
    let (from, to) = (at(*as_of), at(*until));
    say!(
        "{}",
        lang.pick(
            format!("{from} 之后至 {to}，若无新的事实：灯变化 {total} 次"),
            format!("after {from} up to {to}, if nothing happens: {total} changes of lights")
        )
    )?;
    for (rule, lights) in by_rule(changes).into_iter().filter(|_| changes.len() as u64 == *total) {
        let counts: Vec<String> =
            lights.into_iter().map(|(light, count)| format!("{} {count}", word(light, lang))).collect();
        say!("  {rule}{}{}", lang.pick("：", ": "), counts.join(lang.pick("，", ", ")))?;
    }
    for row in changes.iter().take(rows) {
        let ForecastRow { case, rule, instance, region, dept, reason, .. } = row;
        let (before, after) = (lamp(row.light_before, row.card_before, lang), lamp(row.light, row.card, lang));
        let instance = if instance == "-" { String::new() } else { format!(" {instance}") };
        let reason = lang.pick(&reason.zh, &reason.en);
        say!("{}  {case}  {rule}{instance}  {region} {dept}  {before} -> {after}  {reason}", at(row.at))?;
    }
    let told = changes.len().min(rows) as u64;
    if *total > told {
        let more = total - told;
        say!(
            "{}",
            lang.pick(
                format!("……还有 {more} 次变化（--rows，--json）"),
                format!("... {more} changes more (--rows, --json)")
            )
        )?;
    }
    Ok(())
}

/// A lamp with the card that lights it.
fn lamp(light: Light, card: Card, lang: Lang) -> String {
    match card {
        Card::None => word(light, lang),
        card => lang.pick(format!("{}（{}）", light.zh(), card.zh()), format!("{} ({})", light.token(), card.token())),
    }
}

fn word(light: Light, lang: Lang) -> String {
    lang.pick(light.zh(), light.token()).to_owned()
}

/// How often which light comes, by rule.
fn by_rule(changes: &[ForecastRow]) -> BTreeMap<&str, BTreeMap<Light, u64>> {
    let mut counts: BTreeMap<&str, BTreeMap<Light, u64>> = BTreeMap::new();
    for row in changes {
        *counts.entry(&row.rule).or_default().entry(row.light).or_default() += 1;
    }
    counts
}
