//! One worker's view of silent sources: which cases follow which source, and the light of each silent source.
//!
//! A case follows the source through which its owner first spoke of it. The light of a source is held here and not among
//! the cases: its name stands where cases have their number, and a sender may have given a case that very number. Its
//! home is the worker to which the name hashes.

use std::sync::Arc;

use compact_str::CompactString;
use facts::transition::About;
use facts::{Address, Card, Cause, Moment, Transition};
use hashbrown::HashMap;
use rules::finding::{CardSpan, Finding, Judgement};
use rules::silence::{SILENCE, SilenceRule};
use rustc_hash::FxBuildHasher;

use crate::case_state::CaseState;
use crate::causes::Causes;
use crate::judge::Judge;
use crate::said::{Said, Texts};
use crate::sources::{SourceKey, SourceNews};
use crate::transitions::{Grounds, say};

/// Followers that are noted before it is looked whether they still are.
const PRUNED_FROM: usize = 4_096;

/// What a worker holds of one source.
struct Source {
    key: Arc<SourceKey>,
    silent_since: Option<Moment>,
    /// Cases that follow it, and some that did.
    slots: Vec<u32>,
    /// Its light, on the worker that is its home.
    light: Option<Box<SourceLight>>,
}

/// The light of one source.
struct SourceLight {
    /// Shaped like a case, without facts.
    case: CaseState,
    /// How long the source may say nothing, in ms.
    silence_ms: i64,
}

/// The sources of one worker, each at a place that it keeps.
#[derive(Default)]
pub(crate) struct SilentSources {
    places: HashMap<SourceKey, u32, FxBuildHasher>,
    sources: Vec<Source>,
}

/// The source that a case follows: the one by which its owner spoke of it first.
fn followed(case: &CaseState, at: Moment) -> Option<(&Address, &CompactString)> {
    let owner = case.judgement.owner.as_ref()?;
    Some((owner, &case.first_of_owner(at)?.event.source))
}

impl SilentSources {
    fn place(&mut self, key: &SourceKey) -> u32 {
        if let Some(place) = self.places.get(key) {
            return *place;
        }
        let place = u32::try_from(self.sources.len()).expect("there are fewer than 2^32 sources");
        self.places.insert(key.clone(), place);
        self.sources.push(Source { key: Arc::new(key.clone()), silent_since: None, slots: Vec::new(), light: None });
        place
    }

    /// Lets a case follow the source of its owner, and tells it whether that is silent.
    pub(crate) fn follow(&mut self, slot: u32, case: &mut CaseState, at: Moment) {
        let Some((owner, source)) = followed(case, at) else { return };
        let follows = |place: &u32| {
            let key = &self.sources[*place as usize].key;
            key.source == *source && key.address == *owner
        };
        let place = match case.source.filter(follows) {
            Some(place) => place,
            None => {
                let place = self.follow_named(slot, SourceKey { address: owner.clone(), source: source.clone() });
                case.source = Some(place);
                place
            }
        };
        case.silent_since = self.sources[place as usize].silent_since;
    }

    /// Lets the case in `slot` follow a source; returns its place.
    pub(crate) fn follow_named(&mut self, slot: u32, key: SourceKey) -> u32 {
        let place = self.place(&key);
        self.sources[place as usize].slots.push(slot);
        place
    }

    /// The silence of the source that a case would follow at `at`; `None` where it would follow the one that it follows.
    pub(crate) fn silence_of(&self, case: &CaseState, at: Moment) -> Option<Option<Moment>> {
        let (owner, source) = followed(case, at)?;
        let place = self.places.get(&SourceKey { address: owner.clone(), source: source.clone() });
        Some(place.and_then(|place| self.sources[*place as usize].silent_since))
    }

    /// Takes a source's news; returns its place.
    pub(crate) fn take(&mut self, news: &SourceNews) -> u32 {
        let place = self.place(&news.key);
        self.sources[place as usize].silent_since = news.silent_since;
        place
    }

    /// Keeps of the followers those that `follow` still, where many more are noted than there are cases.
    pub(crate) fn prune(&mut self, cases: usize, follow: impl Fn(u32, u32) -> bool) {
        let noted: usize = self.sources.iter().map(|source| source.slots.len()).sum();
        if noted <= 2 * cases + PRUNED_FROM {
            return;
        }
        for (source, place) in self.sources.iter_mut().zip(0..) {
            source.slots.sort_unstable();
            source.slots.dedup();
            source.slots.retain(|slot| follow(*slot, place));
        }
    }

    /// The slots of cases that follow the source at `place`, and of some that did.
    pub(crate) fn followers(&self, place: u32) -> impl Iterator<Item = u32> {
        self.sources[place as usize].slots.iter().copied()
    }

    /// Says what changed of a source whose home is here; `configured` is what else changed at this instant.
    pub(crate) fn tell<J: Judge>(&mut self, news: &SourceNews, configured: Causes, mut speech: Speech<'_, J>) {
        let Speech { at, judge, .. } = speech;
        let place = self.place(&news.key);
        let light = self.light(place);
        light.silence_ms = news.silence_ms;
        light.case.causes.extend(configured);
        light.case.causes.add(Cause::Silence);
        light.case.judged_through = at;
        light.judge(judge.silence(), &news.key.address, news.silent_since, at);
        speech.speak(light);
    }

    fn light(&mut self, place: u32) -> &mut SourceLight {
        let Source { key, light, .. } = &mut self.sources[place as usize];
        light.get_or_insert_with(|| Box::new(SourceLight { case: CaseState::new(&key.case()), silence_ms: 0 }))
    }

    /// Says of every light what differs, after something else changed: the configuration, or what was said.
    pub(crate) fn tell_all<J: Judge>(&mut self, cause: Option<Cause>, mut speech: Speech<'_, J>) {
        for Source { key, silent_since, light, .. } in &mut self.sources {
            let Some(light) = light else { continue };
            if let Some(cause) = cause {
                light.case.causes.add(cause);
                light.judge(speech.judge.silence(), &key.address, *silent_since, speech.at);
            }
            speech.speak(light);
        }
    }

    /// Takes what ALERTS holds of a source's light; false when `case` is none.
    pub(crate) fn read_back(&mut self, case: &str, last: Option<Said>, instance: &str) -> bool {
        let Some((office, source)) = case.split_once('/') else { return false };
        let Some(address) = Address::from_subject("approval", &format!("approval.{office}")) else { return false };
        let place = self.place(&SourceKey { address, source: source.into() });
        let light = self.light(place);
        light.case.said.retain(|said| said.instance != instance);
        light.case.said.extend(last);
        true
    }
}

impl SourceLight {
    /// The light's schedule: from the first silent instant on, or ended at `at`. Silences of which nothing was said yet are
    /// kept, so that what was said of one is not denied when the next is told.
    fn judge(&mut self, rule: Option<&SilenceRule>, office: &Address, silent_since: Option<Moment>, at: Moment) {
        let before = std::mem::take(&mut self.case.judgement.findings).pop();
        let mut spans = before.map(|finding| finding.spans).unwrap_or_default();
        if let Some(last) = spans.last_mut().filter(|last| last.until.is_none() && Some(last.from) != silent_since) {
            last.until = Some(at);
        }
        if let (Some(from), Some(rule)) = (silent_since, rule) {
            let (card, light, since) = (rule.card, rule.light, from.plus_millis(-1));
            spans.retain(|span| span.from != from);
            spans.push(CardSpan { card, light, since, from, until: None, held: false, absent: false });
        }
        let told = rule.is_some() && !spans.is_empty();
        let finding = told.then(|| Finding { rule: SILENCE, instance: INSTANCE, spans });
        self.case.judgement =
            Judgement { owner: Some(office.clone()), item: None, open: false, findings: finding.into_iter().collect() };
    }
}

/// A source has one light.
const INSTANCE: CompactString = CompactString::const_new("-");

/// Where and how something is said of sources.
pub(crate) struct Speech<'a, J> {
    /// The instant.
    pub(crate) at: Moment,
    /// Who judges.
    pub(crate) judge: &'a J,
    /// Differences are said.
    pub(crate) announcing: bool,
    /// Texts that are held once.
    pub(crate) texts: &'a mut Texts,
    /// What is said.
    pub(crate) out: &'a mut Vec<Transition>,
}

impl<J: Judge> Speech<'_, J> {
    fn speak(&mut self, light: &mut SourceLight) {
        if !self.announcing {
            return;
        }
        let first = self.out.len();
        say(&mut light.case, (self.judge, Grounds::Own), self.at, self.texts, self.out);
        light.case.causes = Causes::default();
        for Finding { spans, .. } in &mut light.case.judgement.findings {
            spans.drain(..spans.len().saturating_sub(1));
        }
        let words = self.judge.silence().zip(light.case.id.split_once('/'));
        for said in &mut self.out[first..] {
            said.about = About::Source;
            if let (Some((rule, (office, source))), true) = (words, said.card != Card::None) {
                said.reason = rule.reason(source, office, light.silence_ms);
            }
        }
    }
}
