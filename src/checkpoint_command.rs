//! `watchlight checkpoint verify`: every byte of a checkpoint read again and held against what its manifest says.
//!
//! The folder is only looked at; a service may be using it. Then a cut may take a file away while it is read: what is missing
//! is told, and a second look finds it gone from the manifest, too.

use std::path::Path;

use anyhow::bail;
use dataflow::checkpoint::{Disk, Verified, verify};

use crate::cli::{CheckpointCommand, Exit, Language};
use crate::terminal::say;

/// Does what `command` says.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn run(command: &CheckpointCommand, language: Language) -> anyhow::Result<Exit> {
    let CheckpointCommand::Verify { folder } = command;
    verify_folder(folder, language)
}

fn verify_folder(folder: &Path, language: Language) -> anyhow::Result<Exit> {
    if !folder.is_dir() {
        bail!("there is no folder {}", folder.display());
    }
    let verified = verify(&Disk::look(folder))?;
    for finding in &verified.findings {
        say!("{}", finding.error)?;
    }
    for finding in &verified.costing_time {
        let fault = finding.error.without_remedy();
        match language {
            Language::Zh => say!("{fault}：下次启动时重新判定这些办件，只多花时间，不影响结果")?,
            Language::En => {
                say!("{fault}: the next start judges these cases anew, which takes time and changes nothing")?
            }
        }
    }
    tell(folder, &verified, language)?;
    let sound = verified.findings.is_empty() && verified.costing_time.is_empty() && verified.manifest.is_some();
    Ok(if sound { Exit::Fine } else { Exit::FaultsFound })
}

fn tell(folder: &Path, verified: &Verified, language: Language) -> anyhow::Result<()> {
    let Some(manifest) = &verified.manifest else {
        match language {
            Language::Zh => say!("{} 中没有可读的检查点清单", folder.display())?,
            Language::En => say!("{} holds no manifest of a checkpoint that can be read", folder.display())?,
        }
        return Ok(());
    };
    let (clock, facts, bytes) = (manifest.clock.now, manifest.facts(), manifest.bytes());
    let (sets, faults) = (verified.configurations, verified.findings.len() + verified.costing_time.len());
    let (cases, cases_bytes) = (verified.cases, manifest.bytes_of_cases());
    let per_fact = bytes.checked_div(facts).unwrap_or(0);
    match language {
        Language::Zh => {
            say!("检查点 {} 至 {clock}：事实 {facts} 条，{bytes} 字节（每条 {per_fact}）", manifest.number)?;
            say!("随存办件 {cases} 件，{cases_bytes} 字节：启动时不必重新判定")?;
            for stream in &manifest.streams {
                say!("消息流 {} 已读至 {}，标记 {} 个", stream.name, stream.last_sequence, stream.marks.len())?;
            }
            say!(
                "配置 {sets} 套，现行 {}；已读清单 {} 份，发现 {faults} 处问题",
                manifest.configuration,
                verified.manifests
            )?;
            if verified.torn_configuration {
                say!("配置记录末尾有一套未写完、从未生效的配置；下次启动时会去掉")?;
            }
        }
        Language::En => {
            say!("checkpoint {} up to {clock}: {facts} facts in {bytes} bytes ({per_fact} each)", manifest.number)?;
            say!("cases kept beside them: {cases} in {cases_bytes} bytes; a start need not judge these")?;
            for stream in &manifest.streams {
                say!("stream {} read up to {}, {} marks", stream.name, stream.last_sequence, stream.marks.len())?;
            }
            say!(
                "{sets} sets of configuration, in force {}; {} manifests read, {faults} faults",
                manifest.configuration,
                verified.manifests
            )?;
            if verified.torn_configuration {
                say!("the log of configurations ends in a set that never took effect; the next start takes it off")?;
            }
        }
    }
    Ok(())
}
