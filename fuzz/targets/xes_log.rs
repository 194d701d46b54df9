//! Random bytes into `watchlight_fuzz::xes_log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| watchlight_fuzz::xes_log(bytes));
