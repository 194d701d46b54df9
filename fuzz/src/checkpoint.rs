//! What a start reads from a checkpoint folder.

use dataflow::checkpoint::{Manifest, read_content, unpack};

/// The largest content that is unpacked here.
const CONTENT_MAX: usize = 1 << 20;

/// A frame is read or refused, never a panic, and within what is allowed; so are the facts in its content, and in the bytes
/// themselves taken for a content.
pub fn checkpoint_frame(bytes: &[u8]) {
    let facts = |content: &[u8]| {
        let mut facts = 0_u64;
        // A fault is an answer, too.
        let _ = read_content(content, |_, fact, _| {
            facts += 1;
            assert!(fact.event.case.len() <= content.len(), "no text is longer than what it was read from");
        });
        facts
    };
    facts(bytes);
    if let Ok((content, length)) = unpack(bytes, CONTENT_MAX) {
        assert!(length <= bytes.len() && content.len() <= CONTENT_MAX);
        assert_eq!(unpack(&bytes[..length], CONTENT_MAX).map(|(again, _)| again), Ok(content.clone()));
        facts(&content);
    }
}

/// A manifest is read or refused, never a panic; what was read, written, reads as the same. The bytes are also taken for the
/// body behind a sound first line.
pub fn manifest(bytes: &[u8]) {
    let whole = Manifest::read(bytes);
    let body = std::str::from_utf8(bytes).map_err(|error| error.to_string()).and_then(Manifest::read_body);
    for manifest in whole.into_iter().chain(body) {
        let _ = (manifest.facts(), manifest.bytes());
        let text = manifest.to_text();
        assert_eq!(Manifest::read(text.as_bytes()), Ok(manifest), "{text}");
    }
}
