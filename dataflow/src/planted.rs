//! Faults that this crate's own tests plant in the operator, to show that the comparison with the twin
//! would notice them. Outside of these tests `planted!` is `false` and nothing of this is built.
//!
//! A fault is planted for the thread that starts a runner and is carried to that runner's workers; other
//! tests of the same process do not see it.

use facts::History;

use crate::entry::Entry;

/// Is this fault planted here?
#[cfg(test)]
macro_rules! planted {
    ($fault:ident) => {
        $crate::planted::holds($crate::planted::Fault::$fault)
    };
}

/// Is this fault planted here? Never, outside of this crate's tests.
#[cfg(not(test))]
macro_rules! planted {
    ($fault:ident) => {
        false
    };
}

pub(crate) use planted;

/// What a thread hands on to the workers that it starts.
#[derive(Copy, Clone)]
pub(crate) struct Planted(#[cfg(test)] Option<Fault>);

impl Planted {
    /// What is planted in this thread.
    pub(crate) fn here() -> Planted {
        Planted(
            #[cfg(test)]
            PLANTED.get(),
        )
    }

    /// Plants it in this thread.
    pub(crate) fn plant(self) {
        #[cfg(test)]
        PLANTED.set(self.0);
    }
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Is `fault` planted in this thread?
#[cfg(test)]
pub(crate) fn holds(fault: Fault) -> bool {
    PLANTED.get() == Some(fault)
}

/// An entry as it is read; some faults misread it.
#[cfg(not(test))]
#[inline]
pub(crate) fn read(entry: Entry, _: &History) -> Option<Entry> {
    Some(entry)
}

/// An entry as it is read; some faults misread it.
#[cfg(test)]
pub(crate) fn read(mut entry: Entry, history: &History) -> Option<Entry> {
    let event = &mut entry.event;
    if planted!(DeleteIgnored) && event.op == facts::Op::Delete {
        return None;
    }
    if planted!(TieByArrival) && event.seq.is_none() {
        event.seq = entry.sequence.and_then(|sequence| i64::try_from(sequence).ok());
    }
    if let Some(held) = history.record_of(event).map(|record| &record.event) {
        if planted!(DuplicateIsAnother) && (held.version, held.at) == (event.version, event.at) {
            event.id.push('+');
        } else if planted!(LastVersionWins) && held.version != facts::Event::FINAL {
            event.version = event.version.max(held.version + 1);
        }
    }
    Some(entry)
}

/// Runs `work` in a thread of its own in which `fault` is planted.
#[cfg(test)]
pub(crate) fn with<T: Send>(fault: Fault, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            Planted(Some(fault)).plant();
            work()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Slips that somebody who changes the operator could make.
#[cfg(test)]
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Judged again, a case that had a wake-up gets no other one.
    WakeNotQueuedAgain,
    /// Of two cases due at one instant only one is woken.
    SecondWakeOfAnInstantLost,
    /// The clock reaches a fact dated ahead, and nobody wakes the case.
    HeldFactNotWoken,
    /// A fact dated ahead is seen before its time.
    HeldFactSeenEarly,
    /// Deadlines fire when a batch ends, not at their own instants.
    DeadlineAtTheEndOfABatch,
    /// Deadlines of an instant fire before its facts are joined.
    DeadlineBeforeFacts,
    /// What enters in one batch is joined at once.
    NetOfABatch,
    /// A late fact is kept, and nothing is judged again.
    LateFactNotJudged,
    /// A delete does nothing.
    DeleteIgnored,
    /// A record that comes again is another record.
    DuplicateIsAnother,
    /// What the source did not number is numbered by its place in the stream.
    TieByArrival,
    /// The version that came last wins.
    LastVersionWins,
    /// The index of touched rules has forgotten an activity.
    TouchedForgetsAnActivity,
    /// Only what the new version says touches rules, not what the old one said.
    TouchedByTheNewVersionOnly,
    /// A new configuration judges what is touched next, not what is there.
    ConfigurationWaitsForFacts,
    /// A new configuration takes effect after the facts of its instant.
    ConfigurationAfterFacts,
    /// Of several cards that hold the first is shown, not the worst.
    FirstCardNotTheWorst,
    /// A card whose legal instant moved stays as it was told.
    MovedSinceNotTold,
    /// What should never have been said is worded as over.
    RetractedWordedAsCleared,
    /// Was the card right? is asked of now, not of then.
    HeldNowNotThen,
    /// A card stays with the office that lost the case.
    OwnerNotReaddressed,
    /// Revisions begin anew when a card comes back.
    RevisionBeginsAnew,
    /// Causes that were told are told again.
    CausesPileUp,
    /// Counts stay with the office that lost the case.
    CountsKeepTheOldOffice,
    /// Facts are spread over workers by record, not by case.
    SpreadByRecord,
    /// An instant is closed when the first worker has passed it.
    ClosedByTheFirstWorker,
    /// A fact of a sealed case begins a new case.
    SealedCaseMadeAnew,
    /// The lights of sealed cases are not shown.
    SealedLightsForgotten,
    /// A new configuration judges only what is in memory.
    SealedNotJudgedAnew,
    /// What was said of a case is lost when it is packed.
    PackedForgetsWhatWasSaid,
    /// Cases kept in a checkpoint are taken, whichever configuration judged them.
    CasesOfAnotherConfigurationTaken,
    /// Facts that entered since cases were kept, and before the cut, are left out.
    FactsSinceKeptCasesForgotten,
    /// Cases from a checkpoint are believed in what was said of them, whatever ALERTS holds.
    RememberedBelieved,
    /// A case that left a group counts in it still.
    GroupKeepsWhoLeft,
    /// Of several cases in a group the first does not count.
    GroupForgetsAMember,
    /// A deadline of a group is not waited for.
    GroupWakeNotQueued,
    /// Rules move in the configuration, and groups name them by the places that they had.
    GroupKeepsOldPlaces,
    /// A rule is gone, and packed cases in which it found something are left alone.
    GoneRulesOverlooked,
    /// Rules move in the configuration, and packed cases name them by the places that they had.
    MovedRulesKeepTheirPlaces,
    /// A group is judged without what rests of it.
    RestingForgotten,
    /// A rule is gone, and sealed cases in which it found something stay sealed.
    GoneRulesOfSealedOverlooked,
    /// Rules move in the configuration, and sealed cases name them by the places that they had.
    MovedRulesOfSealedKeepTheirPlaces,
}

#[cfg(test)]
impl Fault {
    /// Those of a start from a checkpoint, which its own tests find.
    pub(crate) const OF_STARTS: [Fault; 3] =
        [Fault::CasesOfAnotherConfigurationTaken, Fault::FactsSinceKeptCasesForgotten, Fault::RememberedBelieved];
    /// Those in the operator of groups.
    pub(crate) const OF_GROUPS: [Fault; 5] = [
        Fault::GroupKeepsWhoLeft,
        Fault::GroupForgetsAMember,
        Fault::GroupWakeNotQueued,
        Fault::GroupKeepsOldPlaces,
        Fault::RestingForgotten,
    ];
    /// Those of packed and of sealed cases under a new configuration.
    pub(crate) const OF_RELOADS: [Fault; 4] = [
        Fault::GoneRulesOverlooked,
        Fault::MovedRulesKeepTheirPlaces,
        Fault::GoneRulesOfSealedOverlooked,
        Fault::MovedRulesOfSealedKeepTheirPlaces,
    ];

    /// All others.
    pub(crate) const ALL: [Fault; 30] = [
        Fault::WakeNotQueuedAgain,
        Fault::SecondWakeOfAnInstantLost,
        Fault::HeldFactNotWoken,
        Fault::HeldFactSeenEarly,
        Fault::DeadlineAtTheEndOfABatch,
        Fault::DeadlineBeforeFacts,
        Fault::NetOfABatch,
        Fault::LateFactNotJudged,
        Fault::DeleteIgnored,
        Fault::DuplicateIsAnother,
        Fault::TieByArrival,
        Fault::LastVersionWins,
        Fault::TouchedForgetsAnActivity,
        Fault::TouchedByTheNewVersionOnly,
        Fault::ConfigurationWaitsForFacts,
        Fault::ConfigurationAfterFacts,
        Fault::FirstCardNotTheWorst,
        Fault::MovedSinceNotTold,
        Fault::RetractedWordedAsCleared,
        Fault::HeldNowNotThen,
        Fault::OwnerNotReaddressed,
        Fault::RevisionBeginsAnew,
        Fault::CausesPileUp,
        Fault::CountsKeepTheOldOffice,
        Fault::SpreadByRecord,
        Fault::ClosedByTheFirstWorker,
        Fault::SealedCaseMadeAnew,
        Fault::SealedLightsForgotten,
        Fault::SealedNotJudgedAnew,
        Fault::PackedForgetsWhatWasSaid,
    ];
}
