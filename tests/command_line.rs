//! The program as a stranger meets it: exit codes, and what goes to which output.

use std::path::Path;
use std::process::Output;

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
