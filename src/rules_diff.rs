//! `watchlight rules diff`: what a changed folder would change, before it is in force.
//!
//! Over files of events the folder as it is judges all of them up to the end; then the changed one is asked what it would
//! change there, by the same question that a preview of the service asks. Over a service the service itself is asked.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use alerts::rules_desk::{DifferenceRow, LampShown, Preview, Tally};
use anyhow::{Context, bail};
use facts::Moment;
use facts::proof::Lang;
use jiff::tz::TimeZone;
use rules::fault::Fault;
use rules::site;
use serde_json::json;

use crate::asked::{self, Problem};
use crate::cli::{DiffArgs, Exit, Language};
use crate::config_folder;
use crate::output_file::{create, refuse_overwriting};
use crate::play::Play;
use crate::reload::{candidate, differences, workbook};
use crate::settings::{self, Sources};
use crate::terminal::say;

/// How long a service may take to judge its cases.
const PATIENCE: Duration = Duration::from_secs(600);
/// Rows that are asked for where all are written.
const ALL_ROWS: usize = 100_000;

/// Compares and prints.
///
/// # Errors
/// When a folder or file cannot be read or written, or the service cannot be asked.
pub(crate) fn run(args: &DiffArgs, language: Language) -> anyhow::Result<Exit> {
    let lang: Lang = language.into();
    refuse_overwriting(args.json.iter().chain(&args.xlsx), &args.events)?;
    let found = match (&args.server, args.folders.as_slice()) {
        (Some(server), [new]) => of_service(server, new, lang)?,
        (None, [old, new]) => of_events(args, old, new, lang)?,
        (Some(_), _) => bail!("--server takes one folder, the changed one: the service knows what is in force"),
        (None, _) => bail!("--events takes two folders: the one as it is and the changed one"),
    };
    let Some(found) = found else { return Ok(Exit::FaultsFound) };
    let folder = args.folders.last().expect("the command line asks for one folder at least");
    let zone = settings::load(&Sources::of_process(folder, Vec::new()))?.zone;
    tell(&found, args.rows, lang, &zone)?;
    if let Some(path) = &args.json {
        let unwritable = || format!("could not write {}", path.display());
        let mut out = create(path)?;
        serde_json::to_writer_pretty(&mut out, &found).with_context(unwritable)?;
        out.flush().with_context(unwritable)?;
    }
    if let Some(path) = &args.xlsx {
        let mut out = create(path)?;
        workbook::write(&found, lang, &zone, &mut out)?;
        out.flush().with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(Exit::Fine)
}

/// By files of events; `None` where the changed folder has faults, which are printed.
fn of_events(args: &DiffArgs, old: &Path, new: &Path, lang: Lang) -> anyhow::Result<Option<Preview>> {
    let flags = args.workers.flag().into_iter().collect();
    let settings = settings::load(&Sources::of_process(old, flags))?;
    let site = config_folder::load(old, &settings.zone, lang)?;
    let changed = match candidate::of_folder(new, &settings.zone, Some(&site.configuration)) {
        Ok(changed) => changed.sources.configuration,
        Err(faults) => return refused(&faults, lang),
    };
    let play = Play::of(&args.events, Arc::new(site.configuration), args.until, &settings)?;
    let (_, found) = play.run(|_| true, |_| Ok(()), |runner| runner.what_if(&changed))?;
    Ok(Some(differences::told(&found, &changed, ALL_ROWS)))
}

fn refused(faults: &[Fault], lang: Lang) -> anyhow::Result<Option<Preview>> {
    for fault in faults {
        say!("{}", fault.render(lang))?;
    }
    Ok(None)
}

/// By the cases of a service.
fn of_service(server: &str, new: &Path, lang: Lang) -> anyhow::Result<Option<Preview>> {
    let zone = settings::load(&Sources::of_process(new, Vec::new()))?.zone;
    // Faults of files are told here, with their lines; whether its scenarios matter the service knows.
    let files = config_folder::read(new)?;
    if let Err(faults) = site::load(&files, &zone) {
        return refused(&faults, lang);
    }
    let mut texts = BTreeMap::new();
    for (name, bytes) in files {
        let text = String::from_utf8(bytes);
        let text = text.with_context(|| format!("{name} is no text in UTF-8: a service is shown text files only"))?;
        texts.insert(name, text);
    }
    let body = json!({ "files": texts, "rows": ALL_ROWS });
    let (status, text) = asked::post(server, "/api/rules/preview", &body, PATIENCE)?;
    if !status.is_success() {
        let problem = Problem::of(server, status, &text)?;
        problem.lines(lang).iter().try_for_each(|line| say!("{line}"))?;
        return Ok(None);
    }
    serde_json::from_str(&text).map(Some).with_context(|| format!("{server} answers otherwise than documented"))
}

fn tell(found: &Preview, rows: usize, lang: Lang, zone: &TimeZone) -> anyhow::Result<()> {
    let Preview { as_of, hash, judged, all, by_rule, by_region, by_dept, differences, .. } = found;
    let as_of = civil(*as_of, zone);
    say!(
        "{}",
        lang.pick(
            format!("截至 {as_of}，两套配置都判定 {judged} 件"),
            format!("at {as_of}, {judged} cases judged by both")
        )
    )?;
    say!("{}", line(lang.pick("全部", "all"), all, lang))?;
    let groups = [
        (lang.pick("规则", "rule"), by_rule),
        (lang.pick("地区", "region"), by_region),
        (lang.pick("部门", "department"), by_dept),
    ];
    for (what, tallies) in groups {
        for (key, tally) in tallies {
            say!("  {}", line(&format!("{what} {key}"), tally, lang))?;
        }
    }
    for row in differences.iter().take(rows) {
        let DifferenceRow { case, rule, instance, region, dept, before, after, .. } = row;
        let (before, after) = (lamp(before.as_ref(), lang, zone), lamp(after.as_ref(), lang, zone));
        say!("{case}  {rule} {instance}  {region} {dept}  {before} -> {after}")?;
    }
    if differences.len() > rows {
        let more = differences.len() - rows;
        say!(
            "{}",
            lang.pick(
                format!("……还有 {more} 盏灯（--rows，--json）"),
                format!("... {more} lights more (--rows, --json)")
            )
        )?;
    }
    say!("{}", lang.pick(format!("预览摘要 {hash}"), format!("preview {hash}")))?;
    Ok(())
}

fn line(what: &str, tally: &Tally, lang: Lang) -> String {
    let Tally { gained, withdrawn, worse, better, moved } = tally;
    lang.pick(
        format!("{what}：新亮 {gained}，撤销 {withdrawn}，加重 {worse}，减轻 {better}，改期 {moved}"),
        format!("{what}: gained {gained}, withdrawn {withdrawn}, worse {worse}, better {better}, moved {moved}"),
    )
}

fn lamp(lamp: Option<&LampShown>, lang: Lang, zone: &TimeZone) -> String {
    let Some(LampShown { card, light, since }) = lamp else { return lang.pick("无", "none").to_owned() };
    let since = civil(*since, zone);
    lang.pick(
        format!("{}（{}）自 {since} 起", card.zh(), light.zh()),
        format!("{} ({}) since {since}", card.token(), light.token()),
    )
}

/// An instant as people read it.
fn civil(moment: Moment, zone: &TimeZone) -> String {
    moment.civil(zone).strftime("%Y-%m-%d %H:%M:%S%.f").to_string()
}
