//! The running program: `watchlight run` as a process of its own, beside a NATS server of its own.
//!
//! A process, so that it can be ended as an operator would, killed as a power cut would, and measured.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::time::Duration;

use facts::Moment;
use futures_util::StreamExt;
use serde_json::Value;
use tempfile::TempDir;

use super::eventually::{PATIENCE, eventually};
use super::nats::{TestNats, signal};
use super::wire::{Wire, wait};
use super::{program, project};

/// Where one service lives: its server, its folder, its clock.
pub(crate) struct TestSite {
    pub(crate) nats: TestNats,
    folder: TempDir,
    clock: &'static str,
}

impl TestSite {
    /// A site whose clock is moved by what the messages say; `None` (and a skip) where there is no nats-server.
    #[track_caller]
    pub(crate) fn with_virtual_clock(test: &str) -> Option<TestSite> {
        TestSite::new(test, "virtual")
    }

    /// A site whose clock is the machine's.
    #[track_caller]
    pub(crate) fn with_wall_clock(test: &str) -> Option<TestSite> {
        TestSite::new(test, "wall")
    }

    #[track_caller]
    fn new(test: &str, clock: &'static str) -> Option<TestSite> {
        let nats = TestNats::start(test)?;
        Some(TestSite { nats, folder: tempfile::tempdir().expect("a temporary folder can be made"), clock })
    }

    /// The folder in which the service keeps what it writes.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A client of the site's server.
    pub(crate) fn wire(&self) -> Wire {
        Wire::connect(&self.nats.server().url())
    }

    /// Starts the service; returns when its page answers, which is before it has caught up.
    ///
    /// # Panics
    /// When it ends instead; the message is its log.
    #[track_caller]
    pub(crate) fn start(&self) -> TestService {
        let folder = self.folder.path();
        let environment =
            [("WATCHLIGHT_NATS_URL", self.nats.server().url()), ("WATCHLIGHT_DATA", self.data().display().to_string())];
        TestService::start_with(folder, self.clock, &environment)
    }
}

/// A running service. Dropping it kills it.
pub(crate) struct TestService {
    child: Child,
    base: String,
    log: PathBuf,
    http: reqwest::Client,
    /// Kept open: a closed pipe would be an error to whoever writes.
    _output: BufReader<ChildStdout>,
}

/// What the service answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl TestService {
    /// Starts the service with `environment`; its log goes to `folder`.
    #[track_caller]
    pub(crate) fn start_with(folder: &Path, clock: &str, environment: &[(&str, String)]) -> TestService {
        let log = folder.join("service.log");
        let words = File::options().create(true).append(true).open(&log).expect("a temporary folder takes a file");
        let mut child = program()
            .args(["run", "--workers", "2", "--listen", "127.0.0.1:0", "--config"])
            .arg(project().join("config"))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("WATCHLIGHT_CLOCK_KIND", clock)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(words)
            .spawn()
            .expect("the program was built with the tests");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut base = String::new();
        output.read_line(&mut base).expect("its output is text");
        let base = base.trim().to_owned();
        let service = TestService { child, base, log, http: reqwest::Client::new(), _output: output };
        assert!(service.base.starts_with("http://"), "the service did not start:\n{}", service.log());
        service
    }

    /// What it has logged, earlier runs in the same folder included.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks for `path`.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.try_get(path).unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.log()))
    }

    fn try_get(&self, path: &str) -> reqwest::Result<Answer> {
        wait(async {
            let answer = self.http.get(format!("{}{path}", self.base)).timeout(PATIENCE).send().await?;
            let header = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
            let content_type = header.unwrap_or_default().to_owned();
            Ok(Answer { status: answer.status().as_u16(), content_type, body: answer.text().await? })
        })
    }

    /// Asks for `path`, which must be there.
    #[track_caller]
    pub(crate) fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Waits until it has caught up with the stream and says so.
    #[track_caller]
    pub(crate) fn wait_ready(&self) {
        eventually("the service is ready", || (self.get("/ready").status == 200).then_some(()));
    }

    /// Waits until every instant up to `until` of the supervision clock is closed.
    #[track_caller]
    pub(crate) fn wait_closed(&self, until: Moment) {
        eventually("the supervision clock gets there", || {
            let as_of = self.json("/api/counts")["as_of"].as_str()?.parse::<Moment>().ok()?;
            (as_of >= until).then_some(())
        });
    }

    /// Waits until the ledger has taken ALERTS up to `sequence`.
    #[track_caller]
    pub(crate) fn wait_ledger(&self, sequence: u64) {
        eventually("the ledger takes all that was said", || {
            (self.json("/api/transitions?limit=1")["sequence"].as_u64()? >= sequence).then_some(())
        });
    }

    /// The figures by series: name with labels, as the text form writes them.
    #[track_caller]
    pub(crate) fn metrics(&self) -> BTreeMap<String, f64> {
        let text = self.get("/metrics").body;
        let series = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        series.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
    }

    /// The figure `name`, summed over its series; `None` while it has none.
    #[track_caller]
    #[expect(clippy::float_arithmetic, reason = "the text form of metrics knows floats only")]
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let metrics = self.metrics();
        let of_name =
            |series: &str| series.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('{'));
        metrics.iter().filter(|(series, _)| of_name(series)).map(|(_, value)| *value).reduce(|sum, value| sum + value)
    }

    /// Standing lights of the ledger, all pages, each as the JSON object that the API gives.
    #[track_caller]
    pub(crate) fn lights(&self) -> Vec<Value> {
        let mut lights = Vec::new();
        let mut path = "/api/lights?limit=100".to_owned();
        loop {
            let page = self.json(&path);
            lights.extend(page["lights"].as_array().expect("a page has lights").iter().cloned());
            match page["next"].as_str() {
                Some(next) => path = format!("/api/lights?limit=100&cursor={next}"),
                None => return lights,
            }
        }
    }

    /// Listens to the event stream after the event `after` until the event `last` has come.
    #[track_caller]
    pub(crate) fn listen(&self, after: u64, last: u64) -> Vec<(u64, String)> {
        let url = format!("{}/api/events", self.base);
        let heard = async {
            let answer = self.http.get(url).header("Last-Event-ID", after.to_string()).send().await?;
            let mut pieces = answer.error_for_status()?.bytes_stream();
            let (mut text, mut heard) = (Vec::new(), Vec::new());
            while let Some(piece) = pieces.next().await {
                text.extend_from_slice(&piece?);
                heard = events_in(&text);
                if heard.last().is_some_and(|(id, _)| *id >= last) {
                    break;
                }
            }
            Ok::<_, reqwest::Error>(heard)
        };
        let heard = wait(async { tokio::time::timeout(PATIENCE, heard).await });
        heard.expect("the events come in time").expect("the event stream answers")
    }

    /// Resident memory in bytes.
    #[track_caller]
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a running process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a running process has memory");
        let kib: u64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number of KiB");
        kib * 1024
    }

    /// Is the process still there?
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it as an operator does; returns its exit code.
    #[track_caller]
    pub(crate) fn terminate(mut self) -> Option<i32> {
        signal(self.child.id(), "TERM");
        eventually("a service told to end ends", || self.child.try_wait().expect("a child can be asked")).code()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The whole events in the text of an event stream: id and data.
fn events_in(text: &[u8]) -> Vec<(u64, String)> {
    let whole = text.windows(2).rposition(|two| two == b"\n\n").map_or(0, |end| end + 2);
    let text = std::str::from_utf8(&text[..whole]).expect("whole events are text");
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim_start().to_owned())
    };
    let event = |block: &str| Some((field(block, "id:")?.parse().ok()?, field(block, "data:")?));
    text.split("\n\n").filter_map(event).collect()
}

/// How long a pause of a part lasts at least in tests that pause one: longer than two heartbeats of the reader.
pub(crate) const LONG_SILENCE: Duration = Duration::from_secs(2);

#[test]
fn half_an_event_waits_for_its_other_half() {
    let text = b": watchlight\nretry: 2000\n\nid: 7\nevent: transition\ndata: {\"a\":1}\n\nid: 8\ndata: {";
    assert_eq!(events_in(text), [(7, "{\"a\":1}".to_owned())]);
}
