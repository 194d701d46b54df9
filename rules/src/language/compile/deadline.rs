//! `kind = "deadline"`, and the clocks, pauses and extensions of the vocabulary.

use super::{Compiler, Definitions, Plan, Shape, optional};
use crate::expression::{Activities, EventRole, EventSet};
use crate::language::faults::Faults;
use crate::language::keys;
use crate::language::texts;
use crate::language::tree::{Entry, Raw, Table, Tree};
use crate::language::types::{Checker, Params, Seat, Units, article, type_zh};
use crate::rule::{Deadline, Deems, Each, ExtensionSpec, Kind, PauseSpec, Start, Stop};
use crate::value::Type;
use crate::wording::Word;
use facts::Activity;

/// What a clock brings, so that a rule with `clock` must not say it again.
const CLOCK_OWN: &[&str] = &["start", "stop", "stop_when", "cancel", "pauses", "extend", "each", "pair_by", "match"];

const WORDS: &[Word] =
    &[Word::Due, Word::Limit, Word::Used, Word::Left, Word::Over, Word::Paused, Word::Start, Word::Stop];

impl Compiler<'_, '_, '_> {
    pub(super) fn deadline(&mut self) -> Plan {
        let kind = self.deadline_kind();
        let caseless = matches!(self.tree("start").map(|tree| &tree.value), Some(Raw::Text(text)) if of_case(text));
        let seat = if caseless { Seat::state() } else { Seat::start() };
        Plan {
            kind: kind.map(|deadline| Kind::Deadline(Box::new(deadline))),
            shape: Shape::Deadline,
            clears_seat: seat.clone(),
            seat,
            words: WORDS,
        }
    }

    /// The keys of the rule with those of its clock.
    fn with_clock(&mut self) -> Option<Table> {
        let Some(entry) = self.entry("clock") else { return Some(self.table.clone()) };
        let vocabulary = self.checker.vocabulary;
        let name = self.checker.faults.text("clock", &entry.value)?;
        let Some(clock) = vocabulary.clocks.get(name) else {
            let known: Vec<&str> = vocabulary.clocks.keys().map(String::as_str).collect();
            self.checker.faults.add(entry.value.at, texts::unknown_name(("时钟", "clock"), name, &known));
            return None;
        };
        for key in CLOCK_OWN {
            if let Some(entry) = self.entry(key) {
                let say = texts::not_together(
                    format!("{key} 已由时钟 {name} 给出"),
                    format!("`{key}` is already given by the clock {name}"),
                )
                .help("删去其一", "drop one of them");
                self.checker.faults.add(entry.key_at, say);
            }
        }
        Some(Table { at: self.table.at, ..clock.merged(self.table) })
    }

    fn deadline_kind(&mut self) -> Option<Deadline> {
        let table = self.with_clock()?;
        let needs_limit = !self.every_card_has_a_limit();
        let mut parts = Parts { table: &table, owner: "deadline", checker: &mut self.checker };
        let seat = Seat::start();
        let condition = parts.tree("where").map(|tree| parts.checker.condition("where", tree, &seat));
        let deems = parts.tree("deems").map(|tree| parts.deems(tree));
        let silent = parts.choice("open", &[("light", false), ("silent", true)]).unwrap_or(false);
        let (deadline, _) = parts.deadline(needs_limit)?;
        Some(Deadline { condition: optional(condition)?, deems: optional(deems)?, silent, ..deadline })
    }

    fn every_card_has_a_limit(&self) -> bool {
        let Some(Tree { value: Raw::Table(cards), .. }) = self.tree("cards") else { return false };
        let has_limit = |entry: &Entry| match &entry.value.value {
            Raw::Table(card) => card.get("limit").is_some(),
            Raw::Text(text) => text == "off",
            _ => false,
        };
        !cards.entries.is_empty() && cards.entries.iter().all(has_limit)
    }
}

/// Is a start no event but the case, or an instant it carries?
fn of_case(start: &str) -> bool {
    let start = start.trim();
    start == "case" || start.starts_with("case.")
}

/// A clock of the vocabulary, with the unit of its limit.
pub(crate) fn clock(
    name: &str,
    table: &Table,
    definitions: Definitions<'_>,
    faults: &mut Faults<'_>,
) -> Option<(Deadline, Units)> {
    faults.unknown_keys(table, "clocks", keys::CLOCK);
    let params = Params::new();
    let mut checker = Checker::new(definitions.vocabulary, definitions.lists, &params, &[], faults);
    let owner = format!("clocks.{name}");
    let mut parts = Parts { table, owner: &owner, checker: &mut checker };
    let before = parts.checker.faults.errors();
    let (deadline, units) = parts.deadline(true)?;
    // A limit of the catalogue is a promise or a statute; those are counted in working days.
    let units = if units == Units::Open { Units::WorkingDays } else { units };
    (checker.faults.errors() == before).then_some((deadline, units))
}

/// A pause of the vocabulary.
pub(crate) fn pause(name: &str, table: &Table, checker: &mut Checker<'_, '_, '_>) -> Option<PauseSpec> {
    checker.faults.unknown_keys(table, "pauses", keys::PAUSE);
    let owner = format!("pauses.{name}");
    let mut set = |key: &str| {
        let entry = checker.faults.required(table, &owner, key)?;
        checker.event_set(key, &entry.value)
    };
    let (from, to) = (set("from"), set("to"));
    let pair_by = table.get("pair_by").map(|entry| checker.field_list("pair_by", &entry.value)).unwrap_or_default();
    let seat = Seat { event: Some(EventRole::Start), start: true, case: true, ..Seat::default() };
    let cap = table.get("cap").map(|entry| checker.limit("cap", &entry.value, &seat, false).map(|typed| typed.node));
    let max_times = table.get("max_times").map(|entry| checker.faults.integer("max_times", &entry.value, 1));
    Some(PauseSpec {
        name: name.into(),
        from: from?,
        to: to?,
        pair_by,
        cap: optional(cap)?,
        max_times: optional(max_times)?,
    })
}

/// An extension of the vocabulary.
pub(crate) fn extension(name: &str, table: &Table, checker: &mut Checker<'_, '_, '_>) -> Option<ExtensionSpec> {
    checker.faults.unknown_keys(table, "extensions", keys::EXTENSION);
    let owner = format!("extensions.{name}");
    let on = checker.faults.required(table, &owner, "on");
    let on = on.and_then(|entry| checker.event_set("on", &entry.value));
    let seat = Seat { event: Some(EventRole::Event), case: true, ..Seat::default() };
    let by = checker.faults.required(table, &owner, "by");
    let by = by.and_then(|entry| checker.limit("by", &entry.value, &seat, false));
    let at_most =
        table.get("at_most").map(|entry| checker.limit("at_most", &entry.value, &seat, false).map(|typed| typed.node));
    let times = table.get("times").map(|entry| checker.faults.integer("times", &entry.value, 1));
    Some(ExtensionSpec {
        name: name.into(),
        on: on?,
        by: by?.node,
        at_most: optional(at_most)?,
        times: optional(times)?,
    })
}

/// The keys that a deadline rule and a clock share.
struct Parts<'p, 'a, 's, 'f> {
    table: &'p Table,
    owner: &'p str,
    checker: &'p mut Checker<'a, 's, 'f>,
}

impl<'p> Parts<'p, '_, '_, '_> {
    fn tree(&self, key: &str) -> Option<&'p Tree> {
        self.table.get(key).map(|entry| &entry.value)
    }

    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let tree = self.tree(key)?;
        self.checker.faults.one_of(key, tree, choices)
    }

    fn deadline(&mut self, needs_limit: bool) -> Option<(Deadline, Units)> {
        let start = self.start();
        let stops = self.stops();
        let cancel = self.tree("cancel").map(|tree| self.checker.event_set("cancel", tree));
        let each = [("first", Each::First), ("every", Each::Every), ("last", Each::Last)];
        let each = self.choice("each", &each);
        let one_to_one = self.choice("match", &[("next", false), ("one_to_one", true)]).unwrap_or(false);
        let pair_by = self.tree("pair_by").map(|tree| self.checker.field_list("pair_by", tree)).unwrap_or_default();
        let pauses = self.pauses();
        let extension = self.extension();
        let limit = self.limit(start.as_ref(), needs_limit);
        if let (Some(Start::Events(set)), Some(entry)) = (&start, self.table.get("start")) {
            self.check_each(set, each, entry);
            let unpaired = self.table.get("pair_by").is_none() && !one_to_one;
            if let (Some(stops), Some(Each::Every), true) = (&stops, each, unpaired) {
                self.check_pairs(set, stops, entry);
            }
        }
        let (limit, units) = match limit {
            Some(limit) => {
                let (node, units) = limit?;
                (Some(node), units)
            }
            None => (None, Units::Open),
        };
        let deadline = Deadline {
            start: start?,
            stops: stops?,
            cancel: optional(cancel)?,
            limit,
            condition: None,
            each: each.unwrap_or(Each::First),
            pair_by,
            one_to_one,
            silent: false,
            deems: None,
            pauses: pauses?,
            extension: optional(extension)?,
        };
        Some((deadline, units))
    }

    /// `start = set`, `"case"`, or an instant that the case carries.
    fn start(&mut self) -> Option<Start> {
        let entry = self.checker.faults.required(self.table, self.owner, "start")?;
        let text = self.checker.faults.text("start", &entry.value)?.trim();
        if text == "case" {
            return Some(Start::Case);
        }
        if text.starts_with("case.") {
            return self.moment("start", &entry.value).map(Start::Instant);
        }
        self.checker.event_set("start", &entry.value).map(Start::Events)
    }

    fn stops(&mut self) -> Option<Vec<Stop>> {
        let (stop, when) = (self.table.get("stop"), self.table.get("stop_when"));
        if stop.is_none() && when.is_none() {
            self.checker.faults.add(self.table.at, texts::missing_key(self.owner, "stop"));
            return None;
        }
        let mut stops: Vec<Option<Stop>> = Vec::new();
        if let Some(entry) = stop {
            let trees = match &entry.value.value {
                Raw::List(trees) => trees.as_slice(),
                _ => std::slice::from_ref(&entry.value),
            };
            for tree in trees {
                let instant = matches!(&tree.value, Raw::Text(text) if text.trim_start().starts_with("case."));
                stops.push(if instant {
                    self.moment("stop", tree).map(Stop::Instant)
                } else {
                    self.checker.event_set("stop", tree).map(Stop::Events)
                });
            }
        }
        if let Some(entry) = when {
            stops.push(self.checker.condition("stop_when", &entry.value, &Seat::state()).map(Stop::When));
        }
        stops.into_iter().collect()
    }

    fn moment(&mut self, key: &str, tree: &Tree) -> Option<crate::expression::Node> {
        let typed = self.checker.expression(key, tree, &Seat { case: true, ..Seat::default() })?;
        if typed.node.ty == Type::Instant {
            return Some(typed.node);
        }
        let say = texts::wrong_type(
            format!("{key} 须为事件集或时刻，这里是{}", type_zh(&typed.node.ty)),
            format!("{key} takes an event set or an instant, this is {}", article(&typed.node.ty)),
        );
        self.checker.faults.add(tree.at, say);
        None
    }

    fn limit(&mut self, start: Option<&Start>, needed: bool) -> Option<Option<(crate::expression::Node, Units)>> {
        let Some(entry) = self.table.get("limit") else {
            if needed {
                self.checker.faults.add(self.table.at, texts::missing_key(self.owner, "limit"));
            }
            return None;
        };
        let seat = match start {
            Some(Start::Case | Start::Instant(_)) => Seat::state(),
            _ => Seat::start(),
        };
        let typed = self.checker.limit("limit", &entry.value, &seat, true);
        if let (Some(typed), Some(Start::Case)) = (&typed, start)
            && typed.node.ty == Type::Span
        {
            let say = texts::wrong_type(
                "start = \"case\" 时 limit 须为时刻或日期，时限没有起点",
                "with start = \"case\" the limit is an instant or a date; a span has no start",
            );
            self.checker.faults.add(entry.value.at, say);
            return Some(None);
        }
        Some(typed.map(|typed| (typed.node, typed.units)))
    }

    fn pauses(&mut self) -> Option<Vec<PauseSpec>> {
        let Some(tree) = self.tree("pauses") else { return Some(Vec::new()) };
        let vocabulary = self.checker.vocabulary;
        let mut pauses = Vec::new();
        for (name, at) in self.checker.faults.texts("pauses", tree) {
            match vocabulary.pauses.get(name) {
                Some(table) => pauses.push(pause(name, table, self.checker)),
                None => {
                    let known: Vec<&str> = vocabulary.pauses.keys().map(String::as_str).collect();
                    self.checker.faults.add(at, texts::unknown_name(("暂停", "pause"), name, &known));
                    pauses.push(None);
                }
            }
        }
        pauses.into_iter().collect()
    }

    fn extension(&mut self) -> Option<Option<ExtensionSpec>> {
        let tree = self.tree("extend")?;
        let vocabulary = self.checker.vocabulary;
        let Some(name) = self.checker.faults.text("extend", tree) else { return Some(None) };
        let Some(table) = vocabulary.extensions.get(name) else {
            let known: Vec<&str> = vocabulary.extensions.keys().map(String::as_str).collect();
            self.checker.faults.add(tree.at, texts::unknown_name(("延长", "extension"), name, &known));
            return Some(None);
        };
        Some(extension(name, table, self.checker))
    }

    fn deems(&mut self, tree: &Tree) -> Option<Deems> {
        let table = self.checker.faults.table("deems", tree)?;
        self.checker.faults.unknown_keys(table, "deems", keys::DEEMS);
        let here = Table { at: tree.at, ..table.clone() };
        let activity = self.checker.faults.required(&here, "deems", "activity").map(|entry| entry.value.clone())?;
        let name = self.checker.faults.text("activity", &activity)?.to_owned();
        let dated = self.checker.faults.required(&here, "deems", "dated").map(|entry| entry.value.clone())?;
        let dated_start = self.checker.faults.one_of("dated", &dated, &[("start", true), ("due", false)])?;
        if !self.checker.vocabulary.activities.contains_key(name.as_str()) {
            let known: Vec<&str> = self.checker.vocabulary.activities.keys().map(|name| name.as_str()).collect();
            let called = self.checker.vocabulary.activity_called(&name);
            self.checker.faults.add(activity.at, texts::unknown_event(&name, &known, called));
            return None;
        }
        Some(Deems { activity: Activity::from_name(&name), dated_start })
    }

    /// Starts that repeat need a word on which of them count.
    fn check_each(&mut self, set: &EventSet, each: Option<Each>, entry: &Entry) {
        if each.is_none()
            && let Some(name) = self.repeating(set)
        {
            self.checker.faults.add(entry.value.at, texts::say_each(&name));
        }
    }

    /// Where several starts can be open at once, stops must say which one they end.
    fn check_pairs(&mut self, start: &EventSet, stops: &[Stop], entry: &Entry) {
        let repeats = |stop: &Stop| matches!(stop, Stop::Events(set) if self.repeating(set).is_some());
        if self.repeating(start).is_some() && stops.iter().any(repeats) {
            let field = start.terms.iter().find_map(|term| match &term.activities {
                Activities::One(Activity::SpecialStarted) => Some("special.no"),
                Activities::One(Activity::StageStarted) => Some("stage"),
                _ => None,
            });
            self.checker.faults.add(entry.value.at, texts::say_pair_by(field));
        }
    }

    /// The first activity of a set that can happen several times in a case.
    fn repeating(&self, set: &EventSet) -> Option<String> {
        set.terms.iter().find_map(|term| match &term.activities {
            Activities::Any => Some("any".to_owned()),
            Activities::Held | Activities::Deleted => None,
            Activities::Fee(act) => Some(format!("fee_{}", act.name())),
            Activities::One(activity) => {
                let declared = self.checker.vocabulary.activities.get(activity.name())?;
                declared.repeats.then(|| activity.name().to_owned())
            }
        })
    }
}
