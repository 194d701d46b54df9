//! What is said of a source that has fallen silent (semantics 26). It is no rule about cases: the operator finds it by
//! the clock, and this gives its id, card and words.

use compact_str::CompactString;
use facts::standing::Text2;
use facts::{Card, Light};

use crate::finding::RuleIndex;

/// The place of the silence rule, which stands beside the rules about cases.
pub const SILENCE: RuleIndex = RuleIndex(u32::MAX);

/// The one light of a silent source, and how long lights of its cases may wait for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SilenceRule {
    /// Permanent id, among those of all rules.
    pub id: CompactString,
    /// What messages and cards cite: `<id>@<version>`.
    pub label: CompactString,
    /// What staff read.
    pub name: Text2,
    /// Law or document.
    pub basis: CompactString,
    /// The card of a silent source.
    pub card: Card,
    /// The lamp of that card.
    pub light: Light,
    /// How long a light that rests on the silent source's absence waits before it is raised all the same, in ms.
    pub hold_ms: i64,
    /// The reason, with `{source}`, `{office}` and `{silence}`.
    pub message: Text2,
    /// What is added to the reason of a light that waited in vain.
    pub remark: Text2,
}

/// Words that a message of this rule may hold.
pub const WORDS: [&str; 3] = ["source", "office", "silence"];

impl SilenceRule {
    /// Why the light of `source` at `office` stands: it said nothing for `silence_ms`.
    #[must_use]
    pub fn reason(&self, source: &str, office: &str, silence_ms: i64) -> Text2 {
        let (hours, minutes) = (silence_ms / 3_600_000, silence_ms / 60_000 % 60);
        let zh = match (hours, minutes) {
            (0, minutes) => format!("{minutes} 分钟"),
            (hours, 0) => format!("{hours} 小时"),
            (hours, minutes) => format!("{hours} 小时 {minutes} 分钟"),
        };
        let en = match (hours, minutes) {
            (0, minutes) => format!("{minutes} min"),
            (hours, 0) => format!("{hours} h"),
            (hours, minutes) => format!("{hours} h {minutes} min"),
        };
        let fill = |text: &str, silence: &str| {
            text.replace("{source}", source).replace("{office}", office).replace("{silence}", silence)
        };
        Text2 { zh: fill(&self.message.zh, &zh), en: fill(&self.message.en, &en) }
    }
}
