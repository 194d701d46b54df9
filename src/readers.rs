//! What the HTTP API asks of the dataflow: one case, the lights that stand, and the counts of the differential
//! collection.

use alerts::{
    CaseReader, CaseUnavailable, CaseView, CountRow, Counts, CountsSnapshot, SourceReader, SourceRow, SourcesSnapshot,
    StandingReader, StandingSnapshot,
};
use dataflow::Desk;
use facts::Moment;
use futures_util::future::BoxFuture;

use crate::case_desk::{case_view, known_then};
use crate::in_force::InForce;

/// Reads through the dataflow's desk.
#[derive(Clone)]
pub(crate) struct Readers {
    pub(crate) desk: Desk,
    pub(crate) in_force: InForce,
}

impl CaseReader for Readers {
    fn case<'a>(
        &'a self,
        case: &'a str,
        known_at: Option<Moment>,
    ) -> BoxFuture<'a, Result<Option<CaseView>, CaseUnavailable>> {
        let (readers, case) = (self.clone(), case.to_owned());
        // The worker that owns the case answers between two steps: a wait, so not on an async thread.
        let asked = tokio::task::spawn_blocking(move || {
            let held = readers.desk.case(&case).map_err(|error| CaseUnavailable(error.to_string()))?;
            let Some(held) = held else { return Ok(None) };
            let configuration = &readers.in_force.get();
            let view = case_view(&held, configuration, &case, held.as_of);
            let known = |at: Moment| {
                let then = held.history.known_at(at, &configuration.zone);
                let groups = readers.desk.groups_then(&case, &held.history, at);
                let groups = groups.map_err(|error| CaseUnavailable(error.to_string()))?;
                Ok(known_then(&then, &held.history, configuration, &case, at, &groups))
            };
            let then = known_at.map(known).transpose()?;
            Ok(view.map(|view| CaseView { then, ..view }))
        });
        Box::pin(async move { asked.await.map_err(|error| CaseUnavailable(error.to_string()))? })
    }
}

impl StandingReader for Readers {
    fn standing(&self) -> BoxFuture<'_, Result<StandingSnapshot, CaseUnavailable>> {
        let readers = self.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let standing = readers.desk.lights().map_err(|error| CaseUnavailable(error.to_string()))?;
            let configuration = readers.in_force.get().hash.clone();
            Ok(StandingSnapshot { as_of: standing.as_of, configuration, lights: standing.lights })
        });
        Box::pin(async move { asked.await.map_err(|error| CaseUnavailable(error.to_string()))? })
    }
}

impl SourceReader for Readers {
    fn sources(&self) -> SourcesSnapshot {
        let rows = self.desk.sources().into_iter().map(|state| SourceRow {
            office: state.key.address,
            source: state.key.source.into(),
            last_arrived: state.heard,
            confirmed_up_to: state.confirmed,
            silence_secs: state.silence_ms.map(|silence_ms| silence_ms / 1000),
            silent_since: state.silent_since,
        });
        SourcesSnapshot { as_of: self.desk.counts().as_of, sources: rows.collect() }
    }
}

impl Counts for Readers {
    fn snapshot(&self) -> CountsSnapshot {
        let counts = self.desk.counts();
        let rows = counts.rows.into_iter().map(|row| CountRow {
            level: row.owner.level,
            region: row.owner.region,
            dept: row.owner.dept,
            light: row.light,
            cases: i64::try_from(row.cases).unwrap_or(i64::MAX),
        });
        CountsSnapshot { as_of: counts.as_of, rows: rows.collect(), judged_by_worker: self.desk.judged_by_worker() }
    }
}
