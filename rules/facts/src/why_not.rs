//! Why a rule shows no card for a case: an answer as data, and in words ([`WhyNot::lines`]).
//!
//! Whoever shows one (the API, `explain --why-not`) adds nothing of its own. How it is found out stands in `rules`.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::light::{Card, Light};
use crate::moment::Moment;
use crate::proof::Cited;
use crate::standing::Text2;

mod lines;

/// Why a rule shows no card, or no worse one, for a case at an instant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WhyNot {
    /// Case number.
    pub case: CompactString,
    /// The supervision clock.
    pub clock: Moment,
    /// The rule that was asked for.
    pub rule: CompactString,
    /// One answer for each version and each part of the rule under the profile of the case; none where there is no such
    /// rule.
    pub answers: Vec<RuleAnswer>,
    /// Ids that come near, where there is no such rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<CompactString>,
}

/// What one rule says of the case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RuleAnswer {
    /// Its id; a part has its own.
    pub rule: CompactString,
    /// `<id>@<version>+<profile>`
    pub rule_version: CompactString,
    /// For people.
    pub name: Text2,
    /// Law or document.
    pub basis: CompactString,
    /// How it is judged: a kind of rule, or `manual`.
    pub kind: CompactString,
    /// Cards that stand, the worst of each instance.
    pub standing: Vec<CardThen>,
    /// Cards that come if nothing happens, earliest first.
    pub to_come: Vec<CardThen>,
    /// Why there is none, or no worse one.
    pub reasons: Vec<Reason>,
}

/// A card of an instance at a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CardThen {
    /// Which of the rule's findings.
    pub instance: CompactString,
    /// Card.
    pub card: Card,
    /// Lamp.
    pub light: Light,
    /// The legal instant: the last one in time.
    pub since: Moment,
    /// First instant of the clock at which it is shown.
    pub from: Moment,
    /// First instant at which it is shown no longer, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// It waits for a silent source until then at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Moment>,
}

/// One reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// `status = "manual"`: people judge it.
    Manual {
        /// Why it cannot be computed.
        note: Text2,
    },
    /// Switched off under the profile.
    Off,
    /// On trial: judged for analysts alone, no light stands.
    Shadow,
    /// Judged over all cases that share a key.
    Group {
        /// The key, as the rule writes it.
        by: Vec<CompactString>,
    },
    /// A part of `applies_to` does not fit.
    OutOfScope {
        /// Its key in the rule file.
        part: CompactString,
        /// What it asks for.
        wanted: Vec<CompactString>,
        /// What the case says; absent where it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        found: Option<CompactString>,
    },
    /// The rule is not in force for a case of this date.
    NotInForce {
        /// Which day decides: `accepted`, `submitted`, `first`.
        by: CompactString,
        /// That day of the case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day: Option<jiff::civil::Date>,
        /// First day in force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<jiff::civil::Date>,
        /// First day no longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<jiff::civil::Date>,
    },
    /// A condition does not hold.
    Condition {
        /// Where it stands: `where` (of `applies_to`), `start`, `when`, `card`, `any_of`.
        place: CompactString,
        /// The event that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Cited>,
        /// Of a card: which.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<Card>,
        /// What holds it back.
        unmet: Unmet,
    },
    /// Nothing has happened that begins it.
    NotBegun {
        /// Events, any of which would.
        wanted: CompactString,
        /// Events of that name that there are, and that do not fit.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        seen: Vec<Cited>,
    },
    /// The clock ran, and ended in time.
    EndedInTime {
        /// Instance.
        instance: CompactString,
        /// What began it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<Cited>,
        /// What ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<Cited>,
        /// When.
        at: Moment,
        /// The last instant in time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Moment>,
    },
    /// The clock runs, and its limit is not reached; the cards are among those to come.
    Running {
        /// Instance.
        instance: CompactString,
        /// What began it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<Cited>,
        /// The limit.
        limit: CompactString,
        /// The last instant in time; absent while a pause without end holds the clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Moment>,
        /// Pauses that hold the clock now, by name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        paused: Vec<CompactString>,
    },
    /// The rule has no timer: only an end that comes late counts, and none has come.
    OnlyAtTheEnd {
        /// Instance.
        instance: CompactString,
        /// What began it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<Cited>,
        /// The last instant in time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Moment>,
    },
    /// The clock runs, but how long its limit is cannot be told.
    NoLimit {
        /// Instance.
        instance: CompactString,
        /// The limit, as the rule writes it.
        limit: CompactString,
        /// What was never told.
        missing: Vec<CompactString>,
    },
    /// The case was closed as a technical error: it has no time lights.
    Erased,
    /// A card stood, and ended.
    Over {
        /// The card, with its end.
        card: CardThen,
    },
    /// What an event needs was there.
    Served {
        /// The event.
        event: Cited,
        /// What it needs.
        needs: Vec<CompactString>,
    },
    /// The event is not preceded by what forbids it.
    NotForbidden {
        /// The event.
        event: Cited,
        /// What would forbid it.
        after: CompactString,
        /// The nearest of these before it, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nearest: Option<Cited>,
    },
    /// So often, which is lawful.
    Counted {
        /// What the counted events share.
        key: CompactString,
        /// How often.
        count: u64,
        /// At most, or at least.
        bound: CompactString,
    },
    /// Nobody did two of these.
    NotShared {
        /// The acts, as the rule writes them.
        acts: Vec<CompactString>,
    },
    /// The path is as the item's stage graph has it.
    PathInOrder {
        /// Item and version; absent where the catalogue has no stages for the case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<CompactString>,
    },
    /// Nothing in the fee ledger.
    NoFee,
    /// An upheld appeal holds it.
    Waived {
        /// Instance.
        instance: CompactString,
        /// The card that would stand.
        card: Card,
    },
    /// What the rule needs was never told of this case.
    NotObserved {
        /// Activities or fields, of each group any one.
        needs: Vec<CompactString>,
    },
}

/// A condition that does not hold: the nearest way in which it would.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Unmet {
    /// The condition as the rule writes it.
    pub condition: CompactString,
    /// The fewest parts that would have to be otherwise, all of them.
    pub parts: Vec<UnmetPart>,
}

/// A part of a condition that is not as it would have to be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnmetPart {
    /// The part as the rule writes it.
    pub condition: CompactString,
    /// It would have to hold (`true`), or not to hold.
    pub wanted: bool,
    /// Both sides with what they stand for; one side where the part is no comparison.
    pub sides: Vec<Side>,
    /// What was never told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<CompactString>,
}

/// An expression and what it stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Side {
    /// As the rule writes it.
    pub expression: CompactString,
    /// What it stands for; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}
