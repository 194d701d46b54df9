//! What analysts say in Chinese where a file wants a token: suggested beside the nearest token.

/// Words, each with the tokens that it may stand for.
const WORDS: &[(&str, &[&str])] = &[
    // families
    ("超时", &["overdue", "deadline"]),
    ("超期", &["overdue", "deadline"]),
    ("违规收费", &["irregular-fee"]),
    ("流程跳步", &["process-skip"]),
    ("数据质量", &["data-quality"]),
    // kinds
    ("时限", &["deadline"]),
    ("期限", &["deadline"]),
    ("前置", &["requires"]),
    ("禁止", &["forbids"]),
    ("次数", &["count"]),
    ("计数", &["count"]),
    ("岗位分离", &["separation"]),
    ("分离", &["separation"]),
    ("流程", &["workflow", "process-skip"]),
    ("收费", &["fee", "irregular-fee"]),
    ("条件", &["condition"]),
    // cards, status, sending, days
    ("预警", &["warning"]),
    ("黄", &["yellow"]),
    ("黄牌", &["yellow"]),
    ("黄灯", &["yellow"]),
    ("红", &["red"]),
    ("红牌", &["red"]),
    ("红灯", &["red"]),
    ("绿灯", &["green"]),
    ("启用", &["on"]),
    ("试行", &["shadow"]),
    ("停用", &["off"]),
    ("人工", &["manual"]),
    ("自动", &["auto"]),
    ("待发", &["confirm"]),
    ("法定", &["legal"]),
    // levels
    ("省", &["province"]),
    ("省级", &["province"]),
    ("市", &["city"]),
    ("市级", &["city"]),
    ("县", &["county"]),
    ("县级", &["county"]),
    ("区级", &["county"]),
    ("乡镇", &["township"]),
    ("乡镇级", &["township"]),
    // case types and outcomes
    ("即办件", &["instant"]),
    ("承诺件", &["promised"]),
    ("联办件", &["joint"]),
    ("并联件", &["joint"]),
    ("上报件", &["forwarded"]),
    ("出证", &["certified"]),
    ("准予", &["granted"]),
    ("不予许可", &["refused"]),
    ("转报", &["forwarded"]),
    ("退回", &["returned"]),
    ("作废", &["voided"]),
    ("删除", &["deleted"]),
    ("撤回", &["withdrawn"]),
];

/// The first of the `candidates` that the word may stand for.
pub(super) fn token_of<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (_, tokens) = WORDS.iter().find(|(spoken, _)| *spoken == word.trim())?;
    candidates.into_iter().find(|candidate| tokens.contains(candidate))
}

/// The TOML reader's message in Chinese, where it is one that a slip of the pen leads to; else as it is.
pub(super) fn toml_message(message: &str) -> String {
    const KNOWN: &[(&str, &str)] = &[
        ("invalid basic string", "引号没有成对"),
        ("invalid literal string", "单引号没有成对"),
        ("string values must be quoted", "文字须放在半角引号 \" \" 中"),
        ("key with no value", "参数名后缺少半角等号 =，或缺少值"),
        ("key with no", "缺少参数名"),
        ("missing value", "等号后没有值"),
        ("duplicate key", "参数写了两次"),
        ("unclosed array", "方括号没有成对"),
        ("unclosed inline table", "花括号没有成对"),
        ("unclosed table", "表头的方括号没有成对"),
        ("missing array close", "方括号没有成对"),
        ("missing comma", "两项之间缺少半角逗号"),
        ("extra comma", "多了一个逗号"),
        ("invalid date", "日期写作 2026-01-31，月 01 至 12"),
        ("invalid unquoted key", "参数名只能用字母、数字、\"-\"、\"_\"，否则须加引号"),
        ("invalid mantissa", "不是数；文字须放在半角引号中"),
        ("unexpected key or value", "此处不应有内容；多项须分行，或用半角逗号隔开"),
    ];
    match KNOWN.iter().find(|(english, _)| message.starts_with(english)) {
        Some((_, zh)) => format!("{zh}（{message}）"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_the_token_that_is_asked_for_there() {
        assert_eq!(token_of("超时", ["overdue", "irregular-fee"]), Some("overdue"));
        assert_eq!(token_of("超时", ["deadline", "requires"]), Some("deadline"));
        assert_eq!(token_of(" 红牌 ", ["warning", "yellow", "red"]), Some("red"));
        assert_eq!(token_of("红牌", ["deadline"]), None);
        assert_eq!(token_of("紫牌", ["red"]), None);
    }
}
