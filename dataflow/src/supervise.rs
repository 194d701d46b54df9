//! The keyed operator's work, without the operator: cases, clock and configuration of one worker.
//!
//! [`Supervisor::close`] works through everything that lies before a bound, in clock order for each
//! case. Order at one instant: what a control changes, then facts, then deadlines (semantics 13).
//!
//! State per case lives as long as the worker: nothing is forgotten here.

use std::sync::Arc;

use facts::transition::{About, StandingLine};
use facts::{Cause, History, Light, Moment, StandingLight, Transition};
use hashbrown::{HashMap, HashSet};
use rules::finding::{Judgement, RuleIndex};
use rules::judge::{Case, Touched};
use rustc_hash::FxBuildHasher;

use crate::case_hash::worker_of;
use crate::case_state::{CaseState, CaseTable};
use crate::causes::Causes;
use crate::ending;
use crate::entry::{AllWaiting, Control, Entry, ReadBack, Waiting};
use crate::holding::Holding;
use crate::joining::{Joining, News};
use crate::judge::Judge;
use crate::lit::{Lit, Rows};
use crate::next_instants::NextInstants;
use crate::planted::planted;
use crate::said::{Said, Texts};
use crate::silent_sources::{SilentSources, Speech};
use crate::sources::SourceNews;
use crate::transitions::{say, settled, shown};

/// What a close produced.
#[derive(Default)]
pub(crate) struct Output {
    /// What is said, in no order.
    pub(crate) transitions: Vec<Transition>,
    /// Changes of the collection of lamps, not consolidated.
    pub(crate) lits: Vec<(Lit, isize)>,
}

/// The lights that stand at a closed instant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing<Row = StandingLine> {
    /// The last closed instant.
    pub as_of: Moment,
    /// Sorted by case, rule and instance.
    pub lights: Vec<Row>,
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

/// The cases of one worker.
pub(crate) struct Supervisor<J> {
    place: Place,
    judge: Arc<J>,
    /// Configurations so far.
    generation: u32,
    /// What the last change of configuration changed.
    configured: Causes,
    /// Cases of which a change of configuration touched only these rules, until they are settled.
    reconfigured: HashMap<u32, Vec<RuleIndex>, FxBuildHasher>,
    /// Everything before this is worked through.
    bound: Moment,
    cases: CaseTable,
    sources: SilentSources,
    next: NextInstants,
    /// Slots of cases that may have something waiting; those that have none are found out when asked.
    waiting: HashSet<u32, FxBuildHasher>,
    stash: Vec<Stashed>,
    controls: Vec<(Moment, Control<J>)>,
    /// Slots of cases whose source was heard of at this instant.
    stirred: Vec<u32>,
    texts: Texts,
    output: Output,
    judged: u64,
    rejudged: u64,
    records: usize,
}

impl<J: Judge> Supervisor<J> {
    pub(crate) fn new(place: Place, judge: Arc<J>) -> Supervisor<J> {
        Supervisor {
            place,
            judge,
            generation: 1,
            configured: Causes::default(),
            reconfigured: HashMap::default(),
            bound: Moment::from_millis(0),
            cases: CaseTable::default(),
            sources: SilentSources::default(),
            next: NextInstants::default(),
            waiting: HashSet::default(),
            stash: Vec::new(),
            controls: Vec::new(),
            stirred: Vec::new(),
            texts: Texts::default(),
            output: Output::default(),
            judged: 0,
            rejudged: 0,
            records: 0,
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

    /// Joins facts that were known before this worker began. They touch no rule and are no cause: their cases are judged
    /// as a whole at [`Control::Restored`].
    pub(crate) fn restore(&mut self, entries: Vec<Entry>) {
        for Entry { sequence, event, .. } in entries {
            let slot = self.cases.slot(&event.case);
            let history = &mut self.cases.get_mut(slot).history;
            let known = history.records().len();
            history.join(event, sequence, self.judge.zone());
            self.records = self.records + history.records().len() - known;
        }
    }

    /// Keeps a control until the clock passes its instant.
    pub(crate) fn control(&mut self, at: Moment, control: Control<J>) {
        self.controls.push((at, control));
    }

    /// Everything before this is worked through.
    pub(crate) fn bound(&self) -> Moment {
        self.bound
    }

    /// Works through everything before `bound`.
    pub(crate) fn close(&mut self, bound: Moment) -> Output {
        // Stable: controls of one instant act in the order in which they were given.
        self.controls.sort_by_key(|(at, _)| *at);
        let due = self.controls.partition_point(|(at, _)| *at < bound);
        let due: Vec<_> = self.controls.drain(..due).collect();
        for same_instant in due.chunk_by(|(a, _), (b, _)| a == b) {
            let at = same_instant[0].0;
            self.run(if planted!(ConfigurationAfterFacts) { at.plus_millis(1) } else { at });
            self.configured = Causes::default();
            for (_, control) in same_instant {
                self.take(at, control);
            }
            self.run(at.plus_millis(1));
            let quiet =
                |control: &Control<J>| matches!(control, Control::Hush | Control::Source(_) | Control::Configure(..));
            if !same_instant.iter().all(|(_, control)| quiet(control)) {
                self.settle_all(at);
            } else if same_instant.iter().any(|(_, control)| matches!(control, Control::Configure(..))) {
                self.settle_reconfigured(at);
            }
            let mut stirred = std::mem::take(&mut self.stirred);
            stirred.sort_unstable();
            stirred.dedup();
            stirred.into_iter().for_each(|slot| self.settle(slot, at, &mut Vec::new()));
        }
        self.run(bound);
        self.bound = bound;
        let Supervisor { cases, next, .. } = self;
        next.prune(cases.len(), |at, slot| cases.get(slot).wake == Some(at));
        std::mem::take(&mut self.output)
    }

    fn take(&mut self, at: Moment, control: &Control<J>) {
        match control {
            Control::Configure(judge, cause) => self.configure(at, Arc::clone(judge), *cause),
            Control::Announce => self.place.announcing = true,
            Control::Hush => self.place.announcing = false,
            Control::ReadBack(read) => self.read_back(read),
            Control::Source(news) => self.hear(at, news),
            Control::Restored(waiting) => self.restored(at, waiting),
        }
    }

    /// Puts `judge` in force. Cases that it judges as before are done with; others are judged when they are settled.
    fn configure(&mut self, at: Moment, judge: Arc<J>, cause: Cause) {
        let change = judge.change_from(&self.judge);
        let before = self.generation;
        self.generation += 1;
        self.configured.add(cause);
        self.judge = judge;
        self.reconfigured.clear();
        for (case, slot) in self.cases.iter_mut().zip(0..).filter(|(case, _)| case.judged_under == before) {
            let CaseState { id, history, judgement, judged_under, .. } = case;
            match self.judge.carry(&change, &Case::at(id, history, at), judgement) {
                Touched::None => *judged_under = self.generation,
                Touched::Rules(rules) => drop(self.reconfigured.insert(slot, rules)),
                Touched::All => {}
            }
        }
    }

    /// A source fell silent or speaks again: its light, and its cases.
    fn hear(&mut self, at: Moment, news: &SourceNews) {
        let Supervisor { sources, cases, judge, place: here, configured, texts, output, stirred, .. } = self;
        let place = sources.take(news);
        for slot in sources.followers(place) {
            let case = cases.get_mut(slot);
            if case.source == Some(place) {
                case.silent_since = news.silent_since;
                case.heard_again = news.silent_since.is_none();
                case.causes.add(Cause::Silence);
                stirred.push(slot);
            }
        }
        if worker_of(&news.key.case(), here.peers) == here.index {
            let (judge, out) = (judge.as_ref(), &mut output.transitions);
            sources.tell(news, *configured, Speech { at, judge, announcing: here.announcing, texts, out });
        }
    }

    fn restored(&mut self, at: Moment, waiting: &[Waiting]) {
        self.cases.iter_mut().for_each(|case| case.judged_through = at);
        let Place { index, peers, .. } = self.place;
        for Waiting { case, causes, until } in waiting.iter().filter(|waiting| worker_of(&waiting.case, peers) == index)
        {
            let slot = self.cases.slot(case);
            let case = self.cases.get_mut(slot);
            (case.causes, case.hold_until) = (*causes, Some(*until));
            self.waiting.insert(slot);
        }
    }

    /// What waits to be said.
    pub(crate) fn waiting(&mut self) -> AllWaiting {
        let Supervisor { waiting, cases, .. } = self;
        waiting.retain(|slot| cases.get(*slot).hold_until.is_some());
        let one = |slot: &u32| {
            let CaseState { id, causes, hold_until, .. } = cases.get(*slot);
            hold_until.map(|until| Waiting { case: id.clone(), causes: *causes, until })
        };
        let all = waiting.iter().filter_map(one).collect();
        AllWaiting { as_of: self.as_of(), speaking: self.place.announcing, cases: all }
    }

    fn read_back(&mut self, read: &[ReadBack]) {
        let Place { index, peers, .. } = self.place;
        for read in read.iter().filter(|read| worker_of(&read.case, peers) == index) {
            let of_source = read.last.as_ref().is_some_and(|last| last.about == About::Source);
            if of_source || self.judge.silence().is_some_and(|rule| rule.id == read.rule) {
                let last = read.last.as_ref().map(|last| Said::by(last, &mut self.texts));
                if self.sources.read_back(&read.case, last, &read.instance) {
                    continue;
                }
            }
            let slot = self.cases.slot(&read.case);
            let said = &mut self.cases.get_mut(slot).said;
            said.retain(|said| said.rule != read.rule || said.instance != read.instance);
            said.extend(read.last.as_ref().map(|last| Said::by(last, &mut self.texts)));
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
            if self.cases.get(slot).wake == Some(at) {
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
        while let Some(at) = self.cases.get(slot).wake.filter(|wake| *wake < bound) {
            let at = if planted!(DeadlineAtTheEndOfABatch) { bound.plus_millis(-1) } else { at };
            self.settle(slot, at, &mut Vec::new());
        }
    }

    /// Every case, after a control at `at`; what is settled already says nothing more.
    fn settle_all(&mut self, at: Moment) {
        for slot in 0..self.cases.len() as u32 {
            self.settle(slot, at, &mut Vec::new());
        }
        self.tell_sources(at);
    }

    /// The lights of sources, after something else changed: the configuration, or what was said.
    fn tell_sources(&mut self, at: Moment) {
        let Supervisor { sources, judge, place, configured, texts, output, .. } = self;
        let changed = (*configured != Causes::default()).then(|| configured.first());
        let (judge, out) = (judge.as_ref(), &mut output.transitions);
        sources.tell_all(changed, Speech { at, judge, announcing: place.announcing, texts, out });
    }

    /// Every case that the configuration in force has not judged yet.
    fn settle_reconfigured(&mut self, at: Moment) {
        for slot in 0..self.cases.len() as u32 {
            if self.cases.get(slot).judged_under != self.generation {
                self.settle(slot, at, &mut Vec::new());
            }
        }
        self.reconfigured = HashMap::default();
        self.tell_sources(at);
    }

    /// Brings one case to `at` with the facts that enter there, and says what differs. `entries` is left empty.
    fn settle(&mut self, slot: u32, at: Moment, entries: &mut Vec<Entry>) {
        let Supervisor { cases, sources, judge, place, generation, configured, reconfigured, texts, output, .. } = self;
        let case = cases.get_mut(slot);
        let mut news = News::default();
        let known = case.history.records().len();
        {
            let CaseState { id, history, judged_through, .. } = &mut *case;
            let joining = Joining { id, judge: judge.as_ref(), at, late_after_ms: place.late_after_ms };
            joining.reach(history, *judged_through, &mut news);
            joining.join(history, entries, &mut news);
        }
        self.records = self.records + case.history.records().len() - known;
        let waits = planted!(ConfigurationWaitsForFacts) && news.touched.is_none();
        if case.judged_under != *generation && !waits {
            if case.judged_under != 0 {
                news.causes.extend(*configured);
                self.rejudged += 1;
            }
            news.touch(reconfigured.remove(&slot).map_or(Touched::All, Touched::Rules));
            case.judged_under = *generation;
        }
        if let Some(touched) = &news.touched {
            case.judge(judge.as_ref(), at, touched);
            sources.follow(slot, case, at);
            self.judged += 1;
        }
        case.judged_through = at;
        let heard_again = std::mem::take(&mut case.heard_again);
        let holding = case.holding(judge.as_ref());
        if case.releases(holding.as_ref()).any(|release| release == at) {
            news.causes.add(Cause::Silence);
        }
        case.causes.extend(news.causes);
        if place.settle_ms > 0 && place.announcing {
            hold(case, judge.as_ref(), at, heard_again || news.causes.holds(Cause::Late), place.settle_ms);
            if case.hold_until.is_some() {
                self.waiting.insert(slot);
            }
        }
        let speaking = place.announcing && case.hold_until.is_none();
        speak(case, judge.as_ref(), at, speaking, texts, &mut output.transitions);
        relight(case, judge.as_ref(), at, &mut output.lits);
        let wake = case.next_instant(at, holding.as_ref());
        if wake != case.wake {
            let forgotten = planted!(WakeNotQueuedAgain) && case.wake.is_some();
            case.wake = wake;
            if let Some(at) = wake.filter(|_| !forgotten) {
                self.next.push(at, slot);
            }
        }
    }

    /// Who judges.
    pub(crate) fn judge(&self) -> &J {
        &self.judge
    }

    /// All cases.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &CaseState> {
        self.cases.iter()
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
        for case in self.cases.iter() {
            let Some(owner) = &case.judgement.owner else { continue };
            let holding = case.holding(self.judge.as_ref());
            for now in shown(self.judge.as_ref(), &case.judgement, as_of, holding.as_ref()) {
                let light = StandingLight {
                    case: case.id.clone(),
                    rule: now.rule.id.into(),
                    instance: now.instance.clone(),
                    card: now.span.card,
                    light: now.span.light,
                    since: now.span.since,
                    owner: owner.clone(),
                };
                lights.push(row(case, &light, now.index));
            }
        }
        Standing { as_of, lights }
    }

    /// The cards that stand.
    pub(crate) fn lights(&self) -> Standing<StandingLight> {
        self.standing(|_, light, _| light.clone())
    }

    /// The cards that stand, with the reason for each.
    pub(crate) fn lines(&self) -> Standing<StandingLine> {
        let as_of = self.as_of();
        self.standing(|case, light, rule| {
            let known = Case::at(&case.id, &case.history, as_of);
            let explained = self.judge.explain(&known, rule, &light.instance, light.card, as_of);
            let reason = explained.map_or_else(|| ending::unexplained(light.card, &light.rule), |why| why.reason);
            StandingLine {
                case: light.case.clone(),
                rule: light.rule.clone(),
                instance: light.instance.clone(),
                card: light.card,
                light: light.light,
                since: light.since,
                level: light.owner.level,
                region: light.owner.region,
                dept: light.owner.dept.clone(),
                reason,
            }
        })
    }

    /// All that is held of a case with facts.
    pub(crate) fn case(&self, id: &str) -> Option<CaseView> {
        let known = |case: &&CaseState| case.judged_under != 0 && case.history != History::new();
        let case = self.cases.find(id).filter(known)?;
        Some(CaseView {
            as_of: self.as_of(),
            history: case.history.clone(),
            judgement: case.judgement.clone(),
            said: case.said.clone(),
            silent_since: case.silent_since,
            holding: case.holding(self.judge.as_ref()),
        })
    }

    /// How often a case was given to judgement so far, and how often because of a change of configuration.
    pub(crate) fn judged(&self) -> (u64, u64) {
        (self.judged, self.rejudged)
    }

    /// Cases, wake-ups waiting, and a floor of the bytes that hold them.
    pub(crate) fn sizes(&self) -> (usize, usize, usize) {
        let wakes = self.next.len();
        (self.cases.len(), wakes, self.cases.bytes(self.records) + wakes * size_of::<(Moment, u32)>())
    }
}

/// Lets what a late fact brought about, or a source that speaks again, wait for what else comes late, once: what comes
/// meanwhile does not make it wait longer. A case that is again what was said of it waits for nothing.
fn hold<J: Judge>(case: &mut CaseState, judge: &J, at: Moment, more_comes: bool, settle_ms: i64) {
    if case.hold_until.is_some_and(|until| until <= at) {
        case.hold_until = None;
    } else if case.hold_until.is_some() || more_comes {
        let until = case.hold_until.unwrap_or(at.plus_millis(settle_ms));
        case.hold_until = (!settled(case, judge, at)).then_some(until);
    }
}

/// Says what differs, or, while nothing is announced, lets the causes pile up.
fn speak<J: Judge>(
    case: &mut CaseState,
    judge: &J,
    at: Moment,
    announcing: bool,
    texts: &mut Texts,
    out: &mut Vec<Transition>,
) {
    let quiet = case.said.is_empty() && case.judgement.findings.is_empty();
    if !quiet && announcing {
        say(case, judge, at, texts, out);
    }
    if !planted!(CausesPileUp) && (quiet || announcing || settled(case, judge, at)) {
        case.causes = Causes::default();
    }
}

/// Brings the case's rows in the collection of lamps up to `at`.
fn relight<J: Judge>(case: &mut CaseState, judge: &J, at: Moment, out: &mut Vec<(Lit, isize)>) {
    let Judgement { owner, open, .. } = &case.judgement;
    let lamps = shown(judge, &case.judgement, at, case.holding(judge).as_ref());
    let unknown = case.silent_since.is_some() && lamps.is_empty();
    let base = open.then_some(if unknown { Light::Grey } else { Light::Green });
    let rows = Rows::of(owner.as_ref(), base, lamps.iter().map(|now| now.span.light));
    if rows != case.rows {
        rows.since(&case.rows, &case.id, |lit, diff| out.push((lit, diff)));
        case.rows = rows;
    }
}
