//! `watchlight catalogue`: out to a spreadsheet and back without a difference; what somebody edited is exactly what
//! changes; what would not be sound is told at its cell and changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use encoding_rs::GB18030;
use rust_xlsxwriter::{Format, Workbook};

use crate::support::{copy_folder, files_of, program, project};

/// A copy of the shipped configuration in a folder of its own.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Site {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        copy_folder(&project().join("config"), &folder.path().join("config"));
        Site { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Exit code and what is printed.
    fn catalogue(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = program().current_dir(self.folder.path()).arg("catalogue").args(arguments).output();
        let output = output.expect("the program was built with the tests");
        let said = String::from_utf8(output.stdout).expect("it prints UTF-8");
        (output.status.code(), said + &String::from_utf8_lossy(&output.stderr))
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        let (code, said) = self.catalogue(arguments);
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// Every file of the configuration that a light can depend on.
    fn files(&self) -> rules::site::Files {
        files_of(&self.path("config"))
    }

    /// Writes a workbook of one sheet.
    fn workbook(&self, name: &str, sheet: &str, fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) {
        let mut book = Workbook::new();
        fill(book.add_worksheet().set_name(sheet).expect("a sheet's name"));
        book.save(self.path(name)).expect("a file can be written there");
    }
}

/// Replaces `from` once.
#[track_caller]
fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("it is UTF-8");
    assert_eq!(text.matches(from).count(), 1, "{from} in {}", path.display());
    fs::write(path, text.replace(from, to)).expect("it can be written");
}

#[test]
fn what_comes_back_as_it_went_changes_nothing_in_any_form_and_language() {
    let site = Site::new();
    let before = site.files();
    for arguments in [
        &["--out", "book.xlsx"][..],
        &["--out", "book.xlsx", "--lang", "zh"],
        &["--out", "tables", "--lang", "zh"],
        &["--out", "tables", "--encoding", "gb18030", "--lang", "zh"],
        &["--out", "plain", "--encoding", "gb18030"],
    ] {
        let exported = site.done(&[&["export"], arguments].concat());
        assert!(exported.contains("18"), "items: {exported}");
        let said = site.done(&["import", arguments[1]]);
        assert!(said.lines().last().is_some_and(|last| last.starts_with("nothing changes; configuration ")), "{said}");
        assert_eq!(site.files(), before, "{arguments:?}");
        assert!(site.done(&["check", arguments[1]]).contains(": no faults, "), "{arguments:?}");
    }
    let stages = fs::read(site.path("tables/环节.csv")).expect("it was written");
    let (text, _, wrong) = GB18030.decode(&stages);
    assert!(!wrong && text.starts_with("事项编码,版本,环节编码,"), "{text}");
    assert_eq!(
        site.done(&["import", "book.xlsx", "--lang", "zh"])
            .lines()
            .last()
            .map(|last| last.starts_with("没有变化；配置 ")),
        Some(true)
    );
}

#[test]
fn two_exports_of_one_catalogue_are_the_same_bytes() {
    let site = Site::new();
    site.done(&["export", "--out", "a.xlsx"]);
    site.done(&["export", "--out", "b.xlsx"]);
    let read = |name: &str| fs::read(site.path(name)).expect("it was written");
    assert!(read("a.xlsx") == read("b.xlsx"));
}

#[test]
fn one_edited_cell_is_one_change_told_in_a_dry_run_and_then_written() {
    let site = Site::new();
    let before = site.files();
    site.done(&["export", "--out", "tables"]);
    edit(&site.path("tables/items.csv"), "license,2025-01-01,,7wd", "license,2025-01-01,,６个工作日");
    let said = site.done(&["import", "tables", "--dry-run"]);
    assert!(
        said.contains(
            "items (catalogue/items.csv): 0 rows added, 0 removed, 1 changed\n  ~ SC-201 / 1  promise: 7wd -> 6wd\n"
        ),
        "{said}"
    );
    assert!(said.contains("a dry run, nothing was written; configuration "), "{said}");
    assert_eq!(site.files(), before);
    let said = site.done(&["import", "tables", "--lang", "zh"]);
    assert!(
        said.contains(
            "事项（catalogue/items.csv）：新增 0 行，删除 0 行，修改 1 行\n  ~ SC-201 / 1  承诺时限：7wd → 6wd\n"
        ),
        "{said}"
    );
    assert!(said.contains("已写入；配置 "), "{said}");
    let mut expected = before;
    let items = expected.get_mut("catalogue/items.csv").expect("it is shipped");
    *items = String::from_utf8(items.clone())
        .expect("UTF-8")
        .replace("license,2025-01-01,,7wd", "license,2025-01-01,,6wd")
        .into_bytes();
    assert_eq!(site.files(), expected, "that cell alone");
    assert!(site.done(&["import", "tables"]).contains("nothing changes"));
    let left: Vec<_> = fs::read_dir(site.path("config/catalogue"))
        .expect("it is there")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left.len(), 4, "nothing is left beside the tables: {left:?}");
}

#[test]
fn rows_come_and_go_and_the_files_keep_their_form() {
    let site = Site::new();
    // A site that keeps its tariff in GB18030 under Chinese headings, with a column of its own.
    site.done(&["export", "--out", "zh", "--lang", "zh", "--encoding", "gb18030"]);
    fs::copy(site.path("zh/收费.csv"), site.path("config/catalogue/fees.csv")).expect("it can be copied");
    let before = fs::read(site.path("config/catalogue/fees.csv")).expect("it is there");
    site.done(&["export", "--out", "tables"]);
    let fees = site.path("tables/fees.csv");
    let text = fs::read_to_string(&fees).expect("it is UTF-8");
    let (dropped, kept) = (text.lines().nth(3).expect("a row"), text.lines().last().expect("a row"));
    let added = kept.replacen(kept.split(',').nth(2).expect("a code"), "NEW-1", 1);
    fs::write(&fees, text.replace(&format!("{dropped}\n"), "") + &added + "\n").expect("it can be written");
    let said = site.done(&["import", "tables/fees.csv"]);
    assert!(said.contains("fees (catalogue/fees.csv): 1 rows added, 1 removed, 0 changed"), "{said}");
    let after = fs::read(site.path("config/catalogue/fees.csv")).expect("it is there");
    let decoded = |bytes: &[u8]| GB18030.decode(bytes).0.into_owned();
    let (before, after) = (decoded(&before), decoded(&after));
    assert!(after.starts_with("事项编码,版本,收费编码,"), "{after}");
    let gone = before.lines().filter(|line| !after.contains(*line)).count();
    let come: Vec<&str> = after.lines().filter(|line| !before.contains(*line)).collect();
    assert_eq!((gone, come.len()), (1, 1), "{come:?}");
    assert!(come[0].contains(",NEW-1,"), "{come:?}");
}

#[test]
fn a_table_is_judged_within_the_whole_configuration_and_nothing_is_written_when_it_is_not_sound() {
    let site = Site::new();
    let before = site.files();
    site.done(&["export", "--out", "tables"]);
    // An item that stages and fees still name.
    let items = fs::read_to_string(site.path("tables/items.csv")).expect("it is UTF-8");
    let fewer: String =
        items.lines().filter(|line| !line.starts_with("SC-201,")).map(|line| format!("{line}\n")).collect();
    fs::write(site.path("items.csv"), fewer).expect("it can be written");
    let (code, said) = site.catalogue(&["import", "items.csv"]);
    assert_eq!(code, Some(1), "{said}");
    let told = "config/catalogue/stages.csv:8:1 error CT06 A8 (item): the items table has no item \"SC-201\"";
    assert!(said.contains(told), "{said}");
    assert!(said.lines().last().is_some_and(|last| last.ends_with("nothing was written")), "{said}");
    assert_eq!(site.files(), before);
}

#[test]
fn a_workbook_from_a_spreadsheet_is_told_cell_by_cell() {
    let site = Site::new();
    site.workbook("book.xlsx", "环节", |sheet| {
        let headings = ["事项编码", "版本", "环节编码", "名称", "顺序", "是否必经", "环节时限", "退回环节"];
        for (column, heading) in (0..).zip(headings) {
            sheet.write_string(0, column, heading).expect("a cell");
        }
        // Sound: a version and an order that are numbers, white space, full-width writing, a row left empty.
        for (column, cell) in [(0, "BM-101 "), (2, "ａｐｐｒｏｖｅ"), (3, " 批准"), (5, "是"), (6, "１ 个工作日")]
        {
            sheet.write_string(2, column, cell).expect("a cell");
        }
        sheet.write_number(2, 1, 1).expect("a cell").write_number(2, 4, 1).expect("a cell");
        // Not sound: a merged item, a code that became a day, a limit without a unit, a stage that is not there.
        sheet.merge_range(3, 0, 4, 0, "BM-102", &Format::new()).expect("cells to merge");
        for row in [3, 4] {
            sheet.write_number(row, 1, 1).expect("a cell").write_number(row, 4, 1).expect("a cell");
            sheet.write_string(row, 3, "批准").expect("a cell").write_string(row, 5, "是").expect("a cell");
        }
        let day = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_number_with_format(3, 2, 46_024, &day).expect("a cell");
        sheet.write_string(4, 2, "approve").expect("a cell").write_number(4, 6, 20).expect("a cell");
        sheet.write_string(2, 7, "aprove").expect("a cell");
    });
    let (code, said) = site.catalogue(&["check", "book.xlsx", "--lang", "zh"]);
    assert_eq!(code, Some(1), "{said}");
    insta::assert_snapshot!(said, @r#"
    book.xlsx[环节]:1:8 错误 CT02 没有列 "退回环节"
      = 是否为 "可退回环节"？可用：事项编码、版本、环节编码、名称、英文名称、顺序、是否必经、环节时限、后续环节、可退回环节、办理岗位、办理层级、廉政风险点；自用的列以 x_ 开头
    book.xlsx[环节]:4:3 错误 CT17 C4（环节编码）：电子表格已把代码变为日期
      = 先把该列设为“文本”格式，再重新输入
    book.xlsx[环节]:5:1 错误 CT04 A5（事项编码）：不能为空
      = 合并的单元格只有左上一格有值：请取消合并，每行填写
    book.xlsx[环节]:5:7 错误 CT07 G5（环节时限）："20" 缺单位
      = 20 个工作日写 "20wd"，20 日写 "20d"，20 小时写 "20h"
    config/sources/example.toml:37:8 警告 SM06 没有事项有环节 "handle"
      | "承办" = "handle"
      |          ^^^^^^^^
    config/sources/example.toml:38:8 警告 SM06 没有事项有环节 "site_visit"
      | "踏勘" = "site_visit"
      |          ^^^^^^^^^^^^
    config/sources/example.toml:39:8 警告 SM06 没有事项有环节 "review"
      | "审核" = "review"
      |          ^^^^^^^^
    book.xlsx：错误 4，警告 3
    "#);
}

#[test]
fn a_sheet_under_an_unknown_name_is_told_which_names_there_are() {
    let site = Site::new();
    site.workbook("book.xlsx", "item", |sheet| {
        sheet.write_string(0, 0, "item").expect("a cell");
    });
    let (code, said) = site.catalogue(&["check", "book.xlsx"]);
    assert_eq!(code, Some(1), "{said}");
    insta::assert_snapshot!(said, @r#"
    book.xlsx[item] error CT22 no table is called "item"; it is not read
      = did you mean "items"? Allowed: items, stages, fees, procedures, regions
    book.xlsx: errors 1, warnings 0
    "#);
    fs::write(site.path("notes.txt"), "x").expect("it can be written");
    let (code, said) = site.catalogue(&["check", "notes.txt"]);
    assert_eq!(code, Some(3));
    assert_eq!(said, "watchlight: notes.txt is neither a workbook (.xlsx) nor a CSV file; save it as one of them\n");
}

#[test]
fn tables_without_end_are_told_by_their_first_faults() {
    let site = Site::new();
    let rows: String =
        (0..100_000).map(|row| format!("N-{row},1,{row},{}\n", if row % 10 == 0 { "soon" } else { "7wd" })).collect();
    fs::write(site.path("items.csv"), format!("item,version,name_zh,promise\n{rows}")).expect("it can be written");
    let (code, said) = site.catalogue(&["check", "items.csv"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("items.csv:2002:4 error CT25 9800 more errors are not listed"), "{}", said.len());
    assert!(said.lines().count() < 1_500, "{} lines", said.lines().count());
    let header: String = (0..1_000_000).map(|column| format!(",c{column}")).collect();
    fs::write(site.path("items.csv"), format!("item,version,name_zh{header}\n")).expect("it can be written");
    let (code, said) = site.catalogue(&["import", "items.csv"]);
    assert_eq!(code, Some(1));
    assert!(said.len() < 1_000_000, "{} bytes", said.len());
}

#[test]
fn an_export_takes_the_place_of_no_table_and_asks_for_a_form_that_holds_them_all() {
    let site = Site::new();
    let before = site.files();
    for (arguments, told) in [
        (&["export", "--out", "config/catalogue"][..], "which would be lost; name another"),
        (&["export", "--out", "a.csv"], "would hold one table only"),
        (&["export", "--out", "a.xlsx", "--encoding", "gb18030"], "a workbook has no encoding to choose"),
    ] {
        let (code, said) = site.catalogue(arguments);
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains(told), "{said}");
    }
    assert_eq!(site.files(), before);
}
