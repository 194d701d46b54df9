//! `watchlight rules coverage`: which rules could not judge what these events tell, since an activity or a field that
//! they need was never observed.
//!
//! A rule that finds nothing because its source sends nothing looks like a rule that finds nothing wrong; here the two
//! are told apart. "Observed" means once in all the files, whatever source sent it. Nothing is judged.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Context;
use compact_str::CompactString;
use facts::proof::Lang;
use facts::standing::Text2;
use ingest::EventFile;
use rules::configuration::Configuration;
use rules::needs::{self, Need, Observed};
use rules::rule::Status;
use serde::Serialize;

use crate::cli::{CoverageArgs, Exit, Language};
use crate::config_folder;
use crate::output_file::{create, refuse_overwriting};
use crate::settings::{self, Sources};
use crate::terminal::say;

/// Lines read in one go.
const BATCH_LINES: usize = 8_192;

/// A rule and what it was not shown.
#[derive(Serialize, Debug)]
struct OfRule {
    id: CompactString,
    name: Text2,
    /// It never began: what it begins with was not observed.
    blind: bool,
    /// Alternatives that were not observed, each a list of which one would be enough.
    not_observed: Vec<Vec<CompactString>>,
}

/// Compares what the rules need with the events of `args`.
///
/// # Errors
/// When the configuration is refused, or a file cannot be read or written.
pub(crate) fn run(args: &CoverageArgs, language: Language) -> anyhow::Result<Exit> {
    let (folder, lang) = (args.config.folder.as_path(), Lang::from(language));
    refuse_overwriting(&args.json, &args.events)?;
    let zone = settings::load(&Sources::of_process(folder, Vec::new()))?.zone;
    let configuration = config_folder::load(folder, &zone, lang)?.configuration;
    let (mut observed, mut events) = (Observed::default(), 0_u64);
    for path in &args.events {
        let mut file = EventFile::open(path)?;
        while let Some(batch) = file.next_batch(BATCH_LINES)? {
            events += batch.facts.len() as u64;
            batch.facts.iter().for_each(|(_, event)| observed.take(event));
        }
    }
    let rules = compared(&configuration, &observed);
    tell(&rules, events, lang)?;
    if let Some(path) = &args.json {
        let unwritable = || format!("could not write {}", path.display());
        let mut out = create(path)?;
        serde_json::to_writer_pretty(&mut out, &rules).with_context(unwritable)?;
        out.flush().with_context(unwritable)?;
    }
    Ok(Exit::Fine)
}

/// Every rule that is judged, once.
fn compared(configuration: &Configuration, observed: &Observed) -> Vec<OfRule> {
    let mut rules = BTreeMap::new();
    for rule in configuration.rules.iter().filter(|rule| rule.status == Status::On) {
        rules.entry(rule.id.clone()).or_insert_with(|| {
            let needs = needs::of_rule(rule, &configuration.clocks);
            let unmet: Vec<Need> = needs.into_iter().filter(|need| !need.is_met(observed)).collect();
            OfRule {
                id: rule.id.clone(),
                name: rule.name.clone(),
                blind: unmet.iter().any(|need| need.begins),
                not_observed: unmet.into_iter().map(|need| need.any_of).collect(),
            }
        });
    }
    rules.into_values().collect()
}

fn tell(rules: &[OfRule], events: u64, lang: Lang) -> anyhow::Result<()> {
    let lacking = |rule: &&OfRule| !rule.not_observed.is_empty();
    for rule in rules.iter().filter(lacking) {
        let alternatives: Vec<String> = rule.not_observed.iter().map(|any_of| any_of.join(" | ")).collect();
        let (id, name) = (&rule.id, lang.pick(&rule.name.zh, &rule.name.en));
        let blind = if rule.blind { lang.pick("从未判定；", "never began; ") } else { "" };
        let alternatives = alternatives.join(lang.pick("、", ", "));
        say!(
            "{}",
            lang.pick(
                format!("{id} {name}：{blind}未见 {alternatives}"),
                format!("{id} {name}: {blind}not observed: {alternatives}"),
            )
        )?;
    }
    let (all, blind) = (rules.len(), rules.iter().filter(|rule| rule.blind).count());
    let partly = rules.iter().filter(lacking).count() - blind;
    let whole = all - partly - blind;
    say!(
        "{}",
        lang.pick(
            format!("事件 {events}；规则 {all}：所需俱全 {whole}，部分未见 {partly}，从未判定 {blind}"),
            format!(
                "{events} events; {all} rules: {whole} saw all they need, {partly} lack something, {blind} never began"
            ),
        )
    )?;
    Ok(())
}
