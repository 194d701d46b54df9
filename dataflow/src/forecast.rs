//! What will be said by time alone: which lights change up to an instant ahead, if no more facts enter.
//!
//! A case's findings are schedules and facts dated ahead are known, so nothing is guessed: a copy of each case that has
//! an instant of its own before the end is taken through these instants by the very judgement and wording that will meet
//! them ([`CaseState::judge`], [`say`]). The tests hold it equal to what is said when the clock gets there.
//!
//! What cases will bring into groups is found on the way ([`ForecastShare`]); then copies of the groups that it concerns, and of those
//! that have an instant of their own, are taken through the same time ([`crate::groups::Groups::forecast`]).
//!
//! Sources: one that speaks is taken to go on speaking, and no silence is foreseen. One that is silent is taken to
//! stay so: what rests on its word waits as long as it would, and is told at the instant at which it is raised
//! all the same. Not here: lights of sources, and what a late fact holds back for a while before it is said.

use std::fmt;
use std::sync::Arc;

use facts::{Cause, Moment, Transition};

use crate::case_state::CaseState;
use crate::causes::Causes;
use crate::contribution::GroupNews;
use crate::joining::{Joining, News};
use crate::judge::Judge;
use crate::memberships::{Happened, Memberships};
use crate::said::Texts;
use crate::silent_sources::SilentSources;
use crate::transitions::{Grounds, say};

/// Which changes are asked for.
#[derive(Clone)]
pub struct ForecastQuestion {
    /// The last instant looked at.
    pub until: Moment,
    /// Only these.
    pub wanted: Arc<dyn Fn(&Transition) -> bool + Send + Sync>,
    /// Only those behind this one, in the order of what is said.
    pub after: Option<ForecastPlace>,
    /// As many at most, the earliest.
    pub rows_max: usize,
}

impl fmt::Debug for ForecastQuestion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ForecastQuestion").field("until", &self.until).finish_non_exhaustive()
    }
}

/// The place of a change among all: clock, case, rule, instance, revision.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ForecastPlace(pub Moment, pub String, pub String, pub String, pub u32);

impl ForecastPlace {
    /// The place of `change`.
    #[must_use]
    pub fn of(change: &Transition) -> ForecastPlace {
        let (at, case, rule, instance, revision) = change.order_key();
        ForecastPlace(at, case.into(), rule.into(), instance.into(), revision)
    }
}

/// What one worker foresees for its cases, and what they will bring into groups meanwhile.
pub(crate) struct ForecastShare {
    /// Of the cases.
    pub(crate) found: Forecast,
    /// For the groups, in the order of the clock for each case.
    pub(crate) news: Vec<GroupNews>,
}

/// What will be said if nothing more is heard.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Forecast {
    /// The last closed instant: what is told lies after it.
    pub as_of: Moment,
    /// Changes that are wanted, whatever their place.
    pub total: u64,
    /// The first of them behind the place asked for, in the order in which they will be said.
    pub changes: Vec<Transition>,
}

impl ForecastShare {
    /// Nothing foreseen yet.
    pub(crate) fn new(as_of: Moment) -> ForecastShare {
        ForecastShare { found: Forecast { as_of, ..Forecast::default() }, news: Vec::new() }
    }

    /// Takes a case through its own instants after the last closed one, up to the end that is asked for. `memberships` are
    /// those of the worker's cases, where any rule groups.
    pub(crate) fn consider<J: Judge>(
        &mut self,
        case: &CaseState,
        (sources, memberships): (&SilentSources, Option<&Memberships>),
        judge: &J,
        asked: &ForecastQuestion,
    ) {
        let mut said = Vec::new();
        let memberships = memberships.map(|all| all.of_case(&case.id));
        let mut foreseeing = Foreseeing { sources, judge, until: asked.until, memberships, news: &mut self.news };
        foreseeing.go_on(case, self.found.as_of, &mut said);
        self.found.take(said, asked);
    }
}

impl Forecast {
    /// Takes what will be said, of which some is wanted.
    pub(crate) fn take(&mut self, mut said: Vec<Transition>, asked: &ForecastQuestion) {
        said.retain(|change| (asked.wanted)(change));
        self.total += said.len() as u64;
        let behind = |change: &Transition| asked.after.as_ref().is_none_or(|after| ForecastPlace::of(change) > *after);
        self.changes.extend(said.into_iter().filter(behind));
        // Twice as many, so that each is sorted a few times only.
        if self.changes.len() > asked.rows_max.saturating_mul(2) {
            self.cut(asked.rows_max);
        }
    }

    /// Joins what all workers found.
    pub(crate) fn join(parts: impl IntoIterator<Item = Forecast>, rows_max: usize) -> Forecast {
        let mut all: Option<Forecast> = None;
        for part in parts {
            match &mut all {
                None => all = Some(part),
                Some(all) => {
                    all.as_of = all.as_of.min(part.as_of);
                    all.total += part.total;
                    all.changes.extend(part.changes);
                }
            }
        }
        let mut all = all.unwrap_or_default();
        all.cut(rows_max);
        all
    }

    fn cut(&mut self, rows_max: usize) {
        self.changes.sort_unstable_by(|a, b| a.order_key().cmp(&b.order_key()));
        self.changes.truncate(rows_max);
    }
}

/// Takes copies of cases through their own instants.
struct Foreseeing<'a, J> {
    sources: &'a SilentSources,
    judge: &'a J,
    until: Moment,
    /// Which groups the case is in, as it was told; `None` where no rule groups.
    memberships: Option<Memberships>,
    news: &'a mut Vec<GroupNews>,
}

impl<J: Judge> Foreseeing<'_, J> {
    /// What time alone makes of one case after `as_of`.
    fn go_on(&mut self, case: &CaseState, as_of: Moment, out: &mut Vec<Transition>) {
        let mut texts = Texts::default();
        let mut case = case.undisturbed();
        // What stands and is not said yet is no change to come.
        say(&mut case, (self.judge, Grounds::Own), as_of, &mut texts, &mut Vec::new());
        let mut now = as_of;
        while let Some(at) = case.next_instant(now, case.holding(self.judge).as_ref()).filter(|at| *at <= self.until) {
            self.settle(&mut case, at);
            say(&mut case, (self.judge, Grounds::Own), at, &mut texts, out);
            case.causes = Causes::default();
            now = at;
        }
    }

    /// Brings the case to `at`, where no fact enters.
    fn settle(&mut self, case: &mut CaseState, at: Moment) {
        let mut news = News::default();
        // How late a fact came matters only to those that enter.
        let joining = Joining { id: &case.id, judge: self.judge, at, late_after_ms: 0 };
        joining.reach(&case.history, case.judged_through, &mut news);
        if let Some(touched) = &news.touched {
            case.judge(self.judge, at, touched);
            if let Some(silent_since) = self.sources.silence_of(case, at) {
                case.silent_since = silent_since;
            }
            if let Some(memberships) = &mut self.memberships {
                memberships.tell(case, self.judge, Happened::anew(at, news.causes), self.news);
            }
        }
        case.judged_through = at;
        if case.releases(case.holding(self.judge).as_ref()).any(|release| release == at) {
            news.causes.add(Cause::Silence);
        }
        case.causes = news.causes;
    }
}

#[cfg(test)]
mod tests;
