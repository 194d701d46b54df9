//! The pages against what they speak of: links, paths, names and examples.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use facts::line::{self, Reason};
use facts::{Activity, FeeAct};

use crate::support::project;

/// Folders that hold no page of ours.
const NOT_OURS: [&str; 5] = ["target", ".git", ".tools", "artifacts", "watchlight-data"];

fn text(page: impl AsRef<Path>) -> String {
    fs::read_to_string(project().join(page)).expect("a page of the project is UTF-8")
}

/// Files of the project whose name ends in `.<extension>`.
fn files(extension: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![project().to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the project can be read") {
            let path = entry.expect("the project can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !NOT_OURS.contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A page without its fenced blocks.
fn prose(page: &str) -> String {
    let mut fenced = false;
    let outside = page.lines().filter(|line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    });
    outside.collect::<Vec<_>>().join("\n")
}

/// The contents of fenced blocks of a kind.
fn fenced<'a>(page: &'a str, kind: &str) -> Vec<&'a str> {
    let opening = format!("\n```{kind}\n");
    page.split(opening.as_str()).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

/// Where a page's links lead.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page);
    let ends = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    ends.map(ToOwned::to_owned).collect()
}

/// The name by which a heading is linked to.
fn anchor(heading: &str) -> String {
    let plain = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = plain.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The spans of code in a page's prose.
fn code(page: &str) -> Vec<String> {
    prose(page).split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

/// The spans of code in the first column of the tables of a section.
fn first_column(page: &str, section: &str) -> BTreeSet<String> {
    let rest = page.split(&format!("\n## {section}\n")).nth(1).unwrap_or_else(|| panic!("no section {section}"));
    let rows = rest.split("\n## ").next().unwrap_or(rest).lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter_map(|row| code(row.split(" |").next()?).into_iter().next()).collect()
}

#[test]
fn every_relative_link_resolves() {
    let pages = files("md");
    assert!(pages.len() > 5, "only {} pages were found", pages.len());
    let mut broken = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).expect("pages are UTF-8");
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (path, place) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.clone() } else { page.with_file_name(path) };
            let there = place.is_empty()
                || fs::read_to_string(&target)
                    .is_ok_and(|text| text.lines().any(|line| line.starts_with('#') && anchor(line) == place));
            if !target.exists() || !there {
                broken.push(format!("{}: {link}", page.strip_prefix(project()).unwrap_or(&page).display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_path_that_a_page_names_exists() {
    let top: BTreeSet<String> = fs::read_dir(project())
        .expect("the project can be read")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let is_path = |span: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
        span.contains('/') && span.chars().all(plain) && span.split('/').next().is_some_and(|first| top.contains(first))
    };
    let mut absent = Vec::new();
    for page in ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = text(page);
        let mentioned = code(&text).into_iter().filter(|span| is_path(span) && !span.starts_with("target"));
        absent.extend(mentioned.filter(|path| !project().join(path).exists()).map(|path| format!("{page}: {path}")));
    }
    assert!(absent.is_empty(), "paths that are not there:\n{}", absent.join("\n"));
}

#[test]
fn every_setting_that_a_page_names_exists() {
    let defaults: toml::Table = text("src/settings/defaults.toml").parse().expect("the defaults are TOML");
    let groups: BTreeSet<&str> =
        defaults.iter().filter(|(_, value)| value.is_table()).map(|(key, _)| key.as_str()).collect();
    let mut named = 0;
    for page in ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "docs/events.md", "docs/http.md", "docs/metrics.md"]
    {
        for span in code(&text(page)) {
            let key = span.split([' ', '=']).next().unwrap_or_default();
            let Some((group, name)) = key.split_once('.').filter(|(group, _)| groups.contains(group)) else { continue };
            named += 1;
            let known = defaults[group].as_table().is_some_and(|group| group.contains_key(name));
            assert!(known, "{page}: there is no setting {key}");
        }
    }
    assert!(named > 3, "only {named} settings were looked up");
}

#[test]
fn every_metric_is_on_its_page_and_every_name_on_the_page_is_a_metric() {
    let is_name = |text: &&str| {
        text.starts_with("watchlight_") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let mut in_code = BTreeSet::new();
    for file in ["src/figures.rs", "ingest/src/metric_names.rs", "alerts/src/figures.rs"] {
        let source = text(file);
        let constants = source.lines().filter(|line| line.contains("const ") && line.contains(": &str"));
        in_code.extend(constants.filter_map(|line| line.split('"').nth(1)).filter(is_name).map(ToOwned::to_owned));
    }
    let page = text("docs/metrics.md");
    let on_page: BTreeSet<String> = code(&page).into_iter().filter(|span| is_name(&span.as_str())).collect();
    assert!(in_code.len() > 20, "only {} names were found in the code", in_code.len());
    assert_eq!(on_page, in_code);
}

#[test]
fn every_event_on_its_page_is_read() {
    let page = text("docs/events.md");
    let examples = fenced(&page, "json");
    assert!(examples.len() > 5, "only {} examples were found", examples.len());
    for example in examples {
        let read = line::read(example.as_bytes(), None).unwrap_or_else(|fault| panic!("{fault}\n{example}"));
        assert_eq!(read.unknown_fields, 0, "{example}");
    }
}

#[test]
fn the_fields_of_an_event_are_those_of_its_page() {
    let source = text("rules/facts/src/line/wire.rs");
    let fields =
        source.split("wire_event! {\n").nth(1).and_then(|rest| rest.split("\n}").next()).expect("the schema's list");
    let fields: BTreeSet<String> =
        fields.lines().filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned())).collect();
    let page = text("docs/events.md");
    assert_eq!(first_column(&page, "Fields"), fields);
    let acts = FeeAct::ALL.map(FeeAct::name);
    let fees = page.split("\n## Fees\n").nth(1).expect("a section on fees");
    assert!(acts.iter().all(|act| fees.contains(&format!("`{act}`"))), "an act of a fee's life is missing");
}

#[test]
fn the_activities_and_reasons_are_those_of_the_page() {
    let page = text("docs/events.md");
    let section =
        page.split("\n## Activities\n").nth(1).and_then(|rest| rest.split("\nOutcomes").next()).expect("a section");
    let activities: BTreeSet<String> = code(section).into_iter().collect();
    assert_eq!(activities, Activity::CLOSED.iter().map(|(name, _)| (*name).to_owned()).collect());
    let reasons = Reason::ALL.iter().map(|reason| reason.token().to_owned()).collect();
    assert_eq!(first_column(&page, "Quarantine"), reasons);
}

#[test]
fn the_routes_and_error_codes_are_those_of_their_page() {
    let page = text("docs/http.md");
    let router = text("alerts/src/http.rs");
    let routes = router.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let named = code(&page);
    for route in routes {
        assert!(named.iter().any(|span| span == route), "docs/http.md does not name {route}");
    }
    let problems = text("alerts/src/http/problem.rs");
    // `StatusCode::NAME, "code"`, on one line or several.
    let codes = problems.split("StatusCode::").skip(1).filter_map(|rest| {
        let (_, rest) = rest.split_once(',')?;
        rest.trim_start().strip_prefix('"')?.split('"').next()
    });
    assert_eq!(first_column(&page, "Errors"), codes.map(ToOwned::to_owned).collect());
}

#[test]
fn headings_become_the_names_that_links_use() {
    assert_eq!(anchor("## What it does not do yet"), "what-it-does-not-do-yet");
    assert_eq!(anchor("## Identity, versions, deletes"), "identity-versions-deletes");
    assert_eq!(links("a [b](c.md#d)\n```text\n[e](f)\n```\n[g](h)"), ["c.md#d", "h"]);
}
