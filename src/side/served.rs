//! A running service as a side: its buckets first, then only the rows that are asked for.

use std::time::Duration;

use anyhow::{Context, bail};
use facts::digest::DigestTold;
use facts::{StandingLight, Transition};
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

use super::{LastSaid, Moved};
use crate::http_client;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service at an address.
pub(super) struct Served {
    runtime: Runtime,
    client: reqwest::Client,
    base: String,
}

#[derive(Deserialize)]
struct Feed {
    transitions: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    transition: Transition,
}

impl Served {
    /// Asks the service at `base` for its digest.
    pub(super) fn open(base: &str) -> anyhow::Result<(Served, DigestTold)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("could not start the runtime")?;
        let client = http_client::client(PATIENCE)?;
        let served = Served { runtime, client, base: base.to_owned() };
        let told = served.ask("/api/digest", &[])?;
        Ok((served, told))
    }

    pub(super) fn rows_of_bucket(&self, key: &str, digest: &str) -> anyhow::Result<Vec<StandingLight>> {
        let names = ["day", "level", "region", "dept"];
        let asked: Vec<(&str, &str)> = names.into_iter().zip(key.split('\t')).collect();
        let mut rows = self.rows(&asked, digest)?;
        // A region that is asked for holds those below it.
        rows.retain(|light| key.split('\t').nth(2) == Some(light.owner.region.to_string().as_str()));
        Ok(rows)
    }

    pub(super) fn rows_of_case(&self, case: &str, digest: &str) -> anyhow::Result<Vec<StandingLight>> {
        self.rows(&[("case", case)], digest)
    }

    pub(super) fn last_said(&self, like: &StandingLight) -> anyhow::Result<Option<LastSaid>> {
        let feed: Feed = self.ask("/api/transitions", &[("case", &like.case), ("limit", "500")])?;
        let mut newest_first = feed.transitions.iter().map(|entry| &entry.transition);
        let found = newest_first.find(|said| said.rule == like.rule && said.instance == like.instance);
        Ok(found.map(LastSaid::from))
    }

    fn rows(&self, asked: &[(&str, &str)], digest: &str) -> anyhow::Result<Vec<StandingLight>> {
        let told: DigestTold = self.ask("/api/digest", asked)?;
        if told.digest != digest {
            return Err(Moved(self.base.clone()).into());
        }
        Ok(told.rows.unwrap_or_default().into_iter().map(StandingLight::from).collect())
    }

    fn ask<A: DeserializeOwned>(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<A> {
        let url = format!("{}{path}", self.base);
        let address = Url::parse_with_params(&url, parameters).with_context(|| format!("{url} is no address"))?;
        self.runtime.block_on(async {
            let answer = self.client.get(address).send().await.with_context(|| format!("{url} does not answer"))?;
            let status = answer.status();
            if !status.is_success() {
                bail!("{url} answers {status}: {}", answer.text().await.unwrap_or_default());
            }
            answer.json().await.with_context(|| format!("{url} answers otherwise than documented"))
        })
    }
}
