//! What a worker holds of one case.

use compact_str::CompactString;
use facts::{Card, History, Moment, Record};
use rules::finding::{Finding, Judgement};
use rules::judge::{Case, Touched};

use crate::causes::Causes;
use crate::holding::Holding;
use crate::judge::Judge;
use crate::lit::Rows;
use crate::planted::planted;
use crate::said::Said;

/// One case. Its facts are the truth; everything else follows from them, the configuration and the clock.
pub(crate) struct CaseState {
    /// Case number.
    pub(crate) id: CompactString,
    /// What is known.
    pub(crate) history: History,
    /// What it amounts to, for the facts that the clock has reached.
    pub(crate) judgement: Judgement,
    /// What was last said of each light that was ever said, in no order.
    pub(crate) said: Vec<Said>,
    /// What touched the case since what was said was last true.
    pub(crate) causes: Causes,
    /// Until when what a late fact brought about waits to be said.
    pub(crate) hold_until: Option<Moment>,
    /// Place of the source it follows, among those of its worker.
    pub(crate) source: Option<u32>,
    /// The first instant at which that source was silent, while it is.
    pub(crate) silent_since: Option<Moment>,
    /// It has just spoken again, and may have more to say.
    pub(crate) heard_again: bool,
    /// The configuration that gave `judgement`, counted from 1; 0 before the first judgement.
    pub(crate) judged_under: u32,
    /// The last instant worked through.
    pub(crate) judged_through: Moment,
    /// The next instant at which something may change by itself.
    pub(crate) wake: Option<Moment>,
    /// From when on it may be sealed.
    pub(crate) retire: Option<Moment>,
    /// Its rows in the collection of lamps.
    pub(crate) rows: Rows,
}

impl CaseState {
    /// A case of which nothing is known.
    pub(crate) fn new(id: &str) -> CaseState {
        CaseState {
            id: id.into(),
            history: History::new(),
            judgement: Judgement::default(),
            said: Vec::new(),
            causes: Causes::default(),
            hold_until: None,
            source: None,
            silent_since: None,
            heard_again: false,
            judged_under: 0,
            judged_through: Moment::MIN,
            wake: None,
            retire: None,
            rows: Rows::default(),
        }
    }

    /// A copy for which nothing waits and that nothing has touched yet.
    pub(crate) fn undisturbed(&self) -> CaseState {
        CaseState {
            history: self.history.clone(),
            judgement: self.judgement.clone(),
            said: self.said.clone(),
            source: self.source,
            silent_since: self.silent_since,
            judged_under: self.judged_under,
            judged_through: self.judged_through,
            ..CaseState::new(&self.id)
        }
    }

    /// Judges the facts that the clock has reached at `at`; `touched` names the rules that can have changed.
    ///
    /// The office that owns a case decides by which profile and calendar it is judged, and a fact that no
    /// rule reads may show another owner: then all rules are judged, whatever was touched.
    #[inline(never)] // Instructions are counted for it: tools/count_instructions.py.
    pub(crate) fn judge<J: Judge>(&mut self, judge: &J, at: Moment, touched: &Touched) {
        let seen = if planted!(HeldFactSeenEarly) { at.plus_millis(7 * 24 * 3_600_000) } else { at };
        let case = Case::at(&self.id, &self.history, seen);
        let before = std::mem::take(&mut self.judgement);
        if *touched == Touched::All {
            self.judgement = judge.judge(&case);
            return;
        }
        let owner = before.owner.clone();
        self.judgement = judge.rejudge(&case, before, touched);
        if self.judgement.owner != owner {
            self.judgement = judge.judge(&case);
        }
    }

    /// Why lights that rest on absence are held back, if they are.
    pub(crate) fn holding<J: Judge>(&self, judge: &J) -> Option<Holding> {
        Some(Holding { since: self.silent_since?, hold_ms: judge.silence()?.hold_ms })
    }

    /// The next instant after `at` at which a card or the set of reached facts may change by itself, or what
    /// waits is said.
    pub(crate) fn next_instant(&self, at: Moment, holding: Option<&Holding>) -> Option<Moment> {
        let edges = self.judgement.findings.iter().filter_map(|finding| finding.next_after(at));
        let held = self.history.next_held(at).filter(|_| !planted!(HeldFactNotWoken));
        edges
            .chain(held)
            .chain(self.hold_until.filter(|until| *until > at))
            .chain(self.releases(holding).filter(|release| *release > at).min())
            .min()
    }

    /// The instants at which cards that are held back are raised all the same.
    pub(crate) fn releases(&self, holding: Option<&Holding>) -> impl Iterator<Item = Moment> {
        let spans = self.judgement.findings.iter().flat_map(|finding| &finding.spans);
        holding.into_iter().flat_map(move |holding| {
            spans.clone().filter(|span| holding.concerns(span)).map(|span| holding.until(span))
        })
    }

    /// The first fact that the clock has reached at `at` of the office that owns the case: its source is followed.
    pub(crate) fn first_of_owner(&self, at: Moment) -> Option<&Record> {
        let owner = self.judgement.owner.as_ref()?;
        self.history.reached(at).iter().find(|record| record.event.address == *owner)
    }

    /// Does it show a card at the last instant worked through?
    pub(crate) fn shows_a_card(&self) -> bool {
        let shown = |finding: &Finding| finding.at(self.judged_through).is_some_and(|span| span.card != Card::None);
        self.judgement.findings.iter().any(shown)
    }

    /// The last instant at which anything happened to a case that is closed and at which nothing more changes by itself
    /// (semantics 37); `None` for any other.
    pub(crate) fn over_since(&self) -> Option<Moment> {
        if self.judgement.open || self.wake.is_some() || self.hold_until.is_some() {
            return None;
        }
        let heard =
            |record: &Record| [Some(record.at), record.first_arrived, record.arrived].into_iter().flatten().max();
        let records = self.history.records().iter().filter_map(heard);
        let deleted = self.history.tombstones().iter().filter_map(|tombstone| heard(&tombstone.delete));
        let spans = self.judgement.findings.iter().flat_map(|finding| &finding.spans);
        let edges = spans.map(|span| span.until.unwrap_or(span.from));
        records.chain(deleted).chain(edges).max().or(Some(self.judged_through))
    }
}
