use facts::proof::Lang;

use super::*;

fn read_text(text: &str) -> (Option<CompactString>, SourceMap, Vec<Fault>) {
    let mut faults = Vec::new();
    let stages = BTreeSet::from(["handle", "approve"]);
    let (source, map) = read("sources/a.toml", text.as_bytes(), &stages, &mut faults);
    (source, map, faults)
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (_, _, faults) = read_text(text);
    let place = |fault: &Fault| {
        let place = fault.place.expect("every fault has a place");
        format!("{}:{}+{} {}", place.line, place.column, place.width, fault.code)
    };
    assert_eq!(faults.iter().map(place).collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn raw_codes_become_ours_and_others_stand_for_themselves() {
    let (source, map, faults) = read_text(
        "source = \"县审批\"\nmidnight_is_day = true\n[outcomes]\n0 = \"certified\"\n[case_types]\n'承诺件' = \"promised\"\n[stages]\nSL = \"handle\"\n",
    );
    assert_eq!((source.as_deref(), faults), (Some("县审批"), vec![]));
    assert!(map.midnight_is_day);
    assert_eq!((map.outcome("0"), map.outcome("9")), ("certified", "9"));
    assert_eq!((map.case_type("承诺件"), map.stage("SL")), ("promised", "handle"));
}

#[test]
fn a_source_says_after_how_long_it_is_silent() {
    let (_, map, faults) = read_text("silence = \"26h\"\n");
    assert_eq!((map.silence_ms, faults), (Some(26 * 3_600_000), vec![]));
    check("silence = \"3wd\"\n", &["1:11+5 SM04"]);
    check("silence = 26\n", &["1:11+2 SM03"]);
}

#[test]
fn unknown_keys_values_and_types_are_told_at_their_characters() {
    check("[outcome]\n", &["1:2+7 SM02"]);
    check("midnight = true\n", &["1:1+8 SM02"]);
    check("[outcomes]\n'作废' = \"void\"\n'办结' = 1\n", &["2:8+6 SM04", "3:8+1 SM03"]);
    check("[case_types]\n1 = \"certified\"\n", &["2:5+11 SM04"]);
    check("stages = \"x\"\nmidnight_is_day = 1\n", &["2:19+1 SM03", "1:10+3 SM03"]);
    check("[stages]\na = \"b c\"\nd = \"\"\n", &["2:5+5 SM04", "3:5+2 SM04"]);
    check("source = \" \"\n", &["1:10+3 SM03"]);
}

#[test]
fn the_value_that_was_meant_is_suggested_under_the_line() {
    let (_, _, faults) = read_text("[outcomes]\n'作废' = \"void\"\n");
    insta::assert_snapshot!(faults[0].render(Lang::En), @r#"
        sources/a.toml:2:8 error SM04 there is no value "void"
          | '作废' = "void"
          |          ^^^^^^
          = did you mean "voided"? Allowed: certified, granted, refused, forwarded, other, returned, voided, deleted, withdrawn, lapsed
    "#);
}

#[test]
fn a_stage_that_no_item_has_is_a_warning() {
    let (_, map, faults) = read_text("[stages]\nSL = \"handel\"\n");
    assert_eq!(map.stage("SL"), "handel");
    assert_eq!((faults[0].code, faults[0].severity), ("SM06", crate::fault::Severity::Warning));
    assert_eq!(faults[0].help.as_ref().expect("a suggestion").en, "did you mean \"handle\"?");
}

#[test]
fn syntax_faults_and_other_encodings_refuse_the_file() {
    check("source = \n", &["1:10+1 SM01"]);
    check("[outcomes]\n0 = \"other\"\n0 = \"other\"\n", &["3:1+1 SM01"]);
    let mut faults = Vec::new();
    let (_, map) = read("sources/a.toml", b"[outcomes]\n0 = \"\xb3\xf6\"\n", &BTreeSet::new(), &mut faults);
    assert_eq!((map, faults[0].code), (SourceMap::default(), "SM01"));
    check("\u{feff}[outcomes]\n0 = \"other\"\n", &[]);
}

#[test]
fn a_source_has_one_file_by_its_name_or_by_what_it_says() {
    let file = |name: &str, text: &str| (format!("sources/{name}"), text.as_bytes().to_vec());
    let files = [
        file("a.toml", "midnight_is_day = true\n"),
        file("b.toml", "source = \"a\"\n"),
        file("ｃ.toml", ""),
        file("old/d.toml", "x"),
        file("notes.md", "x"),
    ];
    let mut faults = Vec::new();
    let sources = read_all(&BTreeMap::from(files), &BTreeSet::new(), &mut faults);
    assert_eq!(sources.keys().map(CompactString::as_str).collect::<Vec<_>>(), ["a", "c"]);
    assert!(sources["a"].midnight_is_day, "the first file stands");
    assert_eq!(
        faults.iter().map(|fault| (fault.file.as_str(), fault.code)).collect::<Vec<_>>(),
        [("sources/b.toml", "SM05")]
    );
}
