//! How we log in: what is shown to the server, read anew for each connection, so that a secret that was renewed in
//! its file is used when the connection comes back.
//!
//! No secret is ever part of an error, a log line or debug output; files are named by their path.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use async_nats::Auth;
use nkeys::{KeyPair, KeyPairType};

/// How we log in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Login {
    /// The server asks nothing.
    #[default]
    Open,
    /// A user and a password.
    Password {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
    /// A token.
    Token(Secret),
    /// A credentials file with a JWT and a seed, as `nsc` writes it.
    CredentialsFile(PathBuf),
    /// A file with the seed of a user's nkey.
    NkeyFile(PathBuf),
}

/// A secret, or the file that holds it on its first line.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The secret.
    Text(String),
    /// The file.
    File(PathBuf),
}

/// Says where, never what.
impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Text(_) => out.write_str("Text"),
            Secret::File(path) => write!(out, "File({path:?})"),
        }
    }
}

/// Why nothing can be shown to the server.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The file cannot be read.
    #[error("could not read {}, which {setting} names", path.display())]
    Unreadable {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{}, which {setting} names, holds no {wanted}", path.display())]
    NotThat {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
    },
}

impl Login {
    /// What is shown to a server that sent `nonce`.
    ///
    /// # Errors
    /// When a file cannot be read or holds something else.
    pub(super) fn shown(&self, nonce: &[u8]) -> Result<Auth, LoginError> {
        let mut auth = Auth::new();
        match self {
            Login::Open => {}
            Login::Password { user, password } => {
                auth.username = Some(user.clone());
                auth.password = Some(password.read("nats.password_file", "password on its first line")?);
            }
            Login::Token(token) => auth.token = Some(token.read("nats.token_file", "token on its first line")?),
            Login::CredentialsFile(path) => {
                let text = text_of("nats.credentials", path)?;
                let jwt = decorated(&text, "USER JWT").ok_or_else(|| not("nats.credentials", path, "user JWT"))?;
                let user = key_pair(decorated(&text, "USER NKEY SEED"));
                let user = user.ok_or_else(|| not("nats.credentials", path, "user's seed"))?;
                auth.signature = user.sign(nonce).ok();
                auth.jwt = Some(jwt.to_owned());
            }
            Login::NkeyFile(path) => {
                let text = text_of("nats.nkey", path)?;
                let user = key_pair(text.split_whitespace().find(|word| word.starts_with('S')));
                let user = user.ok_or_else(|| not("nats.nkey", path, "user's seed, a line that begins with SU"))?;
                auth.signature = user.sign(nonce).ok();
                auth.nkey = Some(user.public_key());
            }
        }
        Ok(auth)
    }

    /// Who we are to the server, for messages.
    pub(super) fn who(&self) -> String {
        match self {
            Login::Open => "nobody, for no way to log in is set".to_owned(),
            Login::Password { user, .. } => format!("user \"{user}\""),
            Login::Token(_) => "the holder of the token".to_owned(),
            Login::CredentialsFile(path) => format!("the user of {}", path.display()),
            Login::NkeyFile(path) => match self.shown(b"").ok().and_then(|auth| auth.nkey) {
                Some(public) => format!("nkey {public}"),
                None => format!("the nkey of {}", path.display()),
            },
        }
    }

    /// The file that holds the secret, where there is one, if others on this machine can read it.
    pub(super) fn readable_by_others(&self) -> Option<&Path> {
        let path = match self {
            Login::Open => return None,
            Login::Password { password: secret, .. } | Login::Token(secret) => match secret {
                Secret::Text(_) => return None,
                Secret::File(path) => path,
            },
            Login::CredentialsFile(path) | Login::NkeyFile(path) => path,
        };
        let about = std::fs::metadata(path).ok()?;
        (about.mode() & 0o004 != 0).then_some(path)
    }
}

impl Secret {
    fn read(&self, setting: &'static str, wanted: &'static str) -> Result<String, LoginError> {
        match self {
            Secret::Text(text) => Ok(text.clone()),
            Secret::File(path) => {
                let text = text_of(setting, path)?;
                let first = text.lines().next().map(str::trim).filter(|line| !line.is_empty());
                first.map(str::to_owned).ok_or_else(|| not(setting, path, wanted))
            }
        }
    }
}

fn text_of(setting: &'static str, path: &Path) -> Result<String, LoginError> {
    std::fs::read_to_string(path).map_err(|source| LoginError::Unreadable { setting, path: path.to_owned(), source })
}

fn not(setting: &'static str, path: &Path, wanted: &'static str) -> LoginError {
    LoginError::NotThat { setting, path: path.to_owned(), wanted }
}

/// The line below `-----BEGIN <what>-----`, or below `-----BEGIN NATS <what>-----`.
fn decorated<'t>(text: &'t str, what: &str) -> Option<&'t str> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.starts_with("---") && line.contains("BEGIN") && line.contains(what))?;
    lines.find(|line| !line.is_empty()).filter(|line| !line.starts_with("---"))
}

/// The key of a user; seeds of accounts and operators are not for logging in.
fn key_pair(seed: Option<&str>) -> Option<KeyPair> {
    let pair = KeyPair::from_seed(seed?).ok()?;
    (pair.key_pair_type() == KeyPairType::User).then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("temporary files can be made");
        std::fs::write(file.path(), text).expect("they can be written");
        file
    }

    fn error(login: &Login) -> String {
        match login.shown(b"nonce") {
            Ok(_) => panic!("{login:?} can be shown"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let secret = || Secret::Text("geheim".to_owned());
        let logins = [Login::Password { user: "u".into(), password: secret() }, Login::Token(secret())];
        for login in logins {
            assert!(!format!("{login:?} {}", login.who()).contains("geheim"));
        }
        let user = KeyPair::new_user();
        let seed = file(&user.seed().expect("a new pair has its seed"));
        let login = Login::NkeyFile(seed.path().to_owned());
        assert_eq!(login.who(), format!("nkey {}", user.public_key()), "the public half may be shown");
    }

    #[test]
    fn a_secret_is_read_anew_each_time_from_the_first_line_of_its_file() {
        let held = file("first\r\n# a remark\n");
        let login = Login::Password { user: "u".into(), password: Secret::File(held.path().to_owned()) };
        let password = || login.shown(b"").expect("the file is there").password;
        assert_eq!(password().as_deref(), Some("first"));
        std::fs::write(held.path(), "second").expect("it can be written");
        assert_eq!(password().as_deref(), Some("second"));
    }

    #[test]
    fn a_file_that_holds_something_else_is_named_with_its_setting() {
        let empty = file("\n\n");
        let path = empty.path().display().to_string();
        let of = |login: fn(PathBuf) -> Login| error(&login(empty.path().to_owned()));
        assert_eq!(
            of(Login::NkeyFile),
            format!("{path}, which nats.nkey names, holds no user's seed, a line that begins with SU")
        );
        assert_eq!(of(Login::CredentialsFile), format!("{path}, which nats.credentials names, holds no user JWT"));
        let token = of(|path| Login::Token(Secret::File(path)));
        assert_eq!(token, format!("{path}, which nats.token_file names, holds no token on its first line"));
        let gone = Login::NkeyFile(PathBuf::from("/no/such/file"));
        assert_eq!(error(&gone), "could not read /no/such/file, which nats.nkey names");
        let account = file(&KeyPair::new_account().seed().expect("a new pair has its seed"));
        assert!(error(&Login::NkeyFile(account.path().to_owned())).contains("holds no user's seed"), "of an account");
    }

    #[test]
    fn what_others_can_read_is_known() {
        use std::os::unix::fs::PermissionsExt;
        let held = file("x");
        let login = Login::Token(Secret::File(held.path().to_owned()));
        assert_eq!(login.readable_by_others(), None, "temporary files are private");
        std::fs::set_permissions(held.path(), std::fs::Permissions::from_mode(0o644)).expect("it is ours");
        assert_eq!(login.readable_by_others(), Some(held.path()));
    }
}
