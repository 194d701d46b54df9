//! Keys: what a session's cookie or a program's token holds, and the hash by which we know it again.

use std::fmt;

use sha2::{Digest, Sha256};

const BYTES: usize = 32;

/// A secret of 32 random bytes, shown once to whom it is given.
pub struct Key(String);

impl Key {
    /// A new key from the system's source of randomness.
    ///
    /// # Panics
    /// When the system has no randomness to give: then nothing here is safe.
    #[must_use]
    pub fn new() -> Key {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).expect("the system gives random bytes");
        Key(facts::digest::hex(&bytes))
    }

    /// The text that is given away.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }
}

impl Default for Key {
    fn default() -> Key {
        Key::new()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Key(..)")
    }
}

/// SHA-256 of a key, in hex. A key cannot be guessed, so a plain hash keeps it; and since it is looked up by its hash,
/// how long that takes tells nothing of the key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyHash(pub(crate) String);

impl KeyHash {
    /// The hash of what somebody shows as a key.
    #[must_use]
    pub fn of(shown: &str) -> KeyHash {
        KeyHash(facts::digest::hex(&Sha256::digest(shown.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_and_are_never_printed() {
        let (one, other) = (Key::new(), Key::new());
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(one.reveal().len(), 2 * BYTES);
        assert_eq!(KeyHash::of(one.reveal()), one.hash());
        assert!(!format!("{one:?}").contains(one.reveal()));
    }
}
