//! A sheet reads the same from every form a spreadsheet program saves, with the row and column
//! numbers that program shows; what would lose digits is refused.

use std::io::{Cursor, Write as _};

use encoding_rs::GB18030;
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::test_workbook::{Xml, workbook};
use super::*;

/// Header and rows as `row:column=text`, then faults as `row:column code`.
fn shown(file: &str, bytes: &[u8]) -> String {
    let mut faults = FaultList::default();
    let sheet = read(file, &["items"], bytes, &mut faults);
    let row = |row: &Row| {
        let cells = row.cells.iter().map(|(column, cell)| format!("{}:{column}={}", row.number, cell.text));
        cells.collect::<Vec<_>>().join(" ")
    };
    let rows = sheet.iter().flat_map(|sheet| std::iter::once(&sheet.header).chain(&sheet.rows)).map(row);
    let fault = |fault: &Fault| match fault.place {
        Some(place) => format!("{}:{} {}", place.line, place.column, fault.code),
        None => fault.code.to_owned(),
    };
    rows.chain(faults.iter().map(fault)).collect::<Vec<_>>().join(" | ")
}

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    assert_eq!(shown("catalogue/items.csv", bytes), expected);
}

#[track_caller]
fn check_workbook(rows: &[&[Xml<'_>]], expected: &str) {
    assert_eq!(shown("catalogue/items.xlsx", &workbook(&[("Sheet1", rows)])), expected);
}

const TEXT: &str = "item,名称\nA1,宜春市行政许可\n";
const READ: &str = "1:1=item 1:2=名称 | 2:1=A1 2:2=宜春市行政许可";

#[test]
fn utf_8_reads_with_and_without_its_mark() {
    check(TEXT.as_bytes(), READ);
    check(format!("\u{feff}{TEXT}").as_bytes(), READ);
}

#[test]
fn gb18030_of_chinese_spreadsheets_reads() {
    let (bytes, _, unmappable) = GB18030.encode(TEXT);
    assert!(!unmappable && std::str::from_utf8(&bytes).is_err(), "the text has bytes that are not UTF-8");
    check(&bytes, READ);
}

#[test]
fn utf_16_with_its_mark_reads_separated_by_tabs_as_spreadsheets_save_it() {
    let tabs = format!("\u{feff}{}", TEXT.replace(',', "\t"));
    let little: Vec<u8> = tabs.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = tabs.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(&little, READ);
    check(&big, READ);
}

#[test]
fn bytes_that_are_no_text_are_refused_at_their_line() {
    check(b"item\nA\n\xff\xff\n", "3:1 CT01");
    check("item\nA\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice(), "1:1 CT01");
    check(b"PK\x03\x04....", "CT01");
    check(b"", "CT01");
    check("\u{feff} ,\n\n".as_bytes(), "CT01");
}

#[test]
fn a_bad_byte_in_a_file_of_utf_8_is_told_at_its_own_line() {
    let mut faults = FaultList::default();
    let bytes = ["事项\n许可\n".as_bytes(), b"x\xff\xfe \x80\n"].concat();
    assert_eq!(read("x.csv", &["items"], &bytes, &mut faults), None);
    assert_eq!(faults[0].text.en, "line 3 holds bytes that are no text (read as UTF-8)");
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    check(b"a,b\n1,2\n", "1:1=a 1:2=b | 2:1=1 2:2=2");
    check(b"a\n\n\n1\n", "1:1=a | 4:1=1");
    check(b"a\r\n\r\n1\r\n2\r\n", "1:1=a | 3:1=1 | 4:1=2");
    check(b"\n\na\n1\n", "3:1=a | 4:1=1");
    check(b"a\r1\r\r2\r", "1:1=a | 2:1=1 | 4:1=2");
    check(b"a,b\n\"two\n\nlines\",x\n1,2\n", "1:1=a 1:2=b | 2:1=two\n\nlines 2:2=x | 3:1=1 3:2=2");
    check(b"a,b\n,\n ,\n1,\n", "1:1=a 1:2=b | 4:1=1");
}

#[test]
fn quotes_hold_commas_and_doubled_quotes_and_are_told_when_left_open() {
    check(b"a,b\n\"x,\"\"y\",z\n", "1:1=a 1:2=b | 2:1=x,\"y 2:2=z");
    check(b"a,b\n5\",6\n", "1:1=a 1:2=b | 2:1=5\" 2:2=6");
    check(b"a,b\n1,\"x\n2,y\n3,z\n", "1:1=a 1:2=b | 2:1=1 2:2=x\n2,y\n3,z | 2:1 CT01");
}

#[test]
fn a_workbook_reads_text_numbers_days_and_flags() {
    check_workbook(
        &[
            &[Xml::Text("item"), Xml::Text("max"), Xml::Text("from"), Xml::Text("charges")],
            &[],
            &[Xml::Text(" A1 "), Xml::Number("0.1"), Xml::Day("46053"), Xml::Flag(true)],
            &[Xml::Number("360902101000"), Xml::Number("1.2E3"), Xml::Empty, Xml::Number("-0")],
        ],
        "1:1=item 1:2=max 1:3=from 1:4=charges | 3:1=A1 3:2=0.1 3:3=2026-01-31 3:4=yes | 4:1=360902101000 4:2=1200 4:4=-0",
    );
}

#[test]
fn numbers_that_lost_digits_durations_and_formula_errors_are_refused() {
    check_workbook(
        &[
            &[Xml::Text("item")],
            &[Xml::Number("360902199001010123")],
            &[Xml::Number("999999999999999")],
            &[Xml::Number("0.30000000000000004")],
            &[Xml::Error("#REF!")],
            &[Xml::Number("1e300")],
        ],
        "1:1=item | 2:1= | 3:1=999999999999999 | 4:1= | 5:1= | 6:1= | 2:1 CT17 | 4:1 CT17 | 5:1 CT17 | 6:1 CT17",
    );
    let mut faults = FaultList::default();
    let rows: &[&[Xml<'_>]] = &[&[Xml::Text("item")], &[Xml::Number("360902199001010123")]];
    read("catalogue/items.xlsx", &["items"], &workbook(&[("a", rows)]), &mut faults);
    insta::assert_snapshot!(faults[0].render(facts::proof::Lang::En), @r#"
        catalogue/items.xlsx:2:1 error CT17 A2: the number 360902199001010100 has more than 15 digits, of which the spreadsheet lost the last
          = format the column as text first, then type the value again
    "#);
}

#[test]
fn a_time_of_day_is_kept_so_that_no_column_of_days_takes_it() {
    check_workbook(&[&[Xml::Text("from")], &[Xml::Day("46053.5")]], "1:1=from | 2:1=2026-01-31 12:00:00");
}

#[test]
fn of_several_sheets_the_one_named_as_the_table_is_read_else_the_first() {
    let sheets: [(&str, &[&[Xml<'_>]]); 2] = [("说明", &[&[Xml::Text("first")]]), ("Items", &[&[Xml::Text("named")]])];
    assert_eq!(shown("x.xlsx", &workbook(&sheets)), "1:1=named");
    assert_eq!(shown("x.xlsx", &workbook(&sheets[..1])), "1:1=first");
}

#[test]
fn what_is_no_workbook_is_told_with_what_to_do() {
    for bytes in [&b"item,version\n"[..], b"", b"PK\x03\x04broken", &[0xd0, 0xcf, 0x11, 0xe0, 1, 2]] {
        assert_eq!(shown("catalogue/items.xlsx", bytes), "CT01");
    }
}

#[test]
fn a_stray_cell_at_the_end_of_the_sheet_costs_no_memory() {
    let mut row: Vec<Xml<'_>> = vec![Xml::Empty; 16_384];
    row[0] = Xml::Text("a");
    row[16_383] = Xml::Text("b");
    check_workbook(&[&row], "1:1=a 1:16384=b");
}

#[test]
fn a_small_file_that_unpacks_to_more_than_any_catalogue_is_refused_before_it_is_read() {
    let mut zip = ZipWriter::new(Cursor::new(workbook(&[("items", &[&[Xml::Text("item")]])])));
    zip = ZipWriter::new_append(zip.finish().expect("memory takes it")).expect("it is a package");
    zip.start_file("xl/sharedStrings.xml", SimpleFileOptions::default()).expect("a new part");
    let spaces = vec![b' '; 1 << 20];
    (0..257).for_each(|_| zip.write_all(&spaces).expect("memory takes it"));
    let bytes = zip.finish().expect("memory takes it").into_inner();
    assert!(bytes.len() < 1 << 20, "{} bytes", bytes.len());
    let mut faults = FaultList::default();
    assert_eq!(read("x.xlsx", &["items"], &bytes, &mut faults), None);
    assert_eq!(faults[0].text.en, "the workbook unpacks to more than 256 MiB");
}

#[test]
fn a_long_text_that_every_cell_shares_costs_no_more_than_the_limit() {
    let text = "x".repeat(1 << 20);
    let row = vec![Xml::Text(&text); 129];
    let bytes = workbook(&[("items", &[&row])]);
    let mut faults = FaultList::default();
    assert_eq!(read("x.xlsx", &["items"], &bytes, &mut faults), None);
    assert_eq!(faults[0].text.en, "the sheet holds more than 128 MiB of text");
}

#[test]
fn cells_are_named_as_spreadsheets_do() {
    let names = [1, 26, 27, 52, 53, 702, 703, 16_384].map(|column| cell_name(3, column));
    assert_eq!(names, ["A3", "Z3", "AA3", "AZ3", "BA3", "ZZ3", "AAA3", "XFD3"]);
}

#[test]
fn plain_form_folds_full_width_writing() {
    let cell = Cell::text("　７ｗｄ　").expect("not empty");
    assert_eq!(cell.plain(), "7wd");
    assert_eq!(Cell::text(" 　\u{a0}"), None);
}

/// A table as people might save it: blank lines, line breaks in quotes, either line ending.
fn drawn_table() -> impl Strategy<Value = (Vec<Option<Vec<String>>>, &'static str)> {
    let cell = "[a-c\"\n,;宜春 ]{0,4}";
    let row = proptest::option::weighted(0.8, proptest::collection::vec(cell, 1..4));
    (proptest::collection::vec(row, 0..8), prop_oneof![Just("\n"), Just("\r\n"), Just("\r")])
}

proptest! {
    #[test]
    fn every_cell_of_a_drawn_table_is_found_at_its_row_and_column((rows, ending) in drawn_table()) {
        let written = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let line = |row: &Option<Vec<String>>| row.iter().flatten().map(written).collect::<Vec<_>>().join(",");
        let text: String = rows.iter().map(|row| line(row) + ending).collect();

        let expected: Vec<(u32, u32, String)> = (1..).zip(&rows).flat_map(|(number, row)| {
            let cells = (1..).zip(row.iter().flatten()).filter(|(_, cell)| !cell.trim().is_empty());
            cells.map(move |(column, cell)| (number, column, cell.trim().to_owned()))
        }).collect();
        let mut faults = FaultList::default();
        let found: Vec<(u32, u32, String)> = csv_rows::rows("t.csv", text.as_bytes(), &mut faults)
            .expect("it is text")
            .iter()
            .flat_map(|row| row.cells.iter().map(|(column, cell)| (row.number, *column, cell.text.clone())))
            .collect();
        prop_assert_eq!(found, expected);
        prop_assert!(faults.is_empty());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), table in "(items\\.csv|items\\.xlsx)") {
        let mut faults = FaultList::default();
        let sheet = read(&table, &["items"], &bytes, &mut faults);
        prop_assert!(sheet.is_some() || !faults.is_empty(), "nothing is dropped silently");
    }

    #[test]
    fn a_workbook_with_any_byte_changed_is_read_or_refused(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = workbook(&[("items", &[&[Xml::Text("item"), Xml::Day("46053")], &[Xml::Number("1"), Xml::Text("甲")]])]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let mut faults = FaultList::default();
        let sheet = read("items.xlsx", &["items"], &bytes, &mut faults);
        prop_assert!(sheet.is_some() || !faults.is_empty(), "nothing is dropped silently");
    }
}
