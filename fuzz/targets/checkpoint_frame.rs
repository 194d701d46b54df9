//! Random bytes into `watchlight_fuzz::checkpoint_frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| watchlight_fuzz::checkpoint_frame(bytes));
