//! The API's own JSON, converted by hand from what the ledger and the worker know.

use facts::proof::{Lang, Proof};
use facts::standing::Text2;
use facts::transition::{About, Issue};
use facts::{Address, Card, Cause, Kind, Light, Moment};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::case_reader::{CaseLight, CaseView, ScheduledCard, TimelineEvent};
use crate::known_then::{KnownThen, News};
use crate::ledger::{LightRow, StoredTransition};

/// A standing light in a list: what was last said of it, without its proof.
#[derive(Debug, Serialize)]
pub(super) struct LightView {
    case: String,
    rule: String,
    instance: String,
    card: Card,
    light: Light,
    since: Moment,
    level: &'static str,
    region: String,
    dept: String,
    reason: Text2,
    item: Option<String>,
    basis: String,
    rule_version: String,
    kind: Kind,
    cause: Cause,
    issue: Issue,
    revision: u32,
    decided_at: Moment,
    warnings: Vec<String>,
    sequence: u64,
    #[serde(skip_serializing_if = "About::is_case")]
    about: About,
}

impl From<LightRow> for LightView {
    fn from(row: LightRow) -> LightView {
        let said = row.transition;
        LightView {
            case: said.case.into(),
            rule: said.rule.into(),
            instance: said.instance.into(),
            card: said.card,
            light: said.light,
            since: said.since,
            level: said.level.token(),
            region: said.region.to_string(),
            dept: said.dept.to_string(),
            reason: said.reason,
            item: said.item.map(Into::into),
            basis: said.basis.into(),
            rule_version: said.rule_version.into(),
            kind: said.kind,
            cause: said.cause,
            issue: said.issue,
            revision: said.revision,
            decided_at: said.decided_at,
            warnings: said.warnings.into_iter().map(Into::into).collect(),
            sequence: row.sequence,
            about: said.about,
        }
    }
}

/// A transition exactly as it was said, with its place in ALERTS.
#[derive(Debug, Serialize)]
pub(super) struct TransitionView {
    sequence: u64,
    transition: Box<RawValue>,
}

impl From<StoredTransition> for TransitionView {
    fn from(row: StoredTransition) -> TransitionView {
        TransitionView { sequence: row.sequence, transition: raw(row.line) }
    }
}

/// The office that owns a case.
#[derive(Debug, Serialize)]
pub(super) struct OwnerView {
    level: &'static str,
    region: String,
    dept: String,
}

impl From<&Address> for OwnerView {
    fn from(owner: &Address) -> OwnerView {
        OwnerView { level: owner.level.token(), region: owner.region.to_string(), dept: owner.dept.to_string() }
    }
}

/// A case as the worker knows it.
#[derive(Debug, Serialize)]
pub(super) struct LiveView {
    owner: OwnerView,
    item: Option<String>,
    open: bool,
    silent_since: Option<Moment>,
    clock: Moment,
    events: Vec<EventView>,
    lights: Vec<CaseLightView>,
    shadow: Vec<CaseLightView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<ThenView>,
}

/// What was known at an earlier instant.
#[derive(Debug, Serialize)]
struct ThenView {
    known_at: Moment,
    lights: Vec<CaseLightView>,
    by_today: Vec<CaseLightView>,
    news: Vec<NewsView>,
}

#[derive(Debug, Serialize)]
struct NewsView {
    kind: &'static str,
    before: Option<EventView>,
    after: Option<EventView>,
}

#[derive(Debug, Serialize)]
struct EventView {
    at: String,
    activity: String,
    name: Option<Text2>,
    arrived: Option<Moment>,
    line: Box<RawValue>,
}

#[derive(Debug, Serialize)]
struct CaseLightView {
    rule: String,
    instance: String,
    card: Card,
    light: Light,
    since: Moment,
    reason: Text2,
    basis: String,
    rule_version: String,
    warnings: Vec<String>,
    schedule: Vec<ScheduleView>,
    held_until: Option<Moment>,
    proof: Option<Proof>,
    proof_lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ScheduleView {
    card: Card,
    light: Light,
    from: Moment,
}

impl LiveView {
    pub(super) fn of(view: CaseView, lang: Lang, zone: &TimeZone) -> LiveView {
        let lights =
            |lights: Vec<CaseLight>| lights.into_iter().map(|light| CaseLightView::of(light, lang, zone)).collect();
        LiveView {
            owner: OwnerView::from(&view.owner),
            item: view.item,
            open: view.open,
            silent_since: view.silent_since,
            clock: view.clock,
            events: view.events.into_iter().map(EventView::from).collect(),
            lights: lights(view.lights),
            shadow: lights(view.shadow),
            then: view.then.map(|KnownThen { known_at, lights: held, by_today, news }| ThenView {
                known_at,
                lights: lights(held),
                by_today: lights(by_today),
                news: news.into_iter().map(NewsView::from).collect(),
            }),
        }
    }
}

impl From<News> for NewsView {
    fn from(news: News) -> NewsView {
        let News { kind, before, after } = news;
        NewsView { kind: kind.token(), before: before.map(EventView::from), after: after.map(EventView::from) }
    }
}

impl From<TimelineEvent> for EventView {
    fn from(event: TimelineEvent) -> EventView {
        let TimelineEvent { line, at, activity, name, arrived } = event;
        EventView { at: at.to_string(), activity, name, arrived, line: raw(line) }
    }
}

impl CaseLightView {
    fn of(light: CaseLight, lang: Lang, zone: &TimeZone) -> CaseLightView {
        let CaseLight { standing, rule_version, basis, proof, warnings, schedule, held_until } = light;
        CaseLightView {
            rule: standing.rule.into(),
            instance: standing.instance.into(),
            card: standing.card,
            light: standing.light,
            since: standing.since,
            reason: standing.reason,
            basis,
            rule_version,
            warnings,
            schedule: schedule
                .into_iter()
                .map(|ScheduledCard { card, light, from }| ScheduleView { card, light, from })
                .collect(),
            held_until,
            proof_lines: proof.as_ref().map(|proof| proof.lines(lang, zone)).unwrap_or_default(),
            proof,
        }
    }
}

/// A line that is JSON already; one that is not is shown as text rather than lost.
fn raw(line: String) -> Box<RawValue> {
    RawValue::from_string(line).unwrap_or_else(|error| {
        let text = serde_json::json!({ "unreadable": error.to_string() });
        serde_json::value::to_raw_value(&text).expect("an object of text")
    })
}
