//! Whatever the bytes, loading ends with rules or faults, never with a panic, and soon.

use proptest::prelude::*;

use super::*;

/// Pieces of the language in any order are nearer to real mistakes than random bytes.
fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "event.outcome",
        "case.attrs.x",
        "item.promise",
        "ledger.net",
        "seen(closed)",
        "first(accepted).at",
        "count(",
        "sum(fee, fee.amount)",
        "list.normal_outcomes",
        "clock.promise.left",
        "stage_of(event.stage).limit",
        "value.x",
        "param.x",
        "==",
        "!=",
        "<",
        "in",
        "&&",
        "||",
        "|",
        "!",
        "?",
        ":",
        "??",
        "+",
        "-",
        "*",
        "/",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "'text'",
        "'",
        "40万元",
        "12.50元",
        "5wd",
        "3日",
        "2%",
        "2026-01-01",
        "2026-13-45",
        "99999999999999999999",
        "true",
        "＝",
        "（",
        "‘",
        "’",
        "and",
        "且",
        "{",
        "}",
        "{due|date}",
        "closed[",
        "\u{0}",
        "🚦",
    ];
    prop_oneof![4 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn expression() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.join(" "))
}

fn quoted(text: &str) -> String {
    format!("{text:?}").replace("\\u{", "\\U{").replace("\\'", "'").replace("\\0", " ")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_a_rule_file(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut files = with_rules("");
        files.insert("rules/b.toml".to_owned(), bytes.clone());
        files.insert("profiles/b.toml".to_owned(), bytes.clone());
        files.insert("vocabulary.toml".to_owned(), bytes);
        let _ = load(&files, None);
    }

    #[test]
    fn any_expression_in_any_place(when in expression(), set in expression(), message in expression(), limit in expression()) {
        let [when, set, message, limit] = [when, set, message, limit].map(|text| quoted(&text));
        let head = "[[rule]]\nid = 'X'\nfamily = 'overdue'\nname = { zh = 'a', en = 'a' }\nbasis = 'b'\ncard = 'red'\n";
        let rules = format!(
            "{head}kind = 'condition'\non = {set}\nwhen = {when}\nmessage = {{ zh = {message}, en = {message} }}\nclears = {when}\n\
             {head}kind = 'deadline'\nstart = {set}\nstop = {set}\nlimit = {limit}\npair_by = [{limit}]\n\
             {head}kind = 'fee'\nby = ['code']\nwhen = {when}\n[events]\nx = {set}\n[values]\nx = {when}\n"
        );
        for fault in load(&with_rules(&rules), None).err().into_iter().flatten() {
            prop_assert!(!fault.render(Lang::Zh).is_empty());
            prop_assert!(!fault.render(Lang::En).is_empty());
        }
    }
}

fn condition(when: &str) -> String {
    format!(
        "[[rule]]\nid = 'X'\nfamily = 'overdue'\nkind = 'condition'\nname = {{ zh = 'a', en = 'a' }}\nbasis = 'b'\ncard = 'red'\non = 'closed'\nwhen = \"{when}\"\n"
    )
}

#[test]
fn deep_nesting_is_refused() {
    for open in ["(", "!", "-", "[", "seen(closed[", "true ? ", "1 + (", "empty("] {
        let told = faults(&condition(&open.repeat(5_000)));
        assert!(told.iter().any(|fault| fault.contains("RL36") || fault.contains("RL29")), "{open}: {told:?}");
    }
    let told = faults(&condition(&"true && ".repeat(400)));
    assert!(told[0].contains("RL36"), "{told:?}");
    let told = faults(&format!("x = {}", "[".repeat(20_000)));
    assert!(told.iter().any(|fault| fault.contains("RL26")), "{told:?}");
}

#[test]
fn names_that_double_at_every_step_are_refused() {
    let mut text = condition("value.v0 > 0");
    text.push_str("[values]\n");
    for step in 0..14 {
        let next = step + 1;
        text.push_str(&format!("v{step} = \"value.v{next} + value.v{next} + value.v{next}\"\n"));
    }
    text.push_str("v14 = \"1\"\n[events]\n");
    for step in 0..14 {
        let next = step + 1;
        text.push_str(&format!("e{step} = \"e{next} | e{next} | e{next}\"\n"));
    }
    text.push_str("e14 = \"closed\"\n");
    let told = faults(&text);
    let places = |name: &str| told.iter().filter(|fault| fault.contains(name)).count();
    assert!(places("too long or too deep") >= 2, "{told:?}");
}

#[test]
fn files_that_are_no_text_are_named() {
    let mut files = with_rules("");
    files.insert("rules/gb.toml".to_owned(), vec![0xb3, 0xac, 0xca, 0xb1]);
    let faults = load(&files, None).expect_err("GB18030 is no UTF-8");
    let told = faults[0].render(Lang::En);
    assert_eq!(told, "rules/gb.toml error RL26 the file is not UTF-8\n  = save it as UTF-8 in an editor");
}

/// One file in another encoding once brought two dozen faults about names that it defines.
#[test]
fn a_file_that_is_no_text_comes_first_and_what_only_follows_from_it_is_not_told() {
    let mut files = folder(&root().join("config"));
    files.retain(|name, _| name.starts_with("rules/") || name.starts_with("profiles/") || name == "vocabulary.toml");
    files.insert("rules/other.toml".into(), b"[[rule]]\nname = 7\n".to_vec());
    let utf16 = |text: &[u8]| -> Vec<u8> {
        let text = std::str::from_utf8(text).expect("a shipped file is UTF-8");
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    let vocabulary = utf16(&files["vocabulary.toml"]);
    files.insert("vocabulary.toml".into(), vocabulary);
    let faults = load(&files, None).expect_err("UTF-16 is no UTF-8");
    let told: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.file, fault.code)).collect();
    assert_eq!(told[0], "vocabulary.toml RL26");
    assert!(told[1..].iter().all(|told| told.starts_with("rules/other.toml ")) && told.len() > 1, "{told:?}");
    let help = faults[0].help.as_ref().map(|help| help.en.as_str()).unwrap_or_default();
    assert!(help.contains(" more that may only follow from this are not told"), "{help}");
    let profiles = files.keys().find(|name| name.starts_with("profiles/national")).expect("it is shipped").clone();
    let mut files = folder(&root().join("config"));
    let profile = utf16(&files[&profiles]);
    files.insert(profiles, profile);
    files.retain(|name, _| {
        name.starts_with("rules/") || name.starts_with("profiles/national") || name == "vocabulary.toml"
    });
    let faults = load(&files, None).expect_err("UTF-16 is no UTF-8");
    assert_eq!(faults.len(), 1, "that there is no default profile only follows: {faults:?}");
}
