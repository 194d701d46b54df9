//! What the service shows of itself while it is measured: its metrics, and its memory.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::bail;
use facts::Moment;
use tokio::task::JoinHandle;

use super::process;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// ... while something is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// One look.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Sample {
    /// Seconds from the start of the run.
    pub(super) second: u64,
    /// Messages that the server holds and the service has not taken.
    pub(super) backlog: Option<u64>,
    /// Memory of the service, in KiB.
    pub(super) memory_kib: Option<u64>,
    /// Cases that the service holds open.
    pub(super) open_cases: Option<u64>,
}

/// The page of a service.
#[derive(Clone)]
pub(super) struct Page {
    url: String,
    client: reqwest::Client,
}

impl Page {
    /// The page at `url`.
    pub(super) fn at(url: &str) -> Page {
        Page { url: url.trim_end_matches('/').to_owned(), client: reqwest::Client::new() }
    }

    /// The gauge `name`, in whole units; `None` when the page does not answer or does not know it.
    pub(super) async fn gauge(&self, name: &str) -> Option<u64> {
        gauge(&self.metrics().await?, name)
    }

    /// All gauges; `None` when the page does not answer.
    async fn metrics(&self) -> Option<String> {
        self.client.get(format!("{}/metrics", self.url)).send().await.ok()?.text().await.ok()
    }

    /// Waits until the service says that it is ready.
    ///
    /// # Errors
    /// When it has not after `patience`.
    pub(super) async fn ready(&self, patience: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + patience;
        while !self
            .client
            .get(format!("{}/ready", self.url))
            .send()
            .await
            .is_ok_and(|answer| answer.status().is_success())
        {
            if Instant::now() > deadline {
                bail!("the service is not ready after {} s; {}/ready says why", patience.as_secs(), self.url);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until the service has taken everything up to this sequence of its stream, and, where an instant is given, its clock has closed it.
    ///
    /// # Errors
    /// When it has not after `patience`.
    pub(super) async fn taken(&self, sequence: u64, closed: Option<Moment>, patience: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + patience;
        loop {
            // A service that has read nothing yet does not show the gauge.
            let read = self.gauge("watchlight_ingest_sequence").await.unwrap_or(0);
            let clock = self.gauge("watchlight_clock_seconds").await;
            let closed_by = closed.map_or(0, |moment| u64::try_from(moment.secs_floor()).unwrap_or(0));
            if read >= sequence && (closed.is_none() || clock >= Some(closed_by)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!(
                    "the service has not taken all that was sent after {} s: it has read up to {}, of {sequence}",
                    patience.as_secs(),
                    read
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// The whole part of the first sample of `name` in Prometheus' text form.
fn gauge(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| whole(line.strip_prefix(name)?.strip_prefix(' ')?))
}

/// The sum of `name` over its labels.
fn gauge_of_all(text: &str, name: &str) -> Option<u64> {
    let values = text.lines().filter_map(|line| Some(line.strip_prefix(name)?.strip_prefix('{')?.split_once("} ")?.1));
    values.map(whole).reduce(|sum, value| Some(sum? + value?)).flatten()
}

fn whole(value: &str) -> Option<u64> {
    value.trim().split('.').next()?.parse().ok()
}

/// Looks until it is ended.
pub(super) struct Sampler {
    samples: Arc<Mutex<Vec<Sample>>>,
    looking: JoinHandle<()>,
}

impl Sampler {
    /// Looks from now on, once a second.
    pub(super) fn start(runtime: &tokio::runtime::Runtime, page: Option<Page>, service_pid: Option<u32>) -> Sampler {
        let samples = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&samples);
        let looking = runtime.spawn(async move {
            let mut every = tokio::time::interval(EVERY);
            for second in 0.. {
                every.tick().await;
                let seen = match &page {
                    Some(page) => page.metrics().await,
                    None => None,
                };
                let backlog = seen.as_deref().and_then(|seen| gauge(seen, "watchlight_ingest_pending"));
                let open_cases = seen.as_deref().and_then(|seen| gauge_of_all(seen, "watchlight_dataflow_open_cases"));
                let memory_kib = service_pid.and_then(process::memory_kib);
                kept.lock().expect("nobody panics while holding it").push(Sample {
                    second,
                    backlog,
                    memory_kib,
                    open_cases,
                });
            }
        });
        Sampler { samples, looking }
    }

    /// What was seen.
    pub(super) fn end(self) -> Vec<Sample> {
        self.looking.abort();
        self.samples.lock().expect("nobody panics while holding it").clone()
    }
}

#[cfg(test)]
mod tests {
    use super::{gauge, gauge_of_all};

    #[test]
    fn a_gauge_is_found_by_its_whole_name() {
        let text = "# TYPE a gauge\nab 7\na 12.75\na_total 3\n";
        assert_eq!((gauge(text, "a"), gauge(text, "ab"), gauge(text, "b")), (Some(12), Some(7), None));
        let text = "open{worker=\"0\"} 3\nopen{worker=\"1\"} 4\nopen_ever{worker=\"0\"} 9\n";
        assert_eq!(gauge_of_all(text, "open"), Some(7));
    }
}
