//! Passwords: at least twelve characters, kept as argon2id.

use std::fmt;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};

/// The fewest characters.
const CHARS_MIN: usize = 12;
/// The most bytes: more is somebody who wants to keep us busy.
const BYTES_MAX: usize = 512;
/// What OWASP asks of argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A password as somebody gave it.
pub struct Password(String);

/// A password that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a password has {CHARS_MIN} characters or more, and at most {BYTES_MAX} bytes")]
pub struct PasswordFault;

impl Password {
    /// The password, as long as it can be one that somebody was allowed to choose.
    ///
    /// # Errors
    /// When it is too short or too long.
    pub fn new(text: String) -> Result<Password, PasswordFault> {
        let fits = text.chars().count() >= CHARS_MIN && text.len() <= BYTES_MAX;
        if fits { Ok(Password(text)) } else { Err(PasswordFault) }
    }

    /// What is kept of it. Takes some ten milliseconds of one core: not on an async thread.
    ///
    /// # Panics
    /// When the system has no randomness or no memory to give.
    #[must_use]
    pub fn hash(&self) -> PasswordHash {
        let hash: phc::PasswordHash = hasher().hash_password(self.0.as_bytes()).expect("the parameters are sound");
        PasswordHash(hash.to_string())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password(..)")
    }
}

/// A password's argon2id, in the PHC form; empty for an account that has none.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(crate) String);

impl PasswordHash {
    /// Of an account that shows keys only.
    #[must_use]
    pub fn none() -> PasswordHash {
        PasswordHash(String::new())
    }

    /// Is it that of `password`? Takes as long when there is none, so that nobody learns which accounts there are by
    /// the time an answer takes. Not on an async thread.
    #[must_use]
    pub fn is_of(&self, password: &Password) -> bool {
        match phc::PasswordHash::new(&self.0) {
            Ok(hash) => hasher().verify_password(password.0.as_bytes(), &hash).is_ok(),
            Err(_) => {
                let _ = password.hash();
                false
            }
        }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PasswordHash(..)")
    }
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are sound");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned()).expect(text)
    }

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let hash = password("正确的密码也可以是中文的").hash();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert!(hash.is_of(&password("正确的密码也可以是中文的")));
        assert!(!hash.is_of(&password("another password")));
        assert_ne!(hash, password("正确的密码也可以是中文的").hash(), "salted");
        assert!(!PasswordHash::none().is_of(&password("whatever it may be")));
        assert_eq!(format!("{:?} {hash:?}", password("whatever it may be")), "Password(..) PasswordHash(..)");
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(Password::new("short".to_owned()).is_err());
        assert!(Password::new("x".repeat(513)).is_err());
    }
}
