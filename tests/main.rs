//! End-to-end tests: one binary, so that they are linked once.
//!
//! Real servers, each with a port and a folder of its own; what a machine lacks is reported as skipped and
//! counted, and with CI=true it fails.

mod support;

mod check;
mod command_line;
mod dependency_picture;
mod explain;
mod fuzz_corpus;
mod import;
mod private_server;
mod rules_stay_in_files;
