//! End-to-end tests: one binary, so that they are linked once.
//!
//! Real servers, each with a port and a folder of its own; what a machine lacks is reported as skipped and
//! counted, and with CI=true it fails.

mod slow_disk;
mod support;

mod accounts;
mod analyst;
mod back_pressure;
mod bench;
mod catalogue;
mod chaos;
mod check;
mod checkpoints;
mod command_line;
mod compare;
mod copied_rule;
mod demo;
mod dependency_picture;
mod explain;
mod export;
mod fuzz_corpus;
mod hostile_input;
mod import;
mod known_then;
mod nats_rights;
mod odd_input;
mod pages;
mod plain_agrees;
mod private_server;
mod properties;
mod readme;
mod reload;
mod reload_time;
mod restart_time;
mod restarts;
mod rules_stay_in_files;
mod rules_tools;
mod same_digest;
mod saying;
mod service;
mod silence;
mod textbook_agrees;
mod truth;
