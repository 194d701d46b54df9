//! A private nats-server: found, checked, started in a folder of its own, and ended with us.
//!
//! For the demo and the tests; `watchlight run` uses the server a site names. The server listens on the
//! loopback only, on a port the system picks or one that is asked for. It is ready when it has
//! written its own ports file, whose name carries its process id, and greets with JetStream enabled:
//! no other server can be mistaken for it.
//!
//! It never outlives us. A small shell stands between: it ends the server when the pipe to us closes, which
//! the system does even when we are killed. The server is in a process group of its own, so that Ctrl-C in a
//! terminal reaches us alone and we end it in order.
//! Not here: streams (`ingest`), how the server gets onto the machine (tools/install-nats.sh).

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

mod found;

pub use found::{FindError, FoundServer, ServerVersion, find};

/// How long a server may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// How long a server may take to end in order before it is killed.
const END_WITHIN: Duration = Duration::from_secs(10);
/// How often a file or a process is looked at while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Runs the server given as arguments and tells its process id on standard output; ends it when standard input closes.
pub(crate) const KEEPER: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
echo "$server"
( read -r _ <&3; kill -TERM "$server" ) 2>/dev/null &
guard=$!
exec 3<&-
wait "$server"; code=$?
kill "$guard" 2>/dev/null
exit "$code"
"#;

/// Why a private server could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A file or process operation failed.
    #[error("could not {doing}")]
    System {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server ended before it was ready.
    #[error("nats-server ended before it was ready ({status}); its last words:\n{words}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        words: String,
    },
    /// The server did not become ready in time.
    #[error("nats-server was not ready within {} s; its last words:\n{words}", READY_WITHIN.as_secs())]
    NotReady {
        /// The end of its log.
        words: String,
    },
    /// The server runs, but without JetStream.
    #[error("nats-server greeted without JetStream: {greeting}")]
    NoJetStream {
        /// Its first line.
        greeting: String,
    },
}

impl ServerError {
    fn system(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> ServerError {
        let doing = doing.into();
        move |source| ServerError::System { doing, source }
    }
}

/// A running private server. Dropping it ends it.
#[derive(Debug)]
pub struct PrivateServer {
    keeper: Child,
    pid: u32,
    address: SocketAddr,
    version: ServerVersion,
    folder: PathBuf,
}

impl PrivateServer {
    /// Starts `server` with JetStream, all its files under `folder`, on `port` or on a free one.
    ///
    /// A folder that a server used before is taken up again with its streams. Returns when clients can connect.
    ///
    /// # Errors
    /// When the folder cannot be written, the port is taken, or the server does not become ready within
    /// 20 seconds.
    pub fn start(server: &FoundServer, folder: &Path, port: Option<u16>) -> Result<PrivateServer, ServerError> {
        let folder = prepare(folder, port)?;
        let keeper = Command::new("/bin/sh")
            .arg("-c")
            .arg(KEEPER)
            .arg("watchlight-nats")
            .arg(&server.path)
            .arg("--config")
            .arg(folder.join(CONFIG_FILE))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(ServerError::system(format!("start {}", server.path.display())))?;
        let unknown = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut private = PrivateServer { keeper, pid: 0, address: unknown, version: server.version, folder };
        private.wait_until_ready()?;
        tracing::info!(address = %private.address, version = %private.version, "private nats-server ready");
        Ok(private)
    }

    /// Where clients connect, as a NATS URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's own process id: for tests that pause or kill it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The version that its `--version` told.
    #[must_use]
    pub fn version(&self) -> ServerVersion {
        self.version
    }

    /// Ends the server in order and waits until it is gone; its folder stays.
    pub fn stop(mut self) {
        self.end();
    }

    fn wait_until_ready(&mut self) -> Result<(), ServerError> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some((pid, address)) = read_ports_file(&self.folder) {
                (self.pid, self.address) = (pid, address);
                return self.greet();
            }
            if let Ok(Some(status)) = self.keeper.try_wait() {
                return Err(ServerError::Ended { status, words: self.last_words() });
            }
            if Instant::now() > deadline {
                return Err(ServerError::NotReady { words: self.last_words() });
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Reads the server's first line, which tells whether JetStream is on.
    fn greet(&self) -> Result<(), ServerError> {
        let connect = || -> std::io::Result<String> {
            let stream = TcpStream::connect_timeout(&self.address, READY_WITHIN)?;
            stream.set_read_timeout(Some(READY_WITHIN))?;
            let mut greeting = String::new();
            BufReader::new(stream.take(64 * 1024)).read_line(&mut greeting)?;
            Ok(greeting)
        };
        let greeting = connect().map_err(ServerError::system(format!("connect to nats-server at {}", self.address)))?;
        let info: serde_json::Value =
            greeting.strip_prefix("INFO ").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        if info["jetstream"] == true {
            return Ok(());
        }
        Err(ServerError::NoJetStream { greeting: greeting.trim().to_owned() })
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.join(LOG_FILE)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }

    fn end(&mut self) {
        drop(self.keeper.stdin.take());
        let deadline = Instant::now() + END_WITHIN;
        while Instant::now() < deadline {
            if !matches!(self.keeper.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        tracing::warn!(pid = self.pid, "nats-server did not end in time and is killed");
        let group = format!("kill -KILL -- -{}", self.keeper.id());
        let _ = Command::new("/bin/sh").args(["-c", &group]).status();
        let _ = self.keeper.wait();
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        self.end();
    }
}

const CONFIG_FILE: &str = "nats-server.conf";
const LOG_FILE: &str = "nats-server.log";

/// Makes the folder, writes the server's configuration into it, and removes what an earlier server said
/// about its ports. Returns the folder's full path.
fn prepare(folder: &Path, port: Option<u16>) -> Result<PathBuf, ServerError> {
    let doing = || format!("prepare the folder {} for nats-server", folder.display());
    fs::create_dir_all(folder).map_err(ServerError::system(doing()))?;
    let folder = folder.canonicalize().map_err(ServerError::system(doing()))?;
    for path in ports_files(&folder) {
        fs::remove_file(path).map_err(ServerError::system(doing()))?;
    }
    let mut file = fs::File::create(folder.join(CONFIG_FILE)).map_err(ServerError::system(doing()))?;
    file.write_all(configuration(&folder, port).as_bytes()).map_err(ServerError::system(doing()))?;
    Ok(folder)
}

/// The server's configuration. Port -1 is the server's own word for "any free one".
///
/// `sync_interval: always` would cost a disk flush a message; a private server's streams need not survive the
/// machine, only the process, so ten seconds do.
fn configuration(folder: &Path, port: Option<u16>) -> String {
    let quoted = |path: &Path| serde_json::Value::from(path.to_string_lossy()).to_string();
    let port = port.map_or(-1, i32::from);
    format!(
        "# Written by watchlight for a private server; do not edit.\n\
         listen: \"127.0.0.1:{port}\"\n\
         server_name: \"watchlight-private\"\n\
         ports_file_dir: {folder}\n\
         log_file: {log}\n\
         jetstream {{\n  store_dir: {store}\n  sync_interval: \"10s\"\n}}\n",
        folder = quoted(folder),
        log = quoted(&folder.join(LOG_FILE)),
        store = quoted(&folder.join("jetstream")),
    )
}

/// The files in `folder` in which a server tells its ports: `nats-server_<pid>.ports`.
fn ports_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_ports = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "ports");
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_ports).collect()
}

/// The process id and the address that a server in `folder` has told; `None` while the file is missing or
/// half written.
fn read_ports_file(folder: &Path) -> Option<(u32, SocketAddr)> {
    let path = ports_files(folder).pop()?;
    let pid = path.file_stem()?.to_str()?.rsplit('_').next()?.parse().ok()?;
    let ports: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).ok()?).ok()?;
    let address = ports["nats"][0].as_str()?.strip_prefix("nats://")?.parse().ok()?;
    Some((pid, address))
}

/// The variable that names the server to use.
pub const SERVER_VARIABLE: &str = "NATS_SERVER_BIN";

/// Finds a server for this process: see [`find`].
///
/// # Errors
/// As [`find`].
pub fn find_for_process() -> Result<FoundServer, FindError> {
    let named: Option<OsString> = std::env::var_os(SERVER_VARIABLE).filter(|name| !name.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    find(named.as_deref(), &path, &starts.into_iter().flatten().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
