//! One question, asked of a running service by a command.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::http_client;

/// What the service at `server` answers on `path` to `body`: the status and the text.
///
/// # Errors
/// When it does not answer, or not within `patience`.
pub(crate) fn post(server: &str, path: &str, body: &Value, patience: Duration) -> anyhow::Result<(StatusCode, String)> {
    ask(server, path, patience, |client, url| client.post(url).json(body))
}

/// What it answers on `path` to a query.
///
/// # Errors
/// As [`post`].
pub(crate) fn get(
    server: &str,
    path: &str,
    query: &[(&str, String)],
    patience: Duration,
) -> anyhow::Result<(StatusCode, String)> {
    let escaped = |text: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        text.bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    ask(server, &format!("{path}?{}", query.join("&")), patience, |client, url| client.get(url))
}

fn ask(
    server: &str,
    path: &str,
    patience: Duration,
    question: impl FnOnce(&Client, &str) -> RequestBuilder,
) -> anyhow::Result<(StatusCode, String)> {
    if !["http://", "https://"].iter().any(|scheme| server.starts_with(scheme)) {
        bail!("{server:?} is no address of a service; write it as http://127.0.0.1:8600");
    }
    let url = format!("{}{path}", server.trim_end_matches('/'));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let client = http_client::client(patience)?;
    runtime.context("could not start the runtime")?.block_on(async {
        let answer = question(&client, &url).send().await.with_context(|| format!("{url} does not answer"))?;
        Ok((answer.status(), answer.text().await.with_context(|| format!("{url} breaks off"))?))
    })
}
