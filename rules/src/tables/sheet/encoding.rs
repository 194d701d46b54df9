//! Bytes of a text file as text: what spreadsheet programs in China write.

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that are no text in the encoding they must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadText {
    /// Name of that encoding.
    pub(super) encoding: &'static str,
    /// Line of the first bad character, from 1.
    pub(super) line: u32,
}

/// UTF-8 or UTF-16 as the byte order mark says; without one UTF-8, and where that fails GB18030.
pub(super) fn decode(bytes: &[u8]) -> Result<String, BadText> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[mark..]);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => without_zero(text.to_owned()),
        Err(error) => decode_as(GB18030, bytes).map_err(|bad| {
            // A file of UTF-8 may have one bad byte at its end; GB18030 reads much of it, as other characters.
            let sound = &bytes[..error.valid_up_to()];
            let breaks = sound.iter().filter(|byte| **byte == b'\n').count();
            let line = u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1);
            let meant = !sound.is_ascii() && line >= bad.line;
            if meant { BadText { encoding: UTF_8.name(), line } } else { bad }
        }),
    }
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, BadText> {
    debug_assert!([UTF_8, UTF_16LE, UTF_16BE, GB18030].contains(&encoding));
    let (text, malformed) = encoding.decode_without_bom_handling(bytes);
    if malformed {
        return Err(bad_text(encoding, &text, '\u{fffd}'));
    }
    without_zero(text.into_owned())
}

/// A zero character is the sign of UTF-16 without its mark, or of no text at all.
fn without_zero(text: String) -> Result<String, BadText> {
    if text.contains('\0') { Err(bad_text(UTF_8, &text, '\0')) } else { Ok(text) }
}

fn bad_text(encoding: &'static Encoding, text: &str, sign: char) -> BadText {
    let before = text.split(sign).next().unwrap_or("");
    let breaks = before.bytes().filter(|byte| *byte == b'\n').count();
    BadText { encoding: encoding.name(), line: u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1) }
}
