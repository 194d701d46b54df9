//! When each source of each office was last heard, and when it falls silent (semantics 26).
//!
//! Silence is read off the instants at which facts enter, so it is the same for every batching and any number of
//! workers: a source falls silent at the first instant that lies more than its `silence` after its last arrival, and
//! speaks again at the next. At one instant an arrival beats silence.
//!
//! Units: milliseconds. Invariant: every silence that begins before the first open instant has been told.

use std::sync::Arc;

use compact_str::CompactString;
use facts::{Activity, Address, Moment};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::judge::Judge;

/// One sending system of one office.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct SourceKey {
    /// The office on whose subject it speaks.
    pub address: Address,
    /// The sending system.
    pub source: CompactString,
}

impl SourceKey {
    /// The name under which its light is told, where cases have their number: `county.360902.SCJG/window`.
    #[must_use]
    pub fn case(&self) -> CompactString {
        format!("{}/{}", self.office(), self.source).into()
    }

    /// The office as its subject names it, without the prefix.
    #[must_use]
    pub fn office(&self) -> String {
        let subject = self.address.subject("");
        subject.trim_start_matches('.').to_owned()
    }
}

/// What is known of a source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SourceState {
    /// Which.
    pub key: SourceKey,
    /// The clock when something last entered from it.
    pub heard: Moment,
    /// It has said that everything up to here was sent.
    pub confirmed: Option<Moment>,
    /// It is silent when nothing comes for longer than this, in ms; `None` for never.
    pub silence_ms: Option<i64>,
    /// The first instant at which it was silent, while it is.
    pub silent_since: Option<Moment>,
}

impl SourceState {
    /// The first instant at which it will be silent if nothing comes.
    fn due(&self) -> Option<Moment> {
        Some(self.heard.plus_millis(self.silence_ms?).plus_millis(1))
    }
}

/// A source fell silent, or speaks again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SourceNews {
    /// Which.
    pub(crate) key: Arc<SourceKey>,
    /// The first instant of its silence; `None` when it speaks.
    pub(crate) silent_since: Option<Moment>,
    /// How long it may say nothing, in ms.
    pub(crate) silence_ms: i64,
}

type News = Vec<(Moment, SourceNews)>;

/// All sources heard so far.
#[derive(Default)]
pub(crate) struct SourceBook {
    places: HashMap<SourceKey, usize, FxBuildHasher>,
    states: Vec<SourceState>,
    /// No source that speaks falls silent before this; it may be too early, never too late.
    next_due: Moment,
}

impl SourceBook {
    /// Takes note of the facts of one feed, which come in the order in which they enter, and of time up to `to`.
    /// Returns what changes, with its instants, in order for each source.
    pub(crate) fn hear(&mut self, entries: &[Entry], open: Moment, to: Moment, judge: &impl Judge) -> News {
        let mut news = Vec::new();
        for entry in entries {
            self.note(entry, entry.enters.max(open), judge, &mut news);
        }
        self.fall_silent(to, &mut news);
        news
    }

    fn note(&mut self, entry: &Entry, enters: Moment, judge: &impl Judge, news: &mut News) {
        let event = &entry.event;
        let key = SourceKey { address: event.address.clone(), source: event.source.clone() };
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                let silence_ms = judge.silence_of(&key.source);
                self.add(SourceState { key, heard: enters, confirmed: None, silence_ms, silent_since: None })
            }
        };
        let state = &mut self.states[place];
        if state.silent_since.is_none() && state.due().is_some_and(|due| due < enters) {
            silence(state, news);
        }
        if state.silent_since.take().is_some() {
            speak(state, enters, news);
        }
        state.heard = state.heard.max(enters);
        if event.activity == Activity::Progress {
            // What lies ahead of its arrival is no promise that anybody can give.
            let at = event.at.moment(judge.zone());
            state.confirmed = state.confirmed.max(Some(at).filter(|at| *at <= enters));
        }
        self.next_due = self.next_due.min(state.due().unwrap_or(Moment::MAX));
    }

    fn add(&mut self, state: SourceState) -> usize {
        self.next_due = self.next_due.min(state.due().unwrap_or(Moment::MAX));
        self.places.insert(state.key.clone(), self.states.len());
        self.states.push(state);
        self.states.len() - 1
    }

    /// Every silence that begins before `to`.
    fn fall_silent(&mut self, to: Moment, news: &mut News) {
        if to <= self.next_due {
            return;
        }
        self.next_due = Moment::MAX;
        for state in self.states.iter_mut().filter(|state| state.silent_since.is_none()) {
            match state.due() {
                Some(due) if due < to => silence(state, news),
                Some(due) => self.next_due = self.next_due.min(due),
                None => {}
            }
        }
    }

    /// Other silences apply from `at` on.
    pub(crate) fn configure(&mut self, at: Moment, judge: &impl Judge) -> News {
        let mut news = Vec::new();
        self.next_due = Moment::MIN;
        for state in &mut self.states {
            state.silence_ms = judge.silence_of(&state.key.source);
            let is_due = state.due().is_some_and(|due| due <= at);
            match state.silent_since {
                Some(_) if !is_due => {
                    state.silent_since = None;
                    speak(state, at, &mut news);
                }
                None if is_due => {
                    state.silent_since = Some(at);
                    news.push((at, told(state)));
                }
                _ => {}
            }
        }
        news
    }

    /// What was known when an earlier run ended. Returns what is silent.
    pub(crate) fn restore(&mut self, at: Moment, states: Vec<SourceState>, judge: &impl Judge) -> News {
        let mut news = Vec::new();
        for state in states {
            if state.silent_since.is_some() {
                news.push((at, told(&state)));
            }
            self.add(state);
        }
        // The configuration may be another one than then.
        news.extend(self.configure(at, judge));
        news
    }

    /// All sources, by office and name.
    pub(crate) fn states(&self) -> Vec<SourceState> {
        let mut states = self.states.clone();
        states.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        states
    }
}

fn silence(state: &mut SourceState, news: &mut News) {
    let due = state.due().expect("only a source with a silence falls silent");
    state.silent_since = Some(due);
    news.push((due, told(state)));
}

fn speak(state: &SourceState, at: Moment, news: &mut News) {
    news.push((at, SourceNews { silent_since: None, ..told(state) }));
}

fn told(state: &SourceState) -> SourceNews {
    let SourceState { key, silence_ms, silent_since, .. } = state;
    SourceNews { key: Arc::new(key.clone()), silent_since: *silent_since, silence_ms: silence_ms.unwrap_or_default() }
}
