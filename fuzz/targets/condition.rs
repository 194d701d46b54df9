//! Random bytes into `watchlight_fuzz::condition`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| watchlight_fuzz::condition(bytes));
