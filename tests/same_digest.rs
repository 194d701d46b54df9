//! The same facts give the same lights, whatever brings them: how many workers judge, in which order, how
//! often and in how many packed files the lines come. Where the clock goes the same way, every byte that is
//! said is the same, too.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use facts::Transition;

use crate::support::replayed::{City, Replayed};

const CASES: usize = 20_000;
/// For what does not depend on size.
const FEW_CASES: usize = 2_000;

#[test]
fn one_two_and_four_workers_say_the_same_bytes_and_all_of_them_judge() {
    let city = City::generate(CASES, 3);
    let files = [city.events()];
    let alone = city.replay(&files, 1);
    assert_eq!(alone.judged_by_worker.len(), 1);
    assert!(alone.standing.len() > CASES / 50, "there is something to compare");
    for workers in [2, 4] {
        let together = city.replay(&files, workers);
        assert_same(&alone, &together, &format!("{workers} workers"));
        assert_eq!(together.judged_by_worker.len(), workers);
        assert!(together.judged_by_worker.iter().all(|judged| *judged > 0), "{:?}", together.judged_by_worker);
    }
}

/// In a shuffled file the clock stands at the latest arrival so far: facts enter later than they would, so other
/// transitions are said on the way, and the same lights stand at the end.
#[test]
fn shuffled_and_repeated_lines_lead_to_the_same_lights() {
    let city = City::generate(CASES, 4);
    let in_order = city.replay(&[city.events()], 2);
    let mut lines = city.lines();
    let twice: Vec<&String> = lines
        .iter()
        .enumerate()
        .flat_map(|(place, line)| std::iter::repeat_n(line, if place % 7 == 6 { 2 } else { 1 }))
        .collect();
    let repeated = city.replay(&[city.write("repeated.ndjson", &twice)], 2);
    assert_eq!(repeated.digest, in_order.digest);
    assert_eq!(repeated.standing, in_order.standing);
    assert_eq!(without_lines(&repeated), without_lines(&in_order), "a repeated line says nothing");
    shuffle(&mut lines);
    let shuffled = city.replay(&[city.write("shuffled.ndjson", &lines)], 2);
    assert_ne!(shuffled.transitions, in_order.transitions, "the file was shuffled");
    assert_eq!(shuffled.digest, in_order.digest);
    assert_eq!(shuffled.lights(), in_order.lights());
}

#[test]
fn one_file_three_parts_and_packed_files_are_the_same() {
    let city = City::generate(FEW_CASES, 5);
    let whole = city.replay(&[city.events()], 2);
    let lines = city.lines();
    let third = lines.len() / 3;
    let parts = [&lines[..third], &lines[third..2 * third], &lines[2 * third..]];
    let parts: Vec<PathBuf> =
        (1..).zip(parts).map(|(number, part)| city.write(&format!("part-{number}.ndjson"), part)).collect();
    assert_same(&whole, &city.replay(&parts, 2), "three parts");
    for packed in [gzip(&city), zstandard(&city)] {
        let name = packed.display().to_string();
        assert_same(&whole, &city.replay(&[packed], 2), &name);
    }
}

#[track_caller]
fn assert_same(one: &Replayed, other: &Replayed, what: &str) {
    assert_eq!(one.digest, other.digest, "{what}");
    assert!(one.standing == other.standing, "{what}: other standing lights");
    let differing = one.transitions.lines().zip(other.transitions.lines()).find(|(one, other)| one != other);
    assert_eq!(differing, None, "{what}");
    assert_eq!(one.transitions.len(), other.transitions.len(), "{what}");
}

/// The transitions without the line numbers of their evidence.
fn without_lines(replayed: &Replayed) -> Vec<Transition> {
    let bare = |line| {
        let mut said: Transition = serde_json::from_str(line).expect("a transition is JSON of a known form");
        said.evidence.iter_mut().for_each(|evidence| evidence.sequence = None);
        said
    };
    replayed.transitions.lines().map(bare).collect()
}

/// Fisher and Yates with a small generator: the same disorder in every run.
fn shuffle(lines: &mut [String]) {
    let mut state = 0x5eed_u64;
    for place in (1..lines.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        lines.swap(place, (state >> 33) as usize % (place + 1));
    }
}

fn gzip(city: &City) -> PathBuf {
    let path = city.path("events.ndjson.gz");
    let file = fs::File::create(&path).expect("a file can be written there");
    let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packer.write_all(&fs::read(city.events()).expect("the events were written")).expect("a file can be written");
    packer.finish().expect("a file can be written");
    path
}

fn zstandard(city: &City) -> PathBuf {
    let path = city.path("events.ndjson.zst");
    let events = fs::read(city.events()).expect("the events were written");
    let packed = zstd::encode_all(events.as_slice(), 1).expect("bytes can be packed");
    fs::write(&path, packed).expect("a file can be written there");
    path
}
