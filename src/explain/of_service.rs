//! The same asked of a running service: its answer is read back into the view that files lead to, and told by the same page.

use std::time::Duration;

use alerts::{CaseLight, CaseView, KnownThen, News, NewsKind, ScheduledCard, TimelineEvent};
use anyhow::{Context, bail};
use facts::line::identity;
use facts::proof::{Lang, Proof};
use facts::standing::Text2;
use facts::transition::StandingLine;
use facts::{Address, Card, EventTime, KeepGreen, Light, Moment, WhyNot};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Page, not_ahead, tell};
use crate::asked::{self, Problem, escaped};
use crate::cli::{Exit, ExplainArgs};
use crate::terminal::{self, say};

/// How long a service may take over one case.
const PATIENCE: Duration = Duration::from_secs(30);

/// Explains the case of `args` as the service at `server` holds it.
///
/// # Errors
/// When the service cannot be asked, or answers otherwise than documented.
pub(super) fn run(args: &ExplainArgs, server: &str, lang: Lang) -> anyhow::Result<Exit> {
    let service = Service { server, lang };
    let zone = service.zone()?;
    let id = identity(&args.case);
    let path = format!("/api/cases/{}", escaped(&id));
    if let Some(rule) = &args.why_not {
        let Some(answer) = service.of_case::<WhyNot>(&format!("{path}/why-not"), &[("rule", rule.clone())])? else {
            return Ok(Exit::FaultsFound);
        };
        return tell(&id, answer.clock, &zone, lang, &answer.lines(lang, &zone));
    }
    if args.keep_green {
        let Some(answer) = service.of_case::<KeepGreen>(&format!("{path}/keep-green"), &[])? else {
            return Ok(Exit::FaultsFound);
        };
        return tell(&id, answer.clock, &zone, lang, &answer.lines(lang, &zone));
    }
    let known_at = args.known_at.map(|known_at| ("known_at", known_at.to_string()));
    let Some(page) = service.of_case::<CasePage>(&path, known_at.as_slice())? else {
        return Ok(Exit::FaultsFound);
    };
    let Some(live) = page.live else {
        let said = page.transitions.len();
        say!(
            "{}",
            lang.pick(
                format!("{server} 已没有办件 {id} 的事实，只记得说过的 {said} 条亮灯消息"),
                format!("{server} holds no facts of case {id}, only {said} messages about its lights")
            )
        )?;
        return Ok(Exit::FaultsFound);
    };
    not_ahead(args.known_at, live.clock)?;
    let view = live.view(&page.case).with_context(|| format!("{server} answers otherwise than documented"))?;
    terminal::print(format_args!("{}", Page { zone: &zone, lang }.text(&view)))?;
    Ok(Exit::Fine)
}

/// Who is asked, and in which language the problems are told.
struct Service<'a> {
    server: &'a str,
    lang: Lang,
}

impl Service<'_> {
    /// What it answers about a case; `None` where it knows no such case, which is told.
    fn of_case<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Option<T>> {
        let (status, text) = asked::get(self.server, path, query, PATIENCE)?;
        if status.is_success() {
            return self.read(&text).map(Some);
        }
        let problem = Problem::of(self.server, status, &text)?;
        if problem.code != "unknown_case" {
            bail!("{}: {}", self.server, problem.detail(self.lang));
        }
        say!("{}", problem.detail(self.lang))?;
        Ok(None)
    }

    /// The zone in which people there read times.
    fn zone(&self) -> anyhow::Result<TimeZone> {
        let (status, text) = asked::get(self.server, "/api/regions", &[], PATIENCE)?;
        if !status.is_success() {
            bail!("{}: {}", self.server, Problem::of(self.server, status, &text)?.detail(self.lang));
        }
        let page: RegionsPage = self.read(&text)?;
        let named = page.zone.as_deref().map(|name| TimeZone::get(name).with_context(|| format!("time zone {name}")));
        Ok(named.transpose()?.unwrap_or(TimeZone::UTC))
    }

    fn read<T: DeserializeOwned>(&self, text: &str) -> anyhow::Result<T> {
        serde_json::from_str(text).with_context(|| format!("{} answers otherwise than documented", self.server))
    }
}

#[derive(Deserialize)]
struct RegionsPage {
    zone: Option<String>,
}

/// `GET /api/cases/{case}`, as far as the page needs it.
#[derive(Deserialize)]
struct CasePage {
    case: String,
    live: Option<Live>,
    transitions: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Live {
    owner: Address,
    item: Option<String>,
    open: bool,
    silent_since: Option<Moment>,
    clock: Moment,
    events: Vec<Fact>,
    lights: Vec<Lamp>,
    shadow: Vec<Lamp>,
    then: Option<Then>,
}

#[derive(Deserialize)]
struct Fact {
    at: String,
    activity: String,
    name: Option<Text2>,
    arrived: Option<Moment>,
    line: Box<RawValue>,
}

#[derive(Deserialize)]
struct Lamp {
    rule: String,
    instance: String,
    card: Card,
    light: Light,
    since: Moment,
    reason: Text2,
    basis: String,
    rule_version: String,
    warnings: Vec<String>,
    schedule: Vec<Coming>,
    held_until: Option<Moment>,
    proof: Option<Proof>,
}

#[derive(Deserialize)]
struct Coming {
    card: Card,
    light: Light,
    from: Moment,
}

#[derive(Deserialize)]
struct Then {
    known_at: Moment,
    lights: Vec<Lamp>,
    by_today: Vec<Lamp>,
    news: Vec<Learnt>,
}

#[derive(Deserialize)]
struct Learnt {
    kind: String,
    before: Option<Fact>,
    after: Option<Fact>,
}

impl Live {
    fn view(self, case: &str) -> anyhow::Result<CaseView> {
        let Live { owner, item, open, silent_since, clock, .. } = self;
        let lights = |lamps: Vec<Lamp>| lamps.into_iter().map(|lamp| lamp.light(case, &owner)).collect::<Vec<_>>();
        let then = match self.then {
            Some(Then { known_at, lights: held, by_today, news }) => {
                let news = news.into_iter().map(Learnt::news).collect::<anyhow::Result<_>>()?;
                Some(KnownThen { known_at, lights: lights(held), by_today: lights(by_today), news })
            }
            None => None,
        };
        Ok(CaseView {
            case: case.to_owned(),
            item,
            open,
            silent_since,
            clock,
            events: self.events.into_iter().map(Fact::event).collect::<anyhow::Result<_>>()?,
            lights: lights(self.lights),
            shadow: lights(self.shadow),
            then,
            owner,
        })
    }
}

impl Fact {
    fn event(self) -> anyhow::Result<TimelineEvent> {
        let Fact { at, activity, name, arrived, line } = self;
        let at = EventTime::parse(&at).with_context(|| format!("{at:?} is no business time"))?;
        Ok(TimelineEvent { line: line.get().to_owned(), at, activity, name, arrived })
    }
}

impl Lamp {
    fn light(self, case: &str, owner: &Address) -> CaseLight {
        let Lamp { rule, instance, card, light, since, reason, basis, rule_version, warnings, schedule, .. } = self;
        let coming = |Coming { card, light, from }| ScheduledCard { card, light, from };
        CaseLight {
            standing: StandingLine {
                case: case.into(),
                rule: rule.into(),
                instance: instance.into(),
                card,
                light,
                since,
                level: owner.level,
                region: owner.region,
                dept: owner.dept.clone(),
                reason,
            },
            rule_version,
            basis,
            proof: self.proof,
            warnings,
            schedule: schedule.into_iter().map(coming).collect(),
            held_until: self.held_until,
        }
    }
}

impl Learnt {
    fn news(self) -> anyhow::Result<News> {
        let kind = NewsKind::ALL.into_iter().find(|kind| kind.token() == self.kind);
        let kind = kind.with_context(|| format!("{:?} is no kind of news", self.kind))?;
        let (before, after) = (self.before.map(Fact::event).transpose()?, self.after.map(Fact::event).transpose()?);
        Ok(News { kind, before, after })
    }
}
