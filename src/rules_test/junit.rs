//! The results in the form that build servers read: a suite a file, a test a scenario.

use std::io::{self, Write};

use super::report::Report;

/// Writes `report` to `out`.
///
/// # Errors
/// When `out` takes no more.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let failed = report.scenarios().filter(|scenario| !scenario.failures.is_empty()).count();
    let tests = report.scenarios().count();
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="watchlight rules test" tests="{tests}" failures="{failed}">"#)?;
    for file in &report.files {
        let failed = file.scenarios.iter().filter(|scenario| !scenario.failures.is_empty()).count();
        let (name, tests) = (escaped(&file.file), file.scenarios.len());
        writeln!(out, r#"  <testsuite name="{name}" tests="{tests}" failures="{failed}">"#)?;
        let class = escaped(&file.rules.join(" "));
        for scenario in &file.scenarios {
            let name = escaped(&scenario.name);
            if scenario.failures.is_empty() {
                writeln!(out, r#"    <testcase classname="{class}" name="{name}"/>"#)?;
            } else {
                let failures: Vec<&str> = scenario.failures.iter().map(|failure| failure.en.as_str()).collect();
                let text = escaped(&failures.join("\n"));
                writeln!(out, r#"    <testcase classname="{class}" name="{name}">"#)?;
                writeln!(out, r#"      <failure message="{} expectations">{text}</failure>"#, scenario.failures.len())?;
                writeln!(out, "    </testcase>")?;
            }
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")?;
    out.flush()
}

/// `text` inside XML; control characters, which XML cannot hold, become spaces.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_written_otherwise() {
        assert_eq!(escaped("a < \"b\" & c > 受理\u{1}"), "a &lt; &quot;b&quot; &amp; c &gt; 受理 ");
    }
}
