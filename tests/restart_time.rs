//! How long a start from a checkpoint of open cases takes, and what a fact costs on disk. It measures, so it runs only when asked to
//! (tools/measure_restart.sh); docs/performance.md holds the figures.

use std::time::{Duration, Instant};

use bench::profile::Lives;
use bench::{Options, Profile};

use crate::support::city::messages;
use crate::support::eventually::eventually_within;
use crate::support::service::TestSite;

/// Cases of the city: set this variable for another number.
const VARIABLE: &str = "MEASURE_CASES";
/// The longest that anything may take here: a large city on a busy machine.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// The sum of a gauge over all workers.
fn figures(text: &str, name: &str) -> u64 {
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit(' ').next()?.parse::<f64>().ok());
    lines.map(|value| value as u64).sum()
}

/// Cases with a promise that begin in the last week, so that nearly all of them are open at its end.
fn nearly_all_open() -> Profile {
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

#[test]
#[ignore = "it measures; tools/measure_restart.sh runs it"]
fn a_start_from_a_checkpoint_is_measured() {
    let cases = std::env::var(VARIABLE).map_or(20_000, |cases| cases.parse().expect("a number of cases"));
    let Some(site) = TestSite::with_virtual_clock("a_start_from_a_checkpoint_is_measured") else { return };
    let profile = nearly_all_open();
    let city = bench::generate(&Options { cases, seed: 1, profile }).expect("the shipped city is sound");
    let facts = city.event_count() as u64;
    let service = site.start();
    service.wait_ready();
    let wire = site.wire();
    let began = Instant::now();
    let events: Vec<_> = city.events().collect();
    wire.send_all(messages(&events));
    drop(events);
    eventually_within(PATIENCE, "all facts are kept", || {
        let text = service.get("/metrics").body;
        let kept =
            text.lines().find_map(|line| line.strip_prefix("watchlight_checkpoint_facts ")?.parse::<u64>().ok())?;
        (kept >= facts).then_some(())
    });
    let open: u64 = figures(&service.get("/metrics").body, "watchlight_dataflow_open_cases");
    println!(
        "cases {cases}, of them open {open}, facts {facts}: fed and kept in {:.1} s",
        began.elapsed().as_secs_f64()
    );
    let bytes = service.get("/metrics").body;
    let bytes = bytes.lines().find_map(|line| line.strip_prefix("watchlight_checkpoint_bytes ")?.parse::<u64>().ok());
    println!(
        "checkpoint: {} bytes a fact; resident {} MiB",
        bytes.unwrap_or(0) / facts,
        service.resident_bytes() >> 20
    );
    println!(
        "bytes an open case, as the metric has it: {}",
        figures(&service.get("/metrics").body, "watchlight_dataflow_bytes_per_open_case")
    );
    service.kill();
    for workers in [1, 2] {
        let began = Instant::now();
        let service = site.start_with(workers);
        let page = began.elapsed();
        eventually_within(PATIENCE, "the service is ready", || (service.get("/ready").status == 200).then_some(()));
        println!(
            "{workers} workers: page after {:.2} s, ready after {:.2} s; resident {} MiB",
            page.as_secs_f64(),
            began.elapsed().as_secs_f64(),
            service.resident_bytes() >> 20
        );
        assert!(service.log().contains("facts of the checkpoint are taken"), "{}", service.log());
        service.kill();
    }
}
