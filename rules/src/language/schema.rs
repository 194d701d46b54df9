//! JSON Schema of the files that analysts write, so that an editor completes keys and marks unknown ones.
//!
//! Made of the very tables that the loader checks against. A schema sees the form alone: what conditions, sets and
//! limits say is checked by the loader.

use serde_json::{Map, Value, json};

use super::compile::{COMMON, COUNTINGS, FAMILIES, KINDS, MANUAL, MANUAL_KEYS, STATUSES};
use super::keys;
use super::profile::OVERRIDABLE;
use super::types::{CASE_TYPES, LEVELS, LINE};
use super::vocabulary::{FIELD_TYPES, SECTIONS};

/// What a schema is of.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SchemaOf {
    /// `rules/**/*.toml`
    Rules,
    /// `vocabulary.toml`
    Vocabulary,
    /// `profiles/*.toml`
    Profile,
}

/// The JSON Schema (2020-12) of a kind of file.
#[must_use]
pub fn schema(of: SchemaOf) -> Value {
    let (title, mut schema) = match of {
        SchemaOf::Rules => {
            let sections = SECTIONS.iter().map(|name| ((*name).to_owned(), section(name)));
            let mut properties: Map<String, Value> = sections.collect();
            properties.insert("rule".into(), json!({ "type": "array", "items": rule() }));
            ("rules", closed(properties, &[]))
        }
        SchemaOf::Vocabulary => {
            let sections = SECTIONS.iter().map(|name| ((*name).to_owned(), section(name)));
            ("vocabulary", closed(sections.collect(), &[]))
        }
        SchemaOf::Profile => ("profile", profile()),
    };
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        fields.insert("title".into(), format!("Watchlight: {title}").into());
    }
    schema
}

/// An object with these keys and no others.
fn closed(properties: Map<String, Value>, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// An object with these keys, each in its own form, and no others.
fn table(keys: &[&str], required: &[&str]) -> Value {
    closed(keys.iter().map(|key| ((*key).to_owned(), form(key))).collect(), required)
}

/// An object whose keys are names that the file gives.
fn named(value: Value) -> Value {
    json!({ "type": "object", "additionalProperties": value })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn texts() -> Value {
    json!({ "type": "array", "items": text() })
}

fn text_or_texts() -> Value {
    json!({ "anyOf": [text(), texts()] })
}

fn word<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().collect::<Vec<_>>() })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn count(least: u32) -> Value {
    json!({ "type": "integer", "minimum": least })
}

fn text2() -> Value {
    table(keys::TEXT2, keys::TEXT2)
}

fn literals() -> Value {
    let literal = json!({ "type": ["string", "number", "boolean"] });
    json!({ "anyOf": [literal, { "type": "array", "items": literal }] })
}

/// A rule: its keys and those of its kind. With parts, a part may bring the kind and its keys.
fn rule() -> Value {
    let own = ["id", "version", "part"];
    let of_kinds = KINDS.iter().flat_map(|(_, keys)| keys.iter());
    let all: Vec<&str> = COMMON.iter().chain(of_kinds).copied().collect();
    let mut properties: Map<String, Value> = all.iter().map(|key| ((*key).to_owned(), form(key))).collect();
    let kinds = word(KINDS.iter().map(|(name, _)| *name));
    properties.insert("kind".into(), kinds);
    let mut part = properties.clone();
    part.remove("part");
    part.remove("version");
    properties.insert("part".into(), json!({ "type": "array", "items": closed(part, &["id"]) }));
    let alone = json!({ "not": { "required": ["part"] } });
    let of_kind = KINDS.iter().map(|(name, keys)| {
        let allowed: Vec<&str> = COMMON.iter().chain(*keys).copied().collect();
        json!({
            "if": { "allOf": [alone, { "required": ["kind"], "properties": { "kind": { "const": name } } }] },
            "then": { "propertyNames": { "enum": allowed }, "required": ["family", "name", "basis"] },
        })
    });
    let by_people: Vec<&str> = MANUAL_KEYS.iter().chain(&own).copied().collect();
    let manual = json!({
        "if": { "required": ["status"], "properties": { "status": { "const": MANUAL } } },
        "then": { "propertyNames": { "enum": by_people }, "required": ["note"] },
        "else": { "anyOf": [{ "required": ["kind"] }, { "required": ["part"] }] },
    });
    let mut rule = closed(properties, &["id"]);
    if let Some(fields) = rule.as_object_mut() {
        fields.insert("allOf".into(), of_kind.chain([manual]).collect());
    }
    rule
}

/// A table of the vocabulary.
fn section(name: &str) -> Value {
    match name {
        "activities" => named(table(keys::ACTIVITY, &[])),
        "fields" => {
            let plain = FIELD_TYPES.iter().map(|(name, _)| (*name).to_owned());
            let lists = FIELD_TYPES.iter().map(|(name, _)| format!("list:{name}"));
            let types: Vec<String> = plain.chain(lists).collect();
            let properties = keys::FIELD.iter().map(|key| {
                let form = match *key {
                    "type" => word(types.iter().map(String::as_str)),
                    "values" => texts(),
                    _ => text(),
                };
                ((*key).to_owned(), form)
            });
            named(closed(properties.collect(), &["type"]))
        }
        "lists" => named(json!({ "type": "array", "items": { "type": ["string", "number"] } })),
        "pauses" => named(table(keys::PAUSE, &["from", "to"])),
        "extensions" => named(table(keys::EXTENSION, &["on", "by"])),
        "clocks" => named(table(keys::CLOCK, &["limit"])),
        _ => named(text()),
    }
}

fn profile() -> Value {
    let mut over: Map<String, Value> = OVERRIDABLE.iter().map(|key| ((*key).to_owned(), form(key))).collect();
    over.insert("why".into(), text());
    let properties = keys::PROFILE.iter().map(|key| {
        let form = match *key {
            "regions" => texts(),
            "default" => flag(),
            "defaults" => defaults(),
            "lists" => section("lists"),
            "rules" => named(closed(over.clone(), &["why"])),
            _ => text(),
        };
        ((*key).to_owned(), form)
    });
    closed(properties.collect(), &["id"])
}

fn defaults() -> Value {
    let properties = keys::DEFAULTS.iter().map(|key| {
        let form = match *key {
            "issue" => {
                let families = FAMILIES.iter().map(|(name, _)| ((*name).to_owned(), form("issue")));
                closed(families.collect(), &[])
            }
            "lights" => {
                let lamp = || word(["green", "yellow", "red"]);
                closed(keys::LEVELS.iter().map(|level| ((*level).to_owned(), lamp())).collect(), &[])
            }
            key => form(key),
        };
        ((*key).to_owned(), form)
    });
    closed(properties.collect(), &[])
}

/// The form of the value of a key: what most keys take is the text of a set, a condition, a limit or a name.
fn form(key: &str) -> Value {
    match key {
        "version" => count(1),
        "max_times" | "times" | "min" => count(1),
        "max" => count(0),
        "directly" | "roll" | "repeats" => flag(),
        "name" | "note" | "message" => text2(),
        "family" => word(FAMILIES.iter().map(|(name, _)| *name)),
        "status" => word(STATUSES.iter().map(|(name, _)| *name).chain([MANUAL])),
        "issue" => word(["auto", "confirm"]),
        "counting" => word(COUNTINGS.iter().map(|(name, _)| *name)),
        "ends" => word(["instant", "day", "office"]),
        "each" => word(["first", "every", "last"]),
        "need" => word(["all", "any"]),
        "ties" => word(["seq", "lenient"]),
        "match" => word(["next", "one_to_one"]),
        "open" => word(["light", "silent"]),
        "check" => word(["complete", "order", "edges", "known"]),
        "cards_on" => word(["all", "last", "first"]),
        "dated" => word(["start", "due"]),
        "card" => word(keys::LEVELS.iter().copied()),
        "cards" => cards(),
        "applies_to" => applies_to(),
        "in_force" => in_force(),
        "deems" => table(keys::DEEMS, keys::DEEMS),
        "group" => table(keys::GROUP, &["by"]),
        "params" => named(literals()),
        "by" => {
            json!({ "anyOf": [text(), texts()], "examples": LINE.iter().map(|(name, _)| *name).collect::<Vec<_>>() })
        }
        "stop" | "before" => text_or_texts(),
        "acts" | "same" | "pair_by" | "any_of" | "pauses" => texts(),
        _ => text(),
    }
}

fn cards() -> Value {
    let of_card = [keys::CARD, keys::CARD_OF_DEADLINE, keys::CARD_OF_STATE, keys::CARD_FROM].concat();
    let card = json!({ "anyOf": [text(), table(&of_card, &[])] });
    closed(keys::LEVELS.iter().map(|level| ((*level).to_owned(), card.clone())).collect(), &[])
}

fn applies_to() -> Value {
    let properties = keys::APPLIES_TO.iter().map(|key| {
        let form = match *key {
            "where" => text(),
            "levels" => json!({ "type": "array", "items": word(LEVELS.iter().copied()) }),
            "case_types" => json!({ "type": "array", "items": word(CASE_TYPES.iter().copied()) }),
            _ => texts(),
        };
        ((*key).to_owned(), form)
    });
    closed(properties.collect(), &[])
}

fn in_force() -> Value {
    let day = || json!({ "type": "string", "format": "date" });
    let properties = keys::IN_FORCE.iter().map(|key| {
        let form = if *key == "by" { word(["accepted", "submitted", "first"]) } else { day() };
        ((*key).to_owned(), form)
    });
    closed(properties.collect(), &[])
}
