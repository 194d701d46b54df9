//! The files an operator starts from do what they say: the server's settings, the permissions, the sender.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::server::{Login, Secret};
use crate::streams::{self, APPROVALS, StreamOptions};
use crate::test_support::{TestServer, find_binary, root};

const EVENT: &str = r#"{"id":"1","source":"demo","case":"C-1","activity":"accepted","at":"2026-01-05T09:00:00+08:00","level":"county","region":"360902","dept":"FGW"}"#;

/// Runs the sender; `None` when there is no Python to run it.
fn publish(url: &str, arguments: &[&str], input: &str) -> Option<Output> {
    let mut child = Command::new("python3")
        .arg(root().join("tools/publish_one.py"))
        .args(["--url", url])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("a short text fits the pipe");
    Some(child.wait_with_output().expect("our own child can be waited for"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_example_settings_are_valid() {
    let Some(binary) = find_binary() else {
        assert!(std::env::var_os("CI").is_none(), "the_example_settings_are_valid needs nats-server");
        println!("SKIPPED: the_example_settings_are_valid (no nats-server; run tools/install-nats.sh)");
        return;
    };
    for file in ["server.conf", "permissions.example.conf"] {
        let checked = Command::new(&binary).arg("-t").arg("-c").arg(root().join("config/nats").join(file)).output();
        let checked = checked.expect("the binary answered --version");
        assert!(checked.status.success(), "{file}: {}", text(&checked.stderr));
    }
}

#[tokio::test]
async fn one_event_is_sent_and_told_where_it_is_stored() {
    let Some(server) = TestServer::start("one_event_is_sent_and_told_where_it_is_stored") else { return };
    let url = format!("nats://127.0.0.1:{}", server.port);
    let Some(too_early) = publish(&url, &[EVENT], "") else {
        println!("SKIPPED: one_event_is_sent_and_told_where_it_is_stored (no python3)");
        return;
    };
    assert!(text(&too_early.stderr).contains("no stream takes approval.county.360902.FGW"), "{too_early:?}");
    let (connection, _) = server.connect_with_streams().await;
    let sent = publish(&url, &[EVENT], "").expect("python3 is there");
    assert_eq!(text(&sent.stdout), "approval.county.360902.FGW: stored in APPROVALS as 1\n");
    let sent = publish(&url, &[], &format!("{EVENT}\n\n{EVENT}\n")).expect("python3 is there");
    assert!(text(&sent.stdout).ends_with("stored in APPROVALS as 3\n"), "{sent:?}");
    let refused = publish(&url, &["not json"], "").expect("python3 is there");
    assert_eq!((refused.status.code(), text(&refused.stdout).as_str()), (Some(1), ""));
    assert_eq!(streams::state(&connection, APPROVALS).await.expect("readable").last_sequence, 3);
}

#[tokio::test]
async fn an_office_speaks_on_its_own_subject_only_and_hears_no_other() {
    let permissions = std::fs::read_to_string(root().join("config/nats/permissions.example.conf")).expect("shipped");
    let test = "an_office_speaks_on_its_own_subject_only_and_hears_no_other";
    let Some(server) = TestServer::start_with(test, &permissions) else { return };
    let user =
        |user: &str, password: &str| Login::Password { user: user.into(), password: Secret::Text(password.into()) };
    let watchlight = server.connect_as(user("watchlight", "change-me-watchlight")).await;
    streams::ensure(&watchlight, &StreamOptions::default()).await.expect("watchlight keeps the streams");
    let url = format!("nats://yuanzhou-fagai:change-me-yuanzhou@127.0.0.1:{}", server.port);
    let Some(sent) = publish(&url, &[EVENT], "") else {
        println!("SKIPPED: {test} (no python3)");
        return;
    };
    assert_eq!(text(&sent.stdout), "approval.county.360902.FGW: stored in APPROVALS as 1\n");
    for foreign in ["approval.county.360902.GSJ", "alert.red.county.360902.FGW", "quarantine.not_json.x"] {
        let refused = publish(&url, &["--subject", foreign, EVENT], "").expect("python3 is there");
        assert!(text(&refused.stderr).contains("Permissions Violation"), "{foreign}: {refused:?}");
    }
    let office = server.connect_as(user("yuanzhou-fagai", "change-me-yuanzhou")).await;
    let read = async |jetstream: &async_nats::jetstream::Context| {
        let answer = tokio::time::timeout(Duration::from_millis(500), jetstream.get_stream(APPROVALS)).await;
        answer.is_ok_and(|stream| stream.is_ok())
    };
    assert!(read(&watchlight.jetstream).await, "watchlight is answered");
    assert!(!read(&office.jetstream).await, "an office is not");
}
