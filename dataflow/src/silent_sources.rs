//! One worker's view of silent sources: which cases follow which source, and the light of each silent source.
//!
//! A case follows the source through which its owner first spoke of it. The light of a source is held here and not among
//! the cases: its name stands where cases have their number, and a sender may have given a case that very number. Its
//! home is the worker to which the name hashes.

use std::sync::Arc;

use compact_str::CompactString;
use facts::standing::Text2;
use facts::{Address, Card, Cause, Moment, Record, Transition};
use hashbrown::HashMap;
use rules::finding::{CardSpan, Finding, Judgement};
use rules::silence::{SILENCE, SilenceRule};
use rustc_hash::FxBuildHasher;
use smallvec::smallvec;

use crate::case_state::CaseState;
use crate::judge::Judge;
use crate::said::{Said, Texts};
use crate::sources::{SourceKey, SourceNews};
use crate::transitions::say;

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
pub(crate) struct SourceLight {
    /// Shaped like a case, without facts.
    pub(crate) case: CaseState,
    /// How long the source may say nothing, in ms.
    silence_ms: i64,
}

/// The sources of one worker, each at a place that it keeps.
#[derive(Default)]
pub(crate) struct SilentSources {
    places: HashMap<SourceKey, u32, FxBuildHasher>,
    sources: Vec<Source>,
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
        let Some(owner) = &case.judgement.owner else { return };
        let of_owner = |record: &&Record| record.event.address == *owner;
        let Some(first) = case.history.reached(at).iter().find(of_owner) else { return };
        let source = &first.event.source;
        let follows = |place: &u32| {
            let key = &self.sources[*place as usize].key;
            key.source == *source && key.address == *owner
        };
        let place = match case.source.filter(follows) {
            Some(place) => place,
            None => {
                let place = self.place(&SourceKey { address: owner.clone(), source: source.clone() });
                self.sources[place as usize].slots.push(slot);
                case.source = Some(place);
                place
            }
        };
        case.silent_since = self.sources[place as usize].silent_since;
    }

    /// Takes a source's news; returns its place.
    pub(crate) fn take(&mut self, news: &SourceNews) -> u32 {
        let place = self.place(&news.key);
        self.sources[place as usize].silent_since = news.silent_since;
        place
    }

    /// The slots of cases that follow the source at `place`, and of some that did.
    pub(crate) fn followers(&self, place: u32) -> impl Iterator<Item = u32> {
        self.sources[place as usize].slots.iter().copied()
    }

    /// Says what changed of a source whose home is here.
    pub(crate) fn tell<J: Judge>(
        &mut self,
        news: &SourceNews,
        at: Moment,
        judge: &J,
        announcing: bool,
        texts: &mut Texts,
        out: &mut Vec<Transition>,
    ) {
        let place = self.place(&news.key);
        let light = self.light(place);
        light.silence_ms = news.silence_ms;
        light.case.causes.add(Cause::Silence);
        light.case.judged_through = at;
        light.judge(judge.silence(), &news.key.address, news.silent_since, at);
        speak(light, judge, at, announcing, texts, out);
    }

    fn light(&mut self, place: u32) -> &mut SourceLight {
        let Source { key, light, .. } = &mut self.sources[place as usize];
        light.get_or_insert_with(|| Box::new(SourceLight { case: CaseState::new(&key.case()), silence_ms: 0 }))
    }

    /// Says of every light what differs, after something else changed: the configuration, or what was said.
    pub(crate) fn tell_all<J: Judge>(
        &mut self,
        cause: Option<Cause>,
        at: Moment,
        judge: &J,
        announcing: bool,
        texts: &mut Texts,
        out: &mut Vec<Transition>,
    ) {
        for Source { key, silent_since, light, .. } in &mut self.sources {
            let Some(light) = light else { continue };
            if let Some(cause) = cause {
                light.case.causes.add(cause);
                light.judge(judge.silence(), &key.address, *silent_since, at);
            }
            speak(light, judge, at, announcing, texts, out);
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

    /// Why the light of the source with this name stands.
    pub(crate) fn reason(&self, case: &str, rule: Option<&SilenceRule>) -> Option<Text2> {
        let (key, light) = self.lights().find(|(_, light)| light.case.id == case)?;
        Some(rule?.reason(&key.source, &key.office(), light.silence_ms))
    }

    /// The lights whose home is here.
    pub(crate) fn lights(&self) -> impl Iterator<Item = (&SourceKey, &SourceLight)> {
        self.sources.iter().filter_map(|source| Some((source.key.as_ref(), source.light.as_deref()?)))
    }
}

impl SourceLight {
    /// The light's schedule: from the first silent instant on, or ended at `at`.
    fn judge(&mut self, rule: Option<&SilenceRule>, office: &Address, silent_since: Option<Moment>, at: Moment) {
        let before = std::mem::take(&mut self.case.judgement.findings).pop();
        let ended = || before.map(|finding| CardSpan { until: Some(at), ..finding.spans[0].clone() });
        let span = match (silent_since, rule) {
            (Some(from), Some(rule)) => Some(CardSpan {
                card: rule.card,
                light: rule.light,
                since: from.plus_millis(-1),
                from,
                until: None,
                held: false,
                absent: false,
            }),
            (None, Some(_)) => ended(),
            (_, None) => None,
        };
        let finding = |span| Finding { rule: SILENCE, instance: INSTANCE, spans: smallvec![span] };
        self.case.judgement = Judgement {
            owner: Some(office.clone()),
            item: None,
            open: false,
            findings: span.map(finding).into_iter().collect(),
        };
    }

    /// The card that stands at `at`.
    pub(crate) fn span(&self, at: Moment) -> Option<&CardSpan> {
        self.case.judgement.findings.first()?.at(at).filter(|span| span.card != Card::None)
    }
}

/// A source has one light.
pub(crate) const INSTANCE: CompactString = CompactString::const_new("-");

fn speak<J: Judge>(
    light: &mut SourceLight,
    judge: &J,
    at: Moment,
    announcing: bool,
    texts: &mut Texts,
    out: &mut Vec<Transition>,
) {
    if !announcing {
        return;
    }
    let first = out.len();
    say(&mut light.case, judge, at, texts, out);
    light.case.causes = Default::default();
    if let (Some(rule), Some((office, source))) = (judge.silence(), light.case.id.split_once('/')) {
        for raised in out[first..].iter_mut().filter(|said| said.card != Card::None) {
            raised.reason = rule.reason(source, office, light.silence_ms);
        }
    }
}
