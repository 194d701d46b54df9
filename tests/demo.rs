//! `watchlight demo` as a stranger runs it: it ends by itself, equal to the truth, or at Ctrl-C; and leaves nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use watchlight::nats_server::find_for_process;

use crate::support::eventually::eventually;
use crate::support::nats::signal;
use crate::support::skip::skip;
use crate::support::{program, project};

/// How long Ctrl-C may take on a busy machine.
const INTERRUPT_WITHIN: Duration = Duration::from_secs(15);

/// The demo, with a folder of its own for all it writes; `None` (and a skip) where there is no nats-server.
fn demo(test: &str, seconds: &str) -> Option<(Command, TempDir)> {
    if let Err(error) = find_for_process() {
        skip(test, &error.to_string());
        return None;
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut command = program();
    command.args(["demo", "--headless", "--seconds", seconds, "--config"]).arg(project().join("config"));
    command.env("TMPDIR", folder.path()).stdin(Stdio::null());
    Some((command, folder))
}

/// Nothing of the demo is left: no file, and no process that was started with a file of its folder.
#[track_caller]
fn check_nothing_left(folder: &Path) {
    let left: Vec<_> = std::fs::read_dir(folder).expect("the folder is ours").filter_map(Result::ok).collect();
    assert!(left.is_empty(), "the demo has left {left:?}");
    let name = folder.to_str().expect("temporary folders have plain names");
    eventually("no process of the demo is left", || {
        let processes = std::fs::read_dir("/proc").expect("processes are listed").filter_map(Result::ok);
        let mut commands = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
        (!commands.any(|command| String::from_utf8_lossy(&command).contains(name))).then_some(())
    });
}

#[test]
fn the_demo_ends_equal_to_the_truth() {
    let Some((mut command, folder)) = demo("the_demo_ends_equal_to_the_truth", "5") else { return };
    let output = command.output().expect("the program was built with the tests");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    let verdict = told.lines().last().unwrap_or_default();
    assert!(verdict.contains("缺 missing 0  多 extra 0"), "{told}");
    assert!(!verdict.contains("equal 0 "), "there was something to compare: {verdict}");
    check_nothing_left(folder.path());
}

/// Interrupts a demo at the moment that `moment` waits for; returns what it was told to print on its end.
fn interrupt(test: &str, moment: impl FnOnce(&mut Child, &Path)) {
    let Some((mut command, folder)) = demo(test, "60") else { return };
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program was built with the tests");
    moment(&mut child, folder.path());
    let interrupted = Instant::now();
    signal(child.id(), "INT");
    let status = eventually("an interrupted demo ends", || child.try_wait().expect("a child can be asked"));
    assert_eq!(status.code(), Some(0), "it ends in order");
    assert!(interrupted.elapsed() < INTERRUPT_WITHIN, "it took {} s", interrupted.elapsed().as_secs());
    check_nothing_left(folder.path());
}

#[test]
fn ctrl_c_ends_the_demo_with_all_its_children() {
    interrupt("ctrl_c_ends_the_demo_with_all_its_children", |child, _| {
        let output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut lines = output.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.starts_with("页面 page: http://")), "it tells where its page is");
        // Whoever prints later must find somebody who reads.
        std::thread::spawn(move || lines.for_each(drop));
    });
}

#[test]
fn ctrl_c_before_the_service_runs_leaves_nothing_either() {
    interrupt("ctrl_c_before_the_service_runs_leaves_nothing_either", |_, folder| {
        eventually("the demo's server runs", || {
            let made = std::fs::read_dir(folder).ok()?.filter_map(Result::ok).next()?.path();
            let has_ports = |path: &Path| path.extension().is_some_and(|extension| extension == "ports");
            std::fs::read_dir(made).ok()?.filter_map(Result::ok).find(|entry| has_ports(&entry.path()))
        });
    });
}
