//! A source's codes in our vocabulary. Facts keep the raw codes; this map applies at judgement, so a
//! repaired map re-judges (semantics 4). A source without a file has the identity map.

use std::collections::BTreeMap;

use compact_str::CompactString;

/// Code maps of one source.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SourceMap {
    /// Outcome codes.
    pub outcomes: BTreeMap<CompactString, CompactString>,
    /// Case type codes.
    pub case_types: BTreeMap<CompactString, CompactString>,
    /// Stage codes.
    pub stages: BTreeMap<CompactString, CompactString>,
    /// Midnight in the source's zone means that only the day is known.
    pub midnight_is_day: bool,
}

impl SourceMap {
    /// `code` in our vocabulary; an unmapped code stands for itself.
    #[must_use]
    pub fn outcome<'a>(&'a self, code: &'a str) -> &'a str {
        self.outcomes.get(code).map_or(code, CompactString::as_str)
    }

    /// `code` in our vocabulary; an unmapped code stands for itself.
    #[must_use]
    pub fn case_type<'a>(&'a self, code: &'a str) -> &'a str {
        self.case_types.get(code).map_or(code, CompactString::as_str)
    }

    /// `code` in our vocabulary; an unmapped code stands for itself.
    #[must_use]
    pub fn stage<'a>(&'a self, code: &'a str) -> &'a str {
        self.stages.get(code).map_or(code, CompactString::as_str)
    }
}
