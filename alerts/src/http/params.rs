//! Query parameters, strictly: an unknown, repeated or unreadable one is refused with what is allowed.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::extract::Query;
use axum::http::request::Parts;
use facts::proof::Lang;
use facts::{Card, Level, Light, Moment};

use super::problem::Problem;
use crate::handling::{CardNow, State};
use crate::ledger::RegionPrefix;

/// How an instant is written.
pub(super) const INSTANT: &str = "an instant with its offset, such as 2026-01-05T09:00:00+08:00 (in a URL, + is %2B)";

/// The parameters of a request as they came.
pub(super) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Params, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(pairs) = pairs
            .map_err(|_| Problem::bad_parameter("query", parts.uri.query().unwrap_or_default(), &["name=value&..."]))?;
        Ok(Params(pairs))
    }
}

impl Params {
    /// Only these may be there, each once.
    pub(super) fn known(self, allowed: &[&str]) -> Result<Known, Problem> {
        for (index, (name, _)) in self.0.iter().enumerate() {
            if !allowed.contains(&name.as_str()) {
                return Err(Problem::unknown_parameter(name, allowed));
            }
            if self.0[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::repeated_parameter(name));
            }
        }
        Ok(Known(self.0))
    }
}

/// Parameters whose names are all known. An empty value is as good as none.
pub(super) struct Known(Vec<(String, String)>);

impl Known {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|text| !text.is_empty())
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(ToOwned::to_owned)
    }

    /// A value of a closed set.
    fn token<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>, allowed: &[&str]) -> Result<Option<T>, Problem> {
        let value = self.text(name);
        value.map(|text| read(text).ok_or_else(|| Problem::bad_parameter(name, text, allowed))).transpose()
    }

    /// Values of a closed set, joined with commas.
    fn tokens<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>, allowed: &[&str]) -> Result<Vec<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(Vec::new()) };
        let values =
            text.split(',').map(|token| read(token).ok_or_else(|| Problem::bad_parameter(name, text, allowed)));
        values.collect()
    }

    fn parsed<T: FromStr>(&self, name: &str, allowed: &str) -> Result<Option<T>, Problem> {
        self.token(name, |text| text.parse().ok(), &[allowed])
    }

    pub(super) fn lights(&self) -> Result<Vec<Light>, Problem> {
        self.tokens("light", Light::from_token, &Light::ALL.iter().map(|light| light.token()).collect::<Vec<_>>())
    }

    pub(super) fn cards(&self) -> Result<Vec<Card>, Problem> {
        let standing = |text: &str| Card::from_token(text).filter(|card| *card != Card::None);
        self.tokens("card", standing, &["warning", "yellow", "red"])
    }

    pub(super) fn states(&self) -> Result<Vec<State>, Problem> {
        self.tokens("state", State::from_token, &State::ALL.map(State::token))
    }

    pub(super) fn card_now(&self) -> Result<Vec<CardNow>, Problem> {
        self.tokens("card_now", CardNow::from_token, &CardNow::ALL.map(CardNow::token))
    }

    pub(super) fn level(&self) -> Result<Option<Level>, Problem> {
        self.token("level", Level::from_token, &Level::ALL.map(Level::token))
    }

    pub(super) fn region(&self) -> Result<Option<RegionPrefix>, Problem> {
        self.parsed("region", "the first 2 to 12 digits of a region code")
    }

    pub(super) fn moment(&self, name: &str) -> Result<Option<Moment>, Problem> {
        self.parsed(name, INSTANT)
    }

    pub(super) fn day(&self, name: &str) -> Result<Option<jiff::civil::Date>, Problem> {
        self.parsed(name, "a day such as 2026-01-05")
    }

    pub(super) fn sequence(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.token(name, read_sequence, &["a sequence of ALERTS, 0 or more"])
    }

    /// How many rows: `default` when absent, 1 to `most`.
    pub(super) fn limit(&self, default: u32, most: u32) -> Result<u32, Problem> {
        let within = |text: &str| text.parse().ok().filter(|limit| (1..=most).contains(limit));
        Ok(self.token("limit", within, &[&format!("1 to {most}")])?.unwrap_or(default))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.token(name, |text| text.parse().ok(), &["true", "false"])
    }

    /// Chinese unless English is asked for.
    pub(super) fn lang(&self) -> Result<Lang, Problem> {
        let lang = |text: &str| match text {
            "zh" => Some(Lang::Zh),
            "en" => Some(Lang::En),
            _ => None,
        };
        Ok(self.token("lang", lang, &["zh", "en"])?.unwrap_or_default())
    }

    pub(super) fn forecast_cursor(&self) -> Result<Option<crate::analyst::ForecastCursor>, Problem> {
        self.parsed("cursor", "the value of \"next\" of the page before")
    }

    pub(super) fn cursor(&self) -> Result<Option<crate::ledger::Cursor>, Problem> {
        self.parsed("cursor", "the value of \"next\" of the page before")
    }
}

/// A sequence as clients give it; one beyond what SQL holds is beyond every stream, too.
pub(super) fn read_sequence(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|sequence| *sequence <= i64::MAX as u64)
}
