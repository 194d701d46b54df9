//! What time will bring.

use std::path::PathBuf;

use clap::Args;
use facts::{Light, Moment, Region};

use super::{ConfigArgs, WorkersArgs};

/// `forecast`: which cases turn which light when, if nothing more is heard.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ForecastArgs {
    /// The last instant looked at, RFC 3339 with an offset
    #[arg(long, value_name = "INSTANT")]
    pub until: Moment,
    /// A file of events, one JSON object a line; .gz and .zst are unpacked. May be given several times
    #[arg(long, value_name = "FILE", required_unless_present = "server", conflicts_with = "server")]
    pub events: Vec<PathBuf>,
    /// The service whose cases are asked about
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// From which instant on, RFC 3339 with an offset [default: the highest `at` of the events]
    #[arg(long, value_name = "INSTANT", conflicts_with = "server")]
    pub at: Option<Moment>,
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only this rule, or, with * at its end, all whose id begins so
    #[arg(long, value_name = "ID")]
    pub rule: Option<String>,
    /// Only this region and all below it: the first digits of its code
    #[arg(long, value_name = "CODE", value_parser = region)]
    pub region: Option<String>,
    /// Only this department
    #[arg(long, value_name = "DEPT")]
    pub dept: Option<String>,
    /// Only changes to or from this light
    #[arg(long, value_name = "LIGHT", value_parser = light)]
    pub light: Option<Light>,
    /// Changes that are listed at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub rows: usize,
    /// Write all that changes here as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Threads that judge.
    #[command(flatten)]
    pub workers: WorkersArgs,
}

fn light(text: &str) -> Result<Light, String> {
    let known = || Light::ALL.iter().map(|light| light.token()).collect::<Vec<_>>().join(", ");
    Light::from_token(text).ok_or_else(|| format!("there are {}", known()))
}

fn region(text: &str) -> Result<String, String> {
    text.parse::<Region>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}
