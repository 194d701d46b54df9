//! `kind = "forbids"` and `kind = "count"`, and the keys that `forbids` shares with `requires`.

use super::{Compiler, Plan, Shape, optional};
use crate::counting::Span;
use crate::expression::Measure;
use crate::language::texts;
use crate::language::types::Seat;
use crate::rule::{Bound, Count, Each, Forbids, Kind, SameField};
use crate::wording::Word;

impl Compiler<'_, '_, '_> {
    pub(super) fn forbids_plan(&mut self) -> Plan {
        let seat = Seat { earlier: true, ..Seat::event() };
        let kind = self.forbids(&seat).map(|forbids| Kind::Forbids(Box::new(forbids)));
        Plan { kind, shape: Shape::Fact, clears_seat: seat.clone(), seat, words: &[Word::Earlier, Word::Distance] }
    }

    fn forbids(&mut self, seat: &Seat) -> Option<Forbids> {
        let (event, after) = (self.needed_set("event"), self.needed_set("after"));
        let unless = self.tree("unless").map(|tree| self.checker.event_set("unless", tree));
        let (within, later_than) = (self.fixed("within"), self.fixed("later_than"));
        if let (Some(Some(within)), Some(Some(later)), Some(entry)) = (within, later_than, self.entry("later_than"))
            && within.unit == later.unit
            && later.number >= within.number
        {
            let say = texts::not_together(
                "later_than 须短于 within，否则没有事件被禁止",
                "`later_than` must be shorter than `within`, else nothing is forbidden",
            );
            self.checker.faults.add(entry.key_at, say);
        }
        let same = self.same_fields();
        let directly = self.flag("directly");
        if let (true, Some(entry)) = (directly && unless.is_some(), self.entry("unless")) {
            let say = texts::not_together(
                "directly 时两事件之间没有其他事件，unless 没有意义",
                "with `directly` nothing lies between, `unless` has no meaning",
            );
            self.checker.faults.add(entry.key_at, say);
        }
        let condition = self.tree("where").map(|tree| self.checker.condition("where", tree, seat));
        let each = self.choice("each", &[("first", Each::First), ("every", Each::Every)]).unwrap_or(Each::Every);
        let lenient = self.choice("ties", &[("seq", false), ("lenient", true)]).unwrap_or(false);
        Some(Forbids {
            event: event?,
            after: after?,
            unless: optional(unless)?,
            within: optional(within)?,
            later_than: optional(later_than)?,
            same,
            condition: optional(condition)?,
            directly,
            each,
            lenient,
        })
    }

    /// A fixed limit that may be left out; `Some(None)` when it has a fault.
    fn fixed(&mut self, key: &str) -> Option<Option<Span>> {
        self.tree(key).map(|tree| self.fixed_span(key, tree))
    }

    /// `same`: fields of the two events, or of their cases.
    pub(super) fn same_fields(&mut self) -> Vec<SameField> {
        let Some(tree) = self.tree("same") else { return Vec::new() };
        self.checker.same_fields("same", tree)
    }

    pub(super) fn count_plan(&mut self) -> Plan {
        let least = self.tree("min").is_some();
        let kind = self.count().map(|count| Kind::Count(Box::new(count)));
        let seat = Seat { measure: Some(Measure::Count), ..Seat::event() };
        let words: &[Word] =
            if least { &[Word::Count, Word::Min, Word::Key] } else { &[Word::Count, Word::Max, Word::Key] };
        Plan { kind, shape: Shape::Fact, clears_seat: seat.clone(), seat, words }
    }

    fn count(&mut self) -> Option<Count> {
        let of = self.needed_set("of");
        let by = self.tree("by").map(|tree| self.checker.field_list("by", tree)).unwrap_or_default();
        let within = self.fixed("within");
        let bound = self.bound();
        Some(Count { of: of?, by, bound: bound?, within: optional(within)? })
    }

    fn bound(&mut self) -> Option<Bound> {
        let number = |compiler: &mut Self, key: &str, least| {
            let tree = compiler.tree(key)?;
            compiler.checker.faults.integer(key, tree, least)
        };
        match (self.entry("max"), self.entry("min")) {
            (Some(_), Some(both)) => {
                let say = texts::not_together("max 与 min 只写其一", "write either `max` or `min`");
                self.checker.faults.add(both.key_at, say);
                None
            }
            (Some(_), None) => {
                if let Some(at) = self.entry("at") {
                    let say = texts::not_together("at 只与 min 同用", "`at` goes with `min` only");
                    self.checker.faults.add(at.key_at, say);
                }
                number(self, "max", 0).map(Bound::Max)
            }
            (None, Some(_)) => {
                let (least, at) = (number(self, "min", 1), self.needed_set("at"));
                Some(Bound::Min(least?, at?))
            }
            (None, None) => {
                self.checker.faults.add(self.table.at, texts::missing_key(self.kind, "max"));
                None
            }
        }
    }
}
