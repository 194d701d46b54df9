//! A catalogue is refused with all its faults, each by file, row and column; what is sound is read
//! exactly, and an empty cell stays missing.

use facts::Fen;
use facts::proof::Lang;
use jiff::civil::date;

use super::*;
use crate::counting::{Span, Unit};

const ITEMS: &str = "item,version,name_zh,promise,statutory\nA,1,甲,7wd,20wd\n";
const STAGES: &str =
    "item,version,stage,name_zh,order,required,next,returns\nA,1,s1,受理,1,yes,s2,\nA,1,s2,批准,2,yes,,s1\n";
const FEES: &str = "item,version,code,name_zh,basis,from,until,min,max\n";

/// The catalogue of `items` and sound other tables, and its faults as `file:row:column code`.
fn read_tables(tables: &[(&str, &str)]) -> (Catalogue, Vec<Fault>) {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (table, text) in [("items", ITEMS), ("stages", STAGES)].iter().chain(tables) {
        files.insert(format!("catalogue/{table}.csv"), text.as_bytes().to_vec());
    }
    let mut faults = FaultList::default();
    let catalogue = read(&files, &mut faults);
    (catalogue, faults.into_vec())
}

fn places(faults: &[Fault]) -> Vec<String> {
    let place = |fault: &Fault| {
        let table = fault.file.trim_start_matches("catalogue/").trim_end_matches(".csv");
        fault.place.map_or(format!("{table} {}", fault.code), |place| {
            format!("{table}:{}:{} {}", place.line, place.column, fault.code)
        })
    };
    faults.iter().map(place).collect()
}

#[track_caller]
fn check(tables: &[(&str, &str)], expected: &[&str]) {
    let (_, faults) = read_tables(tables);
    let told: Vec<String> = faults.iter().map(|fault| fault.render(Lang::En)).collect();
    assert_eq!(places(&faults), expected, "{told:#?}");
}

/// The one fault, in both languages.
#[track_caller]
fn told(tables: &[(&str, &str)]) -> String {
    let (_, faults) = read_tables(tables);
    let [fault] = &faults[..] else { panic!("one fault, not {faults:#?}") };
    format!("{}\n{}", fault.render(Lang::Zh), fault.render(Lang::En))
}

#[test]
fn a_sound_catalogue_is_read_exactly() {
    let items = "name_zh,name_en,item,version,item_type,from,until,promise,statutory,charges,levels,regions,depts,materials,payees\n\
        甲事项（试行）,Item A,Ａ１,2,许可,2026-01-01,2027/1/1,７个工作日,20wd,是,county；township,3609,D1; D2,申请表;身份证明,财政专户\n\
        甲事项,,A1,1,,,2026-01-01,,,,,,,,\n";
    let stages = "item,version,stage,name_zh,order,required,limit,next,returns,positions,levels,risk\n\
        A1,2,s2,批准,2,yes,3wd,,s1,P1;P2,县,1\nA1,2,s1,受理,1,0,,s2,,,,\nA1,1,s1,受理,1,1,,,,,,\n";
    let fees = "item,version,code,name_zh,basis,from,until,min,max,early,payees\n\
        A1,2,F1,工本费,某价费〔2025〕1号,2026-01-01,,10,\"1,000.50\",否,\n";
    let procedures = "item,version,procedure,name_zh,charged\nA1,2,hearing,听证,no\nA1,2,appraisal,鉴定,yes\n";
    let (catalogue, faults) =
        read_tables(&[("items", items), ("stages", stages), ("fees", fees), ("procedures", procedures)]);
    assert_eq!(places(&faults), [""; 0]);

    let item = catalogue.find("A1", None, Some(date(2026, 5, 1))).expect("in force");
    assert_eq!(
        (item.version.as_str(), item.name.zh.as_str(), item.name.en.as_str()),
        ("2", "甲事项（试行）", "Item A")
    );
    assert_eq!((item.from, item.until), (Some(date(2026, 1, 1)), Some(date(2027, 1, 1))));
    assert_eq!(item.promise, Some(Span { number: 7, unit: Unit::WorkingDays }));
    assert_eq!((item.charges, item.joint), (Some(true), None), "an empty flag is missing, not no");
    assert_eq!(item.levels.as_deref(), Some(&[facts::Level::County, facts::Level::Township][..]));
    assert_eq!(item.depts, Some(vec!["D1".into(), "D2".into()]));
    assert_eq!(item.materials_optional, None, "an empty list cell is missing, not an empty list");
    assert_eq!(item.procedures, Some(vec!["hearing".into(), "appraisal".into()]));
    assert_eq!(item.charged_procedures, Some(vec!["appraisal".into()]));

    let codes: Vec<&str> = item.stages.iter().map(|stage| stage.code.as_str()).collect();
    assert_eq!(codes, ["s1", "s2"], "stages stand in their order");
    assert_eq!((item.stages[0].required, item.stages[0].risk), (false, None));
    assert_eq!((item.stages[1].returns.as_slice(), item.stages[1].risk), (&["s1".into()][..], Some(true)));
    assert_eq!((item.fees[0].min, item.fees[0].max), (Some(Fen::new(1_000)), Some(Fen::new(100_050))));
    assert_eq!((item.fees[0].early, item.fees[0].until), (Some(false), None));

    let older = catalogue.find("A1", Some("1"), None).expect("by name");
    assert_eq!((older.name.en.as_str(), older.procedures.as_ref()), ("甲事项", None));
}

#[test]
fn a_misspelt_column_is_refused_with_a_suggestion() {
    insta::assert_snapshot!(told(&[("items", "item,version,name_zh,promis\nA,1,甲,7wd\n")]), @r#"
        catalogue/items.csv:1:4 错误 CT02 没有列 "promis"
          = 是否为 "promise"？可用：item、version、name_zh、name_en、item_type、from、until、promise、statutory、charges、joint、site_visit、levels、regions、depts、procedures、materials、materials_optional、payees；自用的列以 x_ 开头
        catalogue/items.csv:1:4 error CT02 there is no column "promis"
          = did you mean "promise"? Allowed: item, version, name_zh, name_en, item_type, from, until, promise, statutory, charges, joint, site_visit, levels, regions, depts, procedures, materials, materials_optional, payees. Name a column of your own x_...
    "#);
}

#[test]
fn columns_of_the_site_are_named_x_and_are_told_as_not_read() {
    check(&[("items", "item,version,name_zh,x_phone\nA,1,甲,12\n")], &["items:1:4 CT19"]);
    check(&[("items", "item,version,name_zh,phone\nA,1,甲,12\n")], &["items:1:4 CT02"]);
}

#[test]
fn missing_and_doubled_columns_refuse_the_table_without_a_flood() {
    check(&[("items", "item,name_zh\nA,甲\n")], &["items:1:1 CT03"]);
    check(&[("items", "item,version,name_zh,item\nA,1,甲,A\n")], &["items:1:4 CT03"]);
    check(&[("stages", "item,version,stage\nA,1,s1\n")], &["stages:1:1 CT03"; 3]);
    check(
        &[("items", "\n\nitem;version;name_zh\nA;1;甲\n")],
        &["items:3:1 CT02", "items:3:1 CT03", "items:3:1 CT03", "items:3:1 CT03"],
    );
}

#[test]
fn a_cell_under_no_column_is_told() {
    check(&[("items", "item,version,name_zh\nA,1,甲，乙,丙\n")], &["items:2:4 CT18"]);
}

#[test]
fn every_fault_of_every_table_is_told_at_once() {
    check(
        &[
            (
                "items",
                "item,version,name_zh,from,promise,charges,levels\nA,1,,2026-02-30,7,maybe,county;contry\n,1,乙,,,,\n",
            ),
            ("stages", "item,version,stage,name_zh,order,required,limit\nA,1,s1,受理,first,,7个\n"),
            ("fees", "item,version,code,name_zh,basis,min,max\nA,1,F,费,文件,0.005,-1\n"),
        ],
        &[
            "items:2:4 CT08",
            "items:2:3 CT04",
            "items:2:5 CT07",
            "items:2:6 CT10",
            "items:2:7 CT12",
            "items:3:1 CT04",
            "stages:2:5 CT11",
            "stages:2:6 CT04",
            "stages:2:7 CT07",
            "fees:2:6 CT09",
            "fees:2:7 CT09",
        ],
    );
}

#[test]
fn a_limit_without_a_unit_is_told_which_units_there_are() {
    insta::assert_snapshot!(told(&[("items", "item,version,name_zh,promise\nA,1,甲,２０\n")]), @r#"
        catalogue/items.csv:2:4 错误 CT07 D2（promise）："20" 缺单位
          = 20 个工作日写 "20wd"，20 日写 "20d"，20 小时写 "20h"
        catalogue/items.csv:2:4 error CT07 D2 (promise): "20" has no unit
          = write "20wd" (working days), "20d" (calendar days) or "20h" (hours)
    "#);
}

#[test]
fn keys_given_twice_are_told_with_the_first_row() {
    check(&[("items", "item,version,name_zh\nA,1,甲\nA,1,乙\n")], &["items:3:2 CT05"]);
    check(
        &[("stages", "item,version,stage,name_zh,order,required\nA,1,s,受理,1,1\n\nA,1,s,受理,2,1\n")],
        &["stages:4:3 CT05"],
    );
    check(&[("procedures", "item,version,procedure\nA,1,h\nA,1,h\n")], &["procedures:3:3 CT05"]);
}

#[test]
fn rows_of_an_unknown_item_or_version_are_told() {
    let fees = format!("{FEES}B,1,F,费,文件,,,,\nA,2,F,费,文件,,,,\n");
    check(&[("fees", &fees)], &["fees:2:1 CT06", "fees:3:2 CT06"]);
    let (items, stages) =
        ("item,version,name_zh\nXK-001,1,甲\n", "item,version,stage,name_zh,order,required\nXK-O01,1,s,受理,1,1\n");
    insta::assert_snapshot!(told(&[("items", items), ("stages", stages)]), @r#"
        catalogue/stages.csv:2:1 错误 CT06 A2（item）：事项表中没有事项 "XK-O01"
          = 是否为 "XK-001"？
        catalogue/stages.csv:2:1 error CT06 A2 (item): the items table has no item "XK-O01"
          = did you mean "XK-001"?
    "#);
}

#[test]
fn an_items_table_that_was_refused_does_not_make_its_items_unknown() {
    check(&[("items", "item,version\nA,1\n")], &["items:1:1 CT03"]);
}

#[test]
fn edges_lead_to_stages_of_the_item() {
    let stages =
        "item,version,stage,name_zh,order,required,next,returns\nA,1,s1,受理,1,1,s2;s3,s0\nA,1,s2,批准,2,1,,\n";
    check(&[("stages", stages)], &["stages:2:7 CT15", "stages:2:8 CT15"]);
}

#[test]
fn a_promise_beyond_the_statute_is_a_warning() {
    let (_, faults) = read_tables(&[("items", "item,version,name_zh,promise,statutory\nA,1,甲,25wd,20wd\n")]);
    assert_eq!(faults[0].severity, crate::fault::Severity::Warning);
    insta::assert_snapshot!(told(&[("items", "item,version,name_zh,promise,statutory\nA,1,甲,25wd,20wd\n")]), @r#"
        catalogue/items.csv:2:4 警告 RL21 D2（promise）：承诺时限 25wd 长于法定时限 20wd
        catalogue/items.csv:2:4 warning RL21 D2 (promise): the promise 25wd is longer than the statute 20wd
    "#);
}

#[test]
fn required_stages_fit_into_the_promise_those_of_one_order_beside_each_other() {
    let header = "item,version,stage,name_zh,order,required,limit";
    let stages = |rows: &str| format!("{header}\n{rows}");
    let crowded = stages("A,1,a,甲,1,1,4wd\nA,1,b,乙,2,1,4wd\n");
    check(&[("stages", &crowded)], &["items:2:4 CT20"]);
    check(&[("stages", &stages("A,1,a,甲,1,1,4wd\nA,1,b,乙,2,1,3wd\n"))], &[]);
    check(&[("stages", &stages("A,1,a,甲,1,1,4wd\nA,1,b,乙,1,1,4wd\n"))], &[]);
    check(&[("stages", &stages("A,1,a,甲,1,1,4wd\nA,1,b,乙,2,0,4wd\n"))], &[]);
    check(&[("stages", &stages("A,1,a,甲,1,1,4wd\nA,1,b,乙,2,1,400h\n"))], &[]);
}

#[test]
fn periods_end_after_they_begin_and_versions_follow_each_other() {
    let items = |rows: &str| format!("item,version,name_zh,from,until\n{rows}");
    let a = |rows: &str, expected: &[&str]| {
        check(&[("items", &items(rows)), ("stages", "item,version,stage,name_zh,order,required\n")], expected)
    };
    a("A,1,甲,2026-01-01,2026-01-01\n", &["items:2:5 CT13"]);
    a("A,1,甲,2025-01-01,2026-01-01\nA,2,甲,2026-01-01,\n", &[]);
    a("A,2,甲,2026-01-01,\nA,1,甲,2025-01-01,2026-01-02\n", &["items:2:4 CT14"]);
    a("A,1,甲,,\nA,2,甲,2026-01-01,\n", &["items:3:4 CT14"]);
    a("A,1,甲,,2026-01-01\nA,2,甲,2026-02-01,\n", &["items:3:4 CT24"]);
    a(
        "A,1,甲,2020-01-01,2030-01-01\nA,2,甲,2021-01-01,2022-01-01\nA,3,甲,2023-01-01,2024-01-01\n",
        &["items:3:4 CT14", "items:4:4 CT14"],
    );
    a("A,1,甲,2026-01-01,\nB,1,乙,2026-01-01,\n", &[]);
}

#[test]
fn a_fee_has_one_row_at_a_time_and_its_least_amount_is_not_above_the_greatest() {
    let fees = |rows: &str| format!("{FEES}{rows}");
    check(&[("fees", &fees("A,1,F,费,文件,2025-01-01,2026-01-01,1,2\nA,1,F,费,文件,2026-01-01,,1,3\n"))], &[]);
    check(&[("fees", &fees("A,1,F,费,文件,,,1,2\nA,1,F,费,文件,2026-01-01,,1,3\n"))], &["fees:3:3 CT14"]);
    check(&[("fees", &fees("A,1,F,费,文件,,,2,1.99\n"))], &["fees:2:9 CT16"]);
    check(&[("fees", &fees("A,1,F,费,,,,1,1\n"))], &["fees:2:5 CT23"]);
}

#[test]
fn charging_and_tariff_agree() {
    let items = |charges: &str| format!("item,version,name_zh,charges\nA,1,甲,{charges}\n");
    let fee = format!("{FEES}A,1,F,费,文件,,,1,1\n");
    check(&[("items", &items("no")), ("fees", &fee)], &["items:2:4 CT23"]);
    check(&[("items", &items("yes")), ("fees", FEES)], &["items:2:4 CT23"]);
    check(&[("items", &items("yes")), ("fees", &fee)], &[]);
    check(&[("items", &items("")), ("fees", &fee)], &[]);
    check(&[("items", &items("yes"))], &[]);
}

#[test]
fn mandatory_procedures_are_in_the_procedures_table() {
    let items = "item,version,name_zh,procedures\nA,1,甲,hearing\n";
    let rows = |rows: &str| format!("item,version,procedure,charged\n{rows}");
    check(&[("items", items), ("procedures", &rows("A,1,haering,no\n"))], &["items:2:4 CT15"]);
    let of_table = "item,version,procedure,required\nA,1,hearing,\nA,1,tender,yes\nA,1,testing,no\n";
    let (catalogue, _) = read_tables(&[("items", "item,version,name_zh\nA,1,甲\n"), ("procedures", of_table)]);
    let mandatory = catalogue.items().next().expect("an item was read").procedures.clone();
    assert_eq!(mandatory, Some(vec!["hearing".into(), "tender".into()]), "else the table says it");
    let (catalogue, faults) = read_tables(&[("items", items), ("procedures", &rows("A,1,hearing,\nA,1,tender,yes\n"))]);
    assert_eq!(places(&faults), [""; 0]);
    let item = catalogue.items().next().expect("one item");
    assert_eq!(item.procedures, Some(vec!["hearing".into()]), "the item says which are mandatory");
    assert_eq!(item.charged_procedures, Some(vec!["tender".into()]));
}

#[test]
fn long_values_are_cut_in_messages() {
    let items = format!("item,version,name_zh,from\nA,1,甲,{}\n", "长".repeat(500));
    assert!(told(&[("items", &items)]).chars().count() < 400);
}

#[test]
fn a_sheet_of_a_million_columns_is_told_by_its_first_ones() {
    let header: String = (0..1_000_000).map(|column| format!("c{column},")).collect();
    let (_, faults) = read_tables(&[("items", &format!("item,version,name_zh,{header}\n"))]);
    let of_header = faults.iter().filter(|fault| fault.file == "catalogue/items.csv").count();
    assert_eq!(of_header, 100);
}

#[test]
fn a_table_of_wrong_rows_is_told_by_its_first_ones_and_how_many_more_there_are() {
    let rows: String = (0..10_000).map(|row| format!("B{row},1,乙,soon\n")).collect();
    let (_, faults) = read_tables(&[("items", &format!("item,version,name_zh,promise\n{rows}A,1,甲,7wd\n"))]);
    assert_eq!(faults.len(), 201);
    assert_eq!(
        faults[200].render(Lang::En),
        "catalogue/items.csv:202:4 error CT25 9800 more errors are not listed\n  = repair those listed, then check again"
    );
}

#[test]
fn headings_may_be_chinese_and_a_fault_calls_the_column_as_the_table_does() {
    let items = "事项编码,版本,名称,承诺时限\nA,1,甲,7wd\n";
    check(&[("items", items)], &[]);
    insta::assert_snapshot!(told(&[("items", &items.replace("7wd", "7"))]), @r#"
    catalogue/items.csv:2:4 错误 CT07 D2（承诺时限）："7" 缺单位
      = 7 个工作日写 "7wd"，7 日写 "7d"，7 小时写 "7h"
    catalogue/items.csv:2:4 error CT07 D2 (承诺时限): "7" has no unit
      = write "7wd" (working days), "7d" (calendar days) or "7h" (hours)
    "#);
    let misspelt = told(&[("items", &items.replace("承诺时限", "承诺期限"))]);
    assert!(misspelt.contains("没有列 \"承诺期限\"\n  = 是否为 \"承诺时限\"？可用：事项编码、版本、"), "{misspelt}");
}
