//! Files changed, cut or lost after they were written: never a wrong fact, and a finding that names file and offset.

use super::support::{assert_whole, cut, open, reach};
use crate::checkpoint::storage::Storage;
use crate::checkpoint::storage::simulated::Simulated;
use crate::checkpoint::{Verified, verify};

/// Five cuts, too few for segments to be merged.
fn written() -> Simulated {
    let folder = Simulated::default();
    let mut checkpoint = open(&folder).expect("an empty folder");
    (1..=5).for_each(|to| checkpoint.commit(&cut(to - 1, to)).expect("nothing fails"));
    folder
}

/// Findings beside the configuration that these cuts name and no log holds.
fn findings(folder: &Simulated) -> Vec<String> {
    let Verified { findings, .. } = verify(folder).expect("the folder can be listed");
    let texts = findings.iter().map(|finding| finding.error.to_string());
    texts.filter(|text| !text.contains("does not hold the configuration")).collect()
}

#[test]
fn a_flipped_bit_is_found_and_never_read_as_a_fact() {
    let names = written().list().expect("a folder in memory");
    for name in names {
        let bits = written().size(&name) * 8;
        for bit in (0..bits).step_by(bits.div_ceil(400).max(1)) {
            let folder = written();
            folder.flip(&name, bit);
            let found = findings(&folder);
            assert!(!found.is_empty(), "{name}, bit {bit}");
            assert!(found.iter().all(|text| text.contains(&name) && text.contains("offset")), "{name}: {found:?}");
            match open(&folder) {
                Err(error) => assert!(error.to_string().contains(&name), "{error}"),
                Ok(checkpoint) => {
                    // Frames are proved when they are read: the facts are those that were written, or a fault.
                    if super::support::facts(&checkpoint).is_ok() {
                        assert_whole(&checkpoint, &format!("{name}, bit {bit}"));
                    }
                }
            }
        }
    }
}

#[test]
fn a_damaged_manifest_gives_way_to_the_one_before() {
    let folder = written();
    let newest = folder.named("manifest-").pop().expect("a manifest");
    folder.flip(&newest, 4_000);
    let checkpoint = open(&folder).expect("there is another one");
    assert_eq!(reach(&checkpoint), 4);
    assert_whole(&checkpoint, "the manifest before");
    assert!(folder.named("manifest-").contains(&newest), "what is damaged is left for a person to look at");
}

#[test]
fn a_lost_segment_gives_way_only_to_a_manifest_without_it() {
    let folder = written();
    let segments = folder.named("facts-");
    folder.remove(segments.last().expect("five segments")).expect("a folder in memory");
    assert_eq!(reach(&open(&folder).expect("the manifest before does not name it")), 4);
    let folder = written();
    folder.remove(&segments[0]).expect("a folder in memory");
    let error = open(&folder).map(drop).expect_err("all manifests name it").to_string();
    assert!(error.contains(&segments[0]), "{error}");
}

#[test]
fn a_segment_cut_short_is_noticed_at_the_start() {
    let folder = written();
    let segment = folder.named("facts-").remove(0);
    folder.truncate(&segment, 20).expect("a folder in memory");
    let error = open(&folder).map(drop).expect_err("all manifests name it").to_string();
    assert!(error.contains(&segment) && error.contains("instead of"), "{error}");
    assert_eq!(findings(&folder).len(), 1, "{:?}", findings(&folder));
}

#[test]
fn what_is_whole_has_no_findings() {
    let folder = written();
    assert_eq!(findings(&folder), Vec::<String>::new());
    let verified = verify(&folder).expect("the folder can be listed");
    assert_eq!((verified.facts, verified.manifests), (5, 2));
}
