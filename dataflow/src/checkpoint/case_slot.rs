//! The slot of a case: how facts are laid out on disk, whatever the number of workers.

use crate::case_hash::case_hash;

/// Slots. Part of the format: it never changes.
pub(crate) const SLOTS: u16 = 1_024;

/// The slot of a case.
pub(crate) fn case_slot(case: &str) -> u16 {
    (case_hash(case) % u64::from(SLOTS)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_of_a_case_never_changes() {
        for (case, slot) in [("", 194), ("-", 886), ("C", 192), ("办件-2026-001", 744)] {
            assert_eq!(case_slot(case), slot, "{case}");
        }
    }
}
