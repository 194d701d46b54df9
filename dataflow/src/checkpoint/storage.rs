//! The few things a checkpoint asks of a file system, behind a trait so that tests can make them fail.
//!
//! Names are plain file names in one folder. What is written is durable after [`Output::sync`]; that a file is there
//! under its name, after [`Storage::sync_folder`].

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

#[cfg(test)]
pub(crate) mod simulated;

/// A folder of files.
pub trait Storage: Send + Sync {
    /// A new, empty file; one that is there is emptied.
    ///
    /// # Errors
    /// What the system says.
    fn create(&self, name: &str) -> io::Result<Box<dyn Output>>;

    /// A file to be written on at its end; made when absent.
    ///
    /// # Errors
    /// What the system says.
    fn append(&self, name: &str) -> io::Result<Box<dyn Output>>;

    /// A file to be read.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::NotFound`] when there is none.
    fn open(&self, name: &str) -> io::Result<Box<dyn Input>>;

    /// Gives a file another name, in place of whatever has it.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Cuts a file to `size` bytes, durably.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&self, name: &str, size: u64) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes names durable.
    ///
    /// # Errors
    /// What the system says.
    fn sync_folder(&self) -> io::Result<()>;

    /// All names, in no order.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Where it is, for messages.
    fn place(&self) -> String;
}

/// A file being written.
pub trait Output: Send {
    /// Writes all of `bytes`, or fails with some of them written.
    ///
    /// # Errors
    /// What the system says.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes durable what was written. After a failure nothing is known of the file: it is to be written anew.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file being read.
pub trait Input: Send + Sync {
    /// Bytes in it.
    ///
    /// # Errors
    /// What the system says.
    fn size(&self) -> io::Result<u64>;

    /// Fills `bytes` from `offset` on.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::UnexpectedEof`] when the file ends before.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
}

/// A folder of the file system, held by one process at a time.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    /// Locked as long as it is open.
    _lock: Option<File>,
}

/// The file whose lock tells that a process uses the folder.
const LOCK: &str = "lock";

impl Disk {
    /// Takes `folder` for this process; makes it when absent.
    ///
    /// # Errors
    /// When it cannot be made, or another process holds it: then [`io::ErrorKind::WouldBlock`].
    pub fn hold(folder: &Path) -> io::Result<Disk> {
        fs::create_dir_all(folder)?;
        let lock = File::options().create(true).write(true).truncate(false).open(folder.join(LOCK))?;
        lock.try_lock().map_err(io::Error::from)?;
        Ok(Disk { folder: folder.to_owned(), _lock: Some(lock) })
    }

    /// Looks at `folder` without holding it: for reading what a running service writes.
    #[must_use]
    pub fn look(folder: &Path) -> Disk {
        Disk { folder: folder.to_owned(), _lock: None }
    }
}

impl Storage for Disk {
    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(File::create(self.folder.join(name))?))
    }

    fn append(&self, name: &str) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(File::options().create(true).append(true).open(self.folder.join(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Input>> {
        Ok(Box::new(File::open(self.folder.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.folder.join(from), self.folder.join(to))
    }

    fn truncate(&self, name: &str, size: u64) -> io::Result<()> {
        let file = File::options().write(true).open(self.folder.join(name))?;
        file.set_len(size)?;
        file.sync_all()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder.join(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.folder)?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.filter(|name| name.as_ref().map_or(true, |name| name != LOCK)).collect()
    }

    fn place(&self) -> String {
        self.folder.display().to_string()
    }
}

impl Output for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Input for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(bytes, offset)
    }
}
