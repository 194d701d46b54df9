//! Rows of a CSV file: separated by commas, or by tabs as "Unicode text" of spreadsheets is.

use super::super::fault_list::FaultList;
use super::{Cell, Row, encoding, place};
use crate::fault::Fault;

/// The rows that hold anything, or `None` when the bytes are no text.
pub(super) fn rows(file: &str, bytes: &[u8], faults: &mut FaultList) -> Option<Vec<Row>> {
    if bytes.starts_with(b"PK\x03\x04") {
        faults.push(
            Fault::error(
                file,
                None,
                "CT01",
                "这是 .xlsx 工作簿，不是 CSV".into(),
                "this is an .xlsx workbook, not CSV".into(),
            )
            .help("把文件名改为 .xlsx 结尾".into(), "give the file a name that ends in .xlsx".into()),
        );
        return None;
    }
    let text = match encoding::decode(bytes) {
        Ok(text) => text,
        Err(bad) => {
            let (encoding, line) = (bad.encoding, bad.line);
            let zh = format!("第 {line} 行有不是文字的字节（按 {encoding} 读）");
            let en = format!("line {line} holds bytes that are no text (read as {encoding})");
            let help = ("请另存为“CSV UTF-8”".into(), "save it as \"CSV UTF-8\"".into());
            faults.push(Fault::error(file, place(line, 1), "CT01", zh, en).help(help.0, help.1));
            return None;
        }
    };
    Some(split(file, &text, faults))
}

fn split(file: &str, text: &str, faults: &mut FaultList) -> Vec<Row> {
    let bytes = text.as_bytes();
    let delimiter = delimiter(text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let mut record = csv::StringRecord::new();
    let mut numbering = Numbering::default();
    let mut rows = Vec::new();
    let mut begin = 0;
    while let Ok(true) = reader.read_record(&mut record) {
        let end = usize::try_from(reader.position().byte()).map_or(bytes.len(), |end| end.min(bytes.len()));
        let raw = &bytes[begin.min(end)..end];
        begin = end;
        let number = numbering.next(raw);
        if end == bytes.len() && never_closed(raw, delimiter) {
            faults.push(
                Fault::error(file, place(number, 1), "CT01", "引号没有闭合".into(), "a quote is never closed".into())
                    .help("补上后引号，或删去前引号".into(), "close the quote or drop it".into()),
            );
        }
        let cells = (1..).zip(record.iter().map(Cell::text));
        let cells: Vec<(u32, Cell)> = cells.filter_map(|(column, cell)| Some((column, cell?))).collect();
        if !cells.is_empty() {
            rows.push(Row { number, cells });
        }
    }
    rows
}

/// A tab where the first line with anything has one and no comma.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    if first.contains('\t') && !first.contains(',') { b'\t' } else { b',' }
}

/// Row numbers: the reader skips empty lines, a spreadsheet numbers them.
#[derive(Default)]
struct Numbering {
    last: u32,
    after_return: bool,
}

impl Numbering {
    /// The number of the row with these raw bytes, empty lines before it included.
    fn next(&mut self, raw: &[u8]) -> u32 {
        // The reader ends a row at a carriage return and leaves its line feed to the next one.
        let rest = if self.after_return { raw.strip_prefix(b"\n").unwrap_or(raw) } else { raw };
        let breaks = leading_breaks(rest);
        let pairs = rest[..breaks].windows(2).filter(|pair| pair == b"\r\n").count();
        let empty = u32::try_from(breaks - pairs).unwrap_or(u32::MAX);
        self.after_return = raw.ends_with(b"\r");
        self.last = self.last.saturating_add(empty).saturating_add(1);
        self.last
    }
}

/// Line break bytes at the start.
fn leading_breaks(raw: &[u8]) -> usize {
    raw.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Does the last row hold an odd number of quotes, one of them opening a cell? It then ate the rest of the file.
fn never_closed(raw: &[u8], delimiter: u8) -> bool {
    let quotes = raw.iter().filter(|byte| **byte == b'"').count();
    let opens = raw[leading_breaks(raw)..].starts_with(b"\"") || raw.windows(2).any(|pair| pair == [delimiter, b'"']);
    quotes % 2 == 1 && opens
}
