//! The pages of a running service, asked as any other client would.

use std::collections::BTreeMap;
use std::path::PathBuf;

use facts::Moment;
use serde_json::Value;

use super::eventually::{PATIENCE, eventually};
use super::wire::wait;

/// Where the pages of one service are.
pub(crate) struct Pages {
    base: String,
    client: reqwest::Client,
    /// Where the service writes its log, for messages.
    log: Option<PathBuf>,
}

/// What the service answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Pages {
    /// The pages below `base`.
    pub(crate) fn at(base: &str, log: Option<PathBuf>) -> Pages {
        Pages { base: base.to_owned(), client: reqwest::Client::new(), log }
    }

    /// Where they are.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Who asks.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// What the service has logged, earlier runs in the same folder included.
    fn log(&self) -> String {
        self.log.as_ref().and_then(|log| std::fs::read_to_string(log).ok()).unwrap_or_default()
    }

    /// Asks for `path`.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.try_get(path).unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.log()))
    }

    fn try_get(&self, path: &str) -> reqwest::Result<Answer> {
        wait(async {
            let answer = self.client.get(format!("{}{path}", self.base)).timeout(PATIENCE).send().await?;
            let header = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
            let content_type = header.unwrap_or_default().to_owned();
            Ok(Answer { status: answer.status().as_u16(), content_type, body: answer.text().await? })
        })
    }

    /// Sends `body` to `path` as JSON.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        let answer = wait(async {
            let request = self.client.post(format!("{}{path}", self.base)).header("Content-Type", "application/json");
            let answer = request.body(body.to_owned()).timeout(PATIENCE).send().await?;
            let status = answer.status().as_u16();
            Ok::<_, reqwest::Error>(Answer { status, content_type: String::new(), body: answer.text().await? })
        });
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Asks for `path`, which must be there.
    #[track_caller]
    pub(crate) fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Waits until it has caught up with the stream and says so.
    #[track_caller]
    pub(crate) fn wait_ready(&self) {
        eventually("the service is ready", || (self.get("/ready").status == 200).then_some(()));
    }

    /// Waits until every instant up to `until` of the supervision clock is closed.
    #[track_caller]
    pub(crate) fn wait_closed(&self, until: Moment) {
        eventually("the supervision clock gets there", || {
            let as_of = self.json("/api/counts")["as_of"].as_str()?.parse::<Moment>().ok()?;
            (as_of >= until).then_some(())
        });
    }

    /// Waits until the ledger has taken ALERTS up to `sequence`.
    #[track_caller]
    pub(crate) fn wait_ledger(&self, sequence: u64) {
        eventually("the ledger takes all that was said", || {
            (self.json("/api/transitions?limit=1")["sequence"].as_u64()? >= sequence).then_some(())
        });
    }

    /// The figures by series: name with labels, as the text form writes them.
    #[track_caller]
    pub(crate) fn metrics(&self) -> BTreeMap<String, f64> {
        let text = self.get("/metrics").body;
        let series = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        series.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
    }

    /// The figure `name`, summed over its series; `None` while it has none.
    #[track_caller]
    #[expect(clippy::float_arithmetic, reason = "the text form of metrics knows floats only")]
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let metrics = self.metrics();
        let of_name =
            |series: &str| series.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('{'));
        metrics.iter().filter(|(series, _)| of_name(series)).map(|(_, value)| *value).reduce(|sum, value| sum + value)
    }

    /// Standing lights of the ledger, all pages, each as the JSON object that the API gives.
    #[track_caller]
    pub(crate) fn lights(&self) -> Vec<Value> {
        let mut lights = Vec::new();
        let mut path = "/api/lights?limit=100".to_owned();
        loop {
            let page = self.json(&path);
            lights.extend(page["lights"].as_array().expect("a page has lights").iter().cloned());
            match page["next"].as_str() {
                Some(next) => path = format!("/api/lights?limit=100&cursor={next}"),
                None => return lights,
            }
        }
    }
}
