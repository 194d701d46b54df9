//! What the server has denied us: permissions are told beside the requests, which then simply get no answer.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Denials kept; a server that denies more denies everything.
const KEPT_MAX: usize = 16;

/// The subjects denied on one connection, each once. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Denials(Arc<Mutex<BTreeSet<String>>>);

impl Denials {
    /// Notes what the server reported; true when it is a denial and news.
    pub(super) fn note(&self, report: &str) -> bool {
        let Some(denied) = denied(report) else { return false };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.len() < KEPT_MAX && kept.insert(denied)
    }

    /// Such as `publish to "alert.red.county.360902.SCJG"`, sorted.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// What `Permissions Violation for Publish to "x"` denies.
fn denied(report: &str) -> Option<String> {
    let (_, what) = report.split_once("Permissions Violation for ")?;
    let (verb, subject) = what.split_once(" to ")?;
    let verb = if verb.eq_ignore_ascii_case("subscription") { "subscribe".to_owned() } else { verb.to_lowercase() };
    Some(format!("{verb} to {}", subject.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_kept_once_and_names_the_subject() {
        let denials = Denials::default();
        assert!(denials.note("nats: Permissions Violation for Publish to \"alert.red.x\""));
        assert!(!denials.note("nats: Permissions Violation for Publish to \"alert.red.x\""), "no news");
        assert!(denials.note("nats: Permissions Violation for Subscription to \"_INBOX.a.*\""));
        assert!(!denials.note("nats: stale connection"));
        assert_eq!(denials.told(), ["publish to \"alert.red.x\"", "subscribe to \"_INBOX.a.*\""]);
    }
}
