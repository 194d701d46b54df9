//! What has become of a card since it was issued.

use facts::{Card, Kind, Transition};

/// Told by the engine alone: staff act on it, they never set it.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum CardNow {
    /// The light still shows it.
    #[default]
    Standing,
    /// The light has since got a worse card, which is an alert of its own.
    Outgrown,
    /// It rightly stood, and has ended since.
    Ended,
    /// It should never have been issued: what was known then was wrong.
    Retracted,
}

impl CardNow {
    /// All of them.
    pub const ALL: [CardNow; 4] = [CardNow::Standing, CardNow::Outgrown, CardNow::Ended, CardNow::Retracted];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            CardNow::Standing => "standing",
            CardNow::Outgrown => "outgrown",
            CardNow::Ended => "ended",
            CardNow::Retracted => "retracted",
        }
    }

    /// What `token` names.
    #[must_use]
    pub fn from_token(token: &str) -> Option<CardNow> {
        CardNow::ALL.into_iter().find(|now| now.token() == token)
    }

    /// What has become of `card` after its light changed once more. What has ended or was retracted stays so: a card
    /// that comes again is another alert.
    #[must_use]
    pub fn after(self, card: Card, change: &Transition) -> CardNow {
        match self {
            CardNow::Ended | CardNow::Retracted => self,
            CardNow::Standing | CardNow::Outgrown if card < change.card => CardNow::Outgrown,
            CardNow::Standing | CardNow::Outgrown if card == change.card => CardNow::Standing,
            CardNow::Standing | CardNow::Outgrown if change.kind == Kind::Retracted => CardNow::Retracted,
            CardNow::Standing | CardNow::Outgrown => CardNow::Ended,
        }
    }
}
