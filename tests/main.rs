//! End-to-end tests: one binary, so that they are linked once.
//!
//! Real servers, each with a port and a folder of its own; what a machine lacks is reported as skipped and
//! counted, and with CI=true it fails.

mod support;

mod command_line;
mod dependency_picture;
mod fuzz_corpus;
mod pages;
mod private_server;
mod readme;
mod rules_stay_in_files;
