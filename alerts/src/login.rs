//! Who may come in: accounts, their passwords, and the keys that sessions and programs show.
//!
//! An account has one role and a scope. A key is 32 random bytes: in a cookie for a session, in a header for a
//! program's token. Invariants: no password and no key is kept, only what they are checked by; neither is ever logged.
//! Not here: what a role may do ([`crate::handling`], `http::access`), where accounts are kept ([`crate::ledger`]).

mod account;
mod key;
mod password;
mod throttle;

pub use account::{Account, AccountFault};
pub use key::{Key, KeyHash};
pub use password::{Password, PasswordFault, PasswordHash};
pub(crate) use throttle::Throttle;
