//! A served site with made-up cases and counts.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use facts::proof::{Cited, DayLine, DeadlineProof, Lang, MarkLine, Proof};
use facts::standing::Text2;
use facts::transition::StandingLine;
use facts::{Address, Card, EventTime, KeepGreen, Light, Moment, WhyNot};
use futures_util::future::BoxFuture;
use jiff::tz::TimeZone;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::eventually;
use crate::rules_desk::{FaultShown, Preview, Reloaded, RulesDesk, RulesRefused, RulesStatus};
use crate::{
    Analyst, CaseLight, CaseReader, CaseUnavailable, CaseView, ClockDesk, CountRow, Counts, CountsSnapshot,
    ForecastAsked, ForecastCursor, ForecastPage, ForecastRow, Gate, KnownThen, Ledger, News, NewsKind, Readiness,
    ScheduledCard, Site, SourceReader, SourceRow, SourcesSnapshot, StandingClock, StandingReader, StandingSnapshot,
    TimelineEvent, router,
};

/// A site served on a port of its own until it is dropped; its connections end with it, as with a process.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) readiness: watch::Sender<Readiness>,
    pub(crate) closing: watch::Sender<bool>,
    runtime: Option<Runtime>,
}

impl Served {
    pub(crate) async fn start(ledger: Ledger) -> Served {
        Served::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), ledger).await
    }

    pub(crate) async fn start_at(address: SocketAddr, ledger: Ledger) -> Served {
        let (readiness, ready) = watch::channel(Readiness { gates: vec![Gate::open("nats")] });
        let (closing, closes) = watch::channel(false);
        let site = Site {
            ledger,
            cases: Arc::new(OneCase),
            analyst: Arc::new(OneAnswer),
            lights: Arc::new(TwoLights),
            counts: Arc::new(FixedCounts),
            clock: Arc::new(OneFreeze),
            rules: Arc::new(OneFault),
            sources: Arc::new(TwoSources),
            readiness: ready,
            closing: closes,
            metrics: Arc::new(|| "watchlight_made_up 1\n".to_owned()),
            now: Arc::new(|| moment(NOW)),
            regions: BTreeMap::from([
                ("360900".into(), "宜春市".into()),
                ("360902".into(), "袁州区".into()),
                ("360921".into(), "奉新县".into()),
            ]),
            zone: TimeZone::get("Asia/Shanghai").expect("the bundled zones hold it"),
        };
        let listener = eventually("the port to be free", || async { TcpListener::bind(address).ok() }).await;
        let address = listener.local_addr().expect("a bound socket has an address");
        listener.set_nonblocking(true).expect("a socket of ours");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a thread more");
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it does not block");
            axum::serve(listener, router(site)).await.expect("it serves");
        });
        Served { address, readiness, closing, runtime: Some(runtime) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What the machine's clock of a served site shows.
pub(crate) const NOW: &str = "2026-03-02T01:00:00Z";
pub(crate) const CASE: &str = "360902-2026-000001";

struct FixedCounts;

impl Counts for FixedCounts {
    fn snapshot(&self) -> CountsSnapshot {
        let row = |subject: &str, light, cases| {
            let Address { level, region, dept } = Address::from_subject("approval", subject).expect("well formed");
            CountRow { level, region, dept, light, cases }
        };
        CountsSnapshot {
            as_of: Moment::from_millis(1_767_000_000_000),
            rows: vec![
                row("approval.county.360902.D01", Light::Red, 3),
                row("approval.county.360902.D02", Light::Red, 2),
                row("approval.township.360902101.D09", Light::Yellow, 1),
                row("approval.county.360921.D01", Light::Green, 40),
            ],
            judged_by_worker: vec![30, 16],
        }
    }
}

struct TwoSources;

impl SourceReader for TwoSources {
    fn sources(&self) -> SourcesSnapshot {
        let source = |subject: &str, source: &str, arrived: &str, silent: Option<&str>| SourceRow {
            office: Address::from_subject("approval", subject).expect("well formed"),
            source: source.to_owned(),
            last_arrived: moment(arrived),
            confirmed_up_to: None,
            silence_secs: Some(3600),
            silent_since: silent.map(moment),
        };
        let (heard, silent) = ("2026-01-05T09:50:00Z", "2026-01-05T07:00:00Z");
        SourcesSnapshot {
            as_of: moment("2026-01-05T10:00:00Z"),
            sources: vec![
                source("approval.county.360902.D01", "window", heard, None),
                source("approval.county.360921.D01", "window", silent, Some("2026-01-05T08:00:00.001Z")),
            ],
        }
    }
}

/// A clock that stands for the seventh time.
struct OneFreeze;

impl ClockDesk for OneFreeze {
    fn standing(&self) -> Option<StandingClock> {
        let (zh, en) = ("本机时钟被拨动".to_owned(), "this machine's clock moved".to_owned());
        Some(StandingClock { freeze: 7, kind: "wall_moved", secs: 3600, zh, en })
    }

    fn confirm(&self, freeze: u64) -> bool {
        freeze == 7
    }
}

/// Rules of which the folder has a fault.
struct OneFault;

impl OneFault {
    fn fault() -> FaultShown {
        let text = Text2 { zh: "没有参数".to_owned(), en: "no such key".to_owned() };
        FaultShown { file: "rules/a.toml".to_owned(), line: Some(3), column: Some(1), code: "RL01", text, help: None }
    }
}

impl RulesDesk for OneFault {
    fn status(&self) -> RulesStatus {
        RulesStatus {
            configuration: "c0ffee".to_owned(),
            since: None,
            refused: vec![OneFault::fault()],
            warnings: Vec::new(),
        }
    }

    fn preview(&self, files: Option<BTreeMap<String, Vec<u8>>>, _: usize) -> Result<Preview, RulesRefused> {
        match files {
            None => Err(RulesRefused::Faulty(vec![OneFault::fault()])),
            Some(_) => Err(RulesRefused::Stopping),
        }
    }

    fn workbook(&self, _: &Preview, _: Lang) -> std::io::Result<Vec<u8>> {
        Err(std::io::Error::other("no preview of this folder can be made"))
    }

    fn reload(&self, preview: Option<String>) -> Result<Reloaded, RulesRefused> {
        match preview {
            None => Ok(Reloaded::Unchanged { configuration: "c0ffee".to_owned() }),
            Some(_) => Err(RulesRefused::OtherDifference { now: "f00d".to_owned() }),
        }
    }
}

struct TwoLights;

impl StandingReader for TwoLights {
    fn standing(&self) -> BoxFuture<'_, Result<StandingSnapshot, CaseUnavailable>> {
        let light = |case: &str, since: &str, subject: &str| facts::StandingLight {
            case: case.into(),
            rule: "OD-05".into(),
            instance: "-".into(),
            card: Card::Yellow,
            light: Light::Yellow,
            since: moment(since),
            owner: Address::from_subject("approval", subject).expect("well formed"),
        };
        Box::pin(async move {
            Ok(StandingSnapshot {
                as_of: moment("2026-01-08T00:00:00Z"),
                configuration: "c0ffee".into(),
                lights: vec![
                    light("A", "2026-01-05T15:59:59Z", "approval.county.360902.D01"),
                    light("B", "2026-01-05T16:00:00Z", "approval.county.360921.D01"),
                ],
            })
        })
    }
}

/// One change to come, on the second of January 2027; of the one case nothing else.
struct OneAnswer;

impl Analyst for OneAnswer {
    fn forecast(&self, asked: ForecastAsked) -> BoxFuture<'_, Result<ForecastPage, CaseUnavailable>> {
        let change = super::raised("C1", Card::Yellow);
        let behind = asked.after.is_none();
        let changes: Vec<_> = Some(change).filter(|change| behind && asked.filter.takes(change)).into_iter().collect();
        let next = (!changes.is_empty()).then(|| ForecastCursor {
            at: asked.until,
            case: "C1".into(),
            rule: "OD-05".into(),
            instance: "-".into(),
            revision: 1,
        });
        let page = ForecastPage {
            as_of: moment("2026-01-08T00:00:00Z"),
            until: asked.until,
            total: 1,
            changes: changes.into_iter().map(ForecastRow::from).collect(),
            next: next.map(|next| next.to_string()),
        };
        Box::pin(async move { Ok(page) })
    }

    fn why_not<'a>(&'a self, case: &'a str, rule: &'a str) -> BoxFuture<'a, Result<Option<WhyNot>, CaseUnavailable>> {
        let clock = moment("2026-01-08T00:00:00Z");
        let answer =
            WhyNot { case: case.into(), clock, rule: rule.into(), answers: Vec::new(), near: vec!["OD-05".into()] };
        Box::pin(async move { Ok((case == CASE).then_some(answer)) })
    }

    fn keep_green<'a>(&'a self, case: &'a str) -> BoxFuture<'a, Result<Option<KeepGreen>, CaseUnavailable>> {
        let clock = moment("2026-01-08T00:00:00Z");
        let answer = KeepGreen { case: case.into(), clock, to_come: Vec::new(), given: Vec::new() };
        Box::pin(async move { Ok((case == CASE).then_some(answer)) })
    }
}

struct OneCase;

impl CaseReader for OneCase {
    fn case<'a>(
        &'a self,
        case: &'a str,
        known_at: Option<Moment>,
    ) -> BoxFuture<'a, Result<Option<CaseView>, CaseUnavailable>> {
        Box::pin(async move {
            match case {
                CASE => Ok(Some(CaseView { then: known_at.map(known_then), ..one_case() })),
                "busy" => Err(CaseUnavailable("the worker is catching up".into())),
                "panics" => panic!("made up"),
                _ => Ok(None),
            }
        })
    }
}

fn moment(text: &str) -> Moment {
    text.parse().expect(text)
}

fn one_case() -> CaseView {
    let owner = Address::from_subject("approval", "approval.county.360902.D01").expect("well formed");
    let accepted = moment("2026-01-05T01:00:00Z");
    let due = moment("2026-01-07T10:00:00Z");
    let proof = Proof::Deadline(Box::new(DeadlineProof {
        counting: "legal".into(),
        calendar: "cn".into(),
        zone: "Asia/Shanghai".into(),
        start: Cited { id: "1".into(), activity: "accepted".into(), at: accepted, fields: Vec::new() },
        counted_from: None,
        stop: None,
        limit: "2wd".into(),
        limit_from: "item.promise".into(),
        due: Some(due),
        pauses: Vec::new(),
        extensions: Vec::new(),
        marks: vec![MarkLine { card: Card::Yellow, mark: "over >= 1".into(), limit: "2wd".into(), at: Some(due) }],
        days: vec![DayLine { date: jiff::civil::date(2026, 1, 5), counted: 0, why: "start".into(), note: None }],
    }));
    CaseView {
        case: CASE.into(),
        owner: owner.clone(),
        item: Some("360900-001".into()),
        open: true,
        silent_since: None,
        clock: moment("2026-01-08T00:00:00Z"),
        events: vec![TimelineEvent {
            line: r#"{"id":"1","source":"S","activity":"accepted"}"#.into(),
            at: EventTime::Instant(accepted),
            activity: "accepted".into(),
            name: None,
            arrived: None,
        }],
        lights: vec![CaseLight {
            standing: StandingLine {
                case: CASE.into(),
                rule: "OD-05".into(),
                instance: "-".into(),
                card: Card::Yellow,
                light: Light::Yellow,
                since: due,
                level: owner.level,
                region: owner.region,
                dept: owner.dept,
                reason: Text2 { zh: "超过承诺时限".into(), en: "past its promise".into() },
            },
            rule_version: "1".into(),
            basis: "行政许可法第四十二条".into(),
            proof: Some(proof),
            warnings: vec!["calendar_uncovered".into()],
            schedule: vec![ScheduledCard { card: Card::Red, light: Light::Red, from: moment("2026-02-01T10:00:00Z") }],
            held_until: None,
        }],
        shadow: Vec::new(),
        then: None,
    }
}

/// Then nothing was known: the fact of the case came later.
fn known_then(known_at: Moment) -> KnownThen {
    let CaseView { events, lights, .. } = one_case();
    let news = News { kind: NewsKind::Added, before: None, after: events.into_iter().next() };
    KnownThen { known_at, lights: Vec::new(), by_today: lights, news: vec![news] }
}
