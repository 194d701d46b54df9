//! Servers that cannot be used, and what is said of them.

use super::*;

#[test]
fn versions_compare_by_number() {
    let version = |text| Version::parse(text).expect(text);
    assert!(version("2.9.10") < Version::LEAST);
    assert!(version("v2.10.0-RC.1") >= Version::LEAST);
    assert!(version("2.12.6") < Version::ADVISED);
    assert!(version("2.15.1") > Version::ADVISED);
    assert_eq!(Version::parse("none"), None);
    assert_eq!(Version::parse("2.12"), None);
}

/// A server that says what it is told to say and nothing else.
async fn pretend(info: &'static str) -> ServerOptions {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has ports");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody connects");
        stream.write_all(format!("INFO {info}\r\n").as_bytes()).await.expect("they listen");
        let mut heard = Vec::new();
        while !heard.ends_with(b"PING\r\n") {
            let mut piece = [0; 1024];
            let count = stream.read(&mut piece).await.expect("they speak");
            heard.extend_from_slice(&piece[..count]);
        }
        stream.write_all(b"PONG\r\n").await.expect("they listen");
        std::future::pending::<()>().await;
    });
    ServerOptions { urls: vec![format!("nats://127.0.0.1:{port}")], ..ServerOptions::default() }
}

#[tokio::test]
async fn old_servers_and_servers_without_streams_are_refused() {
    let old = pretend(r#"{"server_id":"x","version":"2.9.10","max_payload":1048576,"jetstream":true}"#).await;
    let error = connect(&old).await.expect_err("too old").to_string();
    assert!(error.contains("is nats-server \"2.9.10\"; at least 2.10.0 is needed"), "{error}");
    let bare = pretend(r#"{"server_id":"x","version":"2.15.1","max_payload":1048576}"#).await;
    let error = connect(&bare).await.expect_err("no streams").to_string();
    assert!(error.contains("runs without JetStream"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let urls = vec!["nats://127.0.0.1:1".to_owned()];
    let nobody = ServerOptions { urls, ..ServerOptions::default() };
    let error = connect(&nobody).await.expect_err("nobody there").to_string();
    assert!(error.starts_with("could not connect to NATS at nats://127.0.0.1:1"), "{error}");
    let bad = ServerOptions { urls: vec!["nats://a b".to_owned()], ..ServerOptions::default() };
    let error = connect(&bad).await.expect_err("no address").to_string();
    assert_eq!(error, "\"nats://a b\" is not the address of a NATS server; write nats://host:4222");
}
