//! The kinds beside `deadline`, and the keys of each.

use super::{Compiler, Plan, optional};
use crate::expression::{EventField, EventSet, LineField, Measure, Node};
use crate::language::texts;
use crate::language::tree::{Raw, Tree};
use crate::language::types::{LINE, Seat};
use crate::rule::{ConditionRule, Each, FeeRule, Kind, On, Requires, Separation, Workflow, WorkflowCheck};
use crate::wording::Word;

/// Kinds with the keys of their own.
pub(super) const KINDS: &[(&str, &[&str])] = &[
    (
        "deadline",
        &[
            "clock",
            "start",
            "stop",
            "stop_when",
            "cancel",
            "limit",
            "pauses",
            "extend",
            "where",
            "each",
            "pair_by",
            "match",
            "open",
            "deems",
        ],
    ),
    ("requires", &["event", "before", "need", "since", "same", "where", "each", "ties", "at_least", "at_most"]),
    ("separation", &["acts", "by"]),
    ("workflow", &["check", "step", "of", "at"]),
    ("fee", &["by", "when", "any_of"]),
    ("condition", &["on", "each", "when", "any_of"]),
];

const EACH: [(&str, Each); 3] = [("first", Each::First), ("every", Each::Every), ("last", Each::Last)];

impl Compiler<'_, '_, '_> {
    pub(super) fn plan(&mut self) -> Option<Plan> {
        match self.kind {
            "deadline" => self.deadline(),
            "requires" => self.requires(),
            "separation" => self.separation(),
            "workflow" => self.workflow(),
            "fee" => self.fee(),
            _ => self.condition_rule(),
        }
    }

    fn requires(&mut self) -> Option<Plan> {
        let event = self.needed_set("event");
        let before = self.required("before").map(|tree| self.sets("before", tree));
        let need = self.choice("need", &[("all", true), ("any", false)]);
        let since = self.tree("since").map(|tree| self.checker.event_set("since", tree));
        let same = self.tree("same").map(|tree| self.checker.field_list("same", tree)).unwrap_or_default();
        let condition = self.tree("where").map(|tree| self.checker.condition("where", tree, &Seat::event()));
        let each = self.choice("each", &[("first", Each::First), ("every", Each::Every)]).unwrap_or(Each::Every);
        let lenient = self.choice("ties", &[("seq", false), ("lenient", true)]).unwrap_or(false);
        let at_least = self.tree("at_least").and_then(|tree| self.fixed_span("at_least", tree));
        let at_most = self.tree("at_most").and_then(|tree| self.fixed_span("at_most", tree));
        let requires = Requires {
            event: event?,
            before: before??,
            all: need.unwrap_or(true),
            since: optional(since)?,
            same,
            condition: optional(condition)?,
            at_least,
            at_most,
            each,
            lenient,
        };
        let kind = Kind::Requires(Box::new(requires));
        Some(on_event(kind, &[Word::Missing, Word::Distance]))
    }

    fn separation(&mut self) -> Option<Plan> {
        let tree = self.required("acts")?;
        let acts = self.sets("acts", tree)?;
        if acts.len() < 2 {
            let say = texts::wrong_type("acts 至少两项", "`acts` needs at least two sets");
            self.checker.faults.add(tree.at, say);
        }
        let by = self.tree("by").map(|tree| self.checker.field("by", tree));
        let kind = Kind::Separation(Separation { acts, by: optional(by)?.unwrap_or(EventField::Officer) });
        let seat = Seat { measure: Some(Measure::Shared), ..Seat::state() };
        let words: &[Word] = &[Word::Person, Word::Shared, Word::Acts];
        Some(Plan { kind, clears_seat: Seat::state(), seat, words, ends: false })
    }

    fn workflow(&mut self) -> Option<Plan> {
        let checks = [
            ("complete", WorkflowCheck::Complete),
            ("order", WorkflowCheck::Order),
            ("edges", WorkflowCheck::Edges),
            ("known", WorkflowCheck::Known),
        ];
        let check = self.required("check").and_then(|tree| self.checker.faults.one_of("check", tree, &checks));
        let step = self.tree("step").map(|tree| self.checker.field("step", tree));
        let of = self.set_or("of", "stage_completed");
        let normal =
            if self.checker.vocabulary.events.contains_key("normal_close") { "normal_close" } else { "closed" };
        let at = self.set_or("at", normal);
        let workflow = Workflow { check: check?, step: optional(step)?.unwrap_or(EventField::Stage), of: of?, at: at? };
        Some(on_event(Kind::Workflow(workflow), &[Word::Missing, Word::From, Word::To]))
    }

    fn fee(&mut self) -> Option<Plan> {
        let mut by: Vec<LineField> = Vec::new();
        for tree in self.tree("by").and_then(|tree| self.checker.faults.list("by", tree)).unwrap_or(&[]) {
            by.extend(self.checker.faults.one_of("by", tree, LINE));
        }
        let seat = Seat { lines: by.clone(), ..Seat::state() };
        let grounds = self.grounds(&seat)?;
        let kind = Kind::Fee(FeeRule { by, grounds });
        let words: &[Word] = &[Word::Line, Word::Ledger, Word::Tariff, Word::Excess, Word::Grounds];
        Some(Plan { kind, clears_seat: seat.clone(), seat, words, ends: true })
    }

    fn condition_rule(&mut self) -> Option<Plan> {
        let on = self.required("on").and_then(|tree| {
            let text = self.checker.faults.text("on", tree)?;
            if text.trim() == "case" { Some(On::Case) } else { self.checker.event_set("on", tree).map(On::Events) }
        });
        let each = self.choice("each", &EACH).unwrap_or(Each::Every);
        let state = on == Some(On::Case);
        let seat = if state { Seat::state() } else { Seat::event() };
        let grounds = self.grounds(&seat);
        let kind = Kind::Condition(ConditionRule { on: on?, each, grounds: grounds? });
        Some(Plan { kind, clears_seat: seat.clone(), seat, words: &[Word::Grounds], ends: state })
    }

    /// `when`, or `any_of` with grounds of their own.
    fn grounds(&mut self, seat: &Seat) -> Option<Vec<Node>> {
        match (self.entry("when"), self.entry("any_of")) {
            (Some(_), Some(both)) => {
                let say = texts::not_together("when 与 any_of 只写其一", "write either `when` or `any_of`");
                self.checker.faults.add(both.key_at, say);
                None
            }
            (Some(when), None) => self.checker.condition("when", &when.value, seat).map(|node| vec![node]),
            (None, Some(any)) => {
                let list = self.checker.faults.list("any_of", &any.value)?;
                if list.is_empty() {
                    self.checker.faults.add(any.value.at, texts::wrong_type("any_of 为空", "`any_of` is empty"));
                    return None;
                }
                let grounds: Vec<Option<Node>> =
                    list.iter().map(|tree| self.checker.condition("any_of", tree, seat)).collect();
                grounds.into_iter().collect()
            }
            (None, None) => {
                self.checker.faults.add(self.table.at, texts::missing_key(self.kind, "when"));
                None
            }
        }
    }

    fn needed_set(&mut self, key: &str) -> Option<EventSet> {
        let tree = self.required(key)?;
        self.checker.event_set(key, tree)
    }

    fn set_or(&mut self, key: &str, default: &str) -> Option<EventSet> {
        match self.tree(key) {
            Some(tree) => self.checker.event_set(key, tree),
            None => {
                let tree = Tree { value: Raw::Text(default.to_owned()), at: self.table.at };
                self.checker.event_set(key, &tree)
            }
        }
    }

    /// One set, or a list of sets.
    fn sets(&mut self, key: &str, tree: &Tree) -> Option<Vec<EventSet>> {
        let trees = match &tree.value {
            Raw::List(trees) => trees.as_slice(),
            _ => std::slice::from_ref(tree),
        };
        let sets: Vec<Option<EventSet>> = trees.iter().map(|tree| self.checker.event_set(key, tree)).collect();
        let sets: Vec<EventSet> = sets.into_iter().collect::<Option<_>>()?;
        if sets.is_empty() {
            self.checker.faults.add(tree.at, texts::wrong_type(format!("{key} 为空"), format!("`{key}` is empty")));
            return None;
        }
        Some(sets)
    }
}

/// A kind whose findings are facts about events.
fn on_event(kind: Kind, words: &'static [Word]) -> Plan {
    Plan { kind, seat: Seat::event(), clears_seat: Seat::event(), words, ends: false }
}
