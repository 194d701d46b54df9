//! A PostgreSQL server for one test, in a temporary folder, on a port of its own.
//!
//! PostgreSQL refuses to run as root: then it runs as the user `postgres`, which Debian's package makes.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::eventually::eventually;
use super::skip::skip;

/// A server with its folder; both go when it is dropped.
pub(crate) struct TestPostgres {
    child: Child,
    port: u16,
    folder: TempDir,
    programs: PathBuf,
}

impl TestPostgres {
    /// Starts a server for `test`, or reports the test as skipped when this machine has none.
    ///
    /// # Panics
    /// When PostgreSQL is there and does not start; with `CI=true` also when there is none.
    #[track_caller]
    pub(crate) fn start(test: &str) -> Option<TestPostgres> {
        let Some(programs) = programs() else {
            skip(test, "no PostgreSQL under /usr/lib/postgresql; install the package postgresql");
            return None;
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), open).expect("a folder just made can be opened to another user");
        let data = folder.path().join("data");
        let mut initdb = as_postgres(&programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=watchlight", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        succeed(initdb.arg("--pgdata").arg(&data));
        let port = free_port();
        let mut server = as_postgres(&programs.join("postgres"));
        server.arg("-D").arg(&data).args(["-p", &port.to_string()]).args(["-c", "fsync=off"]);
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("postgres can be started");
        let mut postgres = TestPostgres { child, port, folder, programs };
        postgres.wait_until_ready();
        Some(postgres)
    }

    /// The address of its one empty database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://watchlight@127.0.0.1:{}/postgres", self.port)
    }

    /// Ready is what this very server writes into its own folder.
    fn wait_until_ready(&mut self) {
        let pid_file = self.folder.path().join("data/postmaster.pid");
        eventually("PostgreSQL reports that it is ready", || {
            let ended = self.child.try_wait().expect("a child can be asked");
            assert_eq!(ended, None, "postgres ended before it was ready");
            let lines = std::fs::read_to_string(&pid_file).ok()?;
            lines.lines().nth(7)?.trim().eq("ready").then_some(())
        });
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        let mut stop = as_postgres(&self.programs.join("pg_ctl"));
        stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"]).arg(self.folder.path().join("data"));
        let stopped = stop.status().is_ok_and(|status| status.success());
        if !stopped {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        // The files belong to the user postgres; root may remove them, and that user's own files go with it.
    }
}

/// The folder of the newest PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(|path| number(path))?;
    let programs = newest.join("bin");
    programs.join("postgres").is_file().then_some(programs)
}

/// A command that runs `program` as an ordinary user: as `postgres` when we are root.
fn as_postgres(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // A folder that the user postgres may enter.
    command.current_dir("/").env("LC_ALL", OsStr::new("C"));
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[track_caller]
fn succeed(command: &mut Command) {
    let output = command.output().expect("a program that is there can be started");
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
}

/// A port that nothing listens on now. PostgreSQL cannot pick one itself; should another process take it in
/// between, the server ends and the test says so.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback has a free port");
    listener.local_addr().expect("a listener has an address").port()
}

#[test]
fn a_private_postgres_starts_in_a_folder_of_its_own_and_ends() {
    let Some(postgres) = TestPostgres::start("a_private_postgres_starts_in_a_folder_of_its_own_and_ends") else {
        return;
    };
    let (port, folder) = (postgres.port, postgres.folder.path().to_owned());
    assert!(postgres.url().ends_with(&format!("127.0.0.1:{port}/postgres")));
    std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a ready server takes connections");
    drop(postgres);
    assert!(!folder.exists(), "its folder is gone");
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("its port is free again");
}
