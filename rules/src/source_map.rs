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
    /// Silent when nothing has come for longer than this, in ms; `None` for a source that may say nothing for ever.
    pub silence_ms: Option<i64>,
}

impl SourceMap {
    /// Does the map tell what an outcome code means? Without a table of outcomes they are ours.
    #[must_use]
    pub fn has_outcome(&self, code: &str) -> bool {
        self.outcomes.is_empty() || self.outcomes.contains_key(code)
    }

    /// Does the map tell what a case type code means? Without a table of case types they are ours.
    #[must_use]
    pub fn has_case_type(&self, code: &str) -> bool {
        self.case_types.is_empty() || self.case_types.contains_key(code)
    }

    /// Does the map tell what a stage code means? Without a table of stages they are ours.
    #[must_use]
    pub fn has_stage(&self, code: &str) -> bool {
        self.stages.is_empty() || self.stages.contains_key(code)
    }

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
