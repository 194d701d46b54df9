//! Faults of the data itself: contents that clash, unknown words, codes and items, one id in two places,
//! facts that disagree, times ahead.

use compact_str::CompactString;
use facts::Card::{None as Green, Warning};
use facts::{Address, Level};

use super::{Trial, variant};
use crate::case_plan::{MAPPED_SOURCE, NO_PROMISE, What};
use crate::draft::Draft;
use crate::life::{PLAIN, ROOMY};

/// An item that no catalogue has.
const UNKNOWN_ITEM: &str = "XX-404";
/// Free items without optional stages whose stages a source with codes of its own can name.
const NAMED_STAGES: [&str; 2] = ["WJ-203", "JT-210"];

pub(super) const DQ_01: Trial = Trial {
    rule: "DQ-01",
    breaches: &[
        variant("one approval by two officers under one version", Warning, |draft| {
            accepted(draft, &PLAIN);
            draft.pass_all(1);
            let other = draft.officer(6);
            let approved = draft.facts.len() - 1;
            draft.rivalled_on(approved, What::StageCompleted("approve".into(), other), draft.place + 1);
            draft.grant();
        }),
        variant("one closing with two outcomes under one version", Warning, |draft| {
            accepted(draft, &PLAIN);
            draft.pass_all(1);
            let closed = draft.close("granted");
            draft.rivalled_on(closed, What::Closed("certified", CompactString::default()), draft.place + 1);
            draft.deliver(1);
        }),
    ],
    near_misses: &[
        variant("the same closing sent twice", Green, |draft| {
            accepted(draft, &PLAIN);
            draft.pass_all(1);
            let closed = draft.close("granted");
            draft.repeated_on(closed, draft.place + 1);
            draft.deliver(1);
        }),
        variant("another officer under the next version", Green, |draft| {
            accepted(draft, &PLAIN);
            draft.pass_all(1);
            let approved = draft.facts.len() - 1;
            let wrong = What::StageCompleted("approve".into(), draft.officer(6));
            let (at, place) = (draft.facts[approved].at, draft.place + 1);
            draft.corrected_on(approved, wrong, at, place);
            draft.grant();
        }),
    ],
};

pub(super) const DQ_02: Trial = Trial {
    rule: "DQ-02",
    breaches: &[
        variant("deleted for good, then sent as a new version", Warning, |draft| {
            accepted(draft, &PLAIN);
            draft.say(What::PreAccepted);
            draft.delete_last_for_good(Some(true));
            draft.pass_all(1);
            draft.grant();
        }),
        variant("deleted for good, then sent as a new version, case still open", Warning, |draft| {
            draft.take(&["RS-204"]);
            draft.open_on(draft.window.last - 4);
            draft.say(What::PreAccepted);
            draft.delete_last_for_good(Some(true));
        }),
    ],
    near_misses: &[
        variant("deleted for good", Green, |draft| {
            accepted(draft, &PLAIN);
            draft.say(What::PreAccepted);
            draft.delete_last_for_good(None);
            draft.pass_all(1);
            draft.grant();
        }),
        variant("deleted for good, then the same bytes once more", Green, |draft| {
            accepted(draft, &PLAIN);
            draft.say(What::PreAccepted);
            draft.delete_last_for_good(Some(false));
            draft.pass_all(1);
            draft.grant();
        }),
    ],
};

pub(super) const DQ_03: Trial = Trial {
    rule: "DQ-03",
    breaches: &[
        variant("an activity that nobody declared, after the closing", Warning, |draft| {
            worked(draft);
            draft.close("granted");
            draft.deliver(1);
            draft.say(What::Other("archived"));
        }),
        variant("an activity that nobody declared, on the way", Warning, |draft| {
            accepted(draft, &PLAIN);
            draft.say(What::Other("photo_taken"));
            draft.pass_all(1);
            draft.grant();
        }),
    ],
    near_misses: &[
        variant("a known activity that no rule reads", Green, |draft| {
            worked(draft);
            draft.close("granted");
            draft.say(What::Other("certificate_issued"));
            draft.deliver(1);
        }),
        variant("an unknown activity that was corrected", Green, |draft| {
            worked(draft);
            draft.close("granted");
            let delivered = draft.deliver(1);
            let (at, place) = (draft.facts[delivered].at, draft.place + 1);
            draft.corrected_on(delivered, What::Other("handed_over"), at, place);
        }),
    ],
};

pub(super) const DQ_04: Trial = Trial {
    rule: "DQ-04",
    breaches: &[
        variant("an outcome that the source's map lacks", Warning, |draft| {
            with_map(draft);
            draft.close("granted");
            draft.deliver(1);
        }),
        variant("a case type that the source's map lacks", Warning, |draft| {
            with_map(draft);
            draft.case_type = "zx";
            draft.close("certified");
            draft.deliver(1);
        }),
        variant("a stage that the source's map lacks", Warning, |draft| {
            accepted(draft, &["ST-208"]);
            draft.source = MAPPED_SOURCE.into();
            draft.pass_all(1);
            draft.close("certified");
            draft.deliver(1);
        }),
    ],
    near_misses: &[
        variant("every code in the source's map", Green, |draft| {
            with_map(draft);
            draft.close("certified");
            draft.deliver(1);
        }),
        variant("a strange code of a source without a map", Green, |draft| {
            worked(draft);
            draft.case_type = "zx";
            draft.close("granted");
            draft.deliver(1);
        }),
    ],
};

pub(super) const DQ_05: Trial = Trial {
    rule: "DQ-05",
    breaches: &[
        variant("an item that the catalogue does not have", Warning, |draft| {
            worked(draft);
            draft.close("granted");
            draft.deliver(1);
            draft.calls_item(Some(UNKNOWN_ITEM));
        }),
        variant("no record names an item", Warning, |draft| {
            draft.take(&PLAIN);
            draft.open_on(draft.window.last - 2);
            draft.calls_item(None);
        }),
        variant("nobody answered, and no record names an item", Warning, |draft| {
            draft.take(&PLAIN);
            draft.on(draft.window.last - 8);
            draft.submit();
            draft.calls_item(None);
        }),
    ],
    near_misses: &[
        variant("submitted with an unknown item, not answered yet", Green, |draft| {
            draft.take(&PLAIN);
            draft.on(draft.window.last - 2);
            draft.submit();
            draft.calls_item(Some(UNKNOWN_ITEM));
        }),
        variant("the closing alone names the item", Green, |draft| {
            worked(draft);
            let closed = draft.close("granted");
            draft.deliver(1);
            draft.calls_item(None);
            draft.facts[closed].names = None;
        }),
    ],
};

pub(super) const DQ_06: Trial = Trial {
    rule: "DQ-06",
    breaches: &[
        variant("accepted for an item without a promise", Warning, |draft| {
            draft.take(&["SL-209"]);
            draft.open_on(draft.window.last - 4);
            draft.calls_item(Some(NO_PROMISE));
        }),
        variant("granted for an item without a promise", Warning, |draft| {
            accepted(draft, &["SL-209"]);
            draft.later(1);
            draft.close("granted");
            draft.deliver(1);
            draft.calls_item(Some(NO_PROMISE));
        }),
    ],
    near_misses: &[
        variant("submitted for an item without a promise", Green, |draft| {
            draft.take(&["SL-209"]);
            draft.on(draft.window.last - 2);
            draft.submit();
            draft.calls_item(Some(NO_PROMISE));
        }),
        variant("turned away from an item without a promise", Green, |draft| {
            draft.take(&["SL-209"]);
            draft.on(draft.window.last - 3);
            draft.submit();
            draft.later(1);
            draft.say(What::NotAccepted("不属于本机关职权范围".into()));
            draft.calls_item(Some(NO_PROMISE));
        }),
    ],
};

pub(super) const DQ_07: Trial = Trial {
    rule: "DQ-07",
    breaches: &[
        variant("a stage that the item does not have was begun", Warning, |draft| {
            draft.take(&PLAIN);
            draft.open_on(draft.window.last - 1);
            draft.say(What::StageStarted("publicity".into()));
        }),
        variant("a stage of another item was begun", Warning, |draft| {
            draft.take(&["RS-204", "JT-210"]);
            draft.open_on(draft.window.last - 1);
            draft.say(What::StageStarted("site_visit".into()));
        }),
    ],
    near_misses: &[
        variant("the first stage was begun", Green, |draft| {
            draft.take(&PLAIN);
            draft.open_on(draft.window.last - 1);
            draft.say(What::StageStarted("handle".into()));
        }),
        variant("an optional stage was begun and finished", Green, |draft| {
            accepted(draft, &["SL-209"]);
            for stage in ["handle", "expert_review", "review", "approve"] {
                draft.say(What::StageStarted(stage.into()));
                draft.complete_stage(stage);
            }
            draft.grant();
        }),
    ],
};

pub(super) const DQ_08: Trial = Trial {
    rule: "DQ-08",
    breaches: &[
        variant("two offices say one record", Warning, |draft| {
            delivered_twice(draft);
            draft.facts.last_mut().expect("it was just said").same_id = true;
        }),
        variant("two offices say one record on different days", Warning, |draft| {
            worked(draft);
            draft.close("granted");
            draft.deliver(1);
            let elsewhere = city_office(draft);
            let again = draft.deliver(1);
            draft.facts[again].office = Some(elsewhere);
            draft.facts[again].same_id = true;
        }),
    ],
    near_misses: &[variant("two offices say a record each", Green, delivered_twice)],
};

pub(super) const DQ_09: Trial = Trial {
    rule: "DQ-09",
    breaches: &[
        variant("accepted in a second county", Warning, |draft| {
            in_a_county(draft);
            let elsewhere = other_county(draft);
            let accepted = draft.say(What::Accepted);
            draft.facts[accepted].office = Some(elsewhere);
            draft.pass_all(1);
            draft.grant();
        }),
        variant("accepted in a second county days later, case still open", Warning, |draft| {
            draft.take(&["RS-204"]);
            draft.settle(Level::County);
            draft.open_on(draft.window.last - 4);
            let elsewhere = other_county(draft);
            draft.later(1);
            let accepted = draft.say(What::Accepted);
            draft.facts[accepted].office = Some(elsewhere);
        }),
    ],
    near_misses: &[
        variant("accepted at the city, too", Green, |draft| {
            in_a_county(draft);
            let elsewhere = city_office(draft);
            let accepted = draft.say(What::Accepted);
            draft.facts[accepted].office = Some(elsewhere);
            draft.pass_all(1);
            draft.grant();
        }),
        variant("accepted in a township of the county, too", Green, |draft| {
            in_a_county(draft);
            let county = draft.owner.region.to_string();
            let city = draft.city;
            let township = city.townships.iter().find(|township| township.starts_with(&county));
            let region = *township.expect("a county has townships");
            let elsewhere = Address { level: Level::Township, region, dept: draft.owner.dept.clone() };
            let accepted = draft.say(What::Accepted);
            draft.facts[accepted].office = Some(elsewhere);
            draft.pass_all(1);
            draft.grant();
        }),
    ],
};

pub(super) const DQ_10: Trial = Trial {
    rule: "DQ-10",
    breaches: &[
        variant("the closing gives another case type", Warning, |draft| {
            worked(draft);
            let closed = draft.close("granted");
            draft.names(closed, Some(draft.item.code.clone()), Some("deferred"));
            draft.deliver(1);
        }),
        variant("the application names another item", Warning, |draft| {
            worked(draft);
            draft.names(0, Some("SC-105".into()), Some(draft.case_type));
            draft.grant();
        }),
    ],
    near_misses: &[
        variant("the application names neither item nor case type", Green, |draft| {
            worked(draft);
            draft.names(0, None, None);
            draft.grant();
        }),
        variant("every record names the same", Green, |draft| {
            worked(draft);
            draft.grant();
            for fact in 0..draft.facts.len() {
                draft.names(fact, Some(draft.item.code.clone()), Some(draft.case_type));
            }
        }),
    ],
};

pub(super) const DQ_11: Trial = Trial {
    rule: "DQ-11",
    breaches: &[
        variant("dated one second more than five minutes ahead", Warning, |draft| {
            worked(draft);
            draft.close("granted");
            let delivered = draft.deliver(1);
            draft.arrives_ahead(delivered, 301);
        }),
        variant("dated a day ahead", Warning, |draft| {
            worked(draft);
            draft.close("granted");
            let delivered = draft.deliver(2);
            draft.arrives_ahead(delivered, 24 * 3600);
        }),
    ],
    near_misses: &[
        variant("dated five minutes ahead", Green, |draft| {
            worked(draft);
            draft.close("granted");
            let delivered = draft.deliver(1);
            draft.arrives_ahead(delivered, 300);
        }),
        variant("first dated early, then corrected to a time after that arrival", Green, |draft| {
            accepted(draft, &ROOMY);
            draft.pass_all(1);
            draft.close("granted");
            let delivered = draft.deliver(1);
            let early = draft.facts[delivered].at.plus_millis(-2 * 3_600_000);
            let what = draft.facts[delivered].what.clone();
            draft.corrected_on(delivered, what, early, draft.place + 1);
        }),
    ],
};

/// Accepted early enough for five more working days before the end.
fn accepted(draft: &mut Draft<'_>, items: &[&str]) {
    draft.take(items);
    let (first, last) = (draft.window.first, draft.window.last - 5);
    let a = draft.day_within(first, last);
    draft.open_on(a);
}

/// Accepted, and all stages passed by the next working day.
fn worked(draft: &mut Draft<'_>) {
    accepted(draft, &PLAIN);
    draft.pass_all(1);
}

/// Worked at a source with codes of its own.
fn with_map(draft: &mut Draft<'_>) {
    accepted(draft, &NAMED_STAGES);
    draft.source = MAPPED_SOURCE.into();
    draft.pass_all(1);
}

fn in_a_county(draft: &mut Draft<'_>) {
    draft.take(&PLAIN);
    draft.settle(Level::County);
    let (first, last) = (draft.window.first, draft.window.last - 5);
    let a = draft.day_within(first, last);
    draft.open_on(a);
}

/// Closed and delivered, and the delivery told by the city's office, too.
fn delivered_twice(draft: &mut Draft<'_>) {
    worked(draft);
    draft.close("granted");
    draft.deliver(1);
    let elsewhere = city_office(draft);
    let again = draft.say(What::Delivered);
    draft.facts[again].office = Some(elsewhere);
}

/// The office of the same department at the city; at the first county for a case of the city's own.
fn city_office(draft: &Draft<'_>) -> Address {
    let (city, dept) = (draft.city, draft.owner.dept.clone());
    match draft.owner.level {
        Level::City => Address { level: Level::County, region: city.counties[0], dept },
        _ => Address { level: Level::City, region: city.city, dept },
    }
}

/// The office of the same department in another county.
fn other_county(draft: &Draft<'_>) -> Address {
    let (city, here) = (draft.city, draft.owner.region);
    let region = *city.counties.iter().find(|county| **county != here).expect("a city has several counties");
    Address { level: Level::County, region, dept: draft.owner.dept.clone() }
}
