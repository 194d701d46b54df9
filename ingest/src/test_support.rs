//! A private nats-server for one test: own port, own folder, gone with the value.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::{self, Connection, Login, ServerOptions};
use crate::streams::{self, StreamOptions, Streams};

/// A running server.
pub(crate) struct TestServer {
    binary: PathBuf,
    folder: tempfile::TempDir,
    settings: String,
    child: Child,
    /// Loopback port.
    pub(crate) port: u16,
}

impl TestServer {
    /// Starts a server, or says that the test is skipped; where CI is set, a missing server is a failure.
    pub(crate) fn start(test: &str) -> Option<TestServer> {
        TestServer::start_with(test, "")
    }

    /// As [`TestServer::start`] with more settings.
    pub(crate) fn start_with(test: &str, settings: &str) -> Option<TestServer> {
        let Some(binary) = find_binary() else {
            assert!(
                std::env::var_os("CI").is_none(),
                "{test} needs nats-server; run tools/install-nats.sh or set NATS_SERVER_BIN"
            );
            println!("SKIPPED: {test} (no nats-server; run tools/install-nats.sh)");
            return None;
        };
        let folder = tempfile::tempdir().expect("temporary folders can be made");
        let (child, port) = run(&binary, folder.path(), settings, -1);
        Some(TestServer { binary, folder, settings: settings.to_owned(), child, port })
    }

    /// Ends the server at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("our own child can be ended");
        self.child.wait().expect("our own child can be waited for");
    }

    /// Starts it again on the same port and folder.
    pub(crate) fn start_again(&mut self) {
        (self.child, self.port) = run(&self.binary, self.folder.path(), &self.settings, i32::from(self.port));
    }

    /// Changes the settings with which it starts again.
    pub(crate) fn change_settings(&mut self, settings: &str) {
        self.settings = settings.to_owned();
    }

    /// Where it keeps its streams.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Sends a signal by name, such as `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Connects.
    pub(crate) async fn connect(&self) -> Connection {
        self.connect_as(Login::Open).await
    }

    /// Connects as somebody.
    pub(crate) async fn connect_as(&self, login: Login) -> Connection {
        let urls = vec![format!("nats://127.0.0.1:{}", self.port)];
        server::connect(&ServerOptions { urls, login, ..ServerOptions::default() }).await.expect("connects")
    }

    /// Connects and makes the streams.
    pub(crate) async fn connect_with_streams(&self) -> (Connection, Streams) {
        let connection = self.connect().await;
        let streams = streams::ensure(&connection, &StreamOptions::default()).await.expect("streams can be made");
        (connection, streams)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // It may have been ended by the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `condition` holds; fails after ten seconds.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !condition().await {
        assert!(Instant::now() < end, "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The nats-server to test with.
pub(crate) fn find_binary() -> Option<PathBuf> {
    let installed = root().join(".tools/nats/bin/nats-server");
    let named = std::env::var_os("NATS_SERVER_BIN").map(PathBuf::from);
    named.into_iter().chain([installed, PathBuf::from("nats-server")]).find(|binary| is_current(binary))
}

fn is_current(binary: &Path) -> bool {
    let Ok(output) = Command::new(binary).arg("--version").output() else { return false };
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().last().and_then(server::Version::parse);
    version.is_some_and(|version| version >= server::Version::ADVISED)
}

/// Starts a server and waits for the file in which it tells its port.
fn run(binary: &Path, folder: &Path, settings: &str, port: i32) -> (Child, u16) {
    let shown = folder.display();
    let config = format!(
        "listen: \"127.0.0.1:{port}\"\nports_file_dir: \"{shown}\"\njetstream {{ store_dir: \"{shown}/store\", sync_interval: always }}\n{settings}\n"
    );
    let file = folder.join("server.conf");
    std::fs::write(&file, config).expect("temporary files can be written");
    let log = std::fs::File::create(folder.join("server.log")).expect("temporary files can be written");
    let mut child = Command::new(binary)
        .arg("-c")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the binary answered --version");
    let ports = folder.join(format!("nats-server_{}.ports", child.id()));
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(port) = std::fs::read_to_string(&ports).ok().and_then(|text| port_in(&text)) {
            return (child, port);
        }
        let ended = child.try_wait().expect("our own child can be asked");
        let log = || std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
        assert!(ended.is_none() && Instant::now() < end, "nats-server did not start:\n{}", log());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn port_in(text: &str) -> Option<u16> {
    let ports: serde_json::Value = serde_json::from_str(text).ok()?;
    ports["nats"][0].as_str()?.rsplit(':').next()?.parse().ok()
}
