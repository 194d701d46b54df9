//! What is said about each mistake, in Chinese and English, under a stable code.
//!
//! RL01 to RL25 are the mistakes that analysts make; RL26 and up are the rest. A text says what is
//! wrong, its help what is allowed or what to write instead.

use super::faults::Say;
use super::spoken;

/// The candidate that is nearest to `name`, if any is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: String = name.chars().take(64).collect();
    let score = |candidate: &str| strsim::damerau_levenshtein(&name, candidate);
    let far = (name.chars().count() / 3).max(1);
    let begun = |candidate: &str| name.chars().count() >= 3 && candidate.starts_with(&name);
    let near = candidates.into_iter().map(|candidate| (score(candidate), candidate));
    let near = near.filter(|(score, candidate)| *score <= far || begun(candidate));
    near.min_by_key(|(score, _)| *score).map(|(_, candidate)| candidate)
}

/// `，是否为 "x"？` and `; did you mean "x"?`
fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> (String, String) {
    match spoken::token_of(name, candidates.clone()).or_else(|| nearest(name, candidates)) {
        Some(near) => (format!("，是否为 \"{near}\"？"), format!("; did you mean \"{near}\"?")),
        None => (String::new(), String::new()),
    }
}

fn listed(names: &[&str]) -> (String, String) {
    (names.join("、"), names.join(", "))
}

fn with_list(say: Say, zh: &str, en: &str, names: &[&str]) -> Say {
    if names.is_empty() {
        return say;
    }
    let (list_zh, list_en) = listed(names);
    say.help(format!("{zh}：{list_zh}"), format!("{en}: {list_en}"))
}

/// RL01
pub(crate) fn unknown_key(owner: &str, key: &str, allowed: &[&str]) -> Say {
    let (zh, en) = meant(key, allowed.iter().copied());
    let say = Say::new("RL01", format!("{owner} 没有参数 \"{key}\"{zh}"), format!("{owner} has no key \"{key}\"{en}"));
    with_list(say, "可用", "allowed", allowed)
}

/// RL02
///
/// `called` is the activity that people call so.
pub(crate) fn unknown_event(name: &str, known: &[&str], called: Option<&str>) -> Say {
    let (zh, en) = match called {
        Some(called) => meant(called, [called]),
        None => meant(name, known.iter().copied()),
    };
    Say::new(
        "RL02",
        format!("没有名为 \"{name}\" 的活动或事件集{zh}"),
        format!("no activity or event set is named \"{name}\"{en}"),
    )
    .help(
        "新的活动在 [activities] 中声明，事件集在 [events] 中声明",
        "declare an activity in [activities], an event set in [events]",
    )
}

/// RL03
pub(crate) fn unknown_field(owner: (&str, &str), name: &str, known: &[&str], prefix: &str) -> Say {
    let (zh, en) = meant(name, known.iter().copied());
    let say =
        Say::new("RL03", format!("{}没有字段 \"{name}\"{zh}", owner.0), format!("{} no field \"{name}\"{en}", owner.1));
    if prefix.is_empty() {
        return with_list(say, "可用", "known", known);
    }
    say.help(
        format!("附加字段须写 {prefix}… 并在 [fields] 中声明"),
        format!("extra fields are {prefix}x, declared in [fields]"),
    )
}

/// RL04
pub(crate) fn never_that_value(field: &str, value: &str, values: &[&str]) -> Say {
    let (zh, en) = meant(value, values.iter().copied());
    let say =
        Say::new("RL04", format!("{field} 从不取值 \"{value}\"{zh}"), format!("{field} is never \"{value}\"{en}"));
    with_list(say, "可取", "values", values)
}

/// RL05
pub(crate) fn no_unit(what: (&str, &str), number: &str) -> Say {
    Say::new("RL05", format!("{}缺单位", what.0), format!("{} has no unit", what.1)).help(
        format!("{number} 个工作日写 \"{number}wd\"，{number} 日写 \"{number}d\"，{number} 小时写 \"{number}h\""),
        format!("write \"{number}wd\" (working days), \"{number}d\" (days) or \"{number}h\" (hours)"),
    )
}

/// RL06
pub(crate) fn units_differ(left: (&str, &str), right: (&str, &str)) -> Say {
    Say::new(
        "RL06",
        format!("{}不能与{}比较", left.0, right.0),
        format!("{} cannot be compared with {}", left.1, right.1),
    )
    .help(
        "用同一单位写，如 \"1wd\"，或用 event.at 与 clock.promise.due 这样的时刻比较",
        "write both in one unit, such as \"1wd\", or compare instants such as event.at and clock.promise.due",
    )
}

/// RL07
pub(crate) fn money_and_number(number: &str) -> Say {
    Say::new("RL07", "金额不能与数字比较", "money cannot be compared with a number")
        .help(format!("请写 \"{number}元\""), format!("write \"{number}元\""))
}

/// RL08
pub(crate) fn date_and_instant(date: &str, instant: &str) -> Say {
    Say::new("RL08", format!("{date} 是日期，{instant} 是时刻"), format!("{date} is a date, {instant} an instant"))
        .help(
            format!("写 date({instant})，并确认当日是否算逾期"),
            format!("write date({instant}) and decide whether the day itself is late"),
        )
}

/// RL09
pub(crate) fn may_be_missing(name: &str, default: &str) -> Say {
    Say::new(
        "RL09",
        format!("部分来源不送 {name}，缺失时本规则不判定"),
        format!("{name} may be missing and the rule would then judge nothing"),
    )
    .help(format!("可写 ({name} ?? {default})"), format!("write ({name} ?? {default})"))
    .warning()
}

/// RL10
pub(crate) fn say_each(name: &str) -> Say {
    Say::new(
        "RL10",
        format!("\"{name}\" 在一个办件中可多次发生"),
        format!("\"{name}\" can happen several times in a case"),
    )
    .help("须写 each = \"first\"、\"every\" 或 \"last\"", "say each = \"first\", \"every\" or \"last\"")
}

/// RL11
pub(crate) fn say_pair_by(field: Option<&str>) -> Say {
    let say = Say::new("RL11", "可同时有多个，仅凭先后会错配", "several can be open at once and would be mismatched");
    match field {
        Some(field) => say.help(format!("请写 pair_by = [\"{field}\"]"), format!("add pair_by = [\"{field}\"]")),
        None => say.help(
            "请写 pair_by = [字段]，或 match = \"one_to_one\"（先开先结）",
            "add pair_by = [field], or match = \"one_to_one\" (oldest first)",
        ),
    }
}

/// RL12
pub(crate) fn no_look_ahead() -> Say {
    Say::new("RL12", "条件不能看以后发生的事", "a condition cannot look ahead")
        .help("\"之后必须发生\"请用 kind = \"deadline\"", "what must follow is kind = \"deadline\"")
}

/// RL13
pub(crate) fn no_now() -> Say {
    Say::new("RL13", "条件中没有\"现在\"", "there is no now")
        .help("持续多久用 cards.red.after，期限用 deadline", "\"has lasted\" is cards.red.after, a term is a deadline")
}

/// RL14
pub(crate) fn own_fields_only() -> Say {
    Say::new("RL14", "方括号内只能用该事件自身的字段", "[ ] sees one event's fields only").help(
        "直接写字段名（如 outcome）；历史条件写在 where 或 when",
        "write the bare field name (such as outcome); put history into where or when",
    )
}

/// RL15
pub(crate) fn operators() -> Say {
    Say::new(
        "RL15",
        "比较用 ==，并且用 &&，或者用 ||（两个竖线），否定用 !",
        "comparison is ==, \"and\" is &&, \"or\" is two bars ||, \"not\" is !",
    )
}

/// RL16
pub(crate) fn full_width(column: u32, found: &str, instead: &str) -> Say {
    Say::new(
        "RL16",
        format!("第 {column} 列是全角符号 \"{found}\""),
        format!("full-width characters \"{found}\" at column {column}"),
    )
    .help(format!("请改为半角 {instead}"), format!("use {instead}"))
}

/// RL17
pub(crate) fn card_order(milder: (&str, &str), worse: (&str, &str)) -> Say {
    Say::new(
        "RL17",
        format!("{}晚于{}或与之同时，永远不起作用", milder.0, worse.0),
        format!("the {} comes after the {} or with it, so it never shows", milder.1, worse.1),
    )
    .help(
        "文件里的\"-2\"写作 \"over >= -2\"；预警须早于黄牌，黄牌须早于红牌",
        "a \"-2\" in the source is \"over >= -2\"; a warning comes before yellow, yellow before red",
    )
}

/// RL17, for a mark before the clock begins.
pub(crate) fn mark_before_start(mark: &str) -> Say {
    Say::new(
        "RL17",
        format!("\"{mark}\" 早于起点，每件一开始就亮"),
        format!("\"{mark}\" lies before the start, every case would light at once"),
    )
    .warning()
}

/// RL18
pub(crate) fn absence_from_the_start() -> Say {
    Say::new(
        "RL18",
        "该状态从办件的第一个事件起就成立，每个新办件都会亮灯",
        "this state holds from the first event of every case and would light each new one",
    )
    .help("请加 after 或 from，或改用 deadline", "add `after` or `from`, or use a deadline")
    .warning()
}

/// RL19
pub(crate) fn silent_warning() -> Say {
    Say::new("RL19", "静默期限没有定时器，预警不会发出", "a silent deadline has no timer, its warning cannot come")
        .help("删去 open 或预警", "drop one of them")
}

/// RL20
pub(crate) fn facts_do_not_end() -> Say {
    Say::new("RL20", "既成事实不会自行结束", "an event fact does not end").help(
        "可写 \"never\" 或整改条件，如 \"seen(accepted)\"",
        "write \"never\" or what heals it, such as \"seen(accepted)\"",
    )
}

/// RL22
pub(crate) fn no_item(pattern: &str, near: Option<&str>) -> Say {
    let say = Say::new(
        "RL22",
        format!("没有事项符合 \"{pattern}\"，本规则不会用到任何办件"),
        format!("no item matches \"{pattern}\", the rule reaches no case"),
    )
    .warning();
    match near {
        Some(near) => say.help(format!("相近：{near}"), format!("near: {near}")),
        None => say,
    }
}

/// RL23
pub(crate) fn versions_do_not_tile(id: &str, first: u32, second: u32, gap: bool, day: &str) -> Say {
    let (zh, en) = if gap { ("缺", "leave a gap on") } else { ("重叠于", "overlap on") };
    Say::new(
        "RL23",
        format!("{id} 的版本 {first} 与 {second} 之间{zh} {day}"),
        format!("versions {first} and {second} of {id} {en} {day}"),
    )
    .help(
        "前一版本的 until（不含）应等于后一版本的 from（含）；有意留空请写 gap_before = \"原因\"",
        "the `until` (excluded) of one is the `from` (included) of the next; gap_before = \"reason\" allows a gap",
    )
}

/// RL24
pub(crate) fn override_key(key: &str, allowed: &[&str]) -> Say {
    let (list_zh, list_en) = listed(allowed);
    Say::new(
        "RL24",
        format!("配置不得改变规则监察的对象（{key}）"),
        format!("a profile may not change what a rule watches ({key})"),
    )
    .help(format!("可改：{list_zh}；其他请另立规则"), format!("it may change: {list_en}; else write another rule"))
}

/// RL24, for a scope that grows.
pub(crate) fn override_widens(key: &str) -> Say {
    Say::new(
        "RL24",
        format!("配置只能缩小规则的适用范围（{key}）"),
        format!("a profile may only narrow what a rule applies to ({key})"),
    )
}

/// RL25
pub(crate) fn no_placeholder(name: &str, words: &[&str]) -> Say {
    let (zh, en) = meant(name, words.iter().copied());
    let say = Say::new("RL25", format!("没有占位符 \"{name}\"{zh}"), format!("no placeholder \"{name}\"{en}"));
    with_list(say, "本类可用", "here", words)
}

/// RL25, for the form of a message.
pub(crate) fn message_form(zh: &str, en: &str) -> Say {
    Say::new("RL25", zh, en).help(
        "写法：{路径} 或 {路径|格式}，格式为 date、time、yuan、list；花括号本身写 {{ 和 }}",
        "write {path} or {path|format}, the formats being date, time, yuan, list; a brace itself is {{ or }}",
    )
}

/// RL26
pub(crate) fn not_toml(message: &str) -> Say {
    let zh = spoken::toml_message(message);
    Say::new("RL26", format!("不是合法的 TOML：{zh}"), format!("not TOML: {message}"))
}

/// RL26, for a file that is no text.
pub(crate) fn not_text(zh: &str, en: &str) -> Say {
    Say::new("RL26", zh, en)
}

/// How many faults are not told, since they may only follow from another.
pub(crate) fn not_told(count: usize) -> (String, String) {
    let zh = format!("另有 {count} 处可能由此引起的错误未列出，改好后请再检查");
    (zh, format!("{count} more that may only follow from this are not told; mend it and check again"))
}

/// RL39
pub(crate) fn no_rules() -> Say {
    Say::new("RL39", "没有规则文件，不会判出任何灯", "there is no file of rules: nothing will be judged")
        .help("规则写在 rules/ 下的 .toml 文件中", "rules stand in .toml files below rules/")
        .warning()
}

/// RL27
pub(crate) fn wrong_value(key: &str, wanted: (&str, &str), got: (&str, &str)) -> Say {
    Say::new(
        "RL27",
        format!("{key} 须为{}，这里是{}", wanted.0, got.0),
        format!("{key} takes {}, this is {}", wanted.1, got.1),
    )
}

/// RL39, for a file in which there is nothing.
pub(crate) fn empty_file() -> Say {
    Say::new("RL39", "文件中没有规则，也没有词汇", "the file holds no rule and no vocabulary")
        .help("规则写在 [[rule]] 之下；不用的文件请删去", "rules begin with [[rule]]; delete a file that is not used")
        .warning()
}

/// RL01, for keys of a rule that stand under no `[[rule]]`.
pub(crate) fn no_rule_heading(key: &str) -> Say {
    Say::new(
        "RL01",
        format!("\"{key}\" 是规则的参数，前面没有 [[rule]]"),
        format!("\"{key}\" is a key of a rule, and no [[rule]] stands before it"),
    )
    .help("在规则的第一行写 [[rule]]（双方括号）", "begin the rule with a line [[rule]], with two brackets")
}

/// RL27, for a limit that ends before it begins.
pub(crate) fn negative_limit(key: &str) -> Say {
    Say::new("RL27", format!("{key} 不能为负"), format!("{key} cannot be negative"))
}

/// RL28
pub(crate) fn missing_key(owner: &str, key: &str) -> Say {
    Say::new("RL28", format!("{owner} 缺少 \"{key}\""), format!("{owner} lacks \"{key}\""))
}

/// RL29
pub(crate) fn syntax(zh: impl Into<String>, en: impl Into<String>) -> Say {
    Say::new("RL29", zh, en)
}

/// RL30
pub(crate) fn wrong_type(zh: impl Into<String>, en: impl Into<String>) -> Say {
    Say::new("RL30", zh, en)
}

/// RL31
pub(crate) fn twice(what: (&str, &str), name: &str, first: Option<&str>) -> Say {
    let say =
        Say::new("RL31", format!("{} \"{name}\" 重复定义", what.0), format!("{} \"{name}\" is defined twice", what.1));
    match first {
        Some(first) => say.help(format!("前一处：{first}"), format!("first: {first}")),
        None => say.help("这是内置的名称", "this name is built in"),
    }
}

/// RL32
pub(crate) fn unknown_choice(key: &str, value: &str, choices: &[&str]) -> Say {
    let (zh, en) = meant(value, choices.iter().copied());
    let say = Say::new("RL32", format!("{key} 不能是 \"{value}\"{zh}"), format!("{key} cannot be \"{value}\"{en}"));
    with_list(say, "可用", "allowed", choices)
}

/// RL33
pub(crate) fn unknown_name(what: (&str, &str), name: &str, known: &[&str]) -> Say {
    let (zh, en) = meant(name, known.iter().copied());
    let say =
        Say::new("RL33", format!("没有{} \"{name}\"{zh}", what.0), format!("there is no {} \"{name}\"{en}", what.1));
    with_list(say, "已有", "known", known)
}

/// RL34
pub(crate) fn aside_set(name: &str) -> Say {
    refused(
        format!("{name} 中的事件不在历史之内，只能写在 condition 规则的 on 里，且 each 须为 every"),
        format!(
            "events of `{name}` are no part of the history: only `on` of a condition with each = \"every\" may name it"
        ),
    )
}

/// RL34
pub(crate) fn refused(zh: impl Into<String>, en: impl Into<String>) -> Say {
    Say::new("RL34", zh, en)
}

/// RL35
pub(crate) fn profile(zh: impl Into<String>, en: impl Into<String>) -> Say {
    Say::new("RL35", zh, en)
}

/// RL36
pub(crate) fn too_big(zh: &str, en: &str) -> Say {
    Say::new("RL36", zh, en)
}

/// RL37
pub(crate) fn constant(value: bool) -> Say {
    let (zh, en) = if value { ("恒为真", "always true") } else { ("恒为假", "always false") };
    Say::new("RL37", format!("条件{zh}"), format!("the condition is {en}")).warning()
}

/// RL38
pub(crate) fn not_together(zh: impl Into<String>, en: impl Into<String>) -> Say {
    Say::new("RL38", zh, en)
}

/// RL41
pub(crate) fn group_without_window() -> Say {
    Say::new(
        "RL41",
        "group 的键不是办件的属性，又没有 window：历史没有尽头",
        "the key of `group` is no fact of a case and there is no `window`: its history never ends",
    )
    .warning()
    .help("加上 window，如 window = \"365d\"", "add `window`, such as window = \"365d\"")
}

/// RL42
pub(crate) fn found_twice(first: &str, card: (&str, &str)) -> Say {
    Say::new(
        "RL42",
        format!("与规则 {first} 的触发条件和{}相同，同一违规会亮两次", card.0),
        format!("has the trigger and the {} of {first}: one breach would light twice", card.1),
    )
    .warning()
    .help("删去其一，或用 applies_to 分开", "drop one of them, or part them by `applies_to`")
}

/// RL43
pub(crate) fn limit_widened(rule: &str, before: &str, after: &str) -> Say {
    Say::new(
        "RL43",
        format!("{rule} 的时限由 {before} 放宽为 {after}；依据若是法律，下级不得放宽"),
        format!("the limit of {rule} is widened from {before} to {after}; what a law sets, no profile may widen"),
    )
    .warning()
}

/// RL44
pub(crate) fn law_counted_elapsed(basis: &str) -> Say {
    Say::new(
        "RL44",
        format!("依据是法律（{basis}），却按工作秒累计（elapsed）"),
        format!("the basis is a law ({basis}), yet it is counted in elapsed seconds"),
    )
    .warning()
    .help(
        "法定期限按日计算，写 counting = \"legal\" 或删去",
        "statutory limits count days: write counting = \"legal\", or leave it out",
    )
}

/// RL45
pub(crate) fn card_out_of_reach(zh: String, en: String) -> Say {
    Say::new("RL45", zh, en).warning()
}

/// RL46
pub(crate) fn no_room_for_stages(limit: &str, item: &str, stages: &str) -> Say {
    Say::new(
        "RL46",
        format!("时限 {limit} 短于事项 {item} 必经环节的时限合计 {stages}：各环节都不超时，仍会亮灯"),
        format!("the limit {limit} is shorter than the required stages of item {item}, {stages}: a case may be late though no stage is"),
    )
    .warning()
    .help(
        "改正环节表的时限，或用 applies_to 排除该事项",
        "correct the limits of its stages, or leave the item out by `applies_to`",
    )
}
