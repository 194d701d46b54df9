//! How long a change of configuration takes over many open cases when it touches about one in a hundred, within the dataflow:
//! from its being handed over until every worker has worked through it. It measures, so it runs only when asked to
//! (tools/measure_reload.sh); docs/performance.md holds the figures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bench::Options;
use dataflow::{Entry, Runner};
use facts::{Cause, Event, Moment};
use rules::configuration::Configuration;
use rules::site::Files;

use crate::restart_time::{VARIABLE, nearly_all_open};
use crate::support::{configuration_of, files_of, project};

/// Events handed over at a time.
const PIECE: usize = 50_000;
const ITEMS: &str = "catalogue/items.csv";

/// The shipped folder in which the promise of one item is a working day longer.
fn with_another_promise(shipped: &Files, item: &str) -> Files {
    let text = String::from_utf8(shipped[ITEMS].clone()).expect("UTF-8");
    let edited: Vec<String> =
        text.lines().map(|line| if is_of(line, item) { longer(line) } else { line.into() }).collect();
    assert_ne!(edited.join("\n"), text.trim_end(), "the item has a promise in working days");
    let mut files = shipped.clone();
    files.insert(ITEMS.into(), (edited.join("\n") + "\n").into_bytes());
    files
}

fn is_of(line: &str, item: &str) -> bool {
    line.split(',').next() == Some(item)
}

/// A row whose first limit in working days is one day longer.
fn longer(line: &str) -> String {
    let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
    let days = |cell: &String| cell.strip_suffix("wd")?.parse::<u32>().ok();
    let promise = cells.iter_mut().find_map(|cell| Some((days(cell)?, cell)));
    if let Some((days, cell)) = promise {
        *cell = format!("{}wd", days + 1);
    }
    cells.join(",")
}

/// The item whose cases are nearest to one in a hundred, and these cases.
fn touching_one_percent(by_item: BTreeMap<String, BTreeSet<String>>, cases: usize) -> (String, usize) {
    let sizes = by_item.into_iter().map(|(item, cases)| (item, cases.len()));
    sizes.min_by_key(|(_, size)| size.abs_diff(cases / 100)).expect("a city has items")
}

/// Everything given so far is worked through.
fn settled(runner: &Runner) {
    runner.case("nobody's").expect("running");
}

/// How long a configuration takes to be in force, and how many cases it judges again.
fn reload(runner: &Runner, judge: &Arc<Configuration>, at: Moment) -> (Duration, u64) {
    let rejudged = || runner.gauges().iter().map(|gauges| gauges.rejudged).sum::<u64>();
    let (began, before) = (Instant::now(), rejudged());
    runner.configure(Arc::clone(judge), Cause::Catalogue, at).expect("running");
    runner.advance(at.plus_millis(1)).expect("running");
    settled(runner);
    (began.elapsed(), rejudged() - before)
}

#[test]
#[ignore = "it measures; tools/measure_reload.sh runs it"]
fn a_change_that_touches_one_case_in_a_hundred_is_measured() {
    let cases = std::env::var(VARIABLE).map_or(20_000, |cases| cases.parse().expect("a number of cases"));
    let city = bench::generate(&Options { cases, seed: 1, profile: nearly_all_open() }).expect("a sound city");
    let mut by_item: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Event { case, detail, .. } in city.events() {
        if let Some(item) = detail.and_then(|detail| detail.item) {
            by_item.entry(item.into()).or_default().insert(case.into());
        }
    }
    let (item, touched) = touching_one_percent(by_item, cases);
    let shipped = files_of(&project().join("config"));
    let promised = with_another_promise(&shipped, &item);
    let mut fewer = shipped.clone();
    fewer.remove("rules/process/people.toml").expect("it is shipped");
    let [shipped, promised, fewer] = [&shipped, &promised, &fewer].map(|files| Arc::new(configuration_of(files)));
    for workers in [1, 2] {
        let options = dataflow::Options { workers, announce: false, ..dataflow::Options::default() };
        let (runner, closings) = Runner::start(&options, Arc::clone(&shipped)).expect("workers start");
        let reader = thread::spawn(move || while closings.recv().is_some() {});
        let mut events = city.events();
        let mut now = Moment::MIN;
        loop {
            let piece: Vec<Event> = events.by_ref().take(PIECE).collect();
            let Some(last) = piece.last() else { break };
            now = last.arrived.expect("the city's events have arrivals").plus_millis(1);
            let entry = |event: Event| Entry { enters: event.arrived.expect("as above"), sequence: None, event };
            runner.feed(piece.into_iter().map(entry).collect(), now).expect("running");
        }
        runner.announce(now).expect("running");
        now = now.plus_millis(60_000);
        runner.advance(now).expect("running");
        settled(&runner);
        let open: u64 = runner.gauges().iter().map(|gauges| gauges.open).sum();
        let bytes: u64 = runner.gauges().iter().map(|gauges| gauges.bytes).sum();
        println!("{workers} workers: {cases} cases, {open} open, {} bytes a case", bytes / cases as u64);
        let began = Instant::now();
        let preview = runner.what_if(&fewer).expect("running");
        println!(
            "  preview of a rule file less: {:.3} s, {} cases judged",
            began.elapsed().as_secs_f64(),
            preview.judged
        );
        let began = Instant::now();
        let preview = runner.what_if(&promised).expect("running");
        println!(
            "  preview of another promise: {:.3} s, {} cases judged",
            began.elapsed().as_secs_f64(),
            preview.judged
        );
        assert_eq!(preview.judged, touched as u64, "the cases of {item}");
        let mut took = Vec::new();
        for judge in [&promised, &shipped, &promised, &shipped, &promised] {
            let (wall, rejudged) = reload(&runner, judge, now);
            now = now.plus_millis(60_000);
            assert_eq!(rejudged, touched as u64, "the cases of {item}, and no others");
            took.push(wall);
        }
        took.sort_unstable();
        println!(
            "  another promise for {item}: {touched} cases judged again, median {:.3} s of {took:.3?}",
            took[2].as_secs_f64()
        );
        reload(&runner, &shipped, now);
        let (wall, rejudged) = reload(&runner, &fewer, now.plus_millis(60_000));
        println!("  a rule file less, rules moved: {rejudged} cases judged again, {:.3} s", wall.as_secs_f64());
        runner.finish().expect("no worker fails");
        reader.join().expect("a reader of closings does not fail");
    }
}
