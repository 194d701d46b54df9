//! Cases of a worker on their way into a checkpoint, and out of it without being judged.
//!
//! - What is handed out tells of one closed instant, while differences are said: only then is what was said of a case all
//!   that there was to say.
//! - What is taken in is what a judgement of the same facts would give, or it is judged.
//! - What was said is for ALERTS to tell. It is taken for what a case remembers until ALERTS is told
//!   ([`Supervisor::compare`]); where that tells something else, it counts.

use compact_str::CompactString;
use facts::{History, Moment};
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::resting::at_rest;
use super::{Supervisor, standing_in};
use crate::cached::{Form, HandedOut, JudgedBy, Kept, records};
use crate::case_hash::worker_of;
use crate::case_state::CaseState;
use crate::checkpoint::SlotSet;
use crate::entry::ReadBack;
use crate::judge::Judge;
use crate::lit::Rows;
use crate::packed_case::{FORMAT, Head, Spoken, head_of, id_of};
use crate::planted::planted;
use crate::sources::SourceKey;

/// What cases that were taken in remember to have said, until ALERTS tells: by light.
#[derive(Default)]
pub(super) struct Remembered(HashMap<u128, Light, FxBuildHasher>);

/// One light of which something is remembered.
struct Light {
    case: CompactString,
    rule: CompactString,
    instance: CompactString,
    /// The hash of what was said.
    said: u64,
}

impl Remembered {
    fn note(&mut self, case: &str, spoken: &Spoken<'_>) {
        let (rule, instance) = (spoken.rule, spoken.instance);
        let light = Light { case: case.into(), rule: rule.into(), instance: instance.into(), said: hash_of(spoken) };
        self.0.insert(key_of(case, rule, instance), light);
    }

    /// Is what ALERTS holds of a light what is remembered of it? It is remembered no longer.
    fn confirms(&mut self, key: u128, read: &ReadBack) -> bool {
        let known = self.0.remove(&key);
        if planted!(RememberedBelieved) {
            return known.is_some();
        }
        known.is_some_and(|known| read.last.as_ref().is_some_and(|last| hash_of(&Spoken::by(last)) == known.said))
    }

    /// What ALERTS did not tell of, as never said.
    fn never_said(self) -> impl Iterator<Item = ReadBack> {
        let lights = self.0.into_values();
        lights.map(|Light { case, rule, instance, .. }| ReadBack { case, rule, instance, last: None })
    }
}

fn key_of(case: &str, rule: &str, instance: &str) -> u128 {
    let key = postcard::to_stdvec(&(case, rule, instance)).expect("texts have known lengths");
    xxh3_128(&key)
}

fn hash_of(spoken: &Spoken<'_>) -> u64 {
    xxh3_64(&postcard::to_stdvec(spoken).expect("a light has a known length everywhere"))
}

impl<J: Judge> Supervisor<J> {
    /// The cases of these slots of the checkpoint at the last closed instant, for a start of `engine`; `None` while
    /// nothing is said.
    pub(crate) fn hand_out(&self, slots: &SlotSet, engine: &str) -> Option<HandedOut> {
        if !self.place.announcing {
            return None;
        }
        let judged_by =
            JudgedBy { configuration: self.judge.hash().to_owned(), engine: engine.to_owned(), format: FORMAT };
        let mut handed = HandedOut { through: self.as_of(), judged_by, slots: Default::default() };
        let form = |case: &CaseState| {
            let known = case.judged_under != 0 && case.history != History::new();
            let rests = at_rest(case, self.judge.as_ref(), self.generation);
            known.then_some(if rests { Form::AtRest } else { Form::Restless })
        };
        self.cases.hand_out(slots, form, |slot, form, packed| {
            handed.add(slot, Kept { form, in_groups: self.memberships.holds(id_of(packed)), packed });
        });
        Some(handed)
    }

    /// Takes in cases that were handed out at an instant not after `through`, with no fact since. Facts that entered later,
    /// up to `through`, are restored next.
    ///
    /// # Panics
    /// When `bytes` are not what was handed out.
    pub(crate) fn take_in(&mut self, bytes: &[u8], through: Moment) {
        for record in records(bytes) {
            let Kept { form, in_groups, packed } = record.expect("whoever read them has looked at each");
            let (id, head) = head_of(packed);
            head.said.iter().for_each(|spoken| self.remembered.note(id, spoken));
            match form {
                Form::AtRest => {
                    let slot = self.take_in_at_rest(packed, id, &head, through);
                    if in_groups {
                        self.contribute(slot, through);
                    }
                }
                Form::Restless => {
                    let slot = self.cases.put_facts(packed);
                    self.judge_at(slot, through);
                }
                Form::Sealed => {
                    if in_groups {
                        self.contribute_sealed(packed, through);
                    }
                    self.show(id, &head.rows);
                    let judge = self.judge.as_ref();
                    let lights =
                        |case: &CaseState, as_of| standing_in(case, judge, as_of).map(|(light, _)| light).collect();
                    self.cases.put_sealed(id, packed, head.lit, lights);
                }
            }
        }
        self.rest();
    }

    fn take_in_at_rest(&mut self, packed: &[u8], id: &str, head: &Head<'_>, through: Moment) -> u32 {
        let slot = self.cases.put_packed(packed, head, self.generation);
        if let (Some(owner), Some(source)) = (&head.owner, head.follows()) {
            let key = SourceKey { address: owner.clone().into_owned(), source: source.into() };
            let place = self.sources.follow_named(slot, key);
            self.cases.follow(slot, place);
        }
        self.open += usize::from(head.open);
        self.show(id, &head.rows);
        head.retire.into_iter().for_each(|at| self.retiring.push(at, slot));
        match head.wake {
            Some(wake) if wake <= through => self.catch_up(slot, through),
            wake => wake.into_iter().for_each(|at| self.next.push(at, slot)),
        }
        slot
    }

    /// Brings a case whose instant came since it was handed out to `through`, in silence and without a cause.
    fn catch_up(&mut self, slot: u32, through: Moment) {
        let case = self.cases.get_mut(slot);
        if case.history.next_held(case.judged_through).is_some_and(|held| held <= through) {
            case.judged_under = 0;
        }
        case.judged_through = through;
        self.settle(slot, through, &mut Vec::new());
        self.pack_if_at_rest(slot);
    }

    /// Judges a case as a whole at `through`, in silence and without a cause: it touches no rule and is no news.
    pub(super) fn judge_at(&mut self, slot: u32, through: Moment) {
        let case = self.cases.get_mut(slot);
        (case.judged_under, case.judged_through) = (0, through);
        self.settle(slot, through, &mut Vec::new());
        self.pack_if_at_rest(slot);
    }

    /// At once, while it is at hand: nobody asks for most of them soon.
    fn pack_if_at_rest(&mut self, slot: u32) {
        let Supervisor { cases, judge, generation, .. } = self;
        if cases.if_awake(slot).is_some_and(|case| at_rest(case, judge.as_ref(), *generation)) {
            cases.pack(slot);
        }
    }

    fn show(&mut self, id: &str, rows: &Rows) {
        let lits = &mut self.output.lits;
        rows.since(&Rows::default(), &id.into(), |lit, diff| lits.push((lit, diff)));
    }

    /// Takes what ALERTS holds, all of it after cases were taken in: where it tells what these remember nothing is touched,
    /// and what it does not tell was never said.
    pub(super) fn compare(&mut self, read: &[ReadBack]) {
        if self.remembered.0.is_empty() {
            return self.read_back(read);
        }
        let mut remembered = std::mem::take(&mut self.remembered);
        let mut told = HashSet::new();
        let mut others = Vec::new();
        // Where a light is named twice the later counts.
        for read in read.iter().rev().filter(|read| worker_of(&read.case, self.place.peers) == self.place.index) {
            let key = key_of(&read.case, &read.rule, &read.instance);
            if told.insert(key) && !remembered.confirms(key, read) {
                others.push(read.clone());
            }
        }
        others.extend(remembered.never_said());
        self.read_back(&others);
    }
}
