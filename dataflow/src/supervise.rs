//! The keyed operator's work, without the operator: cases, clock and configuration of one worker.
//!
//! [`Supervisor::close`] works through everything that lies before a bound, in clock order for each
//! case. Order at one instant: what a control changes, then facts, then deadlines (semantics 13).
//!
//! Cases that nobody touched lately are kept packed, and those closed long ago on disk ([`crate::case_table`]): storage,
//! which nothing that is said or shown can tell.

use std::path::PathBuf;
use std::sync::Arc;

use facts::transition::{About, StandingLine};
use facts::{Cause, History, Moment, StandingLight, Transition};
use hashbrown::HashSet;
use rules::change::ConfigurationChange;
use rules::finding::Judgement;
use rules::judge::{Case, Touched};
use rustc_hash::FxBuildHasher;

use crate::case_hash::worker_of;
use crate::case_state::CaseState;
use crate::case_table::CaseTable;
use crate::causes::Causes;
use crate::contribution::{GroupKey, GroupNews};
use crate::controls::Controls;
use crate::ending;
use crate::entry::{AllWaiting, Control, Entry, ReadBack, Waiting};
use crate::forecast::{ForecastQuestion, ForecastShare};
use crate::groups::{GroupLight, line as listed};
use crate::holding::Holding;
use crate::joining::{Joining, News};
use crate::judge::Judge;
use crate::lighting::{Left, Lighting};
use crate::lit::Lit;
use crate::memberships::{Happened, Memberships};
use crate::next_instants::NextInstants;
use crate::packed_case::unpack;
use crate::planted::planted;
use crate::said::Said;
use crate::silent_sources::{SilentSources, Speech};
use crate::sources::SourceNews;
use crate::transitions::{Grounds, settled, shown};
use crate::what_if::WhatIfShare;

mod kept;

use kept::Remembered;

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

/// The lights that stand at a closed instant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing<Row = StandingLine> {
    /// The last closed instant.
    pub as_of: Moment,
    /// Sorted by case, rule and instance.
    pub lights: Vec<Row>,
}

impl<Row> Standing<Row> {
    /// With these, too.
    pub(crate) fn and(mut self, more: Vec<Row>) -> Standing<Row> {
        self.lights.extend(more);
        self
    }
}

/// All that is held of one case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseView {
    /// The last closed instant.
    pub as_of: Moment,
    /// Facts, those held for the future included.
    pub history: History,
    /// Findings on the facts that the clock has reached.
    pub judgement: Judgement,
    /// What was last said of each light.
    pub said: Vec<Said>,
    /// The first instant at which its source was silent, while it is.
    pub silent_since: Option<Moment>,
    /// Which lights wait for it; `None` where none do.
    pub holding: Option<Holding>,
    /// The lights that groups give it, sorted by rule and instance.
    pub of_groups: Vec<GroupLight>,
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

/// Cases judged again by a new configuration before those at rest are packed again.
const REST_EVERY: usize = 1_024;

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
            generation: 1,
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

    fn take(&mut self, at: Moment, control: &Control<J>) {
        match control {
            Control::Configure(judge, cause) => self.configure(judge, *cause),
            Control::Announce => {
                // Of what nobody told by now nothing was said.
                self.compare(&[]);
                self.place.announcing = true;
            }
            Control::Hush => self.place.announcing = false,
            Control::ReadBack(read) => self.compare(read),
            Control::Source(news) => self.hear(at, news),
            Control::Restored(waiting) => self.restored(waiting),
        }
    }

    /// Puts `judge` in force. What it changes in a case is found out when that is settled.
    fn configure(&mut self, judge: &Arc<J>, cause: Cause) {
        let first = self.configured == Causes::default();
        let change = if first { judge.change_from(&self.judge) } else { ConfigurationChange::Everything };
        self.changed = Some((self.generation, change));
        self.judge = Arc::clone(judge);
        self.groups = judge.has_groups();
        self.memberships.forget();
        self.generation += 1;
        self.configured.add(cause);
    }

    /// A source fell silent or speaks again: its light, and its cases.
    fn hear(&mut self, at: Moment, news: &SourceNews) {
        let Supervisor { sources, cases, judge, place: here, configured, output, stirred, .. } = self;
        let place = sources.take(news);
        for slot in sources.followers(place) {
            // A slot may have gone to another case since.
            if cases.source(slot) == Some(place) {
                let case = cases.get_mut(slot);
                case.silent_since = news.silent_since;
                case.heard_again = news.silent_since.is_none();
                case.causes.add(Cause::Silence);
                stirred.push(slot);
            }
        }
        if worker_of(&news.key.case(), here.peers) == here.index {
            let (judge, out) = (judge.as_ref(), &mut output.transitions);
            let texts = cases.texts();
            sources.tell(news, *configured, Speech { at, judge, announcing: here.announcing, texts, out });
        }
    }

    fn restored(&mut self, waiting: &[Waiting]) {
        let Place { index, peers, .. } = self.place;
        let ours = |waiting: &&Waiting| waiting.group.is_none() && worker_of(&waiting.case, peers) == index;
        for Waiting { case, causes, until, .. } in waiting.iter().filter(ours) {
            let slot = self.cases.slot(case);
            let case = self.cases.get_mut(slot);
            (case.causes, case.hold_until) = (*causes, Some(*until));
            self.waiting.insert(slot);
        }
    }

    /// What waits to be said.
    pub(crate) fn waiting(&mut self) -> AllWaiting {
        let Supervisor { waiting, cases, .. } = self;
        // A case in which something waits is awake.
        let one = |slot: &u32| {
            let CaseState { id, causes, hold_until, .. } = cases.if_awake(*slot)?;
            hold_until.map(|until| Waiting { case: id.clone(), group: None, causes: *causes, until })
        };
        waiting.retain(|slot| one(slot).is_some());
        let all = waiting.iter().filter_map(one).collect();
        AllWaiting { as_of: self.as_of(), speaking: self.place.announcing, cases: all }
    }

    fn read_back(&mut self, read: &[ReadBack]) {
        let Place { index, peers, .. } = self.place;
        // What was said of groups is for those who hold them.
        let of_group = |read: &ReadBack| GroupKey::of_light(self.judge.as_ref(), &read.rule, &read.instance).is_some();
        let ours = |read: &&ReadBack| worker_of(&read.case, peers) == index && !of_group(read);
        let ours: Vec<&ReadBack> = read.iter().filter(ours).collect();
        for read in ours {
            let of_source = read.last.as_ref().is_some_and(|last| last.about == About::Source);
            if of_source || self.judge.silence().is_some_and(|rule| rule.id == read.rule) {
                let last = read.last.as_ref().map(|last| Said::by(last, self.cases.texts()));
                if self.sources.read_back(&read.case, last, &read.instance) {
                    continue;
                }
            }
            let slot = self.cases.slot(&read.case);
            let (CaseState { said, .. }, texts) = self.cases.get_with_texts(slot);
            said.retain(|said| said.rule != read.rule || said.instance != read.instance);
            said.extend(read.last.as_ref().map(|last| Said::by(last, texts)));
        }
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

    /// Cases that are not at rest, after a control at `at`; what is settled already says nothing more.
    fn settle_awake(&mut self, at: Moment) {
        for slot in self.cases.awake() {
            self.settle(slot, at, &mut Vec::new());
        }
        self.tell_sources(at);
    }

    /// The lights of sources, after something else changed: the configuration, or what was said.
    fn tell_sources(&mut self, at: Moment) {
        let Supervisor { sources, cases, judge, place, configured, output, .. } = self;
        let texts = cases.texts();
        let changed = (*configured != Causes::default()).then(|| configured.first());
        let (judge, out) = (judge.as_ref(), &mut output.transitions);
        sources.tell_all(changed, Speech { at, judge, announcing: place.announcing, texts, out });
    }

    /// Every case, sealed ones too, for a new configuration at `at`.
    fn settle_every_case(&mut self, at: Moment) {
        for slots in self.cases.all().chunks(REST_EVERY) {
            for slot in slots {
                if self.keeps_judgement(*slot, at) {
                    self.contribute(*slot, at);
                } else {
                    self.settle(*slot, at, &mut Vec::new());
                }
            }
            self.rest();
        }
        self.tell_sources(at);
        if planted!(SealedNotJudgedAnew) {
            return;
        }
        let stashed = self.stashed();
        for (count, packed) in self.cases.unseal_all().enumerate() {
            let Some(slot) = self.cases.unsealed(&packed) else { continue };
            self.settle(slot, at, &mut Vec::new());
            if self.cases.retire(slot).is_some_and(|retire| retire <= at) && !stashed.contains(&slot) {
                self.seal(slot);
            }
            if count % REST_EVERY == 0 {
                self.rest();
            }
        }
    }

    /// Does a case at rest keep its judgement as it is? Then it is noted as one of the new configuration's.
    fn keeps_judgement(&mut self, slot: u32, at: Moment) -> bool {
        let Supervisor { cases, judge, generation, changed, .. } = self;
        let Some((before, change)) = changed.as_ref().filter(|(_, change)| change.keeps_places()) else { return false };
        cases.keep_judged(slot, *before, *generation, |case| {
            let mut judgement = case.judgement.clone();
            judge.carry(change, &Case::at(&case.id, &case.history, at), &mut judgement) == Touched::None
        })
    }

    /// Seals the cases of which the time has come before `bound`.
    fn seal_due(&mut self, bound: Moment) {
        let mut stashed = None;
        while let Some((at, slot)) = self.retiring.pop_before(bound) {
            if self.cases.retire(slot) != Some(at) {
                continue;
            }
            // A case for which facts wait keeps its slot; it is looked at again when they enter.
            if stashed.get_or_insert_with(|| self.stashed()).contains(&slot) {
                self.cases.get_mut(slot).retire = None;
            } else {
                self.seal(slot);
            }
        }
    }

    /// Seals a case if it is at rest; else it is looked at again when something happens to it.
    fn seal(&mut self, slot: u32) {
        let Supervisor { cases, judge, generation, bound, .. } = self;
        let as_of = bound.plus_millis(-1);
        let case = cases.get_mut(slot);
        if !at_rest(case, judge.as_ref(), *generation) {
            case.retire = None;
            return;
        }
        let lights =
            standing_in(case, judge.as_ref(), as_of.max(case.judged_through)).map(|(light, _)| light).collect();
        cases.seal(slot, lights);
    }

    /// Packs cases at rest that nobody touched lately.
    fn rest(&mut self) {
        let Supervisor { cases, judge, generation, .. } = self;
        cases.rest(|case| at_rest(case, judge.as_ref(), *generation));
    }

    /// Forgets of sources which cases followed them that are sealed, or follow others now, when these are many.
    fn forget_followers(&mut self) {
        let Supervisor { sources, cases, .. } = self;
        sources.prune(cases.len(), |slot, place| cases.source(slot) == Some(place));
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
        let anew = case.judged_under != *generation;
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

    /// Tells the groups of the case in `slot` what it brings at `at`, without judging or unpacking it: for a case that has
    /// its judgement and is not settled there. Does nothing where no rule groups.
    pub(crate) fn contribute(&mut self, slot: u32, at: Moment) {
        if self.groups {
            let Supervisor { cases, judge, configured, memberships, output, .. } = self;
            let anew = Happened::anew(at, *configured);
            cases.look_at(slot, |case| memberships.tell(case, judge.as_ref(), anew, &mut output.group_news));
        }
    }

    /// The same for a packed case that has no slot, because it is about to be sealed.
    pub(crate) fn contribute_sealed(&mut self, packed: &[u8], at: Moment) {
        if self.groups {
            let Supervisor { cases, judge, configured, memberships, output, .. } = self;
            let case = unpack(packed, cases.texts());
            memberships.tell(&case, judge.as_ref(), Happened::anew(at, *configured), &mut output.group_news);
        }
    }

    /// What `other` would change at the last closed instant, if it were in force. Sealed cases are read back for it, and
    /// sealed again: nothing is changed.
    pub(crate) fn what_if(&mut self, other: &Arc<J>) -> WhatIfShare {
        let change = other.change_from(&self.judge);
        let mut share = WhatIfShare::new(self.as_of(), self.groups || other.has_groups());
        self.cases.each(|case| share.consider(case, self.judge.as_ref(), other.as_ref(), &change));
        for packed in self.cases.unseal_all() {
            let Some(slot) = self.cases.unsealed(&packed) else { continue };
            share.consider(self.cases.get_mut(slot), self.judge.as_ref(), other.as_ref(), &change);
            self.seal(slot);
        }
        share
    }

    /// What time alone will change in the cases that have an instant of their own up to the end that is asked for. A
    /// sealed case has none.
    pub(crate) fn forecast(&self, asked: &ForecastQuestion) -> ForecastShare {
        let mut foreseen = ForecastShare::new(self.as_of());
        let beside = (&self.sources, self.groups.then_some(&self.memberships));
        let due = self.next.upto(asked.until).filter(|(at, slot)| self.cases.wake(*slot) == Some(*at));
        let mut slots: Vec<u32> = due.map(|(_, slot)| slot).collect();
        slots.sort_unstable();
        slots.dedup();
        self.cases.each_of(slots, |case| foreseen.consider(case, beside, self.judge.as_ref(), asked));
        foreseen
    }

    /// The last instant that is worked through.
    pub(crate) fn as_of(&self) -> Moment {
        self.bound.plus_millis(-1)
    }

    /// The cards of cases that stand, as `row` shows them. A silent source's is none of a case.
    fn standing<Row>(
        &self,
        row: impl Fn(&CaseState, &StandingLight, rules::finding::RuleIndex) -> Row,
    ) -> Standing<Row> {
        let as_of = self.as_of();
        let mut lights = Vec::new();
        self.cases.each_lit(|case| {
            let standing = standing_in(case, self.judge.as_ref(), as_of);
            lights.extend(standing.map(|(light, rule)| row(case, &light, rule)));
        });
        Standing { as_of, lights }
    }

    /// The cards that stand.
    pub(crate) fn lights(&self) -> Standing<StandingLight> {
        let mut standing = self.standing(|_, light, _| light.clone());
        let sealed = self.cases.sealed_lights().filter(|_| !planted!(SealedLightsForgotten));
        standing.lights.extend(sealed.flat_map(|(_, lights)| lights).cloned());
        standing
    }

    /// The cards that stand, with the reason for each.
    pub(crate) fn lines(&self) -> Standing<StandingLine> {
        let as_of = self.as_of();
        let line = |case: &CaseState, light: &StandingLight, rule| {
            let known = Case::at(&case.id, &case.history, as_of);
            let explained = self.judge.explain(&known, rule, &light.instance, light.card, as_of);
            let reason = explained.map_or_else(|| ending::unexplained(light.card, &light.rule), |why| why.reason);
            listed(light.clone(), reason)
        };
        let mut standing = self.standing(line);
        for (id, _) in self.cases.sealed_lights() {
            let judge = self.judge.as_ref();
            let lines = self.cases.look(id, |case| {
                standing_in(case, judge, as_of).map(|(light, rule)| line(case, &light, rule)).collect::<Vec<_>>()
            });
            standing.lights.extend(lines.into_iter().flatten());
        }
        standing
    }

    /// All that is held of a case with facts.
    pub(crate) fn case(&self, id: &str) -> Option<CaseView> {
        let as_of = self.as_of();
        let view = self.cases.look(id, |case| {
            let known = case.judged_under != 0 && case.history != History::new();
            known.then(|| CaseView {
                as_of,
                history: case.history.clone(),
                judgement: case.judgement.clone(),
                said: case.said.clone(),
                silent_since: case.silent_since,
                holding: case.holding(self.judge.as_ref()),
                of_groups: Vec::new(),
            })
        });
        view.flatten()
    }

    /// How often a case was given to judgement so far, and how often because of a change of configuration.
    pub(crate) fn judged(&self) -> (u64, u64) {
        (self.judged, self.rejudged)
    }

    /// How many cases and wake-ups there are, and what they take.
    pub(crate) fn sizes(&self) -> Sizes {
        let (wakes, retiring) = (self.next.len(), self.retiring.len());
        Sizes {
            cases: self.cases.len(),
            open: self.open,
            sealed: self.cases.sealed(),
            wakes,
            bytes: self.cases.bytes() + self.memberships.bytes() + (wakes + retiring) * size_of::<(Moment, u32)>(),
            sealed_bytes: self.cases.sealed_bytes(),
        }
    }
}

/// What a worker holds.
pub(crate) struct Sizes {
    /// Cases in memory.
    pub(crate) cases: usize,
    /// Open cases.
    pub(crate) open: usize,
    /// Cases on disk.
    pub(crate) sealed: usize,
    /// Wake-ups waiting, stale ones included.
    pub(crate) wakes: usize,
    /// Bytes of cases in memory and wake-ups.
    pub(crate) bytes: usize,
    /// Bytes of memory for cases on disk.
    pub(crate) sealed_bytes: usize,
}

/// Is everything said of a case, and nothing waiting in it? Then only facts, time and configurations change it.
fn at_rest<J: Judge>(case: &CaseState, judge: &J, generation: u32) -> bool {
    let quiet = case.causes == Causes::default() && case.hold_until.is_none();
    // A case whose source is silent is looked at again when that speaks.
    let heard = case.silent_since.is_none() && !case.heard_again;
    quiet && heard && case.judged_under == generation && settled(case, judge, case.judged_through)
}

/// The lights that stand in a case at `as_of`, with the rules that give them.
pub(crate) fn standing_in<'c, J: Judge>(
    case: &'c CaseState,
    judge: &'c J,
    as_of: Moment,
) -> impl Iterator<Item = (StandingLight, rules::finding::RuleIndex)> + 'c {
    let owner = case.judgement.owner.as_ref();
    owner.into_iter().flat_map(move |owner| {
        let holding = case.holding(judge);
        shown(judge, &case.judgement, as_of, holding.as_ref()).into_iter().map(move |now| {
            let light = StandingLight {
                case: case.id.clone(),
                rule: now.rule.id.into(),
                instance: now.instance.clone(),
                card: now.span.card,
                light: now.span.light,
                since: now.span.since,
                owner: owner.clone(),
            };
            (light, now.index)
        })
    })
}

/// What of a case that another configuration judged is to be judged again; what is kept gets the rules' new places.
fn carried<J: Judge>(
    case: &mut CaseState,
    judge: &J,
    changed: Option<&(u32, ConfigurationChange)>,
    at: Moment,
) -> Touched {
    match changed {
        Some((before, change)) if case.judged_under == *before => {
            let CaseState { id, history, judgement, .. } = case;
            judge.carry(change, &Case::at(id, history, at), judgement)
        }
        _ => Touched::All,
    }
}
