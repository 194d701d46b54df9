//! A history taken apart and put together again, for whoever keeps it in another form.

use super::versions::Versions;
use super::{History, Record, Tombstone, Version};

/// All that a history holds. Parts that were not taken from a history make one that breaks its invariants.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parts {
    /// The winning versions, in canonical order.
    pub records: Vec<Record>,
    /// Records that were deleted.
    pub tombstones: Vec<Tombstone>,
    /// Every version of the records of which more than one was heard, in the history's own order.
    pub versions: Vec<Version>,
}

impl History {
    /// Every version of the records of which more than one was heard, in the order that [`Parts::versions`] keeps.
    #[must_use]
    pub fn several_versions(&self) -> &[Version] {
        &self.versions.0
    }

    /// The history of which these are the parts.
    #[must_use]
    pub fn of_parts(parts: Parts) -> History {
        let Parts { records, tombstones, versions } = parts;
        History { records, tombstones, versions: Versions(versions) }
    }
}
