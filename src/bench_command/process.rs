//! What a process uses, read from /proc; nothing where the process or /proc is not there.

use std::fs;
use std::path::Path;

use bench::run::{Machine, ProcessUse};

/// Ticks of processor time in a second, as every Linux that this runs on counts them for programs.
const TICKS_PER_SECOND: u64 = 100;

/// Processor time so far, and the most memory it ever had.
pub(super) fn used(pid: u32) -> Option<ProcessUse> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything but ends with the last parenthesis; user and system time are the 12th and 13th words after it.
    let mut words = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = words.next()?.parse::<u64>().ok()? + words.next()?.parse::<u64>().ok()?;
    Some(ProcessUse { cpu_ms: ticks * 1000 / TICKS_PER_SECOND, memory_kib: status(pid, "VmHWM:")? })
}

/// Memory now, in KiB.
pub(super) fn memory_kib(pid: u32) -> Option<u64> {
    status(pid, "VmRSS:")
}

/// What a process used between two looks at it.
pub(super) fn between(before: Option<ProcessUse>, after: Option<ProcessUse>) -> Option<ProcessUse> {
    let (before, after) = (before?, after?);
    Some(ProcessUse { cpu_ms: after.cpu_ms.saturating_sub(before.cpu_ms), ..after })
}

fn status(pid: u32, key: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    figure(&status, key)
}

fn figure(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}

/// This machine.
pub(super) fn machine(nats_server: String, config_sha256: Option<String>) -> Machine {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let information = read("/proc/cpuinfo");
    let processor = information.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    Machine {
        processor: processor.trim_start_matches([' ', '\t', ':']).to_owned(),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
        memory_kib: figure(&read("/proc/meminfo"), "MemTotal:").unwrap_or(0),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        watchlight: env!("CARGO_PKG_VERSION").to_owned(),
        nats_server,
        config_sha256,
        commit: commit(Path::new(".git")),
    }
}

/// The commit that is checked out in the present folder, if it is a repository.
fn commit(git: &Path) -> Option<String> {
    let folder = match fs::read_to_string(git) {
        Ok(link) => Path::new(link.trim().strip_prefix("gitdir: ")?).to_owned(),
        Err(_) => git.to_owned(),
    };
    let head = fs::read_to_string(folder.join("HEAD")).ok()?;
    let found = match head.trim().strip_prefix("ref: ") {
        Some(name) => fs::read_to_string(folder.join(name)).ok()?,
        None => head,
    };
    Some(found.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        // In this order: other tests of the process may ask for more memory between the two looks.
        let now = memory_kib(std::process::id()).expect("we are in /proc");
        let mine = used(std::process::id()).expect("we are in /proc");
        assert!(now > 100 && now <= mine.memory_kib, "{now} of {mine:?}");
        assert_eq!(used(u32::MAX), None);
        assert_eq!(between(Some(mine), Some(mine)).map(|none| none.cpu_ms), Some(0));
    }
}
