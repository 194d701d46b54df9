//! The keyed operator's work, without the operator: cases, clock and configuration of one worker.
//!
//! [`Supervisor::close`] works through everything that lies before a bound, in clock order for each
//! case. Order at one instant: what a control changes, then facts, then deadlines (semantics 13).
//!
//! Cases that nobody touched lately are kept packed, and those closed long ago on disk ([`crate::case_table`]): storage,
//! which nothing that is said or shown can tell.

use std::path::PathBuf;
use std::sync::Arc;

use facts::{Moment, Transition};
use hashbrown::HashSet;
use rules::change::ConfigurationChange;
use rules::judge::Touched;
use rustc_hash::FxBuildHasher;

use crate::case_state::CaseState;
use crate::case_table::{CaseTable, FIRST_CONFIGURATION};
use crate::causes::Causes;
use crate::contribution::GroupNews;
use crate::controls::Controls;
use crate::entry::{Control, Entry};
use crate::joining::{Joining, News};
use crate::judge::Judge;
use crate::lighting::{Left, Lighting};
use crate::lit::Lit;
use crate::memberships::{Happened, Memberships};
use crate::next_instants::NextInstants;
use crate::planted::planted;
use crate::silent_sources::SilentSources;
use crate::transitions::Grounds;

mod controls;
mod kept;
mod questions;
mod reload;
mod resting;

use kept::Remembered;
use reload::carried;

pub use questions::{CaseView, Standing};
pub(crate) use questions::{Sizes, standing_in};

/// What a close produced.
#[derive(Default)]
pub(crate) struct Output {
    /// What is said, in no order.
    pub(crate) transitions: Vec<Transition>,
    /// Changes of the collection of lamps, not consolidated.
    pub(crate) lits: Vec<(Lit, isize)>,
    /// What cases bring into groups, in the order of the clock for each case.
    pub(crate) group_news: Vec<GroupNews>,
}

/// A fact that waits for its instant.
struct Stashed {
    slot: u32,
    entry: Option<Entry>,
}

/// Which worker this is, and how it judges lateness.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Place {
    /// Worker index.
    pub(crate) index: usize,
    /// Number of workers.
    pub(crate) peers: usize,
    /// A fact dated further back than this, in ms, came late.
    pub(crate) late_after_ms: i64,
    /// How long what a late fact brought about waits to be said, in ms of the clock.
    pub(crate) settle_ms: i64,
    /// Differences are said from the start.
    pub(crate) announcing: bool,
}

/// How cases are kept. None of it can be told from what is said.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    /// A closed case is sealed so many ms after the last thing that happened to it; `None`: never.
    pub(crate) retention_ms: Option<i64>,
    /// Cases that stay unpacked.
    pub(crate) awake_max: usize,
    /// Where sealed cases go.
    pub(crate) folder: PathBuf,
}

/// The cases of one worker.
pub(crate) struct Supervisor<J> {
    place: Place,
    judge: Arc<J>,
    /// Configurations so far.
    generation: u32,
    /// What the last change of configuration changed.
    configured: Causes,
    /// The generation before the last change of configuration, and what that changed.
    changed: Option<(u32, ConfigurationChange)>,
    /// Everything before this is worked through.
    bound: Moment,
    cases: CaseTable,
    sources: SilentSources,
    retention_ms: Option<i64>,
    next: NextInstants,
    /// When to seal which case.
    retiring: NextInstants,
    /// Cases that are open.
    open: usize,
    /// Slots of cases that may have something waiting; those that have none are found out when asked.
    waiting: HashSet<u32, FxBuildHasher>,
    stash: Vec<Stashed>,
    controls: Controls<J>,
    /// Slots of cases whose source was heard of at this instant.
    stirred: Vec<u32>,
    /// What cases from a checkpoint remember to have said, until ALERTS tells.
    remembered: Remembered,
    /// A rule of the configuration groups.
    groups: bool,
    memberships: Memberships,
    output: Output,
    judged: u64,
    rejudged: u64,
}

impl<J: Judge> Supervisor<J> {
    pub(crate) fn new(place: Place, judge: Arc<J>, keeping: &Keeping) -> Supervisor<J> {
        Supervisor {
            place,
            groups: judge.has_groups(),
            memberships: Memberships::default(),
            judge,
            generation: FIRST_CONFIGURATION,
            configured: Causes::default(),
            changed: None,
            bound: Moment::from_millis(0),
            cases: CaseTable::new(keeping.awake_max, &keeping.folder),
            sources: SilentSources::default(),
            retention_ms: keeping.retention_ms,
            next: NextInstants::default(),
            retiring: NextInstants::default(),
            open: 0,
            waiting: HashSet::default(),
            stash: Vec::new(),
            controls: Controls::default(),
            stirred: Vec::new(),
            remembered: Remembered::default(),
            output: Output::default(),
            judged: 0,
            rejudged: 0,
        }
    }

    /// Keeps facts until the clock passes the instant at which they enter. A progress report belongs to no
    /// case and changes none.
    pub(crate) fn enter(&mut self, entries: impl Iterator<Item = Entry>) {
        for entry in entries.filter(|entry| !entry.event.case.is_empty()) {
            let slot = self.cases.slot(&entry.event.case);
            self.stash.push(Stashed { slot, entry: Some(entry) });
        }
    }

    /// Takes in cases of which `entries` are all facts known through an instant before this worker began, or all since they were
    /// handed out. They touch no rule and are no cause: each case is judged as a whole.
    pub(crate) fn restore(&mut self, entries: Vec<Entry>, through: Moment) {
        let mut slots = Vec::new();
        for Entry { sequence, event, .. } in entries {
            let slot = self.cases.slot(&event.case);
            let history = &mut self.cases.get_mut(slot).history;
            let known = history.records().len();
            history.join(event, sequence, self.judge.zone());
            let more = history.records().len().saturating_sub(known);
            self.cases.note_records(more);
            slots.push(slot);
        }
        slots.sort_unstable();
        slots.dedup();
        slots.into_iter().for_each(|slot| self.judge_at(slot, through));
        self.rest();
    }

    /// Keeps a control until the clock passes its instant.
    pub(crate) fn control(&mut self, at: Moment, control: Control<J>) {
        self.controls.keep(at, control);
    }

    /// Everything before this is worked through.
    pub(crate) fn bound(&self) -> Moment {
        self.bound
    }

    /// Works through everything before `bound`.
    pub(crate) fn close(&mut self, bound: Moment) -> Output {
        for same_instant in self.controls.due(bound) {
            let at = same_instant.at;
            self.run(if planted!(ConfigurationAfterFacts) { at.plus_millis(1) } else { at });
            self.configured = Causes::default();
            for control in &same_instant.controls {
                self.take(at, control);
            }
            self.run(at.plus_millis(1));
            if same_instant.configures() {
                self.settle_every_case(at);
            } else if !same_instant.is_quiet() {
                self.settle_awake(at);
            }
            let mut stirred = std::mem::take(&mut self.stirred);
            stirred.sort_unstable();
            stirred.dedup();
            stirred.into_iter().for_each(|slot| self.settle(slot, at, &mut Vec::new()));
        }
        self.run(bound);
        self.bound = bound;
        self.seal_due(bound);
        self.rest();
        self.forget_followers();
        let Supervisor { cases, next, retiring, .. } = self;
        next.prune(cases.len(), |at, slot| cases.wake(slot) == Some(at));
        retiring.prune(cases.len(), |at, slot| cases.retire(slot) == Some(at));
        std::mem::take(&mut self.output)
    }

    /// Facts that enter before `bound` and deadlines before it, in clock order for each case.
    fn run(&mut self, bound: Moment) {
        let mut due = self.due(bound);
        due.sort_unstable();
        let mut entries = Vec::new();
        for same_instant in due.chunk_by(|a, b| a.0 == b.0 && (a.1 == b.1 || planted!(NetOfABatch))) {
            let (slot, at, _) = same_instant[0];
            self.fire_before(slot, if planted!(DeadlineBeforeFacts) { at.plus_millis(1) } else { at });
            entries.extend(same_instant.iter().filter_map(|(_, _, place)| self.stash[*place as usize].entry.take()));
            self.settle(slot, at, &mut entries);
        }
        if due.len() == self.stash.len() {
            self.stash.clear();
        } else if !due.is_empty() {
            self.stash.retain(|stashed| stashed.entry.is_some());
        }
        let mut woken = None;
        while let Some((at, slot)) = self.next.pop_before(bound) {
            if planted!(SecondWakeOfAnInstantLost) && woken.replace(at) == Some(at) {
                continue;
            }
            if self.cases.wake(slot) == Some(at) {
                self.fire_before(slot, bound);
            }
        }
    }

    /// Stashed facts that enter before `bound`, as (slot, instant, place in the stash).
    fn due(&self, bound: Moment) -> Vec<(u32, Moment, u32)> {
        let places = self.stash.iter().zip(0_u32..);
        places
            .filter_map(|(stashed, place)| {
                let enters = stashed.entry.as_ref()?.enters;
                (enters < bound).then_some((stashed.slot, enters, place))
            })
            .collect()
    }

    /// Every instant of the case's own before `bound`, one after the other.
    fn fire_before(&mut self, slot: u32, bound: Moment) {
        while let Some(at) = self.cases.wake(slot).filter(|wake| *wake < bound) {
            let at = if planted!(DeadlineAtTheEndOfABatch) { bound.plus_millis(-1) } else { at };
            self.settle(slot, at, &mut Vec::new());
        }
    }

    /// Slots of cases for which facts wait.
    fn stashed(&self) -> HashSet<u32, FxBuildHasher> {
        self.stash.iter().map(|stashed| stashed.slot).collect()
    }

    /// Brings one case to `at` with the facts that enter there, and says what differs. `entries` is left empty.
    fn settle(&mut self, slot: u32, at: Moment, entries: &mut Vec<Entry>) {
        let (retention_ms, groups) = (self.retention_ms, self.groups);
        let Supervisor { cases, sources, judge, place, generation, configured, changed, memberships, output, .. } =
            &mut *self;
        let (case, texts) = cases.get_with_texts(slot);
        let mut news = News::default();
        let (known, was_open) = (case.history.records().len(), case.judgement.open);
        {
            let CaseState { id, history, judged_through, .. } = &mut *case;
            let joining = Joining { id, judge: judge.as_ref(), at, late_after_ms: place.late_after_ms };
            joining.reach(history, *judged_through, &mut news);
            joining.join(history, entries, &mut news);
        }
        let more = case.history.records().len().saturating_sub(known);
        let waits = planted!(ConfigurationWaitsForFacts) && news.touched.is_none();
        let mut rejudged = false;
        // Where a change keeps groups, whoever is not judged anew is with them as it was.
        let regroups = changed.as_ref().is_none_or(|(_, change)| !change.keeps_groups());
        let anew = case.judged_under != *generation && regroups;
        if case.judged_under != *generation && !waits {
            let touched = carried(case, judge.as_ref(), changed.as_ref(), at);
            // What is said at the instant of a change has the change for a cause, whatever else happens there.
            if case.judged_under != 0 {
                news.causes.extend(*configured);
            }
            rejudged = case.judged_under != 0 && touched != Touched::None;
            if touched != Touched::None {
                news.touch(touched);
            }
            case.judged_under = *generation;
        }
        let judged = news.touched.is_some();
        if let Some(touched) = &news.touched {
            case.judge(judge.as_ref(), at, touched);
            sources.follow(slot, case, at);
        }
        if groups {
            let (causes, heard_again) = (news.causes, case.heard_again);
            let happened = Happened { at, causes, changed: judged || anew, heard_again };
            memberships.tell(case, judge.as_ref(), happened, &mut output.group_news);
        }
        let judge = judge.as_ref();
        let left = Lighting { judge, grounds: Grounds::Own, at, place, texts, output }.bring_up(case, news.causes);
        let Left { waits, wake } = left;
        let forgotten = planted!(WakeNotQueuedAgain) && case.wake.is_some();
        let woken = wake.filter(|_| wake != case.wake && !forgotten);
        case.wake = wake;
        let over = retention_ms.and_then(|retention| Some(case.over_since()?.plus_millis(retention)));
        let retires = over.filter(|_| over != case.retire);
        case.retire = over;
        let open = case.judgement.open;
        cases.note_records(more);
        self.judged += u64::from(judged);
        self.rejudged += u64::from(rejudged);
        if waits {
            self.waiting.insert(slot);
        }
        woken.into_iter().for_each(|at| self.next.push(at, slot));
        retires.into_iter().for_each(|at| self.retiring.push(at, slot));
        self.open = self.open + usize::from(open) - usize::from(was_open);
    }

    /// The last instant that is worked through.
    pub(crate) fn as_of(&self) -> Moment {
        self.bound.plus_millis(-1)
    }
}
