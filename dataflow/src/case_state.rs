//! What a worker holds of one case.

use compact_str::CompactString;
use facts::{History, Moment, Record};
use hashbrown::HashTable;
use rules::finding::Judgement;
use rules::judge::{Case, Touched};

use crate::case_hash::case_hash;
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
            rows: Rows::default(),
        }
    }

    /// Judges the facts that the clock has reached at `at`; `touched` names the rules that can have changed.
    ///
    /// The office that owns a case decides by which profile and calendar it is judged, and a fact that no
    /// rule reads may show another owner: then all rules are judged, whatever was touched.
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
}

/// The cases of a worker, each in a slot that it keeps.
#[derive(Default)]
pub(crate) struct CaseTable {
    slots: Vec<CaseState>,
    by_hash: HashTable<u32>,
}

impl CaseTable {
    /// The slot of a case; a new one when the case is not known.
    pub(crate) fn slot(&mut self, id: &str) -> u32 {
        let CaseTable { slots, by_hash } = self;
        let hash = table_hash(id);
        let entry =
            by_hash.entry(hash, |slot| slots[*slot as usize].id == id, |slot| table_hash(&slots[*slot as usize].id));
        *entry
            .or_insert_with(|| {
                slots.push(CaseState::new(id));
                u32::try_from(slots.len() - 1).expect("a worker holds fewer than 2^32 cases")
            })
            .get()
    }

    /// A case by number.
    pub(crate) fn find(&self, id: &str) -> Option<&CaseState> {
        let slot = self.by_hash.find(table_hash(id), |slot| self.slots[*slot as usize].id == id)?;
        Some(&self.slots[*slot as usize])
    }

    /// The case in a slot.
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut CaseState {
        &mut self.slots[slot as usize]
    }

    /// The case in a slot.
    pub(crate) fn get(&self, slot: u32) -> &CaseState {
        &self.slots[slot as usize]
    }

    /// All cases.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &CaseState> {
        self.slots.iter()
    }

    /// All cases.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut CaseState> {
        self.slots.iter_mut()
    }

    /// How many cases.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of `records` facts in this many cases: a floor, without texts longer than 24 bytes.
    pub(crate) fn bytes(&self, records: usize) -> usize {
        self.slots.len() * (size_of::<CaseState>() + size_of::<u32>()) + records * size_of::<Record>()
    }
}

/// The upper half first: all cases of a worker agree in the lower bits that chose the worker.
fn table_hash(id: &str) -> u64 {
    case_hash(id).rotate_left(32)
}
