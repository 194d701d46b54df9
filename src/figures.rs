//! Metrics of the whole service: one recorder, rendered by the HTTP route.
//!
//! | name | meaning |
//! | --- | --- |
//! | `watchlight_dataflow_judged_total{worker}` | how often a worker gave a case to judgement |
//! | `watchlight_dataflow_cases{worker}` | cases in memory |
//! | `watchlight_dataflow_open_cases{worker}` | cases that are open |
//! | `watchlight_dataflow_sealed_cases{worker}` | closed cases that lie on disk |
//! | `watchlight_dataflow_wakes{worker}` | wake-ups waiting |
//! | `watchlight_dataflow_bytes{worker}` | bytes of the cases in memory, and of wake-ups |
//! | `watchlight_dataflow_unsealed_total{worker}` | closed cases taken back from disk |
//! | `watchlight_dataflow_sealed_bytes{worker}` | bytes of memory for sealed cases |
//! | `watchlight_dataflow_bytes_per_open_case` | all these bytes over the open cases of all workers; 0 without one |
//! | `watchlight_clock_frozen` | 1 while the supervision clock stands until somebody acts |
//! | `watchlight_clock_seconds` | the last closed instant of the supervision clock, Unix time |
//! | `watchlight_dataflow_rejudged_total{worker}` | how often because of a change of configuration |
//! | `watchlight_configuration_reloads_total{outcome}` | changed configurations: `in_force`, `refused` |
//! | `watchlight_configuration_refused` | 1 while the configuration folder has faults and the one before stays in force |
//! | `watchlight_checkpoint_cuts_total` | checkpoints written |
//! | `watchlight_checkpoint_failures_total` | attempts that failed |
//! | `watchlight_checkpoint_facts` | facts in the last one |
//! | `watchlight_checkpoint_bytes` | bytes of these facts on disk |
//! | `watchlight_checkpoint_cases_bytes` | bytes of the cases kept beside the facts |
//! | `watchlight_checkpoint_cases_slots` | slots, of 1,024, whose cases are kept |
//! | `watchlight_checkpoint_clock_seconds` | where the supervision clock stood at the last one, Unix time |
//! | `watchlight_checkpoint_write_seconds` | how long the last one took to write |
//!
//! Names of the parts stand in `ingest::metric_names` and `alerts::figures`.

use std::sync::OnceLock;
use std::time::Duration;

use dataflow::Desk;
use dataflow::checkpoint::Manifest;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

const JUDGED: &str = "watchlight_dataflow_judged_total";
const REJUDGED: &str = "watchlight_dataflow_rejudged_total";
const RELOADS: &str = "watchlight_configuration_reloads_total";
const REFUSED: &str = "watchlight_configuration_refused";
const CASES: &str = "watchlight_dataflow_cases";
const OPEN: &str = "watchlight_dataflow_open_cases";
const SEALED: &str = "watchlight_dataflow_sealed_cases";
const UNSEALED: &str = "watchlight_dataflow_unsealed_total";
const SEALED_BYTES: &str = "watchlight_dataflow_sealed_bytes";
const OPEN_BYTES: &str = "watchlight_dataflow_bytes_per_open_case";
const WAKES: &str = "watchlight_dataflow_wakes";
const BYTES: &str = "watchlight_dataflow_bytes";
const CUTS: &str = "watchlight_checkpoint_cuts_total";
const CUT_FAILURES: &str = "watchlight_checkpoint_failures_total";
const CUT_FACTS: &str = "watchlight_checkpoint_facts";
const CUT_BYTES: &str = "watchlight_checkpoint_bytes";
const CUT_CASES_BYTES: &str = "watchlight_checkpoint_cases_bytes";
const CUT_CASES_SLOTS: &str = "watchlight_checkpoint_cases_slots";
const CUT_CLOCK: &str = "watchlight_checkpoint_clock_seconds";
const CUT_TIME: &str = "watchlight_checkpoint_write_seconds";
const CLOCK_FROZEN: &str = "watchlight_clock_frozen";
const CLOCK: &str = "watchlight_clock_seconds";

/// Installs the recorder of this process, once.
pub(crate) fn install() {
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder of metrics is installed; the page of metrics stays empty");
        }
        ingest::metric_names::describe();
        alerts::figures::describe();
        describe_counter!(JUDGED, "how often a worker gave a case to judgement");
        describe_counter!(REJUDGED, "how often because of a change of configuration");
        describe_counter!(RELOADS, "changed configurations, by what became of them");
        describe_gauge!(REFUSED, "1 while the configuration folder has faults and the one before stays in force");
        configuration_refused(false);
        describe_gauge!(CASES, "cases in memory");
        describe_gauge!(OPEN, "cases that are open");
        describe_gauge!(SEALED, "closed cases that lie on disk");
        describe_counter!(
            UNSEALED,
            "closed cases taken back from disk, for a fact or a configuration that may concern them"
        );
        describe_gauge!(SEALED_BYTES, "bytes of memory for sealed cases");
        describe_gauge!(OPEN_BYTES, "bytes of all cases and wake-ups over the open cases");
        describe_gauge!(WAKES, "wake-ups waiting");
        describe_gauge!(BYTES, "bytes of the cases in memory, and of wake-ups");
        describe_gauge!(CLOCK_FROZEN, "1 while the supervision clock stands until somebody acts");
        describe_gauge!(CLOCK, "the last closed instant of the supervision clock, Unix time");
        describe_counter!(CUTS, "checkpoints written");
        describe_counter!(CUT_FAILURES, "attempts to write a checkpoint that failed");
        describe_gauge!(CUT_FACTS, "facts in the last checkpoint");
        describe_gauge!(CUT_BYTES, "bytes of the facts in the last checkpoint");
        describe_gauge!(CUT_CASES_BYTES, "bytes of the cases kept beside the facts in the last checkpoint");
        describe_gauge!(CUT_CASES_SLOTS, "slots, of 1024, whose cases are kept in the last checkpoint");
        describe_gauge!(CUT_CLOCK, "where the supervision clock stood at the last checkpoint, Unix time");
        describe_gauge!(CUT_TIME, "how long the last checkpoint took to write");
        handle
    });
}

/// A changed configuration is in force.
pub(crate) fn reloaded() {
    counter!(RELOADS, "outcome" => "in_force").increment(1);
}

/// A changed configuration is refused.
pub(crate) fn reload_refused() {
    counter!(RELOADS, "outcome" => "refused").increment(1);
}

/// Tells whether the folder has faults.
pub(crate) fn configuration_refused(refused: bool) {
    gauge!(REFUSED).set(f64::from(u8::from(refused)));
}

/// A checkpoint was written.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; nothing is judged by it")]
pub(crate) fn checkpoint(manifest: &Manifest, took: Duration) {
    counter!(CUTS).increment(1);
    gauge!(CUT_FACTS).set(manifest.facts() as f64);
    gauge!(CUT_BYTES).set(manifest.bytes() as f64);
    gauge!(CUT_CASES_BYTES).set(manifest.bytes_of_cases() as f64);
    gauge!(CUT_CASES_SLOTS).set(manifest.slots_of_cases() as f64);
    gauge!(CUT_CLOCK).set(manifest.clock.now.secs_floor() as f64);
    gauge!(CUT_TIME).set(took.as_secs_f64());
}

/// A checkpoint could not be written.
pub(crate) fn checkpoint_failed() {
    counter!(CUT_FAILURES).increment(1);
}

/// Tells whether the clock stands.
pub(crate) fn clock(frozen: bool) {
    gauge!(CLOCK_FROZEN).set(f64::from(u8::from(frozen)));
}

/// The figures in Prometheus' text form.
pub(crate) fn text() -> String {
    HANDLE
        .get()
        .map(|handle| {
            handle.run_upkeep();
            handle.render()
        })
        .unwrap_or_default()
}

/// Takes the dataflow's figures over.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; nothing is judged by it")]
pub(crate) fn dataflow(desk: &Desk) {
    let gauges = desk.gauges();
    let open: u64 = gauges.iter().map(|figures| figures.open).sum();
    let bytes: u64 = gauges.iter().map(|figures| figures.bytes + figures.sealed_bytes).sum();
    gauge!(OPEN_BYTES).set(bytes.checked_div(open).unwrap_or(0) as f64);
    for (worker, figures) in gauges.into_iter().enumerate() {
        let worker = worker.to_string();
        counter!(JUDGED, "worker" => worker.clone()).absolute(figures.judged);
        counter!(REJUDGED, "worker" => worker.clone()).absolute(figures.rejudged);
        gauge!(CASES, "worker" => worker.clone()).set(figures.cases as f64);
        gauge!(OPEN, "worker" => worker.clone()).set(figures.open as f64);
        gauge!(SEALED, "worker" => worker.clone()).set(figures.sealed as f64);
        counter!(UNSEALED, "worker" => worker.clone()).absolute(figures.unsealed);
        gauge!(SEALED_BYTES, "worker" => worker.clone()).set(figures.sealed_bytes as f64);
        gauge!(WAKES, "worker" => worker.clone()).set(figures.wakes as f64);
        gauge!(BYTES, "worker" => worker).set(figures.bytes as f64);
    }
    gauge!(CLOCK).set(desk.counts().as_of.secs_floor() as f64);
}
