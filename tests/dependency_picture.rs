//! The picture of who may depend on whom, against what cargo resolves.
//!
//! ```text
//!             watchlight
//!    ┌──────────┬──┴───────┬──────────┐
//!  ingest   dataflow     alerts     bench
//!    │          │          │          │
//!    │        rules        │          │
//!    └──────────┴── facts ─┴──────────┘
//! ```
//!
//! Normal dependencies only: tests and build scripts may use more.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::support::project;

/// Each part of the house and the parts it may name.
const PICTURE: [(&str, &[&str]); 8] = [
    ("watchlight", &["alerts", "bench", "dataflow", "facts", "ingest", "rules"]),
    ("ingest", &["facts"]),
    ("dataflow", &["facts", "rules"]),
    ("alerts", &["facts"]),
    ("bench", &["facts"]),
    ("rules", &["facts"]),
    ("twin", &["facts"]),
    ("facts", &[]),
];

/// Each part and the crates that must not stand anywhere below it.
const FORBIDDEN: [(&str, &[&str]); 6] = [
    ("facts", &["tokio", "timely", "differential-dataflow", "async-nats", "axum", "sqlx"]),
    ("rules", &["tokio", "timely", "differential-dataflow", "async-nats", "axum", "sqlx"]),
    ("dataflow", &["tokio", "async-nats", "axum", "sqlx"]),
    ("ingest", &["timely", "differential-dataflow", "axum", "sqlx"]),
    ("alerts", &["timely", "differential-dataflow"]),
    ("bench", &["timely", "differential-dataflow", "axum", "sqlx"]),
];

/// For every package of the build, by id: its name and the ids of its normal dependencies.
struct Resolved {
    names: BTreeMap<String, String>,
    edges: BTreeMap<String, Vec<String>>,
    members: BTreeSet<String>,
}

impl Resolved {
    fn read() -> Resolved {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version=1", "--locked", "--offline"])
            // Without a platform cargo would want every platform's crates at hand.
            .args(["--filter-platform", "host-tuple"])
            .current_dir(project())
            .output()
            .expect("cargo runs the tests, so it can be started");
        assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
        let text = |value: &Value| value.as_str().expect("cargo metadata writes texts here").to_owned();
        let list = |value: &Value| value.as_array().expect("cargo metadata writes lists here").clone();
        let is_normal = |edge: &Value| list(&edge["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        let normal = |node: &Value| {
            list(&node["deps"]).iter().filter(|edge| is_normal(edge)).map(|edge| text(&edge["pkg"])).collect()
        };
        Resolved {
            names: list(&metadata["packages"]).iter().map(|each| (text(&each["id"]), text(&each["name"]))).collect(),
            edges: list(&metadata["resolve"]["nodes"]).iter().map(|node| (text(&node["id"]), normal(node))).collect(),
            members: list(&metadata["workspace_members"]).iter().map(text).collect(),
        }
    }

    /// The id of the workspace's package `name`.
    fn member(&self, name: &str) -> &str {
        let member = self.members.iter().find(|id| self.names[*id] == name);
        member.unwrap_or_else(|| panic!("the workspace has no package {name}"))
    }

    /// The workspace's packages that `name` depends on itself.
    fn inner_dependencies(&self, name: &str) -> BTreeSet<&str> {
        let edges = self.edges[self.member(name)].iter();
        edges.filter(|id| self.members.contains(*id)).map(|id| self.names[id].as_str()).collect()
    }

    /// Every package below `name`, with one path that leads there.
    fn below(&self, name: &str) -> BTreeMap<&str, String> {
        let mut paths = BTreeMap::new();
        let mut open = vec![(self.member(name), name.to_owned())];
        while let Some((id, path)) = open.pop() {
            for next in &self.edges[id] {
                let next_name = self.names[next].as_str();
                let next_path = format!("{path} > {next_name}");
                if !paths.contains_key(next_name) {
                    paths.insert(next_name, next_path.clone());
                    open.push((next, next_path));
                }
            }
        }
        paths
    }
}

#[test]
fn the_parts_depend_on_each_other_as_the_picture_says() {
    let resolved = Resolved::read();
    let drawn: BTreeSet<&str> = PICTURE.iter().map(|(name, _)| *name).collect();
    let built: BTreeSet<&str> = resolved.members.iter().map(|id| resolved.names[id].as_str()).collect();
    assert_eq!(built, drawn, "the packages of the workspace and the picture");
    for (name, allowed) in PICTURE {
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert_eq!(resolved.inner_dependencies(name), allowed, "what {name} depends on");
    }
}

#[test]
fn no_part_reaches_what_it_must_not_know() {
    let resolved = Resolved::read();
    let mut faults = Vec::new();
    for (name, forbidden) in FORBIDDEN {
        let below = resolved.below(name);
        faults.extend(forbidden.iter().filter_map(|each| below.get(each).cloned()));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Without this, a slip in reading cargo's answer would let everything pass.
#[test]
fn the_reading_of_the_picture_sees_what_is_there() {
    let resolved = Resolved::read();
    let below = resolved.below("alerts");
    assert_eq!(below.get("axum").map(String::as_str), Some("alerts > axum"));
    assert!(below.contains_key("tokio"));
    assert!(resolved.below("dataflow").contains_key("timely"));
}
