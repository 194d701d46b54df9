//! A PostgreSQL server of the test's own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{eventually, free_port, skipped};

pub(crate) struct Postgres {
    child: Child,
    port: u16,
    databases: usize,
    _folder: TempDir,
}

impl Postgres {
    /// Starts a server, or tells why the test cannot run.
    pub(crate) async fn start() -> Option<Postgres> {
        let Some(binaries) = binaries() else {
            skipped("no PostgreSQL; initdb and postgres are neither on PATH nor in /usr/lib/postgresql/*/bin");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        run(unprivileged(&binaries.join("initdb"))
            .args(["--username=watchlight", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data));
        let port = free_port();
        let child = unprivileged(&binaries.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres starts");
        let server = Postgres { child, port, databases: 0, _folder: folder };
        sqlx::any::install_default_drivers();
        eventually("PostgreSQL to answer", || async { sqlx::AnyPool::connect(&server.url("postgres")).await.ok() })
            .await
            .close()
            .await;
        Some(server)
    }

    /// The URL of a new, empty database.
    pub(crate) async fn new_database(&mut self) -> String {
        self.databases += 1;
        let name = format!("ledger_{}", self.databases);
        let pool = sqlx::AnyPool::connect(&self.url("postgres")).await.expect("the server answers");
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&pool).await.expect("an empty database");
        pool.close().await;
        self.url(&name)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://watchlight@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // An immediate end; its children go with it, which a plain kill would not grant.
        let asked = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        if asked.is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// The folder that holds initdb and postgres.
fn binaries() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = installed.map(|version| version.path().join("bin"));
    let both = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    on_path.into_iter().flatten().chain(installed).find(both)
}

fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output().expect("id is on every system");
    answer.stdout.trim_ascii() == b"0"
}

/// PostgreSQL refuses to run as root.
fn unprivileged(binary: &Path) -> Command {
    if !is_root() {
        return Command::new(binary);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(binary).current_dir("/");
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("the command starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
