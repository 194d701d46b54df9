//! What a preview found, as people and their programs read it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use alerts::rules_desk::{DifferenceRow, LampShown, Preview, Tally};
use dataflow::{Difference, Lamp, WhatIf};
use facts::digest::hex;
use rules::configuration::Configuration;
use sha2::{Digest as _, Sha256};

/// Names what differs: SHA-256 over a line for each light, hex. Two previews of one hash differ in nothing.
pub(crate) fn hash(found: &WhatIf) -> String {
    let mut hasher = Sha256::new();
    for Difference { case, rule, instance, before, after, .. } in &found.differences {
        let (before, after) = (lamp_text(before.as_ref()), lamp_text(after.as_ref()));
        hasher.update(format!("{case}\t{rule}\t{instance}\t{before}\t{after}\n"));
    }
    hex(&hasher.finalize())
}

fn lamp_text(lamp: Option<&Lamp>) -> String {
    lamp.map_or_else(|| "-".to_owned(), |lamp| format!("{} {} {}", lamp.card, lamp.light, lamp.since))
}

/// The preview of `configuration`, with at most `rows_max` rows.
pub(crate) fn told(found: &WhatIf, configuration: &Configuration, rows_max: usize) -> Preview {
    let mut all = Tally::default();
    let mut by = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    for difference in &found.differences {
        let owner = &difference.owner;
        let keys = [difference.rule.to_string(), owner.region.to_string(), owner.dept.to_string()];
        let tallies = by.iter_mut().zip(keys).map(|(by, key)| by.entry(key).or_insert_with(Tally::default));
        for tally in tallies.chain([&mut all]) {
            count(tally, difference);
        }
    }
    let [by_rule, by_region, by_dept] = by;
    Preview {
        as_of: found.as_of,
        hash: hash(found),
        configuration: configuration.hash.clone(),
        judged: found.judged,
        all,
        by_rule,
        by_region,
        by_dept,
        differences: found.differences.iter().take(rows_max).map(row).collect(),
    }
}

fn count(tally: &mut Tally, difference: &Difference) {
    match (&difference.before, &difference.after) {
        (None, _) => tally.gained += 1,
        (_, None) => tally.withdrawn += 1,
        _ => match difference.direction() {
            Ordering::Greater => tally.worse += 1,
            Ordering::Less => tally.better += 1,
            Ordering::Equal => tally.moved += 1,
        },
    }
}

fn row(difference: &Difference) -> DifferenceRow {
    let lamp = |lamp: &Lamp| LampShown { card: lamp.card, light: lamp.light, since: lamp.since };
    DifferenceRow {
        case: difference.case.to_string(),
        rule: difference.rule.to_string(),
        instance: difference.instance.to_string(),
        level: difference.owner.level,
        region: difference.owner.region,
        dept: difference.owner.dept.to_string(),
        before: difference.before.as_ref().map(lamp),
        after: difference.after.as_ref().map(lamp),
    }
}
