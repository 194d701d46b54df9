//! The connection to NATS: which server, who we are, and which versions we work with.
//!
//! Servers before 2.10 accept settings they do not know and drop them without a word, so they are refused;
//! servers before 2.12.7 have known holes, so they are warned of. A connection that cannot be had is told with what to
//! do about it; no secret is part of any message.

use std::error::Error;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::{AuthError, Client, ConnectErrorKind, ConnectOptions, Event};

mod denials;
mod login;
mod tls;

pub use denials::Denials;
pub use login::{Login, LoginError, Secret};
pub use tls::{OwnCertificate, Tls, TlsFileError};

/// Where the server is and who we are to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServerOptions {
    /// `nats://host:port` or `tls://host:port`, one or several of one cluster.
    pub urls: Vec<String>,
    /// How we log in.
    pub login: Login,
    /// Our side of TLS.
    pub tls: Tls,
}

/// A connection that was checked. Clones share it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The plain NATS client.
    pub client: Client,
    /// JetStream on that client.
    pub jetstream: jetstream::Context,
    /// What the server says of itself.
    pub version: Version,
    /// What the server has denied us since.
    pub denials: Denials,
}

/// A server's version.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// The first version that reports settings it does not keep.
    pub const LEAST: Version = Version(2, 10, 0);
    /// The first version without the holes known when this was written.
    pub const ADVISED: Version = Version(2, 12, 7);

    /// Reads `2.15.1`, `v2.15.1` or `2.12.0-RC.1`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.trim().trim_start_matches('v').splitn(3, '.');
        let mut next = || {
            let part = parts.next()?;
            let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
            digits.parse().ok()
        };
        Some(Version(next()?, next()?, next()?))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Why there is no connection to work with.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody there.
    #[error(
        "could not connect to NATS at {urls}: {reason}. Check that the server runs and that [nats] in watchlight.toml names it"
    )]
    Unreachable {
        /// The addresses tried.
        urls: String,
        /// The client's reason.
        reason: String,
    },
    /// The server is there, and does not let us in.
    #[error("the NATS server at {urls} does not let us in as {who}. {advice}")]
    Refused {
        /// The addresses tried.
        urls: String,
        /// Who we said we are; never a secret.
        who: String,
        /// What to do.
        advice: &'static str,
    },
    /// The server is there, and no TLS connection to it comes about.
    #[error("no TLS connection to NATS at {urls}: {advice}")]
    Tls {
        /// The addresses tried.
        urls: String,
        /// What is wrong and what to do.
        advice: String,
    },
    /// What we log in with cannot be read.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// A file of certificates cannot be read.
    #[error(transparent)]
    TlsFile(#[from] TlsFileError),
    /// An address is no address.
    #[error("\"{url}\" is not the address of a NATS server; write nats://host:4222")]
    BadUrl {
        /// As written.
        url: String,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// Too old, or no version at all.
    #[error(
        "the server at {urls} is nats-server \"{found}\"; at least {} is needed, since older ones drop settings without a word. tools/install-nats.sh installs a current one",
        Version::LEAST
    )]
    TooOld {
        /// The addresses tried.
        urls: String,
        /// What the server says.
        found: String,
    },
    /// The server runs without JetStream.
    #[error("the server at {urls} runs without JetStream; start it with config/nats/server.conf or with --jetstream")]
    NoJetStream {
        /// The addresses tried.
        urls: String,
    },
}

/// Connects and checks the server. The connection comes back by itself when it is lost later.
///
/// # Errors
/// When there is no server, it does not let us in, is too old, or has no JetStream.
pub async fn connect(options: &ServerOptions) -> Result<Connection, ConnectError> {
    let urls = options.urls.join(", ");
    let addresses = addresses(options)?;
    options.tls.check_files()?;
    options.login.shown(b"")?;
    if let Some(path) = options.login.readable_by_others() {
        tracing::warn!(path = %path.display(), "everybody on this machine can read this secret; chmod 600 would end that");
    }
    let denials = Denials::default();
    let connecting = connect_options(options, denials.clone()).connect(addresses).await;
    let client = connecting.map_err(|error| not_connected(options, &urls, &error))?;
    let info = client.server_info();
    let version = match Version::parse(&info.version) {
        Some(version) if version >= Version::LEAST => version,
        _ => return Err(ConnectError::TooOld { urls, found: info.version }),
    };
    if version < Version::ADVISED {
        tracing::warn!(%version, advised = %Version::ADVISED, "nats-server has known security holes; update it");
    }
    if !info.jetstream {
        return Err(ConnectError::NoJetStream { urls });
    }
    let jetstream = jetstream::context::ContextBuilder::new()
        .timeout(REQUEST_TIMEOUT)
        .ack_timeout(REQUEST_TIMEOUT)
        .backpressure_on_inflight(true)
        .build(client.clone());
    tracing::info!(%version, %urls, "connected to nats");
    Ok(Connection { client, jetstream, version, denials })
}

/// Answers and facts are delivered to subjects below this one. Not the usual `_INBOX`, which every sender may
/// hear: a sender must not be able to listen to the facts of others on their way to us.
pub const INBOX_PREFIX: &str = "_INBOX_WATCHLIGHT";

/// How long one request to the server may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

fn addresses(options: &ServerOptions) -> Result<Vec<async_nats::ServerAddr>, ConnectError> {
    let read = |url: &String| url.parse().map_err(|source| ConnectError::BadUrl { url: url.clone(), source });
    options.urls.iter().map(read).collect()
}

fn connect_options(options: &ServerOptions, denials: Denials) -> ConnectOptions {
    let login = options.login.clone();
    let shown = move |nonce: Vec<u8>| std::future::ready(login.shown(&nonce).map_err(AuthError::new));
    let mut connect = ConnectOptions::with_auth_callback(shown)
        .name("watchlight")
        .custom_inbox_prefix(INBOX_PREFIX)
        .connection_timeout(REQUEST_TIMEOUT)
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(|attempt| Duration::from_millis((50 << attempt.min(6)).min(2_000)))
        .require_tls(options.tls.required)
        .event_callback(move |event| {
            tell(&event, &denials);
            std::future::ready(())
        });
    if let Some(path) = &options.tls.authority {
        connect = connect.add_root_certificates(path.clone());
    }
    if let Some(own) = &options.tls.own {
        connect = connect.add_client_certificate(own.certificate.clone(), own.key.clone());
    }
    connect
}

/// Why there is no connection, in words that say what to do.
fn not_connected(options: &ServerOptions, urls: &str, error: &async_nats::ConnectError) -> ConnectError {
    let urls = urls.to_owned();
    if let Some(advice) = options.tls.advice(error) {
        return ConnectError::Tls { urls, advice };
    }
    let reason = last_cause(error);
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            ConnectError::Refused { urls, who: options.login.who(), advice: advice_on_login(&options.login) }
        }
        ConnectErrorKind::Tls => ConnectError::Tls { urls, advice: reason },
        _ => ConnectError::Unreachable { urls, reason },
    }
}

fn advice_on_login(login: &Login) -> &'static str {
    match login {
        Login::Open => {
            "Set nats.user with nats.password_file, nats.token_file, nats.credentials or nats.nkey to what the server's \
             operator gave you"
        }
        Login::Password { .. } | Login::Token(_) => "Compare it with the server's authorization block",
        Login::CredentialsFile(_) => {
            "Its JWT may have expired or been revoked, or its account is not on this server; have it issued anew"
        }
        Login::NkeyFile(_) => "Compare this public key with the server's authorization block",
    }
}

/// The client writes a cause both into its text and beside it, so the last one alone is told.
fn last_cause(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

fn tell(event: &Event, denials: &Denials) {
    match event {
        Event::Connected => tracing::info!("nats connection stands"),
        Event::Disconnected => tracing::warn!("nats connection lost; trying again"),
        Event::SlowConsumer(_) => tracing::warn!("nats client dropped messages; they are read again"),
        Event::ServerError(error) => {
            let report = error.to_string();
            if denials.note(&report) {
                tracing::error!(%error, "nats server denies a subject that is needed; docs/nats.md lists what to grant");
            } else {
                tracing::warn!(%error, "nats server reported an error");
            }
        }
        Event::ClientError(error) => tracing::warn!(%error, "nats client reported an error"),
        other => tracing::debug!(event = %other, "nats connection changed"),
    }
}

#[cfg(test)]
mod tests;
