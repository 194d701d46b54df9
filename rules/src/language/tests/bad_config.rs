//! Files that must be refused, with every fault and its exact text.
//!
//! Each `tests/bad_config/NAME.bad.toml` has its faults beside it in `NAME.expected.txt`, in Chinese
//! and then in English. `UPDATE_EXPECTED=1` writes them anew, to be read before they are committed.

use facts::standing::Text2;

use super::*;
use crate::catalogue::{Catalogue, Item, Stage};
use crate::counting::{Span, Unit};
use crate::source_map::SourceMap;
use crate::tables::Tables;

/// Tables that list little, so that rules that reach nothing of it are seen.
fn tables() -> Tables {
    let regions = [(360_000_000_000, "江西省"), (360_900_000_000, "宜春市"), (360_902_000_000, "袁州区")];
    let name = |zh: &str| Text2 { zh: zh.to_owned(), en: zh.to_owned() };
    Tables {
        catalogue: catalogue(),
        regions: regions.map(|(code, zh)| (code, name(zh))).into(),
        sources: [("window".into(), SourceMap::default())].into(),
        ..Tables::default()
    }
}

/// A small catalogue.
fn catalogue() -> Catalogue {
    let codes = ["procurement/goods", "procurement/works", "permit-1"];
    let stage = |order, days| Stage {
        order,
        required: true,
        limit: Some(Span::new(days, Unit::WorkingDays)),
        ..Stage::default()
    };
    Catalogue::new(codes.map(|code| {
        // Two stages of the second order run beside each other.
        let stages = if code == "permit-1" { vec![stage(1, 3), stage(2, 4), stage(2, 2)] } else { Vec::new() };
        let depts = (code == "permit-1").then(|| vec!["SCJG".into()]);
        Item { code: code.into(), stages, depts, ..Item::default() }
    }))
}

/// The site's rules with one bad file in its place.
fn files(name: &str, text: Vec<u8>) -> ConfigFiles {
    let site = folder(&root().join("config"));
    let wanted = |path: &str| match name {
        "profile" => path.starts_with("rules/") || path == "vocabulary.toml",
        _ => path == "vocabulary.toml",
    };
    let mut files: ConfigFiles = site.into_iter().filter(|(path, _)| wanted(path)).collect();
    let place = match name {
        "profile" => format!("profiles/{name}.bad.toml"),
        _ => format!("rules/{name}.bad.toml"),
    };
    files.insert("profiles/site.toml".to_owned(), b"id = 'site'\ndefault = true\n".to_vec());
    files.insert(place, text);
    files
}

#[test]
fn every_bad_file_is_refused_with_all_its_faults() {
    let folder = root().join("tests/bad_config");
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder of bad files is there").flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = file.strip_suffix(".bad.toml") else { continue };
        let text = std::fs::read(entry.path()).expect("the file can be read");
        let faults = load(&files(name, text), Some(&tables())).expect_err(&file);
        assert!(faults.len() >= 3, "{file} has only {} faults", faults.len());
        let render = |lang| faults.iter().map(|fault| fault.render(lang) + "\n").collect::<String>();
        let told = format!("{}\n{}", render(Lang::Zh), render(Lang::En));
        let expected = folder.join(format!("{name}.expected.txt"));
        if update {
            std::fs::write(&expected, &told).expect("the expected text can be written");
        }
        let expected = std::fs::read_to_string(&expected).expect("the expected text is there");
        for (line, (told, expected)) in told.lines().zip(expected.lines()).enumerate() {
            assert_eq!(told, expected, "{file}, line {} of its faults", line + 1);
        }
        assert_eq!(told.lines().count(), expected.lines().count(), "{file}: faults were added or lost");
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} bad files found");
}

#[test]
fn every_code_of_the_language_has_a_bad_file() {
    let folder = root().join("tests/bad_config");
    let texts: String = std::fs::read_dir(folder)
        .expect("the folder of bad files is there")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(".expected.txt"))
        .map(|entry| std::fs::read_to_string(entry.path()).expect("the expected text can be read"))
        .collect();
    let missing: Vec<String> =
        // The fortieth is told no more.
        (1..=47).filter(|number| *number != 40).map(|number| format!("RL{number:02}")).filter(|code| !texts.contains(&format!(" {code} "))).collect();
    // RL21 is about the catalogue alone, RL39 about a folder without rules; their tests stand elsewhere.
    assert_eq!(missing, ["RL21", "RL39"]);
}
