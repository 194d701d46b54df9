//! Random histories of one case, and the instants at which to look at them.
//!
//! A seed gives the same history on every machine. Histories are lives of a case with faults thrown in:
//! facts that come late, twice, out of order or from the future, that are corrected or deleted, that lie on
//! the last instant of a limit or all on one instant. [`RandomCase::features`] tells which of these one has, so that a run
//! can show that it tried them all, and a hunt for a difference can leave some out.
//! Not here: many cases in one history; the twin and the engine judge case by case.

mod dice;
mod instants;
mod life;
mod noise;
mod times;

use std::collections::{BTreeMap, BTreeSet};

use facts::{Event, Moment};

use crate::TwinCalendar;
pub use dice::Dice;
pub use instants::{interesting_instants, turning_points};

/// Something a history may have that is worth trying.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Feature {
    /// A later version of a record.
    Correction,
    /// A record taken back by a delete that names its version.
    Deletion,
    /// A record taken back for good.
    FinalDeletion,
    /// A record sent twice, byte by byte.
    Duplicate,
    /// A new version of a record taken back for good.
    SentAfterDeletion,
    /// Two contents under one version.
    Dispute,
    /// A record that came hours or days after its time.
    Late,
    /// A record that came before its time.
    FutureDated,
    /// Several facts of one instant.
    Tie,
    /// The sources number their facts.
    Numbered,
    /// Facts of several sending systems.
    SeveralSources,
    /// Facts of several offices.
    SeveralOffices,
    /// Times that tell the day only.
    DateOnly,
    /// Times with milliseconds.
    Milliseconds,
    /// A fact at the edge of a limit.
    OnTheEdge,
    /// A lawful special procedure.
    Pause,
    /// A special procedure on no lawful ground.
    UnlawfulPause,
    /// A special procedure without a fixed length.
    UncappedPause,
    /// A special procedure that does not end.
    OpenPause,
    /// Special procedures without a number.
    UnnumberedPause,
    /// Two special procedures at once.
    OverlappingPauses,
    /// A special procedure that came days after its beginning.
    RetroactivePause,
    /// A special procedure granted in days of the calendar.
    CalendarDays,
    /// An extension.
    Extension,
    /// An extension that came days after its time.
    RetroactiveExtension,
    /// An extension without approver or ground.
    UnlawfulExtension,
    /// A second extension.
    SecondExtension,
    /// A list of missing material.
    Supplement,
    /// A second list of missing material.
    SecondSupplement,
    /// No decision on acceptance.
    Unanswered,
    /// Turned away.
    NotAccepted,
    /// Accepted twice.
    SecondAcceptance,
    /// A stage left out.
    SkippedStage,
    /// A stage done again.
    RepeatedStage,
    /// One person in several stages.
    SharedStages,
    /// Returned or voided.
    AbnormalClose,
    /// Closed as a technical error.
    DeletedClose,
    /// Closed by the applicant.
    ApplicantClose,
    /// The application was withdrawn.
    Withdrawn,
    /// Never closed.
    Open,
    /// Closed twice.
    SecondClose,
    /// Reopened, with stages after it.
    Reopened,
    /// A refusal without a reason.
    NoReason,
    /// Fees.
    Fees,
    /// Money paid back.
    Refund,
    /// A negative charge.
    NegativeCharge,
    /// A voided receipt.
    Revoked,
    /// A receipt sent twice.
    ReceiptTwice,
    /// A fee without a code.
    NoCode,
    /// A sum on closing.
    Total,
    /// An upheld appeal.
    Waiver,
    /// An item that the catalogue does not know, or none.
    UnknownItem,
    /// An item that changes on the way.
    ItemChange,
    /// A later fact names item or case type again, or another one.
    NamedAgain,
    /// Complaints, questions and ratings that name other facts of the case than the case does.
    Aside,
    /// Something before the submission.
    Beforehand,
    /// An activity that nobody declared.
    Undeclared,
    /// A source with codes of its own.
    MappedSource,
    /// A record under two offices.
    SameIdElsewhere,
}

/// A history.
#[derive(Clone, Debug)]
pub struct RandomCase {
    /// What made it.
    pub seed: u64,
    /// Record versions with their arrival, in order of arrival.
    pub facts: Vec<(Event, Moment)>,
    /// What it has.
    pub features: BTreeSet<Feature>,
}

/// The history of `seed`, with nothing of what `without` names.
#[must_use]
pub fn random_case(seed: u64, calendar: &TwinCalendar, without: &[Feature]) -> RandomCase {
    let mut dice = Dice::new(seed, without);
    let lived = life::live(&mut dice, calendar, &format!("RC-{seed}"));
    let mut facts = noise::send(&mut dice, calendar, lived);
    // The arrival stands in the line, too, as a file would carry it.
    facts.iter_mut().for_each(|(event, arrived)| event.arrived = Some(*arrived));
    facts.sort_by_key(|(_, arrived)| *arrived);
    RandomCase { seed, facts, features: dice.shown }
}

/// How many of some histories have each feature.
#[must_use]
pub fn statistics<'a>(cases: impl IntoIterator<Item = &'a RandomCase>) -> BTreeMap<Feature, usize> {
    let mut counts = BTreeMap::new();
    for feature in cases.into_iter().flat_map(|case| &case.features) {
        *counts.entry(*feature).or_default() += 1;
    }
    counts
}
