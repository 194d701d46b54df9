//! Faults of tables as they are found, bounded: a table of a hundred thousand wrong rows is told by its first ones.
//!
//! Errors and warnings of a file are counted apart, so that no number of warnings hides an error.

use std::collections::BTreeMap;
use std::ops::Deref;

use crate::fault::{Fault, Place, Severity};

/// Faults of one severity that are told of one file; further ones are counted only.
const TOLD_MAX: u32 = 200;

/// The first faults of each file, and how many more there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FaultList {
    told: Vec<Fault>,
    counts: BTreeMap<(String, Severity), Count>,
}

/// Faults of one severity in one file.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
struct Count {
    found: u32,
    /// Where the first one stands that is not told.
    rest_from: Option<Place>,
}

impl FaultList {
    /// Takes one more.
    pub(super) fn push(&mut self, fault: Fault) {
        let count = self.counts.entry((fault.file.clone(), fault.severity)).or_default();
        count.found = count.found.saturating_add(1);
        if count.found <= TOLD_MAX {
            self.told.push(fault);
        } else if count.rest_from.is_none() {
            count.rest_from = fault.place;
        }
    }

    /// Those that are told; the last of a file with more says how many are not.
    #[must_use]
    pub fn into_vec(self) -> Vec<Fault> {
        let mut faults = self.told;
        for ((file, severity), count) in self.counts {
            let Some(more) = count.found.checked_sub(TOLD_MAX).filter(|more| *more > 0) else { continue };
            let (zh, en) = match severity {
                Severity::Error => (format!("另有 {more} 处错误未列出"), format!("{more} more errors are not listed")),
                Severity::Warning => {
                    (format!("另有 {more} 处警告未列出"), format!("{more} more warnings are not listed"))
                }
            };
            let help = ("先改正已列出的，再检查一次", "repair those listed, then check again");
            let fault = Fault::error(&file, count.rest_from, "CT25", zh, en).help(help.0.into(), help.1.into());
            faults.push(Fault { severity, ..fault });
        }
        faults
    }
}

/// Those that are told.
impl Deref for FaultList {
    type Target = [Fault];

    fn deref(&self) -> &[Fault] {
        &self.told
    }
}

impl Extend<Fault> for FaultList {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_faults_of_a_file_are_told_the_rest_are_counted_and_no_warning_hides_an_error() {
        let mut list = FaultList::default();
        let fault = |file: &str, line| {
            Fault::error(file, Some(Place { line, column: 1, width: 0 }), "CT07", "坏".into(), "bad".into())
        };
        list.extend((1..=10_000).map(|line| fault("a.csv", line).warning()));
        list.extend((1..=201).map(|line| fault("a.csv", line)));
        list.push(fault("b.csv", 1));
        let faults = list.into_vec();
        assert_eq!(faults.len(), 200 + 200 + 1 + 2);
        let more: Vec<_> = faults.iter().filter(|fault| fault.code == "CT25").collect();
        let told: Vec<_> = more.iter().map(|fault| (fault.text.en.as_str(), fault.severity)).collect();
        assert_eq!(
            told,
            [
                ("1 more errors are not listed", Severity::Error),
                ("9800 more warnings are not listed", Severity::Warning)
            ]
        );
        assert_eq!(more[0].place.map(|place| place.line), Some(201), "where the rest begins");
        assert!(faults.iter().any(|fault| fault.file == "b.csv"), "each file has its own");
    }
}
