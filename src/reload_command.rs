//! `watchlight reload`: asks a running service to put its configuration folder in force, and tells what became of it.

use std::time::Duration;

use anyhow::Context;
use facts::proof::Lang;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::asked::{self, Problem};
use crate::cli::{Exit, Language, ReloadArgs};
use crate::terminal::say;

/// How long one answer may take: longer than the service waits itself.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long until a service that judges a backlog is asked again.
const AGAIN: Duration = Duration::from_secs(2);

/// What the service answers when all is well.
#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Answer {
    InForce { configuration: String, at: String, cause: String, rejudged: Option<u64> },
    Unchanged { configuration: String },
}

/// Asks for a reload and prints what became of it.
///
/// # Errors
/// When the service cannot be asked, or answers otherwise than documented.
pub(crate) fn run(args: &ReloadArgs, language: Language) -> anyhow::Result<Exit> {
    let lang: Lang = language.into();
    let server = &args.server;
    let body = args.preview.as_ref().map_or_else(|| json!({}), |hash| json!({ "preview": hash }));
    loop {
        let (status, text) = asked::post(server, "/api/rules/reload", &body, PATIENCE)?;
        if status.is_success() {
            let answer = serde_json::from_str(&text);
            tell(&answer.with_context(|| format!("{server} answers otherwise than documented: {text}"))?, lang)?;
            return Ok(Exit::Fine);
        }
        let problem = Problem::of(server, status, &text)?;
        if args.wait && problem.code == "catching_up" {
            std::thread::sleep(AGAIN);
            continue;
        }
        problem.lines(lang).iter().try_for_each(|line| say!("{line}"))?;
        let faulty = status == StatusCode::UNPROCESSABLE_ENTITY || status == StatusCode::CONFLICT;
        return Ok(if faulty { Exit::FaultsFound } else { Exit::CannotStart });
    }
}

fn tell(answer: &Answer, lang: Lang) -> anyhow::Result<()> {
    match answer {
        Answer::Unchanged { configuration } => {
            say!(
                "{}",
                lang.pick(format!("配置未变：{configuration}"), format!("nothing has changed: {configuration}"))
            )?;
        }
        Answer::InForce { configuration, at, cause, rejudged } => {
            let judged = match rejudged {
                Some(cases) => lang.pick(format!("，重新判定 {cases} 件"), format!("; {cases} cases judged again")),
                None => String::new(),
            };
            say!(
                "{}",
                lang.pick(
                    format!("配置 {configuration} 自 {at} 生效（{cause}）{judged}"),
                    format!("configuration {configuration} is in force from {at} ({cause}){judged}"),
                )
            )?;
        }
    }
    Ok(())
}
