//! `watchlight audit verify`: the chain of the audit read again from its first row.

use alerts::Ledger;
use alerts::ledger::{Break, Chain};
use anyhow::Context;

use crate::cli::{AuditCommand, Exit, Language, Noted};
use crate::settings::{self, Sources};
use crate::terminal::say;

/// Does what `command` says.
///
/// # Errors
/// When the ledger cannot be read.
pub(crate) fn run(command: &AuditCommand, language: Language) -> anyhow::Result<Exit> {
    let AuditCommand::Verify(args) = command;
    let settings = settings::load(&Sources::of_process(&args.config.folder, Vec::new()))?;
    let noted = args.noted.as_ref().map(|Noted { number, hash }| (*number, hash.as_str()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let chain = runtime.context("could not start the runtime")?.block_on(async {
        let ledger = Ledger::look(&settings.ledger.url).await?;
        let chain = ledger.verify_audit(noted).await?;
        ledger.close().await;
        anyhow::Ok(chain)
    })?;
    match &chain {
        Chain::Whole { rows, hash } => {
            let said = match language {
                Language::Zh => format!("审计链完整：{rows} 条，{rows}:{hash}"),
                Language::En => format!("the audit is whole: {rows} rows, {rows}:{hash}"),
            };
            say!("{said}")?;
        }
        Chain::Broken { number, why } => match language {
            Language::Zh => say!("审计链在第 {number} 条断裂：{}", reason(*why, language))?,
            Language::En => say!("the audit is broken at row {number}: {}", reason(*why, language))?,
        },
    }
    Ok(if matches!(chain, Chain::Whole { .. }) { Exit::Fine } else { Exit::FaultsFound })
}

fn reason(why: Break, language: Language) -> &'static str {
    let (zh, en) = match why {
        Break::Missing => ("该条缺失", "it is missing"),
        Break::Changed => ("内容被改动", "it is not what was written"),
        Break::NotAsNoted => ("与所记的散列值不符", "its hash is not the one that was noted"),
        Break::OtherHead => ("末尾散列值不符", "the head tells another hash"),
    };
    match language {
        Language::Zh => zh,
        Language::En => en,
    }
}
