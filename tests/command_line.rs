//! The program as a stranger meets it: exit codes, and what goes to which output.

use std::path::Path;
use std::process::{Output, Stdio};

use crate::support::{program, project};

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("the program was built with the tests")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A configuration folder whose settings file says `settings`.
fn configuration(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(folder.path().join("watchlight.toml"), settings).expect("a file can be written there");
    folder
}

fn check(folder: &Path, more: &[&str]) -> Output {
    let folder = folder.to_str().expect("temporary folders have plain names");
    run(&[&["check", "--config", folder], more].concat())
}

#[test]
fn the_shipped_configuration_has_no_faults() {
    let output = check(&project().join("config"), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn faults_go_to_standard_output_in_the_language_asked_for_and_the_exit_code_is_one() {
    let folder = configuration("workres = 2\n");
    let place = format!("{}:1:1", folder.path().join("watchlight.toml").display());
    let english = check(folder.path(), &[]);
    assert_eq!(english.status.code(), Some(1));
    let said = text(&english.stdout);
    let expected = format!("{place} error ST01 unknown setting \"workres\"; did you mean \"workers\"?\n");
    assert!(said.starts_with(&expected), "{said}");
    let chinese = check(folder.path(), &["--lang", "zh"]);
    let said = text(&chinese.stdout);
    assert!(said.starts_with(&format!("{place} 错误 ST01 没有设置 \"workres\"；是否要写 \"workers\"？\n")), "{said}");
}

#[test]
fn a_missing_folder_means_it_cannot_start_and_is_told_once_on_standard_error() {
    let output = run(&["check", "--config", "no-such-folder"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(
        text(&output.stderr),
        "watchlight: there is no configuration folder no-such-folder; name it with --config\n"
    );
}

/// Editors read it; what it says is tested where it is made.
#[test]
fn the_schema_of_rule_files_is_json() {
    for (of, key) in [("rules", "rule"), ("vocabulary", "fields"), ("profile", "defaults")] {
        let output = run(&["rules", "schema", of]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        assert!(schema["properties"][key].is_object(), "{of}");
    }
}

#[test]
fn wrong_usage_is_exit_code_two() {
    for wrong in [&["chekc"][..], &["check", "--no-such-flag"], &[]] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn the_version_is_the_packages() {
    let output = run(&["--version"]);
    assert_eq!(text(&output.stdout), format!("watchlight {}\n", env!("CARGO_PKG_VERSION")));
}

/// Runs the program with nobody reading its standard output, nor, if `mute`, its standard error.
fn run_unread(arguments: &[&str], mute: bool) -> Output {
    let unread = || std::io::pipe().expect("the system has pipes").1;
    let mut command = program();
    command.args(arguments).env("WATCHLIGHT_LOG", "error").stdout(unread()).stderr(if mute {
        Stdio::from(unread())
    } else {
        Stdio::piped()
    });
    command.spawn().and_then(std::process::Child::wait_with_output).expect("the program was built with the tests")
}

#[test]
fn a_command_whose_output_nobody_reads_ends_quietly() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = |name: &str| folder.path().join(name).to_str().expect("temporary folders have plain names").to_owned();
    let (events, truth, config) = (path("events.ndjson"), path("truth.csv"), project().join("config"));
    let config = config.to_str().expect("the project has a plain path");
    let generate = ["generate", "--cases", "200", "--out", &events, "--truth", &truth];
    for command in [
        &generate[..],
        &["generate", "--cases", "200", "--out", "/dev/stdout", "--truth", &truth],
        &["check", "--config", config],
        &["replay", &events, "--config", config, "--digest"],
        &["replay", &events, "--config", config, "--out", "/dev/stdout"],
        &["replay", &events, "--config", config, "--standing", "/dev/stdout"],
        &["explain", "NO-SUCH-CASE", "--events", &events, "--config", config],
    ] {
        let output = run_unread(command, false);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(141), ""), "{command:?}");
        assert_eq!(run_unread(command, true).status.code(), Some(141), "{command:?}");
    }
    assert_eq!(run_unread(&["--help"], false).status.code(), Some(0), "the help is as good as read");
}

#[test]
fn a_remark_that_nobody_reads_stops_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let events = folder.path().join("events.ndjson");
    let good = r#"{"id":"1","source":"s","case":"A","activity":"accepted","at":"2026-03-02T10:00:00+08:00","level":"county","region":"360902","dept":"D"}"#;
    std::fs::write(&events, format!("no event\n{good}\n")).expect("a file can be written there");
    let unread = std::io::pipe().expect("the system has pipes").1;
    let mut command = program();
    command
        .env("WATCHLIGHT_LOG", "error")
        .current_dir(project())
        .arg("replay")
        .arg(events)
        .args(["--config", "config"])
        .stderr(unread);
    let output = command.output().expect("the program was built with the tests");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("facts 1  refused lines 1  "), "{}", text(&output.stdout));
}

#[test]
fn an_output_that_is_full_is_told() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has a full device");
    let mut command = program();
    command.current_dir(project()).args(["check", "--config", "config"]).stdout(full).stderr(Stdio::piped());
    let output = command.spawn().and_then(std::process::Child::wait_with_output).expect("the program was built");
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stderr);
    assert!(said.starts_with("watchlight: could not write to standard output: No space left on device"), "{said}");
}
