//! Metrics of the whole service: one recorder, rendered by the HTTP route.
//!
//! | name | meaning |
//! | --- | --- |
//! | `watchlight_dataflow_judged_total{worker}` | how often a worker gave a case to judgement |
//! | `watchlight_dataflow_cases{worker}` | cases held |
//! | `watchlight_dataflow_wakes{worker}` | wake-ups waiting |
//! | `watchlight_dataflow_bytes{worker}` | bytes of cases, facts and wake-ups, a floor |
//! | `watchlight_clock_frozen` | 1 while the supervision clock stands until somebody acts |
//! | `watchlight_clock_seconds` | the last closed instant of the supervision clock, Unix time |
//!
//! Names of the parts stand in `ingest::metric_names` and `alerts::figures`.

use std::sync::OnceLock;

use dataflow::Desk;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

const JUDGED: &str = "watchlight_dataflow_judged_total";
const CASES: &str = "watchlight_dataflow_cases";
const WAKES: &str = "watchlight_dataflow_wakes";
const BYTES: &str = "watchlight_dataflow_bytes";
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
        describe_gauge!(CASES, "cases held");
        describe_gauge!(WAKES, "wake-ups waiting");
        describe_gauge!(BYTES, "bytes of cases, facts and wake-ups, a floor");
        describe_gauge!(CLOCK_FROZEN, "1 while the supervision clock stands until somebody acts");
        describe_gauge!(CLOCK, "the last closed instant of the supervision clock, Unix time");
        handle
    });
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
    for (worker, figures) in desk.gauges().into_iter().enumerate() {
        let worker = worker.to_string();
        counter!(JUDGED, "worker" => worker.clone()).absolute(figures.judged);
        gauge!(CASES, "worker" => worker.clone()).set(figures.cases as f64);
        gauge!(WAKES, "worker" => worker.clone()).set(figures.wakes as f64);
        gauge!(BYTES, "worker" => worker).set(figures.bytes as f64);
    }
    gauge!(CLOCK).set(desk.counts().as_of.secs_floor() as f64);
}
