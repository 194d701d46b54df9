//! Finding a server among stand-ins that only tell a version. The real server is started end to end, in
//! tests/private_server.rs.

use super::*;

/// A program at `path` that answers `--version` with `answer`.
///
/// A shell writes it: a file that this process holds open for writing cannot be run by another test's thread.
fn stand_in(path: &Path, answer: &str) {
    let script = r#"mkdir -p "$(dirname "$1")" && printf '#!/bin/sh\necho "%s"\n' "$2" >"$1" && chmod +x "$1""#;
    let status = Command::new("/bin/sh").args(["-c", script, "stand-in"]).arg(path).arg(answer).status();
    assert!(status.expect("a shell can be started").success(), "could not write {}", path.display());
}

#[test]
fn versions_are_compared_as_numbers() {
    let version = |text| ServerVersion::parse(text).expect(text);
    assert!(version("v2.12.10") > version("2.12.7"));
    assert!(version("2.9.10") < ServerVersion::OLDEST);
    assert_eq!(version("v2.14.0-RC.1").to_string(), "2.14.0");
    for bad in ["", "2.12", "2.12.x", "2.12.7.1", "dev"] {
        assert_eq!(ServerVersion::parse(bad), None, "{bad}");
    }
}

#[test]
fn an_old_server_on_path_is_passed_over_for_the_installed_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (bin, project) = (folder.path().join("bin"), folder.path().join("project"));
    stand_in(&bin.join("nats-server"), "nats-server: v2.9.10");
    stand_in(&project.join(".tools/nats/bin/nats-server"), "nats-server: v2.15.1");
    let inside = project.join("target/release");
    let found = find(None, bin.as_os_str(), std::slice::from_ref(&inside)).expect("the installed one is new enough");
    assert_eq!(found.path, project.join(".tools/nats/bin/nats-server"));
    assert_eq!(found.version.to_string(), "2.15.1");
}

#[test]
fn a_new_server_on_path_is_used() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    stand_in(&folder.path().join("nats-server"), "nats-server: v2.12.7");
    let found = find(None, folder.path().as_os_str(), &[]).expect("2.12.7 is new enough");
    assert_eq!(found.version, ServerVersion::OLDEST);
}

#[test]
fn the_named_server_is_used_or_refused_but_never_passed_over() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (old, new) = (folder.path().join("old"), folder.path().join("nats-server"));
    stand_in(&old, "nats-server: v2.9.10");
    stand_in(&new, "nats-server: v2.15.1");
    let error = find(Some(old.as_os_str()), folder.path().as_os_str(), &[]).expect_err("the named one is too old");
    let expected = format!(
        "NATS_SERVER_BIN names {}, which is version 2.9.10; unset it or name a nats-server of at least 2.12.7",
        old.display()
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn no_server_is_told_with_what_was_seen_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("nats-server");
    stand_in(&program, "something else");
    let error = find(None, folder.path().as_os_str(), &[]).expect_err("it tells no version");
    let expected = format!(
        "found no nats-server of at least 2.12.7 ({} does not tell its version); \
         run tools/install-nats.sh, or name one in NATS_SERVER_BIN",
        program.display()
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_folder_with_quotes_and_spaces_stays_one_value() {
    let text = configuration(Path::new("/tmp/a \"b\" c"), Some(4333));
    assert!(text.contains("listen: \"127.0.0.1:4333\"\n"));
    assert!(text.contains("store_dir: \"/tmp/a \\\"b\\\" c/jetstream\"\n"));
}
