//! A comparison as a workbook, for those who decide on it in a meeting: a summary, the tallies by rule, by region and
//! department, and the lights one by one.
//!
//! Case numbers are text cells, so that no program takes them for numbers. The same comparison gives the same bytes: the
//! workbook says nothing of when or by whom it was made.

use std::collections::BTreeMap;
use std::io::Write;

use alerts::rules_desk::{DifferenceRow, LampShown, Preview, Tally};
use anyhow::Context;
use facts::proof::Lang;
use facts::{Light, Moment};
use jiff::tz::TimeZone;
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatBorder, Workbook, Worksheet};

/// Rows that a sheet can have below its heading.
const ROWS_MAX: usize = 1_048_575;

/// Writes the comparison; instants are those of `zone`.
///
/// # Errors
/// When it cannot be made or written.
pub(crate) fn write(found: &Preview, lang: Lang, zone: &TimeZone, out: impl Write) -> anyhow::Result<()> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_ymd(2000, 1, 1).context("a day that Excel knows")?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let pages = Pages { lang, zone, heading: heading(), text: Format::new().set_num_format("@") };
    pages.summary(book.add_worksheet(), found)?;
    pages.rules(book.add_worksheet(), &found.by_rule)?;
    let (region, dept) = (lang.pick("地区", "region"), lang.pick("部门", "department"));
    pages.offices(book.add_worksheet(), [(region, &found.by_region), (dept, &found.by_dept)])?;
    pages.cases(book.add_worksheet(), &found.differences)?;
    let bytes = book.save_to_buffer().context("the workbook cannot be made")?;
    let mut out = out;
    out.write_all(&bytes).context("the workbook cannot be written")
}

fn heading() -> Format {
    Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x001B_3A5C))
        .set_font_color(Color::White)
        .set_border_bottom(FormatBorder::Thin)
}

struct Pages<'a> {
    lang: Lang,
    zone: &'a TimeZone,
    heading: Format,
    text: Format,
}

impl Pages<'_> {
    fn at(&self, moment: Moment) -> String {
        moment.civil(self.zone).strftime("%Y-%m-%d %H:%M:%S%.f").to_string()
    }

    /// The words above the five counts of a tally.
    fn counts(&self) -> [&'static str; 5] {
        self.lang.pick(["新亮", "撤销", "加重", "减轻", "改期"], ["gained", "withdrawn", "worse", "better", "moved"])
    }

    /// Writes the heading, keeps it in sight, and lets the rows below be filtered.
    fn head(&self, sheet: &mut Worksheet, names: &[&str], rows: usize) -> anyhow::Result<()> {
        for (column, name) in (0..).zip(names) {
            sheet.write_string_with_format(0, column, *name, &self.heading)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let last = u16::try_from(names.len().saturating_sub(1)).context("more columns than a sheet has")?;
        sheet.autofilter(0, 0, row(rows)?, last)?;
        Ok(())
    }

    fn summary(&self, sheet: &mut Worksheet, found: &Preview) -> anyhow::Result<()> {
        sheet.set_name(self.lang.pick("汇总", "summary"))?;
        self.head(sheet, &[self.lang.pick("项目", "what"), self.lang.pick("内容", "value")], 10)?;
        let zone = self.zone.iana_name().unwrap_or("UTC");
        let texts = [
            (self.lang.pick("截至", "at"), format!("{} ({zone})", self.at(found.as_of))),
            (self.lang.pick("预览摘要", "hash of the preview"), found.hash.clone()),
            (self.lang.pick("新配置", "the changed configuration"), found.configuration.clone()),
        ];
        for (line, (what, value)) in (1..).zip(&texts) {
            sheet.write_string(line, 0, *what)?;
            sheet.write_string_with_format(line, 1, value, &self.text)?;
        }
        let listed = found.differences.len() as u64;
        let Tally { gained, withdrawn, worse, better, moved } = found.all;
        let counts = [gained, withdrawn, worse, better, moved];
        let numbers = [(self.lang.pick("判定办件", "cases judged by both"), found.judged)]
            .into_iter()
            .chain(self.counts().into_iter().zip(counts))
            .chain([(self.lang.pick("明细行数", "lights listed"), listed)]);
        for (line, (what, value)) in (4..).zip(numbers) {
            sheet.write_string(line, 0, what)?;
            sheet.write_number(line, 1, number(value)?)?;
        }
        sheet.set_column_width(0, 26)?;
        sheet.set_column_width(1, 70)?;
        Ok(())
    }

    fn rules(&self, sheet: &mut Worksheet, tallies: &BTreeMap<String, Tally>) -> anyhow::Result<()> {
        sheet.set_name(self.lang.pick("按规则", "by rule"))?;
        let names: Vec<&str> = [self.lang.pick("规则", "rule")].into_iter().chain(self.counts()).collect();
        self.head(sheet, &names, tallies.len())?;
        for (line, (key, tally)) in (1..).zip(tallies) {
            sheet.write_string_with_format(line, 0, key, &self.text)?;
            counts(sheet, line, 1, tally)?;
        }
        sheet.set_column_width(0, 24)?;
        Ok(())
    }

    /// Regions and departments on one sheet, told apart by the first column.
    fn offices(&self, sheet: &mut Worksheet, both: [(&str, &BTreeMap<String, Tally>); 2]) -> anyhow::Result<()> {
        sheet.set_name(self.lang.pick("按地区和部门", "by region and department"))?;
        let (what, code) = (self.lang.pick("类别", "of"), self.lang.pick("代码", "code"));
        let names: Vec<&str> = [what, code].into_iter().chain(self.counts()).collect();
        let rows = both.iter().flat_map(|(of, tallies)| tallies.iter().map(move |(key, tally)| (*of, key, tally)));
        let rows: Vec<_> = rows.collect();
        self.head(sheet, &names, rows.len())?;
        for (line, (of, key, tally)) in (1..).zip(rows) {
            sheet.write_string(line, 0, of)?;
            sheet.write_string_with_format(line, 1, key, &self.text)?;
            counts(sheet, line, 2, tally)?;
        }
        sheet.set_column_width(0, 14)?;
        sheet.set_column_width(1, 20)?;
        Ok(())
    }

    fn cases(&self, sheet: &mut Worksheet, rows: &[DifferenceRow]) -> anyhow::Result<()> {
        sheet.set_name(self.lang.pick("办件", "cases"))?;
        let names = self.lang.pick(
            ["办件", "规则", "对象", "层级", "地区", "部门", "原牌", "原灯", "原起点", "新牌", "新灯", "新起点"],
            [
                "case",
                "rule",
                "instance",
                "level",
                "region",
                "department",
                "card before",
                "light before",
                "since before",
                "card after",
                "light after",
                "since after",
            ],
        );
        let rows = &rows[..rows.len().min(ROWS_MAX)];
        self.head(sheet, &names, rows.len())?;
        for (line, row) in (1..).zip(rows) {
            let DifferenceRow { case, rule, instance, level, region, dept, before, after } = row;
            let region = region.to_string();
            let own = [case, rule, instance, level.token(), &region, dept];
            let lamps = [before, after].into_iter().flat_map(|lamp| self.lamp(lamp.as_ref()));
            let cells = own.into_iter().map(str::to_owned).chain(lamps);
            for (column, cell) in (0..).zip(cells) {
                sheet.write_string_with_format(line, column, cell, &self.text)?;
            }
        }
        sheet.set_column_width(0, 26)?;
        sheet.set_column_width(2, 34)?;
        sheet.set_column_width(8, 24)?;
        sheet.set_column_width(11, 24)?;
        Ok(())
    }

    fn lamp(&self, lamp: Option<&LampShown>) -> [String; 3] {
        let light = |light: Light| self.lang.pick(light.zh(), light.token()).to_owned();
        match lamp {
            Some(lamp) => {
                let card = self.lang.pick(lamp.card.zh(), lamp.card.token()).to_owned();
                [card, light(lamp.light), self.at(lamp.since)]
            }
            None => [self.lang.pick("无", "none").to_owned(), String::new(), String::new()],
        }
    }
}

fn counts(sheet: &mut Worksheet, line: u32, column: u16, tally: &Tally) -> anyhow::Result<()> {
    let Tally { gained, withdrawn, worse, better, moved } = *tally;
    for (column, count) in (column..).zip([gained, withdrawn, worse, better, moved]) {
        sheet.write_number(line, column, number(count)?)?;
    }
    Ok(())
}

/// A count as cells hold it, where it is a whole number of at most 32 bits.
fn number(count: u64) -> anyhow::Result<f64> {
    u32::try_from(count).map(f64::from).context("more than a cell counts")
}

fn row(rows: usize) -> anyhow::Result<u32> {
    u32::try_from(rows.min(ROWS_MAX)).context("more rows than a sheet has")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn preview() -> Preview {
        let at: Moment = "2026-03-12T10:00:00+08:00".parse().expect("an instant");
        let lamp = LampShown { card: facts::Card::Red, light: Light::Red, since: at };
        let row = DifferenceRow {
            case: "360902202600000012".into(),
            rule: "L-01".into(),
            instance: "-".into(),
            level: facts::Level::County,
            region: "360902".parse().expect("a region"),
            dept: "D".into(),
            before: None,
            after: Some(lamp),
        };
        let tally = Tally { gained: 1, ..Tally::default() };
        let of = |key: &str| BTreeMap::from([(key.to_owned(), tally)]);
        Preview {
            as_of: at,
            hash: "c0ffee".into(),
            configuration: "f00d".into(),
            judged: 3,
            all: tally,
            by_rule: of("L-01"),
            by_region: of("360902000000"),
            by_dept: of("D"),
            differences: vec![row],
        }
    }

    fn written(lang: Lang) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let zone = TimeZone::get("Asia/Shanghai").expect("a bundled zone");
        write(&preview(), lang, &zone, &mut bytes).expect("it is written");
        bytes.into_inner()
    }

    /// A spreadsheet program would show sixteen digits as a number with its last digits lost.
    #[test]
    fn case_numbers_are_text_and_the_rows_can_be_filtered() {
        let bytes = written(Lang::Zh);
        let mut book = zip::ZipArchive::new(Cursor::new(bytes.as_slice())).expect("a workbook is an archive");
        let mut part = |name: &str| {
            let mut text = String::new();
            let mut part = book.by_name(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            std::io::Read::read_to_string(&mut part, &mut text).expect("XML in UTF-8");
            text
        };
        let names = part("xl/workbook.xml");
        for sheet in ["汇总", "按规则", "按地区和部门", "办件"] {
            assert!(names.contains(&format!("name=\"{sheet}\"")), "{names}");
        }
        assert!(part("xl/sharedStrings.xml").contains("<t>360902202600000012</t>"));
        let cases = part("xl/worksheets/sheet4.xml");
        assert!(cases.contains("t=\"s\"") && !cases.contains("<v>360902202600000012</v>"), "{cases}");
        assert!(cases.contains("<autoFilter ref=\"A1:L2\"/>"), "{cases}");
        assert!(cases.contains("state=\"frozen\""), "{cases}");
    }

    #[test]
    fn the_same_comparison_gives_the_same_bytes() {
        assert_eq!(written(Lang::En), written(Lang::En));
    }
}
