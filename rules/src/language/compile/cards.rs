//! Cards: when each comes, how it ends, in which order.

use facts::Card;

use super::{Compiler, Plan, Shape};
use crate::counting::Unit;
use crate::expression::{Comparison, Expr, HistoryFunction, Node};
use crate::language::faults::Say;
use crate::language::source::At;
use crate::language::tree::{Raw, Table, Tree};
use crate::language::types::{Seat, article, type_zh};
use crate::language::{keys, span_text, texts};
use crate::rule::{CardSpec, Clears, Family, Kind, Mark, On, Start};
use crate::value::{Type, Value};

const LEVELS: [(&str, Card); 3] = [("warning", Card::Warning), ("yellow", Card::Yellow), ("red", Card::Red)];
const NATURAL: Mark = Mark::Due(0, Unit::WorkingDays);

/// A card under check and where it stands.
struct Placed {
    spec: CardSpec,
    at: At,
}

impl Compiler<'_, '_, '_> {
    /// The cards, mildest first.
    pub(super) fn cards(&mut self, plan: &Plan, held: bool, family: Option<Family>) -> Vec<CardSpec> {
        let given = self.given_cards();
        if given.is_empty() && self.tree("card").is_none() && self.tree("cards").is_none() {
            self.checker.faults.add(self.table.at, texts::missing_key(self.kind, "card"));
        }
        let default_clears = self.clears(self.table, plan);
        let mut cards: Vec<Placed> = Vec::new();
        for (card, at, tree) in given {
            if let Some(spec) = self.card(card, tree, plan, default_clears.as_ref(), held, family) {
                cards.push(Placed { spec, at });
            }
        }
        cards.sort_by_key(|card| card.spec.card);
        self.check_order(&cards, plan);
        self.check_absence(&cards, plan);
        cards.into_iter().map(|card| card.spec).collect()
    }

    fn card(
        &mut self,
        card: Card,
        tree: Option<&Tree>,
        plan: &Plan,
        default_clears: Option<&Clears>,
        held: bool,
        family: Option<Family>,
    ) -> Option<CardSpec> {
        let (deadline, state) = (plan.shape == Shape::Deadline, plan.shape == Shape::State);
        let natural = match card {
            Card::Warning if deadline => Clears::Ended,
            _ if state => Clears::Ended,
            _ => Clears::Never,
        };
        let mut spec = CardSpec {
            card,
            light: self.defaults.light(card),
            mark: NATURAL,
            mark_text: if deadline { "due".into() } else { Default::default() },
            limit: None,
            when: None,
            after: None,
            from: None,
            clears: default_clears.cloned().unwrap_or(natural),
            held,
        };
        let Some(tree) = tree else { return Some(spec) };
        let table = match &tree.value {
            Raw::Text(_) if deadline => return self.mark(tree, &mut spec).then_some(spec),
            Raw::Text(_) => {
                spec.when = self.checker.condition("when", tree, &plan.seat);
                return Some(spec);
            }
            Raw::Table(table) => table,
            other => {
                let wanted = ("表，或标记、条件的文字", "a table, or the text of a mark or condition");
                self.checker.faults.add(tree.at, texts::wrong_value(card.token(), wanted, other.kind()));
                return None;
            }
        };
        self.check_card_keys(card, table, plan);
        let marked = table.get("at").filter(|_| deadline).is_none_or(|entry| self.mark(&entry.value, &mut spec));
        if let Some(entry) = table.get("limit").filter(|_| deadline) {
            spec.limit = self.checker.limit("limit", &entry.value, &plan.seat, true).map(|typed| typed.node);
        }
        if let Some(entry) = table.get("when") {
            spec.when = self.checker.condition("when", &entry.value, &plan.seat);
        }
        if let Some(entry) = table.get("after").filter(|_| state) {
            spec.after = self.fixed_span("after", &entry.value);
        }
        if let Some(entry) = table.get("from").filter(|_| state || self.on_events(plan)) {
            spec.from = self.instant("from", &entry.value, &plan.seat);
        }
        if let Some(clears) = self.clears(table, plan) {
            spec.clears = clears;
        }
        if table.get("issue").is_some() {
            spec.held = self.held(table, family);
        }
        marked.then_some(spec)
    }

    /// A condition on events, whose cards may say from when they hold.
    fn on_events(&self, plan: &Plan) -> bool {
        self.kind == "condition" && plan.shape == Shape::Fact
    }

    fn check_card_keys(&mut self, card: Card, table: &Table, plan: &Plan) {
        let mut allowed = keys::CARD.to_vec();
        if plan.shape == Shape::Deadline {
            allowed.extend(keys::CARD_OF_DEADLINE);
        }
        if plan.shape == Shape::State {
            allowed.extend(keys::CARD_OF_STATE);
        }
        if plan.shape == Shape::State || self.on_events(plan) {
            allowed.extend(keys::CARD_FROM);
        }
        self.checker.faults.unknown_keys(table, &format!("cards.{card}"), &allowed);
    }

    /// Reads a mark; false when it is none.
    fn mark(&mut self, tree: &Tree, spec: &mut CardSpec) -> bool {
        let Some(text) = self.checker.faults.text("at", tree) else { return false };
        match span_text::parse_mark(text) {
            Some(mark) => {
                spec.mark = mark;
                spec.mark_text = text.trim().into();
                true
            }
            None => {
                let say = texts::syntax(format!("\"{text}\" 不是标记"), format!("\"{text}\" is no mark")).help(
                    "可写 \"due\"、\"due - 2wd\"、\"due + 1d\"、\"over >= 1\"、\"80%\"",
                    "write \"due\", \"due - 2wd\", \"due + 1d\", \"over >= 1\" or \"80%\"",
                );
                self.checker.faults.add(tree.at, say);
                false
            }
        }
    }

    /// An expression that gives an instant.
    pub(super) fn instant(&mut self, key: &str, tree: &Tree, seat: &Seat) -> Option<Node> {
        let typed = self.checker.expression(key, tree, seat)?;
        if typed.node.ty == Type::Instant {
            return Some(typed.node);
        }
        let say = texts::wrong_type(
            format!("{key} 须为时刻，这里是{}", type_zh(&typed.node.ty)),
            format!("{key} takes an instant, this is {}", article(&typed.node.ty)),
        );
        self.checker.faults.add(tree.at, say);
        None
    }

    /// A milder card must come before a worse one, and no mark may lie before the start.
    fn check_order(&mut self, cards: &[Placed], plan: &Plan) {
        let Some(Kind::Deadline(deadline)) = &plan.kind else { return };
        for (place, milder) in cards.iter().enumerate() {
            let limit = milder.spec.limit.as_ref().or(deadline.limit.as_ref());
            self.check_mark(milder, limit, &deadline.start);
            if deadline.silent && milder.spec.card == Card::Warning {
                self.checker.faults.add(milder.at, texts::silent_warning());
            }
            for worse in &cards[place + 1..] {
                let other = worse.spec.limit.as_ref().or(deadline.limit.as_ref());
                let same =
                    milder.spec.when.is_none() && worse.spec.when.is_none() && milder.spec.limit == worse.spec.limit;
                let late = same && limit.is_some() && limit == other && not_before(&milder.spec.mark, &worse.spec.mark);
                let hides = matches!(worse.spec.clears, Clears::Never) || milder.spec.clears == worse.spec.clears;
                if late && hides {
                    let name = |card: Card| (card.zh(), words(card));
                    self.checker
                        .faults
                        .add(milder.at, texts::card_order(name(milder.spec.card), name(worse.spec.card)));
                }
            }
        }
    }

    fn check_mark(&mut self, card: &Placed, limit: Option<&Node>, start: &Start) {
        let Some(limit) = limit else { return };
        if matches!(limit.ty, Type::Date | Type::Instant) && !matches!(card.spec.mark, Mark::Due(..)) {
            let say: Say = texts::wrong_type(
                "期限是某日或某时刻时，标记只能从 due 写起",
                "where the limit is a date or an instant, a mark begins with due",
            )
            .help("可写 \"due\"、\"due - 2wd\"、\"due + 1d\"", "write \"due\", \"due - 2wd\" or \"due + 1d\"");
            self.checker.faults.add(card.at, say);
        }
        let Expr::Literal(Value::Span(span)) = &limit.expr else { return };
        let before = match card.spec.mark {
            Mark::Due(number, unit) => unit == span.unit && number + span.number <= 0 && span.number > 0,
            Mark::Over(number) => number - 1 + span.number <= 0 && span.number > 0,
            Mark::Percent(_) => false,
        };
        if before && matches!(start, Start::Events(_) | Start::Instant(_)) {
            self.checker.faults.add(card.at, texts::mark_before_start(&card.spec.mark_text));
        }
    }

    /// A state that is nothing but absence holds from the first event of every case.
    fn check_absence(&mut self, cards: &[Placed], plan: &Plan) {
        let Some(Kind::Condition(rule)) = &plan.kind else { return };
        let bare =
            cards.iter().any(|card| card.spec.after.is_none() && card.spec.from.is_none() && card.spec.when.is_none());
        if rule.on == On::Case && bare && rule.grounds.iter().any(only_absence) {
            let at = self.entry("when").or_else(|| self.entry("any_of")).map_or(self.table.at, |entry| entry.value.at);
            self.checker.faults.add(at, texts::absence_from_the_start());
        }
    }
}

impl<'a> Compiler<'a, '_, '_> {
    /// Levels with their tables; `None` for a card at the natural moment.
    fn given_cards(&mut self) -> Vec<(Card, At, Option<&'a Tree>)> {
        if let (Some(card), Some(cards)) = (self.entry("card"), self.entry("cards")) {
            let say = texts::not_together("card 与 cards 只写其一", "write either `card` or `cards`");
            self.checker.faults.add(card.key_at.max(cards.key_at), say);
        }
        if let Some(tree) = self.tree("card") {
            let card = self.checker.faults.one_of("card", tree, &LEVELS);
            return card.map(|card| (card, tree.at, None)).into_iter().collect();
        }
        let Some(tree) = self.tree("cards") else { return Vec::new() };
        let Some(table) = self.checker.faults.table("cards", tree) else { return Vec::new() };
        let mut out = Vec::new();
        for entry in &table.entries {
            let Some((_, card)) = LEVELS.iter().find(|(name, _)| *name == entry.key) else {
                let say = match entry.key.as_str() {
                    "notice" => texts::refused("本版尚不支持 notice（提示）", "this version has no `notice`")
                        .help("请用 warning（预警）", "use `warning`"),
                    key => texts::unknown_key("cards", key, keys::LEVELS),
                };
                self.checker.faults.add(entry.key_at, say);
                continue;
            };
            // "off" is how a profile takes a card away.
            if !matches!(&entry.value.value, Raw::Text(text) if text == "off") {
                let natural = matches!(&entry.value.value, Raw::Table(table) if table.entries.is_empty());
                out.push((*card, entry.key_at, (!natural).then_some(&entry.value)));
            }
        }
        out
    }
}

fn words(card: Card) -> &'static str {
    match card {
        Card::None => "no card",
        Card::Warning => "warning",
        Card::Yellow => "yellow card",
        Card::Red => "red card",
    }
}

/// Is `a` certainly not before `b`? False where the files cannot tell.
fn not_before(a: &Mark, b: &Mark) -> bool {
    let days = |mark: &Mark| match mark {
        Mark::Due(number, unit) => Some((*number, (*number != 0).then_some(*unit))),
        Mark::Over(number) => Some((number - 1, None)),
        Mark::Percent(_) => None,
    };
    match (a, b) {
        (Mark::Percent(a), Mark::Percent(b)) => a >= b,
        (Mark::Percent(share), other) => days(other).is_some_and(|(number, _)| *share >= 100 && number <= 0),
        (other, Mark::Percent(share)) => days(other).is_some_and(|(number, _)| *share <= 100 && number >= 0),
        (a, b) => match (days(a), days(b)) {
            (Some((a, unit)), Some((b, other))) => {
                let comparable = unit.is_none() || other.is_none() || unit == other;
                // Opposite signs compare whatever their units are.
                if comparable { a >= b } else { a >= 0 && b <= 0 }
            }
            _ => false,
        },
    }
}

/// Does this hold of a case with no events that matter?
fn only_absence(node: &Node) -> bool {
    match &node.expr {
        Expr::And(a, b) => only_absence(a) && only_absence(b),
        Expr::Not(inner) => matches!(inner.expr, Expr::History(HistoryFunction::Seen, ..)),
        Expr::Compare(Comparison::Equal, a, b) => {
            matches!(a.expr, Expr::History(HistoryFunction::Count, ..))
                && matches!(&b.expr, Expr::Literal(Value::Number(number)) if number.is_zero())
        }
        _ => false,
    }
}
