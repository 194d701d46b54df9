//! The kinds beside `deadline`, and the keys of each.

use super::{Compiler, Plan, Shape, optional};
use crate::expression::{Activities, EventField, EventSet, LineField, Measure, Node};
use crate::language::texts;
use crate::language::tree::{Raw, Tree};
use crate::language::types::{LINE, Seat};
use crate::rule::{ConditionRule, Each, FeeRule, Kind, On, Requires, Separation, Workflow, WorkflowCheck};
use crate::wording::Word;

/// Kinds with the keys of their own.
pub(crate) const KINDS: &[(&str, &[&str])] = &[
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
    (
        "requires",
        &["event", "before", "need", "since", "same", "where", "directly", "each", "ties", "at_least", "at_most"],
    ),
    ("forbids", &["event", "after", "unless", "within", "later_than", "same", "where", "directly", "each", "ties"]),
    ("count", &["of", "by", "max", "min", "at", "within"]),
    ("separation", &["acts", "by"]),
    ("workflow", &["check", "step", "of", "at"]),
    ("fee", &["by", "when", "any_of"]),
    ("condition", &["on", "each", "when", "any_of"]),
];

const EACH: [(&str, Each); 3] = [("first", Each::First), ("every", Each::Every), ("last", Each::Last)];

impl Compiler<'_, '_, '_> {
    pub(super) fn plan(&mut self) -> Plan {
        match self.kind {
            "deadline" => self.deadline(),
            "requires" => {
                on_event(self.requires().map(|kind| Kind::Requires(Box::new(kind))), &[Word::Missing, Word::Distance])
            }
            "forbids" => self.forbids_plan(),
            "count" => self.count_plan(),
            "separation" => self.separation_plan(),
            "workflow" => on_event(self.workflow().map(Kind::Workflow), &[Word::Missing, Word::From, Word::To]),
            "fee" => self.fee(),
            _ => self.condition_rule(),
        }
    }

    fn requires(&mut self) -> Option<Requires> {
        let event = self.needed_set("event");
        let before = self.required("before").map(|tree| self.sets("before", tree));
        let need = self.choice("need", &[("all", true), ("any", false)]);
        let since = self.tree("since").map(|tree| self.checker.event_set("since", tree));
        let same = self.same_fields();
        let directly = self.flag("directly");
        let condition = self.tree("where").map(|tree| self.checker.condition("where", tree, &Seat::event()));
        let each = self.choice("each", &[("first", Each::First), ("every", Each::Every)]).unwrap_or(Each::Every);
        let lenient = self.choice("ties", &[("seq", false), ("lenient", true)]).unwrap_or(false);
        let at_least = self.tree("at_least").and_then(|tree| self.fixed_span("at_least", tree));
        let at_most = self.tree("at_most").and_then(|tree| self.fixed_span("at_most", tree));
        Some(Requires {
            event: event?,
            before: before??,
            all: need.unwrap_or(true),
            since: optional(since)?,
            same,
            condition: optional(condition)?,
            directly,
            at_least,
            at_most,
            each,
            lenient,
        })
    }

    fn separation_plan(&mut self) -> Plan {
        let kind = self.separation().map(Kind::Separation);
        let seat = Seat { measure: Some(Measure::Shared), ..Seat::state() };
        let words = &[Word::Person, Word::Shared, Word::Acts];
        Plan { kind, shape: Shape::Fact, clears_seat: Seat::state(), seat, words }
    }

    fn separation(&mut self) -> Option<Separation> {
        let by = self.tree("by").map(|tree| self.checker.field("by", tree));
        let tree = self.required("acts")?;
        let acts = self.sets("acts", tree)?;
        if acts.len() < 2 {
            let say = texts::wrong_type("acts 至少两项", "`acts` needs at least two sets");
            self.checker.faults.add(tree.at, say);
        }
        Some(Separation { acts, by: optional(by)?.unwrap_or(EventField::Officer) })
    }

    fn workflow(&mut self) -> Option<Workflow> {
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
        Some(Workflow { check: check?, step: optional(step)?.unwrap_or(EventField::Stage), of: of?, at: at? })
    }

    fn fee(&mut self) -> Plan {
        let mut by: Vec<LineField> = Vec::new();
        for tree in self.tree("by").and_then(|tree| self.checker.faults.list("by", tree)).unwrap_or(&[]) {
            by.extend(self.checker.faults.one_of("by", tree, LINE));
        }
        let seat = Seat { lines: by.clone(), ..Seat::state() };
        let grounds = self.grounds(&seat);
        let kind = grounds.map(|grounds| Kind::Fee(FeeRule { by, grounds }));
        let words = &[Word::Line, Word::Ledger, Word::Tariff, Word::Excess, Word::Grounds];
        Plan { kind, shape: Shape::State, clears_seat: seat.clone(), seat, words }
    }

    fn condition_rule(&mut self) -> Plan {
        let tree = self.required("on");
        let state = matches!(tree.map(|tree| &tree.value), Some(Raw::Text(text)) if text.trim() == "case");
        let on = match tree {
            _ if state => Some(On::Case),
            Some(tree) => self.checker.event_set_with_aside("on", tree).map(On::Events),
            None => None,
        };
        let each = self.choice("each", &EACH).unwrap_or(Each::Every);
        if let (Some(On::Events(set)), Some(tree), true) = (&on, tree, each != Each::Every)
            && let Some(term) = set.terms.iter().find(|term| term.activities.aside())
        {
            let name = if term.activities == Activities::Held { "held" } else { "deleted" };
            self.checker.faults.add(tree.at, texts::aside_set(name));
        }
        let (seat, shape) = if state { (Seat::state(), Shape::State) } else { (Seat::event(), Shape::Fact) };
        let grounds = self.grounds(&seat);
        let kind = on.zip(grounds).map(|(on, grounds)| Kind::Condition(ConditionRule { on, each, grounds }));
        Plan { kind, shape, clears_seat: seat.clone(), seat, words: &[Word::Grounds] }
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

    pub(super) fn needed_set(&mut self, key: &str) -> Option<EventSet> {
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
fn on_event(kind: Option<Kind>, words: &'static [Word]) -> Plan {
    Plan { kind, shape: Shape::Fact, seat: Seat::event(), clears_seat: Seat::event(), words }
}
