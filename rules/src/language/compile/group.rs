//! `group`: the key that cases share, how far back it looks, and which cases are lit.

use super::{Compiler, optional};
use crate::expression::{EventRole, Node};
use crate::language::keys;
use crate::language::texts;
use crate::language::types::Seat;
use crate::rule::{CardsOn, Group};
use crate::value::Type;

/// Kinds that can be judged over several cases.
pub(crate) const KINDS: &[&str] = &["deadline", "requires", "forbids", "count", "separation", "condition"];
/// Of these, the kinds whose history a window can bound.
pub(super) const WINDOWED: &[&str] = &["requires", "forbids", "count", "condition"];
/// Words of `cards_on`.
pub(crate) const CARDS_ON: [(&str, CardsOn); 3] =
    [("all", CardsOn::All), ("last", CardsOn::Last), ("first", CardsOn::First)];

impl Compiler<'_, '_, '_> {
    /// `Some(None)` where there is no group, `None` when it has a fault.
    pub(super) fn group(&mut self) -> Option<Option<Group>> {
        let Some(entry) = self.entry("group") else { return Some(None) };
        if !KINDS.contains(&self.kind) {
            let say = texts::not_together(
                format!("{} 只看一个办件，不能有 group", self.kind),
                format!("{} looks at one case and cannot have `group`", self.kind),
            );
            self.checker.faults.add(entry.key_at, say);
            return None;
        }
        self.checker.group = true;
        let table = self.checker.faults.table("group", &entry.value)?;
        self.checker.faults.unknown_keys(table, "group", keys::GROUP);
        let by = self.checker.faults.required(table, "group", "by").cloned();
        let seat = Seat { event: Some(EventRole::Event), ..Seat::default() };
        let listed = by.as_ref().and_then(|by| self.checker.faults.list("by", &by.value)).unwrap_or(&[]);
        let keys: Vec<Option<Node>> = listed
            .iter()
            .map(|tree| {
                let typed = self.checker.expression("by", tree, &seat)?;
                let plain = !matches!(typed.node.ty, Type::Event | Type::List(_));
                if !plain {
                    let say =
                        texts::wrong_type("group 的键不能是事件或列表", "a key of `group` is no event and no list");
                    self.checker.faults.add(tree.at, say);
                }
                plain.then_some(typed.node)
            })
            .collect();
        if let Some(by) = by.as_ref().filter(|_| listed.is_empty()) {
            self.checker.faults.add(by.value.at, texts::wrong_type("by 为空", "`by` is empty"));
            return None;
        }
        let window = table.get("window").map(|entry| {
            if !WINDOWED.contains(&self.kind) {
                let say = texts::not_together(
                    format!("{} 的 group 没有 window", self.kind),
                    format!("`group` of {} has no `window`", self.kind),
                );
                self.checker.faults.add(entry.key_at, say);
            }
            self.fixed_span("window", &entry.value)
        });
        let cards_on =
            table.get("cards_on").map(|entry| self.checker.faults.one_of("cards_on", &entry.value, &CARDS_ON));
        Some(Some(Group {
            by: keys.into_iter().collect::<Option<_>>()?,
            window: optional(window)?,
            cards_on: optional(cards_on)?.unwrap_or(CardsOn::All),
        }))
    }
}
