//! What is read from files of every packing, and that neither a bad line nor a huge one stops the reading.

use std::io::{BufReader, Write};

use facts::line::{LINE_BYTES_MAX, Reason};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::quarantine::KEPT_BYTES_MAX;

fn event(id: usize) -> String {
    format!(
        r#"{{"id":"{id}","source":"oa","case":"C","activity":"accepted","at":"2026-01-05T09:00:00+08:00","level":"county","region":"360902","dept":"D1"}}"#
    )
}

fn file_of(bytes: &[u8]) -> EventFile {
    EventFile::from_reader("a.ndjson", io::Cursor::new(bytes.to_vec()), Some(bytes.len() as u64)).expect("opens")
}

fn read_all(mut file: EventFile) -> FileBatch {
    let mut all = FileBatch::default();
    while let Some(batch) = file.next_batch(3).expect("reads") {
        assert!(batch.lines <= 3);
        all.facts.extend(batch.facts);
        all.refused.extend(batch.refused);
        all.lines += batch.lines;
        all.unknown_fields += batch.unknown_fields;
    }
    assert_eq!(Some(file.bytes_read()), file.bytes_total());
    all
}

fn ids(batch: &FileBatch) -> Vec<(u64, &str)> {
    batch.facts.iter().map(|(line, event)| (*line, event.id.as_str())).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text).expect("memory takes all");
    packer.finish().expect("memory takes all")
}

#[test]
fn lines_keep_their_numbers_and_need_no_last_end() {
    let text = format!("\u{feff}{}\r\n\n{}\n\r\n{}", event(1), event(2), event(3));
    let batch = read_all(file_of(text.as_bytes()));
    assert_eq!(ids(&batch), [(1, "1"), (3, "2"), (5, "3")]);
    assert!(batch.refused.is_empty());
}

#[test]
fn every_packing_gives_the_same_facts() {
    let text: String = (0..10).map(|id| event(id) + "\n").collect();
    let two_members = [gzip(&text.as_bytes()[..700]), gzip(&text.as_bytes()[700..])].concat();
    let zstd = zstd::stream::encode_all(text.as_bytes(), 1).expect("packs");
    let plain = read_all(file_of(text.as_bytes()));
    assert_eq!(plain.facts.len(), 10);
    for packed in [two_members, zstd] {
        assert_eq!(read_all(file_of(&packed)).facts, plain.facts);
    }
}

#[test]
fn a_bad_line_is_returned_with_its_place_and_stops_nothing() {
    let text = format!("{}\nnot json\n{}\n", event(1), event(2));
    let batch = read_all(file_of(text.as_bytes()));
    assert_eq!(ids(&batch), [(1, "1"), (3, "2")]);
    assert_eq!(batch.refused.len(), 1);
    let refused = &batch.refused[0];
    assert_eq!(refused.to_string(), "a.ndjson:2: not_json: expected ident at line 1 column 2");
    assert_eq!(refused.head.as_ref(), b"not json");
}

#[test]
fn a_huge_line_is_refused_without_being_held() {
    let huge = "x".repeat(3 * BUFFER_BYTES);
    let text = format!("{}\n{huge}\n{}\n{huge}", event(1), event(2));
    let batch = read_all(file_of(text.as_bytes()));
    assert_eq!(ids(&batch), [(1, "1"), (3, "2")]);
    for (refused, line) in batch.refused.iter().zip([2, 4]) {
        assert_eq!((refused.place.line, refused.fault.reason), (line, Reason::LineTooLong));
        assert_eq!((refused.head.len(), refused.bytes_total), (KEPT_BYTES_MAX, huge.len() as u64));
        assert_eq!(refused.sha256, <[u8; 32]>::from(Sha256::digest(huge.as_bytes())));
    }
    assert_eq!(batch.refused.len(), 2);
}

#[test]
fn the_longest_line_allowed_is_read_also_across_buffers() {
    let padded = |id| {
        let start = event(id);
        let room = LINE_BYTES_MAX - start.len() - r#","reason":"""#.len();
        start.replace('}', &format!(r#","reason":"{}"}}"#, "a".repeat(room)))
    };
    let text: String = (0..9).map(|id| padded(id) + "\r\n").collect();
    let batch = read_all(file_of(text.as_bytes()));
    assert_eq!((batch.facts.len(), batch.refused.len()), (9, 0));
}

#[test]
fn a_packed_file_that_is_cut_short_says_how_far_it_was_read() {
    let text: String = (0..10_000).map(|id| event(id) + "\n").collect();
    let packed = gzip(text.as_bytes());
    let mut file = file_of(&packed[..packed.len() / 2]);
    let error = loop {
        match file.next_batch(100) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the end was not told as an error"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().starts_with("could not read a.ndjson beyond line "), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = EventFile::open(Path::new("no/such.ndjson")).expect_err("absent");
    assert_eq!(error.to_string(), "could not open no/such.ndjson");
}

/// Hands out its bytes in portions of the sizes given, over and over.
struct Portions {
    bytes: Vec<u8>,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Portions {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].min(self.bytes.len()).min(buffer.len());
        self.turn += 1;
        buffer[..size].copy_from_slice(&self.bytes[..size]);
        self.bytes.drain(..size);
        Ok(size)
    }
}

proptest! {
    #[test]
    fn lines_do_not_depend_on_how_the_bytes_come_in(
        lines in proptest::collection::vec("[a-z\r]{0,5}", 0..20),
        sizes in proptest::collection::vec(1_usize..7, 1..5),
    ) {
        let text = lines.join("\n");
        let mut reader = LineReader::new(BufReader::with_capacity(8, Portions { bytes: text.clone().into(), sizes, turn: 0 }));
        let mut found = Vec::new();
        while let Some(line) = reader.next().expect("memory reads") {
            let RawLine::Whole(line) = line else { panic!("short lines are whole") };
            if !line.is_empty() {
                found.push(line.to_vec());
            }
        }
        let expected: Vec<Vec<u8>> = payload::lines(text.as_bytes()).map(|(_, line)| line.to_vec()).collect();
        prop_assert_eq!(found, expected);
    }
}
