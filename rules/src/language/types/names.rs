//! Dotted names: which of them mean something at a place, and what.

use compact_str::CompactString;

use super::fields::{self, CASE, CLOCK, EVENT, FEE, ITEM, LEDGER, LINE, SPECIAL, STAGE, TARIFF};
use super::{Checker, EXPANSIONS_MAX, Seat, Typed, Units, Written};
use crate::expression::{CaseField, EventField, EventRole, Expr, ItemField, Measure, Name, Node, StageField};
use crate::language::condition::{Ast, AstKind, Word};
use crate::language::texts;
use crate::value::{Type, Value};

/// Roots of names with what they are called.
const ROOTS: &[&str] = &[
    "event", "start", "earlier", "case", "item", "stage", "ledger", "line", "tariff", "clock", "list", "value", "param",
];

impl Checker<'_, '_, '_> {
    /// `a.b.c`
    pub(super) fn path(&mut self, words: &[Word], ast: &Ast, written: Written<'_>, seat: &Seat) -> Option<Typed> {
        let (root, rest) = words.split_first()?;
        match root.text.as_str() {
            "list" => return self.list_name(root, rest, written),
            "param" => return self.param_name(root, rest, written),
            "value" => return self.value_name(root, rest, written, seat),
            "now" | "today" => {
                self.fault(root.range.clone(), written, texts::no_now());
                return None;
            }
            _ => {}
        }
        if seat.bracket {
            return self.bracket_path(words, written);
        }
        match root.text.as_str() {
            "event" if seat.event.is_some() => self.role(seat.event?, rest, root, written),
            "start" if seat.start => self.role(EventRole::Start, rest, root, written),
            "earlier" if seat.earlier => self.role(EventRole::Earlier, rest, root, written),
            "case" if seat.case && self.has_case(seat) => self.case_name(root, rest, written),
            "item" if seat.case && self.has_case(seat) => self.item_name(root, rest, written),
            "stage" if seat.case && seat.event.is_some() => self.stage_name(None, root, rest, written, seat),
            "ledger" if seat.history && !self.group => {
                let (field, _) = self.one_field(root, rest, LEDGER, ("账目", "a ledger has"), written)?;
                Some(Typed::new(Expr::Name(Name::Ledger(Box::new(None), field)), fields::ledger_type(field)))
            }
            "line" if !seat.lines.is_empty() => self.line_name(root, rest, written, seat),
            "tariff" if seat.lines.contains(&crate::expression::LineField::Code) => {
                let (field, _) = self.one_field(root, rest, TARIFF, ("收费标准", "a tariff has"), written)?;
                Some(Typed::new(Expr::Name(Name::Tariff(Box::new(None), field)), fields::tariff_type(field)))
            }
            "clock" if seat.history && !self.group => self.clock_name(root, rest, written),
            "shared" if seat.measure == Some(Measure::Shared) && rest.is_empty() => {
                Some(Typed::new(Expr::Name(Name::Measure(Measure::Shared)), Type::Number))
            }
            "count" if seat.measure == Some(Measure::Count) && rest.is_empty() => {
                Some(Typed::new(Expr::Name(Name::Measure(Measure::Count)), Type::Number))
            }
            _ => {
                self.no_such_root(root, ast, written, seat);
                None
            }
        }
    }

    /// Is there one case that `case` speaks of? A state of a group has none.
    fn has_case(&self, seat: &Seat) -> bool {
        !self.group || seat.event.is_some() || seat.start || !seat.history
    }

    fn no_such_root(&mut self, root: &Word, ast: &Ast, written: Written<'_>, seat: &Seat) {
        let known = self.known_roots(seat);
        let field = EVENT.iter().any(|(name, _)| *name == root.text)
            || matches!(root.text.as_str(), "fee" | "special" | "attrs");
        let say = if field && seat.event.is_some() {
            let prefix = if seat.event == Some(EventRole::Start) { "start" } else { "event" };
            let whole = written.slice(ast.range.clone());
            texts::unknown_name(("名称", "name"), &root.text, &[])
                .help(format!("事件的字段写 {prefix}.{whole}"), format!("a field of the event is {prefix}.{whole}"))
        } else if root.text == "tariff" {
            texts::unknown_name(("名称", "name"), "tariff", &[]).help(
                "tariff 只在 by 含 \"code\" 的 fee 规则中有意义；其他地方写 tariff_of(代码)",
                "tariff is known in fee rules with by = [\"code\"]; elsewhere write tariff_of(code)",
            )
        } else if ROOTS.contains(&root.text.as_str()) {
            let (zh, en) = (known.join("、"), known.join(", "));
            texts::unknown_name(("名称", "name"), &root.text, &[]).help(
                format!("{} 在此处没有意义；此处可用：{zh}", root.text),
                format!("{} has no meaning here; here: {en}", root.text),
            )
        } else {
            texts::unknown_name(("名称", "name"), &root.text, &known)
        };
        self.fault(root.range.clone(), written, say);
    }

    fn known_roots(&self, seat: &Seat) -> Vec<&'static str> {
        let known = |root: &&&str| match **root {
            "event" => seat.event.is_some(),
            "start" => seat.start,
            "earlier" => seat.earlier,
            "case" | "item" => seat.case && self.has_case(seat),
            "stage" => seat.case && seat.event.is_some(),
            "ledger" => seat.history && !self.group,
            "clock" => seat.history && !self.group && !self.clocks.is_empty(),
            "line" => !seat.lines.is_empty(),
            "tariff" => seat.lines.contains(&crate::expression::LineField::Code),
            _ => true,
        };
        let mut roots: Vec<&str> = ROOTS.iter().filter(known).copied().collect();
        match seat.measure {
            Some(Measure::Shared) => roots.push("shared"),
            Some(Measure::Count) => roots.push("count"),
            None => {}
        }
        roots
    }

    /// Inside `[ ]`: the event's own fields.
    fn bracket_path(&mut self, words: &[Word], written: Written<'_>) -> Option<Typed> {
        let root = &words[0];
        // `item` and `stage` are fields of the event; with a field of their own they are lookups.
        let lookup = matches!(root.text.as_str(), "item" | "stage") && words.len() > 1;
        let foreign = ["event", "start", "stop", "earlier", "case", "ledger", "line", "tariff", "clock", "shared"];
        if lookup || foreign.contains(&root.text.as_str()) {
            self.fault(root.range.clone(), written, texts::own_fields_only());
            return None;
        }
        let (field, ty) = self.event_field(words, "attrs.", written)?;
        Some(self.event_typed(EventRole::Event, field, ty, true))
    }

    /// `event.x`, `start.x`
    fn role(&mut self, role: EventRole, rest: &[Word], root: &Word, written: Written<'_>) -> Option<Typed> {
        if rest.is_empty() {
            self.needs_field(root, "at", written);
            return None;
        }
        if rest[0].text == "case" {
            return self.case_of_role(role, rest, written);
        }
        let (field, ty) = self.event_field(rest, &format!("{}.attrs.", root.text), written)?;
        Some(self.event_typed(role, field, ty, false))
    }

    /// `event.case.x`
    fn case_of_role(&mut self, role: EventRole, words: &[Word], written: Written<'_>) -> Option<Typed> {
        if !self.group {
            let say = texts::refused(
                "只有带 group 的规则才有 event.case",
                "`event.case` is known in rules with `group` only",
            );
            self.fault(words[0].range.clone(), written, say.help("本办件写 case.…", "the case itself is case.x"));
            return None;
        }
        let typed = self.case_name(&words[0], &words[1..], written)?;
        let Expr::Name(Name::Case(field)) = typed.node.expr else { return None };
        let node = Node { expr: Expr::Name(Name::CaseOf(role, field)), ..typed.node };
        Some(Typed { node, ..typed })
    }

    fn event_typed(&self, role: EventRole, field: EventField, ty: Type, bracket: bool) -> Typed {
        let values = self.values_of(&field);
        let optional = !bracket && matches!(field, EventField::Attr(..));
        Typed { values, optional, ..Typed::new(Expr::Name(Name::Event(role, field)), ty) }
    }

    /// The only values of a text field.
    fn values_of(&self, field: &EventField) -> Option<Vec<String>> {
        match field {
            EventField::Attr(name, _) => self.vocabulary.field_values(name),
            EventField::Activity => Some(self.vocabulary.activities.keys().map(ToString::to_string).collect()),
            other => fields::event_values(other).map(|values| values.iter().map(|value| (*value).to_owned()).collect()),
        }
    }

    fn needs_field(&mut self, root: &Word, example: &str, written: Written<'_>) {
        let name = &root.text;
        let say = texts::syntax(
            format!("{name} 后须写字段，如 {name}.{example}"),
            format!("{name} needs a field, such as {name}.{example}"),
        );
        self.fault(root.range.clone(), written, say);
    }

    /// A field of an event: `outcome`, `fee.code`, `attrs.x`.
    pub(super) fn event_field(
        &mut self,
        words: &[Word],
        prefix: &str,
        written: Written<'_>,
    ) -> Option<(EventField, Type)> {
        let (first, rest) = words.split_first()?;
        let owner = ("事件", "events have");
        let found = match (first.text.as_str(), rest) {
            ("attrs", [name, ..]) => {
                let (column, ty) = self.attr(name, written)?;
                Some((EventField::Attr(column, ty), 2))
            }
            ("fee", [name, ..]) => {
                let field = self.in_table(name, FEE, ("fee ", "fee has"), written)?;
                Some((field, 2))
            }
            ("special", [name, ..]) => {
                let field = self.in_table(name, SPECIAL, ("special ", "special has"), written)?;
                Some((field, 2))
            }
            ("attrs" | "fee" | "special", []) => {
                let example = match first.text.as_str() {
                    "fee" => "amount",
                    "special" => "kind",
                    _ => "x",
                };
                self.needs_field(first, example, written);
                return None;
            }
            (name, _) => EVENT.iter().find(|(known, _)| *known == name).map(|(_, field)| (field.clone(), 1)),
        };
        let Some((field, used)) = found else {
            let mut known: Vec<&str> = EVENT.iter().map(|(name, _)| *name).collect();
            known.extend(["fee", "special", "attrs"]);
            let mut say = texts::unknown_field(owner, &first.text, &known, prefix);
            if self.vocabulary.fields.contains_key(&first.text) {
                let name = &first.text;
                say = say.help(format!("附加字段写 {prefix}{name}"), format!("a declared field is {prefix}{name}"));
            }
            self.fault(first.range.clone(), written, say);
            return None;
        };
        if let Some(extra) = words.get(used) {
            let before = &words[used - 1].text;
            let say = texts::unknown_field((before, &format!("{before} has")), &extra.text, &[], "");
            self.fault(extra.range.clone(), written, say);
            return None;
        }
        let ty = fields::event_type(&field);
        Some((field, ty))
    }

    /// An expression that must be a bare event field: `fee.amount` in `sum(S, fee.amount)`.
    pub(super) fn bare_field(&mut self, ast: &Ast, written: Written<'_>) -> Option<(EventField, Type)> {
        let AstKind::Path(words) = &ast.kind else {
            let say = texts::syntax(
                "此处须为事件的字段名，如 fee.amount",
                "an event's field is expected here, such as fee.amount",
            );
            self.fault(ast.range.clone(), written, say);
            return None;
        };
        let words = match words.split_first() {
            Some((first, rest)) if first.text == "event" && !rest.is_empty() => rest,
            _ => words.as_slice(),
        };
        self.event_field(words, "attrs.", written)
    }

    /// The attribute that a declared name reads, and its type.
    fn attr(&mut self, name: &Word, written: Written<'_>) -> Option<(CompactString, Type)> {
        let vocabulary = self.vocabulary;
        match vocabulary.fields.get(&name.text) {
            Some(field) => Some((field.column.as_str().into(), field.ty.clone())),
            None => {
                let known: Vec<&str> = vocabulary.fields.keys().map(String::as_str).collect();
                let say = texts::unknown_field(("附加字段中", "attrs has"), &name.text, &known, "").help(
                    "附加字段在 config/vocabulary.toml 的 [fields] 中声明",
                    "declare it in [fields] of config/vocabulary.toml",
                );
                self.fault(name.range.clone(), written, say);
                None
            }
        }
    }

    fn in_table<T: Clone>(
        &mut self,
        word: &Word,
        table: &[(&str, T)],
        owner: (&str, &str),
        written: Written<'_>,
    ) -> Option<T> {
        let found = table.iter().find(|(name, _)| *name == word.text);
        if found.is_none() {
            let known: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
            self.fault(word.range.clone(), written, texts::unknown_field(owner, &word.text, &known, ""));
        }
        found.map(|(_, field)| field.clone())
    }

    /// The one field that follows a root.
    pub(super) fn one_field<T: Clone>(
        &mut self,
        root: &Word,
        rest: &[Word],
        table: &[(&str, T)],
        owner: (&str, &str),
        written: Written<'_>,
    ) -> Option<(T, Type)> {
        let Some(word) = rest.first() else {
            self.needs_field(root, table[0].0, written);
            return None;
        };
        let field = self.in_table(word, table, owner, written)?;
        if let Some(extra) = rest.get(1) {
            let say = texts::unknown_field((&word.text, &format!("{} has", word.text)), &extra.text, &[], "");
            self.fault(extra.range.clone(), written, say);
            return None;
        }
        Some((field, Type::Flag))
    }

    fn case_name(&mut self, root: &Word, rest: &[Word], written: Written<'_>) -> Option<Typed> {
        let Some(word) = rest.first() else {
            self.needs_field(root, "id", written);
            return None;
        };
        if word.text == "attrs" {
            let Some(name) = rest.get(1) else {
                self.needs_field(word, "x", written);
                return None;
            };
            let (column, ty) = self.attr(name, written)?;
            if let Some(extra) = rest.get(2) {
                let say = texts::unknown_field((&name.text, &format!("{} has", name.text)), &extra.text, &[], "");
                self.fault(extra.range.clone(), written, say);
                return None;
            }
            let field = CaseField::Attr(column, ty.clone());
            let values = self.vocabulary.field_values(&name.text);
            return Some(Typed { values, optional: true, ..Typed::new(Expr::Name(Name::Case(field)), ty) });
        }
        let Some((field, ty)) = fields::case(&word.text) else {
            let say = texts::unknown_field(("办件", "cases have"), &word.text, CASE, "case.attrs.");
            self.fault(word.range.clone(), written, say);
            return None;
        };
        if let Some(extra) = rest.get(1) {
            let say = texts::unknown_field((&word.text, &format!("{} has", word.text)), &extra.text, &[], "");
            self.fault(extra.range.clone(), written, say);
            return None;
        }
        let values: Option<&[&str]> = match field {
            CaseField::CaseType => Some(fields::CASE_TYPES),
            CaseField::Level => Some(fields::LEVELS),
            _ => None,
        };
        let values = values.map(|values| values.iter().map(|value| (*value).to_owned()).collect());
        Some(Typed { values, ..Typed::new(Expr::Name(Name::Case(field)), ty) })
    }

    fn item_name(&mut self, root: &Word, rest: &[Word], written: Written<'_>) -> Option<Typed> {
        let (field, _) = self.one_field(root, rest, ITEM, ("事项", "items have"), written)?;
        let ty = fields::item_type(&field);
        let values = matches!(field, ItemField::Levels)
            .then(|| fields::LEVELS.iter().map(|level| (*level).to_owned()).collect());
        Some(Typed { values, ..Typed::new(Expr::Name(Name::Item(field)), ty) })
    }

    /// `stage.x` of the judged event, `stage_of(code).x`
    pub(super) fn stage_name(
        &mut self,
        code: Option<Node>,
        root: &Word,
        rest: &[Word],
        written: Written<'_>,
        seat: &Seat,
    ) -> Option<Typed> {
        let (field, _): (StageField, _) = self.one_field(root, rest, STAGE, ("环节", "stages have"), written)?;
        // At the start of a deadline the stage is the start's.
        let code = code.or_else(|| {
            (seat.event == Some(EventRole::Start)).then(|| Node {
                expr: Expr::Name(Name::Event(EventRole::Start, EventField::Stage)),
                ty: Type::Text,
                text: "start.stage".into(),
            })
        });
        Some(Typed::new(Expr::Name(Name::Stage(Box::new(code), field)), fields::stage_type(field)))
    }

    fn line_name(&mut self, root: &Word, rest: &[Word], written: Written<'_>, seat: &Seat) -> Option<Typed> {
        let (field, _) = self.one_field(root, rest, LINE, ("收费行", "a line has"), written)?;
        if !seat.lines.contains(&field) {
            let word = &rest[0];
            let say = texts::unknown_field(("本规则的收费行", "a line of this rule has"), &word.text, &[], "")
                .help(format!("在 by 中加上 \"{}\"", word.text), format!("add \"{}\" to `by`", word.text));
            self.fault(word.range.clone(), written, say);
            return None;
        }
        Some(Typed::new(Expr::Name(Name::Line(field)), Type::Text))
    }

    fn clock_name(&mut self, root: &Word, rest: &[Word], written: Written<'_>) -> Option<Typed> {
        let clocks = self.clocks;
        let Some(word) = rest.first() else {
            self.needs_field(root, "promise.due", written);
            return None;
        };
        let Some(clock) = clocks.iter().find(|clock| clock.name == word.text) else {
            let known: Vec<&str> = clocks.iter().map(|clock| clock.name.as_str()).collect();
            self.fault(word.range.clone(), written, texts::unknown_name(("时钟", "clock"), &word.text, &known));
            return None;
        };
        let (field, _) = self.one_field(word, &rest[1..], CLOCK, ("时钟", "clocks have"), written)?;
        Some(Typed::new(Expr::Name(Name::Clock(clock.place, field)), fields::clock_type(field)).units(clock.units))
    }

    fn list_name(&mut self, root: &Word, rest: &[Word], written: Written<'_>) -> Option<Typed> {
        let name = self.only_word(root, rest, written)?;
        let lists = self.lists;
        let Some(list) = lists.get(&name.text) else {
            let known: Vec<&str> = lists.keys().map(String::as_str).collect();
            self.fault(name.range.clone(), written, texts::unknown_name(("列表", "list"), &name.text, &known));
            return None;
        };
        let ty = Type::List(Box::new(list.of.clone()));
        Some(Typed::new(Expr::Literal(Value::List(list.members.clone())), ty))
    }

    fn param_name(&mut self, root: &Word, rest: &[Word], written: Written<'_>) -> Option<Typed> {
        let name = self.only_word(root, rest, written)?;
        let params = self.params;
        let Some(param) = params.get(&name.text) else {
            let known: Vec<&str> = params.keys().map(String::as_str).collect();
            self.fault(name.range.clone(), written, texts::unknown_name(("参数", "parameter"), &name.text, &known));
            return None;
        };
        let units = match &param.value {
            Value::Span(span) => Units::of(span.unit),
            _ => Units::Open,
        };
        Some(Typed::new(Expr::Literal(param.value.clone()), param.ty.clone()).units(units))
    }

    fn value_name(&mut self, root: &Word, rest: &[Word], written: Written<'_>, seat: &Seat) -> Option<Typed> {
        let name = self.only_word(root, rest, written)?;
        let vocabulary = self.vocabulary;
        let Some(named) = vocabulary.values.get(&name.text) else {
            let known: Vec<&str> = vocabulary.values.keys().map(String::as_str).collect();
            self.fault(
                name.range.clone(),
                written,
                texts::unknown_name(("命名表达式", "named value"), &name.text, &known),
            );
            return None;
        };
        // A definition that could not be read was told where it stands.
        let ast = named.ast.as_ref()?;
        self.expanded("value.", name, written, |checker| {
            checker.check(ast, Written { text: &named.text, origin: &named.origin }, seat)
        })
    }

    /// Runs `check` on the definition of a name, unless the name stands for itself.
    pub(super) fn expanded<T>(
        &mut self,
        kind: &str,
        name: &Word,
        written: Written<'_>,
        check: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let key = format!("{kind}{}", name.text);
        if self.open.contains(&key) || self.open.len() >= EXPANSIONS_MAX {
            let say = texts::too_big("名称的定义绕回自身或层次过多", "the definition goes in a circle or too deep");
            self.fault(name.range.clone(), written, say);
            return None;
        }
        self.open.push(key);
        let out = check(self);
        self.open.pop();
        out
    }

    fn only_word<'w>(&mut self, root: &Word, rest: &'w [Word], written: Written<'_>) -> Option<&'w Word> {
        match rest {
            [name] => Some(name),
            [] => {
                self.needs_field(root, "x", written);
                None
            }
            [name, extra, ..] => {
                let say = texts::unknown_field((&name.text, &format!("{} has", name.text)), &extra.text, &[], "");
                self.fault(extra.range.clone(), written, say);
                None
            }
        }
    }
}
