//! The figures this crate reports, by name. The log line of an occurrence stands beside its count, so
//! that the two never disagree.
//!
//! Invariant: a name here is public; it is documented in [`describe`] and never changes its meaning.

use metrics::{counter, describe_counter, describe_gauge, gauge};

/// Transitions that ALERTS has taken.
pub const ALERTS_PUBLISHED: &str = "watchlight_alerts_published_total";
/// Times that ALERTS refused a transition or its answer stayed unknown, by `why`.
pub const ALERTS_REFUSED: &str = "watchlight_alerts_refused_total";
/// Messages of ALERTS that are no transition.
pub const ALERTS_UNREADABLE: &str = "watchlight_alerts_unreadable_total";
/// The ALERTS sequence that the ledger holds.
pub const LEDGER_SEQUENCE: &str = "watchlight_ledger_sequence";
/// Messages of ALERTS that the ledger has not yet taken.
pub const LEDGER_LAG: &str = "watchlight_ledger_lag";
/// Messages that ALERTS had dropped before the ledger read them.
pub const LEDGER_MISSED: &str = "watchlight_ledger_missed_total";
/// Times the ledger had to begin again after a failure, by `where`.
pub const LEDGER_RETRIES: &str = "watchlight_ledger_retries_total";
/// HTTP answers by `route`, `method` and `status`.
pub const HTTP_REQUESTS: &str = "watchlight_http_requests_total";
/// Open event streams.
pub const HTTP_LISTENERS: &str = "watchlight_http_listeners";
/// Cases by `region` and `light`, from the one collection that counts them.
pub const CASES: &str = "watchlight_cases";

/// Sending systems heard so far.
pub const SOURCES: &str = "watchlight_sources";
/// Those of them that are silent.
pub const SOURCES_SILENT: &str = "watchlight_sources_silent";

/// Tells the recorder what each figure means. Call once, after the recorder is installed.
pub fn describe() {
    describe_counter!(ALERTS_PUBLISHED, "transitions that ALERTS has taken");
    describe_counter!(ALERTS_REFUSED, "times ALERTS refused a transition or its answer stayed unknown");
    describe_counter!(ALERTS_UNREADABLE, "messages of ALERTS that are no transition");
    describe_gauge!(LEDGER_SEQUENCE, "ALERTS sequence that the ledger holds");
    describe_gauge!(LEDGER_LAG, "messages of ALERTS that the ledger has not yet taken");
    describe_counter!(LEDGER_MISSED, "messages that ALERTS had dropped before the ledger read them");
    describe_counter!(LEDGER_RETRIES, "times the ledger began again after a failure");
    describe_counter!(HTTP_REQUESTS, "HTTP answers by route, method and status");
    describe_gauge!(HTTP_LISTENERS, "open event streams");
    describe_gauge!(SOURCES, "sending systems of offices heard so far");
    describe_gauge!(SOURCES_SILENT, "sending systems of offices that are silent");
    describe_gauge!(CASES, "cases by region and light");
}

pub(crate) fn published(transitions: usize) {
    counter!(ALERTS_PUBLISHED).increment(transitions as u64);
}

/// ALERTS did not plainly take a transition. Nothing is lost: it is read again and reconciled.
pub(crate) fn refused(why: &'static str, id: &str, detail: &str) {
    tracing::warn!(why, id, detail, "transition not taken; reading alerts again");
    counter!(ALERTS_REFUSED, "why" => why).increment(1);
}

pub(crate) fn unreadable(stream: &str, sequence: u64, error: &serde_json::Error) {
    tracing::error!(stream, sequence, %error, "message is no transition; left out");
    counter!(ALERTS_UNREADABLE).increment(1);
}

pub(crate) fn ledger_stands_at(sequence: u64, lag: u64) {
    gauge!(LEDGER_SEQUENCE).set(sequence as f64);
    gauge!(LEDGER_LAG).set(lag as f64);
}

/// ALERTS no longer held what the ledger wanted to read: its history has a hole.
pub(crate) fn missed(first: u64, last: u64) {
    tracing::error!(first, last, "alerts dropped messages before the ledger read them; its history has a hole");
    counter!(LEDGER_MISSED).increment(last - first + 1);
}

pub(crate) fn ledger_retry(place: &'static str, error: &dyn std::fmt::Display) {
    tracing::warn!(place, %error, "ledger fell back; trying again");
    counter!(LEDGER_RETRIES, "where" => place).increment(1);
}
