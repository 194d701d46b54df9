//! The schema that editors read: it takes every file that the loader takes, and refuses every key that it refuses.

use serde_json::Value;

use super::page::blocks_of_the_page;
use super::*;
use crate::language::{SchemaOf, schema};

/// What a value breaks of a schema, by path; as much of JSON Schema as the schemas use, and nothing else.
fn broken(schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let fields = schema.as_object().expect("a schema is an object");
    for (word, said) in fields {
        let holds = |schema: &Value| broken(schema, value, path).is_empty();
        let all = || said.as_array().expect("a list");
        match word.as_str() {
            "$schema" | "title" | "examples" | "format" | "then" | "else" => {}
            "type" => {
                let one = |name: &Value| match name.as_str() {
                    Some("object") => value.is_object(),
                    Some("array") => value.is_array(),
                    Some("string") => value.is_string(),
                    Some("boolean") => value.is_boolean(),
                    Some("integer") => value.is_i64(),
                    Some("number") => value.is_number(),
                    other => panic!("{path}: the type {other:?}"),
                };
                let fits = said.as_array().map_or_else(|| one(said), |names| names.iter().any(one));
                if !fits {
                    faults.push(format!("{path}: {value} is not {said}"));
                }
            }
            "enum" if !all().contains(value) => faults.push(format!("{path}: {value} is not among {said}")),
            "const" if said != value => faults.push(format!("{path}: {value} is not {said}")),
            "enum" | "const" => {}
            "minimum" if value.as_i64() < said.as_i64() => faults.push(format!("{path}: {value} is less than {said}")),
            "minimum" => {}
            "required" => {
                let lacking = all().iter().filter(|key| value.get(key.as_str().expect("a name")).is_none());
                faults.extend(lacking.map(|key| format!("{path} lacks {key}")));
            }
            "properties" => {
                for (key, form) in said.as_object().expect("an object") {
                    faults
                        .extend(value.get(key).iter().flat_map(|value| broken(form, value, &format!("{path}.{key}"))));
                }
            }
            "additionalProperties" => {
                let known = fields.get("properties").and_then(Value::as_object);
                for (key, value) in value.as_object().into_iter().flatten() {
                    if known.is_some_and(|known| known.contains_key(key)) {
                        continue;
                    }
                    match said {
                        Value::Bool(false) => faults.push(format!("{path} has {key}")),
                        form => faults.extend(broken(form, value, &format!("{path}.{key}"))),
                    }
                }
            }
            "propertyNames" => {
                for key in value.as_object().into_iter().flatten().map(|(key, _)| key) {
                    faults.extend(broken(said, &key.as_str().into(), &format!("{path} has {key}")));
                }
            }
            "items" => {
                for (place, value) in value.as_array().into_iter().flatten().enumerate() {
                    faults.extend(broken(said, value, &format!("{path}[{place}]")));
                }
            }
            "allOf" => all().iter().for_each(|schema| faults.extend(broken(schema, value, path))),
            "anyOf" if !all().iter().any(holds) => faults.push(format!("{path}: {value} fits none")),
            "anyOf" => {}
            "not" if holds(said) => faults.push(format!("{path} must not be {said}")),
            "not" => {}
            "if" => {
                let branch = if holds(said) { "then" } else { "else" };
                faults.extend(fields.get(branch).iter().flat_map(|schema| broken(schema, value, path)));
            }
            other => panic!("the schema uses {other}, which this test does not know"),
        }
    }
    faults
}

/// TOML as JSON, dates as text, as editors see it.
fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(members) => members.iter().map(json_of).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), json_of(value))).collect(),
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Integer(number) => (*number).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(flag) => (*flag).into(),
    }
}

fn kind_of(name: &str) -> Option<SchemaOf> {
    match name {
        "vocabulary.toml" => Some(SchemaOf::Vocabulary),
        name if name.ends_with(".cases.toml") => None,
        name if name.starts_with("rules/") => Some(SchemaOf::Rules),
        name if name.starts_with("profiles/") => Some(SchemaOf::Profile),
        _ => None,
    }
}

fn faults_of(of: SchemaOf, text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().expect("the file is TOML");
    broken(&schema(of), &json_of(&toml::Value::Table(table)), "")
}

#[test]
fn the_schema_takes_every_shipped_file_and_every_example_of_the_page() {
    let mut seen = 0;
    for place in ["config", "config/examples/receipt"] {
        for (name, bytes) in folder(&root().join(place)) {
            let Some(of) = kind_of(&name) else { continue };
            let text = String::from_utf8(bytes).expect("the file is UTF-8");
            assert_eq!(faults_of(of, &text), Vec::<String>::new(), "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 10, "only {seen} files");
    for (kind, text) in blocks_of_the_page() {
        let of = match kind.as_str() {
            "toml" | "toml group" => SchemaOf::Rules,
            "toml vocabulary" => SchemaOf::Vocabulary,
            "toml profile" => SchemaOf::Profile,
            _ => continue,
        };
        assert_eq!(faults_of(of, &text), Vec::<String>::new(), "{text}");
    }
}

/// Files with faults, each with the profile or rules that it is.
fn bad_files() -> Vec<(String, SchemaOf, String)> {
    let folder = root().join("tests/bad_config");
    let files = std::fs::read_dir(folder).expect("the folder is there").flatten();
    let named = files.filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let of = if name == "profile.bad.toml" { SchemaOf::Profile } else { SchemaOf::Rules };
        let text = std::fs::read(entry.path()).ok().and_then(|bytes| String::from_utf8(bytes).ok())?;
        (name.ends_with(".bad.toml") && text.parse::<toml::Table>().is_ok()).then_some((name, of, text))
    });
    named.collect()
}

#[test]
fn the_schema_refuses_files_with_keys_that_the_loader_refuses() {
    let mut refused = 0;
    for (name, of, text) in bad_files() {
        let expected = root().join("tests/bad_config").join(name.replace(".bad.toml", ".expected.txt"));
        let told = std::fs::read_to_string(expected).expect("its faults stand beside it");
        let unknown = |line: &&str| line.contains(" error RL01 ") || line.contains(" error RL24 ");
        for line in told.lines().filter(unknown) {
            let Some(key) = line.split('"').nth(1) else { continue };
            let faults = faults_of(of, &text);
            let named = faults.iter().any(|fault| {
                fault.ends_with(&format!(" has {key}"))
                    || fault.contains(&format!("has {key}:"))
                    || fault.contains(&format!("\"{key}\""))
                    || fault.contains("fits none")
            });
            assert!(named, "{name}: {line}\nthe schema says only {faults:#?}");
            refused += 1;
        }
    }
    assert!(refused >= 8, "only {refused} unknown keys were tried");
}

/// For every kind and every key that some kind has: the loader and the schema know it, or neither does.
#[test]
fn a_key_is_known_to_both_or_to_neither() {
    let kinds = crate::language::compile::KINDS;
    let mut keys: Vec<&str> = kinds.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
    keys.extend(["limt", "colour", "tariff"]);
    keys.sort_unstable();
    keys.dedup();
    let mut tried = 0;
    for (kind, _) in kinds {
        for key in &keys {
            let rule = format!(
                "[[rule]]\nid = 'X-1'\nfamily = 'overdue'\nkind = '{kind}'\nname = {{ zh = 'a', en = 'a' }}\nbasis = 'b'\ncard = 'red'\n{key} = 'x'\n"
            );
            let by_loader = faults(&rule).iter().any(|fault| fault.contains("RL01"));
            let by_schema = faults_of(SchemaOf::Rules, &rule).iter().any(|fault| fault.contains(&format!("has {key}")));
            assert_eq!(by_loader, by_schema, "{kind}: {key}");
            tried += 1;
        }
    }
    assert!(tried > 200);
}
