//! Random bytes into `watchlight_fuzz::event_line`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| watchlight_fuzz::event_line(bytes));
