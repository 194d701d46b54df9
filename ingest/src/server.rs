//! The connection to NATS: which server, who we are, and which versions we work with.
//!
//! Servers before 2.10 accept settings they do not know and drop them without a word, so they are refused;
//! servers before 2.12.7 have known holes, so they are warned of.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::{Client, ConnectOptions, Event};

/// Where the server is and who we are to it.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// `nats://host:port` or `tls://host:port`, one or several of one cluster.
    pub urls: Vec<String>,
    /// How we log in.
    pub login: Login,
    /// A PEM file with the authority that signed the server's certificate; the system's own when absent.
    pub authority: Option<PathBuf>,
    /// Refuse a connection without TLS.
    pub tls_required: bool,
}

/// How we log in.
#[derive(Clone, Default)]
pub enum Login {
    /// The server asks nothing.
    #[default]
    Open,
    /// A user and a password.
    Password {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
    /// A token.
    Token(String),
    /// A credentials file with a JWT and a seed.
    CredentialsFile(PathBuf),
}

/// Says which kind, never the secret.
impl std::fmt::Debug for Login {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Login::Open => out.write_str("Open"),
            Login::Password { user, .. } => write!(out, "Password {{ user: {user:?} }}"),
            Login::Token(_) => out.write_str("Token"),
            Login::CredentialsFile(path) => write!(out, "CredentialsFile({path:?})"),
        }
    }
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
    /// Nobody there, or we were not let in.
    #[error(
        "could not connect to NATS at {urls}. Check that the server runs and that [nats] in watchlight.toml names it"
    )]
    Unreachable {
        /// The addresses tried.
        urls: String,
        /// The client's reason.
        source: async_nats::ConnectError,
    },
    /// An address is no address.
    #[error("\"{url}\" is not the address of a NATS server; write nats://host:4222")]
    BadUrl {
        /// As written.
        url: String,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// The credentials file cannot be read.
    #[error("could not read the credentials file {}", path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
        /// The system's reason.
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
    let client = connect_options(options)
        .await?
        .connect(addresses)
        .await
        .map_err(|source| ConnectError::Unreachable { urls: urls.clone(), source })?;
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
    Ok(Connection { client, jetstream, version })
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

async fn connect_options(options: &ServerOptions) -> Result<ConnectOptions, ConnectError> {
    let mut connect = ConnectOptions::new()
        .name("watchlight")
        .custom_inbox_prefix(INBOX_PREFIX)
        .connection_timeout(REQUEST_TIMEOUT)
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(|attempt| Duration::from_millis((50 << attempt.min(6)).min(2_000)))
        .require_tls(options.tls_required)
        .event_callback(|event| async move { tell(&event) });
    connect = match &options.login {
        Login::Open => connect,
        Login::Password { user, password } => connect.user_and_password(user.clone(), password.clone()),
        Login::Token(token) => connect.token(token.clone()),
        Login::CredentialsFile(path) => connect
            .credentials_file(path)
            .await
            .map_err(|source| ConnectError::Credentials { path: path.clone(), source })?,
    };
    Ok(match &options.authority {
        Some(path) => connect.add_root_certificates(path.clone()),
        None => connect,
    })
}

fn tell(event: &Event) {
    match event {
        Event::Connected => tracing::info!("nats connection stands"),
        Event::Disconnected => tracing::warn!("nats connection lost; trying again"),
        Event::SlowConsumer(_) => tracing::warn!("nats client dropped messages; they are read again"),
        Event::ServerError(error) => tracing::warn!(%error, "nats server reported an error"),
        Event::ClientError(error) => tracing::warn!(%error, "nats client reported an error"),
        other => tracing::debug!(event = %other, "nats connection changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let version = |text| Version::parse(text).expect(text);
        assert!(version("2.9.10") < Version::LEAST);
        assert!(version("v2.10.0-RC.1") >= Version::LEAST);
        assert!(version("2.12.6") < Version::ADVISED);
        assert!(version("2.15.1") > Version::ADVISED);
        assert_eq!(Version::parse("none"), None);
        assert_eq!(Version::parse("2.12"), None);
    }

    #[test]
    fn secrets_are_not_printed() {
        let login = Login::Password { user: "u".into(), password: "secret".into() };
        assert!(!format!("{login:?} {:?}", Login::Token("secret".into())).contains("secret"));
    }

    /// A server that says what it is told to say and nothing else.
    async fn pretend(info: &'static str) -> ServerOptions {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has ports");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("somebody connects");
            stream.write_all(format!("INFO {info}\r\n").as_bytes()).await.expect("they listen");
            let mut heard = Vec::new();
            while !heard.ends_with(b"PING\r\n") {
                let mut piece = [0; 1024];
                let count = stream.read(&mut piece).await.expect("they speak");
                heard.extend_from_slice(&piece[..count]);
            }
            stream.write_all(b"PONG\r\n").await.expect("they listen");
            std::future::pending::<()>().await;
        });
        ServerOptions { urls: vec![format!("nats://127.0.0.1:{port}")], ..ServerOptions::default() }
    }

    #[tokio::test]
    async fn old_servers_and_servers_without_streams_are_refused() {
        let old = pretend(r#"{"server_id":"x","version":"2.9.10","max_payload":1048576,"jetstream":true}"#).await;
        let error = connect(&old).await.expect_err("too old").to_string();
        assert!(error.contains("is nats-server \"2.9.10\"; at least 2.10.0 is needed"), "{error}");
        let bare = pretend(r#"{"server_id":"x","version":"2.15.1","max_payload":1048576}"#).await;
        let error = connect(&bare).await.expect_err("no streams").to_string();
        assert!(error.contains("runs without JetStream"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named() {
        let urls = vec!["nats://127.0.0.1:1".to_owned()];
        let nobody = ServerOptions { urls, ..ServerOptions::default() };
        let error = connect(&nobody).await.expect_err("nobody there").to_string();
        assert!(error.starts_with("could not connect to NATS at nats://127.0.0.1:1"), "{error}");
        let bad = ServerOptions { urls: vec!["nats://a b".to_owned()], ..ServerOptions::default() };
        let error = connect(&bad).await.expect_err("no address").to_string();
        assert_eq!(error, "\"nats://a b\" is not the address of a NATS server; write nats://host:4222");
    }
}
