//! The last message of each light that was ever said, as of one sequence of ALERTS (semantics 29).
//!
//! Proof, evidence and reason stay in ALERTS: the next message does not need them.

use compact_str::CompactString;
use facts::standing::Text2;
use facts::transition::{About, Issue, transition_id};
use facts::{Address, Card, Cause, Kind, Light, Moment, Transition};
use serde::{Deserialize, Serialize};

use super::fault::CheckpointError;
use super::frame;
use super::storage::Storage;

/// Lights in one frame.
const FRAME_LIGHTS: u64 = 8_192;
/// The longest content of a frame: lights of some kilobytes.
const CONTENT_MAX: usize = 256 * 1024 * 1024;

/// One light's last message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Last {
    case: CompactString,
    rule: CompactString,
    instance: CompactString,
    revision: u32,
    kind: Kind,
    card_before: Card,
    card: Card,
    light_before: Light,
    light: Light,
    since: Moment,
    decided_at: Moment,
    cause: Cause,
    issue: Issue,
    owner: Address,
    item: Option<CompactString>,
    rule_version: CompactString,
    basis: CompactString,
}

/// A table, encoded: made by whoever keeps it, written by whoever cuts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SaidTable {
    /// When ALERTS was made, in microseconds since 1970.
    pub created_micros: i64,
    /// The ALERTS sequence it covers.
    pub sequence: u64,
    pub(crate) lights: u64,
    pub(crate) frames: Vec<u8>,
}

impl SaidTable {
    /// The table of `last`, one message a light.
    #[must_use]
    pub fn of<'a>(created_micros: i64, sequence: u64, last: impl IntoIterator<Item = &'a Transition>) -> SaidTable {
        let mut table = SaidTable { created_micros, sequence, lights: 0, frames: Vec::new() };
        let mut content = Vec::new();
        for transition in last {
            content =
                postcard::to_extend(&Last::of(transition), content).expect("a light has a known length everywhere");
            table.lights += 1;
            if table.lights.is_multiple_of(FRAME_LIGHTS) {
                table.frames.extend_from_slice(&frame::pack(&content));
                content.clear();
            }
        }
        if !content.is_empty() {
            table.frames.extend_from_slice(&frame::pack(&content));
        }
        table
    }

    /// How many lights it holds.
    #[must_use]
    pub fn lights(&self) -> u64 {
        self.lights
    }
}

/// Hands the messages of a table's file, without what stays in ALERTS, to `each`; returns how many they are.
///
/// # Errors
/// When the file is not what was written.
pub(crate) fn read(
    storage: &dyn Storage,
    name: &str,
    each: &mut dyn FnMut(Transition),
) -> Result<u64, CheckpointError> {
    read_last(storage, name, |last| each(last.transition()))
}

/// How many messages a table's file holds.
///
/// # Errors
/// When the file is not what was written.
pub(crate) fn count(storage: &dyn Storage, name: &str) -> Result<u64, CheckpointError> {
    read_last(storage, name, drop)
}

fn read_last(storage: &dyn Storage, name: &str, mut each: impl FnMut(Last)) -> Result<u64, CheckpointError> {
    let (file, bytes) = super::folder::read_all(storage, name, u64::MAX)?;
    let (mut offset, mut lights) = (0, 0);
    while offset < bytes.len() {
        let at = offset as u64;
        let (content, length) =
            frame::unpack(&bytes[offset..], CONTENT_MAX).map_err(CheckpointError::frame(&file, at))?;
        let mut rest = content.as_slice();
        while !rest.is_empty() {
            let (last, after) = postcard::take_from_bytes::<Last>(rest).map_err(|error| {
                CheckpointError::damaged(file.clone(), at, format!("a light of the frame cannot be read: {error}"))
            })?;
            each(last);
            lights += 1;
            rest = after;
        }
        offset += length;
    }
    Ok(lights)
}

impl Last {
    fn of(transition: &Transition) -> Last {
        let Transition { case, rule, instance, rule_version, basis, item, .. } = transition.clone();
        Last {
            case,
            rule,
            instance,
            revision: transition.revision,
            kind: transition.kind,
            card_before: transition.card_before,
            card: transition.card,
            light_before: transition.light_before,
            light: transition.light,
            since: transition.since,
            decided_at: transition.decided_at,
            cause: transition.cause,
            issue: transition.issue,
            owner: transition.owner(),
            item,
            rule_version,
            basis,
        }
    }

    fn transition(self) -> Transition {
        let Last { case, rule, instance, revision, .. } = self;
        Transition {
            id: transition_id(&case, &rule, &instance, revision),
            revision,
            kind: self.kind,
            // Not kept: whoever says it again knows it by its rule.
            about: About::Case,
            case,
            rule,
            rule_version: self.rule_version,
            instance,
            card_before: self.card_before,
            card: self.card,
            light_before: self.light_before,
            light: self.light,
            since: self.since,
            decided_at: self.decided_at,
            cause: self.cause,
            issue: self.issue,
            level: self.owner.level,
            region: self.owner.region,
            dept: self.owner.dept,
            item: self.item,
            basis: self.basis,
            reason: Text2::default(),
            warnings: Vec::new(),
            evidence: Vec::new(),
            proof: None,
        }
    }
}
