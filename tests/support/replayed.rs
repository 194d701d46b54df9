//! Generated events on disk, and `watchlight replay` run over files as a person would run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bench::{Generated, Profile};
use facts::transition::StandingLine;
use facts::{Moment, StandingLight};
use tempfile::TempDir;

use super::{program, project};

/// A run of the sample city, written to a folder of its own.
pub(crate) struct City {
    /// What was generated.
    pub(crate) generated: Generated,
    folder: TempDir,
}

impl City {
    /// Generates `cases` from `seed` and writes the events.
    pub(crate) fn generate(cases: usize, seed: u64) -> City {
        let profile = Profile::named("yichun-week").expect("the shipped profile is sound");
        let generated = bench::generate(&bench::Options { cases, seed, profile }).expect("the shipped city is sound");
        let city = City { generated, folder: tempfile::tempdir().expect("a temporary folder can be made") };
        let mut file = std::fs::File::create(city.events()).expect("a file can be written there");
        city.generated.write_events(&mut file).expect("a file can be written there");
        city
    }

    /// Where the events are.
    pub(crate) fn events(&self) -> PathBuf {
        self.path("events.ndjson")
    }

    /// A path in the city's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The lines of the events.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.events()).expect("the events were written");
        text.lines().map(str::to_owned).collect()
    }

    /// Writes `lines` to a file of the city's folder.
    pub(crate) fn write<Line: AsRef<str>>(&self, name: &str, lines: &[Line]) -> PathBuf {
        let text: String = lines.iter().flat_map(|line| [line.as_ref(), "\n"]).collect();
        std::fs::write(self.path(name), text).expect("a file can be written there");
        self.path(name)
    }

    /// Replays `files` to the end of the generated week.
    #[track_caller]
    pub(crate) fn replay(&self, files: &[PathBuf], workers: usize) -> Replayed {
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        Replay { files: &files, config: &project().join("config"), until: Some(self.generated.until()), workers }.run()
    }
}

/// One call of `watchlight replay`.
pub(crate) struct Replay<'a> {
    /// Files of events.
    pub(crate) files: &'a [&'a Path],
    /// Configuration folder.
    pub(crate) config: &'a Path,
    /// The end; the highest `at` of the events when none.
    pub(crate) until: Option<Moment>,
    /// Threads that judge.
    pub(crate) workers: usize,
}

/// What a replay said.
pub(crate) struct Replayed {
    /// Every transition, as written.
    pub(crate) transitions: String,
    /// The standing lights, as written.
    pub(crate) standing: Vec<StandingLine>,
    /// The digest.
    pub(crate) digest: String,
    /// How often each worker judged a case.
    pub(crate) judged_by_worker: Vec<u64>,
}

impl Replay<'_> {
    /// Runs it, and reads what it wrote.
    #[track_caller]
    pub(crate) fn run(&self) -> Replayed {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (out, standing) = (folder.path().join("transitions"), folder.path().join("standing"));
        let output = self.command(&out, &standing).output().expect("the program was built with the tests");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).expect("what it tells is UTF-8");
        let standing = std::fs::read_to_string(standing).expect("the standing lights were asked for");
        let line = |text| serde_json::from_str(text).expect("a standing light is JSON of a known form");
        Replayed {
            transitions: std::fs::read_to_string(out).expect("the transitions were asked for"),
            standing: standing.lines().map(line).collect(),
            digest: told
                .lines()
                .last()
                .and_then(|line| line.strip_prefix("digest "))
                .expect("the last line")
                .to_owned(),
            judged_by_worker: judged_by_worker(&told),
        }
    }

    /// Runs it where it must refuse.
    pub(crate) fn refused(&self) -> Output {
        let nowhere = Path::new("/dev/null");
        self.command(nowhere, nowhere).output().expect("the program was built with the tests")
    }

    fn command(&self, out: &Path, standing: &Path) -> Command {
        let mut command = program();
        command.arg("replay").args(self.files).arg("--config").arg(self.config).arg("--digest");
        command.arg("--workers").arg(self.workers.to_string());
        command.arg("--out").arg(out).arg("--standing").arg(standing);
        if let Some(until) = self.until {
            command.arg("--until").arg(until.to_string());
        }
        command
    }
}

impl Replayed {
    /// The standing lights as judgement gives them, sorted.
    pub(crate) fn lights(&self) -> Vec<StandingLight> {
        let mut lights: Vec<_> = self.standing.iter().map(StandingLine::light).collect();
        lights.sort();
        lights
    }
}

fn judged_by_worker(told: &str) -> Vec<u64> {
    let (_, list) = told.split_once("judged by worker [").expect("the figures of the workers are told");
    let (list, _) = list.split_once(']').expect("a list ends");
    list.split(", ").map(|count| count.parse().expect("a count")).collect()
}
