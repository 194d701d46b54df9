//! Words that answers to people share: a language, and the zone in which instants are shown.

use compact_str::CompactString;
use jiff::tz::TimeZone;

use crate::moment::Moment;
use crate::proof::Lang;

/// How an answer is worded; each kind of answer adds its own sentences.
pub(crate) struct Words<'a> {
    pub(crate) lang: Lang,
    pub(crate) zone: &'a TimeZone,
}

impl Words<'_> {
    /// Whichever the language is.
    pub(crate) fn say(&self, zh: String, en: String) -> String {
        self.lang.pick(zh, en)
    }

    /// An instant.
    pub(crate) fn at(&self, moment: Moment) -> String {
        moment.civil(self.zone).strftime("%Y-%m-%d %H:%M:%S%.f").to_string()
    }

    /// Members of a list, one after the other.
    pub(crate) fn list(&self, members: &[CompactString]) -> String {
        members.join(self.lang.pick("、", ", "))
    }

    /// ` (INSTANCE)`, where a rule can have several.
    pub(crate) fn of(&self, instance: &str) -> String {
        if instance == "-" { String::new() } else { self.say(format!("（{instance}）"), format!(" ({instance})")) }
    }
}
