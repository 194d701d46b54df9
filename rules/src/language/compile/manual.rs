//! `status = "manual"`: what people judge. It is listed with its law and computes nothing, so it has no kind and no cards.

use super::{FAMILIES, MANUAL, text2};
use crate::language::faults::Faults;
use crate::language::rule_file::RawRule;
use crate::language::texts;
use crate::language::tree::Raw;
use crate::rule::ManualRule;

/// Keys of a rule that people judge, beside `id` and `version`.
pub(crate) const KEYS: &[&str] = &["family", "name", "basis", "note", "status"];

/// Do people judge this rule?
pub(crate) fn is_manual(raw: &RawRule) -> bool {
    matches!(raw.table.get("status").map(|entry| &entry.value.value), Some(Raw::Text(text)) if text == MANUAL)
}

/// A rule that people judge; `None` when it has a fault, which was told.
pub(crate) fn compile_manual(raw: &RawRule, faults: &mut Faults<'_>) -> Option<ManualRule> {
    let table = &raw.table;
    for entry in table.entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
        let say = texts::not_together(
            format!("由人判断（manual）的规则不计算，不写 {}", entry.key),
            format!("a rule that people judge (manual) computes nothing, so it has no `{}`", entry.key),
        );
        faults.add(entry.key_at, say);
    }
    let mut required = |key: &str| faults.required(table, MANUAL, key).map(|entry| entry.value.clone());
    let (family, name, basis, note) = (required("family"), required("name"), required("basis"), required("note"));
    let family = family.and_then(|tree| faults.one_of("family", &tree, &FAMILIES));
    let name = name.and_then(|tree| text2("name", &tree, faults));
    let basis = basis.and_then(|tree| faults.text("basis", &tree).map(Into::into));
    let note = note.and_then(|tree| text2("note", &tree, faults));
    let (id, version) = (raw.full_id(), raw.version);
    Some(ManualRule {
        label: format!("{id}@{version}").into(),
        id: id.into(),
        family: family?,
        name: name?,
        basis: basis?,
        note: note?,
    })
}
