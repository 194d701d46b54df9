//! Limits that a run or two must keep to, and the result in the form that build servers read.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use bench::thresholds::{Check, Thresholds};
use facts::proof::Lang;

use super::words;
use crate::cli::LimitArgs;
use crate::output_file::create;
use crate::rules_test::escaped;
use crate::terminal::say;

/// The limits that were named; none without a file.
///
/// # Errors
/// When the file cannot be read, or is not of the form.
pub(super) fn read(args: &LimitArgs) -> anyhow::Result<Option<Thresholds>> {
    let Some(path) = &args.thresholds else { return Ok(None) };
    let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    match Thresholds::parse(&text) {
        Ok(thresholds) => Ok(Some(thresholds)),
        Err(why) => bail!("{}: {why}", path.display()),
    }
}

/// Tells what was not kept, and writes all of it where that was asked for. Returns whether all was kept.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn judge(args: &LimitArgs, suite: &str, checks: &[Check], lang: Lang) -> anyhow::Result<bool> {
    for check in checks.iter().filter(|check| !check.kept) {
        say!("{} {}: {}", words(lang, "未达标 not kept", "not kept"), check.name, check.found)?;
    }
    if let Some(path) = &args.junit {
        write(path, suite, checks).with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(checks.iter().all(|check| check.kept))
}

fn write(path: &Path, suite: &str, checks: &[Check]) -> anyhow::Result<()> {
    let mut out = create(path)?;
    let failed = checks.iter().filter(|check| !check.kept).count();
    let counts = format!(r#"tests="{}" failures="{failed}""#, checks.len());
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="watchlight bench" {counts}>"#)?;
    writeln!(out, r#"  <testsuite name="{}" {counts}>"#, escaped(suite))?;
    for Check { name, found, kept } in checks {
        let (name, found) = (escaped(name), escaped(found));
        writeln!(out, r#"    <testcase classname="bench" name="{name}">"#)?;
        if *kept {
            writeln!(out, "      <system-out>{found}</system-out>")?;
        } else {
            writeln!(out, r#"      <failure message="{found}"/>"#)?;
        }
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")?;
    Ok(out.flush()?)
}
