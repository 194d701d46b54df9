//! The settings of a site: `watchlight.toml`, the environment and flags, made into options.
//!
//! Three steps with three types: `layer` reads text into raw values with their places, `checked`
//! turns them into [`Settings`], and each part of the program gets its own plain struct. After that
//! nobody checks again.
//!
//! Precedence, strongest first: flags, environment (`WATCHLIGHT_` and the key in capitals, `.` as
//! `_`), `watchlight.toml`, the shipped [`DEFAULTS`].
//! Invariant: a key exists if and only if it stands in [`DEFAULTS`], and its type is the default's.
//! Not here: rules, catalogue, calendars and regions, which stand beside `watchlight.toml` and belong to
//! `rules`; what a key does, which the default's comment says.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use facts::Moment;
use ingest::ServerOptions;
use jiff::tz::TimeZone;

mod checked;
mod fault;
mod layer;

pub use fault::{Fault, Faults, Place};
pub use layer::Flag;

/// Every setting with its default, unit and effect, as TOML.
pub const DEFAULTS: &str = include_str!("settings/defaults.toml");
/// The file in the configuration folder that holds a site's settings.
pub const FILE: &str = "watchlight.toml";
/// What the name of an environment variable that carries a setting begins with.
pub const ENVIRONMENT_PREFIX: &str = "WATCHLIGHT_";
/// Variables with that prefix that are no settings: the language of messages, what is logged, the token that commands show.
const NOT_SETTINGS: [&str; 3] = ["WATCHLIGHT_LANG", "WATCHLIGHT_LOG", crate::http_client::TOKEN];

/// What a site decided, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The zone of civil days and office hours.
    pub zone: TimeZone,
    /// The folder for what the service writes; it may not exist yet.
    pub data: PathBuf,
    /// Threads that judge.
    pub workers: NonZeroUsize,
    /// The page and the API.
    pub http: HttpSettings,
    /// The NATS server and who we are to it.
    pub nats: ServerOptions,
    /// The streams on it.
    pub streams: StreamSettings,
    /// The database of lights.
    pub ledger: LedgerSettings,
    /// The supervision clock.
    pub clock: ClockSettings,
    /// When differences are said.
    pub publish: PublishSettings,
    /// Changes of the configuration folder.
    pub reload: ReloadSettings,
    /// What leaves memory when.
    pub state: StateSettings,
    /// What a start goes on from; `None` to begin at the stream's first message each time.
    pub checkpoint: Option<CheckpointSettings>,
}

/// What happens when the configuration folder changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReloadSettings {
    /// A sound change is put in force without being asked for.
    pub watch: bool,
}

/// Where the page and the API are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// A loopback address and a port.
    pub listen: SocketAddr,
}

/// What the three streams are made with when they are absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSettings {
    /// Copies in a cluster.
    pub replicas: usize,
    /// How long APPROVALS keeps a message; zero is for ever.
    pub approvals_keep: Duration,
    /// How long ALERTS keeps a message; zero is for ever.
    pub alerts_keep: Duration,
    /// How long QUARANTINE keeps a message; zero is for ever.
    pub quarantine_keep: Duration,
}

/// The database of lights.
#[derive(Clone, PartialEq, Eq)]
pub struct LedgerSettings {
    /// `sqlite://` or `postgres:`; may hold a password.
    pub url: String,
}

/// The supervision clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockSettings {
    /// What moves it.
    pub kind: ClockKind,
}

/// When differences are said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishSettings {
    /// Further behind than this nothing is said.
    pub catch_up: Duration,
    /// How long what a late fact brought about waits for what else comes late.
    pub settle: Duration,
    /// Nothing is said before this instant of the supervision clock.
    pub issue_from: Option<Moment>,
}

/// What leaves memory when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateSettings {
    /// How long a case stays in memory after it was closed and the last thing happened to it.
    pub retention: Duration,
    /// Where the service keeps sealed cases; it may not exist yet.
    pub folder: PathBuf,
}

/// What a start goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointSettings {
    /// The folder; it may not exist yet.
    pub folder: PathBuf,
    /// How often the facts since the last time are written.
    pub interval: Duration,
    /// Bytes of facts that may gather in memory while the folder takes none; then reading waits.
    pub memory: usize,
}

/// What moves the supervision clock.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ClockKind {
    /// The machine's clock, held back by the stream.
    Wall,
    /// What the messages say.
    Virtual,
}

/// Why settings could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The folder of the configuration is missing.
    #[error("there is no configuration folder {}; name it with --config", .0.display())]
    NoFolder(PathBuf),
    /// The file is there, but cannot be read.
    #[error("could not read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The settings are wrong; every fault is listed.
    #[error("{0}")]
    Faulty(Faults),
}

/// Where the settings of one run come from.
#[derive(Clone, Debug)]
pub struct Sources<'a> {
    /// The configuration folder; `watchlight.toml` in it may be absent, the folder may not.
    pub folder: &'a Path,
    /// Environment variables; those without the prefix are ignored.
    pub environment: Vec<(String, String)>,
    /// Flags of the command line that stand for settings.
    pub flags: Vec<Flag>,
}

impl<'a> Sources<'a> {
    /// The configuration in `folder` under this process's environment.
    #[must_use]
    pub fn of_process(folder: &'a Path, flags: Vec<Flag>) -> Sources<'a> {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        };
        Sources { folder, environment: std::env::vars_os().filter_map(text).collect(), flags }
    }
}

/// Reads and checks the settings.
///
/// # Errors
/// When the folder is missing, the file cannot be read, or anything in it, in the environment or in the
/// flags is wrong: then with all faults at once.
pub fn load(sources: &Sources<'_>) -> Result<Settings, SettingsError> {
    if !sources.folder.is_dir() {
        return Err(SettingsError::NoFolder(sources.folder.to_owned()));
    }
    let path = sources.folder.join(FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(SettingsError::Unreadable { path, source }),
    };
    let file = String::from_utf8(bytes).map_err(|error| SettingsError::Faulty(not_utf8(&path, &error)))?;
    resolve(&file, &path, &sources.environment, &sources.flags).map_err(SettingsError::Faulty)
}

/// The fault of a file in another encoding, at its first byte that is no text.
fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Faults {
    let sound = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
    let (line, column) = layer::line_and_column(&sound, sound.len());
    let place = fault::Place::File { path: path.to_owned(), line, column };
    let mut faults = Faults::default();
    let (en, zh) =
        ("the file is not UTF-8; save it as UTF-8 in an editor", "文件不是 UTF-8 编码；用编辑器另存为 UTF-8");
    faults.add(&place, en, zh);
    faults
}

/// Reads and checks settings whose text is at hand; `path` names the text in messages.
///
/// # Errors
/// All faults at once.
pub fn resolve(file: &str, path: &Path, environment: &[(String, String)], flags: &[Flag]) -> Result<Settings, Faults> {
    let mut faults = Faults::default();
    let defaults = layer::Layer::defaults();
    let mut merged = defaults.clone();
    merged.cover(layer::Layer::of_file(file, path, &defaults, &mut faults));
    merged.cover(layer::Layer::of_environment(environment, &defaults, &mut faults));
    merged.cover(layer::Layer::of_flags(flags, &defaults, &mut faults));
    let settings = checked::settings(&merged, &mut faults);
    match settings {
        Some(settings) if faults.is_empty() => Ok(settings),
        _ => {
            faults.sort();
            Err(faults)
        }
    }
}

/// Debug output leaves the address out: it may hold a password.
impl std::fmt::Debug for LedgerSettings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("LedgerSettings").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
