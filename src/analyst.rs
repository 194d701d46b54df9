//! What analysts ask of what the workers hold: what time will bring, why a rule shows no card, what keeps a case green.
//!
//! The API, `explain` and `forecast` give the same answers.

use std::sync::Arc;

use alerts::case_reader::CaseUnavailable;
use alerts::{Analyst, ForecastAsked, ForecastCursor, ForecastFilter, ForecastPage, ForecastRow};
use dataflow::{Desk, ForecastPlace, ForecastQuestion, RunnerError};
use facts::{KeepGreen, Moment, Transition, WhyNot};
use futures_util::future::BoxFuture;
use rules::configuration::Configuration;
use rules::judge::Case;

use crate::readers::Readers;

/// What will change up to an instant if no more facts come.
///
/// # Errors
/// When a worker cannot answer.
pub(crate) fn foreseen(desk: &Desk, asked: &ForecastAsked) -> Result<ForecastPage, RunnerError> {
    let ForecastAsked { until, filter, after, rows_max } = asked.clone();
    let wanted = move |change: &Transition| ForecastFilter::takes(&filter, change);
    let after = after
        .map(|ForecastCursor { at, case, rule, instance, revision }| ForecastPlace(at, case, rule, instance, revision));
    // One more than is shown tells whether there is a next page.
    let rows_asked = rows_max.saturating_add(1);
    let question = ForecastQuestion { until, wanted: Arc::new(wanted), after, rows_max: rows_asked };
    let mut found = desk.forecast(&question)?;
    let more = found.changes.len() > rows_max;
    found.changes.truncate(rows_max);
    let last = found.changes.last().filter(|_| more).map(ForecastPlace::of);
    let next = last.map(|ForecastPlace(at, case, rule, instance, revision)| {
        ForecastCursor { at, case, rule, instance, revision }.to_string()
    });
    let changes = found.changes.into_iter().map(ForecastRow::from).collect();
    Ok(ForecastPage { as_of: found.as_of, until, total: found.total, changes, next })
}

/// Why a rule shows no card for a case at `now`; `None` when the clock has reached no fact of it.
pub(crate) fn why_not(
    held: &dataflow::CaseView,
    configuration: &Configuration,
    case: &str,
    rule: &str,
    now: Moment,
) -> Option<WhyNot> {
    held.judgement.owner.as_ref()?;
    let reached = Case::at(case, &held.history, now);
    let waits = |span: &rules::finding::CardSpan| {
        held.holding.filter(|holding| holding.holds(span, now)).map(|holding| holding.until(span))
    };
    rules::judge::why_not(&reached, configuration, rule, now, &waits)
}

/// What keeps a case green at `now`; `None` when the clock has reached no fact of it.
pub(crate) fn keep_green(
    held: &dataflow::CaseView,
    configuration: &Configuration,
    case: &str,
    now: Moment,
) -> Option<KeepGreen> {
    held.judgement.owner.as_ref()?;
    rules::judge::keep_green(case, &held.history, configuration, now)
}

impl Readers {
    /// Asks the worker that owns a case and hands what it holds to `answer`, on a thread that may wait.
    fn of_case<T: Send + 'static>(
        &self,
        case: &str,
        answer: impl FnOnce(&dataflow::CaseView, &Configuration, &str) -> Option<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<Option<T>, CaseUnavailable>> {
        let (readers, case) = (self.clone(), case.to_owned());
        let asked = tokio::task::spawn_blocking(move || {
            let held = readers.desk.case(&case).map_err(|error| CaseUnavailable(error.to_string()))?;
            Ok(held.and_then(|held| answer(&held, &readers.in_force.get(), &case)))
        });
        Box::pin(async move { asked.await.map_err(|error| CaseUnavailable(error.to_string()))? })
    }
}

impl Analyst for Readers {
    fn forecast(&self, asked: ForecastAsked) -> BoxFuture<'_, Result<ForecastPage, CaseUnavailable>> {
        let desk = self.desk.clone();
        let found = tokio::task::spawn_blocking(move || {
            foreseen(&desk, &asked).map_err(|error| CaseUnavailable(error.to_string()))
        });
        Box::pin(async move { found.await.map_err(|error| CaseUnavailable(error.to_string()))? })
    }

    fn why_not<'a>(&'a self, case: &'a str, rule: &'a str) -> BoxFuture<'a, Result<Option<WhyNot>, CaseUnavailable>> {
        let rule = rule.to_owned();
        self.of_case(case, move |held, configuration, case| why_not(held, configuration, case, &rule, held.as_of))
    }

    fn keep_green<'a>(&'a self, case: &'a str) -> BoxFuture<'a, Result<Option<KeepGreen>, CaseUnavailable>> {
        self.of_case(case, |held, configuration, case| keep_green(held, configuration, case, held.as_of))
    }
}
