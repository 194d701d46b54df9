//! Cases that keep to the letter of a limit and not to its purpose, each labelled by its pattern.
//!
//! Most of them earn no card, and that is what they are for: who writes a rule against a pattern finds its cases in the
//! plans, and who measures load has them in it. What stands all the same, the truth tells as for any other case.

use crate::case_plan::What;
use crate::draft::Draft;
use crate::life::{ROOMY, ground_of};

/// One way to game a clock.
pub(crate) struct Pattern {
    /// Its label, in profiles and plans.
    pub(crate) name: &'static str,
    /// Items it is told with.
    items: &'static [&'static str],
    /// Tells the case from its acceptance on; the number is the promise in working days.
    tell: fn(&mut Draft<'_>, u32),
}

impl Pattern {
    /// Tells a case, accepted so that its promise ends within the window.
    pub(crate) fn tell(&self, draft: &mut Draft<'_>) {
        draft.gaming = Some(self.name);
        draft.take(self.items);
        let promise = draft.item.promise;
        let window = draft.window;
        let begin = draft.day_within(window.first, window.last - promise as usize);
        draft.open_on(begin);
        (self.tell)(draft, promise);
    }
}

/// Items whose procedure can stop the clock.
const WITH_SPECIAL: &[&str] = &["SC-202", "ST-208"];

/// All patterns.
pub(crate) const PATTERNS: [Pattern; 4] = [
    Pattern { name: "closed-at-the-edge", items: &ROOMY, tell: closed_at_the_edge },
    Pattern { name: "supplement-at-the-edge", items: &ROOMY, tell: supplement_at_the_edge },
    Pattern { name: "special-at-the-edge", items: WITH_SPECIAL, tell: special_at_the_edge },
    Pattern { name: "withdrawn-at-the-edge", items: &ROOMY, tell: withdrawn_at_the_edge },
];

/// Labels of the patterns.
#[must_use]
pub fn patterns() -> Vec<&'static str> {
    PATTERNS.iter().map(|pattern| pattern.name).collect()
}

/// Nothing happens until the last day, and then all stages and the closing within hours.
fn closed_at_the_edge(draft: &mut Draft<'_>, promise: u32) {
    draft.later(promise);
    draft.pass_all(0);
    draft.at_close();
    draft.close("granted");
    draft.deliver(1);
}

/// A supplement is asked for on the day before the promise ends, which stops the clock.
fn supplement_at_the_edge(draft: &mut Draft<'_>, promise: u32) {
    draft.later(promise - 1);
    draft.say(What::SupplementNotified);
    let days = draft.within(5, 15);
    draft.later(days);
    draft.say(What::SupplementReceived);
    draft.pass_all(0);
    draft.close("granted");
    draft.deliver(1);
}

/// A long procedure that stops the clock begins on the day before the promise ends, and is left open.
fn special_at_the_edge(draft: &mut Draft<'_>, promise: u32) {
    draft.later(promise - 1);
    draft.start_special(ground_of(draft), 30);
}

/// The applicant is made to withdraw on the day before the promise ends.
fn withdrawn_at_the_edge(draft: &mut Draft<'_>, promise: u32) {
    draft.later(promise - 1);
    draft.say(What::Withdrawn);
}
