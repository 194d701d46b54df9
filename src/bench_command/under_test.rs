//! The service that is measured: one of our own on a private server, or one that is there.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use tempfile::TempDir;

use crate::cli::MeasureArgs;
use crate::nats_server::{self, PrivateServer};

/// A service, its server, and where they can be looked at.
pub(super) struct UnderTest {
    /// The server, as an address.
    pub(super) nats: String,
    /// The service's page.
    pub(super) page: Option<String>,
    /// Process of the service.
    pub(super) service_pid: Option<u32>,
    /// Process of the server.
    pub(super) nats_pid: Option<u32>,
    // In this order: the service ends before its server, and the server before its files go.
    keeper: Option<Child>,
    _server: Option<PrivateServer>,
    folder: Option<TempDir>,
}

impl UnderTest {
    /// What `args` names, or a private server; the service on it is started with [`UnderTest::start`].
    ///
    /// # Errors
    /// When there is no nats-server on this machine.
    pub(super) fn open(args: &MeasureArgs) -> anyhow::Result<UnderTest> {
        if let Some(nats) = &args.nats {
            let (page, service_pid, nats_pid) = (args.service.clone(), args.service_pid, args.nats_pid);
            let nats = nats.clone();
            return Ok(UnderTest { nats, page, service_pid, nats_pid, keeper: None, _server: None, folder: None });
        }
        let folder =
            tempfile::Builder::new().prefix("watchlight-bench-").tempdir().context("could not make a folder")?;
        let server = PrivateServer::start(&nats_server::find_for_process()?, folder.path(), None)?;
        Ok(UnderTest {
            nats: server.url(),
            page: None,
            service_pid: None,
            nats_pid: Some(server.pid()),
            keeper: None,
            _server: Some(server),
            folder: Some(folder),
        })
    }

    /// Starts a service on the private server; does nothing where one was named.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn start(&mut self, config: &Path, clock: &str) -> anyhow::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let program = std::env::current_exe().context("could not find this program")?;
        // Behind the shell that ends it when we end, however that is.
        let mut keeper = Command::new("/bin/sh")
            .args(["-c", nats_server::KEEPER, "watchlight-bench"])
            .arg(program)
            .args(["run", "--listen", "127.0.0.1:0", "--config"])
            .arg(config)
            .env("WATCHLIGHT_NATS_URL", &self.nats)
            .env("WATCHLIGHT_DATA", folder.path().join("data"))
            .env("WATCHLIGHT_CLOCK_KIND", clock)
            .env("WATCHLIGHT_LOG", "warn")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("could not start the service")?;
        let output = BufReader::new(keeper.stdout.take().expect("its output is piped"));
        self.keeper = Some(keeper);
        let mut lines = output.lines();
        let pid = lines.next().context("the service did not start")?.context("could not read from the service")?;
        self.service_pid = Some(pid.parse().context("the service's process id was not told")?);
        let address = lines.next().context("the service ended before it told its address; its log stands above")?;
        let address = address.context("could not read from the service")?;
        self.page = Some(address);
        Ok(())
    }
}

impl Drop for UnderTest {
    fn drop(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            // The pipe that closes tells it to end the service.
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
    }
}
