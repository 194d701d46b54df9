//! Workbooks for tests: the five parts that every .xlsx has, zipped.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A cell as the sheet's XML has it.
#[derive(Copy, Clone)]
pub(super) enum Xml<'a> {
    Text(&'a str),
    /// A number as typed.
    Number(&'a str),
    /// Days since 1899-12-30, formatted as a date.
    Day(&'a str),
    /// A formula's error.
    Error(&'a str),
    Flag(bool),
    Empty,
}

/// The bytes of a workbook with these sheets, each a name and rows.
pub(super) fn workbook(sheets: &[(&str, &[&[Xml<'_>]])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, SimpleFileOptions::default()).expect("a new part");
        zip.write_all(text.as_bytes()).expect("memory takes it");
    };
    let numbered = || (1..).zip(sheets);
    let list = |one: &dyn Fn(usize, &str) -> String| numbered().map(|(i, (name, _))| one(i, name)).collect::<String>();
    part("[Content_Types].xml", r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#);
    part(
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    );
    let of_book = list(&|i, name| format!(r#"<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>"#));
    part(
        "xl/workbook.xml",
        &format!(
            r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{of_book}</sheets></workbook>"#
        ),
    );
    let relations = list(&|i, _| {
        format!(
            r#"<Relationship Id="rId{i}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{i}.xml"/>"#
        )
    });
    part(
        "xl/_rels/workbook.xml.rels",
        &format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>"#
        ),
    );
    part(
        "xl/styles.xml",
        r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>"#,
    );
    for (i, (_, rows)) in numbered() {
        part(&format!("xl/worksheets/sheet{i}.xml"), &sheet(rows));
    }
    zip.finish().expect("memory takes it").into_inner()
}

fn sheet(rows: &[&[Xml<'_>]]) -> String {
    let cell = |xml: &Xml<'_>| match xml {
        Xml::Text(text) => format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#),
        Xml::Number(number) => format!("<c><v>{number}</v></c>"),
        Xml::Day(days) => format!(r#"<c s="1"><v>{days}</v></c>"#),
        Xml::Error(error) => format!(r#"<c t="e"><v>{error}</v></c>"#),
        Xml::Flag(flag) => format!(r#"<c t="b"><v>{}</v></c>"#, u8::from(*flag)),
        Xml::Empty => "<c/>".to_owned(),
    };
    let row = |(number, cells): (usize, &&[Xml<'_>])| {
        format!(r#"<row r="{number}">{}</row>"#, cells.iter().map(cell).collect::<String>())
    };
    let rows: String = (1..).zip(rows).map(row).collect();
    format!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
    )
}
