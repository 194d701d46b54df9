//! One question with a body, asked of a running service by a command.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::StatusCode;
use serde_json::Value;

/// What the service at `server` answers on `path` to `body`: the status and the text.
///
/// # Errors
/// When it does not answer, or not within `patience`.
pub(crate) fn post(server: &str, path: &str, body: &Value, patience: Duration) -> anyhow::Result<(StatusCode, String)> {
    if !["http://", "https://"].iter().any(|scheme| server.starts_with(scheme)) {
        bail!("{server:?} is no address of a service; write it as http://127.0.0.1:8600");
    }
    let url = format!("{}{path}", server.trim_end_matches('/'));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let client = reqwest::Client::builder().timeout(patience).build().context("could not make a client")?;
    runtime.context("could not start the runtime")?.block_on(async {
        let answer = client.post(&url).json(body).send().await.with_context(|| format!("{url} does not answer"))?;
        Ok((answer.status(), answer.text().await.with_context(|| format!("{url} breaks off"))?))
    })
}
