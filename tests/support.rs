//! What several end-to-end tests need: waiting without sleeping blindly, servers of their own, honest skips.

pub(crate) mod city;
mod copy_folder;
pub(crate) mod eventually;
pub(crate) mod machine;
pub(crate) mod nats;
pub(crate) mod pages;
pub(crate) mod postgres;
pub(crate) mod proxy;
pub(crate) mod replayed;
pub(crate) mod said;
pub(crate) mod service;
pub(crate) mod skip;
pub(crate) mod wire;

pub(crate) use copy_folder::copy_folder;

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock};

use jiff::tz::TimeZone;
use rules::configuration::Configuration;

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

/// The files of the shipped configuration that a light can depend on, by path below `config/`.
fn shipped_files() -> rules::site::Files {
    files_of(&project().join("config"))
}

/// The files of a configuration folder that a light can depend on, by path below it.
pub(crate) fn files_of(config: &Path) -> rules::site::Files {
    let mut files = rules::site::Files::new();
    let mut folders = vec![config.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a shipped folder can be read") {
            let path = entry.expect("a shipped folder can be read").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(config).expect("it lies below the folder");
            let name = below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
            if rules::site::is_part(&name) {
                files.insert(name, std::fs::read(&path).expect("a shipped file can be read"));
            }
        }
    }
    files
}

/// The shipped configuration, loaded once.
pub(crate) fn shipped_configuration() -> Arc<Configuration> {
    static SHIPPED: LazyLock<Arc<Configuration>> = LazyLock::new(|| Arc::new(configuration_of(&shipped_files())));
    Arc::clone(&SHIPPED)
}

/// What these files say, in the zone of the shipped site.
pub(crate) fn configuration_of(files: &rules::site::Files) -> Configuration {
    let zone = TimeZone::get("Asia/Shanghai").expect("the zone is built in");
    rules::site::load(files, &zone).expect("the configuration has no faults").configuration
}
