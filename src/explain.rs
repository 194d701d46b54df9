//! `watchlight explain`: a case's timeline, and for each light that stands its rule, law and reckoning.
//!
//! The case is judged by the same dataflow as in a replay, or a running service is asked for it. What is shown is the
//! case's view that the API shows, too, and each proof as it was made, with nothing added. With `--known-at` it also tells
//! what was known at that instant.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use alerts::{CaseLight, CaseView, TimelineEvent};
use anyhow::bail;
use dataflow::GroupsThen;
use facts::line::identity;
use facts::proof::Lang;
use facts::{Event, EventTime, Moment};
use ingest::EventFile;
use ingest::event_file::STANDARD_INPUT;
use jiff::tz::TimeZone;
use rules::configuration::Configuration;
use serde_json::Value;

mod audit;
mod of_service;

use crate::analyst;
use crate::case_desk::{case_view, known_then};
use crate::cli::{Exit, ExplainArgs, Language};
use crate::config_folder;
use crate::play::{self, Play};
use crate::settings::{self, Sources};
use crate::terminal::{self, say};

/// Case numbers named beside an unknown one.
const NEAR_MAX: usize = 3;
/// Lines looked at in one go for case numbers that come near.
const BATCH_LINES: usize = 8_192;
/// Fields of a line that the timeline shows elsewhere, or that are the same for every fact of the case.
const SHOWN_ELSEWHERE: [&str; 12] =
    ["id", "version", "seq", "op", "source", "case", "activity", "at", "arrived", "level", "region", "dept"];

/// Explains the case of `args`.
///
/// # Errors
/// When the configuration is refused, or a file cannot be read.
pub(crate) fn run(args: &ExplainArgs, language: Language) -> anyhow::Result<Exit> {
    let lang = language.into();
    if let Some(server) = &args.server {
        return of_service::run(args, server, lang);
    }
    let settings = settings::load(&Sources::of_process(&args.config.folder, Vec::new()))?;
    let site = config_folder::load(&args.config.folder, &settings.zone, lang)?;
    let mut configuration = site.configuration;
    // Of the other facts nothing is looked at, so a source may have spoken while it seems silent.
    configuration.sources.values_mut().for_each(|source| source.silence_ms = None);
    let configuration = Arc::new(configuration);
    let at = match args.at {
        Some(at) => at,
        None => play::highest_at(&args.events, &settings.zone)?,
    };
    let case = identity(&args.case);
    not_ahead(args.known_at, at)?;
    let (now, groups) = held(args, &case, at, &configuration, &settings.zone)?;
    if args.why_not.is_some() || args.keep_green {
        let answer = now.as_ref().and_then(|now| answer(args, now, &configuration, &case, at));
        let Some(lines) = answer.map(|answer| answer.lines(lang, &settings.zone)) else {
            say!("{}", unknown(&case, at, &args.events, lang)?)?;
            return Ok(Exit::FaultsFound);
        };
        return tell(&case, at, &settings.zone, lang, &lines);
    }
    match now.as_ref().and_then(|now| case_view(now, &configuration, &case, at)) {
        Some(mut view) => {
            if let (Some(known_at), Some(now)) = (args.known_at, &now) {
                let (then, _) = held(args, &case, known_at, &configuration, &settings.zone)?;
                let (then, known_then_lights) = then.map(|then| (then.history, then.of_groups)).unwrap_or_default();
                // What was known then is what a run up to then knows.
                let groups = GroupsThen { known_then: known_then_lights, ..groups };
                view.then = Some(known_then(&then, &now.history, &configuration, &case, known_at, &groups));
            }
            let page = Page { zone: &settings.zone, lang };
            terminal::print(format_args!("{}", page.text(&view)))?;
            Ok(Exit::Fine)
        }
        None => {
            say!("{}", unknown(&case, at, &args.events, lang)?)?;
            Ok(Exit::FaultsFound)
        }
    }
}

/// What is known later is not known yet.
fn not_ahead(known_at: Option<Moment>, clock: Moment) -> anyhow::Result<()> {
    match known_at.filter(|known_at| *known_at > clock) {
        Some(known_at) => {
            bail!("--known-at {known_at} lies after the clock, which stands at {clock}; ask for an earlier instant")
        }
        None => Ok(()),
    }
}

/// What is told instead of the case.
enum Answer {
    WhyNot(facts::WhyNot),
    KeepGreen(facts::KeepGreen),
}

impl Answer {
    fn lines(&self, lang: Lang, zone: &TimeZone) -> Vec<String> {
        match self {
            Answer::WhyNot(answer) => answer.lines(lang, zone),
            Answer::KeepGreen(answer) => answer.lines(lang, zone),
        }
    }
}

/// The answer that `args` ask for; `None` when the clock has reached no fact of the case.
fn answer(
    args: &ExplainArgs,
    held: &dataflow::CaseView,
    configuration: &Configuration,
    case: &str,
    at: Moment,
) -> Option<Answer> {
    match &args.why_not {
        Some(rule) => analyst::why_not(held, configuration, case, rule, at).map(Answer::WhyNot),
        None => analyst::keep_green(held, configuration, case, at).map(Answer::KeepGreen),
    }
}

/// Prints an answer under its case and clock.
fn tell(case: &str, at: Moment, zone: &TimeZone, lang: Lang, lines: &[String]) -> anyhow::Result<Exit> {
    say!("{}", answer_head(case, at, zone, lang))?;
    lines.iter().try_for_each(|line| say!("{line}"))?;
    Ok(Exit::Fine)
}

fn answer_head(case: &str, at: Moment, zone: &TimeZone, lang: Lang) -> String {
    let clock = at.civil(zone).strftime("%Y-%m-%d %H:%M:%S%.f");
    let zone = zone.iana_name().unwrap_or("UTC");
    lang.pick(format!("办件 {case}，时钟 {clock}（{zone}）"), format!("case {case}, clock {clock} ({zone})"))
}

/// What the dataflow holds of the case at `at`, and what groups gave it at the earlier instant that is asked about.
fn held(
    args: &ExplainArgs,
    case: &str,
    at: Moment,
    configuration: &Arc<Configuration>,
    zone: &TimeZone,
) -> anyhow::Result<(Option<dataflow::CaseView>, GroupsThen)> {
    let groups = configuration.has_groups();
    let configuration = Arc::clone(configuration);
    let play = Play { paths: &args.events, configuration, until: at, zone, workers: 1, retention: None };
    // Where no rule judges several cases at once, other cases only move the clock.
    let wanted = |event: &Event| groups || event.case == case;
    let (_, held) = play.run(
        wanted,
        |_| Ok(()),
        |runner| {
            let held = runner.case(case)?;
            let then = match (args.known_at, &held) {
                (Some(known_at), Some(held)) => runner.groups_then(case, &held.history, known_at)?,
                _ => GroupsThen::default(),
            };
            Ok((held, then))
        },
    )?;
    Ok(held)
}

/// Why there is nothing to tell: the case comes later, or never; then with the numbers that come near.
fn unknown(case: &str, at: Moment, events: &[PathBuf], lang: Lang) -> anyhow::Result<String> {
    let mut near = BTreeSet::new();
    for path in events.iter().filter(|path| path.as_os_str() != STANDARD_INPUT) {
        let mut file = EventFile::open(path)?;
        while let Some(batch) = file.next_batch(BATCH_LINES)? {
            for (_, event) in batch.facts {
                if event.case == case {
                    return Ok(lang.pick(
                        format!("时钟在 {at} 时还没有办件 {case} 的任何事实；请用更晚的 --at"),
                        format!("no fact of case {case} is known when the clock stands at {at}; ask with a later --at"),
                    ));
                }
                near.insert((strsim::damerau_levenshtein(case, &event.case), event.case));
                if near.len() > NEAR_MAX {
                    near.pop_last();
                }
            }
        }
    }
    let enough = case.chars().count().div_ceil(3);
    let near: Vec<String> =
        near.into_iter().filter(|(distance, _)| *distance <= enough).map(|(_, case)| case.to_string()).collect();
    let mut said = lang.pick(format!("没有办件 {case}"), format!("there is no case {case}"));
    if !near.is_empty() {
        said += &lang.pick(format!("；相近的有：{}", near.join("、")), format!("; near: {}", near.join(", ")));
    }
    Ok(said)
}

/// How a case is written down.
struct Page<'a> {
    zone: &'a TimeZone,
    lang: Lang,
}

impl Page<'_> {
    fn text(&self, view: &CaseView) -> String {
        let mut lines = vec![self.head(view)];
        let (clock, zone) = (self.at(view.clock), self.zone.iana_name().unwrap_or("UTC"));
        lines.push(self.lang.pick(format!("时钟 {clock}（{zone}）"), format!("clock {clock} ({zone})")));
        lines.push(String::new());
        lines.push(self.lang.pick("经过", "timeline").to_owned());
        lines.extend(view.events.iter().map(|event| self.event(event, view.clock)));
        lines.push(String::new());
        if view.lights.is_empty() {
            lines.push(self.lang.pick("没有亮着的灯", "no light stands").to_owned());
        } else {
            lines.push(self.lang.pick("亮着的灯", "lights").to_owned());
            lines.extend(view.lights.iter().flat_map(|light| self.light(light)));
        }
        if !view.shadow.is_empty() {
            lines.push(String::new());
            lines.push(
                self.lang
                    .pick("试行规则（不亮灯，不发送）", "rules on trial (no light stands, none is sent)")
                    .to_owned(),
            );
            lines.extend(view.shadow.iter().flat_map(|light| self.light(light)));
        }
        lines.extend(view.then.iter().flat_map(|then| self.audit(view, then)));
        lines.join("\n") + "\n"
    }

    fn head(&self, view: &CaseView) -> String {
        let open = match view.open {
            true => self.lang.pick("在办", "open"),
            false => self.lang.pick("已结", "closed"),
        };
        let (owner, case) = (&view.owner, &view.case);
        let owner = format!("{} {} {}", owner.level, owner.region, owner.dept);
        let item = view.item.as_ref().map(|item| self.lang.pick(format!("，事项 {item}"), format!(", item {item}")));
        let item = item.unwrap_or_default();
        self.lang.pick(format!("办件 {case}：{open}，{owner}{item}"), format!("case {case}: {open}, {owner}{item}"))
    }

    fn at(&self, moment: Moment) -> String {
        moment.civil(self.zone).strftime("%Y-%m-%d %H:%M:%S%.f").to_string()
    }

    fn event(&self, event: &TimelineEvent, clock: Moment) -> String {
        let at = match event.at {
            EventTime::Instant(moment) => self.at(moment),
            day => format!("{day}         "),
        };
        let named = event.name.as_ref();
        let name = named.map(|name| self.lang.pick(&name.zh, &name.en)).filter(|name| !name.is_empty());
        let mut line = format!("  {at}  {}", event.activity);
        if let Some(name) = name.filter(|name| **name != event.activity) {
            line += &self.lang.pick(format!("（{name}）"), format!(" ({name})"));
        }
        let fields: Value = serde_json::from_str(&event.line).unwrap_or_default();
        if let Some(id) = fields.get("id").and_then(Value::as_str) {
            let _ = write!(line, " [{id}]");
        }
        line += &said(&fields);
        if let Some(arrived) = event.arrived {
            let arrived = self.at(arrived);
            line += &self.lang.pick(format!("  到达 {arrived}"), format!("  arrived {arrived}"));
        }
        if event.at.moment(self.zone) > clock {
            line += self.lang.pick("  （时钟未到，尚不作数）", "  (ahead of the clock, does not count yet)");
        }
        line
    }

    fn light(&self, light: &CaseLight) -> Vec<String> {
        let CaseLight { standing, rule_version, basis, proof, warnings, schedule, held_until: _ } = light;
        let since = self.at(standing.since);
        let of = |card: facts::Card, light: facts::Light| match self.lang {
            Lang::Zh => format!("{} {}", light.zh(), card.zh()),
            Lang::En => format!("{} light, card {}", light.token(), card.token()),
        };
        let what = of(standing.card, standing.light);
        let mut lines = vec![self.lang.pick(
            format!("  {what}：{}（{rule_version}），自 {since} 起", standing.rule),
            format!("  {what}: {} ({rule_version}), since {since}", standing.rule),
        )];
        let mut field = |zh: &str, en: &str, text: &str| {
            lines.push(self.lang.pick(format!("    {zh}：{text}"), format!("    {en}: {text}")));
        };
        if standing.instance != "-" {
            field("对象", "instance", &standing.instance);
        }
        field("依据", "basis", basis);
        field("理由", "reason", self.lang.pick(&standing.reason.zh, &standing.reason.en));
        for warning in warnings {
            field("注意", "warning", warning_words(warning, self.lang));
        }
        for later in schedule {
            let from = self.at(later.from);
            field("将为", "to come", &format!("{} {from}", of(later.card, later.light)));
        }
        if let Some(proof) = proof {
            lines.push(self.lang.pick("    证明", "    proof").to_owned());
            lines.extend(proof.lines(self.lang, self.zone).into_iter().map(|line| format!("      {line}")));
        }
        lines
    }
}

/// What must be known beside a light, in words; one that has none is told by its name.
fn warning_words(warning: &str, lang: Lang) -> &str {
    match warning {
        "calendar_uncovered" => lang.pick(
            "所涉年份没有日历文件，按周一至周五计算",
            "a year of this reckoning has no calendar file; Monday to Friday were counted",
        ),
        "source_silent" => {
            lang.pick("来源静默，可能已办而未报", "the source is silent: it may have been done and not reported")
        }
        other => other,
    }
}

/// What a fact says beside its place in the timeline, as ` field=value`.
fn said(fields: &Value) -> String {
    let mut out = String::new();
    let Some(fields) = fields.as_object() else { return out };
    for (name, value) in fields.iter().filter(|(name, _)| !SHOWN_ELSEWHERE.contains(&name.as_str())) {
        say(&mut out, name, value);
    }
    out
}

fn say(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Object(parts) => parts.iter().for_each(|(part, value)| say(out, &format!("{name}.{part}"), value)),
        Value::String(text) => out.push_str(&format!("  {name}={text}")),
        other => out.push_str(&format!("  {name}={other}")),
    }
}
