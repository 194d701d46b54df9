//! Lines in order of time, more than memory holds: runs are sorted and put aside, then merged.
//!
//! Stable: lines of one instant keep the order in which they came. Runs lie in files without a name beside the
//! result, so that nothing is left behind however the program ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use facts::Moment;

/// Runs that are merged at once: each has an open file and a buffer.
const RUNS_MAX: usize = 128;
/// Bytes of each run kept ready while it is merged.
const BUFFER_BYTES: usize = 128 * 1024;

/// Gathers lines and writes them by time.
pub(super) struct TimeOrder {
    folder: PathBuf,
    run_bytes_max: usize,
    text: Vec<u8>,
    /// Time, begin and end in `text`.
    lines: Vec<(Moment, usize, usize)>,
    /// Earlier runs hold earlier lines.
    runs: Vec<File>,
}

impl TimeOrder {
    /// Nothing yet. Runs lie in `folder`; memory holds `run_bytes_max` bytes of text.
    pub(super) fn new(folder: &Path, run_bytes_max: usize) -> TimeOrder {
        TimeOrder {
            folder: folder.to_owned(),
            run_bytes_max,
            text: Vec::with_capacity(run_bytes_max),
            lines: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Takes a line without its end.
    ///
    /// # Errors
    /// When a run cannot be put aside.
    pub(super) fn add(&mut self, at: Moment, line: &str) -> io::Result<()> {
        if !self.lines.is_empty() && self.text.len() + line.len() > self.run_bytes_max {
            self.put_aside()?;
        }
        let begin = self.text.len();
        self.text.extend_from_slice(line.as_bytes());
        self.lines.push((at, begin, self.text.len()));
        Ok(())
    }

    /// Writes every line, each with its end, by time.
    ///
    /// # Errors
    /// When a run cannot be read or `out` cannot be written.
    pub(super) fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        let mut plain = |_: Moment, line: &[u8]| {
            out.write_all(line)?;
            out.write_all(b"\n")
        };
        if self.runs.is_empty() {
            return self.each(&mut plain);
        }
        self.put_aside()?;
        self.text = Vec::new();
        merge(&mut self.runs, &mut plain)
    }

    /// Hands over what memory holds, by time.
    fn each(&mut self, take: &mut impl FnMut(Moment, &[u8]) -> io::Result<()>) -> io::Result<()> {
        self.lines.sort_by_key(|(at, ..)| *at);
        for (at, begin, end) in self.lines.drain(..) {
            take(at, &self.text[begin..end])?;
        }
        self.text.clear();
        Ok(())
    }

    /// Makes a run of what memory holds; many runs become one.
    fn put_aside(&mut self) -> io::Result<()> {
        let mut run = Run::create(&self.folder)?;
        self.each(&mut |at, line| run.put(at, line))?;
        self.runs.push(run.finish()?);
        if self.runs.len() == RUNS_MAX {
            let mut run = Run::create(&self.folder)?;
            merge(&mut self.runs, &mut |at, line: &[u8]| run.put(at, line))?;
            self.runs = vec![run.finish()?];
        }
        Ok(())
    }
}

/// A run being written: time, length and bytes of each line.
struct Run {
    out: BufWriter<File>,
}

impl Run {
    fn create(folder: &Path) -> io::Result<Run> {
        Ok(Run { out: BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?) })
    }

    fn put(&mut self, at: Moment, line: &[u8]) -> io::Result<()> {
        let length = u32::try_from(line.len()).map_err(|_| io::Error::from(ErrorKind::FileTooLarge))?;
        self.out.write_all(&at.millis().to_le_bytes())?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(line)
    }

    /// The file, ready to be read from its begin.
    fn finish(self) -> io::Result<File> {
        let mut file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    }
}

/// Hands over the lines of all runs by time; of one instant the earlier run's first.
fn merge(runs: &mut Vec<File>, take: &mut impl FnMut(Moment, &[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut readers: Vec<RunReader> = runs.drain(..).map(RunReader::new).collect();
    let mut next = BinaryHeap::new();
    for (place, reader) in readers.iter_mut().enumerate() {
        next.extend(reader.advance()?.map(|at| Reverse((at, place))));
    }
    while let Some(Reverse((at, place))) = next.pop() {
        take(at, &readers[place].line)?;
        next.extend(readers[place].advance()?.map(|at| Reverse((at, place))));
    }
    Ok(())
}

/// A run being read.
struct RunReader {
    file: BufReader<File>,
    line: Vec<u8>,
}

impl RunReader {
    fn new(file: File) -> RunReader {
        RunReader { file: BufReader::with_capacity(BUFFER_BYTES, file), line: Vec::new() }
    }

    /// Reads the next line and says its time; `None` at the end.
    fn advance(&mut self) -> io::Result<Option<Moment>> {
        let mut millis = [0; 8];
        match self.file.read_exact(&mut millis) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        self.line.resize(u32::from_le_bytes(length) as usize, 0);
        self.file.read_exact(&mut self.line)?;
        Ok(Some(Moment::from_millis(i64::from_le_bytes(millis))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sorts lines whose time is their number modulo 7, so that each instant has many.
    fn sorted(count: usize, run_bytes_max: usize) -> (String, usize) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut order = TimeOrder::new(folder.path(), run_bytes_max);
        for number in 0..count {
            let at = Moment::from_millis((number % 7) as i64 - 3);
            order.add(at, &format!("line {number}")).expect("runs can be written");
        }
        let runs = order.runs.len();
        let mut out = Vec::new();
        order.write(&mut out).expect("memory takes all");
        assert_eq!(std::fs::read_dir(folder.path()).expect("still there").count(), 0, "no file is left behind");
        (String::from_utf8(out).expect("lines are text"), runs)
    }

    #[test]
    fn lines_come_by_time_and_those_of_one_instant_as_they_came_whether_or_not_memory_holds_them() {
        let mut numbers: Vec<usize> = (0..5_000).collect();
        numbers.sort_by_key(|number| number % 7);
        let expected: String = numbers.iter().map(|number| format!("line {number}\n")).collect();
        let (in_memory, none) = sorted(5_000, 1 << 20);
        let (merged, some) = sorted(5_000, 1_000);
        let (merged_twice, few) = sorted(5_000, 100);
        assert_eq!(none, 0);
        assert!(some > 10 && few < RUNS_MAX, "{some} and {few} runs");
        assert!(in_memory == expected && merged == expected && merged_twice == expected);
    }

    #[test]
    fn a_line_longer_than_a_run_is_a_run_of_its_own() {
        let (text, runs) = sorted(3, 1);
        assert_eq!((text.as_str(), runs), ("line 0\nline 1\nline 2\n", 2));
    }
}
