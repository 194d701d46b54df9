//! What was sealed is found, also beside cases of the same hash, and as it was sealed last.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::checkpoint::case_slot;

/// The bytes of a case, as far as this module looks at them.
fn packed(id: &str, content: u8) -> Box<[u8]> {
    let bytes = postcard::to_stdvec(id).expect("a text");
    [bytes, vec![content; 200]].concat().into_boxed_slice()
}

fn number(case: u16) -> String {
    format!("case-{case}")
}

#[derive(Clone, Debug)]
enum Step {
    Seal(u16, u8),
    Take(u16),
    /// What is fresh goes to disk.
    Write,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..300_u16, any::<u8>()).prop_map(|(case, content)| Step::Seal(case, content)),
        2 => (0..300_u16).prop_map(Step::Take),
        3 => Just(Step::Write),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_a_map_from_numbers_to_bytes(steps in prop::collection::vec(any_step(), 1..600)) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut store = ColdStore::new(folder.path());
        let mut model: BTreeMap<u16, u8> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Seal(case, content) => {
                    // As its user does: what is sealed is taken first.
                    if model.insert(case, content).is_some() {
                        store.take(&number(case)).expect("sealed before");
                    }
                    store.seal(&number(case), packed(&number(case), content));
                }
                Step::Take(case) => {
                    let expected = model.remove(&case).map(|content| packed(&number(case), content));
                    if expected.is_some() {
                        prop_assert_eq!(store.take(&number(case)), expected);
                    }
                }
                Step::Write => store.write_run(),
            }
            prop_assert_eq!(store.len(), model.len());
        }
        for (case, content) in &model {
            prop_assert_eq!(store.read(&number(*case)), Some(packed(&number(*case), *content)));
        }
        prop_assert_eq!(store.read("nobody"), None);
        let by_slot: Vec<(u16, Vec<Box<[u8]>>)> = (0..SLOTS).map(|slot| (slot, store.in_slot(slot).collect())).collect();
        for (slot, cases) in &by_slot {
            prop_assert!(cases.iter().all(|packed| case_slot(crate::packed_case::id_of(packed)) == *slot));
        }
        let of_slots: Vec<Box<[u8]>> = by_slot.into_iter().flat_map(|(_, cases)| cases).collect();
        let all: Vec<Box<[u8]>> = store.into_cases().collect();
        prop_assert_eq!(&of_slots, &all, "slot by slot they are all, in the same order");
        let mut numbers: Vec<&str> = all.iter().map(|packed| crate::packed_case::id_of(packed)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), all.len(), "each case once");
        for (case, content) in &model {
            prop_assert!(all.contains(&packed(&number(*case), *content)), "the last one of case {}", case);
        }
    }
}

#[test]
fn a_folder_that_takes_no_files_keeps_cases_in_memory() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("file");
    std::fs::write(&file, b"").expect("a file");
    let mut store = ColdStore::new(&file);
    store.seal("case", packed("case", 1));
    store.write_run();
    assert_eq!(store.read("case"), Some(packed("case", 1)));
    assert_eq!((store.len(), store.runs.len()), (1, 0));
}

#[test]
fn many_runs_become_few() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut store = ColdStore::new(folder.path());
    for case in 0..200 {
        store.seal(&number(case), packed(&number(case), 1));
        store.write_run();
    }
    let levels: Vec<u8> = store.runs.iter().map(|run| run.level).collect();
    assert_eq!(levels, [2, 2, 2, 1], "200 is three times 64 and once 8");
    assert_eq!(store.read(&number(3)), Some(packed(&number(3), 1)));
    assert_eq!(store.into_cases().count(), 200);
}

#[test]
fn no_file_is_left_behind_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut store = ColdStore::new(folder.path());
    store.seal("case", packed("case", 1));
    store.write_run();
    assert_eq!(store.runs.len(), 1);
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
    assert_eq!(store.take("case"), Some(packed("case", 1)));
}
