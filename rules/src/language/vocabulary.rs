//! The names that rules share: activities, attributes, lists, event sets, values, pauses,
//! extensions and clocks.
//!
//! They stand in `vocabulary.toml` or in a rule file; a name is defined once in a configuration.
//! The closed vocabulary of approvals is built in; a file may rename it for people.

use std::collections::BTreeMap;

use compact_str::CompactString;
use facts::Activity;
use facts::standing::Text2;

use super::condition::{Ast, SetAst, parse_expression, parse_set};
use super::faults::Faults;
use super::listed::Listed;
use super::source::{At, Origin};
use super::tree::{Entry, Raw, Table, Tree};
use super::types::{ASIDE_SETS, FEE_SETS};
use super::{keys, texts, token};
use crate::configuration::DeclaredActivity;
use crate::value::{Type, Value};

/// The tables of a vocabulary.
pub(crate) const SECTIONS: &[&str] =
    &["activities", "fields", "lists", "events", "values", "pauses", "extensions", "clocks"];

/// A declared attribute.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) ty: Type,
    /// The attribute that a source sends, or `name_*` for numbered ones that are gathered into one list.
    pub(crate) column: String,
    /// The only values of a text.
    pub(crate) values: Vec<String>,
}

/// A declared list.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ListValue {
    pub(crate) members: Vec<Value>,
    pub(crate) of: Type,
}

/// A named expression or event set; `None` when it could not be read, which was told.
#[derive(Clone, Debug)]
pub(crate) struct Named<T> {
    pub(crate) ast: Option<T>,
    pub(crate) text: String,
    pub(crate) origin: Origin,
}

/// All shared names.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    pub(crate) activities: BTreeMap<CompactString, DeclaredActivity>,
    pub(crate) fields: BTreeMap<String, Field>,
    pub(crate) lists: BTreeMap<String, ListValue>,
    pub(crate) events: BTreeMap<String, Named<SetAst>>,
    pub(crate) values: BTreeMap<String, Named<Ast>>,
    pub(crate) pauses: BTreeMap<String, Table>,
    pub(crate) extensions: BTreeMap<String, Table>,
    pub(crate) clocks: BTreeMap<String, Table>,
    /// What the folder's tables list.
    pub(crate) listed: Listed,
    /// Where each name was defined first.
    defined: BTreeMap<(&'static str, String), At>,
}

impl Vocabulary {
    /// The built-in names.
    pub(crate) fn built_in() -> Vocabulary {
        let activities = Activity::CLOSED.iter().map(|(name, _)| {
            let (zh, en, repeats) = closed(name);
            let name_of = Text2 { zh: zh.into(), en: en.into() };
            (CompactString::from(*name), DeclaredActivity { name: name_of, repeats })
        });
        Vocabulary { activities: activities.collect(), ..Vocabulary::default() }
    }

    /// The activity that people call so, in either language.
    pub(crate) fn activity_called(&self, words: &str) -> Option<&str> {
        let is_it = |activity: &DeclaredActivity| [&activity.name.zh, &activity.name.en].contains(&&words.to_owned());
        self.activities.iter().find(|(_, activity)| is_it(activity)).map(|(name, _)| name.as_str())
    }

    /// Takes in the vocabulary tables of a file.
    pub(crate) fn read(&mut self, file: &Table, faults: &mut Faults<'_>) {
        for section in &file.entries {
            let Some(kind) = SECTIONS.iter().find(|name| **name == section.key) else { continue };
            let Some(table) = faults.table(&section.key, &section.value) else { continue };
            for entry in &table.entries {
                self.define(kind, entry, faults);
            }
        }
    }

    fn define(&mut self, section: &'static str, entry: &Entry, faults: &mut Faults<'_>) {
        // Activities and event sets stand at the same places, so they share their names.
        let space = if section == "activities" { "events" } else { section };
        let key = (space, entry.key.clone());
        if let Some(first) = self.defined.get(&key) {
            let first = place_text(*first, faults);
            faults.add(entry.key_at, texts::twice(("名称", "name"), &entry.key, Some(&first)));
            return;
        }
        self.defined.insert(key, entry.key_at);
        if section != "activities" && !is_name(&entry.key) {
            let say = texts::syntax(
                format!("名称 \"{}\" 须由字母、数字和下划线组成，不以数字开头", entry.key),
                format!("the name \"{}\" must be letters, digits and _, not beginning with a digit", entry.key),
            );
            faults.add(entry.key_at, say);
            return;
        }
        match section {
            "activities" => self.activity(entry, faults),
            "fields" => self.field(entry, faults),
            "lists" => {
                if let Some(list) = list_value(&entry.key, &entry.value, faults) {
                    self.lists.insert(entry.key.clone(), list);
                }
            }
            "events" => self.event_set(entry, faults),
            "values" => {
                if let Some(named) = named(entry, faults, parse_expression) {
                    self.values.insert(entry.key.clone(), named);
                }
            }
            _ => {
                let Some(table) = faults.table(&entry.key, &entry.value) else { return };
                let table = Table { at: entry.key_at, ..table.clone() };
                let all = match section {
                    "pauses" => &mut self.pauses,
                    "extensions" => &mut self.extensions,
                    _ => &mut self.clocks,
                };
                all.insert(entry.key.clone(), table);
            }
        }
    }

    fn activity(&mut self, entry: &Entry, faults: &mut Faults<'_>) {
        let Some(table) = faults.table(&entry.key, &entry.value) else { return };
        faults.unknown_keys(table, "activities", keys::ACTIVITY);
        let text = |key: &str, faults: &mut Faults<'_>| {
            table.get(key).and_then(|entry| faults.text(key, &entry.value).map(str::to_owned))
        };
        let (zh, en) = (text("zh", faults), text("en", faults));
        let repeats = table.get("repeats").and_then(|entry| faults.flag("repeats", &entry.value));
        let activity = self.activities.entry(entry.key.as_str().into()).or_default();
        if let Some(zh) = zh {
            activity.name.zh = zh;
        }
        if let Some(en) = en {
            activity.name.en = en;
        }
        activity.repeats = repeats.unwrap_or(activity.repeats);
    }

    fn field(&mut self, entry: &Entry, faults: &mut Faults<'_>) {
        let Some(table) = faults.table(&entry.key, &entry.value) else { return };
        faults.unknown_keys(table, "fields", keys::FIELD);
        for key in ["zh", "en"] {
            if let Some(entry) = table.get(key) {
                faults.text(key, &entry.value);
            }
        }
        let here = Table { at: entry.key_at, ..table.clone() };
        let Some(written) = faults.required(&here, &entry.key, "type").map(|entry| entry.value.clone()) else { return };
        let Some(ty) = field_type(&written, faults) else { return };
        let column = match table.get("columns") {
            Some(columns) => columns_of(&columns.value, columns.key_at, &ty, faults),
            None => Some(entry.key.clone()),
        };
        let mut values = Vec::new();
        if let Some(listed) = table.get("values") {
            if ty != Type::Text {
                faults.add(
                    listed.key_at,
                    texts::not_together("values 只用于 type = \"text\"", "`values` goes with type = \"text\""),
                );
            }
            values = faults.texts("values", &listed.value).into_iter().map(|(text, _)| text.to_owned()).collect();
        }
        let Some(column) = column else { return };
        self.fields.insert(entry.key.clone(), Field { ty, column, values });
    }

    fn event_set(&mut self, entry: &Entry, faults: &mut Faults<'_>) {
        let name = entry.key.as_str();
        let aside = || ASIDE_SETS.iter().any(|(aside, _)| *aside == name);
        if name == "any" || aside() || FEE_SETS.contains(&name) || self.activities.contains_key(name) {
            faults.add(entry.key_at, texts::twice(("名称", "name"), name, None));
            return;
        }
        if let Some(named) = named(entry, faults, parse_set) {
            self.events.insert(entry.key.clone(), named);
        }
    }

    /// The only values of an attribute, where it lists them.
    pub(crate) fn field_values(&self, name: &str) -> Option<Vec<String>> {
        self.fields.get(name).map(|field| field.values.clone()).filter(|values| !values.is_empty())
    }

    /// Everything that may stand where an event set stands.
    pub(crate) fn event_names(&self) -> Vec<&str> {
        let activities = self.activities.keys().map(CompactString::as_str);
        let sets = self.events.keys().map(String::as_str);
        activities
            .chain(sets)
            .chain(FEE_SETS.iter().copied())
            .chain(["any"])
            .chain(ASIDE_SETS.iter().map(|(name, _)| *name))
            .collect()
    }
}

/// Types of attributes by their token; `list:` before one makes a list of it.
pub(crate) const FIELD_TYPES: [(&str, Type); 7] = [
    ("text", Type::Text),
    ("number", Type::Number),
    ("money", Type::Money),
    ("date", Type::Date),
    ("instant", Type::Instant),
    ("span", Type::Span),
    ("flag", Type::Flag),
];

/// `money`, `list:money`
fn field_type(tree: &Tree, faults: &mut Faults<'_>) -> Option<Type> {
    let text = faults.text("type", tree)?;
    let (of, is_list) = text.strip_prefix("list:").map_or((text, false), |of| (of, true));
    let Some((_, ty)) = FIELD_TYPES.iter().find(|(name, _)| *name == of.trim()) else {
        let plain = FIELD_TYPES.iter().map(|(name, _)| (*name).to_owned());
        let lists = FIELD_TYPES.iter().map(|(name, _)| format!("list:{name}"));
        let names: Vec<String> = plain.chain(lists).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        faults.add(tree.at, texts::unknown_choice("type", text, &names));
        return None;
    };
    Some(if is_list { Type::List(Box::new(ty.clone())) } else { ty.clone() })
}

/// `material_fee_*`
fn columns_of(tree: &Tree, key_at: At, ty: &Type, faults: &mut Faults<'_>) -> Option<String> {
    if !matches!(ty, Type::List(_)) {
        let say = texts::not_together(
            "columns 只用于列表类型，如 type = \"list:money\"",
            "`columns` goes with a list type such as \"list:money\"",
        );
        faults.add(key_at, say);
        return None;
    }
    let text = faults.text("columns", tree)?;
    let fine = text.strip_suffix('*').is_some_and(|begin| !begin.is_empty() && !begin.contains('*'));
    if !fine {
        let say = texts::syntax(
            format!("columns \"{text}\" 须以 * 结尾，代表编号"),
            format!("columns \"{text}\" must end in *, which stands for the number"),
        )
        .help(
            "如 \"material_fee_*\" 收集 material_fee_1、material_fee_2……",
            "\"material_fee_*\" gathers material_fee_1, material_fee_2 ...",
        );
        faults.add(tree.at, say);
    }
    fine.then(|| text.to_owned())
}

/// `file:line:column`
pub(crate) fn place_text(at: At, faults: &Faults<'_>) -> String {
    let place = faults.sources().place(at);
    format!("{}:{}:{}", faults.sources().name(at.file), place.line, place.column)
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_') && chars.all(|c| c.is_alphanumeric() || c == '_')
}

fn named<T>(
    entry: &Entry,
    faults: &mut Faults<'_>,
    parse: fn(&str, &Origin, &mut Faults<'_>) -> Option<T>,
) -> Option<Named<T>> {
    let text = faults.text(&entry.key, &entry.value)?.to_owned();
    let origin = faults.sources().origin(entry.value.at, &text);
    let ast = parse(&text, &origin, faults);
    Some(Named { ast, text, origin })
}

/// The members of a list: texts, numbers or dates of one type.
pub(crate) fn list_value(key: &str, tree: &Tree, faults: &mut Faults<'_>) -> Option<ListValue> {
    let members = faults.list(key, tree)?;
    let mut values = Vec::with_capacity(members.len());
    let mut of = None;
    for member in members {
        let (value, ty) = scalar(member).or_else(|| {
            faults.add(
                member.at,
                texts::wrong_value(key, ("文字、数字或日期", "text, numbers or dates"), member.value.kind()),
            );
            None
        })?;
        if of.get_or_insert_with(|| ty.clone()) != &ty {
            faults.add(member.at, texts::wrong_type("列表成员须同为一类", "members of a list are of one type"));
            return None;
        }
        values.push(value);
    }
    Some(ListValue { members: values, of: of.unwrap_or(Type::Text) })
}

/// A plain TOML value as a value of the language.
pub(crate) fn scalar(tree: &Tree) -> Option<(Value, Type)> {
    match &tree.value {
        Raw::Text(text) => Some((Value::Text(text.as_str().into()), Type::Text)),
        Raw::Integer(number) => Some((Value::Number((*number).into()), Type::Number)),
        Raw::Decimal(text) => match token::literal(text, "")? {
            token::Token::Number(number) => Some((Value::Number(number), Type::Number)),
            _ => None,
        },
        Raw::Date(date) => Some((Value::Date(*date), Type::Date)),
        Raw::Flag(flag) => Some((Value::Flag(*flag), Type::Flag)),
        _ => None,
    }
}

/// What people read for a closed activity, and whether it may happen several times in a case.
fn closed(name: &str) -> (&'static str, &'static str, bool) {
    match name {
        "submitted" => ("申请提交", "submitted", false),
        "pre_accepted" => ("预受理", "pre-accepted", false),
        "pre_rejected" => ("预受理不通过", "pre-acceptance refused", false),
        "accepted" => ("受理", "accepted", false),
        "not_accepted" => ("不予受理", "not accepted", false),
        "supplement_notified" => ("补正告知", "supplement notified", true),
        "supplement_received" => ("补正受理", "supplement received", true),
        "stage_started" => ("环节开始", "stage started", true),
        "stage_completed" => ("环节完成", "stage completed", true),
        "stage_returned" => ("环节退回", "stage returned", true),
        "special_started" => ("特别程序开始", "special procedure started", true),
        "special_ended" => ("特别程序结束", "special procedure ended", true),
        "forwarded" => ("转报", "forwarded", true),
        "returned_from_above" => ("上级返回", "returned from above", true),
        "hearing_requested" => ("听证申请", "hearing requested", true),
        "hearing_notified" => ("听证告知", "hearing notified", true),
        "hearing_held" => ("举行听证", "hearing held", true),
        "fee" => ("收费记录", "fee record", true),
        "closed" => ("办结", "closed", false),
        "reopened" => ("重新办理", "reopened", true),
        "withdrawn" => ("申请人撤回", "withdrawn", false),
        "certificate_issued" => ("制证", "certificate issued", false),
        "delivered" => ("送达", "delivered", false),
        "complaint" => ("投诉", "complaint", true),
        "complaint_decided" => ("投诉处理决定", "complaint decided", true),
        "complaint_closed" => ("投诉办结", "complaint closed", true),
        "consulted" => ("咨询", "consulted", true),
        "consult_answered" => ("咨询答复", "consultation answered", true),
        "rated" => ("评价", "rated", true),
        "progress" => ("来源进度", "source progress", true),
        "card_issued" => ("发牌", "card issued", true),
        "card_feedback" => ("预警反馈", "card feedback", true),
        "card_supervised" => ("督办", "card supervised", true),
        "card_revoked" => ("撤牌", "card revoked", true),
        "waived" => ("申诉成立", "waived", true),
        _ => ("", "", true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_closed_activity_has_a_name_in_both_languages() {
        for (name, activity) in Vocabulary::built_in().activities {
            assert!(!activity.name.zh.is_empty() && !activity.name.en.is_empty(), "{name}");
        }
    }
}
