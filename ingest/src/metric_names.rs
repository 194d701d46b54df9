//! The metrics of this crate, all counted since the process started unless said.

use metrics::{Unit, describe_counter, describe_gauge};

/// Messages taken from APPROVALS.
pub const MESSAGES: &str = "watchlight_ingest_messages_total";
/// Lines found in messages and files, good or bad.
pub const LINES: &str = "watchlight_ingest_lines_total";
/// Bytes of message payloads.
pub const BYTES: &str = "watchlight_ingest_bytes_total";
/// Top-level fields outside the schema: accepted, counted, not stored.
pub const UNKNOWN_FIELDS: &str = "watchlight_ingest_unknown_fields_total";
/// Gauge: messages that the server holds and has not delivered yet.
pub const PENDING: &str = "watchlight_ingest_pending";
/// Gauge: the last stream sequence handed to the worker.
pub const SEQUENCE: &str = "watchlight_ingest_sequence";
/// Gauge: 1 while a pull session with the server is open.
pub const CONNECTED: &str = "watchlight_ingest_connected";
/// Pull sessions that ended and were opened again.
pub const REOPENED: &str = "watchlight_ingest_sessions_reopened_total";
/// Times that reading went back because the stream holds other messages than those read.
pub const WENT_BACK: &str = "watchlight_ingest_went_back_total";
/// Stream sequences that the stream no longer holds.
pub const MISSING: &str = "watchlight_ingest_missing_sequences_total";
/// Quarantined lines, labels `reason` and `source`.
pub const QUARANTINED: &str = "watchlight_quarantined_total";
/// Attempts to store a quarantined line that had to be repeated.
pub const QUARANTINE_RETRIES: &str = "watchlight_quarantine_retries_total";

/// Tells the installed recorder what each metric means.
pub fn describe() {
    describe_counter!(MESSAGES, Unit::Count, "Messages taken from APPROVALS");
    describe_counter!(LINES, Unit::Count, "Lines found in messages and files, good or bad");
    describe_counter!(BYTES, Unit::Bytes, "Bytes of message payloads");
    describe_counter!(UNKNOWN_FIELDS, Unit::Count, "Top-level fields outside the schema: accepted, not stored");
    describe_gauge!(PENDING, Unit::Count, "Messages the server holds and has not delivered yet");
    describe_gauge!(SEQUENCE, Unit::Count, "Last stream sequence handed to the worker");
    describe_gauge!(CONNECTED, Unit::Count, "1 while a pull session with the server is open");
    describe_counter!(REOPENED, Unit::Count, "Pull sessions that ended and were opened again");
    describe_counter!(WENT_BACK, Unit::Count, "Times that reading went back to what the stream still holds");
    describe_counter!(MISSING, Unit::Count, "Stream sequences that the stream no longer holds");
    describe_counter!(QUARANTINED, Unit::Count, "Quarantined lines by reason and source");
    describe_counter!(QUARANTINE_RETRIES, Unit::Count, "Repeated attempts to store a quarantined line");
}
