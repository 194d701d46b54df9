//! A run of `bench measure` at one rate for a time, with a city that is as large as both ask for.
//!
//! More events a second come from more cases, not from the same cases faster: a service that keeps up with a rate must also hold the
//! cases that such a rate comes from.

use std::path::Path;

use anyhow::{Context, bail};
use bench::Options;
use bench::run::Run;

use super::{generate, measure};
use crate::cli::{CityArgs, ClockKind, Language, LimitArgs, MeasureArgs, PaceArgs, PaceKind, RateLoadArgs, SourceArgs};

/// A city of so many cases shows how many events of a case fall into the measured part.
const TRIED_CASES: usize = 2_000;
/// Messages of a connection that may wait for an answer.
const WINDOW: u32 = 4_000;
/// An alert is late after so many milliseconds.
const LATE_AFTER: u64 = 5_000;

/// Cities that last for a rate and a time.
pub(super) struct Sized<'a> {
    load: &'a RateLoadArgs,
    /// Events of the measured part, of a city of [`TRIED_CASES`].
    measured: u64,
}

impl<'a> Sized<'a> {
    /// Looks at what cities of this profile are like.
    ///
    /// # Errors
    /// When there is no such profile, or none of its events falls into the measured part.
    pub(super) fn of(load: &'a RateLoadArgs) -> anyhow::Result<Sized<'a>> {
        let city = bench::generate(&Options { cases: TRIED_CASES, ..generate::city(&city(load, None))? })?;
        let live = city.replay_from()..=city.until();
        let arrives_live = |event: &facts::Event| event.arrived.is_some_and(|at| live.contains(&at));
        let measured = city.events().filter(arrives_live).count() as u64;
        if measured == 0 {
            bail!("the profile {} has no events in its live week, so there is nothing to send at a rate", load.profile);
        }
        Ok(Sized { load, measured })
    }

    /// Cases whose measured part lasts `seconds` at `rate` events a second.
    fn cases(&self, rate: u64, seconds: u64) -> anyhow::Result<u32> {
        let cases = (rate * seconds * TRIED_CASES as u64).div_ceil(self.measured);
        let cases = u32::try_from(cases).ok().filter(|cases| *cases <= 10_000_000);
        cases.with_context(|| format!("{rate} events a second for {seconds} s take more than 10,000,000 cases"))
    }

    /// Measures `rate` events a second for about `seconds` into `out`, on a server and with a service started for it.
    ///
    /// # Errors
    /// Those of `bench measure`.
    pub(super) fn measure(&self, rate: u64, seconds: u64, out: &Path, language: Language) -> anyhow::Result<Run> {
        let load = self.load;
        let source = SourceArgs {
            city: city(load, Some(self.cases(rate, seconds)?)),
            events: Vec::new(),
            xes: None,
            map: None,
            stream: None,
        };
        let pace = PaceArgs {
            pace: PaceKind::Constant,
            rate: rate.to_string(),
            speed: 1,
            events_per_message: load.events_per_message,
            connections: load.connections,
            window: WINDOW,
            lag_max: load.lag_max,
        };
        let args = MeasureArgs {
            source,
            pace,
            config: load.config.clone(),
            out: out.to_owned(),
            clock: ClockKind::Virtual,
            nats: None,
            service: None,
            service_pid: None,
            nats_pid: None,
            append: false,
            from: None,
            leave_out: None,
            late_after: LATE_AFTER,
            limits: LimitArgs { thresholds: None, junit: None },
        };
        measure::measured(&args, language)
    }
}

fn city(load: &RateLoadArgs, cases: Option<u32>) -> CityArgs {
    CityArgs { cases, seed: load.seed, profile: load.profile.clone() }
}
