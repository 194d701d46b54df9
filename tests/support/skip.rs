//! A test that cannot run here says so, is counted after the run, and fails where nothing may be missing.

use std::io::Write;

/// Reports that `test` did not run, and why.
///
/// The line begins with `SKIPPED:` and goes past the test harness, which keeps the output of passing tests to
/// itself; tools/test.sh lists these lines at the end.
///
/// # Panics
/// With `CI=true` in the environment: there a skipped test is a failure.
#[track_caller]
pub(crate) fn skip(test: &str, reason: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test} was skipped although CI=true: {reason}");
    // One write, so that lines of tests that run side by side do not mix.
    let line = format!("\nSKIPPED: {test}: {reason}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
