//! A ledger as a side: what was said, which knows neither the clock nor the configuration.

use alerts::Ledger;
use alerts::ledger::FeedFilter;
use anyhow::Context;
use facts::StandingLight;
use jiff::tz::TimeZone;
use tokio::runtime::Runtime;

use super::{About, LastSaid};

/// Most transitions of one case that are looked through, the newest.
const TRANSITIONS_MAX: u32 = 10_000;

/// A ledger, and the lights it held when it was read.
pub(super) struct Ledgered {
    runtime: Runtime,
    ledger: Ledger,
    lights: Vec<StandingLight>,
}

impl Ledgered {
    /// Reads the standing lights of the ledger at `url`.
    pub(super) fn open(url: &str, zone: TimeZone) -> anyhow::Result<(About, Ledgered)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("could not start the runtime")?;
        let (mut lights, mut last_said) = (Vec::new(), None);
        let ledger = runtime.block_on(async {
            let ledger = Ledger::look(url).await?;
            ledger
                .each_standing(|row| {
                    last_said = last_said.max(Some(row.transition.decided_at));
                    lights.extend(row.transition.standing());
                })
                .await?;
            let newest = ledger.newest(&FeedFilter::default(), None, 1).await?;
            if let Some(newest) = newest.first() {
                last_said = Some(newest.read()?.decided_at);
            }
            anyhow::Ok(ledger)
        })?;
        lights.sort_unstable();
        let name = alerts::ledger::without_password(url);
        let about = About { name, as_of: None, last_said, configuration: None, zone };
        Ok((about, Ledgered { runtime, ledger, lights }))
    }

    pub(super) fn lights(&self) -> &[StandingLight] {
        &self.lights
    }

    pub(super) fn last_said(&self, like: &StandingLight) -> anyhow::Result<Option<LastSaid>> {
        let of_case = FeedFilter { case: Some(like.case.to_string()), ..FeedFilter::default() };
        let newest = self.runtime.block_on(self.ledger.newest(&of_case, None, TRANSITIONS_MAX))?;
        for stored in newest {
            let said = stored.read()?;
            if said.rule == like.rule && said.instance == like.instance {
                return Ok(Some(LastSaid::from(&said)));
            }
        }
        Ok(None)
    }
}
