//! A nats-server of the test's own: its port, its folder, gone at the end of the test.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use async_nats::jetstream::stream::{Config, Stream};
use async_nats::jetstream::{self, Context};
use tempfile::TempDir;

use super::{eventually, found_upwards, free_port, skipped};

pub(crate) struct NatsServer {
    child: Child,
    binary: PathBuf,
    port: u16,
    folder: TempDir,
}

impl NatsServer {
    /// Starts a server, or tells why the test cannot run.
    pub(crate) async fn start() -> Option<NatsServer> {
        let named = std::env::var_os("NATS_SERVER_BIN").map(PathBuf::from);
        let Some(binary) = named.or_else(|| found_upwards(".tools/nats/bin/nats-server")) else {
            skipped("no nats-server; set NATS_SERVER_BIN or install it into .tools/nats");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let child = launch(&binary, port, &folder);
        let server = NatsServer { child, binary, port, folder };
        server.client().await;
        Some(server)
    }

    pub(crate) async fn client(&self) -> async_nats::Client {
        let url = format!("nats://127.0.0.1:{}", self.port);
        eventually("the nats-server to answer", || async { async_nats::connect(&url).await.ok() }).await
    }

    pub(crate) async fn context(&self) -> Context {
        jetstream::new(self.client().await)
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }

    pub(crate) async fn start_again(&mut self) {
        self.child = launch(&self.binary, self.port, &self.folder);
        self.client().await;
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(binary: &PathBuf, port: u16, folder: &TempDir) -> Child {
    Command::new(binary)
        .args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--jetstream", "--store_dir"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nats-server starts")
}

/// Makes the stream of alerts.
pub(crate) async fn alerts_stream(context: &Context) -> Stream {
    let config = Config { name: "ALERTS".into(), subjects: vec!["alert.>".into()], ..Config::default() };
    context.create_stream(config).await.expect("the stream is made");
    context.get_stream("ALERTS").await.expect("it was just made")
}
