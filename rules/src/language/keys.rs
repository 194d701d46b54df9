//! The keys of the tables inside rules, vocabulary and profiles: the loader refuses all others, and the schema that
//! editors read is made of them. The keys of the kinds stand with their kinds.

/// `applies_to`
pub(crate) const APPLIES_TO: &[&str] = &["levels", "regions", "depts", "items", "item_types", "case_types", "where"];
/// `in_force`
pub(crate) const IN_FORCE: &[&str] = &["by", "from", "until"];
/// Texts for people.
pub(crate) const TEXT2: &[&str] = &["zh", "en"];
/// `deems`
pub(crate) const DEEMS: &[&str] = &["activity", "dated"];
/// `group`
pub(crate) const GROUP: &[&str] = &["by", "window", "cards_on"];
/// Levels of cards.
pub(crate) const LEVELS: &[&str] = &["warning", "yellow", "red"];
/// A card, whatever the kind.
pub(crate) const CARD: &[&str] = &["when", "clears", "issue"];
/// A card of a deadline, beside those.
pub(crate) const CARD_OF_DEADLINE: &[&str] = &["at", "limit"];
/// A card of a state, beside those.
pub(crate) const CARD_OF_STATE: &[&str] = &["after"];
/// A card of a state or of a condition on events, beside those.
pub(crate) const CARD_FROM: &[&str] = &["from"];
/// `[activities]`
pub(crate) const ACTIVITY: &[&str] = &["zh", "en", "repeats"];
/// `[fields]`
pub(crate) const FIELD: &[&str] = &["type", "columns", "zh", "en", "values"];
/// `[pauses.NAME]`
pub(crate) const PAUSE: &[&str] = &["from", "to", "pair_by", "cap", "max_times"];
/// `[extensions.NAME]`
pub(crate) const EXTENSION: &[&str] = &["on", "by", "at_most", "times"];
/// `[clocks.NAME]`
pub(crate) const CLOCK: &[&str] =
    &["start", "stop", "stop_when", "cancel", "limit", "pauses", "extend", "each", "pair_by", "match"];
/// A profile.
pub(crate) const PROFILE: &[&str] = &["id", "extends", "regions", "default", "defaults", "lists", "rules"];
/// `[defaults]` of a profile.
pub(crate) const DEFAULTS: &[&str] = &["counting", "zone", "calendar", "issue", "lights"];
