//! Random bytes into `watchlight_fuzz::payload`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| watchlight_fuzz::payload(bytes));
