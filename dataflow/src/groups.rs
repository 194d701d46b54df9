//! The operator of groups, without the operator: the groups of one worker, their clock and their configuration.
//!
//! Its input is what cases bring into groups ([`crate::contribution`]), at the instants at which that changes; a group lives
//! on the worker to which its rule and key hash, and its lights live with it. At one instant: what a control changes, then
//! what cases bring, then deadlines, as with the cases themselves ([`crate::supervise`]).
//!
//! What the window of a group has passed is stored out of memory ([`crate::resting_groups`]).
//!
//! A new configuration with other rules across cases has every case bring again what it brings, at that instant; what is not
//! brought again is gone. One that keeps those rules leaves groups as they are: cases that it judges anew bring again, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use facts::standing::Text2;
use facts::transition::StandingLine;
use facts::{Address, Cause, Moment, StandingLight};
use hashbrown::{HashMap, HashSet};
use rules::change::ConfigurationChange;
use rules::finding::Finding;
use rules::judge::{Explanation, GroupCard};
use rustc_hash::FxBuildHasher;

use crate::case_state::CaseState;
use crate::causes::Causes;
use crate::contribution::{Gathered, GroupKey, GroupNews};
use crate::controls::{Controls, change_at_instant};
use crate::ending;
use crate::entry::{AllWaiting, Control, ReadBack, Waiting};
use crate::forecast::{Forecast, ForecastQuestion};
use crate::group::{Group, HeldInMemory};
use crate::judge::Judge;
use crate::lighting::Lighting;
use crate::next_instants::NextInstants;
use crate::planted::planted;
use crate::resting_groups::{Members, Rest, RestingGroups};
use crate::said::{Said, Texts};
use crate::supervise::{Output, Place, standing_in};
use crate::transitions::Grounds;

/// A light that a group gives a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupLight {
    /// The finding; its instance begins with the group's key.
    pub finding: Finding,
    /// Why each card that holds at the last closed instant does.
    pub explained: Vec<Explained>,
}

/// Why a card of a group holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explained {
    /// The card.
    pub card: facts::Card,
    /// The reason, and the reckoning.
    pub explanation: Explanation,
}

/// The groups of one worker.
pub(crate) struct Groups<J> {
    place: Place,
    judge: Arc<J>,
    /// Configurations so far.
    generation: u32,
    /// What the last change of configuration changed.
    configured: Causes,
    /// Everything before this is worked through.
    bound: Moment,
    groups: Vec<Option<Group>>,
    free: Vec<u32>,
    by_key: HashMap<GroupKey, u32, FxBuildHasher>,
    /// Slots of groups that were found empty.
    emptied: Vec<u32>,
    /// How much of what cases bring is in memory.
    held: HeldInMemory,
    next: NextInstants,
    /// When what cases bring into which group goes to rest.
    resting_at: NextInstants,
    /// What rests; `None` where nothing ever does.
    resting: Option<RestingGroups>,
    /// Slots of groups in which something may wait.
    waiting: HashSet<u32, FxBuildHasher>,
    news: Vec<GroupNews>,
    controls: Controls<J>,
    texts: Texts,
    output: Output,
}

impl<J: Judge> Groups<J> {
    /// Groups of `judge`; what their windows have passed goes to `resting`.
    pub(crate) fn new(place: Place, judge: Arc<J>, resting: Option<RestingGroups>) -> Groups<J> {
        Groups {
            place,
            judge,
            generation: 1,
            configured: Causes::default(),
            bound: Moment::from_millis(0),
            groups: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::default(),
            emptied: Vec::new(),
            held: HeldInMemory::default(),
            next: NextInstants::default(),
            resting_at: NextInstants::default(),
            resting,
            waiting: HashSet::default(),
            news: Vec::new(),
            controls: Controls::default(),
            texts: Texts::default(),
            output: Output::default(),
        }
    }

    /// Keeps what cases bring until the clock passes the instant at which they do.
    pub(crate) fn enter(&mut self, news: impl Iterator<Item = GroupNews>) {
        self.news.extend(news);
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
            self.run(at);
            self.configured = Causes::default();
            for control in &same_instant.controls {
                self.take(control);
            }
            self.run(at.plus_millis(1));
            if !same_instant.is_quiet() {
                self.settle_every_group(at);
            }
        }
        self.run(bound);
        self.bound = bound;
        self.put_to_rest();
        self.forget_the_empty();
        let Groups { groups, by_key, next, resting_at, .. } = self;
        let rests = |at, slot: u32| groups[slot as usize].as_ref().is_some_and(|group| group.rests == Some(at));
        resting_at.prune(by_key.len(), rests);
        let current = |at, slot: u32| groups[slot as usize].as_ref().is_some_and(|group| group.wake == Some(at));
        next.prune(by_key.len(), current);
        std::mem::take(&mut self.output)
    }

    fn take(&mut self, control: &Control<J>) {
        match control {
            Control::Configure(judge, cause) => self.configure(judge, *cause),
            Control::Announce => self.place.announcing = true,
            Control::Hush => self.place.announcing = false,
            Control::ReadBack(read) => self.read_back(read),
            Control::Restored(waiting) => self.restored(waiting),
            // Cases tell whether their source is silent.
            Control::Source(_) => {}
        }
    }

    /// Puts `judge` in force. Where its rules across cases are those of before, groups stay as they are, and cases that it
    /// concerns bring again what they bring; else all cases do.
    fn configure(&mut self, judge: &Arc<J>, cause: Cause) {
        let change = change_at_instant(judge.as_ref(), self.judge.as_ref(), self.configured);
        let before = self.generation;
        self.judge = Arc::clone(judge);
        self.generation += 1;
        self.configured.add(cause);
        if change.keeps_groups() {
            let groups = self.groups.iter_mut().flatten().filter(|group| group.judged_under == before);
            groups.for_each(|group| group.carry_over(&change, self.generation));
            self.carry_resting_over(&change);
        } else {
            // Cases bring again what they bring.
            self.resting.iter_mut().for_each(RestingGroups::clear);
            self.groups.iter_mut().flatten().for_each(|group| group.rest = Rest::Never);
        }
    }

    /// Gives the rules that are named in what rests their new places.
    fn carry_resting_over(&mut self, change: &ConfigurationChange) {
        let Groups { resting, groups, by_key, .. } = self;
        if change.keeps_places() || planted!(GroupKeepsOldPlaces) {
            return;
        }
        let counts = |group: &GroupKey| match by_key.get(group) {
            Some(slot) => groups[*slot as usize].as_ref().is_some_and(|group| group.rest == Rest::Stored),
            None => true,
        };
        resting.iter_mut().for_each(|resting| resting.carry_over(change, counts));
    }

    /// The slot of a group; one that is not known is made, of what rests of it.
    fn slot(&mut self, key: GroupKey) -> u32 {
        if let Some(slot) = self.by_key.get(&key) {
            return *slot;
        }
        let mut group = Group::new(key.clone(), self.generation);
        if let Some(stored) = self.resting.as_mut().and_then(|resting| resting.take(&key)) {
            let forgotten = planted!(RestingForgotten);
            (group.brought, group.rest) = (if forgotten { Members::new() } else { stored }, Rest::TakenBack);
        }
        let group = Some(group);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.groups[slot as usize] = group;
                slot
            }
            None => {
                self.groups.push(group);
                u32::try_from(self.groups.len() - 1).expect("a worker holds fewer than 2^32 groups")
            }
        };
        self.by_key.insert(key, slot);
        slot
    }

    /// The lights that the group of this name gives a case, if that group is held here; they are made where there are none.
    fn lights_of(&mut self, key: GroupKey, case: &str) -> Option<(u32, &mut CaseState, &mut Texts)> {
        let Place { index, peers, .. } = self.place;
        if key.worker(peers) != index {
            return None;
        }
        let slot = self.slot(key);
        let group = self.groups[slot as usize].as_mut()?;
        let light = group.lights.entry(case.into()).or_insert_with(|| CaseState::new(case));
        Some((slot, light, &mut self.texts))
    }

    fn read_back(&mut self, read: &[ReadBack]) {
        for read in read {
            let key = GroupKey::of_light(self.judge.as_ref(), &read.rule, &read.instance);
            let Some(key) = key else { continue };
            let Some((_, CaseState { said, .. }, texts)) = self.lights_of(key, &read.case) else { continue };
            said.retain(|said| said.rule != read.rule || said.instance != read.instance);
            said.extend(read.last.as_ref().map(|last| Said::by(last, texts)));
        }
    }

    fn restored(&mut self, waiting: &[Waiting]) {
        for Waiting { case, group, causes, until } in waiting {
            let Some(key) = group.clone() else { continue };
            let Some((slot, light, _)) = self.lights_of(key, case) else { continue };
            (light.causes, light.hold_until) = (*causes, Some(*until));
            self.waiting.insert(slot);
        }
    }

    /// What cases bring before `bound`, and deadlines before it, in clock order for each group.
    fn run(&mut self, bound: Moment) {
        let due: Vec<GroupNews> = self.news.extract_if(.., |news| news.at < bound).collect();
        let mut due: Vec<(u32, GroupNews)> =
            due.into_iter().map(|news| (self.slot(news.group.clone()), news)).collect();
        // Stable: what one case brings at one instant comes in order, and other cases' order makes no difference.
        due.sort_by(|(a, x), (b, y)| (a, x.at).cmp(&(b, y.at)));
        let mut due = due.into_iter().peekable();
        while let Some((slot, first)) = due.next() {
            let at = first.at;
            self.fire_before(slot, at);
            let mut news = vec![first];
            while let Some((_, next)) = due.next_if(|(next, other)| (*next, other.at) == (slot, at)) {
                news.push(next);
            }
            self.settle(slot, at, news);
        }
        while let Some((at, slot)) = self.next.pop_before(bound) {
            if self.wake(slot) == Some(at) {
                self.fire_before(slot, bound);
            }
        }
    }

    fn wake(&self, slot: u32) -> Option<Moment> {
        self.groups[slot as usize].as_ref()?.wake
    }

    /// Every instant of the group's own before `bound`, one after the other.
    fn fire_before(&mut self, slot: u32, bound: Moment) {
        while let Some(at) = self.wake(slot).filter(|wake| *wake < bound) {
            self.settle(slot, at, Vec::new());
        }
    }

    /// Every group, after a control at `at`; what is settled already says nothing more.
    fn settle_every_group(&mut self, at: Moment) {
        for slot in (0..).take(self.groups.len()) {
            let generation = self.generation;
            let judged_anew = |group: &Group| group.judged_under != generation;
            if self.groups[slot as usize].as_ref().is_some_and(|group| judged_anew(group) || !group.lights.is_empty()) {
                self.settle(slot, at, Vec::new());
            }
        }
    }

    /// Brings one group to `at` with what cases bring there, and says what differs.
    fn settle(&mut self, slot: u32, at: Moment, news: Vec<GroupNews>) {
        let Groups { groups, judge, generation, configured, place, texts, output, next, waiting, resting, .. } = self;
        let Some(group) = &mut groups[slot as usize] else { return };
        let mut causes = Causes::default();
        let mut judged = !news.is_empty();
        let mut stale = BTreeMap::new();
        if group.judged_under != *generation {
            // What was brought under another configuration; all that still is comes now.
            stale = std::mem::take(&mut group.brought);
            group.judged_under = *generation;
            causes.extend(*configured);
            judged = true;
        }
        if judged {
            resting.iter_mut().for_each(|resting| group.take_back(resting));
        }
        for news in news {
            let before = stale.get(&news.case);
            causes.extend(group.take(news, before));
        }
        if judged {
            group.judge(judge.as_ref(), at);
        }
        let mut lights = std::mem::take(&mut group.lights);
        let of_rest = || group.resting(resting.as_ref());
        let gathered = Gathered::of(&group.key.key, &group.brought, &of_rest);
        let (mut waits, mut due) = (false, None::<Moment>);
        for light in lights.values_mut() {
            let (judge, grounds) = (judge.as_ref(), Grounds::Group(&gathered));
            let left = Lighting { judge, grounds, at, place, texts, output }.bring_up(light, causes);
            waits |= left.waits;
            due = due.into_iter().chain(left.wake).min();
        }
        group.lights = lights;
        let woken = due.filter(|_| due != group.wake && !planted!(GroupWakeNotQueued));
        group.wake = due;
        if waits {
            waiting.insert(slot);
        }
        group.forget_the_unlit();
        woken.into_iter().for_each(|at| next.push(at, slot));
        self.rest(slot, at);
    }

    /// Stores what has come to rest of the groups of which the time has come.
    fn put_to_rest(&mut self) {
        while let Some((at, slot)) = self.resting_at.pop_before(self.bound) {
            let group = self.groups[slot as usize].as_ref();
            if group.is_some_and(|group| group.rests == Some(at)) {
                self.rest(slot, at);
            }
        }
    }

    /// Stores what of a group no record dated after `through` sees, and notes when to look again.
    fn rest(&mut self, slot: u32, through: Moment) {
        let Groups { groups, resting, resting_at, emptied, held, .. } = self;
        let Some(group) = &mut groups[slot as usize] else { return };
        if let Some(resting) = resting {
            let before = group.rests;
            group.put_to_rest(resting, through);
            group.rests.filter(|_| group.rests != before).into_iter().for_each(|at| resting_at.push(at, slot));
        }
        group.count_into(held);
        if group.is_empty() {
            emptied.push(slot);
        }
    }

    /// Gives away the slots of groups that nobody is in any more, once nothing names them.
    fn forget_the_empty(&mut self) {
        let mut emptied = std::mem::take(&mut self.emptied);
        emptied.sort_unstable();
        emptied.dedup();
        for slot in emptied {
            if let Some(group) = self.groups[slot as usize].take_if(|group| group.is_empty()) {
                if let (Some(resting), Rest::TakenBack) = (&mut self.resting, group.rest) {
                    // What was stored of it once must not come back.
                    resting.put(&group.key, &Members::new());
                }
                self.by_key.remove(&group.key);
                self.free.push(slot);
            }
        }
    }

    /// The last instant that is worked through.
    fn as_of(&self) -> Moment {
        self.bound.plus_millis(-1)
    }

    fn in_memory(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().flatten()
    }

    /// What waits to be said.
    pub(crate) fn waiting(&mut self) -> AllWaiting {
        let Groups { waiting, groups, .. } = self;
        let of_group = |slot: &u32| {
            let group = groups[*slot as usize].as_ref();
            let lights = group.into_iter().flat_map(|group| group.lights.values().map(|light| (&group.key, light)));
            let waiting = lights.filter_map(|(key, CaseState { id, causes, hold_until, .. })| {
                let (case, group, causes) = (id.clone(), Some(key.clone()), *causes);
                hold_until.map(|until| Waiting { case, group, causes, until })
            });
            waiting.collect::<Vec<_>>()
        };
        waiting.retain(|slot| !of_group(slot).is_empty());
        let cases = waiting.iter().flat_map(of_group).collect();
        AllWaiting { as_of: self.as_of(), speaking: self.place.announcing, cases }
    }

    /// What will be said of groups if no more facts enter and cases bring `news`, of which every worker is given all: by copies
    /// of the groups that these concern, and of those that have an instant of their own.
    pub(crate) fn forecast(&self, asked: &ForecastQuestion, news: &[GroupNews]) -> Forecast {
        let Place { index, peers, .. } = self.place;
        let news: Vec<GroupNews> =
            news.iter().filter(|news| news.group.worker(peers) == index && news.at <= asked.until).cloned().collect();
        let due = self.in_memory().filter(|group| group.wake.is_some_and(|wake| wake <= asked.until));
        let concerned: BTreeSet<&GroupKey> =
            due.map(|group| &group.key).chain(news.iter().map(|news| &news.group)).collect();
        // It looks at groups as they are and says at once what differs.
        let mut copies = self.trial(Place { settle_ms: 0, announcing: true, ..self.place });
        for key in concerned {
            copies.take_in(self.copy_of(key));
        }
        copies.settle_every_group(self.as_of());
        // What stands and is not said yet is no change to come.
        copies.output = Output::default();
        copies.enter(news.into_iter());
        let said = copies.close(asked.until.plus_millis(1)).transitions;
        let mut foreseen = Forecast { as_of: self.as_of(), ..Forecast::default() };
        foreseen.take(said, asked);
        foreseen
    }

    /// No groups at all, judged as these are.
    fn trial(&self, place: Place) -> Groups<J> {
        let (generation, bound) = (self.generation, self.bound);
        Groups { generation, bound, ..Groups::new(place, Arc::clone(&self.judge), None) }
    }

    fn copy_of(&self, key: &GroupKey) -> Group {
        match self.by_key.get(key).and_then(|slot| self.groups[*slot as usize].as_ref()) {
            Some(group) => group.undisturbed(group.resting(self.resting.as_ref())),
            None => {
                let brought = self.resting.as_ref().map(|resting| resting.read(key)).unwrap_or_default();
                Group { brought, ..Group::new(key.clone(), self.generation) }
            }
        }
    }

    /// Holds a group that is not held.
    fn take_in(&mut self, group: Group) {
        let slot = self.slot(group.key.clone());
        group.wake.into_iter().for_each(|at| self.next.push(at, slot));
        self.groups[slot as usize] = Some(group);
    }

    /// The cards that stand.
    pub(crate) fn lights(&self) -> Vec<StandingLight> {
        let (judge, as_of) = (self.judge.as_ref(), self.as_of());
        let lights = self.in_memory().flat_map(|group| group.lights.values());
        lights.flat_map(|light| standing_in(light, judge, as_of).map(|(light, _)| light)).collect()
    }

    /// The cards that stand, with the reason for each.
    pub(crate) fn lines(&self) -> Vec<StandingLine> {
        let (judge, as_of) = (self.judge.as_ref(), self.as_of());
        let mut lines = Vec::new();
        for group in self.in_memory() {
            let of_rest = || group.resting(self.resting.as_ref());
            let gathered = Gathered::of(&group.key.key, &group.brought, &of_rest);
            for light in group.lights.values().flat_map(|light| standing_in(light, judge, as_of)) {
                let (light, rule) = light;
                let asked = GroupCard { case: &light.case, instance: &light.instance, card: light.card };
                let explained = gathered.explain(judge, rule, asked, as_of);
                let reason = explained.map_or_else(|| ending::unexplained(light.card, &light.rule), |why| why.reason);
                lines.push(line(light, reason));
            }
        }
        lines
    }

    /// The lights that groups here give a case.
    pub(crate) fn of_case(&self, case: &str) -> Vec<GroupLight> {
        let mut lights = Vec::new();
        for group in self.in_memory() {
            let Some(light) = group.lights.get(case) else { continue };
            let of_rest = || group.resting(self.resting.as_ref());
            let gathered = Gathered::of(&group.key.key, &group.brought, &of_rest);
            let findings = light.judgement.findings.iter().cloned();
            lights.extend(findings.map(|finding| self.explained(finding, case, &gathered)));
        }
        lights
    }

    fn explained(&self, finding: Finding, case: &str, gathered: &Gathered<'_>) -> GroupLight {
        let as_of = self.as_of();
        let holding = finding.spans.iter().filter(|span| span.holds(as_of));
        let explained = holding.filter_map(|span| {
            let asked = GroupCard { case, instance: &finding.instance, card: span.card };
            let explanation = gathered.explain(self.judge.as_ref(), finding.rule, asked, as_of)?;
            Some(Explained { card: span.card, explanation })
        });
        let explained = explained.collect();
        GroupLight { finding, explained }
    }

    /// Bytes that groups take, wake-ups included: exact in what cases bring, else without findings and long texts.
    pub(crate) fn bytes(&self) -> usize {
        let instants = self.next.len() + self.resting_at.len();
        let fixed = self.groups.len() * size_of::<Option<Group>>() + instants * size_of::<(Moment, u32)>();
        fixed + self.held.bytes
    }

    /// What cases bring, in memory: one for each case in each group.
    pub(crate) fn contributions(&self) -> usize {
        self.held.contributions
    }

    /// Bytes of memory for what rests.
    pub(crate) fn resting_bytes(&self) -> usize {
        self.resting.as_ref().map_or(0, RestingGroups::bytes)
    }

    /// Wake-ups waiting, stale ones included.
    pub(crate) fn wakes(&self) -> usize {
        self.next.len()
    }
}

/// The lights that groups give at `as_of` when `news` is all that cases bring: a trial, of which nothing is said.
pub(crate) fn lights_of<J: Judge>(news: Vec<GroupNews>, judge: &Arc<J>, as_of: Moment) -> Vec<StandingLight> {
    let place = Place { index: 0, peers: 1, late_after_ms: 0, settle_ms: 0, announcing: false };
    let mut groups = Groups::new(place, Arc::clone(judge), None);
    groups.enter(news.into_iter());
    groups.close(as_of.plus_millis(1));
    groups.lights()
}

/// A light as it is listed.
pub(crate) fn line(light: StandingLight, reason: Text2) -> StandingLine {
    let StandingLight { case, rule, instance, card, light, since, owner } = light;
    let Address { level, region, dept } = owner;
    StandingLine { case, rule, instance, card, light, since, level, region, dept, reason }
}
