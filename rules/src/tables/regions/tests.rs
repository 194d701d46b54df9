use super::*;

const SOUND: &str = "code,name,level,parent\n36,江西省,province,\n360900,宜春市,city,36\n360902,袁州区,county,360900\n";

fn read_files(files: &[(&str, &str)]) -> (BTreeMap<u64, Text2>, Vec<String>) {
    let files = files.iter().map(|(file, text)| (format!("regions/{file}"), text.as_bytes().to_vec())).collect();
    let mut faults = FaultList::default();
    let names = read(&files, &mut faults);
    let place = |fault: &Fault| fault.place.map_or(0, |place| place.line * 10 + place.column);
    let faults = faults.iter().map(|fault| format!("{} {} {}", fault.file, place(fault), fault.code)).collect();
    (names, faults)
}

#[track_caller]
fn check(rows: &str, expected: &[&str]) {
    let (_, faults) = read_files(&[("a.csv", &format!("{SOUND}{rows}"))]);
    assert_eq!(faults, expected, "{rows}");
}

#[test]
fn names_are_found_by_the_padded_code() {
    let (names, faults) = read_files(&[("a.csv", SOUND)]);
    assert_eq!(faults, [""; 0]);
    assert_eq!(names[&360_000_000_000].zh, "江西省");
    assert_eq!(names[&360_902_000_000], Text2 { zh: "袁州区".into(), en: "袁州区".into() });
}

#[test]
fn tables_of_several_files_are_one_tree() {
    let county = "code,name,name_en,level,parent\n360921,奉新县,Fengxin,county,360900\n";
    let (names, faults) = read_files(&[("b.csv", county), ("a.csv", SOUND)]);
    assert_eq!((names[&360_921_000_000].en.as_str(), faults.len()), ("Fengxin", 0));
    let (_, faults) = read_files(&[("a.csv", SOUND), ("b.csv", SOUND)]);
    assert_eq!(faults, ["regions/b.csv 21 RG01", "regions/b.csv 31 RG01", "regions/b.csv 41 RG01"]);
}

#[test]
fn codes_levels_and_parents_are_checked() {
    check("36092,残缺,township,360902\n", &[]);
    check("3609O2,字母,county,360900\n", &["regions/a.csv 51 CT12"]);
    check("360902000000,同一,county,360900\n", &["regions/a.csv 51 RG01"]);
    check("360923,上高县,county,360999\n", &["regions/a.csv 54 RG02"]);
    check("360923,上高县,city,360900\n", &["regions/a.csv 54 RG03"]);
    check("360923,上高县,contry,360900\n", &["regions/a.csv 53 CT12"]);
    check("360923,,county,360900\n", &["regions/a.csv 52 CT04"]);
}
