//! The tables together: which files are read, what half a catalogue means, and that no bytes panic.

use std::path::Path;

use proptest::prelude::*;

use super::test_workbook::{Xml, workbook};
use super::*;
use crate::fault::Severity;

const ITEMS: &str = "item,version,name_zh,from,promise\nA,1,甲,2026-01-01,7wd\n";
const STAGES: &str = "item,version,stage,name_zh,order,required\nA,1,s,受理,1,yes\n";

fn files(files: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(file, bytes)| ((*file).to_owned(), bytes.to_vec())).collect()
}

#[track_caller]
fn check(given: &[(&str, &[u8])], expected: &[(&str, &str, Severity)]) {
    let tables = load(&files(given));
    let told: Vec<_> = tables.faults.iter().map(|fault| (fault.file.as_str(), fault.code, fault.severity)).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_catalogue_of_workbooks_is_that_of_csv() {
    let items = workbook(&[(
        "items",
        &[
            &["item", "version", "name_zh", "from", "promise"].map(Xml::Text)[..],
            &[Xml::Text("A"), Xml::Number("1"), Xml::Text("甲"), Xml::Day("46023"), Xml::Text("７ｗｄ")],
        ],
    )]);
    let csv = load(&files(&[("catalogue/items.csv", ITEMS.as_bytes()), ("catalogue/stages.csv", STAGES.as_bytes())]));
    let xlsx = load(&files(&[("catalogue/items.XLSX", &items), ("catalogue/stages.csv", STAGES.as_bytes())]));
    assert_eq!(csv.faults, []);
    assert_eq!(xlsx, csv);
}

#[test]
fn a_code_that_a_spreadsheet_made_a_day_is_refused() {
    let items = workbook(&[(
        "items",
        &[
            &["item", "version", "name_zh", "depts"].map(Xml::Text)[..],
            &[Xml::Day("46024"), Xml::Number("1"), Xml::Text("甲"), Xml::Day("46024")],
        ],
    )]);
    let stages = "item,version,stage,name_zh,order,required\n";
    check(
        &[("catalogue/items.xlsx", &items), ("catalogue/stages.csv", stages.as_bytes())],
        &[("catalogue/items.xlsx", "CT17", Severity::Error); 2],
    );
}

#[test]
fn no_catalogue_is_a_warning_and_half_a_catalogue_an_error() {
    let (items, stages) = (("catalogue/items.csv", ITEMS.as_bytes()), ("catalogue/stages.csv", STAGES.as_bytes()));
    check(&[], &[("catalogue", "CT21", Severity::Warning)]);
    check(&[items], &[("catalogue/stages.csv", "CT21", Severity::Error)]);
    check(&[stages], &[("catalogue/items.csv", "CT21", Severity::Error)]);
    check(&[items, stages], &[]);
}

#[test]
fn a_table_in_two_forms_or_under_an_unknown_name_is_told() {
    let (items, stages) = (("catalogue/items.csv", ITEMS.as_bytes()), ("catalogue/stages.csv", STAGES.as_bytes()));
    check(&[items, stages, ("catalogue/items.xlsx", b"")], &[("catalogue/items.xlsx", "CT22", Severity::Error)]);
    check(
        &[
            items,
            stages,
            ("catalogue/fee.csv", b""),
            ("catalogue/fees.xls", b""),
            ("catalogue/README.md", b""),
            ("catalogue/~$items.xlsx", b""),
        ],
        &[("catalogue/fee.csv", "CT22", Severity::Warning), ("catalogue/fees.xls", "CT22", Severity::Warning)],
    );
}

#[test]
fn faults_come_by_file_row_and_column() {
    let items = "item,version,name_zh,promise,until\nA,1,甲,7,x\nB,1,乙,8,y\n";
    let tables = load(&files(&[
        ("sources/a.toml", b"x = 1"),
        ("catalogue/stages.csv", STAGES.as_bytes()),
        ("catalogue/items.csv", items.as_bytes()),
    ]));
    let place = |fault: &Fault| fault.place.map(|place| (place.line, place.column));
    let told: Vec<_> = tables.faults.iter().map(|fault| (fault.file.as_str(), place(fault))).collect();
    let items = |row, column| ("catalogue/items.csv", Some((row, column)));
    assert_eq!(told, [items(2, 4), items(2, 5), items(3, 4), items(3, 5), ("sources/a.toml", Some((1, 1)))]);
}

#[test]
fn the_tables_of_the_project_have_no_errors() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let mut found = BTreeMap::new();
    for folder in ["catalogue", "regions", "sources"] {
        for entry in std::fs::read_dir(config.join(folder)).into_iter().flatten() {
            let path = entry.expect("the folder can be listed").path();
            let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
            found.insert(format!("{folder}/{name}"), std::fs::read(&path).expect("the file can be read"));
        }
    }
    let tables = load(&found);
    assert!(tables.sources.contains_key("example"), "the example map stands in {}", config.display());
    let errors: Vec<&Fault> = tables.faults.iter().filter(|fault| fault.severity == Severity::Error).collect();
    assert_eq!(errors, Vec::<&Fault>::new());
}

/// Every name that is read.
const NAMES: [&str; 8] = [
    "catalogue/items.csv",
    "catalogue/items.xlsx",
    "catalogue/stages.csv",
    "catalogue/stages.xlsx",
    "catalogue/fees.csv",
    "catalogue/procedures.csv",
    "regions/a.csv",
    "sources/a.toml",
];

/// Cells that are nearly right, so that drawn tables get past their headers.
const CELLS: [&str; 24] = [
    "A",
    "B",
    "1",
    "2",
    "s",
    "",
    "甲",
    "7wd",
    "25wd",
    "10日",
    "1mo",
    "yes",
    "0",
    "2026-01-01",
    "2025-06-01",
    "x;s",
    "county",
    "36",
    "3609",
    "\"",
    "１",
    "-1",
    "99999999999999999999",
    "12.345",
];

proptest! {
    #[test]
    fn any_bytes_under_any_name_give_tables_or_faults(
        drawn in proptest::collection::btree_map(0..NAMES.len(), proptest::collection::vec(any::<u8>(), 0..200), 0..4)
    ) {
        let given: BTreeMap<String, Vec<u8>> = drawn.into_iter().map(|(name, bytes)| (NAMES[name].to_owned(), bytes)).collect();
        let tables = load(&given);
        prop_assert_eq!(load(&given), tables, "the same bytes give the same tables and faults");
    }

    #[test]
    fn drawn_cells_under_true_headers_never_panic(
        rows in proptest::collection::vec(proptest::collection::vec(proptest::sample::select(&CELLS[..]), 0..14), 0..12)
    ) {
        let headers = [
            "item,version,name_zh,from,until,promise,statutory,charges,procedures,levels,regions,depts",
            "item,version,stage,name_zh,order,required,limit,next,returns,levels",
            "item,version,code,name_zh,basis,from,until,min,max,early",
            "item,version,procedure,charged",
            "code,name,level,parent",
        ];
        let names = ["catalogue/items.csv", "catalogue/stages.csv", "catalogue/fees.csv", "catalogue/procedures.csv", "regions/a.csv"];
        let rows: String = rows.iter().map(|row| row.join(",") + "\n").collect();
        let given = names.iter().zip(headers).map(|(name, header)| ((*name).to_owned(), format!("{header}\n{rows}").into_bytes()));
        let tables = load(&given.collect());
        for fault in &tables.faults {
            prop_assert!(fault.place.is_some() && !fault.text.zh.is_empty() && !fault.text.en.is_empty(), "{:?}", fault);
        }
    }

    #[test]
    fn a_wrong_cell_is_told_at_its_own_row_and_column(bad_row in 0usize..20, bad_column in 3usize..6, blank in 0usize..3) {
        let mut lines = vec!["item,version,name_zh,from,promise,charges".to_owned()];
        lines.extend(vec![String::new(); blank]);
        for row in 0..20 {
            let mut cells = [format!("A{row}"), "1".into(), "\"甲\n乙\"".into(), "2026-01-01".into(), "7wd".into(), "是".into()];
            if row == bad_row {
                cells[bad_column] = "?".into();
            }
            lines.push(cells.join(","));
        }
        let stages = "item,version,stage,name_zh,order,required\n";
        let given = files(&[("catalogue/items.csv", lines.join("\n").as_bytes()), ("catalogue/stages.csv", stages.as_bytes())]);
        let places: Vec<_> = load(&given).faults.iter().map(|fault| fault.place.map(|place| (place.line as usize, place.column as usize))).collect();
        prop_assert_eq!(places, vec![Some((bad_row + blank + 2, bad_column + 1))]);
    }
}
