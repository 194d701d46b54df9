//! Transitions in; people and systems out.
//!
//! ```text
//! dataflow ── Transition ──► publish ──► ALERTS ──► follow ──► ledger ──► http: page, API, SSE
//!                               ▲           │
//!                               └── said ◄──┘   read again after a start, a refusal, an unknown answer
//! ```
//!
//! ALERTS is the record of what was said (semantics 29); the ledger is a projection of it that can be
//! thrown away and built again. What the ledger does not know (a case's timeline, the lights that stand,
//! the counts, the clock, whether the service is ready) comes through [`case_reader`], [`standing_reader`],
//! [`analyst`],
//! [`counts`], [`source_reader`], [`clock_desk`], [`rules_desk`] and [`readiness`]. What staff may do with a card stands
//! in [`handling`].
//!
//! Not here: how a light is decided (`rules`), when (`dataflow`), settings and ports (the binary).

pub mod analyst;
pub mod case_reader;
pub mod clock_desk;
pub mod counts;
pub mod figures;
pub mod follow;
pub mod handling;
pub mod http;
pub mod known_then;
pub mod ledger;
pub mod login;
pub mod publish;
pub mod readiness;
pub mod rules_desk;
pub mod said;
pub mod source_reader;
pub mod standing_reader;

#[cfg(test)]
mod tests;

pub use analyst::{Analyst, ForecastAsked, ForecastCursor, ForecastFilter, ForecastPage, ForecastRow};
pub use case_reader::{CaseLight, CaseReader, CaseUnavailable, CaseView, ScheduledCard, TimelineEvent};
pub use clock_desk::{ClockDesk, StandingClock};
pub use counts::{CountRow, Counts, CountsSnapshot};
pub use follow::{FollowFault, Follower};
pub use http::{Site, router};
pub use known_then::{KnownThen, News, NewsKind};
pub use ledger::{Ledger, LedgerFault, Position};
pub use publish::{Outcome, PublishFault, PublishSettings, Publisher};
pub use readiness::{Gate, Readiness};
pub use rules_desk::RulesDesk;
pub use said::{ReadFault, Said, read_said};
pub use source_reader::{SourceReader, SourceRow, SourcesSnapshot};
pub use standing_reader::{StandingReader, StandingSnapshot};
