//! Files of a generated run: events, truth, plans.
//!
//! Events: NDJSON in order of arrival, in the canonical line form. Truth: CSV with a header row, the
//! nine fields of a standing light, sorted. Plans: NDJSON, a case a line: what it is for and its facts
//! in their final form (`received`: when that came; `rivalled`: another content has its version) and what
//! was deleted, which is what tools/check_truth.py counts again.

use std::io::{self, Write};

use facts::digest::hex;
use facts::line;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::case_plan::{CasePlan, Ghost};
use crate::generate::Generated;

/// Header of the truth file.
pub const TRUTH_HEADER: &str = "case,rule,instance,card,light,since,level,region,dept";

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Lines.
    pub lines: u64,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, 64 hex digits.
    pub sha256: String,
}

/// Counts and hashes what passes through.
struct Counted<'a, W: Write> {
    out: &'a mut W,
    hash: Sha256,
    lines: u64,
    bytes: u64,
}

impl<'a, W: Write> Counted<'a, W> {
    fn new(out: &'a mut W) -> Counted<'a, W> {
        Counted { out, hash: Sha256::new(), lines: 0, bytes: 0 }
    }

    fn line(&mut self, mut text: String) -> io::Result<()> {
        text.push('\n');
        self.hash.update(text.as_bytes());
        self.lines += 1;
        self.bytes += text.len() as u64;
        self.out.write_all(text.as_bytes())
    }

    fn done(self) -> io::Result<Written> {
        self.out.flush()?;
        Ok(Written { lines: self.lines, bytes: self.bytes, sha256: hex(&self.hash.finalize()) })
    }
}

impl Generated {
    /// Writes the events, a line each, in order of arrival. Give a buffered writer.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_events(&self, out: &mut impl Write) -> io::Result<Written> {
        let mut out = Counted::new(out);
        for event in self.events() {
            out.line(line::write(&event))?;
        }
        out.done()
    }

    /// Writes the lights that stand at the end. An instance that holds a comma is quoted.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_truth(&self, out: &mut impl Write) -> io::Result<Written> {
        let mut out = Counted::new(out);
        out.line(TRUTH_HEADER.to_owned())?;
        for light in self.truth() {
            let row = light.row();
            let cells: Vec<String> = row.split('\t').map(cell).collect();
            out.line(cells.join(","))?;
        }
        out.done()
    }

    /// Writes the plans, a case a line; the first line tells the run (`until`, `seed`, `profile`).
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_plans(&self, out: &mut impl Write) -> io::Result<Written> {
        let mut out = Counted::new(out);
        let options = self.options();
        let run = json!({
            "until": self.until(), "replay_from": self.replay_from(),
            "profile": options.profile.name, "seed": options.seed, "cases": options.cases,
        });
        out.line(run.to_string())?;
        for plan in self.plans() {
            out.line(plan_line(&plan))?;
        }
        out.done()
    }

    /// SHA-256 of the bytes that [`Generated::write_events`] writes, 64 hex digits.
    #[must_use]
    pub fn hash(&self) -> String {
        self.write_events(&mut io::sink()).expect("a sink takes all bytes").sha256
    }
}

/// A cell of a CSV row (RFC 4180).
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn plan_line(plan: &CasePlan) -> String {
    let known = plan.known().zip(&plan.facts);
    let facts: Vec<Value> = known
        .map(|(event, fact)| {
            let mut said = read_back(&line::write(&event));
            said["received"] = json!(fact.arrived);
            said["rivalled"] = json!(fact.rival.is_some());
            said
        })
        .collect();
    let deleted: Vec<Value> = plan.ghosts.iter().map(deletion).collect();
    let script = plan.script.as_ref().map(|script| {
        json!({ "rule": script.rule, "aim": script.aim.name(), "variant": script.variant, "card": script.card.token() })
    });
    let mut line = json!({
        "case": plan.case, "level": plan.owner.level, "region": plan.owner.region, "dept": plan.owner.dept,
        "source": plan.source, "item": plan.item.code, "case_type": plan.case_type, "script": script, "facts": facts,
        "deleted": deleted,
    });
    if let Some(pattern) = plan.gaming {
        line["gaming"] = json!(pattern);
    }
    line.to_string()
}

/// A record that was deleted, and when it came again under which version, if it did.
fn deletion(ghost: &Ghost) -> Value {
    let again = ghost.again.map(|(at, changed)| json!({ "received": at, "version": 1 + u32::from(changed) }));
    json!({ "id": ghost.id, "deleted": ghost.deleted, "final": !ghost.versioned, "version": 1, "again": again })
}

fn read_back(line: &str) -> Value {
    serde_json::from_str(line).expect("the canonical line is JSON")
}

#[cfg(test)]
mod tests;
