//! A folder in memory that loses what a real one may lose, at a moment that a test chooses.
//!
//! Content is durable after a sync of the file, a name after a sync of the folder. A crash keeps what is durable; of
//! the rest, each file keeps a part of what was appended and each change of a name is there or not, as a seed decides.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Input, Output, Storage};

/// What happens at the chosen step.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The power goes: nothing works from here on.
    Crash,
    /// The disk is full: half of a write is done, then it fails, and so do all later ones.
    Full,
    /// This one step fails, with half of a write done.
    Once,
}

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    content: Vec<u8>,
}

type Names = BTreeMap<String, usize>;

#[derive(Default)]
struct State {
    files: Vec<File>,
    names: Names,
    durable: Names,
    /// Steps so far: everything that changes something.
    steps: usize,
    fault: Option<(usize, Fault)>,
    off: bool,
}

/// The folder. Clones are the same folder.
#[derive(Clone, Default)]
pub(crate) struct Simulated(Arc<Mutex<State>>);

impl Simulated {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `fault` happen at the `step`th change from now, from 0.
    pub(crate) fn fail_at(&self, step: usize, fault: Fault) {
        let mut state = self.lock();
        state.fault = Some((state.steps + step, fault));
    }

    /// Steps so far.
    pub(crate) fn steps(&self) -> usize {
        self.lock().steps
    }

    /// The disk has room again, the power is back; what was not durable may be lost, as `seed` decides.
    pub(crate) fn restart(&self, seed: u64) -> Simulated {
        let mut state = self.lock();
        let mut dice = seed;
        let mut roll = |sides: usize| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) as usize % sides
        };
        let mut names = state.durable.clone();
        for (name, file) in &state.names.clone() {
            if state.durable.get(name) != Some(file) && roll(2) == 0 {
                names.insert(name.clone(), *file);
            }
        }
        for name in state.durable.keys() {
            if !state.names.contains_key(name) && roll(2) == 0 {
                names.remove(name);
            }
        }
        let files = state.files.drain(..).map(|file| {
            let File { durable, content } = file;
            let kept = match content.strip_prefix(durable.as_slice()) {
                Some(appended) => durable.len() + roll(appended.len() + 1),
                None => durable.len(),
            };
            let content = if kept > durable.len() { content[..kept].to_vec() } else { durable };
            File { durable: content.clone(), content }
        });
        let files = files.collect();
        Simulated(Arc::new(Mutex::new(State { files, names: names.clone(), durable: names, ..State::default() })))
    }

    /// The fault is over; nothing is lost.
    pub(crate) fn mend(&self) {
        self.lock().fault = None;
    }

    /// Flips one bit of a file; the place is taken modulo its length.
    pub(crate) fn flip(&self, name: &str, bit: usize) {
        let mut state = self.lock();
        let file = state.names[name];
        let content = &mut state.files[file].content;
        let bit = bit % (content.len() * 8);
        content[bit / 8] ^= 1 << (bit % 8);
    }

    /// Names with this beginning.
    pub(crate) fn named(&self, beginning: &str) -> Vec<String> {
        self.lock().names.keys().filter(|name| name.starts_with(beginning)).cloned().collect()
    }

    /// Bytes of a file.
    pub(crate) fn size(&self, name: &str) -> usize {
        let state = self.lock();
        state.files[state.names[name]].content.len()
    }

    /// One step that changes something; `write` is done by half where it fails.
    fn step<T>(&self, change: impl FnOnce(&mut State, bool) -> T) -> io::Result<T> {
        let mut state = self.lock();
        if state.off {
            return Err(io::Error::other("the power is off"));
        }
        let step = state.steps;
        state.steps += 1;
        match state.fault {
            Some((at, Fault::Crash)) if step >= at => {
                state.off = true;
                change(&mut state, true);
                Err(io::Error::other("the power is off"))
            }
            Some((at, fault)) if step == at || step > at && fault == Fault::Full => {
                change(&mut state, true);
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(change(&mut state, false)),
        }
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        let state = self.lock();
        if state.off {
            return Err(io::Error::other("the power is off"));
        }
        state.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Storage for Simulated {
    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        let file = self.step(|state, failed| {
            if !failed {
                state.files.push(File::default());
                let file = state.files.len() - 1;
                state.names.insert(name.to_owned(), file);
            }
            state.files.len().saturating_sub(1)
        })?;
        Ok(Box::new(Opened { folder: self.clone(), file }))
    }

    fn append(&self, name: &str) -> io::Result<Box<dyn Output>> {
        match self.find(name) {
            Ok(file) => Ok(Box::new(Opened { folder: self.clone(), file })),
            Err(_) => self.create(name),
        }
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Input>> {
        Ok(Box::new(Opened { folder: self.clone(), file: self.find(name)? }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.step(|state, failed| {
            if !failed {
                let file = state.names.remove(from).expect("tests rename what is there");
                state.names.insert(to.to_owned(), file);
            }
        })
    }

    fn truncate(&self, name: &str, size: u64) -> io::Result<()> {
        let file = self.find(name)?;
        self.step(|state, failed| {
            if !failed {
                let file = &mut state.files[file];
                file.content.truncate(usize::try_from(size).expect("a small file"));
                file.durable = file.content.clone();
            }
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.step(|state, failed| {
            if !failed {
                state.names.remove(name);
            }
        })
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.step(|state, failed| {
            if !failed {
                state.durable = state.names.clone();
            }
        })
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().names.keys().cloned().collect())
    }

    fn place(&self) -> String {
        "simulated".to_owned()
    }
}

struct Opened {
    folder: Simulated,
    file: usize,
}

impl Output for Opened {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.folder.step(|state, failed| {
            let bytes = if failed { &bytes[..bytes.len() / 2] } else { bytes };
            state.files[self.file].content.extend_from_slice(bytes);
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.folder.step(|state, failed| {
            let file = &mut state.files[self.file];
            if !failed {
                file.durable = file.content.clone();
            }
        })
    }
}

impl Input for Opened {
    fn size(&self) -> io::Result<u64> {
        Ok(self.folder.lock().files[self.file].content.len() as u64)
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let state = self.folder.lock();
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = start.checked_add(bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let content = state.files[self.file].content.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(content);
        Ok(())
    }
}
