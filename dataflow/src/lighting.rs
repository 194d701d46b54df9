//! Brings the lights of a case up to an instant: what is said of them, what waits, and the rows behind the counts.
//!
//! The lights that its own facts give a case and those that a group gives it are brought up alike; only where they are
//! held and what they rest on differs.

use facts::{Cause, Light, Moment, Transition};
use rules::finding::Judgement;

use crate::case_state::CaseState;
use crate::causes::Causes;
use crate::judge::Judge;
use crate::lit::{Lit, Rows};
use crate::planted::planted;
use crate::said::Texts;
use crate::supervise::{Output, Place};
use crate::transitions::{Grounds, say, settled, shown};

/// Where, when and by whom lights are brought up.
pub(crate) struct Lighting<'a, J> {
    /// Who judges.
    pub(crate) judge: &'a J,
    /// What the cards rest on.
    pub(crate) grounds: Grounds<'a>,
    /// The instant.
    pub(crate) at: Moment,
    /// How long what comes late waits, and whether differences are said.
    pub(crate) place: &'a Place,
    /// Texts that are held once.
    pub(crate) texts: &'a mut Texts,
    /// What is said and shown.
    pub(crate) output: &'a mut Output,
}

/// What is left to do for the lights of a case.
pub(crate) struct Left {
    /// Something waits to be said.
    pub(crate) waits: bool,
    /// The next instant at which something changes by itself.
    pub(crate) wake: Option<Moment>,
}

impl<J: Judge> Lighting<'_, J> {
    /// Brings the lights of a case that is judged up to the instant; `causes` is what happened to it there.
    #[inline(never)] // Instructions are counted for it: tools/count_instructions.py.
    pub(crate) fn bring_up(&mut self, case: &mut CaseState, mut causes: Causes) -> Left {
        let (judge, at, place) = (self.judge, self.at, self.place);
        case.judged_through = at;
        let heard_again = std::mem::take(&mut case.heard_again);
        let holding = case.holding(judge);
        if case.releases(holding.as_ref()).any(|release| release == at) {
            causes.add(Cause::Silence);
        }
        case.causes.extend(causes);
        if place.settle_ms > 0 && place.announcing {
            hold(case, judge, at, heard_again || causes.holds(Cause::Late), place.settle_ms);
        }
        let waits = case.hold_until.is_some();
        self.speak(case, place.announcing && !waits);
        relight(case, judge, at, &mut self.output.lits);
        Left { waits, wake: case.next_instant(at, holding.as_ref()) }
    }

    /// Says what differs, or, while nothing is announced, lets the causes pile up.
    fn speak(&mut self, case: &mut CaseState, announcing: bool) {
        let quiet = case.said.is_empty() && case.judgement.findings.is_empty();
        let out: &mut Vec<Transition> = &mut self.output.transitions;
        if !quiet && announcing {
            say(case, (self.judge, self.grounds), self.at, self.texts, out);
        }
        if !planted!(CausesPileUp) && (quiet || announcing || settled(case, self.judge, self.at)) {
            case.causes = Causes::default();
        }
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
