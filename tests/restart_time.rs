//! How long a start from a checkpoint of open cases takes, from kept cases and from facts alone, and what both cost on disk. It measures, so it runs only when asked to
//! (tools/measure_restart.sh); docs/performance.md holds the figures.

use std::time::{Duration, Instant};

use bench::profile::Lives;
use bench::{Options, Profile};

use crate::support::city::messages;
use crate::support::eventually::eventually_within;
use crate::support::service::{TestService, TestSite};

/// Cases of the city: set this variable for another number.
pub(crate) const VARIABLE: &str = "MEASURE_CASES";
/// Events that are made and sent at a time.
const PIECE: usize = 500_000;
/// No cut for so long: there is nothing more to be written.
const SETTLED: Duration = Duration::from_secs(8);
/// The longest that anything may take here: a large city on a busy machine.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// The sum of a gauge over all workers.
fn figures(text: &str, name: &str) -> u64 {
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit(' ').next()?.parse::<f64>().ok());
    lines.map(|value| value as u64).sum()
}

/// Cases with a promise that begin in the last week, so that nearly all of them are open at its end.
pub(crate) fn nearly_all_open() -> Profile {
    let shipped = Profile::named("yichun-week").expect("the shipped profile is sound");
    let lives = Lives {
        instant: 0,
        fee: 0,
        supplement: 0,
        special: 0,
        joint: 0,
        forwarded: 0,
        ended_early: 0,
        ..shipped.lives
    };
    Profile { live: bench::profile::WHOLE, lives, ..shipped }
}

/// The value of a metric without labels.
fn figure(service: &TestService, name: &str) -> Option<f64> {
    let text = service.get("/metrics").body;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Starts, waits until it is ready, tells what that took, and returns how many cases were taken as they were kept.
fn measure_start(site: &TestSite, workers: u64, what: &str) -> u64 {
    let began = Instant::now();
    let service = site.start_with(workers);
    let page = began.elapsed();
    eventually_within(PATIENCE, "the service is ready", || (service.get("/ready").status == 200).then_some(()));
    let (ready, cpu) = (began.elapsed(), service.cpu_time());
    println!(
        "{what}, {workers} workers: {:.2} CPU s; page after {:.2} s, ready after {:.2} s; resident {} MiB",
        cpu.as_secs_f64(),
        page.as_secs_f64(),
        ready.as_secs_f64(),
        service.resident_bytes() >> 20
    );
    let log = service.log();
    let taken = log.lines().rfind(|line| line.contains("facts of the checkpoint are taken")).expect("the log tells");
    let kept = taken.split("kept_cases=").nth(1).expect("and how many cases");
    let kept = kept.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("a number");
    service.kill();
    kept
}

#[test]
#[ignore = "it measures; tools/measure_restart.sh runs it"]
fn a_start_from_a_checkpoint_is_measured() {
    let cases = std::env::var(VARIABLE).map_or(20_000, |cases| cases.parse().expect("a number of cases"));
    let Some(site) = TestSite::with_virtual_clock("a_start_from_a_checkpoint_is_measured") else { return };
    // So that all slots are kept in a minute, not in six.
    let site = site.with("WATCHLIGHT_CHECKPOINT_INTERVAL_SECS", "1");
    let profile = nearly_all_open();
    let city = bench::generate(&Options { cases, seed: 1, profile }).expect("the shipped city is sound");
    let facts = city.event_count() as u64;
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let began = Instant::now();
    let mut events = city.events();
    // In pieces: a million cases as text at once are several gigabytes.
    loop {
        let piece: Vec<_> = events.by_ref().take(PIECE).collect();
        if piece.is_empty() {
            break;
        }
        wire.send_all(messages(&piece));
    }
    eventually_within(PATIENCE, "all facts are kept", || {
        (figure(&service, "watchlight_checkpoint_facts")? >= facts as f64).then_some(())
    });
    let open: u64 = figures(&service.get("/metrics").body, "watchlight_dataflow_open_cases");
    println!(
        "cases {cases}, of them open {open}, facts {facts}: fed and kept in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let bytes = figure(&service, "watchlight_checkpoint_bytes").unwrap_or(0.0) as u64;
    println!("facts on disk: {bytes} bytes, {} each; resident {} MiB", bytes / facts, service.resident_bytes() >> 20);
    println!(
        "bytes an open case, as the metric has it: {}",
        figures(&service.get("/metrics").body, "watchlight_dataflow_bytes_per_open_case")
    );
    let (began, cpu) = (Instant::now(), service.cpu_time());
    let (mut longest, mut cuts, mut since) = (0.0_f64, 0.0, Instant::now());
    eventually_within(PATIENCE, "nothing more is to be kept", || {
        longest = longest.max(figure(&service, "watchlight_checkpoint_write_seconds")?);
        let now = figure(&service, "watchlight_checkpoint_cuts_total")?;
        if now > cuts {
            (cuts, since) = (now, Instant::now());
        }
        (since.elapsed() > SETTLED).then_some(())
    });
    println!(
        "all cases kept after {:.1} s more ({:.2} CPU s), the longest cut {:.3} s, {} slots, {} bytes on disk",
        (began.elapsed() - SETTLED).as_secs_f64(),
        (service.cpu_time() - cpu).as_secs_f64(),
        longest,
        figure(&service, "watchlight_checkpoint_cases_slots").unwrap_or(0.0) as u64,
        figure(&service, "watchlight_checkpoint_cases_bytes").unwrap_or(0.0) as u64
    );
    service.kill();
    for workers in [1, 2] {
        let kept = measure_start(&site, workers, "kept cases");
        assert!(kept * 10 >= cases as u64 * 9, "{kept} of {cases} cases were taken as they were kept");
    }
    let folder = site.data().join("checkpoint");
    for entry in std::fs::read_dir(&folder).expect("the checkpoint's folder") {
        let path = entry.expect("it can be read").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("cases-")) {
            std::fs::remove_file(path).expect("nobody runs on it");
        }
    }
    assert_eq!(measure_start(&site, 2, "facts alone"), 0, "there is no case to be taken");
}
