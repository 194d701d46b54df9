//! Reasons for people: a rule's own message, or what its kind says.

use compact_str::CompactString;
use facts::standing::Text2;

use crate::expression::Node;

/// How a value is written into a message.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// As it stands: an instant with date and time of day.
    #[default]
    Plain,
    /// Day only.
    Date,
    /// Time of day only.
    Time,
    /// Yuan with two decimals.
    Yuan,
    /// Members joined.
    List,
}

/// A word that the kind supplies.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Word {
    /// deadline: the last instant in time
    Due,
    /// deadline: the limit
    Limit,
    /// deadline: used so far, in the limit's unit
    Used,
    /// deadline: left
    Left,
    /// deadline: over
    Over,
    /// deadline: paused so far
    Paused,
    /// deadline: the start's time
    Start,
    /// deadline: the stop's time
    Stop,
    /// requires, workflow: what is missing
    Missing,
    /// requires: how far off the nearest was; forbids: how long after the earlier event
    Distance,
    /// forbids: the event after which it must not come
    Earlier,
    /// count: how many
    Count,
    /// count: the most that is lawful
    Max,
    /// count: the least that is lawful
    Min,
    /// count: what the counted events share; group: what its cases share
    Key,
    /// group: its cases
    Cases,
    /// separation: the person
    Person,
    /// separation: how many acts
    Shared,
    /// separation: which acts
    Acts,
    /// workflow: the step's begin
    From,
    /// workflow: the step's end
    To,
    /// fee: the ledger key
    Line,
    /// fee: the net sum
    Ledger,
    /// fee: the greatest lawful amount
    Tariff,
    /// fee: the excess over it
    Excess,
    /// condition, fee: the grounds that hold
    Grounds,
}

impl Word {
    /// All words with their names in messages.
    pub const ALL: &'static [(&'static str, Word)] = &[
        ("due", Word::Due),
        ("limit", Word::Limit),
        ("used", Word::Used),
        ("left", Word::Left),
        ("over", Word::Over),
        ("paused", Word::Paused),
        ("start", Word::Start),
        ("stop", Word::Stop),
        ("missing", Word::Missing),
        ("distance", Word::Distance),
        ("earlier", Word::Earlier),
        ("count", Word::Count),
        ("max", Word::Max),
        ("min", Word::Min),
        ("key", Word::Key),
        ("cases", Word::Cases),
        ("person", Word::Person),
        ("shared", Word::Shared),
        ("acts", Word::Acts),
        ("from", Word::From),
        ("to", Word::To),
        ("line", Word::Line),
        ("ledger", Word::Ledger),
        ("tariff", Word::Tariff),
        ("excess", Word::Excess),
        ("grounds", Word::Grounds),
    ];
}

/// A piece of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Literal text.
    Text(CompactString),
    /// A word of the kind.
    Word(Word, Format),
    /// Any path a condition may use at that place.
    Value(Node, Format),
}

/// A message in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Message {
    /// zh-CN
    pub zh: Vec<Piece>,
    /// English
    pub en: Vec<Piece>,
}

/// A name that people read, with the identifier as a last resort.
#[must_use]
pub fn name_or<'a>(name: &'a Text2, code: &'a str) -> (&'a str, &'a str) {
    let pick = |text: &'a str| if text.is_empty() { code } else { text };
    (pick(&name.zh), pick(&name.en))
}
