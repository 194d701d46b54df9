//! From one part of a rule, with a profile's overrides in place, to the rule that is judged.

mod cards;
mod deadline;
mod group;
mod kinds;
mod manual;
mod scope;
mod succession;

use compact_str::CompactString;
use facts::standing::Text2;
use facts::{Card, Light};

use super::faults::Faults;
use super::keys;
use super::message::message;
use super::rule_file::RawRule;
use super::texts;
use super::tree::{Entry, Raw, Table, Tree};
use super::types::{Checker, ClockName, Param, Params, Seat};
use super::vocabulary::{ListValue, Vocabulary, scalar};
use crate::counting::{Counting, Ends, Span};
use crate::expression::{Expr, Node};
use crate::reads::Reads;
use crate::rule::{Clears, Family, Kind, Rule, Status};
use crate::value::{Type, Value};
use crate::wording::Word;

pub(crate) use deadline::{clock, extension, pause};
pub(crate) use kinds::KINDS;
pub(crate) use manual::{KEYS as MANUAL_KEYS, compile_manual, is_manual};

/// What a profile decides for all its rules.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    pub(crate) profile: String,
    pub(crate) counting: Counting,
    pub(crate) calendar: CompactString,
    /// Families whose lights wait for a person.
    pub(crate) held: Vec<Family>,
    pub(crate) warning: Light,
    pub(crate) yellow: Light,
    pub(crate) red: Light,
}

impl Defaults {
    /// What holds where no profile says otherwise.
    pub(crate) fn plain() -> Defaults {
        Defaults {
            profile: "none".to_owned(),
            counting: Counting::Legal,
            calendar: "cn".into(),
            held: Vec::new(),
            warning: Light::Yellow,
            yellow: Light::Yellow,
            red: Light::Red,
        }
    }

    fn light(&self, card: Card) -> Light {
        match card {
            Card::None => Light::Green,
            Card::Warning => self.warning,
            Card::Yellow => self.yellow,
            Card::Red => self.red,
        }
    }
}

/// The definitions that a rule may name, under one profile.
#[derive(Copy, Clone)]
pub(crate) struct Definitions<'a> {
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) lists: &'a std::collections::BTreeMap<String, ListValue>,
    pub(crate) clocks: &'a [ClockName],
}

/// Keys that every rule may have.
pub(crate) const COMMON: &[&str] = &[
    "id",
    "version",
    "family",
    "kind",
    "name",
    "basis",
    "note",
    "status",
    "applies_to",
    "in_force",
    "card",
    "cards",
    "clears",
    "issue",
    "grace",
    "counting",
    "ends",
    "roll",
    "calendar",
    "params",
    "message",
    "part",
    "gap_before",
    "group",
];

/// How the findings of a kind come and go.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Shape {
    /// Marks on a clock.
    Deadline,
    /// A state lasts and ends.
    State,
    /// An event fact does not end.
    Fact,
}

/// What a kind says of itself to the rest of the rule.
struct Plan {
    /// `None` when it has a fault; the rest of the rule is checked all the same.
    kind: Option<Kind>,
    shape: Shape,
    /// What the conditions of its cards and its message may name.
    seat: Seat,
    /// What `clears` may name: a later state.
    clears_seat: Seat,
    words: &'static [Word],
}

struct Compiler<'a, 's, 'f> {
    table: &'a Table,
    kind: &'static str,
    checker: Checker<'a, 's, 'f>,
    defaults: &'a Defaults,
}

/// Keys of all kinds.
pub(super) fn key_names() -> impl Iterator<Item = &'static str> {
    kinds::KINDS.iter().flat_map(|(_, keys)| keys.iter()).chain(COMMON).copied()
}

/// Families by their token in rule files.
pub(crate) const FAMILIES: [(&str, Family); 4] = [
    ("overdue", Family::Overdue),
    ("irregular-fee", Family::IrregularFee),
    ("process-skip", Family::ProcessSkip),
    ("data-quality", Family::DataQuality),
];

/// Conventions of counting by their token.
pub(crate) const COUNTINGS: [(&str, Counting); 2] = [("legal", Counting::Legal), ("elapsed", Counting::Elapsed)];

/// What `status` may say of a rule that is computed.
pub(crate) const STATUSES: [(&str, Status); 3] = [("on", Status::On), ("shadow", Status::Shadow), ("off", Status::Off)];

/// What `status` says of a rule that people judge.
pub(crate) const MANUAL: &str = "manual";

/// Compiles a rule; `None` when it has a fault, which was told.
pub(crate) fn compile(
    raw: &RawRule,
    definitions: Definitions<'_>,
    defaults: &Defaults,
    faults: &mut Faults<'_>,
) -> Option<Rule> {
    let table = &raw.table;
    let kind = kind_of(table, faults)?;
    let params = params(table, faults);
    let before = faults.errors();
    let checker = Checker::new(definitions.vocabulary, definitions.lists, &params, definitions.clocks, faults);
    let mut compiler = Compiler { table, kind, checker, defaults };
    let rule = compiler.rule(raw);
    (faults.errors() == before).then_some(rule)?
}

fn kind_of(table: &Table, faults: &mut Faults<'_>) -> Option<&'static str> {
    let entry = faults.required(table, "rule", "kind")?;
    let text = faults.text("kind", &entry.value)?;
    let found = kinds::KINDS.iter().find(|(name, _)| *name == text).map(|(name, _)| *name);
    if found.is_none() {
        let say = match text {
            "tariff" => texts::refused("没有 kind = \"tariff\"", "there is no kind = \"tariff\"").help(
                "请写 kind = \"fee\"、by = [\"code\"]，条件中用 tariff.*，如 when = \"ledger.net > tariff.max\"",
                "write kind = \"fee\", by = [\"code\"] and tariff.* in the condition, such as when = \"ledger.net > tariff.max\"",
            ),
            "authority" => texts::refused("没有 kind = \"authority\"", "there is no kind = \"authority\"").help(
                "请写 kind = \"condition\"，如 any_of = [\"!(event.dept in item.depts)\", \"!(event.position in stage.positions)\"]",
                "write kind = \"condition\", such as any_of = [\"!(event.dept in item.depts)\", \"!(event.position in stage.positions)\"]",
            ),
            "group" => texts::refused("group 不是 kind", "`group` is no kind").help(
                "请写 group = { by = [\"event.case.attrs.x\"] } 这一参数",
                "write the key group = { by = [\"event.case.attrs.x\"] }",
            ),
            _ => {
                let names: Vec<&str> = kinds::KINDS.iter().map(|(name, _)| *name).collect();
                texts::unknown_choice("kind", text, &names)
            }
        };
        faults.add(entry.value.at, say);
    }
    found
}

/// The literals that `param.x` names.
fn params(table: &Table, faults: &mut Faults<'_>) -> Params {
    let mut params = Params::new();
    let Some(entry) = table.get("params") else { return params };
    let Some(table) = faults.table("params", &entry.value) else { return params };
    for entry in &table.entries {
        match param(&entry.value) {
            Some(param) => {
                params.insert(entry.key.clone(), param);
            }
            None => {
                let wanted =
                    ("文字、数字、日期、true/false 或其列表", "text, a number, a date, a flag or a list of these");
                faults.add(entry.value.at, texts::wrong_value(&entry.key, wanted, entry.value.value.kind()));
            }
        }
    }
    params
}

fn param(tree: &Tree) -> Option<Param> {
    if let Raw::List(members) = &tree.value {
        let members: Vec<(Value, Type)> = members.iter().map(scalar).collect::<Option<_>>()?;
        let of = members.first().map_or(Type::Text, |(_, ty)| ty.clone());
        let same = members.iter().all(|(_, ty)| *ty == of);
        let values = members.into_iter().map(|(value, _)| value).collect();
        return same.then(|| Param { value: Value::List(values), ty: Type::List(Box::new(of)) });
    }
    let (value, ty) = scalar(tree)?;
    let Value::Text(text) = &value else { return Some(Param { value, ty }) };
    // A text that is written like a limit or an amount is one: params.least = "5min".
    if let Some(span) = super::span_text::parse_span(text) {
        return Some(Param { value: Value::Span(span), ty: Type::Span });
    }
    let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    match super::token::literal(&text[..digits], &text[digits..]) {
        Some(super::token::Token::Money(fen)) => Some(Param { value: Value::Money(fen), ty: Type::Money }),
        _ => Some(Param { value, ty }),
    }
}

/// `{ zh, en }`, both required.
fn text2(key: &str, tree: &Tree, faults: &mut Faults<'_>) -> Option<Text2> {
    if matches!(tree.value, Raw::Text(_)) {
        let (zh, en) = ("{ zh = \"中文\", en = \"英文\" }", "{ zh = \"in Chinese\", en = \"in English\" }");
        faults.add(tree.at, texts::wrong_value(key, (zh, en), tree.value.kind()));
        return None;
    }
    let table = faults.table(key, tree)?;
    faults.unknown_keys(table, key, keys::TEXT2);
    let here = Table { at: tree.at, ..table.clone() };
    let mut read = |lang: &str| {
        let entry = faults.required(&here, key, lang)?;
        faults.text(lang, &entry.value).map(str::to_owned)
    };
    let (zh, en) = (read("zh"), read("en"));
    Some(Text2 { zh: zh?, en: en? })
}

impl<'a> Compiler<'a, '_, '_> {
    fn rule(&mut self, raw: &RawRule) -> Option<Rule> {
        self.check_keys();
        let id = raw.full_id();
        let label = format!("{id}@{}+{}", raw.version, self.defaults.profile);
        let family = self.required("family").and_then(|tree| self.checker.faults.one_of("family", tree, &FAMILIES));
        let name = self.required("name").and_then(|tree| self.text2("name", tree));
        let basis =
            self.required("basis").and_then(|tree| self.checker.faults.text("basis", tree)).map(CompactString::from);
        if let Some(tree) = self.tree("note") {
            self.text2("note", tree);
        }
        if let Some(tree) = self.tree("gap_before") {
            self.checker.faults.text("gap_before", tree);
        }
        let status = self.status();
        let scope = self.scope();
        let in_force = self.in_force();
        let grace = self.tree("grace").and_then(|tree| self.fixed_span("grace", tree));
        let counting = self.choice("counting", &COUNTINGS).unwrap_or(self.defaults.counting);
        let ends = self.choice("ends", &[("instant", Ends::Instant), ("day", Ends::Day), ("office", Ends::Office)]);
        let roll = self.tree("roll").is_none() || self.flag("roll");
        let calendar = self.tree("calendar").and_then(|tree| self.checker.faults.text("calendar", tree));
        let calendar = calendar.map_or_else(|| self.defaults.calendar.clone(), CompactString::from);
        let held = self.held(self.table, family);
        let group = self.group();
        if let (Some(Some(_)), Status::Shadow, Some(entry)) = (&group, status, self.entry("group")) {
            let say = texts::not_together(
                "试行规则（shadow）只看单个办件，不能有 group",
                "a rule on trial (shadow) looks at one case and cannot have `group`",
            );
            self.checker.faults.add(entry.key_at, say);
        }
        if let (Some(Some(group)), Some(entry)) = (&group, self.entry("group")) {
            let case_like = |node: &Node| node.text.contains("case");
            let windowed = group::WINDOWED.contains(&self.kind);
            if windowed && group.window.is_none() && !group.by.iter().any(case_like) {
                self.checker.faults.add(entry.key_at, texts::group_without_window());
            }
        }
        if let (true, Some(entry)) = (status == Status::Shadow, self.entry("deems")) {
            let say = texts::not_together(
                "试行规则（shadow）不得改变受理，不能有 deems",
                "a rule on trial (shadow) changes no acceptance and cannot have `deems`",
            );
            self.checker.faults.add(entry.key_at, say);
        }
        if let (Some(Some(_)), Some(entry)) = (&group, self.entry("deems")) {
            let say = texts::not_together(
                "跨办件的规则（group）没有可视为受理的办件，不能有 deems",
                "a rule across cases (`group`) is about no one case that could be deemed accepted and cannot have `deems`",
            );
            self.checker.faults.add(entry.key_at, say);
        }
        let plan = self.plan();
        let cards = self.cards(&plan, held, family);
        let message = self.entry("message").and_then(|entry| {
            let table = self.checker.faults.table("message", &entry.value)?;
            let mut words = plan.words.to_vec();
            if self.checker.group {
                words.extend([Word::Key, Word::Cases]);
            }
            message(table, entry.key_at, &words, &plan.seat, &mut self.checker)
        });
        Some(Rule {
            id: id.into(),
            label: label.into(),
            family: family?,
            name: name?,
            basis: basis?,
            status,
            scope,
            in_force,
            group: group?,
            kind: plan.kind?,
            cards,
            grace,
            counting,
            ends,
            roll,
            calendar,
            message,
            reads: Reads::default(),
            begins: None,
        })
    }

    fn check_keys(&mut self) {
        let own = kinds::KINDS.iter().find(|(name, _)| *name == self.kind).map_or(&[][..], |(_, keys)| keys);
        let allowed: Vec<&str> = own.iter().chain(COMMON).copied().collect();
        for entry in &self.table.entries {
            if !allowed.contains(&entry.key.as_str()) {
                self.checker.faults.add(entry.key_at, texts::unknown_key(self.kind, &entry.key, &allowed));
            }
        }
    }

    fn status(&mut self) -> Status {
        let Some(tree) = self.tree("status") else { return Status::On };
        if matches!(&tree.value, Raw::Text(text) if text == MANUAL) {
            let say = texts::not_together(
                "配置不能把可计算的规则改为 manual",
                "a profile cannot make a computed rule manual",
            );
            self.checker.faults.add(tree.at, say.help("不判定则写 \"off\"", "write \"off\" not to judge it"));
            return Status::On;
        }
        self.checker.faults.one_of("status", tree, &STATUSES).unwrap_or(Status::On)
    }

    /// Whether lights wait for a person: said here, else the profile's choice for the family.
    fn held(&mut self, table: &Table, family: Option<Family>) -> bool {
        let issue = table.get("issue").map(|entry| entry.value.clone());
        let said =
            issue.and_then(|tree| self.checker.faults.one_of("issue", &tree, &[("auto", false), ("confirm", true)]));
        said.unwrap_or_else(|| family.is_some_and(|family| self.defaults.held.contains(&family)))
    }

    /// A key's entry.
    fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.table.get(key)
    }

    /// A key's value.
    fn tree(&self, key: &str) -> Option<&'a Tree> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of a key that must be there.
    fn required(&mut self, key: &str) -> Option<&'a Tree> {
        self.checker.faults.required(self.table, self.kind, key).map(|entry| &entry.value)
    }

    /// One of a closed list of words, where the key is there.
    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let tree = self.tree(key)?;
        self.checker.faults.one_of(key, tree, choices)
    }

    /// A flag, false where the key is not there.
    fn flag(&mut self, key: &str) -> bool {
        self.tree(key).and_then(|tree| self.checker.faults.flag(key, tree)).unwrap_or(false)
    }

    /// `{ zh, en }`, both required.
    fn text2(&mut self, key: &str, tree: &Tree) -> Option<Text2> {
        text2(key, tree, self.checker.faults)
    }

    /// A limit that is the same for every case.
    fn fixed_span(&mut self, key: &str, tree: &Tree) -> Option<Span> {
        let typed = self.checker.limit(key, tree, &Seat::default(), false)?;
        match typed.node.expr {
            Expr::Literal(Value::Span(span)) => Some(span),
            _ => {
                let say = texts::wrong_type(
                    format!("{key} 须为固定时限，如 \"24h\""),
                    format!("{key} takes a fixed limit such as \"24h\""),
                );
                self.checker.faults.add(tree.at, say);
                None
            }
        }
    }

    /// How a card ends, where the key is there.
    fn clears(&mut self, table: &Table, plan: &Plan) -> Option<Clears> {
        let entry = table.get("clears")?;
        match self.checker.faults.text("clears", &entry.value)? {
            "never" => Some(Clears::Never),
            "ended" if plan.shape != Shape::Fact => Some(Clears::Ended),
            "ended" => {
                self.checker.faults.add(entry.value.at, texts::facts_do_not_end());
                None
            }
            _ => self.checker.condition("clears", &entry.value, &plan.clears_seat).map(Clears::When),
        }
    }
}

/// A key that was left out is fine, a key with a fault is not.
fn optional<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
    }
}
