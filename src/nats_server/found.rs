//! Which nats-server of this machine to use.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::SERVER_VARIABLE;

/// Where tools/install-nats.sh puts the server, seen from the project's folder.
const INSTALLED: &str = ".tools/nats/bin/nats-server";

/// A server's version.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ServerVersion {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number.
    pub patch: u16,
}

impl ServerVersion {
    /// The oldest that holds the fixes of the 2026 advisories and keeps every configuration we set.
    pub const OLDEST: ServerVersion = ServerVersion { major: 2, minor: 12, patch: 7 };

    /// Reads `2.12.7` or `v2.12.7`; what follows a `-` is left out.
    #[must_use]
    pub fn parse(text: &str) -> Option<ServerVersion> {
        let text = text.trim().trim_start_matches('v');
        let mut numbers = text.split('-').next()?.split('.').map(|number| number.parse().ok());
        let version = ServerVersion { major: numbers.next()??, minor: numbers.next()??, patch: numbers.next()?? };
        numbers.next().is_none().then_some(version)
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A server that is new enough.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundServer {
    /// The program.
    pub path: PathBuf,
    /// What its `--version` told.
    pub version: ServerVersion,
}

/// Why there is no server to use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// The one named by the variable cannot be used.
    #[error("{SERVER_VARIABLE} names {}, which {reason}; unset it or name a nats-server of at least {}",
        path.display(), ServerVersion::OLDEST)]
    Named {
        /// As named.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// None was found.
    #[error("found no nats-server of at least {}{}; run tools/install-nats.sh, or name one in {SERVER_VARIABLE}",
        ServerVersion::OLDEST, rejected_text(.rejected))]
    None {
        /// Servers that were found and not taken, each with the reason.
        rejected: Vec<(PathBuf, String)>,
    },
}

fn rejected_text(rejected: &[(PathBuf, String)]) -> String {
    rejected.iter().map(|(path, reason)| format!(" ({} {reason})", path.display())).collect()
}

/// Finds a server of at least [`ServerVersion::OLDEST`]: the one `named`, or else the first good one in the
/// folders of `path`, or else one installed under `.tools/` of a folder of `starts` or above it.
///
/// # Errors
/// When the named one cannot be used, or none is good enough; the message names those that were seen.
pub fn find(named: Option<&OsStr>, path: &OsStr, starts: &[PathBuf]) -> Result<FoundServer, FindError> {
    if let Some(named) = named {
        let named = PathBuf::from(named);
        return check(&named).map_err(|reason| FindError::Named { path: named, reason });
    }
    let on_path = std::env::split_paths(path).map(|folder| folder.join("nats-server"));
    let installed = starts.iter().flat_map(|start| start.ancestors()).map(|folder| folder.join(INSTALLED));
    let mut rejected: Vec<(PathBuf, String)> = Vec::new();
    for candidate in on_path.chain(installed).filter(|candidate| candidate.is_file()) {
        match check(&candidate) {
            Ok(found) => return Ok(found),
            Err(reason) if rejected.iter().all(|(seen, _)| *seen != candidate) => rejected.push((candidate, reason)),
            Err(_) => {}
        }
    }
    Err(FindError::None { rejected })
}

/// Asks a program for its version; the error says why it cannot be used.
fn check(path: &Path) -> Result<FoundServer, String> {
    let output = Command::new(path).arg("--version").output().map_err(|error| format!("cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text
        .trim()
        .strip_prefix("nats-server: ")
        .and_then(ServerVersion::parse)
        .ok_or_else(|| "does not tell its version".to_owned())?;
    if version < ServerVersion::OLDEST {
        return Err(format!("is version {version}"));
    }
    Ok(FoundServer { path: path.to_owned(), version })
}
