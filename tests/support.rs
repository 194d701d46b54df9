//! What several end-to-end tests need: waiting without sleeping blindly, servers of their own, honest skips.

pub(crate) mod city;
pub(crate) mod eventually;
pub(crate) mod nats;
pub(crate) mod postgres;
pub(crate) mod said;
pub(crate) mod service;
pub(crate) mod skip;
pub(crate) mod wire;

use std::path::Path;
use std::process::Command;

/// The project's folder.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The built program, run in English and under no setting of whoever runs the tests.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchlight"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WATCHLIGHT_")) {
        command.env_remove(name);
    }
    command.env("LANG", "C");
    command
}
