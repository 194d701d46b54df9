//! A checkpoint folder at a start.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use anyhow::Context;
use dataflow::checkpoint::{Checkpoint, ConfigLog, Disk, Gathered};
use facts::Moment;
use ingest::jetstream::Position;
use ingest::{Mark, StreamIdentity};

use tokio::sync::watch;

use super::gathering::Gathering;
use super::kept_cases::KeptCases;
use super::said_so_far::SaidSoFar;
use super::writer::Writer;
use crate::feeding::Progress;
use crate::settings::CheckpointSettings;

/// A folder that this process holds.
pub(crate) struct Opened {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) log: ConfigLog,
    /// For which program cases are kept, if they are.
    pub(crate) engine: Option<String>,
}

/// Takes the folder of `settings`; cases are kept for starts of `engine`.
///
/// # Errors
/// When it cannot be used, another process holds it, or what it holds is damaged.
pub(crate) fn open(settings: &CheckpointSettings, engine: Option<String>) -> anyhow::Result<Opened> {
    let folder = &settings.folder;
    let storage = Disk::hold(folder).with_context(|| {
        format!(
            "could not take the checkpoint folder {} (is another watchlight running on it? setting checkpoint.folder \
             names another)",
            folder.display()
        )
    })?;
    let storage = Arc::new(storage);
    let log = ConfigLog::open(Arc::clone(&storage) as _)?;
    let checkpoint = Checkpoint::open(storage)?;
    Ok(Opened { checkpoint, log, engine })
}

/// Who gathers and who writes from here on. `position` is where reading goes on; everything up to it is in the checkpoint.
pub(crate) fn keep(
    opened: Opened,
    settings: &CheckpointSettings,
    stream: StreamIdentity,
    position: Position,
    said: &Arc<SaidSoFar>,
    progress: &Arc<Progress>,
    stop: &watch::Receiver<bool>,
) -> (Gathering, Writer) {
    let (sender, cuts) = mpsc::sync_channel(1);
    let busy = Arc::new(AtomicBool::new(false));
    let Opened { checkpoint, log, engine } = opened;
    let said_through = checkpoint.manifest().and_then(|manifest| manifest.said_through.clone());
    let kept = Arc::new(KeptCases::new(engine));
    if let Some(engine) = kept.engine() {
        kept.want(checkpoint.wanted_cases(engine, false), false);
    }
    let gathering = Gathering {
        facts: Gathered::default(),
        stream,
        position,
        moved: false,
        last_cut: Instant::now(),
        interval: settings.interval,
        memory: settings.memory,
        cuts: sender,
        kept: Arc::clone(&kept),
        progress: Arc::clone(progress),
        discarded: false,
        busy: Arc::clone(&busy),
        said: Arc::clone(said),
        log,
        stop: stop.clone(),
    };
    let (said, progress, stop) = (Arc::clone(said), Arc::clone(progress), stop.clone());
    (gathering, Writer { checkpoint, cuts, busy, said, kept, said_through, progress, stop })
}

impl Opened {
    /// The instant up to which everything was said.
    pub(crate) fn said_through(&self) -> Option<Moment> {
        self.checkpoint.manifest()?.said_through.as_ref().map(|said| said.through)
    }

    /// Where reading of stream `name` goes on.
    pub(crate) fn position(&self, name: &str) -> Position {
        let streams = self.checkpoint.manifest().map_or(&[][..], |manifest| &manifest.streams);
        let Some(known) = streams.iter().find(|stream| stream.name == name) else { return Position::default() };
        let mark = |mark: &dataflow::checkpoint::StreamMark| Mark {
            sequence: mark.sequence,
            timestamp: mark.timestamp,
            hash: mark.hash,
        };
        Position {
            stream: Some(StreamIdentity { name: known.name.clone(), created: known.created }),
            last_sequence: known.last_sequence,
            marks: known.marks.iter().map(mark).collect(),
        }
    }
}
