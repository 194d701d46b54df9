//! What was last said of a light: the base of the next transition (semantics 29).

use std::sync::Arc;

use compact_str::CompactString;
use facts::transition::Issue;
use facts::{Address, Card, Light, Moment, Transition};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

/// The last message of one (rule, instance) of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Rule id.
    pub rule: CompactString,
    /// Instance.
    pub instance: CompactString,
    /// Revision of the message.
    pub revision: u32,
    /// Card it said.
    pub card: Card,
    /// Lamp it said.
    pub light: Light,
    /// The legal instant of the card; of the last card when it said none.
    pub since: Moment,
    /// To whom it was said.
    pub owner: Address,
    /// The clock when it was said.
    pub decided_at: Moment,
    /// Sent at once or waiting for a person.
    pub issue: Issue,
    /// Version label of the rule that gave the card.
    pub rule_version: CompactString,
    /// Law or document behind the rule.
    pub basis: Arc<str>,
}

impl Said {
    /// What `transition` leaves behind.
    pub(crate) fn by(transition: &Transition, texts: &mut Texts) -> Said {
        Said {
            rule: transition.rule.clone(),
            instance: transition.instance.clone(),
            revision: transition.revision,
            card: transition.card,
            light: transition.light,
            since: transition.since,
            owner: transition.owner(),
            decided_at: transition.decided_at,
            issue: transition.issue,
            rule_version: transition.rule_version.clone(),
            basis: texts.share(&transition.basis),
        }
    }
}

/// Long texts that many cards share, held once a worker.
#[derive(Default)]
pub(crate) struct Texts(HashSet<Arc<str>, FxBuildHasher>);

impl Texts {
    /// The shared form of `text`.
    pub(crate) fn share(&mut self, text: &str) -> Arc<str> {
        Arc::clone(self.0.get_or_insert_with(text, |text| Arc::from(text)))
    }
}
