//! Two clocks: what was known of a case at an earlier instant, held against what is known now.
//!
//! The question behind it is asked when a card is appealed against: was it right by what was known when it was sent, and
//! is it right by what is known today?

use facts::Moment;

use crate::case_reader::{CaseLight, TimelineEvent};

/// How a record differs from what was known of it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum NewsKind {
    /// It was not known.
    Added,
    /// It said something else.
    Corrected,
    /// It was known, and has been deleted.
    Deleted,
}

impl NewsKind {
    /// All of them.
    pub const ALL: [NewsKind; 3] = [NewsKind::Added, NewsKind::Corrected, NewsKind::Deleted];

    /// The token in JSON.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            NewsKind::Added => "added",
            NewsKind::Corrected => "corrected",
            NewsKind::Deleted => "deleted",
        }
    }
}

/// A record of which more, or something else, is known now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct News {
    /// What happened to it.
    pub kind: NewsKind,
    /// What was known; its `arrived` is that of the version.
    pub before: Option<TimelineEvent>,
    /// What is known now; its `arrived` is that of the version.
    pub after: Option<TimelineEvent>,
}

/// A case as it was known at an earlier instant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownThen {
    /// The instant.
    pub known_at: Moment,
    /// Lights that stood at the instant by what was known at it, worst first.
    pub lights: Vec<CaseLight>,
    /// Lights that by what is known now should have stood at the instant, worst first.
    pub by_today: Vec<CaseLight>,
    /// What is known now and was not then, in order of business time.
    pub news: Vec<News>,
}
