//! A test that cannot run here says so, is counted after the run, and fails where nothing may be missing.

/// Reports that `test` did not run, and why.
///
/// The line begins with `SKIPPED:`; tools/test.sh has the test harness show it and lists such lines at the end.
///
/// # Panics
/// With `CI=true` in the environment: there a skipped test is a failure.
#[track_caller]
pub(crate) fn skip(test: &str, reason: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test} was skipped although CI=true: {reason}");
    println!("SKIPPED: {test}: {reason}");
}
