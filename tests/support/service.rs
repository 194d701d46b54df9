//! The running program: `watchlight run` as a process of its own, beside a NATS server of its own.
//!
//! A process, so that it can be ended as an operator would, killed as a power cut would, and measured.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt;
use tempfile::TempDir;
use watchlight::clock::Machine;
use watchlight::service::{Service, Sources};
use watchlight::settings;

use super::eventually::{PATIENCE, eventually};
use super::nats::{TestNats, signal};
use super::pages::Pages;
use super::wire::{Wire, wait};
use super::{configuration_of, files_of, program, project};

/// Where one service lives: its server, its folder, its clock.
pub(crate) struct TestSite {
    pub(crate) nats: TestNats,
    folder: TempDir,
    /// The configuration folder.
    pub(crate) config: PathBuf,
    /// Settings that differ from the shipped ones, as environment variables.
    settings: Vec<(&'static str, String)>,
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
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let config = project().join("config");
        Some(TestSite { nats, folder, config, settings: vec![("WATCHLIGHT_CLOCK_KIND", clock.to_owned())] })
    }

    /// The same site with one more setting, as an environment variable.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> TestSite {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Starts the service in this process, on the clocks of `machine`.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub(crate) fn start_on(&self, machine: Machine) -> OwnService {
        let mut environment: Vec<(String, String)> =
            self.settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let set = |name: &str, value: String| (name.to_owned(), value);
        environment.push(set("WATCHLIGHT_NATS_URL", self.nats.server().url()));
        environment.push(set("WATCHLIGHT_DATA", self.data().display().to_string()));
        environment.push(set("WATCHLIGHT_HTTP_LISTEN", "127.0.0.1:0".to_owned()));
        let settings = settings::resolve("", Path::new("the test"), &environment, &[]).expect("the test's settings");
        let files = files_of(&self.config);
        let site = Sources { configuration: configuration_of(&files).into(), files };
        let service = Service::start_on(machine, &settings, site, None).expect("the service starts");
        let pages = Pages::at(&format!("http://{}", service.address()), None);
        OwnService { service: Some(service), pages }
    }

    /// The folder in which the service keeps what it writes.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What its services have logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("service.log")).unwrap_or_default()
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
        self.start_with(2)
    }

    /// The same with `workers` workers.
    #[track_caller]
    pub(crate) fn start_with(&self, workers: u64) -> TestService {
        self.start_through(&self.nats.server().url(), workers)
    }

    /// Starts the service with `workers` workers; it reaches its server at `nats_url`.
    ///
    /// # Panics
    /// When it ends instead; the message is its log.
    #[track_caller]
    pub(crate) fn start_through(&self, nats_url: &str, workers: u64) -> TestService {
        TestService::start(self.command(nats_url, workers), self.folder.path())
    }

    /// The same, or what it says when it does not start.
    pub(crate) fn try_start_through(&self, nats_url: &str, workers: u64) -> Result<TestService, String> {
        TestService::try_start(self.command(nats_url, workers), self.folder.path())
    }

    /// What the service says when it does not start, and its exit code.
    pub(crate) fn refused(&self) -> (Option<i32>, String) {
        let mut command = self.command(&self.nats.server().url(), 2);
        let output = command.stdin(Stdio::null()).output().expect("the program was built with the tests");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn command(&self, nats_url: &str, workers: u64) -> Command {
        let mut command = program();
        command
            .args(["run", "--workers", &workers.to_string(), "--listen", "127.0.0.1:0", "--config"])
            .arg(&self.config)
            .env("WATCHLIGHT_NATS_URL", nats_url)
            .env("WATCHLIGHT_DATA", self.data())
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A service in this process, whose machine's clocks the test moves.
pub(crate) struct OwnService {
    service: Option<Service>,
    pages: Pages,
}

impl OwnService {
    /// Ends it in order, from another thread.
    ///
    /// # Panics
    /// When it does not end in time, or not in order.
    #[track_caller]
    pub(crate) fn end(mut self) {
        let service = self.service.take().expect("it is ended once");
        let ended = std::thread::spawn(move || service.run_until(std::future::ready(())));
        eventually("a service told to end ends", || ended.is_finished().then_some(()));
        ended.join().expect("no panic").expect("it ends in order");
    }
}

impl std::ops::Deref for OwnService {
    type Target = Pages;

    fn deref(&self) -> &Pages {
        &self.pages
    }
}

/// A running service. Dropping it kills it.
pub(crate) struct TestService {
    child: Child,
    pages: Pages,
    log: PathBuf,
    /// Kept open: a closed pipe would be an error to whoever writes.
    _output: BufReader<ChildStdout>,
}

impl TestService {
    /// Starts the service on the shipped configuration with `environment`; its log goes to `folder`.
    #[track_caller]
    pub(crate) fn start_with(folder: &Path, clock: &str, environment: &[(&str, String)]) -> TestService {
        let mut command = program();
        command
            .args(["run", "--workers", "2", "--listen", "127.0.0.1:0", "--config"])
            .arg(project().join("config"))
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env("WATCHLIGHT_CLOCK_KIND", clock);
        TestService::start(command, folder)
    }

    /// Runs `command`; its log goes to `folder`.
    #[track_caller]
    fn start(command: Command, folder: &Path) -> TestService {
        TestService::try_start(command, folder).unwrap_or_else(|words| panic!("the service did not start:\n{words}"))
    }

    /// The same; `Err` is what this start has logged, when it ends instead.
    fn try_start(mut command: Command, folder: &Path) -> Result<TestService, String> {
        let log = folder.join("service.log");
        let words = File::options().create(true).append(true).open(&log).expect("a temporary folder takes a file");
        let logged = words.metadata().expect("an open file").len();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(words)
            .spawn()
            .expect("the program was built with the tests");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut base = String::new();
        output.read_line(&mut base).expect("its output is text");
        let base = base.trim().to_owned();
        let service = TestService { child, pages: Pages::at(&base, Some(log.clone())), log, _output: output };
        if base.starts_with("http://") {
            return Ok(service);
        }
        let words = std::fs::read(&service.log).expect("it was opened");
        Err(String::from_utf8_lossy(&words[usize::try_from(logged).expect("a short log")..]).into_owned())
    }

    /// What it has logged, earlier runs in the same folder included.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Listens to the event stream after the event `after` until the event `last` has come.
    #[track_caller]
    pub(crate) fn listen(&self, after: u64, last: u64) -> Vec<(u64, String)> {
        let url = format!("{}/api/events", self.pages.base());
        let heard = async {
            let answer = self.pages.client().get(url).header("Last-Event-ID", after.to_string()).send().await?;
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

    /// CPU time that the process has used, by all its threads, in its kernel and outside.
    pub(crate) fn cpu_time(&self) -> std::time::Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("a running process");
        let (_, after_name) = stat.rsplit_once(')').expect("the name stands in brackets");
        let ticks = after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number"));
        // Linux tells in hundredths of a second, whatever its kernel counts in.
        std::time::Duration::from_millis(ticks.sum::<u64>() * 10)
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

impl std::ops::Deref for TestService {
    type Target = Pages;

    fn deref(&self) -> &Pages {
        &self.pages
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
