//! What a spreadsheet stores otherwise is no change; what somebody changed is told cell by cell.

use super::super::test_workbook::{Xml, workbook};
use super::*;

const ITEMS: &str = "item,version,name_zh,from,promise,charges,levels,x_remark\n\
    A,1,甲（试行）,2026-01-01,7wd,yes,county;township,old\nB,1,乙,,,no,,\n";

fn grid(text: &str) -> Grid {
    Grid::read(TableKind::Items, "catalogue/items.csv", text.as_bytes()).expect("a table")
}

#[test]
fn a_workbook_that_stores_numbers_days_and_full_width_writing_holds_the_same_cells() {
    let headings = ["事项编码", "版本", "名称", "生效日期", "承诺时限", "是否收费", "办理层级", "x_remark"];
    let book = workbook(&[
        ("说明", &[&[Xml::Text("how to fill it in")]]),
        (
            "事项",
            &[
                &headings.map(Xml::Text)[..],
                &[],
                &[
                    Xml::Text("Ａ "),
                    Xml::Number("1"),
                    Xml::Text("甲（试行） "),
                    Xml::Day("46023"),
                    Xml::Text("７个工作日"),
                    Xml::Flag(true),
                    Xml::Text("县级； 乡镇"),
                    Xml::Text("old"),
                ],
                &[Xml::Text("B"), Xml::Number("1"), Xml::Text("乙"), Xml::Empty, Xml::Text("  "), Xml::Text("否")],
            ],
        ),
    ]);
    let read = Grid::read(TableKind::Items, "catalogue/items.xlsx", &book).expect("a table");
    assert_eq!(read, Grid { chinese: true, ..grid(ITEMS) });
}

#[test]
fn what_is_written_reads_back_in_every_form_and_language() {
    for chinese in [false, true] {
        for form in [TextForm::Utf8, TextForm::Utf8Marked, TextForm::Gb18030] {
            let grid = Grid { chinese, ..grid(&ITEMS.replace("old", "\"引号\"\"、逗号, 换\n行 \u{20000}\"")) };
            let bytes = grid.csv(form);
            assert_eq!(TextForm::of(&bytes), form);
            assert_eq!(Grid::read(TableKind::Items, "items.csv", &bytes), Ok(grid));
        }
    }
}

#[test]
fn one_edited_cell_is_that_change_and_nothing_else() {
    let old = grid(ITEMS);
    assert_eq!(GridChanges::between(Some(&old), &old), GridChanges::default());
    let swapped = "version,item,name_zh,from,promise,charges,levels,x_remark\n\
        1,B,乙,,,否,,\n1,A,甲（试行）,2026/1/1,8wd,是,县;乡镇,old\n";
    let changes = GridChanges::between(Some(&old), &grid(swapped));
    let cell = CellChange { column: "promise".into(), old: "7wd".into(), new: "8wd".into() };
    let changed = vec![RowChange { key: vec!["A".into(), "1".into()], cells: vec![cell] }];
    assert_eq!(changes, GridChanges { changed, ..GridChanges::default() });
}

#[test]
fn rows_come_and_go_by_name_and_a_column_that_is_left_out_empties_its_cells() {
    let old = grid(ITEMS);
    let changes = GridChanges::between(Some(&old), &grid("item,version,name_zh\nB,1,乙\nC,1,丙\n"));
    assert_eq!(
        (changes.added, changes.removed),
        (vec![vec!["C".into(), "1".into()]], vec![vec!["A".into(), "1".into()]])
    );
    let cell = CellChange { column: "charges".into(), old: "no".into(), new: String::new() };
    assert_eq!(changes.changed, [RowChange { key: vec!["B".into(), "1".into()], cells: vec![cell] }]);
    assert_eq!(GridChanges::between(None, &old).added.len(), 2, "without a table before, all is new");
}

#[test]
fn rows_keep_the_columns_in_the_order_that_the_file_had() {
    let old = grid("version,item,name_zh,promise\n1,A,甲,7wd\n");
    let new = grid("item,version,promise,x_note,name_zh\nA,1,8wd,n,甲\n").arranged_as(&old.columns);
    assert_eq!(
        String::from_utf8(new.csv(TextForm::Utf8)).as_deref(),
        Ok("version,item,name_zh,promise,x_note\n1,A,甲,8wd,n\n")
    );
}
