//! What the facts of one instant change in a case: which rules they touch, and which causes they are.
//!
//! Causes are the net of the instant, record by record, so that the order in which versions of one
//! record enter at one clock value cannot be told from what is said.

use facts::history::Record;
use facts::{Activity, Cause, Change, Event, History, Moment};
use rules::judge::{Case, Touched};

use crate::causes::Causes;
use crate::entry::Entry;
use crate::judge::Judge;
use crate::planted::{self, planted};

/// What is new in a case at one instant.
#[derive(Default)]
pub(crate) struct News {
    /// Rules to judge again; `None` when the clock has reached nothing new. A fact that no rule reads still
    /// asks for judgement, with no rules: office, item and openness of the case may follow it.
    pub(crate) touched: Option<Touched>,
    /// Why.
    pub(crate) causes: Causes,
}

impl News {
    /// These, too.
    pub(crate) fn touch(&mut self, touched: Touched) {
        let before = self.touched.take().unwrap_or(Touched::Rules(Vec::new()));
        self.touched = Some(match (before, touched) {
            (Touched::All, _) | (_, Touched::All) => Touched::All,
            (before, Touched::None) | (Touched::None, before) => before,
            (Touched::Rules(mut rules), Touched::Rules(more)) => {
                rules.extend(more);
                rules.sort_unstable();
                rules.dedup();
                Touched::Rules(rules)
            }
        });
    }
}

/// Joins facts of one case that enter at one instant.
pub(crate) struct Joining<'a, J> {
    /// Case number.
    pub(crate) id: &'a str,
    /// Who says which rules are touched.
    pub(crate) judge: &'a J,
    /// The instant.
    pub(crate) at: Moment,
    /// A fact dated further back than this, in ms, came late.
    pub(crate) late_after_ms: i64,
}

impl<J: Judge> Joining<'_, J> {
    /// Facts held so far whose business time the clock has now reached.
    pub(crate) fn reach(&self, history: &History, judged_through: Moment, news: &mut News) {
        let reached = history.reached(self.at);
        let first = reached.partition_point(|record| record.at <= judged_through);
        for record in &reached[first..] {
            news.causes.add(if is_waiver(&record.event) { Cause::Appeal } else { Cause::Event });
            news.touch(self.touched(history, &record.event, &Change::Added));
        }
    }

    /// Joins the entries of this instant; `entries` is left empty.
    #[inline(never)] // Instructions are counted for it: tools/count_instructions.py.
    pub(crate) fn join(&self, history: &mut History, entries: &mut Vec<Entry>, news: &mut News) {
        if entries.len() > 1 {
            entries.sort_unstable_by(|a, b| record_key(&a.event).cmp(&record_key(&b.event)));
        }
        let mut left = entries.drain(..).peekable();
        while let Some(entry) = left.next() {
            if left.peek().is_none_or(|next| !next.event.same_record(&entry.event)) {
                self.join_one(history, entry, news);
                continue;
            }
            let mut versions = vec![entry];
            while let Some(next) = left.next_if(|next| next.event.same_record(&versions[0].event)) {
                versions.push(next);
            }
            self.join_versions(history, versions, news);
        }
    }

    /// The usual case: one version of the record enters at this instant.
    fn join_one(&self, history: &mut History, entry: Entry, news: &mut News) {
        let Some(entry) = planted::read(entry, history) else { return };
        let (change, place) = history.join_at(entry.event, entry.sequence, self.judge.zone());
        let after = place.map(|place| &history.records()[place]);
        match &change {
            Change::Nothing => return,
            Change::Annotated => self.note(after.map(|record| &record.event), after, true, news),
            Change::Barred => self.note_barred(news),
            Change::Added => self.note(None, after, false, news),
            Change::Corrected(before) | Change::Deleted(before) => self.note(Some(before), after, false, news),
        }
        self.touch_by(history, place, &change, news);
    }

    /// Several versions of one record at one instant: the net of before and after counts.
    fn join_versions(&self, history: &mut History, versions: Vec<Entry>, news: &mut News) {
        let before = history.record_of(&versions[0].event).map(|record| record.event.clone());
        let any = versions[0].event.clone();
        let put_of = |history: &History| history.tombstone_of(&any).and_then(|tombstone| tombstone.put.clone());
        let barred_before = put_of(history);
        let mut annotated = false;
        for version in versions {
            let (change, place) = history.join_at(version.event, version.sequence, self.judge.zone());
            annotated |= change == Change::Annotated;
            self.touch_by(history, place, &change, news);
        }
        self.note(before.as_ref(), history.record_of(&any), annotated, news);
        if put_of(history) != barred_before {
            self.note_barred(news);
        }
    }

    /// A put that a delete bars: no change of the history, but some rules may look at it.
    fn note_barred(&self, news: &mut News) {
        if self.judge.looks_aside() {
            news.causes.add(Cause::Event);
        }
    }

    /// Adds the cause of one record's net change, unless the clock has reached neither side of it and no rule
    /// looks ahead.
    fn note(&self, before: Option<&Event>, after: Option<&Record>, annotated: bool, news: &mut News) {
        let reached = |event: &Event| event.at.moment(self.judge.zone()) <= self.at;
        let seen = before.is_some_and(reached) || after.is_some_and(|record| record.at <= self.at);
        if !seen && !self.judge.looks_aside() {
            return;
        }
        let same = before.is_some() && before == after.map(|record| &record.event);
        if same && !annotated {
            return;
        }
        let cause = match (before, after) {
            (None, None) => return,
            (Some(event), _) if is_waiver(event) => Cause::Appeal,
            (_, Some(record)) if is_waiver(&record.event) => Cause::Appeal,
            (Some(_), None) => Cause::Deleted,
            (Some(_), Some(_)) if same => Cause::Event,
            (Some(_), Some(_)) => Cause::Corrected,
            (None, Some(record)) if record.at < self.at.plus_millis(-self.late_after_ms) => Cause::Late,
            (None, Some(_)) => Cause::Event,
        };
        news.causes.add(cause);
    }

    /// Adds the rules that one join touches; where the clock has reached neither side of it, those that look aside.
    fn touch_by(&self, history: &History, place: Option<usize>, change: &Change, news: &mut News) {
        let after = place.map(|place| &history.records()[place]);
        let before = match change {
            Change::Nothing => return,
            Change::Corrected(before) | Change::Deleted(before) => Some(before.as_ref()),
            Change::Added | Change::Annotated | Change::Barred => None,
        };
        if planted!(LateFactNotJudged)
            && after.is_some_and(|record| record.at < self.at.plus_millis(-self.late_after_ms))
        {
            return;
        }
        let was_reached = before.is_some_and(|event| event.at.moment(self.judge.zone()) <= self.at);
        let seen = was_reached || after.is_some_and(|record| record.at <= self.at);
        let Some(event) = after.map(|record| &record.event).or(before).or(barred(history, change)) else { return };
        let touched = self.touched(history, event, change);
        // A fact to come names the office of a case whose other facts name none.
        if seen || self.judge.looks_aside() || touched == Touched::All {
            news.touch(touched);
        }
    }

    fn touched(&self, history: &History, event: &Event, change: &Change) -> Touched {
        if planted!(TouchedForgetsAnActivity) && event.activity == Activity::SpecialEnded {
            return Touched::Rules(Vec::new());
        }
        let added = Change::Added;
        let new_only = planted!(TouchedByTheNewVersionOnly) && matches!(change, Change::Corrected(_));
        let change = if new_only { &added } else { change };
        self.judge.touched(&Case::at(self.id, history, self.at), event, change)
    }
}

/// Of a change that left the history as it was, a deleted record: which one makes no difference to what is touched.
fn barred<'h>(history: &'h History, change: &Change) -> Option<&'h Event> {
    let deleted = history.tombstones().first().filter(|_| *change == Change::Barred)?;
    Some(&deleted.delete.event)
}

fn is_waiver(event: &Event) -> bool {
    event.activity == Activity::Waived
}

fn record_key(event: &Event) -> (&str, &str, &facts::Address) {
    (&event.id, &event.source, &event.address)
}
