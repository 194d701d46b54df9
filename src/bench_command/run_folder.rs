//! The folder of one run: `run.json`, a percentile file (`.hgrm`) for each clock, the interval log (`run.hlog`), `report.html`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, bail};
use bench::latency::{Latencies, write_hlog};
use bench::report;
use bench::run::Run;
use facts::Moment;

use crate::output_file::create;

/// The file with all figures.
pub(super) const FIGURES: &str = "run.json";
/// The page for people.
pub(super) const REPORT: &str = "report.html";
/// The interval log.
pub(super) const LOG: &str = "run.hlog";

/// A folder that was empty.
pub(super) struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes the folder.
    ///
    /// # Errors
    /// When it cannot be made, or holds a run.
    pub(super) fn create(path: &Path) -> anyhow::Result<RunFolder> {
        if path.join(FIGURES).exists() {
            bail!("{} holds a run already; name another folder with --out", path.display());
        }
        fs::create_dir_all(path).with_context(|| format!("could not make the folder {}", path.display()))?;
        Ok(RunFolder(path.to_owned()))
    }

    /// Writes all of it; the figures last, so that a folder with figures is whole.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn write(&self, run: &Run, clocks: &[(&str, &Latencies)]) -> anyhow::Result<()> {
        for (name, latencies) in clocks {
            latencies.write_hgrm(&mut create(&self.0.join(format!("{name}.hgrm")))?)?;
        }
        let began: Moment = run.began.parse().expect("it was written from an instant");
        let start = UNIX_EPOCH + Duration::from_millis(u64::try_from(began.millis()).unwrap_or(0));
        write_hlog(clocks, start, &mut create(&self.0.join(LOG))?)?;
        let write = |name: &str, text: String| {
            let path = self.0.join(name);
            fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))
        };
        write(REPORT, report::page(run, &clocks[..2]))?;
        write(FIGURES, serde_json::to_string_pretty(run)? + "\n")
    }
}
