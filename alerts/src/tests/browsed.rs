//! The page in a real browser: what a person sees, with pointer and keyboard, wide and narrow.

use std::ops::RangeInclusive;

use facts::standing::Text2;
use facts::{Address, Card, Transition};
use serde_json::json;

use super::support::chromium::Browser;
use super::support::site::{CASE, Served};
use super::support::{raised, transition};
use crate::Ledger;

const OFFICES: [&str; 4] = [
    "approval.county.360902.D01",
    "approval.county.360921.11360921MB0001",
    "approval.township.360902101.D09",
    "approval.city.360900.D20",
];

/// Lights with texts as long as real ones.
fn entries(sequences: RangeInclusive<u64>) -> Vec<(u64, Transition)> {
    let light = |sequence: u64| {
        let cards = [Card::Yellow, Card::Red, Card::Warning, Card::Yellow, Card::Warning];
        let card = cards[sequence as usize % cards.len()];
        let subject = OFFICES[sequence as usize % OFFICES.len()];
        let Address { level, region, dept } = Address::from_subject("approval", subject).expect("well formed");
        let zh = "超过承诺时限：应于2026年1月7日18:00前办结，至今未办结（受理2026年1月5日，承诺2个工作日）".into();
        let reason = Text2 { zh, en: "past its promise: due 2026-01-07 18:00, still open".into() };
        let case = if sequence == 1 { CASE.to_owned() } else { format!("360902-2026-{sequence:06}") };
        (sequence, Transition { level, region, dept, reason, ..raised(&case, card) })
    };
    sequences.map(light).collect()
}

async fn ledger(folder: &tempfile::TempDir) -> Ledger {
    let url = format!("sqlite://{}", folder.path().join("ledger.db").display());
    Ledger::open(&url).await.expect("a database")
}

const NEWEST: &str = "document.querySelector('#news-rows li').dataset.sequence";
const LIGHT_ROWS: &str = "document.querySelectorAll('#light-rows tbody tr').length";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sees_counts_lights_news_and_a_case() {
    let Some(mut browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ledger = ledger(&folder).await;
    ledger.apply(&entries(1..=60)).await.expect("applied");
    let served = Served::start(ledger.clone()).await;
    browser.open(&served.url("/"), 1440, 1000).await;
    browser.until("document.querySelector('#live').textContent", "实时连接正常").await;
    browser.until(NEWEST, "60").await;
    browser.until(LIGHT_ROWS, 50).await;
    browser
        .until("document.querySelector('#counts tbody tr').innerText.replace(/\\s+/g, ' ')", "袁州区 5 1 0 0 6")
        .await;
    let first = browser.value("document.querySelector('#light-rows tbody tr').innerText").await;
    let first = first.as_str().expect("text");
    assert!(first.contains("红灯") && first.contains("红牌"), "worst first, in words: {first}");
    assert_eq!(browser.value("document.querySelector('#light-rows time').textContent").await, "2025-12-29 17:20");
    browser.picture("wide").await;
    assert_readable(&mut browser).await;

    browser.click("#more").await;
    browser.until(LIGHT_ROWS, 60).await;
    browser.click("#counts tbody button[aria-label='袁州区 红灯 5']").await;
    browser
        .until("[...document.querySelectorAll('#light-rows .lamp')].every((l) => l.textContent === '红灯')", true)
        .await;
    browser.until("location.search", "?light=red&region=360902").await;
    browser.value("document.querySelector('#filters').reset()").await;
    browser.value("document.querySelector('#filters [name=search]').focus()").await;
    browser.ask("Input.insertText", json!({ "text": "000001" })).await;
    browser.until(LIGHT_ROWS, 1).await;

    // The keyboard alone opens a case, closes it, and is back where it was.
    browser.value("document.querySelector('#light-rows button').focus()").await;
    browser.press("Enter", 13).await;
    browser.until("document.querySelector('#case').open && document.querySelector('.proof') !== null", true).await;
    let panel = browser.value("document.querySelector('#case').innerText").await;
    for told in
        ["办件 360902-2026-000001", "黄牌", "行政许可法第四十二条", "起算：2026年1月5日 09:00:00", "如无变化", "受理"]
    {
        assert!(panel.as_str().expect("text").contains(told), "{told}: {panel}");
    }
    browser.picture("case").await;
    assert_readable(&mut browser).await;
    browser.press("Escape", 27).await;
    browser.until("document.querySelector('#case').open", false).await;
    browser.until("document.activeElement.textContent", CASE).await;

    browser.click("#language").await;
    browser.until("document.querySelector('#lights-title').textContent", "Standing lights").await;
    browser.until("document.documentElement.lang", "en").await;
    browser.picture("english").await;
    browser.value("document.querySelector('#filters').reset()").await;
    browser.until(LIGHT_ROWS, 50).await;
    for width in [320, 768, 900, 1200, 1360] {
        browser.resize(width, 900).await;
        let overflow = "[document.scrollingElement, ...document.querySelectorAll('.card:not([hidden])')]\
                        .map((e) => e.scrollWidth - e.clientWidth)";
        assert_eq!(browser.value(overflow).await, json!([0, 0, 0, 0]), "nothing is cut off at {width} pixels");
        browser.picture(&format!("narrow-{width}")).await;
    }
    assert_eq!(browser.complaints, Vec::<String>::new(), "no exception, no broken policy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_under_the_pointer_stay_and_a_restart_of_the_service_loses_nothing() {
    let Some(mut browser) = Browser::start().await else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = ledger(&folder).await;
    first.apply(&entries(1..=5)).await.expect("applied");
    let served = Served::start(first.clone()).await;
    let address = served.address;
    browser.open(&served.url("/"), 1440, 1000).await;
    browser.until("document.querySelector('#live').textContent", "实时连接正常").await;
    first.apply(&entries(6..=6)).await.expect("applied");
    browser.until(NEWEST, "6").await;

    browser.point_at("#news-rows li").await;
    let place = "document.querySelector('#news-rows li').getBoundingClientRect().y";
    let before = browser.value(place).await;
    first.apply(&entries(7..=9)).await.expect("applied");
    browser.until("document.querySelector('#held').textContent", "3 条新消息").await;
    assert_eq!(browser.value(NEWEST).await, "6", "the row under the pointer is the same");
    assert_eq!(browser.value(place).await, before, "and has not moved");
    browser.picture("held").await;
    browser.mouse("mouseMoved", 2.0, 2.0).await;
    browser.until(NEWEST, "9").await;
    browser.until("document.querySelector('#held').hidden", true).await;

    browser.click("#pause").await;
    first.apply(&[(10, transition(CASE, "OD-05", 2, Card::Red, Card::None))]).await.expect("applied");
    browser.mouse("mouseMoved", 2.0, 2.0).await;
    browser.until("document.querySelector('#held').textContent", "1 条新消息").await;
    browser.click("#held").await;
    browser.until(NEWEST, "10").await;
    browser.click("#pause").await;
    browser.mouse("mouseMoved", 2.0, 2.0).await;
    browser.value("document.activeElement.blur()").await;

    drop(served);
    browser.until("document.querySelector('#live').textContent", "连接中断，正在重连").await;
    first.apply(&entries(11..=14)).await.expect("applied");
    first.close().await;
    let second = ledger(&folder).await;
    let _served = Served::start_at(address, second.clone()).await;
    browser.until(NEWEST, "14").await;
    let shown =
        browser.value("[...document.querySelectorAll('#news-rows li')].map((row) => Number(row.dataset.sequence))");
    assert_eq!(shown.await, json!((1..=14).rev().collect::<Vec<_>>()), "each once, newest first");
}

/// Text and ground of every visible text differ by at least 4.5 (WCAG 2 AA).
async fn assert_readable(browser: &mut Browser) {
    let weak = browser
        .value(
            r"(() => {
              const parse = (c) => c.match(/[\d.]+/g).map(Number);
              const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
                .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
              const ground = (e) => {
                for (; e; e = e.parentElement) {
                  const c = parse(getComputedStyle(e).backgroundColor);
                  if (c.length === 3 || c[3] === 1) return c;
                }
                return [255, 255, 255];
              };
              return [...document.querySelectorAll('body *')]
                .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
                .filter((e) => e.offsetParent !== null && e.getBoundingClientRect().x >= 0)
                .map((e) => {
                  const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
                  return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.className, e.textContent];
                })
                .filter(([ratio]) => ratio < 4.5);
            })()",
        )
        .await;
    assert_eq!(weak, json!([]), "contrast below 4.5");
}
