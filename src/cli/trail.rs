//! The command that looks after the audit.

use clap::{Args, Subcommand};

use super::ConfigArgs;

/// `audit`: who did and who looked at what.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum AuditCommand {
    /// Read the whole chain of hashes again; prints its last number and hash, to be noted elsewhere
    Verify(AuditVerifyArgs),
}

/// `audit verify`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct AuditVerifyArgs {
    /// A number and hash that were printed earlier: the chain must still hold them
    #[arg(long, value_name = "NUMBER:HASH", value_parser = noted)]
    pub noted: Option<Noted>,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// A row of the audit as somebody noted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}

fn noted(text: &str) -> Result<Noted, String> {
    let read = || {
        let (number, hash) = text.split_once(':')?;
        let hash = Some(hash).filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        Some(Noted { number: number.parse().ok()?, hash: hash.to_owned() })
    };
    read().ok_or_else(|| "write it as it was printed: a number, a colon, 64 hex digits".to_owned())
}
