//! What a transition says when no card is left: which card ended, how, and why.

use facts::standing::Text2;
use facts::{Address, Card, Cause, Kind};

/// The reason for a card that ended.
pub(crate) fn reason(card: Card, kind: Kind, cause: Cause) -> Text2 {
    let (why_zh, why_en) = because(cause);
    match kind {
        Kind::Retracted => Text2 {
            zh: format!("{}撤回：{why_zh}，按现在所知当时不应亮牌。", card.zh()),
            en: format!("{card} card retracted: {why_en}; by today's knowledge it should not have been shown."),
        },
        _ => Text2 {
            zh: format!("{}解除：{why_zh}，当时亮牌无误。", card.zh()),
            en: format!("{card} card cleared: {why_en}; it was rightly shown."),
        },
    }
}

/// The reason for a card withdrawn at an office that no longer owns the case.
pub(crate) fn moved(card: Card, to: &Address) -> Text2 {
    let Address { level, region, dept } = to;
    Text2 {
        zh: format!("{}撤回：办件现归 {level}.{region}.{dept} 办理，牌随之移交。", card.zh()),
        en: format!("{card} card retracted: the case now belongs to {level}.{region}.{dept}, and the card with it."),
    }
}

/// The reason for a card that stands although its rule cannot show why.
pub(crate) fn unexplained(card: Card, rule: &str) -> Text2 {
    Text2 { zh: format!("按规则 {rule} 亮{}。", card.zh()), en: format!("{card} card by rule {rule}.") }
}

fn because(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::Engine => ("引擎已更新", "the engine was updated"),
        Cause::Rule => ("规则已修改", "the rules were changed"),
        Cause::Catalogue => ("事项目录已修改", "the catalogue was changed"),
        Cause::Calendar => ("工作日历已修改", "the calendar was changed"),
        Cause::Appeal => ("申诉成立", "an appeal was upheld"),
        Cause::Deleted => ("有记录被删除", "a record was deleted"),
        Cause::Corrected => ("有记录被更正", "a record was corrected"),
        Cause::Late => ("收到迟到的记录", "a late record came"),
        Cause::Event => ("收到新记录", "a record came"),
        Cause::Silence => ("来源报送状态变化", "the source fell silent or spoke again"),
        Cause::Deadline => ("时间已到", "time passed"),
    }
}
