//! Random bytes into `watchlight_fuzz::money`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| watchlight_fuzz::money(bytes));
