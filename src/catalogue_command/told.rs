//! What an import changes, as people read it: rows that came, went or differ, cell by cell.

use facts::proof::Lang;
use rules::tables::{CellChange, Grid, GridChanges};

use crate::terminal::say;

/// Prints the changes of one table that stands at `place`; `rows` of them at most.
///
/// # Errors
/// When standard output takes no more.
pub(super) fn tell(place: &str, table: &Grid, changes: &GridChanges, rows: usize, lang: Lang) -> anyhow::Result<()> {
    let (added, removed, changed) = (changes.added.len(), changes.removed.len(), changes.changed.len());
    let kind = table.kind;
    say!(
        "{}",
        lang.pick(
            format!("{}（{place}）：新增 {added} 行，删除 {removed} 行，修改 {changed} 行", kind.zh()),
            format!("{} ({place}): {added} rows added, {removed} removed, {changed} changed", kind.name()),
        )
    )?;
    let lines = changes.removed.iter().map(|key| format!("  - {}", named(key)));
    let lines = lines.chain(changes.added.iter().map(|key| format!("  + {}", named(key))));
    let lines = lines.chain(changes.changed.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| one(table, cell, lang)).collect::<Vec<_>>();
        format!("  ~ {}  {}", named(&row.key), cells.join(lang.pick("；", "; ")))
    }));
    for line in lines.take(rows) {
        say!("{line}")?;
    }
    let more = (added + removed + changed).saturating_sub(rows);
    if more > 0 {
        say!(
            "{}",
            lang.pick(
                format!("  另有 {more} 行；--rows N 列出更多"),
                format!("  and {more} more; --rows N lists them")
            )
        )?;
    }
    Ok(())
}

/// A row by the cells that name it.
fn named(key: &[String]) -> String {
    let known: Vec<&str> = key.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
    known.join(" / ")
}

fn one(table: &Grid, cell: &CellChange, lang: Lang) -> String {
    let value = |text: &str| match text {
        "" => lang.pick("（空）", "(empty)").to_owned(),
        text => text.to_owned(),
    };
    let heading = table.heading(&cell.column, lang == Lang::Zh);
    lang.pick(
        format!("{heading}：{} → {}", value(&cell.old), value(&cell.new)),
        format!("{heading}: {} -> {}", value(&cell.old), value(&cell.new)),
    )
}
