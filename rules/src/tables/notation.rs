//! How single values are written in tables: limits, days, amounts, flags, codes.
//!
//! Texts come in plain form (NFKC, trimmed, not empty). A refusal says what is wrong with the value;
//! where it stands is told by [`super::table`].

use compact_str::CompactString;
use facts::money::BadAmount;
use facts::standing::Text2;
use facts::{Department, Fen, Level};
use jiff::civil::Date;

use crate::counting::{Span, Unit};

/// What is wrong with a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    /// Code of the fault.
    pub(super) code: &'static str,
    /// What is wrong, to follow the value in quotes.
    pub(super) text: Text2,
    /// What to write.
    pub(super) help: Text2,
}

fn refuse<T>(code: &'static str, text: (&str, &str), help: (String, String)) -> Result<T, Refusal> {
    let text = Text2 { zh: text.0.to_owned(), en: text.1.to_owned() };
    Err(Refusal { code, text, help: Text2 { zh: help.0, en: help.1 } })
}

/// The greatest number in a limit; longer ones are slips of the pen.
const SPAN_NUMBER_MAX: i64 = 100_000;

/// Units as written after the number. Of two that fit, the longer one stands first.
const UNITS: [(&str, Unit); 16] = [
    ("wd", Unit::WorkingDays),
    ("个工作日", Unit::WorkingDays),
    ("工作日", Unit::WorkingDays),
    ("d", Unit::Days),
    ("个自然日", Unit::Days),
    ("自然日", Unit::Days),
    ("日", Unit::Days),
    ("天", Unit::Days),
    ("mo", Unit::Months),
    ("个月", Unit::Months),
    ("月", Unit::Months),
    ("h", Unit::Hours),
    ("小时", Unit::Hours),
    ("min", Unit::Minutes),
    ("分钟", Unit::Minutes),
    ("分", Unit::Minutes),
];

/// A limit with its unit: `7wd`, `7个工作日`, `10d`, `10日`, `1mo`, `24h`, `30min`.
pub(super) fn span(text: &str) -> Result<Span, Refusal> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = text[..digits].parse::<i64>().ok().filter(|number| *number <= SPAN_NUMBER_MAX);
    let word = text[digits..].trim().to_ascii_lowercase();
    let unit = UNITS.iter().find(|(name, _)| *name == word).map(|(_, unit)| *unit);
    match (number, unit) {
        (Some(number), Some(unit)) => Ok(Span { number, unit }),
        (Some(number), None) if word.is_empty() => refuse(
            "CT07",
            ("缺单位", "has no unit"),
            (
                format!(
                    "{number} 个工作日写 \"{number}wd\"，{number} 日写 \"{number}d\"，{number} 小时写 \"{number}h\""
                ),
                format!("write \"{number}wd\" (working days), \"{number}d\" (calendar days) or \"{number}h\" (hours)"),
            ),
        ),
        _ => refuse(
            "CT07",
            ("不是时限", "is not a limit"),
            (
                format!("写整数（不超过 {SPAN_NUMBER_MAX}）加单位：7wd（7个工作日）、10d（10日）、1mo、24h、30min"),
                format!("write a whole number (at most {SPAN_NUMBER_MAX}) and its unit: 7wd, 10d, 1mo, 24h, 30min"),
            ),
        ),
    }
}

/// A civil day: `2026-01-31`, also `2026/1/31`, `2026.1.31` and `2026年1月31日`.
pub(super) fn date(text: &str) -> Result<Date, Refusal> {
    let parts: Vec<&str> = match text.strip_suffix('日') {
        Some(text) => text.split(['年', '月']).collect(),
        None => {
            ['-', '/', '.'].map(|sign| text.split(sign).collect()).into_iter().max_by_key(Vec::len).unwrap_or_default()
        }
    };
    let number = |part: &str, digits: usize| {
        let sound = (1..=digits).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        sound.then(|| part.parse::<i16>().ok()).flatten()
    };
    let day = |year: i16, month: i16, day: i16| Date::new(year, month as i8, day as i8).ok();
    let read = match parts[..] {
        [year, month, date] if year.len() == 4 => number(year, 4)
            .zip(number(month, 2))
            .zip(number(date, 2))
            .and_then(|((year, month), date)| day(year, month, date)),
        _ => None,
    };
    // A year out of this range is a mistyped one; a fact cannot be dated there either (semantics 5).
    match read.filter(|date| (1900..=2199).contains(&date.year())) {
        Some(date) => Ok(date),
        None => {
            refuse("CT08", ("不是日期", "is not a date"), ("写作 2026-01-31".into(), "write it as 2026-01-31".into()))
        }
    }
}

/// An amount of yuan for one unit, not negative.
pub(super) fn amount(text: &str) -> Result<Fen, Refusal> {
    let help =
        ("以元为单位，最多两位小数，如 12.50".into(), "write yuan with at most two decimals, such as 12.50".into());
    let why = match Fen::parse(text) {
        Ok(fen) if fen >= Fen::ZERO => return Ok(fen),
        Ok(_) => ("不能是负数", "is negative"),
        Err(BadAmount::NotDecimal) => ("不是金额", "is not an amount"),
        Err(BadAmount::TooFine) => ("超过两位小数", "has more than two decimals"),
        Err(BadAmount::TooLarge) => ("超过一千亿元", "is beyond 100,000,000,000 yuan"),
    };
    refuse("CT09", why, help)
}

/// A flag: `yes`/`no`, `是`/`否`, `1`/`0`.
pub(super) fn flag(text: &str) -> Result<bool, Refusal> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "是" | "1" => Ok(true),
        "no" | "否" | "0" => Ok(false),
        _ => refuse(
            "CT10",
            ("不是“是”或“否”", "is neither yes nor no"),
            (
                "可用：yes、no、是、否、1、0；不知道则留空".into(),
                "allowed: yes, no, 是, 否, 1, 0; leave it empty if unknown".into(),
            ),
        ),
    }
}

/// A place in an order: a whole number from 0.
pub(super) fn order(text: &str) -> Result<u32, Refusal> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u32>() {
        Ok(order) if digits => Ok(order),
        _ => refuse(
            "CT11",
            ("不是序号", "is not a place in an order"),
            ("写整数，如 1、2、3".into(), "write a whole number such as 1, 2, 3".into()),
        ),
    }
}

/// A code: one word, since events carry it and lists are split.
pub(super) fn code(text: &str) -> Result<CompactString, Refusal> {
    let stray = text.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, ',' | '、' | ';'));
    match stray {
        None => Ok(text.into()),
        Some(stray) => refuse(
            "CT12",
            (&format!("不是一个代码：含有 {stray:?}"), &format!("is not one code: it holds {stray:?}")),
            (
                "代码中不能有空格、逗号、顿号、分号；列表用分号分隔".into(),
                "a code has no white space, comma or semicolon; lists are separated with semicolons".into(),
            ),
        ),
    }
}

/// A level: `province`, `city`, `county`, `township`, or 省, 市, 县, 乡镇.
pub(super) fn level(text: &str) -> Result<Level, Refusal> {
    let word = text.to_ascii_lowercase();
    let level = match word.as_str() {
        "省" | "省级" => Some(Level::Province),
        "市" | "市级" => Some(Level::City),
        "县" | "县级" => Some(Level::County),
        "乡镇" | "乡镇级" => Some(Level::Township),
        token => Level::from_token(token),
    };
    let allowed = Level::ALL.map(Level::token);
    let advice = super::suggestion::advice(&word, &allowed);
    level.map_or_else(|| refuse("CT12", ("不是层级", "is not a level"), (advice.zh, advice.en)), Ok)
}

/// A region or the beginning of its code: 2 to 12 digits.
pub(super) fn region(text: &str) -> Result<CompactString, Refusal> {
    match text.parse::<facts::Region>() {
        Ok(_) => Ok(text.into()),
        Err(_) => refuse(
            "CT12",
            ("不是行政区划代码", "is not a region code"),
            ("写 2 至 12 位数字，如 3609".into(), "write 2 to 12 digits, such as 3609".into()),
        ),
    }
}

/// A department code as subjects carry it.
pub(super) fn department(text: &str) -> Result<CompactString, Refusal> {
    match Department::new(text) {
        Some(_) => code(text),
        None => refuse(
            "CT12",
            ("不是部门代码", "is not a department code"),
            ("最多 64 个字节，不能有空格和 . * >".into(), "at most 64 bytes, without white space and . * >".into()),
        ),
    }
}

/// Any text.
pub(super) fn text(text: &str) -> Result<CompactString, Refusal> {
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_span(text: &str, expected: Option<(i64, Unit)>) {
        let read = span(text).ok().map(|span| (span.number, span.unit));
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn limits_are_a_number_and_a_unit_as_officials_write_them() {
        check_span("7wd", Some((7, Unit::WorkingDays)));
        check_span("7 WD", Some((7, Unit::WorkingDays)));
        check_span("7个工作日", Some((7, Unit::WorkingDays)));
        check_span("7工作日", Some((7, Unit::WorkingDays)));
        check_span("0wd", Some((0, Unit::WorkingDays)));
        check_span("10d", Some((10, Unit::Days)));
        check_span("10日", Some((10, Unit::Days)));
        check_span("1个月", Some((1, Unit::Months)));
        check_span("24h", Some((24, Unit::Hours)));
        check_span("30分钟", Some((30, Unit::Minutes)));
        for malformed in ["wd", "-7wd", "7.5wd", "7wds", "七个工作日", "100001wd", "99999999999999999999wd", "7w d"]
        {
            check_span(malformed, None);
        }
    }

    #[test]
    fn a_bare_number_is_told_to_take_a_unit() {
        let refusal = span("20").expect_err("no unit");
        assert_eq!(refusal.text.zh, "缺单位");
        assert_eq!(refusal.help.zh, "20 个工作日写 \"20wd\"，20 日写 \"20d\"，20 小时写 \"20h\"");
    }

    #[test]
    fn days_are_read_in_four_spellings_and_only_if_they_exist() {
        for spelling in ["2026-01-31", "2026/1/31", "2026.1.31", "2026年1月31日"] {
            assert_eq!(date(spelling), Ok(jiff::civil::date(2026, 1, 31)), "{spelling}");
        }
        for malformed in [
            "2026-02-29",
            "26-1-31",
            "20260131",
            "2026-1-31 08:00",
            "2026-1/31",
            "31.1.2026",
            "46053",
            "9999-01-01",
            "2026-300-1",
        ] {
            assert_eq!(date(malformed).expect_err(malformed).code, "CT08");
        }
    }

    #[test]
    fn flags_amounts_and_orders_refuse_what_they_do_not_know() {
        assert_eq!([flag("是"), flag("no"), flag("1"), flag("YES")], [Ok(true), Ok(false), Ok(true), Ok(true)]);
        assert_eq!(flag("y").expect_err("not a flag").code, "CT10");
        assert_eq!(amount("1,200.50"), Ok(Fen::new(120_050)));
        assert_eq!(amount("-1").expect_err("negative").text.en, "is negative");
        assert_eq!(amount("0.005").expect_err("too fine").code, "CT09");
        assert_eq!(order("10"), Ok(10));
        assert_eq!(order("+1").expect_err("a sign").code, "CT11");
        assert_eq!(order("1.0").expect_err("a decimal").code, "CT11");
    }

    #[test]
    fn codes_are_one_word_and_levels_have_chinese_names() {
        assert_eq!(code("XK-001/2").as_deref(), Ok("XK-001/2"));
        assert_eq!(code("甲、乙").expect_err("a list").code, "CT12");
        assert_eq!(level("县级"), Ok(Level::County));
        assert!(level("contry").expect_err("misspelt").help.en.starts_with("did you mean \"county\"?"));
        assert_eq!(region("3609").as_deref(), Ok("3609"));
        assert_eq!(region("36O9").expect_err("a letter").code, "CT12");
        assert_eq!(department("a.b").expect_err("two tokens").code, "CT12");
    }
}
