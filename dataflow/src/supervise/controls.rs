//! What controls change, but for the configuration ([`super::reload`]): who speaks, which source is silent, what was said.

use facts::transition::About;
use facts::{Cause, Moment};

use super::Place;
use super::Supervisor;
use crate::case_hash::worker_of;
use crate::case_state::CaseState;
use crate::causes::Causes;
use crate::contribution::GroupKey;
use crate::entry::{Control, ReadBack, Waiting};
use crate::judge::Judge;
use crate::said::Said;
use crate::silent_sources::Speech;
use crate::sources::SourceNews;

impl<J: Judge> Supervisor<J> {
    pub(super) fn take(&mut self, at: Moment, control: &Control<J>) {
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

    /// A source fell silent or speaks again: its light, and its cases.
    pub(super) fn hear(&mut self, at: Moment, news: &SourceNews) {
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

    pub(super) fn restored(&mut self, waiting: &[Waiting]) {
        let Place { index, peers, .. } = self.place;
        let ours = |waiting: &&Waiting| waiting.group.is_none() && worker_of(&waiting.case, peers) == index;
        for Waiting { case, causes, until, .. } in waiting.iter().filter(ours) {
            let slot = self.cases.slot(case);
            let case = self.cases.get_mut(slot);
            (case.causes, case.hold_until) = (*causes, Some(*until));
            self.waiting.insert(slot);
        }
    }

    pub(super) fn read_back(&mut self, read: &[ReadBack]) {
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

    /// Cases that are not at rest, after a control at `at`; what is settled already says nothing more.
    pub(super) fn settle_awake(&mut self, at: Moment) {
        for slot in self.cases.awake() {
            self.settle(slot, at, &mut Vec::new());
        }
        self.tell_sources(at);
    }

    /// The lights of sources, after something else changed: the configuration, or what was said.
    pub(super) fn tell_sources(&mut self, at: Moment) {
        let Supervisor { sources, cases, judge, place, configured, output, .. } = self;
        let texts = cases.texts();
        let changed = (*configured != Causes::default()).then(|| configured.first());
        let (judge, out) = (judge.as_ref(), &mut output.transitions);
        sources.tell_all(changed, Speech { at, judge, announcing: place.announcing, texts, out });
    }
}
