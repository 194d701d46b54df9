//! Foreign logs and the maps that say what is in them.

use ingest::xes::XesReader;
use ingest::xes_map::XesMap;

/// A log is read trace by trace to its end or to a fault, never further than its bytes.
pub fn xes_log(bytes: &[u8]) {
    let mut reader = XesReader::new(bytes);
    let mut traces = 0;
    while let Ok(Some(_)) = reader.next_trace() {
        traces += 1;
        // A trace takes at least `<trace/>`.
        assert!(traces * 8 <= bytes.len(), "more traces than bytes can hold");
    }
}

/// A map is read or refused with faults that stand inside its text.
pub fn xes_map(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = XesMap::parse("map.toml", text) {
        assert!(!error.to_string().is_empty());
    }
}
