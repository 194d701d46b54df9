//! The language as a whole: files in, rules or faults out.

mod bad_config;
mod compiled;
mod hostile;
mod page;
mod schema;
mod slips;

use std::path::{Path, PathBuf};

use facts::proof::Lang;

use super::{ConfigFiles, Loaded, load};

/// A profile for tests that say nothing of profiles.
const PROFILE: &str = "id = 'national'\ndefault = true\n";

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files below a folder, by their path relative to it.
fn folder(path: &Path) -> ConfigFiles {
    fn walk(path: &Path, prefix: &str, files: &mut ConfigFiles) {
        for entry in std::fs::read_dir(path).expect("the folder can be read").flatten() {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), files);
            } else if name.ends_with(".toml") {
                files.insert(name, std::fs::read(entry.path()).expect("the file can be read"));
            }
        }
    }
    let mut files = ConfigFiles::new();
    walk(path, "", &mut files);
    files
}

/// The site's own vocabulary with these rules.
fn with_rules(rules: &str) -> ConfigFiles {
    let vocabulary = std::fs::read(root().join("config/vocabulary.toml")).expect("the vocabulary is there");
    let files: [(&str, &[u8]); 3] = [
        ("vocabulary.toml", &vocabulary),
        ("profiles/national.toml", PROFILE.as_bytes()),
        ("rules/a.toml", rules.as_bytes()),
    ];
    files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect()
}

/// Loads rules that must be good.
#[track_caller]
fn good(rules: &str) -> Loaded {
    load(&with_rules(rules), None).unwrap_or_else(|faults| {
        let told: Vec<String> = faults.iter().map(|fault| fault.render(Lang::En)).collect();
        panic!("{}", told.join("\n"))
    })
}

/// The faults of rules, as `line:column code text`, warnings too.
fn faults(rules: &str) -> Vec<String> {
    let faults = match load(&with_rules(rules), None) {
        Ok(loaded) => loaded.warnings,
        Err(faults) => faults,
    };
    let told = faults.iter().map(|fault| {
        let place = fault.place.unwrap_or_default();
        format!("{}:{} {} {}", place.line, place.column, fault.code, fault.text.en)
    });
    told.collect()
}
