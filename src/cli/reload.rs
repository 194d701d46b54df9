//! The command that puts a changed configuration in force.

use clap::Args;

/// `reload`: the configuration folder of a running service, in force.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ReloadArgs {
    /// The service
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8600")]
    pub server: String,
    /// Wait while a backlog is judged, until it is in force
    #[arg(long)]
    pub wait: bool,
    /// Only if it changes what the preview of this hash showed
    #[arg(long, value_name = "HASH")]
    pub preview: Option<String>,
}
