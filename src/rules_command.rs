//! `watchlight rules list` and `watchlight rules schema`: the rules as a list, and the form of their files.

use facts::proof::Lang;
use facts::standing::Text2;
use rules::configuration::Configuration;
use rules::language::SchemaOf;
use rules::rule::Rule;

use crate::cli::{Exit, Language, ListArgs, SchemaArgs, SchemaFile};
use crate::config_folder;
use crate::settings::{self, Sources};
use crate::terminal::say;

/// Lists the rules of the configuration of `args`: label, status, kind, family, name, law; tabs between.
///
/// # Errors
/// When the configuration is refused, or the output cannot be written.
pub(crate) fn list(args: &ListArgs, language: Language) -> anyhow::Result<Exit> {
    let lang = language.into();
    let settings = settings::load(&Sources::of_process(&args.config.folder, Vec::new()))?;
    let site = config_folder::load(&args.config.folder, &settings.zone, lang)?;
    for row in rows(&site.configuration, lang) {
        say!("{}", row.join("\t"))?;
    }
    Ok(Exit::Fine)
}

fn rows(configuration: &Configuration, lang: Lang) -> Vec<[String; 6]> {
    let pick = |text: &Text2| lang.pick(&text.zh, &text.en).clone();
    let computed = |rule: &Rule| {
        let across = if rule.group.is_some() { "+group" } else { "" };
        [
            rule.label.to_string(),
            rule.status.token().to_owned(),
            format!("{}{across}", rule.kind.token()),
            rule.family.token().to_owned(),
            pick(&rule.name),
            rule.basis.to_string(),
        ]
    };
    let mut rows: Vec<[String; 6]> = configuration.rules.iter().map(computed).collect();
    rows.extend(configuration.manual.iter().map(|rule| {
        let name = format!(
            "{}{}",
            pick(&rule.name),
            lang.pick(format!("（{}）", rule.note.zh), format!(" ({})", rule.note.en))
        );
        [rule.label.to_string(), "manual".into(), "-".into(), rule.family.token().into(), name, rule.basis.to_string()]
    }));
    rows.sort();
    rows
}

/// Prints the schema that `args` names.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn schema(args: &SchemaArgs) -> anyhow::Result<Exit> {
    let of = match args.of {
        SchemaFile::Rules => SchemaOf::Rules,
        SchemaFile::Vocabulary => SchemaOf::Vocabulary,
        SchemaFile::Profile => SchemaOf::Profile,
    };
    say!("{}", serde_json::to_string_pretty(&rules::language::schema(of))?)?;
    Ok(Exit::Fine)
}
