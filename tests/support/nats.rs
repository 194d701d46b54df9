//! A nats-server for one test, in a temporary folder, which can be paused, killed and started again.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use watchlight::nats_server::{FoundServer, PrivateServer, find_for_process};

use super::skip::skip;

/// A server with its folder; both go when it is dropped.
pub(crate) struct TestNats {
    // Before the folder, so that the server ends before its files go.
    server: Option<PrivateServer>,
    program: FoundServer,
    folder: TempDir,
}

impl TestNats {
    /// Starts a server for `test`, or reports the test as skipped when this machine has none.
    ///
    /// # Panics
    /// When a server is there and does not start; with `CI=true` also when there is none.
    #[track_caller]
    pub(crate) fn start(test: &str) -> Option<TestNats> {
        let program = match find_for_process() {
            Ok(program) => program,
            Err(error) => {
                skip(test, &error.to_string());
                return None;
            }
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let server = PrivateServer::start(&program, folder.path(), None).expect("a server that was found starts");
        Some(TestNats { server: Some(server), program, folder })
    }

    /// The server.
    ///
    /// # Panics
    /// Between [`TestNats::kill`] and [`TestNats::start_again`].
    #[track_caller]
    pub(crate) fn server(&self) -> &PrivateServer {
        self.server.as_ref().expect("the server runs unless the test killed it")
    }

    /// The server's folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops the server in its tracks: connections stay open and nothing answers.
    pub(crate) fn pause(&self) {
        signal(self.server().pid(), "STOP");
    }

    /// Lets a paused server go on.
    pub(crate) fn resume(&self) {
        signal(self.server().pid(), "CONT");
    }

    /// Kills the server as a power cut would end its process, and returns the port it had.
    pub(crate) fn kill(&mut self) -> u16 {
        let server = self.server.take().expect("a server is killed once");
        let port = server.address().port();
        signal(server.pid(), "KILL");
        server.stop();
        port
    }

    /// Starts the server again over the same folder on `port`.
    ///
    /// # Panics
    /// When it does not start.
    pub(crate) fn start_again(&mut self, port: u16) {
        let server = PrivateServer::start(&self.program, self.folder.path(), Some(port));
        self.server = Some(server.expect("a server starts again over its own folder"));
    }
}

/// Sends the signal `name` to the process `pid`.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("/bin/sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    assert!(status.expect("a shell can be started").success(), "could not send {name} to process {pid}");
}
