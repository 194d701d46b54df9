//! The sample city for tests: its events as messages, and what a replay of them says.

use std::io::BufWriter;
use std::sync::OnceLock;

use bench::{Options, Profile};
use facts::transition::StandingLine;
use facts::{Event, Moment, StandingLight, line};

use super::wire::Message;
use super::{program, project};

/// Cases of the city.
const CASES: usize = 2_000;
/// Who moves the virtual clock.
const HEARTBEAT: &str = "approval.city.360900.YCDZ";

/// The city up to the end of its week.
pub(crate) struct City {
    events: Vec<Event>,
    until: Moment,
    truth: Vec<StandingLight>,
}

/// What `watchlight replay` makes of the city.
pub(crate) struct Replayed {
    /// The lines of `--out`, sorted as text.
    pub(crate) lines: Vec<String>,
    /// The rows of `--standing`, sorted.
    pub(crate) standing: Vec<String>,
}

/// The city, made once.
pub(crate) fn city() -> &'static City {
    static CITY: OnceLock<City> = OnceLock::new();
    CITY.get_or_init(|| {
        let profile = Profile::named("yichun-week").expect("the shipped profile is sound");
        let options = Options { cases: CASES, seed: 1, profile };
        let generated = bench::generate(&options).expect("the shipped city is sound");
        let until = generated.until();
        let events: Vec<Event> = generated.events().collect();
        let end = events.partition_point(|event| event.arrived.is_some_and(|arrived| arrived <= until));
        City { events: events[..end].to_vec(), until, truth: generated.truth().to_vec() }
    })
}

impl City {
    /// Its events in order of arrival.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// The last instant of the week.
    pub(crate) fn until(&self) -> Moment {
        self.until
    }

    /// The rows of the lights that must stand at the end, by the generator's own reckoning, sorted.
    pub(crate) fn truth(&self) -> Vec<String> {
        let mut rows: Vec<String> = self.truth.iter().map(StandingLight::row).collect();
        rows.sort_unstable();
        rows
    }

    /// The two messages that tell that the week is over: the clock must pass its end for the end to be closed.
    pub(crate) fn end(&self) -> [Message; 2] {
        [progress(self.until), progress(self.until.plus_millis(1))]
    }

    /// What a replay of the same events says, asked once.
    pub(crate) fn replayed(&self) -> &'static Replayed {
        static REPLAYED: OnceLock<Replayed> = OnceLock::new();
        REPLAYED.get_or_init(|| self.replay())
    }

    fn replay(&self) -> Replayed {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let at = |name: &str| folder.path().join(name);
        let mut file = BufWriter::new(std::fs::File::create(at("events.ndjson")).expect("a folder takes a file"));
        for event in &self.events {
            std::io::Write::write_all(&mut file, (line::write(event) + "\n").as_bytes()).expect("a file takes lines");
        }
        drop(file);
        let output = program()
            .arg("replay")
            .arg(at("events.ndjson"))
            .arg("--config")
            .arg(project().join("config"))
            .args(["--until", &self.until.to_string(), "--workers", "1"])
            .arg("--out")
            .arg(at("out.ndjson"))
            .arg("--standing")
            .arg(at("standing.ndjson"))
            .output()
            .expect("the program was built with the tests");
        assert!(output.status.success(), "replay: {}", String::from_utf8_lossy(&output.stderr));
        let sorted_lines = |name: &str| {
            let text = std::fs::read_to_string(at(name)).expect("replay has written it");
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        let row = |line: &String| {
            serde_json::from_str::<StandingLine>(line).expect("replay writes standing lights").light().row()
        };
        let mut standing: Vec<String> = sorted_lines("standing.ndjson").iter().map(row).collect();
        standing.sort_unstable();
        Replayed { lines: sorted_lines("out.ndjson"), standing }
    }
}

/// `events` as messages, each on the subject of its own address.
pub(crate) fn messages(events: &[Event]) -> impl Iterator<Item = Message> {
    events.iter().map(|event| (event.address.subject("approval"), line::write(event)))
}

/// The message that moves the virtual clock to `at`.
pub(crate) fn progress(at: Moment) -> Message {
    let line = format!(
        r#"{{"source":"test-clock","activity":"progress","at":"{at}","arrived":"{at}","level":"city","region":"360900","dept":"YCDZ"}}"#
    );
    (HEARTBEAT.to_owned(), line)
}
