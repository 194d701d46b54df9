//! The client by which commands ask a running service. Where the service asks for a login, `WATCHLIGHT_TOKEN` holds the
//! token that is shown: an environment variable, since a flag would stand in every list of processes.

use std::time::Duration;

use anyhow::Context;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

/// The variable that holds the token.
pub(crate) const TOKEN: &str = "WATCHLIGHT_TOKEN";

/// A client that waits `patience` for an answer and shows the token, if there is one.
///
/// # Errors
/// When the token cannot be one.
pub(crate) fn client(patience: Duration) -> anyhow::Result<reqwest::Client> {
    let mut headers = HeaderMap::new();
    if let Some(token) = std::env::var(TOKEN).ok().filter(|token| !token.is_empty()) {
        let mut shown =
            HeaderValue::try_from(format!("Bearer {token}")).with_context(|| format!("{TOKEN} is no token"))?;
        shown.set_sensitive(true);
        headers.insert(AUTHORIZATION, shown);
    }
    reqwest::Client::builder().timeout(patience).default_headers(headers).build().context("could not make a client")
}
