//! What `requires`, `forbids` and `count` say of the events that they look at.

use facts::Moment;
use facts::proof::Proof;
use facts::standing::Text2;

use super::{Words, moment_words, same};
use crate::judge::count::{Tally, counted, prove as prove_count};
use crate::judge::evaluate::Scope;
use crate::judge::forbids::{Pair, prove as prove_forbids};
use crate::judge::reckoning::Reckoning;
use crate::judge::requires::{Lack, prove as prove_requires};
use crate::judge::view::{CaseView, Fact};
use crate::rule::{Bound, CardSpec, Count, Forbids, Requires};
use crate::wording::Word;

/// A proof, the words of the kind, and the places of the evidence, the judged event last.
type Told = (Proof, Words, Vec<usize>);

pub(super) fn of_requires<'a>(view: &CaseView<'a>, spec: &Requires, reckoning: &Reckoning<'a>, lack: &Lack) -> Told {
    let missing: Vec<&str> = lack.missing.iter().map(|index| spec.before[*index].text.as_str()).collect();
    let mut words = Words::from([(Word::Missing, Text2 { zh: missing.join("、"), en: missing.join(", ") })]);
    let scope = Scope::state(view, reckoning, view.facts.len());
    let nearest = lack.missing.iter().find_map(|index| scope.all_places(&spec.before[*index]).next());
    if let Some(nearest) = nearest {
        words.insert(Word::Distance, distance(&view.facts[nearest], &view.facts[lack.place]));
    }
    (prove_requires(view, spec, reckoning, lack), words, vec![lack.place])
}

pub(super) fn of_forbids(view: &CaseView<'_>, spec: &Forbids, pair: Pair) -> Told {
    let (earlier, event) = (&view.facts[pair.earlier], &view.facts[pair.event]);
    let words = Words::from([(Word::Earlier, fact_words(view, earlier)), (Word::Distance, distance(earlier, event))]);
    (prove_forbids(view, spec, pair), words, vec![pair.earlier, pair.event])
}

pub(super) fn of_count<'a>(
    view: &CaseView<'a>,
    spec: &Count,
    reckoning: &Reckoning<'a>,
    tally: &Tally,
    card: &CardSpec,
    now: Moment,
) -> Told {
    let counted = counted(&Scope::state(view, reckoning, view.facts.len()), spec, tally, card, now);
    let bound = match &spec.bound {
        Bound::Max(most) => (Word::Max, same(most)),
        Bound::Min(least, _) => (Word::Min, same(least)),
    };
    let words = Words::from([(Word::Count, same(counted.places.len())), (Word::Key, same(&tally.key)), bound]);
    let mut places = counted.places.clone();
    places.retain(|place| *place != counted.event);
    places.push(counted.event);
    (prove_count(view, spec, tally, &counted), words, places)
}

/// A fact by the name of its activity and its time.
fn fact_words(view: &CaseView<'_>, fact: &Fact<'_>) -> Text2 {
    let activity = fact.event.activity.name();
    let declared = view.configuration.activities.get(activity);
    let (zh, en) = declared.map_or((activity, activity), |named| crate::wording::name_or(&named.name, activity));
    let at = moment_words(view, fact.at);
    Text2 { zh: format!("{zh}（{}）", at.zh), en: format!("{en} ({})", at.en) }
}

/// The time between two facts, in its two greatest units.
fn distance(a: &Fact<'_>, b: &Fact<'_>) -> Text2 {
    let mut left = a.at.secs_floor().abs_diff(b.at.secs_floor());
    let units = [(86_400, "天", "d"), (3_600, "小时", "h"), (60, "分钟", "min"), (1, "秒", "s")];
    let mut parts: Vec<(u64, &str, &str)> = Vec::new();
    for (secs, zh, en) in units {
        if left >= secs && parts.len() < 2 {
            parts.push((left / secs, zh, en));
        }
        left %= secs;
    }
    if parts.is_empty() {
        parts.push((0, "秒", "s"));
    }
    let zh: Vec<String> = parts.iter().map(|(number, zh, _)| format!("{number}{zh}")).collect();
    let en: Vec<String> = parts.iter().map(|(number, _, en)| format!("{number} {en}")).collect();
    Text2 { zh: zh.concat(), en: en.join(" ") }
}
