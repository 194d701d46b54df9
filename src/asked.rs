//! One question, asked of a running service by a command.

use std::time::Duration;

use anyhow::{Context, bail};
use facts::proof::Lang;
use facts::standing::Text2;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
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
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    ask(server, &format!("{path}?{}", query.join("&")), patience, |client, url| client.get(url))
}

/// A text as a part of an address.
pub(crate) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What a service says is wrong (`docs/http.md`).
#[derive(Deserialize)]
pub(crate) struct Problem {
    pub(crate) code: String,
    detail: String,
    detail_zh: String,
    #[serde(default)]
    faults: Vec<ToldFault>,
}

impl Problem {
    /// The problem that an answer tells.
    ///
    /// # Errors
    /// When it tells none: then the answer is told as it is.
    pub(crate) fn of(server: &str, status: StatusCode, text: &str) -> anyhow::Result<Problem> {
        serde_json::from_str(text).ok().with_context(|| format!("{server} answers {status}: {text}"))
    }

    /// What is wrong, in a sentence.
    pub(crate) fn detail(&self, lang: Lang) -> &str {
        lang.pick(&self.detail_zh, &self.detail)
    }

    /// Every fault of the configuration, where it is about that, and what is wrong.
    pub(crate) fn lines(&self, lang: Lang) -> Vec<String> {
        let faults = self.faults.iter().map(|fault| fault.line(lang));
        faults.chain([self.detail(lang).to_owned()]).collect()
    }
}

#[derive(Deserialize)]
struct ToldFault {
    file: String,
    line: Option<u32>,
    column: Option<u32>,
    code: String,
    text: Text2,
    help: Option<Text2>,
}

impl ToldFault {
    fn line(&self, lang: Lang) -> String {
        let place = match (self.line, self.column) {
            (Some(line), Some(column)) => format!(":{line}:{column}"),
            _ => String::new(),
        };
        let text = lang.pick(&self.text.zh, &self.text.en);
        let help = self.help.as_ref().map(|help| format!("\n  = {}", lang.pick(&help.zh, &help.en)));
        format!("{}{place} {} {text}{}", self.file, self.code, help.unwrap_or_default())
    }
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
