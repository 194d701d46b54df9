//! The live table: what the service tells through its own API, drawn in the terminal.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::Stdout;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use comfy_table::{CellAlignment, Table, presets};
use facts::standing::Text2;
use facts::{Card, Light, Moment, Region};
use serde::Deserialize;
use serde_json::Value;

use super::shown;
use crate::terminal::{Screen, say};

/// Newest transitions shown.
const NEWEST: usize = 6;
/// How often the API is asked.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How often a line is printed where no table is drawn.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The board of one demo.
pub(super) struct Board {
    base: String,
    client: reqwest::Client,
    regions: BTreeMap<u64, Text2>,
    screen: Option<Screen<Stdout>>,
    asked: Option<Instant>,
    printed: Option<Instant>,
    seen: Seen,
}

/// What the API said last.
#[derive(Default)]
struct Seen {
    as_of: Option<Moment>,
    counts: BTreeMap<(u64, Light), i64>,
    newest: VecDeque<String>,
    told: u64,
}

#[derive(Deserialize)]
struct CountsAnswer {
    as_of: Moment,
    rows: Vec<CountLine>,
}

#[derive(Deserialize)]
struct CountLine {
    region: Region,
    lights: BTreeMap<Light, i64>,
}

impl Board {
    /// A board that asks the service at `address`; it draws only where somebody watches.
    pub(super) fn new(address: SocketAddr, regions: BTreeMap<u64, Text2>, watched: bool) -> Board {
        Board {
            base: format!("http://{address}"),
            client: reqwest::Client::new(),
            regions,
            screen: watched.then(|| Screen::new(std::io::stdout())),
            asked: None,
            printed: None,
            seen: Seen::default(),
        }
    }

    /// Waits until the service says that it is ready.
    pub(super) async fn wait_ready(&self, patience: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            let answer = self.client.get(format!("{}/ready", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the service is not ready after {} s; {}/ready says why", patience.as_secs(), self.base);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Shows the state at `now`; returns the last closed instant that the service tells.
    pub(super) async fn show(&mut self, share: f64, now: Moment) -> anyhow::Result<Moment> {
        if self.asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY) {
            self.asked = Some(Instant::now());
            self.ask().await?;
            self.draw(share, now)?;
        }
        Ok(self.seen.as_of.unwrap_or(Moment::MIN))
    }

    /// The ALERTS sequence up to which the ledger has told us.
    pub(super) fn told(&self) -> u64 {
        self.seen.told
    }

    /// Leaves the last drawing where it is.
    pub(super) fn finish(&mut self) {
        self.screen = None;
    }

    async fn ask(&mut self) -> anyhow::Result<()> {
        let counts: CountsAnswer = self.get("/api/counts?by=county").await?;
        self.seen.as_of = Some(counts.as_of);
        self.seen.counts.clear();
        for line in counts.rows {
            for (light, cases) in line.lights {
                *self.seen.counts.entry((line.region.number(), light)).or_default() += cases;
            }
        }
        let newest: Value = self.get(&format!("/api/transitions?limit={NEWEST}")).await?;
        let transitions = newest["transitions"].as_array().cloned().unwrap_or_default();
        self.seen.told = newest["sequence"].as_u64().unwrap_or(0);
        self.seen.newest = transitions.iter().flat_map(lines_of).collect();
        Ok(())
    }

    async fn get<A: serde::de::DeserializeOwned>(&self, path: &str) -> anyhow::Result<A> {
        let url = format!("{}{path}", self.base);
        let answer = self.client.get(&url).send().await.with_context(|| format!("{url} does not answer"))?;
        answer.json().await.with_context(|| format!("{url} answers otherwise than documented"))
    }

    fn draw(&mut self, share: f64, now: Moment) -> anyhow::Result<()> {
        let text = self.text(share, now);
        if let Some(screen) = &mut self.screen {
            screen.draw(&text).context("could not draw on the terminal")?;
        } else if self.printed.is_none_or(|printed| printed.elapsed() >= LINE_EVERY)
            || share >= 1.0 && self.printed.is_some()
        {
            self.printed = Some(Instant::now());
            let total = |light| self.total(light);
            say!(
                "{}  红灯 red {}  黄灯 yellow {}  绿灯 green {}",
                shown(now),
                total(Light::Red),
                total(Light::Yellow),
                total(Light::Green)
            )?;
            for line in self.seen.newest.iter().take(2) {
                say!("  {line}")?;
            }
        }
        Ok(())
    }

    fn total(&self, light: Light) -> i64 {
        self.seen.counts.iter().filter(|((_, lamp), _)| *lamp == light).map(|(_, cases)| cases).sum()
    }

    #[expect(
        clippy::float_arithmetic,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it draws a bar"
    )]
    fn text(&self, share: f64, now: Moment) -> String {
        let cells = (share * 30.0) as usize;
        let mut text = format!(
            "[{}{}] {:>3.0} %  {}\n",
            "#".repeat(cells),
            ".".repeat(30 - cells.min(30)),
            share * 100.0,
            shown(now)
        );
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_header(["县市区 county", "● 红 red", "▲ 黄 yellow", "○ 绿 green"]);
        let mut codes: Vec<u64> = self.seen.counts.keys().map(|(code, _)| *code).collect();
        codes.dedup();
        for code in codes {
            let name = self.regions.get(&code).map_or_else(|| code.to_string(), |name| name.zh.clone());
            let cell = |light| self.seen.counts.get(&(code, light)).copied().unwrap_or(0).to_string();
            table.add_row([name, cell(Light::Red), cell(Light::Yellow), cell(Light::Green)]);
        }
        let total = |light| self.total(light).to_string();
        table.add_row(["合计 total".to_owned(), total(Light::Red), total(Light::Yellow), total(Light::Green)]);
        for column in 1..4 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(text, "{table}").expect("a string takes all text");
        for line in &self.seen.newest {
            writeln!(text, "{}", cut(line, 110)).expect("a string takes all text");
        }
        text
    }
}

/// A transition in two lines: Chinese with the reason, English below.
fn lines_of(transition: &Value) -> [String; 2] {
    let text = |path: &str| transition["transition"].pointer(path).and_then(Value::as_str).unwrap_or("-");
    let card = |path: &str| Card::from_token(text(path)).unwrap_or_default();
    let (before, after) = (card("/card_before"), card("/card"));
    [
        format!("{} {}→{} {}", text("/rule"), before.zh(), after.zh(), text("/reason/zh")),
        format!("       {} {before} -> {after}: {}", text("/kind"), text("/reason/en")),
    ]
}

/// The first `width` cells of a line, so that it stays one line in the terminal.
fn cut(line: &str, width: usize) -> String {
    let mut cells = 0;
    line.chars()
        .take_while(|c| {
            cells += if c.is_ascii() { 1 } else { 2 };
            cells <= width
        })
        .collect()
}
