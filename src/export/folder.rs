//! The folder of an export: its files' names, and what it says of itself.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dataflow::Entry;
use facts::{Moment, Transition, line};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the folder says of itself.
pub(super) const ABOUT: &str = "export.json";
/// Rules and tables.
pub(super) const CONFIGURATION: &str = "configuration.json";
/// Facts, one a line.
pub(super) const FACTS: &str = "facts.ndjson";
/// Changes of lights, one a line.
pub(crate) const TRANSITIONS: &str = "transitions.ndjson";
/// Lights that stand, one a line.
pub(crate) const STANDING: &str = "standing.ndjson";
/// What the form is called.
pub(super) const FORMAT: &str = "watchlight-export";
/// Raised when a reader of the form before could go wrong; additions do not raise it.
pub(super) const FORMAT_VERSION: u32 = 1;

/// What an export says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct About {
    /// [`FORMAT`].
    pub(crate) format: String,
    /// [`FORMAT_VERSION`].
    pub(crate) format_version: u32,
    /// Who wrote it.
    pub(crate) program: String,
    /// The supervision clock at the end.
    pub(crate) as_of: Moment,
    /// Hash of the configuration.
    pub(crate) configuration: String,
    /// Zone in which the digest counts days.
    pub(crate) zone: String,
    /// Lines of facts.
    pub(crate) facts: u64,
    /// Lines of transitions.
    pub(crate) transitions: u64,
    /// Lines of standing lights.
    pub(crate) lights: u64,
    /// Digest of the standing lights.
    pub(crate) digest: String,
}

impl About {
    /// Is there an export in `folder`?
    pub(crate) fn is_in(folder: &Path) -> bool {
        folder.join(ABOUT).is_file()
    }

    /// Reads what the export in `folder` says of itself.
    ///
    /// # Errors
    /// When it cannot be read or is of another form.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<About> {
        let path = folder.join(ABOUT);
        let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        let about: About = serde_json::from_str(&text).with_context(|| format!("{} is not ours", path.display()))?;
        if about.format != FORMAT || about.format_version != FORMAT_VERSION {
            bail!(
                "{} is {} {}, known is {FORMAT} {FORMAT_VERSION}",
                path.display(),
                about.format,
                about.format_version
            );
        }
        Ok(about)
    }

    /// Writes it to `folder`: last, so that a folder that has it is whole.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(ABOUT);
        let text = serde_json::to_string_pretty(self).context("text and numbers")?;
        std::fs::write(&path, text + "\n").with_context(|| format!("could not write {}", path.display()))
    }
}

/// A file of lines.
pub(super) struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Lines {
    pub(super) fn create(folder: &Path, name: &str) -> anyhow::Result<Lines> {
        let path = folder.join(name);
        let file = File::create(&path).with_context(|| format!("could not create {}", path.display()))?;
        Ok(Lines { path, file: BufWriter::with_capacity(1 << 20, file) })
    }

    pub(super) fn write(&mut self, data: &Value) -> anyhow::Result<()> {
        self.write_text(&data.to_string())
    }

    pub(super) fn write_text(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.file, "{line}").with_context(|| format!("could not write {}", self.path.display()))
    }

    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.file.flush().with_context(|| format!("could not write {}", self.path.display()))
    }
}

/// A file of lines that counts them and keeps its first fault for the end.
pub(super) struct Written {
    lines: Lines,
    count: u64,
    fault: Option<anyhow::Error>,
}

impl Written {
    /// The files of facts and of transitions.
    pub(super) fn pair(folder: &Path) -> anyhow::Result<(Written, Written)> {
        let create =
            |name| Ok::<_, anyhow::Error>(Written { lines: Lines::create(folder, name)?, count: 0, fault: None });
        Ok((create(FACTS)?, create(TRANSITIONS)?))
    }

    /// A fact. Its canonical line stands in it as it is: the line's hash decides between two contents of one version.
    pub(super) fn fact(&mut self, entry: &Entry) {
        let (enters, fact) = (entry.enters, line::write(&entry.event));
        let sequence = entry.sequence.map_or_else(|| "null".to_owned(), |sequence| sequence.to_string());
        self.count += 1;
        if self.fault.is_none() {
            let text = format!(r#"{{"enters":"{enters}","sequence":{sequence},"fact":{fact}}}"#);
            self.fault = self.lines.write_text(&text).err();
        }
    }

    /// A transition.
    pub(super) fn transition(&mut self, said: &Transition) -> anyhow::Result<()> {
        self.count += 1;
        self.lines.write_text(&said.to_line())
    }

    /// Closes the file; returns how many lines there are.
    pub(super) fn finish(self) -> anyhow::Result<u64> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.lines.finish()?;
        Ok(self.count)
    }
}
